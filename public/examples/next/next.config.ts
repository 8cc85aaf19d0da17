import type { NextConfig } from 'next';

const config: NextConfig = {
  // Below a path of the shop's own origin; a shop that is Next alone leaves it out.
  basePath: '/next',
  turbopack: { root: import.meta.dirname },
};
export default config;
