// Posts the page's one form into the provider's window. Coming back to this page by the browser's
// history asks the shop's page to look instead of posting a second time.
(() => {
  "use strict";
  const form = document.getElementById("form");
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.hanbeon.look();
  });
  // `submit` is called on the prototype, since a field may be named "submit".
  HTMLFormElement.prototype.submit.call(form);
})();
