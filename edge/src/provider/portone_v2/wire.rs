//! PortOne's JSON. Unknown fields and events are ignored: PortOne adds some at any time.

use crate::json::Field;

pub(super) struct Payment<'a> {
    pub(super) status: &'a str,
    pub(super) id: &'a str,
    pub(super) transaction_id: &'a str,
    pub(super) store_id: &'a str,
    pub(super) channel_type: Option<&'a str>,
    pub(super) version: Option<&'a str>,
    pub(super) requested_at: &'a str,
    pub(super) amounts: Amounts,
    pub(super) currency: &'a str,
    pub(super) issued: Option<VirtualAccount<'a>>,
    /// The PG's own word for a failure.
    pub(super) failure: Option<&'a str>,
}

/// In minor units.
pub(super) struct Amounts {
    pub(super) total: u64,
    pub(super) discount: u64,
    pub(super) paid: u64,
    pub(super) cancelled: u64,
}

pub(super) struct VirtualAccount<'a> {
    pub(super) bank: Option<&'a str>,
    pub(super) number: &'a str,
    pub(super) holder: Option<&'a str>,
    pub(super) expired_at: Option<&'a str>,
}

/// A webhook of either version: `data` since 2024-04-25, flat before.
pub(super) struct Event<'a> {
    pub(super) store_id: Option<&'a str>,
    pub(super) payment_id: Option<&'a str>,
    pub(super) transaction_id: Option<&'a str>,
}

impl<'a> Payment<'a> {
    pub(super) fn of(field: Field<'a>) -> Self {
        let text = |name: &str| field.get(name).str();
        let amounts = field.get("amount");
        let amount = |name: &str| amounts.get(name).number();
        let inner = |outer: &str, name: &str| field.get(outer).option()?.get(name).str_or_none();
        let method = field.get("method").option();
        Self {
            status: text("status"),
            id: text("id"),
            transaction_id: text("transactionId"),
            store_id: text("storeId"),
            channel_type: inner("channel", "type"),
            version: field.get("version").str_or_none(),
            requested_at: text("requestedAt"),
            amounts: Amounts {
                total: amount("total"),
                discount: amount("discount"),
                paid: amount("paid"),
                cancelled: amount("cancelled"),
            },
            currency: text("currency"),
            issued: method
                .filter(|of| of.get("type").str() == "PaymentMethodVirtualAccount")
                .map(VirtualAccount::of),
            failure: inner("failure", "pgCode"),
        }
    }
}

impl<'a> VirtualAccount<'a> {
    fn of(field: Field<'a>) -> Self {
        let option = |name: &str| field.get(name).str_or_none();
        Self {
            bank: option("bank"),
            number: field.get("accountNumber").str(),
            holder: option("remitteeName"),
            expired_at: option("expiredAt"),
        }
    }
}

impl<'a> Event<'a> {
    pub(super) fn of(field: Field<'a>) -> Self {
        let (data, names) = match field.get("data").option() {
            Some(data) => (data, ["paymentId", "transactionId"]),
            None => (field, ["payment_id", "tx_id"]),
        };
        let [payment_id, transaction_id] = names.map(|name| data.get(name).str_or_none());
        Self { store_id: data.get("storeId").str_or_none(), payment_id, transaction_id }
    }
}

/// Words with which a cancel is refused for good. Missing on purpose, because our own lost cancel may be
/// what they speak of: CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN, PAYMENT_ALREADY_CANCELLED and
/// CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT, which are looked up. A repeat is the same request to the byte,
/// so one that is invalid (an account's refund without an account to refund to) never was another.
pub(super) static CANCEL_REFUSALS: [&str; 4] = [
    "INVALID_REQUEST",
    "MAX_CANCEL_COUNT_REACHED",
    "PAYMENT_NOT_PAID",
    "SUM_OF_PARTS_EXCEEDS_CANCEL_AMOUNT",
];
