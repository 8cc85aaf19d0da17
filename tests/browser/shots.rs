//! The pictures of the README, taken of the real thing: `HANBEON_SHOTS=public/screenshots` says where
//! they go; without it nothing is taken.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::checkout_element::{Means, Way};
use crate::journey::{Buyer, browser, journey_with};
use crate::shop_page::FILM;

/// No picture may be larger before it is packed (256 colours are enough): they are part of the repository.
const BYTES_MAX: usize = 300_000;

#[test]
fn pictures_of_the_readme() {
    let Some(folder) = std::env::var_os("HANBEON_SHOTS") else {
        println!("HANBEON_SHOTS is not set: no pictures");
        return;
    };
    // Relative to the repository, wherever the test runs.
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut pc = browser(Way::Iframe);
    pc["args"]
        .as_array_mut()
        .unwrap()
        .extend([json!("--hide-scrollbars"), json!("--window-size=1120,900")]);
    journey_with(Way::Iframe, pc, async |buyer| on_a_computer(buyer, &folder).await);
    let mut phone = browser(Way::Phone);
    phone["args"].as_array_mut().unwrap().push(json!("--hide-scrollbars"));
    phone["mobileEmulation"]["deviceMetrics"]["pixelRatio"] = json!(2.0);
    journey_with(Way::Phone, phone, async |buyer| on_a_phone(buyer, &folder).await);
}

async fn on_a_computer(buyer: &Buyer, folder: &Path) {
    buyer.visit("/?lang=ko").await;
    dress(buyer, "light").await;
    shot(buyer, folder, "shop").await;
    buyer.visit("/item.html?sku=x100v&lang=en").await;
    dress(buyer, "dark").await;
    shot(buyer, folder, "item-dark").await;
    dress(buyer, "light").await;
    let checkout = buyer.enter_at(&path("ko")).await;
    buyer.until_part("method-toss_card").await;
    shot(buyer, folder, "checkout").await;
    buyer.pay(Means::TossCard).await;
    buyer.until_window().await;
    buyer.to_shop().await;
    shot(buyer, folder, "window").await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    buyer.until_receipt().await;
    checkout.assert_paid_once(1);
    buyer.visit("/staff.html?lang=en").await;
    buyer.press_on_page("#orders button, #orders a").await;
    settle(buyer).await;
    shot(buyer, folder, "staff").await;
    let control = format!("{}/control", buyer.world.config.psp_origin);
    buyer.client.goto(&control).await.unwrap();
    settle(buyer).await;
    shot(buyer, folder, "control").await;
}

async fn on_a_phone(buyer: &Buyer, folder: &Path) {
    buyer.visit("/?lang=en").await;
    dress(buyer, "dark").await;
    buyer.enter_at(&path("en")).await;
    buyer.until_part("method-toss_card").await;
    buyer.script("window.scrollTo(0, document.querySelector('#payment').getBoundingClientRect().top - 90)").await;
    shot(buyer, folder, "phone-dark").await;
    dress(buyer, "light").await;
    buyer.visit(&path("ko")).await;
    buyer.until_part("method-toss_card").await;
    buyer.pay(Means::Kb).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    buyer.until_receipt().await;
    settle(buyer).await;
    shot(buyer, folder, "phone-paid").await;
}

fn path(language: &str) -> String {
    format!("/checkout.html?sku={FILM}&quantity=1&presentation=auto&lang={language}")
}

async fn dress(buyer: &Buyer, theme: &str) {
    buyer.script(&format!("localStorage.setItem('shop:theme', '{theme}')")).await;
    buyer.reload().await;
}

/// Waits until fonts and pictures are there and the page has asked what it asks.
async fn settle(buyer: &Buyer) {
    let quiet = "
        const done = arguments[0];
        const pictures = [...document.images].map((one) => one.decode().catch(() => 0));
        Promise.all([document.fonts.ready, ...pictures]).then(() =>
            requestIdleCallback(() => requestAnimationFrame(() => done(true))));";
    buyer.client.execute_async(quiet, Vec::new()).await.unwrap();
}

async fn shot(buyer: &Buyer, folder: &Path, name: &str) {
    settle(buyer).await;
    let picture = buyer.client.screenshot().await.unwrap();
    assert!(picture.len() <= BYTES_MAX, "{name}: {} bytes", picture.len());
    std::fs::write(folder.join(format!("{name}.png")), picture).unwrap();
}
