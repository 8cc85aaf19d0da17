// PortOne Sandbox: the browser SDK, version 2, as far as one payment needs it. The sandbox's channel takes
// redirects only, as many PGs take one kind of window only; anything else is answered with a code.
(function () {
  "use strict";
  var here = (document.currentScript && document.currentScript.src) || (function () {
    var all = document.querySelectorAll('script[src*="/v2/browser-sdk.js"]');
    return all.length ? all[all.length - 1].src : "";
  })();
  var base = new URL("..", here).href.replace(/\/$/, "");
  var METHODS = ["CARD", "TRANSFER", "VIRTUAL_ACCOUNT", "MOBILE", "EASY_PAY"];
  var mobile = /Mobi|Android|iPhone|iPad/i.test(navigator.userAgent);

  function fault(request) {
    var kind = (request.windowType || {})[mobile ? "mobile" : "pc"] || "REDIRECTION";
    if (!request.storeId || !request.channelKey) return "storeId, channelKey";
    if (!/^[A-Za-z0-9_-]{6,64}$/.test(request.paymentId || "")) return "paymentId";
    if (!request.orderName || request.orderName.length > 100) return "orderName";
    if (!Number.isSafeInteger(request.totalAmount) || request.totalAmount <= 0) return "totalAmount";
    if (request.currency !== "KRW") return "currency";
    if (METHODS.indexOf(request.payMethod) < 0) return "payMethod";
    if (!request.redirectUrl) return "redirectUrl";
    return kind === "REDIRECTION" ? null : "windowType: this channel takes REDIRECTION only";
  }

  window.PortOne = {
    requestPayment: async function (request) {
      var wrong = fault(request);
      if (wrong) {
        return { transactionType: "PAYMENT", paymentId: request.paymentId, code: "INVALID_REQUEST", message: wrong };
      }
      location.assign(base + "/window?" + new URLSearchParams({
        storeId: request.storeId, channelKey: request.channelKey, paymentId: request.paymentId,
        orderName: request.orderName, totalAmount: String(request.totalAmount), currency: request.currency,
        payMethod: request.payMethod, redirectUrl: request.redirectUrl,
        lang: document.documentElement.lang || navigator.language || "ko"
      }).toString());
      return new Promise(function () {});
    }
  };
})();
