//! The shop: takes notices or not, cancels, gives money back, and has people at the provider's console.

use shared::id::RefundId;
use shared::money::Amount;
use shared::payment::Phase;

use super::owner::Op;
use super::people::won;
use super::plan::{HOUR, MINUTE};
use super::{Event, World};
use crate::sim::weather::Kind;
use crate::sim::workload::Layer;

/// The shop sends a wish so often at most.
const WISHES_MAX: u8 = 5;
/// How long a dead shop stays dead: longer than the plan of a notice.
const DEAD_MS: u64 = 120 * HOUR;

/// What was done in a console may show in a look-up only so long after it, in milliseconds.
const LAG_MS: u64 = 110_000;
/// The edge looks more than once into what it is told so long after a payment, in milliseconds; some more than
/// its minute, as its clock may be off.
const LONG_PAID_MS: u64 = 3 * MINUTE;

/// What the shop does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    Cancel(u8),
    Wish(u8),
    Console,
    Replay,
}

/// A refund that the shop wants; `id` is what the edge keeps under the wish's key.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) order: usize,
    pub(super) amount: Option<Amount>,
    pub(super) id: Option<RefundId>,
    tries: u8,
    pub(super) answered: bool,
}

/// The shop's server.
#[derive(Debug, Default)]
pub(super) struct Shop {
    /// It takes no notices before this.
    pub(super) dead_until: u64,
    pub(super) keys: u32,
}

impl World {
    pub(super) fn shop_begins(&mut self) {
        if self.strikes(Kind::ShopDead) {
            self.shop.dead_until = self.now + DEAD_MS;
        }
    }

    /// The shop has learnt that it is paid.
    pub(super) fn shop_is_paid(&mut self, n: u8) {
        let sale = &mut self.sales[usize::from(n)];
        if self.plan.deals[sale.deal].gives_back {
            let orders = sale.record.checkout.orders.len();
            for order in 0..orders {
                let whole = sale.record.checkout.orders[order].amount.minor();
                let partial = sale.accounts.iter().all(|a| a.ways.style.partial_cancel);
                let part = partial && self.chance.in_thousand(500);
                let amount = part.then(|| won(self.chance.between(1, whole)));
                sale.wishes.push(Wish { order, amount, id: None, tries: 0, answered: false });
                let wish = sale.wishes.len() as u8 - 1;
                let at = self.now + self.chance.between(5_000, 20 * MINUTE);
                self.n += 1;
                let event = Event::Shop(n, Task::Wish(wish));
                self.events.push(std::cmp::Reverse(super::Timed { at, n: self.n, event }));
            }
        }
        let paid = sale.record.payment.phase.attempt();
        let held = sale
            .accounts
            .iter()
            .any(|account| Some(account.attempt) == paid && account.ways.style.escrow);
        // Nothing but the provider's event tells of a cancel in its console, but in an escrow.
        if (held || self.plan.off != Some(Layer::Webhooks)) && self.strikes(Kind::ConsoleCancel) {
            let when = self.chance.between(10_000, 2 * HOUR);
            self.after(when, Event::Shop(n, Task::Console));
        }
    }

    pub(super) fn shop_does(&mut self, n: u8, task: Task) {
        let sale = &mut self.sales[usize::from(n)];
        match task {
            Task::Cancel(tries) => {
                if !sale.cancelled && tries < WISHES_MAX {
                    self.send(Op::Cancel { sale: n });
                    self.after(15_000, Event::Shop(n, Task::Cancel(tries + 1)));
                }
            }
            Task::Wish(at) => {
                let wish = &mut sale.wishes[usize::from(at)];
                if !wish.answered && wish.tries < WISHES_MAX {
                    wish.tries += 1;
                    self.send(Op::Refund { sale: n, wish: at });
                    self.after(15_000, Event::Shop(n, Task::Wish(at)));
                }
            }
            Task::Console => self.console(n),
            Task::Replay => {
                let outs = sale.outs.iter().enumerate().filter(|(_, out)| out.dead);
                for at in outs.map(|(at, _)| at as u16).collect::<Vec<_>>() {
                    self.after(10, Event::Call(Op::Replay { sale: n, n: at }));
                }
            }
        }
    }

    /// Somebody gives money back in the provider's console (F39).
    fn console(&mut self, n: u8) {
        let sale = &self.sales[usize::from(n)];
        let Phase::Paid(id, ..) = sale.record.payment.phase else { return };
        let Some(at) = sale.accounts.iter().position(|account| account.attempt == id) else {
            return;
        };
        let now = self.now;
        let paid_at = sale.record.payment.phase.paid_at().unwrap_or_default().as_millis();
        let lags = now > paid_at + LONG_PAID_MS && !self.weather.has(Kind::ClockJump);
        let left = sale.accounts[at].net();
        let part = sale.accounts[at].ways.style.partial_cancel && self.chance.in_thousand(500);
        let amount = if part { self.chance.between(1, left.max(1)) } else { left };
        let account = &mut self.sales[usize::from(n)].accounts[at];
        if account.console(amount, now) {
            // What was done by hand a moment after the payment shows in every copy at once: nothing else
            // would look again. Later the edge does, by its clock, until every copy shows it (F19).
            account.agree_at = if lags { now + LAG_MS } else { now };
            self.tell(|| format!("the console gives {amount} of sale {n} back"));
            self.tells_edge(n, at, true);
        }
    }

    /// Calm: the shop asks for what it never got, once it lives again.
    pub(super) fn finish_shopping(&mut self) {
        let wait = self.shop.dead_until.saturating_sub(self.now) + HOUR;
        for n in 0..self.plan.deals.len() as u8 {
            self.after(wait, Event::Shop(n, Task::Replay));
            self.after(wait + 12 * HOUR, Event::Shop(n, Task::Replay));
        }
    }
}
