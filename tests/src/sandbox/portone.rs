//! `portone_v2` as an engine: announced by the shop, captured in the window at once, told of by signed
//! webhooks.
//!
//! Manual: PortOne's OpenAPI schema 1.16.0, its guides and Standard Webhooks, 2026-08-06. Unverified, and
//! modelled as follows: a payment exists from the opening of its window on and not before; a window has
//! no end; a buyer who leaves fails the payment; a closed account is `CANCELLED` with nothing paid; the
//! codes of failed returns, the plan of repeats (Standard Webhooks' example) and that `Transaction.Ready`
//! is not sent.
//!
//! Map: this file the books and the one table · `api` the server calls and the payment as JSON ·
//! `checkout` the buyer's window · `event` webhooks · `merchant` contracts.

use std::collections::BTreeMap;

use serde_json::Value;

use self::merchant::Merchant;
use super::moment::MINUTE_MS;
use super::outbox::{Accepts, Plan};
use super::provider::{NO_DEPOSIT, Provider};
use super::window::{Brand, Lang};
use super::{BookLine, Method as Verb, Request, Response, Turn, moment};

mod api;
mod checkout;
mod event;
mod merchant;
#[cfg(test)]
mod tests;

/// Its name at the edge and in the books.
const NAME: &str = "portone_v2";

/// Until any 2xx, after 5 seconds, 5 and 30 minutes, 2 and 5 hours (its own plan is not public).
pub(super) const PLAN: Plan = Plan {
    waits_ms: &[5_000, 5 * MINUTE_MS, 30 * MINUTE_MS, 120 * MINUTE_MS, 300 * MINUTE_MS],
    accepts: Accepts::Success,
};

static BRAND: Brand = Brand {
    names: ["포트원 샌드박스", "PortOne Sandbox"],
    monogram: "P",
    colours: "--accent:#c2410c;--tint:#fff1ea",
};

/// How long an account waits for its deposit: seven days.
const DEPOSIT_MS: i64 = 7 * 24 * 60 * MINUTE_MS;
/// How long the PG thinks about a payment that it does not approve at once.
const PENDING_MS: i64 = 5_000;

/// How the buyer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Means {
    Card,
    Transfer,
    VirtualAccount,
    Mobile,
    EasyPay,
}

impl Means {
    const ALL: [Self; 5] =
        [Self::Card, Self::EasyPay, Self::Transfer, Self::VirtualAccount, Self::Mobile];

    /// Its name in the SDK.
    fn sdk(self) -> &'static str {
        match self {
            Self::Card => "CARD",
            Self::Transfer => "TRANSFER",
            Self::VirtualAccount => "VIRTUAL_ACCOUNT",
            Self::Mobile => "MOBILE",
            Self::EasyPay => "EASY_PAY",
        }
    }

    fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Card => lang.pick("카드", "Card"),
            Self::Transfer => lang.pick("계좌이체", "Transfer"),
            Self::VirtualAccount => lang.pick("가상계좌", "Virtual account"),
            Self::Mobile => lang.pick("휴대폰", "Mobile phone"),
            Self::EasyPay => lang.pick("간편결제", "Easy pay"),
        }
    }
}

/// Why a payment failed in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    Declined,
    Cancelled,
    Overdue,
}

impl Reason {
    /// The PG's word, and its sentence.
    fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::Declined => ("REJECT_CARD_COMPANY", "결제 승인이 거절되었습니다"),
            Self::Cancelled => ("PAY_PROCESS_CANCELED", "사용자가 결제를 취소하였습니다"),
            Self::Overdue => ("DEPOSIT_EXPIRED", "입금 기한이 지났습니다"),
        }
    }
}

/// A bank account that waits for its deposit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Account {
    number: String,
    due: i64,
}

/// Money that went back.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cancel {
    id: String,
    amount: u64,
    reason: String,
    at: i64,
}

/// Where a payment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// The shop told its amount. The look-up does not know it yet.
    Announced,
    /// The window is open. READY.
    Ready,
    /// The issuer asks the buyer for more. READY.
    Challenged,
    /// The PG thinks. PAY_PENDING.
    Pending { until: i64 },
    /// The account is known, the deposit is not there. VIRTUAL_ACCOUNT_ISSUED.
    Waiting { account: Account },
    /// The money moved. PAID, PARTIAL_CANCELLED or CANCELLED by what is left.
    Paid { at: i64, account: Option<Account>, cancels: Vec<Cancel> },
    /// An account was closed before its deposit. CANCELLED.
    Void { account: Account },
    /// The end without money. FAILED.
    Failed { reason: Reason },
}

