//! Documents that must not get in, by cause (reliability.md 4.2).

use proptest::prelude::*;
use serde_json::Value;
use shared::money::{Amount, Currency};
use shared::raw_amount::RawAmount;

use super::*;

struct Line {
    sku: String,
    amount: RawAmount,
}

struct Order {
    lines: Vec<Line>,
    kind: Kind,
}

#[derive(Debug, PartialEq)]
enum Kind {
    Card,
    Other(u32),
}

impl Line {
    fn of(field: Field<'_>) -> Self {
        let field = field.only(&["sku", "amount", "note"]);
        let _checked = field.get("note").text_or_none();
        Self { sku: field.get("sku").text(), amount: field.get("amount").amount() }
    }
}

impl Order {
    fn of(field: Field<'_>) -> Self {
        let field = field.only(&["lines", "kind"]);
        let (word, content) = field.get("kind").variant();
        let kind = match word {
            "card" => Kind::Card,
            "other" => Kind::Other(content.small()),
            _ => {
                content.refuse();
                Kind::Card
            }
        };
        Self { lines: field.get("lines").list().into_iter().map(Line::of).collect(), kind }
    }
}

fn code(text: impl AsRef<[u8]>) -> Option<Code> {
    canonical(text.as_ref(), Limits::BODY).err().map(|refusal| refusal.code)
}

#[test]
fn a_good_record_is_read() {
    let text = br#" {"lines":[{"amount":5,"sku":"a\u0000\ud83d\ude00"}],"kind":"card"} "#;
    let order = read(text, Limits::BODY, Order::of).unwrap();
    assert_eq!(order.lines[0].sku, "a\0😀");
    assert_eq!(order.kind, Kind::Card);
    let other = read(br#"{"lines":[],"kind":{"other":3}}"#, Limits::BODY, Order::of).unwrap();
    assert_eq!(other.kind, Kind::Other(3));
}

#[test]
fn what_is_no_json_is_refused_as_such() {
    // Rows 42 and 48: the families of JSONTestSuite's n_ files.
    #[rustfmt::skip]
    let rows: &[&[u8]] = &[
        b"", b" ", b"\0", b"{", b"}", b"[", b"]", b"{]", b"[}", b"[1,]", b"[,1]", b"[1 2]", b"[1,,2]",
        b"{\"a\"}", b"{\"a\":}", b"{\"a\" 1}", b"{\"a\":1,}", b"{,}", b"{a:1}", b"{'a':1}", b"{1:1}",
        b"{null:1}", b"{\"a\":1 \"b\":2}", b"{\"a\":1,,\"b\":2}", b"{\"a\":1}{\"b\":2}", b"{}x", b"{}\0",
        b"{}}", b"[][]", b"{} // c", b"/**/{}", b"# x\n{}", b"nul", b"nulll", b"True", b"TRUE", b"undefined",
        b"NaN", b"[NaN]", b"Infinity", b"-Infinity", b"[-]", b"[+1]", b"[01]", b"[-01]", b"[00]", b"[1.]",
        b"[.5]", b"[-.5]", b"[1e]", b"[1e+]", b"[1E-]", b"[1.e1]", b"[0x10]", b"[1_000]", b"[1eE2]",
        b"[0.1.2]", b"[--1]", b"[- 1]", b"[1a]", b"[1.0e400]", "[\u{ff11}]".as_bytes(), b"\"", b"\"\\\"",
        b"\"\\x00\"", b"\"\\u12\"", b"\"\\u00zz\"", b"\"\\ud800\"", b"\"\\ud800\\u0041\"", b"\"\\udc00\"",
        b"\"\n\"", b"\"\t\"", b"\"\x01\"", b"\"\0\"", b"'a'", b"\"a", b"a\"", b"[\"a]", b"\"\\a\"", b"\"\\",
        b"[\"\xff\"]", b"{\"\xc0\xaf\":1}", b"[\"\xed\xa0\x80\"]", b"[\"\xf4\x90\x80\x80\"]", b"\xff{}",
        b"\xef\xbb\xbf{}", b"\xef\xbb{}", b"\xfe\xff\0{\0}", b"{\0}\0", b"\x0c{}", b"\xc2\xa0{}",
        b"\xe2\x81\xa0{}", b"<html>", b"a=b", b"*", b"[*]", b"[\x0b1]", b"{\"a\":\"b\"}#", b"{}\xef\xbb\xbf",
    ];
    for row in rows {
        let shown = String::from_utf8_lossy(row);
        assert_eq!(code(row), Some(Code::JsonInvalid), "{shown:?}");
    }
    let digits = format!("[{}]", "9".repeat(60_000));
    assert_eq!(code(digits), Some(Code::JsonInvalid), "no number is that large");
}

#[test]
fn a_member_that_occurs_twice_is_refused_at_any_depth() {
    for row in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":2}"#,
        r#"[[{"x":{"b":null,"c":1,"b":null}}]]"#,
        r#"{"lines":[],"kind":"card","lines":[]}"#,
    ] {
        assert_eq!(code(row), Some(Code::JsonDuplicateKey), "{row}");
    }
}

