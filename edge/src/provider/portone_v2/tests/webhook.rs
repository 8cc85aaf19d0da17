//! Webhooks and accounts: who may speak in PortOne's name, and what a configuration must have.

use super::*;

const JSON: (&str, &str) = ("content-type", "application/json");
const OTHER_SECRET: &str = "YW5vdGhlci1zZWNyZXQtb2YtMjQtYnl0ZXMtYXQtbGVhc3Q=";

fn hook(
    account: &Account,
    headers: &[(&str, &str)],
    body: &[u8],
    now: u64,
) -> Result<Callback, CallbackRefused> {
    let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let inbound = Inbound { headers: &headers, query: "", body };
    PortoneV2.callback(&inbound, account, Timestamp::from_seconds(now))
}

/// The three headers of a body that is signed by our own code, which its own tests hold to the
/// specification's vector.
fn signed_now(body: &[u8]) -> [String; 3] {
    let secret = webhook_secret(WEBHOOK_SECRET).unwrap();
    let signature = signature::sign(&secret, "wh_1", NOW, body);
    ["wh_1".to_owned(), AT.to_string(), signature]
}

fn sent(body: &[u8]) -> Result<Callback, CallbackRefused> {
    let [id, at, signature] = signed_now(body);
    let headers = [
        JSON,
        ("webhook-id", id.as_str()),
        ("webhook-timestamp", at.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    hook(&account(), &headers, body, AT)
}

#[test]
fn rows_96_108_the_recorded_vector_fits_under_either_secret_and_spelling() {
    let vector = json(data!("vectors.json"));
    let text = |name: &str| vector[name].as_str().unwrap().to_owned();
    let (id, at, signature) = (text("webhook_id"), text("webhook_timestamp"), text("signature"));
    let headers = [
        JSON,
        ("webhook-id", id.as_str()),
        ("webhook-timestamp", at.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    let body = data!("webhook_paid.json");
    let expected = Callback {
        event: id.clone(),
        request_id: Some(request_id()),
        provider_payment_id: Some(transaction()),
        told: None,
    };
    let bare = WEBHOOK_SECRET.strip_prefix("whsec_").unwrap();
    let rotations = [
        account(),
        account_with(&[("webhook_secret", bare)]),
        account_with(&[("webhook_secret", OTHER_SECRET), ("webhook_secret_next", WEBHOOK_SECRET)]),
        account_with(&[("webhook_secret_next", OTHER_SECRET)]),
    ];
    for account in &rotations {
        assert_eq!(hook(account, &headers, body, AT), Ok(expected.clone()));
    }
    // Row 108: after the rotation the old secret is nobody's.
    let rotated = account_with(&[("webhook_secret", OTHER_SECRET)]);
    assert_eq!(hook(&rotated, &headers, body, AT), Err(CallbackRefused::SignatureInvalid));
    // Five minutes in both directions.
    for (now, fits) in [(AT + 300, true), (AT - 300, true), (AT + 301, false), (AT - 301, false)] {
        let result = hook(&account(), &headers, body, now);
        assert_eq!(result == Ok(expected.clone()), fits, "{now}");
        assert_eq!(result == Err(CallbackRefused::Stale), !fits, "{now}");
    }
}

#[test]
fn rows_96_98_100_102_only_a_fitting_v1_item_is_believed() {
    let body = data!("webhook_paid.json");
    let [id, at, good] = signed_now(body);
    let bare = good.strip_prefix("v1,").unwrap();
    let check = |id: &str, at: &str, list: &str, body: &[u8]| {
        let headers =
            [JSON, ("webhook-id", id), ("webhook-timestamp", at), ("webhook-signature", list)];
        hook(&account(), &headers, body, AT)
    };
    let list = format!("v1,AAAA v1a,xyz v0,{bare} {good}");
    assert!(check(&id, &at, &list, body).is_ok());
    let invalid = Err(CallbackRefused::SignatureInvalid);
    for list in ["", "v1", "v1,", &format!("v0,{bare}"), &format!("v1a,{bare}"), bare] {
        assert_eq!(check(&id, &at, list, body), invalid, "{list:?}");
    }
    assert_eq!(check("wh_2", &at, &good, body), invalid);
    assert_eq!(check(&id, &(AT + 1).to_string(), &good, body), invalid);
    let changed = String::from_utf8(body.to_vec()).unwrap().replace("a1\"", "a2\"");
    assert_eq!(check(&id, &at, &good, changed.as_bytes()), invalid);
    for at in ["", "now", "-1", "1795257664.0"] {
        assert_eq!(check(&id, at, &good, body), Err(CallbackRefused::HeaderInvalid), "{at:?}");
    }
    for id in ["", "a b", &"a".repeat(201)] {
        assert_eq!(check(id, &at, &good, body), Err(CallbackRefused::HeaderInvalid), "{id:?}");
    }
}

#[test]
fn f31_the_signature_comes_before_the_content() {
    let [id, at, good] = signed_now(b"{}");
    let all = [
        ("webhook-id", id.as_str()),
        ("webhook-timestamp", at.as_str()),
        ("webhook-signature", good.as_str()),
    ];
    for missing in 0..3 {
        let mut headers = vec![JSON];
        headers.extend(all.iter().enumerate().filter(|(n, _)| *n != missing).map(|(_, h)| *h));
        let refused = hook(&account(), &headers, b"not json", AT);
        assert_eq!(refused, Err(CallbackRefused::SignatureMissing), "{missing}");
    }
    let headers = [JSON, all[0], all[1], all[2]];
    let refused = hook(&account(), &headers, b"not json", AT);
    assert_eq!(refused, Err(CallbackRefused::SignatureInvalid));
    for body in [b"not json".as_slice(), b"[]", b"null", b"{\"data\":5}", b"{\"a\":1,\"a\":1}", b""]
    {
        assert_eq!(sent(body), Err(CallbackRefused::Unreadable), "{body:?}");
    }
    for media in
        [("content-type", "application/x-www-form-urlencoded"), ("content-encoding", "gzip")]
    {
        let headers = [media, all[0], all[1], all[2]];
        assert_eq!(hook(&account(), &headers, b"{}", AT), Err(CallbackRefused::MediaType));
    }
}

#[test]
fn webhooks_say_where_to_look() {
    let paid = sent(data!("webhook_paid.json")).unwrap();
    assert_eq!((paid.event.as_str(), paid.request_id), ("wh_1", Some(request_id())));
    let old = sent(data!("webhook_old_version.json")).unwrap();
    assert_eq!(
        (old.request_id, old.provider_payment_id),
        (Some(request_id()), Some(transaction()))
    );
    let billing = sent(data!("webhook_billing_key.json")).unwrap();
    assert_eq!((billing.request_id, billing.provider_payment_id), (None, None));
    let foreign = format!(r#"{{"type":"X","data":{{"storeId":"{STORE}","paymentId":"order-1"}}}}"#);
    assert_eq!(sent(foreign.as_bytes()).unwrap().request_id, None);
    // Row 106: well signed, and another store's.
    let other = sent(data!("webhook_other_store.json"));
    assert_eq!(other, Err(CallbackRefused::SignatureInvalid));
}

#[test]
fn accounts_that_cannot_work_are_refused_at_the_start() {
    assert_eq!(PortoneV2.check(&account()), Vec::<String>::new());
    let empty = Account { test_mode: true, ..Account::default() };
    assert_eq!(PortoneV2.check(&empty).len(), 6, "two names, two bases, two secrets");
    let live = Account { test_mode: false, ..account() };
    assert_eq!(PortoneV2.check(&live).len(), 2, "a live channel over plain http");
    for (name, value) in [
        ("store_id", ""),
        ("store_id", "a&b"),
        ("channel_key", "a b"),
        ("api_base", "ftp://x"),
        ("sdk_base", "https://x/"),
        ("api_secret", ""),
        ("api_secret", "a\r\nb"),
        ("webhook_secret", "whsec_c2hvcnQ="),
        ("webhook_secret_next", "whsec_c2hvcnQ="),
        ("window_pc", "UI"),
    ] {
        let faults = PortoneV2.check(&account_with(&[(name, value)]));
        assert_eq!(faults.len(), 1, "{name} {value}: {faults:?}");
        assert!(!format!("{faults:?}").contains("c2hvcnQ"), "a secret prints");
    }
}
