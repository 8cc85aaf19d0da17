//! What can happen next, to whom, and what comes of it.

use std::sync::Arc;

use shared::fact::{AskKind, Fact};
use shared::hold::{Answer, Claim, Command, Stock};
use shared::payment::{Input, InputKind, PhaseKind, Verdict, verdict};
use shared::time::{Span, Timestamp};
use stateright::{Model, Property};

use super::buyer::{
    BEGIN, Buyer, CHECKOUT, STEP, attempt_id, claim_id, forget, forget_sums, plans,
};
use super::plant::Plant;
use super::provider::{Errand, PART, PRICE, Pay, Stage, WRONG, Word, words};
use super::rules;
use super::scene::{Act, Deed, Scene};
use super::seen::Seen;

/// How long a window that nothing closes is looked at after its end; as long as `payment::work` says.
const WATCH: Span = Span::hours(1);

/// Later than every end.
const LATE: u8 = 200;

/// One state of everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct World {
    /// Steps of the clock.
    pub steps: u8,
    /// Faults that are left.
    pub faults: u8,
    /// One piece.
    pub stock: Stock,
    /// Who wants it.
    pub buyers: Vec<Arc<Buyer>>,
    /// What must not be, and was.
    pub broken: Option<&'static str>,
}

impl World {
    /// The time.
    pub fn now(&self) -> Timestamp {
        BEGIN.after(Span::millis(STEP.as_millis() * u64::from(self.steps)))
    }

    /// The next moment that matters to anybody.
    fn next(&self) -> Option<u8> {
        let now = self.now();
        let mut ends = Vec::new();
        for buyer in &self.buyers {
            buyer_ends(buyer, &mut ends);
        }
        for claim in self.stock.claims.values() {
            if let Claim::Held { until, .. } = claim {
                ends.push(*until);
            }
        }
        let next = ends.into_iter().filter(|end| *end > now).min()?;
        u8::try_from(next.since(BEGIN).as_millis() / STEP.as_millis()).ok()
    }
}

/// The moments that matter to a buyer.
fn buyer_ends(buyer: &Buyer, ends: &mut Vec<Timestamp>) {
    let payment = &buyer.payment;
    let over = |kind| matches!(verdict(payment.phase.kind(), kind), Verdict::Go(_));
    if !ended(payment.phase.kind()) && payment.phase.paid_at().is_none() {
        ends.push(CHECKOUT.expires_at);
    }
    for attempt in &payment.attempts {
        let present = payment.phase.attempt() == Some(attempt.id);
        let strays = payment.strays.iter().any(|(stray, _)| *stray == attempt.id);
        if present && over(InputKind::AttemptOver) {
            ends.push(attempt.ends_at);
        }
        if attempt.style.stays_open() && (present || strays) {
            ends.extend([attempt.ends_at, attempt.ends_at.after(WATCH)]);
        }
    }
    ends.extend(payment.phase.paid_at().map(|at| at.after(STEP)));
}

/// A scene, to be walked through.
pub struct Walk {
    /// Which.
    pub scene: Scene,
    /// What was seen on the way.
    pub seen: Arc<Seen>,
}

impl Walk {
    /// Everything that may happen to a buyer now.
    fn deeds(&self, world: &World, who: usize) -> Vec<Deed> {
        let (scene, buyer, now) = (&self.scene, &*world.buyers[who], world.now());
        let mut deeds = Vec::new();
        if buyer.token && buyer.payment.attempts.len() < scene.attempts {
            deeds.extend((0..scene.buyers[who].len()).map(Deed::Begin));
        }
        self.rounds(buyer, now, &mut deeds);
        self.errands(world, buyer, &mut deeds);
        deeds.extend((0..buyer.orphans.len()).map(Deed::Arrives));
        match buyer.ghost {
            Some((_, Some(word))) => deeds.push(Deed::Haunts(word)),
            Some((errand, None)) => {
                let style = buyer.style(errand.attempt());
                deeds.extend(words(style, errand).into_iter().map(Deed::Haunts));
            }
            None => {}
        }
        for n in 0..buyer.payment.attempts.len() {
            deeds.push(Deed::Look(n));
            if buyer.pays[n].news || buyer.payment.phase.paid_at().is_some() {
                deeds.push(Deed::Told(n));
            }
            if scene.honest {
                self.window(buyer, n, now, &mut deeds);
            }
        }
        if scene.cancels {
            deeds.extend(buyer.present().map(|_| Deed::Abandon));
            deeds.push(Deed::Cancel);
        }
        if buyer.wishes < scene.wishes && buyer.payment.phase.paid_at().is_some() {
            deeds.extend([Deed::Refund(PRICE), Deed::Refund(PART)]);
        }
        deeds.retain(|deed| deed.costs() <= world.faults || !scene.honest);
        deeds
    }

