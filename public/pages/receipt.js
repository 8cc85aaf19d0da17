// The receipt of a checkout, as the shop's backend knows it; above it the element that says where its payment
// stands, as the edge knows it and to the browser that has paid.
import { api, every, h, lang, note, t } from '/shop.js';
import { acts, paper } from '/pages/paper.js';

const READ_EVERY_MS = 4000;
const id = new URLSearchParams(location.search).get('checkout') ?? '';
const root = document.querySelector('#receipt');
const theme = document.documentElement.dataset.theme ?? 'auto';
document.querySelector('#status').append(h('hanbeon-status', { checkout: id, locale: lang, theme }));

let shown = '';
every(READ_EVERY_MS, async () => {
  const view = await api(`/api/checkouts/${encodeURIComponent(id)}`).catch(() => null);
  const now = JSON.stringify(view);
  if (now === shown) return;
  shown = now;
  root.replaceChildren(...(view
    ? [paper(view), acts(h('button', { class: 'button quiet', type: 'button', onclick: () => print() }, t('인쇄', 'Print')))]
    : [note('no', t('영수증을 찾지 못했어요', 'There is no such receipt'), t('주소를 확인해 주세요.', 'Please check the address.')), acts()]));
});
