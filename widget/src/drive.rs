//! Performs the effects of the flow and feeds what comes back; owns timers, listeners and the window.
//!
//! One loop: an input is taken whole, its effects are performed in order, and inputs that arise
//! meanwhile wait in a queue. An effect that opens a window is performed in the same turn as the
//! click that caused it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::time::Duration;

use leptos::prelude::{TimeoutHandle, document, set_timeout_with_handle, window};
use leptos::tachys::view::{Mountable, Render};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Element, EventTarget, HtmlElement, MessageEvent};

use crate::api;
use crate::channel::{self, Gate, Kind, Listener, Tabs};
use crate::draw::{Drawn, Picture};
use crate::driver::{
    self, BLOCKED_WITHIN_MS, Driver, LOADED_SILENCE_MAX_MS, SILENCE_MAX_MS, WATCH_MS, manner,
};
use crate::flow::{Buyer, InputKind, is_passing};
use crate::flow::{Effect, Event, Flow, Input, Memory, Sign, StateKind, Verdict, verdict};
use crate::live::{Heard, Live};
use crate::page::{dispatch, dispatch_error, focus};
use crate::question::{Asker, Question, Reply};
use crate::record::{Presentation, Status, Window};
use crate::resume;
use crate::tabs;
use crate::text::Text;
use crate::value;

/// How often the very same wish is said again before the buyer is asked.
const ATTEMPT_TRIES: u32 = 4;
/// The pause before the second of them, in milliseconds; it doubles each time.
const ATTEMPT_PAUSE_MS: u64 = 800;

/// The window that is open.
struct Open {
    driver: Box<dyn Driver>,
    rung: Presentation,
    gate: Option<Gate>,
    spoke: bool,
    /// For how long it was looked at, in milliseconds.
    watched: u32,
}

/// The loop, with everything that belongs to the browser.
pub(crate) struct Drive {
    host: HtmlElement,
    asker: Asker,
    text: Text,
    token: Option<String>,
    flow: RefCell<Flow>,
    /// The face on the page.
    drawn: RefCell<Option<Drawn>>,
    /// Whether it is about to be drawn anew.
    stale: Cell<bool>,
    queue: RefCell<VecDeque<Input>>,
    busy: Cell<bool>,
    open: RefCell<Option<Open>>,
    wake: RefCell<Option<TimeoutHandle>>,
    watch: RefCell<Option<TimeoutHandle>>,
    tabs: RefCell<Option<Tabs>>,
    live: RefCell<Option<Live>>,
    listeners: RefCell<Vec<Listener>>,
    asking: Cell<bool>,
    ended: Cell<bool>,
}

impl Drive {
    /// A loop that stands still until [`Drive::start`].
    pub(crate) fn new(
        host: HtmlElement,
        asker: Asker,
        text: Text,
        token: Option<String>,
        flow: Flow,
    ) -> Rc<Self> {
        Rc::new(Self {
            host,
            asker,
            text,
            token,
            flow: RefCell::new(flow),
            drawn: RefCell::new(None),
            stale: Cell::new(false),
            queue: RefCell::default(),
            busy: Cell::new(false),
            open: RefCell::new(None),
            wake: RefCell::new(None),
            watch: RefCell::new(None),
            tabs: RefCell::new(None),
            live: RefCell::new(None),
            listeners: RefCell::default(),
            asking: Cell::new(false),
            ended: Cell::new(false),
        })
    }

    /// Draws the face into an empty element.
    pub(crate) fn draw(self: &Rc<Self>, root: &Element) {
        let mut drawn = Picture::of(self).build();
        drawn.mount(root, None);
        self.drawn.replace(Some(drawn));
    }

    /// Draws the face anew at the end of this turn, once for all that changes in it.
    fn draw_soon(self: &Rc<Self>) {
        if self.stale.replace(true) {
            return;
        }
        let weak = Rc::downgrade(self);
        spawn_local(async move {
            let Some(drive) = weak.upgrade() else { return };
            drive.stale.set(false);
            let picture = Picture::of(&drive);
            if let Some(drawn) = &mut *drive.drawn.borrow_mut() {
                picture.rebuild(drawn);
            }
        });
    }

