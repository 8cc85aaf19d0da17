// The checkout as a part of a form: loaded by elements that stand in one, so that no other page pays for it.
//
// Why so little: the form carries the checkout's id and nothing about its state, since whoever fills in forms
// could write "paid" there. Before it is paid there is no entry at all, as with a box that is not ticked.
// An awaited deposit is not paid.

const joined = new WeakSet();
/** What a buyer reads who sends the form too early. */
const WORDS = { ko: "결제를 먼저 완료해 주세요", en: "Please complete the payment first" };

/** Keeps the form's value and validity equal to what the element says. */
export function join(host, inner) {
  const root = host.shadowRoot;
  const outcome = root?.querySelector("[data-outcome]")?.dataset.outcome;
  // The checkout that is paid; it may have been so before the element came into this form.
  let paid = outcome === "paid" ? host.checkout || new URLSearchParams(location.search).get("hanbeon") || ofQuote(host.quote) : null;

  function tell() {
    const language = root?.querySelector("[lang]")?.lang ?? "ko";
    const button = root?.querySelector("button") ?? undefined;
    inner.setFormValue(paid);
    inner.setValidity({ valueMissing: !paid && host.hasAttribute("required") }, WORDS[language] ?? WORDS.en, button);
  }

  function pay() {
    tell();
    if (host.hasAttribute("submit-when-paid")) once(paid, () => inner.form?.requestSubmit());
  }

  paid ? pay() : tell();
  if (joined.has(host)) return;
  joined.add(host);
  host.addEventListener("hanbeon-ready", tell);
  host.addEventListener("hanbeon-state", ({ detail }) => {
    if (detail.outcome !== "paid") paid = null;
    tell();
  });
  host.addEventListener("hanbeon-paid", ({ detail }) => {
    paid = detail.checkout;
    pay();
  });
  // An element that takes no focus cannot show the browser's words: its button is shown instead.
  host.addEventListener("invalid", (event) => {
    event.preventDefault();
    if (inner.form?.querySelector(":invalid:not(fieldset)") === host) root?.querySelector("button:not([disabled]), input")?.focus();
  });
  new MutationObserver((changes) => {
    if (changes.some((change) => change.attributeName === "checkout")) paid = null;
    tell();
  }).observe(host, { attributeFilter: ["required", "checkout", "quote"] });
}

/** The checkout that `quote.js` has begun with it. */
function ofQuote(quote) {
  try {
    return JSON.parse(localStorage.getItem(`hanbeon:quote:${quote.split(".").pop()}`))[0];
  } catch {
    return null;
  }
}

/** A page that shows a paid checkout again, by a reload or the way back, does not send its form again. */
function once(checkout, act) {
  const entry = `hanbeon:sent:${checkout}`;
  try {
    if (sessionStorage.getItem(entry)) return;
    sessionStorage.setItem(entry, "1");
  } catch {
    // Without a memory it is sent again: its server knows the order.
  }
  act();
}
