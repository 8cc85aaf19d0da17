//! Who has a contract with `portone_v2`: what an operator would fill in at its console.

use crate::sandbox::merchant::{BOOKS, webhook};

/// A contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Merchant {
    /// The store's id, and the name of the merchant in the books.
    pub(super) store_id: String,
    /// The channel's key that a page gives to the SDK.
    pub(super) channel_key: String,
    /// Key of the server calls.
    pub(super) api_secret: String,
    /// What events are signed with.
    pub(super) webhook_key: Vec<u8>,
    /// Shown in the window, Korean and English.
    pub(super) names: [&'static str; 2],
    /// Where events go.
    pub(super) webhook_url: String,
}

/// The demo's bookshop.
pub(super) fn demo(edge_server: &str) -> Vec<Merchant> {
    vec![Merchant {
        store_id: "store-books".to_owned(),
        channel_key: "channel-key-books".to_owned(),
        api_secret: "portone-demo-secret-of-books".to_owned(),
        webhook_key: b"books-portone-webhook-secret-32b".to_vec(),
        names: BOOKS,
        webhook_url: webhook(edge_server, "portone"),
    }]
}
