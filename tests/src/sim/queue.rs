//! The queue: at least once, in no order, with tries and dead letters. What becomes of a letter is
//! `edge::letter`'s; here it is carried out, as `edge/src/shell/queue.rs` does on the runtime.

use std::collections::BTreeMap;

use edge::book::Message;
use edge::envelope::Ask;
use edge::letter::{self, BROKEN_WAIT, Fate, LAST_WAIT, Told, UNDELIVERABLE};
use edge::provider::HttpResponse;
use shared::time::Span;

use super::network::{Caller, Http, HttpAnswer};
use super::objects::Pending;
use super::weather::Kind;
use super::world::{Event, World};

/// A letter is brought so often at most, the first time included (`max_retries` in `wrangler.jsonc`).
const TRIES_MAX: u32 = 11;
/// A dead one so often.
const DEAD_TRIES_MAX: u32 = 101;

/// A letter in the queue.
#[derive(Debug, Clone)]
struct Letter {
    text: String,
    tries: u32,
    dead: bool,
}

/// Letters that nobody has taken for good.
#[derive(Debug, Default)]
pub(super) struct Queue {
    letters: BTreeMap<u64, Letter>,
}

impl Queue {
    /// How many are left.
    pub(super) fn len(&self) -> usize {
        self.letters.len()
    }
}

impl World {
    /// A letter for the queue.
    pub(super) fn put(&mut self, text: &str) {
        self.trace.bytes(text.as_bytes());
        self.notes.posted(text);
        let times = if self.strikes(Kind::LetterTwice) { 2 } else { 1 };
        for _ in 0..times {
            let mut wait = self.chance.between(10, 400);
            if self.strikes(Kind::LetterLate) {
                wait += self.chance.between(1_000, 900_000);
            }
            self.put_after(Letter { text: text.to_owned(), tries: 0, dead: false }, wait);
        }
    }

    fn put_after(&mut self, letter: Letter, wait: u64) {
        let n = self.number();
        self.queue.letters.insert(n, letter);
        self.after(wait, Event::Letter(n));
    }

    pub(super) fn bring(&mut self, n: u64) {
        let Some(letter) = self.queue.letters.get_mut(&n) else { return };
        letter.tries += 1;
        let (text, dead) = (letter.text.clone(), letter.dead);
        let message = match letter::open(&text) {
            Ok(message) => message,
            Err(error) => {
                self.notes.wrong("F54", format!("a letter cannot be read: {error:?}"));
                return;
            }
        };
        if self.strikes(Kind::BookFails) {
            return self.again(n, BROKEN_WAIT);
        }
        if dead {
            return self.settle(n, &message, Fate::Dead, UNDELIVERABLE);
        }
        self.book.copy(&message);
        match letter::notice(&self.config, &message, self.time(), true) {
            None => {
                let (fate, why) = letter::fate(&message, 1, Told::Nothing);
                self.settle(n, &message, fate, &why);
            }
            Some(Err(())) => self.letter_hears(n, None),
            Some(Ok(request)) => {
                let wait = request.deadline.as_millis();
                let headers = request.headers.into_iter().map(|(k, v)| (k.to_owned(), v));
                let http = Http {
                    method: request.method,
                    url: request.url,
                    headers: headers.collect(),
                    body: request.body,
                };
                self.send(Caller::Letter(n), http, wait);
            }
        }
    }

    pub(super) fn letter_hears(&mut self, n: u64, answer: Option<HttpAnswer>) {
        if self.strikes(Kind::ConsumerCrash) {
            return self.again(n, BROKEN_WAIT);
        }
        let Some(Letter { text, tries, .. }) = self.queue.letters.get(&n).cloned() else { return };
        let Ok(message) = letter::open(&text) else { return };
        let answer = answer.map(|answer| HttpResponse {
            http_status: answer.code,
            retry_after: answer.header("retry-after").parse().ok().map(Span::seconds),
            body: answer.body,
        });
        let (fate, why) = letter::fate(&message, tries, Told::asked(answer.as_ref()));
        self.settle(n, &message, fate, &why);
    }

    fn settle(&mut self, n: u64, message: &Message, fate: Fate, why: &str) {
        if matches!(fate, Fate::Last | Fate::Dead) {
            if self.strikes(Kind::BookFails) {
                return self.again(n, BROKEN_WAIT);
            }
            let text = self.queue.letters.get(&n).map(|letter| letter.text.clone());
            self.book.bury(message, &text.unwrap_or_default(), why, fate == Fate::Dead);
        }
        match fate {
            Fate::Again(wait) => return self.again(n, wait),
            Fate::Last => return self.again(n, LAST_WAIT),
            Fate::Dead => self.tell(|| format!("  {} is dead: {why}", message.id)),
            Fate::Done => {}
        }
        if let Some(op) = letter::report(message, fate, why) {
            let ask = Ask::checkout(&message.home, "", &op);
            self.call(Pending::Letter(n), ask);
        }
    }

    /// Its owner was told what became of it, or was not.
    pub(super) fn letter_reported(&mut self, n: u64, told: bool) {
        if told {
            self.queue.letters.remove(&n);
        } else {
            self.again(n, BROKEN_WAIT);
        }
    }

    /// A letter comes again, as long as the queue brings it; then it is moved to the dead ones.
    fn again(&mut self, n: u64, wait: Span) {
        let Some(letter) = self.queue.letters.get(&n) else { return };
        let most = if letter.dead { DEAD_TRIES_MAX } else { TRIES_MAX };
        if letter.tries < most {
            return self.after(wait.as_millis(), Event::Letter(n));
        }
        if let Some(letter) = self.queue.letters.remove(&n).filter(|letter| !letter.dead) {
            self.put_after(Letter { tries: 0, dead: true, ..letter }, 1_000);
        }
    }
}
