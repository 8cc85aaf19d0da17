//! The providers' side at the level of facts: one account a request, with books of its own. Every way in
//! which a provider takes money is a row of [`WAYS`].

use shared::fact::{Ask, Decline, DeclineCode, Deposit, Fact, ProviderPaymentId, Sighting};
use shared::id::AttemptId;
use shared::money::{Currency, Total};
use shared::payment::{PhaseKind, Style};
use shared::terms::{RefundTerms, Until};
use shared::time::{Span, Timestamp};

use crate::answers::refunds_of;
use crate::sandbox::moment::month;

use super::plan::{HOUR, MINUTE};

/// A window's life, as the edge knows it, in milliseconds.
pub(super) const WINDOW_MS: u64 = 30 * MINUTE;
/// A window that nothing closes can be paid so much longer, in milliseconds.
pub(super) const GRACE_MS: u64 = 50 * MINUTE;
/// What was authenticated has to be captured in this time, in milliseconds.
const CAPTURE_MS: u64 = 10 * MINUTE;
/// An account waits for its money, in milliseconds.
const ACCOUNT_MS: u64 = 3 * HOUR;
/// Every price is a multiple of a thousand, and every wrong amount is off by this.
pub(super) const WRONG_BY: u64 = 7;

/// How a provider takes money.
#[derive(Debug)]
pub(super) struct Ways {
    pub(super) name: &'static str,
    pub(super) style: Style,
    /// Its answers name the merchant.
    pub(super) names_merchant: bool,
    /// Buyers may pay into an account later.
    pub(super) has_accounts: bool,
    /// It goes onto the bill of a month, and is cancelled in that month alone (R66).
    pub(super) bills: bool,
    /// Announcing a payment makes the buyer's phone ring: it may be paid before any window is shown.
    pub(super) pushes: bool,
}

/// Declares the rows: prepares, closes, captures itself, partial cancel, joins, escrow.
const fn style(of: [bool; 6]) -> Style {
    let [prepares, closes, captures_itself, partial_cancel, joins, escrow] = of;
    Style { prepares, closes, captures_itself, partial_cancel, joins, escrow }
}

const T: bool = true;
const F: bool = false;

/// Every way: those of the five adapters, then those that the machine allows besides.
pub(super) static WAYS: [Ways; 10] = [
    way("captured by the shop's call", [F, F, F, T, F, F], [T, T, F]),
    way("captured in its window, closable", [T, T, T, T, F, F], [T, F, F]),
    way("captured in its window, open", [T, F, T, T, F, F], [F, T, F]),
    way("escrow, with members", [T, F, T, F, T, T], [T, T, F]),
    way("announced, then approved", [T, T, F, F, F, F], [F, T, F]),
    way("pushed to the phone", [T, F, T, T, F, F], [F, T, T]),
    way("pushed, then approved", [T, F, F, T, F, F], [T, T, T]),
    way("captured without announcing", [F, F, T, T, F, F], [F, F, F]),
    way("approved, closable", [F, T, F, T, F, F], [T, T, F]),
    Ways { bills: true, ..way("billed by the month", [T, F, F, F, F, F], [T, F, F]) },
];

const fn way(name: &'static str, of: [bool; 6], [names, accounts, pushes]: [bool; 3]) -> Ways {
    Ways {
        name,
        style: style(of),
        names_merchant: names,
        has_accounts: accounts,
        bills: false,
        pushes,
    }
}

impl Ways {
    /// What its contract says of giving back.
    pub(super) const fn refunds(&self) -> RefundTerms {
        let until = if self.bills { Until::MonthEnds } else { Until::Ever };
        RefundTerms { until, ..refunds_of(self.style) }
    }
}

/// How far a payment is at its provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Unknown,
    Ready,
    Authenticated,
    Issued,
    Captured,
    Declined,
    Closed,
}

/// What a provider shows of a payment at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sight {
    pub(super) stage: Stage,
    pub(super) amount: u64,
    pub(super) currency: Currency,
    pub(super) back: u64,
    pub(super) until: u64,
}

/// One request at its provider.
#[derive(Debug)]
pub(super) struct Account {
    pub(super) ways: &'static Ways,
    pub(super) attempt: AttemptId,
    pub(super) request: String,
    pub(super) id: ProviderPaymentId,
    pub(super) now: Sight,
    /// What a copy shows that lags behind.
    pub(super) before: Sight,
    /// The buyer pays into an account.
    pub(super) deposits: bool,
    pub(super) joined: bool,
    pub(super) captured: u64,
    pub(super) captures: u32,
    /// When the money moved.
    pub(super) taken_at: u64,
    /// Of another currency or amount from now on.
    pub(super) takes: Option<(u64, Currency)>,
    cancels: Vec<String>,
    /// From when on no copy lags behind any more.
    pub(super) agree_at: u64,
    /// In which phase it was looked up last, and when.
    pub(super) looked: Option<(PhaseKind, Timestamp)>,
    /// The edge's questions, and whether one of them was answered.
    pub(super) asked: u32,
    pub(super) told: bool,
    /// Until when the edge, as it has heard, is to ask nothing (F17); as its clock counts.
    pub(super) left_alone: Timestamp,
    /// The number of the provider's last event.
    pub(super) events: u32,
    pub(super) heard_events: u32,
}

