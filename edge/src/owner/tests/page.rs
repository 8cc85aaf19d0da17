//! What the page asks, and what comes back from providers' windows.

use super::*;

#[test]
fn r18_i7_the_first_post_burns_the_token_and_decision_5_has_four_rows() {
    let bench = Bench::new();
    let token = bench.open().text("/token");
    let first = bench.post(&token, KEYS[0], None, "toss_card");
    let mine = page(&first);
    assert_eq!(first.http_status, 201);
    assert_eq!(mine.state.len(), 32, "128 bits");
    assert_eq!(first.text("/presentation/kind"), "iframe");

    let repeat = bench.post(&token, KEYS[0], None, "toss_card");
    assert_eq!(repeat.http_status, 200, "a double click, a retry, a reload");
    assert_eq!(repeat.body, first.body, "the same attempt, key and window");

    let tab = bench.post(&token, KEYS[1], Some(&mine.state), "toss_card");
    assert_eq!(tab.http_status, 200, "R55: a second tab only looks");
    assert_eq!(tab.text("/attempt"), mine.attempt);
    assert!(tab.body["state_key"].is_null() && tab.body["presentation"].is_null());

    for state in [None, Some("00"), Some("00000000000000000000000000000000")] {
        let stranger = bench.post(&token, KEYS[1], state, "toss_card");
        stranger.refused(Code::TokenReplayed);
        assert!(!stranger.body.to_string().contains(&mine.attempt), "and nothing else");
    }
    assert_eq!(bench.shelf.attempts(), 1);
}

#[test]
fn f7_a_token_moves_nothing_after_success_or_for_another_order() {
    let bench = Bench::new();
    let token = bench.open().text("/token");
    let mine = page(&bench.post(&token, KEYS[0], None, "toss_card"));
    bench.say([
        Said(AskKind::LookUp, 200, toss!("in_progress")),
        Said(AskKind::Capture, 200, toss!("done")),
    ]);
    assert_eq!(bench.look(&mine).text("/outcome"), "paid");
    let other = bench.open_as(KEYS[1], "f", "o-2").text("/id");
    let before = bench.record(&mine);
    bench.post(&token, KEYS[1], None, "toss_card").refused(Code::TokenReplayed);
    let claims = TokenClaims { checkout: other.clone(), ..bench.claims(&token) };
    let (key, address) = (KEYS[1].to_owned(), "192.0.2.1".to_owned());
    let begin = Op::Begin { claims, state: None, key, address, body: begin_body("toss_card") };
    bench.run(begin).refused(Code::TokenReplayed);
    assert_eq!(bench.record(&mine), before, "I-20");
    let other = bench.shelf.record(CheckoutId::parse(&other).unwrap()).unwrap().unwrap();
    assert!(other.payment.attempts.is_empty());
}

#[test]
fn a_token_of_ours_with_other_claims_opens_nothing() {
    let bench = Bench::new();
    let good = bench.claims(&bench.open().text("/token"));
    let rows: [fn(&mut TokenClaims); 4] = [
        |claims| claims.amount = 1,
        |claims| "u2".clone_into(&mut claims.buyer),
        |claims| "USD".clone_into(&mut claims.currency),
        |claims| "m_books".clone_into(&mut claims.merchant),
    ];
    for change in rows {
        let mut claims = good.clone();
        change(&mut claims);
        let caller = Caller::Token(claims.clone());
        bench.run(Op::Session { caller, device: "pc".to_owned() }).refused(Code::TokenReplayed);
        let (key, address) = (KEYS[0].to_owned(), "192.0.2.1".to_owned());
        let begin = Op::Begin { claims, state: None, key, address, body: begin_body("toss_card") };
        bench.run(begin).refused(Code::TokenReplayed);
    }
    assert_eq!(bench.shelf.attempts(), 0);
}

