//! The module that ships, on the real runtime: the other tests run the demo's, which can move its clock.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::json;
use tests::demo::released;

use crate::world::http::{Call, agent};
use crate::world::{CAMERA, START_WAIT, key, runtime, until_within};

fn testdata(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../edge/testdata");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

#[test]
#[ignore = "needs the release build of the edge: `cargo x ci` makes it and runs this"]
fn what_ships_opens_a_checkout_and_refuses_what_the_demo_allows() {
    let base = runtime::free_base();
    let config = format!("HANBEON_CONFIG={}", released());
    let mut process = runtime::start("release", base, "build", &["--var", &config]);
    serves(base);
    // It ends when nobody speaks to it any more.
    drop(process.stdin.take());
    process.wait().unwrap();
}

/// `runtime.mjs` translates the deployment's configuration; here its own tool reads it.
#[test]
#[ignore = "needs the release build of the edge: `cargo x ci` makes it and runs this"]
fn what_ships_does_the_same_where_its_deployer_runs_it() {
    let base = runtime::free_base();
    let secrets: BTreeMap<String, String> =
        serde_json::from_str(&testdata("demo-secrets.json")).unwrap();
    let vars = secrets.into_iter().chain([("HANBEON_CONFIG".to_owned(), released())]);
    let words: Vec<String> =
        vars.flat_map(|(name, value)| ["--var".to_owned(), format!("{name}:{value}")]).collect();
    let process = runtime::wrangler(base, &words);
    let health = || {
        let url = format!("http://127.0.0.1:{}/v1/health", base + 2);
        Call::new(&agent(), "GET", &url).try_send().filter(|answer| answer.code == 200)
    };
    until_within(START_WAIT, "wrangler serves", health);
    serves(base);
    drop(process);
}

/// A shop's and a buyer's first steps.
fn serves(base: u16) {
    let agent = agent();
    let call = |method: &str, path: &str| {
        Call::new(&agent, method, &format!("http://127.0.0.1:{}{path}", base + 2))
    };
    let body = |return_url: &str| {
        json!({
            "buyer": { "id": "u-1" },
            "orders": [{
                "order_id": key(), "seller": "s1", "amount": 31_000,
                "lines": [{ "sku": "x100v", "name": "X100V", "quantity": 1, "unit_amount": 31_000 }],
            }],
            "amount": 31_000, "currency": "KRW", "return_url": return_url,
        })
    };
    let open = |return_url: &str| {
        call("POST", "/v1/checkouts").bearer(CAMERA.key).key(&key()).json(&body(return_url)).send()
    };

    let opened = open("https://shop.example.com/done");
    assert_eq!(opened.code, 201, "{}", opened.body);
    let opened = opened.json();
    let token = opened["token"].as_str().unwrap();
    open("http://shop.localhost:4410/return.html").refused(422, "return_url_not_allowed");

    let begun = call("POST", "/v1/attempts")
        .bearer(token)
        .key(&key())
        .json(&json!({
            "method": "toss_card", "presentation": "redirect", "device": "pc", "locale": "ko",
        }))
        .send();
    assert_eq!(begun.code, 201, "{}", begun.body);
    let window = begun.json()["presentation"]["url"].as_str().unwrap().to_owned();
    let page = call("GET", window.strip_prefix("https://pay.example.com").unwrap()).send();
    assert_eq!(page.code, 200, "{}", page.body);
    assert!(page.body.contains("https://window.example.com/toss/v2/standard"), "{}", page.body);

    let path = format!("/v1/checkouts/{}", opened["id"].as_str().unwrap());
    let read = call("GET", &path).bearer(CAMERA.key).send().json();
    assert_eq!(read["attempts"].as_array().unwrap().len(), 1, "{read}");
    assert_eq!(call("POST", "/v1/demo/clock").json(&json!({ "offset_ms": 1 })).send().code, 404);
}