    fn rounds(&self, buyer: &Buyer, now: Timestamp, deeds: &mut Vec<Deed>) {
        if !buyer.lane.is_empty() {
            return;
        }
        // The tick comes first, and the plans are those that it leaves.
        let mut payment = buyer.payment.clone();
        payment.step(&CHECKOUT, Input::Tick, now);
        // Errands of one round are carried one after the other, as are those of several rounds; where they
        // differ is in what is asked before the first answer is heard, and an answer is judged by the state
        // that hears it. So a round has one errand here, or none.
        let debts = 1..=payment.stock_debts.len();
        deeds.push(Deed::Round(0));
        for (n, plan) in plans(&mut payment).into_iter().enumerate() {
            if plan.next_at.is_some() && !debts.contains(&n) {
                deeds.push(Deed::Round(1 << n));
            }
        }
        // What is owed to the stock decides nothing here: its answer only strikes it out.
        for n in 0..buyer.payment.stock_debts.len() {
            deeds.push(Deed::Debt(n, true));
            if self.scene.honest {
                deeds.extend([Deed::DebtDeaf(n), Deed::DebtLate(n)]);
            } else {
                deeds.push(Deed::Debt(n, false));
            }
        }
    }

    fn errands(&self, world: &World, buyer: &Buyer, deeds: &mut Vec<Deed>) {
        let Some(errand) = buyer.lane.first().copied() else { return };
        if buyer.heard.is_some() {
            deeds.extend([Deed::Hear, Deed::Crash(false)]);
            return;
        }
        if self.scene.stale && buyer.ghost.is_none() {
            deeds.push(Deed::Replaced);
        }
        let n = errand.attempt();
        let style = buyer.style(n);
        if !self.scene.honest {
            // How much went back matters to what is paid alone.
            let paid = buyer.payment.phase.paid_at().is_some() && buyer.present() == Some(n);
            let told = |word: &Word| paid || !matches!(word, Word::Captured(_, PART));
            deeds.extend(words(style, errand).into_iter().filter(told).map(Deed::Says));
            deeds.push(Deed::Crash(false));
            return;
        }
        deeds.extend([Deed::Carry(true), Deed::Lost, Deed::Crash(false)]);
        let asks = |kind| errand == Errand::Ask(n as u8, kind);
        if asks(AskKind::LookUp) {
            // Lags end well before the last look.
            if world.now() <= buyer.payment.attempts[n].ends_at {
                deeds.extend(buyer.pays[n].stale(style).into_iter().map(Deed::Says));
            }
            deeds.push(Deed::Says(Word::Foreign));
        } else {
            deeds.extend([Deed::Deaf, Deed::Late, Deed::Crash(true)]);
        }
        if asks(AskKind::Capture) || asks(AskKind::Prepare) {
            deeds.push(Deed::Carry(false));
        }
        if let Errand::GiveBack { .. } = errand {
            deeds.push(Deed::Says(Word::Refused));
        }
    }