#[test]
fn a_session_lists_the_merchant_s_own_methods_and_burns_nothing() {
    let bench = Bench::new();
    let token = bench.open().text("/token");
    for _ in 0..2 {
        let caller = Caller::Token(bench.claims(&token));
        let session = bench.run(Op::Session { caller, device: "mobile".to_owned() });
        let methods = session.body["methods"].as_array().unwrap();
        let of = |name: &str| methods.iter().filter(|m| m["channel"] == name).count();
        assert_eq!((of("toss"), of("kb"), of("unicro"), of("toss_books")), (5, 1, 3, 0));
        assert_eq!(of("danal"), 1);
        // No frame on a phone; and one provider knows popups alone.
        for method in methods {
            let first = if method["channel"] == "unicro" { "popup" } else { "redirect" };
            assert_eq!(method["presentations"][0], first, "{method}");
        }
    }
    assert_eq!(bench.post(&token, KEYS[0], None, "toss_card").http_status, 201);
}

#[test]
fn after_a_decline_a_fresh_token_begins_another_attempt_and_the_burnt_one_stays_burnt() {
    let bench = Bench::new();
    let burnt = bench.open().text("/token");
    let mine = page(&bench.post(&burnt, KEYS[0], None, "toss_card"));
    assert!(bench.status(&mine).body["token"].is_null(), "none while an attempt is open");
    bench.say([
        Said(AskKind::LookUp, 200, toss!("in_progress")),
        Said(AskKind::Capture, 400, toss!("error_reject_card_company")),
    ]);
    let declined = bench.look(&mine);
    assert_eq!(declined.text("/outcome"), "not_paid");
    assert_eq!(declined.text("/decline/code"), "card_declined");
    assert_eq!(declined.text("/decline/provider_code"), "REJECT_CARD_COMPANY");
    let fresh = declined.text("/token");
    assert_eq!(bench.status(&mine).text("/token"), fresh, "the same grant gives the same token");
    bench.post(&burnt, KEYS[1], None, "toss_card").refused(Code::TokenReplayed);
    let second = bench.post(&fresh, KEYS[1], Some(&mine.state), "toss_card");
    assert_eq!(second.http_status, 201);
    assert_ne!(page(&second).attempt, mine.attempt);
    assert_eq!(bench.told(), ["checkout.declined"]);
}

#[test]
fn a_refused_hold_ends_the_attempt_before_any_window() {
    let bench = Bench::new();
    bench.units(0);
    let begun = bench.post(&bench.open().text("/token"), KEYS[0], None, "toss_card");
    assert!(begun.body["presentation"].is_null());
    assert_eq!(begun.text("/status/decline/code"), "sold_out");
    assert_eq!(begun.text("/status/outcome"), "not_paid");
    assert_eq!(bench.asked(), []);
}

#[test]
fn r12_the_last_piece_goes_to_one_of_two_buyers() {
    let bench = Bench::new();
    bench.units(1);
    let phases = [(KEYS[0], "o-1"), (KEYS[1], "o-2")].map(|(key, order)| {
        let opened = bench.open_as(key, "f", order);
        bench.post(&opened.text("/token"), KEYS[0], None, "toss_card").text("/status/phase")
    });
    assert_eq!(phases, ["presented", "open"]);
}

#[test]
fn one_buyer_s_attempts_are_bounded_in_each_window_of_ten_minutes() {
    let bench = Bench::new();
    let begin = |n: u32| {
        let key = format!("5a0c1c9e-0000-4000-8000-{n:012}");
        let token = bench.open_as(&key, "f", &format!("o-{n}")).text("/token");
        bench.post(&token, &key, None, "toss_card")
    };
    for n in 0..20 {
        assert_eq!(begin(n).http_status, 201);
    }
    begin(20).refused(Code::VelocityLimited);
    bench.wait(Span::minutes(10));
    assert_eq!(begin(21).http_status, 201);
}

