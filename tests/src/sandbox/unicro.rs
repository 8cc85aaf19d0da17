//! `unicro` as an engine: members who join in a popup, items that are registered before they are paid,
//! trades whose money is kept until the buyer is content, unsigned callbacks.
//!
//! Manual: DaouUnicro/Unicro-API-Manual, 2023-01-03. Unverified, and modelled as follows: every `errorCd`;
//! a trade is known from its payment or its account on; a repeated `partnerItemNo` gets another item; a
//! key that was told is told once; callbacks are forms, repeated three times at 60 seconds until they hear
//! SUCCESS; views show a state's number instead of its word for every second trade; pages close
//! themselves; an unanswered request for a cancel is granted after three days.
//!
//! Map: this file the books and the one table · `api` the server calls · `page` the buyer's popups ·
//! `event` callbacks.

use std::collections::BTreeMap;

use self::merchant::Merchant;
use super::moment::MINUTE_MS;
use super::outbox::{Accepts, Plan};
use super::provider::{NO_ACT, NO_DEPOSIT, Provider};
use super::window::Brand;
use super::{BookLine, Method as Verb, Request, Response, Turn, moment};

mod api;
mod event;
mod merchant;
mod page;
#[cfg(test)]
mod tests;

/// Its name at the edge and in the books.
const NAME: &str = "unicro";

/// Until these very words, three times at 60 seconds (its own plan is not public).
pub(super) const PLAN: Plan = Plan {
    waits_ms: &[MINUTE_MS, MINUTE_MS, MINUTE_MS],
    accepts: Accepts::Saying(r#"{"result":"SUCCESS","msg":"","errorCd":""}"#),
};

static BRAND: Brand = Brand {
    names: ["유니크로 안전결제 샌드박스", "Unicro Escrow Sandbox"],
    monogram: "U",
    colours: "--accent:#0f766e;--tint:#e6f5f3",
};

/// How long a member's token lives; it cannot be extended.
const TOKEN_MS: i64 = 120 * MINUTE_MS;
/// How long an account waits for its deposit.
const DEPOSIT_MS: i64 = 24 * 60 * MINUTE_MS;
/// After how long an unanswered request for a cancel is granted.
const GRANT_MS: i64 = 3 * 24 * 60 * MINUTE_MS;
/// The smallest price of an item, in KRW.
const PRICE_MIN_KRW: u64 = 3_000;

/// How the buyer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Payway {
    Card,
    Bank,
    VirtualAccount,
}

impl Payway {
    const ALL: [Self; 3] = [Self::Card, Self::Bank, Self::VirtualAccount];

    fn word(self) -> &'static str {
        match self {
            Self::Card => "CARD",
            Self::Bank => "BANK",
            Self::VirtualAccount => "VIRTUAL_ACCOUNT",
        }
    }

    /// The word of the views.
    fn number(self) -> &'static str {
        match self {
            Self::Card => "1",
            Self::Bank => "2",
            Self::VirtualAccount => "3",
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Card => "신용카드",
            Self::Bank => "실시간 계좌이체",
            Self::VirtualAccount => "무통장입금",
        }
    }

    /// The largest payment, in KRW.
    fn maximum(self) -> u64 {
        match self {
            Self::Card | Self::VirtualAccount => 5_000_000,
            Self::Bank => 1_000_000,
        }
    }
}

/// Where a trade stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Standby,
    Approved,
    Shipping,
    Delivered,
    Done,
    Settled,
    CancelAsked,
    CancelledByBuyer,
    CancelledBySeller,
    CancelledByAdmin,
    ReturnAsked,
    ReturnAgreed,
    Returning,
    Returned,
    /// Nobody paid in within a day: no call finds it any more.
    Deleted,
}

impl Stage {
    /// Its word and its number in the code table.
    fn code(self) -> (&'static str, &'static str) {
        match self {
            Self::Standby => ("PAY_STANDBY", "13"),
            Self::Approved => ("PAY_APPROVED", "31"),
            Self::Shipping => ("DELIVERY_ING", "32"),
            Self::Delivered => ("DELIVERY_DONE", "32"),
            Self::Done => ("PAY_DONE", "33"),
            Self::Settled => ("SETTLEMENT_DONE", "33"),
            Self::CancelAsked => ("CANCEL_REQ", "34"),
            Self::CancelledByBuyer => ("CANCEL_DONE_BUYER", "35"),
            Self::CancelledBySeller => ("CANCEL_DONE_SELLER", "36"),
            Self::CancelledByAdmin => ("CANCEL_DONE_ADMIN", "37"),
            Self::ReturnAsked => ("RETURN_REQ", "51"),
            Self::ReturnAgreed => ("RETURN_AGR", "52"),
            Self::Returning => ("RETURN_ING", "53"),
            Self::Returned => ("RETURN_DONE", "54"),
            Self::Deleted => ("DELETED", ""),
        }
    }

