//! Refusals of `tosspayments`: the codes the engine speaks, and the table of every documented code
//! for the header `TossPayments-Test-Code`.

use crate::sandbox::window::Lang;

/// A refusal that the engine itself can give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// The header is not `base64("key:")`.
    IncorrectBasicAuthFormat,
    /// No merchant has this key.
    UnauthorizedKey,
    /// The body cannot be read, or a field is missing or out of range.
    InvalidRequest,
    /// The idempotency key is longer than 300 characters.
    InvalidIdempotencyKey,
    /// The first call with this key is still running.
    IdempotentRequestProcessing,
    /// Confirm names another amount than the window had.
    ForbiddenRequest,
    /// The payment was captured already.
    AlreadyProcessedPayment,
    /// Card below 100 KRW, account below 200 KRW.
    BelowMinimumAmount,
    /// More than 1,000,000 KRW on a phone bill.
    ExceedMaxMonthlyPaymentAmount,
    /// The issuer has no money for this card.
    RejectCardPayment,
    /// The issuer refuses the card.
    RejectCardCompany,
    /// The card was reported as lost.
    InvalidCardLostOrStolen,
    /// No such payment of this merchant.
    NotFoundPayment,
    /// Nothing authenticated is waiting: never was, or its ten minutes are over.
    NotFoundPaymentSession,
    /// The gateway in front fails.
    FailedInternalSystemProcessing,
    /// The buyer pressed cancel.
    PayProcessCanceled,
    /// The window is over for another reason.
    PayProcessAborted,
    /// Nothing is left to give back.
    AlreadyCanceledPayment,
    /// The balance is not what the caller believes.
    NotMatchesRefundableAmount,
    /// More than the balance.
    NotCancelableAmount,
    /// Nothing was paid.
    NotCancelablePayment,
    /// The refund's term is over.
    ExceedMaxRefundDue,
    /// An unpaid account is cancelled as a whole or not at all.
    NotAllowedPartialRefundWaitingDeposit,
    /// The refund account or its holder is missing.
    InvalidRefundAccountInfo,
    /// The refund account's number is not one.
    InvalidRefundAccountNumber,
    /// No such bank.
    InvalidBank,
}

