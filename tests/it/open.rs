//! Opening a checkout: once, whatever is repeated, and never with what does not fit.

use serde_json::{Value, json};

use crate::world::{BOOKS, Buyer, CAMERA, Opened, Together, World, fresh, key, together};

/// Opens with an explicit key and raw text.
fn post(world: &World, key: &str, kind: &str, body: &str) -> crate::world::Answer {
    world.shop_call(CAMERA, "POST", "/v1/checkouts").key(key).body(kind, body).send()
}

/// A body that would be good, changed at one place.
fn changed(world: &World, pointer: &str, value: Value) -> String {
    let mut body = world.order_body(&format!("sku-{}", fresh()), 31_000);
    *body.pointer_mut(pointer).unwrap() = value;
    body.to_string()
}

/// Newest first, with everything that a refused request must leave alone.
fn list(world: &World) -> Value {
    world.shop_call(CAMERA, "GET", "/v1/checkouts?limit=100").send().json()
}

/// An opened checkout that is in the list already: what stands before each refused request.
fn witness(world: &World) -> Opened {
    let opened = world.open(CAMERA, 31_000);
    crate::world::until("the list shows it", || world.listed(&opened));
    opened
}

/// Sends each body and asserts its refusal; nothing that can be read has changed afterwards, and the
/// order id is as free as it was.
fn refuse_all(world: &Together, rows: &[(String, u16, &str)]) {
    let opened = witness(world);
    let before = world.snapshot(&opened);
    for (body, code, word) in rows {
        let answer = post(world, &key(), "application/json", body);
        assert_eq!(answer.problem(), (*code, (*word).to_owned()), "{body}");
        answer.refused(*code, word);
        assert!(!answer.body.contains("X100V"), "no echo of the input");
    }
    assert_eq!(world.snapshot(&opened), before, "I-20");
}

#[test]
fn i8_i12_f1_the_same_opening_gets_the_same_answer_with_the_same_token() {
    let world = together();
    let body = world.order_body("sku-repeat", 31_000);
    let key = key();
    let open = |body: &str| post(&world, &key, "application/json", body);
    let first = open(&body.to_string());
    assert_eq!((first.code, first.header("idempotency-replayed")), (201, ""), "{}", first.body);
    // The same content in another order of its members is the same request.
    let text = body.to_string();
    let reversed: Vec<String> = body
        .as_object()
        .unwrap()
        .iter()
        .rev()
        .map(|(name, value)| format!(" {}:\t{value}", json!(name)))
        .collect();
    for repeat in [text.clone(), format!("{{{}\n}}", reversed.join(","))] {
        let again = open(&repeat);
        assert_eq!((again.code, again.header("idempotency-replayed")), (201, "true"));
        assert_eq!(again.body, first.body, "byte for byte, the token included");
    }
}

#[test]
fn i8_f2_another_content_under_a_used_key_is_refused_and_executes_nothing() {
    let world = together();
    let opened = witness(&world);
    let body = world.order_body("sku-reuse", 31_000);
    let key = key();
    assert_eq!(post(&world, &key, "application/json", &body.to_string()).code, 201);
    let before = (list(&world), world.snapshot(&opened));
    let mut other = world.order_body("sku-reuse", 32_000);
    post(&world, &key, "application/json", &other.to_string())
        .refused(422, "idempotency_key_reused");
    other["orders"] = body["orders"].clone();
    other["amount"] = json!(31_000);
    post(&world, &key, "application/json", &other.to_string())
        .refused(422, "idempotency_key_reused");
    assert_eq!(world.snapshot(&opened), before.1);
}

