// One article. While somebody else holds the last piece it cannot be entered, and the page says
// until when, never who.
import { cart, h, kept, link, merchant, money, product, say, seller, t, toCheckout } from '/shop.js';

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
  const stock = h('div', { class: 'block' });
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
  // The element asks and tells; the page only lets its buttons follow.
  const watch = h('hanbeon-availability', { merchant: one.merchant, sku: one.sku, 'data-testid': 'availability' });
  watch.addEventListener('hanbeon-availability', ({ detail: { can_enter: free, until } }) => {
    const mine = Boolean(kept.holding(one.sku));
    watch.toggleAttribute('mine', mine);
    buy.disabled = !free && !(mine && until);
    put.disabled = !free;
    buy.textContent = free ? t('바로 구매', 'Buy now') : !until ? t('판매 완료', 'Sold') : mine ? t('결제 이어가기', 'Continue to pay') : t('바로 구매', 'Buy now');
  });
  watch.toggleAttribute('mine', Boolean(kept.holding(one.sku)));
  stock.append(watch);
}
