//! Providers on a bad day: words that come early, twice, never, or are lies.

use serde_json::{Value, json};

use crate::books::Checkout;
use crate::checkout_element::Means;
use crate::journey::{Buyer, until};
use crate::journeys;

journeys! {
    f27_the_webhook_twice: hears_twice(Popup, TossCard);
    f29_the_webhook_never: hears_nothing(Iframe, TossCard);
    f29_the_report_never: hears_nothing(Redirect, Kb);
    f31_a_forged_report_beside_a_decline: hears_a_lie(Iframe, Kb);
    f15_the_answer_to_the_capture_is_lost: loses_the_answer(Iframe, TossCard);
    f16_the_provider_fails_twice: meets_errors(Popup, TossCard);
    f32_a_slow_provider_in_a_frame: takes_its_time(Iframe, TossCard);
    f32_a_slow_provider_in_a_popup: takes_its_time(Popup, Kb);
    r37_the_alarm_finds_a_card_paid_in_a_frame: is_found_by_the_alarm(Iframe, TossCard);
    r37_the_alarm_finds_kb_paid_in_a_popup: is_found_by_the_alarm(Popup, Kb);
    r37_the_alarm_finds_a_card_paid_by_redirect: is_found_by_the_alarm(Redirect, TossCard);
    r37_the_report_finds_kb_paid_by_redirect: is_found_by_the_report(Redirect, Kb);
    r37_the_report_finds_kb_paid_in_a_frame: is_found_by_the_report(Iframe, Kb);
}

async fn pays_under(buyer: &Buyer, means: Means, faults: Value) {
    buyer.world.faults(means.provider(), faults);
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

pub async fn hears_early(buyer: &Buyer, means: Means) {
    pays_under(buyer, means, json!({ "webhook": "early" })).await;
}

async fn hears_twice(buyer: &Buyer, means: Means) {
    pays_under(buyer, means, json!({ "webhook": "twice" })).await;
}

async fn hears_nothing(buyer: &Buyer, means: Means) {
    pays_under(buyer, means, json!({ "webhook": "lost" })).await;
}

async fn loses_the_answer(buyer: &Buyer, means: Means) {
    pays_under(buyer, means, json!({ "answer_lost_after_capture": true })).await;
}

async fn meets_errors(buyer: &Buyer, means: Means) {
    buyer.world.faults(means.provider(), json!({}));
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.world.faults(means.provider(), json!({ "errors_5xx": 2 }));
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

/// Somebody without the key says that it is paid: the provider is asked, and says no.
async fn hears_a_lie(buyer: &Buyer, means: Means) {
    buyer.world.faults(means.provider(), json!({ "webhook": "forged" }));
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#decline").await;
    crate::refused::until_not_paid(buyer).await;
    checkout.assert_open();
}

/// The window never sends the browser back: the edge hears it from the provider, or asks.
pub async fn never_returns(buyer: &Buyer, means: Means) {
    buyer.world.faults(means.provider(), json!({ "return_lost": true }));
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    if buyer.way.leaves() {
        buyer.in_window("main.alone").await;
        buyer.visit(&format!("/return.html?hanbeon={}", checkout.id)).await;
    }
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

/// Until an attempt is over and a little more, in milliseconds.
const LATER_MS: i64 = 11 * 60_000 / 2;

/// Nobody comes back and nobody tells: only time passes.
async fn is_found_by_the_alarm(buyer: &Buyer, means: Means) {
    let checkout = pays_and_vanishes(buyer, means, "lost").await;
    buyer.world.clock(LATER_MS);
    is_found(buyer, &checkout).await;
}

/// Nobody comes back: the provider's word is enough, and at once.
async fn is_found_by_the_report(buyer: &Buyer, means: Means) {
    let checkout = pays_and_vanishes(buyer, means, "normal").await;
    is_found(buyer, &checkout).await;
}

/// The buyer has paid, and page and window are gone before anything else happens.
async fn pays_and_vanishes(buyer: &Buyer, means: Means, webhook: &str) -> Checkout {
    buyer.world.faults(means.provider(), json!({ "return_lost": true, "webhook": webhook }));
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    // A page that hears of the money closes the window, perhaps before anybody looks into it.
    until("the window has done its part", async || {
        let done = buyer.sees_anywhere("main.alone").await || checkout.money().0 > 0;
        done.then_some(())
    })
    .await;
    buyer.vanish().await;
    checkout
}

async fn is_found(buyer: &Buyer, checkout: &Checkout) {
    checkout.assert_paid_once(1);
    // Whoever comes by later is told the truth.
    buyer.visit(&format!("/return.html?hanbeon={}", checkout.id)).await;
    buyer.until_paid().await;
}

/// Whatever the element says between the press and the end, it is never that a window was closed.
async fn takes_its_time(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.world.faults(means.provider(), json!({ "slow_ms": 2500, "webhook": "lost" }));
    buyer.to_shop().await;
    buyer.script(WRITE_DOWN).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    let said = buyer.script("return window.written").await;
    let said: Vec<&str> = said.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(said.iter().any(|words| words.contains("확인하고 있습니다")), "{said:?}");
    assert!(!said.iter().any(|words| words.contains("닫혔습니다")), "{said:?}");
    checkout.assert_paid_once(1);
}

/// Keeps everything that the element says from now on.
const WRITE_DOWN: &str = "
    window.written = [];
    const root = document.querySelector('hanbeon-checkout').shadowRoot;
    const write = () => written.push(root.querySelector('[data-testid=state]')?.textContent ?? '');
    new MutationObserver(write).observe(root, { subtree: true, childList: true, characterData: true });";
