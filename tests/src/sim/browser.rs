//! A buyer's browser: tabs with the widget's own machine in each, storage, a lock, timers. What a page
//! does is `widget::flow`'s and `widget::question`'s; here it is carried out, as `widget/src/drive.rs` does
//! in a browser.

use std::collections::VecDeque;

use serde_json::{Value as Json, json};
use widget::driver::SILENCE_MAX_MS;
use widget::flow::{Effect, Event as Told, Flow, Input, Memory, Sign, is_passing};
use widget::options::Device;
use widget::question::{Asker, Question, Reply};
use widget::record::Presentation;
use widget::value::Value;

use super::network::{Caller, Http, HttpAnswer};
use super::shop::EDGE;
use super::shopper::Doing;
use super::window::Window;
use super::workload::Layer;
use super::world::{Event, World};

/// The edge, as pages reach it.
pub(super) const PUBLIC: &str = "http://edge.localhost:4412";
/// The shop's pages.
pub(super) const SHOP: &str = "http://shop.localhost:4410";
/// A page waits so long for an answer, in milliseconds (`widget/src/api.rs`).
const WAIT_MS: u64 = 25_000;
/// How often the very same wish is said again (`widget/src/drive.rs`), and the first pause.
const ATTEMPT_TRIES: u32 = 4;
const ATTEMPT_PAUSE_MS: u64 = 800;
/// More pages than this nobody opens.
const TABS_MAX: usize = 5;

/// A tab of a browser, in one of its lives: a page that is loaded anew is another life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TabRef {
    pub(super) browser: usize,
    pub(super) tab: usize,
    pub(super) life: u64,
}

/// A question on its way.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    question: Question,
    tries: u32,
    pause: u64,
}

/// A buyer's browser.
#[derive(Debug)]
pub(super) struct Browser {
    pub(super) sale: usize,
    pub(super) checkout: String,
    pub(super) token: String,
    pub(super) device: Device,
    pub(super) storage: Option<Memory>,
    /// The tab that pays, by the browser's lock.
    pub(super) lock: Option<usize>,
    pub(super) tabs: Vec<Tab>,
    pub(super) patience: u32,
    pub(super) deposits: u32,
}

/// A page with the widget.
#[derive(Debug)]
pub(super) struct Tab {
    pub(super) life: u64,
    pub(super) open: bool,
    pub(super) flow: Option<Flow>,
    pub(super) token: Option<String>,
    pub(super) window: Option<Window>,
    pub(super) timer: u64,
    pub(super) asking: bool,
    pub(super) deciding: bool,
    /// The key of the last wish, until it is answered; a page that is loaded anew knows of it too.
    pub(super) wish: Option<String>,
    /// The newest version that this page has told.
    pub(super) version: u64,
}

impl World {
    pub(super) fn open_tab(&mut self, browser: usize, token: Option<String>) {
        if self.browsers[browser].tabs.len() >= TABS_MAX {
            return;
        }
        let tab = self.browsers[browser].tabs.len();
        self.browsers[browser].tabs.push(Tab {
            life: 0,
            open: true,
            flow: None,
            token,
            window: None,
            timer: 0,
            asking: false,
            deciding: false,
            wish: None,
            version: 0,
        });
        self.load(TabRef { browser, tab, life: 0 });
    }

    /// The page is loaded: a new machine, what was remembered, and nothing else.
    pub(super) fn load(&mut self, at: TabRef) {
        let life = self.number();
        let browser = &mut self.browsers[at.browser];
        let tab = &mut browser.tabs[at.tab];
        tab.life = life;
        tab.open = true;
        (tab.window, tab.asking, tab.deciding, tab.version) = (None, false, false, 0);
        // A lock ends with its page.
        if browser.lock == Some(at.tab) {
            browser.lock = None;
        }
        let wish = match life % 8 {
            0 => Some(Presentation::Popup),
            1 => Some(Presentation::Redirect),
            _ => None,
        };
        let (flow, effects) = Flow::start(tab.token.clone(), wish, life.is_multiple_of(5));
        tab.flow = Some(flow);
        let at = TabRef { life, ..at };
        self.tell(|| format!("buyer {}: tab {} loads the page", at.browser, at.tab));
        let leaves = self.chance.between(30_000, 1_500_000);
        self.after(leaves, Event::Tab(at, Doing::Leave));
        self.perform_all(at, effects);
    }

    /// A page that is built again by the shop, with another token or none.
    pub(super) fn build_again(&mut self, at: TabRef, token: Option<String>) {
        if self.tab(at).is_some() {
            self.browsers[at.browser].tabs[at.tab].token = token;
            self.load(at);
        }
    }

