//! `<hanbeon-status>`: whoever may see a checkout sees where it stands, live and without a window; whoever knows
//! its id alone sees nothing.

use serde_json::{Value, json};

use crate::books::Checkout;
use crate::checkout_element::Means;
use crate::journey::{Buyer, until};
use crate::journeys;

journeys! {
    r51_a_receipt_shows_outcome_amount_method_and_time_and_a_refund_when_it_comes: is_a_receipt(Iframe, TossCard);
    r51_an_awaited_deposit_is_shown_and_turns_to_paid_by_itself: waits_for_a_deposit(Popup, TossAccount);
    a_stranger_who_knows_the_id_alone_is_shown_nothing_and_asks_nothing: is_a_stranger(Iframe, TossCard);
    r51_the_signed_link_shows_the_same_on_any_device: has_the_link(Iframe, Kb);
    amount_and_methods_are_shown_before_anything_is_paid_and_the_token_lives_on: sums_up(Iframe, TossCard);
}

/// What the element shows: `[phase, outcome, words, rows, role]`.
const READ: &str = r##"
const root = document.querySelector("hanbeon-status")?.shadowRoot;
const box = root?.querySelector("section");
if (!box?.dataset.phase) return null;
const rows = [...root.querySelectorAll("dd")].map((row) => row.textContent);
return [box.dataset.phase, box.dataset.outcome, box.querySelector("[role=status]").innerText, rows, box.innerText];
"##;

async fn until_shown(buyer: &Buyer, phase: &str) -> Value {
    let mut last = Value::Null;
    until(&format!("a status of {phase}"), async || {
        last = buyer.script(READ).await;
        (last[0] == phase).then_some(())
    })
    .await;
    last
}

fn assert_row(shown: &Value, part: &str) {
    let rows = shown[3].as_array().unwrap();
    let has = rows.iter().any(|row| row.as_str().is_some_and(|row| row.contains(part)));
    assert!(has, "no row says {part}: {shown}");
}

async fn receipt(buyer: &Buyer, checkout: &Checkout) {
    buyer.visit(&format!("/receipt.html?checkout={}", checkout.id)).await;
}

/// So many questions the page has put to the edge.
async fn questions(buyer: &Buyer) -> Value {
    let asked = "return performance.getEntriesByType('resource').filter((one) => one.name.includes('/v1/')).length";
    buyer.script(asked).await
}

async fn paid(buyer: &Buyer, means: Means) -> Checkout {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout
}

async fn is_a_receipt(buyer: &Buyer, means: Means) {
    let checkout = paid(buyer, means).await;
    receipt(buyer, &checkout).await;
    let shown = until_shown(buyer, "paid").await;
    assert_eq!(shown[1], "paid");
    assert!(shown[2].as_str().unwrap().contains("결제가 완료되었습니다"), "{shown}");
    for part in ["당근카메라", "31,000원", "신용·체크카드", "202"] {
        assert_row(&shown, part);
    }
    assert_eq!(buyer.client.windows().await.unwrap().len(), 1, "it opens no window");
    look(buyer, "paid").await;
    let order = checkout.view()["orders"][0]["order_id"].clone();
    let refund = "return fetch('/api/admin/refund', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ order: ORDER }) }).then((answer) => answer.status)";
    let answer = buyer.script(&refund.replace("ORDER", &order.to_string())).await;
    assert_eq!(answer, 201);
    checkout.until_status("refunded");
    buyer.reload().await;
    let shown = until_shown(buyer, "refunded").await;
    assert_eq!(shown[1], "not_paid");
}

async fn waits_for_a_deposit(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#issue-account").await;
    buyer.until_part("deposit").await;
    receipt(buyer, &checkout).await;
    let shown = until_shown(buyer, "awaiting_deposit").await;
    assert_eq!(shown[1], "checking");
    assert!(shown[2].as_str().unwrap().contains("입금을 기다리고 있습니다"), "{shown}");
    let told = checkout.view();
    assert_row(&shown, told["payment"]["deposit"]["account"].as_str().unwrap_or("31,000원"));
    look(buyer, "deposit").await;
    buyer.world.deposit(&checkout.requests()[0]);
    let shown = until_shown(buyer, "paid").await;
    assert_row(&shown, "가상계좌");
    checkout.assert_paid_once(1);
}

