//! The owner of one SKU's stock: commands in, answers out. Every command is one synchronous turn, so a
//! thousand buyers at once meet one after the other (R12, F12).

use core::cell::Cell;

use shared::hold::{Answer, Claim, Command, HOLD_LIFE, Others, Stock, TOMBSTONE_LIFE};
use shared::id::{AttemptId, Sku};
use shared::problem::Code;
use shared::time::{Span, Timestamp};

use crate::json::Writer;
use crate::owner::{Failed, Reply, request};
use crate::part::choice;
use crate::shelf::StockShelf;

/// More pieces of one SKU are a mistake in the request.
const UNITS_MAX: u32 = 1_000_000;

/// When a page that shows the piece asks again, in milliseconds: soon where a hold may end any moment.
const POLL_HELD_MS: u64 = 3_000;
/// See [`POLL_HELD_MS`].
const POLL_MS: u64 = 10_000;

/// Between two times that tombstones are forgotten.
const FORGET_EVERY: Span = Span::hours(1);

choice! {
    /// What the owner of a SKU is asked.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum StockOp {
        /// A command of an attempt.
        "command" => Command {
            /// The piece.
            sku: String,
            /// `hold`, `secure`, `commit`, `release`.
            command: String,
            /// Whose claim.
            attempt: String,
            /// How many.
            quantity: u32,
        }
        /// Whether one can enter now; `shop` is told the numbers too.
        "outlook" => Outlook {
            /// The piece.
            sku: String,
            /// Whether the caller is the shop.
            shop: bool,
        }
        /// The shop sets how many there are.
        "set" => Set {
            /// The piece.
            sku: String,
            /// The request's body.
            body: String,
        }
    }
    refused as Self::Outlook { sku: String::new(), shop: false }
}

/// An attempt's command, for the owner of the piece.
#[must_use]
pub fn order(sku: &Sku, command: Command, attempt: AttemptId, quantity: u32) -> StockOp {
    StockOp::Command {
        sku: sku.to_string(),
        command: command.code().to_owned(),
        attempt: attempt.to_string(),
        quantity,
    }
}

/// Whether the owner of a piece did what the command says.
#[must_use]
pub fn said_yes(reply: &Reply) -> bool {
    reply.body == "true"
}

/// The name of the object that owns this SKU of this merchant.
#[must_use]
pub fn object_name(merchant: &str, sku: &str) -> String {
    format!("stock/{merchant}/{sku}")
}

/// What an object remembers of its SKU while it lives, so that a command costs the same however many
/// claims there are.
#[derive(Debug, Clone, Copy)]
struct Tally {
    units: Option<u32>,
    /// Pieces that claims keep at `seen`; not counted where nobody counts the units.
    pieces: u32,
    /// The newest time of a command: no clock that steps back is believed (I-17).
    seen: Timestamp,
    /// No hold lapses before this.
    next_lapse: Timestamp,
    /// When tombstones were forgotten.
    forgot: Timestamp,
}

/// The owner of one SKU, as long as its object lives. It may be made anew at any time.
#[derive(Debug, Default)]
pub struct Owner(Cell<Option<Tally>>);

impl Owner {
    /// Answers an operation. Losers write nothing.
    ///
    /// # Errors
    /// [`Failed`].
    pub fn handle(
        &self,
        shelf: &dyn StockShelf,
        op: &StockOp,
        now: Timestamp,
    ) -> Result<Reply, Failed> {
        // Where something fails in between, everything is counted anew.
        let known = self.0.take();
        let (StockOp::Command { sku, .. }
        | StockOp::Outlook { sku, .. }
        | StockOp::Set { sku, .. }) = op;
        let sku = Sku::parse(sku).ok_or(Code::NotFound)?;
        let mut tally = tally(shelf, &sku, known, now)?;
        let reply = match op {
            StockOp::Command { command, attempt, quantity, .. } => {
                let command = Command::parse(command).ok_or(Code::NotFound)?;
                let attempt = AttemptId::parse(attempt).ok_or(Code::NotFound)?;
                let kept = tally.command(shelf, &sku, (command, attempt, *quantity))?;
                Reply::new(200, kept.to_string())
            }
            StockOp::Outlook { shop, .. } => tally.view(shelf, &sku, *shop)?,
            StockOp::Set { body, .. } => {
                let units = request::read(body, request::set_stock)?.units;
                if units.is_some_and(|units| units > UNITS_MAX) {
                    return Err(Code::QuantityInvalid.into());
                }
                shelf.keep_units(&sku, units)?;
                tally = self::tally(shelf, &sku, None, now)?;
                tally.view(shelf, &sku, true)?
            }
        };
        self.0.set(Some(tally));
        Ok(reply)
    }
}