#[test]
fn nesting_stops_at_the_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(code(nested(DEPTH_MAX)), None);
    assert_eq!(code(nested(DEPTH_MAX + 1)), Some(Code::JsonTooDeep));
    // Two n_ files of JSONTestSuite: deep and never closed.
    assert_eq!(code("[".repeat(60_000)), Some(Code::JsonTooDeep));
    assert_eq!(code("[{\"\":".repeat(12_000)), Some(Code::JsonTooDeep));
}

#[test]
fn length_stops_at_the_limit() {
    // Row 44.
    let padded = |length: usize| format!("{}{{}}", " ".repeat(length - 2));
    assert_eq!(code(padded(BODY_BYTES_MAX)), None);
    assert_eq!(code(padded(BODY_BYTES_MAX + 1)), Some(Code::BodyTooLarge));
}

#[test]
fn another_shape_is_refused_and_never_reflected() {
    // Rows 46 and 62.
    for row in [
        "[]",
        "[100]",
        "null",
        "1",
        "\"text\"",
        "{}",
        r#"[[["sku",5]],"card"]"#,
        r#"{"lines":[["a",5]],"kind":"card"}"#,
        r#"{"lines":{},"kind":"card"}"#,
        r#"{"lines":[],"kind":"cash"}"#,
        r#"{"lines":[],"kind":["card"]}"#,
        r#"{"lines":[]}"#,
        r#"{"lines":[{"sku":"a"}],"kind":"card"}"#,
        r#"{"lines":[{"sku":"a","amount":5,"note":5}],"kind":"card"}"#,
        r#"{"lines":[],"kind":{"other":4294967296}}"#,
        r#"{"lines":[],"kind":{"other":1,"card":null}}"#,
        r#"{"lines":[],"kind":{"other":-1}}"#,
        r#"{"lines":[],"kind":{"other":1.5}}"#,
        r#"{"lines":[{"sku":5,"amount":5}],"kind":"card"}"#,
        r#"{"lines":[{"sku":"a","amount":[]}],"kind":"card"}"#,
        r#"{"lines":[{"sku":"a","amount":{}}],"kind":"card"}"#,
        r#"{"lines":[],"kind":"card","<img src=x onerror=alert(1)>":1}"#,
        r#"{"lines":[],"kind":"card","__proto__":{}}"#,
    ] {
        let refusal = read(row.as_bytes(), Limits::BODY, Order::of).err().unwrap();
        assert_eq!(refusal.code, Code::JsonSchema, "{row}");
        assert!(!refusal.detail.contains('<') && !refusal.detail.contains("cash"), "{row}");
    }
}

