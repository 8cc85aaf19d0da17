//! What buyers and shops do while the runtime dies around them. A story ends early when somebody loses
//! patience: then time, or the provider's word, has to bring the order to its end.

use serde_json::{Value, json};

use super::page::Page;
use super::scene::{BOOKS, CAMERA, Scene};

/// A price that every provider takes.
const AMOUNT: u64 = 31_000;

type Story = fn(&Scene) -> Option<()>;

/// Every story; each is told as often as the others.
pub const STORIES: [Story; 14] = [
    |scene| pays(scene, "toss_card", "redirect", None),
    |scene| pays(scene, "kb_kb_pay", "popup", None),
    |scene| pays(scene, "portone_transfer", "redirect", None),
    |scene| pays(scene, "unicro_card", "popup", None),
    |scene| pays(scene, "toss_card", "redirect", Some(1_000)),
    |scene| pays(scene, "kb_kb_pay", "redirect", Some(AMOUNT)),
    |scene| leaves(scene, "toss_card"),
    |scene| leaves(scene, "portone_transfer"),
    is_declined_first,
    gives_up_first,
    pays_into_an_account,
    cancels,
    wants_the_last_piece,
    mixes_its_orders_up,
];

fn page<'a>(scene: &'a Scene, method: &str) -> Option<Page<'a>> {
    let merchant = if method.starts_with("portone") { BOOKS } else { CAMERA };
    Some(Page::of(scene, scene.open(merchant, &scene.fresh("sku"), AMOUNT)?))
}

/// Pays, and may want some of it back.
fn pays(scene: &Scene, method: &str, way: &str, back: Option<u64>) -> Option<()> {
    let mut page = page(scene, method)?;
    let url = page.begin(method, way)?;
    let form = page.open(&url)?;
    page.press_and_return(&form, "approve")?;
    page.until_paid()?;
    match back {
        Some(amount) => refunds(&page, amount),
        None => Some(()),
    }
}

fn refunds(page: &Page<'_>, amount: u64) -> Option<()> {
    let (scene, sale) = (page.scene, page.scene.ledger.sale(page.sale));
    let path = format!("/v1/checkouts/{}/refunds", sale.checkout?);
    let body = json!({ "order_id": sale.order, "amount": amount, "reason": "scratch" });
    let key = scene.fresh("refund-key");
    scene.ledger.wants(page.sale, |sale| sale.wished += 1);
    let ask = || scene.shop(sale.merchant, "POST", &path).key(&key).json(&body);
    let answer = scene.ask(ask)?;
    if !(200..300).contains(&answer.code) {
        scene.ledger.odd(format!("refund {key}: {} {}", answer.code, answer.body));
        return None;
    }
    let id = answer.json()["refund"].as_str()?.to_owned();
    scene.ledger.acknowledged("refund", page.sale, |sale| {
        sale.refunds.insert(id, amount);
    });
    Some(())
}

/// Pays, and never comes back: only the provider's word is left.
fn leaves(scene: &Scene, method: &str) -> Option<()> {
    let mut page = page(scene, method)?;
    let url = page.begin(method, "redirect")?;
    let form = page.open(&url)?;
    page.press(&form, "approve").map(|_| ())
}

/// The first card is refused.
fn is_declined_first(scene: &Scene) -> Option<()> {
    let mut page = page(scene, "toss_card")?;
    let url = page.begin("toss_card", "redirect")?;
    let form = page.open(&url)?;
    page.press_and_return(&form, "decline")?;
    page.until(|status| status["can_retry"] == true)?;
    let url = page.begin("kb_kb_pay", "redirect")?;
    let form = page.open(&url)?;
    page.press_and_return(&form, "approve")?;
    page.until_paid()
}

/// The window is closed, and the buyer tries something else.
fn gives_up_first(scene: &Scene) -> Option<()> {
    let mut page = page(scene, "toss_card")?;
    page.begin("toss_card", "redirect")?;
    page.abandon()?;
    page.until(|status| status["can_retry"] == true)?;
    let url = page.begin("toss_card", "redirect")?;
    let form = page.open(&url)?;
    page.press_and_return(&form, "approve")?;
    page.until_paid()
}

