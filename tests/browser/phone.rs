//! The same shop on a phone: the widget takes the redirect, and nothing is lost on the way (R37).

use crate::checkout_element::Means;
use crate::journey::Buyer;
use crate::journeys;

journeys! {
    r37_a_card_pays_on_a_phone: pays(Phone, TossCard);
    r37_kb_pays_on_a_phone: pays(Phone, Kb);
    r37_a_declined_card_on_a_phone_then_kb: tries_another(Phone, TossCard);
}

async fn pays(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter().await;
    assert_fits(buyer).await;
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
    assert_eq!(checkout.view()["attempts"][0]["presentation"], "redirect");
    assert_fits(buyer).await;
}

async fn tries_another(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter().await;
    buyer.pay(means).await;
    buyer.press_in_window("#decline").await;
    crate::refused::until_not_paid(buyer).await;
    checkout.assert_open();
    buyer.pay(means.other()).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(2);
}

/// Nothing is wider than the screen.
async fn assert_fits(buyer: &Buyer) {
    let fits = "return document.documentElement.scrollWidth <= window.innerWidth";
    assert_eq!(buyer.script(fits).await, true, "the page scrolls sideways");
}
