//! Who has a contract with `unicro`: what an operator agrees with its people.

use crate::sandbox::merchant::{CAMERA, webhook};

/// A contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Merchant {
    /// The partner's key; public, since it travels through browsers.
    pub(super) api_key: String,
    /// The seller, a member: the name of the merchant in the books.
    pub(super) seller_user: String,
    /// The seller's `unicroUserKey`.
    pub(super) seller_key: String,
    /// Shown in the popups, Korean and English.
    pub(super) names: [&'static str; 2],
    /// Where callbacks go.
    pub(super) callback_url: String,
}

/// The demo's camera shop.
pub(super) fn demo(edge_server: &str) -> Vec<Merchant> {
    vec![Merchant {
        api_key: "UNICRODEMOPARTNERKEY0001".to_owned(),
        seller_user: "danggeun01".to_owned(),
        seller_key: "$2a$10$demo.seller.key.of.the.camera.shop".to_owned(),
        names: CAMERA,
        callback_url: webhook(edge_server, "unicro"),
    }]
}
