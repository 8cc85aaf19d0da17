//! KB Kookmin Card, KB Pay in KB's own window.
//!
//! Manual: **an unverified model**. KB publishes no merchant API; this wire is what our first user's
//! document describes, written down on 2026-11-21. Everything here is to be checked against KB's
//! "앱카드 가맹점 연동규격서" before a live key is put in.
//!
//! | setting | meaning |
//! |---|---|
//! | `merchant_no` | KB's number of the merchant, 1 to 20 letters and digits |
//! | `private_base` | address of the private route, no slash at the end |
//! | `window_base` | address of the window for browsers, no slash at the end |
//!
//! Secrets, 64 hexadecimal digits each: `enc_key` (AES-256-GCM of fields) and `mac_key` (HMAC-SHA256
//! over every private body and over the report).
//!
//! # Quirks
//! - Captures in its window: we compare afterwards and cancel what does not fit.
//! - Every private answer is HTTP 200; `result_code` `0000` is yes. Money is whole won.
//! - One report at the end, repeated three times at 60 s until it hears exactly `RESULT=OK`. It carries
//!   no time of sending, so none is refused as stale: a replay only makes us look.
//! - The return through the browser is a cross-site form post, unsigned: a hint.
//! - A close after the payment is answered 3201; that is looked up, never believed as a refusal.
//!
//! # Unverified
//! Beyond the whole: the CI in `enc_ci` (the shop's id of the buyer stands in for it),
//! `remain_amount` (sent as what is left *after* the cancel), `cancelled_amount` of a cancel's answer
//! (read as the sum of all cancels, as in `inquire`), whether private answers carry a message code (not
//! read), limits, and how long a cancel is possible.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use shared::fact::{Ask, Decline, DeclineCode, Fact, ProviderPaymentId, Sighting};
use shared::id::RequestId;
use shared::money::{Currency, Total};
use shared::time::{Span, Timestamp};

use super::parts::{
    check_bases, check_json, field, header, is_word, parse, read_callback, required, unclear,
    undecided, won, word,
};
use super::{
    Account, Acknowledgement, Asked, CANCELLED, Callback, CallbackRefused, CannotAsk, Capabilities,
    CaptureStyle, Hint, HttpRequest, HttpResponse, Inbound, Means, MeansTerms, Presentation,
    Provider, RefundTerms, Road, Unreadable, Until, Window, WindowFor,
};
use crate::json::Writer;
use crate::signature::{digest, equal, hex, hmac_sha256, unhex};
use wire::{
    ALREADY_PAID, BUYER_CANCELLED, Cancelled, DECLINES, Envelope, Inquired, OK, OTHER_AMOUNT,
    OVER_BALANCE, Registered, Report, UNKNOWN_ORDER,
};

mod cipher;
mod wire;

/// The adapter.
#[derive(Debug)]
pub struct Kb;

/// A cancel reaches into the card's ledger.
const CANCEL_WAIT: Span = Span::seconds(30);
/// Everything else only reads or notes.
const ANSWER_WAIT: Span = Span::seconds(10);
/// When a 429 names no time.
const BUSY_DEFAULT: Span = Span::seconds(1);
/// Longest `goods_name` and `reason`, in characters.
const TEXT_CHARS_MAX: usize = 100;

static CAPABILITIES: Capabilities = Capabilities {
    name: "kb",
    title: "KB Pay",
    means: &[MeansTerms {
        means: Means::KbPay,
        minimum: 1,
        maximum: u64::MAX,
        // As cards are at other providers: nothing of KB's is public.
        refunds: &[RefundTerms { until: Until::About(365), ..CANCELLED }],
    }],
    currencies: &[Currency::Krw],
    pc: &[Presentation::Iframe, Presentation::Popup, Presentation::Redirect],
    mobile: &[Presentation::Redirect, Presentation::Popup],
    capture: CaptureStyle::Provider,
    prepares: true,
    closes: true,
    joins: false,
    escrow: false,
    window_life: Span::minutes(30),
    capture_life: Span::seconds(0),
    undo_life: Span::hours(24),
};

