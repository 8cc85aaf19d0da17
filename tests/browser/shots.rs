//! The pictures of the README, taken of the real thing: `HANBEON_SHOTS=public/screenshots` says where
//! they go; without it nothing is taken.

use std::path::{Path, PathBuf};

use fantoccini::Locator;
use serde_json::json;

use crate::checkout_element::{Means, Way};
use crate::engine::{Options, chromium};
use crate::journey::{Buyer, journey_with, until};
use crate::shop_page::FILM;

/// No picture may be larger: they are part of the repository.
const BYTES_MAX: usize = 150_000;

#[test]
fn pictures_of_the_readme() {
    let Some(folder) = std::env::var_os("HANBEON_SHOTS") else {
        return;
    };
    // Relative to the repository, wherever the test runs.
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut pc = chromium(Way::Iframe);
    pc["args"]
        .as_array_mut()
        .unwrap()
        .extend([json!("--hide-scrollbars"), json!("--window-size=1120,1090")]);
    journey_with(Way::Iframe, Options::Chromium(pc), async |buyer| {
        on_a_computer(buyer, &folder).await
    });
    let mut phone = chromium(Way::Phone);
    phone["args"].as_array_mut().unwrap().push(json!("--hide-scrollbars"));
    phone["mobileEmulation"]["deviceMetrics"]["pixelRatio"] = json!(2.0);
    journey_with(Way::Phone, Options::Chromium(phone), async |buyer| {
        on_a_phone(buyer, &folder).await
    });
}

async fn on_a_computer(buyer: &Buyer, folder: &Path) {
    buyer.visit("/?lang=en").await;
    dress(buyer, "light").await;
    let checkout = buyer.enter_at(&path("en")).await;
    buyer.until_part("method-toss_card").await;
    buyer.choose(Means::TossCard).await;
    shot(buyer, folder, "checkout").await;
    buyer.press("pay").await;
    buyer.until_window().await;
    buyer.to_shop().await;
    shot(buyer, folder, "window").await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
    buyer.until_receipt().await;
    buyer.press_on_page("[data-testid=receipt-link]").await;
    until_on_page(buyer, ".paper").await;
    shot(buyer, folder, "receipt").await;
    buyer.visit("/staff.html?lang=en").await;
    buyer.press_on_page("#orders button, #orders a").await;
    until_on_page(buyer, ".time li").await;
    shot(buyer, folder, "staff").await;
}

async fn on_a_phone(buyer: &Buyer, folder: &Path) {
    buyer.visit("/?lang=ko").await;
    dress(buyer, "dark").await;
    buyer.enter_at(&path("ko")).await;
    buyer.until_part("method-toss_card").await;
    let down = "scrollTo(0, document.querySelector('#payment').getBoundingClientRect().top - 130)";
    buyer.script(down).await;
    shot(buyer, folder, "checkout-phone").await;
}

async fn until_on_page(buyer: &Buyer, css: &str) {
    until(css, async || buyer.client.find(Locator::Css(css)).await.ok().map(|_| ())).await;
}

fn path(language: &str) -> String {
    format!("/checkout.html?sku={FILM}&quantity=1&presentation=auto&lang={language}")
}

async fn dress(buyer: &Buyer, theme: &str) {
    buyer.script(&format!("localStorage.setItem('shop:theme', '{theme}')")).await;
    buyer.reload().await;
}

/// Waits until the page, its fonts and its pictures are there.
async fn settle(buyer: &Buyer) {
    let quiet = "return document.readyState === 'complete' && document.fonts.status === 'loaded'
        && [...document.images].every((one) => one.complete)
        && !document.querySelector('.skeleton');";
    until("a page at rest", async || (buyer.script(quiet).await == true).then_some(())).await;
}

async fn shot(buyer: &Buyer, folder: &Path, name: &str) {
    settle(buyer).await;
    let picture = buyer.client.screenshot().await.unwrap();
    assert!(picture.len() <= BYTES_MAX, "{name}: {} bytes", picture.len());
    std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
}