    /// Whether what was paid is with the buyer again.
    fn gave_back(self) -> bool {
        matches!(
            self,
            Self::CancelledByBuyer
                | Self::CancelledBySeller
                | Self::CancelledByAdmin
                | Self::Returned
        )
    }
}

/// Something that happens to a trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    /// The buyer pays into the account.
    Deposit,
    /// Nobody did, for a day.
    Lapse,
    /// The buyer cancels, or asks for it.
    BuyerCancel,
    /// The seller consents to that; or did not answer for three days.
    Consent,
    /// The seller cancels.
    SellerCancel,
    /// Unicro's people cancel.
    AdminCancel,
    /// The seller ships.
    Ship,
    /// The parcel is there.
    Deliver,
    /// The buyer is content.
    Confirm,
    /// The seller gets the money.
    Settle,
    /// The buyer wants to send it back.
    AskReturn,
    /// The seller agrees.
    AgreeReturn,
    /// It is on its way back.
    ShipReturn,
    /// It came back.
    Return,
}

impl Act {
    /// What the panel can do, by its name.
    const BY_HAND: [(&'static str, Self); 10] = [
        ("buyer_cancel", Self::BuyerCancel),
        ("admin_cancel", Self::AdminCancel),
        ("ship", Self::Ship),
        ("deliver", Self::Deliver),
        ("confirm", Self::Confirm),
        ("settle", Self::Settle),
        ("ask_return", Self::AskReturn),
        ("agree_return", Self::AgreeReturn),
        ("ship_return", Self::ShipReturn),
        ("return", Self::Return),
    ];
}

/// The one table of this engine: where an act leads, if it may happen.
fn verdict(stage: Stage, act: Act) -> Option<Stage> {
    use Stage as S;
    match (act, stage) {
        (Act::Deposit, S::Standby) => Some(S::Approved),
        (Act::Lapse, S::Standby) => Some(S::Deleted),
        (Act::BuyerCancel, S::Standby) => Some(S::CancelledByBuyer),
        (Act::BuyerCancel, S::Approved) => Some(S::CancelAsked),
        (Act::Consent, S::CancelAsked) => Some(S::CancelledByBuyer),
        (Act::SellerCancel, S::Approved) => Some(S::CancelledBySeller),
        (Act::AdminCancel, S::Approved | S::Shipping | S::Delivered | S::CancelAsked) => {
            Some(S::CancelledByAdmin)
        }
        (Act::Ship, S::Approved) => Some(S::Shipping),
        (Act::Deliver, S::Approved | S::Shipping) => Some(S::Delivered),
        (Act::Confirm, S::Shipping | S::Delivered) => Some(S::Done),
        (Act::Settle, S::Done) => Some(S::Settled),
        (Act::AskReturn, S::Shipping) => Some(S::ReturnAsked),
        (Act::AgreeReturn, S::ReturnAsked) => Some(S::ReturnAgreed),
        (Act::ShipReturn, S::ReturnAgreed) => Some(S::Returning),
        (Act::Return, S::Returning) => Some(S::Returned),
        _ => None,
    }
}

/// A member of one partner.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    /// `unicroUserKey`.
    key: String,
    /// NORMAL, SLEEP or WITHDRAWAL.
    state: &'static str,
}

/// An item for sale.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Item {
    partner: usize,
    seller: String,
    partner_item_no: String,
    name: String,
    price: u64,
    payways: Vec<String>,
    sold: bool,
}

/// A trade in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Trade {
    partner: usize,
    number: String,
    partner_trade_no: String,
    item_no: String,
    buyer: String,
    seller: String,
    payway: Payway,
    /// What the item costs.
    agreed: u64,
    /// What is charged: differs only by a fault or a wrong deposit.
    charged: u64,
    /// An account's number, where there is one.
    account: Option<String>,
    opened_at: i64,
    changed_at: i64,
    captures: u32,
    stage: Stage,
}

impl Trade {
    fn taken(&self) -> u64 {
        if self.captures > 0 { self.charged } else { 0 }
    }

    /// Lets an act happen; whether it did.
    fn act(&mut self, act: Act, now: i64) -> bool {
        let Some(next) = verdict(self.stage, act) else { return false };
        if act == Act::Deposit {
            self.captures += 1;
        }
        self.stage = next;
        self.changed_at = now;
        true
    }
}

/// The books of `unicro`.
#[derive(Debug, Clone, Default)]
pub struct Engine {
    merchants: Vec<Merchant>,
    members: BTreeMap<(usize, String), Member>,
    /// Token to partner, member, and the end of its life.
    tokens: BTreeMap<String, (usize, String, i64)>,
    items: BTreeMap<String, Item>,
    trades: BTreeMap<String, Trade>,
}

