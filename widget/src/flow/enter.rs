//! What is done on entering a state.

use super::state::{Blank, Effect, Event, Input, Intent, State};
use super::{Flow, Sign, StateKind};
use crate::record::{AttemptAnswer, Method, Phase, Session};

impl Flow {
    /// Enters the state that the table names, unless the data holds it back.
    pub(super) fn enter(&mut self, target: StateKind, input: &Input, out: &mut Vec<Effect>) {
        if let Some(intent) = self.unanswered(input) {
            return self.repeat(intent, out);
        }
        match target {
            StateKind::Loading => {
                self.state = State::Loading { pressed: false };
                out.push(Effect::AskSession);
            }
            StateKind::Unreachable => self.state = State::Unreachable,
            StateKind::Choosing => self.choose(input, out),
            StateKind::Opening => self.open(input, out),
            StateKind::Failed => {
                if let State::Opening { intent, .. } = &self.state {
                    self.state = State::Failed { intent: intent.clone() };
                }
            }
            StateKind::Away => self.show(input, out),
            StateKind::Blocked => self.state = State::Blocked { next: self.next_rung() },
            StateKind::Climbing => self.climb(out),
            StateKind::Interrupted => self.interrupt(),
            StateKind::Confirming => self.confirm(input, out),
            StateKind::Viewer => self.state = State::Viewer,
            StateKind::Deposit => self.state = State::Deposit,
            StateKind::Declined => self.state = State::Declined,
            StateKind::Review => self.state = State::Review,
            StateKind::Paid => {
                self.state = State::Paid;
                out.push(Effect::Tell(Event::Paid));
            }
            StateKind::Cancelled => self.state = State::Cancelled,
            StateKind::Expired => self.state = State::Expired,
            StateKind::Refunded => self.state = State::Refunded,
            StateKind::Refused => self.refuse(input, out),
        }
    }

    /// A wish from before a reload that nobody answered. It may have arrived, so nothing but the very
    /// same wish may follow it.
    fn unanswered(&self, input: &Input) -> Option<Intent> {
        let memory = if let Input::SessionTold { memory, owner: true, .. } = input {
            memory
        } else if let Input::Refused { code, memory: Some(memory) } = input {
            (code == "token_replayed").then_some(memory)?
        } else {
            return None;
        };
        let starting = matches!(self.kind(), StateKind::Loading | StateKind::Unreachable);
        let token = self.page_token.clone().filter(|_| starting && memory.state_key.is_none())?;
        memory.intent.clone().map(|intent| Intent { token, ..intent })
    }

    /// Says the very same wish again. No window is opened: this is not a click.
    fn repeat(&mut self, intent: Intent, out: &mut Vec<Effect>) {
        self.memory.intent = Some(intent.clone());
        self.state = State::Opening { intent: intent.clone(), blank: Blank::Gone };
        out.push(Effect::Claim);
        out.push(Effect::AskAttempt(intent));
    }

    /// Offers the methods; after a refusal with its reason, and then the next try is a new wish.
    fn choose(&mut self, input: &Input, out: &mut Vec<Effect>) {
        let pressed = matches!(self.state, State::Loading { pressed: true });
        let mut notice = None;
        if let Input::Refused { code, .. } = input {
            notice = Some(code.clone());
            self.memory.intent = None;
            out.push(Effect::Remember(self.memory.clone()));
            out.push(Effect::Tell(Event::Error(code.clone())));
        }
        self.state = State::Choosing { notice };
        if pressed || matches!(input, Input::Retry) {
            out.push(Effect::FocusMethods);
        }
    }

    /// Begins a wish, or repeats the one that failed. Held back while nothing can be chosen.
    fn open(&mut self, input: &Input, out: &mut Vec<Effect>) {
        let intent = match (&self.state, input) {
            (State::Failed { intent }, _) => Some(intent.clone()),
            (_, Input::Pressed { key }) => self.wish_now(key),
            (_, _) => None,
        };
        let Some(intent) = intent else {
            out.push(Effect::FocusMethods);
            return;
        };
        self.owner = true;
        self.memory.intent = Some(intent.clone());
        self.state = State::Opening { intent: intent.clone(), blank: Blank::Open };
        out.push(Effect::OpenWindow(intent.rung));
        out.push(Effect::Claim);
        out.push(Effect::Remember(self.memory.clone()));
        out.push(Effect::AskAttempt(intent));
    }

