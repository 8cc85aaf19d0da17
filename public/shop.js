// What every page of the shop shares: language, theme, money, the cart, the shop's own API, and
// the head and foot. No framework, nothing from anywhere else.

const params = new URLSearchParams(location.search);

/** `ko`, or `en` after `?lang=en`: kept for the tab, so that a return from a provider keeps it. */
export const lang = (() => {
  const asked = params.get('lang') ?? sessionStorage.getItem('shop:lang');
  const found = asked === 'en' ? 'en' : 'ko';
  sessionStorage.setItem('shop:lang', found);
  return found;
})();
document.documentElement.lang = lang;

/** One sentence in both languages, side by side, so that neither is forgotten. */
export const t = (ko, en) => (lang === 'en' ? en : ko);
/** A text of the catalogue. */
export const say = (text) => text?.[lang] ?? text?.ko ?? '';

if (lang === 'en') {
  for (const node of document.querySelectorAll('[data-en]')) node.textContent = node.dataset.en;
}

/** An address of the shop that keeps the language. */
export function link(path, query = {}) {
  const url = new URL(path, location.origin);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  if (lang === 'en') url.searchParams.set('lang', 'en');
  return url.pathname + url.search + url.hash;
}

/** Makes an element; text is always text, never markup. */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    // A policy without 'unsafe-inline' refuses the attribute, and lets a script style what it made.
    else if (name === 'style') node.style.cssText = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const ICONS = {
  cart: 'M2.5 3.5h2.8L7.6 15.5h10.6l2.3-8.5H6.3M9 20.2a.8.8 0 1 0 .01 0M17 20.2a.8.8 0 1 0 .01 0',
  check: 'M5 12.5 10 17 19 7',
  clock: 'M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18',
  shield: 'M12 3 5 6v5c0 5 3 8 7 10 4-2 7-5 7-10V6zM9 12l2 2 4-4',
  back: 'M9 14 4 9l5-5M4 9h9a6 6 0 0 1 0 12h-3',
  cross: 'M6 6l12 12M18 6 6 18',
  info: 'M12 11v5M12 8h.01M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18',
  sun: 'M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8M12 2v2M12 20v2M4 12H2M22 12h-2M5 5l1.5 1.500M17.5 17.5 19 19M19 5l-1.5 1.500M6.5 17.5 5 19',
  moon: 'M20 14A8 8 0 0 1 10 4a8 8 0 1 0 10 10',
};
/** A line drawing beside a text; hidden from readers, which have the text. */
export function icon(name) {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  for (const [key, value] of Object.entries({
    viewBox: '0 0 24 24', fill: 'none', stroke: 'currentColor', 'stroke-width': '1.9',
    'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true',
  })) svg.setAttribute(key, value);
  const path = document.createElementNS(ns, 'path');
  path.setAttribute('d', ICONS[name]);
  svg.append(path);
  return svg;
}

/** A box that says something: kind is `ok`, `wait`, `no` or nothing. */
export function note(kind, title, text, ...acts) {
  const name = { ok: 'check', wait: 'clock', no: 'cross' }[kind] ?? 'info';
  return h('div', { class: `note ${kind}` }, icon(name), h('div', {}, h('b', {}, title), text ?? '', ...acts));
}

export const money = (won) => (lang === 'en' ? `₩${won.toLocaleString('en')}` : `${won.toLocaleString('ko')}원`);

const zone = { timeZone: 'Asia/Seoul' };
/** Hours and minutes in Seoul, where the shop is. */
export const clock = (at) => new Date(at).toLocaleTimeString('ko', { ...zone, hour: '2-digit', minute: '2-digit', hour12: false });
export const moment = (at) => new Date(at).toLocaleString(lang === 'en' ? 'en-GB' : 'ko', { ...zone, dateStyle: 'medium', timeStyle: 'short' });
export const second = (at) => new Date(at).toLocaleTimeString('en-GB', zone);

/** Speaks to the shop's backend. A refusal is thrown as its problem document. */
export async function api(path, { method = 'GET', body, key } = {}) {
  const headers = {};
  if (body) headers['content-type'] = 'application/json';
  if (key) headers['idempotency-key'] = key;
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const value = await answer.json().catch(() => null);
  if (!answer.ok) throw Object.assign(new Error(value?.detail ?? answer.statusText), { code: value?.code, problem: value, http: answer.status });
  return value;
}

