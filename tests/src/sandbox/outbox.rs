//! Events on their way from the providers to the edge: what is due, what was answered, when to try
//! again. Carries nothing itself; whoever drives the sandbox does.

use super::cipher;
use super::faults::Webhook;
use super::moment;

/// How long after the answer an event leaves on a normal day, in milliseconds.
const NORMAL_LAG_MS: i64 = 200;
/// How long a late event stays away, in milliseconds.
const LATE_LAG_MS: i64 = 30_000;
/// How far apart two copies of one event leave, in milliseconds.
const TWIN_LAG_MS: i64 = 5;
/// Settled letters that are kept for the panel.
const SETTLED_MAX: usize = 1_000;

/// How a provider repeats an event that was not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How long after each try the next one follows, in milliseconds.
    pub waits_ms: &'static [i64],
    /// What ends the tries.
    pub accepts: Accepts,
}

/// Which answer acknowledges an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepts {
    /// 200, whatever it says.
    Ok,
    /// 200 with exactly this.
    Saying(&'static str),
    /// Any 2xx.
    Success,
    /// Anything, and silence too.
    Anything,
}

impl Plan {
    /// One try: a forger has no patience.
    pub const ONCE: Self = Self { waits_ms: &[], accepts: Accepts::Anything };

    fn wait_ms(self, tries: u32) -> Option<i64> {
        let step = usize::try_from(tries.checked_sub(1)?).ok()?;
        self.waits_ms.get(step).copied()
    }

    fn accepts(self, status: u16, body: &[u8]) -> bool {
        match self.accepts {
            Accepts::Ok => status == 200,
            Accepts::Saying(words) => status == 200 && body == words.as_bytes(),
            Accepts::Success => (200..300).contains(&status),
            Accepts::Anything => true,
        }
    }
}

/// What each try of an event says besides its headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stamp {
    /// Nothing.
    None,
    /// Time, number of the repeat and id, in headers that begin with this.
    Counted(&'static str),
    /// Time, id and a signature with this key, by Standard Webhooks.
    StandardWebhooks(Vec<u8>),
}

impl Stamp {
    fn headers(&self, draft: &Draft, tries: u32, now: i64) -> Vec<(String, String)> {
        match self {
            Self::None => Vec::new(),
            Self::Counted(start) => [
                ("time", moment::iso(now)),
                ("retried-count", tries.to_string()),
                ("id", draft.transmission_id.clone()),
            ]
            .map(|(name, value)| (format!("{start}{name}"), value))
            .to_vec(),
            Self::StandardWebhooks(key) => {
                let at = now.div_euclid(1_000).to_string();
                let id = format!("msg_{}", draft.transmission_id);
                let text = format!("{id}.{at}.{}", draft.body);
                let signature = format!("v1,{}", cipher::mac_base64(key, text.as_bytes()));
                [("id", id), ("timestamp", at), ("signature", signature)]
                    .map(|(name, value)| (format!("webhook-{name}"), value))
                    .to_vec()
            }
        }
    }
}

/// An event before it is put into the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Who sends it.
    pub provider: &'static str,
    /// The request it speaks about.
    pub request_id: String,
    /// A word for the panel: the event's type and status.
    pub topic: String,
    /// Where it goes.
    pub url: String,
    /// Headers that are the same at every try.
    pub headers: Vec<(String, String)>,
    /// The exact bytes.
    pub body: String,
    /// Equal for copies of one event, new for each event.
    pub transmission_id: String,
    /// What each try says besides.
    pub stamp: Stamp,
}

/// Where a letter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for its time, in milliseconds since 1970.
    Due(i64),
    /// Was handed out and not answered yet.
    Flying,
    /// Was acknowledged.
    Accepted,
    /// Ran out of tries.
    GivenUp,
}

/// An event in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its number in this sandbox.
    pub id: u64,
    /// What it says, to whom.
    pub draft: Draft,
    /// How it is repeated.
    pub plan: Plan,
    /// Whether somebody else wrote it.
    pub forged: bool,
    /// How often it was handed out.
    pub tries: u32,
    /// Where it stands.
    pub state: State,
    /// The last answer's status; 0 when there was none.
    pub answer: Option<u16>,
}

/// One try to deliver an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The letter's number, for [`Outbox::delivered`].
    pub id: u64,
    /// Where to post it.
    pub url: String,
    /// Headers of this try.
    pub headers: Vec<(String, String)>,
    /// The exact bytes.
    pub body: Vec<u8>,
}

/// All letters, in the order of their writing.
#[derive(Debug, Clone, Default)]
pub struct Outbox {
    letters: Vec<Letter>,
    count: u64,
}

