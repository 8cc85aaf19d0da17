//! Ids: prefixed, parsed once, never made here (random bytes come from the shell).
//!
//! # Why
//! Generation and shard stand in the public id of a checkout, so that any edge server finds its owner
//! without a look-up and the number of shards can grow without moving data. An attempt's request id
//! carries the same pair, because providers give back only that.

use core::fmt;

/// Where a checkout lives: which generation of sharding, and which object of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Home {
    /// Generation of the sharding rule, 1 to 9.
    pub generation: u8,
    /// Number of the object within the generation.
    pub shard: u8,
}

impl Home {
    /// The name of the object that owns this home.
    #[must_use]
    pub fn object_name(self) -> String {
        format!("checkouts-{self}")
    }

    fn parse(text: &str) -> Option<Self> {
        let (generation, shard) = text.strip_prefix('g')?.split_once('s')?;
        if generation.len() != 1 || shard.len() != 2 || !is_lower_hex(shard) {
            return None;
        }
        let generation = generation.parse().ok().filter(|g| (1..=9).contains(g))?;
        Some(Self { generation, shard: u8::from_str_radix(shard, 16).ok()? })
    }
}

impl fmt::Display for Home {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "g{}s{:02x}", self.generation, self.shard)
    }
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn parse_bits(text: &str) -> Option<u128> {
    (text.len() == 32 && is_lower_hex(text)).then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// An id with a home: `chk_g1s03_<32 hex>`.
macro_rules! homed_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $separator:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name {
            home: Home,
            bits: u128,
        }

        impl $name {
            /// The id made of these random bits, living at `home`.
            #[must_use]
            pub const fn new(home: Home, bits: u128) -> Self {
                Self { home, bits }
            }

            /// Where its checkout lives.
            #[must_use]
            pub const fn home(self) -> Home {
                self.home
            }

            /// Its 128 bits.
            #[must_use]
            pub const fn bits(self) -> u128 {
                self.bits
            }

            /// Reads the printed form; any other spelling is `None`.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let rest = text.strip_prefix(concat!($prefix, $separator))?;
                let (home, bits) = rest.split_once($separator)?;
                Some(Self { home: Home::parse(home)?, bits: parse_bits(bits)? })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, $separator, "{}", $separator, "{:032x}"), self.home, self.bits)
            }
        }
    };
}

homed_id!(
    /// A checkout: what a buyer pays in one go.
    CheckoutId, "chk", '_'
);
homed_id!(
    /// One try at one provider's window.
    AttemptId, "att", '_'
);
homed_id!(
    /// What the provider calls order id or merchant_uid: unique per attempt, because providers refuse
    /// a used one. Only `[A-Za-z0-9-]`, 42 characters, which every provider takes.
    RequestId, "hb", '-'
);

impl AttemptId {
    /// The id under which providers know this attempt.
    #[must_use]
    pub const fn request_id(self) -> RequestId {
        RequestId { home: self.home, bits: self.bits }
    }

    /// The one other id that belongs to this attempt.
    #[must_use]
    pub const fn again(self) -> Self {
        Self { home: self.home, bits: self.bits ^ (1 << 127) }
    }
}

impl RequestId {
    /// The attempt that a provider speaks of.
    #[must_use]
    pub const fn attempt_id(self) -> AttemptId {
        AttemptId { home: self.home, bits: self.bits }
    }
}

/// An id without a home: `ref_<32 hex>`.
macro_rules! plain_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// The id made of these random bits.
            #[must_use]
            pub const fn new(bits: u128) -> Self {
                Self(bits)
            }

            /// Reads the printed form; any other spelling is `None`.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                parse_bits(text.strip_prefix($prefix)?).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{:032x}"), self.0)
            }
        }
    };
}

plain_id!(
    /// One refund of one order.
    RefundId, "ref_"
);
plain_id!(
    /// One notice to the shop; the same on every delivery of it.
    NoticeId, "evt_"
);
plain_id!(
    /// A token's single-use id.
    Jti, "jti_"
);

/// Text of a bounded alphabet and length that the shop or the configuration chose.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $max:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The longest text, in bytes.
            pub const BYTES_MAX: usize = $max;

            /// Takes `[A-Za-z0-9._-]`, 1 to [`Self::BYTES_MAX`] bytes, not a run of dots alone.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
                let good = (1..=Self::BYTES_MAX).contains(&text.len())
                    && text.bytes().all(allowed)
                    && text.bytes().any(|b| b != b'.');
                good.then(|| Self(text.to_owned()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id!(
    /// The shop's own id of an order.
    OrderId, 64
);
text_id!(
    /// A piece of stock, named by the shop.
    Sku, 64
);
text_id!(
    /// A merchant of this installation, named in the configuration.
    MerchantId, 32
);
text_id!(
    /// A channel: one provider contract of one merchant, named in the configuration.
    ChannelId, 32
);
text_id!(
    /// A method as the buyer chooses it: channel and means of payment, such as `toss_card`.
    MethodId, 64
);
text_id!(
    /// A buyer or seller, named by the shop.
    PartyId, 64
);

/// The caller's name for one intent: printable ASCII, 8 to 255 bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Reads a header's value. A key shorter than 8 bytes is refused: it would repeat by chance.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let good = (8..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        good.then(|| Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Home = Home { generation: 1, shard: 0x0a };

    #[test]
    fn ids_print_and_read_back() {
        let id = CheckoutId::new(HOME, 7);
        assert_eq!(id.to_string(), "chk_g1s0a_00000000000000000000000000000007");
        assert_eq!(CheckoutId::parse(&id.to_string()), Some(id));
        let request = AttemptId::new(HOME, u128::MAX).request_id();
        assert_eq!(request.to_string(), "hb-g1s0a-ffffffffffffffffffffffffffffffff");
        assert_eq!(RequestId::parse(&request.to_string()), Some(request));
        assert_eq!(request.attempt_id().home(), HOME);
        assert!(request.to_string().len() <= 64, "Toss takes 6 to 64 characters");
    }

    #[test]
    fn a_second_spelling_of_an_id_is_refused() {
        let good = CheckoutId::new(HOME, 7).to_string();
        let bad = [
            good.to_uppercase(),
            good.replace("chk_", "att_"),
            good.replace("g1", "g0"),
            good.replace("s0a", "s+a"),
            good.replace("00007", "0000+"),
            format!("{good} "),
            format!("{good}0"),
            String::new(),
        ];
        for text in bad {
            assert_eq!(CheckoutId::parse(&text), None, "{text:?}");
        }
    }

    #[test]
    fn order_ids_refuse_what_could_break_a_path_or_a_line() {
        for text in
            ["", ".", "..", "a b", "a/b", "%2e", "a\r\nb", "주문", "\u{202e}", &"a".repeat(65)]
        {
            assert_eq!(OrderId::parse(text), None, "{text:?}");
        }
        for text in ["o-1", "2026.11_21", &"a".repeat(64)] {
            assert!(OrderId::parse(text).is_some(), "{text:?}");
        }
    }

    #[test]
    fn short_or_unprintable_idempotency_keys_are_refused() {
        for text in ["", "1234567", "with space", "키키키키키키키키", &"a".repeat(256)] {
            assert_eq!(IdempotencyKey::parse(text), None, "{text:?}");
        }
        assert!(IdempotencyKey::parse("8d1c2f3a-0000-4000-8000-000000000000").is_some());
    }
}
