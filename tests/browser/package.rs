//! The element as frameworks and forms use it: moved, taken out and put back, told by properties, defined
//! twice, and filled in as a field.

use serde_json::{Value, json};

use crate::books::Checkout;
use crate::checkout_element::Means;
use crate::journey::{Buyer, until};
use crate::journeys;

journeys! {
    f48_an_element_put_in_and_out_a_hundred_times_shows_one_view_and_leaves_nothing: comes_and_goes(Iframe, TossCard);
    f48_a_move_keeps_the_popup_and_the_attempt: moves_beside_a_popup(Popup, TossCard);
    f48_a_move_takes_the_frame_and_keeps_the_attempt: moves_with_a_frame(Iframe, TossCard);
    f48_several_attributes_in_one_turn_ask_the_edge_once: changes_at_once(Iframe, TossCard);
    f48_properties_are_attributes_also_before_the_script_was_there: has_properties(Iframe, TossCard);
    f48_a_second_copy_of_the_script_changes_nothing: is_defined_twice(Iframe, TossCard);
    a_form_is_valid_once_it_is_paid_and_carries_the_checkout_alone: stands_in_a_form(Iframe, TossCard);
    a_form_that_asks_for_it_is_sent_once: is_sent(Redirect, TossCard);
}

/// Counts what outlives an element: listeners of the page, channels, sockets.
const COUNT: &str = r##"
const alive = window.alive = { listeners: 0, wires: 0 };
const { addEventListener, removeEventListener } = EventTarget.prototype;
const ours = (target) => target === window || target === null || target === undefined;
EventTarget.prototype.addEventListener = function (...words) { alive.listeners += ours(this); return addEventListener.apply(this, words); };
EventTarget.prototype.removeEventListener = function (...words) { alive.listeners -= ours(this); return removeEventListener.apply(this, words); };
for (const name of ["BroadcastChannel", "WebSocket"]) {
  window[name] = class extends window[name] {
    constructor(...words) { super(...words); alive.wires += 1; }
    close() { if (!this.over) alive.wires -= 1; this.over = true; super.close(); }
  };
}
const element = document.querySelector("hanbeon-checkout");
window.element = element.cloneNode();
element.remove();
"##;

const IN_AND_OUT: &str = r##"
const box = document.querySelector("#payment");
const shown = () => new Promise((done) => window.element.addEventListener("hanbeon-ready", done, { once: true }));
return (async () => {
  // A task of its own for what ends in one: the element's that the page had.
  await new Promise((done) => setTimeout(done, 50));
  const before = { ...window.alive };
  let most = 0;
  for (let n = 0; n < 100; n += 1) {
    const ready = n % 20 === 0 ? shown() : null;
    box.append(window.element);
    await (ready ?? Promise.resolve());
    most = Math.max(most, window.element.shadowRoot.querySelectorAll("[part=card]").length);
    window.element.remove();
    await null;
  }
  await new Promise((done) => setTimeout(done, 50));
  const left = [window.alive.listeners - before.listeners, window.alive.wires - before.wires, window.element.shadowRoot.querySelectorAll("[part=card]").length];
  box.append(window.element);
  await shown();
  return [most, ...left, window.element.shadowRoot.querySelectorAll("[part=card]").length];
})();
"##;

