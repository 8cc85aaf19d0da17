//! `tosspayments` as an engine: the buyer authenticates in the window, the shop captures by
//! confirm.
//!
//! Manual: official pages "core API", "webhook events", "authentication and other headers",
//! "cancel a payment", error table of 2026-03-17. Unverified, and modelled as follows: a confirm
//! with another amount is `FORBIDDEN_REQUEST`; a confirm that comes before the authentication is
//! `NOT_FOUND_PAYMENT_SESSION`; when the buyer leaves the window the payment stays `READY` until
//! its 30 minutes are over, without an event.
//!
//! Map: this file the books · `payment` the one table · `api` the server calls · `checkout` the buyer's
//! window · `event` webhooks · `object` the payment as JSON · `code` refusals.

use std::collections::BTreeMap;

use self::payment::{Act, Payment, Stage, Verdict, verdict};
use super::faults::Provider;
use super::merchant::TossMerchant;
use super::{BookLine, Method as Verb, Request, Response, Turn, moment};

mod api;
mod checkout;
mod code;
mod event;
mod object;
mod payment;
#[cfg(test)]
mod tests;

/// Whose call, by key, API key, path: what an idempotency key stands for.
type CallId = (String, String, String);

/// The first answer to a call with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    status: u16,
    body: serde_json::Value,
    first_used: i64,
    running_until: i64,
}

/// The books of `tosspayments`.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    merchants: Vec<TossMerchant>,
    payments: BTreeMap<String, Payment>,
    /// The latest payment of a merchant's order id.
    orders: BTreeMap<(usize, String), String>,
    answers: BTreeMap<CallId, Kept>,
}

impl Engine {
    /// Empty books.
    #[must_use]
    pub fn new(merchants: Vec<TossMerchant>) -> Self {
        Self { merchants, ..Self::default() }
    }

    /// Answers a request whose path lies below `/toss`.
    pub fn handle(&mut self, path: &str, request: &Request, turn: &mut Turn<'_>) -> Response {
        match (request.method, path) {
            (Verb::Get, "/v2/standard") => checkout::sdk(),
            (Verb::Get, "/window") => self.window(request, turn),
            (Verb::Post, "/window") => self.window_action(request, turn),
            (Verb::Get | Verb::Post | Verb::Other, _) => self.call(path, request, turn),
        }
    }

    /// Lets deadlines pass.
    pub fn wake(&mut self, turn: &mut Turn<'_>) {
        let late = |payment: &&mut Payment| payment.deadline().is_some_and(|at| at <= turn.now);
        let keys: Vec<String> =
            self.payments.values_mut().filter(late).map(|payment| payment.key.clone()).collect();
        for key in keys {
            self.lapse(&key, turn);
        }
        let fresh = |kept: &Kept| kept.first_used + api::IDEMPOTENCY_MS > turn.now;
        self.answers.retain(|_, kept| fresh(kept));
    }

    fn lapse(&mut self, key: &str, turn: &mut Turn<'_>) {
        let Some(payment) = self.payments.get_mut(key) else { return };
        payment.stage = match (verdict(&payment.stage, Act::Lapse), &payment.stage) {
            (Verdict::Go, Stage::Waiting { account }) => {
                Stage::Overdue { account: account.clone() }
            }
            (Verdict::Go, _) => Stage::Expired,
            (Verdict::Same | Verdict::Refuse(_), _) => return,
        };
        // The end of a deposit's term is announced to nobody.
        if payment.stage == Stage::Expired {
            event::announce(payment, &self.merchants, turn);
        }
    }

    /// A deposit arrives at the account of a request, by hand of whoever holds the panel.
    ///
    /// # Errors
    /// A sentence that says why no deposit can arrive.
    pub fn deposit(
        &mut self,
        request_id: &str,
        amount: Option<u64>,
        turn: &mut Turn<'_>,
    ) -> Result<(), &'static str> {
        let waits = |payment: &&mut Payment| {
            payment.order_id == request_id && verdict(&payment.stage, Act::Deposit) == Verdict::Go
        };
        let payment = self
            .payments
            .values_mut()
            .find(waits)
            .ok_or("no account waits for a deposit under this request id")?;
        payment.charged = amount.unwrap_or(payment.charged);
        let account = payment.account().cloned();
        payment.capture(turn.now, account, turn.dice.hex(32).to_uppercase());
        event::announce(payment, &self.merchants, turn);
        Ok(())
    }

    /// The bank takes a deposit back: DONE falls to WAITING_FOR_DEPOSIT.
    ///
    /// # Errors
    /// A sentence that says why nothing can be taken back.
    pub fn reverse_deposit(
        &mut self,
        request_id: &str,
        turn: &mut Turn<'_>,
    ) -> Result<(), &'static str> {
        let has = |payment: &&mut Payment| {
            payment.order_id == request_id && verdict(&payment.stage, Act::Reverse) == Verdict::Go
        };
        let payment = self
            .payments
            .values_mut()
            .find(has)
            .ok_or("no untouched deposit is there under this request id")?;
        if let Some(account) = payment.account().cloned() {
            payment.stage = Stage::Waiting { account };
            event::announce(payment, &self.merchants, turn);
        }
        Ok(())
    }

    /// The auditor's view.
    pub fn books(&self) -> impl Iterator<Item = BookLine> + '_ {
        self.payments.values().map(|payment| {
            let taken = payment.approved_at().is_some();
            BookLine {
                provider: Provider::Tosspayments,
                merchant: self
                    .merchants
                    .get(payment.merchant)
                    .map_or_else(String::new, |merchant| merchant.secret_key.clone()),
                request_id: payment.order_id.clone(),
                provider_payment_id: Some(payment.key.clone()),
                status: payment.status(),
                opened_at: moment::iso(payment.opened_at),
                amount: payment.agreed,
                captured: if taken { payment.charged } else { 0 },
                refunded: if taken { payment.charged - payment.balance() } else { 0 },
                captures: payment.captures,
                webhooks_sent: 0,
                webhooks_acknowledged: 0,
            }
        })
    }

    /// The latest payment of an order id, and only its own merchant's.
    fn by_order(&self, merchant: usize, order_id: &str) -> Option<&Payment> {
        let key = self.orders.get(&(merchant, order_id.to_owned()))?;
        self.payments.get(key)
    }
}
