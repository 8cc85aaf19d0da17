//! One buyer with a browser of their own: begin, wait, leave evidence when it fails, end.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use fantoccini::wd::WindowHandle;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::Value;

use crate::bidi;
use crate::checkout_element::Way;
use crate::engine::{Driver, Engine, Options};
use crate::world::{self, World};

/// How long anything may take before a journey gives up on it.
/// A frame that stays silent is given up after 20 seconds, and machines may be busy.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// The longest story, on a busy machine. Longer, and the browser has broken.
const JOURNEY_MAX: Duration = Duration::from_secs(240);

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
    /// The story breaks the page's policy on purpose.
    pub provokes: bool,
}

/// A journey with the browser that this way is for.
pub fn journey(way: Way, story: impl AsyncFnOnce(&mut Buyer)) {
    journey_with(way, Options::of(way), story);
}

/// A journey with a browser of one's own description.
pub fn journey_with(way: Way, options: Options, story: impl AsyncFnOnce(&mut Buyer)) {
    let turn = world::alone();
    let world = *turn;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let driver = Driver::start(world);
    let client = runtime.block_on(connect(&driver, options));
    let screen =
        (Engine::of_this_run() == Engine::Firefox && way.is_phone()).then(|| bidi::phone(&client));
    let told = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async {
            let tab = client.window().await.unwrap();
            let mut buyer = Buyer { client: client.clone(), world, way, tab, provokes: false };
            let told = tokio::time::timeout(JOURNEY_MAX, story(&mut buyer)).await;
            assert!(told.is_ok(), "the browser does not answer any more");
            // The shop's pages have the strictest headers: nothing of ours may be refused.
            let refused = world.reports();
            assert!(refused.is_empty() || buyer.provokes, "a policy was broken: {refused:?}");
        });
    }));
    // A browser that does not answer is not waited for: it ends with its driver.
    let over = async {
        if told.is_err() {
            evidence(&client).await;
        }
        match Engine::of_this_run() {
            // It takes its time to say good-bye; its driver's end is its own.
            Engine::Firefox => Ok(()),
            Engine::Chromium | Engine::WebKit => client.close().await,
        }
    };
    let _over = runtime.block_on(async { tokio::time::timeout(PATIENCE, over).await });
    drop((screen, driver));
    if let Err(panic) = told {
        resume_unwind(panic);
    }
}

async fn connect(driver: &Driver, options: Options) -> Client {
    ClientBuilder::new(HttpConnector::new())
        .capabilities(options.capabilities())
        .connect(&driver.url)
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
        tokio::time::sleep(world::pause(begun)).await;
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