impl Engine {
    /// Empty books, for the demo's shops behind the edge of this address.
    #[must_use]
    pub fn demo(edge_server: &str) -> Self {
        Self { members: BTreeMap::new(), merchants: merchant::demo(edge_server), ..Self::default() }
            .with_sellers()
    }

    /// The sellers are members before anything happens.
    fn with_sellers(mut self) -> Self {
        for (n, merchant) in self.merchants.iter().enumerate() {
            let member = Member { key: merchant.seller_key.clone(), state: "NORMAL" };
            self.members.insert((n, merchant.seller_user.clone()), member);
        }
        self
    }
}

impl Provider for Engine {
    fn name(&self) -> &'static str {
        NAME
    }

    fn path(&self) -> &'static str {
        "/unicro"
    }

    fn handle(&mut self, path: &str, request: &Request, turn: &mut Turn<'_>) -> Response {
        match (request.method, path) {
            (Verb::Post, "/user/agreement") => self.agreement(request),
            (Verb::Post, "/user/agreement/act") => self.join(request, turn),
            (Verb::Post, "/trades/web" | "/trades/mobile") => self.window(request),
            (Verb::Post, "/trades/act") => self.window_action(request, turn),
            (Verb::Get, path) if !path.starts_with("/api/") => page::lost_window(),
            (Verb::Get | Verb::Post | Verb::Other, _) => self.call(path, request, turn),
        }
    }

    fn wake(&mut self, turn: &mut Turn<'_>) {
        for trade in self.trades.values_mut() {
            let (act, after) = match trade.stage {
                Stage::Standby => (Act::Lapse, DEPOSIT_MS),
                Stage::CancelAsked => (Act::Consent, GRANT_MS),
                _ => continue,
            };
            if trade.changed_at + after <= turn.now {
                trade.act(act, turn.now);
            }
        }
        self.tokens.retain(|_, (_, _, until)| *until > turn.now);
    }

    fn deposit(
        &mut self,
        request_id: &str,
        amount: Option<u64>,
        turn: &mut Turn<'_>,
    ) -> Result<(), &'static str> {
        let waits = |trade: &&mut Trade| {
            trade.partner_trade_no == request_id && trade.stage == Stage::Standby
        };
        let trade = self.trades.values_mut().find(waits).ok_or(NO_DEPOSIT)?;
        trade.charged = amount.unwrap_or(trade.charged);
        trade.act(Act::Deposit, turn.now);
        event::deposited(trade, &self.merchants, turn);
        Ok(())
    }

    fn reverse_deposit(
        &mut self,
        _request_id: &str,
        _turn: &mut Turn<'_>,
    ) -> Result<(), &'static str> {
        Err("Unicro's deposits are final")
    }

    fn happen(
        &mut self,
        request_id: &str,
        act: &str,
        turn: &mut Turn<'_>,
    ) -> Result<(), &'static str> {
        let (_, act) = Act::BY_HAND.into_iter().find(|(name, _)| *name == act).ok_or(NO_ACT)?;
        let found = self.trades.values_mut().find(|trade| trade.partner_trade_no == request_id);
        let trade = found.ok_or(NO_ACT)?;
        if !trade.act(act, turn.now) {
            return Err(NO_ACT);
        }
        match act {
            Act::AdminCancel => event::cancelled(trade, &self.merchants, turn),
            Act::Confirm | Act::Settle => event::paid_out(trade, &self.merchants, turn),
            _ => None,
        };
        Ok(())
    }

    fn books(&self) -> Vec<BookLine> {
        let acts = |stage| {
            let fits = Act::BY_HAND.into_iter().filter(|(_, act)| verdict(stage, *act).is_some());
            fits.map(|(name, _)| name).collect()
        };
        let lines = self.trades.values().map(|trade| BookLine {
            provider: NAME,
            merchant: trade.seller.clone(),
            request_id: trade.partner_trade_no.clone(),
            provider_payment_id: Some(trade.number.clone()),
            status: trade.stage.code().0,
            opened_at: moment::iso(trade.opened_at),
            amount: trade.agreed,
            captured: trade.taken(),
            refunded: if trade.stage.gave_back() { trade.taken() } else { 0 },
            captures: trade.captures,
            awaits_deposit: trade.stage == Stage::Standby,
            acts: acts(trade.stage),
            webhooks_sent: 0,
            webhooks_acknowledged: 0,
        });
        lines.collect()
    }

    fn clear(&mut self) {
        let merchants = std::mem::take(&mut self.merchants);
        *self = Self { merchants, ..Self::default() }.with_sellers();
    }

    fn copied(&self) -> Box<dyn Provider> {
        Box::new(self.clone())
    }
}
