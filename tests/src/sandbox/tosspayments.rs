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
//! window · `event` webhooks · `object` the payment as JSON · `code` refusals · `merchant` contracts.

use std::collections::BTreeMap;

use serde_json::Value;

use self::merchant::Merchant;
use self::payment::{Act, Payment, Stage, Verdict, verdict};
use super::moment::MINUTE_MS;
use super::outbox::{Accepts, Plan};
use super::provider::{NO_DEPOSIT, Provider};
use super::window::Brand;
use super::{BookLine, Method as Verb, Request, Response, Turn, moment};

mod api;
mod checkout;
mod code;
mod event;
mod merchant;
mod object;
mod payment;
#[cfg(test)]
mod tests;

/// Its name at the edge and in the books.
const NAME: &str = "tosspayments";

/// Until 200, after 1, 4, 16, 64, 256, 1024 and 4096 minutes.
pub(super) const PLAN: Plan = Plan {
    waits_ms: &[
        MINUTE_MS,
        4 * MINUTE_MS,
        16 * MINUTE_MS,
        64 * MINUTE_MS,
        256 * MINUTE_MS,
        1_024 * MINUTE_MS,
        4_096 * MINUTE_MS,
    ],
    accepts: Accepts::Ok,
};

static BRAND: Brand = Brand {
    names: ["Toss 페이먼츠 샌드박스", "Toss Payments Sandbox"],
    monogram: "t",
    colours: "",
};

/// Whose call, by key, API key, path: what an idempotency key stands for.
type CallId = (String, String, String);

/// The first answer to a call with an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Kept {
    status: u16,
    body: Value,
    first_used: i64,
    running_until: i64,
}

/// The books of `tosspayments`.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    merchants: Vec<Merchant>,
    payments: BTreeMap<String, Payment>,
    /// The latest payment of a merchant's order id.
    orders: BTreeMap<(usize, String), String>,
    answers: BTreeMap<CallId, Kept>,
}

impl Engine {
    /// Empty books, for the demo's shops behind the edge of this address.
    #[must_use]
    pub fn demo(edge_server: &str) -> Self {
        Self { merchants: merchant::demo(edge_server), ..Self::default() }
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

    /// The latest payment of an order id, and only its own merchant's.
    fn by_order(&self, merchant: usize, order_id: &str) -> Option<&Payment> {
        let key = self.orders.get(&(merchant, order_id.to_owned()))?;
        self.payments.get(key)
    }
}

impl Provider for Engine {
    fn name(&self) -> &'static str {
        NAME
    }

    fn path(&self) -> &'static str {
        "/toss"
    }

    fn handle(&mut self, path: &str, request: &Request, turn: &mut Turn<'_>) -> Response {
        match (request.method, path) {
            (Verb::Get, "/v2/standard") => checkout::sdk(),
            (Verb::Get, "/window") => self.window(request, turn),
            (Verb::Post, "/window") => self.window_action(request, turn),
            (Verb::Get | Verb::Post | Verb::Other, _) => self.call(path, request, turn),
        }
    }

    fn wake(&mut self, turn: &mut Turn<'_>) {
        let late = |payment: &&mut Payment| payment.deadline().is_some_and(|at| at <= turn.now);
        let keys: Vec<String> =
            self.payments.values_mut().filter(late).map(|payment| payment.key.clone()).collect();
        for key in keys {
            self.lapse(&key, turn);
        }
        let fresh = |kept: &Kept| kept.first_used + api::IDEMPOTENCY_MS > turn.now;
        self.answers.retain(|_, kept| fresh(kept));
    }

    fn script_opens(&self, data: &Value) -> Option<String> {
        Some(checkout::script_opens(data))
    }

    fn deposit(
        &mut self,
        request_id: &str,
        amount: Option<u64>,
        turn: &mut Turn<'_>,
    ) -> Result<(), &'static str> {
        let waits = |payment: &&mut Payment| {
            payment.order_id == request_id && verdict(&payment.stage, Act::Deposit) == Verdict::Go
        };
        let payment = self.payments.values_mut().find(waits).ok_or(NO_DEPOSIT)?;
        payment.charged = amount.unwrap_or(payment.charged);
        let account = payment.account().cloned();
        payment.capture(turn.now, account, turn.dice.hex(32).to_uppercase());
        event::announce(payment, &self.merchants, turn);
        Ok(())
    }

    /// DONE falls to WAITING_FOR_DEPOSIT.
    fn reverse_deposit(
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

    fn books(&self) -> Vec<BookLine> {
        let lines = self.payments.values().map(|payment| {
            let taken = payment.approved_at().is_some();
            BookLine {
                provider: NAME,
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
                awaits_deposit: verdict(&payment.stage, Act::Deposit) == Verdict::Go,
                acts: Vec::new(),
                webhooks_sent: 0,
                webhooks_acknowledged: 0,
            }
        });
        lines.collect()
    }

    fn clear(&mut self) {
        self.payments.clear();
        self.orders.clear();
        self.answers.clear();
    }

    fn copied(&self) -> Box<dyn Provider> {
        Box::new(self.clone())
    }
}
