//! `tosspayments` as an engine: the buyer authenticates in the window, the shop captures by
//! confirm.
//!
//! Manual: official pages "core API", "webhook events", "authentication and other headers",
//! "cancel a payment", error table of 2026-03-17. Unverified, and modelled as follows: a confirm
//! with another amount is `FORBIDDEN_REQUEST`; a confirm that comes before the authentication is
//! `NOT_FOUND_PAYMENT_SESSION`; when the buyer leaves the window the payment stays `READY` until
//! its 30 minutes are over, without an event.
//!
//! Map: this file the books and the one table · `api` the server calls · `checkout` the buyer's
//! window · `event` webhooks · `object` the payment as JSON · `code` refusals.

use std::collections::BTreeMap;

use self::code::Code;
use super::faults::Provider;
use super::merchant::TossMerchant;
use super::moment::MINUTE_MS;
use super::window::Lang;
use super::{BookLine, Method as Verb, Request, Response, Turn};

mod api;
mod checkout;
mod code;
mod event;
mod object;
#[cfg(test)]
mod tests;

/// How long a window stays open.
const WINDOW_MS: i64 = 30 * MINUTE_MS;
/// How long an authentication waits for its confirm.
const CONFIRM_MS: i64 = 10 * MINUTE_MS;
/// How long a virtual account waits for its deposit: 168 hours.
const DEPOSIT_MS: i64 = 168 * 60 * MINUTE_MS;

/// How the buyer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Credit or debit card.
    Card,
    /// Bank transfer at once.
    Transfer,
    /// An account number, and a deposit later.
    VirtualAccount,
    /// The phone bill.
    Phone,
    /// A wallet.
    EasyPay,
}

impl Method {
    const ALL: [Self; 5] =
        [Self::Card, Self::EasyPay, Self::Transfer, Self::VirtualAccount, Self::Phone];

    /// Its name in the SDK.
    fn sdk(self) -> &'static str {
        match self {
            Self::Card => "CARD",
            Self::Transfer => "TRANSFER",
            Self::VirtualAccount => "VIRTUAL_ACCOUNT",
            Self::Phone => "MOBILE_PHONE",
            Self::EasyPay => "EASY_PAY",
        }
    }

    /// Its name in the Payment object: Korean unless English was asked for.
    fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::Card => lang.pick("카드", "Card"),
            Self::Transfer => lang.pick("계좌이체", "Transfer"),
            Self::VirtualAccount => lang.pick("가상계좌", "Virtual account"),
            Self::Phone => lang.pick("휴대폰", "Mobile phone"),
            Self::EasyPay => lang.pick("간편결제", "Easy pay"),
        }
    }
}

/// What the issuer will say at the confirm: chosen by the buyer's test card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Issuer {
    /// Approves.
    Approves,
    /// Authenticates, then has no money.
    HasNoMoney,
    /// Authenticates, then finds the card on its list.
    KnowsItStolen,
}

/// The bank account of one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Account {
    number: String,
    bank: &'static str,
    due: i64,
}

/// Money that went back, or a promise that was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cancel {
    amount: u64,
    reason: String,
    left: u64,
    at: i64,
    transaction: String,
}

/// Where a payment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stage {
    /// The window is open. READY.
    Ready,
    /// The issuer asks the buyer for more. READY.
    Challenged,
    /// The buyer left the window. READY for the rest of its time.
    Left,
    /// The buyer is who they say; no money moved. IN_PROGRESS.
    Authenticated { at: i64 },
    /// The account is known, the deposit is not there. WAITING_FOR_DEPOSIT.
    Waiting { account: Account },
    /// The deposit's term is over. EXPIRED; a slow bank may still bring money.
    Overdue { account: Account },
    /// The money moved. DONE, PARTIAL_CANCELED or CANCELED by what is left.
    Paid { at: i64, account: Option<Account>, cancels: Vec<Cancel> },
    /// An account was cancelled before its deposit. CANCELED.
    Void { account: Account, cancel: Cancel },
    /// The issuer refused. ABORTED.
    Aborted { code: Code },
    /// The window's or the confirm's time is over. EXPIRED.
    Expired,
}

/// Something that happens to a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// The issuer asks for more.
    Challenge,
    /// The buyer is authenticated.
    Authenticate,
    /// The buyer leaves the window.
    Leave,
    /// The issuer refuses inside the window.
    Reject,
    /// The shop captures.
    Confirm,
    /// The deposit arrives.
    Deposit,
    /// The bank takes the deposit back.
    Reverse,
    /// The shop cancels.
    Cancel,
    /// A deadline passes.
    Lapse,
}

