// The shop's own desk: what was ordered, what the edge told us, refunds, and the edge's timeline.
import { api, every, h, lang, means, merchant, method, moment, money, note, say, second, seller, statusBadge, t } from '/shop.js';

const READ_EVERY_MS = 2500;
let chosen = new URLSearchParams(location.search).get('checkout');
let all = [];
const drawn = {};

/** Draws a part of the page again only when its data changed, so that typing is not disturbed. */
function once(name, data, draw) {
  const now = JSON.stringify(data);
  if (drawn[name] === now) return;
  drawn[name] = now;
  draw();
}

async function act(path, body, said) {
  try {
    await api(path, { method: 'POST', body, key: crypto.randomUUID() });
    said?.replaceChildren(note('ok', t('됐어요', 'Done'), ''));
  } catch (error) {
    said?.replaceChildren(note('no', t('거절됐어요', 'Refused'), `${error.code ?? ''} ${error.message}`));
  }
  read();
}

function list() {
  const root = document.querySelector('#orders');
  if (all.length === 0) {
    root.replaceChildren(h('p', { class: 'empty' }, t('아직 주문이 없어요.', 'No orders yet.')));
    return;
  }
  root.replaceChildren(...all.map((one) => h('button', {
    class: 'pick', type: 'button', 'aria-pressed': String(one.checkout === chosen), 'data-checkout': one.checkout,
    onclick: () => { chosen = one.checkout; read(); },
  },
  h('span', { class: 'row' }, h('b', {}, one.label), statusBadge(one.status, one.phase)),
  h('span', { class: 'row small soft' }, h('span', {}, `${say(merchant(one.merchant).name)} · ${moment(one.opened_ms)}`), h('span', { class: 'won' }, money(one.amount))))));
}

function detail(one, entries, said) {
  const open = one.status === 'open';
  return h('div', {}, h('section', { class: 'card', 'data-testid': 'detail', 'data-status': one.status },
    h('div', { class: 'row' }, h('h2', {}, one.label), statusBadge(one.status, one.phase)),
    h('p', { class: 'mono soft', style: 'margin-top:4px' }, one.checkout),
    h('dl', { class: 'pairs', style: 'margin-top:12px' },
      pair(t('금액', 'Amount'), money(one.amount)),
      one.refunded_amount > 0 && pair(t('환불', 'Refunded'), `−${money(one.refunded_amount)}`),
      pair(t('결제 수단', 'Paid by'), one.payment ? `${method(one.payment.method)} · ${one.payment.provider}` : '–'),
      pair(t('시도', 'Attempts'), String(one.attempts?.length ?? 0)),
      pair(t('버전', 'Version'), String(one.version)),
      pair(t('받은 알림', 'Notices'), String(one.told))),
    (one.cases ?? []).map((item) => note('no', item.code, item.detail)),
    one.orders.map((order) => part(one, order, said)),
    open && h('button', { class: 'button quiet little', style: 'margin-top:14px', type: 'button', 'data-testid': 'cancel', onclick: () => act('/api/admin/cancel', { checkout: one.checkout, reason: 'cancelled by staff' }, said) }, t('결제 전 취소', 'Cancel')),
    said),
  h('section', { class: 'card' },
    h('h2', {}, t('처리 기록', 'Timeline')),
    h('p', { class: 'soft small' }, t('엣지가 남긴 입력과 판단입니다.', 'Inputs and decisions, as the edge wrote them down.')),
    entries.length > 0
      ? h('ol', { class: 'time', style: 'list-style:none;padding:0', 'data-testid': 'journal' }, entries.map((row) => h('li', { class: /refuse|alarm/i.test(row.verdict ?? '') ? 'no' : /go/i.test(row.verdict ?? '') ? 'go' : '' },
        h('b', {}, row.input), ' ', h('span', { class: 'badge' }, row.phase), ' ', h('span', { class: 'soft small' }, `${second(row.at)} · v${row.version} · ${row.verdict}`),
        row.detail ? h('div', { class: 'mono soft' }, typeof row.detail === 'string' ? row.detail : JSON.stringify(row.detail)) : null)))
      : h('p', { class: 'soft', style: 'margin-top:12px' }, t('기록이 아직 없어요.', 'Nothing yet.'))));
}
const pair = (name, value) => h('div', {}, h('dt', {}, name), h('dd', { class: 'words' }, value));