#[test]
fn amounts_are_judged_as_amounts() {
    // Rows 50, 52, 56; I-5.
    let rows = [
        ("1", Ok(1)),
        ("9007199254740991", Ok(9_007_199_254_740_991)),
        ("-1", Err(Code::AmountInvalid)),
        ("0", Err(Code::AmountInvalid)),
        ("-0", Err(Code::AmountInvalid)),
        ("-0.5", Err(Code::AmountInvalid)),
        ("\"100\"", Err(Code::AmountInvalid)),
        ("true", Err(Code::AmountInvalid)),
        ("null", Err(Code::AmountInvalid)),
        ("0.5", Err(Code::AmountExponent)),
        ("31000.00", Err(Code::AmountExponent)),
        ("1e3", Err(Code::AmountExponent)),
        ("9007199254740992", Err(Code::AmountOutOfRange)),
        ("9007199254740993", Err(Code::AmountOutOfRange)),
        ("9223372036854775808", Err(Code::AmountOutOfRange)),
        ("18446744073709551616", Err(Code::AmountOutOfRange)),
        ("1000000000000000000000000000000", Err(Code::AmountOutOfRange)),
        ("1e30", Err(Code::AmountOutOfRange)),
        ("-1e30", Err(Code::AmountInvalid)),
    ];
    for (text, expected) in rows {
        let document = format!(r#"{{"sku":"a","amount":{text}}}"#);
        let line = read(document.as_bytes(), Limits::BODY, Line::of).unwrap();
        let got = line.amount.amount(Currency::Krw, u64::MAX).map(Amount::minor);
        assert_eq!(got, expected, "{text}");
    }
}

#[test]
fn every_cut_and_every_changed_byte_of_a_good_document_gets_an_answer() {
    let good = r#"{"lines":[{"sku":"a\u00e9b","amount":-1.5e3,"note":null}],"kind":{"other":3}}"#;
    assert!(read(good.as_bytes(), Limits::BODY, Order::of).is_ok());
    for at in 0..good.len() {
        let cut = read(&good.as_bytes()[..at], Limits::BODY, Order::of);
        assert!(cut.is_err(), "cut at {at}");
        for byte in 0..=u8::MAX {
            let mut bytes = good.as_bytes().to_vec();
            bytes[at] = byte;
            drop(read(&bytes, Limits::BODY, Order::of));
        }
    }
}

#[test]
fn the_canonical_form_is_that_of_the_library() {
    for text in [
        r#"{"b":[1,-2,0.5,true,false,null,{}],"a":{"y":"\u00e9\n\"","x":[[],18446744073709551615]}}"#,
        "[]",
        "\"a\"",
        "-0.0",
    ] {
        let value: Value = serde_json::from_str(text).unwrap();
        assert_eq!(canonical(text.as_bytes(), Limits::BODY), Ok(value.to_string()), "{text}");
    }
}

#[test]
fn numbers_stay_as_they_are_written() {
    for text in ["-0", "1e3", "1e300", "31000.00", "1E+2", "123456789012345678901234567890"] {
        assert_eq!(canonical(text.as_bytes(), Limits::BODY).as_deref(), Ok(text));
    }
}

/// Any document of the library's.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// What both readers say; a document with a member twice is one for the library alone.
fn both_agree(bytes: &[u8]) {
    let ours = canonical(bytes, Limits::BODY);
    match (ours, serde_json::from_slice::<Value>(bytes)) {
        (Ok(text), Ok(value)) => {
            let again: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(again, value);
        }
        (Err(refusal), Ok(_)) => assert_eq!(refusal.code, Code::JsonDuplicateKey),
        (Ok(text), Err(error)) => panic!("{text}: {error}"),
        (Err(_), Err(_)) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_library_reads_the_same(value in document(), indent in any::<bool>()) {
        let text = if indent { format!("{value:#}") } else { value.to_string() };
        prop_assert_eq!(canonical(text.as_bytes(), Limits::BODY), Ok(value.to_string()));
    }

    #[test]
    fn the_library_agrees_about_changed_documents(
        value in document(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..4),
    ) {
        let mut bytes = value.to_string().into_bytes();
        for (at, byte, cut) in changes {
            let at = at.index(bytes.len());
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            bytes.push(b' ');
        }
        both_agree(&bytes);
    }

    #[test]
    fn the_library_agrees_about_pieces_of_json(
        pieces in r#"([\[\]{},:"\\ ]|null|true|-|0|1|23|\.|[eE]|\+|\\u[0-9a-fA-F]{4}|\\ud83d\\ude00|\\[bfnrt/"]|"a"|"b":|é){0,12}"#,
    ) {
        both_agree(pieces.as_bytes());
        both_agree(format!("[{pieces}]").as_bytes());
        both_agree(format!("\"{pieces}\"").as_bytes());
    }
}
