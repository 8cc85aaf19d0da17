// One article. While somebody else holds the last piece it cannot be entered, and the page says
// until when, never who.
import { api, cart, clock, every, h, kept, link, merchant, money, note, product, say, seller, t, toCheckout } from '/shop.js';

const STOCK_EVERY_MS = 5_000;
const one = product(new URLSearchParams(location.search).get('sku') ?? '');
const root = document.querySelector('#item');

if (!one) {
  root.replaceChildren(h('div', { class: 'card empty' }, h('h1', { class: 'title' }, t('없는 상품이에요', 'There is no such article')), h('a', { class: 'button', href: link('/') }, t('상점으로', 'To the shop'))));
} else {
  show();
}

function show() {
  document.title = `${say(one.name)} · ${say(merchant(one.merchant).name)}`;
  let quantity = 1;
  const most = one.units ?? 99;
  const count = h('output', { 'aria-live': 'polite', 'aria-label': t('수량', 'Quantity') }, '1');
  const price = h('p', { class: 'price', 'data-testid': 'price' }, money(one.price));
  const less = h('button', { type: 'button', 'aria-label': t('하나 빼기', 'One less'), disabled: true, onclick: () => set(quantity - 1) }, '−');
  const more = h('button', { type: 'button', 'aria-label': t('하나 더', 'One more'), 'data-testid': 'more', onclick: () => set(quantity + 1) }, '+');
  function set(next) {
    quantity = Math.min(Math.max(next, 1), most);
    count.textContent = quantity;
    less.disabled = quantity === 1;
    more.disabled = quantity === most;
    total.textContent = money(one.price * quantity);
  }
  const total = h('span', { class: 'won' }, money(one.price));
  const stock = h('div', { class: 'block', 'aria-live': 'polite', 'data-testid': 'stock' });
  const buy = h('button', { class: 'button', type: 'button', 'data-testid': 'buy', onclick: () => {
    toCheckout(kept.holding(one.sku) && one.units ? kept.holding(one.sku) : [{ sku: one.sku, quantity }]);
  } }, t('바로 구매', 'Buy now'));
  const put = h('button', { class: 'button quiet', type: 'button', 'data-testid': 'add', onclick: () => {
    cart.add(one.sku, quantity);
    put.textContent = t('담았어요', 'Added');
    setTimeout(() => { put.textContent = t('장바구니', 'Add to cart'); }, 1600);
  } }, t('장바구니', 'Add to cart'));

  root.replaceChildren(
    h('nav', { class: 'crumbs', 'aria-label': t('위치', 'Breadcrumb') }, h('a', { href: link(`/#${one.merchant}`) }, `‹ ${say(merchant(one.merchant).name)}`)),
    h('div', { class: `item ${merchant(one.merchant).slug}` },
      h('div', { class: 'pic' }, h('img', { src: one.art, alt: say(one.name), width: 400, height: 300 })),
      h('div', {},
        h('div', {}, h('span', { class: 'badge hot' }, say(one.condition)), ' ', one.units === 1 && h('span', { class: 'badge' }, t('단 하나', 'Only one'))),
        h('h1', {}, say(one.name)),
        h('p', { class: 'soft' }, say(one.summary)),
        price, stock,
        one.units === 1 ? null : h('div', { class: 'row block' }, h('div', { class: 'stepper' }, less, count, more), h('span', {}, h('span', { class: 'soft small' }, t('합계 ', 'Total ')), total)),
        h('div', { class: 'acts' }, put, buy),
        h('p', { class: 'block' }, say(one.text)),
        h('dl', { class: 'specs' },
          h('div', {}, h('dt', {}, t('판매자', 'Seller')), h('dd', {}, say(seller(one.seller).name))),
          one.specs.map(([name, text]) => h('div', {}, h('dt', {}, say(name)), h('dd', {}, say(text))))))));

  if (one.units === null) return;
  let before = '';
  every(STOCK_EVERY_MS, async () => {
    const said = await api(`/api/stock/${one.sku}`).catch(() => null);
    const mine = kept.holding(one.sku);
    const now = JSON.stringify([said, mine]);
    if (now === before) return;
    before = now;
    const free = said === null || said.can_enter;
    buy.disabled = put.disabled = false;
    buy.textContent = t('바로 구매', 'Buy now');
    if (free) {
      stock.replaceChildren();
    } else if (mine && said.until) {
      stock.replaceChildren(note('wait', t('이 브라우저에서 결제 중이에요', 'You are paying for it in this tab'), t(`${clock(said.until)}까지 자리를 지켜 드려요.`, `It is kept for you until ${clock(said.until)}.`)));
      buy.textContent = t('결제 이어가기', 'Continue to pay');
      put.disabled = true;
    } else if (said.until) {
      stock.replaceChildren(note('wait', t(`지금은 다른 분이 결제 중이에요 – ${clock(said.until)}까지`, `Somebody else is paying for it – until ${clock(said.until)}`), t('결제가 끝나지 않으면 다시 살 수 있게 됩니다. 이 화면은 저절로 바뀌어요.', 'If it is not paid by then, it is free again. This page updates by itself.')));
      buy.disabled = put.disabled = true;
    } else {
      stock.replaceChildren(note('no', t('판매가 끝났어요', 'It is sold'), t('새 주인을 만났습니다.', 'It has found its next owner.')));
      buy.disabled = put.disabled = true;
      buy.textContent = t('판매 완료', 'Sold');
    }
    stock.dataset.stock = free ? 'free' : said.until ? (mine ? 'mine' : 'held') : 'sold';
  });
}
