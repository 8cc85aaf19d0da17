//! The machine's tests: the golden matrix, properties over every row, and stories.

use std::collections::BTreeSet;

use shared::money::{Amount, Currency};

use super::*;
use crate::question::Question;
use crate::record::{AttemptAnswer, Means, Window};

mod line;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/flow.txt");

fn matrix() -> String {
    let mut text = String::from(
        "# state × input → what happens. Written by `UPDATE_GOLDEN=1 cargo test -p widget`.\n",
    );
    for state in StateKind::ALL {
        for input in InputKind::all() {
            let told = match verdict(*state, input) {
                Verdict::Same => continue,
                Verdict::Keep => "keep".to_owned(),
                Verdict::Go(next) => format!("-> {next:?}"),
            };
            text.push_str(&format!("{:<12} {:<22} {told}\n", format!("{state:?}"), name(input)));
        }
        let same: Vec<String> = InputKind::all()
            .into_iter()
            .filter(|input| verdict(*state, *input) == Verdict::Same)
            .map(name)
            .collect();
        text.push_str(&format!("{:<12} same: {}\n\n", format!("{state:?}"), same.join(" ")));
    }
    text
}

fn name(input: InputKind) -> String {
    match input {
        InputKind::Buyer(input) => format!("Buyer.{input:?}"),
        InputKind::Answer(input) => format!("Answer.{input:?}"),
        InputKind::Heard(input) => format!("Heard.{input:?}"),
        InputKind::Sign(input) => format!("Sign.{input:?}"),
    }
}

#[test]
fn the_table_is_the_golden_one() {
    let now = matrix();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(GOLDEN, &now).unwrap();
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap();
    assert!(golden == now, "testdata/flow.txt differs; UPDATE_GOLDEN=1 rewrites it for review");
}

#[test]
fn an_input_heard_twice_moves_only_once() {
    for state in StateKind::ALL {
        for input in InputKind::all() {
            let Verdict::Go(next) = verdict(*state, input) else { continue };
            let again = verdict(next, input);
            // A page that has just come asks the provider first; the second answer is to that question.
            let asked_between = input == InputKind::Heard(News::Presented)
                && matches!(state, StateKind::Loading | StateKind::Unreachable);
            assert!(
                asked_between || matches!(again, Verdict::Same | Verdict::Keep),
                "{state:?} + {input:?} -> {next:?} -> {again:?}"
            );
        }
    }
}

/// Every state that can be reached from `start` by inputs that `allowed` lets through.
fn reach(start: StateKind, allowed: impl Fn(InputKind) -> bool) -> BTreeSet<StateKind> {
    let mut seen = BTreeSet::from([start]);
    let mut open = vec![start];
    while let Some(state) = open.pop() {
        for input in InputKind::all().into_iter().filter(|input| allowed(*input)) {
            if let Verdict::Go(next) = verdict(state, input)
                && seen.insert(next)
            {
                open.push(next);
            }
        }
    }
    seen
}

#[test]
fn every_state_is_reached_and_has_an_exit() {
    let all: BTreeSet<StateKind> = StateKind::ALL.iter().copied().collect();
    assert_eq!(reach(StateKind::Loading, |_| true), all);
    for state in StateKind::ALL {
        let ends = reach(*state, |_| true);
        assert!(state.is_over() || ends.contains(&StateKind::Paid), "{state:?} never ends");
    }
}

#[test]
fn only_a_choosing_buyer_or_the_same_wish_again_opens_a_payment() {
    for state in StateKind::ALL {
        for input in InputKind::all() {
            if verdict(*state, input) != Verdict::Go(StateKind::Opening) {
                continue;
            }
            let expected = match *state == StateKind::Failed {
                true => InputKind::Buyer(Buyer::Retry),
                false => InputKind::Buyer(Buyer::Pressed),
            };
            assert_eq!(input, expected, "{state:?}");
            assert!(
                matches!(state, StateKind::Choosing | StateKind::Declined | StateKind::Failed),
                "a second payment could start while {state:?}"
            );
        }
    }
}

#[test]
fn nothing_but_news_of_the_edge_says_paid() {
    for state in StateKind::ALL {
        for input in InputKind::all() {
            if verdict(*state, input) == Verdict::Go(StateKind::Paid) {
                assert_eq!(input, InputKind::Heard(News::Paid), "{state:?}");
            }
        }
    }
}

// Stories with data.

