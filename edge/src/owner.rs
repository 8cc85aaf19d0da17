//! The owner of a shard's checkouts: every operation as a function of what it keeps, what it was asked,
//! the time and some random bits. The shell hands in the storage and carries out the work.
//!
//! Map: this file, the operations and what they share · `shop` what the shop's server asks · `refund` money that it gives back · `buyer` what
//! the page asks · `outside` what comes from providers and their windows · `drive` work and its results ·
//! `notices` what became of them · `quoted` checkouts of quotes · `listen` who hears of changes ·
//! `scheduled` which run of the schedule works · `op` what an owner is asked, and its replies.

mod buyer;
mod drive;
mod listen;
mod notices;
mod op;
mod outside;
mod quoted;
mod refund;
pub(crate) mod request;
mod scheduled;
mod shop;

#[cfg(test)]
mod tests;

pub use drive::{Errand, Errands, Question, ROUNDS_MAX};
pub use listen::Listener;
pub use op::{Caller, Op, Replay, Reply, TokenClaims};
pub use outside::PageData;
pub use scheduled::SCHEDULE;
pub use shop::{check_open, home_of, read_open};

use shared::claims::{Claims, TOKEN_LIFE};
use shared::id::{CheckoutId, Jti, NoticeId};
use shared::payment::{Event, Input, InputKind, Step};
use shared::posting::Entry;
use shared::problem::Code;
use shared::time::{Span, Timestamp};

use crate::config::Config;
use crate::outbox::{Notice, notice_body};
use crate::problem::Refusal;
use crate::row::{Grant, Record};
use crate::shelf::{Kept, Line, Outgoing, Shelf, ShelfError};
use crate::{token, view};

/// A token is renewed when a page asks and less than this is left of it.
const RENEW_BEFORE: Span = Span::minutes(5);

/// The book hears of a quote's checkout with what happens to it, or after this, when its payment is looked
/// at for the first time anyway: a letter for those who pay at once would say what the next one says too.
const LISTED_AFTER: Span = Span::seconds(10);

/// What came of an operation.
#[derive(Debug)]
pub enum Outcome {
    /// The answer.
    Reply(Reply),
    /// First do what this checkout wants done, then answer this.
    Drive(CheckoutId, Box<Op>),
    /// Answer this now, and do what this checkout wants done meanwhile: nobody outside waits for a
    /// provider longer than for our own disk (F32).
    DriveLater(CheckoutId, Box<Op>),
}

/// What a call's turn came to: a reply, or an operation that is answered after a drive. With a reply the
/// drive goes on while the caller reads it.
#[derive(Debug)]
pub struct Turn {
    /// The answer.
    pub reply: Option<Reply>,
    /// The checkout that wants something done.
    pub drive: Option<CheckoutId>,
    /// What is answered after that.
    pub then: Option<Op>,
    /// What broke, for the log.
    pub broken: Option<ShelfError>,
}

/// Why an operation has no answer of its own.
#[derive(Clone, PartialEq, Eq)]
pub enum Failed {
    /// The caller's fault, or the state's.
    Refused(Refusal),
    /// Ours: logged, answered with `internal`, nothing kept.
    Broken(ShelfError),
}

impl core::fmt::Debug for Failed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Refused(refusal) => refusal.code.code(),
            Self::Broken(ShelfError(error)) => error,
        })
    }
}

impl From<Refusal> for Failed {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Code> for Failed {
    fn from(code: Code) -> Self {
        Self::Refused(Refusal::new(code))
    }
}

impl From<ShelfError> for Failed {
    fn from(error: ShelfError) -> Self {
        Self::Broken(error)
    }
}

/// The result of an operation.
pub type Done = Result<Outcome, Failed>;

/// One turn at an owner's desk.
pub struct Desk<'a> {
    /// The installation.
    pub config: &'a Config,
    /// What is kept.
    pub shelf: &'a dyn Shelf,
    /// The time of this turn.
    pub now: Timestamp,
    /// Random bits.
    pub entropy: &'a dyn Fn() -> u128,
}

