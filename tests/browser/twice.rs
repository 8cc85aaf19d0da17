//! A buyer who does everything twice: one attempt, one payment, and every tab tells the truth.

use fantoccini::wd::WindowHandle;

use crate::checkout_element::{Means, Way};
use crate::journey::Buyer;
use crate::journeys;
use crate::shop_page::FILM;

journeys! {
    r55_a_double_click_in_a_frame: presses_twice(Iframe, TossCard);
    r55_a_double_click_in_a_popup: presses_twice(Popup, TossCard);
    r55_a_double_click_by_redirect: presses_twice(Redirect, Kb);
    r55_a_double_tap_on_a_phone: presses_twice(Phone, TossCard);
    r55_a_second_tab_looks_on_beside_a_frame: looks_on(Iframe, TossCard);
    r55_a_second_tab_looks_on_beside_a_popup: looks_on(Popup, Kb);
    r55_a_second_tab_looks_on_by_redirect: looks_on_and_takes_over(Redirect, TossCard);
    r55_a_second_tab_looks_on_beside_kb: looks_on_and_takes_over(Redirect, Kb);
}

async fn presses_twice(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter().await;
    buyer.choose(means).await;
    buyer.press_twice("pay").await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

async fn second_tab(buyer: &Buyer) -> WindowHandle {
    let tab = buyer.client.new_window(true).await.unwrap().handle;
    buyer.client.switch_to_window(tab.clone()).await.unwrap();
    let way = buyer.way.word();
    buyer.visit(&format!("/checkout.html?sku={FILM}&quantity=1&presentation={way}")).await;
    tab
}

async fn looks_on(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter().await;
    buyer.pay(means).await;
    buyer.until_window().await;
    let window = buyer.client.window().await.unwrap();
    let tab = second_tab(buyer).await;
    let said = buyer.until_part("viewer").await;
    assert!(!said.has("pay"), "a viewer cannot start another payment");
    if buyer.way == Way::Iframe {
        buyer.press_in_window("#approve").await;
    } else {
        buyer.client.switch_to_window(window).await.unwrap();
        buyer.press_here("#approve").await;
    }
    buyer.client.switch_to_window(tab).await.unwrap();
    buyer.until_paid().await;
    buyer.to_shop().await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

/// The first tab is at the provider, so no page holds the payment: the second may go on with it.
async fn looks_on_and_takes_over(buyer: &mut Buyer, means: Means) {
    let checkout = buyer.enter().await;
    buyer.pay(means).await;
    buyer.until_window().await;
    let tab = second_tab(buyer).await;
    let said = buyer.until_part("continue").await;
    assert!(!said.has("pay"), "no second payment beside an open one");
    let first = std::mem::replace(&mut buyer.tab, tab);
    buyer.press("continue").await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    // The first tab presses too: the provider knows that it is over, and sends it to the shop.
    buyer.client.switch_to_window(first).await.unwrap();
    buyer.press_here("#approve").await;
    buyer.to_shop().await;
    checkout.assert_paid_once(1);
}
