// Everybody outside while orders run from beginning to end: Toss, whose buyers have all paid by the time that
// they come back, and shops that take every notice. It keeps nothing, so that it costs the same at every size.

/** What everything costs: `AMOUNT` of tests/src/bench/worker.rs. */
const AMOUNT = 31_000;

function payment(request, status) {
  return Response.json({
    paymentKey: `pay_${request}`, orderId: request, method: "카드", status,
    currency: "KRW", totalAmount: AMOUNT, balanceAmount: AMOUNT,
  });
}

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname.endsWith("/payments/confirm")) return payment((await request.json()).orderId, "DONE");
    const [, looked] = /\/payments\/orders\/([^/]+)$/.exec(pathname) ?? [];
    return looked === undefined ? new Response("{}") : payment(looked, "IN_PROGRESS");
  },
};
