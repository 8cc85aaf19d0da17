//! Toss Payments: core API v1, window by SDK v2.
//!
//! Manual: official pages "코어 API", "웹훅 이벤트", "인증 및 기타 헤더 설정", "결제 취소하기", and the
//! table of error codes as it stood on 2026-03-17.
//!
//! | setting | meaning |
//! |---|---|
//! | `client_key` | `test_ck_…` or `live_ck_…`, goes to the browser |
//! | `api_base` | `https://api.tosspayments.com`, no slash at the end |
//! | `sdk_base` | `https://js.tosspayments.com`, no slash at the end |
//! | `mid` | optional; where set, the payment's `mId` is reported for comparison |
//!
//! Secret: `secret_key`, the `test_sk_…` or `live_sk_…` of the same pair. Widget keys (`gck`/`gsk`) are
//! refused, because the window that we open is not the widget.
//!
//! # Quirks
//! - The return through the browser is not signed, and neither are payment webhooks: both only say where
//!   to look. `Payment.secret` could be compared for a deposit, but the look-up decides anyway.
//! - Money moves by confirm alone, within ten minutes of the authentication. A virtual account is
//!   `IN_PROGRESS` before confirm and `WAITING_FOR_DEPOSIT` after it. There is no call that closes a
//!   payment; never confirming it does.
//! - Payments are looked up by our order id, never by the key that the browser brought: nothing in the
//!   buyer's hands chooses what we look at (F22).
//! - A repeat with the same `Idempotency-Key` gets the first answer for 15 days, a 409 while it runs.
//! - `CANCELED` without `approvedAt` is a virtual account that was cancelled before any deposit: no money
//!   came, so it is a decline ([`DeclineCode::Other`]: the shop's side did it, not the buyer).
//! - `DONE` may fall back to `WAITING_FOR_DEPOSIT` when a bank takes a deposit back.
//!
//! # Unverified
//! `windowTarget` inside a frame of ours, `orderId` on a cancelled return, the zone of `dueDate` (read as
//! Seoul when it has none), the smallest phone payment, `card.flowMode` as the way to easy pay.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use shared::fact::{
    Ask, Decline, DeclineCode, Deposit, Fact, ProviderPaymentId, RefundAccount, Sighting,
};
use shared::id::RequestId;
use shared::money::{Currency, Total};
use shared::time::{Span, Timestamp};

use super::parts::{
    check_bases, check_json, event_name, field, header, is_word, moment, parse, read_callback,
    required, unclear, undecided, won, word,
};
use super::{
    Account, Acknowledgement, Asked, CANCELLED, Callback, CallbackRefused, CannotAsk, Capabilities,
    CaptureStyle, Hint, HttpRequest, HttpResponse, Inbound, Means, MeansTerms, Presentation,
    Provider, RefundTerms, Road, Unreadable, Until, Window, WindowFor,
};
use crate::json::{Writer, for_script};
use crate::signature::{digest, hex};
use wire::{ErrorBody, Event, Payment};

mod wire;

/// The adapter.
#[derive(Debug)]
pub struct Tosspayments;

/// Confirm and cancel reach into card companies and banks; Toss itself allows a minute.
const ORDER_WAIT: Span = Span::seconds(30);
/// A look-up only reads.
const LOOK_WAIT: Span = Span::seconds(10);
/// When a 429 or 409 names no time.
const BUSY_DEFAULT: Span = Span::seconds(1);
/// Longest `orderName`, in characters.
const GOODS_NAME_CHARS_MAX: usize = 100;
/// Longest `clientKey`.
const CLIENT_KEY_CHARS_MAX: usize = 200;
/// Longest `cancelReason`, in characters.
const REASON_CHARS_MAX: usize = 200;
/// Longest `Idempotency-Key`.
const KEY_BYTES_MAX: usize = 300;