async fn is_a_stranger(buyer: &Buyer, means: Means) {
    let checkout = paid(buyer, means).await;
    buyer.script("localStorage.clear()").await;
    receipt(buyer, &checkout).await;
    let shown = until_shown(buyer, "hidden").await;
    assert_eq!((&shown[1], &shown[3]), (&json!(""), &json!([])));
    assert!(!shown[4].as_str().unwrap().contains("31,000"), "{shown}");
    assert_eq!(questions(buyer).await, 0, "nothing is asked without a proof");
    // A key of another's making is refused, and told apart from nothing.
    let forged = format!(
        "localStorage.setItem('hanbeon:{}', JSON.stringify({{ state_key: '{:032}' }}))",
        checkout.id, 7
    );
    buyer.script(&forged).await;
    buyer.reload().await;
    until("a question that is refused", async || (questions(buyer).await == 1).then_some(())).await;
    let shown = until_shown(buyer, "hidden").await;
    assert_eq!(shown[3], json!([]));
    look(buyer, "hidden").await;
}

async fn has_the_link(buyer: &Buyer, means: Means) {
    let checkout = paid(buyer, means).await;
    let link = checkout.view()["status_url"].as_str().unwrap().to_owned();
    buyer.script("localStorage.clear()").await;
    receipt(buyer, &checkout).await;
    until_shown(buyer, "hidden").await;
    buyer.script(&format!("document.querySelector('hanbeon-status').link = '{link}'")).await;
    let shown = until_shown(buyer, "paid").await;
    assert_row(&shown, "KB Pay");
    assert_row(&shown, "31,000원");
}

async fn sums_up(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    let beside = r##"
        const { checkout, token } = document.querySelector("hanbeon-checkout");
        const script = [...document.scripts].find((script) => script.src.endsWith("/widget/element.js"));
        document.querySelector("#payment").before(Object.assign(document.createElement("hanbeon-status"), { checkout, token }));
        return import(script.src.replace("element.js", "status.js")).then(() => true);
    "##;
    assert_eq!(buyer.script(beside).await, true);
    let shown = until_shown(buyer, "open").await;
    assert_row(&shown, "31,000원");
    assert_row(&shown, "신용·체크카드, ");
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    // The checkout beside it says when to look.
    let shown = until_shown(buyer, "paid").await;
    assert_row(&shown, "신용·체크카드");
    checkout.assert_paid_once(1);
}

/// A picture of the element in both languages and themes, full and compact, where `HANBEON_LOOKS` says.
async fn look(buyer: &Buyer, name: &str) {
    let Some(folder) = std::env::var_os("HANBEON_LOOKS") else { return };
    let grid = r##"
        const shown = document.querySelector("hanbeon-status");
        const page = document.createElement("div");
        page.id = "looks";
        for (const theme of ["light", "dark"]) {
          const half = document.createElement("div");
          half.className = theme;
          for (const locale of ["ko", "en"]) for (const compact of [false, true]) half.append(Object.assign(document.createElement("hanbeon-status"), { checkout: shown.checkout, locale, theme, compact }), document.createElement("p"));
          page.append(half);
        }
        document.body.replaceChildren(page);
        const sheet = new CSSStyleSheet();
        sheet.replaceSync("#looks{display:grid;grid-template-columns:1fr 1fr}#looks div{padding:16px}.light{background:#f4f4f4}.dark{background:#111}");
        document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    "##;
    let ready = r##"
        const all = [...document.querySelectorAll("#looks hanbeon-status")];
        return all.length === 8 && all.every((one) => one.shadowRoot?.querySelector("section")?.dataset.phase && one.shadowRoot.querySelector("section").dataset.phase !== "loading");
    "##;
    let before = buyer.client.current_url().await.unwrap();
    buyer.script(grid).await;
    until("eight of them", async || (buyer.script(ready).await == true).then_some(())).await;
    let picture = buyer.client.screenshot().await.unwrap();
    std::fs::write(std::path::Path::new(&folder).join(format!("status-{name}.png")), picture)
        .unwrap();
    buyer.client.goto(before.as_str()).await.unwrap();
    until("the page again", async || (!buyer.script(READ).await.is_null()).then_some(())).await;
}
