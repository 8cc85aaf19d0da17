//! `<hanbeon-availability>`: whoever looks at an article sees that somebody else is paying for the last piece, and
//! until when, and is let in when it frees, without reloading.

use fantoccini::wd::WindowHandle;
use serde_json::{Value, json};

use crate::checkout_element::Means;
use crate::journey::{Buyer, until};
use crate::journeys;

journeys! {
    r15_others_see_that_the_last_piece_is_held_and_enter_when_it_frees: is_let_in(Iframe, TossCard);
    r15_what_was_bought_is_sold_to_whoever_looks: is_sold(Iframe, TossCard);
    r15_the_one_who_pays_is_told_that_it_is_kept_for_him: is_mine(Redirect, TossCard);
}

/// There is one of it.
const LAST: &str = "pen-half";

/// `[state, words, the button can be pressed]`.
const READ: &str = r##"
const watch = document.querySelector("hanbeon-availability");
const buy = document.querySelector("[data-testid=buy]");
return [watch?.getAttribute("state"), watch?.shadowRoot?.querySelector("[role=status]").innerText.trim(), !buy?.disabled];
"##;

async fn until_state(buyer: &Buyer, state: &str) -> Value {
    let mut last = Value::Null;
    until(&format!("a piece that is {state}"), async || {
        last = buyer.script(READ).await;
        (last[0] == state).then_some(())
    })
    .await;
    last
}

/// Another buyer looks at the article, in a window of his own: a tab of WebKit's would be hidden, and hidden pages
/// ask nothing.
async fn onlooker(buyer: &Buyer) -> WindowHandle {
    let tab = buyer.client.new_window(false).await.unwrap().handle;
    buyer.client.switch_to_window(tab.clone()).await.unwrap();
    buyer.visit(&format!("/item.html?sku={LAST}")).await;
    tab
}

async fn is_let_in(buyer: &Buyer, means: Means) {
    let tab = onlooker(buyer).await;
    assert_eq!(until_state(buyer, "free").await, json!(["free", "", true]));
    buyer.to_shop().await;
    let checkout = buyer.enter_with(LAST).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.client.switch_to_window(tab.clone()).await.unwrap();
    let held = until_state(buyer, "held").await;
    let words = held[1].as_str().unwrap();
    assert!(words.contains("지금은 다른 분이 결제 중입니다"), "{held}");
    let until_when = words.contains("오전") || words.contains("오후");
    assert!(until_when && !words.contains('#'), "it says until when: {held}");
    assert!(!words.contains("chk_") && !words.contains("att_"), "never who: {held}");
    assert_eq!(held[2], false, "nobody else may enter");
    buyer.script("window.same = true").await;
    buyer.to_shop().await;
    buyer.press_in_window("#cancel").await;
    checkout.assert_open();
    buyer.client.switch_to_window(tab).await.unwrap();
    assert_eq!(until_state(buyer, "free").await, json!(["free", "", true]));
    assert_eq!(buyer.script("return window.same").await, true, "without reloading");
}

async fn is_sold(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(LAST).await;
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
    let _tab = onlooker(buyer).await;
    let sold = until_state(buyer, "sold").await;
    assert_eq!(sold, json!(["sold", "판매가 끝났습니다", false]));
}

async fn is_mine(buyer: &Buyer, means: Means) {
    buyer.enter_with(LAST).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.visit(&format!("/item.html?sku={LAST}")).await;
    let mine = until_state(buyer, "mine").await;
    assert!(mine[1].as_str().unwrap().contains("이 브라우저에서 결제 중입니다"), "{mine}");
    assert_eq!(mine[2], true, "he may go on");
}