/// A part goes back as the whole does, to the card, for a year and a while.
const A_YEAR: &[RefundTerms] = &[RefundTerms { until: Until::About(365), ..CANCELLED }];
/// `EXCEED_MAX_REFUND_DUE` after that.
const HALF_A_YEAR: &[RefundTerms] = &[RefundTerms { until: Until::Days(180), ..CANCELLED }];
/// Into an account that the shop names, in two business days; in nine, if somebody has to look into it.
const TO_ACCOUNT: &[RefundTerms] =
    &[RefundTerms { until: Until::About(365), needs_account: true, arrives_in: 2, ..CANCELLED }];
/// In the month of the bill. That no part goes back is what shops' notices say (unverified).
const SAME_MONTH: &[RefundTerms] =
    &[RefundTerms { until: Until::MonthEnds, partial: false, ..CANCELLED }];

const fn terms(
    means: Means,
    minimum: u64,
    maximum: u64,
    refunds: &'static [RefundTerms],
) -> MeansTerms {
    MeansTerms { means, minimum, maximum, refunds }
}

static CAPABILITIES: Capabilities = Capabilities {
    name: "tosspayments",
    title: "Toss Payments",
    means: &[
        terms(Means::Card, 100, u64::MAX, A_YEAR),
        terms(Means::Transfer, 200, u64::MAX, HALF_A_YEAR),
        terms(Means::VirtualAccount, 200, u64::MAX, TO_ACCOUNT),
        // One million won is the month's limit of a phone bill, so no single payment is above it.
        terms(Means::Phone, 100, 1_000_000, SAME_MONTH),
        // Each wallet has a time of its own, and none is in Toss's manual.
        terms(Means::EasyPay, 100, u64::MAX, &[CANCELLED]),
    ],
    currencies: &[Currency::Krw],
    pc: &[Presentation::Iframe, Presentation::Popup, Presentation::Redirect],
    mobile: &[Presentation::Redirect, Presentation::Popup],
    capture: CaptureStyle::Merchant,
    prepares: false,
    closes: false,
    joins: false,
    escrow: false,
    window_life: Span::minutes(30),
    capture_life: Span::minutes(10),
    // As long as a repeated cancel is recognised by its key.
    undo_life: Span::hours(15 * 24),
};

impl Provider for Tosspayments {
    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn check(&self, account: &Account) -> Vec<String> {
        let mut faults = Vec::new();
        let mode = |key: &str, family: &str| {
            ["test", "live"].into_iter().find(|mode| key.starts_with(&format!("{mode}_{family}_")))
        };
        let client = mode(account.setting("client_key"), "ck");
        let secret = mode(account.secret("secret_key"), "sk");
        if client.is_none() {
            faults.push("client_key is not of the form test_ck_… or live_ck_…".to_owned());
        }
        if secret.is_none() {
            faults.push("secret_key is not of the form test_sk_… or live_sk_…".to_owned());
        }
        if client.is_some() && secret.is_some() && client != secret {
            faults.push(
                "client_key and secret_key are not both test keys or both live keys".to_owned(),
            );
        }
        let live = client == Some("live") || secret == Some("live");
        check_bases(account, ["api_base", "sdk_base"], live, &mut faults);
        if account.settings.get("mid").is_some_and(|mid| !(1..=14).contains(&mid.len())) {
            faults.push("mid is not of 1 to 14 characters; leave it out when unknown".to_owned());
        }
        faults
    }

