//! Calls between the door and the owner, read by hand: what serde writes in `owner.rs` and here.

use super::{Caller, Op, PageData, Replay, Reply, TokenClaims};
use crate::json::Field;

impl Op {
    /// Reads it from a call.
    #[expect(clippy::too_many_lines, reason = "one arm a variant")]
    #[must_use]
    pub fn of(field: Field<'_>) -> Self {
        let (name, of) = field.variant();
        let text = |name: &str| of.get(name).text();
        match name {
            "claim" => Self::Claim { name: text("name"), fingerprint: text("fingerprint") },
            "unclaim" => Self::Unclaim { name: text("name"), fingerprint: text("fingerprint") },
            "open" => Self::Open {
                merchant: text("merchant"),
                key: text("key"),
                fingerprint: text("fingerprint"),
                body: text("body"),
            },
            "read" => Self::Read { merchant: text("merchant"), checkout: text("checkout") },
            "fresh_token" => {
                Self::FreshToken { merchant: text("merchant"), checkout: text("checkout") }
            }
            "cancel_checkout" => Self::CancelCheckout {
                merchant: text("merchant"),
                checkout: text("checkout"),
                key: text("key"),
                fingerprint: text("fingerprint"),
                body: text("body"),
            },
            "refund" => Self::Refund {
                merchant: text("merchant"),
                checkout: text("checkout"),
                key: text("key"),
                fingerprint: text("fingerprint"),
                body: text("body"),
            },
            "read_refund" => Self::ReadRefund {
                merchant: text("merchant"),
                checkout: text("checkout"),
                refund: text("refund"),
            },
            "journal" => Self::Journal { merchant: text("merchant"), checkout: text("checkout") },
            "session" => {
                Self::Session { caller: Caller::of(of.get("caller")), device: text("device") }
            }
            "begin" => Self::Begin {
                claims: TokenClaims::of_field(of.get("claims")),
                state: of.get("state").text_or_none(),
                key: text("key"),
                address: text("address"),
                body: text("body"),
            },
            "begun" => Self::Begun {
                checkout: text("checkout"),
                attempt: text("attempt"),
                state_key: of.get("state_key").text_or_none(),
                fresh: of.get("fresh").flag(),
            },
            "status" => Self::Status { checkout: text("checkout"), state: text("state") },
            "look" => Self::Look { checkout: text("checkout"), state: text("state") },
            "abandon" => Self::Abandon {
                checkout: text("checkout"),
                state: text("state"),
                body: text("body"),
            },
            "present" => Self::Present {
                checkout: text("checkout"),
                state: text("state"),
                attempt: text("attempt"),
                body: text("body"),
            },
            "window" => Self::Window { request_id: text("request_id"), key: text("key") },
            "returned" => Self::Returned {
                request_id: text("request_id"),
                key: text("key"),
                hint: text("hint"),
                left: of.get("left").flag(),
            },
            "returned_page" => Self::ReturnedPage { request_id: text("request_id") },
            "callback" => Self::Callback {
                channel: text("channel"),
                request_id: text("request_id"),
                event: text("event"),
            },
            "told" => Self::Told { name: text("name"), value: text("value") },
            // The release before does not count replays.
            "notice_done" => {
                Self::NoticeDone { notice: text("notice"), replays: of.get("replays").small_or(0) }
            }
            "notice_dead" => Self::NoticeDead {
                notice: text("notice"),
                replays: of.get("replays").small_or(0),
                why: text("why"),
            },
            "replay" => Self::Replay(Replay::of(of)),
            "sweep" => Self::Sweep,
            _ => {
                field.refuse();
                Self::Sweep
            }
        }
    }
}

impl Replay {
    fn of(field: Field<'_>) -> Self {
        let text = |name: &str| field.get(name).text();
        Self {
            merchant: text("merchant"),
            notice: text("notice"),
            checkout: text("checkout"),
            replays: field.get("replays").small(),
            message: field.get("message").text_or_none(),
            key: text("key"),
            fingerprint: text("fingerprint"),
        }
    }
}

impl Caller {
    /// Reads it from a call.
    #[must_use]
    pub fn of(field: Field<'_>) -> Self {
        let (name, of) = field.variant();
        let text = |name: &str| of.get(name).text();
        match name {
            "token" => Self::Token(TokenClaims::of_field(of)),
            "state" => Self::State { checkout: text("checkout"), state: text("state") },
            "link" => Self::Link { checkout: text("checkout"), key: text("key") },
            _ => {
                field.refuse();
                Self::State { checkout: String::new(), state: String::new() }
            }
        }
    }
}

impl TokenClaims {
    /// Reads it from a call.
    #[must_use]
    pub fn of_field(field: Field<'_>) -> Self {
        let text = |name: &str| field.get(name).text();
        Self {
            checkout: text("checkout"),
            jti: text("jti"),
            buyer: text("buyer"),
            amount: field.get("amount").number(),
            currency: text("currency"),
            merchant: text("merchant"),
            quote: field.get("quote").text_or_none(),
        }
    }
}

impl Reply {
    /// Reads it from a call.
    #[must_use]
    pub fn of(field: Field<'_>) -> Self {
        let text = |name: &str| field.get(name).text();
        Self {
            http_status: field.get("http_status").small(),
            body: text("body"),
            retry_after: field.get("retry_after").text_or_none(),
            replayed: field.get("replayed").flag(),
        }
    }
}

impl PageData {
    /// Reads it from a call.
    #[must_use]
    pub fn of(field: Field<'_>) -> Self {
        let text = |name: &str| field.get(name).text();
        Self {
            checkout: text("checkout"),
            merchant: text("merchant"),
            channel: text("channel"),
            attempt: text("attempt"),
            amount: field.get("amount").number(),
            currency: text("currency"),
            means: text("means"),
            device: text("device"),
            presentation: text("presentation"),
            goods_name: text("goods_name"),
            buyer: text("buyer"),
            token: field.get("token").text_or_none(),
            return_url: text("return_url"),
            locale: text("locale"),
            nonce: text("nonce"),
            shop_url: text("shop_url"),
        }
    }
}
