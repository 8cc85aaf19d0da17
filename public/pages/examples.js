// Shows the example files as they are, so that what is read is what is served.
import { h, t } from '/shop.js';

const files = [
  ['server.mjs', t('서버: 결제를 열고 알림을 받아요', 'Server: open a checkout, take a notice')],
  ['plain.html', 'HTML'],
  ['plain.js', 'JavaScript'],
  ['quote.html', t('HTML, 서버 없이: 미리 서명한 가격', 'HTML without a server: a price signed ahead of time')],
  ['sign-quote.mjs', t('그 가격에 서명하기', 'Sign that price')],
  ['react/src/Checkout.tsx', 'React'],
  ['vue/src/Checkout.vue', 'Vue'],
  ['next/app/page.tsx', t('Next: 서버에서 열어요', 'Next: opened on the server')],
  ['next/app/checkout.tsx', t('Next: 화면에 보여요', 'Next: shown in the page')],
  ['Checkout.svelte', 'Svelte'],
];
const root = document.querySelector('#examples');
for (const [file, title] of files) {
  const text = await fetch(`/examples/${file}`).then((answer) => answer.text());
  const copy = h('button', { class: 'button quiet little', type: 'button', onclick: async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = t('복사했어요', 'Copied');
  } }, t('복사', 'Copy'));
  root.append(h('section', { class: 'card code' }, h('div', { class: 'row' }, h('h2', {}, title), copy), h('p', { class: 'mono soft' }, `examples/${file}`), h('pre', { tabindex: '0' }, h('code', {}, text))));
}
