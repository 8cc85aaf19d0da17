//! PortOne V2: REST API 1.16.0, window by browser SDK v2, webhooks by Standard Webhooks.
//!
//! Manual: PortOne's OpenAPI schema `v2.openapi.json`, `browser-sdk.yml` and the guides "웹훅 연동하기",
//! "결제 취소하기" and of each PG, as they stood on 2026-08-06.
//!
//! | setting | meaning |
//! |---|---|
//! | `store_id` | the store's id; goes to the browser |
//! | `channel_key` | the channel, which is a contract with one PG; goes to the browser |
//! | `api_base` | `https://api.portone.io`, no slash at the end |
//! | `sdk_base` | `https://cdn.portone.io`, no slash at the end |
//! | `window_pc` | optional; `IFRAME`, `POPUP` or `REDIRECTION`, where the channel's PG takes only one |
//!
//! Secrets: `api_secret`; `webhook_secret`, base64 with or without `whsec_`; optional
//! `webhook_secret_next`, for the time in which two are valid.
//!
//! # Quirks
//! - Captures in its window, at once: we compare afterwards and cancel what does not fit. Before it, the
//!   amount is announced (`pre-register`), so that a page cannot open the window with another one. The
//!   channel's manual confirm must be off.
//! - There is no call that closes a window. One that shows no money is let go and watched, and late money
//!   goes back. An account without a deposit is closed by its own call.
//! - Popup and redirect only. PortOne's frame belongs to the PG: each takes the kind of window that it
//!   likes (Toss, KakaoPay and KSNET a frame on a PC, NaverPay a popup, all of them redirects on phones)
//!   and refuses others, so a frame of ours around it would be a promise that most channels break.
//!   `window_pc` says what happens inside our page.
//! - The look-up finds payments of V1 and V2, test and live: a payment of another version or kind of
//!   channel counts as another merchant's. `READY` is known and unpaid; `PAY_PENDING` is on its way to
//!   being paid, so it is waited for and never let go.
//! - A promotion's discount makes what was paid less than the total: that is another amount.
//! - The return through the browser is not signed, and names no word for a buyer's own cancel: every
//!   failed return is a window that was left.
//! - Webhooks carry no amount. They are signed, with up to two secrets at a time.
//! - Idempotency keys are RFC 8941 strings (in quotes) and live three hours. A repeat that comes later
//!   meets the balance that the cancel names; such answers are looked up, not believed as refusals.
//!
//! # Unverified
//! Whether a payment exists before its window was opened; what a closed account's status is (read as
//! ended when nothing was paid or cancelled); `sdk_base`; which hosts the SDK and the frames of
//! `window_pc` talk to (our page allows `sdk_base` and its siblings); the words of `failure.pgCode`, which are the PG's
//! own; whether `KRW` or `CURRENCY_KRW` is right in the window (the schema's word is sent); the end of a
//! deposit without `expiredAt` (ours is then seven days, and the account is closed by call).
//!
//! # Limits
//! KCP takes payment ids of at most 40 characters and ours have 41, so no KCP channel works. NICE takes
//! 40 bytes of order name. A PG with `window_pc` `POPUP` opens its popup without a click of the buyer's,
//! which browsers block.

use shared::fact::{Ask, Fact, ProviderPaymentId, RefundAccount};
use shared::id::RequestId;
use shared::money::{Currency, Total};
use shared::time::{Span, Timestamp};

use super::parts::{
    check_bases, check_json, event_name, field, header, is_word, parse, read_callback, required,
    undecided, won,
};
use super::{
    Account, Acknowledgement, Asked, CANCELLED, Callback, CallbackRefused, CannotAsk, Capabilities,
    CaptureStyle, Device, Hint, HttpRequest, HttpResponse, Inbound, Means, MeansTerms,
    Presentation, Provider, RefundTerms, Road, Unreadable, Until, Window, WindowFor,
};
use crate::json::{Writer, for_script};
use crate::secret::Secret;
use crate::signature::{self, SignatureError, webhook_secret};
use answer::said;
use wire::Event;

mod answer;
mod wire;

/// The adapter.
#[derive(Debug)]
pub struct PortoneV2;

/// PortOne asks for a minute of patience where a PG is behind the call.
const ORDER_WAIT: Span = Span::seconds(60);
/// Everything else only reads or notes.
const ANSWER_WAIT: Span = Span::seconds(10);
/// When a 429 or 409 names no time.
const BUSY_DEFAULT: Span = Span::seconds(1);
/// Longest `orderName` and `reason`, in characters.
const TEXT_CHARS_MAX: usize = 100;
/// How long an idempotency key is, in bytes.
const KEY_BYTES: core::ops::RangeInclusive<usize> = 16..=256;
/// The kinds of window that the SDK knows.
const WINDOWS: [&str; 3] = ["IFRAME", "POPUP", "REDIRECTION"];

