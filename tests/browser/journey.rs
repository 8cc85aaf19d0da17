//! One buyer with a browser of their own: begin, wait, leave evidence when it fails, end.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use fantoccini::wd::{Capabilities, WindowHandle};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::checkout_element::Way;
use crate::world::{self, LOOK_EVERY, World};

/// How long anything may take before a journey gives up on it.
/// A frame that stays silent is given up after 20 seconds, and machines may be busy.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// A buyer, and the world in which they buy.
pub struct Buyer {
    /// The browser.
    pub client: Client,
    /// The demo.
    pub world: &'static World,
    /// How the payment is to be presented.
    pub way: Way,
    /// The tab with the shop.
    pub tab: WindowHandle,
}

/// A journey with the browser that this way is for.
pub fn journey(way: Way, story: impl AsyncFnOnce(&mut Buyer)) {
    journey_with(way, browser(way), story);
}

/// A journey with a browser of one's own description.
pub fn journey_with(way: Way, options: Value, story: impl AsyncFnOnce(&mut Buyer)) {
    let turn = world::alone();
    let world = *turn;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = runtime.block_on(connect(world, options));
    let told = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let tab = client.window().await.unwrap();
            let mut buyer = Buyer { client: client.clone(), world, way, tab };
            story(&mut buyer).await;
        });
    }));
    if told.is_err() {
        runtime.block_on(evidence(&client));
    }
    let _closed = runtime.block_on(client.close());
    if let Err(panic) = told {
        resume_unwind(panic);
    }
}

/// Chromium as a buyer has it: its popup blocker works.
pub fn browser(way: Way) -> Value {
    let mut options = json!({
        "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", "--window-size=1280,1000",
            // Pages that scroll smoothly would keep a press waiting.
            "--force-prefers-reduced-motion", "--lang=ko-KR",
        ],
        "excludeSwitches": ["disable-popup-blocking"],
    });
    if way == Way::Phone {
        options["mobileEmulation"] = json!({
            "deviceMetrics": { "width": 390, "height": 844, "pixelRatio": 3.0, "touch": true },
            "userAgent": "Mozilla/5.0 (Linux; Android 15; SM-S931N) AppleWebKit/537.36 \
                          (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
        });
    }
    options
}

async fn connect(world: &World, mut options: Value) -> Client {
    if let Some(chromium) = &world.chromium {
        options["binary"] = chromium.as_str().into();
    }
    let capabilities: Capabilities = [
        ("browserName".to_owned(), json!("chrome")),
        ("goog:chromeOptions".to_owned(), options),
        ("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" })),
    ]
    .into_iter()
    .collect();
    ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities)
        .connect(&world.driver)
        .await
        .expect("the browser starts")
}

/// A picture of the page that failed, under the test's name.
async fn evidence(client: &Client) {
    let name = std::thread::current().name().unwrap_or("journey").replace("::", "-");
    if let Ok(picture) = client.screenshot().await {
        let file = world::scratch().join(format!("{name}.png"));
        if std::fs::write(&file, picture).is_ok() {
            eprintln!("{name}: see {}", file.display());
        }
    }
}

/// Looks until there is something to see.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = world::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(begun.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

impl Buyer {
    /// Back to the tab with the shop, out of every frame.
    pub async fn to_shop(&self) {
        self.client.switch_to_window(self.tab.clone()).await.unwrap();
    }

    /// The window that is not the shop's tab, once there is one.
    pub async fn other_window(&self) -> WindowHandle {
        until("another window", async || {
            let all = self.client.windows().await.unwrap();
            all.into_iter().find(|window| *window != self.tab)
        })
        .await
    }

    /// What a script of the page's own says; `null` while the page is on its way elsewhere.
    pub async fn script(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_default()
    }
}
