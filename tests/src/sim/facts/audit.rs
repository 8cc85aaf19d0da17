//! The auditor: what must be true on the way and at the end, by books of its own: what the providers'
//! accounts hold, what the shop set and was told, what was given back at the stock.

use shared::fact::{AskKind, Fact};
use shared::hold::Command;
use shared::id::AttemptId;
use shared::money::Currency;
use shared::payment::{
    Attempt, CaseCode, Input, Payment, Phase, PhaseKind, RefundCause, RefundError, RefundPlan,
    RefundState, Step, Work,
};
use shared::posting::{Entry, Side};
use shared::terms::Way;
use shared::time::{Span, Timestamp};

use super::World;
use super::people::Sale;
use super::plan::GOODS;
use crate::sandbox::moment::month;
use crate::sim::rules::{self, LATE_MS, for_a_person};
use crate::sim::weather::Kind;

/// A provider is asked about one attempt at most so often (I-16).
const ASKS_MAX: u32 = 400;

/// Between two look-ups that hints ask for.
const GAP: Span = Span::seconds(1);

/// The rule that a pair breaks which the model check proves to be out of reach.
const OUT_OF_REACH: &str = "pairs.txt";

/// Money that moved is known to us by then (I-3 grants 50 minutes), in milliseconds.
const KNOWN_BY_MS: u64 = 60 * super::MINUTE;

/// No plea for patience counts for longer: what may have to be undone is undone within 50 minutes (I-3).
const PLEA_MAX: Span = Span::minutes(4);

/// What a payment was before an input.
pub(super) struct Watched {
    phase: PhaseKind,
    version: u64,
    refunds: usize,
    present: Option<AttemptId>,
    tick: bool,
    /// An attempt that had failed, of which exactly its money is heard: it pays (F24).
    late: Option<AttemptId>,
    /// What was heard is about an attempt that its buyer left, or that did not fit.
    left: bool,
    /// What was heard speaks of another currency, merchant or request than was agreed on.
    foreign: bool,
}

impl World {
    pub(super) fn watched(&mut self, n: u8, input: &Input) -> Watched {
        self.hear_plea(n, input);
        let payment = self.payment(n);
        Watched {
            phase: payment.phase.kind(),
            version: payment.version,
            refunds: payment.refunds.len(),
            present: payment.phase.attempt(),
            tick: *input == Input::Tick,
            late: self.late(n, input),
            left: is_left(payment, input),
            foreign: is_foreign(payment, input),
        }
    }

    /// Whose money is heard of, exactly as it was asked for and as its provider's own books have it, while
    /// the attempt has failed by itself and nobody else pays.
    fn late(&self, n: u8, input: &Input) -> Option<AttemptId> {
        let Input::Fact { attempt, fact: Fact::Captured(seen), .. } = input else { return None };
        let sale = &self.sales[usize::from(n)];
        let payment = &sale.record.payment;
        let known = payment.attempt(*attempt)?;
        let account = sale.accounts.iter().find(|account| account.attempt == *attempt)?;
        let whole = account.net() == sale.amount() && account.now.currency == Currency::Krw;
        let right = account.shown(account.now) == Fact::Captured(seen.clone());
        let failed =
            known.decline.is_some() && !was_left(known) && !known.notes.as_str().contains("undo ");
        let back = payment.refunds.iter().any(|refund| refund.attempt == *attempt);
        // Nobody can know which of two is the payment, if the first answer named another (F22).
        let named = known.payment_id.as_ref().is_none_or(|id| *id == account.id);
        let pays = payment.phase == Phase::Open && whole && right && failed && !back && named;
        pays.then_some(*attempt)
    }

