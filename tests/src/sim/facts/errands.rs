//! What the owner asks of providers and of the stock, and what becomes of it on the way.

use shared::fact::{Ask, AskKind, Fact, ProviderPaymentId, Sighting};
use shared::hold::{Answer, Command};
use shared::id::{AttemptId, RefundId};
use shared::money::{Currency, Total};
use shared::notes::Learnt;
use shared::payment::{Input, Phase, Work};
use shared::time::Span;

use super::engine::{Account, Stage, WRONG_BY};
use super::plan::MINUTE;
use super::window::Act;
use super::{Event, World};
use crate::sim::weather::Kind;

/// The edge waits so long for a provider, in milliseconds.
const WAIT_MS: u64 = 10_000;

/// A slow answer of our own objects, in milliseconds.
const SLOW_MS: u64 = 40_000;

/// What is on its way back to an instance: its life, the sale, and what it will hear.
pub(super) type Back = (u32, u8, Option<Box<Input>>);

/// Something on its way.
#[derive(Debug)]
pub(super) enum Sent {
    Back(Back),
    /// An order that arrives long after everybody has stopped waiting for it.
    Ask {
        life: u32,
        sale: u8,
        account: u8,
        ask: Box<Ask>,
        refund: Option<RefundId>,
    },
    Stock {
        goods: u8,
        quantity: u32,
        attempt: AttemptId,
        command: Command,
    },
    Gone,
}

impl Sent {
    /// What came back, once.
    pub(super) fn take(&mut self) -> Option<Back> {
        match std::mem::replace(self, Self::Gone) {
            Self::Back(back) => Some(back),
            other => {
                *self = other;
                None
            }
        }
    }
}

/// What the providers are like for a while.
#[derive(Debug, Default)]
pub(super) struct Moods {
    fails: u32,
    slow: u64,
}

impl World {
    /// The providers change their ways, or behave.
    pub(super) fn change_moods(&mut self) {
        self.moods = Moods::default();
        if self.strikes(Kind::ProviderFails) {
            self.moods.fails = self.chance.between(1, 6) as u32;
        }
        if self.strikes(Kind::ProviderSlow) {
            self.moods.slow = self.chance.between(500, 12_000);
        }
        if self.strikes(Kind::WebhookForged) {
            self.somebody_claims();
        }
        if !self.weather.is_calm() {
            let next = self.chance.between(20_000, 15 * MINUTE);
            self.after(next, Event::Moods);
        }
    }

    fn send_back(&mut self, delay: u64, sale: u8, input: Option<Input>) {
        self.sent.push(Sent::Back((self.owner.life, sale, input.map(Box::new))));
        let n = self.sent.len() as u32 - 1;
        self.after(delay, Event::Heard(n));
    }

    /// Something that arrives late, by itself.
    fn send_late(&mut self, delay: u64, sent: Sent) {
        self.sent.push(sent);
        let n = self.sent.len() as u32 - 1;
        self.after(delay, Event::Late(n));
    }

    pub(super) fn arrives_late(&mut self, n: u32) {
        match std::mem::replace(&mut self.sent[n as usize], Sent::Gone) {
            Sent::Ask { life, sale, account, ask, refund } => {
                self.tell(|| format!("  late at the provider: {ask:?}"));
                let n = usize::from(account);
                let fact = self.at_provider(sale, n, &ask);
                let fact = self.bent(sale, n, fact);
                self.sales[usize::from(sale)].accounts[n].tells(&fact);
                // Nobody waits for the answer, unless an instance that was replaced does.
                if life != self.owner.life {
                    let attempt = self.sales[usize::from(sale)].accounts[n].attempt;
                    let input = Some(Box::new(heard(attempt, ask.kind(), refund, fact)));
                    self.sent.push(Sent::Back((life, sale, input)));
                    let n = self.sent.len() as u32 - 1;
                    self.after(20, Event::Heard(n));
                }
            }
            Sent::Stock { goods, quantity, attempt, command } => {
                self.tell(|| format!("  late at the stock: {command:?} {attempt}"));
                self.at_stock(usize::from(goods), quantity, attempt, command);
            }
            Sent::Back(_) | Sent::Gone => {}
        }
    }