impl Provider for Kb {
    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn check(&self, account: &Account) -> Vec<String> {
        let mut faults = Vec::new();
        let number = account.setting("merchant_no");
        if !(1..=20).contains(&number.len()) || !number.bytes().all(|b| b.is_ascii_alphanumeric()) {
            faults.push(format!("merchant_no \"{number}\" is not of 1 to 20 letters and digits"));
        }
        check_bases(account, ["private_base", "window_base"], false, &mut faults);
        for name in ["enc_key", "mac_key"] {
            if key(account, name).is_none() {
                faults.push(format!("{name} is not of 64 hexadecimal digits"));
            }
        }
        if key(account, "enc_key").is_some() && key(account, "enc_key") == key(account, "mac_key") {
            faults.push("enc_key and mac_key are the same key".to_owned());
        }
        faults
    }

    fn merchant<'a>(&self, account: &'a Account) -> Option<&'a str> {
        Some(account.setting("merchant_no")).filter(|name| !name.is_empty())
    }

    fn request(
        &self,
        asked: &Asked<'_>,
        account: &Account,
        entropy: [u8; 32],
    ) -> Result<HttpRequest, CannotAsk> {
        let ask = asked.ask;
        let order_no = ask.request_id().to_string();
        match ask {
            Ask::Prepare { request_id: _, amount, goods_name, buyer } => {
                let amount = won(*amount)?;
                let goods_name = required(goods_name, TEXT_CHARS_MAX, "goods_name")?;
                let ci = Writer::document(|plain| plain.name("ci").text(buyer));
                let enc_ci = seal(account, entropy, &ci)?;
                post(account, "/v1/register", ANSWER_WAIT, &order_no, |body| {
                    body.name("amount").number(amount);
                    body.name("currency").text(Currency::Krw.code());
                    body.name("goods_name").text(&goods_name);
                    body.name("buyer_ref").text(buyer);
                    body.name("enc_ci").text(&enc_ci);
                })
            }
            Ask::LookUp { .. } => post(account, "/v1/inquire", ANSWER_WAIT, &order_no, |_| {}),
            Ask::Capture { .. } => Err(CannotAsk::Unsupported("KB captures in its own window")),
            Ask::Close { .. } => post(account, "/v1/close", ANSWER_WAIT, &order_no, |_| {}),
            Ask::Cancel {
                request_id: _,
                provider_payment_id,
                amount,
                captured,
                cancelled_before,
                key,
                reason,
                account: _,
            } => {
                let left = captured
                    .minus(*cancelled_before)
                    .and_then(|balance| balance.minus(amount.total()))
                    .map_err(|_| CannotAsk::Missing("an amount within what was captured"))?;
                let cancel_no = required(key, TEXT_CHARS_MAX, "a cancel number")?;
                let amount = won(*amount)?;
                let reason = required(reason, TEXT_CHARS_MAX, "a reason")?;
                post(account, "/v1/cancel", CANCEL_WAIT, &order_no, |body| {
                    body.name("pay_no").text(provider_payment_id.as_str());
                    body.name("cancel_no").text(&cancel_no);
                    body.name("cancel_amount").number(amount);
                    body.name("remain_amount").number(left.minor());
                    body.name("reason").text(&reason);
                })
            }
        }
    }

    fn response(
        &self,
        asked: &Asked<'_>,
        answer: &HttpResponse,
        _account: &Account,
    ) -> Result<Fact, Unreadable> {
        let ask = asked.ask;
        match answer.http_status {
            200 => {
                let envelope = parse(&answer.body, Envelope::of)?;
                match ask {
                    Ask::Prepare { .. } => {
                        Ok(registered(&envelope.result_code, &parse(&answer.body, Registered::of)?))
                    }
                    Ask::LookUp { .. } => inquired(&envelope.result_code, &answer.body),
                    Ask::Close { .. } => Ok(closed(&envelope.result_code)),
                    Ask::Cancel { .. } => cancelled(ask, &envelope.result_code, &answer.body),
                    Ask::Capture { .. } => Ok(unclear("KB has no capture to answer")),
                }
            }
            429 => Ok(Fact::Busy { retry_after: answer.retry_after.unwrap_or(BUSY_DEFAULT) }),
            // KB answers 200 or its gateway speaks; the gateway knows nothing about money.
            status => Ok(undecided(status, "")),
        }
    }

    fn window(
        &self,
        window: &WindowFor<'_>,
        account: &Account,
        entropy: [u8; 32],
    ) -> Result<Window, CannotAsk> {
        if window.means != Means::KbPay {
            return Err(CannotAsk::Unsupported("KB offers KB Pay alone"));
        }
        if !CAPABILITIES.ladder(window.device).contains(&window.presentation) {
            return Err(CannotAsk::Unsupported("KB allows no frame on a phone"));
        }
        let pay_token = window.token.ok_or(CannotAsk::Missing("pay_token"))?;
        let amount = won(window.amount)?;
        let goods_name = required(window.goods_name, TEXT_CHARS_MAX, "goods_name")?;
        let data = Writer::document(|data| {
            data.name("order_no").shown(&window.request_id);
            data.name("amount").number(amount);
            data.name("return_url").text(window.return_url);
            data.name("goods_name").text(&goods_name);
        });
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Ok(Window::Form {
            action: format!("{}/window", account.setting("window_base")),
            fields: vec![
                field("merchant_no", account.setting("merchant_no")),
                field("pay_token", &required(pay_token, TEXT_CHARS_MAX, "pay_token")?),
                field("enc_data", &seal(account, entropy, &data)?),
                field("lang", window.locale),
            ],
        })
    }

    fn returned(&self, inbound: &Inbound<'_>) -> Hint {
        let find = |name: &str| field(inbound.body, name);
        let code = find("reason_code").filter(|code| is_word(code));
        let failed = find("result").as_deref() == Some("FAIL");
        Hint {
            provider_payment_id: None,
            says_cancelled: failed && code.as_deref() == Some(BUYER_CANCELLED),
            provider_code: code.filter(|_| failed),
        }
    }

    fn callback(
        &self,
        inbound: &Inbound<'_>,
        account: &Account,
        _now: Timestamp,
    ) -> Result<Callback, CallbackRefused> {
        check_json(inbound)?;
        let mac = header(inbound, "x-kb-mac").ok_or(CallbackRefused::SignatureMissing)?;
        if !mac_fits(account, inbound.body, mac) {
            return Err(CallbackRefused::SignatureInvalid);
        }
        let report = read_callback(inbound, Report::of)?;
        // A good code over another merchant's report is a report for somebody else's address.
        if report.merchant_no != account.setting("merchant_no") {
            return Err(CallbackRefused::SignatureInvalid);
        }
        Ok(Callback {
            // KB names no event; what it repeats is the same report, byte for byte.
            event: hex(&digest(inbound.body)),
            request_id: RequestId::parse(&report.order_no),
            provider_payment_id: report.pay_no.as_deref().and_then(ProviderPaymentId::parse),
            told: None,
        })
    }

    fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement { content_type: "text/plain", body: "RESULT=OK" }
    }
}

