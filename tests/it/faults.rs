//! Bad days at the providers: whatever is lost, late, twice, forged or wrong, the books agree in the end.

use edge::provider::{self, Device, Presentation};
use serde_json::{Value, json};

use crate::conformance::{SENDS_NOTHING, UNSIGNED, first_channel, gives_parts_back};
use crate::world::{Alone, BOOKS, Buyer, CAMERA, Merchant, Opened, alone, until};

/// Every provider with a method of its first channel in the demo, and whose that is.
fn providers() -> impl Iterator<Item = (&'static str, &'static str, Merchant)> {
    provider::ALL.into_iter().map(|provider| {
        let name = provider.capabilities().name;
        let (channel, merchant, means) = first_channel(name);
        let merchant = [CAMERA, BOOKS].into_iter().find(|each| each.id == merchant).unwrap();
        (name, &*format!("{channel}_{}", means.code()).leak(), merchant)
    })
}

/// By redirect, where the provider lets a page be left.
fn way(provider: &str) -> &'static str {
    let ladder = provider::by_name(provider).unwrap().capabilities().ladder(Device::Pc);
    if ladder.contains(&Presentation::Redirect) { "redirect" } else { "popup" }
}
const MINUTE: i64 = 60_000;

/// Pays at every provider under this fault; everything ends well.
fn paid_in_spite_of(faults: &Value, after: impl Fn(&Alone, &Buyer<'_>, &str)) {
    let world = alone();
    for (provider, method, merchant) in providers() {
        world.faults(provider, faults);
        let opened = world.open(merchant, 31_000);
        let mut buyer = Buyer::of(&world, &opened);
        buyer.begin(method, "popup");
        let window = buyer.window();
        if let Some(back) = buyer.press(&window, "approve") {
            buyer.come_back(&back);
        }
        after(&world, &buyer, provider);
        buyer.until_paid();
        world.assert_paid_once(&opened);
    }
}

#[test]
fn f28_a_webhook_before_the_answer_changes_nothing() {
    paid_in_spite_of(&json!({ "webhook": "early" }), |_, _, _| {});
}

#[test]
fn f27_a_webhook_that_comes_twice_has_one_effect() {
    paid_in_spite_of(&json!({ "webhook": "twice" }), |world, buyer, provider| {
        let sends = !SENDS_NOTHING.contains(&provider);
        until("both copies are acknowledged", || {
            let all = world.deliveries(&buyer.request_id());
            (all.len() == if sends { 2 } else { 0 }
                && all.iter().all(|one| one["state"] == "accepted"))
            .then_some(())
        });
    });
}

#[test]
fn r33_f29_a_webhook_that_never_comes_is_not_missed() {
    paid_in_spite_of(&json!({ "webhook": "lost" }), |_, _, _| {});
}

#[test]
fn f30_a_late_webhook_finds_the_truth_already_there() {
    let world = alone();
    for (provider, method, merchant) in providers() {
        world.faults(provider, &json!({ "webhook": "late" }));
        let opened = world.open(merchant, 31_000);
        let mut buyer = Buyer::of(&world, &opened);
        buyer.pay(method, way(provider));
        buyer.until_paid();
        let before = world.assert_paid_once(&opened);
        world.clock(MINUTE);
        until("the late event is acknowledged", || {
            let all = world.deliveries(&buyer.request_id());
            all.iter().all(|one| one["state"] == "accepted").then_some(())
        });
        world.assert_paid_once(&opened);
        assert_eq!(world.read(&opened)["payment"], before["payment"]);
        world.clock(0);
    }
}

#[test]
fn r34_f31_a_forged_webhook_beside_the_real_one_changes_nothing() {
    paid_in_spite_of(&json!({ "webhook": "forged" }), |world, buyer, _| {
        until("the forger has been here", || {
            let all = world.deliveries(&buyer.request_id());
            all.iter()
                .any(|one| one["forged"] == true && one["status"] != Value::Null)
                .then_some(())
        });
    });
}

#[test]
fn r34_i18_a_forged_webhook_alone_pays_nothing() {
    let world = alone();
    for (provider, method, merchant) in providers() {
        world.faults(provider, &json!({ "webhook": "forged_only" }));
        let opened = world.open(merchant, 31_000);
        let mut buyer = Buyer::of(&world, &opened);
        buyer.begin(method, "popup");
        let window = buyer.window();
        // The buyer gives up; somebody else says that it is paid.
        let _ = buyer.press(&window, "decline");
        let forged = until("the forger has been here", || {
            let all = world.deliveries(&buyer.request_id());
            all.into_iter().find(|one| one["forged"] == true && one["status"] != Value::Null)
        });
        // Where nothing is signed, whoever speaks is acknowledged and makes us look.
        let expected = if UNSIGNED.contains(&provider) { 200 } else { 401 };
        assert_eq!(forged["status"], expected, "{forged}");
        buyer.look();
        assert_ne!(buyer.status()["outcome"], "paid");
        world.assert_no_money(&opened);
        assert_eq!(world.money(&opened), (0, 0, 0));
        buyer.abandon();
        buyer.until_declined();
    }
}

#[test]
fn r32_f15_f25_an_answer_lost_after_the_capture_is_found_by_looking() {
    for remains in ["dropped", "html"] {
        paid_in_spite_of(
            &json!({ "answer_lost_after_capture": true, "answer_lost_as": remains }),
            |_, buyer, _| {
                // Also the browser's way back may be lost with it.
                buyer.look();
            },
        );
    }
}

#[test]
fn f16_errors_after_the_return_only_take_time() {
    paid_in_spite_of(&json!({}), |world, buyer, provider| {
        world.faults(provider, &json!({ "errors_5xx": 2 }));
        buyer.look();
    });
}

#[test]
fn f16_i13_errors_of_the_provider_decide_nothing() {
    let world = alone();
    for (provider, method, merchant) in providers() {
        let opened = world.open(merchant, 31_000);
        let mut buyer = Buyer::of(&world, &opened);
        buyer.begin(method, way(provider));
        let window = buyer.window();
        world.faults(provider, &json!({ "errors_5xx": 3, "webhook": "lost" }));
        buyer.approve(&window);
        let status = buyer.status();
        assert_eq!(status["outcome"], "checking", "F16: an error is no refusal: {status}");
        // It is asked again after one, three and ten seconds.
        for minutes in 1..=3 {
            world.clock(minutes * MINUTE);
            world.cron();
        }
        buyer.until_paid();
        world.assert_paid_once(&opened);
        world.clock(0);
    }
}

#[test]
fn r49_f16_kb_registers_again_under_the_same_number_after_an_error() {
    let world = alone();
    world.faults("kb", &json!({ "errors_5xx": 1 }));
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    let begun = buyer.begin("kb_kb_pay", "redirect");
    if begun["presentation"].is_null() {
        // R49: no token of the provider's is stored, so no window is shown yet.
        assert_eq!(begun["status"]["phase"], "preparing");
        buyer.until("the window", |status| status["phase"] == "presented");
        let again = buyer.post("kb_kb_pay", "redirect").json();
        assert_eq!(again["attempt"], buyer.attempt.as_str());
        buyer.url = again["presentation"]["url"].as_str().unwrap().to_owned();
    }
    let window = buyer.window();
    buyer.come_back(&buyer.press(&window, "approve").unwrap());
    buyer.until_paid();
    world.assert_paid_once(&opened);
}

#[test]
fn r32_i2_f20_a_wrong_amount_is_never_paid_and_goes_back() {
    let world = alone();
    for (provider, method, merchant) in providers() {
        for wrong in [100_u64, 30_999, 31_001] {
            world.faults(provider, &json!({ "wrong_amount": wrong }));
            let opened = world.open(merchant, 31_000);
            let mut buyer = Buyer::of(&world, &opened);
            buyer.pay(method, way(provider));
            until("the money is back", || {
                let (captured, refunded, _) = world.money(&opened);
                (captured == wrong && refunded == wrong).then_some(())
            });
            let view = until("the reversal is done", || {
                let view = world.read(&opened);
                (view["refunds"][0]["state"] == "done").then_some(view)
            });
            assert_eq!(view["refunds"][0]["cause"], "reversal");
            assert_eq!(view["refunds"][0]["amount"], wrong);
            assert_eq!(view["cases"][0]["code"], "amount_mismatch");
            assert_eq!((&view["status"], &view["payment"]), (&json!("open"), &Value::Null));
            assert_eq!(view["refunded_amount"], 0, "not the shop's refund");
            world.until_notice(&opened, "checkout.review");
            let journal = world.journal(&opened);
            assert!(journal.iter().all(|line| line["phase"] != "paid"), "never paid");
            assert!(world.notices(&opened).iter().all(|n| n["type"] != "checkout.paid"));
            let status = buyer.until_declined();
            assert_eq!(status["decline"]["code"], "amount_mismatch");
            // A good day again: the same checkout can still be paid, once.
            world.faults(provider, &json!({}));
            buyer.pay(method, way(provider));
            buyer.until_paid();
            let (captured, refunded, times) = world.money(&opened);
            assert_eq!((captured - refunded, times), (31_000, 2), "I-3");
        }
    }
}

#[test]
fn f32_a_slow_provider_only_takes_time() {
    paid_in_spite_of(&json!({ "slow_ms": 700 }), |_, buyer, _| {
        assert_ne!(buyer.status()["outcome"], "not_paid");
    });
}

#[test]
fn r37_f36_a_return_that_never_comes_is_finished_by_the_clock() {
    let world = alone();
    for (provider, method, merchant) in providers() {
        world.faults(provider, &json!({ "return_lost": true, "webhook": "lost" }));
        let opened = world.open(merchant, 31_000);
        let mut buyer = Buyer::of(&world, &opened);
        buyer.begin(method, way(provider));
        let window = buyer.window();
        assert!(buyer.press(&window, "approve").is_none(), "the browser stays there");
        // Nobody asks, nobody tells: only time passes.
        world.clock(11 * MINUTE / 2);
        world.cron();
        world.until_standing(&opened, "paid");
        world.assert_paid_once(&opened);
        assert_eq!(buyer.status()["outcome"], "paid");
        world.clock(0);
    }
}

#[test]
fn r37_f29_the_webhook_alone_finishes_a_payment_without_return() {
    let world = alone();
    world.faults("kb", &json!({ "return_lost": true }));
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("kb_kb_pay", "popup");
    let window = buyer.window();
    assert!(buyer.press(&window, "approve").is_none());
    world.until_standing(&opened, "paid");
    world.assert_paid_once(&opened);
}

#[test]
fn f41_i12_a_refund_whose_answer_is_lost_is_made_once() {
    let world = alone();
    for (provider, method, merchant) in providers() {
        if !gives_parts_back(provider::by_name(provider).unwrap()) {
            continue;
        }
        let opened = world.open(merchant, 31_000);
        let mut buyer = Buyer::of(&world, &opened);
        buyer.pay(method, way(provider));
        buyer.until_paid();
        world.assert_paid_once(&opened);
        world.faults(provider, &json!({ "answer_lost_after_refund": true }));
        let path = format!("/v1/checkouts/{}/refunds", opened.id);
        let answer = world
            .shop_call(merchant, "POST", &path)
            .key(&crate::world::key())
            .json(&json!({ "order_id": opened.order, "amount": 1_000, "reason": "scratch" }))
            .send();
        assert_eq!(answer.code, 201, "{}", answer.body);
        world.faults(provider, &json!({}));
        let view = until("the refund is done", || {
            let view = world.read(&opened);
            (view["refunds"][0]["state"] == "done").then_some(view)
        });
        assert_eq!(view["refunded_amount"], 1_000);
        assert_eq!(view["refunds"].as_array().unwrap().len(), 1);
        assert_eq!(world.money(&opened), (31_000, 1_000, 1));
    }
}

#[test]
fn f24_money_that_comes_after_the_end_goes_back() {
    let world = alone();
    let opened = late_capture(&world);
    let view = until("the money is back", || {
        let view = world.read(&opened);
        (view["refunds"][0]["state"] == "done").then_some(view)
    });
    assert_eq!(view["cases"][0]["code"], "late_capture");
    let (captured, refunded, _) = world.money(&opened);
    assert_eq!(captured, refunded, "I-3");
}

/// The shop cancels while KB's window is being paid, and every answer of KB's is lost meanwhile.
fn late_capture(world: &Alone) -> Opened {
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(world, &opened);
    buyer.begin("kb_kb_pay", "redirect");
    let window = buyer.window();
    world.faults("kb", &json!({ "errors_5xx": 2, "webhook": "lost" }));
    let path = format!("/v1/checkouts/{}/cancel", opened.id);
    let answer = world
        .shop_call(CAMERA, "POST", &path)
        .key(&crate::world::key())
        .json(&json!({ "reason": "sold elsewhere" }))
        .send();
    assert_eq!(answer.code, 200, "{}", answer.body);
    let back = buyer.press(&window, "approve");
    world.clock(MINUTE);
    if let Some(back) = back {
        buyer.come_back(&back);
    }
    opened
}
