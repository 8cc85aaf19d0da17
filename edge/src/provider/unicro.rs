//! Unicro: escrow of a marketplace, in a popup of its own; the partner's API, its web pages and callbacks.
//!
//! Manual: DaouUnicro/Unicro-API-Manual on GitHub ("유니크로 제휴사 API", REST docs, "웹", "제휴사 개발 API",
//! policy and code tables), as it stood on 2023-01-03.
//!
//! | setting | meaning |
//! |---|---|
//! | `partner_api_key` | the partner's key; travels through the browser, so it is public |
//! | `seller_user` | the seller's `partnerUserId`: every item of this contract is this member's |
//! | `api_base` | `https://api.unicro.co.kr`, no slash at the end |
//! | `web_base` | `https://svc.unicro.co.kr`, no slash at the end |
//!
//! Secrets: `seller_key`, the seller's `unicroUserKey`; `member_secret`, 16 bytes or more, from which the
//! buyers' ids are made. It must never change: Unicro lets a person have one account.
//!
//! # Steps
//! Each question takes several calls; what a call teaches is noted with the attempt before the next one.
//! *Prepare*: member's state → key that callback 7.0 told → seller's token → item → buyer's token, after
//! which the window can be shown. A buyer who is no member yet is shown the window in which they join,
//! and the rest follows behind it. *Look-up*: seller's token → trade's number → seller's view. *Cancel*:
//! seller's token → seller's view → the seller's cancel, or the consent to the buyer's.
//!
//! # Why the seller's view
//! The look-ups by number show no amount, and the buyer's view needs a token of two hours that only a
//! member in good standing gets. The seller's view shows the amount, too, and the seller is us: its token
//! can always be had. So an amount is compared in every case (I-2), and never guessed from the item's
//! price or a callback. The item must be the one that this attempt registered, since item and trade number
//! meet in the browser. The buyer's view is asked for an account that waits for its deposit alone.
//!
//! # Quirks
//! - Popup only, and nothing leads back: neither page has an address to return to. The buyer closes the
//!   window, and the page asks. After joining, the same popup has to be opened once more.
//! - Captures in its window; a window cannot be closed. No partial refund. A cancel is taken only while the
//!   seller has not shipped (`PAY_APPROVED`) or the buyer asks for it (`CANCEL_REQ`).
//! - Callbacks are unsigned and carry what they like: hints. 7.0 alone tells something, a member's key,
//!   under an id that nobody can guess; it is believed when Unicro gives a token for it.
//! - `statusCd` is a word or a number; 32 and 33 stand for two words each, of one meaning here.
//! - To void an account that was paid into meanwhile asks for a cancel; then the seller consents to it.
//! - The token's header has two names in the manual; both are sent, also to calls that need none.
//!
//! # Unverified
//! Every `errorCd` (only `AUTH…` is read: a token is thrown away); that an unknown trade number is answered
//! `FAIL`; that no trade exists before the buyer has paid or taken an account; that the pages take a form
//! post; whether they close themselves; that an account ends a day after `tradeDate` (the policy; the form
//! of `vaDueDate` is not told); how long `partnerTradeNo` may be (ours has 41
//! characters); what a repeated `partnerItemNo` gets; how callbacks are encoded (JSON, form or query are
//! read) and acknowledged.
//!
//! # Limits
//! One seller and one item a trade: the checkout's whole is the item. The double check of tokens (7.1) must
//! be off in the contract. A member whose key was never told here cannot pay.

use shared::fact::{Ask, Fact, ProviderPaymentId};
use shared::id::RequestId;
use shared::money::Currency;
use shared::notes::STANDING;
use shared::time::{Span, Timestamp};

use super::parts::{check_bases, check_each, is_word, required, unclear, won};
use super::{
    Account, Acknowledgement, Asked, CANCELLED, Callback, CallbackRefused, CannotAsk, Capabilities,
    CaptureStyle, Device, Hint, HttpRequest, HttpResponse, Inbound, Means, MeansTerms,
    Presentation, Provider, RefundTerms, Road, Unreadable, Window, WindowFor,
};
use crate::json::Writer;
use crate::signature::{digest, hex, hmac_sha256};
use wire::Texts;

