// The checkout: the order on one side, the payment element on the other. The shop's backend opens
// the checkout; this page hands its id and token to the element and listens to its events.
import { api, buyer, cart, clock, h, itemsOf, kept, lang, line, link, money, nameOf, note, product, say, seller, t } from '/shop.js';

/** When the element's script is still not there, the page says so. */
const SCRIPT_WAIT_MS = 10_000;
/** A shop's backend hears of a payment by its notice; the page asks for it this often. */
const RECEIPT_EVERY_MS = 1500;
const RECEIPT_TRIES_MAX = 40;

const params = new URLSearchParams(location.search);
const items = itemsOf(params.get('items') ?? (params.get('sku') ? `${params.get('sku')}:${params.get('quantity') ?? 1}` : ''))
  .filter((one) => product(one.sku));
const said = document.querySelector('#said');
const payment = document.querySelector('#payment');

function summary() {
  const root = document.querySelector('#summary');
  if (items.length === 0) {
    root.replaceChildren(h('p', { class: 'soft' }, t('주문할 물건이 없어요.', 'There is nothing to order.')), h('a', { class: 'button quiet', href: link('/'), style: 'margin-top:14px' }, t('상점으로', 'To the shop')));
    return;
  }
  const shown = [...items].sort((a, b) => product(b.sku).price - product(a.sku).price);
  const sellers = [...new Set(shown.map((one) => product(one.sku).seller))];
  const total = items.reduce((sum, one) => sum + product(one.sku).price * one.quantity, 0);
  root.replaceChildren(
    ...sellers.flatMap((id) => [
      h('p', { class: 'seller' }, h('span', {}, say(seller(id).name))),
      ...shown.filter((one) => product(one.sku).seller === id).map((one) => line(one.sku, one.quantity, product(one.sku).price)),
    ]),
    h('dl', { class: 'sum' },
      h('div', {}, h('dt', {}, t('상품 금액', 'Goods')), h('dd', {}, money(total))),
      h('div', {}, h('dt', {}, t('배송비', 'Delivery')), h('dd', {}, t('무료', 'Free'))),
      h('div', { class: 'total' }, h('dt', {}, t('결제 금액', 'To pay')), h('dd', { 'data-testid': 'total' }, money(total)))));
}

/** Asks the backend for the checkout of this cart; the same key until an answer has come. */
async function open() {
  const slot = `shop:key:${nameOf(items)}`;
  const key = sessionStorage.getItem(slot) ?? crypto.randomUUID();
  sessionStorage.setItem(slot, key);
  try {
    const opened = await api('/api/checkouts', { method: 'POST', key, body: { items, buyer, lang, resume: true } });
    sessionStorage.removeItem(slot);
    kept.write(items, opened);
    return opened;
  } catch (error) {
    if (error.http && error.http < 500) sessionStorage.removeItem(slot);
    throw error;
  }
}

/** The tab's own checkout when it can still be shown; a token that died unused is not. */
async function restored() {
  const entry = kept.read(items);
  if (!entry) return null;
  const begun = localStorage.getItem(`hanbeon:${entry.checkout}`);
  if (!begun && !entry.done && Date.parse(entry.token_expires_at) < Date.now()) return null;
  const view = await api(`/api/checkouts/${entry.checkout}`).catch((error) => ({ gone: error.http === 404 }));
  return view.gone ? null : { ...entry, view };
}

function element(entry) {
  const node = document.createElement('hanbeon-checkout');
  node.setAttribute('checkout', entry.checkout);
  node.setAttribute('token', entry.token);
  node.setAttribute('locale', lang);
  node.setAttribute('theme', document.documentElement.dataset.theme ?? 'auto');
  if (params.has('presentation')) node.setAttribute('presentation', params.get('presentation'));
  node.addEventListener('hanbeon-paid', () => paid(entry));
  node.addEventListener('hanbeon-state', (event) => { if (event.detail?.outcome === 'paid') paid(entry); });
  node.addEventListener('hanbeon-error', (event) => trouble(event.detail?.code));
  return node;
}

let settled = false;
async function paid(entry) {
  if (settled) return;
  settled = true;
  kept.write(items, { ...entry, view: undefined, done: true });
  for (const one of items) cart.put(one.sku, 0);
  said.replaceChildren(note('ok', t('결제가 끝났어요', 'Paid'), t('상점이 주문을 확인하고 있어요.', 'The shop is confirming the order.')));
  for (let n = 0; n < RECEIPT_TRIES_MAX; n += 1) {
    const view = await api(`/api/checkouts/${entry.checkout}`).catch(() => null);
    if (view && finished(entry, view)) return;
    await new Promise((done) => { setTimeout(done, RECEIPT_EVERY_MS); });
  }
}

