//! A page that hears of a change instead of asking, one that cannot, and the page behind a signed link.

use std::time::Duration;

use serde_json::{Value, json};

use crate::checkout_element::Means;
use crate::journey::{Buyer, until};
use crate::journeys;
use crate::world::now;

/// While a deposit is waited for, a page that only asks asks every 25 seconds.
const BEFORE_IT_ASKS: Duration = Duration::from_secs(15);

journeys! {
    r35_r51_a_deposit_is_heard_of_without_asking: hears(Iframe, TossAccount);
    r35_r51_without_a_socket_the_page_asks: asks(Iframe, TossAccount);
    r51_a_signed_link_shows_the_deposit_live: follows_the_link(Iframe, TossAccount);
}

/// Notes what is heard over sockets, before the element opens one.
const HEAR: &str = r"
window.heard = [];
window.WebSocket = class extends WebSocket {
  constructor(url) {
    super(url);
    window.socket = url;
    this.addEventListener('message', (event) => window.heard.push(event.data));
  }
};
";

/// A page whose network lets no socket through.
const DEAF: &str = r"
window.tried = 0;
window.WebSocket = class { constructor() { window.tried += 1; throw new Error('no sockets here'); } };
";

async fn issue(buyer: &Buyer, means: Means) {
    buyer.pay(means).await;
    buyer.press_in_window("#issue-account").await;
    buyer.to_shop().await;
    let said = buyer.until_part("deposit").await;
    assert_eq!(said.phase, "awaiting_deposit");
}

async fn hears(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.script(HEAR).await;
    issue(buyer, means).await;
    until("the socket says where it stands", async || {
        let heard = buyer.script("return window.heard").await;
        heard
            .as_array()?
            .iter()
            .any(|one| one.to_string().contains("awaiting_deposit"))
            .then_some(())
    })
    .await;
    let address = buyer.script("return window.socket").await;
    let address = address.as_str().unwrap();
    assert!(address.ends_with(&format!("/v1/live/{}", checkout.id)), "no key in it: {address}");
    let begun = now();
    buyer.world.deposit(&checkout.requests()[0]);
    buyer.until_paid().await;
    assert!(begun.elapsed() < BEFORE_IT_ASKS, "it was heard, not asked: {:?}", begun.elapsed());
    let last = buyer.script("return window.heard.at(-1)").await;
    assert!(last.as_str().unwrap().contains("\"phase\":\"paid\""), "{last}");
    checkout.assert_paid_once(1);
}

async fn asks(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.script(DEAF).await;
    issue(buyer, means).await;
    assert_ne!(buyer.script("return window.tried").await, json!(0), "it tried");
    buyer.world.deposit(&checkout.requests()[0]);
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

async fn follows_the_link(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    issue(buyer, means).await;
    let offered = "return document.querySelector('hanbeon-checkout').shadowRoot
        .querySelector('[data-testid=later]').href";
    let link = buyer.script(offered).await;
    assert_eq!(link, checkout.view()["status_url"], "the page offers what the shop can send");
    let page = |parts: &'static str| async move {
        let script = format!(
            "const box = document.querySelector('main.pending > hanbeon-status')?.shadowRoot?.querySelector('section');
             return {parts}"
        );
        buyer.script(&script).await
    };
    let english = link.as_str().unwrap().replacen('#', "?lang=en#", 1);
    buyer.client.goto(&english).await.unwrap();
    until("the page is drawn", async || {
        (page("box?.dataset.phase").await == "awaiting_deposit").then_some(())
    })
    .await;
    let title = "box.querySelector('.title').textContent";
    assert_eq!(page(title).await, "Waiting for your deposit");
    let rows = page("box.querySelector('dl').innerText").await;
    let counted = ["in 2 days", "in 1 day", "hours)", "days)"];
    assert!(counted.iter().any(|left| rows.as_str().unwrap().contains(left)), "R41: {rows}");
    // Evidence that the page stays the same page.
    buyer.script("window.same = true").await;
    let begun = now();
    buyer.world.deposit(&checkout.requests()[0]);
    until("the page says paid", async || (page(title).await == "Payment complete").then_some(()))
        .await;
    assert!(begun.elapsed() < BEFORE_IT_ASKS, "{:?}", begun.elapsed());
    let over = "[window.same, document.querySelector('main > p').hidden]";
    assert_eq!(page(over).await, json!([true, true]));
    let back = page("box.querySelector('a').href").await;
    assert!(back.as_str().unwrap().starts_with(&buyer.world.config.shop_origin), "{back}");
    let hosts = page(
        "[...new Set(performance.getEntriesByType('resource').map((one) => new URL(one.name).host))]",
    )
    .await;
    let edge = buyer.world.config.edge_origin.strip_prefix("http://").unwrap();
    assert_eq!(hosts, json!([edge]), "nothing of others");
    assert_eq!(page("document.scripts.length").await, Value::from(2));
    checkout.assert_paid_once(1);
}
