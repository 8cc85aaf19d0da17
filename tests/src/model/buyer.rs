//! One buyer with one checkout: the payment of production, the errands under way, and the provider's books.

use std::sync::LazyLock;

use shared::checkout::{Checkout, Line, Order};
use shared::fact::{Ask, AskKind, Decline, DeclineCode};
use shared::id::{
    AttemptId, ChannelId, CheckoutId, Home, MerchantId, MethodId, OrderId, PartyId, RefundId, Sku,
};
use shared::means::{Device, Means, Presentation};
use shared::money::{Amount, Currency};
use shared::notes::Notes;
use shared::payment::{
    Attempt, Input, Payment, Phase, PhaseKind, Refund, RefundCause, RefundState, Retry, Style, Work,
};
use shared::time::{Span, Timestamp};

use crate::answers::refunds_of;

use super::provider::{Errand, PRICE, Pay, Word};

/// When everything begins; whatever the model does not tell apart has the time zero.
pub const BEGIN: Timestamp = Timestamp::from_seconds(36_000);
/// The clock's one step: as long as a hold and as a window.
pub const STEP: Span = Span::minutes(15);
/// How long a checkout lives: two windows.
const CHECKOUT_LIFE: Span = Span::minutes(30);
/// Both buyers have the same ids; the stock tells them apart by the shard.
const HOME: Home = Home { generation: 1, shard: 0 };

/// Where a plan's count decides nothing but waits, the model forgets it: this far it is kept for `Paid`.
const COUNT_MAX: u32 = 6;

/// What is paid; the same for every buyer.
pub static CHECKOUT: LazyLock<Checkout> = LazyLock::new(|| Checkout {
    id: CheckoutId::new(HOME, 9),
    merchant: MerchantId::parse("m").unwrap(),
    buyer: PartyId::parse("u").unwrap(),
    orders: vec![Order {
        id: OrderId::parse("o").unwrap(),
        seller: PartyId::parse("s").unwrap(),
        lines: vec![Line {
            sku: Sku::parse("sku").unwrap(),
            name: "Thing".to_owned(),
            quantity: 1,
            unit: won(PRICE),
            unlimited: false,
        }],
        amount: won(PRICE),
    }],
    amount: won(PRICE),
    label: "Thing".to_owned(),
    return_url: String::new(),
    created_at: BEGIN,
    expires_at: BEGIN.after(CHECKOUT_LIFE),
});

/// Won.
pub fn won(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::Krw).unwrap()
}

/// The id of a buyer's nth attempt, as the payment knows it.
pub const fn attempt_id(n: usize) -> AttemptId {
    AttemptId::new(HOME, n as u128 + 1)
}

/// Which attempt it is, or whose claim: the low bits of both are the same.
pub const fn number_of(id: AttemptId) -> usize {
    id.bits() as usize - 1
}

/// The id under which the stock knows a claim of a buyer's.
pub const fn claim_id(buyer: usize, id: AttemptId) -> AttemptId {
    AttemptId::new(Home { generation: 1, shard: buyer as u8 }, id.bits())
}

/// A buyer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Buyer {
    /// The machine of production.
    pub payment: Payment,
    /// The provider's books, by attempt.
    pub pays: Vec<Pay>,
    /// Errands of the round under way, as `checkout_object.rs` carries them: one after the other.
    pub lane: Vec<Errand>,
    /// What the first of them was answered, on its way to us.
    pub heard: Option<Word>,
    /// Orders whose answers nobody waits for, still on their way.
    pub orphans: Vec<Errand>,
    /// What an instance asked that was replaced meanwhile, and what it will hear if that is known.
    pub ghost: Option<(Errand, Option<Word>)>,
    /// Whether a token is out: the owner takes it back, or makes a new one, with every step (`edge::owner`).
    pub token: bool,
    /// Refunds that the shop has asked for.
    pub wishes: u8,
}

impl Buyer {
    /// Nothing happened yet.
    pub fn new() -> Self {
        let mut buyer = Self {
            payment: Payment::default(),
            pays: Vec::new(),
            lane: Vec::new(),
            heard: None,
            orphans: Vec::new(),
            ghost: None,
            token: true,
            wishes: 0,
        };
        forget(&mut buyer.payment, BEGIN);
        buyer
    }

