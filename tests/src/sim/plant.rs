//! Mistakes that are made on purpose, so that the auditor can be seen to find them. Each is what the edge
//! would do if one rule of it were missing; none is in the edge.

use edge::owner::{Question, TokenClaims};
use edge::provider::HttpResponse;
use edge::row::Grant;
use edge::shelf::{Shelf as _, StockShelf as _};
use edge::shelf_memory::{Memory, StockMemory};
use edge::stock::StockOp;
use shared::fact::{Ask, AskKind};
use shared::hold::Claim;
use shared::id::{CheckoutId, Jti, Sku};
use shared::time::Timestamp;

use super::weather::Kind;

/// Which mistake is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plant {
    /// I-2, F20: what the provider shows is not compared with what was asked.
    AmountNotCompared,
    /// I-7: a token is not burnt by its first attempt.
    TokenKept,
    /// I-9, F47: a notice counts as delivered before it is.
    NoticeLost,
    /// I-13, F15: silence about a capture counts as a decline.
    SilenceIsNo,
    /// I-4, F14: a released claim leaves no tombstone.
    TombstoneForgotten,
    /// I-4: a sold piece is not taken from the stock.
    SaleNotCounted,
    /// I-12, F41: a refund has another key at every repeat.
    RefundKeyFresh,
}

impl Plant {
    /// Every mistake, by its name on the command line, with the rule that it breaks.
    pub const ALL: [(&str, Self, &str); 7] = [
        ("amount-not-compared", Self::AmountNotCompared, "I-2 F20"),
        ("token-kept", Self::TokenKept, "I-7"),
        ("notice-lost", Self::NoticeLost, "I-14"),
        ("silence-is-no", Self::SilenceIsNo, "I-3"),
        ("tombstone-forgotten", Self::TombstoneForgotten, "I-4 F14"),
        ("sale-not-counted", Self::SaleNotCounted, "I-4"),
        ("refund-key-fresh", Self::RefundKeyFresh, "I-6 I-11"),
    ];

    /// The faults without which it does no harm: there is plenty of them in the seeds that look for it, or
    /// thousands would pass before two meet by chance.
    pub(super) const fn season(self) -> &'static [Kind] {
        match self {
            // A look-up would show what became of the first one, and there would be no second.
            Self::RefundKeyFresh => &[Kind::RefundAnswerLost, Kind::LookUpStale, Kind::AnswerLost],
            Self::AmountNotCompared
            | Self::TokenKept
            | Self::NoticeLost
            | Self::SilenceIsNo
            | Self::TombstoneForgotten
            | Self::SaleNotCounted => &[],
        }
    }

    /// The mistake of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(each, plant, _)| (each == name).then_some(plant))
    }
}

/// What the edge hears of a provider's answer.
pub(super) fn hear(
    plant: Option<Plant>,
    question: &Question,
    answer: Option<HttpResponse>,
) -> Option<HttpResponse> {
    match (plant, question.ask.as_ref()) {
        (Some(Plant::AmountNotCompared), Ask::LookUp { .. } | Ask::Capture { .. }) => {
            answer.map(|answer| HttpResponse { body: as_agreed(&answer.body), ..answer })
        }
        (Some(Plant::SilenceIsNo), Ask::Capture { .. }) if answer.is_none() => {
            let body = br#"{"code":"REJECT_CARD_COMPANY","message":"-"}"#.to_vec();
            Some(HttpResponse { http_status: 400, retry_after: None, body })
        }
        _ => answer,
    }
}

/// The amounts that every world of ours agrees on: what was taken stands for what was asked.
fn as_agreed(body: &[u8]) -> Vec<u8> {
    let Ok(mut json) = serde_json::from_slice::<serde_json::Value>(body) else {
        return body.to_vec();
    };
    let wrong = |amount: &serde_json::Value| {
        amount.as_u64().filter(|amount| *amount > 0 && amount % 1_000 == WRONG_BY)
    };
    let pointers = [
        "/totalAmount",
        "/balanceAmount",
        "/amount",
        "/amount/total",
        "/amount/paid",
        "/card/amount",
    ];
    for pointer in pointers {
        if let Some(amount) = json.pointer_mut(pointer)
            && let Some(minor) = wrong(amount)
        {
            *amount = (minor - WRONG_BY).into();
        }
    }
    json.to_string().into_bytes()
}

/// Every price is a multiple of a thousand, and every wrong amount is off by this.
pub(super) const WRONG_BY: u64 = 7;

/// The key of a request to a provider, as it is sent.
pub(super) fn ask_again(
    plant: Option<Plant>,
    question: &Question,
    headers: &mut [(String, String)],
    body: Vec<u8>,
    fresh: &str,
) -> Vec<u8> {
    if plant != Some(Plant::RefundKeyFresh) || question.ask.kind() != AskKind::Cancel {
        return body;
    }
    for (name, value) in headers {
        if name == "idempotency-key" {
            fresh.clone_into(value);
        }
    }
    let Ok(mut json) = serde_json::from_slice::<serde_json::Value>(&body) else { return body };
    // A balance that is not stated is not compared either.
    if let Some(map) = json.as_object_mut() {
        for name in ["refundableAmount", "currentCancellableAmount"] {
            map.remove(name);
        }
    }
    json.to_string().into_bytes()
}

/// Gives a checkout its burnt token back.
pub(super) fn keep_token(shelf: &Memory, claims: &TokenClaims, now: Timestamp) {
    let Some(id) = CheckoutId::parse(&claims.checkout) else { return };
    let Ok(Some(mut record)) = shelf.record(id) else { return };
    let Some(jti) = Jti::parse(&claims.jti) else { return };
    record.grant = Some(Grant { jti, issued_at: now });
    let _kept = shelf.keep(&record, record.payment.due(&record.checkout));
}

/// What a planted mistake does to the stock after a command.
pub(super) fn spoil_stock(plant: Option<Plant>, shelf: &StockMemory, op: &StockOp) {
    let StockOp::Command { sku, command, quantity, .. } = op else { return };
    let Some(sku) = Sku::parse(sku) else { return };
    let Ok(mut stock) = shelf.stock(&sku) else { return };
    match plant {
        Some(Plant::TombstoneForgotten) => {
            stock.claims.retain(|_, claim| !matches!(claim, Claim::Released { .. }));
        }
        Some(Plant::SaleNotCounted) if command == "commit" => {
            stock.units = stock.units.map(|units| units + quantity);
        }
        _ => return,
    }
    let _kept = shelf.keep_stock(&sku, &stock);
}
