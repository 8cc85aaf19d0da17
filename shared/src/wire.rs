//! The records of the HTTP API. Field names are the wire's; times are RFC 3339 in UTC; amounts are
//! integer minor units of the record's `currency`.
//!
//! Requests refuse unknown fields: a misspelt `amount` must not be a default. Conversion into the
//! domain happens once, at the door of the edge.
//!
//! The edge reads and writes these forms by hand, because derived code for each record is a tenth of what
//! it ships; its tests hold every answer against the records here.

use serde::{Deserialize, Serialize};

use crate::raw_amount::RawAmount;

mod refund;

pub use refund::{RefundPlanView, RefundPreviewView};

/// `POST /v1/checkouts`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenCheckout {
    /// Who pays.
    pub buyer: Buyer,
    /// The parts, 1 to 20.
    pub orders: Vec<OpenOrder>,
    /// What is charged: the sum of the orders.
    pub amount: RawAmount,
    /// ISO 4217 code.
    pub currency: String,
    /// Where a redirect comes back to; its origin must be one of the merchant's.
    pub return_url: String,
    /// What the buyer reads above the amount; made from the lines when absent.
    #[serde(default)]
    pub label: Option<String>,
    /// Life of the unpaid checkout, 60 to 604,800; one hour when absent.
    #[serde(default)]
    pub expires_in_seconds: Option<RawAmount>,
}

/// Who pays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buyer {
    /// The shop's id, `[A-Za-z0-9._-]{1,64}`. The only thing about a buyer that is kept: name, address
    /// and number stay with the shop.
    pub id: String,
}

/// One seller's part.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenOrder {
    /// The shop's id, unique per merchant.
    pub order_id: String,
    /// The shop's id of the seller.
    pub seller: String,
    /// What is sold, 1 to 50.
    pub lines: Vec<OpenLine>,
    /// Sum of the lines.
    pub amount: RawAmount,
}

/// One kind of thing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenLine {
    /// The piece of stock.
    pub sku: String,
    /// What the buyer reads, 1 to 200 characters.
    pub name: String,
    /// 1 to 9,999.
    pub quantity: RawAmount,
    /// Price of one.
    pub unit_amount: RawAmount,
    /// There is always one more: no stock is asked.
    #[serde(default)]
    pub unlimited: bool,
}

/// `POST /v1/checkouts/{id}/cancel`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelCheckout {
    /// For the journal, at most 200 characters.
    #[serde(default)]
    pub reason: Option<String>,
}

/// `POST /v1/checkouts/{id}/refunds`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRefund {
    /// Which order.
    pub order_id: String,
    /// How much; everything that is left when absent.
    #[serde(default)]
    pub amount: Option<RawAmount>,
    /// For the provider's console, at most 200 characters.
    pub reason: String,
    /// Where a paid virtual account is refunded to.
    #[serde(default)]
    pub refund_account: Option<OpenRefundAccount>,
}

/// A bank account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenRefundAccount {
    /// The bank, by the provider's code.
    pub bank: String,
    /// Digits only, at most 20.
    pub number: String,
    /// The holder, at most 60 characters.
    pub holder: String,
}

impl core::fmt::Debug for OpenRefundAccount {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("OpenRefundAccount(…)")
    }
}

/// `PUT /v1/stock/{sku}`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetStock {
    /// Pieces not yet sold, 0 to 1,000,000; `null` stops tracking.
    pub units: Option<u32>,
}

/// `POST /v1/attempts`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenAttempt {
    /// A method of the session.
    pub method: String,
    /// `iframe`, `popup` or `redirect`.
    pub presentation: String,
    /// `pc` or `mobile`.
    pub device: String,
    /// `ko` or `en`.
    #[serde(default)]
    pub locale: Option<String>,
}

/// `POST /v1/abandon`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Abandon {
    /// The attempt whose window the buyer left.
    pub attempt: String,
}

/// `POST /v1/attempts/{attempt}/presentation`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangePresentation {
    /// The next rung of the ladder.
    pub presentation: String,
}