    /// The style of an attempt.
    pub fn style(&self, n: usize) -> Style {
        self.payment.attempts[n].style
    }

    /// The attempt that the phase is about.
    pub fn present(&self) -> Option<usize> {
        self.payment.phase.attempt().map(number_of)
    }

    /// A window that may be shown is shown, and stays.
    pub fn show(&mut self) {
        if let (PhaseKind::Presented, Some(n)) = (self.payment.phase.kind(), self.present()) {
            self.pays[n].shown = true;
        }
    }

    /// A new attempt.
    pub fn begin(&self, style: Style, now: Timestamp) -> Input {
        let n = self.payment.attempts.len();
        Input::Begin(Attempt {
            id: attempt_id(n),
            channel: ChannelId::parse("c").unwrap(),
            method: MethodId::parse("m").unwrap(),
            means: Means::Card,
            device: Device::Pc,
            presentation: Presentation::Popup,
            rung: 0,
            locale: String::new(),
            style,
            merchant: None,
            begun_by: [0; 32],
            started_at: Timestamp::default(),
            ends_at: now.after(STEP),
            token: None,
            notes: Notes::none(),
            steps: 0,
            payment_id: None,
            decline: None,
        })
    }

    /// The shop's wish to give this much back.
    pub fn refund(&mut self, amount: u64, now: Timestamp) -> Option<Input> {
        let Phase::Paid(attempt, sighting, _) = &self.payment.phase else { return None };
        self.wishes += 1;
        let terms = refunds_of(self.payment.attempt(*attempt)?.style);
        let order = &CHECKOUT.orders[0].id;
        self.payment.plan_refund(&CHECKOUT, (order, Some(won(amount))), &terms, now).ok()?;
        Some(Input::Refund(Refund {
            id: RefundId::new(100 + u128::from(self.wishes)),
            cause: RefundCause::Shop(CHECKOUT.orders[0].id.clone()),
            attempt: *attempt,
            payment_id: sighting.provider_payment_id.clone(),
            amount: won(amount),
            captured: sighting.amount,
            state: RefundState::Requested,
            reason: String::new(),
            account: None,
            retry: Retry::now(now),
            at: Timestamp::default(),
        }))
    }

    /// Takes the work whose plans are chosen, as a round does after its tick.
    pub fn take(&mut self, chosen: u32, now: Timestamp) {
        for (n, retry) in plans(&mut self.payment).into_iter().enumerate() {
            if retry.next_at.is_some() && chosen & (1 << n) == 0 {
                retry.next_at = Some(NEVER);
            }
        }
        let work = self.payment.take_work(&CHECKOUT, now);
        self.lane = work.into_iter().map(errand).collect();
    }

    /// How an answer is heard.
    pub fn hear(&self, errand: Errand, word: Word) -> Option<Input> {
        let attempt = match errand {
            Errand::Stock(claim, _) => claim,
            _ => attempt_id(errand.attempt()),
        };
        // An account waits as long as the window would have.
        let fact = || word.fact(attempt, self.payment.attempts[errand.attempt()].ends_at);
        let asked = match errand {
            Errand::Stock(_, command) => {
                // Silence of the stock is no input: it is asked again by the plan.
                let Word::Stock(kept) = word else { return None };
                return Some(Input::Stock { attempt, command, kept });
            }
            Errand::GiveBack { refund, .. } => {
                return Some(Input::RefundFact { refund, fact: fact() });
            }
            Errand::Ask(_, kind) => kind,
            Errand::Void(_) | Errand::Undo(_) => AskKind::Cancel,
        };
        Some(Input::Fact { attempt, asked, fact: fact() })
    }
}

/// A time that does not come.
const NEVER: Timestamp = Timestamp::from_millis(u64::MAX);

/// Every plan of a payment, in one order.
pub fn plans(payment: &mut Payment) -> Vec<&mut Retry> {
    let mut plans = vec![&mut payment.retry];
    plans.extend(payment.stock_debts.iter_mut().map(|(_, _, retry)| retry));
    plans.extend(payment.strays.iter_mut().map(|(_, retry)| retry));
    plans.extend(payment.refunds.iter_mut().map(|refund| &mut refund.retry));
    plans
}

