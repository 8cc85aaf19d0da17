// Node 18 or later, no dependency. Signs a price for a page without a server: run it on your own machine,
// once, and put what it prints into <hanbeon-checkout quote="…">. The key never goes into a page.
//   HANBEON_QUOTE_KEY=… node sign-quote.mjs
import { createHmac } from 'node:crypto';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const header = { alg: 'HS256', typ: 'hanbeon-quote+jwt', kid: process.env.HANBEON_QUOTE_KID ?? 'shop-1' };
const quote = {
  iss: process.env.HANBEON_MERCHANT ?? 'm_shop',
  jti: 'poster-2026',
  use: 'many', // every visitor has an order of its own; 'once' sells to one buyer
  exp: Math.floor(Date.now() / 1000) + 90 * 24 * 3600,
  lines: [{ sku: 'poster', name: 'Poster', quantity: 1, unit_amount: 31000 }],
  amount: 31000,
  currency: 'KRW',
  return_url: process.env.HANBEON_RETURN_URL ?? 'https://shop.example.com/poster.html',
};
const text = `${part(header)}.${part(quote)}`;
console.log(`${text}.${createHmac('sha256', process.env.HANBEON_QUOTE_KEY).update(text).digest('base64url')}`);
