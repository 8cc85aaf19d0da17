//! A buyer who pays, on every way to pay, and is told the truth by three parties.

use serde_json::json;

use crate::checkout_element::Means;
use crate::engine::Engine;
use crate::journey::Buyer;
use crate::journeys;

journeys! {
    r48_more_authentication_in_a_frame: pays_after_more_authentication(Iframe, TossCard);
    r48_more_authentication_by_redirect: pays_after_more_authentication(Redirect, Kb);
    r36_an_account_is_paid_into_later_in_a_frame: pays_into_an_account(Iframe, TossAccount);
    r36_an_account_is_paid_into_later_by_popup: pays_into_an_account(Popup, TossAccount);
    r36_an_account_is_paid_into_later_by_redirect: pays_into_an_account(Redirect, TossAccount);
    r36_an_account_is_paid_into_later_on_a_phone: pays_into_an_account(Phone, TossAccount);
    r35_a_member_pays_into_an_account_later: pays_into_an_account(Popup, UnicroAccount);
    r21_a_card_is_paid_with_a_finger: pays_by_touch(Phone, TossCard);
    r21_a_member_pays_with_a_finger_in_a_popup: pays_by_touch(PhonePopup, Unicro);
    r27_nobody_asks_for_a_log_in: pays_as_nobody(Iframe, TossCard);
}

pub async fn pays(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    assert_fits(buyer).await;
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
    assert_eq!(checkout.view()["attempts"][0]["presentation"], buyer.way.shown());
    buyer.until_receipt().await;
    assert_fits(buyer).await;
}

/// Nothing is wider than the screen.
pub async fn assert_fits(buyer: &Buyer) {
    let fits = "return document.documentElement.scrollWidth <= window.innerWidth";
    assert_eq!(buyer.script(fits).await, true, "the page scrolls sideways");
}

async fn pays_after_more_authentication(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#auth3ds").await;
    buyer.press_in_window("#auth-complete").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

async fn pays_into_an_account(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#issue-account").await;
    let said = buyer.until_part("deposit").await;
    assert_eq!(said.phase, "awaiting_deposit");
    assert_ne!(said.outcome, "paid", "an account is not money");
    checkout.until_notice("checkout.deposit_issued");
    checkout.assert_open();
    buyer.world.deposit(&checkout.requests()[0]);
    checkout.until_status("paid");
    // Back from the bank's app: the page looks at once instead of at its next slow turn.
    buyer.script("window.dispatchEvent(new Event('focus'))").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

/// A phone of 390 pixels says that it has a touch screen, and touches are enough.
async fn pays_by_touch(buyer: &Buyer, means: Means) {
    if Engine::of_this_run() == Engine::WebKit {
        // Its driver has no fingers, and its windows are wider.
        return;
    }
    let checkout = buyer.enter_with(means.sku()).await;
    let phone =
        "return [innerWidth, matchMedia('(pointer: coarse)').matches, 'ontouchstart' in window]";
    assert_eq!(buyer.script(phone).await, json!([390, true, true]));
    let count = "window.fingers = 0; addEventListener('touchstart', () => { fingers += 1; }, true)";
    buyer.script(count).await;
    buyer.touch(&format!("method-{}", means.id())).await;
    assert_eq!(buyer.script("return window.fingers").await, 1);
    buyer.touch("pay").await;
    buyer.join(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

async fn pays_as_nobody(buyer: &Buyer, means: Means) {
    pays(buyer, means).await;
    let asked =
        buyer.script("return document.querySelectorAll('input[type=password]').length").await;
    assert_eq!(asked, json!(0));
    let cookies = buyer.client.get_all_cookies().await.unwrap();
    assert!(cookies.is_empty(), "nobody is remembered: {cookies:?}");
}