fn session(status: Option<Status>) -> Session {
    let method = |id: &str, kind| Method {
        id: id.to_owned(),
        kind,
        presentations: vec![Presentation::Iframe, Presentation::Popup, Presentation::Redirect],
        unavailable: None,
    };
    Session {
        checkout: "chk_1".to_owned(),
        amount: Amount::from_minor(31_000, Currency::Krw).unwrap(),
        label: "Fujifilm X100V".to_owned(),
        merchant: "당근카메라".to_owned(),
        merchant_en: String::new(),
        test_mode: true,
        methods: vec![method("toss_card", Means::Card), method("toss_transfer", Means::Transfer)],
        status,
    }
}

fn status(version: u64, phase: Phase) -> Status {
    let outcome = if phase == Phase::Paid {
        Outcome::Paid
    } else if matches!(phase, Phase::Checking | Phase::Presented) {
        Outcome::Checking
    } else {
        Outcome::NotPaid
    };
    Status {
        version,
        phase,
        outcome,
        attempt: Some("att_1".to_owned()),
        decline: None,
        token: None,
        deposit: None,
        paid_at: None,
        poll_after_ms: 1_500,
        link: None,
    }
}

fn declined(version: u64) -> Status {
    Status {
        decline: Some(DeclineCode::CardDeclined),
        token: Some("fresh".to_owned()),
        poll_after_ms: 0,
        ..status(version, Phase::Open)
    }
}

fn window(kind: Presentation) -> Window {
    Window { kind, url: "http://edge/w/1".to_owned(), nonce: "n1".to_owned() }
}

fn told(status: Option<Status>) -> Input {
    Input::SessionTold { session: session(status), memory: Memory::default(), owner: true }
}

fn given(version: u64) -> Input {
    Input::AttemptTold(AttemptAnswer {
        state_key: Some("key".to_owned()),
        window: Some(window(Presentation::Iframe)),
        status: status(version, Phase::Presented),
    })
}

fn press(key: &str) -> Input {
    Input::Pressed { key: key.to_owned() }
}

fn choosing() -> Flow {
    let (mut flow, effects) = Flow::start(Some("first".to_owned()), None, false);
    assert_eq!(effects, [Effect::AskSession]);
    flow.step(told(None));
    assert_eq!(flow.kind(), StateKind::Choosing);
    flow
}

fn away() -> Flow {
    let mut flow = choosing();
    flow.step(press("k1"));
    flow.step(given(2));
    assert_eq!(flow.kind(), StateKind::Away);
    flow
}

fn attempts(effects: &[Effect]) -> Vec<(&str, &str)> {
    let mut attempts = Vec::new();
    for effect in effects {
        if let Effect::AskAttempt(intent) = effect {
            attempts.push((intent.key.as_str(), intent.token.as_str()));
        }
    }
    attempts
}

fn pause(effects: &[Effect]) -> Option<u64> {
    effects.iter().find_map(|effect| if let Effect::Wake(ms) = effect { Some(*ms) } else { None })
}

#[test]
fn a_press_opens_the_window_before_anything_is_asked() {
    let mut flow = choosing();
    let effects = flow.step(press("k1"));
    assert_eq!(effects.first(), Some(&Effect::OpenWindow(Presentation::Iframe)));
    let remembered = effects.iter().position(|e| matches!(e, Effect::Remember(_)));
    let asked = effects.iter().position(|e| matches!(e, Effect::AskAttempt(_)));
    assert!(remembered < asked, "the key is kept before it is used");
}

#[test]
fn a_second_click_while_opening_changes_nothing() {
    let mut flow = choosing();
    flow.step(press("k1"));
    let before = flow.clone();
    assert_eq!(flow.step(press("k2")), []);
    assert_eq!(flow, before);
}

#[test]
fn a_closed_window_is_a_question() {
    let mut flow = away();
    let effects = flow.step(Input::Noticed(Sign::WindowClosed));
    assert!(effects.contains(&Effect::AskLook), "{effects:?}");
    assert_eq!(flow.outcome(), Outcome::Checking);
    flow.step(Input::StatusTold(status(3, Phase::Paid)));
    assert_eq!(flow.kind(), StateKind::Paid);
}

/// The edge answers that the attempt is open, and again so often as the clock asks.
fn stays_presented(flow: &mut Flow, answers: u32) {
    for answer in 0..answers {
        if answer > 0 {
            flow.step(Input::Noticed(Sign::Tick));
        }
        assert_eq!(flow.kind(), StateKind::Confirming, "answer {answer}");
        flow.step(Input::StatusTold(status(2, Phase::Presented)));
    }
}