impl Desk<'_> {
    /// Answers an operation.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn handle(&self, op: &Op) -> Done {
        match op {
            Op::Claim { name, fingerprint } => self.claim(name, fingerprint),
            Op::Unclaim { name, fingerprint } => self.unclaim(name, fingerprint),
            Op::Open { merchant, key, fingerprint, body } => {
                self.open(merchant, key, fingerprint, body)
            }
            Op::RefuseOpening { merchant, key, fingerprint } => {
                self.refuse_opening(merchant, key, fingerprint)
            }
            Op::Read { merchant, checkout } => self.read(merchant, checkout),
            Op::FreshToken { merchant, checkout } => self.fresh_token(merchant, checkout),
            Op::CancelCheckout { merchant, checkout, key, fingerprint, body } => {
                self.cancel(merchant, checkout, (key, fingerprint), body)
            }
            Op::Refund { merchant, checkout, key, fingerprint, body } => {
                self.refund(merchant, checkout, (key, fingerprint), body)
            }
            Op::RefundPreview { merchant, checkout, order, amount } => {
                self.refund_preview(merchant, checkout, order, amount.as_deref())
            }
            Op::ReadRefund { merchant, checkout, refund } => {
                self.read_refund(merchant, checkout, refund)
            }
            Op::Journal { merchant, checkout } => self.journal(merchant, checkout),
            Op::Session { caller, device } => self.session(caller, device),
            Op::Begin { claims, state, key, address, body } => {
                self.begin(claims, state.as_deref(), key, address, body)
            }
            Op::Begun { checkout, attempt, state_key, fresh } => {
                self.begun(checkout, attempt, state_key.as_deref(), *fresh)
            }
            Op::Status { checkout, state } => self.status(checkout, state),
            Op::Look { checkout, state } => self.look(checkout, state),
            Op::Abandon { checkout, state, body } => self.abandon(checkout, state, body),
            Op::Present { checkout, state, attempt, body } => {
                self.present(checkout, state, attempt, body)
            }
            Op::Window { request_id, key } => self.window(request_id, key),
            Op::Returned { request_id, key, hint, left } => {
                self.returned(request_id, key, hint, *left)
            }
            Op::ReturnedPage { request_id } => self.returned_page(request_id),
            Op::Callback { channel, request_id, event } => {
                self.callback(channel, request_id, event)
            }
            Op::Told { name, value } => self.told(name, value),
            Op::NoticeDone { notice, replays } => self.notice_done(notice, *replays),
            Op::NoticesDone { notices } => self.notices_done(notices),
            Op::NoticeDead { notice, replays, why } => self.notice_dead(notice, *replays, why),
            Op::Replay(replay) => self.replay(replay),
            Op::Run { scheduled_at } => self.run(*scheduled_at),
            Op::Ran { fence } => self.ran(*fence),
            Op::Sweep => self.sweep(),
        }
    }

    /// The answer in any case, as the door sends it; what broke is handed out for the log.
    #[must_use]
    pub fn answer(&self, op: &Op, request_id: &str) -> (Outcome, Option<ShelfError>) {
        match self.handle(op) {
            Ok(outcome) => (outcome, None),
            Err(Failed::Refused(refusal)) => {
                (Outcome::Reply(Reply::refusal(&refusal, request_id)), None)
            }
            Err(Failed::Broken(error)) => {
                let refusal = Refusal::new(Code::Internal);
                (Outcome::Reply(Reply::refusal(&refusal, request_id)), Some(error))
            }
        }
    }

    /// One call's turn, as far as it goes before something has to be waited for.
    #[must_use]
    pub fn turn(&self, op: Op, request_id: &str) -> Turn {
        let (mut op, mut later) = (op, None);
        // Twice at most: what is answered now while work goes on is an operation of its own.
        loop {
            let (outcome, broken) = self.answer(&op, request_id);
            match outcome {
                Outcome::Reply(reply) => {
                    return Turn { reply: Some(reply), drive: later, then: None, broken };
                }
                Outcome::DriveLater(id, then) if later.is_none() => (later, op) = (Some(id), *then),
                Outcome::Drive(id, then) | Outcome::DriveLater(id, then) => {
                    return Turn { reply: None, drive: Some(id), then: Some(*then), broken };
                }
            }
        }
    }

    /// The record of this id, whoever asks.
    fn record(&self, checkout: &str) -> Result<Record, Failed> {
        let id = CheckoutId::parse(checkout).ok_or(Code::NotFound)?;
        Ok(self.shelf.record(id)?.ok_or(Code::NotFound)?)
    }

    /// The record, if it is this merchant's: another's does not exist for the caller (I-15).
    fn record_of(&self, merchant: &str, checkout: &str) -> Result<Record, Failed> {
        let record = self.record(checkout)?;
        if record.checkout.merchant.as_str() == merchant {
            Ok(record)
        } else {
            Err(Code::NotFound.into())
        }
    }

    /// One input: step, then store everything that came of it. Nothing is awaited in between.
    fn feed(&self, record: &mut Record, input: Input) -> Kept<Step> {
        let (name, mut detail) = describe(&input);
        // What a provider said is kept even when it changed nothing: it explains why nothing changed.
        let heard = matches!(input, Input::Fact { .. } | Input::RefundFact { .. });
        let step = record.payment.step(&record.checkout, input, self.now);
        if step.seen == Some(InputKind::LateApproved) {
            detail.push_str(" late_approval");
        }
        if heard || step.changed || !step.events.is_empty() {
            self.shelf.note(
                record.checkout.id,
                &Line {
                    at: self.now,
                    input: name.to_owned(),
                    detail,
                    phase: view::phase(record.payment.phase.kind()).to_owned(),
                    verdict: format!("{:?}", step.verdict),
                    version: record.payment.version,
                },
            )?;
            for event in &step.events {
                self.tell(record, Some(*event), &[])?;
            }
            if !step.entries.is_empty() {
                self.tell(record, None, &step.entries)?;
            }
            record.is_listed |= !step.events.is_empty() || !step.entries.is_empty();
        }
        self.grant_anew(record);
        self.keep(record)?;
        Ok(step)
    }

    fn keep(&self, record: &Record) -> Kept<()> {
        self.shelf.keep(record, due(record))
    }

    /// A new token whenever a new attempt may begin and none is out.
    fn grant_anew(&self, record: &mut Record) {
        if !record.payment.may_begin(&record.checkout, self.now) {
            record.grant = None;
            return;
        }
        // The first token is the shop's to place; it is not replaced under its feet.
        let untouched = record.payment.attempts.is_empty() && record.grant.is_some();
        if !untouched {
            self.renew_grant(record);
        }
    }

    /// A token that lasts a while yet is given again.
    fn renew_grant(&self, record: &mut Record) -> Grant {
        let lasts =
            |grant: &Grant| self.now <= grant.issued_at.after(TOKEN_LIFE).before(RENEW_BEFORE);
        let grant = record.grant.filter(lasts).unwrap_or_else(|| self.new_grant());
        record.grant = Some(grant);
        grant
    }

    fn new_grant(&self) -> Grant {
        Grant { jti: Jti::new((self.entropy)()), issued_at: self.now }
    }

    /// The token of a grant: the same grant gives the same token.
    fn token(&self, record: &Record, grant: Grant) -> String {
        let claims = Claims {
            issuer: self.config.token_keys.issuer().to_owned(),
            audience: record.checkout.merchant.clone(),
            subject: record.checkout.buyer.clone(),
            jti: grant.jti,
            issued_at: Timestamp::from_seconds(grant.issued_at.as_seconds()),
            expires_at: Timestamp::from_seconds(grant.issued_at.as_seconds()).after(TOKEN_LIFE),
            checkout: record.checkout.id,
            amount: record.checkout.amount,
            quote: None,
        };
        token::sign(&claims, &self.config.token_keys)
    }

    /// Something for the shop and the book: stored with the state that caused it (I-9, I-14).
    fn tell(&self, record: &Record, event: Option<Event>, entries: &[Entry]) -> Kept<()> {
        let id = NoticeId::new((self.entropy)());
        let orders: Vec<_> = record.checkout.orders.iter().map(|order| order.id.clone()).collect();
        let body = event.map(|kind| {
            notice_body(&Notice {
                kind,
                at: self.now,
                checkout: record.checkout.id,
                version: record.payment.version,
                merchant: &record.checkout.merchant,
                checkout_status: view::standing(record),
                amount: record.checkout.amount,
                orders: &orders,
                refunded: view::refunded(record),
                reason: view::late(record),
            })
        });
        let payload = crate::book::message(record, id, body.as_deref(), entries, self.now);
        self.shelf.put_out(record.checkout.id, &Outgoing { id, payload })
    }
}