/// What the table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It happens.
    Go,
    /// It has happened already; nothing changes.
    Same,
    /// It must not happen.
    Refuse(Code),
}

/// The one table of this engine.
fn verdict(stage: &Stage, act: Act) -> Verdict {
    use Code::{AlreadyCanceledPayment, AlreadyProcessedPayment, NotCancelablePayment};
    use Code::{InvalidRequest, NotFoundPaymentSession};
    use Verdict::{Go, Refuse, Same};
    match act {
        Act::Challenge => match stage {
            Stage::Ready | Stage::Challenged => Go,
            Stage::Left
            | Stage::Authenticated { .. }
            | Stage::Waiting { .. }
            | Stage::Overdue { .. }
            | Stage::Paid { .. }
            | Stage::Void { .. }
            | Stage::Aborted { .. }
            | Stage::Expired => Refuse(NotFoundPaymentSession),
        },
        Act::Authenticate => match stage {
            Stage::Ready | Stage::Challenged => Go,
            Stage::Authenticated { .. } => Same,
            Stage::Left
            | Stage::Waiting { .. }
            | Stage::Overdue { .. }
            | Stage::Paid { .. }
            | Stage::Void { .. }
            | Stage::Aborted { .. }
            | Stage::Expired => Refuse(NotFoundPaymentSession),
        },
        Act::Leave => match stage {
            Stage::Ready | Stage::Challenged => Go,
            Stage::Left => Same,
            Stage::Authenticated { .. }
            | Stage::Waiting { .. }
            | Stage::Overdue { .. }
            | Stage::Paid { .. }
            | Stage::Void { .. }
            | Stage::Aborted { .. }
            | Stage::Expired => Refuse(NotFoundPaymentSession),
        },
        Act::Reject => match stage {
            Stage::Ready | Stage::Challenged | Stage::Authenticated { .. } => Go,
            Stage::Aborted { .. } => Same,
            Stage::Left
            | Stage::Waiting { .. }
            | Stage::Overdue { .. }
            | Stage::Paid { .. }
            | Stage::Void { .. }
            | Stage::Expired => Refuse(NotFoundPaymentSession),
        },
        Act::Confirm => match stage {
            Stage::Authenticated { .. } => Go,
            Stage::Waiting { .. }
            | Stage::Overdue { .. }
            | Stage::Paid { .. }
            | Stage::Void { .. } => Refuse(AlreadyProcessedPayment),
            Stage::Ready
            | Stage::Challenged
            | Stage::Left
            | Stage::Aborted { .. }
            | Stage::Expired => Refuse(NotFoundPaymentSession),
        },
        Act::Deposit => match stage {
            Stage::Waiting { .. } | Stage::Overdue { .. } => Go,
            Stage::Ready
            | Stage::Challenged
            | Stage::Left
            | Stage::Authenticated { .. }
            | Stage::Paid { .. }
            | Stage::Void { .. }
            | Stage::Aborted { .. }
            | Stage::Expired => Refuse(InvalidRequest),
        },
        Act::Reverse => match stage {
            Stage::Paid { account: Some(_), cancels, .. } if cancels.is_empty() => Go,
            Stage::Ready
            | Stage::Challenged
            | Stage::Left
            | Stage::Authenticated { .. }
            | Stage::Waiting { .. }
            | Stage::Overdue { .. }
            | Stage::Paid { .. }
            | Stage::Void { .. }
            | Stage::Aborted { .. }
            | Stage::Expired => Refuse(InvalidRequest),
        },
        Act::Cancel => match stage {
            Stage::Paid { .. } | Stage::Waiting { .. } => Go,
            Stage::Void { .. } => Refuse(AlreadyCanceledPayment),
            Stage::Ready
            | Stage::Challenged
            | Stage::Left
            | Stage::Authenticated { .. }
            | Stage::Overdue { .. }
            | Stage::Aborted { .. }
            | Stage::Expired => Refuse(NotCancelablePayment),
        },
        Act::Lapse => match stage {
            Stage::Ready
            | Stage::Challenged
            | Stage::Left
            | Stage::Authenticated { .. }
            | Stage::Waiting { .. } => Go,
            Stage::Overdue { .. }
            | Stage::Paid { .. }
            | Stage::Void { .. }
            | Stage::Aborted { .. }
            | Stage::Expired => Same,
        },
    }
}