    fn merchant<'a>(&self, account: &'a Account) -> Option<&'a str> {
        Some(account.setting("mid")).filter(|name| !name.is_empty())
    }

    fn request(
        &self,
        asked: &Asked<'_>,
        account: &Account,
        _entropy: [u8; 32],
    ) -> Result<HttpRequest, CannotAsk> {
        let ask = asked.ask;
        match ask {
            Ask::Prepare { .. } => {
                Err(CannotAsk::Unsupported("a Toss payment begins when its window opens"))
            }
            Ask::Close { .. } => {
                Err(CannotAsk::Unsupported("a Toss payment is closed by never confirming it"))
            }
            Ask::LookUp { request_id, provider_payment_id: _ } => {
                Ok(get(account, &format!("/v1/payments/orders/{request_id}")))
            }
            Ask::Capture { request_id, provider_payment_id, amount } => {
                let payment_key = path_safe(provider_payment_id)?;
                let amount = won(*amount)?;
                let body = Writer::document(|body| {
                    body.name("paymentKey").text(payment_key);
                    body.name("orderId").shown(request_id);
                    body.name("amount").number(amount);
                });
                post(account, "/v1/payments/confirm", &format!("capture-{request_id}"), body)
            }
            Ask::Cancel {
                request_id: _,
                provider_payment_id,
                amount,
                captured,
                cancelled_before,
                key,
                reason,
                account: receiver,
            } => {
                receiver.as_ref().map_or(Ok(()), check_receiver)?;
                // An account that is voided has its whole amount as balance, though nobody paid in.
                let due = if captured.is_zero() { amount.total() } else { *captured };
                let balance = due
                    .minus(*cancelled_before)
                    .map_err(|_| CannotAsk::Missing("more was given back than captured"))?;
                let whole = cancelled_before.is_zero() && amount.total() == due;
                let reason = required(reason, REASON_CHARS_MAX, "a reason")?;
                // Left out, the whole is cancelled: means that know no partial cancel take only that.
                let part = if whole { None } else { Some(won(*amount)?) };
                let body = cancel_body(&reason, part, balance, receiver.as_ref());
                let path = format!("/v1/payments/{}/cancel", path_safe(provider_payment_id)?);
                post(account, &path, key, body)
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
        let body = &answer.body;
        let retry_after = answer.retry_after.unwrap_or(BUSY_DEFAULT);
        match answer.http_status {
            200 => match parse(body, Payment::of) {
                Ok(payment) => Ok(told(&payment, ask, account).unwrap_or_else(unclear)),
                Err(unreadable) => match parse(body, ErrorBody::of) {
                    Ok(inner) => Ok(undecided(200, &inner.code)),
                    Err(_) => Err(unreadable),
                },
            },
            429 => Ok(Fact::Busy { retry_after }),
            status @ 400..=499 => {
                let error = parse(body, ErrorBody::of)?;
                Ok(refused(ask, status, &error.code, retry_after))
            }
            // Whatever a failing server or a proxy says about money is no decision.
            status => {
                let code = parse(body, ErrorBody::of).map(|error| error.code).unwrap_or_default();
                Ok(undecided(status, &code))
            }
        }
    }

    fn window(
        &self,
        window: &WindowFor<'_>,
        account: &Account,
        _entropy: [u8; 32],
    ) -> Result<Window, CannotAsk> {
        if !CAPABILITIES.ladder(window.device).contains(&window.presentation) {
            return Err(CannotAsk::Unsupported("Toss allows no frame on a phone"));
        }
        let method = match window.means {
            // The card window with `flowMode` DEFAULT is the one that lists the wallets.
            Means::Card | Means::EasyPay => "CARD",
            Means::Transfer => "TRANSFER",
            Means::VirtualAccount => "VIRTUAL_ACCOUNT",
            Means::Phone => "MOBILE_PHONE",
            Means::KbPay => return Err(CannotAsk::Unsupported("KB Pay alone is no Toss method")),
        };
        let client_key =
            required(account.setting("client_key"), CLIENT_KEY_CHARS_MAX, "client_key")?;
        let amount = won(window.amount)?;
        let order_name = required(window.goods_name, GOODS_NAME_CHARS_MAX, "goods_name")?;
        let json = Writer::document(|data| {
            data.name("clientKey").text(&client_key);
            // The starter hands over the SDK's own constant of this name: no buyer is remembered there.
            data.name("customerKey").text("ANONYMOUS");
            data.name("method").text(method);
            if window.means == Means::EasyPay {
                data.name("card").object(|card| card.name("flowMode").text("DEFAULT"));
            }
            data.name("amount").object(|money| {
                money.name("currency").text(window.amount.currency().code());
                money.name("value").number(amount);
            });
            data.name("orderId").shown(&window.request_id);
            data.name("orderName").text(&order_name);
            data.name("successUrl").text(window.return_url);
            data.name("failUrl").text(window.return_url);
            // Our frame or popup already holds our page alone, so the window takes its place. "iframe"
            // would nest Toss's overlay in our frame, whose return would then hit the wrong window.
            data.name("windowTarget").text("self");
        });
        Ok(Window::Script {
            src: format!("{}/v2/standard", account.setting("sdk_base")),
            starter: "tosspayments",
            // Goods names come from strangers.
            data: for_script(&json),
        })
    }

    fn returned(&self, inbound: &Inbound<'_>) -> Hint {
        let find = |name: &str| field(inbound.query.as_bytes(), name);
        let code = find("code").filter(|code| is_word(code));
        Hint {
            provider_payment_id: find("paymentKey").and_then(|key| ProviderPaymentId::parse(&key)),
            says_cancelled: code.as_deref() == Some("PAY_PROCESS_CANCELED"),
            provider_code: code,
        }
    }

    /// Payment webhooks carry no signature, so nothing here is believed; and no time is refused, because
    /// Toss repeats for days and does not say whether a repeat keeps its first time.
    fn callback(
        &self,
        inbound: &Inbound<'_>,
        _account: &Account,
        _now: Timestamp,
    ) -> Result<Callback, CallbackRefused> {
        check_json(inbound)?;
        let event = match header(inbound, "tosspayments-webhook-transmission-id") {
            None => hex(&digest(inbound.body)),
            Some(id) => event_name(id)?,
        };
        let body = read_callback(inbound, Event::of)?;
        let (order_id, key) = match body.event_type.as_deref() {
            Some("PAYMENT_STATUS_CHANGED") => {
                let data = body.data.ok_or(CallbackRefused::Unreadable)?;
                (Some(data.order_id.ok_or(CallbackRefused::Unreadable)?), data.payment_key)
            }
            // Pay-outs, billing keys, foreign cancels: none of a payment of ours.
            Some(_) => (None, None),
            // DEPOSIT_CALLBACK is flat and has no eventType.
            None => (Some(body.order_id.ok_or(CallbackRefused::Unreadable)?), None),
        };
        Ok(Callback {
            event,
            request_id: order_id.as_deref().and_then(RequestId::parse),
            provider_payment_id: key.as_deref().and_then(ProviderPaymentId::parse),
            told: None,
        })
    }

    fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement { content_type: "text/plain", body: "OK" }
    }
}

