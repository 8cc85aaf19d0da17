//! The one-time token: what it opens once, and everything that is not it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::world::{BOOKS, Buyer, CAMERA, World, alone, key, together};

const MINUTE: i64 = 60_000;
/// The demo's signing key: public, as everything in its configuration.
const DEMO_KEY: &[u8] = b"demo-only:token-key:9fK2xQ7mVb4TzR1wLp8s";

fn session(world: &World, token: &str) -> crate::world::Answer {
    world
        .edge("GET", "/v1/session?device=pc")
        .header("origin", &world.shop_origin)
        .bearer(token)
        .send()
}

fn part(token: &str, n: usize) -> Value {
    let text = token.split('.').nth(n).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

fn signed(header: &Value, payload: &Value, key: &[u8]) -> String {
    let text = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(payload.to_string())
    );
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[test]
fn r18_a_token_shows_the_session_without_being_burnt() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    for _ in 0..3 {
        let answer = session(&world, &opened.token);
        assert_eq!(answer.code, 200, "{}", answer.body);
        let body = answer.json();
        assert_eq!((&body["amount"], &body["currency"]), (&json!(31_000), &json!("KRW")));
        assert_eq!(body["test_mode"], true);
        let ids: Vec<&str> =
            body["methods"].as_array().unwrap().iter().map(|m| m["id"].as_str().unwrap()).collect();
        for id in ["toss_card", "toss_virtual_account", "kb_kb_pay"] {
            assert!(ids.contains(&id), "{ids:?}");
        }
    }
    let phone = world.edge("GET", "/v1/session?device=mobile").bearer(&opened.token).send().json();
    for method in phone["methods"].as_array().unwrap() {
        let ladder = method["presentations"].as_array().unwrap();
        assert!(!ladder.contains(&json!("iframe")), "no frame on a phone: {method}");
        // Unicro has windows alone.
        let first = if method["id"].as_str().unwrap().starts_with("unicro_") {
            "popup"
        } else {
            "redirect"
        };
        assert_eq!(ladder[0], first);
    }
    Buyer::of(&world, &opened).begin("toss_card", "redirect");
}

#[test]
fn rows_2_to_20_a_token_that_is_not_ours_is_invalid_and_changes_nothing() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let before = world.snapshot(&opened);
    let (header, payload) = (part(&opened.token, 0), part(&opened.token, 1));
    let pieces: Vec<&str> = opened.token.split('.').collect();
    let with = |name: &str, value: Value| {
        let mut other = header.clone();
        other[name] = value;
        other
    };
    let mut cheaper = payload.clone();
    cheaper["amt"] = json!(1);
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let mut bad = vec![
        String::new(),
        "x".to_owned(),
        "..".to_owned(),
        format!("{}.{}.", pieces[0], pieces[1]),
        format!("{}.{}.{}", pieces[0], encode(&cheaper), pieces[2]),
        format!("{}=", opened.token),
        opened.token.replace('.', ".."),
        format!("{}.{}", opened.token, pieces[2]),
        signed(&header, &cheaper, b"another key of the right length!!"),
        signed(&with("typ", json!("JWT")), &payload, DEMO_KEY),
        signed(&with("kid", json!("../demo-1")), &payload, DEMO_KEY),
        signed(&with("kid", json!("demo-2")), &payload, DEMO_KEY),
        signed(&with("kid", json!(["demo-1"])), &payload, DEMO_KEY),
        signed(&with("crit", json!([])), &payload, DEMO_KEY),
        signed(&with("b64", json!(false)), &payload, DEMO_KEY),
        signed(&with("zip", json!("DEF")), &payload, DEMO_KEY),
        signed(&with("cty", json!("JWT")), &payload, DEMO_KEY),
        signed(&with("jwk", json!({"kty": "oct", "k": "AAAA"})), &payload, b"\0\0\0"),
    ];
    for alg in ["none", "nOnE", "None", "NONE", "", "HS512", "RS256"] {
        bad.push(signed(&with("alg", json!(alg)), &payload, DEMO_KEY));
        bad.push(format!("{}.{}.", encode(&with("alg", json!(alg))), pieces[1]));
    }
    for alg in [Value::Null, json!(1), json!(["HS256"])] {
        bad.push(signed(&with("alg", alg), &payload, DEMO_KEY));
    }
    // The last character has unused bits: no second spelling of one token.
    let mut spelt = opened.token.clone();
    let last = spelt.pop().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(last).unwrap();
    spelt.push(alphabet.chars().nth(at ^ 1).unwrap());
    bad.push(spelt);
    for token in &bad {
        let answer = session(&world, token);
        assert_eq!(answer.code, 401, "{token}: {}", answer.body);
        let code = answer.problem().1;
        assert!(matches!(code.as_str(), "token_invalid" | "unauthorized"), "{token}: {code}");
        assert!(!answer.body.contains(&pieces[1][..20]), "no echo");
        let begun = world
            .edge("POST", "/v1/attempts")
            .bearer(token)
            .key(&key())
            .json(&json!({"method": "toss_card", "presentation": "redirect", "device": "pc"}))
            .send();
        assert_eq!(begun.code, 401, "{token}: {}", begun.body);
    }
    let long = session(&world, &format!("{}{}", opened.token, "A".repeat(4_100)));
    long.refused(401, "token_too_large");
    session(&world, &"A".repeat(4_097)).refused(401, "token_too_large");
    world.edge("GET", "/v1/session").send().refused(401, "token_missing");
    session(&world, CAMERA.key).refused(401, "token_invalid");
    assert_eq!(world.snapshot(&opened), before, "I-20");
}

