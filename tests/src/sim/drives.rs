//! Drives: the work of a checkout, errand by errand, as `edge/src/shell/checkout_object.rs` carries it.
//! What is to be done, and what an answer means, is `edge::owner`'s.

use std::collections::VecDeque;

use edge::envelope::{Ask, Binding};
use edge::owner::{Errand, Failed, Op, ROUNDS_MAX, Reply};
use edge::provider::{HttpResponse, Road};
use edge::stock;
use shared::id::CheckoutId;

use super::network::{Caller, Http, HttpAnswer};
use super::objects::Pending;
use super::weather::Kind;
use super::world::World;

/// A drive of an object, in one of its lives.
#[derive(Debug, Clone, Copy)]
pub(super) struct DriveRef {
    pub(super) object: usize,
    life: u64,
    checkout: CheckoutId,
}

/// Work of one checkout goes one after the other.
#[derive(Default)]
pub(super) struct Lane {
    pub(super) drive: Option<Drive>,
    pub(super) waiting: VecDeque<After>,
}

pub(super) struct Drive {
    pub(super) after: After,
    rounds: u32,
    errands: VecDeque<Errand>,
    /// The piece that is asked for, and whether all before said yes.
    piece: usize,
    kept: bool,
}

/// What comes after a drive.
#[derive(Default)]
pub(super) enum After {
    /// Nothing.
    #[default]
    Nothing,
    /// The alarm's handler goes on.
    Alarm,
    /// A caller is answered with this operation.
    Answer { rpc: u64, op: Box<Op>, request_id: String },
}

impl World {
    pub(super) fn drive(&mut self, object: usize, checkout: CheckoutId, after: After) {
        let lane = self.objects[object].lanes.entry(checkout).or_default();
        lane.waiting.push_back(after);
        if lane.drive.is_none() {
            self.next_drive(object, checkout);
        }
    }

    fn next_drive(&mut self, object: usize, checkout: CheckoutId) {
        let Some(lane) = self.objects[object].lanes.get_mut(&checkout) else { return };
        let Some(after) = lane.waiting.pop_front() else {
            self.objects[object].lanes.remove(&checkout);
            return;
        };
        let errands = VecDeque::new();
        lane.drive = Some(Drive { after, rounds: 0, errands, piece: 0, kept: true });
        self.round(DriveRef { object, life: self.objects[object].life, checkout });
    }

    fn running(&mut self, at: DriveRef) -> Option<&mut Drive> {
        let object = &mut self.objects[at.object];
        let alive = object.life == at.life;
        object.lanes.get_mut(&at.checkout).filter(|_| alive)?.drive.as_mut()
    }

    /// Works until something has to be waited for.
    fn round(&mut self, at: DriveRef) {
        loop {
            let Some(drive) = self.running(at) else { return };
            let waits = match drive.errands.is_empty() {
                true => self.look_for_errands(at),
                false => self.set_out(at),
            };
            if waits {
                return;
            }
        }
    }

    /// One more round; whether it was the last.
    fn look_for_errands(&mut self, at: DriveRef) -> bool {
        let Some(drive) = self.running(at) else { return true };
        drive.rounds += 1;
        if drive.rounds > ROUNDS_MAX {
            self.drive_ends(at);
            return true;
        }
        if self.strikes(Kind::CrashBeforeStore) {
            self.evict(at.object);
            return true;
        }
        let errands = self.at_desk(at.object, |desk| desk.errands(at.checkout));
        // What is marked as asked is stored, and nobody was asked.
        if self.strikes(Kind::CrashBeforeAct) {
            self.arm(at.object);
            self.evict(at.object);
            return true;
        }
        match errands {
            Err(failed) => self.give_up(at, &failed),
            Ok(errands) if errands.0.is_empty() => self.drive_ends(at),
            Ok(errands) => {
                let Some(drive) = self.running(at) else { return true };
                drive.errands = errands.0.into();
                (drive.piece, drive.kept) = (0, true);
                return false;
            }
        }
        true
    }

    /// Begins the first errand; whether it has to be waited for.
    fn set_out(&mut self, at: DriveRef) -> bool {
        let Some(drive) = self.running(at) else { return true };
        let piece = drive.piece;
        match drive.errands.front() {
            None => false,
            Some(Errand::Provider(question)) => {
                let Ok(request) = &question.request else {
                    return self.provider_heard(at, None);
                };
                if request.road == Road::Own {
                    let (object, bytes) = (request.url.clone(), request.body.clone());
                    let ask = Ask { binding: Binding::Checkouts, object, bytes };
                    self.call(Pending::Told(at), ask);
                    return true;
                }
                let headers: Vec<(String, String)> =
                    request.headers.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
                let wait = request.deadline.as_millis();
                let (method, url) = (request.method, request.url.clone());
                let body = request.body.clone();
                let http = Http { method, url, headers, body };
                let ask = question.ask.clone();
                let refund = question.refund.map(|refund| refund.to_string()).unwrap_or_default();
                let kind = question.ask.kind();
                let what = format!("{kind:?} {} {refund}", question.ask.request_id());
                if let Some(key) = key_of(&http) {
                    self.notes.ordered(what, &key);
                }
                self.about_to_capture(at.checkout, &ask);
                self.send(Caller::Drive(at), http, wait);
                true
            }
            Some(Errand::Stock { attempt, command, pieces, merchant }) => {
                let Some((sku, quantity)) = pieces.get(piece) else {
                    let kept = drive.kept;
                    return self.stock_heard(at, Some(kept));
                };
                let op = stock::order(sku, *command, *attempt, *quantity);
                let ask = Ask::stock(merchant, sku.as_str(), "", &op);
                self.call(Pending::Piece(at), ask);
                true
            }
            Some(Errand::Queue(outgoing)) => {
                let outgoing = outgoing.clone();
                drive.errands.pop_front();
                if self.strikes(Kind::QueueRefused) {
                    let heard =
                        self.at_desk(at.object, |desk| desk.queue_refused(at.checkout, &outgoing));
                    return self.goes_on(at, heard);
                }
                self.put(&outgoing.payload);
                if self.strikes(Kind::CrashAfterAct) {
                    self.evict(at.object);
                    return true;
                }
                let heard = self.at_desk(at.object, |desk| desk.queue_took(&outgoing));
                self.goes_on(at, heard)
            }
        }
    }