/// The tally of this time: as remembered, or counted.
fn tally(
    shelf: &dyn StockShelf,
    sku: &Sku,
    known: Option<Tally>,
    now: Timestamp,
) -> Result<Tally, Failed> {
    let mut tally = if let Some(known) = known {
        known
    } else {
        let (units, seen) = (shelf.units(sku)?, shelf.latest(sku)?);
        let pieces = if units.is_some() { shelf.taken(sku, seen)? } else { 0 };
        Tally { units, pieces, seen, next_lapse: seen, forgot: Timestamp::default() }
    };
    let now = now.max(tally.seen);
    if tally.units.is_some() && now >= tally.next_lapse {
        tally.pieces = tally.pieces.saturating_sub(shelf.lapsed(sku, tally.seen, now)?);
        tally.next_lapse = shelf.next_lapse(sku, now)?.unwrap_or_else(|| now.after(HOLD_LIFE));
    }
    if now.since(tally.forgot) >= FORGET_EVERY {
        shelf.forget(sku, now.before(TOMBSTONE_LIFE))?;
        tally.forgot = now;
    }
    tally.seen = now;
    Ok(tally)
}

impl Tally {
    /// Carries out a command; whether it was done.
    fn command(
        &mut self,
        shelf: &dyn StockShelf,
        sku: &Sku,
        (command, attempt, quantity): (Command, AttemptId, u32),
    ) -> Result<bool, Failed> {
        let now = self.seen;
        let before = shelf.claim(sku, attempt)?;
        let keeps = |claim: Option<Claim>| claim.map_or(0, |claim| claim.keeps(now));
        let pieces = self.pieces.saturating_sub(keeps(before));
        let mut stock = Stock {
            units: self.units,
            claims: before.map(|claim| (attempt, claim)).into_iter().collect(),
            others: Others { pieces, latest: now },
        };
        let answer = stock.apply(command, attempt, quantity, now);
        let after = stock.claims.get(&attempt).copied();
        if after != before {
            shelf.keep_claim(sku, attempt, after)?;
        }
        if stock.units != self.units {
            shelf.keep_units(sku, stock.units)?;
        }
        self.units = stock.units;
        self.pieces = pieces.saturating_add(keeps(after));
        if let Some(Claim::Held { until, .. }) = after {
            self.next_lapse = self.next_lapse.min(until);
        }
        Ok(match answer {
            Answer::Done => true,
            Answer::Short { .. } | Answer::Gone => false,
        })
    }

    /// R15: whether, and until when not; never who, and to strangers not how many.
    fn view(&self, shelf: &dyn StockShelf, sku: &Sku, shop: bool) -> Result<Reply, Failed> {
        let available = self.units.map(|units| units.saturating_sub(self.pieces));
        let until = if available == Some(0) { shelf.next_lapse(sku, self.seen)? } else { None };
        let numbers = [("units", self.units), ("available", available)];
        let numbers = numbers.into_iter().filter_map(|(name, n)| Some((name, n.filter(|_| shop)?)));
        let view = Writer::document(|view| {
            view.name("sku").text(sku.as_str());
            view.name("tracked").flag(self.units.is_some());
            for (name, number) in numbers {
                view.name(name).number(number.into());
            }
            view.name("can_enter").flag(available != Some(0));
            view.name("until").or_null(until, |view, at| view.shown(&at));
            let poll = if until.is_some() { POLL_HELD_MS } else { POLL_MS };
            view.name("poll_after_ms").number(poll);
        });
        Ok(Reply::new(200, view))
    }
}

#[cfg(test)]
mod tests;
