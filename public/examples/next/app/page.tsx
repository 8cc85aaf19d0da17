import { randomUUID } from 'node:crypto';
import { connection } from 'next/server';
import { Checkout } from './checkout';

/** On your server, with your secret key: it alone says what is paid. See ../../server.mjs for the call itself. */
async function open(): Promise<{ checkout: string; token: string }> {
  const answer = await fetch(`${process.env.SHOP_ORIGIN}/api/checkouts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify({ sku: 'film-3pack', quantity: 1, buyer: { id: 'next', name: '김넥스트' } }),
    cache: 'no-store',
  });
  return answer.json();
}

export default async function Page() {
  await connection();
  const { checkout, token } = await open();
  return <Checkout edge={process.env.HANBEON_EDGE ?? ''} checkout={checkout} token={token} />;
}