#[test]
fn i8_an_idempotency_key_belongs_to_one_merchant() {
    let world = together();
    let key = key();
    let mut body = world.order_body("sku-both", 31_000);
    let open = |merchant, body: &Value| {
        world.shop_call(merchant, "POST", "/v1/checkouts").key(&key).json(body).send()
    };
    let first = open(CAMERA, &body);
    // The same key and even the same order id of another merchant are another name.
    body["amount"] = json!(32_000);
    body["orders"][0]["amount"] = json!(32_000);
    body["orders"][0]["lines"][0]["unit_amount"] = json!(32_000);
    let second = open(BOOKS, &body);
    assert_eq!((first.code, second.code), (201, 201), "{}", second.body);
    assert_ne!(first.json()["id"], second.json()["id"]);
}

#[test]
fn i8_f3_row_140_twenty_equal_openings_at_once_open_one_checkout() {
    let world = together();
    let body = world.order_body("sku-storm", 31_000).to_string();
    let key = key();
    let ids: std::collections::BTreeSet<String> = std::thread::scope(|scope| {
        let open = || post(&world, &key, "application/json", &body);
        let calls: Vec<_> = (0..20).map(|_| scope.spawn(open)).collect();
        calls
            .into_iter()
            .map(|call| call.join().unwrap())
            .map(|answer| {
                assert_eq!(answer.code, 201, "{}", answer.body);
                answer.json()["id"].to_string()
            })
            .collect()
    });
    assert_eq!(ids.len(), 1);
}

#[test]
fn row_142_a_bad_idempotency_key_is_refused() {
    let world = together();
    let body = world.order_body("sku-key", 31_000).to_string();
    for bad in ["", "short", &"k".repeat(256), "a key with spaces?", "schlüssel-00"] {
        let answer = post(&world, bad, "application/json", &body);
        assert!(
            matches!(
                answer.problem().1.as_str(),
                "idempotency_key_invalid" | "idempotency_key_missing"
            ),
            "{bad:?}: {}",
            answer.body
        );
        assert_eq!(answer.code, 400, "{bad:?}");
    }
    let call = world.shop_call(CAMERA, "POST", "/v1/checkouts");
    call.body("application/json", body).send().refused(400, "idempotency_key_missing");
}

#[test]
fn an_order_id_belongs_to_one_checkout() {
    let world = together();
    let body = world.order_body("sku-order", 31_000);
    assert_eq!(post(&world, &key(), "application/json", &body.to_string()).code, 201);
    post(&world, &key(), "application/json", &body.to_string()).refused(409, "order_id_conflict");
    // Also as the second order of another checkout, which lives elsewhere.
    let mut other = world.order_body("sku-order", 31_000);
    other["orders"].as_array_mut().unwrap().push(body["orders"][0].clone());
    other["amount"] = json!(62_000);
    post(&world, &key(), "application/json", &other.to_string()).refused(409, "order_id_conflict");
}

#[test]
fn i8_i20_f4_an_opening_that_met_anothers_order_stays_refused_and_keeps_no_order() {
    let world = together();
    let taken = world.order_body("sku-taken", 31_000);
    assert_eq!(post(&world, &key(), "application/json", &taken.to_string()).code, 201);
    let good = world.order_body("sku-taken", 31_000);
    let mut both = good.clone();
    both["orders"].as_array_mut().unwrap().push(taken["orders"][0].clone());
    both["amount"] = json!(62_000);
    let same = key();
    for _ in 0..3 {
        let answer = post(&world, &same, "application/json", &both.to_string());
        answer.refused(409, "order_id_conflict");
    }
    let answer = post(&world, &same, "application/json", &good.to_string());
    answer.refused(422, "idempotency_key_reused");
    let answer = post(&world, &key(), "application/json", &good.to_string());
    assert_eq!(answer.code, 201, "its other order is free: {}", answer.body);
}

#[test]
fn i20_a_refused_opening_burns_neither_its_order_id_nor_its_key() {
    let world = together();
    let good = world.order_body("sku-again", 31_000);
    let mut wrong = good.clone();
    wrong["amount"] = json!(31_001);
    post(&world, &key(), "application/json", &wrong.to_string()).refused(422, "amount_mismatch");
    let answer = post(&world, &key(), "application/json", &good.to_string());
    assert_eq!(answer.code, 201, "the shop repairs its order and opens it: {}", answer.body);
}

