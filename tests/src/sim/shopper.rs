//! Buyers: people who choose, click twice, leave, come back, pay into accounts and lose patience.

use serde_json::json;
use widget::driver::manner;
use widget::flow::{Flow, Input, Sign, StateKind};
use widget::options::Device;
use widget::record::{Outcome, Presentation};

use super::browser::{Asked, Browser, PUBLIC, SHOP, TabRef};
use super::network::{Caller, Http};
use super::shop::{Call, EDGE, Task};
use super::weather::Kind;
use super::window::Window;
use super::world::{Event, World};

/// A buyer does so many things before losing patience.
const PATIENCE: u32 = 14;
/// Whoever tries what they may not waits so long for an answer, in milliseconds.
const WAIT_MS: u64 = 30_000;

/// What happens in a tab by itself or by its buyer.
#[derive(Debug)]
pub(super) enum Doing {
    /// The buyer looks at the page and decides.
    Decide,
    /// The time to ask again.
    Tick(u64),
    /// A question is put again.
    Ask(Asked),
    /// The buyer does something in the provider's window.
    Press(u64),
    /// Something is noticed.
    Notice(Sign),
    /// The window gave no sign of life for long.
    Silent(u64),
    /// The window is gone.
    Gone(u64),
    /// The page is loaded anew.
    Reload,
    /// The buyer goes back in the history.
    Back,
    /// The page is opened once more.
    Again,
    /// The buyer leaves.
    Leave,
}

impl World {
    /// The shop's page with the checkout is opened by its buyer.
    pub(super) fn open_page(&mut self, sale: usize, checkout: &str, token: &str) {
        let device = if self.chance.in_thousand(300) { Device::Mobile } else { Device::Pc };
        let browser = self.browsers.len();
        self.browsers.push(Browser {
            sale,
            checkout: checkout.to_owned(),
            token: token.to_owned(),
            device,
            storage: None,
            lock: None,
            tabs: Vec::new(),
            patience: PATIENCE,
            deposits: 0,
        });
        self.open_tab(browser, Some(token.to_owned()));
        if self.strikes(Kind::TokenStolen) {
            self.steal(browser, token);
        }
        for (kind, doing) in [
            (Kind::SecondTab, Doing::Again),
            (Kind::Reload, Doing::Reload),
            (Kind::TabClosed, Doing::Leave),
            (Kind::BackButton, Doing::Back),
        ] {
            if self.strikes(kind) {
                let wait = self.chance.between(200, 300_000);
                let tab = TabRef { browser, tab: 0, life: u64::MAX };
                self.after(wait, Event::Tab(tab, doing));
            }
        }
    }

    /// Somebody else posts the token first, or second; and others try without one.
    fn steal(&mut self, browser: usize, token: &str) {
        let merchant = self.shop.sales[self.browsers[browser].sale].deal.merchant;
        let checkout = self.browsers[browser].checkout.clone();
        self.try_the_other_shop(merchant, &checkout);
        let state = format!("State {checkout}.{:032x}", self.chance.id());
        let request = Http {
            headers: vec![("authorization".to_owned(), state)],
            ..Http::get(format!("{EDGE}/v1/session?device=pc"))
        };
        self.send(Caller::Stranger("I-7 I-15", "a state key that was made up"), request, WAIT_MS);
        let method = ["toss_card", "toss_books_card"][merchant];
        let body = json!({ "method": method, "presentation": "redirect", "device": "pc" });
        let header = |name: &str, value: String| (name.to_owned(), value);
        let request = Http {
            method: "POST",
            url: format!("{PUBLIC}/v1/attempts"),
            headers: vec![
                header("content-type", "application/json".to_owned()),
                header("authorization", format!("Bearer {token}")),
                header("idempotency-key", self.chance.key()),
                header("origin", SHOP.to_owned()),
            ],
            body: body.to_string().into_bytes(),
        };
        for _ in 0..2 {
            let wait = self.chance.between(0, 120_000);
            self.after(wait, Event::Steal(token.to_owned(), request.clone()));
        }
    }