    /// Sets out with a piece of work.
    pub(super) fn set_out(&mut self, sale: u8, work: Work) {
        match work {
            Work::Stock { attempt, command } => {
                let kept = self.ask_stock(sale, attempt, command);
                let most = [30, SLOW_MS][usize::from(self.strikes(Kind::AnswerDelayed))];
                let delay = self.chance.between(2, most);
                let input = kept.map(|kept| Input::Stock { attempt, command, kept });
                self.send_back(delay, sale, input);
            }
            Work::Ask { attempt, ask, refund } => self.ask_provider(sale, attempt, ask, refund),
        }
    }

    /// Every piece in turn; silence of one is silence.
    fn ask_stock(&mut self, sale: u8, attempt: AttemptId, command: Command) -> Option<bool> {
        let mut kept = true;
        let deal = self.sales[usize::from(sale)].deal;
        for line in 0..self.plan.deals[deal].lines.len() {
            let (goods, quantity) = self.plan.deals[deal].lines[line];
            if self.strikes(Kind::StockLate) {
                let late = self.chance.between(100, 10 * MINUTE);
                let goods = goods as u8;
                self.send_late(late, Sent::Stock { goods, quantity, attempt, command });
                return None;
            }
            // Only where a no decides something: what is given back or sold is owed until it is done.
            let asks = matches!(command, Command::Hold | Command::Secure);
            if asks && self.strikes(Kind::StockSaysNo) {
                let _done = self.chance.in_thousand(500)
                    && self.at_stock(goods, quantity, attempt, command);
                kept = false;
                continue;
            }
            let dies = self.strikes(Kind::StockCrash);
            if dies && self.chance.in_thousand(500) {
                return None;
            }
            let free = self.free(goods, quantity);
            let done = self.at_stock(goods, quantity, attempt, command);
            // An attempt that is present has given nothing back yet.
            if free && !done {
                self.wrong("I-4 F24", || format!("{command:?} is refused while pieces are free"));
            }
            kept &= done;
            if dies {
                return None;
            }
        }
        Some(kept)
    }

    /// Whether anybody could have so many pieces now.
    fn free(&self, goods: usize, quantity: u32) -> bool {
        let available = self.stocks[goods].outlook(self.time()).available;
        available.is_none_or(|available| available >= quantity)
    }

    fn at_stock(&mut self, goods: usize, quantity: u32, id: AttemptId, command: Command) -> bool {
        let mut now = self.time();
        // For this command alone: the next one finds a clock that has stepped back.
        if self.strikes(Kind::StockClockAhead) {
            now = now.after(Span::millis(self.chance.between(5 * MINUTE, 30 * MINUTE)));
        }
        let answer = self.stocks[goods].apply(command, id, quantity, now);
        self.tell(|| format!("  stock {goods}: {command:?} of {} → {answer:?}", id.bits()));
        let done = answer == Answer::Done;
        if done {
            self.stocked(goods, id, command);
        }
        done
    }

    fn ask_provider(
        &mut self,
        sale: u8,
        attempt: AttemptId,
        ask: Box<Ask>,
        refund: Option<RefundId>,
    ) {
        let (asked, accounts) = (ask.kind(), &self.sales[usize::from(sale)].accounts);
        let Some(n) = accounts.iter().position(|account| account.attempt == attempt) else {
            return self.send_back(1, sale, None);
        };
        self.audit_gap(sale, n, asked);
        let most = [600, WAIT_MS][usize::from(self.strikes(Kind::AnswerDelayed))];
        let mut delay = self.chance.between(20, most) + self.moods.slow;
        let mut fact = self.fact(sale, n, ask, refund);
        if delay > WAIT_MS || fact == Fact::Silence {
            (delay, fact) = (WAIT_MS, Fact::Silence);
        }
        self.tell(|| format!("  {asked:?} → {fact:?}"));
        self.send_back(
            delay,
            sale,
            Some(match refund {
                Some(refund) => Input::RefundFact { refund, fact },
                None => Input::Fact { attempt, asked, fact },
            }),
        );
    }

