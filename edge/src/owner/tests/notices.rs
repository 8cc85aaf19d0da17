//! What becomes of notices, and dead ones that are replayed.

use super::*;
use crate::book::{self, Message};

/// A paid checkout, and the message of its notice as the queue has it.
fn told() -> (Bench, Page, String) {
    let (bench, page) = Bench::paid();
    let messages = bench.shelf.payloads();
    let paid = messages.into_iter().find(|text| text.contains("checkout.paid")).unwrap();
    (bench, page, paid)
}

fn read(message: &str) -> Message {
    json::read(message.as_bytes(), Limits::OURS, Message::of).unwrap()
}

fn dead(bench: &Bench, message: &str) {
    let Message { id, replays, .. } = read(message);
    let why = "http 500".to_owned();
    bench.run(Op::NoticeDead { notice: id, replays, why });
}

fn delivered(bench: &Bench, message: &str) {
    let Message { id, replays, .. } = read(message);
    bench.run(Op::NoticeDone { notice: id, replays });
}

#[test]
fn i14_what_is_done_all_at_once_is_out_no_more_and_the_rest_is() {
    let (bench, _, paid) = told();
    let all = bench.shelf.payloads();
    assert!(all.len() > 1, "{all:?}");
    let others = all.iter().filter(|message| **message != paid).map(|message| read(message).id);
    bench.run(Op::NoticesDone { notices: others.chain(["no id".to_owned()]).collect() });
    assert_eq!(bench.shelf.payloads(), [paid]);
}

fn replay(page: &Page, message: &str, replays: u32, key: &str) -> Replay {
    Replay {
        merchant: "m_camera".to_owned(),
        notice: read(message).id,
        checkout: page.checkout.clone(),
        replays,
        message: Some(message.to_owned()),
        key: key.to_owned(),
        fingerprint: "f1".to_owned(),
    }
}

/// Every message that the queue got about a notice.
fn sent(bench: &Bench, message: &str) -> Vec<Value> {
    let id = read(message).id;
    bench.sent.borrow().iter().filter(|sent| sent["id"] == id.as_str()).cloned().collect()
}

fn cases(bench: &Bench, page: &Page) -> Vec<String> {
    let cases = bench.read(page).body["cases"].clone();
    let code = |case: &Value| case["code"].as_str().unwrap().to_owned();
    cases.as_array().unwrap().iter().map(code).collect()
}

#[test]
fn i14_r53_a_replay_sends_the_same_notice_under_the_same_id() {
    let (bench, page, message) = told();
    dead(&bench, &message);
    assert_eq!(cases(&bench, &page), ["notice_undelivered"]);
    let version = bench.read(&page).body["version"].clone();
    let answer = bench.run(Op::Replay(replay(&page, &message, 1, KEYS[0])));
    assert_eq!((answer.http_status, &answer.body["replays"]), (200, &Value::from(1)));
    let sent = sent(&bench, &message);
    assert_eq!(sent.len(), 2, "once before its death, once more now");
    assert_eq!(sent[0]["notice"], sent[1]["notice"]);
    assert_eq!(sent[1]["replays"], 1);
    let again = book::again(&message, 1);
    delivered(&bench, &again);
    assert_eq!(cases(&bench, &page), [""; 0], "the shop has it: nobody has to look");
    assert_eq!(bench.read(&page).body["version"], version, "a notice is never older than a read");
    assert!(!bench.shelf.payloads().contains(&again), "the outbox lets it go");
}

#[test]
fn r53_two_replays_at_once_have_one_effect() {
    let (bench, page, message) = told();
    dead(&bench, &message);
    // Both have read the book before either came here; the keys differ.
    let first = bench.run(Op::Replay(replay(&page, &message, 1, KEYS[0])));
    let second = bench.run(Op::Replay(replay(&page, &message, 1, KEYS[1])));
    assert_eq!((second.http_status, &second.body), (200, &first.body));
    delivered(&bench, &book::again(&message, 1));
    let late = bench.run(Op::Replay(replay(&page, &message, 1, KEYS[2])));
    assert_eq!(late.body, first.body);
    let same_key = bench.run(Op::Replay(replay(&page, &message, 1, KEYS[0])));
    assert_eq!((&same_key.body, same_key.replayed), (&first.body, true));
    assert_eq!(sent(&bench, &message).len(), 2, "sent once more, not four times");
}