    /// What buyer and provider may do without us.
    fn window(&self, buyer: &Buyer, n: usize, now: Timestamp, deeds: &mut Vec<Deed>) {
        let (pay, attempt) = (&buyer.pays[n], &buyer.payment.attempts[n]);
        let style = attempt.style;
        // Its window shows no payment while its buyer joins; and one of these days it is closed.
        let open = pay.shown && !attempt.joins() && now <= attempt.ends_at.max(BEGIN);
        let amounts = [PRICE, WRONG];
        match pay.stage {
            Stage::Unknown | Stage::Open if open || (pay.shown && !style.captures_itself) => {
                let ways: &[fn(usize, u64) -> Deed] = match style.captures_itself {
                    false => &[Deed::Authenticates],
                    true if self.scene.deposits && !style.closes => &[Deed::Pays, Deed::Issues],
                    true => &[Deed::Pays],
                };
                deeds.extend(ways.iter().flat_map(|way| amounts.map(|amount| way(n, amount))));
                deeds.extend((buyer.present() == Some(n)).then_some(Deed::Declines(n)));
            }
            Stage::Issued if now <= attempt.ends_at => deeds.push(Deed::Pays(n, pay.amount)),
            Stage::Declined if style.captures_itself => deeds.push(Deed::Approves(n)),
            Stage::Captured if pay.back == 0 => deeds.push(Deed::Console(n)),
            Stage::Captured if pay.news => deeds.push(Deed::Untold(n)),
            _ => {}
        }
        if pay.news && pay.stage == Stage::Captured && pay.back == 0 {
            deeds.push(Deed::Untold(n));
        }
    }

    /// What a deed does.
    fn act(&self, world: &mut World, who: usize, deed: Deed) -> Option<()> {
        world.faults = world.faults.saturating_sub(deed.costs());
        let now = world.now();
        let mut buyer = (*world.buyers[who]).clone();
        let (mut input, mut answered) = (None, false);
        match deed {
            Deed::Begin(style) => {
                input = Some(buyer.begin(self.scene.buyers[who][style], now));
            }
            Deed::Round(chosen) => {
                self.feed(world, &mut buyer, Input::Tick, now);
                buyer.take(chosen, now);
            }
            Deed::Carry(yes) => {
                let errand = *buyer.lane.first()?;
                buyer.heard = Some(self.reach(world, &mut buyer, who, errand, yes));
                answered = true;
            }
            Deed::Lost => {
                buyer.heard = Some(Word::Silence);
                answered = true;
            }
            Deed::Deaf => {
                let errand = *buyer.lane.first()?;
                self.reach(world, &mut buyer, who, errand, true);
                buyer.heard = Some(Word::Silence);
                answered = true;
            }
            Deed::Late => {
                buyer.orphans.push(*buyer.lane.first()?);
                buyer.heard = Some(Word::Silence);
                answered = true;
            }
            Deed::Says(word) => {
                buyer.heard = Some(word);
                answered = true;
            }
            Deed::Debt(n, yes) => {
                let (attempt, command, _) = *buyer.payment.stock_debts.get(n)?;
                let errand = Errand::Stock(attempt, command);
                let kept = !self.scene.honest && yes
                    || self.scene.honest
                        && self.reach(world, &mut buyer, who, errand, true) == Word::Stock(true);
                input = Some(Input::Stock { attempt, command, kept });
            }
            Deed::DebtDeaf(n) | Deed::DebtLate(n) => {
                let (attempt, command, _) = *buyer.payment.stock_debts.get(n)?;
                let errand = Errand::Stock(attempt, command);
                if matches!(deed, Deed::DebtLate(_)) {
                    buyer.orphans.push(errand);
                } else {
                    self.reach(world, &mut buyer, who, errand, true);
                }
            }
            Deed::Hear => input = hear(&mut buyer),
            Deed::Crash(goes_on) => {
                if goes_on {
                    buyer.orphans.push(*buyer.lane.first()?);
                }
                buyer.lane.clear();
                buyer.heard = None;
            }
            Deed::Replaced => {
                let errand = *buyer.lane.first()?;
                let honest = self.scene.honest;
                let word = honest.then(|| self.reach(world, &mut buyer, who, errand, true));
                buyer.ghost = Some((errand, word));
                buyer.lane.clear();
            }
            Deed::Haunts(word) => {
                let (errand, _) = buyer.ghost.take()?;
                input = buyer.hear(errand, word);
            }
            Deed::Arrives(n) => {
                let errand = buyer.orphans.remove(n);
                self.reach(world, &mut buyer, who, errand, true);
            }
            Deed::Look(n) => input = Some(look(n, "return")),
            Deed::Told(n) => {
                buyer.pays[n].news = false;
                input = Some(look(n, "webhook"));
            }
            Deed::Untold(n) => buyer.pays[n].news = false,
            Deed::Abandon => input = Some(Input::Abandon(buyer.payment.phase.attempt()?)),
            Deed::Cancel => input = Some(Input::ShopCancel),
            Deed::Refund(amount) => input = buyer.refund(amount, now),
            Deed::Authenticates(n, amount) => {
                moved(&mut buyer.pays[n], Stage::Authenticated, amount)
            }
            Deed::Issues(n, amount) => moved(&mut buyer.pays[n], Stage::Issued, amount),
            Deed::Pays(n, amount) => {
                buyer.pays[n].amount = amount;
                buyer.pays[n].take();
            }
            Deed::Declines(n) => buyer.pays[n].stage = Stage::Declined,
            Deed::Approves(n) => buyer.pays[n].take(),
            Deed::Console(n) => {
                buyer.pays[n].back = buyer.pays[n].amount;
                buyer.pays[n].news = true;
            }
        }
        if answered && !self.scene.apart {
            input = hear(&mut buyer);
        }
        if self.scene.plant == Some(Plant::SilenceIsNo)
            && let Some(Input::Fact { asked: AskKind::Capture, fact, .. }) = &mut input
            && *fact == Fact::Silence
        {
            *fact = Word::Declined.fact(attempt_id(0), now);
        }
        if let Some(input) = input {
            self.feed(world, &mut buyer, input, now);
        }
        self.settle(world, &mut buyer, who);
        forget(&mut buyer.payment, now);
        if !self.scene.honest {
            forget_sums(&mut buyer.payment);
        }
        buyer.pays.iter_mut().for_each(Pay::forget);
        if self.scene.plant == Some(Plant::AskedOnce) && !buyer.lane.is_empty() {
            buyer.payment.retry.next_at = None;
        }
        buyer.orphans.sort_by_key(|errand| format!("{errand:?}"));
        world.buyers[who] = Arc::new(buyer);
        Some(())
    }

