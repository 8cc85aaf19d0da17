//! The face of every state against the golden one: what a buyer reads, in every language.

use shared::money::{Amount, Currency};

use super::*;
use crate::flow::{Blank, Intent, State};
use crate::record::{
    DeclineCode, Deposit, Means, Method, Outcome, Phase, Session, Status, Unavailable,
};
use crate::text::tests::{all, text};

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/face.txt");

fn session() -> Session {
    let method = |id: &str, kind, unavailable| Method {
        id: id.to_owned(),
        kind,
        presentations: vec![Presentation::Iframe, Presentation::Popup],
        unavailable,
    };
    Session {
        checkout: "chk_1".to_owned(),
        amount: Amount::from_minor(31_000, Currency::Krw).unwrap(),
        label: "Fujifilm X100V".to_owned(),
        merchant: "당근카메라".to_owned(),
        merchant_en: "Danggeun Camera".to_owned(),
        test_mode: true,
        methods: vec![
            method("toss_card", Means::Card, None),
            method("toss_phone", Means::Phone, Some(Unavailable::AboveMaximum)),
        ],
        status: None,
    }
}

fn status(phase: Phase) -> Status {
    Status {
        version: 3,
        phase,
        outcome: if phase == Phase::Paid {
            Outcome::Paid
        } else if matches!(phase, Phase::Presented | Phase::Checking | Phase::Review) {
            Outcome::Checking
        } else {
            Outcome::NotPaid
        },
        attempt: Some("att_1".to_owned()),
        decline: None,
        token: Some("fresh".to_owned()),
        deposit: Some(Deposit {
            bank: "KB".to_owned(),
            account: "X123-45".to_owned(),
            holder: "Danggeun".to_owned(),
            until: "2026-11-23T14:59:00Z".to_owned(),
        }),
        paid_at: None,
        poll_after_ms: 0,
        link: Some("https://pay.example.com/p/chk_1.ff".to_owned()),
    }
}

fn flow(state: State, phase: Option<Phase>) -> Flow {
    let (mut flow, _) = Flow::start(Some("t".to_owned()), None, false);
    if !matches!(state, State::Loading { .. } | State::Unreachable) {
        flow.session = Some(session());
        flow.chosen = Some("toss_card".to_owned());
    }
    flow.status = phase.map(status);
    flow.memory.intent = Some(intent());
    flow.state = state;
    flow
}

fn intent() -> Intent {
    Intent {
        key: "k".to_owned(),
        method: "toss_card".to_owned(),
        rung: Presentation::Popup,
        token: "t".to_owned(),
    }
}

/// One flow for each state, and for each shade of a state that is told apart.
fn flows() -> Vec<(String, Flow)> {
    let mut flows = Vec::new();
    let mut add =
        |name: &str, state: State, phase| flows.push((name.to_owned(), flow(state, phase)));
    let presented = Some(Phase::Presented);
    add("Loading", State::Loading { pressed: false }, None);
    add("Unreachable", State::Unreachable, None);
    add("Choosing", State::Choosing { notice: None }, None);
    for code in [
        "sold_out_or_held",
        "method_unavailable",
        "hold_limit",
        "velocity_limited",
        "provider_unavailable",
        "x",
    ] {
        let notice = Some(code.to_owned());
        add(&format!("Choosing after {code}"), State::Choosing { notice }, None);
    }
    add("Opening", State::Opening { intent: intent(), blank: Blank::Open }, None);
    add("Failed", State::Failed { intent: intent() }, None);
    add("Away", State::Away, presented);
    for next in [Presentation::Iframe, Presentation::Popup, Presentation::Redirect] {
        add(&format!("Blocked before {}", next.code()), State::Blocked { next }, presented);
    }
    add("Climbing", State::Climbing { blank: Blank::Open }, presented);
    add("Interrupted", State::Interrupted, presented);
    add("Confirming", State::Confirming { asked: 0, patience: 1 }, Some(Phase::Checking));
    add("Confirming long", State::Confirming { asked: 9, patience: 1 }, Some(Phase::Checking));
    add("Viewer", State::Viewer, presented);
    add("Deposit", State::Deposit, Some(Phase::AwaitingDeposit));
    add("Review", State::Review, Some(Phase::Review));
    add("Paid", State::Paid, Some(Phase::Paid));
    add("Cancelled", State::Cancelled, Some(Phase::Cancelled));
    add("Expired", State::Expired, Some(Phase::Expired));
    add("Refunded", State::Refunded, Some(Phase::Refunded));
    for code in [
        "token_expired",
        "token_replayed",
        "token_missing",
        "checkout_paid",
        "checkout_closed",
        "unauthorized",
    ] {
        add(&format!("Refused for {code}"), State::Refused { code: code.to_owned() }, None);
    }
    for code in DeclineCode::ALL {
        let mut declined = flow(State::Declined, Some(Phase::Open));
        if let Some(status) = &mut declined.status {
            status.decline = Some(code);
        }
        flows.push((format!("Declined for {}", code.code()), declined));
    }
    flows
}

