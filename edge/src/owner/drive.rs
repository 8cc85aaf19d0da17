//! Work and its results: what the shell carries into the world, prepared and read here.

use shared::fact::{Ask, Fact};
use shared::hold::Command;
use shared::id::{AttemptId, ChannelId, CheckoutId, RefundId, Sku};
use shared::notes::{Notes, TOKEN};
use shared::payment::{Input, Work};
use shared::time::{Span, Timestamp};

use super::{Desk, Failed, LISTED_AFTER, Op};
use crate::config::Channel;
use crate::envelope;
use crate::provider::{
    self, Asked, HttpRequest, HttpResponse, Provider, Road, Unreadable, told_name,
};
use crate::row::Record;
use crate::shelf::Outgoing;

/// A message of which we do not know whether the queue took it is sent again after this: whoever died
/// between marking and sending must not keep the shop waiting for days (F25, I-14).
const OUT_UNSURE: Span = Span::minutes(2);
/// A message that the queue took and nobody confirmed is sent again after this: the retry plan of its
/// delivery has ended by then.
const OUT_AGAIN: Span = Span::hours(24 * 4);

/// At most this many rounds of work in one drive; what is left waits for the alarm (I-16).
pub const ROUNDS_MAX: u32 = 24;

/// One thing to do in the world.
#[derive(Debug)]
pub enum Errand {
    /// A request to a provider; its answer goes to [`Desk::provider_answered`].
    Provider(Question),
    /// A command to pieces of stock; the answers go to [`Desk::stock_answered`].
    Stock {
        /// Whose claim.
        attempt: AttemptId,
        /// What.
        command: Command,
        /// Which pieces, and how many of each.
        pieces: Vec<(Sku, u32)>,
        /// Whose stock.
        merchant: String,
    },
    /// A message for the queue.
    Queue(Outgoing),
}

/// A prepared request, with what is needed to read its answer.
#[derive(Debug)]
pub struct Question {
    /// Which attempt it is about.
    pub attempt: AttemptId,
    /// Which refund, if it is about one.
    pub refund: Option<RefundId>,
    /// What is asked.
    pub ask: Box<Ask>,
    /// What was known when it was asked: its answer is read by the same.
    pub notes: Notes,
    /// When.
    pub at: Timestamp,
    /// The contract.
    pub channel: ChannelId,
    /// What the shell sends; `None` when the adapter cannot put this question, with its reason.
    pub request: Result<HttpRequest, String>,
}

/// What is to be done now.
#[derive(Debug, Default)]
pub struct Errands(pub Vec<Errand>);