/// Something that happens to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// The shop tells the amount.
    Announce,
    /// The buyer's window opens.
    Open,
    /// The issuer asks for more.
    Challenge,
    /// The buyer pays; the money moves.
    Pay,
    /// The buyer pays; the PG decides later.
    Delay,
    /// An account is issued.
    Issue,
    /// The payment fails in the window.
    Fail,
    /// The deposit arrives.
    Deposit,
    /// The shop gives money back.
    Cancel,
    /// The shop closes the account.
    CloseAccount,
    /// A time is over.
    Lapse,
}

/// What the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It happens.
    Go,
    /// It has happened already; nothing changes.
    Same,
    /// It must not happen, with the word of the refusal.
    Refuse(&'static str),
}

/// The one table of this engine.
fn verdict(stage: &Stage, act: Act) -> Verdict {
    use Verdict::{Go, Refuse, Same};
    let open = matches!(stage, Stage::Ready | Stage::Challenged);
    let before = matches!(stage, Stage::Announced);
    let paid = matches!(stage, Stage::Paid { .. });
    match act {
        Act::Announce | Act::Open if before || open => Go,
        Act::Announce | Act::Open => Refuse("ALREADY_PAID"),
        Act::Challenge | Act::Pay | Act::Delay | Act::Issue | Act::Fail if open => Go,
        Act::Pay if paid => Same,
        Act::Challenge | Act::Pay | Act::Delay | Act::Issue | Act::Fail => Refuse("ALREADY_PAID"),
        Act::Deposit if matches!(stage, Stage::Waiting { .. }) => Go,
        Act::Deposit | Act::CloseAccount if !matches!(stage, Stage::Waiting { .. }) => {
            Refuse("PAYMENT_NOT_WAITING_FOR_DEPOSIT")
        }
        Act::Deposit | Act::CloseAccount => Go,
        Act::Cancel => match stage {
            Stage::Paid { .. } => Go,
            Stage::Void { .. } => Refuse("PAYMENT_ALREADY_CANCELLED"),
            Stage::Announced
            | Stage::Ready
            | Stage::Challenged
            | Stage::Pending { .. }
            | Stage::Waiting { .. }
            | Stage::Failed { .. } => Refuse("PAYMENT_NOT_PAID"),
        },
        Act::Lapse => match stage {
            Stage::Pending { .. } | Stage::Waiting { .. } => Go,
            Stage::Announced
            | Stage::Ready
            | Stage::Challenged
            | Stage::Paid { .. }
            | Stage::Void { .. }
            | Stage::Failed { .. } => Same,
        },
    }
}

/// One payment in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Payment {
    /// Position in the table of merchants.
    merchant: usize,
    id: String,
    transaction: String,
    /// What was announced or agreed with the buyer, in KRW.
    agreed: u64,
    /// What is charged: differs from `agreed` only by a fault or a wrong deposit.
    charged: u64,
    order_name: String,
    means: Means,
    redirect_url: String,
    lang: Lang,
    opened_at: i64,
    changed_at: i64,
    captures: u32,
    stage: Stage,
}

impl Payment {
    fn status(&self) -> &'static str {
        match &self.stage {
            Stage::Announced | Stage::Ready | Stage::Challenged => "READY",
            Stage::Pending { .. } => "PAY_PENDING",
            Stage::Waiting { .. } => "VIRTUAL_ACCOUNT_ISSUED",
            Stage::Paid { cancels, .. } if cancels.is_empty() => "PAID",
            Stage::Paid { .. } if self.balance() > 0 => "PARTIAL_CANCELLED",
            Stage::Paid { .. } | Stage::Void { .. } => "CANCELLED",
            Stage::Failed { .. } => "FAILED",
        }
    }

    fn cancels(&self) -> &[Cancel] {
        if let Stage::Paid { cancels, .. } = &self.stage { cancels } else { &[] }
    }

    fn account(&self) -> Option<&Account> {
        match &self.stage {
            Stage::Waiting { account } | Stage::Void { account } => Some(account),
            Stage::Paid { account, .. } => account.as_ref(),
            Stage::Announced
            | Stage::Ready
            | Stage::Challenged
            | Stage::Pending { .. }
            | Stage::Failed { .. } => None,
        }
    }

    fn paid_at(&self) -> Option<i64> {
        if let Stage::Paid { at, .. } = &self.stage { Some(*at) } else { None }
    }

    /// What was taken, in KRW.
    fn taken(&self) -> u64 {
        if self.paid_at().is_some() { self.charged } else { 0 }
    }

    fn cancelled(&self) -> u64 {
        self.cancels().iter().map(|cancel| cancel.amount).sum()
    }

    /// What can still be cancelled, in KRW.
    fn balance(&self) -> u64 {
        self.taken().saturating_sub(self.cancelled())
    }

    /// Takes the money; the only place where it moves towards the merchant.
    fn capture(&mut self, now: i64) {
        let account = self.account().cloned();
        self.captures += 1;
        self.changed_at = now;
        self.stage = Stage::Paid { at: now, account, cancels: Vec::new() };
    }
}

