// First on every page in front of a provider's window: reads the page's data and gives the shop's page
// a sign of life. It says nothing about money.
(() => {
  "use strict";
  const block = JSON.parse(document.getElementById("hanbeon").textContent);
  const tell = (kind) => {
    const other = window.parent !== window ? window.parent : window.opener;
    // One exact origin; a page of any other origin hears nothing.
    other?.postMessage(
      { hanbeon: 1, kind, nonce: block.nonce, attempt: block.attempt },
      block.target,
    );
  };
  tell("ready");
  window.hanbeon = Object.freeze({
    data: block.data === null ? null : Object.freeze(JSON.parse(block.data)),
    look: () => tell("look"),
  });
})();