impl Account {
    pub(super) fn new(attempt: AttemptId, ways: &'static Ways, amount: u64, begun: u64) -> Self {
        let request = attempt.request_id().to_string();
        let now = Sight {
            stage: Stage::Unknown,
            amount,
            currency: Currency::Krw,
            back: 0,
            until: begun + WINDOW_MS + if ways.style.stays_open() { GRACE_MS } else { 0 },
        };
        let id = ProviderPaymentId::parse(&request).expect("a request id is printable");
        Self {
            ways,
            attempt,
            request,
            id,
            now,
            before: now,
            deposits: false,
            joined: false,
            captured: 0,
            captures: 0,
            taken_at: 0,
            takes: None,
            cancels: Vec::new(),
            agree_at: u64::MAX,
            looked: None,
            asked: 0,
            told: false,
            left_alone: Timestamp::default(),
            events: 0,
            heard_events: 0,
        }
    }

    /// What it keeps.
    pub(super) fn net(&self) -> u64 {
        self.captured - self.now.back
    }

    /// The edge may hear this of it.
    pub(super) fn tells(&mut self, fact: &Fact) {
        self.told |= fact.sighting().is_some_and(|sighting| sighting.request_id == self.request);
    }

    /// To the next stage.
    fn go(&mut self, stage: Stage) {
        self.before = self.now;
        self.now.stage = stage;
    }

    /// Deadlines of its own.
    fn pass(&mut self, now: u64) {
        let ends = matches!(self.now.stage, Stage::Ready | Stage::Authenticated | Stage::Issued);
        if ends && now > self.now.until {
            self.go(Stage::Closed);
        }
    }

    /// Carries out a question or an order.
    pub(super) fn ask(&mut self, ask: &Ask, now: u64) -> Fact {
        self.asked += 1;
        self.pass(now);
        match ask {
            Ask::Prepare { .. } => self.prepare(),
            Ask::LookUp { .. } => self.shown(self.now),
            Ask::Capture { amount, .. } => self.capture(amount.minor(), now),
            Ask::Close { .. } => {
                if self.now.stage != Stage::Captured {
                    self.go(Stage::Closed);
                }
                self.shown(self.now)
            }
            Ask::Cancel {
                amount, captured, cancelled_before, key, provider_payment_id, ..
            } => {
                if *provider_payment_id != self.id {
                    return Fact::Unclear { detail: String::new() };
                }
                self.cancel(amount.minor(), *captured, *cancelled_before, key, now)
            }
        }
    }

    fn prepare(&mut self) -> Fact {
        if self.now.stage == Stage::Unknown {
            self.go(Stage::Ready);
        }
        if self.now.stage != Stage::Ready {
            return self.shown(self.now);
        }
        let shows = !self.ways.style.joins || self.joined;
        Fact::Prepared { token: shows.then(|| "t".to_owned()) }
    }

    fn capture(&mut self, amount: u64, now: u64) -> Fact {
        if self.now.stage != Stage::Authenticated || amount != self.now.amount {
            return match self.now.stage {
                Stage::Unknown | Stage::Ready | Stage::Authenticated => {
                    Fact::Unclear { detail: String::new() }
                }
                Stage::Issued | Stage::Captured | Stage::Declined | Stage::Closed => {
                    self.shown(self.now)
                }
            };
        }
        if self.deposits {
            self.issue(now);
        } else {
            self.take(now);
        }
        self.shown(self.now)
    }

    fn issue(&mut self, now: u64) {
        self.go(Stage::Issued);
        self.now.until = now + ACCOUNT_MS;
    }

    /// The money moves.
    fn take(&mut self, now: u64) {
        self.taken_at = now;
        self.go(Stage::Captured);
        if let Some((amount, currency)) = self.takes.take() {
            (self.now.amount, self.now.currency) = (amount, currency);
        }
        self.captured += self.now.amount;
        self.captures += 1;
    }