export const catalog = await fetch('/products.json').then((answer) => answer.json());
export const product = (sku) => catalog.products.find((one) => one.sku === sku);
export const merchant = (id) => catalog.merchants.find((one) => one.id === id);
export const seller = (id) => catalog.sellers.find((one) => one.id === id);

/** No log-in: a random id, made once, is all that the shop knows a visitor by. */
export const buyer = (() => {
  let id = localStorage.getItem('shop:buyer');
  if (!id) {
    id = `b-${crypto.randomUUID()}`;
    localStorage.setItem('shop:buyer', id);
  }
  return { id, name: t('김하늘', 'Kim Haneul') };
})();

/** The cart: article → pieces, in this browser only. Prices never live here. */
export const cart = {
  read() {
    try {
      const all = JSON.parse(localStorage.getItem('shop:cart') ?? '{}');
      return Object.entries(all).filter(([sku, n]) => product(sku) && Number.isInteger(n) && n > 0);
    } catch {
      return [];
    }
  },
  put(sku, quantity) {
    const all = Object.fromEntries(this.read());
    const most = product(sku)?.units ?? 99;
    if (quantity > 0) all[sku] = Math.min(quantity, most);
    else delete all[sku];
    localStorage.setItem('shop:cart', JSON.stringify(all));
    showCount();
  },
  add(sku, quantity) {
    this.put(sku, (Object.fromEntries(this.read())[sku] ?? 0) + quantity);
  },
};

/** The items of an address (`x100v:1,film-3pack:2`), sorted, so that one cart has one name. */
export function itemsOf(text) {
  const items = text.split(',').filter(Boolean).map((one) => {
    const [sku, quantity] = one.split(':');
    return { sku, quantity: Number(quantity ?? 1) };
  });
  return items.sort((a, b) => (a.sku < b.sku ? -1 : 1));
}
export const nameOf = (items) => items.map((one) => `${one.sku}:${one.quantity}`).join(',');

/** What this tab knows about the checkout of a cart: its id and its token. */
export const kept = {
  read(items) {
    try {
      return JSON.parse(sessionStorage.getItem(`shop:checkout:${nameOf(items)}`));
    } catch {
      return null;
    }
  },
  write(items, entry) {
    sessionStorage.setItem(`shop:checkout:${nameOf(items)}`, JSON.stringify(entry));
  },
  drop(items) {
    sessionStorage.removeItem(`shop:checkout:${nameOf(items)}`);
  },
  /** The checkout of this tab that holds an article, if it is not finished. */
  holding(sku) {
    return Object.keys(sessionStorage)
      .filter((name) => name.startsWith('shop:checkout:'))
      .map((name) => itemsOf(name.slice('shop:checkout:'.length)))
      .find((items) => items.some((one) => one.sku === sku) && !this.read(items)?.done);
  },
};

/** Goes to the checkout of these items; a finished one is not shown again. */
export function toCheckout(items) {
  const sorted = itemsOf(nameOf(items));
  if (kept.read(sorted)?.done) kept.drop(sorted);
  location.assign(link('/checkout.html', { items: nameOf(sorted) }));
}

/** A small row of an article: picture, name, pieces, sum. */
export function line(sku, quantity, unit, extra) {
  const one = product(sku);
  return h('div', { class: 'line' },
    h('div', { class: 'pic' }, one ? h('img', { src: one.art, alt: '' }) : ''),
    h('div', {}, h('b', {}, one ? say(one.name) : sku),
      extra ?? h('span', { class: 'soft small' }, `${money(unit)} · ${t(`${quantity}개`, `${quantity} pc`)}`)),
    h('span', { class: 'won' }, money(unit * quantity)));
}

