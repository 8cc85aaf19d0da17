// Your server opens the checkout and says what it costs; see server.mjs.
const answer = await fetch('/api/checkouts', {
  method: 'POST',
  headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
  body: JSON.stringify({ sku: 'film-3pack', quantity: 1, buyer: { id: 'plain', name: '김순정' } }),
});
const { checkout, token } = await answer.json();

const element = Object.assign(document.createElement('hanbeon-checkout'), { checkout, token });
element.addEventListener('hanbeon-paid', (event) => {
  // A hint for the screen: the order is done when your server says so.
  document.querySelector('#said').textContent = event.detail.checkout;
});
document.querySelector('main').append(element);
