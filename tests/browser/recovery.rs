//! Reloads in every state, five tabs, a page that is killed, a network that is lost, an edge that fails: paid,
//! not paid and still checking are all that a buyer ever reads, and while it is being checked nothing offers
//! a second payment.

use serde_json::{Value, json};

use crate::books::Checkout;
use crate::checkout_element::{Means, Said, Way};
use crate::journey::{Buyer, until};
use crate::journeys;

journeys! {
    f6_a_reload_while_choosing: reloads_while_choosing(Iframe, TossCard);
    f6_a_reload_before_the_attempt_is_answered: reloads_unanswered(Popup, TossCard);
    f6_a_reload_before_the_attempt_is_answered_on_a_phone: reloads_unanswered(Phone, Kb);
    f6_a_reload_after_a_blocked_window: reloads_blocked(Popup, TossCard);
    f6_a_reload_after_a_closed_window: reloads_interrupted(Popup, Kb);
    f6_a_reload_while_it_is_checked: reloads_while_checking(Iframe, TossCard);
    f6_a_reload_after_a_decline: reloads_declined(Iframe, TossCard);
    f6_a_reload_while_a_deposit_is_waited_for: reloads_a_deposit(Iframe, TossAccount);
    f6_a_reload_after_the_shop_cancelled: reloads_cancelled(Iframe, TossCard);
    f6_five_tabs_beside_a_popup: has_five_tabs(Popup, TossCard);
    f6_five_tabs_beside_a_frame: has_five_tabs(Iframe, Kb);
    f36_a_page_killed_on_its_way_to_the_provider: is_killed(Redirect, TossCard);
    f36_a_page_killed_beside_its_popup: is_killed(Popup, Kb);
    f10_the_network_is_lost_and_comes_back: loses_the_network(Iframe, TossCard);
    f10_the_network_is_lost_beside_a_popup: loses_the_network(Popup, Kb);
    f10_the_network_is_lost_before_the_attempt: loses_the_wish(Redirect, TossCard);
    f16_the_edge_fails_while_a_popup_is_paid: meets_a_failing_edge(Popup, TossCard);
    f16_the_edge_fails_before_the_attempt: meets_a_failing_edge_at_first(Phone, TossCard);
}

/// Notes every moment in which something could be paid although it is being checked.
const GUARD: &str = "
    if (!window.slips) {
        window.slips = [];
        const root = document.querySelector('hanbeon-checkout').shadowRoot;
        const look = () => {
            const state = root.querySelector('[data-testid=state]');
            const pays = root.querySelector('[data-testid=pay]');
            if (state?.dataset.outcome === 'checking' && pays && !pays.disabled) slips.push(state.innerText);
        };
        new MutationObserver(look).observe(root, { subtree: true, childList: true, attributes: true });
        look();
    }";

/// A network that can be cut, and an edge that fails, for everything that the page asks from now on.
const NETWORK: &str = "
    window.network = 'there';
    const { fetch, WebSocket } = window;
    const sockets = [];
    window.WebSocket = class extends WebSocket {
        constructor(url) {
            if (network !== 'there') throw new Error(network);
            super(url);
            sockets.push(this);
        }
    };
    window.fetch = (...asked) => {
        if (network === 'lost') return Promise.reject(new TypeError('no network'));
        const html = new Response('<html>Bad Gateway</html>', { status: 502 });
        return network === 'failing' ? Promise.resolve(html) : fetch(...asked);
    };
    window.turn = (state) => {
        network = state;
        if (state === 'there') return dispatchEvent(new Event('online'));
        for (const socket of sockets) socket.close();
        dispatchEvent(new Event('offline'));
    };";

/// The page asks for an attempt, and never hears the answer.
const DEAF: &str = "
    const { fetch } = window;
    window.fetch = (...asked) => {
        const answer = fetch(...asked);
        const begins = String(asked[0]?.url ?? asked[0]).includes('/v1/attempts');
        return begins ? answer.then(() => new Promise(() => { window.unheard = true; })) : answer;
    };";

async fn guard(buyer: &Buyer) {
    buyer.until_said("anything", |_| true).await;
    buyer.script(GUARD).await;
}

async fn assert_guarded(buyer: &Buyer) {
    let slips = buyer.script("return window.slips ?? []").await;
    assert_eq!(slips, json!([]), "a second payment was offered while checking");
}

/// Reloads, and waits for what is said then.
async fn reloaded(buyer: &Buyer, what: &str, fits: impl Fn(&Said) -> bool) -> Said {
    buyer.to_shop().await;
    buyer.reload().await;
    guard(buyer).await;
    let said = buyer.until_said(what, fits).await;
    assert_guarded(buyer).await;
    said
}

async fn goes_on(buyer: &Buyer, checkout: &Checkout, attempts: usize) {
    buyer.press("continue").await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(attempts);
}

async fn pays_on(buyer: &Buyer, means: Means, checkout: &Checkout, attempts: usize) {
    buyer.pay(means).await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(attempts);
}

async fn reloads_while_choosing(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    reloaded(buyer, "the choice", |said| said.has("pay") && said.outcome == "not_paid").await;
    pays_on(buyer, means, &checkout, 1).await;
}

/// The attempt may be there or not: only the very same wish is said again.
async fn reloads_unanswered(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.script(DEAF).await;
    buyer.choose(means).await;
    buyer.press("pay").await;
    until("the answer is lost", async || {
        (buyer.script("return window.unheard ?? false").await == Value::Bool(true)).then_some(())
    })
    .await;
    let said = reloaded(buyer, "a way on", |said| said.has("continue")).await;
    assert!(!said.has("pay"), "no second attempt beside the first: {said:?}");
    checkout.assert_open();
    goes_on(buyer, &checkout, 1).await;
}