    /// An errand arrives where it is carried out.
    fn reach(
        &self,
        world: &mut World,
        buyer: &mut Buyer,
        who: usize,
        errand: Errand,
        yes: bool,
    ) -> Word {
        let (n, now) = (errand.attempt(), world.now());
        let Errand::Stock(claim, command) = errand else {
            let style = buyer.style(n);
            let pay = &mut buyer.pays[n];
            return match (self.scene.plant, errand) {
                (Some(Plant::KeysForgotten), Errand::GiveBack { refund, amount, .. })
                    if pay.holds() >= amount =>
                {
                    pay.back += amount;
                    pay.keys.push(refund);
                    Word::Cancelled
                }
                (plant, errand) => believed(plant, pay.obey(style, errand, yes)),
            };
        };
        let answer = world.stock.apply(command, claim_id(who, claim), 1, now);
        let claims = world.stock.claims.iter().map(|(id, claim)| (*id, timeless(*claim)));
        world.stock.claims = claims.collect();
        let yes = self.scene.plant == Some(Plant::StockSaysYes);
        Word::Stock(answer == Answer::Done || yes)
    }

    /// With one buyer nobody else wants the piece: what is owed to the stock is paid at once.
    fn settle(&self, world: &mut World, buyer: &mut Buyer, who: usize) {
        if self.scene.buyers.len() > 1 {
            return;
        }
        let debts: Vec<_> = buyer.payment.stock_debts.iter().map(|(a, c, _)| (*a, *c)).collect();
        for (attempt, command) in debts {
            let errand = Errand::Stock(attempt, command);
            let kept = if self.scene.honest {
                self.reach(world, buyer, who, errand, true) == Word::Stock(true)
            } else if command == Command::Commit {
                continue;
            } else {
                true
            };
            let input = Input::Stock { attempt, command, kept };
            self.feed(world, buyer, input, world.now());
        }
    }