#[test]
fn rows_22_to_32_well_signed_tokens_with_wrong_claims_get_precise_codes() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let before = world.snapshot(&opened);
    let (header, payload) = (part(&opened.token, 0), part(&opened.token, 1));
    let iat = payload["iat"].as_u64().unwrap();
    let with = |changes: &[(&str, Value)]| {
        let mut other = payload.clone();
        for (name, value) in changes {
            other[*name] = value.clone();
        }
        signed(&header, &other, DEMO_KEY)
    };
    for (token, code, word) in [
        (with(&[("admin", json!(true))]), 401, "token_claims_invalid"),
        (with(&[("nbf", json!("soon"))]), 401, "token_claims_invalid"),
        (with(&[("nbf", json!(iat + 600))]), 401, "token_not_yet_valid"),
        (
            with(&[("iat", json!(iat + 600)), ("exp", json!(iat + 900))]),
            401,
            "token_claims_invalid",
        ),
        (with(&[("exp", json!(iat - 1))]), 401, "token_claims_invalid"),
        (with(&[("exp", json!(iat + 90_000))]), 401, "token_claims_invalid"),
        (with(&[("iat", json!(iat - 2_000)), ("exp", json!(iat - 1_100))]), 401, "token_expired"),
        (with(&[("iss", json!("http://evil.example"))]), 401, "token_issuer"),
        (with(&[("aud", json!("m_nobody"))]), 401, "token_audience"),
        (with(&[("aud", json!("m_books"))]), 409, "token_replayed"),
        (with(&[("amt", json!(1))]), 409, "token_replayed"),
        (with(&[("sub", json!("u-other"))]), 409, "token_replayed"),
    ] {
        let answer = session(&world, &token);
        assert_eq!(answer.problem(), (code, word.to_owned()), "{}", part(&token, 1));
    }
    assert_eq!(world.snapshot(&opened), before, "I-20, row 32");
}

#[test]
fn r18_a_shop_that_builds_its_page_late_gets_a_fresh_token() {
    let world = alone();
    let opened = world.open(CAMERA, 31_000);
    let path = format!("/v1/checkouts/{}/token", opened.id);
    world.clock(16 * MINUTE);
    session(&world, &opened.token).refused(401, "token_expired");
    world.edge("POST", &path).send().refused(401, "unauthorized");
    world.shop_call(BOOKS, "POST", &path).send().refused(404, "not_found");
    let fresh = world.shop_call(CAMERA, "POST", &path).send();
    assert_eq!(fresh.code, 200, "{}", fresh.body);
    let token = fresh.json()["token"].as_str().unwrap().to_owned();
    let opened = crate::world::Opened { token, ..opened };
    let mut buyer = Buyer::of(&world, &opened);
    buyer.begin("toss_card", "redirect");
    world.shop_call(CAMERA, "POST", &path).send().refused(409, "attempt_open");
    let back = buyer.press(&buyer.window(), "approve").unwrap();
    buyer.come_back(&back);
    buyer.until_paid();
    world.assert_paid_once(&opened);
    world.shop_call(CAMERA, "POST", &path).send().refused(409, "checkout_paid");
}

#[test]
fn i17_f8_f56_an_expired_token_is_refused_and_a_step_back_does_not_revive_it() {
    let world = alone();
    let opened = world.open(CAMERA, 31_000);
    let before = world.snapshot(&opened);
    world.clock(17 * MINUTE);
    session(&world, &opened.token).refused(401, "token_expired");
    Buyer::of(&world, &opened).post("toss_card", "redirect").refused(401, "token_expired");
    assert_eq!(world.snapshot(&opened), before, "I-20");
    // Within the skew of a minute it still works.
    world.clock(15 * MINUTE + 30_000);
    assert_eq!(session(&world, &opened.token).code, 200);
}