impl Outbox {
    /// Puts an event on its way as the fault says; where the provider has nothing to say, only a
    /// forger speaks. With [`Webhook::Early`] the answer is a letter whose first try must end
    /// before the caller may be answered.
    pub fn send(
        &mut self,
        now: i64,
        fault: Webhook,
        plan: Plan,
        genuine: Option<Draft>,
        forged: Option<Draft>,
    ) -> Option<u64> {
        if let (Webhook::Forged | Webhook::ForgedOnly, Some(draft)) = (fault, forged) {
            self.push(now, Plan::ONCE, true, draft);
        }
        let genuine = genuine?;
        match fault {
            Webhook::Normal | Webhook::Forged => {
                self.push(now + NORMAL_LAG_MS, plan, false, genuine);
            }
            Webhook::Late => {
                self.push(now + LATE_LAG_MS, plan, false, genuine);
            }
            Webhook::Twice => {
                self.push(now + NORMAL_LAG_MS, plan, false, genuine.clone());
                self.push(now + NORMAL_LAG_MS + TWIN_LAG_MS, plan, false, genuine);
            }
            Webhook::Early => return Some(self.push(now, plan, false, genuine)),
            Webhook::Lost | Webhook::ForgedOnly => {}
        }
        None
    }

    fn push(&mut self, due: i64, plan: Plan, forged: bool, draft: Draft) -> u64 {
        self.count += 1;
        let (id, state) = (self.count, State::Due(due));
        self.letters.push(Letter { id, draft, plan, forged, tries: 0, state, answer: None });
        self.forget_settled();
        id
    }

    /// Keeps the list short: the oldest settled letters go first.
    fn forget_settled(&mut self) {
        let settled = |letter: &Letter| match letter.state {
            State::Accepted | State::GivenUp => true,
            State::Due(_) | State::Flying => false,
        };
        let mut surplus = self
            .letters
            .iter()
            .filter(|letter| settled(letter))
            .count()
            .saturating_sub(SETTLED_MAX);
        self.letters.retain(|letter| {
            let goes = surplus > 0 && settled(letter);
            surplus -= usize::from(goes);
            !goes
        });
    }

    /// Hands out every letter that is due, each once until it is answered.
    pub fn take_due(&mut self, now: i64) -> Vec<Delivery> {
        let mut due = Vec::new();
        for letter in &mut self.letters {
            if !matches!(letter.state, State::Due(at) if at <= now) {
                continue;
            }
            let mut headers = letter.draft.headers.clone();
            headers.extend(letter.draft.stamp.headers(&letter.draft, letter.tries, now));
            letter.tries += 1;
            letter.state = State::Flying;
            due.push(Delivery {
                id: letter.id,
                url: letter.draft.url.clone(),
                headers,
                body: letter.draft.body.clone().into_bytes(),
            });
        }
        due
    }

    /// Takes the answer to a try; `status` 0 means that there was none.
    pub fn delivered(&mut self, id: u64, status: u16, body: &[u8], now: i64) {
        let flying = |letter: &&mut Letter| letter.id == id && letter.state == State::Flying;
        let Some(letter) = self.letters.iter_mut().find(flying) else { return };
        letter.answer = Some(status);
        letter.state = if letter.plan.accepts(status, body) {
            State::Accepted
        } else {
            letter.plan.wait_ms(letter.tries).map_or(State::GivenUp, |wait| State::Due(now + wait))
        };
    }

    /// Whether the first try of a letter has ended, whatever its answer.
    #[must_use]
    pub fn was_tried(&self, id: u64) -> bool {
        self.letters.iter().find(|letter| letter.id == id).is_none_or(|l| l.answer.is_some())
    }

    /// When the next letter is due, in milliseconds since 1970.
    #[must_use]
    pub fn next_due(&self) -> Option<i64> {
        let due = |letter: &Letter| match letter.state {
            State::Due(at) => Some(at),
            State::Flying | State::Accepted | State::GivenUp => None,
        };
        self.letters.iter().filter_map(due).min()
    }

    /// Throws every letter away; numbers are never used again, so a late answer finds nothing.
    pub fn clear(&mut self) {
        self.letters.clear();
    }

    /// Every letter that is remembered.
    #[must_use]
    pub fn letters(&self) -> &[Letter] {
        &self.letters
    }

