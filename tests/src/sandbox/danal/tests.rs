//! The engine as a merchant, its buyer and the buyer's phone meet it: over its own wire.

use std::collections::BTreeSet;

use super::otp::TRIES_MAX;
use super::subscriber::CEILING_KRW;
use super::*;
use crate::sandbox::dice::Dice;
use crate::sandbox::faults::{Faults, Remains};
use crate::sandbox::form::{Fields, encoded};
use crate::sandbox::outbox::Outbox;
use crate::sandbox::{Method, Sandbox};

const ORDER: &str = "hb-g1s03-00112233445566778899aabbccddeeff";
const WHO: [(&str, &str); 2] = [("ID", "9810030929"), ("PWD", "dnl-demo-1")];
const PHONE: &str = "01012345678";
/// Saturday, 21 November 2026, 12:00 in Seoul.
const NOON: i64 = 1_795_230_000_000;
/// The last second of November in Seoul.
const MONTH_END: i64 = 1_796_050_799_000;

type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// A merchant, its buyer and the sandbox, at a time that only moves when told.
struct Scene {
    sandbox: Sandbox,
    now: i64,
    session: String,
}

fn form(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = pairs.iter().map(|(n, v)| format!("{n}={}", encoded(v))).collect();
    pairs.join("&")
}

fn text(response: &Response) -> String {
    String::from_utf8(response.body.clone()).unwrap()
}

/// What the page's phone shows.
fn message(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("인증번호 <b>")?;
    rest.split('<').next().map(ToOwned::to_owned)
}

impl Scene {
    fn new(now: i64) -> Self {
        Self { sandbox: Sandbox::demo("http://edge"), now, session: String::new() }
    }

    fn send(&mut self, path: &str, pairs: &[(&str, &str)]) -> Response {
        let request = Request::new(Method::Post, &format!("/danal{path}"), form(pairs));
        self.sandbox.handle(&request, self.now, self.now.cast_unsigned())
    }

    fn command(&mut self, pairs: &[(&str, &str)]) -> Fields {
        let response = self.send("/teledit", pairs);
        assert_eq!(response.status, 200);
        Fields::parse(&text(&response))
    }

    fn announce(&mut self, order: &str, amount: u64) -> Fields {
        let item = format!("1|{amount}|1|1270000000|Film");
        let mut pairs: Pairs<'_> = vec![
            ("Command", "ITEMSEND2"),
            ("SERVICE", "TELEDIT"),
            ("ItemCount", "1"),
            ("ItemType", "Amount"),
            ("ItemInfo", &item),
            ("USERID", "u-1"),
            ("ORDERID", order),
        ];
        pairs.extend(WHO);
        let said = self.command(&pairs);
        said.text("ServerInfo").clone_into(&mut self.session);
        said
    }

    fn open(&mut self, amount: u64) -> Response {
        let (session, amount) = (self.session.clone(), amount.to_string());
        self.send(
            "/Danal/Teledit/Web/Start.php",
            &[
                ("ServerInfo", &session),
                ("CPName", "a"),
                ("ItemName", "Film"),
                ("ItemAmt", &amount),
                ("TargetURL", "http://edge/r/1"),
                ("BackURL", "http://edge/r/1?danal=back"),
            ],
        )
    }

    fn press(&mut self, action: &str, more: &[(&str, &str)]) -> Response {
        let session = self.session.clone();
        let mut pairs: Pairs<'_> = vec![("ServerInfo", &session), ("action", action)];
        pairs.extend(more);
        self.send("/window/act", &pairs)
    }

    fn person(&mut self, phone: &str, line: &str) -> Response {
        self.press(
            "approve",
            &[
                ("page", "person"),
                ("carrier", "SKT"),
                ("phone", phone),
                ("birth", "900101"),
                ("sex", "1"),
                ("line", line),
            ],
        )
    }

    fn number(&mut self, typed: &str) -> Response {
        self.press("approve", &[("page", "number"), ("otp", typed)])
    }

    /// Up to the message; its number.
    fn messaged(&mut self, order: &str, amount: u64, phone: &str) -> String {
        assert_eq!(self.announce(order, amount).text("Result"), "0");
        assert_eq!(self.open(amount).status, 200);
        message(&text(&self.person(phone, "own"))).expect("a message")
    }

    fn confirmed(now: i64) -> Self {
        let mut scene = Self::new(now);
        let number = scene.messaged(ORDER, 31_000, PHONE);
        assert!(text(&scene.number(&number)).contains("id=\"back\""));
        scene
    }

    fn billed(now: i64) -> Self {
        let mut scene = Self::confirmed(now);
        assert_eq!(scene.bill().text("Result"), "0");
        scene
    }

    fn confirm(&mut self) -> Fields {
        let session = self.session.clone();
        self.command(&[("Command", "NCONFIRM"), ("ServerInfo", &session), ("ConfirmOption", "0")])
    }

    fn bill(&mut self) -> Fields {
        let session = self.session.clone();
        self.command(&[("Command", "NBILL"), ("ServerInfo", &session), ("BillOption", "0")])
    }

    fn give_back(&mut self, command: &str) -> Fields {
        let tid = self.line().provider_payment_id.unwrap();
        let mut pairs: Pairs<'_> = vec![("Command", command), ("TID", &tid), ("AMOUNT", "31000")];
        pairs.extend(WHO);
        self.command(&pairs)
    }

    fn line(&self) -> BookLine {
        self.sandbox.books().pop().unwrap()
    }
}