#[test]
fn i7_f6_row_30_a_token_moves_money_once_whoever_repeats_it() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    let first = buyer.begin("toss_card", "redirect");
    let again = buyer.post("toss_card", "redirect");
    assert_eq!(again.code, 200, "{}", again.body);
    let again = again.json();
    for name in ["attempt", "state_key", "presentation"] {
        assert_eq!(again[name], first[name], "the same key gets the same {name}");
    }
    // Another tab of this browser: sees, and holds nothing.
    let tab = |state: Option<&str>, key: &str| {
        let call = world
            .edge("POST", "/v1/attempts")
            .header("origin", &world.shop_origin)
            .bearer(&opened.token)
            .key(key)
            .json(&json!({"method": "kb_kb_pay", "presentation": "popup", "device": "pc"}));
        match state {
            Some(state) => call.header("hanbeon-state", state).send(),
            None => call.send(),
        }
    };
    let view = tab(Some(&buyer.state), &key());
    assert_eq!(view.code, 200, "{}", view.body);
    let view = view.json();
    assert_eq!((&view["state_key"], &view["presentation"]), (&Value::Null, &Value::Null));
    assert_eq!(view["attempt"], buyer.attempt.as_str());
    assert_eq!(view["status"]["outcome"], "checking");
    let before = world.snapshot(&opened);
    tab(None, &key()).refused(409, "token_replayed");
    tab(Some(&"0".repeat(32)), &key()).refused(409, "token_replayed");
    tab(Some("nonsense"), &key()).refused(409, "token_replayed");
    assert_eq!(world.snapshot(&opened), before, "I-20");
    assert_eq!(before["view"]["attempts"].as_array().unwrap().len(), 1);
    // F7: also after success.
    let window = buyer.window();
    buyer.come_back(&buyer.press(&window, "approve").unwrap());
    buyer.until_paid();
    tab(None, &key()).refused(409, "token_replayed");
    let repeat = buyer.post("toss_card", "redirect");
    assert_eq!((repeat.code, &repeat.json()["status"]["outcome"]), (200, &json!("paid")));
    world.assert_paid_once(&opened);
}

#[test]
fn i7_f6_twenty_posts_of_one_token_at_once_begin_one_attempt() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let buyer = Buyer::of(&world, &opened);
    let codes: Vec<u16> = std::thread::scope(|scope| {
        let calls: Vec<_> =
            (0..20).map(|_| scope.spawn(|| buyer.post("toss_card", "redirect").code)).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert!(codes.iter().all(|code| matches!(code, 200 | 201)), "{codes:?}");
    assert_eq!(codes.iter().filter(|code| **code == 201).count(), 1, "{codes:?}");
    let other: Vec<u16> = std::thread::scope(|scope| {
        let post = || {
            let mut other = Buyer::of(&world, &opened);
            other.key = key();
            other.post("toss_card", "redirect").code
        };
        let calls: Vec<_> = (0..5).map(|_| scope.spawn(post)).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    });
    assert_eq!(other, [409; 5]);
    assert_eq!(world.read(&opened)["attempts"].as_array().unwrap().len(), 1);
}

#[test]
fn row_94_a_token_in_an_address_is_refused() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    for path in [
        format!("/v1/session?token={}", opened.token),
        format!("/v1/session?device=pc&token={}", opened.token),
        format!("/v1/status?state_key={}", "0".repeat(32)),
    ] {
        let call = world.edge("GET", &path).bearer(&opened.token);
        let answer = call.send();
        answer.refused(400, "token_in_url");
        assert!(!answer.body.contains(&opened.token));
    }
}

#[test]
fn row_132_pages_of_other_origins_are_refused() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let before = world.snapshot(&opened);
    let own = world.shop_origin.clone();
    let subdomain = own.replace("shop.", "a.shop.");
    let other_port = format!("{}:1", own.rsplit_once(':').unwrap().0);
    for origin in [
        "null",
        "https://evil.example",
        &own.replace("http:", "https:"),
        &own.to_uppercase(),
        &subdomain,
        &other_port,
        &format!("{own}/"),
        &format!("{own}, https://evil.example"),
    ] {
        let call = world.edge("GET", "/v1/session").header("origin", origin);
        let answer = call.bearer(&opened.token).send();
        assert_eq!(answer.code, 403, "{origin:?}: {}", answer.body);
        answer.refused(403, "origin_not_allowed");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{origin}");
        let asked = world
            .edge("OPTIONS", "/v1/attempts")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .send();
        assert_eq!(asked.code, 403, "{origin}");
        assert_eq!(asked.header("access-control-allow-origin"), "", "{origin}");
    }
    assert_eq!(world.snapshot(&opened), before);
}

