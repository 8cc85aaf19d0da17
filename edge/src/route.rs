//! (method, path) → call. Every endpoint is one variant; nothing is answered here.

use shared::problem::Code;

/// An endpoint with what its path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call<'a> {
    /// `GET /v1/health`
    Health,
    /// `POST /v1/checkouts`
    OpenCheckout,
    /// `GET /v1/checkouts`
    ListCheckouts,
    /// `GET /v1/checkouts/{id}`
    ReadCheckout(&'a str),
    /// `POST /v1/checkouts/{id}/token`
    FreshToken(&'a str),
    /// `POST /v1/checkouts/{id}/cancel`
    CancelCheckout(&'a str),
    /// `POST /v1/checkouts/{id}/refunds`
    Refund(&'a str),
    /// `GET /v1/checkouts/{id}/refund-preview`
    RefundPreview(&'a str),
    /// `GET /v1/checkouts/{id}/journal`
    Journal(&'a str),
    /// `GET /v1/notices/dead`
    DeadNotices,
    /// `POST /v1/notices/{notice}/replay`
    Replay(&'a str),
    /// `GET /v1/stock/{sku}`
    Stock(&'a str),
    /// `PUT /v1/stock/{sku}`
    SetStock(&'a str),
    /// `GET /v1/merchants/{merchant}/stock/{sku}`
    Outlook(&'a str, &'a str),
    /// `POST /v1/quotes/exchange`
    Exchange,
    /// `GET /v1/session`
    Session,
    /// `POST /v1/attempts`
    Begin,
    /// `POST /v1/attempts/{attempt}/presentation`
    Present(&'a str),
    /// `GET /v1/status`
    Status,
    /// `POST /v1/look`
    Look,
    /// `POST /v1/abandon`
    Abandon,
    /// `GET /v1/live/{checkout}`, a WebSocket
    Live(&'a str),
    /// `GET /w/{request id}.{key}`
    Window(&'a str, &'a str),
    /// `GET` or `POST /r/{request id}.{key}`
    Return(&'a str, &'a str),
    /// `POST /v1/webhooks/{channel}`
    Webhook(&'a str),
    /// `GET`, `POST /v1/demo/clock`; only in demo builds.
    DemoClock,
    /// `POST /v1/demo/cron`; only in demo builds.
    DemoCron,
}

impl Call<'_> {
    /// Whether pages call it, so that it has a preflight and a check of the origin.
    #[must_use]
    pub const fn is_of_the_page(&self) -> bool {
        match self {
            Self::Session
            | Self::Begin
            | Self::Present(_)
            | Self::Status
            | Self::Look
            | Self::Abandon
            | Self::Exchange
            | Self::Live(_)
            | Self::Outlook(..) => true,
            Self::Health
            | Self::OpenCheckout
            | Self::ListCheckouts
            | Self::ReadCheckout(_)
            | Self::FreshToken(_)
            | Self::CancelCheckout(_)
            | Self::Refund(_)
            | Self::RefundPreview(_)
            | Self::Journal(_)
            | Self::DeadNotices
            | Self::Replay(_)
            | Self::Stock(_)
            | Self::SetStock(_)
            | Self::Window(..)
            | Self::Return(..)
            | Self::Webhook(_)
            | Self::DemoClock
            | Self::DemoCron => false,
        }
    }
}

/// The call of a request. The path is taken literally: a percent sign is in none of our ids, so no
/// second spelling of an address exists.
///
/// # Errors
/// [`Code::NotFound`] and [`Code::MethodNotAllowed`].
pub fn find<'a>(method: &str, path: &'a str) -> Result<Call<'a>, Code> {
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let (call, methods): (Call<'a>, &[&str]) = match *parts.as_slice() {
        ["v1", "health"] => (Call::Health, &["GET"]),
        ["v1", "checkouts"] => match method {
            "POST" => (Call::OpenCheckout, &["POST"]),
            _ => (Call::ListCheckouts, &["GET"]),
        },
        ["v1", "checkouts", id] => (Call::ReadCheckout(id), &["GET"]),
        ["v1", "checkouts", id, "token"] => (Call::FreshToken(id), &["POST"]),
        ["v1", "checkouts", id, "cancel"] => (Call::CancelCheckout(id), &["POST"]),
        ["v1", "checkouts", id, "refunds"] => (Call::Refund(id), &["POST"]),
        ["v1", "checkouts", id, "refund-preview"] => (Call::RefundPreview(id), &["GET"]),
        ["v1", "checkouts", id, "journal"] => (Call::Journal(id), &["GET"]),
        ["v1", "notices", "dead"] => (Call::DeadNotices, &["GET"]),
        ["v1", "notices", notice, "replay"] => (Call::Replay(notice), &["POST"]),
        ["v1", "stock", sku] => match method {
            "PUT" => (Call::SetStock(sku), &["PUT"]),
            _ => (Call::Stock(sku), &["GET"]),
        },
        ["v1", "merchants", merchant, "stock", sku] => (Call::Outlook(merchant, sku), &["GET"]),
        ["v1", "quotes", "exchange"] => (Call::Exchange, &["POST"]),
        ["v1", "session"] => (Call::Session, &["GET"]),
        ["v1", "attempts"] => (Call::Begin, &["POST"]),
        ["v1", "attempts", attempt, "presentation"] => (Call::Present(attempt), &["POST"]),
        ["v1", "status"] => (Call::Status, &["GET"]),
        ["v1", "look"] => (Call::Look, &["POST"]),
        ["v1", "abandon"] => (Call::Abandon, &["POST"]),
        ["v1", "live", checkout] => (Call::Live(checkout), &["GET"]),
        ["v1", "webhooks", channel] => (Call::Webhook(channel), &["POST"]),
        ["v1", "demo", "clock"] if cfg!(feature = "demo") => (Call::DemoClock, &["GET", "POST"]),
        ["v1", "demo", "cron"] if cfg!(feature = "demo") => (Call::DemoCron, &["POST"]),
        ["w", keyed] => {
            let (request, key) = keyed.split_once('.').ok_or(Code::NotFound)?;
            (Call::Window(request, key), &["GET"])
        }
        ["r", keyed] => {
            let (request, key) = keyed.split_once('.').ok_or(Code::NotFound)?;
            (Call::Return(request, key), &["GET", "POST"])
        }
        _ => return Err(Code::NotFound),
    };
    if methods.contains(&method) || (method == "OPTIONS" && call.is_of_the_page()) {
        Ok(call)
    } else {
        Err(Code::MethodNotAllowed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_is_one_call_and_other_methods_are_refused() {
        let rows = [
            ("POST", "/v1/checkouts", Ok(Call::OpenCheckout)),
            ("GET", "/v1/checkouts", Ok(Call::ListCheckouts)),
            ("DELETE", "/v1/checkouts", Err(Code::MethodNotAllowed)),
            ("GET", "/v1/checkouts/chk_1/cancel", Err(Code::MethodNotAllowed)),
            ("GET", "/v1/attempts", Err(Code::MethodNotAllowed)),
            ("OPTIONS", "/v1/attempts", Ok(Call::Begin)),
            ("OPTIONS", "/v1/checkouts", Err(Code::MethodNotAllowed)),
            ("GET", "/v1/checkouts/chk_1/refund-preview", Ok(Call::RefundPreview("chk_1"))),
            ("POST", "/v1/checkouts/chk_1/refund-preview", Err(Code::MethodNotAllowed)),
            ("OPTIONS", "/v1/quotes/exchange", Ok(Call::Exchange)),
            ("GET", "/v1/notices/dead", Ok(Call::DeadNotices)),
            ("POST", "/v1/notices/dead", Err(Code::MethodNotAllowed)),
            ("POST", "/v1/notices/evt_1/replay", Ok(Call::Replay("evt_1"))),
            ("GET", "/v1/notices/evt_1/replay", Err(Code::MethodNotAllowed)),
            ("GET", "/v1/live/chk_1", Ok(Call::Live("chk_1"))),
            ("POST", "/r/hb-1.ff", Ok(Call::Return("hb-1", "ff"))),
            ("GET", "/r/hb-1.ff", Ok(Call::Return("hb-1", "ff"))),
            ("GET", "/r/hb-1", Err(Code::NotFound)),
            ("GET", "/v1/checkouts/", Ok(Call::ReadCheckout(""))),
            ("GET", "/V1/health", Err(Code::NotFound)),
            ("GET", "//v1/health", Err(Code::NotFound)),
            ("GET", "/", Err(Code::NotFound)),
        ];
        for (method, path, expected) in rows {
            assert_eq!(find(method, path), expected, "{method} {path}");
        }
    }
}
