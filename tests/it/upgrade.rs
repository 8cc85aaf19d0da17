//! One release after the other, forwards and back, with payments in flight (release rules of the README).
//!
//! The release before this one is kept as the module that it was, in `tests/releases`. A gradual
//! deployment goes through four states: the worker that answers and the objects behind it are of the
//! old release, or of the new one, or one of each, and it can be taken back at every step. At every
//! step payments are begun, and finished in the next.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::world::{Buyer, CAMERA, Opened, World, fresh, key, until};

/// The release before this one.
const BEFORE: &str = "0.1.0";
const DAY: i64 = 24 * 60 * 60_000;
const AMOUNT: u64 = 31_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Release {
    Before,
    This,
}

/// Which release answers, and which one owns the checkouts.
type Stage = (Release, Release);

/// Forwards by either door, and back by the other.
const STAGES: [Stage; 7] = [
    (Release::Before, Release::Before),
    (Release::This, Release::Before),
    (Release::This, Release::This),
    (Release::Before, Release::This),
    (Release::Before, Release::Before),
    (Release::Before, Release::This),
    (Release::This, Release::This),
];

fn folder(release: Release) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let folder = match release {
        Release::Before => root.join("releases").join(BEFORE),
        Release::This => root.join("../edge"),
    };
    folder.canonicalize().unwrap().display().to_string()
}

fn words((front, objects): Stage, state: &str) -> Vec<String> {
    let mut words = vec!["--state".to_owned(), state.to_owned()];
    words.extend(["--edge".to_owned(), folder(front)]);
    if objects != front {
        words.extend(["--objects".to_owned(), folder(objects)]);
    }
    words
}

/// What one stage begins and the next must bring to its end.
struct InFlight<'a> {
    opened: Opened,
    /// The body and key with which it was opened, and the answer.
    asked: (Value, String, Value),
    presented: Buyer<'a>,
    away: (Buyer<'a>, crate::world::buyer::Return),
    unknown: Buyer<'a>,
    deposit: Buyer<'a>,
    untold: Buyer<'a>,
    refunded: Buyer<'a>,
    /// The last piece of something, held by a buyer whose window is open.
    held: (Buyer<'a>, String),
}

/// What only time brings to its end.
struct Later {
    untold: Opened,
    refunded: Opened,
}

fn opened_for(world: &World) -> Buyer<'_> {
    Buyer::of(world, &world.open(CAMERA, AMOUNT))
}

fn begin(world: &World) -> InFlight<'_> {
    let body = world.order_body("sku-idle", AMOUNT);
    let name = key();
    let answer = world.shop_call(CAMERA, "POST", "/v1/checkouts").key(&name).json(&body).send();
    assert_eq!(answer.code, 201, "{}", answer.body);

    let sku = format!("last-{}", fresh());
    let path = format!("/v1/stock/{sku}");
    let counted = world.shop_call(CAMERA, "PUT", &path).json(&json!({ "units": 1 })).send();
    assert_eq!(counted.code, 200, "{}", counted.body);
    let last = world.open_with(CAMERA, &world.order_body(&sku, AMOUNT));
    let mut held = Buyer::of(world, &last);
    held.begin("toss_card", "redirect");

    let mut presented = opened_for(world);
    presented.begin("kb_kb_pay", "popup");

    let mut away = opened_for(world);
    away.begin("toss_card", "redirect");
    let back = away.press(&away.window(), "approve").unwrap();

    let mut deposit = opened_for(world);
    deposit.begin("toss_virtual_account", "redirect");
    let issued = deposit.press(&deposit.window(), "issue_account").unwrap();
    deposit.come_back(&issued);
    deposit.until("the account", |status| status["phase"] == "awaiting_deposit");

    let mut refunded = opened_for(world);
    refunded.pay("toss_card", "redirect");
    refunded.until_paid();

    world.fail_notices(1_000);
    let mut untold = opened_for(world);
    untold.pay("kb_kb_pay", "redirect");
    untold.until_paid();

    // From here on the provider answers nobody.
    let mut unknown = opened_for(world);
    unknown.begin("toss_card", "redirect");
    let pressed = unknown.press(&unknown.window(), "approve").unwrap();
    world.faults("tosspayments", &json!({ "errors_5xx": 1_000, "webhook": "lost" }));
    unknown.come_back(&pressed);
    assert_eq!(unknown.status()["outcome"], "checking");
    let path = format!("/v1/checkouts/{}/refunds", refunded.opened.id);
    let order = json!({ "order_id": refunded.opened.order, "amount": 1_000, "reason": "scratch" });
    let asked = world.shop_call(CAMERA, "POST", &path).key(&key()).json(&order).send();
    assert!(matches!(asked.code, 200..=202), "{}", asked.body);

    let opened = opened_for(world).opened;
    let asked = (body, name, answer.json());
    InFlight {
        opened,
        asked,
        presented,
        away: (away, back),
        unknown,
        deposit,
        untold,
        refunded,
        held: (held, sku),
    }
}