#[test]
fn f32_a_slow_provider_does_not_make_a_window_that_ended_a_closed_one() {
    let mut flow = away();
    flow.step(Input::Noticed(Sign::Look));
    stays_presented(&mut flow.clone(), 5);
    stays_presented(&mut flow, 6);
    assert_eq!(flow.kind(), StateKind::Interrupted, "and nobody waits for ever");
}

#[test]
fn f32_the_word_of_a_window_counts_also_after_it_was_seen_closed() {
    let mut flow = away();
    flow.step(Input::Noticed(Sign::WindowClosed));
    assert!(flow.step(Input::Noticed(Sign::Look)).contains(&Effect::AskLook));
    stays_presented(&mut flow, 6);
    assert_eq!(flow.kind(), StateKind::Interrupted);
}

#[test]
fn a_closed_window_whose_attempt_is_open_can_be_opened_again_or_given_up() {
    let mut flow = away();
    flow.step(Input::Noticed(Sign::WindowClosed));
    stays_presented(&mut flow, 2);
    assert_eq!(flow.kind(), StateKind::Interrupted);
    assert!(attempts(&flow.clone().step(press("k2"))).is_empty(), "no second payment beside it");
    let effects = flow.clone().step(Input::Continue);
    assert!(effects.contains(&Effect::AskWindow(Presentation::Iframe)));
    let effects = flow.step(Input::Abandon);
    assert!(effects.contains(&Effect::AskAbandon));
    assert_eq!(flow.kind(), StateKind::Confirming);
}

#[test]
fn a_return_and_then_paid_is_told_once() {
    let mut flow = away();
    let effects = flow.step(Input::Noticed(Sign::Look));
    assert!(effects.contains(&Effect::AskLook) && effects.contains(&Effect::CloseWindow));
    let first = flow.step(Input::StatusTold(status(5, Phase::Paid)));
    assert!(first.contains(&Effect::Tell(Event::Paid)));
    let second = flow.step(Input::StatusTold(status(5, Phase::Paid)));
    assert!(!second.contains(&Effect::Tell(Event::Paid)), "{second:?}");
}

#[test]
fn old_news_is_ignored() {
    let mut flow = away();
    flow.step(Input::StatusTold(status(7, Phase::Checking)));
    flow.step(Input::StatusTold(declined(6)));
    assert_eq!(flow.kind(), StateKind::Away);
    assert_eq!(flow.status.as_ref().map(|status| status.version), Some(7));
}

#[test]
fn f6_a_wish_is_not_said_again_once_it_was_refused_or_another_was_begun() {
    let mut flow = choosing();
    let said = flow.step(press("k1"));
    let intent = said.into_iter().find_map(|effect| {
        if let Effect::AskAttempt(intent) = effect { Some(intent) } else { None }
    });
    let question = Question::Attempt { intent: intent.unwrap(), other: None };
    assert!(question.stands(&flow));
    // Said a second time by the buyer, after a silence: it is the same wish.
    flow.step(Input::Silence);
    flow.step(Input::Retry);
    assert!(question.stands(&flow));
    let code = "provider_unavailable".to_owned();
    flow.step(Input::Refused { code, memory: None });
    assert!(!question.stands(&flow));
    flow.step(press("k2"));
    assert!(!question.stands(&flow) && Question::Status.stands(&flow));
}

#[test]
fn a_retry_after_a_decline_uses_the_fresh_token_and_a_new_key() {
    let mut flow = away();
    flow.step(Input::StatusTold(declined(4)));
    assert_eq!(flow.kind(), StateKind::Declined);
    flow.step(Input::Chosen { method: "toss_transfer".to_owned() });
    let effects = flow.step(press("k2"));
    assert_eq!(attempts(&effects), [("k2", "fresh")]);
    // A late repeat of the decline does not end the new attempt.
    flow.step(Input::StatusTold(declined(4)));
    assert_eq!(flow.kind(), StateKind::Opening);
}

#[test]
fn without_a_fresh_token_a_decline_starts_nothing() {
    let mut flow = away();
    flow.step(Input::StatusTold(Status { token: None, ..declined(4) }));
    assert!(attempts(&flow.step(press("k2"))).is_empty());
    assert_eq!(flow.kind(), StateKind::Declined);
}

#[test]
fn silence_repeats_the_same_wish_only() {
    let mut flow = choosing();
    flow.step(press("k1"));
    flow.step(Input::Silence);
    assert_eq!(flow.kind(), StateKind::Failed);
    assert_eq!(flow.outcome(), Outcome::Checking);
    assert_eq!(flow.step(press("k2")), []);
    assert_eq!(attempts(&flow.step(Input::Retry)), [("k1", "first")]);
}