    pub(super) fn piece_heard(&mut self, at: DriveRef, reply: Option<&Reply>) {
        if self.strikes(Kind::CrashAfterAct) {
            self.evict(at.object);
        }
        let Some(drive) = self.running(at) else { return };
        match reply {
            None => {
                if !self.stock_heard(at, None) {
                    self.round(at);
                }
            }
            Some(reply) => {
                drive.kept = drive.kept && stock::said_yes(reply);
                drive.piece += 1;
                self.round(at);
            }
        }
    }

    pub(super) fn told_heard(&mut self, at: DriveRef, reply: Option<Reply>) {
        if self.strikes(Kind::CrashAfterAct) {
            self.evict(at.object);
        }
        let answer = reply.map(|Reply { http_status, body, .. }| HttpResponse {
            http_status,
            retry_after: None,
            body: body.into_bytes(),
        });
        if !self.provider_heard(at, answer.as_ref()) {
            self.round(at);
        }
    }

    fn stock_heard(&mut self, at: DriveRef, kept: Option<bool>) -> bool {
        let Some(drive) = self.running(at) else { return true };
        (drive.piece, drive.kept) = (0, true);
        let Some(Errand::Stock { attempt, command, .. }) = drive.errands.pop_front() else {
            return false;
        };
        let heard = self
            .at_desk(at.object, |desk| desk.stock_answered(at.checkout, attempt, command, kept));
        self.goes_on(at, heard)
    }

    pub(super) fn drive_hears(&mut self, at: DriveRef, answer: Option<HttpAnswer>) {
        if self.strikes(Kind::CrashAfterAct) {
            self.evict(at.object);
        }
        let answer = answer.map(|answer| {
            let retry_after = answer.header("retry-after").parse().ok();
            HttpResponse {
                http_status: answer.code,
                retry_after: retry_after.map(shared::time::Span::seconds),
                body: answer.body,
            }
        });
        if !self.provider_heard(at, answer.as_ref()) {
            self.round(at);
        }
    }

    fn provider_heard(&mut self, at: DriveRef, answer: Option<&HttpResponse>) -> bool {
        let Some(drive) = self.running(at) else { return true };
        let Some(Errand::Provider(question)) = drive.errands.pop_front() else { return false };
        if let Some(answer) = answer {
            self.notes.heard(&question.ask.request_id().to_string(), answer.http_status);
        }
        let heard =
            self.at_desk(at.object, |desk| desk.provider_answered(at.checkout, &question, answer));
        self.goes_on(at, heard)
    }

    /// Whether the drive is at an end.
    fn goes_on(&mut self, at: DriveRef, heard: Result<(), Failed>) -> bool {
        match heard {
            Ok(()) => false,
            Err(failed) => {
                self.give_up(at, &failed);
                true
            }
        }
    }

    fn give_up(&mut self, at: DriveRef, failed: &Failed) {
        self.notes.wrong("I-16", format!("{} was put aside: {failed:?}", at.checkout));
        let _parked =
            self.at_desk(at.object, |desk| desk.put_aside(at.checkout, &format!("{failed:?}")));
        self.drive_ends(at);
    }

    fn drive_ends(&mut self, at: DriveRef) {
        let Some(drive) = self.running(at) else { return };
        let after = std::mem::take(&mut drive.after);
        if let Some(lane) = self.objects[at.object].lanes.get_mut(&at.checkout) {
            lane.drive = None;
        }
        match after {
            After::Nothing => {}
            After::Alarm => self.rung(at.object),
            After::Answer { rpc, op, request_id } => {
                let turn = self.at_desk(at.object, |desk| desk.turn(*op, &request_id));
                self.reply(rpc, turn.reply);
            }
        }
        self.arm(at.object);
        self.next_drive(at.object, at.checkout);
    }
}

/// The key of a request, wherever this provider wants it; `None` for what only reads.
fn key_of(http: &Http) -> Option<String> {
    let header = http.headers.iter().find(|(name, _)| name == "idempotency-key");
    let body = || {
        let json: serde_json::Value = serde_json::from_slice(&http.body).ok()?;
        Some(json["cancel_no"].as_str()?.to_owned())
    };
    header.map(|(_, key)| key.clone()).or_else(body)
}
