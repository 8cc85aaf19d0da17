//! How the element comes into a page: at once as a button, the rest when it is wanted, and nothing but what its
//! loader was built with.

use serde_json::Value;

use crate::checkout_element::Means;
use crate::journey::{Buyer, until};
use crate::journeys;

journeys! {
    i_an_early_press_is_kept_and_leads_to_the_methods: presses_early(Iframe, TossCard);
    i_a_changed_byte_is_refused: changes_a_byte(Iframe, TossCard);
}

/// A page without the element, and without a policy: what runs here is written into it.
const BARE: &str = "/widget/quote.js";

/// Runs the loader as its file would, with one text of it replaced, around an element.
async fn load(buyer: &Buyer, from: &str, to: &str) {
    let bare = [&buyer.world.config.edge_origin, BARE].concat();
    buyer.client.goto(&bare).await.unwrap();
    let script = r#"
        const [edge, from, to] = arguments;
        const url = `${edge}/widget/element.js`;
        fetch(url).then((answer) => answer.text()).then((text) => {
            document.body.innerHTML = "<hanbeon-checkout checkout='chk_g1s00_none' token='a.b.c'></hanbeon-checkout>";
            document.addEventListener("hanbeon-error", ({ detail }) => { document.body.dataset.told = detail.code; });
            const loader = document.createElement("script");
            loader.type = "module";
            loader.textContent = text.replace("import.meta.url", JSON.stringify(url)).replace(new RegExp(from), to);
            document.head.append(loader);
        });
    "#;
    let words = [buyer.world.config.edge_origin.as_str(), from, to];
    buyer.client.execute(script, words.map(Value::from).to_vec()).await.unwrap();
}

/// What became of it: drawn by the module, or the code that the page was told.
async fn until_told(buyer: &Buyer) -> String {
    until("the element is drawn or says why not", async || {
        let script = "return document.querySelector('hanbeon-checkout')?.shadowRoot\
             ?.querySelector('.card') ? 'drawn' : (document.body.dataset.told ?? null)";
        buyer.script(script).await.as_str().map(str::to_owned)
    })
    .await
}

/// The loader has two digests; letters of one are as good as bytes of the file that it is of.
async fn changes_a_byte(buyer: &Buyer, _: Means) {
    load(buyer, "nothing to replace", "").await;
    assert_eq!(until_told(buyer).await, "drawn", "the loader as it is");
    for digests_before in ["", "sha256-[^\"]*.*?"] {
        let from = format!("^([^]*?{digests_before}sha256-)....");
        load(buyer, &from, "$1AAAA").await;
        assert_eq!(until_told(buyer).await, "load_failed", "with {from} changed");
    }
}

async fn presses_early(buyer: &Buyer, _: Means) {
    load(buyer, "nothing to replace", "").await;
    // Pressed as soon as it is there, in the turn that draws it.
    let script = "customElements.whenDefined('hanbeon-checkout').then(() => {\
         const button = document.querySelector('hanbeon-checkout').shadowRoot.querySelector('button');\
         button.click(); document.body.dataset.busy = button.getAttribute('aria-busy'); });";
    buyer.client.execute(script, Vec::new()).await.unwrap();
    assert_eq!(until_told(buyer).await, "drawn");
    let busy = buyer.script("return document.body.dataset.busy ?? null").await;
    assert_eq!(busy, Value::from("true"), "it was heard before the rest was there");
}
