//! The closed list of problem codes: one per cause, never reused for a second one.
//!
//! A code is what a program compares, a title is what a person reads, and neither ever holds a
//! character of the input (so nothing can be reflected). How a code becomes an HTTP body is known to
//! `edge::problem` alone.

use core::fmt;

/// Where a code is explained; followed by the code it is the `type` of RFC 9457.
pub const TYPE_BASE: &str = "https://hanbeon.dev/problems/";

/// The list is written once: variant, code, HTTP status, title.
macro_rules! codes {
    ($($variant:ident, $code:literal, $http_status:literal, $title:literal;)*) => {
        /// Why a request is refused.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $title] $variant,)*
        }

        impl Code {
            /// Every code, in alphabetical order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code on the wire.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// The HTTP status code that goes with it.
            #[must_use]
            pub const fn http_status(self) -> u16 {
                match self { $(Self::$variant => $http_status,)* }
            }

            /// One English sentence for people.
            #[must_use]
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

codes! {
    AmountExponent, "amount_exponent", 422, "The amount has decimals; amounts are whole minor units.";
    AmountInvalid, "amount_invalid", 422, "The amount is not a positive whole number.";
    AmountMismatch, "amount_mismatch", 422, "The amounts of lines, orders and checkout do not add up.";
    AmountOutOfRange, "amount_out_of_range", 422, "The amount is above the largest amount allowed.";
    AttemptOpen, "attempt_open", 409, "Another attempt of this checkout is still open.";
    BodyTooLarge, "body_too_large", 413, "The body is longer than allowed.";
    CheckoutClosed, "checkout_closed", 409, "The checkout was cancelled or has expired.";
    CheckoutPaid, "checkout_paid", 409, "The checkout is already paid.";
    CurrencyInvalid, "currency_invalid", 422, "The currency is not one that is taken here.";
    CurrencyMismatch, "currency_mismatch", 422, "Two currencies meet in one sum.";
    CursorInvalid, "cursor_invalid", 400, "The cursor was not given out here.";
    HeaderDuplicated, "header_duplicated", 400, "A header that may come once came twice.";
    HoldLimit, "hold_limit", 409, "The buyer already holds as many pieces as allowed.";
    IdempotencyKeyInvalid, "idempotency_key_invalid", 400, "The Idempotency-Key is not 8 to 255 printable ASCII characters.";
    IdempotencyKeyMissing, "idempotency_key_missing", 400, "The Idempotency-Key is missing.";
    IdempotencyKeyReused, "idempotency_key_reused", 422, "The Idempotency-Key was used for another request.";
    Internal, "internal", 500, "Something went wrong on our side.";
    JsonDuplicateKey, "json_duplicate_key", 400, "A member of the JSON document occurs twice.";
    JsonInvalid, "json_invalid", 400, "The body is not a JSON document.";
    JsonSchema, "json_schema", 400, "The JSON document does not have the shape expected here.";
    JsonTooDeep, "json_too_deep", 400, "The JSON document is nested more deeply than allowed.";
    LimitExceeded, "limit_exceeded", 422, "A list or a text is longer than allowed.";
    MethodNotAllowed, "method_not_allowed", 405, "The address does not take this HTTP method.";
    MethodUnavailable, "method_unavailable", 422, "The payment method cannot be used for this checkout.";
    NotFound, "not_found", 404, "There is nothing at this address for this caller.";
    OrderIdConflict, "order_id_conflict", 409, "The order id belongs to another checkout.";
    OrderIdInvalid, "order_id_invalid", 400, "The order id is not 1 to 64 characters of A-Z a-z 0-9 . _ -.";
    OriginNotAllowed, "origin_not_allowed", 403, "The page's origin is not on the merchant's list.";
    ParameterConflict, "parameter_conflict", 400, "Two places name different values for one parameter.";
    ParameterDuplicated, "parameter_duplicated", 400, "A parameter that may come once came twice.";
    PaymentIdMismatch, "payment_id_mismatch", 409, "The provider's payment belongs to another attempt.";
    PresentationUnavailable, "presentation_unavailable", 422, "The window cannot be shown in this way.";
    ProviderUnavailable, "provider_unavailable", 503, "The payment provider cannot be reached.";
    QuantityInvalid, "quantity_invalid", 422, "The quantity is not a whole number of at least 1.";
    QuoteExpired, "quote_expired", 422, "The quote has expired.";
    QuoteInvalid, "quote_invalid", 422, "The quote is not one that a shop signed for this.";
    RateLimited, "rate_limited", 429, "Too many requests in a short time.";
    RefundAccountInvalid, "refund_account_invalid", 422, "The account for the refund is missing or malformed.";
    RefundExceedsAvailable, "refund_exceeds_available", 422, "The refund is larger than what is left to give back.";
    RefundInvalid, "refund_invalid", 422, "The refund does not fit the checkout.";
    RefundPartUnsupported, "refund_part_unsupported", 422, "The provider gives back the whole or nothing.";
    RefundWindowClosed, "refund_window_closed", 422, "The provider no longer gives this payment back.";
    RequestInProgress, "request_in_progress", 409, "The same request is still being worked on.";
    ReturnUrlNotAllowed, "return_url_not_allowed", 422, "The return address is not on the merchant's list.";
    ReturnUrlScheme, "return_url_scheme", 422, "The return address does not begin with https.";
    SoldOutOrHeld, "sold_out_or_held", 409, "Nothing is left, or another buyer is paying for it now.";
    StateMismatch, "state_mismatch", 400, "The state key does not belong to this checkout.";
    TimestampInvalid, "timestamp_invalid", 422, "The time is malformed or out of range.";
    TokenAudience, "token_audience", 401, "The token was made for another merchant.";
    TokenClaimsInvalid, "token_claims_invalid", 401, "The token's content breaks its own rules.";
    TokenExpired, "token_expired", 401, "The token has expired.";
    TokenInUrl, "token_in_url", 400, "A token stands in the address, where logs keep it.";
    TokenInvalid, "token_invalid", 401, "The token is not one of ours.";
    TokenIssuer, "token_issuer", 401, "The token was issued elsewhere.";
    TokenMissing, "token_missing", 401, "The token is missing.";
    TokenNotYetValid, "token_not_yet_valid", 401, "The token is not valid yet.";
    TokenOrderMismatch, "token_order_mismatch", 403, "The token belongs to another checkout.";
    TokenReplayed, "token_replayed", 409, "The token was already used.";
    TokenTooLarge, "token_too_large", 401, "The token is longer than 4096 bytes.";
    Unauthorized, "unauthorized", 401, "The API key is missing or unknown.";
    UnsupportedEncoding, "unsupported_encoding", 415, "The content encoding is not taken here.";
    UnsupportedMediaType, "unsupported_media_type", 415, "The content type is not taken here.";
    UpgradeRequired, "upgrade_required", 426, "The address is that of a WebSocket.";
    VelocityLimited, "velocity_limited", 429, "Too many attempts for this checkout or buyer.";
    WebhookHeaderInvalid, "webhook_header_invalid", 400, "A header of the webhook is missing or malformed.";
    WebhookSignatureInvalid, "webhook_signature_invalid", 401, "The webhook's signature does not fit.";
    WebhookSignatureMissing, "webhook_signature_missing", 401, "The webhook's signature is missing.";
    WebhookTimestamp, "webhook_timestamp", 401, "The webhook is too old or too new.";
}

impl Code {
    /// Reads the code on the wire.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|each| each.code() == code)
    }

    /// The `type` of RFC 9457.
    #[must_use]
    pub fn type_uri(self) -> String {
        format!("{TYPE_BASE}{}", self.code())
    }
}

/// The code on the wire: the names of the variants would be a second list in what ships.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_read_back_and_stand_in_order() {
        for code in Code::ALL {
            assert_eq!(Code::parse(code.code()), Some(*code));
            assert!((400..=599).contains(&code.http_status()), "{code}");
            assert!(code.title().ends_with('.'), "{code}: a title is a sentence");
        }
        assert!(Code::ALL.windows(2).all(|pair| pair[0].code() < pair[1].code()));
        assert_eq!(Code::parse("Token_invalid"), None, "a second spelling is another code");
        assert_eq!(Code::Internal.type_uri(), "https://hanbeon.dev/problems/internal");
    }
}