#[test]
fn r65_merchant_then_buyer_then_message_then_its_check_then_the_bill() {
    let mut scene = Scene::new(NOON);
    let wrong = [("Command", "ITEMSEND2"), ("ID", "9810030929"), ("PWD", "guess")];
    assert_eq!(scene.command(&wrong).text("Result"), "1001");
    assert!(scene.sandbox.books().is_empty());
    let number = scene.messaged(ORDER, 31_000, PHONE);
    assert_eq!(number.len(), 6);
    assert_eq!(scene.confirm().text("Result"), "2002", "nothing to bill yet");
    assert_eq!(scene.bill().text("Result"), "2002");
    let back = text(&scene.number(&number));
    assert!(back.contains("action=\"http://edge/r/1\"") && back.contains("name=\"ItemAmt\""));
    let seen = scene.confirm();
    let named = [("CPID", "9810030929"), ("AMOUNT", "31000"), ("ORDERID", ORDER), ("DATE", "")];
    assert!(named.iter().all(|(name, value)| seen.text(name) == *value), "{seen:?}");
    assert_eq!(seen.text("TID").len(), 18);
    assert_eq!(scene.line().captured, 0);
    let bill = scene.bill();
    assert_eq!((bill.text("TID"), bill.text("ORDERID")), (seen.text("TID"), ORDER));
    assert_eq!(bill.text("DNTID"), format!("2026{}", seen.text("TID")));
    assert_eq!((scene.line().captured, scene.line().captures), (31_000, 1));
    assert_eq!(scene.bill().text("Result"), "2009", "once");
    assert_eq!(scene.line().captures, 1);
    assert_eq!(scene.confirm().text("DATE"), "20261121120000");
}

#[test]
fn danal_compares_merchant_and_amount_when_it_is_told_to() {
    let mut scene = Scene::confirmed(NOON);
    let session = scene.session.clone();
    for (id, amount, result) in [
        ("9810030929", "31000", "0"),
        ("9810030929", "30999", "2008"),
        ("9810030928", "31000", "2008"),
    ] {
        let said = scene.command(&[
            ("Command", "NCONFIRM"),
            ("ServerInfo", &session),
            ("ConfirmOption", "1"),
            ("CPID", id),
            ("AMOUNT", amount),
        ]);
        assert_eq!(said.text("Result"), result);
    }
}

#[test]
fn amounts_have_a_floor_and_six_digits_and_an_order_has_one() {
    let mut scene = Scene::new(NOON);
    for (amount, result) in [(300, "51"), (301, "0"), (999_999, "0"), (1_000_000, "9001")] {
        assert_eq!(scene.announce(&format!("o-{amount}"), amount).text("Result"), result);
    }
    let first = scene.announce(ORDER, 31_000).text("ServerInfo").to_owned();
    assert_eq!(scene.announce(ORDER, 31_000).text("ServerInfo"), first, "asked again");
    assert_eq!(scene.announce(ORDER, 30_000).text("Result"), "2008");
}

#[test]
fn r65_who_the_carrier_does_not_know_gets_no_message() {
    for (line, result) in [("barred", "2004"), ("spent", "2006")] {
        let mut scene = Scene::new(NOON);
        scene.announce(ORDER, 31_000);
        scene.open(31_000);
        let left = scene.person(PHONE, line);
        assert_eq!(left.header("location"), Some("http://edge/r/1?danal=back"));
        assert_eq!(scene.confirm().text("Result"), result);
        assert_eq!(scene.bill().text("Result"), result);
    }
    let mut scene = Scene::new(NOON);
    scene.announce(ORDER, 31_000);
    scene.open(31_000);
    for phone in ["", "0212345678", "010", "hello"] {
        let page = text(&scene.person(phone, "own"));
        assert!(page.contains("role=\"alert\"") && message(&page).is_none(), "{phone}");
    }
    let jumped = scene.press("resend", &[("page", "number")]);
    assert_eq!(jumped.status, 400, "no message before the person");
}

