// Toss Payments Sandbox: the browser SDK, version 2, as far as one payment needs it.
// It opens the provider's window: `self` leaves the calling page (or frame), `iframe` lays the
// window over it and lets the calling page leave when the buyer is done.
(function () {
  "use strict";
  var here = (document.currentScript && document.currentScript.src) || (function () {
    var all = document.querySelectorAll('script[src*="/v2/standard"]');
    return all.length ? all[all.length - 1].src : "";
  })();
  var base = new URL("..", here).href.replace(/\/$/, "");
  var origin = new URL(base).origin;
  var METHODS = ["CARD", "TRANSFER", "VIRTUAL_ACCOUNT", "MOBILE_PHONE", "EASY_PAY"];
  var mobile = /Mobi|Android|iPhone|iPad/i.test(navigator.userAgent);

  function refuse(code, message) {
    var error = new Error(message);
    error.code = code;
    return error;
  }

  function checked(request) {
    var amount = request.amount || {};
    var target = request.windowTarget || (mobile ? "self" : "iframe");
    if (METHODS.indexOf(request.method) < 0) throw refuse("INVALID_PARAMETERS", "method");
    if (!Number.isSafeInteger(amount.value) || amount.value <= 0) throw refuse("INVALID_PARAMETERS", "amount.value");
    if (amount.currency !== "KRW") throw refuse("INVALID_PARAMETERS", "amount.currency");
    if (!/^[A-Za-z0-9_-]{6,64}$/.test(request.orderId || "")) throw refuse("INVALID_PARAMETERS", "orderId");
    if (!request.orderName || request.orderName.length > 100) throw refuse("INVALID_PARAMETERS", "orderName");
    if (target !== "self" && target !== "iframe") throw refuse("INVALID_PARAMETERS", "windowTarget");
    if (target === "iframe" && mobile) throw refuse("INVALID_PARAMETERS", "windowTarget: iframe works on a PC only");
    if (target === "self" && !(request.successUrl && request.failUrl)) throw refuse("INVALID_PARAMETERS", "successUrl, failUrl");
    return target;
  }

  function windowUrl(clientKey, customerKey, request, target) {
    var card = request.card || {};
    var query = new URLSearchParams({
      clientKey: clientKey, customerKey: customerKey, method: request.method,
      amount: String(request.amount.value), currency: request.amount.currency,
      orderId: request.orderId, orderName: request.orderName,
      successUrl: request.successUrl || "", failUrl: request.failUrl || "",
      customerName: request.customerName || "", customerEmail: request.customerEmail || "",
      customerMobilePhone: request.customerMobilePhone || "",
      easyPay: card.flowMode === "DIRECT" ? card.easyPay || "any" : "",
      target: target,
      lang: document.documentElement.lang || navigator.language || "ko"
    });
    return base + "/window?" + query.toString();
  }

  function overlay(url, request) {
    return new Promise(function (resolve, reject) {
      var veil = document.createElement("div");
      veil.setAttribute("role", "dialog");
      veil.setAttribute("aria-modal", "true");
      veil.style.cssText = "position:fixed;inset:0;z-index:2147483000;background:rgba(8,12,24,.55);display:flex;align-items:center;justify-content:center";
      var frame = document.createElement("iframe");
      frame.src = url;
      frame.title = "Toss Payments Sandbox";
      frame.name = "toss-sandbox-window";
      frame.style.cssText = "border:0;width:min(860px,100%);height:min(680px,100%);border-radius:14px;background:#fff";
      veil.appendChild(frame);
      document.body.appendChild(veil);
      window.addEventListener("message", function hear(event) {
        if (event.origin !== origin || event.source !== frame.contentWindow) return;
        var said = event.data || {};
        if (said.sandbox !== "toss") return;
        window.removeEventListener("message", hear);
        veil.remove();
        if (said.go) { location.assign(said.go); return; }
        if (said.code) { reject(refuse(said.code, said.message)); return; }
        resolve({ paymentKey: said.paymentKey, orderId: said.orderId, amount: { value: said.amount, currency: "KRW" }, paymentType: "NORMAL" });
      });
    });
  }

  function TossPayments(clientKey) {
    if (!/^(test|live)_g?ck_/.test(clientKey || "")) throw refuse("INVALID_CLIENT_KEY", "client key");
    return {
      payment: function (options) {
        var customerKey = (options && options.customerKey) || TossPayments.ANONYMOUS;
        return {
          requestPayment: async function (request) {
            var target = checked(request);
            var url = windowUrl(clientKey, customerKey, request, target);
            if (target === "iframe") return overlay(url, request);
            location.assign(url);
            return new Promise(function () {});
          }
        };
      }
    };
  }
  TossPayments.ANONYMOUS = "@@ANONYMOUS";
  window.TossPayments = TossPayments;
})();