    fn cancel(&mut self, amount: u64, captured: Total, before: Total, key: &str, now: u64) -> Fact {
        let refused = || Fact::CancelRefused { provider_code: "NOT_CANCELABLE".to_owned() };
        if self.cancels.iter().any(|known| known == key) {
            return self.cancelled();
        }
        if captured.is_zero() {
            // An account that is to be voided: not once somebody has paid into it.
            if self.now.stage == Stage::Captured {
                return refused();
            }
            self.go(Stage::Closed);
        } else {
            let left = self.captured - self.now.back;
            let all_or_nothing = !self.ways.style.partial_cancel && amount != left;
            let over = self.month_is_over(now);
            if self.now.stage != Stage::Captured || amount > left || all_or_nothing || over {
                return refused();
            }
            if before.minor() != self.now.back {
                return Fact::Unclear { detail: "another balance".to_owned() };
            }
            self.before = self.now;
            self.now.back += amount;
        }
        self.cancels.push(key.to_owned());
        self.cancelled()
    }

    /// Whether the month of its bill has ended, by a calendar of its own.
    pub(super) fn month_is_over(&self, now: u64) -> bool {
        self.ways.bills && month(now as i64) != month(self.taken_at as i64)
    }

    fn cancelled(&self) -> Fact {
        Fact::Cancelled { cancelled: Total::from_minor(self.now.back, self.now.currency).ok() }
    }

    /// Somebody gives money back in the provider's console.
    pub(super) fn console(&mut self, amount: u64, now: u64) -> bool {
        let left = self.net();
        let whole = self.ways.style.partial_cancel || amount == left;
        let does = self.now.stage == Stage::Captured
            && amount > 0
            && amount <= left
            && whole
            && !self.month_is_over(now);
        if does {
            self.before = self.now;
            self.now.back += amount;
        }
        does
    }

    /// The buyer is through with the window: whether anything came of it.
    pub(super) fn pay(&mut self, now: u64) -> bool {
        self.pass(now);
        let style = self.ways.style;
        let shown = match self.now.stage {
            Stage::Unknown => !style.prepares,
            Stage::Ready => !style.joins || self.joined,
            Stage::Authenticated
            | Stage::Issued
            | Stage::Captured
            | Stage::Declined
            | Stage::Closed => false,
        };
        if !shown || now > self.now.until {
            return false;
        }
        match (style.captures_itself, self.deposits) {
            (true, true) => self.issue(now),
            (true, false) => self.take(now),
            (false, _) => {
                self.go(Stage::Authenticated);
                self.now.until = now + CAPTURE_MS;
                if let Some((amount, currency)) = self.takes.take() {
                    (self.now.amount, self.now.currency) = (amount, currency);
                }
            }
        }
        true
    }

    /// Money arrives at an account.
    pub(super) fn deposit(&mut self, now: u64) -> bool {
        self.pass(now);
        let waits = self.now.stage == Stage::Issued;
        if waits {
            self.take(now);
        }
        waits
    }

    /// It ends without money, by its own word.
    pub(super) fn end(&mut self, stage: Stage) -> bool {
        let open = matches!(self.now.stage, Stage::Unknown | Stage::Ready | Stage::Authenticated);
        if open {
            self.go(stage);
        }
        open
    }

    /// What it has refused is approved after all: it shows in every copy at once, as nothing else would ever
    /// look again.
    pub(super) fn approve(&mut self, now: u64) -> bool {
        let refused = self.now.stage == Stage::Declined;
        if refused {
            self.take(now);
            self.before = self.now;
        }
        refused
    }

    /// What it says of this.
    pub(super) fn shown(&self, sight: Sight) -> Fact {
        match sight.stage {
            Stage::Unknown => Fact::NotFound,
            Stage::Ready => Fact::Waiting,
            Stage::Authenticated => Fact::Authenticated(self.sighting(sight)),
            Stage::Issued => Fact::DepositIssued(
                self.sighting(sight),
                Deposit {
                    bank: String::new(),
                    account: String::new(),
                    holder: String::new(),
                    until: Timestamp::from_millis(sight.until),
                },
            ),
            Stage::Captured => Fact::Captured(self.sighting(sight)),
            Stage::Declined => {
                Fact::Declined(Decline { code: DeclineCode::CardDeclined, provider_code: None })
            }
            Stage::Closed => Fact::Closed,
        }
    }

    fn sighting(&self, sight: Sight) -> Sighting {
        let total = |minor| Total::from_minor(minor, sight.currency);
        Sighting {
            request_id: self.request.clone(),
            merchant: self.ways.names_merchant.then(|| "m".to_owned()),
            provider_payment_id: self.id.clone(),
            amount: total(sight.amount).unwrap_or(Total::zero(sight.currency)),
            cancelled: total(sight.back).unwrap_or(Total::zero(sight.currency)),
        }
    }
}

/// How long a window is shown, as the edge counts it.
pub(super) const fn window_life() -> Span {
    Span::millis(WINDOW_MS)
}
