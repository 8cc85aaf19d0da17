//! Buyers in a real browser: every journey ends in the books of both sides, not on a screen.
//!
//! Map: `world` the demo · `engine` the browser and its driver (`bidi`: what Firefox's is asked besides) · `journey` one buyer's session, waiting, evidence ·
//! page objects `shop_page`, `checkout_element`, `psp_window` · `books` what edge, provider and shop
//! wrote down · then the journeys, a file for each theme; `shots` takes the pictures of the README.
//!
//! `matrix` tells the common stories at every provider in every window; the files of the themes have
//! what only some windows or providers know, each as a row of a table.

mod bidi;
mod books;
mod checkout_element;
mod engine;
mod journey;
mod psp_window;
mod shop_page;
mod world;

mod availability;
mod doubt;
mod examples;
mod in_app;
mod live;
mod loading;
mod matrix;
mod package;
mod pays;
mod poster;
mod recovery;
mod refused;
mod shots;
mod status;
mod strict;
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

/// One story in several cells of the matrix.
macro_rules! cells {
    ($story:path; $($name:ident($way:ident, $means:ident))+) => {
        $(
            #[test]
            fn $name() {
                use $crate::checkout_element::{Means, Way};
                $crate::journey::journey(Way::$way, async |buyer| $story(buyer, Means::$means).await);
                $crate::matrix::told(module_path!(), stringify!($name));
            }
        )+
    };
}
use cells;