const fn any_amount(means: Means, refunds: &'static [RefundTerms]) -> MeansTerms {
    MeansTerms { means, minimum: 1, maximum: u64::MAX, refunds }
}

/// Cards, and wallets that pay by card: a year. KakaoPay's money can go back for five.
const A_YEAR: &[RefundTerms] = &[RefundTerms { until: Until::About(365), ..CANCELLED }];
/// Into an account that the shop names, in two business days at most, for 300 won.
const TO_ACCOUNT: &[RefundTerms] =
    &[RefundTerms { needs_account: true, fee: 300, arrives_in: 2, ..CANCELLED }];
/// In the month of the bill. That no part goes back is what shops' notices say (unverified).
const SAME_MONTH: &[RefundTerms] =
    &[RefundTerms { until: Until::MonthEnds, partial: false, ..CANCELLED }];

static CAPABILITIES: Capabilities = Capabilities {
    name: "portone_v2",
    title: "PortOne",
    means: &[
        any_amount(Means::Card, A_YEAR),
        any_amount(Means::Transfer, &[CANCELLED]),
        any_amount(Means::VirtualAccount, TO_ACCOUNT),
        any_amount(Means::Phone, SAME_MONTH),
        any_amount(Means::EasyPay, A_YEAR),
    ],
    currencies: &[Currency::Krw],
    pc: &[Presentation::Popup, Presentation::Redirect],
    mobile: &[Presentation::Redirect],
    capture: CaptureStyle::Provider,
    prepares: true,
    closes: false,
    joins: false,
    escrow: false,
    window_life: Span::minutes(30),
    capture_life: Span::seconds(0),
    undo_life: Span::hours(24),
};

impl Provider for PortoneV2 {
    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn check(&self, account: &Account) -> Vec<String> {
        let mut faults = Vec::new();
        for name in ["store_id", "channel_key"] {
            let value = account.setting(name);
            let spelt = value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
            if !spelt || !(1..=128).contains(&value.len()) {
                faults.push([name, " \"", value, "\" is not of letters, digits, - and _"].concat());
            }
        }
        check_bases(account, ["api_base", "sdk_base"], !account.test_mode, &mut faults);
        let secret = account.secret("api_secret");
        if secret.is_empty() || !secret.bytes().all(|b| b.is_ascii_graphic()) {
            faults.push("api_secret is empty or malformed".to_owned());
        }
        for name in ["webhook_secret", "webhook_secret_next"] {
            let given = name == "webhook_secret" || account.secrets.get(name).is_some();
            if given && signing_secret(account, name).is_none() {
                faults.push([name, " is not of 24 to 64 bytes in base64"].concat());
            }
        }
        if account.settings.get("window_pc").is_some_and(|kind| !WINDOWS.contains(&kind.as_str())) {
            faults
                .push("window_pc is not IFRAME, POPUP or REDIRECTION; or leave it out".to_owned());
        }
        faults
    }