impl Desk<'_> {
    /// Lets time pass for a checkout and takes what is due. The marks are stored before the shell acts.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn errands(&self, id: CheckoutId) -> Result<Errands, Failed> {
        let mut record = self.record(&id.to_string())?;
        self.feed(&mut record, Input::Tick)?;
        self.list(&mut record)?;
        let work = record.payment.take_work(&record.checkout, self.now);
        let mut errands: Vec<Errand> =
            work.into_iter().filter_map(|work| self.errand(&record, work)).collect();
        self.keep(&record)?;
        let again = self.now.after(OUT_UNSURE);
        errands.extend(self.shelf.take_out(id, self.now, again)?.into_iter().map(Errand::Queue));
        Ok(Errands(errands))
    }

    /// Tells the book of a checkout that it has not heard of, once it is time.
    fn list(&self, record: &mut Record) -> Result<(), Failed> {
        if !record.is_listed && record.checkout.created_at.after(LISTED_AFTER) <= self.now {
            self.tell(record, None, &[])?;
            record.is_listed = true;
        }
        Ok(())
    }

    fn errand(&self, record: &Record, work: Work) -> Option<Errand> {
        match work {
            Work::Stock { attempt, command } => Some(Errand::Stock {
                attempt,
                command,
                pieces: record.checkout.stock(),
                merchant: record.checkout.merchant.to_string(),
            }),
            Work::Ask { attempt, ask, refund } => {
                let question = self.question(record, attempt, ask, refund)?;
                Some(Errand::Provider(question))
            }
        }
    }

    fn question(
        &self,
        record: &Record,
        attempt: AttemptId,
        ask: Box<Ask>,
        refund: Option<RefundId>,
    ) -> Option<Question> {
        let known = record.payment.attempt(attempt)?;
        let (channel, mut notes, at) = (known.channel.clone(), known.notes.clone(), self.now);
        if let Some(token) = &known.token {
            notes.keep(TOKEN, token, known.started_at);
        }
        let asked = Asked { ask: &ask, notes: &notes, at };
        let request = match self.contract(&channel) {
            Some((channel, provider)) => {
                let request = provider.request(&asked, &channel.account, self.entropy_32());
                request
                    .map(|request| self.addressed(channel, request))
                    .map_err(|cannot| format!("{cannot:?}"))
            }
            None => Err("the channel is no longer configured".to_owned()),
        };
        Some(Question { attempt, refund, ask, notes, at, channel, request })
    }

    /// A question to ourselves goes to the object that owns its name.
    fn addressed(&self, channel: &Channel, mut request: HttpRequest) -> HttpRequest {
        if request.road == Road::Own {
            let name = told_name(channel.id.as_str(), &String::from_utf8_lossy(&request.body));
            let object = self.config.home_of_name(&name).object_name();
            let op = Op::Told { name, value: String::new() };
            let call = envelope::Ask::checkout(&object, "", &op);
            (request.url, request.body) = (call.object, call.bytes);
        }
        request
    }

    pub(super) fn contract(
        &self,
        channel: &ChannelId,
    ) -> Option<(&Channel, &'static dyn Provider)> {
        let channel = self.config.channels.get(channel)?;
        Some((channel, provider::by_name(channel.provider)?))
    }

    fn entropy_32(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        let (low, high) = bytes.split_at_mut(16);
        low.copy_from_slice(&(self.entropy)().to_be_bytes());
        high.copy_from_slice(&(self.entropy)().to_be_bytes());
        bytes
    }

    /// What the provider said to a question; `None` when nothing came.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn provider_answered(
        &self,
        id: CheckoutId,
        question: &Question,
        answer: Option<&HttpResponse>,
    ) -> Result<(), Failed> {
        let fact = self.fact(question, answer);
        if question.request.as_ref().is_ok_and(|request| request.road != Road::Own) {
            let answers = answer.is_some_and(|a| a.http_status < 500 && a.http_status != 429);
            let wait = answer.and_then(|answer| answer.retry_after).unwrap_or(Span::seconds(0));
            self.shelf.breakers().heard(&question.channel, answers, wait, self.now);
        }
        let mut record = self.record(&id.to_string())?;
        let input = match question.refund {
            Some(refund) => Input::RefundFact { refund, fact },
            None => Input::Fact { attempt: question.attempt, asked: question.ask.kind(), fact },
        };
        self.feed(&mut record, input)?;
        Ok(())
    }

    fn fact(&self, question: &Question, answer: Option<&HttpResponse>) -> Fact {
        let Some(answer) = answer else {
            return match &question.request {
                Ok(_) => Fact::Silence,
                Err(detail) => Fact::Unclear { detail: detail.clone() },
            };
        };
        let Some((channel, provider)) = self.contract(&question.channel) else {
            return Fact::Silence;
        };
        let asked = Asked { ask: &question.ask, notes: &question.notes, at: question.at };
        match provider.response(&asked, answer, &channel.account) {
            Ok(fact) => fact,
            Err(Unreadable { detail }) => Fact::Unclear { detail },
        }
    }

    /// What the pieces of stock said. `None` is silence of at least one: asked again by the plan.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn stock_answered(
        &self,
        id: CheckoutId,
        attempt: AttemptId,
        command: Command,
        kept: Option<bool>,
    ) -> Result<(), Failed> {
        let Some(kept) = kept else { return Ok(()) };
        let mut record = self.record(&id.to_string())?;
        self.feed(&mut record, Input::Stock { attempt, command, kept })?;
        Ok(())
    }

    /// The queue took a message: now its delivery has its time.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn queue_took(&self, outgoing: &Outgoing) -> Result<(), Failed> {
        self.shelf.retry_out(outgoing.id, self.now.after(OUT_AGAIN))?;
        Ok(())
    }

    /// The queue did not take a message: it is offered again soon.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn queue_refused(&self, id: CheckoutId, outgoing: &Outgoing) -> Result<(), Failed> {
        self.shelf.retry_out(outgoing.id, self.now.after(Span::seconds(30)))?;
        let record = self.record(&id.to_string())?;
        self.keep(&record)?;
        Ok(())
    }

    /// A checkout that cannot be worked on is put aside, so that it blocks nobody.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn put_aside(&self, id: CheckoutId, why: &str) -> Result<(), Failed> {
        self.shelf.park(id, why, self.now)?;
        Ok(())
    }
}