    fn feed(&self, world: &mut World, buyer: &mut Buyer, input: Input, now: Timestamp) {
        let before = buyer.payment.clone();
        let step = buyer.payment.step(&CHECKOUT, input, now);
        buyer.token = buyer.payment.may_begin(&CHECKOUT, now);
        // A beginning may have been refused.
        buyer.pays.resize_with(buyer.payment.attempts.len(), Pay::new);
        if self.scene.honest {
            buyer.show();
        }
        self.seen.step(before.phase.kind(), &step);
        let wrong = rules::of_step(&before, buyer, &step, self.scene.honest);
        world.broken = world.broken.or(wrong);
    }
}

fn look(n: usize, source: &'static str) -> Input {
    Input::LookNow { attempt: attempt_id(n), source }
}

const fn moved(pay: &mut Pay, stage: Stage, amount: u64) {
    pay.stage = stage;
    pay.amount = amount;
}

fn hear(buyer: &mut Buyer) -> Option<Input> {
    let word = buyer.heard.take()?;
    let errand = buyer.lane.remove(0);
    buyer.hear(errand, word)
}

/// An answer, as a mistake on purpose hears it.
const fn believed(plant: Option<Plant>, word: Word) -> Word {
    match (plant, word) {
        (Some(Plant::AmountBelieved), Word::Captured(_, back)) => Word::Captured(PRICE, back),
        _ => word,
    }
}

/// Tombstones outlive every scene.
const fn timeless(claim: Claim) -> Claim {
    let at = BEGIN;
    match claim {
        Claim::Held { .. } => claim,
        Claim::Secured { quantity, .. } => Claim::Secured { quantity, at },
        Claim::Committed { .. } => Claim::Committed { at },
        Claim::Released { .. } => Claim::Released { at },
    }
}

impl Model for Walk {
    type State = World;
    type Action = Act;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            steps: 0,
            faults: self.scene.faults,
            stock: Stock { units: Some(1), ..Stock::default() },
            buyers: self.scene.buyers.iter().map(|_| Arc::new(Buyer::new())).collect(),
            broken: None,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Act>) {
        // No answer travels for a quarter of an hour.
        let waits = world.buyers.iter().all(|buyer| buyer.heard.is_none());
        actions.extend(world.next().filter(|_| waits).map(|_| Act::Later));
        for who in 0..world.buyers.len() {
            actions.extend(self.deeds(world, who).into_iter().map(|deed| Act::To(who, deed)));
        }
    }

    fn next_state(&self, world: &World, act: Act) -> Option<World> {
        let mut next = world.clone();
        match act {
            Act::Later => next.steps = world.next()?,
            Act::To(who, deed) => self.act(&mut next, who, deed)?,
        }
        // Where no end is left, it does not matter how late it is.
        if next.next().is_none() {
            next.steps = LATE;
        }
        // What changes nothing is no way.
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        rules::properties(&self.scene)
    }
}

/// Whether a command was carried out for good.
pub fn winners(stock: &Stock) -> usize {
    let wins = |claim: &&Claim| matches!(claim, Claim::Secured { .. } | Claim::Committed { .. });
    stock.claims.values().filter(wins).count()
}

/// Whether the phase is one that is over.
pub const fn ended(phase: PhaseKind) -> bool {
    matches!(phase, PhaseKind::Cancelled | PhaseKind::Expired)
}

/// A state and what happened in it, in one line.
pub fn tell(world: &World, act: Option<Act>) -> String {
    let buyers = world.buyers.iter().map(|buyer| {
        let pays: Vec<_> = buyer.pays.iter().map(|pay| (pay.stage, pay.holds())).collect();
        format!("{:?} {pays:?} {:?}", buyer.payment.phase.kind(), buyer.lane)
    });
    let buyers = buyers.collect::<Vec<_>>().join(" | ");
    format!("{buyers} → {}", act.map_or_else(String::new, |act| format!("{act:?}")))
}