mod answer;
mod wire;

/// The adapter.
#[derive(Debug)]
pub struct Unicro;

/// How long an answer is waited for.
const ANSWER_WAIT: Span = Span::seconds(15);
/// When a 429 names no time.
const BUSY_DEFAULT: Span = Span::seconds(1);
/// A token lives two hours and cannot be extended; an older one than this is not begun with.
const TOKEN_LIFE: Span = Span::minutes(110);
/// How long what was just seen is acted upon.
const JUST_NOW: Span = Span::seconds(10);
/// Longest `itemName`, in characters.
const ITEM_NAME_CHARS_MAX: usize = 200;
/// Longest key or token that is taken.
const KEY_BYTES_MAX: usize = 2_000;
/// The seller's reason of a cancel that is given in words.
const IN_WORDS: &str = "39";
/// Bytes of [`Unicro`]'s secret for members' ids, at least.
const MEMBER_SECRET_BYTES_MIN: usize = 16;
/// The seller pays the courier.
const PAID_BEFORE: &str = "PRE_PAYMENT";
/// By parcel; the partner's own delivery belongs to its life after the payment.
const DELIVERY: &str = "PARCEL_DELIVERY";

// What is noted of an attempt.
/// The member's state when the attempt began.
const MEMBER: &str = "member";
/// The buyer's `partnerUserId` and `unicroUserKey`, with a space between.
const KEY: &str = "key";
/// The buyer's token.
const BUYER: &str = "buyer";
/// The seller's token.
const SELLER: &str = "seller";
/// `unicroItemNo`.
const ITEM: &str = "item";
/// `unicroTradeNo`.
const TRADE: &str = "trade";
/// A void met a paid account: the seller consents to the cancel.
const CONSENT: &str = "consent";

/// No part goes back, and the buyer's account is Unicro's own knowledge.
const fn terms(means: Means, maximum: u64) -> MeansTerms {
    let refunds = &[RefundTerms { partial: false, ..CANCELLED }];
    MeansTerms { means, minimum: 3_000, maximum, refunds }
}

static CAPABILITIES: Capabilities = Capabilities {
    name: "unicro",
    title: "Unicro",
    means: &[
        terms(Means::Card, 5_000_000),
        terms(Means::Transfer, 1_000_000),
        terms(Means::VirtualAccount, 5_000_000),
    ],
    currencies: &[Currency::Krw],
    pc: &[Presentation::Popup],
    mobile: &[Presentation::Popup],
    capture: CaptureStyle::Provider,
    prepares: true,
    closes: false,
    joins: true,
    escrow: true,
    window_life: Span::minutes(30),
    capture_life: Span::seconds(0),
    undo_life: Span::hours(24),
};

/// One call on the way to an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// 2.1: is the buyer a member?
    Member,
    /// What callback 7.0 told us.
    Told,
    /// 1.1 for the seller.
    SellerToken,
    /// 3.1: the item of this attempt.
    Item,
    /// 1.1 for the buyer.
    BuyerToken,
    /// 4.1: the trade's number.
    Trade,
    /// 6.6: state and amount.
    SellerView,
    /// 5.5: the account that waits for its deposit.
    BuyerView,
    /// 6.2: the seller cancels.
    SellerCancel,
    /// 6.1: the seller consents to the buyer's cancel.
    Consent,
    /// 5.1: an account without a deposit is cancelled.
    BuyerCancel,
}

