//! `kb` as an engine: encrypted fields, capture inside the window, one final report.
//!
//! UNVERIFIED MODEL. There is no public specification; this is what our user's document says, in
//! our own words. Also ours: the codes 9001 to 9005 for calls that cannot be read, 3202 to 3304
//! beside 3301 for cancels, `remain_amount` as what is left *after* the cancel, a window of
//! 30 minutes, and that a closed order sends no report.
//!
//! Map: this file the books and the one table · `api` the private calls · `checkout` the buyer's
//! window and the report · `merchant` contracts.

use std::collections::BTreeMap;

use self::merchant::Merchant;
use super::moment::MINUTE_MS;
use super::outbox::{Accepts, Plan};
use super::provider::Provider;
use super::window::{Brand, Lang};
use super::{BookLine, Method as Verb, Request, Response, Turn, moment};

mod api;
mod checkout;
mod merchant;
#[cfg(test)]
mod tests;

/// Its name at the edge and in the books.
const NAME: &str = "kb";

/// Three times at 60 seconds, until somebody says exactly this.
pub(super) const PLAN: Plan =
    Plan { waits_ms: &[MINUTE_MS; 3], accepts: Accepts::Saying("RESULT=OK") };

static BRAND: Brand = Brand {
    names: ["KB Pay 샌드박스", "KB Pay Sandbox"],
    monogram: "K",
    colours: "--accent:#ffbc00;--accent-ink:#33291a;--tick:#8a6300;--tint:#fff6dd;--ink:#2b2520;--soft:#6f665c",
};

/// How long a registered order can be paid.
const ORDER_MS: i64 = 30 * MINUTE_MS;

/// Why an order failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// The issuer refuses.
    Declined,
    /// The card is at its limit.
    OverLimit,
    /// The buyer pressed cancel.
    Cancelled,
    /// The 30 minutes are over.
    TimeOut,
}

impl Reason {
    fn code(self) -> &'static str {
        match self {
            Self::Declined => "1001",
            Self::OverLimit => "1002",
            Self::Cancelled => "1003",
            Self::TimeOut => "1004",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Declined => "카드 승인이 거절되었습니다",
            Self::OverLimit => "카드 한도를 초과했습니다",
            Self::Cancelled => "고객이 결제를 취소했습니다",
            Self::TimeOut => "결제 시간이 초과되었습니다",
        }
    }
}

/// Money that went back.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cancel {
    cancel_no: String,
    amount: u64,
    /// The answer that a repeat gets again.
    total: u64,
}

/// Where an order stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// The merchant announced it. REGISTERED.
    Registered,
    /// The buyer is in the window. AUTHENTICATING.
    Authenticating,
    /// The money moved, in the window. PAID, PART_CANCELLED or CANCELLED by what is left.
    Paid { pay_no: String, amount: u64, at: i64, cancels: Vec<Cancel> },
    /// The end without money. FAILED.
    Failed { reason: Reason },
    /// The merchant closed it. CLOSED.
    Closed,
}

/// Something that happens to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// The buyer's window opens.
    Open,
    /// The issuer asks the buyer for more.
    Challenge,
    /// The buyer pays.
    Pay,
    /// The payment fails in the window.
    Fail,
    /// The merchant wants no payment any more.
    Close,
    /// The merchant gives money back.
    Cancel,
    /// The time is over.
    Lapse,
}

/// Why something must not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// 3201: it is paid already.
    AlreadyPaid,
    /// 3202: it is not paid.
    NotPaid,
    /// The window is over: failed or closed.
    Over,
}

/// What the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It happens.
    Go,
    /// It has happened already; nothing changes.
    Same,
    /// It must not happen.
    Refuse(Refusal),
}

/// The one table of this engine.
fn verdict(stage: &Stage, act: Act) -> Verdict {
    use Refusal::{AlreadyPaid, NotPaid, Over};
    use Verdict::{Go, Refuse, Same};
    match (act, stage) {
        (Act::Open, Stage::Registered) => Go,
        (Act::Open, Stage::Authenticating) => Same,
        (Act::Challenge, Stage::Registered | Stage::Authenticating) => Go,
        (Act::Pay, Stage::Registered | Stage::Authenticating) => Go,
        (Act::Pay, Stage::Paid { .. }) => Same,
        (Act::Fail, Stage::Registered | Stage::Authenticating) => Go,
        (Act::Fail, Stage::Failed { .. }) => Same,
        (Act::Open | Act::Challenge | Act::Fail, Stage::Paid { .. }) => Refuse(AlreadyPaid),
        (Act::Open | Act::Challenge | Act::Pay, Stage::Failed { .. } | Stage::Closed) => {
            Refuse(Over)
        }
        (Act::Fail, Stage::Closed) => Refuse(Over),
        (Act::Close, Stage::Registered | Stage::Authenticating) => Go,
        (Act::Close, Stage::Failed { .. } | Stage::Closed) => Same,
        (Act::Close, Stage::Paid { .. }) => Refuse(AlreadyPaid),
        (Act::Cancel, Stage::Paid { .. }) => Go,
        (
            Act::Cancel,
            Stage::Registered | Stage::Authenticating | Stage::Failed { .. } | Stage::Closed,
        ) => Refuse(NotPaid),
        (Act::Lapse, Stage::Registered | Stage::Authenticating) => Go,
        (Act::Lapse, Stage::Paid { .. } | Stage::Failed { .. } | Stage::Closed) => Same,
    }
}