#[test]
fn i5_rows_50_to_56_a_wrong_amount_gets_its_code_and_changes_nothing() {
    let world = together();
    let rows: [(Value, &str); 12] = [
        (json!(0), "amount_invalid"),
        (json!(-1), "amount_invalid"),
        (json!("31000"), "amount_invalid"),
        (json!(null), "amount_invalid"),
        (json!(true), "amount_invalid"),
        (json!(31000.0), "amount_exponent"),
        (json!(31000.5), "amount_exponent"),
        (json!(0.1), "amount_exponent"),
        (json!(1_000_000_001_u64), "amount_out_of_range"),
        (json!(9_007_199_254_740_992_u64), "amount_out_of_range"),
        (json!(u64::MAX), "amount_out_of_range"),
        (json!(1e30), "amount_out_of_range"),
    ];
    let places = ["/amount", "/orders/0/amount", "/orders/0/lines/0/unit_amount"];
    let mut all = Vec::new();
    for (value, word) in &rows {
        for place in places {
            all.push((changed(&world, place, value.clone()), 422, *word));
        }
    }
    // As a parser would print them back otherwise: -0, 31e3, a text of digits with a plus.
    let text = changed(&world, "/amount", json!("AMOUNT"));
    for (raw, word) in [("-0", "amount_invalid"), ("3.1e4", "amount_exponent")] {
        all.push((text.replace("\"AMOUNT\"", raw), 422, word));
    }
    refuse_all(&world, &all);
}

#[test]
fn i2_sums_that_do_not_add_up_are_refused() {
    let world = together();
    let rows = [
        (changed(&world, "/amount", json!(30_999)), 422, "amount_mismatch"),
        (changed(&world, "/orders/0/amount", json!(31_001)), 422, "amount_mismatch"),
        (changed(&world, "/orders/0/lines/0/quantity", json!(2)), 422, "amount_mismatch"),
        (changed(&world, "/orders/0/lines/0/quantity", json!(0)), 422, "quantity_invalid"),
        (changed(&world, "/orders/0/lines/0/quantity", json!(-1)), 422, "quantity_invalid"),
        (changed(&world, "/orders/0/lines/0/quantity", json!(0.1)), 422, "quantity_invalid"),
        (changed(&world, "/orders/0/lines/0/quantity", json!(10_000)), 422, "quantity_invalid"),
        (changed(&world, "/currency", json!("XXX")), 422, "currency_invalid"),
        (changed(&world, "/currency", json!("krw")), 422, "currency_invalid"),
    ];
    refuse_all(&world, &rows);
}

#[test]
fn rows_42_to_48_a_body_that_is_not_the_record_is_refused() {
    let world = together();
    let good = world.order_body("sku-shape", 31_000).to_string();
    let rows = [
        (String::new(), 400, "json_invalid"),
        ("{".to_owned(), 400, "json_invalid"),
        (good[..good.len() - 1].to_owned(), 400, "json_invalid"),
        (format!("{good}{good}"), 400, "json_invalid"),
        (format!("{good}\0"), 400, "json_invalid"),
        (good.replacen('{', "{,", 1), 400, "json_invalid"),
        ("null".to_owned(), 400, "json_schema"),
        ("[]".to_owned(), 400, "json_schema"),
        ("[[\"u\"],[],31000,\"KRW\",\"\"]".to_owned(), 400, "json_schema"),
        (format!("[{good}]"), 400, "json_schema"),
        (good.replacen('{', "{\"surprise\":1,", 1), 400, "json_schema"),
        (good.replacen("\"id\":", "\"name\":\"Kim\",\"id\":", 1), 400, "json_schema"),
        (good.replace("\"currency\"", "\"curency\""), 400, "json_schema"),
        (good.replacen('{', "{\"amount\":1,", 1), 400, "json_duplicate_key"),
        (good.replacen('{', "{\"amoun\\u0074\":1,", 1), 400, "json_duplicate_key"),
        (
            good.replacen('{', &format!("{{\"a\":{}{},", "[".repeat(40), "]".repeat(40)), 1),
            400,
            "json_too_deep",
        ),
    ];
    refuse_all(&world, &rows);
}