impl Code {
    /// HTTP status, the code, and the message in Korean and English.
    fn row(self) -> (u16, &'static str, &'static str, &'static str) {
        match self {
            Self::IncorrectBasicAuthFormat => (
                403,
                "INCORRECT_BASIC_AUTH_FORMAT",
                "잘못된 요청입니다. ':' 를 포함해 인코딩해주세요.",
                "Encode the key including ':'.",
            ),
            Self::UnauthorizedKey => (
                401,
                "UNAUTHORIZED_KEY",
                "인증되지 않은 시크릿 키 혹은 클라이언트 키 입니다.",
                "The secret or client key is not valid.",
            ),
            Self::InvalidRequest => {
                (400, "INVALID_REQUEST", "잘못된 요청입니다.", "The request is not valid.")
            }
            Self::InvalidIdempotencyKey => (
                400,
                "INVALID_IDEMPOTENCY_KEY",
                "멱등키는 300자 이하여야 합니다.",
                "The idempotency key is longer than 300 characters.",
            ),
            Self::IdempotentRequestProcessing => (
                409,
                "IDEMPOTENT_REQUEST_PROCESSING",
                "이전 멱등 요청이 처리중입니다.",
                "The first request with this key is still running.",
            ),
            Self::ForbiddenRequest => (
                403,
                "FORBIDDEN_REQUEST",
                "허용되지 않은 요청입니다.",
                "The request is not allowed.",
            ),
            Self::AlreadyProcessedPayment => (
                400,
                "ALREADY_PROCESSED_PAYMENT",
                "이미 처리된 결제 입니다.",
                "The payment has been processed already.",
            ),
            Self::BelowMinimumAmount => (
                400,
                "BELOW_MINIMUM_AMOUNT",
                "신용카드는 결제금액이 100원 이상, 계좌는 200원이상부터 결제가 가능합니다.",
                "Cards take 100 KRW or more, accounts 200 KRW or more.",
            ),
            Self::ExceedMaxMonthlyPaymentAmount => (
                400,
                "EXCEED_MAX_MONTHLY_PAYMENT_AMOUNT",
                "당월 결제 가능금액인 1,000,000원을 초과 하셨습니다.",
                "More than 1,000,000 KRW in this month.",
            ),
            Self::RejectCardPayment => (
                403,
                "REJECT_CARD_PAYMENT",
                "한도초과 혹은 잔액부족으로 결제에 실패했습니다.",
                "Limit exceeded or not enough balance.",
            ),
            Self::RejectCardCompany => (
                403,
                "REJECT_CARD_COMPANY",
                "결제 승인이 거절되었습니다.",
                "The card company refused the payment.",
            ),
            Self::InvalidCardLostOrStolen => (
                400,
                "INVALID_CARD_LOST_OR_STOLEN",
                "분실 혹은 도난 카드입니다.",
                "The card was reported as lost or stolen.",
            ),
            Self::NotFoundPayment => (
                404,
                "NOT_FOUND_PAYMENT",
                "존재하지 않는 결제 정보 입니다.",
                "There is no such payment.",
            ),
            Self::NotFoundPaymentSession => (
                404,
                "NOT_FOUND_PAYMENT_SESSION",
                "결제 시간이 만료되어 결제 진행 데이터가 존재하지 않습니다.",
                "The time to pay is over and the session is gone.",
            ),
            Self::FailedInternalSystemProcessing => (
                500,
                "FAILED_INTERNAL_SYSTEM_PROCESSING",
                "내부 시스템 처리 작업이 실패했습니다. 잠시 후 다시 시도해주세요.",
                "An internal task failed. Try again later.",
            ),
            Self::PayProcessCanceled => (
                400,
                "PAY_PROCESS_CANCELED",
                "사용자에 의해 결제가 취소되었습니다.",
                "The buyer cancelled the payment.",
            ),
            Self::PayProcessAborted => (
                400,
                "PAY_PROCESS_ABORTED",
                "결제 진행 중 승인에 실패하여 결제가 중단되었습니다.",
                "The payment was stopped.",
            ),
            Self::AlreadyCanceledPayment => (
                400,
                "ALREADY_CANCELED_PAYMENT",
                "이미 취소된 결제 입니다.",
                "The payment has been cancelled already.",
            ),
            Self::NotMatchesRefundableAmount => (
                400,
                "NOT_MATCHES_REFUNDABLE_AMOUNT",
                "잔액 결과가 일치하지 않습니다.",
                "The balance differs.",
            ),
            Self::NotCancelableAmount => (
                403,
                "NOT_CANCELABLE_AMOUNT",
                "취소 할 수 없는 금액 입니다.",
                "This amount cannot be cancelled.",
            ),
            Self::NotCancelablePayment => (
                403,
                "NOT_CANCELABLE_PAYMENT",
                "취소 할 수 없는 결제 입니다.",
                "This payment cannot be cancelled.",
            ),
            Self::ExceedMaxRefundDue => (
                403,
                "EXCEED_MAX_REFUND_DUE",
                "환불 가능한 기간이 지났습니다.",
                "The term for refunds is over.",
            ),
            Self::NotAllowedPartialRefundWaitingDeposit => (
                403,
                "NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT",
                "입금 대기중인 결제는 부분 환불이 불가합니다.",
                "A payment that waits for its deposit is cancelled as a whole.",
            ),
            Self::InvalidRefundAccountInfo => (
                400,
                "INVALID_REFUND_ACCOUNT_INFO",
                "환불 계좌번호와 예금주명이 일치하지 않습니다.",
                "The refund account and its holder do not match.",
            ),
            Self::InvalidRefundAccountNumber => (
                400,
                "INVALID_REFUND_ACCOUNT_NUMBER",
                "잘못된 환불 계좌번호입니다.",
                "The refund account's number is not valid.",
            ),
            Self::InvalidBank => {
                (400, "INVALID_BANK", "유효하지 않은 은행입니다.", "There is no such bank.")
            }
        }
    }

    /// HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        self.row().0
    }

    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        self.row().1
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(self, lang: Lang) -> &'static str {
        let (_, _, korean, english) = self.row();
        lang.pick(korean, english)
    }
}