const again = () => h('button', { class: 'button quiet little', type: 'button', 'data-testid': 'new-checkout', onclick: () => { kept.drop(items); location.reload(); } }, t('새로 주문하기', 'Start a new order'));

/** What the shop itself knows; false while the checkout is still open. */
function finished(entry, view) {
  if (['paid', 'partially_refunded', 'refunded'].includes(view.status)) {
    settled = true;
    kept.write(items, { ...entry, view: undefined, done: true });
    said.replaceChildren(note('ok', t('주문이 완료됐어요', 'Your order is complete'), t('영수증을 확인해 보세요.', 'Here is your receipt.'),
      h('div', { style: 'display:flex;gap:8px;flex-wrap:wrap' },
        h('a', { class: 'button little', href: link('/receipt.html', { checkout: entry.checkout }), 'data-testid': 'receipt-link' }, t('영수증 보기', 'See the receipt')), again())));
    return true;
  }
  if (['cancelled', 'expired'].includes(view.status)) {
    kept.write(items, { ...entry, view: undefined, done: true });
    said.replaceChildren(note('no', t('이 주문은 끝났어요', 'This order is over'), t('결제되지 않았어요.', 'Nothing was paid.'), h('div', {}, again())));
    return true;
  }
  return false;
}

function trouble(code) {
  if (['token_expired', 'token_invalid', 'token_replayed', 'checkout_expired'].includes(code)) {
    said.replaceChildren(note('wait', t('결제창이 오래됐어요', 'This checkout has grown old'), t('새로 열면 이어서 결제할 수 있어요.', 'Open it anew to go on.'), h('div', {}, again())));
  }
}

function refused(error) {
  payment.replaceChildren();
  const until = error.problem?.until;
  const name = product(error.problem?.sku)?.name;
  const what = name ? say(name) : '';
  const back = h('a', { class: 'button quiet little', href: link('/item.html', { sku: error.problem?.sku ?? items[0]?.sku }) }, t('상품으로 돌아가기', 'Back to the article'));
  const retry = h('button', { class: 'button quiet little', type: 'button', onclick: () => location.reload() }, t('다시 시도', 'Try again'));
  if (error.code === 'held') {
    said.replaceChildren(note('wait', t(`지금은 다른 분이 결제 중이에요 – ${clock(until)}까지`, `Somebody else is paying for it – until ${clock(until)}`), what, h('div', {}, back)));
  } else if (error.code === 'sold_out') {
    said.replaceChildren(note('no', t('판매가 끝났어요', 'It is sold'), what, h('div', {}, back)));
  } else {
    said.replaceChildren(note('no', t('결제창을 열지 못했어요', 'The checkout could not be opened'), t('잠시 뒤에 다시 시도해 주세요. 결제된 금액은 없어요. ', 'Please try again in a moment. Nothing was charged. '), error.code ? h('code', {}, error.code) : '', h('div', {}, retry)));
  }
  said.dataset.code = error.code ?? 'unknown';
}

async function start() {
  summary();
  document.querySelector('#delivery').append(
    h('p', { style: 'margin-top:8px' }, h('b', {}, buyer.name), h('span', { class: 'soft' }, ' · 010-0000-0000')),
    h('p', { class: 'soft' }, t('서울 마포구 와우산로 21, 3층 (데모 주소)', '3F, 21 Wausan-ro, Mapo-gu, Seoul (demo address)')));
  if (items.length === 0) {
    payment.replaceChildren();
    return;
  }
  try {
    const entry = (await restored()) ?? (await open());
    payment.replaceChildren(element(entry));
    payment.dataset.checkout = entry.checkout;
    if (entry.view) finished(entry, entry.view);
  } catch (error) {
    refused(error);
    return;
  }
  const late = setTimeout(() => {
    if (customElements.get('hanbeon-checkout')) return;
    said.replaceChildren(note('no', t('결제창을 불러오지 못했어요', 'The payment form did not load'), t('연결을 확인하고 새로고침해 주세요. 결제된 금액은 없어요.', 'Check the connection and reload. Nothing was charged.'),
      h('div', {}, h('button', { class: 'button quiet little', type: 'button', onclick: () => location.reload() }, t('새로고침', 'Reload')))));
  }, params.has('hurry') ? 0 : SCRIPT_WAIT_MS);
  customElements.whenDefined('hanbeon-checkout').then(() => clearTimeout(late));
}
start();