    /// The tab, if it still lives this life.
    pub(super) fn tab(&mut self, at: TabRef) -> Option<&mut Tab> {
        let tab = self.browsers.get_mut(at.browser)?.tabs.get_mut(at.tab)?;
        (tab.open && tab.life == at.life).then_some(tab)
    }

    /// Takes an input, and all that follow from it.
    pub(super) fn feed(&mut self, at: TabRef, input: Input) {
        let Some(tab) = self.tab(at) else { return };
        let Some(flow) = &mut tab.flow else { return };
        let effects = flow.step(input);
        self.perform_all(at, effects);
        self.will_decide(at);
    }

    fn perform_all(&mut self, at: TabRef, effects: Vec<Effect>) {
        let mut left: VecDeque<Effect> = effects.into();
        while let Some(effect) = left.pop_front() {
            if self.tab(at).is_none() {
                return;
            }
            if let Some(input) = self.perform(at, effect) {
                let more = self.tab(at).and_then(|tab| tab.flow.as_mut()).map(|f| f.step(input));
                left.extend(more.unwrap_or_default());
            }
        }
    }

    /// Performs an effect; what is noticed at once comes back.
    fn perform(&mut self, at: TabRef, effect: Effect) -> Option<Input> {
        let browser = &mut self.browsers[at.browser];
        let tab = &mut browser.tabs[at.tab];
        let flow = tab.flow.as_ref()?;
        match effect {
            Effect::AskSession => {
                let token = flow.token.clone().or_else(|| tab.token.clone());
                let memory = browser.storage.clone().unwrap_or_default();
                let owner = browser.lock.is_none_or(|holder| holder == at.tab);
                return self.ask(at, Question::Session { memory, token, owner });
            }
            Effect::AskStatus => {
                if !std::mem::replace(&mut tab.asking, true) {
                    return self.ask(at, Question::Status);
                }
            }
            Effect::AskLook => return self.ask(at, Question::Look),
            Effect::AskAbandon => {
                let attempt = flow.memory.attempt.clone();
                return self.ask(at, Question::Abandon { attempt });
            }
            Effect::AskAttempt(intent) => {
                let first = tab.token.as_deref() == Some(&intent.token);
                let stored = browser.storage.as_ref().and_then(|memory| memory.state_key.clone());
                let other = stored.filter(|_| first);
                return self.ask(at, Question::Attempt { intent, other });
            }
            Effect::AskWindow(rung) => {
                let attempt = flow.memory.attempt.clone().unwrap_or_default();
                return self.ask(at, Question::Window { attempt, rung });
            }
            Effect::OpenWindow(rung) => return self.open_window(at, rung),
            Effect::ShowWindow(window) => return self.show_window(at, &window),
            Effect::CloseWindow => tab.window = None,
            Effect::Remember(memory) => {
                let kept = browser.storage.as_ref().is_some_and(|kept| kept.state_key.is_some());
                if memory.state_key.is_some() || !kept {
                    browser.storage = Some(stored(memory));
                }
            }
            Effect::Forget => browser.storage = None,
            Effect::Claim => {
                browser.lock.get_or_insert(at.tab);
            }
            Effect::TellTabs => {
                let others = browser.tabs.iter().enumerate();
                let open = others.filter(|(tab, other)| *tab != at.tab && other.open);
                let to = |(tab, other): (usize, &Tab)| TabRef { tab, life: other.life, ..at };
                let others: Vec<TabRef> = open.map(to).collect();
                for other in others {
                    self.after(20, Event::Tab(other, Doing::Notice(Sign::TabSpoke)));
                }
            }
            Effect::Wake(after) => {
                let timer = self.number();
                self.browsers[at.browser].tabs[at.tab].timer = timer;
                if self.plan.off != Some(Layer::Polls) {
                    self.after(after, Event::Tab(at, Doing::Tick(timer)));
                }
            }
            Effect::Sleep => tab.timer = 0,
            // No socket opens in this world: whatever is learnt, polls must bring.
            Effect::Listen => return Some(Input::Noticed(Sign::Parted)),
            Effect::Hush => {}
            Effect::FocusWindow | Effect::FocusMethods => {}
            Effect::Tell(Told::Paid) => self.told_paid(at),
            Effect::Tell(Told::State { version, .. }) => self.page_told(at, version),
            Effect::Tell(_) => {}
        }
        None
    }

    fn asker(&self, at: TabRef) -> Asker {
        let browser = &self.browsers[at.browser];
        let (edge, checkout) = (PUBLIC.to_owned(), browser.checkout.clone());
        Asker { edge, checkout, device: browser.device, locale: "ko".to_owned() }
    }