    fn merchant<'a>(&self, account: &'a Account) -> Option<&'a str> {
        Some(account.setting("store_id")).filter(|name| !name.is_empty())
    }

    fn request(
        &self,
        asked: &Asked<'_>,
        account: &Account,
        _entropy: [u8; 32],
    ) -> Result<HttpRequest, CannotAsk> {
        let ask = asked.ask;
        let id = ask.request_id();
        match ask {
            Ask::Prepare { request_id: _, amount, goods_name: _, buyer: _ } => {
                let amount = won(*amount)?;
                let body = of_store(account, |body| {
                    body.name("totalAmount").number(amount);
                    body.name("currency").text(Currency::Krw.code());
                });
                post(
                    account,
                    id,
                    "pre-register",
                    ANSWER_WAIT,
                    &["prepare-", &id.to_string()].concat(),
                    body,
                )
            }
            Ask::LookUp { .. } => Ok(HttpRequest {
                method: "GET",
                url: address(account, id, "?storeId=", account.setting("store_id")),
                headers: vec![("authorization", key_of(account))],
                body: Vec::new(),
                road: Road::Public,
                deadline: ANSWER_WAIT,
            }),
            Ask::Capture { .. } => Err(CannotAsk::Unsupported("PortOne captures in its window")),
            Ask::Close { .. } => {
                Err(CannotAsk::Unsupported("PortOne has no call that closes a window"))
            }
            Ask::Cancel { key, .. } if voids(ask) => {
                let body = of_store(account, |_| {});
                post(account, id, "virtual-account/close", ORDER_WAIT, key, body)
            }
            Ask::Cancel {
                request_id: _,
                provider_payment_id: _,
                amount,
                captured,
                cancelled_before,
                key,
                reason,
                account: receiver,
            } => {
                receiver.as_ref().map_or(Ok(()), check_receiver)?;
                let balance = captured
                    .minus(*cancelled_before)
                    .map_err(|_| CannotAsk::Missing("more was given back than captured"))?;
                let whole = cancelled_before.is_zero() && amount.total() == *captured;
                let reason = required(reason, TEXT_CHARS_MAX, "a reason")?;
                // Left out, the whole is cancelled: means that know no partial cancel take only that.
                let part = if whole { None } else { Some(won(*amount)?) };
                let body = of_store(account, |body| {
                    cancel_body(body, &reason, part, balance, receiver.as_ref());
                });
                post(account, id, "cancel", ORDER_WAIT, key, body)
            }
        }
    }

    fn response(
        &self,
        asked: &Asked<'_>,
        answer: &HttpResponse,
        account: &Account,
    ) -> Result<Fact, Unreadable> {
        let ask = asked.ask;
        let status = answer.http_status;
        let retry_after = answer.retry_after.unwrap_or(BUSY_DEFAULT);
        if status == 429 {
            return Ok(Fact::Busy { retry_after });
        }
        match parse(&answer.body, |body| said(ask, status, body, account, retry_after)) {
            // A gateway's page.
            Err(_) if status != 200 && !(400..=499).contains(&status) => Ok(undecided(status, "")),
            fact => fact,
        }
    }

    fn window(
        &self,
        window: &WindowFor<'_>,
        account: &Account,
        _entropy: [u8; 32],
    ) -> Result<Window, CannotAsk> {
        if !CAPABILITIES.ladder(window.device).contains(&window.presentation) {
            return Err(CannotAsk::Unsupported(
                "PortOne's windows are not shown in frames of ours",
            ));
        }
        let method = match window.means {
            Means::Card => "CARD",
            Means::Transfer => "TRANSFER",
            Means::VirtualAccount => "VIRTUAL_ACCOUNT",
            Means::Phone => "MOBILE",
            Means::EasyPay => "EASY_PAY",
            Means::KbPay => {
                return Err(CannotAsk::Unsupported("KB Pay alone is no PortOne method"));
            }
        };
        let amount = won(window.amount)?;
        let order_name = required(window.goods_name, TEXT_CHARS_MAX, "goods_name")?;
        let kind = match window.device {
            Device::Pc => account.settings.get("window_pc").map(String::as_str),
            // What every PG takes that says so.
            Device::Mobile => Some("REDIRECTION"),
        };
        let json = Writer::document(|data| {
            data.name("storeId").text(account.setting("store_id"));
            data.name("channelKey").text(account.setting("channel_key"));
            data.name("paymentId").shown(&window.request_id);
            data.name("orderName").text(&order_name);
            data.name("totalAmount").number(amount);
            data.name("currency").text(window.amount.currency().code());
            data.name("payMethod").text(method);
            if let Some(kind) = kind {
                data.name("windowType").object(|of| of.name(window.device.code()).text(kind));
            }
            data.name("redirectUrl").text(window.return_url);
            // Also where the SDK would answer the page: there is one way back, and it is ours.
            data.name("forceRedirect").flag(true);
        });
        Ok(Window::Script {
            src: [account.setting("sdk_base"), "/v2/browser-sdk.js"].concat(),
            starter: "portone",
            // Goods names come from strangers.
            data: for_script(&json),
        })
    }

    fn returned(&self, inbound: &Inbound<'_>) -> Hint {
        let find = |name: &str| field(inbound.query.as_bytes(), name);
        // Other providers' returns have a `code` too.
        let code = find("payment_id").and_then(|_| find("code"));
        Hint {
            provider_payment_id: None,
            says_cancelled: code.is_some(),
            provider_code: code.filter(|code| is_word(code)),
        }
    }

    fn callback(
        &self,
        inbound: &Inbound<'_>,
        account: &Account,
        now: Timestamp,
    ) -> Result<Callback, CallbackRefused> {
        check_json(inbound)?;
        let event = signed(inbound, account, now)?;
        let callback = read_callback(inbound, |body| {
            let body = Event::of(body);
            // A good signature over another store's event is an event for somebody else's address.
            let ours = body.store_id.is_none_or(|id| id == account.setting("store_id"));
            ours.then(|| Callback {
                event,
                // None in events about billing keys, and in whatever comes tomorrow.
                request_id: body.payment_id.and_then(RequestId::parse),
                provider_payment_id: body.transaction_id.and_then(ProviderPaymentId::parse),
                told: None,
            })
        })?;
        callback.ok_or(CallbackRefused::SignatureInvalid)
    }

    fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement { content_type: "text/plain", body: "OK" }
    }
}