    /// What an input did.
    pub(super) fn watch(&mut self, n: u8, before: &Watched, step: &Step) {
        let sale = &self.sales[usize::from(n)];
        let payment = &sale.record.payment;
        let (phase, version) = (payment.phase.kind(), payment.version);
        if version != before.version + u64::from(step.changed) {
            self.wrong("I-10", || format!("version {version} after {}", before.version));
        }
        let sale = &self.sales[usize::from(n)];
        let payment = &sale.record.payment;
        let lied = sale.lied;
        if payment.refunds.len() > before.refunds && !lied {
            self.audit_reserved(n);
        }
        let present = self.payment(n).phase.attempt();
        if before.late.is_some() && present != before.late && !lied {
            self.wrong("I-3 F24", || format!("{n} was approved late, and comes to {phase:?}"));
        }
        if phase == before.phase || lied {
            return;
        }
        let ends = [PhaseKind::Paid, PhaseKind::Cancelled, PhaseKind::Expired];
        if ends.contains(&before.phase) {
            self.wrong("I-10", || format!("{n} comes from {:?} to {phase:?}", before.phase));
        }
        if before.left && before.present.is_none() && present.is_some() {
            self.wrong("F24 F43", || format!("{n} takes the money of an attempt that was left"));
        }
        if before.tick && matches!(phase, PhaseKind::Paid | PhaseKind::Capturing) {
            self.wrong("I-2", || format!("{n} came to {phase:?} by the clock"));
        }
        let money = [PhaseKind::Rechecking, PhaseKind::Capturing, PhaseKind::Securing];
        if before.foreign && (money.contains(&phase) || phase == PhaseKind::Paid) {
            self.wrong("I-2 F21 F22", || format!("{n} came to {phase:?} by another's payment"));
        }
        let sale = &self.sales[usize::from(n)];
        let of = sale.record.payment.phase.attempt().or(before.present);
        let Some(account) = sale.accounts.iter().find(|account| Some(account.attempt) == of) else {
            return;
        };
        match (before.phase, phase) {
            (_, PhaseKind::Paid) => {
                let exact = account.captured == sale.amount() && account.captures == 1;
                let right = exact && account.now.currency == Currency::Krw;
                let (told, captured) = (account.told, account.captured);
                self.holds("I-2 F20", right, || format!("{n} is paid with {captured}"));
                self.holds("I-2", told, || format!("{n} is paid and was never looked up"));
            }
            (PhaseKind::Capturing, PhaseKind::Open | PhaseKind::Cancelled | PhaseKind::Expired) => {
                let refunds = &sale.record.payment.refunds;
                let back = refunds.iter().any(|refund| refund.attempt == account.attempt);
                let kept = account.net() > 0 && !back;
                self.holds("I-13 F15", !kept, || format!("{n} gives up what was captured"));
            }
            _ => {}
        }
    }

    /// It must be so.
    fn holds(&mut self, rule: &'static str, so: bool, text: impl FnOnce() -> String) {
        if !so {
            self.wrong(rule, text);
        }
    }

    /// Reserved before the provider is asked, and never more than was taken (I-11).
    fn audit_reserved(&mut self, n: u8) {
        let sale = &self.sales[usize::from(n)];
        for account in &sale.accounts {
            let refunds = &sale.record.payment.refunds;
            let of = refunds.iter().filter(|refund| refund.attempt == account.attempt);
            let open = of.filter(|refund| refund.state != RefundState::Refused);
            let sum: u64 = open.map(|refund| refund.amount.minor()).sum();
            let captured = account.captured;
            if sum > captured {
                return self.wrong("I-11", || format!("{n} gives back {sum} of {captured}"));
            }
        }
    }

    /// R66: a bill is cancelled in its month, and neither later nor refused too soon, whatever calendar the
    /// edge has. Where the provider's clock and ours saw two months, either may be right.
    pub(super) fn audit_window(&mut self, n: u8, at: usize, plan: Result<RefundPlan, RefundError>) {
        let sale = &self.sales[usize::from(n)];
        let account = &sale.accounts[at];
        let paid_at = sale.record.payment.phase.paid_at().unwrap_or_default().as_millis();
        let clear = month(paid_at as i64) == month(account.taken_at as i64);
        if sale.lied || !clear || self.weather.has(Kind::ClockJump) {
            return;
        }
        let over = account.month_is_over(self.now);
        let closed = matches!(plan, Err(RefundError::WindowClosed(_)));
        let promised = plan.is_ok_and(|plan| plan.prospect.way == Way::Cancel);
        self.holds("R66", !over || !promised, || format!("{n} is to be cancelled after its month"));
        self.holds("R66", over || !closed, || format!("{n} is not cancelled in its month"));
    }

