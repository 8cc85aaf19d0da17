//! The table of apps whose browsers are left, as `inapp.js` reads it: no browser is needed for that.

use std::process::Command;

use serde_json::{Value, json};

const SCRIPT: &str = "
globalThis.CSSStyleSheet = class { replaceSync() {} };
const rows = JSON.parse(process.argv[2]);
import(process.argv[1]).then(({ leave }) =>
  console.log(JSON.stringify(rows.map(([agent, url]) => leave(agent, url)))));";

const PAGE: &str = "https://shop.kr/pay?a=1&b=2#c";

fn leave(rows: &Value) -> Value {
    let node = std::env::var("HANBEON_NODE").unwrap_or_else(|_| "node".to_owned());
    let module = concat!(env!("CARGO_MANIFEST_DIR"), "/../widget/inapp.js");
    let output = Command::new(node)
        .args(["-e", SCRIPT, "--", module, &rows.to_string()])
        .output()
        .expect("node starts");
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
}

#[test]
fn r21_each_app_is_known_by_its_name_and_left_by_its_own_way() {
    let kakao = "kakaotalk://web/openExternal?url=https%3A%2F%2Fshop.kr%2Fpay%3Fa%3D1%26b%3D2%23c";
    let line = "https://shop.kr/pay?a=1&b=2&openExternalBrowser=1#c";
    let intent = "intent://shop.kr/pay?a=1&b=2#Intent;scheme=https;action=android.intent.action.VIEW;\
                  category=android.intent.category.BROWSABLE;end";
    let android = "Mozilla/5.0 (Linux; Android 13; SM-X706N; wv) AppleWebKit/537.36 Chrome/115.0 Safari/537.36";
    let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 16_5_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148";
    let of = |system: &str, name: &str| format!("{system} {name}");
    let cases = [
        (of(android, ";KAKAOTALK 2410310"), "KakaoTalk", Some(kakao)),
        (of(iphone, "KAKAOTALK 10.3.1"), "KakaoTalk", Some(kakao)),
        (of(android, "Line/13.16.0/IAB"), "LINE", Some(line)),
        (of(iphone, "Safari Line/13.16.0"), "LINE", Some(line)),
        (of(android, "NAVER(inapp; search; 1010; 11.24.6)"), "NAVER", Some(intent)),
        (of(iphone, "NAVER(inapp; search; 1010; 11.24.5; 12PRO)"), "NAVER", None),
        (of(android, "Instagram 292.0.0.31.110 Android"), "Instagram", Some(intent)),
        (of(iphone, "Instagram 292.0.0.17.111"), "Instagram", None),
        (of(android, "[FB_IAB/FB4A;FBAV/421.0.0.33.47;]"), "Facebook", Some(intent)),
        (of(iphone, "[FBAN/FBIOS;FBAV/421.0.0.31.47]"), "Facebook", None),
    ];
    let rows: Vec<Value> = cases.iter().map(|(agent, ..)| json!([agent, PAGE])).collect();
    let told = leave(&Value::Array(rows));
    for ((agent, app, href), told) in cases.iter().zip(told.as_array().unwrap()) {
        assert_eq!(*told, json!({ "app": app, "href": href }), "{agent}");
    }
}

#[test]
fn r21_real_browsers_are_left_alone_and_line_is_asked_once() {
    let rows = json!([
        ["Mozilla/5.0 (Linux; Android 15; SM-S931N) Chrome/156.0.0.0 Mobile Safari/537.36", PAGE],
        [
            "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) Version/19.1 Mobile/15E148 Safari/604.1",
            PAGE
        ],
        ["Mozilla/5.0 (X11; Linux x86_64) Chrome/156 OnLine/1 Pipeline/2", PAGE],
        ["Mozilla/5.0 (iPhone) Line/13.16.0", "https://shop.kr/?openExternalBrowser=1"],
    ]);
    assert_eq!(leave(&rows), json!([null, null, null, { "app": "LINE", "href": null }]));
}

#[test]
fn the_glue_fetches_it_for_every_app_of_the_table() {
    let glue = concat!(env!("CARGO_MANIFEST_DIR"), "/../widget/glue.js");
    let glue = std::fs::read_to_string(glue).unwrap();
    assert!(glue.contains("/KAKAO|NAVER|Instagram|FB|Line\\//.test(navigator.userAgent)"));
}