    /// What a question meets on its way, and what is heard of its answer.
    fn fact(&mut self, sale: u8, n: usize, ask: Box<Ask>, refund: Option<RefundId>) -> Fact {
        let life = self.owner.life;
        let asked = ask.kind();
        if self.moods.fails > 0 {
            self.moods.fails -= 1;
            return Fact::Unclear { detail: "5xx".to_owned() };
        }
        if self.strikes(Kind::RequestLost) {
            return Fact::Silence;
        }
        if self.strikes(Kind::ProviderBusy) {
            // Some ask for a day.
            let most = if self.chance.in_thousand(100) { 86_400 } else { 120 };
            return Fact::Busy { retry_after: Span::seconds(self.chance.between(1, most)) };
        }
        if self.strikes(Kind::AnswerInSteps) {
            return Fact::More(Learnt { name: "step", value: "1".to_owned() });
        }
        if let Some(no) = self.explicit_no(sale, n, asked) {
            return no;
        }
        if self.strikes(Kind::RequestDelayed) {
            let late = self.chance.between(WAIT_MS, 3 * MINUTE);
            self.send_late(late, Sent::Ask { life, sale, account: n as u8, ask, refund });
            return Fact::Silence;
        }
        let fact = self.at_provider(sale, n, &ask);
        if self.strikes(Kind::RequestDoubled) {
            let late = self.chance.between(10, 2 * MINUTE);
            self.send_late(late, Sent::Ask { life, sale, account: n as u8, ask, refund });
        }
        let gone = match asked {
            AskKind::Capture => self.strikes(Kind::CaptureAnswerLost),
            AskKind::Cancel => self.strikes(Kind::RefundAnswerLost),
            AskKind::Prepare | AskKind::LookUp | AskKind::Close => false,
        };
        if gone || self.strikes(Kind::AnswerLost) {
            return Fact::Silence;
        }
        if self.strikes(Kind::AnswerGarbage) {
            return Fact::Unclear { detail: "garbage".to_owned() };
        }
        let fact = if asked == AskKind::LookUp { self.behind(sale, n, fact) } else { fact };
        let mut fact = self.bent(sale, n, fact);
        if self.strikes(Kind::Lies) {
            fact = self.anything(sale, n);
        }
        self.sales[usize::from(sale)].accounts[n].tells(&fact);
        fact
    }

    /// A provider's own word that it does not.
    fn explicit_no(&mut self, sale: u8, n: usize, asked: AskKind) -> Option<Fact> {
        let (kind, stage) = match asked {
            AskKind::Capture => (Kind::CaptureDeclined, Stage::Declined),
            AskKind::Prepare => (Kind::PrepareDeclined, Stage::Declined),
            AskKind::Cancel => {
                return self
                    .strikes(Kind::CancelRefused)
                    .then(|| Fact::CancelRefused { provider_code: "NO".to_owned() });
            }
            AskKind::LookUp | AskKind::Close => return None,
        };
        if !self.strikes(kind) {
            return None;
        }
        let account = &mut self.sales[usize::from(sale)].accounts[n];
        account.end(stage).then(|| account.shown(account.now))
    }

    /// Carries it out, and everything that follows from it at the provider.
    fn at_provider(&mut self, sale: u8, n: usize, ask: &Ask) -> Fact {
        if ask.kind() == AskKind::Capture && self.strikes(Kind::WrongAmount) {
            let account = &mut self.sales[usize::from(sale)].accounts[n];
            account.takes = Some((account.now.amount + WRONG_BY, Currency::Krw));
        }
        let account = &mut self.sales[usize::from(sale)].accounts[n];
        let before = account.now;
        let fact = account.ask(ask, self.now);
        let (after, asked) = (account.now, account.asked);
        if account.ways.pushes && before.stage == Stage::Unknown && after.stage == Stage::Ready {
            let wait = self.chance.between(200, 20_000);
            self.after(wait, Event::Window { sale, attempt: n as u8, act: Act::Pay });
        }
        if after.stage == Stage::Issued && before.stage != Stage::Issued {
            self.expect_deposit(sale, n);
        }
        if after != before {
            self.tells_edge(sale, n, false);
        }
        self.asked(sale, n, asked);
        fact
    }

