//! What happens at a provider without us: in its window, at the bank, and the events that it posts.

use shared::money::Currency;

use super::engine::{Stage, WRONG_BY};
use super::owner::Op;
use super::people::Doing;
use super::plan::{HOUR, MINUTE};
use super::shop::Task;
use super::{Event, World};
use crate::sim::weather::Kind;
use crate::sim::workload::Layer;

/// What happens in a provider's window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Act {
    Pay,
    Join,
    Refused,
    PressCancel,
    Shut,
    End,
    Approve,
}

impl World {
    pub(super) fn in_window(&mut self, sale: u8, attempt: u8, act: Act) {
        self.tell(|| format!("in the window of {sale}.{attempt}: {act:?}"));
        let tab = self
            .tabs
            .iter()
            .position(|tab| tab.sale == sale && tab.attempt == Some(attempt) && !tab.gone);
        let account = &mut self.sales[usize::from(sale)].accounts[usize::from(attempt)];
        match act {
            Act::Join => {
                account.joined = true;
                if let Some(tab) = tab {
                    self.looks(Some(tab));
                }
            }
            Act::Pay => {
                self.pays(sale, attempt);
                self.looks(tab);
            }
            Act::Refused => {
                if account.end(Stage::Declined) {
                    self.tells_edge(sale, usize::from(attempt), false);
                    self.comes_back(sale, attempt, false);
                    self.thinks_again(sale, attempt);
                }
                self.looks(tab);
            }
            Act::PressCancel => {
                let captures_itself = account.ways.style.stays_open();
                // A window that nothing closes can be opened once more from the history.
                if !captures_itself {
                    account.end(Stage::Closed);
                }
                self.comes_back(sale, attempt, true);
                self.looks(tab);
            }
            Act::Shut => {
                if let Some(tab) = tab {
                    self.send(Op::Abandon { tab: tab as u8, attempt });
                }
                self.looks(tab);
            }
            Act::Approve => {
                if account.approve(self.now) {
                    self.tells_edge(sale, usize::from(attempt), true);
                }
            }
            Act::End => {
                if account.end(Stage::Closed) {
                    self.tells_edge(sale, usize::from(attempt), false);
                }
            }
        }
    }

    /// The buyer is through with it.
    fn pays(&mut self, sale: u8, attempt: u8) {
        let (now, n) = (self.now, usize::from(attempt));
        let account = &self.sales[usize::from(sale)].accounts[n];
        let agreed = account.now.amount;
        let wrong = account.takes.is_none() && self.strikes(Kind::WrongAmount);
        let account = &mut self.sales[usize::from(sale)].accounts[n];
        if wrong {
            account.takes = Some((agreed + WRONG_BY, Currency::Krw));
        }
        if !account.pay(now) {
            return;
        }
        if account.now.stage == Stage::Issued {
            self.expect_deposit(sale, n);
        }
        self.tells_edge(sale, n, false);
        self.comes_back(sale, attempt, false);
        // F38: the shop changes its mind while the money moves.
        if self.strikes(Kind::ShopCancels) {
            let when = self.chance.between(10, 3_000);
            self.after(when, Event::Shop(sale, Task::Cancel(0)));
        }
    }

    /// F24: whoever takes the money itself may approve what it has refused. Nothing but its event tells.
    fn thinks_again(&mut self, sale: u8, attempt: u8) {
        let account = &self.sales[usize::from(sale)].accounts[usize::from(attempt)];
        let may = account.ways.style.captures_itself && self.plan.off != Some(Layer::Webhooks);
        if may && self.strikes(Kind::ApprovedAfterNo) {
            let wait = self.chance.between(1_000, 20 * MINUTE);
            self.after(wait, Event::Window { sale, attempt, act: Act::Approve });
        }
    }

    fn looks(&mut self, tab: Option<usize>) {
        let Some(at) = tab else { return };
        (self.tabs[at].looks, self.tabs[at].confirms) = (0, true);
        let wait = self.chance.between(300, 3_000);
        self.after(wait, Event::Tab(at as u8, Doing::Look));
    }

    /// The browser comes back from the provider, once, twice or never.
    fn comes_back(&mut self, sale: u8, attempt: u8, left: bool) {
        if self.plan.off == Some(Layer::Returns) || self.strikes(Kind::ReturnLost) {
            return;
        }
        self.send(Op::Returned { sale, attempt, left });
        if self.strikes(Kind::ReturnTwice) {
            let later = self.chance.between(100, 600_000);
            self.after(later, Event::Call(Op::Returned { sale, attempt, left }));
        }
    }

    /// The provider tells that something changed; `sure` where nothing else would tell it.
    pub(super) fn tells_edge(&mut self, sale: u8, n: usize, sure: bool) {
        let account = &mut self.sales[usize::from(sale)].accounts[n];
        account.events += 1;
        let (attempt, event) = (n as u8, account.events);
        if self.plan.off == Some(Layer::Webhooks) || (!sure && self.strikes(Kind::WebhookLost)) {
            return;
        }
        let mut delay = self.chance.between(50, 3_000);
        if self.strikes(Kind::WebhookEarly) {
            delay = 0;
        } else if self.strikes(Kind::WebhookLate) {
            delay = self.chance.between(10_000, 20 * MINUTE);
        }
        let hook = |event| Event::Call(Op::Webhook { sale, attempt, event });
        self.after(delay, hook(event));
        if self.strikes(Kind::WebhookTwice) {
            let later = delay + self.chance.between(0, 60_000);
            self.after(later, hook(event));
        }
        if self.strikes(Kind::WebhookStale) {
            let later = self.chance.between(10 * MINUTE, 5 * HOUR);
            self.after(later, hook(0));
        }
    }

    /// A stranger claims that something was paid.
    pub(super) fn somebody_claims(&mut self) {
        let sale = self.chance.below(self.sales.len() as u64) as u8;
        let Some(known) = self.sales.get(usize::from(sale)) else { return };
        let attempts = known.accounts.len() as u64;
        if attempts > 0 {
            let attempt = self.chance.below(attempts) as u8;
            self.after(1, Event::Call(Op::Webhook { sale, attempt, event: 0 }));
        }
    }

    /// An account was issued: somebody pays into it, or nobody.
    pub(super) fn expect_deposit(&mut self, sale: u8, n: usize) {
        if self.strikes(Kind::DepositMissing) {
            return;
        }
        if self.strikes(Kind::SessionEnded) {
            let wait = self.chance.between(1_000, HOUR);
            let act = if self.chance.in_thousand(500) { Act::End } else { Act::Refused };
            self.after(wait, Event::Window { sale, attempt: n as u8, act });
        }
        let wait = self.chance.between(MINUTE, 4 * HOUR);
        self.after(wait, Event::Deposit { sale, attempt: n as u8 });
    }

    pub(super) fn deposit(&mut self, sale: u8, attempt: u8) {
        let wrong = self.strikes(Kind::DepositWrong);
        let account = &mut self.sales[usize::from(sale)].accounts[usize::from(attempt)];
        if wrong {
            account.takes = Some((account.now.amount - WRONG_BY, Currency::Krw));
        }
        let paid = account.deposit(self.now);
        self.tell(|| format!("a deposit for {sale}.{attempt}: {paid}"));
        if paid {
            self.tells_edge(sale, usize::from(attempt), false);
        }
    }
}
