//! Sales, and buyers with their pages.

use edge::row::{Grant, Record};
use shared::checkout::{Checkout, Line, Order};
use shared::id::{
    AttemptId, ChannelId, CheckoutId, Home, MerchantId, MethodId, OrderId, PartyId, Sku,
};
use shared::means::{Device, Means, Presentation};
use shared::money::{Amount, Currency};
use shared::notes::Notes;
use shared::payment::{Attempt, Payment, Phase};
use shared::time::{Span, Timestamp};

use super::engine::{Account, Ways, window_life};
use super::letters::{Out, Told};
use super::owner::Op;
use super::plan::{Deal, MINUTE};
use super::shop::{Task, Wish};
use super::window::Act;
use super::{Event, World};
use crate::sim::weather::Kind;
use crate::sim::workload::Layer;

/// A page asks the edge so often at most after its window closed.
const LOOKS_MAX: u8 = 4;

/// What a page does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Doing {
    /// The buyer presses the button.
    Press,
    /// No answer came.
    Again,
    /// It asks where the payment stands.
    Look,
    /// It is closed.
    Close,
}

/// A sale: the edge's record, the provider's accounts, and what the shop knows.
#[derive(Debug)]
pub(super) struct Sale {
    pub(super) deal: usize,
    pub(super) record: Record,
    /// The number of the token that was made last.
    pub(super) jti: u32,
    pub(super) accounts: Vec<Account>,
    pub(super) outs: Vec<Out>,
    pub(super) wishes: Vec<Wish>,
    pub(super) told: Told,
    /// Which token began which attempt (I-7).
    pub(super) begun: Vec<(u32, AttemptId)>,
    pub(super) cancelled: bool,
    /// The provider said what was not so: its money is nobody's promise any more.
    pub(super) lied: bool,
}

/// A page of a buyer.
#[derive(Debug)]
pub(super) struct Tab {
    pub(super) sale: u8,
    key: u32,
    jti: Option<u32>,
    pub(super) attempt: Option<u8>,
    /// The attempt and rung whose window it has opened.
    window: Option<u8>,
    tries: u8,
    pub(super) looks: u8,
    /// Something happened in its window, and it does not know what came of it.
    pub(super) confirms: bool,
    waits: bool,
    pub(super) gone: bool,
}

impl Deal {
    pub(super) fn ways_of(&self, attempt: usize) -> (&'static Ways, bool) {
        let at = attempt.min(self.ways.len() - 1);
        (self.ways[at], self.deposits[at])
    }
}

/// An attempt as the owner's desk makes it.
pub(super) fn attempt(
    id: AttemptId,
    ways: &'static Ways,
    begun_by: [u8; 32],
    now: Timestamp,
) -> Attempt {
    Attempt {
        id,
        channel: ChannelId::parse("c").expect("a word"),
        method: MethodId::parse("m").expect("a word"),
        means: Means::Card,
        device: Device::Pc,
        presentation: Presentation::Popup,
        rung: 0,
        locale: String::new(),
        style: ways.style,
        merchant: ways.names_merchant.then(|| "m".to_owned()),
        begun_by,
        started_at: now,
        ends_at: now.after(window_life()),
        token: None,
        notes: Notes::none(),
        steps: 0,
        payment_id: None,
        decline: None,
    }
}

pub(super) fn won(minor: u64) -> Amount {
    Amount::from_minor(minor, Currency::Krw).expect("a price")
}

fn checkout(n: u8, deal: &Deal, now: Timestamp) -> Checkout {
    const NAMES: [&str; 3] = ["a", "b", "c"];
    let order = |(at, amount): (usize, &u64)| {
        let (goods, quantity) = deal.lines[at];
        Order {
            id: OrderId::parse(NAMES[at]).expect("a word"),
            seller: PartyId::parse(NAMES[at]).expect("a word"),
            lines: vec![Line {
                sku: Sku::parse(NAMES[goods]).expect("a word"),
                name: String::new(),
                quantity,
                unit: won(*amount),
                unlimited: false,
            }],
            amount: won(*amount),
        }
    };
    Checkout {
        id: CheckoutId::new(Home { generation: 1, shard: 0 }, u128::from(n)),
        merchant: MerchantId::parse("m").expect("a word"),
        buyer: PartyId::parse("b").expect("a word"),
        orders: deal.amounts.iter().enumerate().map(order).collect(),
        amount: won(deal.amounts.iter().sum()),
        label: String::new(),
        return_url: String::new(),
        created_at: now,
        expires_at: now.after(Span::millis(deal.life)),
    }
}

