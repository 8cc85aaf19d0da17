// The receipt of a checkout, as the shop's backend knows it.
import { api, every, h, note, t } from '/shop.js';
import { acts, paper } from '/pages/paper.js';

const READ_EVERY_MS = 4000;
const id = new URLSearchParams(location.search).get('checkout') ?? '';
const root = document.querySelector('#receipt');

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
