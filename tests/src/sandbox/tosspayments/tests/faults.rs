//! Bad days on demand.

use serde_json::json;

use super::{ORDER, refused, said, scene};
use crate::sandbox::faults::{Faults, Remains, Webhook};
use crate::sandbox::moment::MINUTE_MS;
use crate::sandbox::{Method, Request};

#[test]
fn a_test_code_gives_the_documented_answer_and_does_nothing() {
    let mut scene = scene();
    scene.press("CARD", 31_000, "action=approve");
    let body = json!({ "paymentKey": scene.payment_key(), "orderId": ORDER, "amount": 31_000 });
    let request = Request::new(Method::Post, "/toss/v1/payments/confirm", body.to_string())
        .with("TossPayments-Test-Code", "FDS_ERROR");
    let request = scene.signed(request);
    refused(&scene.send(&request), 403, "FDS_ERROR");
    assert_eq!(scene.line().status, "IN_PROGRESS");
}

#[test]
fn a_lost_answer_leaves_the_money_moved_and_the_repeat_is_answered() {
    for (remains, dropped, status) in [(Remains::Dropped, true, 200), (Remains::Html, false, 504)] {
        let mut scene = scene();
        scene.press("CARD", 31_000, "action=approve");
        scene.fault(Faults {
            answer_lost_after_capture: true,
            answer_lost_as: remains,
            ..Faults::default()
        });
        let lost = scene.confirm("k", 31_000);
        assert_eq!((lost.dropped, lost.status), (dropped, status));
        assert_eq!(scene.line().captures, 1);
        let again = scene.confirm("k", 31_000);
        assert_eq!((again.dropped, said(&again).1["status"].as_str()), (false, Some("DONE")));
        assert_eq!(scene.line().captures, 1);
    }
}

#[test]
fn ordered_failures_do_nothing_and_run_out() {
    let mut scene = scene();
    scene.press("CARD", 31_000, "action=approve");
    scene.fault(Faults { errors_5xx: 1, ..Faults::default() });
    refused(&scene.confirm("k", 31_000), 500, "FAILED_INTERNAL_SYSTEM_PROCESSING");
    assert_eq!(scene.line().captures, 0);
    assert_eq!(
        scene.confirm("k", 31_000).status,
        200,
        "a failure of the gateway is not remembered"
    );
}

#[test]
fn a_wrong_amount_is_in_the_books_and_in_every_answer() {
    let mut scene = scene();
    scene.press("CARD", 31_000, "action=approve");
    scene.fault(Faults { wrong_amount: Some(1_000), ..Faults::default() });
    assert_eq!(said(&scene.confirm("k", 31_000)).1["totalAmount"], 1_000);
    assert_eq!((scene.line().amount, scene.line().captured), (31_000, 1_000));
}

#[test]
fn a_lost_return_stays_on_a_page() {
    let mut scene = scene();
    scene.fault(Faults { return_lost: true, ..Faults::default() });
    let page = scene.press("CARD", 31_000, "action=approve");
    assert_eq!((page.status, page.header("location")), (200, None));
    assert_eq!(scene.line().status, "IN_PROGRESS");
}

#[test]
fn an_early_event_goes_before_the_answer() {
    let mut scene = scene();
    scene.press("CARD", 31_000, "action=approve");
    scene.fault(Faults { webhook: Webhook::Early, ..Faults::default() });
    let response = scene.confirm("k", 31_000);
    let letter = response.after_delivery.unwrap();
    assert!(!scene.sandbox.was_tried(letter));
    assert_eq!(scene.events(0)[0]["data"]["status"], "DONE");
    assert!(scene.sandbox.was_tried(letter));
}

#[test]
fn a_forger_says_done_before_the_capture_and_a_wrong_amount_after_it() {
    let mut scene = scene();
    scene.fault(Faults { webhook: Webhook::ForgedOnly, ..Faults::default() });
    scene.press("CARD", 31_000, "action=approve");
    let before = scene.events(0);
    assert_eq!((&before[0]["data"]["status"], scene.line().captures), (&json!("DONE"), 0));
    let (_, payment) = said(&scene.confirm("k", 31_000));
    let after = scene.events(MINUTE_MS);
    assert_eq!(after.len(), 1);
    assert_eq!(after[0]["data"]["totalAmount"], 32_000);
    assert_ne!(after[0]["data"]["secret"], payment["secret"]);
    assert_eq!(scene.line().webhooks_sent, 0, "forged events are not the provider's");
}
