//! An escrow that its buyers join first: two popups, and nothing in them leads back to the shop. A table of
//! its own, because every story of the matrix is told without joining, and most with a way back.

use crate::checkout_element::Means;
use crate::journey::Buyer;
use crate::journeys;
use crate::windows::{provoke_the_blocker, until_blocked, until_interrupted};

journeys! {
    r1_r21_a_buyer_joins_and_pays_in_popups: joins_and_pays(Popup, Unicro);
    r21_a_member_pays_in_one_popup: pays_again(Popup, Unicro);
    r35_a_member_pays_into_an_account_later: pays_into_an_account(Popup, UnicroAccount);
    r21_a_blocked_popup_opens_at_the_next_press: is_blocked(Popup, Unicro);
    f6_a_reload_between_joining_and_paying: reloads(Popup, Unicro);
}

/// The popup closes itself; the page asks, and offers to go on.
async fn join(buyer: &Buyer) {
    buyer.press_in_window("#join").await;
    until_interrupted(buyer).await;
    buyer.press("continue").await;
}

async fn joins_and_pays(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    join(buyer).await;
    checkout.assert_open();
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
    assert_eq!(checkout.view()["attempts"][0]["presentation"], "popup");
    buyer.until_receipt().await;
}

/// Whoever gave up in the paying window is a member all the same.
async fn pays_again(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    join(buyer).await;
    buyer.press_in_window("#cancel").await;
    until_interrupted(buyer).await;
    buyer.press("close").await;
    buyer.until_said("a choice", |said| said.has("pay") && said.outcome == "not_paid").await;
    checkout.assert_open();
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(2);
}

async fn pays_into_an_account(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    join(buyer).await;
    buyer.press_in_window("#issue-account").await;
    let said = buyer.until_part("deposit").await;
    assert_ne!(said.outcome, "paid", "an account is not money");
    checkout.assert_open();
    buyer.world.deposit(&checkout.requests()[0]);
    checkout.until_status("paid");
    buyer.script("window.dispatchEvent(new Event('focus'))").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

/// There is no other rung: the same one is offered again, and opens in the press.
async fn is_blocked(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.choose(means).await;
    buyer.script(provoke_the_blocker()).await;
    buyer.press("pay").await;
    until_blocked(buyer).await;
    checkout.assert_open();
    buyer.press("continue").await;
    join(buyer).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

async fn reloads(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#join").await;
    until_interrupted(buyer).await;
    buyer.reload().await;
    until_interrupted(buyer).await;
    buyer.press("continue").await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}