#[test]
fn the_shops_own_page_may_call_and_reads_the_headers_that_it_needs() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    for path in ["/v1/attempts", "/v1/session", "/v1/status", "/v1/look", "/v1/abandon"] {
        let asked = world
            .edge("OPTIONS", path)
            .header("origin", &world.shop_origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,idempotency-key")
            .send();
        assert_eq!(asked.code, 204, "{path}");
        assert_eq!(asked.header("access-control-allow-origin"), world.shop_origin);
        let allowed = asked.header("access-control-allow-headers").to_lowercase();
        for name in ["authorization", "content-type", "idempotency-key", "hanbeon-state"] {
            assert!(allowed.contains(name), "{allowed}");
        }
        assert_eq!(asked.header("access-control-allow-credentials"), "", "cookieless");
    }
    let answer = session(&world, &opened.token);
    assert_eq!(answer.header("access-control-allow-origin"), world.shop_origin);
    assert!(answer.header("access-control-expose-headers").contains("retry-after"));
    assert!(answer.header("vary").to_lowercase().contains("origin"));
    assert_eq!(answer.header("cache-control"), "no-store");
    // A problem can be read by the page too.
    let refused = session(&world, "x");
    assert_eq!(refused.header("access-control-allow-origin"), world.shop_origin);
}

#[test]
fn row_84_a_state_key_opens_its_own_checkout_only() {
    let world = together();
    let (one, two) = (world.open(CAMERA, 31_000), world.open(CAMERA, 31_000));
    let mut first = Buyer::of(&world, &one);
    first.begin("toss_card", "redirect");
    let mut second = Buyer::of(&world, &two);
    second.begin("toss_card", "redirect");
    let before = (world.snapshot(&one), world.snapshot(&two));
    let ask = |value: &str, path: &str| {
        let method = if path == "/v1/status" { "GET" } else { "POST" };
        world.edge(method, path).header("authorization", value).json(&json!({})).try_send()
    };
    for value in [
        format!("State {}.{}", one.id, second.state),
        format!("State {}.{}", one.id, "0".repeat(32)),
        format!("State {}.{}", one.id, &first.state[..30]),
        format!("State {}.", one.id),
        format!("State {}", one.id),
        format!("State chk_g1s00_{}.{}", "0".repeat(32), first.state),
        format!("State chk_g9s99_{}.{}", "0".repeat(32), first.state),
    ] {
        for path in ["/v1/look", "/v1/abandon"] {
            let answer = ask(&value, path).unwrap();
            assert!(matches!(answer.code, 400 | 404), "{value} {path}: {}", answer.body);
        }
        let status = world.edge("GET", "/v1/status").header("authorization", &value).send();
        assert!(matches!(status.code, 400 | 404), "{value}: {}", status.body);
    }
    // A token is no state key.
    let token = world.edge("GET", "/v1/status").bearer(&one.token).send();
    token.refused(400, "state_mismatch");
    assert_eq!((world.snapshot(&one), world.snapshot(&two)), before);
    // An attempt of another checkout is not there.
    first
        .ask("POST", "/v1/abandon", Some(&json!({ "attempt": second.attempt })))
        .refused(404, "not_found");
}

#[test]
fn r55_i15_a_token_works_for_its_own_merchant_only() {
    let world = together();
    let camera = world.open(CAMERA, 31_000);
    let books = world.open(BOOKS, 31_000);
    assert_eq!(session(&world, &books.token).json()["merchant_name_en"], "Hanbeon Books");
    let mut buyer = Buyer::of(&world, &books);
    // Another merchant's method is no method here.
    for method in ["toss_card", "kb_kb_pay", "nothing", ""] {
        buyer.post(method, "redirect").refused(422, "method_unavailable");
    }
    buyer.post("toss_books_card", "fullscreen").refused(400, "json_schema");
    buyer.begin("toss_books_card", "redirect");
    assert_eq!(world.read(&camera)["attempts"], json!([]));
}

#[test]
fn r22_a_checkout_and_a_buyer_have_a_bounded_number_of_attempts() {
    let world = together();
    let opened = world.open(CAMERA, 31_000);
    let mut buyer = Buyer::of(&world, &opened);
    for _ in 0..10 {
        buyer.begin("toss_card", "redirect");
        buyer.abandon();
        let status = buyer
            .until("the attempt's end", |s| s["phase"] == "open" && s["outcome"] == "not_paid");
        if status["can_retry"] == false {
            break;
        }
        buyer.token = status["token"].as_str().unwrap().to_owned();
        buyer.key = key();
    }
    let status = buyer.status();
    assert_eq!((&status["can_retry"], &status["token"]), (&json!(false), &Value::Null));
    assert_eq!(world.read(&opened)["attempts"].as_array().unwrap().len(), 10);
}
