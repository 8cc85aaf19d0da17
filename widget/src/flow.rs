//! The widget's machine: state, input, effect, `step`. Pure: no clock, no random, no browser.
//!
//! # Why
//! Three answers exist for a buyer: paid, not paid, still checking. While it is checking, no second
//! payment can start: no row of [`table::verdict`] leads from there to [`StateKind::Opening`].
//! A closed window, a message and a return are reasons to ask the edge, never answers; only a
//! [`Status`] moves the machine to an end, and one with a lower version than the last is old news.
//!
//! Where the edge tells by itself ([`Line`]) it is asked seldom, and where it does not, often; what it tells
//! is the same.
//!
//! `step` decides with the table first and then looks at the data: a table row may be held back
//! (nothing is chosen, the window is gone), and each such place says so.

mod enter;
pub mod kind;
mod state;
pub mod table;

use crate::record::{DeclineCode, Method, Outcome, Phase, Presentation, Session, Status};
use enter::first_available;
pub use kind::{Answer, Buyer, InputKind, News, Sign, StateKind};
pub use state::{Blank, Effect, Event, Input, Intent, Line, Memory, State, is_passing};
use state::{news, refusal};
pub use table::{Verdict, verdict};

/// The longest pause between two questions, in milliseconds.
pub const PAUSE_MAX_MS: u64 = 25_000;
/// The pause when the edge names none but something is still open, in milliseconds.
const PAUSE_DEFAULT_MS: u64 = 5_000;
/// The pause while the provider's answer may be on its way, in milliseconds: the edge puts no question
/// twice within a second.
const PAUSE_PATIENT_MS: u64 = 1_100;
/// The first pause after silence, in milliseconds; it doubles each time.
const PAUSE_SILENCE_MS: u64 = 1_000;
/// How often the provider is asked through us while confirming; afterwards the edge's own alarm does.
const LOOKS_MAX: u32 = 4;
/// Turns of the clock after which a lost line is tried again.
const LISTEN_AGAIN: u32 = 6;
/// Questions without news before the pause grows by its own length again.
const QUIET_STEP: u32 = 6;

/// The machine with what it knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// Where it stands.
    pub state: State,
    /// What is to be paid, once told.
    pub session: Option<Session>,
    /// The newest news.
    pub status: Option<Status>,
    /// The token with which an attempt may start.
    pub token: Option<String>,
    /// The chosen method.
    pub chosen: Option<String>,
    /// What is kept across reloads.
    pub memory: Memory,
    /// This tab pays; otherwise it looks on.
    pub owner: bool,
    /// The token that the page gave.
    page_token: Option<String>,
    /// The presentation on which the page insists.
    wish: Option<Presentation>,
    /// Questions since the last news.
    quiet: u32,
    /// Silences since the last answer.
    silences: u32,
    /// Whether the edge tells by itself.
    line: Line,
}

impl Flow {
    /// A machine at its start, with the effects that start it.
    #[must_use]
    pub fn start(
        token: Option<String>,
        wish: Option<Presentation>,
        pressed: bool,
    ) -> (Self, Vec<Effect>) {
        let flow = Self {
            state: State::Loading { pressed },
            session: None,
            status: None,
            token: token.clone(),
            page_token: token,
            chosen: None,
            memory: Memory::default(),
            owner: true,
            wish,
            quiet: 0,
            silences: 0,
            line: Line::Closed,
        };
        (flow, vec![Effect::AskSession])
    }

    /// The state's name.
    #[must_use]
    pub const fn kind(&self) -> StateKind {
        self.state.kind()
    }

    /// Takes one input; the answer is what is to be done, in order.
    pub fn step(&mut self, input: Input) -> Vec<Effect> {
        let mut out = Vec::new();
        // What the edge tells by itself is what it would have answered.
        if let Input::Pushed(status) = input {
            self.line = Line::Open;
            self.take(Input::StatusTold(status), &mut out);
        } else {
            self.take(input, &mut out);
        }
        self.mind_line(&mut out);
        out
    }

