//! Pictures, drawn with one path each in the colour of the text.

use super::Piece;
use crate::record::Means;

/// A picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Icon {
    /// It works on it.
    Spinner,
    /// It is done.
    Check,
    /// It did not work.
    Alert,
    /// Something to know.
    Info,
    /// It is safe.
    Lock,
    /// Close.
    Close,
    /// A way to pay.
    Method(Means),
}

/// The picture; it is decoration, the words beside it say the same.
pub(super) fn picture(icon: Icon) -> Piece {
    let class = if icon == Icon::Spinner { "icon spin" } else { "icon" };
    Piece::new("svg aria-hidden=true")
        .with("class", class)
        .with("viewBox", "0 0 24 24")
        .kid(Piece::new("path").with("d", path(icon)))
}

const fn path(icon: Icon) -> &'static str {
    match icon {
        Icon::Spinner => "M12 3a9 9 0 1 1-9 9",
        Icon::Check => "m5 12.5 4.5 4.5L19 7.5",
        Icon::Alert => "M12 6v7.5M12 17.5v.01",
        Icon::Info => "M12 10.5V18M12 6.5v.01",
        Icon::Lock => "M8 10.5V8a4 4 0 0 1 8 0v2.5M6 10.5h12v9H6z",
        Icon::Close => "m6 6 12 12M18 6 6 18",
        Icon::Method(Means::Card) => {
            "M4.5 5h15A1.5 1.5 0 0 1 21 6.5v11a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 17.5v-11A1.5 1.5 0 0 1 4.5 5zM3 9.5h18M6.5 15H11"
        }
        Icon::Method(Means::Transfer) => "M4 8.5h16L15.5 4M20 15.5H4L8.5 20",
        Icon::Method(Means::VirtualAccount) => {
            "M3.5 9.5h17L12 4zM6 9.5V17M10 9.5V17M14 9.5V17M18 9.5V17M3.5 20h17"
        }
        Icon::Method(Means::Phone) => {
            "M8.5 3h7A1.5 1.5 0 0 1 17 4.5v15a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 7 19.5v-15A1.5 1.5 0 0 1 8.5 3zM11 18h2"
        }
        Icon::Method(Means::EasyPay) => {
            "M17.5 8V5h-11a2.5 2.5 0 0 0 0 5H20v9H6.5A2.5 2.5 0 0 1 4 16.5v-9M16 14.5v.01"
        }
        Icon::Method(Means::KbPay) => {
            "m12 3.5 2.5 5.4 5.9.7-4.4 4 1.2 5.9-5.2-3-5.2 3L8 13.6l-4.4-4 5.9-.7z"
        }
    }
}