/// Where a payment stands, in Toss's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Ready,
    InProgress,
    WaitingForDeposit,
    Done,
    Canceled,
    PartialCanceled,
    Aborted,
    Expired,
}

impl Status {
    const ALL: [(&'static str, Self); 8] = [
        ("READY", Self::Ready),
        ("IN_PROGRESS", Self::InProgress),
        ("WAITING_FOR_DEPOSIT", Self::WaitingForDeposit),
        ("DONE", Self::Done),
        ("CANCELED", Self::Canceled),
        ("PARTIAL_CANCELED", Self::PartialCanceled),
        ("ABORTED", Self::Aborted),
        ("EXPIRED", Self::Expired),
    ];

    /// `Err` names the word that is none of ours.
    fn parse(text: &str) -> Result<Self, String> {
        let known =
            Self::ALL.into_iter().find_map(|(word, status)| (word == text).then_some(status));
        known.ok_or_else(|| format!("unknown status {}", word(text)))
    }
}

/// What a payment object says; `Err` names why it decides nothing.
fn told(payment: &Payment, ask: &Ask, account: &Account) -> Result<Fact, String> {
    let status = payment.status.clone()?;
    let currency = Currency::parse(&payment.currency)
        .ok_or_else(|| format!("unknown currency {}", word(&payment.currency)))?;
    let total = money(&payment.total_amount, currency)?;
    let seen = |cancelled| sighting(payment, account, total, cancelled);
    let none = Total::zero(currency);
    let fact = match status {
        Status::Ready => Fact::Waiting,
        Status::InProgress => Fact::Authenticated(seen(none)?),
        Status::WaitingForDeposit => Fact::DepositIssued(seen(none)?, deposit(payment)?),
        Status::Done => Fact::Captured(seen(none)?),
        Status::Canceled if payment.approved_at.is_some() => Fact::Captured(seen(total)?),
        Status::Canceled => declined(DeclineCode::Other, "CANCELED"),
        Status::PartialCanceled => {
            let balance = payment.balance_amount.as_ref().ok_or("no balanceAmount")?;
            let cancelled = total.minus(money(balance, currency)?);
            Fact::Captured(seen(cancelled.map_err(|_| "balanceAmount above totalAmount")?)?)
        }
        Status::Aborted => {
            match payment.failure.as_ref().and_then(|failure| failure.code.as_deref()) {
                Some(code) => declined(decline_code(code).unwrap_or(DeclineCode::Other), code),
                None => declined(DeclineCode::CardDeclined, "ABORTED"),
            }
        }
        Status::Expired => declined(DeclineCode::Expired, "EXPIRED"),
    };
    if let Ask::Cancel { .. } = ask { given_back(ask, payment, &fact) } else { Ok(fact) }
}

/// The answer to a cancel is the payment afterwards. [`Fact::Cancelled`] names no payment, so the
/// comparison is made here.
fn given_back(ask: &Ask, payment: &Payment, fact: &Fact) -> Result<Fact, String> {
    let (Ask::Cancel { provider_payment_id, amount, cancelled_before, .. }, Fact::Captured(seen)) =
        (ask, fact)
    else {
        // An account that nobody has paid into is void: nothing went back, and nothing can come.
        let void = payment.status == Ok(Status::Canceled)
            && payment.approved_at.is_none()
            && payment.order_id == ask.request_id().to_string();
        if void {
            return Ok(Fact::Closed);
        }
        let said = payment.status.as_ref().map(|status| format!("status {status:?}"));
        return Err(format!("{} does not show the cancel", said.unwrap_or_else(String::clone)));
    };
    if seen.request_id != ask.request_id().to_string()
        || seen.provider_payment_id != *provider_payment_id
    {
        return Err("the cancel's answer speaks of another payment".to_owned());
    }
    let wanted = cancelled_before.plus(amount.total()).map_err(|error| error.to_string())?;
    match seen.cancelled.minus(wanted) {
        Ok(_) => Ok(Fact::Cancelled { cancelled: Some(seen.cancelled) }),
        Err(error) => Err(format!("the cancel is not in the balance: {error}")),
    }
}

fn sighting(
    payment: &Payment,
    account: &Account,
    amount: Total,
    cancelled: Total,
) -> Result<Sighting, String> {
    Ok(Sighting {
        request_id: payment.order_id.clone(),
        merchant: account.settings.get("mid").map(|_| payment.m_id.clone().unwrap_or_default()),
        provider_payment_id: ProviderPaymentId::parse(&payment.payment_key)
            .ok_or("paymentKey is empty or malformed")?,
        amount,
        cancelled,
    })
}

fn deposit(payment: &Payment) -> Result<Deposit, String> {
    let issued =
        payment.virtual_account.as_ref().ok_or("WAITING_FOR_DEPOSIT without virtualAccount")?;
    Ok(Deposit {
        bank: wire::bank_name(&issued.bank_code).to_owned(),
        account: issued.account_number.clone(),
        holder: issued.customer_name.clone().unwrap_or_default(),
        until: moment(&issued.due_date).ok_or("dueDate is malformed")?,
    })
}

fn money(number: &str, currency: Currency) -> Result<Total, String> {
    let minor =
        wire::minor_units(number, currency).ok_or("an amount is no number of its currency")?;
    Total::from_minor(minor, currency).map_err(|error| error.to_string())
}

/// What a 4xx with a code says. Only listed words decide; a new word is looked up (I-13).
fn refused(ask: &Ask, status: u16, code: &str, retry_after: Span) -> Fact {
    let open = || undecided(status, code);
    match (ask, code) {
        (_, "IDEMPOTENT_REQUEST_PROCESSING") => Fact::Busy { retry_after },
        (Ask::LookUp { .. }, "FORBIDDEN_CONSECUTIVE_REQUEST") => Fact::Busy { retry_after },
        (Ask::LookUp { .. }, "NOT_FOUND_PAYMENT" | "NOT_FOUND") if status == 404 => Fact::NotFound,
        (Ask::Capture { .. }, _) => {
            decline_code(code).map_or_else(open, |reason| declined(reason, code))
        }
        (Ask::Cancel { .. }, _) if wire::CANCEL_REFUSALS.contains(&code) => {
            Fact::CancelRefused { provider_code: code.to_owned() }
        }
        (Ask::Prepare { .. } | Ask::LookUp { .. } | Ask::Close { .. } | Ask::Cancel { .. }, _) => {
            open()
        }
    }
}

fn decline_code(code: &str) -> Option<DeclineCode> {
    wire::DECLINES.iter().find_map(|(listed, reason)| (*listed == code).then_some(*reason))
}

fn declined(code: DeclineCode, provider_code: &str) -> Fact {
    Fact::Declined(Decline { code, provider_code: Some(word(provider_code).to_owned()) })
}

/// The key as a part of a path: a dot segment or a slash would be another call under our secret.
fn path_safe(key: &ProviderPaymentId) -> Result<&str, CannotAsk> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'=');
    let text = key.as_str();
    text.bytes()
        .all(allowed)
        .then_some(text)
        .ok_or(CannotAsk::Missing("a paymentKey of letters and digits"))
}

