//! Takes the notices that the edge sends, and believes as little of them as a careful shop does.
//!
//! # Why
//! A notice only says "look": what is true is read at the API. So a lost, late, repeated or
//! overtaken notice can cost time, and never money.

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::{
    Answer,
    book::{Checkout, Word, judge},
    desk::{Desk, unknown},
    edge::{Merchant, Problem, merchant, now_ms},
    notice::{self, Headers},
};

impl Desk {
    /// Believes a notice only when it is signed, fresh and new; then asks the API what is true.
    pub fn take_notice(&self, name: &str, headers: &HeaderMap, body: &[u8]) -> Answer {
        let account = merchant(name).ok_or_else(unknown)?;
        let header = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("");
        let given = Headers {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
        };
        let event: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let row = |verified: bool, result: &str| {
            json!({
                "merchant": account.id, "webhook_id": given.id, "verified": verified,
                "result": result, "type": event["type"], "timestamp": event["timestamp"],
                "checkout": event["data"]["checkout"], "version": event["data"]["version"],
                "data": event["data"],
            })
        };
        if let Err(refused) = self.verify(account, given, body) {
            self.book().note(row(false, refused.code()), now_ms());
            return Err(Problem::new(401, refused.code(), "the notice is not believed"));
        }
        let (Some(id), Some(version)) =
            (event["data"]["checkout"].as_str(), event["data"]["version"].as_u64())
        else {
            self.book().note(row(true, "unreadable"), now_ms());
            return Err(Problem::new(422, "unreadable", "no checkout, or no version"));
        };
        let known = {
            let mut book = self.book();
            if book.fail_next > 0 {
                book.fail_next -= 1;
                book.note(row(true, "failed_on_demand"), now_ms());
                return Err(Problem::new(500, "failed_on_demand", "a test asked for this"));
            }
            if !book.burn(given.id) {
                book.note(row(true, "duplicate"), now_ms());
                return Ok((200, json!({"result": "duplicate"})));
            }
            book.checkouts.get(id).map_or(0, Checkout::version)
        };
        let result = match judge(known, version) {
            Word::Older => "older",
            Word::Read => match self.read(account, id) {
                Ok(()) => "applied",
                Err(problem) => {
                    let mut book = self.book();
                    book.unburn(given.id);
                    book.note(row(true, "not_read"), now_ms());
                    let why = format!("reading the checkout: {}", problem.code());
                    return Err(Problem::new(503, "not_read", &why));
                }
            },
        };
        let mut book = self.book();
        book.note(row(true, result), now_ms());
        if let Some(one) = book.checkouts.get_mut(id) {
            one.told += 1;
            one.told_paid |= event["type"] == json!("checkout.paid");
        }
        Ok((200, json!({ "result": result })))
    }

    /// The demo's clock may have been moved: a notice that looks stale is measured again by it.
    fn verify(
        &self,
        account: &Merchant,
        given: Headers<'_>,
        body: &[u8],
    ) -> Result<(), notice::Refused> {
        let now = now_ms();
        let first = notice::verify(account.notice_secret, given, body, now / 1000);
        if first != Err(notice::Refused::Stale) {
            return first;
        }
        let moved = now.saturating_add(self.edge.clock_offset_ms());
        notice::verify(account.notice_secret, given, body, moved / 1000)
    }

    /// The notices received, newest first.
    pub fn notices(&self, checkout: Option<&str>) -> Value {
        let book = self.book();
        let rows: Vec<&Value> = book
            .notices
            .iter()
            .rev()
            .filter(|row| checkout.is_none_or(|id| row["checkout"] == json!(id)))
            .collect();
        json!({"notices": rows, "fail_next": book.fail_next})
    }
}
