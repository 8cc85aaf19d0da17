//! Notices as mail, for a shop without a server: subject and text are ready, and whatever gateway turns
//! JSON into mail sends them. Pure.
//!
//! # Why
//! The document is the one that mail services take (`from`, `to`, `subject`, `text`, a bearer key and an
//! `Idempotency-Key`), so that nothing has to run in between. Only what its reader acts on is mailed: a
//! buyer who tried another card is nobody's mail. Both languages, since nothing says who reads it.

use shared::money::{Amount, Currency, Total};
use shared::time::Timestamp;

use crate::book::Message;
use crate::json::{self, Field, Limits, Writer};

/// The longest address of a mailbox (RFC 5321), in bytes.
const ADDRESS_BYTES_MAX: usize = 254;

/// Between whom a merchant's notices go as mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The sender, as the gateway knows it.
    pub from: String,
    /// The shop's own box.
    pub to: String,
}

impl Mailbox {
    /// Reads it from the configuration.
    #[must_use]
    pub fn of(field: Field<'_>) -> Self {
        let field = field.only(&["from", "to"]);
        Self { from: field.get("from").text(), to: field.get("to").text() }
    }

    /// Whether both could be addresses; whether they are, the gateway knows.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        let usable = |address: &String| {
            address.contains('@')
                && address.len() <= ADDRESS_BYTES_MAX
                && !address.chars().any(char::is_control)
        };
        [&self.from, &self.to].into_iter().all(usable)
    }
}

/// What the gateway is sent for a notice; `None` for one that no mail tells of, and for one that is not
/// ours.
#[must_use]
pub fn mail(message: &Message, shop: &str, mailbox: &Mailbox) -> Option<String> {
    let notice = message.notice.as_deref()?;
    let read = |notice: Field<'_>| {
        (notice.get("type").text(), notice.get("data").get("orders").texts().join(", "))
    };
    let (kind, orders) = json::read(notice.as_bytes(), Limits::OURS, read).ok()?;
    let words = match kind.as_str() {
        "checkout.paid" => "결제 완료 / Paid",
        "checkout.refunded" => "환불 / Refunded",
        "checkout.review" => "확인 필요 / Needs a person",
        _ => return None,
    };
    let listed = &message.listed;
    let currency = Currency::parse(&listed.currency)?;
    let print = |minor| match Amount::from_minor(minor, currency) {
        Ok(amount) => amount.to_string(),
        Err(_) => Total::zero(currency).to_string(),
    };
    let amount = print(listed.amount);
    let mut text = String::new();
    let rows = [
        ("상품 / Goods: ", listed.label.clone()),
        ("주문 / Order: ", orders),
        ("금액 / Amount: ", amount.clone()),
        ("환불 / Refunded: ", print(listed.refunded)),
        ("결제 / Checkout: ", message.checkout.clone()),
        ("시각 / Time: ", Timestamp::from_millis(message.at).to_string()),
    ];
    for part in rows.iter().flat_map(|(name, value)| [*name, value.as_str(), "\n"]) {
        text.push_str(part);
    }
    // Anybody can write a mail that looks like this one (I-18).
    text.push_str(
        "\n보내기 전에 결제 목록에서 확인해 주세요.\nBefore you ship, look it up in your list of checkouts.\n",
    );
    // A line's end in it would begin a header of the mail.
    let subject = ["[", shop, "] ", words, " · ", &amount, " · ", &listed.label]
        .concat()
        .replace(char::is_control, " ");
    Some(Writer::document(|mail| {
        mail.name("from").text(&mailbox.from);
        mail.name("to").list([&mailbox.to], |list, to| list.text(to));
        mail.name("subject").text(&subject);
        mail.name("text").text(&text);
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::Listed;

    fn mailbox() -> Mailbox {
        Mailbox { from: "pay@shop.example".to_owned(), to: "owner@shop.example".to_owned() }
    }

    fn message(kind: &str, refunded: u64) -> Message {
        let notice = format!(
            r#"{{"type":"{kind}","timestamp":"2026-11-21T00:00:00.000Z","data":{{"orders":["poster.1"]}}}}"#
        );
        Message {
            form: 1,
            id: "evt_1".to_owned(),
            home: "g1s03".to_owned(),
            checkout: "chk_1".to_owned(),
            merchant: "m_poster".to_owned(),
            notice: Some(notice),
            listed: Listed {
                version: 7,
                standing: "paid".to_owned(),
                amount: 31_000,
                refunded,
                currency: "KRW".to_owned(),
                label: "Poster \"골목\"\r\nBcc: evil@example.com".to_owned(),
                created_at: 0,
            },
            postings: Vec::new(),
            at: 1_800_000_000_000,
            replays: 0,
        }
    }

    #[test]
    fn a_sale_is_a_mail_with_subject_and_text() {
        let text = mail(&message("checkout.paid", 0), "골목포스터", &mailbox()).unwrap();
        let mail: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(mail["to"], serde_json::json!(["owner@shop.example"]));
        assert_eq!(mail["from"], "pay@shop.example");
        let subject = mail["subject"].as_str().unwrap();
        assert!(subject.starts_with("[골목포스터] 결제 완료 / Paid · 31000 KRW · Poster"));
        let text = mail["text"].as_str().unwrap();
        for part in ["poster.1", "chk_1", "31000 KRW", "2027-01-15T08:00:00"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn no_line_of_a_label_becomes_a_header() {
        let text = mail(&message("checkout.paid", 0), "골목포스터", &mailbox()).unwrap();
        let mail: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert!(!mail["subject"].as_str().unwrap().contains(['\r', '\n']), "{mail}");
    }

    #[test]
    fn only_what_the_shop_acts_on_is_mailed() {
        for (kind, told) in [
            ("checkout.paid", true),
            ("checkout.refunded", true),
            ("checkout.review", true),
            ("checkout.declined", false),
            ("checkout.deposit_issued", false),
            ("checkout.cancelled", false),
            ("checkout.expired", false),
            ("checkout.other", false),
        ] {
            assert_eq!(mail(&message(kind, 1), "s", &mailbox()).is_some(), told, "{kind}");
        }
        assert_eq!(mail(&Message { notice: None, ..message("", 0) }, "s", &mailbox()), None);
    }
}
