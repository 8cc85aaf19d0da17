//! Notices to the shop: which body, to which address, and when again.
//!
//! # Why
//! The plan spans about three days, so that a shop that is down over a weekend still learns of every
//! payment. Its longest step is 12 hours, because the queue that carries notices delays no longer
//! than that (`DELAY_MAX`); the specification's 14, 20 and 24 hours are therefore more, shorter steps.
//! Redirects are not followed: they would be the way around the check of the address.

use shared::id::{CheckoutId, MerchantId, OrderId};
use shared::money::{Amount, Total};
use shared::payment::Event;
use shared::time::{Span, Timestamp};

use crate::address::Address;
use crate::json::Writer;

/// The longest delay that the queue takes.
pub const DELAY_MAX: Span = Span::hours(12);

/// How long the shop's server may take to answer a notice.
pub const ANSWER_WAIT: Span = Span::seconds(20);

/// How long a server that says "slower" is left alone at least, when it names no time.
pub const SLOWER_WAIT: Span = Span::minutes(1);

/// How long to wait after the first, second, … failure.
const PLAN: [Span; 10] = [
    Span::seconds(5),
    Span::minutes(5),
    Span::minutes(30),
    Span::hours(2),
    Span::hours(5),
    Span::hours(10),
    DELAY_MAX,
    DELAY_MAX,
    DELAY_MAX,
    DELAY_MAX,
];

/// How long to wait after `attempt` failures (1 is the first), with ±10 % from `seed` and never above
/// [`DELAY_MAX`]; `None` when the plan is used up. Nothing failed yet: at once.
#[must_use]
pub fn next_try(attempt: u32, seed: u64) -> Option<Span> {
    let Some(step) = attempt.checked_sub(1) else { return Some(Span::default()) };
    let planned = PLAN.get(usize::try_from(step).ok()?)?;
    // 900 to 1100 thousandths; the longest step has 43,200,000 ms, far from the end of 64 bits.
    let thousandths = (seed % 201).saturating_add(900);
    let wait = planned.as_millis().saturating_mul(thousandths) / 1000;
    Some(Span::millis(wait).min(DELAY_MAX))
}

/// How a delivery ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// 2xx: the shop has it.
    Delivered,
    /// 410: the shop wants no more notices at this address.
    Gone,
    /// Anything else, silence and redirects included.
    Failed,
    /// 429, 502, 503, 504: the shop wants fewer.
    Slower {
        /// How long to wait at least.
        at_least: Span,
    },
}

impl Outcome {
    /// Reads an answer; no HTTP status means that none came.
    #[must_use]
    pub fn read(http_status: Option<u16>, retry_after: Option<Span>) -> Self {
        match http_status {
            Some(200..=299) => Self::Delivered,
            Some(410) => Self::Gone,
            Some(429 | 502 | 503 | 504) => {
                let at_least = retry_after.unwrap_or(SLOWER_WAIT).min(DELAY_MAX);
                Self::Slower { at_least }
            }
            Some(_) | None => Self::Failed,
        }
    }

    /// When to try again after this, the `attempt`-th delivery; `None` when never.
    #[must_use]
    pub fn wait(self, attempt: u32, seed: u64) -> Option<Span> {
        match self {
            Self::Delivered | Self::Gone => None,
            Self::Failed => next_try(attempt, seed),
            Self::Slower { at_least } => next_try(attempt, seed).map(|wait| wait.max(at_least)),
        }
    }
}

/// A notice's content: thin, because the shop reads the checkout again before it acts.
#[derive(Debug, Clone, Copy)]
pub struct Notice<'a> {
    /// What happened.
    pub kind: Event,
    /// When.
    pub at: Timestamp,
    /// Which checkout.
    pub checkout: CheckoutId,
    /// The checkout's version after it; a shop ignores a lower one than it has seen.
    pub version: u64,
    /// Whose.
    pub merchant: &'a MerchantId,
    /// The checkout's status on the wire.
    pub checkout_status: &'static str,
    /// The whole amount.
    pub amount: Amount,
    /// The orders in it.
    pub orders: &'a [OrderId],
    /// What was given back up to now.
    pub refunded: Total,
    /// Why it is paid, where that is not as usual.
    pub reason: Option<&'static str>,
}

