// The receipt as a slip of paper: for the return page and the receipt page. Everything on it is
// what the shop's backend knows, never what the address or the element says.
import { h, icon, line, link, method, merchant, moment, money, say, seller, status, statusBadge, t } from '/shop.js';

const pair = (name, value, words) => h('div', {}, h('dt', {}, name), h('dd', { class: words ? 'words' : null }, value));

export function paper(view) {
  const done = ['paid', 'partially_refunded', 'refunded'].includes(view.status);
  const over = ['cancelled', 'expired'].includes(view.status);
  const [, text] = status(view.status, view.phase);
  return h('article', { class: 'paper', 'data-testid': 'receipt', 'data-status': view.status },
    h('div', { class: `mark ${done ? '' : over ? 'no' : 'wait'}` }, icon(done ? 'check' : over ? 'cross' : 'clock')),
    h('h1', {}, done ? t('주문이 완료됐어요', 'Thank you for your order') : over ? t('결제되지 않았어요', 'Not paid') : text),
    h('p', { class: 'big', 'data-testid': 'receipt-amount' }, money(view.amount)),
    h('p', { class: 'soft', style: 'text-align:center' }, say(merchant(view.merchant)?.name)),
    h('hr'),
    (view.orders ?? []).map((order) => h('section', {},
      h('p', { class: 'row small', style: 'margin-top:14px' },
        h('span', { class: 'soft' }, `${say(seller(order.seller)?.name)} · `, h('span', { class: 'mono' }, order.order_id)),
        order.refunded_amount > 0 ? h('span', { class: 'badge hot' }, t(`${money(order.refunded_amount)} 환불`, `${money(order.refunded_amount)} refunded`)) : null),
      order.lines.map((one) => line(one.sku, one.quantity, one.unit_amount)))),
    h('hr'),
    h('dl', { class: 'pairs' },
      pair(t('상태', 'Status'), statusBadge(view.status, view.phase), true),
      view.payment && pair(t('결제 수단', 'Paid by'), method(view.payment.method), true),
      view.payment && pair(t('결제 시각', 'Paid at'), moment(view.payment.paid_at), true),
      view.payment && pair(t('승인 번호', 'Payment no.'), h('span', { class: 'mono' }, view.payment.provider_payment_id)),
      view.refunded_amount > 0 && pair(t('환불 금액', 'Refunded'), `−${money(view.refunded_amount)}`, true),
      view.refunded_amount > 0 && pair(t('남은 금액', 'Remaining'), money(view.amount - view.refunded_amount), true),
      pair(t('결제 번호', 'Checkout'), h('span', { class: 'mono' }, view.checkout)),
      pair(t('상점 알림', 'Shop notified'), view.told > 0 ? t(`받음 (${view.told}건)`, `Yes (${view.told})`) : t('기다리는 중', 'Waiting'), true)));
}

export const acts = (...extra) => h('div', { class: 'acts mid' }, ...extra,
  h('a', { class: 'button quiet', href: link('/') }, t('계속 둘러보기', 'Keep browsing')));