    /// How many tries spoke about a request: the provider's own, and how many were acknowledged.
    #[must_use]
    pub fn tries_about(&self, provider: &str, request_id: &str) -> (u32, u32) {
        let own = |letter: &&Letter| {
            !letter.forged
                && letter.draft.provider == provider
                && letter.draft.request_id == request_id
        };
        self.letters.iter().filter(own).fold((0, 0), |(tries, accepted), letter| {
            (tries + letter.tries, accepted + u32::from(letter.state == State::Accepted))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::moment::MINUTE_MS;
    use crate::sandbox::{kb, portone, tosspayments};

    fn draft(body: &str) -> Draft {
        Draft {
            provider: "kb",
            request_id: "hb-1".to_owned(),
            topic: "DONE".to_owned(),
            url: "http://edge/hook".to_owned(),
            headers: Vec::new(),
            body: body.to_owned(),
            transmission_id: "t1".to_owned(),
            stamp: Stamp::None,
        }
    }

    /// The minutes at which a never acknowledged event is tried.
    fn minutes_of_tries(plan: Plan, status: u16, answer: &str) -> Vec<i64> {
        let mut outbox = Outbox::default();
        outbox.send(0, Webhook::Early, plan, Some(draft("{}")), None);
        let mut minutes = Vec::new();
        while let Some(at) = outbox.next_due() {
            for delivery in outbox.take_due(at) {
                minutes.push(at / MINUTE_MS);
                outbox.delivered(delivery.id, status, answer.as_bytes(), at);
            }
        }
        minutes
    }

    /// When each event leaves and what it says, when every one is acknowledged.
    fn all_sent(outbox: &mut Outbox) -> Vec<(i64, String)> {
        let mut sent = Vec::new();
        while let Some(at) = outbox.next_due() {
            for delivery in outbox.take_due(at) {
                sent.push((at, String::from_utf8(delivery.body).unwrap()));
                outbox.delivered(delivery.id, 200, b"RESULT=OK", at);
            }
        }
        sent
    }

    #[test]
    fn each_provider_repeats_by_its_own_plan() {
        let toss = vec![0, 1, 5, 21, 85, 341, 1_365, 5_461];
        for (plan, status, answer, expected) in [
            (tosspayments::PLAN, 500, "", toss.clone()),
            (tosspayments::PLAN, 0, "", toss),
            (tosspayments::PLAN, 200, "", vec![0]),
            (kb::PLAN, 200, "OK", vec![0, 1, 2, 3]),
            (kb::PLAN, 200, "RESULT=OK\n", vec![0, 1, 2, 3]),
            (kb::PLAN, 500, "RESULT=OK", vec![0, 1, 2, 3]),
            (kb::PLAN, 200, "RESULT=OK", vec![0]),
            (portone::PLAN, 302, "", vec![0, 0, 5, 35, 155, 455]),
            (portone::PLAN, 204, "", vec![0]),
            (Plan::ONCE, 500, "", vec![0]),
        ] {
            assert_eq!(minutes_of_tries(plan, status, answer), expected, "{plan:?} {answer:?}");
        }
    }

    #[test]
    fn every_fault_sends_its_own_set_of_letters() {
        for (fault, expected) in [
            (Webhook::Normal, vec![(200, "real")]),
            (Webhook::Early, vec![(0, "real")]),
            (Webhook::Late, vec![(30_000, "real")]),
            (Webhook::Twice, vec![(200, "real"), (205, "real")]),
            (Webhook::Lost, vec![]),
            (Webhook::Forged, vec![(0, "false"), (200, "real")]),
            (Webhook::ForgedOnly, vec![(0, "false")]),
        ] {
            let mut outbox = Outbox::default();
            let [real, forged] = ["real", "false"].map(draft);
            outbox.send(0, fault, kb::PLAN, Some(real), Some(forged));
            let sent = all_sent(&mut outbox);
            let expected: Vec<(i64, String)> =
                expected.into_iter().map(|(at, body)| (at, body.to_owned())).collect();
            assert_eq!(sent, expected, "{fault:?}");
        }
    }

    #[test]
    fn a_repeat_keeps_its_transmission_id_and_counts_itself() {
        let mut outbox = Outbox::default();
        let real = Draft { stamp: Stamp::Counted("toss-"), ..draft("{}") };
        outbox.send(0, Webhook::Normal, tosspayments::PLAN, Some(real), None);
        let first = outbox.take_due(200);
        assert!(outbox.take_due(200).is_empty(), "a flying letter is not handed out again");
        outbox.delivered(1, 500, b"", 200);
        let second = outbox.take_due(200 + MINUTE_MS);
        let header = |delivery: &Delivery, last: &str| {
            let name = format!("toss-{last}");
            delivery.headers.iter().find(|(key, _)| *key == name).unwrap().1.clone()
        };
        assert_eq!(header(&first[0], "id"), header(&second[0], "id"));
        assert_eq!(header(&first[0], "retried-count"), "0");
        assert_eq!(header(&second[0], "retried-count"), "1");
        assert_eq!(header(&second[0], "time"), "1970-01-01T09:01:00+09:00");
    }

    #[test]
    fn an_early_letter_says_when_its_first_try_has_ended() {
        let mut outbox = Outbox::default();
        let real = Some(draft("{}"));
        let id = outbox.send(0, Webhook::Early, kb::PLAN, real, None).unwrap();
        assert!(!outbox.was_tried(id));
        outbox.take_due(0);
        assert!(!outbox.was_tried(id));
        outbox.delivered(id, 0, b"", 1);
        assert!(outbox.was_tried(id));
        assert_eq!(outbox.tries_about("kb", "hb-1"), (1, 0));
    }
}
