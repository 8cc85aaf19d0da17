//! How the element comes into a page: at once as a button, the rest when it is wanted, and nothing but what its
//! loader was built with.

use serde_json::{Value, json};

use crate::checkout_element::Means;
use crate::journey::{Buyer, until};
use crate::journeys;

journeys! {
    i_an_early_press_is_kept_and_leads_to_the_methods: presses_early(Iframe, TossCard);
    i_a_changed_byte_is_refused: changes_a_byte(Iframe, TossCard);
    a_language_is_the_nearest_and_one_file: speaks(Iframe, TossCard);
}

/// A page of the shop's without the element.
const BARE: &str = "/nowhere";

/// Runs the loader as its file would, with one text of it replaced, around an element; `then` runs in the turn
/// in which the loader draws it.
async fn load(buyer: &Buyer, from: &str, to: &str, then: &str) {
    // Without a policy, since what runs is written into the page. A script that the browser shows as a text
    // would be such a page too, but in Chromium nothing is ever loaded into it.
    buyer.world.headers(&json!({ "lines": [] }));
    buyer.visit(BARE).await;
    let script = r#"
        const [edge, from, to, then] = arguments;
        const url = `${edge}/widget/element.js`;
        fetch(url).then((answer) => answer.text()).then((text) => {
            document.body.innerHTML = "<hanbeon-checkout checkout='chk_g1s00_none' token='a.b.c'></hanbeon-checkout>";
            document.addEventListener("hanbeon-error", ({ detail }) => { document.body.dataset.told = detail.code; });
            customElements.whenDefined("hanbeon-checkout").then(new Function(then));
            const loader = document.createElement("script");
            loader.type = "module";
            loader.textContent = text.replace("import.meta.url", JSON.stringify(url)).replace(new RegExp(from), to);
            document.head.append(loader);
        });
    "#;
    let words = [buyer.world.config.edge_origin.as_str(), from, to, then];
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
    load(buyer, "nothing to replace", "", "").await;
    assert_eq!(until_told(buyer).await, "drawn", "the loader as it is");
    for digests_before in ["", "sha256-[^\"]*.*?"] {
        let from = format!("^([^]*?{digests_before}sha256-)....");
        load(buyer, &from, "$1AAAA", "").await;
        assert_eq!(until_told(buyer).await, "load_failed", "with {from} changed");
    }
}

async fn presses_early(buyer: &Buyer, _: Means) {
    let press = "
        const button = document.querySelector('hanbeon-checkout').shadowRoot.querySelector('button');
        button.click();
        document.body.dataset.busy = button.getAttribute('aria-busy');";
    load(buyer, "nothing to replace", "", press).await;
    assert_eq!(until_told(buyer).await, "drawn");
    let busy = buyer.script("return document.body.dataset.busy ?? null").await;
    assert_eq!(busy, Value::from("true"), "it was heard before the rest was there");
}

/// The button speaks at once, and the element the same language; the third has nothing but its file.
async fn speaks(buyer: &Buyer, _: Means) {
    for (locale, page, language, words) in [
        ("ja-JP", "ko", "ja", "支払う"),
        ("ko_KR", "en", "ko", "결제하기"),
        ("", "en-GB", "en", "Pay"),
        ("", "de", "en", "Pay"),
    ] {
        let place = format!(
            "const element = document.querySelector('hanbeon-checkout');
            element.remove();
            document.body.lang = '{page}';
            element.setAttribute('locale', '{locale}');
            document.body.append(element);
            document.body.dataset.words = element.shadowRoot.querySelector('button').textContent;"
        );
        load(buyer, "nothing to replace", "", &place).await;
        assert_eq!(until_told(buyer).await, "drawn");
        let card =
            "document.querySelector('hanbeon-checkout').shadowRoot.querySelector('.card').lang";
        let said = buyer.script(&format!("return [document.body.dataset.words, {card}]")).await;
        assert_eq!(said, serde_json::json!([words, language]), "{locale:?} in {page}");
    }
}
