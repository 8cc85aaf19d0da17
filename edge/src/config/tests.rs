//! The demo's configuration is good; broken ones say everything that is wrong with them.

use std::collections::BTreeMap;

use super::*;

pub(super) const DEMO: &str = include_str!("../../testdata/demo-config.json");
const SECRETS: &str = include_str!("../../testdata/demo-secrets.json");

fn load_with(
    document: &str,
    change: impl Fn(&str, String) -> Option<String>,
    allow_loopback: bool,
) -> Result<Config, Vec<String>> {
    let secrets: BTreeMap<String, String> = serde_json::from_str(SECRETS).unwrap();
    let lookup = |name: &str| change(name, secrets.get(name).cloned().unwrap_or_default());
    Config::load(document, &lookup, allow_loopback)
}

pub(super) fn load(document: &str) -> Result<Config, Vec<String>> {
    load_with(document, |_, value| Some(value), true)
}

/// The demo's document with changes, each of which must hit.
fn changed(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(DEMO.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

#[track_caller]
fn problems(document: &str, expected: &[&str]) {
    assert_eq!(load(document).unwrap_err(), expected);
}

#[test]
fn the_demo_is_valid() {
    let config = load(DEMO).unwrap();
    assert_eq!(config.token_keys.issuer(), "http://edge.localhost:4412");
    let channel = |id: &str| config.channels.get(&ChannelId::parse(id).unwrap()).unwrap();
    let books = channel("toss_books");
    assert_eq!((books.merchant.as_str(), books.provider), ("m_books", "tosspayments"));
    assert_eq!((books.means.len(), channel("toss").means.len()), (1, 5));
    for provider in provider::ALL {
        let name = provider.capabilities().name;
        assert!(config.channels.values().any(|c| c.provider == name), "{name} has a channel");
    }
    assert_eq!(config.merchants.len(), 3);
}

#[test]
fn every_demo_secret_is_named_and_none_prints() {
    let secrets: BTreeMap<String, String> = serde_json::from_str(SECRETS).unwrap();
    let printed = format!("{:?}", load(DEMO).unwrap());
    for (name, value) in &secrets {
        assert!(DEMO.contains(&format!("\"{name}\"")), "{name} is used");
        assert!(!printed.contains(value.as_str()) && !DEMO.contains(value.as_str()), "{name}");
    }
}

#[test]
fn every_problem_is_told_at_once() {
    let document = changed(&[
        ("\"public_origin\": \"http://edge.localhost:4412\"", "\"public_origin\": \"edge\""),
        ("\"generation\": 1", "\"generation\": 0"),
        ("\"shards\": 4", "\"shards\": 0"),
        ("1000000000", "9007199254740992"),
        ("\"http://shop.localhost:4410\"", "\"http://shop.localhost:4410/\""),
        ("http://127.0.0.1:4410/notices/m_camera", "http://169.254.169.254/"),
        ("CAMERA_API_KEY", "NOBODY_SET_THIS"),
        ("\"merchant\": \"m_camera\"", "\"merchant\": \"m_nobody\""),
        ("\"means\": [\"card\"", "\"means\": [\"cash\", \"kb_pay\", \"card\", \"card\""),
        ("\"provider\": \"kb\"", "\"provider\": \"bk\""),
        ("test_ck_books", "live_ck_books"),
    ]);
    let unknown = "is unknown, not offered or twice";
    problems(
        &document,
        &[
            "public_origin: \"edge\" is not an exact https origin",
            "generation: is not 1 to 9",
            "shards: is 0, the smallest is 1",
            "amount_max: is not 1 to 9007199254740991 (minor units)",
            "merchant m_camera: the secret NOBODY_SET_THIS is not set",
            "merchant m_camera: \"http://shop.localhost:4410/\" is not an exact https origin",
            "merchant m_camera: its notice endpoint is no plain https address of a name, without credentials and fragment",
            "channel toss: its merchant \"m_nobody\" is unknown",
            &format!("channel toss: the means \"cash\" {unknown}"),
            &format!("channel toss: the means \"kb_pay\" {unknown}"),
            &format!("channel toss: the means \"card\" {unknown}"),
            "channel kb: its provider \"bk\" is unknown",
            "channel toss_books: test and live are mixed: client_key is a live_ key",
            "channel toss_books: client_key and secret_key are not both test keys or both live keys",
            "channel toss_books: api_base \"http://127.0.0.1:4411/toss\" is not https, which live keys need",
            "channel toss_books: sdk_base \"http://psp.localhost:4411/toss\" is not https, which live keys need",
        ],
    );
}

#[test]
fn nothing_occurs_twice() {
    let document = changed(&[
        ("\"id\": \"m_books\"", "\"id\": \"m_camera\""),
        ("BOOKS_API_KEY", "CAMERA_API_KEY"),
        ("\"merchant\": \"m_books\"", "\"merchant\": \"m_camera\""),
        ("\"id\": \"toss_books\"", "\"id\": \"toss\""),
        (
            "[{ \"kid\": \"demo-1\", \"secret\": \"TOKEN_KEY_1\" }]",
            "[{\"kid\":\"a\",\"secret\":\"TOKEN_KEY_1\"},{\"kid\":\"a\",\"secret\":\"TOKEN_KEY_1\"}]",
        ),
    ]);
    problems(
        &document,
        &[
            "token key a: its name is taken or malformed",
            "merchant m_camera: one of its API keys is used twice",
            "merchant m_camera: occurs twice",
            "channel toss: occurs twice",
            "channel portone: its merchant \"m_books\" is unknown",
        ],
    );
}

#[test]
fn weak_secrets_stop_the_start() {
    // Row 36.
    let weaken = |name: &str, value: String| match name {
        "TOKEN_KEY_1" => Some("password".to_owned()),
        "DERIVE_SECRET" => Some("a".repeat(64)),
        "CAMERA_API_KEY" => Some("sk_test_1".to_owned()),
        "CAMERA_NOTICE_SECRET" => Some("whsec_AAAA".to_owned()),
        "BOOKS_API_KEY" => Some("sk_live_books_0000000000000000000000000".to_owned()),
        "BOOKS_NOTICE_SECRET" => None,
        _ => Some(value),
    };
    let problems = load_with(DEMO, weaken, true).unwrap_err();
    assert_eq!(
        problems,
        [
            "derive_secret: config_secret_weak",
            "token key demo-1: config_secret_weak",
            "merchant m_camera: CAMERA_API_KEY config_secret_weak",
            "merchant m_camera: CAMERA_NOTICE_SECRET config_secret_weak: whsec_ and 24 to 64 bytes",
            "merchant m_books: BOOKS_API_KEY does not begin with sk_test_",
            "merchant m_books: the secret BOOKS_NOTICE_SECRET is not set",
        ]
    );
    assert!(!problems.concat().contains("sk_test_1"), "the value of a secret is never told");
}

#[test]
fn what_the_demo_may_is_refused_elsewhere() {
    let problems = load_with(DEMO, |_, value| Some(value), false).unwrap_err();
    assert_eq!(problems.len(), 10, "{problems:#?}");
    assert!(problems.iter().all(|p| p.contains("https")), "{problems:#?}");
}

#[test]
fn test_and_live_do_not_mix() {
    let document = changed(&[("\"test_mode\": true", "\"test_mode\": false")]);
    let problems = load(&document).unwrap_err();
    for part in [
        "merchant m_camera: CAMERA_API_KEY does not begin with sk_live_",
        "merchant m_camera: CAMERA_API_KEY config_secret_weak",
        "merchant m_camera: CAMERA_NOTICE_SECRET config_secret_weak",
        "channel toss: test and live are mixed: its merchant is the other",
        "channel kb: test and live are mixed: its merchant is the other",
    ] {
        assert!(problems.iter().any(|p| p.starts_with(part)), "{part}: {problems:#?}");
    }
}

#[test]
fn the_document_is_read_strictly() {
    for (from, to, expected) in [
        ("\"shards\": 4", "\"shards\": 4, \"shards\": 4", "json_duplicate_key"),
        ("\"shards\": 4", "\"shards\": 4, \"shard\": 4", "json_schema"),
        ("\"shards\": 4", "\"shards\": 256", "json_schema"),
        ("\"shards\": 4,", "", "json_schema"),
        ("\"shards\": 4", "\"shards\": 4,", "json_invalid"),
    ] {
        let problems = load(&changed(&[(from, to)])).unwrap_err();
        assert!(problems.len() == 1 && problems[0].starts_with(expected), "{problems:?}");
    }
}

#[test]
fn i15_a_quote_key_has_a_name_and_strength_of_its_own() {
    let document = changed(&[
        (
            "\"kid\": \"camera-1\", \"secret\": \"CAMERA_QUOTE_KEY\"",
            "\"kid\": \"books-1\", \"secret\": \"CAMERA_API_KEY\"",
        ),
        (
            "\"kid\": \"books-1\", \"secret\": \"BOOKS_QUOTE_KEY\"",
            "\"kid\": \"books-1\", \"secret\": \"NOBODY_SET_THIS\" }, { \"kid\": \"\", \"secret\": \"BOOKS_QUOTE_KEY\"",
        ),
    ]);
    problems(
        &document,
        &[
            "merchant m_camera: CAMERA_API_KEY config_secret_weak",
            "merchant m_books: the secret NOBODY_SET_THIS is not set",
            "merchant m_books: the name of its quote key books-1 is taken or malformed",
            "merchant m_books: the name of its quote key  is taken or malformed",
        ],
    );
    let config = load(DEMO).unwrap();
    let shop = |kid| config.quote_key(kid).map(|(shop, _)| shop.id.as_str());
    assert_eq!(
        (shop("camera-1"), shop("books-1"), shop("demo-1")),
        (Some("m_camera"), Some("m_books"), None)
    );
    let without = changed(&[(
        ",\n      \"quote_keys\": [{ \"kid\": \"camera-1\", \"secret\": \"CAMERA_QUOTE_KEY\" }]",
        "",
    )]);
    assert!(load(&without).is_ok(), "who has no static page needs none");
}

#[test]
fn notices_by_mail_need_both_ends_and_a_key() {
    let config = load(DEMO).unwrap();
    let poster = config.merchants.values().find(|m| m.id.as_str() == "m_poster").unwrap();
    assert_eq!(poster.notice.mail.as_ref().unwrap().to, "owner@poster.example");
    let document = changed(&[
        ("owner@poster.example", "owner"),
        ("\"POSTER_MAIL_KEY\"", "\"NOBODY_SET_THIS\""),
        ("127.0.0.1:4410/mail/m_poster", "10.0.0.1/mail"),
    ]);
    problems(
        &document,
        &[
            "merchant m_poster: its notice endpoint is no plain https address of a name, without credentials and fragment",
            "merchant m_poster: the secret NOBODY_SET_THIS is not set",
            "merchant m_poster: its mail needs from and to, each an address of up to 254 bytes",
        ],
    );
    let document =
        changed(&[("\"to\": \"owner@poster.example\"", "\"bcc\": \"x@poster.example\"")]);
    assert!(load(&document).is_err(), "read strictly");
}