    /// A copy that lags behind, or knows nothing.
    fn behind(&mut self, sale: u8, n: usize, fact: Fact) -> Fact {
        let account = &self.sales[usize::from(sale)].accounts[n];
        let lags = account.before != account.now && self.now < account.agree_at;
        let stage = account.now.stage;
        if lags && self.strikes(Kind::LookUpStale) {
            let account = &self.sales[usize::from(sale)].accounts[n];
            return account.shown(account.before);
        }
        if stage != Stage::Unknown && self.strikes(Kind::Forgets) {
            return Fact::NotFound;
        }
        let paid = matches!(self.payment(sale).phase, Phase::Paid(id, ..) if id == self.attempt_id(sale, n as u8));
        if paid && self.strikes(Kind::Contradiction) {
            let account = &self.sales[usize::from(sale)].accounts[n];
            let others =
                [Stage::Ready, Stage::Authenticated, Stage::Issued, Stage::Declined, Stage::Closed];
            let stage = self.chance.pick(&others);
            return account.shown(super::engine::Sight { stage, ..account.now });
        }
        fact
    }

    /// Whatever can be said.
    pub(super) fn anything(&mut self, sale: u8, n: usize) -> Fact {
        let (at, amount) = (self.chance.below(10), self.chance.below(4));
        let sale = &mut self.sales[usize::from(sale)];
        sale.lied = true;
        let account = &sale.accounts[n];
        let mut sight = account.now;
        sight.amount += if amount == 0 { WRONG_BY } else { 0 };
        let stages = [
            Stage::Unknown,
            Stage::Ready,
            Stage::Authenticated,
            Stage::Issued,
            Stage::Captured,
            Stage::Declined,
            Stage::Closed,
        ];
        match usize::try_from(at).ok().and_then(|at| stages.get(at)) {
            Some(stage) => account.shown(super::engine::Sight { stage: *stage, ..sight }),
            None if at == 7 => Fact::Prepared { token: Some("t".to_owned()) },
            None if at == 8 => Fact::Cancelled { cancelled: None },
            None => Fact::CancelRefused { provider_code: "ANY".to_owned() },
        }
    }

    /// An answer that does not fit what was asked.
    fn bent(&mut self, sale: u8, n: usize, mut fact: Fact) -> Fact {
        if fact.sighting().is_none() {
            return fact;
        }
        let (currency, merchant, request) = (
            self.strikes(Kind::WrongCurrency),
            self.strikes(Kind::WrongMerchant),
            self.strikes(Kind::WrongRequest),
        );
        let Some(sighting) = sighting_of(&mut fact) else { return fact };
        if currency {
            let other = |total: Total| Total::from_minor(total.minor(), Currency::Jpy);
            sighting.amount = other(sighting.amount).unwrap_or(sighting.amount);
            sighting.cancelled = other(sighting.cancelled).unwrap_or(sighting.cancelled);
        }
        if merchant {
            let account: &Account = &self.sales[usize::from(sale)].accounts[n];
            if account.ways.names_merchant {
                sighting.merchant = Some("other".to_owned());
            } else if let Some(other) = ProviderPaymentId::parse("other") {
                sighting.provider_payment_id = other;
            }
        }
        if request {
            sighting.request_id = "other".to_owned();
        }
        fact
    }
}

/// An answer as the machine hears it.
fn heard(attempt: AttemptId, asked: AskKind, refund: Option<RefundId>, fact: Fact) -> Input {
    match refund {
        Some(refund) => Input::RefundFact { refund, fact },
        None => Input::Fact { attempt, asked, fact },
    }
}

fn sighting_of(fact: &mut Fact) -> Option<&mut Sighting> {
    match fact {
        Fact::Authenticated(sighting)
        | Fact::DepositIssued(sighting, _)
        | Fact::Captured(sighting) => Some(sighting),
        Fact::More(_)
        | Fact::NotFound
        | Fact::Prepared { .. }
        | Fact::Waiting
        | Fact::Declined(_)
        | Fact::Closed
        | Fact::Cancelled { .. }
        | Fact::CancelRefused { .. }
        | Fact::Busy { .. }
        | Fact::Unclear { .. }
        | Fact::Silence => None,
    }
}