    /// A provider was asked once more.
    pub(super) fn asked(&mut self, sale: u8, n: usize, asked: u32) {
        if asked == ASKS_MAX {
            self.wrong("I-16", || format!("{sale}.{n} was asked about {asked} times"));
        }
    }

    /// The edge has heard a plea for patience (F17).
    fn hear_plea(&mut self, n: u8, input: &Input) {
        let (now, sale) = (self.time(), &mut self.sales[usize::from(n)]);
        let refunds = &sale.record.payment.refunds;
        let (id, fact) = match input {
            Input::Fact { attempt, fact, .. } => (Some(*attempt), fact),
            Input::RefundFact { refund, fact } => {
                let of = refunds.iter().find(|known| known.id == *refund);
                (of.map(|refund| refund.attempt), fact)
            }
            _ => return,
        };
        let Fact::Busy { retry_after } = fact else { return };
        let account = sale.accounts.iter_mut().find(|account| Some(account.attempt) == id);
        if let Some(account) = account {
            account.left_alone = now.after((*retry_after).min(PLEA_MAX));
        }
    }

    /// Nobody is asked sooner than it said, and nobody is asked twice at once, as the first answer may be a
    /// plea (F17). A clock that was set back since then is no wait.
    pub(super) fn audit_patience(&mut self, n: u8, work: &[Work], now: Timestamp) {
        let mut asked: Vec<AttemptId> = Vec::new();
        for item in work {
            let Work::Ask { attempt, .. } = item else { continue };
            let accounts = &self.sales[usize::from(n)].accounts;
            let account = accounts.iter().find(|account| account.attempt == *attempt);
            let until = account.map_or(now, |account| account.left_alone);
            if now < until && until <= now.after(PLEA_MAX) {
                let left = until.since(now).as_seconds();
                self.wrong("I-16 F17", || format!("{n} asks {left} s before it may"));
            }
            if asked.contains(attempt) {
                self.wrong("I-16 F17", || format!("{n} asks twice at once"));
            }
            asked.push(*attempt);
        }
    }

    /// What was a step on the way is followed by the next at once, whoever heard it.
    pub(super) fn heard_a_step(&mut self, n: u8, input: &Input) {
        let Input::Fact { attempt, fact: Fact::More(_), .. } = input else { return };
        let accounts = self.sales[usize::from(n)].accounts.iter_mut();
        for account in accounts.filter(|account| account.attempt == *attempt) {
            account.looked = None;
        }
    }

    /// Hints do not make a question: who waits in a phase is looked up once a second at most (I-16).
    pub(super) fn audit_gap(&mut self, n: u8, at: usize, asked: AskKind) {
        let (now, sale) = (self.time(), &mut self.sales[usize::from(n)]);
        let phase = &sale.record.payment.phase;
        let account = &mut sale.accounts[at];
        let waits = matches!(phase.kind(), PhaseKind::Presented | PhaseKind::AwaitingDeposit);
        if asked != AskKind::LookUp || !waits || phase.attempt() != Some(account.attempt) {
            return;
        }
        let before = account.looked.replace((phase.kind(), now));
        let soon = |last: Timestamp| now >= last && now.since(last) < GAP;
        if before.is_some_and(|(of, last)| of == phase.kind() && soon(last)) {
            self.wrong("I-16", || format!("{n}.{at} is looked up twice within a second"));
        }
    }

    /// The stock said yes: nothing revives what was given back (F14).
    pub(super) fn stocked(&mut self, goods: usize, id: AttemptId, command: Command) {
        let claim = (goods as u8, id);
        if command == Command::Release {
            self.released.push(claim);
        } else if self.released.contains(&claim) {
            self.wrong("I-4 F14", || format!("{command:?} of {id}, which gave it back"));
        }
    }

    /// A page says "paid".
    pub(super) fn paid_was_told(&mut self, tab: u8) {
        let n = self.tabs[usize::from(tab)].sale;
        let sale = &self.sales[usize::from(n)];
        let there = sale.accounts.iter().any(|account| account.captured == sale.amount());
        if !there && !sale.lied {
            self.wrong("I-2 I-18", || format!("a page says that {n} is paid, and it is not"));
        }
    }

