//! Windows that are closed, blocked, reloaded or left: none of that is an answer.

use crate::books::Checkout;
use crate::checkout_element::{Means, Way};
use crate::engine::Engine;
use crate::journey::{Buyer, until};
use crate::journeys;

journeys! {
    f36_a_closed_popup_is_opened_again: closes_and_goes_on(Popup, TossCard);
    f36_a_left_page_is_opened_again: closes_and_goes_on(Redirect, TossCard);
    f6_back_after_paying: goes_back_after_paying(Redirect, TossCard);
    f6_back_after_paying_kb: goes_back_after_paying(Redirect, Kb);
    f6_a_reload_between_joining_and_paying: reloads_as_a_member(Popup, Unicro);
}

/// After a closed window the edge asks the provider before anything else is offered.
pub async fn closes_and_chooses(buyer: &mut Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.close_window().await;
    if buyer.way != Way::Iframe {
        // Only a question so far: the same attempt could go on.
        buyer.until_interrupted().await;
        buyer.press("close").await;
    }
    buyer.until_said("a choice", |said| said.has("pay") && said.outcome == "not_paid").await;
    checkout.assert_open();
    if buyer.way == Way::PhonePopup {
        // The other provider likes the whole tab better there.
        buyer.way = Way::Phone;
    }
    buyer.pay(means.other()).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(2);
}

async fn closes_and_goes_on(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.close_window().await;
    buyer.until_interrupted().await;
    checkout.assert_open();
    buyer.press("continue").await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

/// While the window is open, and after it paid.
pub async fn reloads(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    if buyer.way.leaves() {
        buyer.reload().await;
    } else {
        // What is pressed below is the page that comes, not the one that is on its way out.
        buyer
            .script("document.querySelectorAll('[id]').forEach((one) => one.removeAttribute('id'))")
            .await;
        buyer.to_shop().await;
        buyer.reload().await;
        buyer.until_part("continue").await;
        checkout.assert_open();
        buyer.press("continue").await;
    }
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    buyer.until_receipt().await;
    buyer.reload().await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

async fn reloads_as_a_member(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.choose(means).await;
    buyer.press("pay").await;
    buyer.press_in_window("#join").await;
    buyer.until_interrupted().await;
    checkout.assert_open();
    buyer.reload().await;
    buyer.until_interrupted().await;
    buyer.press("continue").await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

pub async fn goes_back(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.client.back().await.unwrap();
    if buyer.way == Way::Iframe {
        // A frame has no history of its own: the whole page was left.
        buyer.client.forward().await.unwrap();
    }
    if !buyer.way.pops_up() {
        buyer.until_part("continue").await;
        checkout.assert_open();
        buyer.press("continue").await;
    }
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

async fn goes_back_after_paying(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    // Past the provider's pages, however many there are, to the page that offered to pay.
    until("the shop's checkout page", async || {
        buyer.client.back().await.ok()?;
        let url = buyer.client.current_url().await.ok()?;
        (url.path() == "/checkout.html").then_some(())
    })
    .await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

/// What makes this run's blocker refuse the payment's window. Chromium's allows one window for each
/// press, and so does Firefox's: a page that opens something of its own has spent it. WebKit's asks whether
/// the press is still going on, so a page that passes it on later has lost it.
pub fn provoke_the_blocker() -> &'static str {
    match Engine::of_this_run() {
        Engine::Chromium | Engine::Firefox => {
            "addEventListener('click', () => open('about:blank').close(), { capture: true, once: true });"
        }
        Engine::WebKit => {
            "addEventListener('click', (press) => {
                 press.stopImmediatePropagation();
                 const [pressed] = press.composedPath();
                 setTimeout(() => pressed.click(), 2000);
             }, { capture: true, once: true });"
        }
    }
}

/// A frame needs no press and a redirect no window: what a page can take from a frame is its address.
pub async fn meets_a_blocker(buyer: &mut Buyer, means: Means) {
    if buyer.way == Way::Iframe {
        is_forbidden(buyer, means).await;
    } else {
        is_blocked(buyer, means).await;
    }
}

async fn is_blocked(buyer: &mut Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.choose(means).await;
    buyer.script(provoke_the_blocker()).await;
    buyer.press("pay").await;
    until_blocked(buyer).await;
    checkout.assert_open();
    buyer.press("continue").await;
    if means.joins() {
        // There is no other rung: the same one is offered again, and opens in the press.
        buyer.join(means).await;
    } else {
        buyer.way = Way::Redirect;
    }
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
    assert_eq!(checkout.view()["attempts"][0]["presentation"], buyer.way.shown());
}

/// What a shop's own policy does when it does not list the edge.
const FORBID_FRAMES: &str = "
    const policy = document.createElement('meta');
    policy.httpEquiv = 'Content-Security-Policy';
    policy.content = \"frame-src 'none'\";
    document.head.append(policy);";

/// A frame that stays silent is a blocked one: the same attempt goes on in a popup.
async fn is_forbidden(buyer: &mut Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.script(FORBID_FRAMES).await;
    buyer.pay(means).await;
    goes_on_in_a_popup(buyer, &checkout).await;
}

/// The window that was wanted did not open; the next one of the ladder does, for the same attempt.
pub async fn goes_on_in_a_popup(buyer: &mut Buyer, checkout: &Checkout) {
    until_blocked(buyer).await;
    checkout.assert_open();
    buyer.press("continue").await;
    buyer.way = Way::Popup;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
    assert_eq!(checkout.view()["attempts"][0]["presentation"], "popup");
}

pub async fn until_blocked(buyer: &Buyer) {
    buyer
        .until_said("a blocked window", |said| {
            said.words.contains("결제창이 열리지 않았습니다") && said.has("continue")
        })
        .await;
}
