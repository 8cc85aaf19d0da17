//! The edge's door: requests in, answers out. `edge::serve` decides; here its plan is carried out, as
//! `edge/src/shell/fetch.rs` does on the runtime.

use std::rc::Rc;

use edge::door::Incoming;
use edge::owner::Reply;
use edge::serve::{self, Answer, Fault, Opening, Plan, Then, Visit};
use shared::problem::Code;
use shared::time::Timestamp;

use super::network::{Http, HttpAnswer};
use super::objects::Pending;
use super::weather::Kind;
use super::world::World;

/// The edge's clocks are apart by so much at most, in milliseconds: I-17 bears 60 seconds.
const SKEW_MAX_MS: u64 = 25_000;

/// What an object's reply is for.
#[derive(Debug)]
pub(super) enum Continued {
    /// The end of a request.
    Finish(Visit, Then),
    /// The end of a request without a form of its own.
    Plain(Visit),
    /// The next step of an opening.
    Opens(Visit, Box<Opening>),
}

impl World {
    pub(super) fn edge_takes(&mut self, call: u64, request: Http) {
        let wish = request.target().1.ends_with("/attempts").then(|| request.clone());
        let visit = self.visit(request);
        let plan = serve::plan(&visit);
        if let (Some(wish), true) = (wish, plan.is_ok()) {
            self.let_in(&wish);
        }
        match plan {
            Err(fault) => self.edge_answers(call, &visit, Err(fault)),
            Ok(Plan::Answer(answer) | Plan::Bounded(_, answer)) => {
                self.edge_answers(call, &visit, Ok(answer));
            }
            Ok(Plan::Ask(ask, then)) => {
                self.call(Pending::Door(call, Continued::Finish(visit, then)), ask);
            }
            Ok(Plan::Open(opening)) => self.opens(call, visit, Box::new(opening)),
            Ok(Plan::Replay(wanted)) => {
                let dead = self.book.dead(&wanted.merchant, &wanted.notice);
                match wanted.ask(&visit, dead) {
                    Ok(ask) => self.call(Pending::Door(call, Continued::Plain(visit)), ask),
                    Err(fault) => self.edge_answers(call, &visit, Err(fault)),
                }
            }
            // Lists decide nothing, and nobody here reads them; nor does a socket, and here none opens.
            Ok(Plan::List(_) | Plan::Listen(..) | Plan::Demo) => {
                self.edge_answers(call, &visit, Err(Code::NotFound.into()));
            }
        }
    }

    fn visit(&mut self, request: Http) -> Visit {
        let (_, path, query) = request.target();
        let (path, query) = (path.to_owned(), query.to_owned());
        let Http { method, headers, body, .. } = request;
        let headers = headers.into_iter().collect();
        let incoming = Incoming { method: method.to_owned(), path, query, headers, body };
        let mut now = self.now;
        if self.strikes(Kind::ClockSkew) {
            now = now + self.chance.below(2 * SKEW_MAX_MS) - SKEW_MAX_MS;
        }
        let bits = Rc::clone(&self.bits);
        Visit {
            config: Rc::clone(&self.config),
            incoming,
            request_id: format!("req_{}", self.numbers),
            now: Timestamp::from_millis(now),
            entropy: Box::new(move || bits.borrow_mut().id()),
        }
    }

    /// An object's reply to a call of the door's.
    pub(super) fn door_hears(&mut self, call: u64, continued: Continued, reply: Option<Reply>) {
        let cancelled = self.strikes(Kind::WorkerCancelled);
        if let (Continued::Opens(visit, _), true) = (&continued, cancelled || reply.is_none()) {
            self.opening_ends(visit);
        }
        if cancelled {
            return;
        }
        let broken = || Fault::Broken(edge::problem::Broken("the call broke".to_owned()));
        match (continued, reply) {
            (Continued::Finish(visit, _) | Continued::Plain(visit), None) => {
                self.edge_answers(call, &visit, Err(broken()));
            }
            (Continued::Finish(visit, then), Some(reply)) => {
                let answer = serve::finish(&visit, &then, reply);
                self.edge_answers(call, &visit, answer);
            }
            (Continued::Plain(visit), Some(reply)) => {
                self.edge_answers(call, &visit, Ok(reply.into()));
            }
            (Continued::Opens(visit, _), None) => {
                self.edge_answers(call, &visit, Err(broken()));
            }
            (Continued::Opens(visit, mut opening), Some(reply)) => {
                opening.hear(&visit, reply);
                self.opens(call, visit, opening);
            }
        }
    }

    fn opens(&mut self, call: u64, visit: Visit, opening: Box<Opening>) {
        match opening.next(&visit) {
            Ok(ask) => self.call(Pending::Door(call, Continued::Opens(visit, opening)), ask),
            Err(reply) => self.edge_answers(call, &visit, Ok(reply.into())),
        }
    }

    fn edge_answers(&mut self, call: u64, visit: &Visit, answer: Result<Answer, Fault>) {
        let answer = answer.unwrap_or_else(|fault| fault.answer(&visit.request_id));
        let answer = serve::readable(visit, answer);
        let headers = answer.headers.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        self.answer(call, HttpAnswer { code: answer.http_status, headers, body: answer.body });
    }
}