/// Where a payment stands, in KB's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Registered,
    Authenticating,
    Paid,
    Failed,
    Closed,
    Cancelled,
    PartCancelled,
}

impl Status {
    const ALL: [(&'static str, Self); 7] = [
        ("REGISTERED", Self::Registered),
        ("AUTHENTICATING", Self::Authenticating),
        ("PAID", Self::Paid),
        ("FAILED", Self::Failed),
        ("CLOSED", Self::Closed),
        ("CANCELLED", Self::Cancelled),
        ("PART_CANCELLED", Self::PartCancelled),
    ];

    /// `Err` names the word that is none of ours.
    fn parse(text: &str) -> Result<Self, String> {
        let known =
            Self::ALL.into_iter().find_map(|(word, status)| (word == text).then_some(status));
        known.ok_or_else(|| format!("unknown status {}", word(text)))
    }
}

/// What an inquiry says; `Err` names why it decides nothing.
fn told(payment: &Inquired) -> Result<Fact, String> {
    match payment.status.clone()? {
        Status::Registered | Status::Authenticating => Ok(Fact::Waiting),
        Status::Paid => sighting(payment, Some(0)),
        Status::Cancelled => sighting(payment, payment.amount),
        Status::PartCancelled => sighting(payment, payment.cancelled_amount),
        Status::Failed => Ok(declined(payment.reason_code.as_deref())),
        Status::Closed => Ok(Fact::Closed),
    }
}

fn sighting(payment: &Inquired, cancelled: Option<u64>) -> Result<Fact, String> {
    let code = payment.currency.as_deref().ok_or("no currency")?;
    let currency =
        Currency::parse(code).ok_or_else(|| format!("unknown currency {}", word(code)))?;
    let total = |minor: Option<u64>| {
        let minor = minor.ok_or("no amount")?;
        Total::from_minor(minor, currency).map_err(|error| error.to_string())
    };
    let (amount, cancelled) = (total(payment.amount)?, total(cancelled)?);
    amount.minus(cancelled).map_err(|_| "more cancelled than paid")?;
    Ok(Fact::Captured(Sighting {
        request_id: payment.order_no.clone(),
        merchant: Some(payment.merchant_no.clone()),
        provider_payment_id: payment
            .pay_no
            .as_deref()
            .and_then(ProviderPaymentId::parse)
            .ok_or("pay_no is empty or malformed")?,
        amount,
        cancelled,
    }))
}

fn registered(result_code: &str, body: &Registered) -> Fact {
    match (result_code, body.pay_token.as_deref().filter(|token| !token.is_empty())) {
        (OK, Some(token)) => Fact::Prepared { token: Some(token.to_owned()) },
        (OK, None) => unclear("registered without pay_token"),
        // No token was ever handed out for this number and amount, so nobody can pay it.
        (OTHER_AMOUNT, _) => Fact::Declined(Decline {
            code: DeclineCode::AmountMismatch,
            provider_code: Some(OTHER_AMOUNT.to_owned()),
        }),
        (code, _) => unclear(format!("register answered {}", word(code))),
    }
}

fn inquired(result_code: &str, body: &[u8]) -> Result<Fact, Unreadable> {
    match result_code {
        OK => Ok(told(&parse(body, Inquired::of)?).unwrap_or_else(unclear)),
        UNKNOWN_ORDER => Ok(Fact::NotFound),
        code => Ok(unclear(format!("inquire answered {}", word(code)))),
    }
}

fn closed(result_code: &str) -> Fact {
    match result_code {
        OK => Fact::Closed,
        ALREADY_PAID => unclear("paid before the close, to be looked up"),
        UNKNOWN_ORDER => Fact::NotFound,
        code => unclear(format!("close answered {}", word(code))),
    }
}

fn cancelled(ask: &Ask, result_code: &str, body: &[u8]) -> Result<Fact, Unreadable> {
    let Ask::Cancel { provider_payment_id, amount, cancelled_before, key, .. } = ask else {
        return Ok(unclear("no cancel was asked for"));
    };
    match result_code {
        OK => {}
        OVER_BALANCE => return Ok(Fact::CancelRefused { provider_code: OVER_BALANCE.to_owned() }),
        code => return Ok(unclear(format!("cancel answered {}", word(code)))),
    }
    let answer = parse(body, Cancelled::of)?;
    // The fact names no payment, so the comparison is made here.
    if answer.pay_no != provider_payment_id.as_str() || answer.cancel_no != *key {
        return Ok(unclear("the cancel's answer speaks of another cancel"));
    }
    match cancelled_before.plus(amount.total()) {
        Ok(wanted) if answer.cancelled_amount == wanted.minor() => {
            Ok(Fact::Cancelled { cancelled: Some(wanted) })
        }
        // Were the figure this cancel's alone, the sum would still be unknown.
        Ok(_) if answer.cancelled_amount == amount.minor() => {
            Ok(Fact::Cancelled { cancelled: None })
        }
        Ok(_) | Err(_) => Ok(unclear("the cancel's answer shows another amount")),
    }
}

fn declined(reason_code: Option<&str>) -> Fact {
    let listed =
        |code: &str| DECLINES.iter().find_map(|(each, why)| (*each == code).then_some(*why));
    Fact::Declined(Decline {
        code: reason_code.and_then(listed).unwrap_or(DeclineCode::Other),
        provider_code: reason_code.map(|code| word(code).to_owned()),
    })
}

/// A request about an order; `members` are those that follow its names.
fn post(
    account: &Account,
    path: &str,
    deadline: Span,
    order_no: &str,
    members: impl FnOnce(&mut Writer),
) -> Result<HttpRequest, CannotAsk> {
    let body = Writer::document(|body| {
        body.name("merchant_no").text(account.setting("merchant_no"));
        body.name("order_no").text(order_no);
        members(body);
    });
    signed(account, path, deadline, body.into_bytes())
}

fn signed(
    account: &Account,
    path: &str,
    deadline: Span,
    body: Vec<u8>,
) -> Result<HttpRequest, CannotAsk> {
    let mac = mac(account, &body).ok_or(CannotAsk::Missing("mac_key"))?;
    Ok(HttpRequest {
        method: "POST",
        url: format!("{}{path}", account.setting("private_base")),
        headers: vec![
            ("content-type", "application/json".to_owned()),
            ("x-kb-merchant", account.setting("merchant_no").to_owned()),
            ("x-kb-mac", hex(&mac)),
        ],
        body,
        road: Road::Private,
        deadline,
    })
}

// Signature and encryption.

fn mac(account: &Account, body: &[u8]) -> Option<[u8; 32]> {
    Some(hmac_sha256(&key(account, "mac_key")?, &[body]))
}

/// Compares in constant time. A missing key fits nothing.
fn mac_fits(account: &Account, body: &[u8], claimed: &str) -> bool {
    match (mac(account, body), key_bytes(claimed)) {
        (Some(mac), Some(claimed)) => equal(&mac, &claimed),
        (Some(_) | None, Some(_) | None) => false,
    }
}

/// `base64(nonce || AES-256-GCM(enc_key, json, aad = merchant_no))`.
fn seal(account: &Account, entropy: [u8; 32], plain: &str) -> Result<String, CannotAsk> {
    // The text goes into the nonce: were one entropy used for two texts, GCM would lose its secrets.
    let digest = digest(&[entropy.as_slice(), plain.as_bytes()].concat());
    let nonce: [u8; 12] = digest.first_chunk().copied().unwrap_or_default();
    let mut sealed = nonce.to_vec();
    let key = key(account, "enc_key").ok_or(CannotAsk::Missing("enc_key"))?;
    let merchant = account.setting("merchant_no").as_bytes();
    let cipher = cipher::sealed(key, nonce, plain.as_bytes(), merchant)
        .ok_or(CannotAsk::Missing("a field that can be encrypted"))?;
    sealed.extend(cipher);
    Ok(BASE64.encode(sealed))
}

fn key(account: &Account, name: &str) -> Option<[u8; 32]> {
    key_bytes(account.secret(name))
}

/// Exactly 64 hexadecimal digits: keys, and message codes, which are as long.
fn key_bytes(text: &str) -> Option<[u8; 32]> {
    unhex(&text.to_ascii_lowercase())?.try_into().ok()
}

#[cfg(test)]
mod tests;
