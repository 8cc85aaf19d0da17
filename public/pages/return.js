// Where a provider sends the buyer back to. The address only says which checkout to look at: the
// element asks the edge, and the slip below comes from the shop's own backend.
import { api, cart, h, lang, link, nameOf, note, t } from '/shop.js';
import { acts, paper } from '/pages/paper.js';

const READ_EVERY_MS = 1500;
/** After this many readings the page reads every tenth time only. */
const READS_QUICK_MAX = 80;
const id = new URLSearchParams(location.search).get('hanbeon') ?? '';
const result = document.querySelector('#result');

let cleared = false;
/** Paid goods leave the cart, and the tab's checkout is finished. */
function clear(view) {
  if (cleared) return;
  cleared = true;
  const items = view.orders.flatMap((order) => order.lines).map(({ sku, quantity }) => ({ sku, quantity })).sort((a, b) => (a.sku < b.sku ? -1 : 1));
  for (const one of items) cart.put(one.sku, 0);
  const slot = `shop:checkout:${nameOf(items)}`;
  const entry = JSON.parse(sessionStorage.getItem(slot) ?? 'null');
  if (entry?.checkout === id) sessionStorage.setItem(slot, JSON.stringify({ ...entry, done: true }));
}

/** The cart's own checkout page, where another method can be tried. */
function backToPay(view) {
  const items = view.orders.flatMap((order) => order.lines).map(({ sku, quantity }) => ({ sku, quantity })).sort((a, b) => (a.sku < b.sku ? -1 : 1));
  return link('/checkout.html', { items: nameOf(items) });
}

let shown = '';
async function look() {
  const view = await api(`/api/checkouts/${encodeURIComponent(id)}`).catch((error) => ({ gone: error.http }));
  const now = JSON.stringify(view);
  if (now === shown) return view.status;
  shown = now;
  if (view.gone) {
    result.replaceChildren(view.gone === 404
      ? note('no', t('모르는 결제예요', 'Unknown checkout'), t('주소를 확인해 주세요.', 'Please check the address.'))
      : note('wait', t('확인하고 있어요', 'Checking'), t('상점과 연결이 잠시 끊겼어요. 다시 시도하고 있습니다.', 'The shop cannot be reached for the moment. Trying again.')));
    return view.gone === 404 ? 'gone' : undefined;
  }
  if (['paid', 'partially_refunded', 'refunded'].includes(view.status)) {
    clear(view);
    result.replaceChildren(paper(view), acts(h('a', { class: 'button', href: link('/receipt.html', { checkout: id }), 'data-testid': 'receipt-link' }, t('영수증 보기', 'See the receipt'))));
  } else if (['cancelled', 'expired'].includes(view.status)) {
    result.replaceChildren(paper(view), acts());
  } else if (view.phase === 'awaiting_deposit') {
    result.replaceChildren(note('wait', t('입금을 기다리고 있어요', 'Waiting for your deposit'), t('입금이 확인되면 이 화면이 바뀌어요. 창을 닫아도 괜찮아요.', 'This page changes when it arrives. You may close it.')), acts());
  } else if (view.phase === 'open') {
    result.replaceChildren(note('', t('아직 결제되지 않았어요', 'Not paid yet'), t('다른 방법으로 다시 결제할 수 있어요.', 'You can try again with another method.')),
      acts(h('a', { class: 'button', href: backToPay(view), 'data-testid': 'pay-again' }, t('결제하러 가기', 'Back to payment'))));
  } else {
    result.replaceChildren(note('wait', t('결제를 확인하고 있어요', 'Checking your payment'), t('상점이 결제사에 직접 물어보고 있어요. 다시 결제하지 마세요.', 'The shop is asking the provider itself. Please do not pay again.')));
  }
  return view.status;
}

if (id === '') {
  result.replaceChildren(note('no', t('결제 번호가 없어요', 'No checkout in the address'), ''), acts());
} else {
  const element = document.createElement('hanbeon-checkout');
  element.setAttribute('checkout', id);
  element.setAttribute('locale', lang);
  element.setAttribute('theme', document.documentElement.dataset.theme ?? 'auto');
  for (const name of ['hanbeon-paid', 'hanbeon-state']) element.addEventListener(name, () => look());
  const box = document.querySelector('#payment');
  box.classList.add('card');
  box.append(element);
  let reads = 0;
  const timer = setInterval(async () => {
    reads += 1;
    if (document.hidden || (reads > READS_QUICK_MAX && reads % 10 !== 0)) return;
    if (['refunded', 'cancelled', 'expired', 'gone'].includes(await look())) clearInterval(timer);
  }, READ_EVERY_MS);
  look();
}
