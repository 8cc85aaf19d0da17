//! The provider's window in a buyer's browser: our page in front of it, the provider's own pages as they
//! come, whatever form they bring, and the way back.

use serde_json::Value as Json;
use widget::flow::{Input, Sign};
use widget::record::{Presentation, Window as Shown};

use super::browser::{PUBLIC, TabRef};
use super::network::{Caller, Http, HttpAnswer, Server};
use super::shop::{EDGE, Task};
use super::shopper::Doing;
use super::weather::Kind;
use super::workload::Layer;
use super::world::{Event, World};
use crate::pages::{Form, block, read_form, script_of};

/// The providers' pages, as browsers reach them.
const PSP: &str = "http://psp.localhost:4411";
/// A browser waits so long for a page, in milliseconds.
const WAIT_MS: u64 = 30_000;

/// A window of a page.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) n: u64,
    pub(super) rung: Presentation,
    /// Whether it gave a sign of life.
    pub(super) spoke: bool,
    form: Option<Form>,
    /// How often a page that did not come was asked for.
    tries: u32,
}

impl World {
    /// Opens an empty window in the buyer's click; what is noticed at once comes back.
    pub(super) fn open_window(&mut self, at: TabRef, rung: Presentation) -> Option<Input> {
        let blocked = rung == Presentation::Popup && self.strikes(Kind::PopupBlocked);
        let n = self.number();
        let tab = self.tab(at)?;
        if blocked {
            tab.window = None;
            return Some(Input::Noticed(Sign::WindowBlocked));
        }
        tab.window = Some(Window { n, rung, spoke: false, form: None, tries: 0 });
        None
    }

    /// Gives the window its address.
    pub(super) fn show_window(&mut self, at: TabRef, shown: &Shown) -> Option<Input> {
        let fits = |window: &Window| window.rung == shown.kind;
        if !self.tab(at)?.window.as_ref().is_some_and(fits) {
            let noticed = self.open_window(at, shown.kind);
            if noticed.is_some() {
                return noticed;
            }
        }
        let n = self.tab(at)?.window.as_ref()?.n;
        let url = shown.url.replacen(PUBLIC, EDGE, 1);
        self.watch(at, n);
        self.go(at, n, Http::get(url));
        if self.strikes(Kind::WindowClosed) {
            let wait = self.chance.between(100, 60_000);
            self.after(wait, Event::Tab(at, Doing::Gone(n)));
        }
        None
    }

    fn go(&mut self, at: TabRef, window: u64, request: Http) {
        let back = request.target().0 == Server::Edge && request.target().1.starts_with("/r/");
        if back {
            // The very moment at which the money may be moving (F38).
            if self.strikes(Kind::ShopCancels) {
                let sale = self.browsers[at.browser].sale;
                let wait = self.chance.between(0, 2_000);
                self.after(wait, Event::Shop(Task::Cancel(sale)));
            }
            if self.plan.off == Some(Layer::Returns) {
                return self.tell(|| "  the browser never comes back".to_owned());
            }
            if self.strikes(Kind::ReturnTwice) {
                let twice = request.clone();
                self.after(700, Event::Stale(twice));
            }
            if self.strikes(Kind::ReturnForged) {
                let mut other = request.clone();
                other.url = other_key(&other.url);
                self.send(
                    Caller::Stranger("I-18 F37", "a return with another key"),
                    other,
                    WAIT_MS,
                );
                let mut forged = request.clone();
                forged.url = format!("{}0?code=PAY_PROCESS_CANCELED&amount=1", forged.url);
                self.after(200, Event::Stale(forged));
            }
        }
        self.send(Caller::Window(at, window, request.clone()), request, WAIT_MS);
    }

    fn window(&mut self, at: TabRef, n: u64) -> Option<&mut Window> {
        self.tab(at)?.window.as_mut().filter(|window| window.n == n)
    }

    pub(super) fn window_hears(
        &mut self,
        at: TabRef,
        n: u64,
        request: Http,
        answer: Option<HttpAnswer>,
    ) {
        let Some(window) = self.window(at, n) else { return };
        let Some(answer) = answer.filter(|answer| answer.code < 500) else {
            // The buyer loads it anew; a form is posted again.
            window.tries += 1;
            let waits = window.tries <= 2;
            if waits {
                self.go(at, n, request);
            } else {
                self.give_window_up(at, n);
            }
            return;
        };
        if answer.code == 303 {
            return self.redirected(at, n, answer.header("location"));
        }
        let page = answer.text();
        if page.contains("id=\"hanbeon\"") {
            return self.our_page(at, n, page);
        }
        let Some(form) = read_form(page) else { return self.give_window_up(at, n) };
        if page.contains("id=\"back\"") {
            return self.go(at, n, Http::form(form.action, &form.fields));
        }
        if form.buttons.is_empty() {
            return self.give_window_up(at, n);
        }
        if let Some(window) = self.window(at, n) {
            window.form = Some(form);
        }
        let wait = self.chance.pick(&[400, 3_000, 12_000, 45_000, 200_000]);
        self.after(wait, Event::Tab(at, Doing::Press(n)));
    }

