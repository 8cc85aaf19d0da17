//! Toss's JSON and tables of words. Unknown fields of answers are ignored: Toss adds some at any time.

use shared::fact::DeclineCode;
use shared::money::Currency;

use super::Status;
use crate::json::Field;

pub(super) struct Payment {
    pub(super) payment_key: String,
    pub(super) order_id: String,
    pub(super) m_id: Option<String>,
    pub(super) status: Result<Status, String>,
    pub(super) currency: String,
    pub(super) total_amount: String,
    pub(super) balance_amount: Option<String>,
    pub(super) approved_at: Option<String>,
    pub(super) failure: Option<Failure>,
    pub(super) virtual_account: Option<VirtualAccount>,
}

pub(super) struct Failure {
    pub(super) code: Option<String>,
}

pub(super) struct VirtualAccount {
    pub(super) account_number: String,
    pub(super) bank_code: String,
    pub(super) customer_name: Option<String>,
    pub(super) due_date: String,
}

pub(super) struct ErrorBody {
    pub(super) code: String,
}

/// A webhook: `eventType` and `data`, or DEPOSIT_CALLBACK's flat `orderId`.
pub(super) struct Event {
    pub(super) event_type: Option<String>,
    pub(super) data: Option<EventData>,
    pub(super) order_id: Option<String>,
}

pub(super) struct EventData {
    pub(super) order_id: Option<String>,
    pub(super) payment_key: Option<String>,
}

impl Payment {
    pub(super) fn of(field: Field<'_>) -> Self {
        let text = |name: &str| field.get(name).text();
        Self {
            payment_key: text("paymentKey"),
            order_id: text("orderId"),
            m_id: field.get("mId").text_or_none(),
            status: Status::parse(&text("status")),
            currency: text("currency"),
            total_amount: field.get("totalAmount").digits(),
            balance_amount: field.get("balanceAmount").option().map(Field::digits),
            approved_at: field.get("approvedAt").text_or_none(),
            failure: field
                .get("failure")
                .option()
                .map(|failure| Failure { code: failure.get("code").text_or_none() }),
            virtual_account: field.get("virtualAccount").option().map(VirtualAccount::of),
        }
    }
}

impl VirtualAccount {
    fn of(field: Field<'_>) -> Self {
        Self {
            account_number: field.get("accountNumber").text(),
            bank_code: field.get("bankCode").text(),
            customer_name: field.get("customerName").text_or_none(),
            due_date: field.get("dueDate").text(),
        }
    }
}

impl ErrorBody {
    pub(super) fn of(field: Field<'_>) -> Self {
        Self { code: field.get("code").text() }
    }
}

impl Event {
    pub(super) fn of(field: Field<'_>) -> Self {
        Self {
            event_type: field.get("eventType").text_or_none(),
            data: field.get("data").option().map(|data| EventData {
                order_id: data.get("orderId").text_or_none(),
                payment_key: data.get("paymentKey").text_or_none(),
            }),
            order_id: field.get("orderId").text_or_none(),
        }
    }
}

