//! A buyer whose first try fails, and who pays with something else.

use crate::checkout_element::{Means, Said, Way};
use crate::journey::Buyer;

pub async fn tries_another(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#decline").await;
    let said = until_not_paid(buyer).await;
    assert!(said.words.contains(means.refusal()), "the reason is told: {said:?}");
    checkout.until_notice("checkout.declined");
    checkout.assert_open();
    buyer.pay(means.other()).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(2);
}

pub async fn cancels_and_pays(buyer: &mut Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#cancel").await;
    if means.joins() {
        // Nothing leads back: to the page, its window was closed.
        buyer.until_interrupted().await;
        buyer.press("close").await;
    }
    until_not_paid(buyer).await;
    checkout.assert_open();
    // The page after a redirect shows a second try as it likes best: in a frame, or else in a popup.
    if buyer.way == Way::Redirect && means == Means::Portone {
        buyer.way = Way::Popup;
    }
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(2);
}

/// The answer to a failed try: not paid, and the button is there again.
pub async fn until_not_paid(buyer: &Buyer) -> Said {
    buyer
        .until_said("not paid, and another try", |said| {
            said.outcome == "not_paid"
                && said.phase == "open"
                && said.has("pay")
                && !said.words.trim().is_empty()
        })
        .await
}