    /// An hour after everything went well again: money that moved is paid for, or on its way back, or a
    /// person knows (I-3).
    pub(super) fn half_time(&mut self) {
        for n in 0..self.sales.len() {
            let sale = &self.sales[n];
            let payment = &sale.record.payment;
            if sale.lied || for_a_person(payment) {
                continue;
            }
            let settled = |id: AttemptId| {
                matches!(payment.phase, Phase::Paid(paid, ..) if paid == id)
                    || payment.refunds.iter().any(|refund| refund.attempt == id)
            };
            // What was paid a moment ago may still be on its way.
            let long = |at: u64| self.now.saturating_sub(at) > KNOWN_BY_MS;
            let unknown = sale.accounts.iter().any(|account| {
                account.net() > 0 && long(account.taken_at) && !settled(account.attempt)
            });
            if unknown {
                self.wrong("I-3 F15", || format!("{n} holds money for an hour, unknown to all"));
            }
        }
    }

    /// Everything has come to rest.
    pub(super) fn audit(&mut self) {
        for n in 0..self.sales.len() {
            rules::count_ends(&self.sales[n].record, &mut self.ends);
            self.audit_money(n);
            self.audit_rest(n);
            self.audit_told(n);
        }
        self.audit_goods();
    }

    /// What the model check came by nowhere does not happen here: its proof holds for this world too.
    pub(super) fn audit_pairs(&mut self) {
        let pairs = self.pairs;
        for (phase, input) in pairs.against_proof() {
            self.wrong(OUT_OF_REACH, || {
                format!("{phase:?} met {input:?}, proved to be out of reach")
            });
        }
    }

