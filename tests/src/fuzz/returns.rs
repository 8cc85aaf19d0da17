//! What a browser brings back from a window. Input: a first line with the query, headers, an empty line, a body.

use edge::provider::{self, Hint};

use super::world::Written;

/// Words of returns.
pub const WORDS: &[&str] = &[
    "paymentKey=",
    "orderId=",
    "amount=31000",
    "code=PAY_PROCESS_CANCELED",
    "&message=",
    "result=FAIL",
    "reason_code=",
    "payment_id=",
    "&code=",
    "paymentId=",
    "transactionType=PAYMENT",
    "%E3%81%82",
    "%",
    "+",
    "result=SUCCESS&amount=1",
    "&&",
    "=",
];
/// A provider's own word for a failure.
const CODE_BYTES_MAX: usize = 64;

/// A hint says where to look and in which bounded word a buyer failed. It says nothing about money: the type
/// has no room for it (I-18).
pub fn target(bytes: &[u8]) -> bool {
    let written = Written::read(bytes);
    let mut read = false;
    for provider in provider::ALL {
        let inbound = written.inbound(&written.first);
        let hint = provider.returned(&inbound);
        assert_eq!(hint, provider.returned(&inbound));
        let Hint { provider_payment_id, says_cancelled: _, provider_code } = &hint;
        if let Some(code) = provider_code {
            let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
            assert!(!code.is_empty() && code.len() <= CODE_BYTES_MAX, "{code:?}");
            assert!(code.bytes().all(word), "it is printed into a journal: {code:?}");
        }
        if let Some(id) = provider_payment_id {
            assert!(id.as_str().bytes().all(|b| b.is_ascii_graphic()));
        }
        read |= hint != Hint::default();
    }
    read
}
