// The cart, by shop: each of the two shops is a merchant of its own and is paid separately. Goods
// of several sellers within one shop are one payment.
import { cart, catalog, h, icon, line, link, money, product, say, seller, t, toCheckout } from '/shop.js';

const root = document.querySelector('#cart');

function draw() {
  const all = cart.read();
  if (all.length === 0) {
    root.replaceChildren(h('div', { class: 'card empty' }, h('p', {}, t('담은 물건이 없어요.', 'Nothing in it yet.')), h('a', { class: 'button', href: link('/') }, t('둘러보기', 'Look around'))));
    return;
  }
  root.replaceChildren(...catalog.merchants.map((shop) => {
    const mine = all.filter(([sku]) => product(sku).merchant === shop.id);
    if (mine.length === 0) return null;
    const sellers = [...new Set(mine.map(([sku]) => product(sku).seller))];
    const total = mine.reduce((sum, [sku, n]) => sum + product(sku).price * n, 0);
    return h('section', { class: 'card' },
      h('h2', {}, say(shop.name)),
      sellers.map((id) => [
        h('p', { class: 'seller' }, h('span', {}, say(seller(id).name))),
        mine.filter(([sku]) => product(sku).seller === id).map(([sku, n]) => line(sku, n, product(sku).price, steps(sku, n))),
      ]).flat(2),
      h('dl', { class: 'sum' },
        h('div', {}, h('dt', {}, t('배송비', 'Delivery')), h('dd', {}, t('무료', 'Free'))),
        h('div', { class: 'total' }, h('dt', {}, t('합계', 'Total')), h('dd', {}, money(total)))),
      h('button', { class: 'button', type: 'button', style: 'width:100%;margin-top:18px', 'data-testid': `order-${shop.slug}`, onclick: () => toCheckout(mine.map(([sku, quantity]) => ({ sku, quantity }))) }, t(`${money(total)} 주문하기`, `Order for ${money(total)}`)),
      sellers.length > 1 && h('p', { class: 'soft small', style: 'margin-top:10px' }, t(`판매자 ${sellers.length}곳의 물건을 한 번에 결제해요.`, `Goods of ${sellers.length} sellers, one payment.`)));
  }).filter(Boolean));
}

function steps(sku, n) {
  const most = product(sku).units ?? 99;
  const set = (next) => { cart.put(sku, next); draw(); };
  return h('div', { class: 'row', style: 'justify-content:flex-start;gap:4px;margin-top:4px' },
    h('div', { class: 'stepper' },
      h('button', { type: 'button', 'aria-label': t('하나 빼기', 'One less'), onclick: () => set(n - 1) }, '−'),
      h('output', {}, n),
      h('button', { type: 'button', 'aria-label': t('하나 더', 'One more'), disabled: n >= most, onclick: () => set(n + 1) }, '+')),
    h('button', { class: 'tool', type: 'button', 'aria-label': t('빼기', 'Remove'), onclick: () => set(0) }, trash()));
}
const trash = () => { const svg = icon('cross'); svg.style.width = svg.style.height = '18px'; return svg; };

draw();
addEventListener('pageshow', draw);
addEventListener('storage', draw);