    /// Charged at most once, exactly the amount set, and nothing kept that must not be (I-1, I-2, I-3).
    fn audit_money(&mut self, n: usize) {
        let sale = &self.sales[n];
        let (payment, amount) = (&sale.record.payment, sale.amount());
        let person = sale.lied || for_a_person(payment);
        let paid = match payment.phase {
            Phase::Paid(id, ..) => Some(id),
            _ => None,
        };
        let mut found: Vec<(&'static str, String)> = Vec::new();
        for account in &sale.accounts {
            let (net, captured) = (account.net(), account.captured);
            if account.captures > 1 {
                found.push(("I-1", format!("{n} was captured {} times", account.captures)));
            }
            let back = payment.given_back(account.attempt, sale.record.checkout.amount.total());
            let kept = amount - back.minor().min(amount);
            match paid == Some(account.attempt) {
                true if captured != amount && !sale.lied => {
                    found.push(("I-2 F20", format!("{n} is paid with {captured}")));
                }
                true if net != kept && !person => {
                    let text = format!("{n}: the provider keeps {net}, our books say {kept}");
                    found.push(("I-6 I-11", text));
                }
                false if net > 0 && !person => {
                    found.push(("I-3", format!("{n} keeps {net} that nobody owes")));
                }
                true | false => {}
            }
        }
        let held: u64 = sale.accounts.iter().map(super::engine::Account::net).sum();
        if sale.told.provider != i128::from(held) && !person {
            let text = format!("{n}: the book says {}, the provider {held}", sale.told.provider);
            found.push(("I-6", text));
        }
        let shop = |cause: &RefundCause| matches!(cause, RefundCause::Shop(_));
        if payment.refunds.iter().filter(|r| shop(&r.cause)).count() > sale.wishes.len() {
            found.push(("I-8 I-12", format!("{n} gives back more often than was wished")));
        }
        let entries = sale.outs.iter().flat_map(super::letters::Out::entries);
        for entry in entries.filter(|entry| !is_balanced(entry)) {
            found.push(("I-5", format!("{n}: {} does not sum to zero", entry.name)));
        }
        for (rule, text) in found {
            self.wrong(rule, || text);
        }
    }

    /// Nothing is stuck, or a person knows.
    fn audit_rest(&mut self, n: usize) {
        let sale = &self.sales[n];
        let payment = &sale.record.payment;
        if sale.lied || for_a_person(payment) {
            return;
        }
        for (rule, what) in rules::unfinished(payment) {
            self.wrong(rule, || format!("{n} {what}"));
        }
    }

    /// The shop knows (I-14), and no notice was lost.
    fn audit_told(&mut self, n: usize) {
        let sale = &self.sales[n];
        let missing: Vec<_> = rules::to_be_told(&sale.record)
            .filter(|event| sale.told.kinds & 1 << (*event as u8) == 0)
            .collect();
        let standing = edge::view::standing(&sale.record);
        let refunded = edge::view::refunded(&sale.record).minor();
        let newest = sale.told.newest;
        let knows = newest.is_none_or(|(_, of, sum)| of == standing && sum == refunded);
        let mut late = 0;
        let well = (self.plan.begin + self.plan.calm_at).max(self.shop.dead_until);
        for out in &sale.outs {
            match (out.kind, out.reached) {
                (Some(_), None) => late = u64::MAX,
                (Some(_), Some(at)) => {
                    late = late.max(at.saturating_sub(out.at.max(well)));
                }
                (None, _) => {}
            }
        }
        let left = sale.outs.iter().filter(|out| out.out).count();
        if !missing.is_empty() {
            self.wrong("I-14", || format!("the shop never learnt of {n}: {missing:?}"));
        }
        if !knows {
            self.wrong("I-14", || format!("{n} is {standing}, the shop knows {newest:?}"));
        }
        if late > LATE_MS {
            self.wrong("I-14", || format!("a notice of {n} is {} hours late", late / 3_600_000));
        }
        if left > 0 {
            self.wrong("I-14", || format!("{left} messages of {n} never left"));
        }
    }

    /// No piece is sold twice, none is kept for nobody (I-4).
    fn audit_goods(&mut self) {
        for (goods, units) in GOODS.iter().enumerate() {
            let Some(units) = units else { continue };
            let paid = |sale: &&Sale| matches!(sale.record.payment.phase, Phase::Paid(..));
            let lines = |sale: &Sale| self.plan.deals[sale.deal].lines.iter();
            let of = self.sales.iter().filter(paid).flat_map(lines).filter(|(of, _)| *of == goods);
            let sold: u32 = of.map(|(_, quantity)| quantity).sum();
            // A capture that stayed after its piece was gone is a person's, and so is what never ends.
            let lied = self.sales.iter().any(|sale| sale.lied);
            let mut cases = self.sales.iter().flat_map(|sale| &sale.record.payment.cases);
            let lost = cases.any(|case| {
                case.code == CaseCode::SoldOut && case.detail.starts_with("stock lost")
            });
            for what in rules::audit_stock(&self.stocks[goods], *units, sold, self.time()) {
                self.holds("I-4", lost || lied, || format!("goods {goods} {what}"));
            }
        }
    }
}

/// Whether what was heard is about an attempt of which no money is kept.
fn is_left(payment: &Payment, input: &Input) -> bool {
    let Input::Fact { attempt, .. } = input else { return false };
    payment.attempt(*attempt).is_some_and(was_left)
}

/// Whether its buyer left it, or it did not fit.
fn was_left(attempt: &Attempt) -> bool {
    use shared::fact::DeclineCode;
    let code = attempt.decline.as_ref().map(|decline| decline.code);
    matches!(code, Some(DeclineCode::BuyerCancelled | DeclineCode::AmountMismatch))
}

/// Whether what was heard cannot be about what was agreed on.
fn is_foreign(payment: &Payment, input: &Input) -> bool {
    let Input::Fact { attempt, fact, .. } = input else { return false };
    let (Some(attempt), Some(seen)) = (payment.attempt(*attempt), fact.sighting()) else {
        return false;
    };
    let ours = attempt.merchant.as_ref().zip(seen.merchant.as_ref());
    seen.amount.currency() != Currency::Krw
        || seen.request_id != attempt.id.request_id().to_string()
        || ours.is_some_and(|(ours, theirs)| ours != theirs)
}

/// Both sides of an entry are the same (I-5).
fn is_balanced(entry: &Entry) -> bool {
    let of = |side| {
        let lines = entry.lines().iter().filter(move |line| line.side == side);
        lines.map(|line| line.amount.minor()).sum::<u64>()
    };
    of(Side::Debit) == of(Side::Credit)
}