/// The next step of a question, by what is known; the same when its answer is read.
fn step(asked: &Asked<'_>) -> Result<Step, CannotAsk> {
    let known = |name| asked.notes.get(name).is_some();
    let just = |name| asked.notes.fresh(name, asked.at, JUST_NOW).is_some();
    let standing = asked.notes.get(STANDING).filter(|_| just(STANDING));
    let with = |token, renewed, then| {
        if asked.notes.fresh(token, asked.at, TOKEN_LIFE).is_some() { then } else { renewed }
    };
    let seller = |then| with(SELLER, Step::SellerToken, then);
    let buyer = |then| with(BUYER, Step::BuyerToken, then);
    Ok(match asked.ask {
        Ask::Prepare { .. } if !known(MEMBER) => Step::Member,
        // Asked anew each time: while a buyer joins, what was told may be told again.
        Ask::Prepare { .. } if !just(KEY) => Step::Told,
        Ask::Prepare { .. } if !known(ITEM) => seller(Step::Item),
        Ask::Prepare { .. } => Step::BuyerToken,
        Ask::LookUp { .. } if !known(TRADE) => seller(Step::Trade),
        Ask::LookUp { .. } if standing == Some(wire::PAY_STANDBY) => buyer(Step::BuyerView),
        Ask::LookUp { .. } => seller(Step::SellerView),
        Ask::Cancel { .. } if voids(asked.ask) && known(CONSENT) => seller(Step::Consent),
        Ask::Cancel { .. } if voids(asked.ask) => buyer(Step::BuyerCancel),
        Ask::Cancel { amount, captured, .. } if amount.total() != *captured => {
            return Err(CannotAsk::Unsupported("the whole or nothing"));
        }
        Ask::Cancel { .. } => seller(match standing {
            Some(wire::PAY_APPROVED) => Step::SellerCancel,
            Some(wire::CANCEL_REQ) => Step::Consent,
            Some(_) | None => Step::SellerView,
        }),
        Ask::Capture { .. } | Ask::Close { .. } => {
            return Err(CannotAsk::Unsupported("it captures in a window that nothing closes"));
        }
    })
}