/// A checkout as the shop reads it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckoutView {
    /// Its id.
    pub id: String,
    /// Whose.
    pub merchant: String,
    /// `open`, `paid`, `partially_refunded`, `refunded`, `cancelled`, `expired`.
    #[serde(rename = "status")]
    pub standing: String,
    /// The phase, finer than the status.
    pub phase: String,
    /// Rises with every change; ignore a notice with a lower one.
    pub version: u64,
    /// What is charged.
    pub amount: u64,
    /// What went back.
    pub refunded_amount: u64,
    /// ISO 4217.
    pub currency: String,
    /// What the buyer reads.
    pub label: String,
    /// The shop's id of the buyer.
    pub buyer_id: String,
    /// The parts.
    pub orders: Vec<OrderView>,
    /// Where a redirect comes back to.
    pub return_url: String,
    /// Every attempt, oldest first.
    pub attempts: Vec<AttemptView>,
    /// The capture, once paid.
    pub payment: Option<PaymentView>,
    /// Money on its way back.
    pub refunds: Vec<RefundView>,
    /// What a person must look at.
    pub cases: Vec<CaseView>,
    /// When it was opened.
    pub created_at: String,
    /// When it ends if nobody pays.
    pub expires_at: String,
    /// The page that shows its buyer where it stands, by a signed link that is good for a month.
    pub status_url: String,
    /// The one-time token; only in the answer that opened the checkout.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// When the token ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_expires_at: Option<String>,
}

/// One seller's part.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderView {
    /// The shop's id.
    pub order_id: String,
    /// Who sells.
    pub seller: String,
    /// Its total.
    pub amount: u64,
    /// What went back of it.
    pub refunded_amount: u64,
    /// What is sold.
    pub lines: Vec<LineView>,
}

/// One kind of thing.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineView {
    /// The piece of stock.
    pub sku: String,
    /// What the buyer reads.
    pub name: String,
    /// How many.
    pub quantity: u32,
    /// Price of one.
    pub unit_amount: u64,
    /// Whether no stock is asked.
    pub unlimited: bool,
}

/// One try.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttemptView {
    /// Its id.
    pub attempt: String,
    /// Its id at the provider.
    pub request_id: String,
    /// Which contract.
    pub channel: String,
    /// What the buyer chose.
    pub method: String,
    /// How the window was shown last.
    pub presentation: String,
    /// `open`, `paid` or `declined`.
    pub state: String,
    /// Why it was declined.
    pub decline: Option<DeclineView>,
    /// When it began.
    pub started_at: String,
    /// The provider's id, once seen.
    pub provider_payment_id: Option<String>,
}

/// The capture.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentView {
    /// The provider's name.
    pub provider: String,
    /// Which contract.
    pub channel: String,
    /// What the buyer chose.
    pub method: String,
    /// The provider's id.
    pub provider_payment_id: String,
    /// Our id at the provider.
    pub request_id: String,
    /// What was captured.
    pub captured_amount: u64,
    /// When we knew.
    pub paid_at: String,
    /// `late_approval`, if the attempt had failed before; else `null`.
    pub reason: Option<String>,
}

/// Money on its way back.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundView {
    /// Its id.
    pub refund: String,
    /// Which order; `null` for reversals and cancels made at the provider.
    pub order_id: Option<String>,
    /// `shop`, `reversal` or `external`.
    pub cause: String,
    /// How much.
    pub amount: u64,
    /// `requested`, `done` or `refused`.
    pub state: String,
    /// Why.
    pub reason: String,
    /// When it was asked for.
    pub at: String,
}

/// What a person must look at.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseView {
    /// Which kind.
    pub code: String,
    /// What was seen.
    pub detail: String,
    /// When.
    pub at: String,
}

/// Why an attempt ended without money.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclineView {
    /// For the buyer.
    pub code: String,
    /// For the staff.
    pub provider_code: Option<String>,
}

/// The live status that the page shows.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusView {
    /// The checkout.
    pub checkout: String,
    /// Rises with every change.
    pub version: u64,
    /// `open`, `preparing`, `presented`, `checking`, `awaiting_deposit`, `paid`, `cancelled`,
    /// `expired`, `refunded`.
    pub phase: String,
    /// `not_paid`, `checking` or `paid`: the only thing to tell the buyer.
    pub outcome: String,
    /// The attempt that it is about.
    pub attempt: Option<String>,
    /// What it pays with.
    pub means: Option<String>,
    /// How the last attempt ended, while none is open.
    pub decline: Option<DeclineView>,
    /// A fresh token, only when a new attempt may begin.
    pub token: Option<String>,
    /// The virtual account that waits.
    pub deposit: Option<DepositView>,
    /// When we knew that it is paid.
    pub paid_at: Option<String>,
    /// When to ask again; 0 when nothing will change by itself.
    pub poll_after_ms: u64,
    /// Where the shop wants the buyer.
    pub return_url: Option<String>,
    /// Whether a new attempt may begin.
    pub can_retry: bool,
    /// The same for later and for any device: a page behind a signed link.
    pub status_url: String,
}