impl Sale {
    fn new(deal: usize, checkout: Checkout, (jti, grant): (u32, Grant)) -> Self {
        let record = Record {
            checkout,
            payment: Payment::default(),
            grant: Some(grant),
            first_grant: grant,
            state_keys: Vec::new(),
            is_listed: true,
        };
        Self {
            deal,
            record,
            jti,
            accounts: Vec::new(),
            outs: Vec::with_capacity(8),
            wishes: Vec::new(),
            told: Told::default(),
            begun: Vec::new(),
            cancelled: false,
            lied: false,
        }
    }

    /// The number of the token that is out.
    fn token(&self) -> Option<u32> {
        self.record.grant.map(|_| self.jti)
    }

    pub(super) fn amount(&self) -> u64 {
        self.record.checkout.amount.minor()
    }

    /// An attempt began: its provider will hear of it.
    pub(super) fn begun(
        &mut self,
        id: AttemptId,
        ways: &'static Ways,
        deposits: bool,
        jti: u32,
        now: u64,
    ) {
        let mut account = Account::new(id, ways, self.amount(), now);
        account.deposits = deposits;
        self.accounts.push(account);
        self.begun.push((jti, id));
    }
}

impl World {
    pub(super) fn open(&mut self, deal: usize) {
        let (n, now) = (self.sales.len() as u8, self.time());
        let checkout = checkout(n, &self.plan.deals[deal], now);
        let ways = self.plan.deals[deal].ways[0].name;
        self.tell(|| format!("sale {n} of {} opens, {ways}", checkout.amount));
        let grant = self.owner.new_grant(now);
        self.sales.push(Sale::new(deal, checkout, grant));
        self.owner.opened();
        self.arm();
        self.new_tab(n);
        if self.strikes(Kind::SecondTab) {
            self.new_tab(n);
        }
        if self.strikes(Kind::ShopCancels) {
            let when = self.chance.between(5_000, 40 * MINUTE);
            self.after(when, Event::Shop(n, Task::Cancel(0)));
        }
    }

    fn new_tab(&mut self, sale: u8) {
        let jti = self.sales[usize::from(sale)].token();
        let at = self.tabs.len() as u8;
        self.tabs.push(Tab {
            sale,
            key: 0,
            jti,
            attempt: None,
            window: None,
            tries: 0,
            looks: 0,
            confirms: false,
            waits: false,
            gone: false,
        });
        let wait = self.chance.between(500, 30_000);
        self.after(wait, Event::Tab(at, Doing::Press));
        if self.strikes(Kind::TabClosed) {
            let wait = wait + self.chance.between(0, 4 * MINUTE);
            self.after(wait, Event::Tab(at, Doing::Close));
        }
    }

    /// A call from outside, as the network brings it.
    pub(super) fn send(&mut self, op: Op) {
        let mut delay = self.chance.between(5, 120);
        if self.strikes(Kind::RequestLost) {
            return;
        }
        if self.strikes(Kind::RequestDelayed) {
            delay += self.chance.between(500, 30_000);
        }
        self.after(delay, Event::Call(op));
        if self.strikes(Kind::RequestDoubled) {
            let later = delay + self.chance.between(1, 60_000);
            self.after(later, Event::Call(op));
        }
    }

    pub(super) fn tab_does(&mut self, at: usize, doing: Doing) {
        let n = at as u8;
        let tab = &mut self.tabs[at];
        if tab.gone {
            return;
        }
        match doing {
            Doing::Close => {
                tab.gone = true;
                // Somebody who closed the page by mistake comes back.
                if self.strikes(Kind::Reload) {
                    let sale = self.tabs[at].sale;
                    self.new_tab(sale);
                }
            }
            Doing::Press => {
                if tab.jti.is_none() || tab.waits {
                    return;
                }
                self.shop.keys += 1;
                (tab.key, tab.waits) = (self.shop.keys, true);
                tab.tries += 1;
                self.press(n);
                if self.strikes(Kind::DoubleClick) {
                    self.press(n);
                }
            }
            Doing::Again => {
                if tab.waits {
                    self.press(n);
                }
            }
            Doing::Look => {
                // Where no page asks by the clock, one look has to do.
                let max = if self.plan.off == Some(Layer::Polls) { 1 } else { LOOKS_MAX };
                if tab.confirms && tab.looks < max {
                    tab.looks += 1;
                    let wait = 2_000 << tab.looks;
                    self.send(Op::Look { tab: n });
                    self.after(wait, Event::Tab(n, Doing::Look));
                }
            }
        }
    }

    fn press(&mut self, n: u8) {
        let tab = &self.tabs[usize::from(n)];
        let Some(jti) = tab.jti else { return };
        self.send(Op::Begin { tab: n, key: tab.key, jti });
        let wait = self.chance.between(4_000, 20_000);
        self.after(wait, Event::Tab(n, Doing::Again));
    }