    pub(super) fn tab_does(&mut self, mut at: TabRef, doing: Doing) {
        if at.life == u64::MAX {
            // Whatever life the first tab has by now.
            at.life = self.browsers[at.browser].tabs[at.tab].life;
        }
        if let Doing::Again = doing {
            let token = self.browsers[at.browser].token.clone();
            return self.open_tab(at.browser, Some(token));
        }
        if self.tab(at).is_none() {
            return;
        }
        match doing {
            Doing::Again => {}
            Doing::Decide => self.decide(at),
            Doing::Tick(timer) => {
                if self.tab(at).is_some_and(|tab| tab.timer == timer) {
                    self.feed(at, Input::Noticed(Sign::Tick));
                }
            }
            Doing::Ask(asked) => {
                if let Some(input) = self.put_question(at, asked) {
                    self.feed(at, input);
                }
            }
            Doing::Press(window) => self.press(at, window),
            Doing::Notice(sign) => self.feed(at, Input::Noticed(sign)),
            Doing::Silent(window) => {
                let silent = self.tab(at).and_then(|tab| tab.window.as_ref());
                if silent.is_some_and(|w| w.n == window && !w.spoke && manner(w.rung).speaks) {
                    self.feed(at, Input::Noticed(Sign::WindowSilent));
                }
            }
            Doing::Gone(window) => {
                if self.tab(at).and_then(|tab| tab.window.as_ref()).is_some_and(|w| w.n == window) {
                    self.feed(at, Input::Noticed(Sign::WindowClosed));
                }
            }
            Doing::Reload => self.load(at),
            Doing::Back => {
                // Out of the back-forward cache, as old as it was.
                let redirected = |window: &Window| window.rung == Presentation::Redirect;
                if let Some(tab) = self.tab(at)
                    && tab.window.as_ref().is_some_and(redirected)
                {
                    tab.window = None;
                    self.feed(at, Input::Noticed(Sign::Shown));
                }
            }
            Doing::Leave => self.leave(at),
        }
    }

    fn leave(&mut self, at: TabRef) {
        let browser = &mut self.browsers[at.browser];
        browser.tabs[at.tab].open = false;
        browser.tabs[at.tab].window = None;
        if browser.lock == Some(at.tab) {
            browser.lock = None;
        }
        self.tell(|| format!("buyer {}: tab {} is closed", at.browser, at.tab));
        // Some come back, to the page as it was, or to the one to which a provider would send them.
        if !self.weather.is_calm() && self.chance.in_thousand(250) {
            let wait = self.chance.between(1_000, 400_000);
            self.after(wait, Event::Tab(at, Doing::Again));
        }
    }

    /// The buyer will look at the page after a while.
    pub(super) fn will_decide(&mut self, at: TabRef) {
        let Some(tab) = self.tab(at) else { return };
        let Some(kind) = tab.flow.as_ref().map(Flow::kind) else { return };
        let acts = !matches!(kind, StateKind::Opening | StateKind::Climbing | StateKind::Loading);
        if acts && !std::mem::replace(&mut tab.deciding, true) {
            let wait = self.chance.pick(&[150, 700, 2_500, 9_000, 30_000]);
            self.after(wait, Event::Tab(at, Doing::Decide));
        }
    }