    /// Listens wherever it would ask, and has a key to show.
    fn mind_line(&mut self, out: &mut Vec<Effect>) {
        let kind = self.kind();
        let asks = kind.polls() && kind != StateKind::Unreachable;
        // A page that is about to leave hears nothing, and would not be kept for the way back.
        let leaves = kind == StateKind::Away && self.rung() == Presentation::Redirect;
        let wanted = asks && !leaves && self.memory.state_key.is_some();
        match (wanted, self.line) {
            (true, Line::Closed | Line::Lost(LISTEN_AGAIN..)) => {
                self.line = Line::Asked;
                out.push(Effect::Listen);
            }
            (false, Line::Asked | Line::Open | Line::Lost(_)) => {
                self.line = Line::Closed;
                out.push(Effect::Hush);
            }
            (true, Line::Asked | Line::Open | Line::Lost(_)) | (false, Line::Closed) => {}
        }
    }

    fn take(&mut self, input: Input, out: &mut Vec<Effect>) {
        let before = self.kind();
        let fresh = self.learn(&input, out);
        let name = self.name_of(&input);
        if fresh {
            match verdict(before, name) {
                Verdict::Same => {}
                Verdict::Keep => self.keep(&input, out),
                Verdict::Go(target) => self.enter(target, &input, out),
            }
        }
        let after = self.kind();
        if after != before {
            self.quiet = 0;
        }
        if before.has_window() && !after.has_window() {
            out.push(Effect::CloseWindow);
        }
        let parted = InputKind::Sign(Sign::Parted);
        let told = matches!(name, InputKind::Answer(_) | InputKind::Heard(_));
        if after.polls() && (told || name == parted) {
            out.push(Effect::Wake(self.pause()));
        } else if before.polls() && !after.polls() {
            out.push(Effect::Sleep);
        }
        // An attempt that is told without a window is news about the checkout as well.
        if let Input::AttemptTold(answer) = input
            && matches!(name, InputKind::Answer(Answer::AttemptNews | Answer::AttemptSeen))
        {
            self.take(Input::StatusTold(answer.status), out);
        }
    }

    /// The input's name, given what is known.
    pub(crate) fn name_of(&self, input: &Input) -> InputKind {
        match input {
            Input::Pressed { .. } => InputKind::Buyer(Buyer::Pressed),
            Input::Chosen { .. } => InputKind::Buyer(Buyer::Chosen),
            Input::Retry => InputKind::Buyer(Buyer::Retry),
            Input::Continue => InputKind::Buyer(Buyer::Continue),
            Input::Abandon => InputKind::Buyer(Buyer::Abandon),
            Input::SessionTold { session, .. } => {
                match session.status.as_ref().map(|status| news(status, self.owner)) {
                    None | Some(News::Open) => InputKind::Answer(Answer::SessionFresh),
                    Some(told) => InputKind::Heard(told),
                }
            }
            Input::AttemptTold(answer) => {
                InputKind::Answer(match (&answer.window, &answer.state_key) {
                    (Some(_), Some(_) | None) => Answer::AttemptGiven,
                    (None, Some(_)) => Answer::AttemptNews,
                    (None, None) => Answer::AttemptSeen,
                })
            }
            Input::WindowTold(_) => InputKind::Answer(Answer::WindowGiven),
            Input::StatusTold(status) | Input::Pushed(status) => {
                InputKind::Heard(news(status, self.owner))
            }
            Input::Refused { code, .. } => {
                InputKind::Answer(refusal(code, self.memory.state_key.is_some()))
            }
            Input::Silence => InputKind::Answer(Answer::Silence),
            Input::Noticed(sign) => InputKind::Sign(*sign),
        }
    }

