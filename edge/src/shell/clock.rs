//! The only reader of clock and randomness.
//!
//! # Why an offset, and why only in the demo
//! Deadlines of minutes and days are shown and tested by moving time, not by waiting. A release that
//! could do this could be made to accept an expired token, so its code is not in the release at all.

use shared::time::Timestamp;

use super::host::whole_number;

/// Now, by the server's clock.
pub(crate) fn now() -> Timestamp {
    let millis = whole_number(js_sys::Date::now()).unwrap_or_default();
    #[cfg(feature = "demo")]
    let millis = millis.saturating_add_signed(demo::offset());
    Timestamp::from_millis(millis)
}

/// The runtime's time of a moment of ours, for alarms: milliseconds since the epoch.
pub(crate) fn runtime_millis(at: Timestamp) -> u64 {
    let millis = at.as_millis();
    #[cfg(feature = "demo")]
    let millis = millis.saturating_add_signed(demo::offset().saturating_neg());
    millis
}

/// 122 random bits of the runtime's.
#[expect(clippy::disallowed_methods, reason = "this file is the one place that draws random bits")]
pub(crate) fn entropy() -> u128 {
    uuid::Uuid::new_v4().as_u128()
}

/// The movable part.
#[cfg(feature = "demo")]
pub(crate) mod demo {
    use std::cell::Cell;

    /// Tells a demo build from a release; the release check looks for it.
    pub(crate) const MARK: &str = "hanbeon-demo-clock";

    thread_local! {
        static OFFSET: Cell<i64> = const { Cell::new(0) };
    }

    pub(crate) fn offset() -> i64 {
        OFFSET.get()
    }

    pub(crate) fn set_offset(millis: i64) {
        OFFSET.set(millis);
    }
}