#[test]
fn a_method_or_a_rung_that_is_not_offered_begins_nothing_and_burns_nothing() {
    let bench = Bench::new();
    let token = bench.open().text("/token");
    for method in ["toss_books_card", "toss_kb_pay", "kb_card", "cash"] {
        bench.post(&token, KEYS[0], None, method).refused(Code::MethodUnavailable);
    }
    let claims = bench.claims(&token);
    let body = r#"{"method":"toss_card","presentation":"iframe","device":"mobile"}"#.to_owned();
    let (key, address) = (KEYS[0].to_owned(), "192.0.2.1".to_owned());
    let begin = Op::Begin { claims, state: None, key, address, body };
    bench.run(begin).refused(Code::PresentationUnavailable);
    assert_eq!(bench.post(&token, KEYS[0], None, "toss_card").http_status, 201);
}

fn window(bench: &Bench, page: &Page, key: &str) -> Heard {
    bench.run(Op::Window { request_id: page.request_id(), key: key.to_owned() })
}

#[test]
fn a_window_opens_only_with_the_newest_rung_s_key_and_only_while_it_is_presented() {
    let bench = Bench::new();
    let begun = bench.post(&bench.open().text("/token"), KEYS[0], None, "toss_card");
    let mine = page(&begun);
    let old = window_key(&begun.text("/presentation/url"));
    let shown = window(&bench, &mine, &old);
    assert_eq!(shown.http_status, 200);
    assert_eq!(shown.text("/nonce"), begun.text("/presentation/nonce"));
    window(&bench, &mine, "").refused(Code::NotFound);
    window(&bench, &mine, &mine.state).refused(Code::NotFound);

    let present = |presentation: &str| {
        bench.run(Op::Present {
            checkout: mine.checkout.clone(),
            state: mine.state.clone(),
            attempt: mine.attempt.clone(),
            body: format!(r#"{{"presentation":"{presentation}"}}"#),
        })
    };
    let next = present("redirect");
    assert_eq!(next.text("/attempt"), mine.attempt, "the next rung is the same attempt");
    let new = window_key(&next.text("/presentation/url"));
    window(&bench, &mine, &old).refused(Code::NotFound);
    assert_eq!(window(&bench, &mine, &new).http_status, 200);

    bench.say([
        Said(AskKind::LookUp, 200, toss!("in_progress")),
        Said(AskKind::Capture, 200, toss!("done")),
    ]);
    assert_eq!(bench.look(&mine).text("/outcome"), "paid");
    window(&bench, &mine, &new).refused(Code::NotFound);
    present("popup").refused(Code::CheckoutClosed);
}

#[test]
fn r49_no_window_before_the_provider_s_token_is_stored() {
    let bench = Bench::new();
    let begun = bench.post(&bench.open().text("/token"), KEYS[0], None, "kb_kb_pay");
    let mine = page(&begun);
    assert_eq!(begun.text("/status/phase"), "preparing", "KB was silent");
    assert!(begun.body["presentation"].is_null());
    let record = bench.record(&mine);
    let key =
        crate::signature::hex(&bench.desk().window_key(record.payment.attempt(mine.id()).unwrap()));
    window(&bench, &mine, &key).refused(Code::NotFound);
    bench.wait(Span::seconds(1));
    bench.say([Said(AskKind::Prepare, 200, kb!("register_answer"))]);
    bench.drive(record.checkout.id);
    let shown = window(&bench, &mine, &key);
    assert_eq!((shown.http_status, shown.text("/token").as_str()), (200, "pt_7d1f0c2b9a"));
    let again = bench.post(&bench.open().text("/token"), KEYS[0], None, "kb_kb_pay");
    assert_eq!(
        window_key(&again.text("/presentation/url")),
        key,
        "the page learns it by asking again"
    );
}

#[test]
fn r19_a_refused_preparation_frees_the_hold_and_gives_a_fresh_token() {
    let bench = Bench::new();
    bench.units(1);
    bench.say([Said(AskKind::Prepare, 200, kb!("register_other_amount"))]);
    let begun = bench.post(&bench.open().text("/token"), KEYS[0], None, "kb_kb_pay");
    assert_eq!(begun.text("/status/decline/provider_code"), "3101");
    assert!(begun.body["status"]["can_retry"] == true && begun.body["status"]["token"].is_string());
    let outlook = StockOp::Outlook { sku: "x100v".to_owned(), shop: true };
    let view = stock::Owner::default().handle(&bench.stock, &outlook, bench.now.get()).unwrap();
    assert_eq!(heard(&view).body["available"], 1);
}

fn returned(bench: &Bench, page: &Page, key: &str, left: bool) -> Heard {
    let (key, hint) = (key.to_owned(), "says paid".to_owned());
    bench.wait(Span::seconds(1));
    bench.run(Op::Returned { request_id: page.request_id(), key, hint, left })
}

#[test]
fn i18_f37_a_return_with_a_wrong_key_is_refused_and_a_right_one_only_asks_the_provider() {
    let bench = Bench::new();
    let mine = bench.begin("toss_card");
    let other = bench.open_as(KEYS[1], "f", "o-2");
    let other = page(&bench.post(&other.text("/token"), KEYS[1], None, "toss_card"));
    let theirs = bench.run(Op::ReturnedPage { request_id: other.request_id() });
    let theirs = window_key(&theirs.text("/return_url"));
    for wrong in ["", "00", mine.state.as_str(), theirs.as_str()] {
        returned(&bench, &mine, wrong, false).refused(Code::StateMismatch);
    }
    assert_eq!(bench.asked(), []);
    let page = bench.run(Op::ReturnedPage { request_id: mine.request_id() });
    let key = window_key(&page.text("/return_url"));
    bench.say([Said(AskKind::LookUp, 200, toss!("ready"))]);
    for _ in 0..2 {
        assert_eq!(returned(&bench, &mine, &key, false).http_status, 200);
    }
    assert_eq!(
        bench.status(&mine).text("/outcome"),
        "checking",
        "I-18: the browser proves nothing"
    );
    assert_eq!(bench.asked(), [AskKind::LookUp, AskKind::LookUp]);
}

#[test]
fn a_buyer_who_cancelled_in_the_window_may_choose_again_once_the_provider_agrees() {
    let bench = Bench::new();
    let mine = bench.begin("toss_card");
    let page = bench.run(Op::ReturnedPage { request_id: mine.request_id() });
    bench.say([Said(AskKind::LookUp, 404, toss!("error_not_found_payment"))]);
    returned(&bench, &mine, &window_key(&page.text("/return_url")), true);
    let status = bench.status(&mine);
    assert_eq!(status.text("/decline/code"), "buyer_cancelled");
    assert_eq!(status.body["can_retry"], true);
}

#[test]
fn i15_a_callback_of_another_channel_has_no_effect() {
    let bench = Bench::new();
    let mine = bench.begin("toss_card");
    let before = bench.record(&mine);
    assert_eq!(bench.callback(&mine, "toss_books", "e-1").http_status, 200);
    assert_eq!(bench.record(&mine), before);
    assert_eq!(bench.asked(), []);
}

#[test]
fn f27_a_callback_heard_twice_asks_once() {
    let bench = Bench::new();
    let mine = bench.begin("toss_card");
    for _ in 0..3 {
        bench.callback(&mine, "toss", "e-1");
    }
    assert_eq!(bench.asked(), [AskKind::LookUp]);
    bench.callback(&mine, "toss", "e-2");
    assert_eq!(bench.asked(), [AskKind::LookUp, AskKind::LookUp]);
}

#[test]
fn f28_a_callback_for_an_attempt_that_is_not_here_is_accepted_and_parked() {
    let bench = Bench::new();
    let home = shared::id::Home { generation: 1, shard: 0 };
    let request = RequestId::new(home, 0xabc);
    for _ in 0..2 {
        let op = Op::Callback {
            channel: "toss".to_owned(),
            request_id: request.to_string(),
            event: "e-1".to_owned(),
        };
        assert_eq!(bench.run(op).http_status, 200);
    }
    assert_eq!(bench.shelf.heard(request.attempt_id()), 1);
}

#[test]
fn f28_i15_a_parked_webhook_is_looked_into_by_the_sweep_once_its_attempt_is_here() {
    let scheduled = |bench: &Bench| {
        assert_eq!(bench.run(Op::Sweep).http_status, 200);
        let asked = bench.asked().len();
        bench.shelf.due(bench.now.get(), 10).unwrap().into_iter().for_each(|id| bench.drive(id));
        bench.asked().len() - asked
    };
    // The same chance makes the same attempt: here before, there after its webhook.
    let twin = Bench::new().begin("toss_card");
    let bench = Bench::new();
    for (channel, event) in [("toss", "e-1"), ("toss", "e-2"), ("toss", ""), ("kb", "e-1")] {
        assert_eq!(bench.callback(&twin, channel, event).http_status, 200);
    }
    bench.now.set(T);
    assert_eq!(bench.shelf.heard(twin.id()), 2, "one a channel");
    assert_eq!(scheduled(&bench), 0, "nobody knows it yet");
    assert_eq!(bench.shelf.heard(twin.id()), 2, "and it waits");
    let page = bench.begin("toss_card");
    assert_eq!(page.attempt, twin.attempt);
    bench.wait(Span::seconds(1));
    bench.say([
        Said(AskKind::LookUp, 200, toss!("in_progress")),
        Said(AskKind::Capture, 200, toss!("done")),
    ]);
    assert_eq!(scheduled(&bench), 2);
    assert_eq!(bench.status(&page).text("/outcome"), "paid", "by no other hint");
    assert_eq!(bench.shelf.heard(twin.id()), 0, "and is forgotten");
    bench.wait(Span::seconds(30));
    assert_eq!(scheduled(&bench), 0);
    // What came before is no repeat of what comes now.
    bench.callback(&page, "toss", "e-1");
    assert_eq!(bench.asked().last(), Some(&AskKind::LookUp));
}

#[test]
fn i16_f28_what_nobody_asks_for_in_two_weeks_is_forgotten() {
    let bench = Bench::new();
    let twin = Bench::new().begin("toss_card");
    bench.callback(&twin, "toss", "e-1");
    bench.wait(Span::hours(24 * 14));
    bench.run(Op::Sweep);
    assert_eq!(bench.shelf.heard(twin.id()), 1);
    bench.wait(Span::seconds(1));
    bench.run(Op::Sweep);
    assert_eq!(bench.shelf.heard(twin.id()), 1, "looked for once a day");
    bench.wait(Span::hours(24));
    bench.run(Op::Sweep);
    assert_eq!(bench.shelf.heard(twin.id()), 0);
}

#[test]
fn i16_f28_webhooks_with_names_are_parked_and_remembered_in_bounded_number() {
    let bench = Bench::new();
    let home = shared::id::Home { generation: 1, shard: 0 };
    let stranger = |n: u128| {
        bench.run(Op::Callback {
            channel: "toss".to_owned(),
            request_id: RequestId::new(home, n).to_string(),
            event: format!("e-{n}"),
        })
    };
    for n in 0..60 {
        assert_eq!(stranger(n).http_status, 200);
    }
    for n in 60..100 {
        stranger(n).refused(Code::RateLimited);
        assert_eq!(bench.shelf.heard(RequestId::new(home, n).attempt_id()), 0);
    }
    // Nobody else's are refused for that.
    let mine = bench.begin("toss_card");
    for n in 0..100 {
        assert_eq!(bench.callback(&mine, "toss", &format!("mine-{n}")).http_status, 200);
    }
    assert_eq!((bench.asked().len(), bench.shelf.heard(mine.id())), (60, 60));
    bench.wait(Span::minutes(10));
    assert_eq!(stranger(100).http_status, 200);
    bench.callback(&mine, "toss", "mine-100");
    assert_eq!(bench.asked().len(), 61);
}

#[test]
fn i16_f31_nameless_callbacks_are_hints_in_bounded_number_and_remembered_by_nobody() {
    let bench = Bench::new();
    let mine = bench.begin("toss_card");
    for _ in 0..100 {
        assert_eq!(bench.callback(&mine, "toss", "").http_status, 200, "acknowledged all the same");
    }
    assert_eq!(bench.asked().len(), 60, "what comes after waits for the plan");
    assert_eq!(bench.shelf.heard(mine.id()), 0);
    let home = shared::id::Home { generation: 1, shard: 0 };
    let request = RequestId::new(home, 0xabc);
    let (channel, request_id) = ("toss".to_owned(), request.to_string());
    let op = Op::Callback { channel, request_id, event: String::new() };
    assert_eq!(bench.run(op).http_status, 200);
    assert_eq!(bench.shelf.heard(request.attempt_id()), 1, "F28: parked like any other");
    bench.wait(Span::minutes(10));
    bench.callback(&mine, "toss", "");
    assert_eq!(bench.asked().len(), 61);
}

#[test]
fn i20_what_a_callback_tells_is_kept_under_names_that_were_asked_for_alone() {
    let bench = Bench::new();
    let told = |name: &str, value: &str| {
        let op = Op::Told { name: name.to_owned(), value: value.to_owned() };
        match bench.desk().answer(&op, "req-1") {
            (Outcome::Reply(reply), None) => (reply.http_status, reply.body),
            other => panic!("{other:?}"),
        }
    };
    let name = crate::provider::told_name("unicro", "9d1f0e3c5b7a2468");
    assert_eq!(told(&name, "too-early").0, 200, "acknowledged");
    assert_eq!(told(&name, "").0, 404, "and forgotten; from now on something may be told");
    assert_eq!(told(&name, "").0, 404);
    told(&name, "$2a$10$first");
    assert_eq!(told(&name, ""), (200, "$2a$10$first".to_owned()));
    told(&name, "$2a$10$second");
    assert_eq!(told(&name, ""), (200, "$2a$10$second".to_owned()), "a member who joined anew");
    let other = crate::provider::told_name("unicro_2", "9d1f0e3c5b7a2468");
    assert_eq!(told(&other, "").0, 404, "I-15: no channel reads another's");
}

#[test]
fn a_state_key_of_another_checkout_opens_nothing() {
    let bench = Bench::new();
    let mine = bench.begin("toss_card");
    let other = bench.open_as(KEYS[1], "f", "o-2");
    let other = page(&bench.post(&other.text("/token"), KEYS[1], None, "toss_card"));
    let rows = [(&mine.checkout, &other.state), (&other.checkout, &mine.state)];
    for (checkout, state) in rows {
        let (checkout, state) = (checkout.clone(), state.clone());
        bench.run(Op::Status { checkout, state }).refused(Code::StateMismatch);
    }
}

#[test]
fn r18_i17_a_page_that_is_built_again_gets_a_token_that_lasts() {
    let bench = Bench::new();
    let opened = bench.open();
    let fresh = || {
        bench.run(Op::FreshToken { merchant: "m_camera".to_owned(), checkout: opened.text("/id") })
    };
    assert_eq!(fresh().text("/token"), opened.text("/token"), "the one that is out lasts");
    bench.wait(Span::minutes(11));
    let later = fresh();
    assert_eq!(later.http_status, 200);
    assert_ne!(later.text("/token"), opened.text("/token"));
    assert_eq!(fresh().text("/token"), later.text("/token"));
    bench.post(&opened.text("/token"), KEYS[0], None, "toss_card").refused(Code::TokenReplayed);

    let mine = page(&bench.post(&later.text("/token"), KEYS[1], None, "toss_card"));
    fresh().refused(Code::AttemptOpen);
    bench.say([
        Said(AskKind::LookUp, 200, toss!("in_progress")),
        Said(AskKind::Capture, 200, toss!("done")),
    ]);
    assert_eq!(bench.look(&mine).text("/outcome"), "paid");
    fresh().refused(Code::CheckoutPaid);
}

#[test]
fn i16_another_merchant_gets_no_token() {
    let bench = Bench::new();
    let checkout = bench.open().text("/id");
    let merchant = "m_books".to_owned();
    bench.run(Op::FreshToken { merchant, checkout }).refused(Code::NotFound);
}