/// Whether this is the order to void an account that nobody has paid into.
const fn voids(ask: &Ask) -> bool {
    matches!(ask, Ask::Cancel { captured, .. } if captured.is_zero())
}

fn of_store(account: &Account, members: impl FnOnce(&mut Writer)) -> String {
    Writer::document(|body| {
        body.name("storeId").text(account.setting("store_id"));
        members(body);
    })
}

fn cancel_body(
    body: &mut Writer,
    reason: &str,
    part: Option<u64>,
    balance: Total,
    receiver: Option<&RefundAccount>,
) {
    if let Some(part) = part {
        body.name("amount").number(part);
    }
    body.name("reason").text(reason);
    // Refused when the balance is another than we believe, so no repeat pays twice.
    body.name("currentCancellableAmount").number(balance.minor());
    if let Some(receiver) = receiver {
        body.name("refundAccount").object(|account| {
            account.name("bank").text(&receiver.bank);
            account.name("number").text(&receiver.number);
            account.name("holderName").text(&receiver.holder);
        });
    }
}

fn check_receiver(account: &RefundAccount) -> Result<(), CannotAsk> {
    let digits = !account.number.is_empty() && account.number.bytes().all(|b| b.is_ascii_digit());
    if !digits || account.holder.is_empty() || account.bank.is_empty() {
        return Err(CannotAsk::Missing("a refund account: bank, digits, holder"));
    }
    Ok(())
}

/// The payment's address; request ids are safe in a path.
fn address(account: &Account, id: RequestId, separator: &str, rest: &str) -> String {
    [account.setting("api_base"), "/payments/", &id.to_string(), separator, rest].concat()
}

fn post(
    account: &Account,
    id: RequestId,
    call: &str,
    deadline: Span,
    key: &str,
    body: String,
) -> Result<HttpRequest, CannotAsk> {
    let plain = key.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\');
    if !plain || !KEY_BYTES.contains(&key.len()) {
        return Err(CannotAsk::Missing("an idempotency key of 16 to 256 plain bytes"));
    }
    Ok(HttpRequest {
        method: "POST",
        url: address(account, id, "/", call),
        headers: vec![
            ("authorization", key_of(account)),
            ("content-type", "application/json".to_owned()),
            ("idempotency-key", ["\"", key, "\""].concat()),
        ],
        body: body.into_bytes(),
        road: Road::Public,
        deadline,
    })
}

fn key_of(account: &Account) -> String {
    ["PortOne ", account.secret("api_secret")].concat()
}

// Signature: Standard Webhooks over the raw body.

/// The event's id, once one of the secrets fits.
fn signed(
    inbound: &Inbound<'_>,
    account: &Account,
    now: Timestamp,
) -> Result<String, CallbackRefused> {
    let header = |name: &str| header(inbound, name).ok_or(CallbackRefused::SignatureMissing);
    let id = header("webhook-id")?;
    let (at, list) = (header("webhook-timestamp")?, header("webhook-signature")?);
    let event = event_name(id)?;
    let mut verdict = Err(SignatureError::Invalid);
    for name in ["webhook_secret", "webhook_secret_next"] {
        if let Some(secret) = signing_secret(account, name) {
            verdict = verdict.or(signature::verify(&secret, id, at, list, inbound.body, now));
        }
    }
    match verdict {
        Ok(()) => Ok(event),
        Err(SignatureError::HeaderInvalid) => Err(CallbackRefused::HeaderInvalid),
        Err(SignatureError::Timestamp) => Err(CallbackRefused::Stale),
        Err(SignatureError::Invalid) => Err(CallbackRefused::SignatureInvalid),
    }
}

/// PortOne prints its secrets with and without the prefix.
fn signing_secret(account: &Account, name: &str) -> Option<Secret<Vec<u8>>> {
    let text = account.secret(name);
    webhook_secret(&["whsec_", text.strip_prefix("whsec_").unwrap_or(text)].concat())
}

#[cfg(test)]
mod tests;