    fn redirected(&mut self, at: TabRef, n: u64, location: &str) {
        let request = Http::get(absolute(location));
        match request.target().0 {
            Server::Shop => self.build_again(at, None),
            Server::Edge | Server::Providers => {
                let url = request.url.replacen(PUBLIC, EDGE, 1);
                self.go(at, n, Http::get(url));
            }
        }
    }

    /// Our page in front of the window, or the one at its end.
    fn our_page(&mut self, at: TabRef, n: u64, page: &str) {
        if page.contains("/window/close.js") {
            return self.closing_page(at, n);
        }
        let heard = !self.strikes(Kind::MessageLost);
        if let Some(window) = self.window(at, n) {
            window.spoke |= heard;
        }
        let data = &block(page)["data"];
        let Some(data) = data.as_str() else {
            if let Some(form) = read_form(page) {
                self.go(at, n, Http::form(form.action, &form.fields));
            }
            return;
        };
        let data: Json = serde_json::from_str(data).unwrap_or_default();
        let script = script_of(page);
        let Some(opens) = self.sandbox.script_opens(&script, &data) else {
            return self.notes.wrong("sim", "no script for this window".to_owned());
        };
        self.go(at, n, Http::get(format!("{PSP}{opens}")));
    }

    /// It tells the shop's page to look; a popup closes itself.
    fn closing_page(&mut self, at: TabRef, n: u64) {
        let Some(rung) = self.window(at, n).map(|window| window.rung) else { return };
        if !self.strikes(Kind::MessageLost) {
            if let Some(window) = self.window(at, n) {
                window.spoke = true;
            }
            self.after(30, Event::Tab(at, Doing::Notice(Sign::Look)));
        }
        if rung == Presentation::Popup {
            self.after(300, Event::Tab(at, Doing::Gone(n)));
        }
    }

    /// A page from which nothing leads on: the buyer closes it, or loads the shop's page again.
    fn give_window_up(&mut self, at: TabRef, n: u64) {
        let Some(rung) = self.window(at, n).map(|window| window.rung) else { return };
        let wait = self.chance.between(2_000, 40_000);
        let doing = match rung {
            Presentation::Popup => Doing::Gone(n),
            Presentation::Redirect => Doing::Back,
            Presentation::Iframe => return,
        };
        self.after(wait, Event::Tab(at, doing));
    }

    /// The buyer presses a button of the provider's.
    pub(super) fn press(&mut self, at: TabRef, n: u64) {
        let roll = self.chance.below(100);
        let word = match roll {
            0..70 => None,
            70..78 => Some("auth3ds"),
            78..84 => Some("delay"),
            84..91 => Some("decline"),
            91..98 => Some("cancel"),
            _ => return self.give_window_up(at, n),
        };
        let other_card = self.chance.in_thousand(60);
        let Some(form) = self.window(at, n).and_then(|window| window.form.take()) else { return };
        let named = word.filter(|word| form.buttons.iter().any(|button| button == word));
        let Some(button) = named.or(form.buttons.first().map(String::as_str)) else { return };
        let mut fields = form.fields.clone();
        if other_card && !form.choices.is_empty() {
            let (name, value) = form.choices[roll as usize % form.choices.len()].clone();
            fields.retain(|(field, _)| *field != name);
            fields.push((name, value));
        }
        fields.push(("action".to_owned(), button.to_owned()));
        self.tell(|| format!("buyer {}: presses {button}", at.browser));
        let request = Http::form(absolute(&form.action), &fields);
        if self.strikes(Kind::DoubleClick) {
            self.send(Caller::Nobody, request.clone(), WAIT_MS);
        }
        self.go(at, n, request);
    }
}

/// A return's address with another key.
fn other_key(url: &str) -> String {
    let (path, query) =
        url.split_once('?').map_or((url, None), |(path, query)| (path, Some(query)));
    let other = if path.ends_with('0') { "1" } else { "0" };
    let path = [&path[..path.len().saturating_sub(1)], other].concat();
    query.map_or(path.clone(), |query| format!("{path}?{query}"))
}

/// An address of a provider's page; a relative one is of the provider's own.
fn absolute(url: &str) -> String {
    if url.starts_with("http") { url.to_owned() } else { format!("{PSP}{url}") }
}