/// One payment in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Payment {
    key: String,
    /// Position in the table of merchants.
    merchant: usize,
    order_id: String,
    order_name: String,
    method: Method,
    /// What the window agreed with the buyer, in KRW.
    agreed: u64,
    /// What is charged: differs from `agreed` only by a fault or a wrong deposit.
    charged: u64,
    /// Compared by shops with what an event brings.
    secret: String,
    buyer_name: String,
    phone: String,
    bank: &'static str,
    wallet: &'static str,
    installments: u8,
    issuer: Issuer,
    success_url: String,
    fail_url: String,
    /// The window is an overlay in the calling page, which does the leaving itself.
    in_overlay: bool,
    lang: Lang,
    opened_at: i64,
    transaction: Option<String>,
    captures: u32,
    stage: Stage,
}

impl Payment {
    fn status(&self) -> &'static str {
        match &self.stage {
            Stage::Ready | Stage::Challenged | Stage::Left => "READY",
            Stage::Authenticated { .. } => "IN_PROGRESS",
            Stage::Waiting { .. } => "WAITING_FOR_DEPOSIT",
            Stage::Paid { cancels, .. } if cancels.is_empty() => "DONE",
            Stage::Paid { .. } if self.balance() > 0 => "PARTIAL_CANCELED",
            Stage::Paid { .. } | Stage::Void { .. } => "CANCELED",
            Stage::Aborted { .. } => "ABORTED",
            Stage::Overdue { .. } | Stage::Expired => "EXPIRED",
        }
    }

    fn cancels(&self) -> &[Cancel] {
        match &self.stage {
            Stage::Paid { cancels, .. } => cancels,
            Stage::Void { cancel, .. } => std::slice::from_ref(cancel),
            Stage::Ready
            | Stage::Challenged
            | Stage::Left
            | Stage::Authenticated { .. }
            | Stage::Waiting { .. }
            | Stage::Overdue { .. }
            | Stage::Aborted { .. }
            | Stage::Expired => &[],
        }
    }

    fn account(&self) -> Option<&Account> {
        match &self.stage {
            Stage::Waiting { account }
            | Stage::Overdue { account }
            | Stage::Void { account, .. } => Some(account),
            Stage::Paid { account, .. } => account.as_ref(),
            Stage::Ready
            | Stage::Challenged
            | Stage::Left
            | Stage::Authenticated { .. }
            | Stage::Aborted { .. }
            | Stage::Expired => None,
        }
    }

    fn approved_at(&self) -> Option<i64> {
        match &self.stage {
            Stage::Paid { at, .. } => Some(*at),
            Stage::Ready
            | Stage::Challenged
            | Stage::Left
            | Stage::Authenticated { .. }
            | Stage::Waiting { .. }
            | Stage::Overdue { .. }
            | Stage::Void { .. }
            | Stage::Aborted { .. }
            | Stage::Expired => None,
        }
    }

    /// What can still be cancelled, in KRW.
    fn balance(&self) -> u64 {
        self.cancels().iter().fold(self.charged, |left, cancel| left.saturating_sub(cancel.amount))
    }

    fn deadline(&self) -> Option<i64> {
        match &self.stage {
            Stage::Ready | Stage::Challenged | Stage::Left => Some(self.opened_at + WINDOW_MS),
            Stage::Authenticated { at } => Some(at + CONFIRM_MS),
            Stage::Waiting { account } => Some(account.due),
            Stage::Overdue { .. }
            | Stage::Paid { .. }
            | Stage::Void { .. }
            | Stage::Aborted { .. }
            | Stage::Expired => None,
        }
    }

    /// Takes the money; the only place where it moves towards the merchant.
    fn capture(&mut self, now: i64, account: Option<Account>, transaction: String) {
        self.captures += 1;
        self.transaction = Some(transaction);
        self.stage = Stage::Paid { at: now, account, cancels: Vec::new() };
    }
}

/// Whose call, by key, API key, path: what an idempotency key stands for.
type CallId = (String, String, String);

/// The first answer to a call with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    status: u16,
    body: serde_json::Value,
    first_used: i64,
    running_until: i64,
}

/// The books of `tosspayments`.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    merchants: Vec<TossMerchant>,
    payments: BTreeMap<String, Payment>,
    /// The latest payment of a merchant's order id.
    orders: BTreeMap<(usize, String), String>,
    answers: BTreeMap<CallId, Kept>,
}

impl Engine {
    /// Empty books.
    #[must_use]
    pub fn new(merchants: Vec<TossMerchant>) -> Self {
        Self { merchants, ..Self::default() }
    }

