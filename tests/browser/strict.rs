//! Strict pages: the shop sends the very lines that `cargo x doctor` prints, and variants of them. Each
//! journey counts what the browser refused, and ends in the books.

use content_security_policy::Url;
use serde_json::{Value, json};
use tests::doctor::{Asked, Grade, Page, Report, Rung, examine};

use crate::checkout_element::{Means, Way};
use crate::engine::Engine;
use crate::journey::{Buyer, until};
use crate::journeys;
use crate::windows::goes_on_in_a_popup;

journeys! {
    csp_the_printed_lines_let_a_card_be_paid_in_a_frame: pays_under_printed_lines(Iframe, TossCard);
    csp_the_printed_lines_let_kb_be_paid_in_a_frame: pays_under_printed_lines(Iframe, Kb);
    csp_the_printed_lines_let_a_transfer_be_paid_in_a_popup: pays_under_printed_lines(Popup, Portone);
    csp_the_printed_lines_let_kb_be_paid_by_redirect: pays_under_printed_lines(Redirect, Kb);
    csp_the_printed_lines_let_a_card_be_paid_on_a_phone: pays_under_printed_lines(Phone, TossCard);
    csp_what_is_refused_is_counted: is_counted(Iframe, TossCard);
    coop_same_origin_lets_a_frame_be_paid: pays_under_opener_policy(Iframe, TossCard);
    coop_same_origin_lets_a_redirect_be_paid: pays_under_opener_policy(Redirect, TossCard);
    coop_same_origin_cuts_a_popup_that_is_paid_all_the_same: pays_in_a_cut_popup(Popup, TossCard);
    coop_same_origin_cuts_a_popup_of_kb: pays_in_a_cut_popup(Popup, Kb);
    coop_same_origin_and_the_other_rung: leaves_a_cut_popup(Popup, TossCard);
    coep_require_corp_lets_a_popup_be_paid: pays_under_embedder_policy(Popup, TossCard);
    coep_require_corp_lets_a_redirect_be_paid: pays_under_embedder_policy(Redirect, Kb);
    coep_require_corp_refuses_the_frame_and_a_popup_follows: falls_through(Iframe, TossCard);
    coep_require_corp_refuses_the_frame_of_kb: falls_through(Iframe, Kb);
    coep_credentialless_refuses_the_frame_too: falls_through_without_credentials(Iframe, TossCard);
}

type Lines = Vec<(String, String)>;

/// The shop's checkout page, examined as `cargo x doctor` examines it.
fn examined(buyer: &Buyer) -> Report {
    let (headers, body) = buyer.world.page("/checkout.html");
    let config = &buyer.world.config;
    let url = Url::parse(&format!("{}/checkout.html", config.shop_origin)).unwrap();
    let frames = vec![Url::parse(&config.psp_origin).unwrap()];
    examine(Page { url, http_status: 200, headers, body }, &Asked { edge: None, frames })
}

fn printed(buyer: &Buyer) -> Lines {
    let report = examined(buyer);
    report.lines.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone())).collect()
}

/// The printed lines, with one more or another in its place.
fn serve_with(buyer: &Buyer, name: &str, value: &str) {
    let mut lines = printed(buyer);
    lines.retain(|(known, _)| known != name);
    lines.push((name.to_owned(), value.to_owned()));
    buyer.world.headers(&json!({ "lines": lines }));
}

/// Counts what the page itself hears of refusals, besides what the browser reports.
const COUNT: &str = "
    window.refused = [];
    document.addEventListener('securitypolicyviolation', (event) =>
        refused.push(event.effectiveDirective + ' ' + event.blockedURI));";

async fn pays(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.script(COUNT).await;
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    if !buyer.way.leaves() {
        assert_eq!(buyer.script("return window.refused").await, json!([]));
    }
    checkout.assert_paid_once(1);
}