    /// Whoever asked is answered with what is true by now.
    pub(super) fn answered(&mut self, op: Op) {
        if self.strikes(Kind::AnswerLost) {
            return;
        }
        match op {
            Op::Begin { tab, key, jti } => {
                if self.tabs[usize::from(tab)].key == key {
                    self.begin_answered(tab, jti);
                }
            }
            Op::Look { tab } | Op::Abandon { tab, .. } => self.status_told(tab),
            Op::Refund { sale, wish } => {
                self.sales[usize::from(sale)].wishes[usize::from(wish)].answered = true;
            }
            Op::Cancel { sale } => self.sales[usize::from(sale)].cancelled = true,
            Op::Present { .. }
            | Op::Returned { .. }
            | Op::Webhook { .. }
            | Op::Done { .. }
            | Op::Dead { .. }
            | Op::Replay { .. }
            | Op::Sweep => {}
        }
    }

    fn begin_answered(&mut self, n: u8, jti: u32) {
        let tab = &mut self.tabs[usize::from(n)];
        if !std::mem::take(&mut tab.waits) {
            return;
        }
        let sale = &self.sales[usize::from(tab.sale)];
        let begun = sale.begun.iter().find(|(by, _)| *by == jti).map(|(_, id)| *id);
        let at = sale.accounts.iter().position(|account| Some(account.attempt) == begun);
        tab.jti = None;
        // Begun by another tab, or by nobody: this one may only look on.
        let key = tab.key.to_be_bytes();
        let mine = begun.and_then(|id| sale.record.payment.attempt(id));
        match at.filter(|_| mine.is_some_and(|mine| mine.begun_by[..4] == key)) {
            Some(at) => (tab.attempt, tab.looks) = (Some(at as u8), 0),
            None => tab.attempt = None,
        }
        self.status_told(n);
    }

    fn status_told(&mut self, n: u8) {
        let tab = &mut self.tabs[usize::from(n)];
        let sale = &self.sales[usize::from(tab.sale)];
        let Some(own) = tab.attempt.filter(|_| !tab.gone) else { return };
        let id = sale.accounts[usize::from(own)].attempt;
        let payment = &sale.record.payment;
        match payment.phase {
            Phase::Presented(of) if of == id => {
                let shown = if payment.attempt(id).is_some_and(Attempt::joins) { 1 } else { 2 };
                if tab.window < Some(shown) {
                    tab.window = Some(shown);
                    self.window_opens(n, own, shown == 1);
                }
            }
            Phase::Paid(..) => {
                tab.confirms = false;
                self.paid_was_told(n);
            }
            Phase::Cancelled(_) | Phase::Expired(_) => tab.gone = true,
            Phase::Open => {
                tab.confirms = false;
                let grant = sale.token();
                let tries = self.plan.deals[sale.deal].tries;
                if grant.is_some() && tab.tries < tries && !tab.waits && tab.jti.is_none() {
                    (tab.jti, tab.window) = (grant, None);
                    let wait = self.chance.between(2_000, 60_000);
                    self.after(wait, Event::Tab(n, Doing::Press));
                }
            }
            // Not decided yet: it asks again by its clock.
            _ => {
                if !std::mem::replace(&mut tab.confirms, true) {
                    tab.looks = 0;
                    self.after(2_000, Event::Tab(n, Doing::Look));
                }
                // Who does not want to wait leaves, wherever the payment stands.
                if self.chance.in_thousand(40) {
                    self.send(Op::Abandon { tab: n, attempt: own });
                }
            }
        }
    }

    /// The window is shown, and the buyer does what this buyer does.
    fn window_opens(&mut self, n: u8, attempt: u8, joins: bool) {
        let sale = self.tabs[usize::from(n)].sale;
        if joins {
            let wait = self.chance.between(2_000, 90_000);
            return self.after(wait, Event::Window { sale, attempt, act: Act::Join });
        }
        if self.strikes(Kind::SessionEnded) {
            let wait = self.chance.between(1_000, 120_000);
            self.after(wait, Event::Window { sale, attempt, act: Act::End });
        }
        if self.chance.in_thousand(80) {
            self.send(Op::Present { tab: n, attempt });
        }
        let mut wait = self.chance.between(3_000, 180_000);
        if self.strikes(Kind::PaidLate) {
            wait = self.chance.between(25, 85) * MINUTE;
        }
        let act = match self.chance.below(20) {
            0 => Act::Refused,
            1 => Act::PressCancel,
            2 => Act::Shut,
            3 => return,
            _ => Act::Pay,
        };
        if act != Act::Pay && self.strikes(Kind::WindowClosed) {
            // Closed, and paid all the same: the phone's app was quicker.
            self.after(wait + 500, Event::Window { sale, attempt, act: Act::Pay });
        }
        self.after(wait, Event::Window { sale, attempt, act });
    }
}