/// The text that is signed and sent; the same for the same notice.
#[must_use]
pub fn notice_body(notice: &Notice<'_>) -> String {
    Writer::document(|body| {
        body.name("type").text(notice.kind.code());
        body.name("timestamp").shown(&notice.at);
        body.name("data").object(|data| {
            data.name("checkout").shown(&notice.checkout);
            data.name("version").number(notice.version);
            data.name("merchant").text(notice.merchant.as_str());
            data.name("status").text(notice.checkout_status);
            data.name("amount").number(notice.amount.minor());
            data.name("currency").text(notice.amount.currency().code());
            data.name("orders").list(notice.orders, |list, id| list.text(id.as_str()));
            data.name("refunded_amount").number(notice.refunded.minor());
            if let Some(reason) = notice.reason {
                data.name("reason").text(reason);
            }
        });
    })
}

/// Whether notices may be sent to this address (row 152): https on port 443 to a public name, without
/// credentials. `allow_loopback` is for the demo and takes this machine, with any port and without
/// encryption. Names that resolve to the inside are for the network to refuse: the runtime's `fetch` has
/// no road there.
///
/// # Errors
/// What is wrong with it, without the address.
pub fn endpoint_allowed(text: &str, allow_loopback: bool) -> Result<(), &'static str> {
    let address = Address::parse(text)
        .ok_or("is no plain https address of a name, without credentials and fragment")?;
    if allow_loopback && address.is_loopback() {
        return Ok(());
    }
    if !address.secure {
        return Err("does not begin with https");
    }
    if address.has_port {
        return Err("names another port than 443");
    }
    if is_public(address.host) { Ok(()) } else { Err("leads into a private network") }
}