async fn pays_under_printed_lines(buyer: &Buyer, means: Means) {
    let lines = printed(buyer);
    let policy = &lines[0].1;
    for word in
        ["default-src 'none'", "require-trusted-types-for 'script'", "trusted-types hanbeon"]
    {
        assert!(policy.contains(word), "{word}: {policy}");
    }
    assert!(!policy.contains("unsafe-inline") && !policy.contains(" 'unsafe-eval'"), "{policy}");
    buyer.world.headers(&json!({ "lines": lines }));
    let again = examined(buyer);
    assert!(Rung::ALL.iter().all(|rung| again.verdict(*rung).is_none()), "{:?}", again.findings);
    pays(buyer, means).await;
}

/// The counting counts: an inline script, a string for a sink, a frame of somebody else.
async fn is_counted(buyer: &mut Buyer, means: Means) {
    buyer.provokes = true;
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.script(COUNT).await;
    let provoke = "
        try {
            document.body.append(Object.assign(document.createElement('script'), { text: 'window.ran = 1' }));
        } catch { /* a string for a sink */ }
        const frame = document.createElement('iframe');
        frame.src = 'http://evil.localhost:9999/';
        document.body.append(frame);";
    buyer.script(provoke).await;
    until("both counts", async || {
        let heard = buyer.script("return window.refused.length").await;
        (heard.as_u64() >= Some(2) && buyer.world.reports().len() >= 2).then_some(())
    })
    .await;
    assert_eq!(buyer.script("return window.ran ?? null").await, Value::Null);
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

const OPENER: &str = "cross-origin-opener-policy";
const EMBEDDER: &str = "cross-origin-embedder-policy";

async fn pays_under_opener_policy(buyer: &Buyer, means: Means) {
    serve_with(buyer, OPENER, "same-origin");
    pays(buyer, means).await;
}

/// The page loses its popup as soon as that leaves for the edge; the buyer has it still, and pays there.
async fn pays_in_a_cut_popup(buyer: &Buyer, means: Means) {
    serve_with(buyer, OPENER, "same-origin");
    assert_eq!(examined(buyer).verdict(Rung::Popup), Some(Grade::Weakens));
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.to_shop().await;
    let said = buyer.until_said("a way on", |said| said.has("continue")).await;
    assert!(!said.has("pay"), "no second payment beside an open one: {said:?}");
    checkout.assert_open();
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

/// Whoever takes the page's offer pays the same attempt on another rung.
async fn leaves_a_cut_popup(buyer: &mut Buyer, means: Means) {
    serve_with(buyer, OPENER, "same-origin");
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.to_shop().await;
    let said = buyer.until_said("a way on", |said| said.has("continue")).await;
    buyer.press("continue").await;
    // WebKit cuts it when the edge answers, not at once: then it is a closed window, and opened anew.
    if !said.words.contains("결제창이 닫혔습니다") {
        buyer.way = Way::Redirect;
    }
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

async fn pays_under_embedder_policy(buyer: &Buyer, means: Means) {
    serve_with(buyer, EMBEDDER, "require-corp");
    pays(buyer, means).await;
}

async fn falls_through(buyer: &mut Buyer, means: Means) {
    serve_with(buyer, EMBEDDER, "require-corp");
    is_refused_a_frame(buyer, means).await;
}

/// WebKit knows no such value, and lets the frame in.
async fn falls_through_without_credentials(buyer: &mut Buyer, means: Means) {
    serve_with(buyer, EMBEDDER, "credentialless");
    match Engine::of_this_run() {
        Engine::Chromium | Engine::Firefox => is_refused_a_frame(buyer, means).await,
        Engine::WebKit => pays(buyer, means).await,
    }
}

/// A frame that the browser refuses stays silent, and is given up at once.
async fn is_refused_a_frame(buyer: &mut Buyer, means: Means) {
    assert_eq!(examined(buyer).verdict(Rung::Iframe), Some(Grade::Breaks));
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    goes_on_in_a_popup(buyer, &checkout).await;
}