#[test]
fn r53_a_replay_that_dies_is_dead_again_and_can_be_replayed_again() {
    let (bench, page, message) = told();
    dead(&bench, &message);
    bench.run(Op::Replay(replay(&page, &message, 1, KEYS[0])));
    dead(&bench, &book::again(&message, 1));
    assert_eq!(cases(&bench, &page), ["notice_undelivered"], "one case a notice");
    let second = bench.run(Op::Replay(replay(&page, &message, 2, KEYS[1])));
    assert_eq!(second.body["replays"], 2);
    let sent = sent(&bench, &message);
    assert_eq!(sent.len(), 3);
    assert_eq!(sent[2]["replays"], 2);
}

#[test]
fn f48_the_end_of_a_letter_heard_twice_does_not_end_its_replay() {
    let (bench, page, message) = told();
    dead(&bench, &message);
    bench.run(Op::Replay(replay(&page, &message, 1, KEYS[0])));
    dead(&bench, &message);
    let again = book::again(&message, 1);
    assert!(bench.shelf.payloads().contains(&again), "still out, until it is confirmed");
    // The book knew of the death before the owner did, and the shop was quick.
    let (bench, page, message) = told();
    bench.run(Op::Replay(replay(&page, &message, 1, KEYS[0])));
    dead(&bench, &message);
    assert!(bench.shelf.payloads().contains(&again), "the replay goes on");
    assert_eq!(cases(&bench, &page), [""; 0]);
}

#[test]
fn i15_another_merchants_notice_does_not_exist() {
    let (bench, page, message) = told();
    dead(&bench, &message);
    let merchant = "m_books".to_owned();
    let foreign = Replay { merchant, ..replay(&page, &message, 1, KEYS[0]) };
    bench.run(Op::Replay(foreign)).refused(Code::NotFound);
    assert_eq!(sent(&bench, &message).len(), 1);
}

#[test]
fn f2_a_key_stands_for_one_replay() {
    let (bench, page, message) = told();
    dead(&bench, &message);
    bench.run(Op::Replay(replay(&page, &message, 1, KEYS[0])));
    let fingerprint = "f2".to_owned();
    let other = Replay { fingerprint, ..replay(&page, &message, 2, KEYS[0]) };
    bench.run(Op::Replay(other)).refused(Code::IdempotencyKeyReused);
}

#[test]
fn what_is_no_longer_dead_is_not_sent() {
    let (bench, page, message) = told();
    let late = Replay { message: None, ..replay(&page, &message, 1, KEYS[0]) };
    assert_eq!(bench.run(Op::Replay(late)).http_status, 200);
    assert_eq!(sent(&bench, &message).len(), 1);
}

#[test]
fn i14_f46_each_notice_says_a_higher_version_and_the_last_one_is_what_is_read() {
    let (bench, page) = Bench::paid();
    bench.say([Said(AskKind::Cancel, 200, toss!("canceled"))]);
    bench.refund(&page, KEYS[1], r#"{"order_id":"o-1","reason":"returned"}"#);
    let sent = bench.sent.borrow();
    let notices = sent.iter().filter_map(|message| message["notice"].as_str());
    let version = |notice: &str| -> u64 {
        let notice: Value = serde_json::from_str(notice).unwrap();
        notice["data"]["version"].as_u64().unwrap()
    };
    let versions: Vec<u64> = notices.map(version).collect();
    assert_eq!(bench.told(), ["checkout.paid", "checkout.refunded"]);
    assert!(versions.is_sorted_by(|one, next| one < next), "{versions:?}");
    assert!(versions[1] <= bench.record(&page).payment.version);
}

#[test]
fn f54_a_message_of_the_release_before_counts_no_replay() {
    let (_, _, message) = told();
    assert!(!message.contains("replays"));
    assert_eq!(read(&message).replays, 0);
    let again = read(&book::again(&message, 7));
    assert_eq!((again.replays, again.notice), (7, read(&message).notice));
}

#[test]
fn f25_i14_a_notice_that_was_marked_and_not_sent_leaves_minutes_later_and_not_days() {
    let bench = Bench::new();
    let opened = bench.open().text("/id");
    let id = CheckoutId::parse(&opened).unwrap();
    // The object dies after the mark was stored, and before the queue heard of it.
    let errands = bench.desk().errands(id).unwrap().0;
    assert!(matches!(errands.as_slice(), [Errand::Queue(_)]), "{errands:?}");
    let due = bench.shelf.next_due().unwrap().unwrap();
    assert!(due <= T.after(Span::minutes(2)), "{due}");
    bench.now.set(due);
    bench.drive(id);
    assert_eq!(bench.sent.borrow().len(), 1);
    bench.wait(Span::hours(24 * 3));
    bench.drive(id);
    let same = bench.sent.borrow().iter().filter(|sent| sent["notice"].is_null()).count();
    assert_eq!(same, 1, "what the queue took has the time of its whole plan");
}
