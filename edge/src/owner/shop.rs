//! What the shop's server asks: open, read, cancel, the journal. Refunds have a file of their own.

use shared::checkout::{
    Checkout, CheckoutError, LIFE_DEFAULT, LIFE_MAX, LIFE_MIN, LINES_MAX, Line, ORDERS_MAX, Order,
    check_orders,
};
use shared::id::{CheckoutId, Home, MerchantId, OrderId, PartyId, Sku};
use shared::money::{Amount, Currency, MoneyError};
use shared::payment::{Input, Payment, Refusal as Cannot, Verdict};
use shared::problem::Code;
use shared::raw_amount::RawAmount;
use shared::time::Span;
use shared::wire::{OpenCheckout, OpenLine, OpenOrder};

use super::{Desk, Done, Failed, Op, Outcome, Reply, request};
use crate::config::{Config, Merchant, return_url};
use crate::problem::Refusal;
use crate::row::{Grant, Record};
use crate::shelf::{Answer, Kept};
use crate::signature::digest;
use crate::view;

/// The most of one thing in a line.
const QUANTITY_MAX: u32 = 9_999;
/// The longest name or label, in characters.
const NAME_CHARS_MAX: usize = 200;
/// The longest reason, in characters.
pub(super) const REASON_CHARS_MAX: usize = 200;

/// Where a checkout of these orders lives: by merchant and first order id, so that a repeat of the same
/// opening meets the same owner.
#[must_use]
pub fn home_of(generation: u8, shards: u8, merchant: &str, first_order: &str) -> Home {
    let digest = digest(format!("{merchant}/{first_order}").as_bytes());
    let shard = digest.first().copied().unwrap_or_default();
    Home { generation, shard: shard.checked_rem(shards).unwrap_or_default() }
}

/// The request that opens a checkout, checked in all parts but what only the owner knows.
///
/// # Errors
/// The code of the first cause found.
pub fn read_open(body: &str) -> Result<OpenCheckout, Refusal> {
    let open = request::read(body, request::open_checkout)?;
    if !(1..=ORDERS_MAX).contains(&open.orders.len()) {
        return Err(Code::LimitExceeded.into());
    }
    for order in &open.orders {
        OrderId::parse(&order.order_id).ok_or(Code::OrderIdInvalid)?;
    }
    Ok(open)
}

/// Whether this could be opened, before any name is claimed for it: a shop that repairs what was refused
/// opens it with the same order ids (I-20). What it charges.
///
/// # Errors
/// The code of the first cause found.
pub fn check_open(config: &Config, merchant: &str, open: &OpenCheckout) -> Result<Amount, Refusal> {
    let merchant = MerchantId::parse(merchant).ok_or(Code::Unauthorized)?;
    let settings = config.merchants.get(&merchant).ok_or(Code::Unauthorized)?;
    Ok(parts(config, settings, open)?.amount)
}

/// What a request says of a new checkout, in the domain's types.
struct Parts {
    buyer: PartyId,
    orders: Vec<Order>,
    amount: Amount,
    label: String,
    return_url: String,
    life: Span,
}

fn parts(config: &Config, merchant: &Merchant, open: &OpenCheckout) -> Result<Parts, Code> {
    let currency = Currency::parse(&open.currency).ok_or(Code::CurrencyInvalid)?;
    let max = config.amount_max;
    let amount = open.amount.amount(currency, max)?;
    let orders: Vec<Order> =
        open.orders.iter().map(|o| order(o, currency, max)).collect::<Result<_, _>>()?;
    check_orders(&orders, amount).map_err(orders_code)?;
    let label = match &open.label {
        Some(label) => text(label, NAME_CHARS_MAX)?,
        None => label_of(&orders),
    };
    Ok(Parts {
        buyer: PartyId::parse(&open.buyer.id).ok_or(Code::JsonSchema)?,
        orders,
        amount,
        label,
        return_url: return_url(merchant, &open.return_url)?,
        life: life(open.expires_in_seconds)?,
    })
}

