// The front: what is on the shelves, and whether a single piece can be had right now.
import { api, catalog, clock, every, h, icon, link, money, product, say, t } from '/shop.js';

const STOCK_EVERY_MS = 10_000;
const star = product('x100v');
const badges = new Map();

function badge(sku, klass = '') {
  const node = h('span', { class: `badge ${klass}`, hidden: true, 'data-stock': sku });
  badges.set(sku, [...(badges.get(sku) ?? []), node]);
  return node;
}

document.querySelector('#hero-acts').append(
  h('a', { class: 'button', href: link('/item.html', { sku: star.sku }) }, t('오늘의 한 대 보기', 'See today’s camera')),
  h('a', { class: 'button quiet', href: link('/#m_books') }, t('책방 둘러보기', 'Browse the books')));
document.querySelector('#hero-figure').append(
  h('a', { href: link('/item.html', { sku: star.sku }), 'aria-hidden': 'true', tabindex: '-1' }, h('img', { src: star.art, alt: '', width: 400, height: 300, style: 'width:100%;height:auto' })),
  h('figcaption', {}, h('span', {}, `${say(star.name)} · ${money(star.price)}`), badge(star.sku)));

for (const [name, title, text] of [
  ['clock', t('먼저 시작한 분께 15분', '15 minutes for whoever is first'), t('결제를 시작하면 다른 분이 가져갈 수 없어요.', 'Once you start to pay, nobody can take it away.')],
  ['shield', t('결제는 딱 한 번', 'You pay exactly once'), t('새로고침해도, 두 번 눌러도 한 번만 결제돼요.', 'Reload or click twice: you are charged one time.')],
  ['back', t('판매자별 환불', 'Refunds by seller'), t('함께 산 물건도 하나씩 돌려받을 수 있어요.', 'Bought together, returned one by one.')],
]) {
  document.querySelector('#facts').append(h('li', {}, icon(name), h('div', {}, h('b', {}, title), h('span', {}, text))));
}

for (const shop of catalog.merchants) {
  const goods = catalog.products.filter((one) => one.merchant === shop.id).map((one) => h('li', { class: 'goods' },
    h('div', { class: 'pic' }, h('img', { src: one.art, alt: '', width: 400, height: 300 })),
    one.units === 1 && badge(one.sku, 'over'),
    h('h3', {}, h('a', { href: link('/item.html', { sku: one.sku }), 'data-testid': `goods-${one.sku}` }, say(one.name))),
    h('p', {}, say(one.summary)),
    h('div', { class: 'foot' }, h('span', { class: 'won' }, money(one.price)), h('span', { class: 'badge' }, say(one.condition)))));
  document.querySelector('#shelves').append(h('section', { class: `shelf ${shop.slug}`, id: shop.id, 'aria-labelledby': `${shop.id}-title` },
    h('header', {}, h('h2', { id: `${shop.id}-title` }, say(shop.name)), h('p', { class: 'soft' }, say(shop.tagline))),
    h('ul', { class: 'grid' }, goods)));
}
if (location.hash.startsWith('#m_')) document.querySelector(location.hash)?.scrollIntoView();

every(STOCK_EVERY_MS, async () => {
  const { stock } = await api('/api/stock').catch(() => ({ stock: [] }));
  for (const { sku, can_enter, until } of stock) {
    for (const node of badges.get(sku) ?? []) {
      const over = node.classList.contains('over') ? 'over ' : '';
      node.hidden = false;
      node.className = `badge ${over}${can_enter ? 'ok' : until ? 'wait' : 'no'}`;
      node.textContent = can_enter ? t('단 하나', 'Only one')
        : until ? t(`결제 중 – ${clock(until)}까지`, `Being paid until ${clock(until)}`) : t('판매 완료', 'Sold');
    }
  }
});