function part(one, order, said) {
  const left = order.amount - order.refunded_amount;
  const can = ['paid', 'partially_refunded'].includes(one.status) && left > 0;
  const deposit = means(one.payment?.method) === 'virtual_account';
  const input = (name, label, extra) => h('input', { name, 'aria-label': label, placeholder: label, autocomplete: 'off', ...extra });
  const send = (amount, form) => {
    const body = { order: order.order_id, reason: 'refund by staff' };
    if (amount) body.amount = amount;
    if (deposit) body.refund_account = { bank: form.bank.value, number: form.number.value, holder: form.holder.value };
    act('/api/admin/refund', body, said);
  };
  return h('form', { class: 'part', onsubmit: (event) => { event.preventDefault(); send(Number(event.target.amount.value), event.target); } },
    h('div', { class: 'row' }, h('b', {}, say(seller(order.seller)?.name) || order.seller), h('span', { class: 'won' }, money(order.amount))),
    h('p', { class: 'small soft' }, h('span', { class: 'mono' }, order.order_id), ' · ', order.lines.map((l) => `${l.name} × ${l.quantity}`).join(', ')),
    order.refunded_amount > 0 && h('p', { class: 'small' }, h('span', { class: 'badge hot' }, t(`${money(order.refunded_amount)} 환불됨`, `${money(order.refunded_amount)} refunded`))),
    can && h('div', { class: 'fields' },
      deposit && [input('bank', t('은행', 'Bank'), { required: true, value: 'KB' }), input('number', t('계좌 번호', 'Account'), { required: true, inputmode: 'numeric' }), input('holder', t('예금주', 'Holder'), { required: true })],
      input('amount', t('환불할 금액', 'Amount'), { type: 'number', min: 1, max: left, inputmode: 'numeric', 'data-testid': 'refund-amount' }),
      h('button', { class: 'button quiet little', type: 'submit', 'data-testid': 'refund-part' }, t('일부 환불', 'Refund part')),
      h('button', { class: 'button little', type: 'button', 'data-testid': 'refund-full', onclick: (event) => send(0, event.target.form) }, t(`${money(left)} 전액 환불`, `Refund all ${money(left)}`))));
}

const RESULTS = {
  applied: ['ok', t('반영', 'Applied')], older: ['', t('지난 버전', 'Older version')], duplicate: ['', t('중복', 'Duplicate')],
  failed_on_demand: ['wait', t('일부러 실패', 'Failed on demand')], not_read: ['wait', t('다시 읽기 실패', 'Could not read')],
};
function notices({ notices: rows, fail_next }) {
  document.querySelector('#fail').textContent = fail_next > 0
    ? t(`다음 알림 ${fail_next}번 실패 예정`, `${fail_next} to fail`) : t('다음 알림 한 번 실패시키기', 'Fail the next notice');
  const root = document.querySelector('#notices');
  if (rows.length === 0) {
    root.replaceChildren(h('p', { class: 'soft' }, t('아직 받은 알림이 없어요.', 'None yet.')));
    return;
  }
  root.replaceChildren(h('table', { class: 'cards' },
    h('thead', {}, h('tr', {}, [t('시각', 'Time'), t('서명', 'Signature'), t('종류', 'Type'), t('결과', 'Result'), t('결제', 'Checkout')].map((text) => h('th', { scope: 'col' }, text)))),
    h('tbody', {}, rows.slice(0, 60).map((row) => {
      const [kind, text] = RESULTS[row.result] ?? ['no', row.result];
      return h('tr', { 'data-notice': row.type ?? '' },
        h('td', { class: 'nowrap' }, second(row.received_ms)),
        h('td', { class: 'nowrap' }, row.verified ? h('span', { class: 'badge ok' }, `✓ ${t('확인됨', 'Verified')}`) : h('span', { class: 'badge no' }, `✕ ${t('거절', 'Refused')}`)),
        h('td', { class: 'nowrap', title: row.data?.subject }, h('b', {}, row.type ?? '–'), row.version ? h('span', { class: 'soft small' }, ` v${row.version}`) : ''),
        h('td', { class: 'nowrap' }, h('span', { class: `badge ${kind}` }, text)),
        h('td', {}, h('span', { class: 'mono soft' }, row.checkout ?? '–')));
    }))));
}

async function read() {
  const [orders, heard] = await Promise.all([api('/api/admin/orders').catch(() => null), api('/api/notices').catch(() => null)]);
  if (orders) {
    all = orders.checkouts;
    chosen ??= all[0]?.checkout;
    once('list', [all, chosen], list);
  }
  if (heard) once('notices', heard, () => notices(heard));
  const one = all.find((row) => row.checkout === chosen);
  if (one) {
    const { entries } = await api(`/api/admin/journal/${one.checkout}`).catch(() => ({ entries: [] }));
    // What was just answered stays on the page when the data under it changes.
    const said = document.querySelector(`#said[data-checkout="${one.checkout}"]`) ?? h('div', { id: 'said', 'data-checkout': one.checkout, 'aria-live': 'polite', style: 'margin-top:12px' });
    once('detail', [one, entries, lang], () => document.querySelector('#detail').replaceChildren(detail(one, entries, said)));
  }
}

document.querySelector('#reset').addEventListener('click', () => act('/api/admin/reset-stock', {}));
document.querySelector('#fail').addEventListener('click', () => act('/api/admin/fail-notices', { count: 1 }));
every(READ_EVERY_MS, read);
