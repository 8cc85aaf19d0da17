//! The shop's pages around the element.

use serde_json::Value;

use crate::books::Checkout;
use crate::journey::{Buyer, until};

/// An article of which there are many.
pub const FILM: &str = "film-3pack";
/// The same, of the shop with the other providers.
pub const BOOK: &str = "book-time";

impl Buyer {
    /// Opens the checkout of one thing and waits until it can be paid.
    pub async fn enter_with(&self, sku: &str) -> Checkout {
        let way = self.way.word();
        let path = format!("/checkout.html?sku={sku}&quantity=1&presentation={way}");
        let checkout = self.enter_at(&path).await;
        self.until_said("methods", |said| said.parts.iter().any(|p| p.starts_with("method-")))
            .await;
        checkout
    }

    /// Opens a page with a checkout.
    pub async fn enter_at(&self, path: &str) -> Checkout {
        self.visit(path).await;
        let id = until("a checkout", async || {
            let script = "return document.querySelector('#payment')?.dataset.checkout ?? null";
            self.script(script).await.as_str().map(str::to_owned)
        })
        .await;
        Checkout::read(self.world, &id)
    }

    /// Goes to a page of the shop.
    pub async fn visit(&self, path: &str) {
        let url = format!("{}{path}", self.world.config.shop_origin);
        self.client.goto(&url).await.unwrap();
    }

    /// Presses something of the page itself.
    pub async fn press_on_page(&self, css: &str) {
        until(&format!("{css} can be pressed"), async || {
            let locator = fantoccini::Locator::Css(css);
            self.client.find(locator).await.ok()?.click().await.ok()
        })
        .await;
    }

    /// Waits until the shop itself, not the element, says that the order is complete.
    pub async fn until_receipt(&self) {
        until("the shop's receipt", async || {
            let script = "return !!document.querySelector('[data-testid=receipt-link]')";
            (self.script(script).await == Value::Bool(true)).then_some(())
        })
        .await;
    }

    /// Reloads the page, and forgets what it said before.
    pub async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }
}