/// The money comes later, and by another road.
fn pays_into_an_account(scene: &Scene) -> Option<()> {
    let mut page = page(scene, "toss_virtual_account")?;
    let url = page.begin("toss_virtual_account", "redirect")?;
    let form = page.open(&url)?;
    page.press_and_return(&form, "issue_account")?;
    page.until(|status| status["phase"] == "awaiting_deposit")?;
    scene.control("/deposit", &json!({ "request_id": page.request_id() }));
    page.until_paid()
}

/// The shop cancels while the buyer stands in the window, who then pays all the same.
fn cancels(scene: &Scene) -> Option<()> {
    let mut page = page(scene, "kb_kb_pay")?;
    let url = page.begin("kb_kb_pay", "redirect")?;
    let form = page.open(&url)?;
    let sale = scene.ledger.sale(page.sale);
    let path = format!("/v1/checkouts/{}/cancel", sale.checkout?);
    let key = scene.fresh("cancel-key");
    let body = json!({ "reason": "out of stock" });
    scene.ledger.wants(page.sale, |sale| sale.cancels = true);
    let answer = scene.ask(|| scene.shop(sale.merchant, "POST", &path).key(&key).json(&body))?;
    if (200..300).contains(&answer.code) {
        scene.ledger.acknowledged("cancel", page.sale, |sale| sale.cancelled = true);
    }
    page.press_and_return(&form, "approve")
}

/// Two buyers and one piece: who has it pays, and the other one goes.
fn wants_the_last_piece(scene: &Scene) -> Option<()> {
    let sku = scene.fresh("last");
    scene.set_stock(&sku, 1)?;
    let opened = [scene.open(CAMERA, &sku, AMOUNT)?, scene.open(CAMERA, &sku, AMOUNT)?];
    let [first, second] = opened.map(|opened| Page::of(scene, opened));
    let one = |mut page: Page<'_>| {
        let url = page.begin("toss_card", "redirect")?;
        let form = page.open(&url)?;
        page.press_and_return(&form, "approve")?;
        page.until_paid()
    };
    std::thread::scope(|scope| {
        let beside = scope.spawn(|| one(second));
        let _first = one(first);
        let _second = beside.join();
    });
    Some(())
}

/// The shop puts an order into two checkouts, is refused, and takes it out again: what the refused opening
/// claimed is free for the next one.
fn mixes_its_orders_up(scene: &Scene) -> Option<()> {
    let (sale, _) = scene.open(CAMERA, &scene.fresh("sku"), AMOUNT)?;
    let (taken, other) = (scene.ledger.sale(sale), scene.fresh("o"));
    let opens = |orders: &[&str]| {
        let line =
            json!({ "sku": other, "name": "Fujifilm X100V", "quantity": 1, "unit_amount": AMOUNT });
        let order = |id: &&str| json!({ "order_id": id, "seller": "s1", "amount": AMOUNT, "lines": [line.clone()] });
        let (mut body, key) = (taken.opening.0.clone(), scene.fresh("crash-key"));
        body["orders"] = orders.iter().map(order).collect();
        body["amount"] = json!(AMOUNT * orders.len() as u64);
        scene.ask(|| scene.shop(CAMERA, "POST", "/v1/checkouts").key(&key).json(&body))
    };
    let refused = opens(&[&other, &taken.order])?;
    let opened = opens(&[&other])?;
    if refused.problem().1 != "order_id_conflict" || opened.code != 201 {
        let [one, two] = [refused, opened].map(|answer| answer.body);
        scene.ledger.odd(format!("order {other}: {one} and then {two}"));
    }
    Some(())
}

/// Which of the shop's statuses are ends.
pub fn is_an_end(status: &Value) -> bool {
    let ends = ["paid", "partially_refunded", "refunded", "cancelled", "expired"];
    status.as_str().is_some_and(|status| ends.contains(&status))
}
