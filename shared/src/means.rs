//! How a buyer pays, on what, and how the window is shown: the words that page, edge and adapters share.

/// How the buyer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Means {
    /// Credit or debit card.
    Card,
    /// Transfer from a bank account at once.
    Transfer,
    /// A virtual account that waits for a deposit.
    VirtualAccount,
    /// The phone bill.
    Phone,
    /// A wallet chosen in the provider's window.
    EasyPay,
    /// KB's app card.
    KbPay,
}

impl Means {
    /// Every means.
    pub const ALL: [Self; 6] =
        [Self::Card, Self::Transfer, Self::VirtualAccount, Self::Phone, Self::EasyPay, Self::KbPay];

    /// The word on the wire and in the configuration.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Transfer => "transfer",
            Self::VirtualAccount => "virtual_account",
            Self::Phone => "phone",
            Self::EasyPay => "easy_pay",
            Self::KbPay => "kb_pay",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|means| means.code() == code)
    }
}

/// What kind of device the page runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Device {
    /// A desktop browser.
    Pc,
    /// A phone or tablet.
    Mobile,
}

impl Device {
    /// The word on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pc => "pc",
            Self::Mobile => "mobile",
        }
    }

    /// Reads the word on the wire.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        match code {
            "pc" => Some(Self::Pc),
            "mobile" => Some(Self::Mobile),
            _ => None,
        }
    }
}

/// How a provider's window is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presentation {
    /// A frame in the page.
    Iframe,
    /// A window of its own.
    Popup,
    /// The page itself goes there and comes back.
    Redirect,
}

impl Presentation {
    /// The word on the wire.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Iframe => "iframe",
            Self::Popup => "popup",
            Self::Redirect => "redirect",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Iframe, Self::Popup, Self::Redirect].into_iter().find(|each| each.code() == code)
    }
}
