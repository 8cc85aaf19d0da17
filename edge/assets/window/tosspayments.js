// Starts Toss Payments' window (SDK v2). On success and on failure the SDK sends this page to our
// return address; a rejected promise means that no window came up, or that the buyer closed it.
(async () => {
  "use strict";
  const { clientKey, customerKey, ...request } = window.hanbeon.data;
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.hanbeon.look();
  });
  const giveUp = (code) => {
    const url = new URL(request.failUrl);
    url.searchParams.set("code", code);
    url.searchParams.set("orderId", request.orderId);
    location.replace(url.href);
  };
  try {
    const key = customerKey === "ANONYMOUS" ? window.TossPayments.ANONYMOUS : customerKey;
    await window.TossPayments(clientKey).payment({ customerKey: key }).requestPayment(request);
  } catch (error) {
    // Only a word of Toss's alphabet travels on; the edge treats it as a hint and looks.
    const code = typeof error?.code === "string" && /^[A-Z_]{1,64}$/.test(error.code);
    giveUp(code ? (error.code === "USER_CANCEL" ? "PAY_PROCESS_CANCELED" : error.code) : "WINDOW_FAILED");
  }
})();
