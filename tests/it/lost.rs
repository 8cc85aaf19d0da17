//! What the runtime itself may lose: a caller in the middle of a call, an alarm, a run of the schedule, a
//! provider that does not answer anybody.

use std::io::Write as _;
use std::net::TcpStream;
use std::path::PathBuf;

use serde_json::json;

use crate::world::runtime::objects_opened;
use crate::world::{Buyer, CAMERA, World, alone, until};

#[test]
fn f10_i9_a_payment_goes_on_when_the_page_that_asked_is_gone() {
    let world = alone();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    let window = buyer.window();
    world.faults("tosspayments", &json!({ "slow_ms": 1_500, "webhook": "lost" }));
    assert!(buyer.press(&window, "approve").is_some(), "and the browser never follows");
    let before = world.heard(0).last().map_or(0, |entry| entry["n"].as_u64().unwrap());
    // The page asks, and is closed while the provider is being waited for.
    let address = world.edge.strip_prefix("http://").unwrap();
    let mut page = TcpStream::connect(address).unwrap();
    write!(
        page,
        "POST /v1/look HTTP/1.1\r\nhost: {address}\r\nauthorization: State {}.{}\r\norigin: {}\r\n\
         content-length: 0\r\n\r\n",
        opened.id, buyer.state, world.shop_origin
    )
    .unwrap();
    let request = buyer.request_id();
    until("the provider is asked", || {
        let heard = world.heard(before);
        heard.iter().any(|entry| entry["path"].to_string().contains(&request)).then_some(())
    });
    drop(page);
    let notice = world.until_notice(&opened, "checkout.paid");
    assert_eq!(notice["data"]["checkout"], opened.id.as_str());
    world.assert_paid_once(&opened);
}

#[test]
fn i16_f29_f50_a_run_of_the_schedule_finds_a_payment_whose_alarm_was_lost() {
    let state = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("lost-alarm");
    let _ = std::fs::remove_dir_all(&state);
    let words = ["--state", state.to_str().unwrap()];
    let world = World::start_with("lost-alarm", &words);
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    let window = buyer.window();
    world.faults("tosspayments", &json!({ "webhook": "lost" }));
    let _ = buyer.press(&window, "approve");
    world.restart_when(&words, || {
        // Where the local runtime keeps its alarms.
        let objects = state.join("do/hanbeon-CheckoutObject");
        for file in ["metadata.sqlite", "metadata.sqlite-shm", "metadata.sqlite-wal"] {
            let _ = std::fs::remove_file(objects.join(file));
        }
    });
    let shard = opened.id.split('_').nth(1).unwrap();
    let awake = || objects_opened("lost-alarm").iter().any(|name| name.contains(shard));
    assert!(!awake(), "nothing wakes its owner");
    assert!(world.notices(&opened).is_empty());
    world.scheduled();
    world.until_notice(&opened, "checkout.paid");
    world.assert_paid_once(&opened);
}

#[test]
fn f17_a_provider_that_answers_nobody_takes_no_new_buyers_and_those_who_are_there_get_through() {
    let world = alone();
    let mut there = Buyer::of(&world, &world.open(CAMERA, 31_000));
    there.begin("toss_card", "redirect");
    let window = there.window();
    let back = there.press(&window, "approve").unwrap();
    world.faults("tosspayments", &json!({ "errors_5xx": 1_000, "webhook": "lost" }));
    there.come_back(&back);
    // Its owner hears five times that nobody is there.
    until("the door is shut", || {
        there.look();
        let refused = newcomer(&world, &there).post("toss_card", "redirect");
        (refused.code == 503).then(|| {
            let wait: u64 = refused.header("retry-after").parse().unwrap();
            assert!((1..=30).contains(&wait), "{wait}");
            refused.refused(503, "provider_unavailable");
        })
    });
    let mut other = newcomer(&world, &there);
    other.begin("kb_kb_pay", "redirect");
    assert!(!other.url.is_empty(), "another channel's door is open");
    world.faults("tosspayments", &json!({}));
    there.until_paid();
    world.assert_paid_once(&there.opened);
    let mut late = newcomer(&world, &there);
    late.begin("toss_card", "redirect");
    assert!(!late.url.is_empty(), "one answer opens it");
}

/// A buyer whose checkout has the same owner as another's.
fn newcomer<'a>(world: &'a World, like: &Buyer<'_>) -> Buyer<'a> {
    let shard = |id: &str| id.split('_').nth(1).unwrap().to_owned();
    let same = (0..200).map(|_| world.open(CAMERA, 31_000));
    let opened = same.into_iter().find(|opened| shard(&opened.id) == shard(&like.opened.id));
    Buyer::of(world, &opened.unwrap())
}
