//! Danal: the phone bill. A merchant that proves itself, a buyer at the carrier, a number by message, a bill
//! that is cancelled while its month lasts and refunded afterwards.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::sandbox::moment;

use crate::world::buyer::Window;
use crate::world::{Answer, Buyer, CAMERA, Opened, World, alone, key, together, until};

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
const PASSWORD: &str = "dnl-demo-1";

fn begin<'a>(world: &'a World, opened: &Opened) -> Buyer<'a> {
    let mut buyer = Buyer::of(world, opened);
    buyer.begin("danal_phone", "popup");
    buyer
}

/// From the button to "paid".
fn paid<'a>(world: &'a World, opened: &Opened) -> Buyer<'a> {
    let buyer = begin(world, opened);
    buyer.approve(&buyer.window());
    buyer.until_paid();
    buyer
}

/// Up to the message: the page that asks for its number.
fn messaged(buyer: &Buyer<'_>) -> Window {
    let page = buyer.press_page(&buyer.window(), "approve").unwrap();
    buyer.shown(&page)
}

fn refund(world: &World, opened: &Opened, more: &Value) -> Answer {
    let mut body = json!({ "order_id": opened.order, "reason": "구매자 변심" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let path = format!("/v1/checkouts/{}/refunds", opened.id);
    world.shop_call(CAMERA, "POST", &path).key(&key()).json(&body).send()
}

fn until_given_back(world: &World, opened: &Opened) -> Value {
    until("the money is back", || {
        let view = world.read(opened);
        (view["refunds"][0]["state"] == "done").then_some(view)
    })
}

/// The commands that the transaction server heard about something, in order.
fn commands(world: &World, after: u64) -> Vec<String> {
    let word = |entry: &Value| {
        let request = entry["request"].as_str()?.strip_prefix("Command=")?;
        let option = request.contains("ConfirmOption=1").then_some(" to compare");
        Some([request.split('&').next()?, option.unwrap_or_default()].concat())
    };
    world.heard(after).iter().filter_map(word).collect()
}

fn last_heard(world: &World) -> u64 {
    world.heard(0).last().map_or(0, |entry| entry["n"].as_u64().unwrap())
}

/// How far ahead the first millisecond of Seoul's next month is.
fn month_end(world: &World) -> i64 {
    let clock = world.call("GET", &format!("{}/control/clock", world.psp)).send().json();
    let now = clock["now_ms"].as_i64().unwrap() - clock["offset_ms"].as_i64().unwrap();
    let (mut low, mut high) = (0, 32 * DAY);
    while low < high {
        let middle = (low + high) / 2;
        if moment::month(now + middle) == moment::month(now) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[test]
fn r65_i1_i2_i3_a_phone_bill_is_paid_once_step_by_step_and_the_shop_is_told() {
    let world = alone();
    for way in ["popup", "redirect"] {
        let before = last_heard(&world);
        let opened = world.open(CAMERA, 31_000);
        let mut buyer = Buyer::of(&world, &opened);
        buyer.begin("danal_phone", way);
        assert_eq!(commands(&world, before), ["ITEMSEND2"], "the merchant proves itself first");
        let number = messaged(&buyer);
        assert_eq!(number.field("otp").len(), 6);
        assert_eq!(world.money(&opened), (0, 0, 0));
        let back = buyer.press(&number, "approve").unwrap();
        assert!(back.form.is_some(), "Danal sends the browser back by a form");
        buyer.come_back(&back);
        buyer.until_paid();
        let view = world.assert_paid_once(&opened);
        let book = &world.books(&opened)[0];
        assert_eq!(view["payment"]["provider"], "danal");
        assert_eq!(view["payment"]["provider_payment_id"], book["provider_payment_id"]);
        assert_eq!(book["merchant"], "9810030929");
        let heard = commands(&world, before);
        let billed: Vec<&String> = heard.iter().filter(|word| *word == "NBILL").collect();
        assert_eq!(billed.len(), 1, "{heard:?}");
        let steps = ["NCONFIRM", "NCONFIRM to compare", "NBILL", "NCONFIRM"];
        assert_eq!(heard[heard.len() - 4..], steps, "looked at, compared, billed, looked at");
    }
}

#[test]
fn r65_a_password_that_is_wrong_begins_nothing_and_another_method_is_offered() {
    // The demo's password is right, so the merchant's own command is what a wrong one meets.
    let world = together();
    let before = last_heard(&world);
    let body = format!("Command=ITEMSEND2&ID=9810030929&PWD={}", "guess");
    let form = "application/x-www-form-urlencoded";
    let url = format!("{}/danal/teledit", world.psp);
    let answer = world.call("POST", &url).body(form, body).send();
    assert!(answer.body.starts_with("Result=1001&"), "{}", answer.body);
    let heard = json!(world.heard(before)).to_string();
    assert!(!heard.contains("guess"), "R68");
}

#[test]
fn r65_r20_who_the_carrier_refuses_pays_with_something_else() {
    let world = together();
    for (line, result, code) in
        [("spent", "2006", "limit_exceeded"), ("barred", "2004", "other"), ("own", "2003", "")]
    {
        let opened = world.open(CAMERA, 31_000);
        let mut buyer = begin(&world, &opened);
        let mut window = buyer.window();
        window.set("line", line);
        let button = if line == "own" { "cancel" } else { "approve" };
        let back = buyer.press(&window, button).unwrap();
        assert!(back.url.ends_with("?danal=back"), "{}", back.url);
        buyer.come_back(&back);
        let status = buyer.until_declined();
        assert_eq!(status["decline"]["provider_code"], result, "{status}");
        let code = if code.is_empty() { "buyer_cancelled" } else { code };
        assert_eq!(status["decline"]["code"], code, "{status}");
        world.assert_no_money(&opened);
        buyer.pay("toss_card", "redirect");
        buyer.until_paid();
        world.assert_paid_once(&opened);
    }
}

#[test]
fn r10_a_phone_s_monthly_ceiling_is_the_carrier_s_and_keeps_a_second_bill_out() {
    let world = together();
    for (amount, billed) in [(600_000, true), (600_000, false), (400_000, true)] {
        let opened = world.open(CAMERA, amount);
        let mut buyer = begin(&world, &opened);
        let mut window = buyer.window();
        window.set("phone", "010-7777-0001");
        let back = buyer.press(&window, "approve").unwrap();
        buyer.come_back(&back);
        if billed {
            buyer.until_paid();
            world.assert_paid_once(&opened);
        } else {
            assert_eq!(buyer.until_declined()["decline"]["code"], "limit_exceeded");
            world.assert_no_money(&opened);
        }
    }
    // What no phone bill can be is refused before anybody is asked.
    for amount in [300, 1_000_000] {
        let opened = world.open(CAMERA, amount);
        let answer = Buyer::of(&world, &opened).post("danal_phone", "popup");
        assert_eq!(answer.problem(), (422, "method_unavailable".to_owned()));
    }
}

#[test]
fn r68_a_number_tried_too_often_has_its_code_and_moves_nothing() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = begin(&world, &opened);
    let mut page = messaged(&buyer);
    let right = page.field("otp");
    let wrong = if right == "000000" { "111111" } else { "000000" };
    let stock = world.snapshot(&opened)["stock"].clone();
    for _ in 0..4 {
        page.set("otp", wrong);
        let answer = buyer.press_page(&page, "approve").unwrap();
        assert!(answer.body.contains("role=\"alert\"") && !answer.body.contains(&right));
        assert_eq!(buyer.look()["outcome"], "checking", "still in the window");
    }
    let back = buyer.press(&page, "approve").unwrap();
    // The right one comes too late.
    page.set("otp", &right);
    assert_eq!(buyer.press(&page, "approve").unwrap().url, back.url);
    assert_eq!(world.money(&opened), (0, 0, 0));
    assert_eq!(world.snapshot(&opened)["stock"], stock);
    buyer.come_back(&back);
    let status = buyer.until_declined();
    assert_eq!(status["decline"]["provider_code"], "2005", "{status}");
    world.assert_no_money(&opened);
    assert_eq!(world.read(&opened)["cases"], json!([]));
    // Another try has another session and another number.
    buyer.pay("danal_phone", "popup");
    buyer.until_paid();
    world.assert_paid_once(&opened);
}

#[test]
fn r68_no_number_phone_or_password_is_in_any_row_log_or_answer() {
    let state = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("danal");
    let _ = std::fs::remove_dir_all(&state);
    let world = World::start_with("danal", &["--state", state.to_str().unwrap()]);
    let opened = world.open(CAMERA, 31_000);
    let buyer = begin(&world, &opened);
    let mut window = buyer.window();
    window.set("phone", "01087650321");
    let page = buyer.press_page(&window, "approve").unwrap();
    let mut number = buyer.shown(&page);
    let first = number.field("otp");
    let wrong = if first == "918273" { "918274" } else { "918273" };
    number.set("otp", wrong);
    buyer.press_page(&number, "approve").unwrap();
    let again = buyer.shown(&buyer.press_page(&number, "resend").unwrap());
    let second = again.field("otp");
    let back = buyer.press(&again, "approve").unwrap();
    assert!(!json!(back.form).to_string().contains(&second), "nor does it travel back");
    buyer.come_back(&back);
    buyer.until_paid();
    world.assert_paid_once(&opened);
    assert_eq!(refund(&world, &opened, &json!({})).code, 201);
    until_given_back(&world, &opened);
    let told = [
        json!(world.journal(&opened)).to_string(),
        world.read(&opened).to_string(),
        buyer.status().to_string(),
        json!(world.books(&opened)).to_string(),
        json!(world.notices(&opened)).to_string(),
        json!(world.heard(0)).to_string(),
    ];
    let log = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tmp/it-danal.log");
    let log = std::fs::read_to_string(log).unwrap();
    let secrets = [&*first, wrong, &*second, "01087650321", "8765-0321", PASSWORD];
    for secret in secrets {
        // Numbers of six digits stand alone: a longer name may have any six in it.
        for text in told.iter().chain([&log]) {
            assert!(!stands_alone(text, secret), "{secret} in {text}");
        }
    }
    world.restart_when(&["--state", state.to_str().unwrap()], || {
        for file in files(&state) {
            let bytes = std::fs::read(&file).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            for secret in secrets {
                assert!(!stands_alone(&text, secret), "{secret} in {}", file.display());
            }
        }
    });
}

fn stands_alone(text: &str, secret: &str) -> bool {
    text.match_indices(secret).any(|(at, _)| {
        let part = |b: u8| b.is_ascii_alphanumeric();
        let before = at.checked_sub(1).is_some_and(|at| part(text.as_bytes()[at]));
        let after = text.as_bytes().get(at + secret.len()).is_some_and(|b| part(*b));
        !before && !after
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn r66_in_the_month_of_the_bill_it_is_a_cancel_of_the_whole() {
    let world = alone();
    // A day after a month began, so that none ends meanwhile.
    world.clock(month_end(&world) + DAY);
    let opened = world.open(CAMERA, 31_000);
    paid(&world, &opened);
    world.assert_paid_once(&opened);
    let (status, code) = refund(&world, &opened, &json!({ "amount": 1_000 })).problem();
    assert_eq!((status, code.as_str()), (422, "refund_part_unsupported"), "the whole or nothing");
    let before = last_heard(&world);
    assert_eq!(refund(&world, &opened, &json!({})).code, 201);
    until_given_back(&world, &opened);
    assert_eq!(world.books(&opened)[0]["status"], "CANCELLED");
    assert_eq!(world.money(&opened), (31_000, 31_000, 1));
    assert_eq!(commands(&world, before), ["BILL_CANCEL"]);
}

#[test]
fn r66_from_the_next_month_on_it_is_a_refund_to_where_the_buyer_wants_it() {
    let world = alone();
    let end = month_end(&world);
    world.clock(end - MINUTE);
    let opened = world.open(CAMERA, 31_000);
    paid(&world, &opened);
    world.assert_paid_once(&opened);
    world.clock(end + MINUTE);
    let before = last_heard(&world);
    refund(&world, &opened, &json!({})).refused(422, "refund_account_invalid");
    let to = json!({ "bank": "KB", "number": "12345678901", "holder": "홍길동" });
    assert_eq!(refund(&world, &opened, &json!({ "refund_account": to })).code, 201);
    until_given_back(&world, &opened);
    assert_eq!(world.books(&opened)[0]["status"], "REFUNDED");
    assert_eq!(world.money(&opened), (31_000, 31_000, 1));
    assert_eq!(commands(&world, before), ["BILL_REFUND"]);
    let heard = json!(world.heard(before)).to_string();
    assert!(heard.contains("BANK=KB") && !heard.contains("12345678901"), "{heard}");
}

#[test]
fn r66_f41_midnight_between_the_order_and_danal_turns_the_cancel_into_a_refund() {
    let world = alone();
    let end = month_end(&world);
    world.clock(end - MINUTE);
    let opened = world.open(CAMERA, 31_000);
    paid(&world, &opened);
    world.assert_paid_once(&opened);
    // Danal's clock alone is in the next month.
    let clock = json!({ "offset_ms": end + 1_000 });
    assert_eq!(
        world.call("POST", &format!("{}/control/clock", world.psp)).json(&clock).send().code,
        200
    );
    let before = last_heard(&world);
    assert_eq!(refund(&world, &opened, &json!({})).code, 201);
    until_given_back(&world, &opened);
    assert_eq!(commands(&world, before), ["BILL_CANCEL", "BILL_REFUND"]);
    assert_eq!(world.books(&opened)[0]["status"], "REFUNDED");
    assert_eq!(world.money(&opened), (31_000, 31_000, 1));
}

#[test]
fn r67_a_session_that_ended_takes_neither_the_payment_nor_its_refund_with_it() {
    let world = alone();
    let declined = world.open(CAMERA, 31_000);
    let mut buyer = begin(&world, &declined);
    let back = buyer.press(&buyer.window(), "decline").unwrap();
    buyer.come_back(&back);
    buyer.until_declined();
    let opened = world.open(CAMERA, 31_000);
    let buyer = paid(&world, &opened);
    world.assert_paid_once(&opened);
    // The contract of the demo keeps sessions for a day.
    world.clock(DAY + MINUTE);
    buyer.look();
    let view = world.read(&opened);
    assert_eq!((&view["status"], &view["cases"]), (&json!("paid"), &json!([])));
    let kept: Vec<Value> = world.books(&declined);
    assert_eq!((&kept[0]["status"], &kept[0]["captured"]), (&json!("FAILED"), &json!(0)));
    world.faults("danal", &json!({ "answer_lost_after_refund": true }));
    // Needed when the day after was the next month's first.
    let to = json!({ "bank": "KB", "number": "12345678901", "holder": "홍길동" });
    assert_eq!(refund(&world, &opened, &json!({ "refund_account": to })).code, 201);
    until_given_back(&world, &opened);
    assert_eq!(world.money(&opened), (31_000, 31_000, 1), "I-12: a lost answer is no second order");
}
