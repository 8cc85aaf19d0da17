//! A page without a server sells by a price that was signed ahead of time.

use serde_json::Value;

use crate::books::Checkout;
use crate::checkout_element::Means;
use crate::journey::{Buyer, until};
use crate::journeys;

journeys! {
    a_static_page_sells_by_a_quote: buys(Iframe, TossCard);
    a_static_page_sells_on_a_phone: buys(Phone, TossCard);
    a_static_page_comes_back_to_the_payment_that_it_began: reloads(Iframe, TossCard);
}

/// The checkout of a quote has its name from the browser alone: the page does not know it.
async fn begun(buyer: &Buyer) -> Checkout {
    let script =
        "return Object.keys(localStorage).find((key) => key.startsWith('hanbeon:chk_')) ?? null";
    let entry = until("the browser remembers its payment", async || {
        buyer.to_shop().await;
        buyer.script(script).await.as_str().map(str::to_owned)
    })
    .await;
    Checkout::read(buyer.world, entry.strip_prefix("hanbeon:").unwrap())
}

async fn until_mail(buyer: &Buyer, checkout: &Checkout) {
    let mail = until("the mail", async || {
        let told = buyer.world.shop(&format!("/api/notices?checkout={}", checkout.id));
        told["notices"].as_array()?.first().cloned()
    })
    .await;
    assert_eq!(mail["type"], "mail");
    assert!(mail["data"]["subject"].as_str().unwrap().contains("결제 완료"), "{mail}");
}

fn assert_bought(checkout: &Checkout) {
    let view = checkout.view();
    assert_eq!((&view["status"], &view["cases"]), (&Value::from("paid"), &Value::Array(vec![])));
    assert_eq!(view["payment"]["captured_amount"], 18_000, "the price of the quote");
    assert_eq!(checkout.money(), (18_000, 0, 1));
    let order = view["orders"][0]["order_id"].as_str().unwrap();
    assert!(order.starts_with("poster-2026."), "an order of its own: {order}");
}

async fn buys(buyer: &Buyer, _: Means) {
    buyer.visit("/poster.html").await;
    buyer.press("method-toss_poster_card").await;
    buyer.press("pay").await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    let checkout = begun(buyer).await;
    assert_bought(&checkout);
    until_mail(buyer, &checkout).await;
}

async fn reloads(buyer: &Buyer, _: Means) {
    buyer.visit("/poster.html").await;
    buyer.press("method-toss_poster_card").await;
    buyer.press("pay").await;
    buyer.until_window().await;
    let checkout = begun(buyer).await;
    buyer.reload().await;
    let said = buyer.until_part("continue").await;
    assert!(!said.has("pay"), "no second payment beside an open one: {said:?}");
    buyer.press("continue").await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    buyer.reload().await;
    buyer.until_paid().await;
    assert_eq!(checkout.view()["attempts"].as_array().unwrap().len(), 1);
    assert_bought(&checkout);
}
