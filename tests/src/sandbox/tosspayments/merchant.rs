//! Who has a contract with `tosspayments`: what an operator would fill in at its console.

use crate::sandbox::merchant::{BOOKS, CAMERA, POSTER, webhook};

/// A contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Merchant {
    /// Public key that a page gives to the SDK.
    pub(super) client_key: String,
    /// Key of the server calls, and the name of the merchant in the books.
    pub(super) secret_key: String,
    /// The provider's own id of the contract.
    pub(super) mid: String,
    /// Shown in the window, Korean and English.
    pub(super) names: [&'static str; 2],
    /// Where events go.
    pub(super) webhook_url: String,
}

/// Both shops of the demo.
pub(super) fn demo(edge_server: &str) -> Vec<Merchant> {
    [("camera", CAMERA, "toss"), ("books", BOOKS, "toss_books"), ("poster", POSTER, "toss_poster")]
        .map(|(id, names, channel)| Merchant {
            client_key: format!("test_ck_{id}"),
            secret_key: format!("test_sk_{id}"),
            mid: format!("sandbox_{id}"),
            names,
            webhook_url: webhook(edge_server, channel),
        })
        .to_vec()
}