#[test]
fn r68_a_number_tried_too_often_ends_the_payment_and_the_right_one_is_no_help() {
    let mut scene = Scene::new(NOON);
    let number = scene.messaged(ORDER, 31_000, PHONE);
    let other = if number == "000000" { "111111" } else { "000000" };
    for left in (1..TRIES_MAX).rev() {
        let page = text(&scene.number(other));
        assert!(page.contains(&format!("{left}번 남았습니다")) && message(&page).is_none());
    }
    let left = scene.number(other);
    assert_eq!(left.header("location"), Some("http://edge/r/1?danal=back"));
    assert_eq!(scene.number(&number).status, 303);
    assert_eq!(scene.confirm().text("Result"), "2005");
    assert_eq!(scene.bill().text("Result"), "2005");
    assert_eq!((scene.line().status, scene.line().captured), ("FAILED", 0));
}

#[test]
fn r68_no_number_phone_or_password_is_in_the_journal_the_books_or_what_is_printed() {
    let mut scene = Scene::new(NOON);
    let first = scene.messaged(ORDER, 31_000, PHONE);
    let second = message(&text(&scene.press("resend", &[("page", "number")]))).unwrap();
    scene.number("987654");
    scene.number(&second);
    scene.bill();
    scene.give_back("BILL_CANCEL");
    let journal = Request::new(Method::Get, "/control/journal", "");
    let journal = text(&scene.sandbox.handle(&journal, scene.now, 1));
    assert!(journal.contains("/danal/window/act"), "it has everything else");
    let printed = format!("{:?} {:?}", scene.sandbox, scene.sandbox.books());
    // The journal is part of what is printed; a time of day may look like a number.
    for secret in [&*first, &*second, "987654", PHONE, "900101", "dnl-demo-1"] {
        assert!(!journal.contains(secret) && !printed.contains(secret), "{secret}");
    }
}

#[test]
fn two_numbers_in_a_row_are_different_and_a_phone_gets_its_own() {
    let mut numbers = BTreeSet::new();
    for n in 0..20 {
        let mut scene = Scene::new(NOON + n);
        numbers.insert(scene.messaged(&format!("o-{n}"), 31_000, PHONE));
        numbers.insert(message(&text(&scene.press("resend", &[("page", "number")]))).unwrap());
    }
    assert!(numbers.len() > 15, "{numbers:?}");
}

#[test]
fn r67_a_session_ends_by_the_contract_and_the_record_stays_whatever_came_of_it() {
    let mut scene = Scene::billed(NOON);
    let mut failed = Scene::new(NOON);
    failed.announce(ORDER, 31_000);
    failed.open(31_000);
    failed.press("cancel", &[("page", "person")]);
    scene.now += merchant::SESSION_LIFE_MS - 1;
    assert_eq!(scene.confirm().text("Result"), "0");
    scene.now += 1;
    failed.now = scene.now;
    assert_eq!((scene.confirm().text("Result"), failed.confirm().text("Result")), ("2001", "2001"));
    assert_eq!((scene.line().status, scene.line().captured), ("BILLED", 31_000));
    assert_eq!((failed.line().status, failed.line().captured), ("FAILED", 0));
    assert_eq!(scene.give_back("BILL_CANCEL").text("Result"), "0", "the bill is not the session");
}

#[test]
fn r67_the_time_that_a_session_is_kept_is_a_setting() {
    let mut engine = Engine::demo("http://edge");
    engine.merchants[0].session_life_ms = 5 * MINUTE_MS;
    let mut faults = Faults::default();
    let mut outbox = Outbox::default();
    let item = "1|31000|1|1270000000|Film";
    let mut pairs: Pairs<'_> = vec![
        ("Command", "ITEMSEND2"),
        ("SERVICE", "TELEDIT"),
        ("ItemCount", "1"),
        ("ItemType", "Amount"),
        ("ItemInfo", item),
        ("USERID", "u-1"),
        ("ORDERID", ORDER),
    ];
    pairs.extend(WHO);
    let request = Request::new(Method::Post, "/danal/teledit", form(&pairs));
    for (after, sessions) in [(0, 1), (5 * MINUTE_MS - 1, 1), (5 * MINUTE_MS, 0)] {
        let dice = Dice::new(1, 1);
        let now = NOON + after;
        let mut turn = Turn { now, dice, faults: &mut faults, outbox: &mut outbox };
        if after == 0 {
            engine.handle("/teledit", &request, &mut turn);
        }
        engine.wake(&mut turn);
        assert_eq!((engine.sessions.len(), engine.deals.len()), (sessions, 1));
    }
}