/// The first answer to a call with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    /// What the key stands for: path and body.
    call: (String, Vec<u8>),
    status: u16,
    body: Value,
    first_used: i64,
    running_until: i64,
}

/// The books of `portone_v2`.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    merchants: Vec<Merchant>,
    payments: BTreeMap<(usize, String), Payment>,
    answers: BTreeMap<(usize, String), Kept>,
}

impl Engine {
    /// Empty books, for the demo's shops behind the edge of this address.
    #[must_use]
    pub fn demo(edge_server: &str) -> Self {
        Self { merchants: merchant::demo(edge_server), ..Self::default() }
    }
}

impl Provider for Engine {
    fn name(&self) -> &'static str {
        NAME
    }

    fn path(&self) -> &'static str {
        "/portone"
    }

    fn handle(&mut self, path: &str, request: &Request, turn: &mut Turn<'_>) -> Response {
        match (request.method, path) {
            (Verb::Get, "/v2/browser-sdk.js") => checkout::sdk(),
            (Verb::Get, "/window") => self.window(request, turn),
            (Verb::Post, "/window") => self.window_action(request, turn),
            (Verb::Get | Verb::Post | Verb::Other, _) => self.call(path, request, turn),
        }
    }

    fn wake(&mut self, turn: &mut Turn<'_>) {
        for payment in self.payments.values_mut() {
            if verdict(&payment.stage, Act::Lapse) != Verdict::Go {
                continue;
            }
            match &payment.stage {
                Stage::Pending { until } if *until <= turn.now => payment.capture(turn.now),
                Stage::Waiting { account } if account.due <= turn.now => {
                    payment.stage = Stage::Failed { reason: Reason::Overdue };
                    payment.changed_at = turn.now;
                }
                _ => continue,
            }
            event::announce(payment, &self.merchants, turn);
        }
        self.answers.retain(|_, kept| kept.first_used + api::IDEMPOTENCY_MS > turn.now);
    }

    fn script_opens(&self, data: &Value) -> Option<String> {
        Some(checkout::script_opens(data))
    }

    fn deposit(
        &mut self,
        request_id: &str,
        amount: Option<u64>,
        turn: &mut Turn<'_>,
    ) -> Result<(), &'static str> {
        let waits = |payment: &&mut Payment| {
            payment.id == request_id && verdict(&payment.stage, Act::Deposit) == Verdict::Go
        };
        let payment = self.payments.values_mut().find(waits).ok_or(NO_DEPOSIT)?;
        payment.charged = amount.unwrap_or(payment.charged);
        payment.capture(turn.now);
        event::announce(payment, &self.merchants, turn);
        Ok(())
    }

    fn reverse_deposit(
        &mut self,
        _request_id: &str,
        _turn: &mut Turn<'_>,
    ) -> Result<(), &'static str> {
        Err("PortOne's deposits are final")
    }

    fn books(&self) -> Vec<BookLine> {
        let lines = self.payments.values().map(|payment| BookLine {
            provider: NAME,
            merchant: self
                .merchants
                .get(payment.merchant)
                .map_or_else(String::new, |merchant| merchant.store_id.clone()),
            request_id: payment.id.clone(),
            provider_payment_id: Some(payment.transaction.clone()),
            status: payment.status(),
            opened_at: moment::iso(payment.opened_at),
            amount: payment.agreed,
            captured: payment.taken(),
            refunded: payment.cancelled(),
            captures: payment.captures,
            awaits_deposit: verdict(&payment.stage, Act::Deposit) == Verdict::Go,
            acts: Vec::new(),
            webhooks_sent: 0,
            webhooks_acknowledged: 0,
        });
        lines.collect()
    }

    fn clear(&mut self) {
        self.payments.clear();
        self.answers.clear();
    }

    fn copied(&self) -> Box<dyn Provider> {
        Box::new(self.clone())
    }
}
