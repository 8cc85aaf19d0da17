//! One payment in the books of `tosspayments`, and the one table of what may happen to it.

use super::code::Code;
use crate::sandbox::moment::MINUTE_MS;
use crate::sandbox::window::Lang;

/// How long a window stays open.
pub(super) const WINDOW_MS: i64 = 30 * MINUTE_MS;
/// How long an authentication waits for its confirm.
pub(super) const CONFIRM_MS: i64 = 10 * MINUTE_MS;
/// How long a virtual account waits for its deposit: 168 hours.
pub(super) const DEPOSIT_MS: i64 = 168 * 60 * MINUTE_MS;

/// How the buyer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
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
    pub(super) const ALL: [Self; 5] =
        [Self::Card, Self::EasyPay, Self::Transfer, Self::VirtualAccount, Self::Phone];

    /// Its name in the SDK.
    pub(super) fn sdk(self) -> &'static str {
        match self {
            Self::Card => "CARD",
            Self::Transfer => "TRANSFER",
            Self::VirtualAccount => "VIRTUAL_ACCOUNT",
            Self::Phone => "MOBILE_PHONE",
            Self::EasyPay => "EASY_PAY",
        }
    }

    /// Its name in the Payment object: Korean unless English was asked for.
    pub(super) fn name(self, lang: Lang) -> &'static str {
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
pub(super) enum Issuer {
    /// Approves.
    Approves,
    /// Authenticates, then has no money.
    HasNoMoney,
    /// Authenticates, then finds the card on its list.
    KnowsItStolen,
}

/// The bank account of one payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) number: String,
    pub(super) bank: &'static str,
    pub(super) due: i64,
}

/// Money that went back, or a promise that was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cancel {
    pub(super) amount: u64,
    pub(super) reason: String,
    pub(super) left: u64,
    pub(super) at: i64,
    pub(super) transaction: String,
}

/// Where a payment stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
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
pub(super) enum Act {
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
pub(super) enum Verdict {
    /// It happens.
    Go,
    /// It has happened already; nothing changes.
    Same,
    /// It must not happen.
    Refuse(Code),
}

/// The one table of this engine.
pub(super) fn verdict(stage: &Stage, act: Act) -> Verdict {
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
pub(super) struct Payment {
    pub(super) key: String,
    /// Position in the table of merchants.
    pub(super) merchant: usize,
    pub(super) order_id: String,
    pub(super) order_name: String,
    pub(super) method: Method,
    /// What the window agreed with the buyer, in KRW.
    pub(super) agreed: u64,
    /// What is charged: differs from `agreed` only by a fault or a wrong deposit.
    pub(super) charged: u64,
    /// Compared by shops with what an event brings.
    pub(super) secret: String,
    pub(super) buyer_name: String,
    pub(super) phone: String,
    pub(super) bank: &'static str,
    pub(super) wallet: &'static str,
    pub(super) installments: u8,
    pub(super) issuer: Issuer,
    pub(super) success_url: String,
    pub(super) fail_url: String,
    /// The window is an overlay in the calling page, which does the leaving itself.
    pub(super) in_overlay: bool,
    pub(super) lang: Lang,
    pub(super) opened_at: i64,
    pub(super) transaction: Option<String>,
    pub(super) captures: u32,
    pub(super) stage: Stage,
}

impl Payment {
    pub(super) fn status(&self) -> &'static str {
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

    pub(super) fn cancels(&self) -> &[Cancel] {
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

    pub(super) fn account(&self) -> Option<&Account> {
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

    pub(super) fn approved_at(&self) -> Option<i64> {
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
    pub(super) fn balance(&self) -> u64 {
        self.cancels().iter().fold(self.charged, |left, cancel| left.saturating_sub(cancel.amount))
    }

    pub(super) fn deadline(&self) -> Option<i64> {
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
    pub(super) fn capture(&mut self, now: i64, account: Option<Account>, transaction: String) {
        self.captures += 1;
        self.transaction = Some(transaction);
        self.stage = Stage::Paid { at: now, account, cancels: Vec::new() };
    }
}
