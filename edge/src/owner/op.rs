//! What an owner is asked and what it replies, as they cross between the door and the owner.

use shared::claims::Claims;

use crate::part::{choice, record};
use crate::problem::{self, Refusal};

choice! {
    /// What an owner is asked. The same form between releases N and N−1: new variants and new members
    /// that may be missing only.
    #[derive(Debug, Clone, PartialEq, Eq)]
    #[expect(missing_docs, reason = "each variant is documented where it is answered")]
    pub enum Op {
        "claim" => Claim { name: String, fingerprint: String, }
        "unclaim" => Unclaim { name: String, fingerprint: String, }
        "open" => Open { merchant: String, key: String, fingerprint: String, body: String, }
        "refuse_opening" => RefuseOpening { merchant: String, key: String, fingerprint: String, }
        "read" => Read { merchant: String, checkout: String, }
        "fresh_token" => FreshToken { merchant: String, checkout: String, }
        "cancel_checkout" => CancelCheckout {
            merchant: String,
            checkout: String,
            key: String,
            fingerprint: String,
            body: String,
        }
        "refund" => Refund {
            merchant: String,
            checkout: String,
            key: String,
            fingerprint: String,
            body: String,
        }
        "refund_preview" => RefundPreview {
            merchant: String,
            checkout: String,
            order: String,
            amount: Option<String>,
        }
        "read_refund" => ReadRefund { merchant: String, checkout: String, refund: String, }
        "journal" => Journal { merchant: String, checkout: String, }
        "session" => Session { caller: Caller, device: String, }
        "begin" => Begin {
            claims: TokenClaims,
            state: Option<String>,
            key: String,
            address: String,
            body: String,
        }
        "begun" => Begun {
            checkout: String,
            attempt: String,
            state_key: Option<String>,
            fresh: bool,
        }
        "status" => Status { checkout: String, state: String, }
        "look" => Look { checkout: String, state: String, }
        "abandon" => Abandon { checkout: String, state: String, body: String, }
        "present" => Present { checkout: String, state: String, attempt: String, body: String, }
        "window" => Window { request_id: String, key: String, }
        "returned" => Returned { request_id: String, key: String, hint: String, left: bool, }
        "returned_page" => ReturnedPage { request_id: String, }
        "callback" => Callback { channel: String, request_id: String, event: String, }
        "told" => Told { name: String, value: String, }
        "notice_done" => NoticeDone { notice: String, replays: u32 = 0, }
        "notices_done" => NoticesDone { notices: Vec<String>, }
        "notice_dead" => NoticeDead { notice: String, replays: u32 = 0, why: String, }
        "run" => Run { scheduled_at: u64, }
        "ran" => Ran { fence: u64, }
        record "replay" => Replay(Replay)
        word "sweep" => Sweep
    }
    refused as Self::Sweep
}

record! {
    /// A dead notice that a shop wants once more.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Replay {
        /// Whose.
        pub merchant: String,
        /// The notice.
        pub notice: String,
        /// Its checkout, as the book knows it.
        pub checkout: String,
        /// Which replay of it this is, from 1.
        pub replays: u32,
        /// The message that died; `None` when it is no longer dead and nothing is to be sent.
        pub message: Option<String>,
        /// The caller's key.
        pub key: String,
        /// What the key stands for.
        pub fingerprint: String,
    }
}

choice! {
    /// Who asks for a session.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub enum Caller {
        /// A page with a state key.
        "state" => State {
            /// The checkout.
            checkout: String,
            /// The key, as hex.
            state: String,
        }
        /// Whoever has the checkout's own link.
        "link" => Link {
            /// The checkout.
            checkout: String,
            /// The link's key, as hex.
            key: String,
        }
        record
        /// A page with a token.
        "token" => Token(TokenClaims)
    }
    refused as Self::State { checkout: String::new(), state: String::new() }
}

record! {
    /// The claims of a verified token, between the door and the owner.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct TokenClaims {
        /// Its checkout.
        pub checkout: String,
        /// Its single-use id.
        pub jti: String,
        /// Its buyer.
        pub buyer: String,
        /// Its amount.
        pub amount: u64,
        /// Its currency.
        pub currency: String,
        /// Its merchant.
        pub merchant: String,
        /// The quote that it was exchanged for.
        pub quote: Option<String>,
    }
}

impl TokenClaims {
    /// The claims of a token that was verified at the door.
    #[must_use]
    pub fn of(claims: &Claims) -> Self {
        Self {
            checkout: claims.checkout.to_string(),
            jti: claims.jti.to_string(),
            buyer: claims.subject.to_string(),
            amount: claims.amount.minor(),
            currency: claims.amount.currency().code().to_owned(),
            merchant: claims.audience.to_string(),
            quote: claims.quote.clone(),
        }
    }
}

record! {
    /// An answer for the door.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Reply {
        /// HTTP status code.
        pub http_status: u16,
        /// JSON.
        pub body: String,
        /// Seconds, where the answer promises them.
        pub retry_after: Option<String>,
        /// The answer to an earlier request with the same key.
        pub replayed: bool,
    }
}

impl Reply {
    /// An answer of this document.
    #[must_use]
    pub const fn new(http_status: u16, body: String) -> Self {
        Self { http_status, body, retry_after: None, replayed: false }
    }