#[test]
fn row_44_i16_a_large_body_is_refused() {
    let world = together();
    let good = world.order_body("sku-large", 31_000).to_string();
    let padded = good.replacen('{', &format!("{{{}", " ".repeat(65 * 1024)), 1);
    refuse_all(&world, &[(padded, 413, "body_too_large")]);
}

#[test]
fn rows_40_134_other_types_and_encodings_are_refused() {
    let world = together();
    let opened = witness(&world);
    let before = world.snapshot(&opened);
    let good = world.order_body("sku-type", 31_000).to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "text/json", ""] {
        post(&world, &key(), kind, &good).refused(415, "unsupported_media_type");
    }
    for coding in ["gzip", "br", "deflate", "gzip, gzip"] {
        world
            .shop_call(CAMERA, "POST", "/v1/checkouts")
            .key(&key())
            .header("content-encoding", coding)
            .body("application/json", good.clone())
            .send()
            .refused(415, "unsupported_encoding");
    }
    assert_eq!(world.snapshot(&opened), before, "I-20");
    assert_eq!(post(&world, &key(), "application/json; charset=utf-8", &good).code, 201);
}

#[test]
fn row_58_an_order_id_of_other_characters_is_refused() {
    let world = together();
    let bad = ["", " ", "a b", "a/b", "%2e%2e", "%00", "a\r\nb", "주문", "🎁", "\u{202e}a"];
    let mut rows: Vec<(String, u16, &str)> = bad
        .iter()
        .map(|id| (changed(&world, "/orders/0/order_id", json!(id)), 400, "order_id_invalid"))
        .collect();
    let long = "o".repeat(65);
    rows.push((changed(&world, "/orders/0/order_id", json!(long)), 400, "order_id_invalid"));
    refuse_all(&world, &rows);
}

#[test]
fn r36_rows_78_to_82_only_listed_return_addresses_are_taken() {
    let world = together();
    let home = world.shop_origin.clone();
    let host = home.strip_prefix("http://").unwrap();
    let mut bad: Vec<(String, &str)> = [
        "",
        "/return.html",
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "http:evil.example",
        "http:///evil.example",
    ]
    .iter()
    .map(|url| ((*url).to_owned(), "return_url_not_allowed"))
    .collect();
    for url in [
        format!("http://{host}.evil.example/"),
        format!("http://{host}@evil.example/"),
        format!("http://evil{host}/"),
        format!("http://user:pw@{host}/"),
        format!("http://@{host}/"),
        format!("https://{host}/"),
        format!("http:{host}/"),
        format!("http:///{host}/"),
        format!("ht\ntp://{host}/"),
        format!("\thttp://{host}/"),
        format!("{home}\\@evil.example"),
        format!("{home}/return.html#hanbeon=chk"),
        format!("{home}/return.html?hanbeon=chk_1"),
        format!("{home}/{}", "a".repeat(16 * 1024)),
        "http://shop.localhost:1/".to_owned(),
    ] {
        bad.push((url, "return_url_not_allowed"));
    }
    for url in ["javascript:alert(1)", "data:text/html,a", "ftp://shop.localhost/"] {
        bad.push((url.to_owned(), "return_url_scheme"));
    }
    let rows: Vec<(String, u16, &str)> = bad
        .iter()
        .map(|(url, word)| (changed(&world, "/return_url", json!(url)), 422, *word))
        .collect();
    refuse_all(&world, &rows);
}