fn drawn(flow: &Flow, text: &Text) -> Piece {
    let desk = Desk {
        text,
        amount: if flow.session.is_some() { "₩31,000" } else { "" },
        paid_at: "11:59",
        until: "23:59",
    };
    face(&desk, flow)
}

/// What is read aloud, line by line, with the name of what can be acted on.
fn read(piece: &Piece, depth: usize, out: &mut String) {
    let label = piece.get("aria-label").unwrap_or_default();
    let name = piece.get("data-testid").map(|name| format!("[{name}] ")).unwrap_or_default();
    let chosen = if piece.checked == Some(true) { "(x) " } else { "" };
    let off = if piece.get("disabled").is_some() { "(off) " } else { "" };
    if !(piece.words.is_empty() && label.is_empty() && name.is_empty()) {
        let line = format!("{name}{chosen}{off}{label}{}", piece.words);
        out.push_str(&format!("{}{}\n", "  ".repeat(depth), line.trim_end()));
    }
    for kid in piece.kids.iter().flatten() {
        read(kid, depth, out);
    }
}

#[test]
fn every_state_reads_as_the_golden_face() {
    let mut now = String::from(
        "# What a buyer reads in each state. Written by `UPDATE_GOLDEN=1 cargo test -p widget`.\n",
    );
    let all = all();
    for (name, flow) in flows() {
        for text in &all {
            let outcome = flow.outcome().word();
            now.push_str(&format!("\n== {name}, {}, {outcome}\n", text.language()));
            read(&drawn(&flow, text), 0, &mut now);
        }
    }
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &now).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap();
    assert!(golden == now, "testdata/face.txt differs; UPDATE_GOLDEN=1 rewrites it for review");
}

fn find<'a>(piece: &'a Piece, name: &str) -> Option<&'a Piece> {
    if piece.get("data-testid") == Some(name) {
        return Some(piece);
    }
    piece.kids.iter().flatten().find_map(|kid| find(kid, name))
}

#[test]
fn the_button_that_pays_is_offered_only_where_the_table_lets_it_begin() {
    use crate::flow::{Buyer, InputKind, Verdict, verdict};
    let korean = text("ko");
    for (name, flow) in flows() {
        let face = drawn(&flow, &korean);
        let begins =
            matches!(verdict(flow.kind(), InputKind::Buyer(Buyer::Pressed)), Verdict::Go(_));
        let offered = find(&face, "pay").is_some_and(|it| it.get("aria-disabled").is_none());
        assert_eq!(offered, begins, "{name}");
    }
}

#[test]
fn every_button_does_something_where_it_is_shown() {
    use crate::flow::{Verdict, verdict};
    let english = text("en");
    for (name, flow) in flows() {
        let face = drawn(&flow, &english);
        for button in ["retry", "continue", "close"] {
            let found = find(&face, button).and_then(|it| it.act.as_ref());
            let Some(input) = found.and_then(|(_, act)| act.input()) else { continue };
            let kind = flow.clone().name_of(&input);
            assert_ne!(verdict(flow.kind(), kind), Verdict::Same, "{name}: {button}");
        }
    }
}

#[test]
fn a_decline_without_a_fresh_token_offers_nothing() {
    let mut declined = flow(State::Declined, Some(Phase::Open));
    declined.token = None;
    let face = drawn(&declined, &text("ko"));
    assert_eq!(find(&face, "pay"), None);
    assert_eq!(find(&face, "retry"), None);
}