#[test]
fn a_blocked_window_offers_the_next_rung_of_the_same_attempt() {
    let mut flow = choosing();
    flow.step(press("k1"));
    flow.step(Input::Noticed(Sign::WindowBlocked));
    assert_eq!(flow.kind(), StateKind::Opening);
    let mut popup = given(2);
    if let Input::AttemptTold(answer) = &mut popup {
        answer.window = Some(window(Presentation::Popup));
    }
    let effects = flow.step(popup);
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::ShowWindow(_))));
    assert_eq!(flow.state, State::Blocked { next: Presentation::Redirect });
    let effects = flow.step(Input::Continue);
    assert!(effects.contains(&Effect::AskWindow(Presentation::Redirect)));
    let effects = flow.step(Input::WindowTold(window(Presentation::Redirect)));
    assert!(effects.contains(&Effect::ShowWindow(window(Presentation::Redirect))));
}

#[test]
fn a_second_tab_looks_on_and_can_take_over() {
    let mut flow = choosing();
    flow.step(press("k1"));
    flow.step(Input::AttemptTold(AttemptAnswer {
        state_key: None,
        window: None,
        status: status(2, Phase::Presented),
    }));
    assert_eq!(flow.kind(), StateKind::Viewer);
    flow.memory.state_key = Some("key".to_owned());
    let effects = flow.step(Input::Continue);
    assert!(effects.contains(&Effect::AskWindow(Presentation::Iframe)), "{effects:?}");
}

#[test]
fn a_reload_asks_the_provider_before_it_offers_to_go_on() {
    let (mut flow, _) = Flow::start(None, None, false);
    let memory = Memory { state_key: Some("key".to_owned()), ..Memory::default() };
    let effects = flow.step(Input::SessionTold {
        session: session(Some(status(3, Phase::Presented))),
        memory,
        owner: true,
    });
    assert!(effects.contains(&Effect::AskLook), "{effects:?}");
    flow.step(Input::StatusTold(status(4, Phase::Paid)));
    assert_eq!(flow.kind(), StateKind::Paid);
}

#[test]
fn a_wish_that_a_reload_cut_off_is_said_again_word_for_word() {
    let intent = Intent {
        key: "k1".to_owned(),
        method: "toss_card".to_owned(),
        rung: Presentation::Popup,
        token: String::new(),
    };
    let memory = Memory { intent: Some(intent), ..Memory::default() };
    let session =
        Input::SessionTold { session: session(None), memory: memory.clone(), owner: true };
    let refused = Input::Refused { code: "token_replayed".to_owned(), memory: Some(memory) };
    for input in [session, refused] {
        let (mut flow, _) = Flow::start(Some("first".to_owned()), None, false);
        assert_eq!(attempts(&flow.step(input)), [("k1", "first")]);
        flow.step(given(2));
        assert_eq!(flow.kind(), StateKind::Interrupted, "no window without a click");
    }
}

#[test]
fn a_wish_of_another_living_tab_is_left_to_that_tab() {
    let intent = Intent {
        key: "k1".to_owned(),
        method: "toss_card".to_owned(),
        rung: Presentation::Popup,
        token: String::new(),
    };
    let memory = Memory { intent: Some(intent), ..Memory::default() };
    let (mut flow, _) = Flow::start(Some("first".to_owned()), None, false);
    flow.step(Input::SessionTold { session: session(None), memory, owner: false });
    assert_eq!(flow.kind(), StateKind::Choosing);
}

#[test]
fn a_memory_that_the_edge_refuses_is_forgotten_and_the_token_asked() {
    let (mut flow, _) = Flow::start(Some("first".to_owned()), None, false);
    let memory = Memory { state_key: Some("forged".to_owned()), ..Memory::default() };
    let refused = |memory| Input::Refused { code: "unauthorized".to_owned(), memory };
    assert_eq!(flow.step(refused(Some(memory))), [Effect::Forget, Effect::AskSession]);
    flow.step(refused(Some(Memory::default())));
    assert_eq!(flow.state, State::Refused { code: "unauthorized".to_owned() });
}

#[test]
fn a_quote_that_the_edge_refuses_ends_the_page_before_anything_is_asked() {
    for code in ["quote_expired", "quote_invalid"] {
        let (mut flow, _) = Flow::start(None, None, true);
        let effects = flow.step(Input::Refused { code: code.to_owned(), memory: None });
        assert_eq!(flow.state, State::Refused { code: code.to_owned() });
        assert_eq!(effects, [Effect::Tell(Event::Error(code.to_owned()))]);
        assert_eq!(flow.step(press("k1")), [], "nothing can be pressed");
    }
}

