// Node 22, no dependency. Your server opens checkouts with the secret key and takes the notices.
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const EDGE = process.env.HANBEON_EDGE; // https://pay.example.com
const KEY = process.env.HANBEON_KEY; // sk_test_…
const SECRET = Buffer.from(process.env.HANBEON_NOTICE_SECRET.replace('whsec_', ''), 'base64');
const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };

// The amount comes from your own price list, never from the page.
async function open(orderId, buyerId) {
  const answer = await fetch(`${EDGE}/v1/checkouts`, {
    method: 'POST',
    headers: { ...headers, 'idempotency-key': orderId },
    body: JSON.stringify({
      buyer: { id: buyerId },
      orders: [{
        order_id: orderId, seller: 's1', amount: 31000,
        lines: [{ sku: 'film', name: 'Film', quantity: 1, unit_amount: 31000 }],
      }],
      amount: 31000, currency: 'KRW', return_url: 'https://shop.example.com/return',
    }),
  });
  if (!answer.ok) throw new Error(await answer.text());
  const { id, token } = await answer.json();
  return { checkout: id, token }; // both go to <hanbeon-checkout>
}

// Standard Webhooks: the signature covers id, time and the raw body.
function believed(request, body) {
  const id = request.headers['webhook-id'];
  const at = Number(request.headers['webhook-timestamp']);
  if (!id || !(Math.abs(Date.now() / 1000 - at) <= 300)) return false;
  const ours = createHmac('sha256', SECRET).update(`${id}.${at}.${body}`).digest();
  return String(request.headers['webhook-signature']).split(' ').some((one) => {
    const theirs = Buffer.from(one.replace(/^v1,/, ''), 'base64');
    return one.startsWith('v1,') && theirs.length === ours.length && timingSafeEqual(theirs, ours);
  });
}

createServer(async (request, response) => {
  let body = '';
  for await (const part of request) body += part;
  if (request.url === '/checkout' && request.method === 'POST') {
    response.end(JSON.stringify(await open(randomUUID(), 'buyer-1')));
  } else if (request.url === '/notices' && believed(request, body)) {
    const { data } = JSON.parse(body);
    // Only "look": read the checkout again, and keep it when its version is newer than yours.
    const now = await fetch(`${EDGE}/v1/checkouts/${data.checkout}`, { headers }).then((a) => a.json());
    console.log(now.id, now.version, now.status);
    response.end('ok');
  } else {
    response.writeHead(request.url === '/notices' ? 401 : 404).end();
  }
}).listen(3000);
