//! Who has a contract with `danal`.

use super::hidden::Hidden;
use crate::sandbox::merchant::{CAMERA, webhook};
use crate::sandbox::moment::MINUTE_MS;

/// A contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Merchant {
    /// `ID`, and the name of the merchant in the books.
    pub(super) id: &'static str,
    /// `PWD`.
    pub(super) password: Hidden<&'static str>,
    /// Shown in the window, Korean and English.
    pub(super) names: [&'static str; 2],
    /// How long a session is kept (R67).
    pub(super) session_life_ms: i64,
    /// Where a forger sends what Danal never sends.
    pub(super) no_webhook: String,
}

/// A contract's sessions end after a day, if it says nothing else.
pub(super) const SESSION_LIFE_MS: i64 = 24 * 60 * MINUTE_MS;

/// The demo's camera shop.
pub(super) fn demo(edge_server: &str) -> Vec<Merchant> {
    vec![Merchant {
        id: "9810030929",
        password: Hidden::new("dnl-demo-1"),
        names: CAMERA,
        session_life_ms: SESSION_LIFE_MS,
        no_webhook: webhook(edge_server, "danal"),
    }]
}