#[test]
fn r66_a_cancel_in_the_month_and_a_refund_from_the_next_each_at_its_door_alone() {
    let mut scene = Scene::billed(MONTH_END);
    assert_eq!(scene.give_back("BILL_REFUND").text("Result"), "3003");
    assert_eq!(scene.give_back("BILL_CANCEL").text("Result"), "0");
    assert_eq!((scene.line().status, scene.line().refunded), ("CANCELLED", 31_000));
    assert_eq!(scene.give_back("BILL_CANCEL").text("Result"), "3001", "once");
    assert_eq!(scene.confirm().text("CANCELDATE"), "20261130235959");
    let mut scene = Scene::billed(MONTH_END);
    scene.now += 1_000;
    assert_eq!(scene.give_back("BILL_CANCEL").text("Result"), "3002");
    assert_eq!(scene.line().refunded, 0);
    assert_eq!(scene.give_back("BILL_REFUND").text("Result"), "0");
    assert_eq!((scene.line().status, scene.line().refunded), ("REFUNDED", 31_000));
    assert_eq!(scene.give_back("BILL_REFUND").text("Result"), "3001", "once");
    let mut scene = Scene::confirmed(NOON);
    assert_eq!(scene.give_back("BILL_CANCEL").text("Result"), "3004");
}

#[test]
fn r10_a_phone_s_month_has_a_ceiling_that_counts_what_stands_on_the_bill() {
    let mut scene = Scene::new(NOON);
    let pay = |scene: &mut Scene, order: &str, amount: u64| {
        let number = scene.messaged(order, amount, PHONE);
        scene.number(&number);
        scene.bill().text("Result").to_owned()
    };
    assert_eq!(pay(&mut scene, "o-1", 999_000), "0");
    assert_eq!(pay(&mut scene, "o-2", CEILING_KRW - 999_000), "0", "to the last won");
    scene.announce("o-3", 301);
    scene.open(301);
    assert_eq!(scene.person(PHONE, "own").status, 303);
    assert_eq!(scene.confirm().text("Result"), "2006");
    assert_eq!(scene.person("01099998888", "own").status, 303, "it is over for this transaction");
    // Another phone has a month of its own, and this one another in December.
    scene.announce("o-4", 301);
    scene.open(301);
    assert!(message(&text(&scene.person("01099998888", "own"))).is_some());
    scene.now = MONTH_END + 1_000;
    assert_eq!(pay(&mut scene, "o-5", 999_000), "0");
}

#[test]
fn r10_two_payments_that_each_fit_do_not_fit_together() {
    let mut scene = Scene::new(NOON);
    let first = scene.messaged("o-1", 600_000, PHONE);
    let first_session = scene.session.clone();
    let second = scene.messaged("o-2", 600_000, PHONE);
    scene.number(&second);
    assert_eq!(scene.bill().text("Result"), "0");
    scene.session = first_session;
    scene.number(&first);
    assert_eq!(scene.bill().text("Result"), "2006");
    assert_eq!(scene.bill().text("Result"), "2006");
    let captured: u64 = scene.sandbox.books().iter().map(|line| line.captured).sum();
    assert_eq!(captured, 600_000);
}

#[test]
fn windows_and_what_was_confirmed_run_out_of_time() {
    let mut scene = Scene::new(NOON);
    let number = scene.messaged(ORDER, 31_000, PHONE);
    scene.now += WINDOW_MS;
    assert_eq!(scene.number(&number).status, 303);
    assert_eq!(scene.confirm().text("Result"), "2007");
    let mut scene = Scene::confirmed(NOON);
    scene.now += BILL_MS;
    assert_eq!(scene.bill().text("Result"), "2007");
}

#[test]
fn a_form_that_was_changed_on_its_way_opens_nothing() {
    let mut scene = Scene::new(NOON);
    scene.announce(ORDER, 31_000);
    assert_eq!(scene.open(30_000).status, 400, "another amount");
    scene.session = "guess".to_owned();
    assert_eq!(scene.open(31_000).status, 400);
    assert_eq!(scene.press("approve", &[]).status, 400);
}

#[test]
fn bad_days_are_had_after_the_money_moved() {
    let mut scene = Scene::confirmed(NOON);
    let lossy = Faults {
        answer_lost_after_capture: true,
        answer_lost_after_refund: true,
        answer_lost_as: Remains::Html,
        wrong_amount: Some(9_999),
        ..Faults::default()
    };
    scene.sandbox.set_faults("danal", lossy).unwrap();
    let session = scene.session.clone();
    let bill = [("Command", "NBILL"), ("ServerInfo", &*session)];
    assert_eq!(scene.send("/teledit", &bill).status, 504);
    assert_eq!((scene.line().captured, scene.line().captures), (9_999, 1));
    assert_eq!(scene.confirm().text("AMOUNT"), "9999");
    let tid = scene.line().provider_payment_id.unwrap();
    let back = [("Command", "BILL_CANCEL"), ("TID", &*tid), WHO[0], WHO[1]];
    assert_eq!(scene.send("/teledit", &back).status, 504);
    assert_eq!(scene.line().refunded, 9_999);
}