/// Words with which a confirm, or a payment's `failure`, says that no money moved.
///
/// Missing on purpose, because they leave it open: PROVIDER_ERROR, CARD_PROCESSING_ERROR,
/// ALREADY_PROCESSED_PAYMENT, UNAPPROVED_ORDER_ID, NOT_FOUND_PAYMENT, and every word about our keys and
/// the form of our request (INVALID_REQUEST, UNAUTHORIZED_KEY, …), which is our fault and not the
/// buyer's.
pub(super) static DECLINES: [(&str, DeclineCode); 36] = [
    ("PAY_PROCESS_CANCELED", DeclineCode::BuyerCancelled),
    ("PAY_PROCESS_ABORTED", DeclineCode::CardDeclined),
    ("NOT_FOUND_PAYMENT_SESSION", DeclineCode::Expired),
    ("REJECT_CARD_PAYMENT", DeclineCode::CardDeclined),
    ("REJECT_CARD_COMPANY", DeclineCode::CardDeclined),
    ("REJECT_ACCOUNT_PAYMENT", DeclineCode::CardDeclined),
    ("REJECT_TOSSPAY_INVALID_ACCOUNT", DeclineCode::CardDeclined),
    ("INVALID_CARD_NUMBER", DeclineCode::CardDeclined),
    ("INVALID_CARD_EXPIRATION", DeclineCode::CardDeclined),
    ("INVALID_STOPPED_CARD", DeclineCode::CardDeclined),
    ("INVALID_REJECT_CARD", DeclineCode::CardDeclined),
    ("INVALID_CARD_LOST_OR_STOLEN", DeclineCode::CardDeclined),
    ("INVALID_PASSWORD", DeclineCode::CardDeclined),
    ("RESTRICTED_TRANSFER_ACCOUNT", DeclineCode::CardDeclined),
    ("INVALID_ACCOUNT_INFO_RE_REGISTER", DeclineCode::CardDeclined),
    ("FDS_ERROR", DeclineCode::CardDeclined),
    ("BELOW_MINIMUM_AMOUNT", DeclineCode::LimitExceeded),
    ("EXCEED_MAX_AMOUNT", DeclineCode::LimitExceeded),
    ("EXCEED_MAX_AUTH_COUNT", DeclineCode::LimitExceeded),
    ("EXCEED_MAX_DAILY_PAYMENT_COUNT", DeclineCode::LimitExceeded),
    ("EXCEED_MAX_PAYMENT_AMOUNT", DeclineCode::LimitExceeded),
    ("EXCEED_MAX_ONE_DAY_AMOUNT", DeclineCode::LimitExceeded),
    ("EXCEED_MAX_ONE_DAY_WITHDRAW_AMOUNT", DeclineCode::LimitExceeded),
    ("EXCEED_MAX_ONE_TIME_WITHDRAW_AMOUNT", DeclineCode::LimitExceeded),
    ("EXCEED_MAX_MONTHLY_PAYMENT_AMOUNT", DeclineCode::LimitExceeded),
    ("EXCEED_MAX_CARD_INSTALLMENT_PLAN", DeclineCode::Other),
    ("INVALID_CARD_INSTALLMENT_PLAN", DeclineCode::Other),
    ("NOT_SUPPORTED_INSTALLMENT_PLAN_CARD_OR_MERCHANT", DeclineCode::Other),
    ("NOT_SUPPORTED_MONTHLY_INSTALLMENT_PLAN", DeclineCode::Other),
    ("NOT_ALLOWED_POINT_USE", DeclineCode::Other),
    ("INVALID_AUTHORIZE_AUTH", DeclineCode::Other),
    ("NOT_AVAILABLE_PAYMENT", DeclineCode::ProviderUnavailable),
    ("NOT_AVAILABLE_BANK", DeclineCode::ProviderUnavailable),
    ("NOT_FOUND_TERMINAL_ID", DeclineCode::ProviderUnavailable),
    ("INVALID_UNREGISTERED_SUBMALL", DeclineCode::ProviderUnavailable),
    ("NOT_REGISTERED_BUSINESS", DeclineCode::ProviderUnavailable),
];

/// Words with which a cancel is refused for good. ALREADY_CANCELED_PAYMENT and ALREADY_REFUND_PAYMENT are
/// missing on purpose: our own lost cancel may be what they speak of, so they are looked up.
pub(super) static CANCEL_REFUSALS: [&str; 14] = [
    "INVALID_REFUND_ACCOUNT_INFO",
    "INVALID_REFUND_ACCOUNT_NUMBER",
    "INVALID_BANK",
    "NOT_MATCHES_REFUNDABLE_AMOUNT",
    "EXCEED_CANCEL_AMOUNT_DISCOUNT_AMOUNT",
    "REFUND_REJECTED",
    "FORBIDDEN_BANK_REFUND_REQUEST",
    "NOT_CANCELABLE_AMOUNT",
    "NOT_CANCELABLE_PAYMENT",
    "EXCEED_MAX_REFUND_DUE",
    "NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT",
    "NOT_ALLOWED_PARTIAL_REFUND",
    "NOT_CANCELABLE_PAYMENT_FOR_DORMANT_USER",
    "EXCEED_CANCEL_LIMIT",
];

/// Banks that issue virtual accounts, as buyers know them; any other code is shown as it came.
static BANKS: [(&str, &str); 16] = [
    ("03", "IBK기업은행"),
    ("06", "KB국민은행"),
    ("07", "Sh수협은행"),
    ("11", "NH농협은행"),
    ("20", "우리은행"),
    ("23", "SC제일은행"),
    ("31", "iM뱅크"),
    ("32", "부산은행"),
    ("34", "광주은행"),
    ("37", "전북은행"),
    ("39", "경남은행"),
    ("45", "새마을금고"),
    ("71", "우체국"),
    ("81", "하나은행"),
    ("88", "신한은행"),
    ("89", "케이뱅크"),
];

pub(super) fn bank_name(code: &str) -> &str {
    BANKS.iter().find_map(|(listed, name)| (*listed == code).then_some(*name)).unwrap_or(code)
}

/// Toss writes amounts in the major unit: `31000` for won, `12.5` for dollars.
pub(super) fn minor_units(number: &str, currency: Currency) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = usize::try_from(currency.exponent()).ok()?;
    let plain = [whole, fraction].concat().bytes().all(|b| b.is_ascii_digit());
    if !plain || fraction.len() > digits {
        return None;
    }
    format!("{whole}{fraction:0<digits$}").parse().ok()
}