    /// Takes up what is true in every state; `false` when the news is older than what is known.
    fn learn(&mut self, input: &Input, out: &mut Vec<Effect>) -> bool {
        match input {
            Input::SessionTold { session, memory, owner } => {
                self.silences = 0;
                self.learn_session(session, memory, *owner, out);
                session.status.as_ref().is_none_or(|status| self.learn_status(status, out))
            }
            Input::AttemptTold(answer) => {
                self.silences = 0;
                self.owner = answer.state_key.is_some() || answer.window.is_some();
                if let Some(key) = &answer.state_key {
                    self.memory.state_key = Some(key.clone());
                }
                if self.owner {
                    self.memory.attempt.clone_from(&answer.status.attempt);
                    out.push(Effect::Remember(self.memory.clone()));
                }
                self.learn_status(&answer.status, out);
                out.push(Effect::TellTabs);
                true
            }
            Input::StatusTold(status) | Input::Pushed(status) => {
                self.silences = 0;
                let known = self.status.as_ref().map(|known| known.version);
                let fresh = self.learn_status(status, out);
                if fresh && known != Some(status.version) {
                    out.push(Effect::TellTabs);
                }
                fresh
            }
            Input::Silence | Input::Refused { .. } => {
                self.silences = self.silences.saturating_add(1);
                true
            }
            Input::Noticed(Sign::Tick) => {
                self.quiet = self.quiet.saturating_add(1);
                if let Line::Lost(turns) = &mut self.line {
                    *turns = turns.saturating_add(1);
                }
                true
            }
            Input::Noticed(Sign::Parted) => {
                self.line = Line::Lost(0);
                true
            }
            Input::Noticed(_)
            | Input::WindowTold(_)
            | Input::Pressed { .. }
            | Input::Chosen { .. }
            | Input::Retry
            | Input::Continue
            | Input::Abandon => true,
        }
    }

    fn learn_session(
        &mut self,
        session: &Session,
        memory: &Memory,
        owner: bool,
        out: &mut Vec<Effect>,
    ) {
        if self.session.is_none() {
            out.push(Effect::Tell(Event::Ready));
        }
        self.session = Some(session.clone());
        if !self.kind().has_window() {
            self.memory = memory.clone();
            self.owner = owner;
        }
        let usable =
            |id: &str| session.methods.iter().any(|method| method.id == id && method.available());
        if !self.chosen.as_deref().is_some_and(usable) {
            self.chosen = first_available(session);
        }
    }

    fn learn_status(&mut self, status: &Status, out: &mut Vec<Effect>) -> bool {
        let known = self.status.as_ref().map(|known| (known.version, known.phase));
        if known.is_some_and(|(version, _)| status.version < version) {
            return false;
        }
        // From the first attempt on the page's token is burnt; only a fresh one may start another. An
        // attempt that ended is named no more, so its end counts as well.
        if status.attempt.is_some() || status.decline.is_some() || status.token.is_some() {
            self.token.clone_from(&status.token);
        }
        self.status = Some(status.clone());
        if known != Some((status.version, status.phase)) {
            self.quiet = 0;
            out.push(Effect::Tell(Event::State {
                phase: status.phase,
                outcome: status.outcome,
                version: status.version,
            }));
        }
        true
    }

    /// Stays in the state and does what the input asks for.
    fn keep(&mut self, input: &Input, out: &mut Vec<Effect>) {
        match input {
            Input::Pressed { .. } => {
                if let State::Loading { pressed } = &mut self.state {
                    *pressed = true;
                }
            }
            Input::Chosen { method } => self.choose_method(method),
            Input::Continue => out.push(Effect::FocusWindow),
            Input::Noticed(sign) => self.keep_noticed(*sign, out),
            // What was told is learnt already.
            Input::SessionTold { .. }
            | Input::AttemptTold(_)
            | Input::WindowTold(_)
            | Input::StatusTold(_)
            | Input::Pushed(_)
            | Input::Refused { .. }
            | Input::Silence
            | Input::Retry
            | Input::Abandon => {}
        }
    }

    /// Takes up the buyer's choice, if the method can be taken.
    fn choose_method(&mut self, id: &str) {
        if !self.method(id).is_some_and(Method::available) {
            return;
        }
        self.chosen = Some(id.to_owned());
        if let State::Choosing { notice } = &mut self.state {
            *notice = None;
        }
    }

    fn keep_noticed(&mut self, sign: Sign, out: &mut Vec<Effect>) {
        match sign {
            Sign::WindowBlocked => self.lose(Blank::Blocked),
            Sign::WindowClosed => self.lose(Blank::Gone),
            Sign::Look => {
                if let State::Confirming { patience, .. } = &mut self.state {
                    *patience = enter::patience(&Input::Noticed(sign));
                }
                out.push(Effect::AskLook);
            }
            Sign::WindowSilent | Sign::Shown | Sign::TabSpoke | Sign::Nudged | Sign::Tick => {
                out.push(self.question(sign));
            }
            // The clock is set anew, and asks.
            Sign::Parted => {}
        }
    }