/// Every documented code by status, for `TossPayments-Test-Code`.
const DOCUMENTED: [(u16, &str); 5] = [
    (
        400,
        "ALREADY_PROCESSED_PAYMENT PROVIDER_ERROR INVALID_REQUEST INVALID_API_KEY \
         BELOW_MINIMUM_AMOUNT EXCEED_MAX_AMOUNT EXCEED_MAX_DAILY_PAYMENT_COUNT \
         EXCEED_MAX_PAYMENT_AMOUNT EXCEED_MAX_ONE_DAY_WITHDRAW_AMOUNT \
         EXCEED_MAX_ONE_TIME_WITHDRAW_AMOUNT EXCEED_MAX_MONTHLY_PAYMENT_AMOUNT \
         EXCEED_MAX_CARD_INSTALLMENT_PLAN INVALID_CARD_NUMBER INVALID_CARD_EXPIRATION \
         INVALID_STOPPED_CARD INVALID_REJECT_CARD INVALID_CARD_LOST_OR_STOLEN \
         INVALID_CARD_INSTALLMENT_PLAN NOT_SUPPORTED_INSTALLMENT_PLAN_CARD_OR_MERCHANT \
         NOT_SUPPORTED_MONTHLY_INSTALLMENT_PLAN NOT_ALLOWED_POINT_USE NOT_FOUND_TERMINAL_ID \
         INVALID_AUTHORIZE_AUTH RESTRICTED_TRANSFER_ACCOUNT INVALID_UNREGISTERED_SUBMALL \
         NOT_REGISTERED_BUSINESS INVALID_ACCOUNT_INFO_RE_REGISTER NOT_AVAILABLE_PAYMENT \
         UNAPPROVED_ORDER_ID CARD_PROCESSING_ERROR INVALID_REFUND_ACCOUNT_INFO \
         INVALID_REFUND_ACCOUNT_NUMBER INVALID_BANK NOT_MATCHES_REFUNDABLE_AMOUNT \
         EXCEED_CANCEL_AMOUNT_DISCOUNT_AMOUNT REFUND_REJECTED ALREADY_REFUND_PAYMENT \
         FORBIDDEN_BANK_REFUND_REQUEST ALREADY_CANCELED_PAYMENT",
    ),
    (401, "UNAUTHORIZED_KEY"),
    (
        403,
        "REJECT_CARD_PAYMENT REJECT_CARD_COMPANY REJECT_ACCOUNT_PAYMENT \
         REJECT_TOSSPAY_INVALID_ACCOUNT FORBIDDEN_REQUEST EXCEED_MAX_AUTH_COUNT \
         EXCEED_MAX_ONE_DAY_AMOUNT NOT_AVAILABLE_BANK INVALID_PASSWORD \
         INCORRECT_BASIC_AUTH_FORMAT FDS_ERROR FORBIDDEN_CONSECUTIVE_REQUEST \
         NOT_CANCELABLE_AMOUNT NOT_CANCELABLE_PAYMENT EXCEED_MAX_REFUND_DUE \
         NOT_ALLOWED_PARTIAL_REFUND_WAITING_DEPOSIT NOT_ALLOWED_PARTIAL_REFUND \
         NOT_CANCELABLE_PAYMENT_FOR_DORMANT_USER EXCEED_CANCEL_LIMIT",
    ),
    (404, "NOT_FOUND NOT_FOUND_PAYMENT NOT_FOUND_PAYMENT_SESSION"),
    (
        500,
        "FAILED_INTERNAL_SYSTEM_PROCESSING FAILED_PAYMENT_INTERNAL_SYSTEM_PROCESSING \
         UNKNOWN_PAYMENT_ERROR FAILED_REFUND_PROCESS FAILED_PARTIAL_REFUND \
         FAILED_METHOD_HANDLING_CANCEL COMMON_ERROR",
    ),
];

/// The status that a documented code comes with.
#[must_use]
pub fn documented_status(word: &str) -> Option<u16> {
    let has = |words: &str| words.split_whitespace().any(|known| known == word);
    DOCUMENTED.iter().find(|(_, words)| has(words)).map(|(status, _)| *status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_engine_and_the_table_agree_on_statuses() {
        for code in [
            Code::IncorrectBasicAuthFormat,
            Code::UnauthorizedKey,
            Code::InvalidRequest,
            Code::ForbiddenRequest,
            Code::AlreadyProcessedPayment,
            Code::RejectCardPayment,
            Code::NotFoundPaymentSession,
            Code::NotMatchesRefundableAmount,
            Code::NotCancelableAmount,
            Code::FailedInternalSystemProcessing,
        ] {
            assert_eq!(documented_status(code.word()), Some(code.status()), "{}", code.word());
        }
        assert_eq!(documented_status("NO_SUCH_CODE"), None);
    }
}
