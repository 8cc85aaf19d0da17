//! A buyer whose first try fails, and who pays with something else.

use crate::checkout_element::{Means, Said, Way};
use crate::journey::Buyer;
use crate::journeys;

journeys! {
    r21_a_declined_card_in_a_frame_then_kb: tries_another(Iframe, TossCard);
    r21_a_declined_card_in_a_popup_then_kb: tries_another(Popup, TossCard);
    r21_a_declined_card_by_redirect_then_kb: tries_another(Redirect, TossCard);
    r22_kb_says_why_in_a_frame_then_a_card: tries_another(Iframe, Kb);
    r22_kb_says_why_in_a_popup_then_a_card: tries_another(Popup, Kb);
    r22_kb_says_why_by_redirect_then_a_card: tries_another(Redirect, Kb);
    f6_cancelled_in_a_frame_then_again: cancels_and_pays(Iframe, TossCard);
    f6_cancelled_in_a_popup_then_again: cancels_and_pays(Popup, Kb);
    f6_cancelled_by_redirect_then_again: cancels_and_pays(Redirect, TossCard);
    f6_cancelled_in_a_portone_popup_then_again: cancels_and_pays(Popup, Portone);
    f6_cancelled_by_redirect_at_portone_then_again: cancels_and_pays(Redirect, Portone);
}

async fn tries_another(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter().await;
    buyer.pay(means).await;
    buyer.press_in_window("#decline").await;
    let said = until_not_paid(buyer).await;
    assert!(said.words.contains("승인하지 않았습니다"), "the reason is told: {said:?}");
    checkout.until_notice("checkout.declined");
    checkout.assert_open();
    buyer.pay(means.other()).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(2);
}

async fn cancels_and_pays(buyer: &mut Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#cancel").await;
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
