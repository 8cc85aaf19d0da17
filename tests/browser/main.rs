//! Buyers in a real browser: every journey ends in the books of both sides, not on a screen.
//!
//! Map: `world` the demo and the browser's driver · `journey` one buyer's session, waiting, evidence ·
//! page objects `shop_page`, `checkout_element`, `psp_window` · `books` what edge, provider and shop
//! wrote down · then the journeys, a file for each theme; `shots` takes the pictures of the README.
//!
//! A new case is a new row of a theme's table: a name, and what differs.

mod books;
mod checkout_element;
mod journey;
mod psp_window;
mod shop_page;
mod world;

mod doubt;
mod pays;
mod phone;
mod refused;
mod shots;
mod twice;
mod windows;

/// A table of journeys: each row is a test, and adding a case is adding a row.
macro_rules! journeys {
    ($($(#[$note:meta])* $name:ident: $story:ident($way:ident, $means:ident);)+) => {
        $(
            $(#[$note])*
            #[test]
            fn $name() {
                use $crate::checkout_element::{Means, Way};
                $crate::journey::journey(Way::$way, async |buyer| $story(buyer, Means::$means).await);
            }
        )+
    };
}
use journeys;