    fn decide(&mut self, at: TabRef) {
        let Some(tab) = self.tab(at) else { return };
        tab.deciding = false;
        let Some(flow) = tab.flow.as_ref() else { return };
        let (kind, outcome) = (flow.kind(), flow.outcome());
        let browser = &mut self.browsers[at.browser];
        if browser.patience == 0 && outcome != Outcome::Checking {
            return self.leave(at);
        }
        let roll = self.chance.below(100);
        let tired = |world: &mut Self| {
            let browser = &mut world.browsers[at.browser];
            browser.patience = browser.patience.saturating_sub(1);
        };
        match kind {
            StateKind::Choosing | StateKind::Declined => {
                tired(self);
                let again = if kind == StateKind::Choosing { 94 } else { 65 };
                match roll {
                    roll if roll < again => self.choose_and_press(at),
                    roll if roll < again + 3 => self.feed(at, Input::Retry),
                    _ => self.leave(at),
                }
            }
            StateKind::Failed | StateKind::Unreachable => {
                tired(self);
                self.feed(at, Input::Retry);
            }
            StateKind::Blocked | StateKind::Interrupted => {
                tired(self);
                match roll {
                    0..60 => self.feed(at, Input::Continue),
                    60..95 => self.feed(at, Input::Abandon),
                    _ => self.leave(at),
                }
            }
            StateKind::Viewer if roll < 15 => {
                tired(self);
                self.feed(at, Input::Continue);
            }
            StateKind::Away if roll < 3 => self.feed(at, Input::Abandon),
            StateKind::Deposit => self.pay_in(at),
            StateKind::Refused if roll < 50 => {
                tired(self);
                self.fresh_token(at);
            }
            kind if kind.is_over() => self.leave(at),
            _ => {}
        }
    }

    fn choose_and_press(&mut self, at: TabRef) {
        let Some(flow) = self.tab(at).and_then(|tab| tab.flow.as_ref()) else { return };
        let methods = flow.session.as_ref().map_or(&[][..], |session| &session.methods);
        let ids: Vec<String> =
            methods.iter().filter(|m| m.available()).map(|m| m.id.clone()).collect();
        if !ids.is_empty() && self.chance.in_thousand(800) {
            let at_method = self.chance.below(ids.len() as u64) as usize;
            self.feed(at, Input::Chosen { method: ids[at_method].clone() });
        }
        let key = self.chance.key();
        self.feed(at, Input::Pressed { key });
        if self.strikes(Kind::DoubleClick) {
            let key = self.chance.key();
            self.feed(at, Input::Pressed { key });
        }
    }

    /// The page is built again by the shop, whose server asks for a token that lasts.
    fn fresh_token(&mut self, at: TabRef) {
        let browser = &self.browsers[at.browser];
        let (sale, checkout) = (browser.sale, browser.checkout.clone());
        self.ask_token(sale, &checkout, Call::Token(at));
    }

    /// The buyer pays into the account, or does not.
    fn pay_in(&mut self, at: TabRef) {
        let Some(flow) = self.tab(at).and_then(|tab| tab.flow.as_ref()) else { return };
        let Some(attempt) = flow.status.as_ref().and_then(|s| s.attempt.clone()) else { return };
        let browser = &mut self.browsers[at.browser];
        browser.deposits += 1;
        if browser.deposits > 1 {
            return;
        }
        let amount = self.shop.sales[browser.sale].amount;
        if self.strikes(Kind::DepositMissing) {
            // Mostly the shop does not wait the whole week.
            if self.chance.in_thousand(700) {
                let sale = self.browsers[at.browser].sale;
                self.after(3_600_000, Event::Shop(Task::Cancel(sale)));
            }
            return;
        }
        let wrong = self.strikes(Kind::DepositWrong).then_some(amount + super::plant::WRONG_BY);
        let request_id = attempt.replacen("att_", "hb-", 1).replace('_', "-");
        let wait = self.chance.pick(&[20_000, 120_000, 1_800_000, 30_000_000]);
        self.after(wait, Event::Deposit { request_id, amount: wrong });
    }

    /// A page says "paid": the money must be there, and the right one (I-2, I-18).
    pub(super) fn told_paid(&mut self, at: TabRef) {
        let sale = self.browsers[at.browser].sale;
        self.paid_was_told(sale);
    }

    /// Buyers come to an end.
    pub(super) fn finish_shopping(&mut self) {
        for browser in 0..self.browsers.len() {
            for tab in 0..self.browsers[browser].tabs.len() {
                let life = self.browsers[browser].tabs[tab].life;
                let wait = self.chance.between(1_000, 1_500_000);
                self.after(wait, Event::Tab(TabRef { browser, tab, life }, Doing::Leave));
            }
        }
    }
}