/// What a step sends: what stands around its id in the path, whose token, and the body.
type Call = (Step, &'static str, &'static str, &'static str, Body);

#[derive(Clone, Copy)]
enum Body {
    None,
    Seller,
    Buyer,
    Item,
    /// Why something is cancelled, by this code and in words.
    Reason(&'static str),
    /// The name for [`Road::Own`].
    Name,
}

static CALLS: [Call; 11] = [
    (Step::Member, "users/", "/status", "", Body::None),
    (Step::Told, "", "", "", Body::Name),
    (Step::SellerToken, "auth", "", "", Body::Seller),
    (Step::BuyerToken, "auth", "", "", Body::Buyer),
    (Step::Item, "items", "", SELLER, Body::Item),
    (Step::Trade, "trades/partner/", "", SELLER, Body::None),
    (Step::SellerView, "seller/trades/", "", SELLER, Body::None),
    (Step::BuyerView, "buyer/trades/", "", BUYER, Body::None),
    (Step::SellerCancel, "seller/trades/", "/cancel/done", SELLER, Body::Reason(IN_WORDS)),
    (Step::Consent, "seller/trades/", "/cancel/agree", SELLER, Body::Reason(IN_WORDS)),
    (Step::BuyerCancel, "buyer/trades/", "/cancel", BUYER, Body::Reason("")),
];

impl Provider for Unicro {
    fn capabilities(&self) -> &'static Capabilities {
        &CAPABILITIES
    }

    fn check(&self, account: &Account) -> Vec<String> {
        let mut faults = Vec::new();
        let seller = account.setting("seller_user");
        let spelt = seller.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let long = account.secret("member_secret").len() >= MEMBER_SECRET_BYTES_MIN;
        let checked = [
            ("partner_api_key", is_word(account.setting("partner_api_key"))),
            ("seller_user", spelt && (4..=16).contains(&seller.len())),
            ("seller_key", is_key(account.secret("seller_key"))),
            ("member_secret", long),
        ];
        check_each(&checked, &mut faults);
        check_bases(account, ["api_base", "web_base"], !account.test_mode, &mut faults);
        faults
    }

    fn merchant<'a>(&self, account: &'a Account) -> Option<&'a str> {
        Some(account.setting("seller_user")).filter(|name| !name.is_empty())
    }

    fn request(
        &self,
        asked: &Asked<'_>,
        account: &Account,
        _entropy: [u8; 32],
    ) -> Result<HttpRequest, CannotAsk> {
        let step = step(asked)?;
        let noted = |name| asked.notes.get(name).unwrap_or_default();
        let known = CALLS.iter().find(|call| call.0 == step);
        let (_, before, after, token, body) = *known.ok_or(CannotAsk::Missing("a call"))?;
        let id = match step {
            Step::Member | Step::Told => member(asked.ask, account),
            Step::Trade => asked.ask.request_id().to_string(),
            Step::SellerToken | Step::BuyerToken | Step::Item => String::new(),
            Step::SellerView
            | Step::BuyerView
            | Step::SellerCancel
            | Step::Consent
            | Step::BuyerCancel => trade_no(asked).to_owned(),
        };
        let setting = |name| account.setting(name);
        let body = match body {
            Body::None => String::new(),
            Body::Seller => auth(setting("seller_user"), account.secret("seller_key")),
            Body::Buyer => noted(KEY).split_once(' ').map_or_else(String::new, |(u, k)| auth(u, k)),
            Body::Item => item(asked.ask)?,
            Body::Reason(code) => because(code, asked.ask),
            Body::Name => id.clone(),
        };
        let bearer = ["Bearer ", noted(token)].concat();
        let mut headers = Vec::new();
        for (name, value) in [
            ("partner-api-key", setting("partner_api_key")),
            ("content-type", "application/json"),
            ("unicro-user-token", &bearer),
            ("unicro_user_token", &bearer),
        ] {
            headers.push((name, value.to_owned()));
        }
        Ok(HttpRequest {
            method: if body.is_empty() { "GET" } else { "POST" },
            url: [setting("api_base"), "/api/v1/", before, &id, after].concat(),
            headers,
            body: body.into_bytes(),
            road: if step == Step::Told { Road::Own } else { Road::Public },
            deadline: ANSWER_WAIT,
        })
    }

    fn response(
        &self,
        asked: &Asked<'_>,
        answer: &HttpResponse,
        account: &Account,
    ) -> Result<Fact, Unreadable> {
        match step(asked) {
            Ok(step) => answer::read(step, asked, answer, account),
            Err(_) => Ok(unclear("nothing was asked")),
        }
    }

    fn window(
        &self,
        window: &WindowFor<'_>,
        account: &Account,
        _entropy: [u8; 32],
    ) -> Result<Window, CannotAsk> {
        if window.presentation != Presentation::Popup {
            return Err(CannotAsk::Unsupported("popups alone"));
        }
        let text = str::to_owned;
        let mut fields = vec![(text("partnerApiKey"), text(account.setting("partner_api_key")))];
        let mut put = |name: &str, value: String| fields.push((name.to_owned(), value));
        let page = match (window.token.and_then(|both| both.split_once(' ')), window.device) {
            (None, Device::Pc | Device::Mobile) => {
                put("partnerUserId", member_id(account, window.buyer));
                "/user/agreement"
            }
            (Some((item, token)), device) => {
                put("unicroItemNo", text(item));
                put("partnerTradeNo", window.request_id.to_string());
                put("payway", text(payway(window.means)));
                // What is paid is the whole: nothing is left for the courier to ask.
                put("deliveryPayCd", text(PAID_BEFORE));
                put("unicroUserToken", text(token));
                if device == Device::Pc { "/trades/web" } else { "/trades/mobile" }
            }
        };
        Ok(Window::Form { action: [account.setting("web_base"), page].concat(), fields })
    }

    fn returned(&self, _inbound: &Inbound<'_>) -> Hint {
        Hint::default()
    }

    /// Unsigned: nothing in it is believed, and what nobody here knows is acknowledged all the same.
    fn callback(
        &self,
        inbound: &Inbound<'_>,
        _account: &Account,
        _now: Timestamp,
    ) -> Result<Callback, CallbackRefused> {
        let told = Texts::told(inbound);
        let (user, key) = (told.get("partnerUserId"), told.get("unicroUserKey"));
        let both = is_key(user) && is_key(key);
        Ok(Callback {
            event: String::new(),
            request_id: RequestId::parse(told.get("partnerTradeNo")),
            provider_payment_id: ProviderPaymentId::parse(told.get("unicroTradeNo")),
            told: both.then(|| (user.to_owned(), key.to_owned())),
        })
    }

    fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement {
            content_type: "application/json",
            body: r#"{"result":"SUCCESS","msg":"","errorCd":""}"#,
        }
    }
}