    fn ask(&mut self, at: TabRef, question: Question) -> Option<Input> {
        let tries = match question {
            Question::Attempt { .. } => ATTEMPT_TRIES,
            _ => 1,
        };
        self.put_question(at, Asked { question, tries, pause: ATTEMPT_PAUSE_MS })
    }

    pub(super) fn put_question(&mut self, at: TabRef, mut asked: Asked) -> Option<Input> {
        let asker = self.asker(at);
        let flow = self.tab(at)?.flow.as_ref().filter(|flow| asked.question.stands(flow))?;
        let key = flow.memory.state_key.clone();
        let Some(request) = asked.question.request(&asker, key.as_deref()) else {
            let refused = Reply::Refused("token_missing".to_owned());
            return Some(asked.question.input(refused, PUBLIC));
        };
        if let Question::Attempt { intent, .. } = &asked.question {
            self.wished(at, &intent.key);
        }
        asked.tries = asked.tries.saturating_sub(1);
        let mut headers: Vec<(String, String)> =
            request.headers.iter().map(|(k, v)| (k.to_ascii_lowercase(), v.clone())).collect();
        headers.push(("origin".to_owned(), SHOP.to_owned()));
        headers.push(("cf-connecting-ip".to_owned(), format!("192.0.2.{}", at.browser)));
        let (method, body) = match &request.body {
            None => ("GET", Vec::new()),
            Some(members) => {
                headers.push(("content-type".to_owned(), "application/json".to_owned()));
                let members = members.iter().map(|(k, v)| ((*k).to_owned(), json!(v)));
                ("POST", Json::Object(members.collect()).to_string().into_bytes())
            }
        };
        let http = Http { method, url: format!("{EDGE}{}", request.path), headers, body };
        self.send(Caller::Page(at, asked), http, WAIT_MS);
        None
    }

    pub(super) fn page_hears(&mut self, at: TabRef, mut asked: Asked, answer: Option<&HttpAnswer>) {
        let reply = read_reply(answer);
        if let (Question::Attempt { intent, .. }, Some(answer)) = (&asked.question, answer)
            && answer.code < 400
        {
            self.notes.begun(&intent.token, &answer.json());
        }
        if let Question::Attempt { intent, .. } = &asked.question {
            match &reply {
                Reply::Refused(code) if code == "token_replayed" => {
                    self.wish_refused(at, &intent.token, &intent.key);
                    self.wish_answered(at, &intent.key);
                }
                Reply::Refused(code) if is_passing(code) => {}
                Reply::Told(_) | Reply::Refused(_) => self.wish_answered(at, &intent.key),
                Reply::Silence => {}
            }
        }
        let Some(tab) = self.tab(at) else { return };
        if asked.question == Question::Status {
            tab.asking = false;
        }
        let answered = match &reply {
            Reply::Told(_) => true,
            Reply::Refused(code) => !is_passing(code),
            Reply::Silence => false,
        };
        if !answered && asked.tries > 0 {
            let pause = asked.pause;
            asked.pause *= 2;
            return self.after(pause, Event::Tab(at, Doing::Ask(asked)));
        }
        let input = asked.question.input(reply, PUBLIC);
        self.feed(at, input);
    }

    /// The time after which a frame that does not speak counts as silent.
    pub(super) fn watch(&mut self, at: TabRef, window: u64) {
        self.after(u64::from(SILENCE_MAX_MS), Event::Tab(at, Doing::Silent(window)));
    }
}

/// What the storage keeps: never the token.
fn stored(mut memory: Memory) -> Memory {
    if let Some(intent) = &mut memory.intent {
        intent.token = String::new();
    }
    memory
}

fn read_reply(answer: Option<&HttpAnswer>) -> Reply {
    let Some(answer) = answer else { return Reply::Silence };
    let Ok(json) = serde_json::from_slice::<Json>(&answer.body) else { return Reply::Silence };
    if answer.code < 400 {
        return Reply::Told(value(&json));
    }
    json["code"].as_str().map_or(Reply::Silence, |code| Reply::Refused(code.to_owned()))
}

/// JSON as the page reads it.
fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => number.as_u64().map_or(Value::Null, Value::Whole),
        Json::String(text) => Value::Text(text.clone()),
        Json::Array(items) => Value::List(items.iter().map(value).collect()),
        Json::Object(members) => {
            Value::Map(members.iter().map(|(key, member)| (key.clone(), value(member))).collect())
        }
    }
}
