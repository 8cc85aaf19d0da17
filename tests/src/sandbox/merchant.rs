//! Who has a contract with the sandbox's providers: the table an operator would otherwise fill in
//! at each provider's console.

/// A contract with `tosspayments`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TossMerchant {
    /// Public key that a page gives to the SDK.
    pub client_key: String,
    /// Key of the server calls, and the name of the merchant in the books.
    pub secret_key: String,
    /// The provider's own id of the contract.
    pub mid: String,
    /// Shown in the window, Korean and English.
    pub names: [String; 2],
    /// Where events go.
    pub webhook_url: String,
}

/// A contract with `kb`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KbMerchant {
    /// The provider's id of the contract, and the name of the merchant in the books.
    pub merchant_no: String,
    /// Shown in the window, Korean and English.
    pub names: [String; 2],
    /// AES-256-GCM key of the encrypted fields.
    pub key: [u8; 32],
    /// HMAC-SHA256 key of the bodies.
    pub mac_key: [u8; 32],
    /// Where the one final report goes.
    pub report_url: String,
}

/// A contract with `portone_v2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortoneMerchant {
    /// The store's id, and the name of the merchant in the books.
    pub store_id: String,
    /// The channel's key that a page gives to the SDK.
    pub channel_key: String,
    /// Key of the server calls.
    pub api_secret: String,
    /// What events are signed with.
    pub webhook_key: Vec<u8>,
    /// Shown in the window, Korean and English.
    pub names: [String; 2],
    /// Where events go.
    pub webhook_url: String,
}

/// Every contract.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merchants {
    /// Contracts with `tosspayments`.
    pub toss: Vec<TossMerchant>,
    /// Contracts with `kb`.
    pub kb: Vec<KbMerchant>,
    /// Contracts with `portone_v2`.
    pub portone: Vec<PortoneMerchant>,
}

impl Merchants {
    /// The two shops of the demo, behind the edge at `edge_server` (`http://127.0.0.1:PORT`).
    #[must_use]
    pub fn demo(edge_server: &str) -> Self {
        let camera = ["당근카메라".to_owned(), "Danggeun Camera".to_owned()];
        let books = ["한번책방".to_owned(), "Hanbeon Books".to_owned()];
        let toss = |id: &str, names: &[String; 2], channel: &str| TossMerchant {
            client_key: format!("test_ck_{id}"),
            secret_key: format!("test_sk_{id}"),
            mid: format!("sandbox_{id}"),
            names: names.clone(),
            webhook_url: format!("{edge_server}/v1/webhooks/{channel}"),
        };
        Self {
            toss: vec![toss("camera", &camera, "toss"), toss("books", &books, "toss_books")],
            kb: vec![KbMerchant {
                merchant_no: "KB0000001".to_owned(),
                names: camera,
                key: [0xaa; 32],
                mac_key: [0xbb; 32],
                report_url: format!("{edge_server}/v1/webhooks/kb"),
            }],
            portone: vec![PortoneMerchant {
                store_id: "store-books".to_owned(),
                channel_key: "channel-key-books".to_owned(),
                api_secret: "portone-demo-secret-of-books".to_owned(),
                webhook_key: b"books-portone-webhook-secret-32b".to_vec(),
                names: books,
                webhook_url: format!("{edge_server}/v1/webhooks/portone"),
            }],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_demo_contract_reports_to_its_own_channel() {
        let merchants = Merchants::demo("http://127.0.0.1:4412");
        let urls: Vec<&str> = merchants.toss.iter().map(|m| m.webhook_url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "http://127.0.0.1:4412/v1/webhooks/toss",
                "http://127.0.0.1:4412/v1/webhooks/toss_books"
            ]
        );
        assert_eq!(merchants.portone[0].webhook_url, "http://127.0.0.1:4412/v1/webhooks/portone");
        assert_eq!(merchants.kb[0].report_url, "http://127.0.0.1:4412/v1/webhooks/kb");
    }
}
