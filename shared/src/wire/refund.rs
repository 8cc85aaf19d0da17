//! What a refund would come to, as the shop reads it.

use serde::{Deserialize, Serialize};

/// `GET /v1/checkouts/{id}/refund-preview`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundPreviewView {
    /// The order that was asked about.
    pub order_id: String,
    /// When this was true.
    pub at: String,
    /// ISO 4217.
    pub currency: String,
    /// What is left of the order; `null` where nothing was paid.
    pub available: Option<u64>,
    /// The problem code that the refund would get now; `null` when it would be taken.
    pub code: Option<String>,
    /// When this way of giving back closes, or closed; `null` when it does not.
    pub closes_at: Option<String>,
    /// What would happen; `null` with a code.
    pub plan: Option<RefundPlanView>,
}

/// What a refund would come to.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundPlanView {
    /// How much would go back.
    pub amount: u64,
    /// The figure in the order to the provider: for some it is what stays paid.
    pub provider_amount: u64,
    /// `cancel` (of the payment) or `transfer` (to an account of the buyer's).
    pub way: String,
    /// Whether the provider promises it; else it may refuse.
    pub sure: bool,
    /// What is left when this way is closed: `transfer`, or `null` for nothing.
    pub afterwards: Option<String>,
    /// Whether a part may go back.
    pub partial: bool,
    /// Whether `refund_account` has to be named.
    pub needs_account: bool,
    /// What the provider keeps of yours, as documented.
    pub fee: u64,
    /// So many business days, where the provider says.
    pub business_days: Option<u32>,
    /// The last of them, where the calendar is known.
    pub arrives_by: Option<String>,
}
