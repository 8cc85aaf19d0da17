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
            if book.checkouts.get(id).is_some_and(|one| one.merchant.id != account.id) {
                book.note(row(true, "foreign"), now_ms());
                return Err(Problem::new(422, "foreign", "another merchant's checkout"));
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

#[cfg(test)]
mod tests {
    use super::{super::Config, *};

    const SECRET: &str = "whsec_Y2FtZXJhLXNlY3JldC1jYW1lcmEtc2VjcmV0LWNhbWVyYQ==";

    /// A shop whose edge cannot be reached: what is read there is told apart from what is known.
    fn desk() -> Desk {
        let public = concat!(env!("CARGO_MANIFEST_DIR"), "/../public");
        let config = Config {
            shop_origin: "http://shop.localhost:1".to_owned(),
            psp_origin: "http://psp.localhost:1".to_owned(),
            edge_origin: "http://edge.localhost:1".to_owned(),
            edge_server: "http://127.0.0.1:1".to_owned(),
            public_dir: public.into(),
        };
        Desk::new(&config).unwrap()
    }

    fn know(desk: &Desk, version: u64) {
        let seen = json!({"version": version, "status": "paid"});
        desk.book().see("chk_1", merchant("m_camera").unwrap(), seen, now_ms());
    }

    /// Sends a notice of that version, signed under `secret`, and gives back code and word.
    fn send(desk: &Desk, name: &str, secret: &str, id: &str, version: u64) -> (u16, String) {
        let body = json!({
            "type": "checkout.paid", "timestamp": "2026-11-20T00:00:00Z",
            "data": {"checkout": "chk_1", "version": version},
        })
        .to_string();
        let seconds = (now_ms() / 1000).to_string();
        let signature = notice::sign(secret, id, &seconds, body.as_bytes());
        let mut headers = HeaderMap::new();
        headers.insert("webhook-id", id.parse().unwrap());
        headers.insert("webhook-timestamp", seconds.parse().unwrap());
        headers.insert("webhook-signature", signature.parse().unwrap());
        match desk.take_notice(name, &headers, body.as_bytes()) {
            Ok((code, body)) => (code, body["result"].as_str().unwrap().to_owned()),
            Err(problem) => (problem.http, problem.code().to_owned()),
        }
    }

    fn said(code: u16, word: &str) -> (u16, String) {
        (code, word.to_owned())
    }

    #[test]
    fn a_forged_notice_changes_nothing_but_the_list() {
        let desk = desk();
        know(&desk, 3);
        let forged = send(&desk, "m_camera", "whsec_AAAA", "evt_1", 9);
        assert_eq!(forged, said(401, "wrong_signature"));
        let book = desk.book();
        assert_eq!((book.checkouts["chk_1"].told, book.notices.len()), (0, 1));
        assert_eq!(book.notices[0]["verified"], json!(false));
    }

    #[test]
    fn i14_f46_an_overtaken_notice_is_acknowledged_without_asking_the_edge() {
        let desk = desk();
        know(&desk, 3);
        assert_eq!(send(&desk, "m_camera", SECRET, "evt_1", 2), said(200, "older"));
        assert_eq!(send(&desk, "m_camera", SECRET, "evt_1", 2), said(200, "duplicate"));
        assert_eq!(desk.book().checkouts["chk_1"].told, 1);
    }

    #[test]
    fn a_notice_that_could_not_be_followed_is_taken_again() {
        let desk = desk();
        know(&desk, 3);
        for _ in 0..2 {
            assert_eq!(send(&desk, "m_camera", SECRET, "evt_1", 4), said(503, "not_read"));
        }
        assert_eq!(desk.book().checkouts["chk_1"].version(), 3);
    }

    #[test]
    fn failing_on_demand_burns_no_id() {
        let desk = desk();
        know(&desk, 3);
        desk.book().fail_next = 1;
        assert_eq!(send(&desk, "m_camera", SECRET, "evt_1", 2), said(500, "failed_on_demand"));
        assert_eq!(send(&desk, "m_camera", SECRET, "evt_1", 2), said(200, "older"));
    }

    #[test]
    fn one_merchant_cannot_speak_about_another_ones_checkout() {
        let desk = desk();
        know(&desk, 3);
        let books = "whsec_Ym9va3Mtc2VjcmV0LWJvb2tzLXNlY3JldC1ib29rcy0=";
        assert_eq!(send(&desk, "m_books", books, "evt_1", 2), said(422, "foreign"));
        assert_eq!(send(&desk, "m_camera", books, "evt_2", 2), said(401, "wrong_signature"));
        assert_eq!(send(&desk, "m_nobody", books, "evt_3", 2), said(404, "not_found"));
    }
}
