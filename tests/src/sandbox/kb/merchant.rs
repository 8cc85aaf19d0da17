//! Who has a contract with `kb`.

use crate::sandbox::merchant::{CAMERA, webhook};

/// A contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Merchant {
    /// The provider's id of the contract, and the name of the merchant in the books.
    pub(super) merchant_no: String,
    /// Shown in the window, Korean and English.
    pub(super) names: [&'static str; 2],
    /// AES-256-GCM key of the encrypted fields.
    pub(super) key: [u8; 32],
    /// HMAC-SHA256 key of the bodies.
    pub(super) mac_key: [u8; 32],
    /// Where the one final report goes.
    pub(super) report_url: String,
}

/// The demo's camera shop.
pub(super) fn demo(edge_server: &str) -> Vec<Merchant> {
    vec![Merchant {
        merchant_no: "KB0000001".to_owned(),
        names: CAMERA,
        key: [0xaa; 32],
        mac_key: [0xbb; 32],
        report_url: webhook(edge_server, "kb"),
    }]
}