pub(super) fn text(value: &str, max: usize) -> Result<String, Code> {
    let fits = (1..=max).contains(&value.chars().count());
    let printable = !value.chars().any(char::is_control);
    if fits && printable { Ok(value.to_owned()) } else { Err(Code::LimitExceeded) }
}

fn order(open: &OpenOrder, currency: Currency, max: u64) -> Result<Order, Code> {
    if !(1..=LINES_MAX).contains(&open.lines.len()) {
        return Err(Code::LimitExceeded);
    }
    let line = |line: &OpenLine| -> Result<Line, Code> {
        Ok(Line {
            sku: Sku::parse(&line.sku).ok_or(Code::JsonSchema)?,
            name: text(&line.name, NAME_CHARS_MAX)?,
            quantity: line.quantity.quantity(QUANTITY_MAX)?,
            unit: line.unit_amount.amount(currency, max)?,
            unlimited: line.unlimited,
        })
    };
    Ok(Order {
        id: OrderId::parse(&open.order_id).ok_or(Code::OrderIdInvalid)?,
        seller: PartyId::parse(&open.seller).ok_or(Code::JsonSchema)?,
        lines: open.lines.iter().map(line).collect::<Result<_, _>>()?,
        amount: open.amount.amount(currency, max)?,
    })
}

fn orders_code(error: CheckoutError) -> Code {
    match error {
        CheckoutError::OrderCount | CheckoutError::LineCount => Code::LimitExceeded,
        CheckoutError::OrderTwice => Code::OrderIdConflict,
        CheckoutError::Sum => Code::AmountMismatch,
        CheckoutError::Money(MoneyError::CurrencyMismatch) => Code::CurrencyMismatch,
        CheckoutError::Money(MoneyError::Zero) => Code::AmountInvalid,
        CheckoutError::Money(MoneyError::OutOfRange | MoneyError::Underflow) => {
            Code::AmountOutOfRange
        }
        CheckoutError::Life => Code::TimestampInvalid,
    }
}

fn life(raw: Option<RawAmount>) -> Result<Span, Code> {
    let Some(raw) = raw else { return Ok(LIFE_DEFAULT) };
    let max = u32::try_from(LIFE_MAX.as_seconds()).unwrap_or(u32::MAX);
    let seconds = raw.quantity(max).map_err(|_| Code::TimestampInvalid)?;
    let life = Span::seconds(u64::from(seconds));
    if life < LIFE_MIN { Err(Code::TimestampInvalid) } else { Ok(life) }
}

pub(super) const fn cannot(refusal: Cannot) -> Code {
    match refusal {
        Cannot::AttemptOpen => Code::AttemptOpen,
        Cannot::Paid => Code::CheckoutPaid,
        Cannot::Closed => Code::CheckoutClosed,
        Cannot::TooManyAttempts => Code::VelocityLimited,
    }
}

