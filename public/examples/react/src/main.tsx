import { StrictMode, Suspense, use, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { Checkout } from './Checkout';

const edge = document.querySelector<HTMLMetaElement>('meta[name=hanbeon-edge]')?.content ?? '';

// Outside of React, because StrictMode does everything twice and an order is opened once. Your server says what
// it costs; see ../server.mjs.
const opened: Promise<{ checkout: string; token: string }> = fetch('/api/checkouts', {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
  body: JSON.stringify({ sku: 'film-3pack', quantity: 1, buyer: { id: 'react', name: '김리액트' } }),
}).then((answer) => answer.json());

function Page() {
  const { checkout, token } = use(opened);
  const [agreed, setAgreed] = useState(false);
  const [paid, setPaid] = useState('');
  return (
    <>
      <label>
        <input type="checkbox" checked={agreed} onChange={(event) => setAgreed(event.target.checked)} /> 구매 조건에 동의합니다
      </label>
      <Checkout edge={edge} checkout={checkout} token={token} allow={() => agreed} onPaid={(detail) => setPaid(detail.checkout)} />
      <p role="status" id="said">{paid}</p>
    </>
  );
}

const root = document.querySelector('#root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <Suspense fallback={<p>…</p>}>
        <Page />
      </Suspense>
    </StrictMode>,
  );
}