    /// Listens, and performs the first effects.
    pub(crate) fn start(self: &Rc<Self>, effects: Vec<Effect>) {
        let page = window();
        let listeners = vec![
            channel::hear(self.weakly(|drive, event| drive.message(&event))),
            self.hears(&page, "focus"),
            self.hears(&page, "online"),
            self.hears(&page, "pageshow"),
            // The wire between tabs can be quicker than their storage, so the storage is heard as well.
            self.hears(&page, "storage"),
            // Coming back from an app is no focus in every browser.
            self.hears(&document(), "visibilitychange"),
        ];
        self.listeners.replace(listeners);
        let mut spoke = self.weakly(|drive, ()| drive.feed(Input::Noticed(Sign::TabSpoke)));
        self.tabs.replace(Tabs::join(&self.entry_name(), move || spoke(())));
        for effect in effects {
            self.perform(effect);
        }
    }

    /// One kind of ear for all of them: each of its own is code of its own.
    fn hears(self: &Rc<Self>, target: &EventTarget, name: &'static str) -> Listener {
        Listener::new(
            target,
            name,
            self.weakly(|drive, event: web_sys::Event| drive.notice(&event)),
        )
    }

    fn notice(self: &Rc<Self>, event: &web_sys::Event) {
        let of = |name: &str| js_sys::Reflect::get(event, &name.into()).unwrap_or_default();
        let (heard, sign) = match event.type_().as_str() {
            "pageshow" => (of("persisted").is_truthy(), Sign::Shown),
            "storage" => (of("key").as_string() == Some(self.entry_name()), Sign::TabSpoke),
            // A page that is on its way out asks nothing, and so is kept for the way back.
            _ => (!document().hidden(), Sign::Nudged),
        };
        if heard {
            self.feed(Input::Noticed(sign));
        }
    }

    /// Ends everything that could outlive the element.
    pub(crate) fn end(&self) {
        self.ended.set(true);
        self.listeners.take();
        self.tabs.take();
        self.sleep();
        self.hush();
        self.close_window();
        if let Some(mut drawn) = self.drawn.take() {
            drawn.unmount();
        }
    }