#[test]
fn without_a_key_of_a_merchant_nothing_is_opened_or_read() {
    let world = together();
    let opened = witness(&world);
    let before = world.snapshot(&opened);
    let body = world.order_body("sku-nobody", 31_000);
    let path = format!("/v1/checkouts/{}", opened.id);
    for value in [
        "",
        "Bearer",
        "Bearer sk_test_camera_000000000000000000000001",
        "Basic c2s6",
        &format!("Bearer {}", opened.token),
        &format!("State {}.{}", opened.id, "0".repeat(32)),
    ] {
        let open = world.edge("POST", "/v1/checkouts").header("authorization", value);
        open.key(&key()).json(&body).send().refused(401, "unauthorized");
        let read = world.edge("GET", &path).header("authorization", value).send();
        assert_eq!(read.code, 401, "{value}: {}", read.body);
    }
    world.edge("GET", &path).send().refused(401, "unauthorized");
    assert_eq!(world.snapshot(&opened), before, "I-20");
}

#[test]
fn rows_62_66_unknown_addresses_and_methods_are_problems_too() {
    let world = together();
    world.edge("GET", "/v1/nothing").send().refused(404, "not_found");
    world.edge("GET", "/v1/attempts").send().refused(405, "method_not_allowed");
    world.edge("PUT", "/v1/checkouts").send().refused(405, "method_not_allowed");
    world.edge("GET", "/v1/webhooks/toss").send().refused(405, "method_not_allowed");
    let call = world.shop_call(CAMERA, "GET", "/v1/checkouts?limit=1&limit=2");
    call.send().refused(400, "parameter_duplicated");
    for cursor in ["x", "chk_1", "%00", "chk_g1s00_zz"] {
        let path = format!("/v1/checkouts?cursor={cursor}");
        world.shop_call(CAMERA, "GET", &path).send().refused(400, "cursor_invalid");
    }
    for limit in ["-1", "x", "1.5"] {
        let path = format!("/v1/checkouts?limit={limit}");
        world.shop_call(CAMERA, "GET", &path).send().refused(400, "cursor_invalid");
    }
    let many = world.shop_call(CAMERA, "GET", "/v1/checkouts?limit=1000000000").send();
    assert_eq!(many.code, 200, "row 76: capped, {}", many.body);
}

#[test]
fn row_60_names_of_markup_and_other_scripts_are_kept_as_they_are() {
    let world = together();
    for name in
        ["<script>alert(1)</script>", "'; DROP TABLE checkout;--", "한번 결제 📷 ‏", "\\\"{}"]
    {
        let mut body = world.order_body("sku-name", 31_000);
        body["orders"][0]["lines"][0]["name"] = json!(name);
        let opened = world.open_with(CAMERA, &body);
        let view = world.read(&opened);
        assert_eq!(view["orders"][0]["lines"][0]["name"], *name);
        assert_eq!(view["label"], *name);
        let mut buyer = Buyer::of(&world, &opened);
        buyer.begin("toss_card", "popup");
        let page = world.call("GET", &buyer.url).send();
        assert!(!page.body.contains("<script>alert"), "text stays text");
    }
}

#[test]
fn the_list_shows_the_newest_first_page_by_page() {
    let world = together();
    let opened: Vec<Opened> = (0..3).map(|_| witness(&world)).collect();
    let page = |path: &str| world.shop_call(CAMERA, "GET", path).send().json();
    let mut cursor = String::new();
    let mut seen = Vec::new();
    for _ in 0..200 {
        let one = page(&format!("/v1/checkouts?limit=1&cursor={cursor}"));
        let rows = one["checkouts"].as_array().unwrap();
        assert!(rows.len() <= 1);
        seen.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        if opened.iter().all(|one| seen.contains(&one.id)) {
            break;
        }
        cursor = one["next_cursor"].as_str().expect("there is more").to_owned();
    }
    let place = |one: &Opened| seen.iter().position(|id| *id == one.id).unwrap();
    assert!(place(&opened[2]) < place(&opened[1]) && place(&opened[1]) < place(&opened[0]));
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), seen.len(), "no row twice");
}
