//! What adapters do alike, so that each says only what is its own: words, amounts, answers, the form of
//! what comes from outside. Nothing here knows a provider.

use shared::fact::Fact;
use shared::money::{Amount, Currency};
use shared::time::{Civil, Span, Timestamp};

use super::{Account, CallbackRefused, CannotAsk, Inbound, Unreadable};
use crate::address::is_base;
use crate::door::HEADERS;
use crate::json::{self, Field, Limits};

#[cfg(test)]
pub(super) mod testing;

/// Adds a fault for each of these settings that is not as it should be.
pub(super) fn check_each(checked: &[(&str, bool)], faults: &mut Vec<String>) {
    for (name, _) in checked.iter().filter(|(_, good)| !good) {
        faults.push([name, " is malformed"].concat());
    }
}

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
    debug_assert!(HEADERS.contains(&name), "nobody asks the runtime for {name}");
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

/// `2026-11-28T19:41:04`, with a fraction or not, then `Z`, an offset, or nothing: Seoul's time, which is
/// the providers'.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    let (civil, rest) = text.split_at_checked(19)?;
    let shape = civil.bytes().map(|b| if b.is_ascii_digit() { b'0' } else { b });
    if !shape.eq(*b"0000-00-00T00:00:00") {
        return None;
    }
    let at = |from: usize, to: usize| civil.get(from..to)?.parse().ok();
    let civil =
        Civil::new(at(0, 4)?, at(5, 7)?, at(8, 10)?, at(11, 13)?, at(14, 16)?, at(17, 19)?)?;
    // Read as Seoul's and put back: shared time knows no other zone.
    let seoul = Timestamp::from_civil_seoul(civil);
    let utc = seoul.after(Span::hours(9));
    let zone = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => rest,
    };
    let offset = |offset: &str| {
        let (hours, minutes) = offset.split_once(':')?;
        let two = |text: &str, max: u64| {
            let plain = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
            text.parse().ok().filter(|number: &u64| plain && *number <= max)
        };
        Some(Span::minutes(two(hours, 14)?.checked_mul(60)?.checked_add(two(minutes, 59)?)?))
    };
    match zone.split_at_checked(1) {
        None => Some(seoul),
        Some(("Z", "")) => Some(utc),
        Some(("+", east)) => Some(utc.before(offset(east)?)),
        Some(("-", west)) => Some(utc.after(offset(west)?)),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_rfc_3339_writes_them() {
        let until = moment("2026-11-28T19:41:04+09:00");
        assert!(until.is_some());
        for text in [
            "2026-11-28T19:41:04",
            "2026-11-28T19:41:04.123456",
            "2026-11-28T10:41:04Z",
            "2026-11-28T10:41:04.123456789Z",
            "2026-11-28T05:11:04-05:30",
            "2026-11-28T10:41:04+00:00",
            "2026-11-28T20:41:04.5+10:00",
        ] {
            assert_eq!(moment(text), until, "{text}");
        }
        for text in [
            "",
            "T",
            "2026-11-28",
            "2026-11-28 19:41:04",
            "2026-02-30T00:00:00Z",
            "2026-11-28T25:00:00Z",
            "2026-11-28T19:41:04+99:00",
            "2026-11-28T19:41:04+0900",
            "2026-11-28T19:41:04+9:00",
            "2026-11-28T19:41:04ZZ",
            "2026-11-28T19:41:04.5X",
            "+1-1-1T1:1:1",
            "2026-11-28T19:41:0가",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
