// Starts PortOne's window (browser SDK v2). The SDK sends this page to our return address, except for
// errors before its start: those come back as an answer or as a rejected promise.
(async () => {
  "use strict";
  const request = window.hanbeon.data;
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.hanbeon.look();
  });
  const goBack = (code) => {
    const url = new URL(request.redirectUrl);
    url.searchParams.set("payment_id", request.paymentId);
    // Only a word travels on; the edge treats it as a hint and looks.
    if (code !== undefined) url.searchParams.set("code", /^[A-Z0-9_]{1,64}$/.test(code) ? code : "WINDOW_FAILED");
    location.replace(url.href);
  };
  try {
    const answer = await window.PortOne.requestPayment(request);
    // No answer: the SDK is on its way to our return address by itself.
    if (answer) goBack(answer.code);
  } catch (error) {
    goBack(typeof error?.code === "string" ? error.code : "WINDOW_FAILED");
  }
})();