async fn comes_and_goes(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.script(COUNT).await;
    let counted = buyer.script(IN_AND_OUT).await;
    assert_eq!(counted, json!([1, 0, 0, 0, 1]), "views at most, listeners, wires, remains, views");
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

/// As frameworks move it: out and in within one turn.
const MOVE: &str = r##"
const box = document.createElement("section");
document.querySelector("#payment").append(box);
const root = document.querySelector("hanbeon-checkout").shadowRoot;
const card = root.querySelector("[part=card]");
box.append(document.querySelector("hanbeon-checkout"));
return new Promise((done) => setTimeout(() => done(root.querySelector("[part=card]") === card)));
"##;

async fn moves_beside_a_popup(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    assert_eq!(buyer.script(MOVE).await, true, "what is shown stays");
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.to_shop().await;
    assert_eq!(buyer.script(MOVE).await, true, "so does what is open");
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

async fn moves_with_a_frame(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.to_shop().await;
    buyer.script(MOVE).await;
    buyer.press("continue").await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

async fn changes_at_once(buyer: &Buyer, means: Means) {
    buyer.enter_with(means.sku()).await;
    let asked = "return performance.getEntriesByType('resource').filter((one) => one.name.includes('/v1/session')).length";
    let before = buyer.script(asked).await.as_u64().unwrap();
    // In a task of the page: WebKit's driver lets microtasks run between the lines of its own scripts.
    let change = r##"
        const element = document.querySelector("hanbeon-checkout");
        const ready = new Promise((done) => element.addEventListener("hanbeon-ready", done, { once: true }));
        setTimeout(() => {
            Object.assign(element, { locale: "en", presentation: "popup", token: element.token + "" });
            element.presentation = "redirect";
        });
        return ready.then(() => element.shadowRoot.querySelector("[part=card]").lang);
    "##;
    assert_eq!(buyer.script(change).await, "en");
    assert_eq!(buyer.script(asked).await.as_u64().unwrap(), before + 1);
}

async fn has_properties(buyer: &Buyer, means: Means) {
    buyer.enter_with(means.sku()).await;
    let script = r##"
        const element = document.createElement("hanbeon-checkout");
        const names = ["checkout", "token", "quote", "locale", "theme", "presentation"];
        const missing = names.filter((name) => !(name in element));
        element.locale = "en";
        element.token = "a.b.c";
        const said = [element.getAttribute("locale"), element.getAttribute("token"), element.checkout];
        element.token = undefined;
        said.push(element.hasAttribute("token"));
        // In a document without a script, elements are not upgraded until they leave it.
        const early = document.implementation.createHTMLDocument("").createElement("hanbeon-checkout");
        Object.assign(early, { checkout: "chk_g1s00_00", theme: "dark" });
        document.body.append(early);
        window.early = early;
        return [...said, missing.length];
    "##;
    assert_eq!(buyer.script(script).await, json!(["en", "a.b.c", "", false, 0]));
    let taken = "const { early } = window; return ['checkout', 'theme'].map((name) => early.getAttribute(name))";
    let early = json!(["chk_g1s00_00", "dark"]);
    until("what was set early", async || (buyer.script(taken).await == early).then_some(())).await;
    let light = "early.theme = 'light'; return early.getAttribute('theme')";
    assert_eq!(buyer.script(light).await, "light");
}

async fn is_defined_twice(buyer: &Buyer, means: Means) {
    buyer.enter_with(means.sku()).await;
    let script = r##"
        const tag = [...document.scripts].find((script) => script.src.endsWith("/widget/element.js"));
        const known = customElements.get("hanbeon-checkout");
        const card = document.querySelector("hanbeon-checkout").shadowRoot.querySelector("[part=card]");
        return import(tag.src + "?copy").then(
            () => known === customElements.get("hanbeon-checkout") && card.isConnected,
            (error) => String(error),
        );
    "##;
    assert_eq!(buyer.script(script).await, true);
}

/// Puts the element into a form; `words` are attributes of the element.
async fn put_in_a_form(buyer: &Buyer, words: &str) {
    let script = r##"
        const element = document.querySelector("hanbeon-checkout");
        const form = Object.assign(document.createElement("form"), { id: "order" });
        document.querySelector("#payment").append(form);
        form.append(element);
        for (const word of WORDS.split(" ")) element.setAttribute(...word.split("="), "");
        form.addEventListener("submit", (event) => {
          event.preventDefault();
          sessionStorage.setItem("sent", Number(sessionStorage.getItem("sent") ?? 0) + 1);
        });
    "##;
    buyer.script(&script.replace("WORDS", &json!(words).to_string())).await;
}

/// `[valid, entries, how often it was sent]`.
async fn form(buyer: &Buyer) -> Value {
    let script = r##"
        const form = document.querySelector("#order");
        return [form.checkValidity(), [...new FormData(form)].flat(), sessionStorage.getItem("sent")];
    "##;
    buyer.script(script).await
}

async fn stands_in_a_form(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    put_in_a_form(buyer, "name=payment required").await;
    buyer.until_part("pay").await;
    let invalid = json!([false, [], null]);
    until("a form that waits", async || (form(buyer).await == invalid).then_some(())).await;
    // Who sends it too early is led to the button.
    let early = r##"
        const form = document.querySelector("#order");
        form.requestSubmit();
        form.reset();
        return document.activeElement.localName;
    "##;
    assert_eq!(buyer.script(early).await, "hanbeon-checkout");
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    let valid = json!([true, ["payment", checkout.id], null]);
    until("a valid form", async || (form(buyer).await == valid).then_some(())).await;
    checkout.assert_paid_once(1);
}

async fn is_sent(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    assert_sent_once(buyer, &checkout).await;
    buyer.reload().await;
    buyer.until_paid().await;
    assert_sent_once(buyer, &checkout).await;
}

async fn assert_sent_once(buyer: &Buyer, checkout: &Checkout) {
    put_in_a_form(buyer, "name=payment submit-when-paid=").await;
    let sent = json!([true, ["payment", checkout.id], "1"]);
    until("a form that was sent once", async || (form(buyer).await == sent).then_some(())).await;
}