impl Desk<'_> {
    /// Claims a name (an idempotency key, an order id) for one fingerprint of the installation.
    pub(super) fn claim(&self, name: &str, fingerprint: &str) -> Done {
        let (fresh, holder) = self.shelf.claim(name, fingerprint, self.now)?;
        let http_status = match (fresh, holder == fingerprint) {
            (true, _) => 201,
            (false, true) => 200,
            (false, false) => 409,
        };
        Ok(Outcome::Reply(Reply::empty(http_status)))
    }

    /// Gives back a name whose opening was refused after all (I-20).
    pub(super) fn unclaim(&self, name: &str, fingerprint: &str) -> Done {
        self.shelf.unclaim(name, fingerprint)?;
        Ok(Outcome::Reply(Reply::empty(200)))
    }

    pub(super) fn open(&self, merchant: &str, key: &str, fingerprint: &str, body: &str) -> Done {
        let name = opening(merchant, key);
        if let Some(before) = self.opened_before(&name, merchant, fingerprint)? {
            return Ok(before);
        }
        let open = read_open(body)?;
        let mut record = self.new_record(merchant, &open)?;
        record.is_listed = true;
        self.shelf.keep_answer(
            &name,
            &ok(fingerprint, &record.checkout.id.to_string()),
            self.now,
        )?;
        self.begin_record(&record)?;
        self.tell(&record, None, &[])?;
        self.opened(&record, false)
    }

    /// An order of this opening is another checkout's: from now on no repeat opens it, unless one did
    /// before.
    pub(super) fn refuse_opening(&self, merchant: &str, key: &str, fingerprint: &str) -> Done {
        let name = opening(merchant, key);
        match self.opened_before(&name, merchant, fingerprint)? {
            Some(before) => Ok(before),
            None => self.refuse(&name, fingerprint, Code::OrderIdConflict),
        }
    }

    fn opened_before(
        &self,
        name: &str,
        merchant: &str,
        fingerprint: &str,
    ) -> Result<Option<Outcome>, Failed> {
        let Some(checkout) = self.earlier(name, fingerprint)? else { return Ok(None) };
        self.opened(&self.record_of(merchant, &checkout)?, true).map(Some)
    }

    /// Stores what was not there before.
    pub(super) fn begin_record(&self, record: &Record) -> Kept<()> {
        self.keep(record)?;
        self.shelf.note(
            record.checkout.id,
            &crate::shelf::Line {
                at: self.now,
                input: "open".to_owned(),
                detail: format!("{} for {}", record.checkout.amount, record.checkout.merchant),
                phase: "open".to_owned(),
                verdict: "Go(Open)".to_owned(),
                version: 1,
            },
        )
    }

    fn new_record(&self, merchant: &str, open: &OpenCheckout) -> Result<Record, Failed> {
        let merchant = MerchantId::parse(merchant).ok_or(Code::Unauthorized)?;
        let settings = self.config.merchants.get(&merchant).ok_or(Code::Unauthorized)?;
        let first = open.orders.first().ok_or(Code::LimitExceeded)?;
        let Config { generation, shards, .. } = self.config;
        let home = home_of(*generation, *shards, merchant.as_str(), &first.order_id);
        let id = CheckoutId::new(home, (self.entropy)());
        Ok(fresh(self.checkout(settings, open, id)?, self.new_grant()))
    }

    /// The checkout that an opening describes, under this id.
    pub(super) fn checkout(
        &self,
        merchant: &Merchant,
        open: &OpenCheckout,
        id: CheckoutId,
    ) -> Result<Checkout, Code> {
        let parts = parts(self.config, merchant, open)?;
        Ok(Checkout {
            id,
            merchant: merchant.id.clone(),
            buyer: parts.buyer,
            orders: parts.orders,
            amount: parts.amount,
            label: parts.label,
            return_url: parts.return_url,
            created_at: self.now,
            expires_at: self.now.after(parts.life),
        })
    }

    /// The answer that opened it: the same for every repeat, its token included.
    fn opened(&self, record: &Record, replayed: bool) -> Done {
        let body = self.with_token(record, record.first_grant);
        Ok(Outcome::Reply(Reply { replayed, ..Reply::new(201, body) }))
    }

    /// A token for a page that is built again: the one that is out while it lasts, then another.
    pub(super) fn fresh_token(&self, merchant: &str, checkout: &str) -> Done {
        let mut record = self.record_of(merchant, checkout)?;
        if let Some(why) = record.payment.why_not_begin(&record.checkout, self.now) {
            return Err(cannot(why).into());
        }
        let had = record.grant;
        let grant = self.renew_grant(&mut record);
        if had != Some(grant) {
            self.keep(&record)?;
        }
        Ok(Outcome::Reply(Reply::new(200, self.with_token(&record, grant))))
    }

    fn with_token(&self, record: &Record, grant: Grant) -> String {
        let ends = grant.issued_at.after(shared::claims::TOKEN_LIFE);
        let token = view::Token { text: self.token(record, grant), ends };
        view::checkout(record, self.config, Some(&token))
    }

    pub(super) fn read(&self, merchant: &str, checkout: &str) -> Done {
        let record = self.record_of(merchant, checkout)?;
        Ok(Outcome::Reply(Reply::new(200, view::checkout(&record, self.config, None))))
    }

    pub(super) fn journal(&self, merchant: &str, checkout: &str) -> Done {
        let record = self.record_of(merchant, checkout)?;
        let entries = self.shelf.journal(record.checkout.id)?;
        Ok(Outcome::Reply(Reply::new(200, view::journal(&entries))))
    }

    pub(super) fn cancel(
        &self,
        merchant: &str,
        checkout: &str,
        (key, fingerprint): (&str, &str),
        body: &str,
    ) -> Done {
        let mut record = self.record_of(merchant, checkout)?;
        let name = format!("cancel/{merchant}/{key}");
        let read =
            Op::Read { merchant: merchant.to_owned(), checkout: record.checkout.id.to_string() };
        if self.earlier(&name, fingerprint)?.is_some() {
            return self.handle(&read).map(replayed);
        }
        let request = request::read(body, request::cancel_checkout)?;
        if let Some(reason) = &request.reason {
            text(reason, REASON_CHARS_MAX)?;
        }
        let step = self.feed(&mut record, Input::ShopCancel)?;
        if let Verdict::Refuse(why) = step.verdict {
            return self.refuse(&name, fingerprint, cannot(why));
        }
        let answer = ok(fingerprint, &record.checkout.id.to_string());
        self.shelf.keep_answer(&name, &answer, self.now)?;
        Ok(Outcome::Drive(record.checkout.id, Box::new(read)))
    }

    /// The result of an earlier request with this key; another content is refused (F1, F2).
    pub(super) fn earlier(&self, name: &str, fingerprint: &str) -> Result<Option<String>, Failed> {
        let Some(answer) = self.shelf.answer(name)? else { return Ok(None) };
        if answer.fingerprint != fingerprint {
            return Err(Code::IdempotencyKeyReused.into());
        }
        match answer.result.split_once(':') {
            Some(("refused", code)) => Err(Code::parse(code).unwrap_or(Code::Internal).into()),
            Some((_, id)) => Ok(Some(id.to_owned())),
            None => Err(Code::Internal.into()),
        }
    }

    /// A refusal is an answer too: the same key gets it again (F4).
    pub(super) fn refuse(&self, name: &str, fingerprint: &str, code: Code) -> Done {
        let result = format!("refused:{}", code.code());
        let answer = Answer { fingerprint: fingerprint.to_owned(), result };
        self.shelf.keep_answer(name, &answer, self.now)?;
        Err(code.into())
    }
}

fn opening(merchant: &str, key: &str) -> String {
    format!("open/{merchant}/{key}")
}

/// A checkout that nobody has tried to pay.
pub(super) fn fresh(checkout: Checkout, grant: Grant) -> Record {
    Record {
        checkout,
        payment: Payment::default(),
        grant: Some(grant),
        first_grant: grant,
        state_keys: Vec::new(),
        is_listed: false,
    }
}

pub(super) fn ok(fingerprint: &str, id: &str) -> Answer {
    Answer { fingerprint: fingerprint.to_owned(), result: format!("ok:{id}") }
}

pub(super) fn replayed(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Reply(reply) => Outcome::Reply(Reply { replayed: true, ..reply }),
        driven @ (Outcome::Drive(..) | Outcome::DriveLater(..)) => driven,
    }
}

fn label_of(orders: &[Order]) -> String {
    let lines: Vec<&Line> = orders.iter().flat_map(|order| &order.lines).collect();
    match lines.as_slice() {
        [] => String::new(),
        [only] => only.name.clone(),
        // Korean shops print «first item and n others» on receipts; the number reads in any language.
        [first, rest @ ..] => format!("{} +{}", first.name, rest.len()),
    }
}