fn errand(work: Work) -> Errand {
    let number = |id| u8::try_from(number_of(id)).unwrap();
    match work {
        Work::Stock { attempt, command } => Errand::Stock(attempt, command),
        Work::Ask { attempt, ask, refund } => match (*ask, refund) {
            (Ask::Cancel { amount, cancelled_before, .. }, Some(refund)) => Errand::GiveBack {
                attempt: number(attempt),
                refund,
                amount: amount.minor(),
                before: cancelled_before.minor(),
            },
            (Ask::Cancel { captured, .. }, None) if captured.is_zero() => {
                Errand::Void(number(attempt))
            }
            (Ask::Cancel { .. }, None) => Errand::Undo(number(attempt)),
            (ask, _) => Errand::Ask(number(attempt), ask.kind()),
        },
    }
}

/// Where nobody keeps books, forgets how much of an ended attempt's money went back, and whether it did: it
/// decides no phase.
pub fn forget_sums(payment: &mut Payment) {
    let present = payment.phase.attempt();
    for refund in payment.refunds.iter_mut().filter(|refund| Some(refund.attempt) != present) {
        (refund.amount, refund.captured) = (won(PRICE), won(PRICE).total());
        if refund.state == RefundState::Refused {
            refund.state = RefundState::Done;
        }
    }
}

/// Forgets what decides nothing but when, or nothing at all: two states that differ in nothing else go the
/// same ways.
///
/// A plan that is set can come due at any moment, whatever the wait: more than can happen, so what is shown
/// never to happen never does. What is kept of its count is what the code asks of it: by turns while closing
/// and for strays, and how often a paid payment was looked into.
pub fn forget(payment: &mut Payment, now: Timestamp) {
    payment.version = 0;
    payment.cases.clear();
    let kept = match payment.phase.kind() {
        PhaseKind::Closing => payment.retry.count % 2,
        PhaseKind::Paid => payment.retry.count.min(COUNT_MAX),
        PhaseKind::Open
        | PhaseKind::Holding
        | PhaseKind::Preparing
        | PhaseKind::Presented
        | PhaseKind::Rechecking
        | PhaseKind::Capturing
        | PhaseKind::AwaitingDeposit
        | PhaseKind::Securing
        | PhaseKind::Cancelled
        | PhaseKind::Expired => 0,
    };
    let strays: Vec<u32> = payment.strays.iter().map(|(_, retry)| retry.count % 2).collect();
    let debts = payment.stock_debts.len();
    for (n, retry) in plans(payment).into_iter().enumerate() {
        let count = if n == 0 { kept } else { 0 };
        let count =
            n.checked_sub(1 + debts).and_then(|at| strays.get(at)).copied().unwrap_or(count);
        let next_at = retry.next_at.map(|_| Timestamp::default());
        *retry = Retry { count, last_at: Timestamp::default(), next_at };
    }
    match &mut payment.phase {
        Phase::Cancelled(at) | Phase::Expired(at) => *at = Timestamp::default(),
        // Long ago is long ago.
        Phase::Paid(_, _, at) if now >= at.after(STEP) => *at = Timestamp::default(),
        _ => {}
    }
    let present = payment.phase.attempt();
    for attempt in &mut payment.attempts {
        attempt.started_at = Timestamp::default();
        // The notes that the machine itself writes.
        for name in ["undo", "late"] {
            if let Some(word) = attempt.notes.get(name).map(str::to_owned) {
                attempt.notes.keep(name, &word, Timestamp::default());
            }
        }
        // Whether late money may pay is all that an end decides.
        if let Some(decline) = &mut attempt.decline {
            let left = [DeclineCode::BuyerCancelled, DeclineCode::AmountMismatch];
            let code = if left.contains(&decline.code) { left[0] } else { DeclineCode::Other };
            *decline = Decline { code, provider_code: None };
        }
        // An end matters to the present attempt, and to one that may be paid after it.
        if present != Some(attempt.id) && !attempt.style.stays_open() {
            attempt.ends_at = Timestamp::default();
            attempt.token = None;
        }
    }
    for refund in &mut payment.refunds {
        refund.at = Timestamp::default();
        refund.reason.clear();
    }
}