    /// An answer that says no more than its status.
    #[must_use]
    pub fn empty(http_status: u16) -> Self {
        Self::new(http_status, "null".to_owned())
    }

    /// The answer to a refused request.
    #[must_use]
    pub fn refusal(refusal: &Refusal, request_id: &str) -> Self {
        let body = problem::body(refusal, request_id);
        let retry_after = refusal.retry_after_header();
        Self { http_status: refusal.code.http_status(), body, retry_after, replayed: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::{read_call, write_call};

    fn claims(quote: Option<&str>) -> TokenClaims {
        TokenClaims {
            checkout: "chk_1".to_owned(),
            jti: "j \"1\"".to_owned(),
            buyer: "김\n".to_owned(),
            amount: (1 << 53) - 1,
            currency: "KRW".to_owned(),
            merchant: "m_shop".to_owned(),
            quote: quote.map(str::to_owned),
        }
    }

    /// Every variant, with every member another text.
    fn every() -> Vec<Op> {
        let next = core::cell::Cell::new(0);
        let t = || {
            next.set(u32::wrapping_add(next.get(), 1));
            format!("{}\u{1}\\", next.get())
        };
        vec![
            Op::Claim { name: t(), fingerprint: t() },
            Op::Unclaim { name: t(), fingerprint: t() },
            Op::Open { merchant: t(), key: t(), fingerprint: t(), body: t() },
            Op::Read { merchant: t(), checkout: t() },
            Op::FreshToken { merchant: t(), checkout: t() },
            Op::CancelCheckout {
                merchant: t(),
                checkout: t(),
                key: t(),
                fingerprint: t(),
                body: t(),
            },
            Op::Refund { merchant: t(), checkout: t(), key: t(), fingerprint: t(), body: t() },
            Op::RefundPreview { merchant: t(), checkout: t(), order: t(), amount: Some(t()) },
            Op::ReadRefund { merchant: t(), checkout: t(), refund: t() },
            Op::Journal { merchant: t(), checkout: t() },
            Op::Session { caller: Caller::Token(claims(None)), device: t() },
            Op::Session { caller: Caller::State { checkout: t(), state: t() }, device: t() },
            Op::Session { caller: Caller::Link { checkout: t(), key: t() }, device: t() },
            Op::Begin { claims: claims(Some("q")), state: None, key: t(), address: t(), body: t() },
            Op::Begun { checkout: t(), attempt: t(), state_key: Some(t()), fresh: true },
            Op::Status { checkout: t(), state: t() },
            Op::Look { checkout: t(), state: t() },
            Op::Abandon { checkout: t(), state: t(), body: t() },
            Op::Present { checkout: t(), state: t(), attempt: t(), body: t() },
            Op::Window { request_id: t(), key: t() },
            Op::Returned { request_id: t(), key: t(), hint: t(), left: true },
            Op::ReturnedPage { request_id: t() },
            Op::Callback { channel: t(), request_id: t(), event: t() },
            Op::Told { name: t(), value: t() },
            Op::NoticeDone { notice: t(), replays: 3 },
            Op::NoticesDone { notices: vec![t(), t()] },
            Op::NoticeDead { notice: t(), replays: u32::MAX, why: t() },
            Op::Run { scheduled_at: 1_800_000_000_000 },
            Op::Ran { fence: 7 },
            Op::Replay(Replay {
                merchant: t(),
                notice: t(),
                checkout: t(),
                replays: 1,
                message: Some(t()),
                key: t(),
                fingerprint: t(),
            }),
            Op::Sweep,
        ]
    }

    #[test]
    fn f54_every_operation_survives_its_way_to_the_owner() {
        for op in every() {
            let call = read_call::<Op>(&write_call("req", &op)).unwrap();
            assert_eq!((call.request_id.as_str(), call.op), ("req", op));
        }
    }

    #[test]
    fn f54_an_operation_crosses_in_the_form_of_the_release_before() {
        let written = |op: &Op| String::from_utf8(write_call("r", op)).unwrap();
        let told = Op::Told { name: "n".to_owned(), value: "\"\u{1f}\u{8}é".to_owned() };
        assert_eq!(
            written(&told),
            r#"{"form":1,"request_id":"r","op":{"told":{"name":"n","value":"\"\u001f\bé"}}}"#
        );
        assert_eq!(written(&Op::Sweep), r#"{"form":1,"request_id":"r","op":"sweep"}"#);
        let state = Caller::State { checkout: "c".to_owned(), state: "s".to_owned() };
        assert_eq!(
            written(&Op::Session { caller: state, device: "pc".to_owned() }),
            r#"{"form":1,"request_id":"r","op":{"session":{"caller":{"state":{"checkout":"c","state":"s"}},"device":"pc"}}}"#
        );
        // A member that the release before does not write.
        let old = br#"{"form":1,"request_id":"r","op":{"notice_done":{"notice":"n"}}}"#;
        let read = read_call::<Op>(old).map(|call| call.op);
        assert_eq!(read.unwrap(), Op::NoticeDone { notice: "n".to_owned(), replays: 0 });
        let newer = br#"{"form":1,"request_id":"r","op":{"paint":{"colour":"red"}}}"#;
        assert!(read_call::<Op>(newer).is_err(), "an unknown operation is refused");
        let newer = br#"{"form":2,"request_id":"r","op":"sweep"}"#;
        assert!(read_call::<Op>(newer).is_err(), "and another form of calls");
    }
}