/// A virtual account.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DepositView {
    /// The bank.
    pub bank: String,
    /// The account.
    pub account: String,
    /// Its holder.
    pub holder: String,
    /// Until when.
    pub until: String,
    /// How long that is from this answer on, in milliseconds: a page need not trust its own clock (R41).
    pub left_ms: u64,
}

/// `GET /v1/session`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionView {
    /// The checkout.
    pub checkout: String,
    /// What is charged.
    pub amount: u64,
    /// ISO 4217.
    pub currency: String,
    /// What is bought.
    pub label: String,
    /// The shop.
    pub merchant_name: String,
    /// The shop, in English.
    pub merchant_name_en: String,
    /// No real money moves.
    pub test_mode: bool,
    /// How one can pay here.
    pub methods: Vec<MethodView>,
    /// The live status, for callers with the state key.
    #[serde(rename = "status")]
    pub live: Option<StatusView>,
}

/// A way to pay.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MethodView {
    /// Its id.
    pub id: String,
    /// Which contract.
    pub channel: String,
    /// The means: `card`, `transfer`, …
    pub method: String,
    /// The provider's name.
    pub provider: String,
    /// The ladder for this device, best first.
    pub presentations: Vec<String>,
    /// Whether it can be chosen.
    pub available: bool,
    /// `below_minimum` or `above_maximum`.
    pub reason: Option<String>,
}

/// `POST /v1/attempts`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttemptAnswer {
    /// The checkout.
    pub checkout: String,
    /// The attempt.
    pub attempt: Option<String>,
    /// What further calls of this page use; `null` on a read-only view.
    pub state_key: Option<String>,
    /// What to show; `null` on a read-only view or when there is nothing to show.
    pub presentation: Option<PresentationView>,
    /// The live status.
    #[serde(rename = "status")]
    pub live: StatusView,
}

/// What to show.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PresentationView {
    /// `iframe`, `popup` or `redirect`.
    pub kind: String,
    /// Our intermediate page.
    pub url: String,
    /// The messages of this window carry it.
    pub nonce: String,
}

/// `GET /v1/stock/{sku}`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StockView {
    /// The piece of stock.
    pub sku: String,
    /// Whether it is counted.
    pub tracked: bool,
    /// Pieces not yet sold; only for the shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<u32>,
    /// Pieces that nobody holds; only for the shop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub available: Option<u32>,
    /// Whether a buyer can enter now.
    pub can_enter: bool,
    /// If not, when it is worth coming back; `null` when it is sold.
    pub until: Option<String>,
    /// When a page that shows it asks again, in milliseconds.
    pub poll_after_ms: u64,
}

/// One line of the journal.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalEntry {
    /// Number within the checkout.
    pub n: u64,
    /// When.
    pub at: String,
    /// What happened.
    pub input: String,
    /// With which evidence.
    pub detail: String,
    /// Where it led.
    pub phase: String,
    /// What the table said.
    pub verdict: String,
    /// The version after it.
    pub version: u64,
}

/// `GET /v1/checkouts/{id}/journal`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JournalView {
    /// Oldest first.
    pub entries: Vec<JournalEntry>,
}

/// `GET /v1/notices/dead`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadNoticesView {
    /// Newest first.
    pub notices: Vec<DeadNoticeView>,
    /// Pass it as `cursor` for what follows; `null` at the end.
    pub next_cursor: Option<String>,
}

/// A notice that could not be delivered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadNoticeView {
    /// Its `webhook-id`.
    pub id: String,
    /// `checkout.paid`, …; `null` for a change that only the list and the ledger would have learnt of.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The checkout.
    pub checkout: String,
    /// The checkout's version that it tells of.
    pub version: u64,
    /// When it happened.
    pub created_at: String,
    /// When its last delivery failed.
    pub dead_since: String,
    /// What the last delivery met: `http 500`, `no answer`, …
    pub last_error: String,
    /// How often it was replayed.
    pub replays: u32,
}

/// `POST /v1/notices/{id}/replay`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplayView {
    /// The notice.
    pub id: String,
    /// Its checkout.
    pub checkout: String,
    /// How often it was replayed, this one included.
    pub replays: u32,
}

/// `POST /v1/quotes/exchange`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExchangeQuote {
    /// The quote, as the shop signed it.
    pub quote: String,
}

/// `POST /v1/quotes/exchange`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuoteView {
    /// The checkout that comes into being with the first attempt.
    pub checkout: String,
    /// Its one-time token.
    pub token: String,
    /// When that ends.
    pub token_expires_at: String,
}