    /// A callback that does not keep the loop alive.
    fn weakly<T>(self: &Rc<Self>, act: impl Fn(&Rc<Self>, T) + 'static) -> impl FnMut(T) + 'static {
        let weak: Weak<Self> = Rc::downgrade(self);
        move |given| {
            if let Some(drive) = weak.upgrade() {
                act(&drive, given);
            }
        }
    }

    fn entry_name(&self) -> String {
        resume::entry_name(&self.asker.checkout)
    }

    /// Reads the flow.
    pub(crate) fn read<T>(&self, read: impl FnOnce(&Flow) -> T) -> T {
        read(&self.flow.borrow())
    }

    /// What it says, in the buyer's language.
    pub(crate) const fn text(&self) -> &Text {
        &self.text
    }

    /// The buyer pressed the button that pays. The page may say no before anything begins.
    pub(crate) fn press(self: &Rc<Self>) {
        let (kind, chosen) = self.read(|flow| (flow.kind(), flow.chosen.clone()));
        if matches!(verdict(kind, InputKind::Buyer(Buyer::Pressed)), Verdict::Go(_)) {
            let detail = [("method", chosen)];
            if !self.dispatch("hanbeon-before-pay", &value::object(&detail), true) {
                return;
            }
        }
        self.feed(Input::Pressed { key: fresh_key() });
    }

    /// Takes an input, and all that follow from it.
    pub(crate) fn feed(self: &Rc<Self>, input: Input) {
        self.queue.borrow_mut().push_back(input);
        if self.busy.replace(true) {
            return;
        }
        while let Some(input) = self.next_input() {
            let effects = self.flow.borrow_mut().step(input);
            self.draw_soon();
            for effect in effects {
                self.perform(effect);
            }
        }
        self.busy.set(false);
    }

    fn next_input(&self) -> Option<Input> {
        match self.ended.get() {
            true => None,
            false => self.queue.borrow_mut().pop_front(),
        }
    }

    fn perform(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::AskSession => {
                let token = self.flow.borrow().token.clone().or_else(|| self.token.clone());
                self.ask(Question::Session { memory: Memory::default(), token, owner: true });
            }
            Effect::AskStatus => self.ask(Question::Status),
            Effect::AskLook => self.ask(Question::Look),
            Effect::AskAbandon => {
                let attempt = self.flow.borrow().memory.attempt.clone();
                self.ask(Question::Abandon { attempt });
            }
            Effect::AskAttempt(intent) => self.ask(Question::Attempt { intent, other: None }),
            Effect::AskWindow(rung) => {
                let attempt = self.flow.borrow().memory.attempt.clone().unwrap_or_default();
                self.ask(Question::Window { attempt, rung });
            }
            Effect::OpenWindow(rung) => self.open_window(rung),
            Effect::ShowWindow(window) => self.show_window(window),
            Effect::FocusWindow => {
                if let Some(open) = &*self.open.borrow() {
                    open.driver.focus();
                }
            }
            Effect::CloseWindow => self.close_window(),
            Effect::Remember(memory) => resume::remember(&self.asker.checkout, &memory),
            Effect::Forget => resume::forget(&self.asker.checkout),
            Effect::Claim => tabs::claim(&self.entry_name()),
            Effect::TellTabs => {
                if let Some(tabs) = &*self.tabs.borrow() {
                    tabs.tell();
                }
            }
            Effect::Wake(after) => self.wake_after(after),
            Effect::Sleep => self.sleep(),
            Effect::Listen => self.listen(),
            Effect::Hush => self.hush(),
            Effect::FocusMethods => self.focus_methods(),
            Effect::Tell(event) => self.tell(event),
        }
    }

    /// Asks the edge. One question at a time of the kind that the clock asks.
    fn ask(self: &Rc<Self>, question: Question) {
        if question == Question::Status && self.asking.replace(true) {
            return;
        }
        let drive = Rc::clone(self);
        spawn_local(async move {
            let question = drive.complete(question).await;
            let reply = drive.carry(&question).await;
            if question == Question::Status {
                drive.asking.set(false);
            }
            let Some(reply) = reply else { return };
            drive.feed(question.input(reply, &drive.asker.edge));
        });
    }

    /// Adds what the browser knows besides: its memory, and whether another tab pays.
    async fn complete(&self, question: Question) -> Question {
        match question {
            Question::Session { token, .. } => {
                let memory = resume::recall(&self.asker.checkout);
                let owner = tabs::is_ours(&self.entry_name()).await;
                Question::Session { memory, token, owner }
            }
            Question::Attempt { intent, .. } => {
                let first = self.token.as_deref() == Some(&intent.token);
                let other = resume::recall(&self.asker.checkout).state_key.filter(|_| first);
                Question::Attempt { intent, other }
            }
            Question::Status
            | Question::Look
            | Question::Abandon { .. }
            | Question::Window { .. } => question,
        }
    }

    /// Carries the question; a wish is said again word for word while nobody answers and it stands.
    async fn carry(&self, question: &Question) -> Option<Reply> {
        let key = self.flow.borrow().memory.state_key.clone();
        let mut tries = match question {
            Question::Attempt { .. } => ATTEMPT_TRIES,
            Question::Session { .. }
            | Question::Status
            | Question::Look
            | Question::Abandon { .. }
            | Question::Window { .. } => 1,
        };
        let mut pause = ATTEMPT_PAUSE_MS;
        loop {
            let Some(request) = question.request(&self.asker, key.as_deref()) else {
                return Some(Reply::Refused("token_missing".to_owned()));
            };
            tries = tries.saturating_sub(1);
            let reply = api::ask(&self.asker.edge, request).await;
            let answered = match &reply {
                Reply::Told(_) => true,
                Reply::Refused(code) => !is_passing(code),
                Reply::Silence => false,
            };
            if answered || tries == 0 {
                return Some(reply);
            }
            rest(pause).await;
            if !question.stands(&self.flow.borrow()) {
                return None;
            }
            pause = pause.saturating_mul(2);
        }
    }