fn finish(world: &World, flight: InFlight<'_>) -> Later {
    // The provider answers again, and the shop listens again.
    world.faults("tosspayments", &json!({}));
    world.fail_notices(0);

    let (body, name, before) = &flight.asked;
    let again = world.shop_call(CAMERA, "POST", "/v1/checkouts").key(name).json(body).send();
    assert_eq!(again.header("idempotency-replayed"), "true", "{}", again.body);
    assert_eq!((again.code, &again.json()["id"]), (201, &before["id"]));

    // A token of the one release is burnt by the other, once.
    let mut buyer = Buyer::of(world, &flight.opened);
    buyer.pay("toss_card", "redirect");
    buyer.until_paid();
    world.assert_paid_once(&flight.opened);
    buyer.key = key();
    buyer.post("toss_card", "redirect").refused(409, "token_replayed");

    let window = flight.presented.window();
    let back = flight.presented.press(&window, "approve").unwrap();
    flight.presented.come_back(&back);
    let (away, back) = &flight.away;
    away.come_back(back);
    world.deposit(&flight.deposit.request_id());
    let (held, sku) = &flight.held;
    let second = world.open_with(CAMERA, &world.order_body(sku, AMOUNT));
    let mut late = Buyer::of(world, &second);
    late.begin("toss_card", "redirect");
    assert_eq!(late.until_declined()["decline"]["code"], "sold_out", "I-8: one winner");
    held.come_back(&held.press(&held.window(), "approve").unwrap());
    flight.unknown.look();
    for buyer in [&flight.presented, away, &flight.deposit, held] {
        buyer.until_paid();
        world.assert_paid_once(&buyer.opened);
    }

    flight.unknown.until_paid();
    world.assert_paid_once(&flight.unknown.opened);
    Later { untold: flight.untold.opened, refunded: flight.refunded.opened }
}

/// What waits for a later try of its own. The local queue forgets when the runtime stops, which a
/// deployment's does not: the outbox sends again what the queue took and nobody confirmed.
fn finish_later(world: &World, waiting: Vec<Later>) {
    world.clock(5 * DAY);
    for later in waiting {
        world.assert_paid_once(&later.untold);
        until("the refund is done", || {
            (world.money(&later.refunded) == (AMOUNT, 1_000, 1)).then_some(())
        });
        world.until_notice(&later.refunded, "checkout.refunded");
    }
    world.clock(0);
}

#[test]
fn i9_payments_in_flight_survive_every_step_of_a_deployment_and_its_way_back() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let state = root.join(format!("../target/tmp/upgrade-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&state);
    std::fs::create_dir_all(&state).unwrap();
    let state = state.canonicalize().unwrap().display().to_string();
    let start = words(STAGES[0], &state);
    let world = World::start_with("upgrade", &start.iter().map(String::as_str).collect::<Vec<_>>());
    let mut flight = begin(&world);
    let mut waiting = Vec::new();
    for (n, stage) in STAGES.into_iter().enumerate().skip(1) {
        eprintln!("step {n}: {stage:?} (who answers, who owns)");
        let next = words(stage, &state);
        world.restart_with(&next.iter().map(String::as_str).collect::<Vec<_>>());
        waiting.push(finish(&world, flight));
        // The clock that tests move is one module's own: here, both are the same.
        if stage.0 == stage.1 {
            finish_later(&world, std::mem::take(&mut waiting));
        }
        flight = begin(&world);
    }
    drop(flight);
    let _ = std::fs::remove_dir_all(&state);
}