/// One order in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Order {
    /// Position in the table of merchants.
    merchant: usize,
    order_no: String,
    pay_token: String,
    /// What was registered, in KRW.
    amount: u64,
    goods_name: String,
    expires_at: i64,
    /// Where the browser goes back to; known when the window opens.
    return_url: Option<String>,
    lang: Lang,
    captures: u32,
    stage: Stage,
}

impl Order {
    fn status(&self) -> &'static str {
        match &self.stage {
            Stage::Registered => "REGISTERED",
            Stage::Authenticating => "AUTHENTICATING",
            Stage::Paid { cancels, .. } if cancels.is_empty() => "PAID",
            Stage::Paid { .. } if self.balance() > 0 => "PART_CANCELLED",
            Stage::Paid { .. } => "CANCELLED",
            Stage::Failed { .. } => "FAILED",
            Stage::Closed => "CLOSED",
        }
    }

    fn cancelled(&self) -> u64 {
        match &self.stage {
            Stage::Paid { cancels, .. } => cancels.iter().map(|cancel| cancel.amount).sum(),
            Stage::Registered | Stage::Authenticating | Stage::Failed { .. } | Stage::Closed => 0,
        }
    }

    /// What was taken, in KRW.
    fn captured(&self) -> Option<u64> {
        match &self.stage {
            Stage::Paid { amount, .. } => Some(*amount),
            Stage::Registered | Stage::Authenticating | Stage::Failed { .. } | Stage::Closed => {
                None
            }
        }
    }

    fn pay_no(&self) -> Option<&str> {
        match &self.stage {
            Stage::Paid { pay_no, .. } => Some(pay_no),
            Stage::Registered | Stage::Authenticating | Stage::Failed { .. } | Stage::Closed => {
                None
            }
        }
    }

    fn balance(&self) -> u64 {
        self.captured().unwrap_or(0).saturating_sub(self.cancelled())
    }
}

/// The books of `kb`.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    merchants: Vec<Merchant>,
    orders: BTreeMap<(usize, String), Order>,
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
        "/kb"
    }

    fn handle(&mut self, path: &str, request: &Request, turn: &mut Turn<'_>) -> Response {
        match (request.method, path) {
            (Verb::Post, "/window") => self.window(request, turn),
            (Verb::Post, "/window/act") => self.window_action(request, turn),
            (Verb::Get, "/window" | "/window/act") => checkout::lost_window(),
            (Verb::Get | Verb::Post | Verb::Other, _) => self.call(path, request, turn),
        }
    }

    /// Lets orders run out of time; each is reported once, as failed.
    fn wake(&mut self, turn: &mut Turn<'_>) {
        for order in self.orders.values_mut() {
            let late = order.expires_at <= turn.now;
            if late && verdict(&order.stage, Act::Lapse) == Verdict::Go {
                order.stage = Stage::Failed { reason: Reason::TimeOut };
                checkout::report(order, &self.merchants, turn);
            }
        }
    }

    fn books(&self) -> Vec<BookLine> {
        let lines = self.orders.values().map(|order| BookLine {
            provider: NAME,
            merchant: self
                .merchants
                .get(order.merchant)
                .map_or_else(String::new, |merchant| merchant.merchant_no.clone()),
            request_id: order.order_no.clone(),
            provider_payment_id: order.pay_no().map(ToOwned::to_owned),
            status: order.status(),
            opened_at: moment::iso(order.expires_at - ORDER_MS),
            amount: order.amount,
            captured: order.captured().unwrap_or(0),
            refunded: order.cancelled(),
            captures: order.captures,
            awaits_deposit: false,
            acts: Vec::new(),
            webhooks_sent: 0,
            webhooks_acknowledged: 0,
        });
        lines.collect()
    }

    fn clear(&mut self) {
        self.orders.clear();
    }

    fn copied(&self) -> Box<dyn Provider> {
        Box::new(self.clone())
    }
}
