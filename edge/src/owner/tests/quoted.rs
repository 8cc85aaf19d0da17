//! Checkouts that come into being when a quote's token is consumed.

use super::*;
use crate::quote;
use crate::quote::tests::{content, signed};

const ORIGIN: Option<&str> = Some("http://shop.localhost:4410");

impl Bench {
    fn exchange(&self, content: &Value) -> Heard {
        let body = serde_json::json!({"quote": signed(content)}).to_string();
        let now = self.now.get();
        let answer = quote::exchange(&body, &self.config, ORIGIN, now, self.bits.as_ref()).unwrap();
        let body = serde_json::from_str(&answer).unwrap();
        Heard { http_status: 200, replayed: false, body }
    }

    fn quote(&self, usage: &str) -> Heard {
        self.exchange(&content(T, usage))
    }

    fn session(&self, quoted: &Heard) -> Heard {
        let caller = Caller::Token(self.claims(&quoted.text("/token")));
        self.run(Op::Session { caller, device: "pc".to_owned() })
    }

    fn consume(&self, quoted: &Heard, key: &str) -> Heard {
        self.post(&quoted.text("/token"), key, None, "toss_card")
    }

    fn stored(&self, quoted: &Heard) -> Option<Record> {
        self.shelf.record(CheckoutId::parse(&quoted.text("/checkout")).unwrap()).unwrap()
    }

