//! The provider's window, wherever it is: in a frame of a frame, in a window of its own, in the tab.

use fantoccini::Locator;
use fantoccini::elements::Element;

use crate::checkout_element::Way;
use crate::journey::{Buyer, until};

/// What every page of a window has at least one of.
const SIGNS: &str = "#pay-form, #challenge, #back, main.alone";

impl Buyer {
    /// Goes to the provider's window and waits for `css` in it.
    pub async fn in_window(&self, css: &str) -> Element {
        let window = match self.way {
            Way::Popup | Way::PhonePopup => self.other_window().await,
            Way::Iframe | Way::Redirect | Way::Phone => self.tab.clone(),
        };
        until(&format!("{css} in the provider's window"), async || {
            self.client.switch_to_window(window.clone()).await.ok()?;
            self.in_frames(css).await
        })
        .await
    }

    /// Looks once for `css` in any of the browser's pages.
    pub async fn sees_anywhere(&self, css: &str) -> bool {
        for window in self.client.windows().await.unwrap_or_default() {
            let there = self.client.switch_to_window(window).await.is_ok();
            if there && self.in_frames(css).await.is_some() {
                return true;
            }
        }
        false
    }

    /// In this page, or in the frame of its frame.
    async fn in_frames(&self, css: &str) -> Option<Element> {
        // At most: the element's frame, our page's frame over itself, and one to spare.
        for _ in 0..4 {
            if let Ok(found) = self.client.find(Locator::Css(css)).await {
                return Some(found);
            }
            self.client.find(Locator::Css("iframe")).await.ok()?.enter_frame().await.ok()?;
        }
        None
    }

    /// Waits until the provider shows something.
    pub async fn until_window(&self) {
        self.in_window(SIGNS).await;
    }

    /// Presses a button of the provider and leaves the window to itself.
    pub async fn press_in_window(&self, css: &str) {
        until(&format!("{css} can be pressed"), async || {
            self.in_window(css).await.click().await.ok()
        })
        .await;
        self.to_shop().await;
    }

    /// Presses a button of the page in which the browser just is.
    pub async fn press_here(&self, css: &str) {
        until(&format!("{css} can be pressed here"), async || {
            self.client.find(Locator::Css(css)).await.ok()?.click().await.ok()
        })
        .await;
    }

    /// Closes the window as this way lets a buyer close it.
    pub async fn close_window(&self) {
        match self.way {
            Way::Iframe => {
                self.to_shop().await;
                self.press("close").await;
            }
            Way::Popup | Way::PhonePopup => {
                let window = self.other_window().await;
                self.client.switch_to_window(window).await.unwrap();
                self.client.close_window().await.unwrap();
                self.to_shop().await;
            }
            // Whoever is tired of a page goes back to the shop's.
            Way::Redirect | Way::Phone => {
                self.to_shop().await;
                self.client.back().await.unwrap();
            }
        }
    }

    /// Closes every window but the shop's tab.
    pub async fn close_others(&self) {
        for window in self.client.windows().await.unwrap() {
            if window != self.tab {
                self.client.switch_to_window(window).await.unwrap();
                self.client.close_window().await.unwrap();
            }
        }
        self.to_shop().await;
    }

    /// Closes everything that belongs to the payment: windows, and the page that waits for them.
    pub async fn vanish(&self) {
        self.close_others().await;
        self.client.goto("about:blank").await.unwrap();
    }
}