    /// Answers a request whose path lies below `/toss`.
    pub fn handle(&mut self, path: &str, request: &Request, turn: &mut Turn<'_>) -> Response {
        match (request.method, path) {
            (Verb::Get, "/v2/standard") => checkout::sdk(),
            (Verb::Get, "/window") => self.window(request, turn),
            (Verb::Post, "/window") => self.window_action(request, turn),
            (Verb::Get | Verb::Post | Verb::Other, _) => self.call(path, request, turn),
        }
    }

    /// Lets deadlines pass.
    pub fn wake(&mut self, turn: &mut Turn<'_>) {
        let late = |payment: &&mut Payment| payment.deadline().is_some_and(|at| at <= turn.now);
        let keys: Vec<String> =
            self.payments.values_mut().filter(late).map(|payment| payment.key.clone()).collect();
        for key in keys {
            self.lapse(&key, turn);
        }
        let fresh = |kept: &Kept| kept.first_used + api::IDEMPOTENCY_MS > turn.now;
        self.answers.retain(|_, kept| fresh(kept));
    }

    fn lapse(&mut self, key: &str, turn: &mut Turn<'_>) {
        let Some(payment) = self.payments.get_mut(key) else { return };
        payment.stage = match (verdict(&payment.stage, Act::Lapse), &payment.stage) {
            (Verdict::Go, Stage::Waiting { account }) => {
                Stage::Overdue { account: account.clone() }
            }
            (Verdict::Go, _) => Stage::Expired,
            (Verdict::Same | Verdict::Refuse(_), _) => return,
        };
        // The end of a deposit's term is announced to nobody.
        if payment.stage == Stage::Expired {
            event::announce(payment, &self.merchants, turn);
        }
    }

    /// A deposit arrives at the account of a request, by hand of whoever holds the panel.
    ///
    /// # Errors
    /// A sentence that says why no deposit can arrive.
    pub fn deposit(
        &mut self,
        request_id: &str,
        amount: Option<u64>,
        turn: &mut Turn<'_>,
    ) -> Result<(), &'static str> {
        let waits = |payment: &&mut Payment| {
            payment.order_id == request_id && verdict(&payment.stage, Act::Deposit) == Verdict::Go
        };
        let payment = self
            .payments
            .values_mut()
            .find(waits)
            .ok_or("no account waits for a deposit under this request id")?;
        payment.charged = amount.unwrap_or(payment.charged);
        let account = payment.account().cloned();
        payment.capture(turn.now, account, turn.dice.hex(32).to_uppercase());
        event::announce(payment, &self.merchants, turn);
        Ok(())
    }

    /// The bank takes a deposit back: DONE falls to WAITING_FOR_DEPOSIT.
    ///
    /// # Errors
    /// A sentence that says why nothing can be taken back.
    pub fn reverse_deposit(
        &mut self,
        request_id: &str,
        turn: &mut Turn<'_>,
    ) -> Result<(), &'static str> {
        let has = |payment: &&mut Payment| {
            payment.order_id == request_id && verdict(&payment.stage, Act::Reverse) == Verdict::Go
        };
        let payment = self
            .payments
            .values_mut()
            .find(has)
            .ok_or("no untouched deposit is there under this request id")?;
        if let Some(account) = payment.account().cloned() {
            payment.stage = Stage::Waiting { account };
            event::announce(payment, &self.merchants, turn);
        }
        Ok(())
    }

    /// The auditor's view.
    pub fn books(&self) -> impl Iterator<Item = BookLine> + '_ {
        self.payments.values().map(|payment| {
            let taken = payment.approved_at().is_some();
            BookLine {
                provider: Provider::Tosspayments,
                merchant: self
                    .merchants
                    .get(payment.merchant)
                    .map_or_else(String::new, |merchant| merchant.secret_key.clone()),
                request_id: payment.order_id.clone(),
                provider_payment_id: Some(payment.key.clone()),
                status: payment.status(),
                amount: payment.agreed,
                captured: if taken { payment.charged } else { 0 },
                refunded: if taken { payment.charged - payment.balance() } else { 0 },
                captures: payment.captures,
                webhooks_sent: 0,
                webhooks_acknowledged: 0,
            }
        })
    }

    /// The latest payment of an order id, and only its own merchant's.
    fn by_order(&self, merchant: usize, order_id: &str) -> Option<&Payment> {
        let key = self.orders.get(&(merchant, order_id.to_owned()))?;
        self.payments.get(key)
    }
}
