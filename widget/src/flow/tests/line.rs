//! The line over which the edge tells by itself: when it is wanted, and what is asked meanwhile.

use super::*;

#[test]
fn r51_it_listens_from_its_first_attempt_to_its_end_and_asks_seldom_meanwhile() {
    let mut flow = choosing();
    assert!(!flow.step(press("k1")).contains(&Effect::Listen), "there is no key to show yet");
    assert!(flow.step(given(2)).contains(&Effect::Listen));
    let asked = flow.step(Input::StatusTold(status(2, Phase::Presented)));
    assert_eq!(pause(&asked), Some(1_500), "a line that nobody answered is none");
    let effects = flow.step(Input::Pushed(status(2, Phase::Presented)));
    assert_eq!(pause(&effects), Some(PAUSE_MAX_MS));
    assert!(!effects.contains(&Effect::Listen), "one line");
    let effects = flow.step(Input::Pushed(status(3, Phase::Paid)));
    assert_eq!(flow.kind(), StateKind::Paid);
    assert!(effects.contains(&Effect::Hush) && effects.contains(&Effect::Tell(Event::Paid)));
    assert!(effects.contains(&Effect::CloseWindow));
}

#[test]
fn r51_without_a_line_it_asks_as_often_as_before_and_tries_again_later() {
    let mut flow = away();
    flow.step(Input::Pushed(status(2, Phase::Presented)));
    let effects = flow.step(Input::Noticed(Sign::Parted));
    assert_eq!(pause(&effects), Some(1_500));
    for turn in 0..LISTEN_AGAIN {
        assert_eq!(flow.line, Line::Lost(turn));
        let effects = flow.step(Input::Noticed(Sign::Tick));
        assert!(effects.contains(&Effect::AskStatus), "{effects:?}");
        let again = effects.contains(&Effect::Listen);
        assert_eq!(again, turn == LISTEN_AGAIN - 1, "turn {turn}");
        flow.step(Input::StatusTold(status(2, Phase::Presented)));
    }
}

#[test]
fn r51_a_page_that_looks_on_without_a_key_does_not_listen() {
    let (mut flow, _) = Flow::start(Some("first".to_owned()), None, false);
    let effects = flow.step(told(Some(status(3, Phase::Presented))));
    assert!(flow.kind().polls() && !effects.contains(&Effect::Listen), "{effects:?}");
}

#[test]
fn r51_a_page_that_leaves_by_redirect_listens_when_it_is_back() {
    let mut flow = choosing();
    flow.step(press("k1"));
    let mut redirect = given(2);
    if let Input::AttemptTold(answer) = &mut redirect {
        answer.window = Some(window(Presentation::Redirect));
    }
    let effects = flow.step(redirect);
    assert_eq!(flow.kind(), StateKind::Away);
    assert!(!effects.contains(&Effect::Listen), "{effects:?}");
    let effects = flow.step(Input::Noticed(Sign::Shown));
    assert!(effects.contains(&Effect::Listen), "{effects:?}");
}

#[test]
fn r51_a_buyer_who_comes_back_is_asked_after_quickly_although_it_listens() {
    let mut flow = away();
    flow.step(Input::Pushed(status(2, Phase::Presented)));
    flow.step(Input::Noticed(Sign::Look));
    let effects = flow.step(Input::Pushed(status(2, Phase::Presented)));
    assert_eq!(flow.kind(), StateKind::Confirming, "the provider may still be thinking");
    assert!(pause(&effects).unwrap() < 2_000, "{effects:?}");
}
