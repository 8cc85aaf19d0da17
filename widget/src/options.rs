//! The element's attributes as [`Options`]: parsed once, at the door, all problems at once.

pub use shared::means::Device;

use crate::record::{self, Presentation};
use crate::value::Value;

/// The longest token that is sent, in bytes; the edge refuses longer ones anyway.
const TOKEN_BYTES_MAX: usize = 4096;

/// The device by what the browser says of itself; `touch_points` is its `maxTouchPoints`.
#[must_use]
pub fn device(user_agent: &str, touch_points: i32) -> Device {
    let says =
        |word: &str| user_agent.as_bytes().windows(word.len()).any(|it| it == word.as_bytes());
    // A tablet of one maker says that it is that maker's computer, which has no touch screen.
    match says("Mobi") || says("Android") || (says("Macintosh") && touch_points > 1) {
        true => Device::Mobile,
        false => Device::Pc,
    }
}

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// As the buyer's system says.
    Auto,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// The attribute's word; anything unknown is `auto`, because looks must not stop a payment.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        match word {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::Auto,
        }
    }

    /// The attribute's word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// Attributes as the page wrote them; an absent one is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    /// `checkout`.
    pub checkout: String,
    /// `token`.
    pub token: String,
    /// `theme`.
    pub theme: String,
    /// `presentation`.
    pub presentation: String,
    /// The checkout that the page's address names after a redirect.
    pub returned: String,
    /// A quote took the place of the checkout, and the edge refused it: there is none to name.
    pub refused: bool,
}

/// What is wrong with the attributes; the code of the `hanbeon-error` event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// No checkout is named, neither by attribute nor by the address.
    CheckoutMissing,
    /// The checkout's id has another shape than ours.
    CheckoutInvalid,
    /// The token is too long or has letters that no token has.
    TokenInvalid,
    /// The wished presentation is none of ours.
    PresentationInvalid,
}

impl Wrong {
    /// The code of the event.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::CheckoutMissing => "checkout_missing",
            Self::CheckoutInvalid => "checkout_invalid",
            Self::TokenInvalid => "token_invalid",
            Self::PresentationInvalid => "presentation_invalid",
        }
    }
}

/// The attributes, believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The checkout.
    pub checkout: String,
    /// The one-time token; a page of return has none.
    pub token: Option<String>,
    /// Light or dark.
    pub theme: Theme,
    /// The presentation that the page insists on; [`None`] leaves it to the ladder.
    pub presentation: Option<Presentation>,
}

impl Options {
    /// Reads the attributes.
    ///
    /// # Errors
    /// Every [`Wrong`] at once, at least one.
    pub fn parse(given: &Attributes) -> Result<Self, Vec<Wrong>> {
        let mut wrong = Vec::new();
        let id = match given.checkout.is_empty() {
            true => &given.returned,
            false => &given.checkout,
        };
        if given.refused {
            // Nothing will be asked about it.
        } else if id.is_empty() {
            wrong.push(Wrong::CheckoutMissing);
        } else if !is_checkout(id) {
            wrong.push(Wrong::CheckoutInvalid);
        }
        if !is_token(&given.token) {
            wrong.push(Wrong::TokenInvalid);
        }
        let presentation = match given.presentation.as_str() {
            "" | "auto" => None,
            word => match Presentation::parse(word) {
                Some(rung) => Some(rung),
                None => {
                    wrong.push(Wrong::PresentationInvalid);
                    None
                }
            },
        };
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Self {
            checkout: id.clone(),
            token: (!given.token.is_empty()).then(|| given.token.clone()),
            theme: Theme::parse(&given.theme),
            presentation,
        })
    }
}

fn is_checkout(id: &str) -> bool {
    id.starts_with("chk_") && record::name(&Value::Text(id.to_owned())).is_some()
}

fn is_token(token: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    token.len() <= TOKEN_BYTES_MAX && token.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(checkout: &str, token: &str) -> Attributes {
        Attributes {
            checkout: checkout.to_owned(),
            token: token.to_owned(),
            ..Attributes::default()
        }
    }

    #[test]
    fn a_page_needs_only_a_checkout_and_a_token() {
        let options = Options::parse(&given("chk_g1s03_00", "a.b-c_d")).unwrap();
        assert_eq!(options.token.as_deref(), Some("a.b-c_d"));
        assert_eq!(options.presentation, None);
    }

    #[test]
    fn a_page_of_return_takes_the_checkout_from_its_address() {
        let attributes =
            Attributes { returned: "chk_g1s03_00".to_owned(), ..Attributes::default() };
        let options = Options::parse(&attributes).unwrap();
        assert_eq!(options.checkout, "chk_g1s03_00");
        assert_eq!(options.token, None);
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let mut attributes = given("ord_1", "a b");
        attributes.presentation = "hologram".to_owned();
        assert_eq!(
            Options::parse(&attributes),
            Err(vec![Wrong::CheckoutInvalid, Wrong::TokenInvalid, Wrong::PresentationInvalid])
        );
        assert_eq!(Options::parse(&Attributes::default()), Err(vec![Wrong::CheckoutMissing]));
        assert_eq!(
            Options::parse(&given("chk_\r\nx: y", "")),
            Err(vec![Wrong::CheckoutInvalid]),
            "what goes into a header has no line break"
        );
    }

    #[test]
    fn phones_and_tablets_are_mobile() {
        for (agent, touch_points, expected) in [
            ("Mozilla/5.0 (X11; Linux x86_64) Chrome/156", 0, Device::Pc),
            ("Mozilla/5.0 (Windows NT 10.0) Chrome/156", 10, Device::Pc),
            ("Mozilla/5.0 (Linux; Android 15) Chrome/156 Mobile", 5, Device::Mobile),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 19) Mobile/15E148", 5, Device::Mobile),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", 5, Device::Mobile),
            ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", 0, Device::Pc),
        ] {
            assert_eq!(device(agent, touch_points), expected, "{agent}");
        }
    }
}
