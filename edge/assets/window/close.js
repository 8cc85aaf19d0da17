// The provider's window has ended: tells the shop's page to look, then closes a popup. What came of the
// payment is not known here and not said.
(() => {
  "use strict";
  const block = JSON.parse(document.getElementById("hanbeon").textContent);
  const message = { hanbeon: 1, kind: "look", nonce: block.nonce, attempt: block.attempt };
  const framed = window.parent !== window;
  const other = framed ? window.parent : window.opener;
  other?.postMessage(message, block.target);
  if (framed) return;
  const offerWayBack = () => {
    document.getElementById("back").hidden = false;
  };
  if (!other) {
    // The opener was lost on the way (COOP, or the provider cut it): the shop's page polls by itself.
    offerWayBack();
    return;
  }
  // The message must leave before the window does; a window that may not close keeps its link.
  setTimeout(() => window.close(), 50);
  setTimeout(offerWayBack, 1000);
})();
