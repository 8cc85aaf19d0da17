//! Proofs: values that only this file can make. A handler that takes one cannot be called without it.
//!
//! A key is compared by its digest, against every key of every merchant and without an early end, so
//! that the time tells neither which merchant nor how much of the key was right (row 150).

use shared::id::CheckoutId;
use shared::problem::Code;

use crate::config::{self, Config};
use crate::problem::Refusal;
use crate::signature::{digest, equal, unhex};

/// The longest value of an `Authorization` header: a token and its scheme.
const HEADER_BYTES_MAX: usize = 5000;

/// Proof that the caller holds an API key of this merchant.
#[derive(Debug, Clone, Copy)]
pub struct Merchant<'a> {
    settings: &'a config::Merchant,
}

impl<'a> Merchant<'a> {
    /// The merchant.
    #[must_use]
    pub const fn settings(self) -> &'a config::Merchant {
        self.settings
    }
}

/// What an `Authorization` header brings, before anything is checked but its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credentials<'a> {
    /// `Bearer sk_…`: the shop's server.
    Key(&'a str),
    /// `Bearer …`: the widget, before its first attempt.
    Token(&'a str),
    /// `State <checkout>.<state key>`: the widget, afterwards.
    State {
        /// The checkout it speaks of.
        checkout: CheckoutId,
        /// 128 bits; only their digest is stored.
        state_key: [u8; 16],
    },
    /// `Link <checkout>.<key>`: whoever has the checkout's own link.
    Link {
        /// The checkout that it shows.
        checkout: CheckoutId,
        /// 128 bits.
        key: [u8; 16],
    },
}

/// Reads the header. A comma means that the header came twice and the runtime joined the two; nothing
/// that we give out holds one (row 70).
///
/// # Errors
/// `missing` when there is none, [`Code::HeaderDuplicated`], [`Code::Unauthorized`] for another scheme,
/// [`Code::StateMismatch`] for a malformed state key.
pub fn credentials(header: Option<&str>, missing: Code) -> Result<Credentials<'_>, Refusal> {
    let header = header.ok_or(missing)?;
    if header.contains(',') {
        return Err(Code::HeaderDuplicated.into());
    }
    if header.len() > HEADER_BYTES_MAX {
        return Err(Code::TokenTooLarge.into());
    }
    let (scheme, value) = header.split_once(' ').ok_or(Code::Unauthorized)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        let key = value.starts_with("sk_");
        return Ok(if key { Credentials::Key(value) } else { Credentials::Token(value) });
    }
    let is_link = scheme.eq_ignore_ascii_case("link");
    if !is_link && !scheme.eq_ignore_ascii_case("state") {
        return Err(Code::Unauthorized.into());
    }
    let (checkout, key) = keyed(value).ok_or(Code::StateMismatch)?;
    Ok(match is_link {
        true => Credentials::Link { checkout, key },
        false => Credentials::State { checkout, state_key: key },
    })
}

fn keyed(value: &str) -> Option<(CheckoutId, [u8; 16])> {
    let (checkout, key) = value.split_once('.')?;
    Some((CheckoutId::parse(checkout)?, unhex(key)?.try_into().ok()?))
}

/// The merchant whose API key the header holds.
///
/// # Errors
/// [`Code::Unauthorized`] and [`Code::HeaderDuplicated`].
pub fn merchant<'a>(config: &'a Config, header: Option<&str>) -> Result<Merchant<'a>, Refusal> {
    let key = match credentials(header, Code::Unauthorized)? {
        Credentials::Key(key) => key,
        Credentials::Token(_) | Credentials::State { .. } | Credentials::Link { .. } => {
            return Err(Code::Unauthorized.into());
        }
    };
    let given = digest(key.as_bytes());
    let mut found = None;
    for settings in config.merchants.values() {
        for known in &settings.api_keys {
            if equal(known, &given) {
                found = Some(Merchant { settings });
            }
        }
    }
    found.ok_or_else(|| Code::Unauthorized.into())
}

