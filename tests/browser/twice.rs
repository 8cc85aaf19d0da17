//! A buyer who does everything twice: one attempt, one payment, and every tab tells the truth.

use fantoccini::wd::WindowHandle;

use crate::checkout_element::{Means, Way};
use crate::journey::Buyer;

pub async fn presses_twice(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.choose(means).await;
    buyer.press_twice("pay").await;
    buyer.join(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

pub async fn has_a_second_tab(buyer: &mut Buyer, means: Means) {
    if buyer.way.leaves() {
        looks_on_and_takes_over(buyer, means).await;
    } else {
        looks_on(buyer, means).await;
    }
}

pub async fn second_tab(buyer: &Buyer, means: Means) -> WindowHandle {
    let tab = buyer.client.new_window(true).await.unwrap().handle;
    buyer.client.switch_to_window(tab.clone()).await.unwrap();
    let (sku, way) = (means.sku(), buyer.way.word());
    buyer.visit(&format!("/checkout.html?sku={sku}&quantity=1&presentation={way}")).await;
    tab
}

async fn looks_on(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    let window = buyer.client.window().await.unwrap();
    let tab = second_tab(buyer, means).await;
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
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    let tab = second_tab(buyer, means).await;
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