    // Windows.

    fn open_window(self: &Rc<Self>, rung: Presentation) {
        self.close_window();
        let driver = driver::open(rung, &self.host, &self.asker.checkout, &self.text);
        let Some(driver) = driver else {
            return self.feed(Input::Noticed(Sign::WindowBlocked));
        };
        let open = Open { driver, rung, gate: None, spoke: false, watched: 0 };
        self.open.replace(Some(open));
        self.watch_later();
    }

    fn show_window(self: &Rc<Self>, window: Window) {
        let other = self.open.borrow().as_ref().is_none_or(|open| open.rung != window.kind);
        if other {
            self.open_window(window.kind);
        }
        if let Some(open) = &mut *self.open.borrow_mut() {
            open.gate = Some(Gate::new(self.asker.edge.clone(), window.nonce));
            open.watched = 0;
            open.driver.show(&window.url);
        }
    }

    fn close_window(&self) {
        if let Some(timer) = self.watch.take() {
            timer.clear();
        }
        if let Some(open) = self.open.take() {
            open.driver.close();
        }
    }

    fn watch_later(self: &Rc<Self>) {
        let mut look = self.weakly(|drive, ()| drive.watch_window());
        let after = Duration::from_millis(u64::from(WATCH_MS));
        self.watch.replace(set_timeout_with_handle(move || look(()), after).ok());
    }

    /// Looks whether the window is still there, and whether it ever spoke.
    fn watch_window(self: &Rc<Self>) {
        let noticed = match &mut *self.open.borrow_mut() {
            None => return,
            Some(open) => {
                open.watched = open.watched.saturating_add(WATCH_MS);
                if open.driver.loaded() {
                    let most = SILENCE_MAX_MS.saturating_sub(LOADED_SILENCE_MAX_MS);
                    open.watched = open.watched.max(most);
                }
                let manner = manner(open.rung);
                let late = open.watched >= SILENCE_MAX_MS;
                if manner.closes && open.driver.gone() {
                    match !open.spoke && open.watched < BLOCKED_WITHIN_MS {
                        true => Some(Sign::WindowBlocked),
                        false => Some(Sign::WindowClosed),
                    }
                } else if manner.speaks && open.gate.is_some() && !open.spoke && late {
                    Some(Sign::WindowSilent)
                } else {
                    None
                }
            }
        };
        match noticed {
            Some(sign) => self.feed(Input::Noticed(sign)),
            None => self.watch_later(),
        }
    }

    fn message(self: &Rc<Self>, event: &MessageEvent) {
        let said = match &mut *self.open.borrow_mut() {
            None => return,
            Some(open) => {
                let source = event.source().map(JsValue::from);
                let ours = source == open.driver.source().map(JsValue::from) && source.is_some();
                let Some(gate) = &mut open.gate else { return };
                let said = gate.admit(&event.origin(), ours, &value::of_message(&event.data()));
                open.spoke |= said.is_some();
                said
            }
        };
        if said == Some(Kind::Look) {
            self.feed(Input::Noticed(Sign::Look));
        }
    }

    // The line over which the edge tells by itself.

    fn listen(self: &Rc<Self>) {
        self.hush();
        let Some(key) = self.flow.borrow().memory.state_key.clone() else { return };
        let heard = self.weakly(|drive, heard| match heard {
            Heard::Said(value) => {
                // One that cannot be read proves nothing, and the clock asks anyway.
                if let Some(status) = Status::read(&value) {
                    drive.feed(Input::Pushed(status));
                }
            }
            Heard::Gone => drive.feed(Input::Noticed(Sign::Parted)),
        });
        let live = Live::open(&self.asker.edge, &self.asker.checkout, key, heard);
        match live {
            Some(live) => drop(self.live.replace(Some(live))),
            None => self.feed(Input::Noticed(Sign::Parted)),
        }
    }