    fn wish_now(&self, key: &str) -> Option<Intent> {
        let token = self.token.clone()?;
        let method = self.method(self.chosen.as_deref()?).filter(|method| method.available())?;
        let wished = self.wish.filter(|wish| method.presentations.contains(wish));
        let rung = wished.or_else(|| method.presentations.first().copied())?;
        Some(Intent { key: key.to_owned(), method: method.id.clone(), rung, token })
    }

    /// Shows the window, unless the empty one is gone: then the buyer's next click opens another.
    fn show(&mut self, input: &Input, out: &mut Vec<Effect>) {
        let (Input::AttemptTold(AttemptAnswer { window: Some(window), .. })
        | Input::WindowTold(window)) = input
        else {
            return;
        };
        let (State::Opening { blank, .. } | State::Climbing { blank }) = &self.state else {
            return;
        };
        let blank = *blank;
        if let Some(intent) = &mut self.memory.intent {
            intent.rung = window.kind;
        }
        match blank {
            Blank::Open => {
                self.state = State::Away;
                out.push(Effect::Remember(self.memory.clone()));
                out.push(Effect::ShowWindow(window.clone()));
            }
            Blank::Blocked => self.state = State::Blocked { next: self.next_rung() },
            Blank::Gone => self.state = State::Interrupted,
        }
    }

    /// Opens another window for the same attempt, in the buyer's click.
    fn climb(&mut self, out: &mut Vec<Effect>) {
        let rung = self.offered_rung();
        if let Some(intent) = &mut self.memory.intent {
            intent.rung = rung;
        }
        self.owner = true;
        self.state = State::Climbing { blank: Blank::Open };
        out.push(Effect::OpenWindow(rung));
        out.push(Effect::Claim);
        out.push(Effect::AskWindow(rung));
    }

    /// The edge answers before the provider has answered it. A buyer who has just paid is not told
    /// that a window was closed, and not offered another payment, only because that takes a moment.
    fn interrupt(&mut self) {
        if let State::Confirming { asked, patience } = &self.state
            && asked < patience
        {
            return;
        }
        self.state = State::Interrupted;
    }

    /// Asks the edge, unless the edge is just answering.
    fn confirm(&mut self, input: &Input, out: &mut Vec<Effect>) {
        let patience = patience(input);
        self.state = State::Confirming { asked: 0, patience };
        let told =
            if let Input::StatusTold(status)
            | Input::SessionTold { session: Session { status: Some(status), .. }, .. } = input
            {
                status.phase == Phase::Checking
            } else {
                matches!(input, Input::AttemptTold(_))
            };
        if matches!(input, Input::Abandon) {
            out.push(Effect::AskAbandon);
        } else if !told {
            out.push(match self.memory.state_key.is_some() {
                true => Effect::AskLook,
                false => Effect::AskSession,
            });
        }
    }

    /// Ends here, unless only what the browser remembered was refused: then the token is asked.
    fn refuse(&mut self, input: &Input, out: &mut Vec<Effect>) {
        let Input::Refused { code, memory } = input else { return };
        if memory.as_ref().is_some_and(|memory| memory.state_key.is_some()) {
            self.memory = super::Memory::default();
            out.push(Effect::Forget);
            out.push(Effect::AskSession);
            return;
        }
        self.state = State::Refused { code: code.clone() };
        out.push(Effect::Tell(Event::Error(code.clone())));
    }
}

/// How often the edge is asked again before an attempt that stays open counts as interrupted: once
/// for whoever came back, longer when the provider's window itself said that it is over.
pub(super) const fn patience(input: &Input) -> u32 {
    if matches!(input, Input::Noticed(Sign::Look)) { LOOKS_AFTER_THE_END } else { 1 }
}

/// With its pauses that is some five seconds.
const LOOKS_AFTER_THE_END: u32 = 5;

/// The first method that can be taken.
pub(super) fn first_available(session: &Session) -> Option<String> {
    session.methods.iter().find(|method| method.available()).map(|Method { id, .. }| id.clone())
}