/** What a status is called, and how it looks. */
export function status(word, phase) {
  if (word === 'open' && phase === 'awaiting_deposit') return ['wait', t('입금 대기', 'Awaiting deposit')];
  if (word === 'open' && phase === 'checking') return ['wait', t('결제 확인 중', 'Checking')];
  return {
    open: ['wait', t('결제 전', 'Not paid yet')],
    paid: ['ok', t('결제 완료', 'Paid')],
    partially_refunded: ['hot', t('부분 환불', 'Partly refunded')],
    refunded: ['', t('환불 완료', 'Refunded')],
    cancelled: ['no', t('취소됨', 'Cancelled')],
    expired: ['no', t('기한 지남', 'Expired')],
    review: ['no', t('확인 필요', 'Needs review')],
  }[word] ?? ['', word ?? '–'];
}
export function statusBadge(word, phase) {
  const [kind, text] = status(word, phase);
  return h('span', { class: `badge ${kind}`, 'data-status': word }, text);
}
const MEANS = {
  card: t('신용·체크카드', 'Card'), transfer: t('계좌이체', 'Bank transfer'),
  virtual_account: t('가상계좌', 'Virtual account'), phone: t('휴대폰', 'Mobile phone'),
  easy_pay: t('간편결제', 'Easy pay'), kb_pay: 'KB Pay',
};
/** What a method is: its id is the channel's with the means behind it, as in `toss_virtual_account`. */
export const means = (id) => Object.keys(MEANS).find((one) => id === one || id?.endsWith(`_${one}`));
export const method = (id) => MEANS[means(id)] ?? id ?? '–';

/** Repeats while the page is seen, and once at once. */
export function every(milliseconds, work) {
  const run = () => { if (!document.hidden) work(); };
  work();
  document.addEventListener('visibilitychange', run);
  addEventListener('pageshow', (event) => { if (event.persisted) run(); });
  return setInterval(run, milliseconds);
}

function showCount() {
  const badge = document.querySelector('.count');
  if (!badge) return;
  const pieces = cart.read().reduce((sum, [, n]) => sum + n, 0);
  badge.textContent = pieces;
  badge.hidden = pieces === 0;
  badge.parentElement.setAttribute('aria-label', t(`장바구니, ${pieces}개`, `Cart, ${pieces} items`));
}

function theme() {
  const root = document.documentElement;
  const saved = localStorage.getItem('shop:theme');
  if (saved) root.dataset.theme = saved;
  const dark = () => (root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  const button = h('button', { class: 'tool', type: 'button', onclick: () => {
    root.dataset.theme = dark() ? 'light' : 'dark';
    localStorage.setItem('shop:theme', root.dataset.theme);
    for (const element of document.querySelectorAll('hanbeon-checkout')) element.setAttribute('theme', root.dataset.theme);
    draw();
  } });
  const draw = () => {
    button.replaceChildren(icon(dark() ? 'sun' : 'moon'));
    button.setAttribute('aria-label', dark() ? t('밝은 화면', 'Light theme') : t('어두운 화면', 'Dark theme'));
  };
  draw();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
  return button;
}

function chrome() {
  const here = new URL(location.href);
  here.searchParams.set('lang', lang === 'en' ? 'ko' : 'en');
  const psp = document.querySelector('meta[name="psp-origin"]')?.content ?? '';
  document.body.prepend(
    h('a', { class: 'skip', href: '#main' }, t('본문으로 건너뛰기', 'Skip to content')),
    h('header', { class: 'head' }, h('div', { class: 'wrap' },
      h('a', { class: 'logo', href: link('/') }, h('img', { src: '/favicon.svg', alt: '' }), say(merchant('m_camera').name)),
      h('nav', { 'aria-label': t('주요 메뉴', 'Main') },
        h('a', { class: 'wide', href: link('/#m_camera') }, t('카메라', 'Cameras')),
        h('a', { class: 'wide', href: link('/#m_books') }, say(merchant('m_books').name)),
        h('a', { href: link('/cart.html'), 'data-testid': 'cart' }, icon('cart'), h('span', { class: 'count', hidden: true }))),
      h('a', { class: 'tool', href: here.pathname + here.search, hreflang: lang === 'en' ? 'ko' : 'en', lang: lang === 'en' ? 'ko' : 'en' }, lang === 'en' ? '한국어' : 'EN'),
      theme())));
  document.body.append(h('footer', { class: 'demo' }, h('div', { class: 'wrap' },
    h('p', {}, t('오프라인 데모입니다. 실제 결제와 배송은 없어요.', 'This is an offline demo: no real payment, nothing is shipped.')),
    h('nav', { 'aria-label': t('데모', 'Demo') },
      h('a', { href: link('/') }, t('상점', 'Shop')),
      h('a', { href: link('/staff.html') }, t('직원 화면', 'Staff')),
      h('a', { href: `${psp}/control` }, t('결제사 제어판', 'Provider control')),
      h('a', { href: link('/poster.html') }, t('서버 없는 상점', 'A shop without a server')),
      h('a', { href: link('/examples/') }, t('붙이는 법', 'How to embed'))))));
  showCount();
}
chrome();