/// Whether a page of this origin may speak for the merchant (row 132). The comparison is of letters:
/// browsers print an origin in one way only. A request without the header is no page of the shop's.
#[must_use]
pub fn origin_allowed(merchant: &config::Merchant, origin: Option<&str>) -> bool {
    origin.is_some_and(|origin| merchant.origins.iter().any(|allowed| allowed == origin))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::demo;

    const CAMERA: &str = "sk_test_camera_000000000000000000000000";
    const BOOKS: &str = "sk_test_books_0000000000000000000000000";

    fn code(header: Option<&str>) -> Option<Code> {
        merchant(&demo(), header).err().map(|refusal| refusal.code)
    }

    #[test]
    fn a_key_proves_its_own_merchant() {
        // I-15.
        let config = demo();
        for (key, id) in [(CAMERA, "m_camera"), (BOOKS, "m_books")] {
            let proof = merchant(&config, Some(&format!("Bearer {key}"))).unwrap();
            assert_eq!(proof.settings().id.as_str(), id);
        }
    }

    #[test]
    fn anything_else_proves_nobody() {
        let unauthorized = Some(Code::Unauthorized);
        assert_eq!(code(None), unauthorized);
        for header in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer sk_",
            CAMERA,
            &format!("Basic {CAMERA}"),
            &format!("Bearer  {CAMERA}"),
            &format!("Bearer {CAMERA} "),
            &format!("Bearer {CAMERA}0"),
            &format!("Bearer {}", &CAMERA[..38]),
            &format!("Bearer {}", CAMERA.to_uppercase()),
            "Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
            "State chk_g1s03_00000000000000000000000000000007.00000000000000000000000000000000",
        ] {
            assert_eq!(code(Some(header)), unauthorized, "{header:?}");
        }
    }

    #[test]
    fn a_header_that_came_twice_is_refused() {
        // Row 70.
        for header in [
            format!("Bearer {CAMERA}, Bearer {CAMERA}"),
            format!("Bearer {CAMERA},"),
            ",".to_owned(),
        ] {
            assert_eq!(code(Some(&header)), Some(Code::HeaderDuplicated), "{header}");
        }
    }

    #[test]
    fn the_widgets_credentials_are_told_apart() {
        let chk = "chk_g1s03_00000000000000000000000000000007";
        let read = |header: &str| match credentials(Some(header), Code::TokenMissing) {
            Ok(Credentials::Key(_)) => "key",
            Ok(Credentials::Token(_)) => "token",
            Ok(Credentials::State { .. }) => "state",
            Ok(Credentials::Link { .. }) => "link",
            Err(refusal) => refusal.code.code(),
        };
        assert_eq!(read("Bearer a.b.c"), "token");
        assert_eq!(read("bearer sk_test_x"), "key");
        assert_eq!(read(&format!("State {chk}.000102030405060708090a0b0c0d0e0f")), "state");
        assert_eq!(read(&format!("Link {chk}.000102030405060708090a0b0c0d0e0f")), "link");
        assert_eq!(read(&format!("Link {chk}.ff")), "state_mismatch");
        assert_eq!(
            read(&format!("State {chk}.000102030405060708090A0B0C0D0E0F")),
            "state_mismatch"
        );
        assert_eq!(read(&format!("State {chk}.00")), "state_mismatch");
        assert_eq!(read("State x.000102030405060708090a0b0c0d0e0f"), "state_mismatch");
        assert_eq!(read(&format!("Bearer {}", "a".repeat(5000))), "token_too_large");
        let missing = credentials(None, Code::TokenMissing).unwrap_err();
        assert_eq!(missing.code, Code::TokenMissing);
    }

    #[test]
    fn only_the_exact_origin_may_speak() {
        // Row 132; I-15.
        let config = demo();
        let camera = config.merchants.values().find(|m| m.id.as_str() == "m_camera").unwrap();
        assert!(origin_allowed(camera, Some("http://shop.localhost:4410")));
        for origin in [
            "null",
            "",
            "*",
            "http://shop.localhost",
            "https://shop.localhost:4410",
            "http://shop.localhost:4411",
            "http://SHOP.localhost:4410",
            "http://shop.localhost:4410/",
            "http://a.shop.localhost:4410",
            "http://shop.localhost:4410.evil.example",
            "http://shop.localhost:4410, http://evil.example",
        ] {
            assert!(!origin_allowed(camera, Some(origin)), "{origin}");
        }
        assert!(!origin_allowed(camera, None));
    }
}