async fn reloads_blocked(buyer: &mut Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.choose(means).await;
    buyer.script(crate::windows::provoke_the_blocker()).await;
    buyer.press("pay").await;
    crate::windows::until_blocked(buyer).await;
    let said = reloaded(buyer, "a way on", |said| said.has("continue")).await;
    assert!(!said.has("pay"), "{said:?}");
    goes_on(buyer, &checkout, 1).await;
}

async fn reloads_interrupted(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.close_window().await;
    buyer.until_interrupted().await;
    let said = reloaded(buyer, "a way on", |said| said.has("continue")).await;
    assert!(!said.has("pay"), "{said:?}");
    goes_on(buyer, &checkout, 1).await;
}

/// The provider takes its time over the capture, and the page is reloaded meanwhile.
async fn reloads_while_checking(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.world.faults(means.provider(), json!({ "slow_ms": 4000, "webhook": "lost" }));
    buyer.press_in_window("#approve").await;
    buyer.until_said("checking", |said| said.outcome == "checking").await;
    reloaded(buyer, "checking or paid", |said| said.outcome != "not_paid").await;
    buyer.until_paid().await;
    assert_guarded(buyer).await;
    checkout.assert_paid_once(1);
}

async fn reloads_declined(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#decline").await;
    crate::refused::until_not_paid(buyer).await;
    reloaded(buyer, "another try", |said| said.has("pay") && said.outcome == "not_paid").await;
    pays_on(buyer, means.other(), &checkout, 2).await;
}

async fn reloads_a_deposit(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.press_in_window("#issue-account").await;
    buyer.until_part("deposit").await;
    let said = reloaded(buyer, "the account", |said| said.has("deposit")).await;
    assert!(!said.has("pay") && said.phase == "awaiting_deposit", "{said:?}");
    buyer.world.deposit(&checkout.requests()[0]);
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

async fn reloads_cancelled(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.world.cancel(&checkout.id);
    buyer.to_shop().await;
    buyer.until_said("cancelled", |said| said.phase == "cancelled").await;
    let said = reloaded(buyer, "cancelled", |said| said.phase == "cancelled").await;
    assert!(!said.has("pay") && !said.has("continue") && said.outcome == "not_paid", "{said:?}");
}

/// One tab pays, four look on, and all five tell the truth.
async fn has_five_tabs(buyer: &Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    let window = buyer.client.window().await.unwrap();
    let mut tabs = Vec::new();
    for _ in 0..4 {
        tabs.push(crate::twice::second_tab(buyer, means).await);
        let said = buyer.until_part("viewer").await;
        assert!(!said.has("pay"), "a viewer cannot start another payment: {said:?}");
        buyer.script(GUARD).await;
    }
    if buyer.way == Way::Iframe {
        buyer.press_in_window("#approve").await;
    } else {
        buyer.client.switch_to_window(window).await.unwrap();
        buyer.press_here("#approve").await;
    }
    for tab in tabs {
        buyer.client.switch_to_window(tab).await.unwrap();
        buyer.until_paid().await;
        assert_guarded(buyer).await;
    }
    buyer.to_shop().await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}

/// The tab dies with the window open; whoever comes back goes on with the same attempt.
async fn is_killed(buyer: &mut Buyer, means: Means) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.tab = crate::twice::second_tab(buyer, means).await;
    buyer.close_others().await;
    let said = reloaded(buyer, "a way on", |said| said.has("continue")).await;
    assert!(!said.has("pay"), "{said:?}");
    checkout.assert_open();
    goes_on(buyer, &checkout, 1).await;
}

async fn loses_the_network(buyer: &Buyer, means: Means) {
    is_out_while_paying(buyer, means, "lost").await;
}

async fn meets_a_failing_edge(buyer: &Buyer, means: Means) {
    is_out_while_paying(buyer, means, "failing").await;
}

/// The page hears nothing while the buyer pays: it does not guess, and knows as soon as it can ask.
async fn is_out_while_paying(buyer: &Buyer, means: Means, how: &str) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.script(NETWORK).await;
    guard(buyer).await;
    buyer.pay(means).await;
    buyer.until_window().await;
    buyer.to_shop().await;
    buyer.script(&format!("turn('{how}')")).await;
    buyer.press_in_window("#approve").await;
    until("the money is there", async || (checkout.money().0 > 0).then_some(())).await;
    let said = buyer.until_said("no guess", |said| said.outcome == "checking").await;
    assert!(!said.has("pay") && !said.has("retry"), "{said:?}");
    buyer.script("turn('there')").await;
    buyer.until_paid().await;
    assert_guarded(buyer).await;
    checkout.assert_paid_once(1);
}

async fn loses_the_wish(buyer: &Buyer, means: Means) {
    is_out_before_the_attempt(buyer, means, "lost").await;
}

async fn meets_a_failing_edge_at_first(buyer: &Buyer, means: Means) {
    is_out_before_the_attempt(buyer, means, "failing").await;
}

/// Nobody answers the wish: only the very same can be said again.
async fn is_out_before_the_attempt(buyer: &Buyer, means: Means, how: &str) {
    let checkout = buyer.enter_with(means.sku()).await;
    buyer.script(NETWORK).await;
    guard(buyer).await;
    buyer.choose(means).await;
    buyer.script(&format!("turn('{how}')")).await;
    buyer.press("pay").await;
    let said = buyer.until_part("retry").await;
    assert!(!said.has("pay") && said.outcome == "checking", "{said:?}");
    assert_guarded(buyer).await;
    buyer.script("turn('there')").await;
    buyer.press("retry").await;
    buyer.press_in_window("#approve").await;
    buyer.until_paid().await;
    checkout.assert_paid_once(1);
}