fn cancel_body(
    reason: &str,
    part: Option<u64>,
    balance: Total,
    receiver: Option<&RefundAccount>,
) -> String {
    Writer::document(|body| {
        body.name("cancelReason").text(reason);
        if let Some(part) = part {
            body.name("cancelAmount").number(part);
        }
        // Refused when the balance is another than we believe, so no repeat pays twice.
        body.name("refundableAmount").number(balance.minor());
        if let Some(receiver) = receiver {
            body.name("refundReceiveAccount").object(|account| {
                account.name("bank").text(&receiver.bank);
                account.name("accountNumber").text(&receiver.number);
                account.name("holderName").text(&receiver.holder);
            });
        }
    })
}

fn check_receiver(account: &RefundAccount) -> Result<(), CannotAsk> {
    let digits = (1..=20).contains(&account.number.len())
        && account.number.bytes().all(|b| b.is_ascii_digit());
    if !digits || !(1..=60).contains(&account.holder.chars().count()) || account.bank.is_empty() {
        return Err(CannotAsk::Missing(
            "a refund account: bank, 1 to 20 digits, holder up to 60 characters",
        ));
    }
    Ok(())
}

fn get(account: &Account, path: &str) -> HttpRequest {
    HttpRequest {
        method: "GET",
        url: format!("{}{path}", account.setting("api_base")),
        headers: vec![("authorization", basic(account))],
        body: Vec::new(),
        road: Road::Public,
        deadline: LOOK_WAIT,
    }
}

fn post(account: &Account, path: &str, key: &str, body: String) -> Result<HttpRequest, CannotAsk> {
    if !(1..=KEY_BYTES_MAX).contains(&key.len()) || !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(CannotAsk::Missing("an idempotency key of 1 to 300 printable bytes"));
    }
    Ok(HttpRequest {
        method: "POST",
        url: format!("{}{path}", account.setting("api_base")),
        headers: vec![
            ("authorization", basic(account)),
            ("content-type", "application/json".to_owned()),
            ("idempotency-key", key.to_owned()),
        ],
        body: body.into_bytes(),
        road: Road::Public,
        deadline: ORDER_WAIT,
    })
}

// Signature: payment webhooks have none; ours is the secret key with an empty password.
fn basic(account: &Account) -> String {
    format!("Basic {}", BASE64.encode(format!("{}:", account.secret("secret_key"))))
}

#[cfg(test)]
mod tests;
