//! What providers answer. Input: a first line with provider, question and HTTP status; what is known of the
//! attempt, a line a note; an empty line; the body.

use edge::provider::{Asked, HttpResponse};
use shared::fact::{Ask, AskKind, Fact, FactKind, ProviderPaymentId};
use shared::id::{Home, RequestId};
use shared::money::{Amount, Currency, Total};
use shared::notes::Notes;

use super::world::{NOW, Written, channel};
use crate::answers::{Question, STYLES, decisive};

/// Words of answers.
pub const WORDS: &[&str] = &[
    "tosspayments ",
    "kb ",
    "portone_v2 ",
    "unicro ",
    "danal ",
    "prepare ",
    "lookup ",
    "capture ",
    "close ",
    "cancel ",
    "void ",
    "200",
    "404",
    "429",
    "500",
    "\"status\":\"DONE\"",
    "\"CANCELED\"",
    "\"ABORTED\"",
    "\"status\":\"PAID\"",
    "\"CLOSED\"",
    "\"result_code\":\"0000\"",
    "\"totalAmount\":",
    "\"FAILED\"",
    "\"result\":\"SUCCESS\"",
    "\"errorCd\":\"AUTH",
    "\"statusCd\":",
    "hb-g1s03-000000000000000000000000000000a1",
    "\"cancelled\":",
    "\"balanceAmount\":",
    "\"type\":\"PAYMENT_NOT_FOUND\"",
    "\"currency\":\"USD\"",
    "Result=0&ErrMsg=",
    "Result=2002",
    "&AMOUNT=31000",
    "&ORDERID=",
    "&TID=221100134395",
    "&DATE=20261121194104",
    "&ServerInfo=",
    "billed: 20261121194104\n",
    "compared: 221100134395\n",
];

/// An answer is a fact of a kind that its question can have; whatever else comes decides nothing (I-13).
pub fn target(bytes: &[u8]) -> bool {
    let written = Written::read(bytes);
    let words: Vec<&str> = written.first.split(' ').collect();
    let [name, question, status] = words[..] else { return false };
    let Some((style, (ask, question))) = style_of(name).zip(ask_of(question)) else { return false };
    let mut notes = Notes::none();
    for (name, value) in written.headers.iter() {
        notes.keep(name, value, NOW);
    }
    let (settings, provider) = channel(channel_of(name));
    let asked = Asked { ask: &ask, notes: &notes, at: NOW };
    // What cannot be asked has no answer.
    if provider.request(&asked, &settings.account, [7; 32]).is_err() {
        return false;
    }
    let Ok(http_status) = status.parse() else { return false };
    let answer = HttpResponse { http_status, retry_after: None, body: written.body.to_vec() };
    let read = || provider.response(&asked, &answer, &settings.account);
    assert_eq!(read(), read(), "the same answer, the same fact");
    let Ok(fact) = read() else { return false };
    let kind = fact.kind();
    let undecided = [FactKind::More, FactKind::Busy, FactKind::Unclear];
    if undecided.contains(&kind) {
        return kind == FactKind::More;
    }
    assert!(decisive(style, question).contains(&kind), "{name} answers {question:?} with {kind:?}");
    assert!((200..500).contains(&http_status), "a broken server decides nothing: {kind:?}");
    if let Some(sighting) = fact.sighting() {
        assert!(sighting.amount.minus(sighting.cancelled).is_ok(), "more went back than came");
    }
    if let Fact::Cancelled { cancelled: Some(total) } = &fact {
        assert!(!total.is_zero(), "a cancel that gave nothing back");
    }
    true
}

fn style_of(name: &str) -> Option<shared::payment::Style> {
    STYLES.into_iter().find(|(each, _)| *each == name).map(|(_, style)| style)
}

fn channel_of(provider: &str) -> &'static str {
    match provider {
        "tosspayments" => "toss",
        "portone_v2" => "portone",
        "unicro" => "unicro",
        "danal" => "danal",
        _ => "kb",
    }
}

fn ask_of(word: &str) -> Option<(Ask, Question)> {
    let request_id = RequestId::new(Home { generation: 1, shard: 3 }, 0xa1);
    let won = |minor| Amount::from_minor(minor, Currency::Krw).unwrap();
    let total = |minor| Total::from_minor(minor, Currency::Krw).unwrap();
    let payment = ProviderPaymentId::parse("221100134395").unwrap();
    let cancel = |captured| Ask::Cancel {
        request_id,
        provider_payment_id: payment.clone(),
        amount: won(31_000),
        captured: total(captured),
        cancelled_before: total(0),
        key: "ref_00000000000000000000000000000001".to_owned(),
        reason: "changed my mind".to_owned(),
        account: None,
    };
    let ask = match word {
        "prepare" => Ask::Prepare {
            request_id,
            amount: won(31_000),
            goods_name: "Fujifilm X100V".to_owned(),
            buyer: "u1".to_owned(),
        },
        "lookup" => Ask::LookUp { request_id, provider_payment_id: None },
        "capture" => {
            Ask::Capture { request_id, provider_payment_id: payment.clone(), amount: won(31_000) }
        }
        "close" => Ask::Close { request_id },
        "cancel" => cancel(31_000),
        "void" => return Some((cancel(0), Question::Void)),
        _ => return None,
    };
    let kind: AskKind = ask.kind();
    Some((ask, Question::Of(kind)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use edge::provider::{self, CaptureStyle};

    /// The model check and the adapters speak of the same providers.
    #[test]
    fn r22_the_styles_of_the_list_are_those_of_the_adapters() {
        for provider in provider::ALL {
            let has = provider.capabilities();
            let style = style_of(has.name).unwrap();
            let of = has.means.iter().flat_map(|of| of.refunds);
            assert_eq!(
                (style.prepares, style.closes, style.partial_cancel, style.joins, style.escrow),
                (has.prepares, has.closes, of.clone().any(|t| t.partial), has.joins, has.escrow),
                "{}",
                has.name
            );
            assert_eq!(
                style.captures_itself,
                has.capture == CaptureStyle::Provider,
                "{}",
                has.name
            );
        }
    }
}