    /// What is asked when there is a reason to ask.
    fn question(&mut self, sign: Sign) -> Effect {
        let reread = matches!(sign, Sign::TabSpoke) && !self.kind().has_window();
        if self.memory.state_key.is_none() || reread {
            return Effect::AskSession;
        }
        if let State::Confirming { asked, .. } = &mut self.state {
            *asked = asked.saturating_add(1);
            return match *asked <= LOOKS_MAX || sign == Sign::Shown {
                true => Effect::AskLook,
                false => Effect::AskStatus,
            };
        }
        match matches!(self.state, State::Loading { .. } | State::Unreachable) {
            true => Effect::AskSession,
            false => Effect::AskStatus,
        }
    }

    /// The empty window is gone before it had an address; a refused one stays refused.
    fn lose(&mut self, lost: Blank) {
        if let State::Opening { blank, .. } | State::Climbing { blank } = &mut self.state
            && *blank == Blank::Open
        {
            *blank = lost;
        }
    }

    /// The method of that id.
    #[must_use]
    pub fn method(&self, id: &str) -> Option<&Method> {
        self.session.as_ref()?.methods.iter().find(|method| method.id == id)
    }

    /// The rung on which the open attempt was last shown; a redirect when nobody remembers.
    #[must_use]
    pub fn rung(&self) -> Presentation {
        self.memory.intent.as_ref().map_or(Presentation::Redirect, |intent| intent.rung)
    }

    /// The rung on which the buyer may go on with the open attempt.
    #[must_use]
    pub fn offered_rung(&self) -> Presentation {
        if let State::Blocked { next } = &self.state { *next } else { self.rung() }
    }

    /// The rung below: the next of the method's ladder, and a redirect at its end.
    fn next_rung(&self) -> Presentation {
        let rung = self.rung();
        let ladder = self
            .memory
            .intent
            .as_ref()
            .and_then(|intent| self.method(&intent.method))
            .map_or(&[][..], |method| &method.presentations);
        let mut below = ladder.iter().skip_while(|step| **step != rung);
        below.next();
        below.next().copied().unwrap_or(match ladder.contains(&Presentation::Redirect) {
            true => Presentation::Redirect,
            false => ladder.last().copied().unwrap_or(Presentation::Redirect),
        })
    }

    /// When to ask again, in milliseconds.
    fn pause(&self) -> u64 {
        if let Some(again) = self.silences.checked_sub(1) {
            let factor = 1_u64.checked_shl(again).unwrap_or(PAUSE_MAX_MS);
            return PAUSE_SILENCE_MS.saturating_mul(factor).min(PAUSE_MAX_MS);
        }
        if matches!(self.state, State::Confirming { asked, patience } if asked < patience) {
            return PAUSE_PATIENT_MS;
        }
        let looks = matches!(self.state, State::Confirming { asked, .. } if asked < LOOKS_MAX);
        if self.line == Line::Open && !looks {
            return PAUSE_MAX_MS;
        }
        let told = self.status.as_ref().map_or(0, |status| status.poll_after_ms);
        let base = if told == 0 { PAUSE_DEFAULT_MS } else { told };
        let longer = u64::from(self.quiet.checked_div(QUIET_STEP).unwrap_or(0));
        base.saturating_mul(longer.saturating_add(1)).min(PAUSE_MAX_MS)
    }

    /// The only thing that a buyer is told: paid, not paid, or still checking.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        let told = self.status.as_ref().map_or(Outcome::NotPaid, |status| status.outcome);
        match self.kind() {
            StateKind::Paid => Outcome::Paid,
            StateKind::Confirming | StateKind::Failed => Outcome::Checking,
            StateKind::Choosing | StateKind::Declined => Outcome::NotPaid,
            StateKind::Loading
            | StateKind::Unreachable
            | StateKind::Opening
            | StateKind::Away
            | StateKind::Blocked
            | StateKind::Climbing
            | StateKind::Interrupted
            | StateKind::Viewer
            | StateKind::Deposit
            | StateKind::Review
            | StateKind::Cancelled
            | StateKind::Expired
            | StateKind::Refunded
            | StateKind::Refused => told,
        }
    }

    /// The checkout's phase in the edge's words.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.status.as_ref().map_or(Phase::Open, |status| status.phase)
    }

    /// Why the last attempt did not pay.
    #[must_use]
    pub fn decline(&self) -> Option<DeclineCode> {
        self.status.as_ref()?.decline
    }
}

#[cfg(test)]
mod tests;