/// Whether this is the order to void an account that nobody has paid into.
const fn voids(ask: &Ask) -> bool {
    matches!(ask, Ask::Cancel { captured, .. } if captured.is_zero())
}

/// The trade's number, from the question or from the notes; safe in a path.
fn trade_no<'a>(asked: &Asked<'a>) -> &'a str {
    let number = if let Ask::Cancel { provider_payment_id, .. } = asked.ask {
        Some(provider_payment_id.as_str())
    } else {
        asked.notes.get(TRADE)
    };
    number.filter(|number| is_word(number)).unwrap_or_default()
}

/// The buyer's id at Unicro: the same for every checkout, and not to be guessed, since whoever knows it
/// could tell us a key for it.
fn member_id(account: &Account, buyer: &str) -> String {
    let secret = account.secret("member_secret").as_bytes();
    first(hex(&hmac_sha256(secret, &[buyer.as_bytes()])), 16)
}

fn member(ask: &Ask, account: &Account) -> String {
    let buyer = if let Ask::Prepare { buyer, .. } = ask { buyer.as_str() } else { "" };
    member_id(account, buyer)
}

/// Keys and tokens.
fn is_key(key: &str) -> bool {
    (1..=KEY_BYTES_MAX).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
}

const fn payway(means: Means) -> &'static str {
    match means {
        Means::Transfer => "BANK",
        Means::VirtualAccount => "VIRTUAL_ACCOUNT",
        // The others are none of its capabilities.
        Means::Card | Means::Phone | Means::EasyPay | Means::KbPay => "CARD",
    }
}

/// A body of two texts.
fn texts(pairs: [(&'static str, &str); 2]) -> String {
    Writer::document(|body| {
        for (name, value) in pairs {
            body.name(name).text(value);
        }
    })
}

fn auth(user: &str, key: &str) -> String {
    texts([("partnerUserId", user), ("unicroUserKey", key)])
}

/// The item of an attempt: registered for it alone, and never to be changed.
fn item(ask: &Ask) -> Result<String, CannotAsk> {
    let Ask::Prepare { request_id, amount, goods_name, buyer: _ } = ask else {
        return Err(CannotAsk::Missing("a call"));
    };
    let price = won(*amount)?;
    let name = required(goods_name, ITEM_NAME_CHARS_MAX, "goods_name")?;
    // At most 20 characters.
    let number = first(hex(&digest(request_id.to_string().as_bytes())), 20);
    let payable = CAPABILITIES.means.iter().filter(|of| price <= of.maximum);
    Ok(Writer::document(|body| {
        body.name("partnerItemNo").text(&number);
        body.name("itemName").text(&name);
        body.name("itemPrice").number(price);
        body.name("selPayway").list(payable, |list, of| list.text(payway(of.means)));
        body.name("deliveryPayCd").text(PAID_BEFORE);
        body.name("deliveryCd").text(DELIVERY);
    }))
}

fn because(code: &str, ask: &Ask) -> String {
    let reason = if let Ask::Cancel { reason, .. } = ask { reason.as_str() } else { "" };
    texts([("cancelCd", code), ("cancelMemo", reason)])
}

fn first(mut text: String, chars: usize) -> String {
    text.truncate(chars);
    text
}

#[cfg(test)]
mod tests;