    /// What it says may be the reason for its end: it ends in a turn of its own.
    fn hush(&self) {
        if let Some(live) = self.live.take() {
            let _timer = set_timeout_with_handle(move || drop(live), Duration::ZERO);
        }
    }

    // Time, focus, and the page's events.

    fn wake_after(self: &Rc<Self>, after_ms: u64) {
        self.sleep();
        let mut tick = self.weakly(|drive, ()| {
            let is_gone = drive.live.borrow().as_ref().is_some_and(|live| !live.is_there());
            if is_gone {
                drive.hush();
                drive.feed(Input::Noticed(Sign::Parted));
            }
            drive.feed(Input::Noticed(Sign::Tick));
        });
        let timer = set_timeout_with_handle(move || tick(()), Duration::from_millis(after_ms));
        self.wake.replace(timer.ok());
    }

    fn sleep(&self) {
        if let Some(timer) = self.wake.take() {
            timer.clear();
        }
    }

    /// Moves the focus to the chosen method, once the list is drawn.
    fn focus_methods(&self) {
        let root = self.host.shadow_root();
        let later = move || focus(root.as_ref(), "input:checked");
        let _timer = set_timeout_with_handle(later, Duration::ZERO);
    }

    fn tell(&self, event: Event) {
        let none = &JsValue::NULL;
        let _allowed = match event {
            Event::Ready => self.dispatch("hanbeon-ready", none, false),
            Event::Paid => {
                let detail = value::object(&[("checkout", Some(self.asker.checkout.clone()))]);
                self.dispatch("hanbeon-paid", &detail, false)
            }
            Event::Error(code) => dispatch_error(&self.host, &code),
            Event::State { phase, outcome, version } => {
                let detail = value::object(&[
                    ("phase", Some(phase.word().to_owned())),
                    ("outcome", Some(outcome.word().to_owned())),
                ]);
                let version = u32::try_from(version).unwrap_or(u32::MAX);
                let _set = js_sys::Reflect::set(&detail, &"version".into(), &version.into());
                self.dispatch("hanbeon-state", &detail, false)
            }
        };
    }

    fn dispatch(&self, name: &str, detail: &JsValue, cancelable: bool) -> bool {
        dispatch(&self.host, name, detail, cancelable)
    }

    /// Tells the page that something is wrong.
    pub(crate) fn error(&self, code: &str) {
        dispatch_error(&self.host, code);
    }

    /// Whether an attempt has begun, so that the attributes are frozen.
    pub(crate) fn has_begun(&self) -> bool {
        match self.flow.borrow().kind() {
            StateKind::Loading
            | StateKind::Unreachable
            | StateKind::Choosing
            | StateKind::Refused => false,
            StateKind::Opening
            | StateKind::Failed
            | StateKind::Away
            | StateKind::Blocked
            | StateKind::Climbing
            | StateKind::Interrupted
            | StateKind::Confirming
            | StateKind::Viewer
            | StateKind::Deposit
            | StateKind::Declined
            | StateKind::Review
            | StateKind::Paid
            | StateKind::Cancelled
            | StateKind::Expired
            | StateKind::Refunded => true,
        }
    }
}

/// Ends after so many milliseconds.
async fn rest(after_ms: u64) {
    let ended = js_sys::Promise::new(&mut |resolve, _| {
        let end = move || {
            let _resolved = resolve.call0(&JsValue::NULL);
        };
        let _timer = set_timeout_with_handle(end, Duration::from_millis(after_ms));
    });
    let _rested = wasm_bindgen_futures::JsFuture::from(ended).await;
}

/// A new idempotency key: a version 4 UUID of the browser's own randomness.
fn fresh_key() -> String {
    let mut bytes = [0_u8; 16];
    if let Ok(crypto) = window().crypto() {
        let _filled = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    let mut key = uuid::Uuid::encode_buffer();
    let uuid = uuid::Builder::from_random_bytes(bytes).into_uuid();
    uuid.hyphenated().encode_lower(&mut key).to_owned()
}
