//! The owner of one SKU's stock: commands in, answers out. Every command is one synchronous turn, so a
//! thousand buyers at once meet one after the other (R12, F12).

use shared::hold::{Answer, Command};
use shared::id::{AttemptId, Sku};
use shared::problem::Code;
use shared::time::Timestamp;

use crate::json::Writer;
use crate::owner::{Failed, Reply, request};
use crate::part::choice;
use crate::shelf::StockShelf;

/// More pieces of one SKU are a mistake in the request.
const UNITS_MAX: u32 = 1_000_000;

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

/// Answers an operation. Losers write nothing.
///
/// # Errors
/// [`Failed`].
pub fn handle(shelf: &dyn StockShelf, op: &StockOp, now: Timestamp) -> Result<Reply, Failed> {
    match op {
        StockOp::Command { sku, command, attempt, quantity } => {
            let sku = Sku::parse(sku).ok_or(Code::NotFound)?;
            let command = Command::parse(command).ok_or(Code::NotFound)?;
            let attempt = AttemptId::parse(attempt).ok_or(Code::NotFound)?;
            let mut stock = shelf.stock(&sku)?;
            let before = stock.clone();
            let answer = stock.apply(command, attempt, *quantity, now);
            if stock != before {
                shelf.keep_stock(&sku, &stock)?;
            }
            let kept = match answer {
                Answer::Done => true,
                Answer::Short { .. } | Answer::Gone => false,
            };
            Ok(Reply::new(200, kept.to_string()))
        }
        StockOp::Outlook { sku, shop } => view(shelf, sku, *shop, now),
        StockOp::Set { sku, body } => {
            let id = Sku::parse(sku).ok_or(Code::NotFound)?;
            let request = request::read(body, request::set_stock)?;
            if request.units.is_some_and(|units| units > UNITS_MAX) {
                return Err(Code::QuantityInvalid.into());
            }
            let mut stock = shelf.stock(&id)?;
            stock.set_units(request.units);
            shelf.keep_stock(&id, &stock)?;
            view(shelf, sku, true, now)
        }
    }
}

/// R15: whether, and until when not; never who, and to strangers not how many.
fn view(shelf: &dyn StockShelf, sku: &str, shop: bool, now: Timestamp) -> Result<Reply, Failed> {
    let id = Sku::parse(sku).ok_or(Code::NotFound)?;
    let stock = shelf.stock(&id)?;
    let outlook = stock.outlook(now);
    let numbers = [("units", stock.units), ("available", outlook.available)];
    let view = Writer::document(|view| {
        view.name("sku").text(id.as_str());
        view.name("tracked").flag(stock.units.is_some());
        for (name, number) in numbers {
            if let Some(number) = number.filter(|_| shop) {
                view.name(name).number(number.into());
            }
        }
        view.name("can_enter").flag(outlook.available != Some(0));
        view.name("until").or_null(outlook.until, |view, at| view.shown(&at));
    });
    Ok(Reply::new(200, view))
}

#[cfg(test)]
mod tests;