/// When something is to be done for a checkout.
fn due(record: &Record) -> Option<Timestamp> {
    let listed_by = (!record.is_listed).then(|| record.checkout.created_at.after(LISTED_AFTER));
    record.payment.due(&record.checkout).into_iter().chain(listed_by).min()
}

/// An input for the journal: its name and its evidence, without personal data.
fn describe(input: &Input) -> (&'static str, String) {
    match input {
        Input::Begin(attempt) => {
            ("begin", format!("{} {} {}", attempt.id, attempt.method, attempt.presentation.code()))
        }
        Input::Stock { command, kept, .. } => {
            ("stock", format!("{} {}", command.code(), if *kept { "kept" } else { "lost" }))
        }
        Input::Fact { asked, fact, .. } => ("fact", format!("{asked:?}: {}", fact_text(fact))),
        Input::RefundFact { refund, fact } => {
            ("refund_fact", format!("{refund}: {}", fact_text(fact)))
        }
        Input::LookNow { source, .. } => ("look_now", (*source).to_owned()),
        Input::Abandon(attempt) => ("abandon", attempt.to_string()),
        Input::Presentation(_, presentation) => ("presentation", presentation.code().to_owned()),
        Input::ShopCancel => ("shop_cancel", String::new()),
        Input::Refund(refund) => ("refund", format!("{} {}", refund.id, refund.amount)),
        Input::Tick => ("tick", String::new()),
    }
}

fn fact_text(fact: &shared::fact::Fact) -> String {
    use shared::fact::Fact;
    match fact {
        Fact::Authenticated(s) | Fact::Captured(s) | Fact::DepositIssued(s, _) => {
            format!("{:?} {} of {}", fact.kind(), s.amount, s.request_id)
        }
        Fact::Declined(decline) => format!(
            "Declined {} {}",
            decline.code.code(),
            decline.provider_code.as_deref().unwrap_or("")
        ),
        Fact::CancelRefused { provider_code } => format!("CancelRefused {provider_code}"),
        Fact::Unclear { detail } => format!("Unclear {detail}"),
        Fact::More(learnt) => ["More ", &learnt.shown()].concat(),
        Fact::NotFound
        | Fact::Prepared { .. }
        | Fact::Waiting
        | Fact::Closed
        | Fact::Cancelled { .. }
        | Fact::Busy { .. }
        | Fact::Silence => format!("{:?}", fact.kind()),
    }
}