/// Whether the name is one of the public network: numbers and names without a dot are not.
fn is_public(host: &str) -> bool {
    /// Names that never lead to the public network (RFC 6761, 6762, 8375, 9476 and the clouds' own).
    const INSIDE: [&str; 8] =
        ["localhost", "local", "internal", "lan", "home", "corp", "intranet", "arpa"];
    let last = host.rsplit_once('.').map_or("", |(_, last)| last);
    last.starts_with(|c: char| c.is_ascii_lowercase()) && !INSIDE.contains(&last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::id::Home;
    use shared::money::Currency;

    #[test]
    fn the_plan_spans_three_days_and_no_step_is_longer_than_the_queue_takes() {
        let total: u64 = PLAN.iter().map(|step| step.as_seconds()).sum();
        assert!((60 * 3600..=72 * 3600).contains(&total), "{total}");
        for (attempt, planned) in (1..).zip(PLAN.map(Span::as_millis)) {
            for seed in 0..201 {
                let wait = next_try(attempt, seed).unwrap();
                assert!(wait <= DELAY_MAX);
                let wait = wait.as_millis();
                assert!(wait * 10 >= planned * 9 && wait * 10 <= planned * 11, "{attempt} {seed}");
            }
        }
        assert_eq!(next_try(0, 5), Some(Span::default()));
        assert_eq!(next_try(1, 100), Some(Span::seconds(5)));
        assert_eq!(next_try(11, 0), None);
        assert_eq!(next_try(u32::MAX, u64::MAX), None);
    }

    #[test]
    fn answers_are_read_as_the_specification_says() {
        let hour = Some(Span::hours(1));
        let rows = [
            (Some(200), None, None),
            (Some(204), None, None),
            (Some(410), None, None),
            (Some(301), None, Some(Span::seconds(5))),
            (Some(302), hour, Some(Span::seconds(5))),
            (Some(400), None, Some(Span::seconds(5))),
            (Some(500), hour, Some(Span::seconds(5))),
            (None, None, Some(Span::seconds(5))),
            (Some(429), None, Some(SLOWER_WAIT)),
            (Some(429), hour, hour),
            (Some(502), hour, hour),
            (Some(503), Some(Span::hours(99)), Some(DELAY_MAX)),
            (Some(504), Some(Span::seconds(1)), Some(Span::seconds(5))),
        ];
        for (http_status, retry_after, expected) in rows {
            let wait = Outcome::read(http_status, retry_after).wait(1, 100);
            assert_eq!(wait, expected, "{http_status:?} {retry_after:?}");
        }
        assert_eq!(Outcome::read(Some(410), None), Outcome::Gone);
        assert_eq!(Outcome::read(Some(429), hour).wait(11, 0), None, "no more than the plan");
    }

    #[test]
    fn a_notice_has_the_contracts_shape() {
        let notice = Notice {
            kind: Event::Paid,
            at: Timestamp::from_seconds(1_800_000_000),
            checkout: CheckoutId::new(Home { generation: 1, shard: 3 }, 7),
            version: 7,
            merchant: &MerchantId::parse("m_camera").unwrap(),
            checkout_status: "paid",
            amount: Amount::from_minor(31_000, Currency::Krw).unwrap(),
            orders: &[OrderId::parse("o-1").unwrap()],
            refunded: Total::zero(Currency::Krw),
            reason: None,
        };
        assert_eq!(
            notice_body(&notice),
            "{\"type\":\"checkout.paid\",\"timestamp\":\"2027-01-15T08:00:00.000Z\",\"data\":{\
             \"checkout\":\"chk_g1s03_00000000000000000000000000000007\",\"version\":7,\
             \"merchant\":\"m_camera\",\"status\":\"paid\",\"amount\":31000,\"currency\":\"KRW\",\
             \"orders\":[\"o-1\"],\"refunded_amount\":0}}"
        );
    }

    /// Addresses that lead inside, or are none.
    const INSIDE: &[&str] = &[
        "",
        "shop.kr",
        "//shop.kr",
        "http://shop.kr/n",
        "ftp://shop.kr",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://",
        "https://user@shop.kr/",
        "https://u:p@shop.kr/",
        "https://shop.kr:8443/",
        "https://shop.kr:22/",
        "https://shop.kr/#x",
        "https://localhost/",
        "https://LOCALHOST/",
        "https://localhost./",
        "https://a.localhost/",
        "https://printer.local/",
        "https://metadata.google.internal/",
        "https://metadata/",
        "https://router.lan/",
        "https://1.0.0.127.in-addr.arpa/",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://0/",
        "https://127.0.0.1./",
        "https://①②⑦.0.0.1/",
        "https://10.1.2.3/",
        "https://100.64.0.1/",
        "https://169.254.169.254/latest/meta-data",
        "https://172.16.0.1/",
        "https://172.31.255.255/",
        "https://192.168.0.1/",
        "https://192.0.0.8/",
        "https://198.18.0.1/",
        "https://203.0.113.9/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://[::]/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::127.0.0.1]/",
        "https://[::ffff:a9fe:a9fe]/",
        "https://[fc00::1]/",
        "https://[fd00:ec2::254]/",
        "https://[fe80::1]/",
        "https://[fec0::1]/",
        "https://[ff02::1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[2002:7f00:1::]/",
        "https://[2001:0:7f00:1::]/",
        "https://[2001:db8::1]/",
        "https://[fe80::1%25eth0]/",
        // Public numbers are no names, and these are not the one spelling.
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "https://shop.kr:443/",
        "https://shop.co.kr./",
        // In its one spelling, xn--hp4bo76a.kr, it is allowed.
        "https://쇼핑.kr/n",
    ];

    #[test]
    fn notices_do_not_go_inside() {
        // Row 152.
        for text in INSIDE {
            assert!(endpoint_allowed(text, false).is_err(), "{text}");
        }
        for text in
            ["https://shop.kr/notices", "https://shop.co.kr/n?a=1", "https://xn--hp4bo76a.kr/n"]
        {
            assert_eq!(endpoint_allowed(text, false), Ok(()), "{text}");
        }
    }

    #[test]
    fn the_demo_may_talk_to_this_machine_and_to_nothing_else_inside() {
        for text in [
            "http://127.0.0.1:4410/notices/m_camera",
            "http://localhost:1/",
            "http://shop.localhost/",
            "https://[::1]:8443/",
        ] {
            assert_eq!(endpoint_allowed(text, true), Ok(()), "{text}");
            assert!(endpoint_allowed(text, false).is_err(), "{text}");
        }
        for text in [
            "http://10.0.0.1/",
            "http://shop.kr/",
            "http://169.254.169.254/",
            "http://u@127.0.0.1/",
        ] {
            assert!(endpoint_allowed(text, true).is_err(), "{text}");
        }
    }
}
