//! What adapters do alike, so that each says only what is its own: words, amounts, answers, the form of
//! what comes from outside. Nothing here knows a provider.

use shared::fact::Fact;
use shared::money::{Amount, Currency};

use super::{Account, CallbackRefused, CannotAsk, Inbound, Unreadable};
use crate::address::is_base;
use crate::json::{self, Field, Limits};

/// Adds a fault for each of these settings that is no base address; live accounts need `https`.
pub(super) fn check_bases(
    account: &Account,
    names: [&str; 2],
    live: bool,
    faults: &mut Vec<String>,
) {
    for name in names {
        let base = account.setting(name);
        let wrong = if !is_base(base) {
            "an http or https address without query or slash at the end"
        } else if live && !base.starts_with("https://") {
            "https, which live keys need"
        } else {
            continue;
        };
        faults.push([name, " \"", base, "\" is not ", wrong].concat());
    }
}

/// A fact that decides nothing, and why.
pub(super) fn unclear(detail: impl Into<String>) -> Fact {
    Fact::Unclear { detail: detail.into() }
}

/// An answer that decides nothing: its status and the provider's word for it.
pub(super) fn undecided(http_status: u16, code: &str) -> Fact {
    let code = if code.is_empty() { code } else { word(code) };
    unclear(["HTTP ", &http_status.to_string(), " ", code].concat())
}

/// Reads a record from an answer.
pub(super) fn parse<T>(body: &[u8], of: impl FnOnce(Field<'_>) -> T) -> Result<T, Unreadable> {
    json::read(body, Limits::OURS, of)
        .map_err(|refusal| Unreadable { detail: refusal.detail.to_owned() })
}

/// A provider's word when it looks like one: anything else could be personal data or break a log line.
pub(super) fn word(text: &str) -> &str {
    if is_word(text) { text } else { "(malformed)" }
}

/// Whether a text looks like a provider's word: capitals, digits and `_`.
pub(super) fn is_word(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// An amount for a provider that takes whole won alone.
pub(super) fn won(amount: Amount) -> Result<u64, CannotAsk> {
    let won = amount.currency() == Currency::Krw;
    won.then(|| amount.minor()).ok_or(CannotAsk::Missing("an amount in KRW"))
}

/// A text that must not be empty, cut to the provider's limit.
pub(super) fn required(
    text: &str,
    chars_max: usize,
    what: &'static str,
) -> Result<String, CannotAsk> {
    if text.trim().is_empty() {
        return Err(CannotAsk::Missing(what));
    }
    Ok(text.chars().take(chars_max).collect())
}

/// The first field of this name in a query or a posted form.
pub(super) fn field(form: &[u8], name: &str) -> Option<String> {
    form_urlencoded::parse(form).find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

/// A header of a callback.
pub(super) fn header<'a>(inbound: &Inbound<'a>, name: &str) -> Option<&'a str> {
    inbound.headers.get(name).map(String::as_str)
}

/// Callbacks are plain JSON.
///
/// # Errors
/// [`CallbackRefused::MediaType`].
pub(super) fn check_json(inbound: &Inbound<'_>) -> Result<(), CallbackRefused> {
    let media = header(inbound, "content-type").and_then(|value| value.split(';').next());
    let json = media.is_some_and(|m| m.trim().eq_ignore_ascii_case("application/json"));
    let plain = json && header(inbound, "content-encoding").is_none();
    if plain { Ok(()) } else { Err(CallbackRefused::MediaType) }
}

/// A name of an event, as providers put it into a header: 1 to 200 printable bytes.
pub(super) fn event_name(text: &str) -> Result<String, CallbackRefused> {
    let good = (1..=200).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if good { Ok(text.to_owned()) } else { Err(CallbackRefused::HeaderInvalid) }
}

/// Reads a callback's record.
pub(super) fn read_callback<T>(
    inbound: &Inbound<'_>,
    of: impl FnOnce(Field<'_>) -> T,
) -> Result<T, CallbackRefused> {
    json::read(inbound.body, Limits::OURS, of).map_err(|_| CallbackRefused::Unreadable)
}