    /// The attempt ends without money.
    fn decline(&self, begun: &Heard) {
        self.say([
            Said(AskKind::LookUp, 404, toss!("error_not_found_payment")),
            Said(AskKind::LookUp, 404, toss!("error_not_found_payment")),
        ]);
        let (page, attempt) = (page(begun), begun.text("/attempt"));
        let body = format!(r#"{{"attempt":"{attempt}"}}"#);
        self.wait(Span::seconds(1));
        self.run(Op::Abandon { checkout: page.checkout.clone(), state: page.state.clone(), body });
        let status = self.status(&page);
        assert_eq!(status.body["can_retry"], true, "{status:?}");
        self.script.borrow_mut().clear();
    }
}

#[test]
fn the_exchange_and_the_session_store_nothing() {
    let bench = Bench::new();
    let quoted = bench.quote("once");
    let session = bench.session(&quoted);
    assert_eq!((session.http_status, &session.body["amount"]), (200, &Value::from(31_000)));
    assert_eq!(session.text("/label"), "Fujifilm X100V");
    assert_eq!(bench.stored(&quoted), None);
    assert_eq!(bench.shelf.payloads(), [""; 0]);
    assert_eq!(bench.consume(&quoted, KEYS[0]).http_status, 201);
    let record = bench.stored(&quoted).unwrap();
    assert_eq!(record.checkout.orders[0].id.as_str(), "poster");
    assert_eq!(record.checkout.amount.minor(), 31_000);
    // The shop's list learns of it when its payment is looked at for the first time.
    let (id, at) = (record.checkout.id, record.checkout.created_at.after(LISTED_AFTER));
    assert_eq!(bench.shelf.payloads(), [""; 0]);
    assert_eq!(bench.shelf.next_due().unwrap(), Some(at));
    bench.wait(LISTED_AFTER);
    bench.drive(id);
    bench.drive(id);
    let sent = bench.sent.borrow();
    assert_eq!((sent.len(), &sent[0]["listed"]["standing"]), (1, &Value::from("open")), "{sent:?}");
    assert!(bench.shelf.next_due().unwrap() > Some(at));
}

#[test]
fn i14_who_pays_at_once_is_listed_by_what_was_paid() {
    let bench = Bench::new();
    let quoted = bench.quote("once");
    let page = page(&bench.consume(&quoted, KEYS[0]));
    bench.say([
        Said(AskKind::LookUp, 200, toss!("in_progress")),
        Said(AskKind::Capture, 200, toss!("done")),
    ]);
    assert_eq!(bench.look(&page).text("/outcome"), "paid");
    let told = |sent: &[Value]| sent.iter().all(|letter| letter["listed"]["standing"] == "paid");
    let before = bench.sent.borrow().len();
    assert!(before > 0 && told(&bench.sent.borrow()), "{:?}", bench.sent);
    bench.wait(LISTED_AFTER);
    bench.drive(bench.stored(&quoted).unwrap().checkout.id);
    assert_eq!(bench.sent.borrow().len(), before);
}

#[test]
fn i7_a_quote_s_token_works_once_and_the_same_post_again_is_the_same_attempt() {
    let bench = Bench::new();
    let quoted = bench.quote("many");
    let first = bench.consume(&quoted, KEYS[0]);
    let again = bench.consume(&quoted, KEYS[0]);
    assert_eq!((again.http_status, again.text("/attempt")), (200, first.text("/attempt")));
    assert_eq!(again.text("/state_key"), first.text("/state_key"));
    bench.consume(&quoted, KEYS[1]).refused(Code::TokenReplayed);
    bench.decline(&first);
    bench.consume(&quoted, KEYS[1]).refused(Code::TokenReplayed);
}

#[test]
fn once_meets_the_same_checkout_whoever_comes_second() {
    let bench = Bench::new();
    let [first, second, third] = [0, 1, 2].map(|_| bench.quote("once"));
    assert_eq!(first.text("/checkout"), second.text("/checkout"));
    let begun = bench.consume(&first, KEYS[0]);
    assert_eq!(begun.http_status, 201);
    assert_eq!(bench.session(&second).http_status, 200, "the page shows what it sells");
    bench.consume(&second, KEYS[1]).refused(Code::AttemptOpen);
    bench.decline(&begun);
    // The buyer goes on in another browser, with the token that was refused before.
    let begun = bench.consume(&second, KEYS[1]);
    assert_eq!(begun.http_status, 201, "{begun:?}");
    bench.say([
        Said(AskKind::LookUp, 200, toss!("in_progress")),
        Said(AskKind::Capture, 200, toss!("done")),
    ]);
    assert_eq!(bench.look(&page(&begun)).text("/outcome"), "paid");
    bench.consume(&third, KEYS[2]).refused(Code::CheckoutPaid);
    assert_eq!(bench.shelf.attempts(), 2);
}

#[test]
fn many_is_an_order_for_each() {
    let bench = Bench::new();
    let orders: Vec<String> = KEYS
        .map(|key| {
            let quoted = bench.quote("many");
            assert_eq!(bench.consume(&quoted, key).http_status, 201);
            bench.stored(&quoted).unwrap().checkout.orders[0].id.to_string()
        })
        .into();
    assert!(orders.iter().all(|order| order.starts_with("poster.")), "{orders:?}");
    assert!(orders[0] != orders[1] && orders[1] != orders[2] && orders[0] != orders[2]);
}

#[test]
fn i2_another_price_under_the_same_id_is_a_conflict() {
    let bench = Bench::new();
    bench.consume(&bench.quote("once"), KEYS[0]);
    let mut cheaper = content(T, "once");
    cheaper["lines"][0]["unit_amount"] = 100.into();
    cheaper["amount"] = 100.into();
    let cheaper = bench.exchange(&cheaper);
    bench.consume(&cheaper, KEYS[1]).refused(Code::OrderIdConflict);
    bench.session(&cheaper).refused(Code::OrderIdConflict);
}

#[test]
fn i20_a_refused_first_attempt_leaves_no_checkout() {
    let bench = Bench::new();
    let quoted = bench.quote("once");
    let wrong = bench.post(&quoted.text("/token"), KEYS[0], None, "toss_bitcoin");
    wrong.refused(Code::MethodUnavailable);
    assert_eq!((bench.stored(&quoted), bench.shelf.attempts()), (None, 0));
    assert_eq!(bench.consume(&quoted, KEYS[0]).http_status, 201, "the token is not burnt");
}

#[test]
fn r11_one_visitor_cannot_hold_the_last_piece_again_and_again() {
    let bench = Bench::new();
    bench.units(1);
    let mut held = 0;
    let mut next = bench.quote("many");
    for n in 0..12 {
        bench.wait(Span::minutes(16));
        // Further cards on one checkout count like further checkouts.
        if n % 2 == 0 {
            next = bench.exchange(&content(bench.now.get(), "many"));
        }
        let begun = bench.consume(&next, &format!("{}{n}", KEYS[0]));
        if begun.http_status != 201 {
            begun.refused(Code::VelocityLimited);
            continue;
        }
        held += 1;
        bench.decline(&begun);
        let token = bench.status(&page(&begun)).text("/token");
        next.body["token"] = token.into();
    }
    assert_eq!(held, 8, "then no more today");
    bench.wait(Span::hours(24));
    let tomorrow = bench.exchange(&content(bench.now.get(), "many"));
    assert_eq!(bench.consume(&tomorrow, KEYS[1]).http_status, 201);
}

#[test]
fn a_quote_for_one_stays_open_as_long_as_it_is_offered() {
    let bench = Bench::new();
    let mut week = content(T, "once");
    week["exp"] = (T.as_seconds() + 3 * 86_400).into();
    let quoted = bench.exchange(&week);
    bench.consume(&quoted, KEYS[0]);
    let record = bench.stored(&quoted).unwrap();
    assert_eq!(record.checkout.expires_at, T.after(Span::hours(72)));
}

#[test]
fn a_quote_that_ended_meanwhile_buys_nothing() {
    let bench = Bench::new();
    let quoted = bench.quote("once");
    let claims = bench.claims(&quoted.text("/token"));
    bench.wait(Span::hours(1));
    let (key, address) = (KEYS[0].to_owned(), String::new());
    let body = begin_body("toss_card");
    let begun = bench.run(Op::Begin { claims, state: None, key, address, body });
    begun.refused(Code::QuoteExpired);
    assert_eq!(bench.stored(&quoted), None);
}
