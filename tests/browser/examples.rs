//! The examples, built as a customer builds them and paid: HTML, React in its strict mode, Vue, and Next,
//! whose server opens the checkout and writes the element into its HTML.

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::books::Checkout;
use crate::checkout_element::Means;
use crate::journey::{Buyer, until};
use crate::journeys;
use crate::world::{LOOK_EVERY, World, now};

journeys! {
    f48_the_html_example_is_paid: plain(Iframe, TossCard);
    f48_the_react_example_asks_first_and_is_paid_once_in_strict_mode: react(Iframe, TossCard);
    f48_the_vue_example_is_paid: vue(Iframe, TossCard);
    f48_the_next_example_comes_from_its_server_and_is_paid: next(Iframe, TossCard);
}

/// Next's server takes several seconds of a processor to start, and every other journey wants one meanwhile.
const NEXT_WAIT: Duration = Duration::from_secs(180);

/// Ends the server when its input ends, so also with this process.
const UNTIL_THE_END: &str = r#""$@" & server=$!; cat >/dev/null; kill -9 $server"#;

fn folder(example: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../public/examples").join(example);
    assert!(folder.join("node_modules").is_dir(), "{example} is not built: run `cargo x test`");
    folder
}

async fn pays(buyer: &Buyer, means: Means) {
    let checkout = shown(buyer).await;
    buyer.pay(means).await;
    finish(buyer, &checkout).await;
}

/// The checkout of the element, once it can be paid.
async fn shown(buyer: &Buyer) -> Checkout {
    buyer.until_part("pay").await;
    let name = "return document.querySelector('hanbeon-checkout').checkout";
    Checkout::read(buyer.world, buyer.script(name).await.as_str().unwrap())
}

/// What the example's own code heard of it stands in the page.
async fn finish(buyer: &Buyer, checkout: &Checkout) {
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    let said = "return document.querySelector('#said').textContent";
    until("the page's own code hears of it", async || {
        (buyer.script(said).await == checkout.id).then_some(())
    })
    .await;
    checkout.assert_paid_once(1);
}

async fn plain(buyer: &Buyer, means: Means) {
    buyer.visit("/examples/plain.html").await;
    pays(buyer, means).await;
}

async fn react(buyer: &Buyer, means: Means) {
    folder("react");
    buyer.visit("/examples/react/dist/index.html").await;
    let checkout = shown(buyer).await;
    buyer.choose(means).await;
    buyer.press("pay").await;
    let begun = checkout.view()["attempts"].as_array().map(Vec::len);
    assert_eq!(begun, Some(0), "the page said no before anything began");
    buyer.press_on_page("input[type=checkbox]").await;
    buyer.press("pay").await;
    finish(buyer, &checkout).await;
}

async fn vue(buyer: &Buyer, means: Means) {
    folder("vue");
    buyer.visit("/examples/vue/dist/index.html").await;
    pays(buyer, means).await;
}

async fn next(buyer: &Buyer, means: Means) {
    let _server = Server::start(buyer.world);
    let page = buyer.world.written("/next");
    assert!(page.contains("<hanbeon-checkout checkout=\"chk_"), "the server writes it: {page}");
    buyer.visit("/next").await;
    pays(buyer, means).await;
}

/// `next start`.
struct Server(Child);

impl Server {
    fn start(world: &World) -> Self {
        let node = std::env::var_os("HANBEON_NODE").unwrap_or_else(|| "node".into());
        let server = Command::new("sh")
            .args(["-c", UNTIL_THE_END, "until-the-end"])
            .arg(node)
            .args(["node_modules/next/dist/bin/next", "start", "-H", "127.0.0.1", "-p"])
            .arg(world.next_port.to_string())
            .current_dir(folder("next"))
            .env("SHOP_ORIGIN", world.shop_server())
            .env("HANBEON_EDGE", &world.config.edge_origin)
            .env("NEXT_TELEMETRY_DISABLED", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("sh starts");
        let begun = now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, world.next_port)).is_err() {
            assert!(begun.elapsed() < NEXT_WAIT, "the Next example did not start");
            thread::sleep(LOOK_EVERY);
        }
        Self(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ended = self.0.wait();
    }
}
