import type { ReactNode } from 'react';

export const metadata = { title: 'Hanbeon · Next' };

export default function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="ko">
      <body>{children}</body>
    </html>
  );
}