#[test]
fn an_early_press_leads_to_the_methods() {
    let (mut flow, _) = Flow::start(Some("first".to_owned()), None, false);
    assert_eq!(flow.step(press("k1")), []);
    let effects = flow.step(told(None));
    assert!(effects.contains(&Effect::FocusMethods));
}

#[test]
fn pauses_grow_and_have_a_ceiling() {
    let mut flow = away();
    flow.step(Input::Noticed(Sign::WindowClosed));
    let mut last = 0;
    for _ in 0..400 {
        flow.step(Input::Noticed(Sign::Tick));
        let effects = flow.step(Input::StatusTold(status(2, Phase::Checking)));
        let pause = pause(&effects).unwrap();
        assert!(pause >= last && pause <= PAUSE_MAX_MS, "{pause} after {last}");
        last = pause;
    }
    assert_eq!(last, PAUSE_MAX_MS);
}

#[test]
fn any_order_of_inputs_shows_one_of_three_outcomes_and_leaves_no_window_behind() {
    let inputs: Vec<Input> = vec![
        told(None),
        told(Some(status(3, Phase::Presented))),
        press("k1"),
        given(4),
        Input::WindowTold(window(Presentation::Popup)),
        Input::StatusTold(status(5, Phase::Checking)),
        Input::StatusTold(status(5, Phase::Presented)),
        Input::StatusTold(declined(6)),
        Input::StatusTold(status(7, Phase::Paid)),
        Input::Silence,
        Input::Retry,
        Input::Continue,
        Input::Abandon,
        Input::Refused { code: "sold_out_or_held".to_owned(), memory: None },
        Input::Noticed(Sign::WindowBlocked),
        Input::Noticed(Sign::WindowClosed),
        Input::Noticed(Sign::Look),
        Input::Noticed(Sign::Shown),
        Input::Noticed(Sign::Tick),
        Input::Pushed(status(5, Phase::Checking)),
        Input::Pushed(declined(6)),
        Input::Noticed(Sign::Parted),
    ];
    // A small generator: the same numbers in every run.
    let mut seed: u64 = 7;
    for _ in 0..2_000 {
        let (mut flow, _) = Flow::start(Some("first".to_owned()), None, false);
        let (mut open, mut listens) = (false, false);
        for _ in 0..24 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let index = usize::try_from(seed >> 33).unwrap() % inputs.len();
            let was_paid = flow.kind() == StateKind::Paid;
            for effect in flow.step(inputs[index].clone()) {
                listens = effect == Effect::Listen || (listens && effect != Effect::Hush);
                open = matches!(effect, Effect::OpenWindow(_))
                    || (open && effect != Effect::CloseWindow);
            }
            assert!(!open || flow.kind().has_window(), "{:?} with a window", flow.kind());
            assert!(!listens || flow.kind().polls(), "{:?} with a line", flow.kind());
            assert!(!was_paid || flow.kind() == StateKind::Paid, "paid stays paid");
        }
    }
}

#[test]
fn every_code_named_here_is_one_of_the_closed_list() {
    use shared::problem::Code;
    for code in Code::ALL {
        let (known, unknown) = (refusal(code.code(), true), refusal(code.code(), false));
        let settled = known == Answer::RefusedOpen && unknown == Answer::RefusedForGood;
        assert!(settled || known == unknown, "{code}: {known:?} or {unknown:?}");
    }
    for code in [
        "attempt_open",
        "checkout_paid",
        "checkout_closed",
        "request_in_progress",
        "rate_limited",
        "internal",
        "unauthorized",
        "origin_not_allowed",
        "not_found",
        "state_mismatch",
        "token_replayed",
        "token_missing",
        "token_expired",
        "sold_out_or_held",
        "method_unavailable",
        "presentation_unavailable",
        "hold_limit",
        "velocity_limited",
        "provider_unavailable",
        "quote_expired",
    ] {
        assert!(Code::parse(code).is_some(), "{code} is not in the list");
    }
}

#[test]
fn a_refusal_about_the_checkout_is_asked_after_when_a_key_is_there() {
    let refused = || Input::Refused { code: "checkout_paid".to_owned(), memory: None };
    let mut flow = choosing();
    flow.step(press("k1"));
    assert_eq!(flow.clone().step(refused()).last(), Some(&Effect::CloseWindow));
    flow.memory.state_key = Some("key".to_owned());
    assert!(flow.step(refused()).contains(&Effect::AskLook));
    assert_eq!(flow.kind(), StateKind::Confirming);
}
