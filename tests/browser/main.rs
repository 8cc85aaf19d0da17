//! Buyers in a real browser: every journey ends in the books of both sides, not on a screen.
//!
//! Map: `world` the demo · `engine` the browser and its driver · `journey` one buyer's session, waiting, evidence ·
//! page objects `shop_page`, `checkout_element`, `psp_window` · `books` what edge, provider and shop
//! wrote down · then the journeys, a file for each theme; `shots` takes the pictures of the README.
//!
//! A new case is a new row of a theme's table: a name, and what differs.
//!
//! The matrix (T = tosspayments, K = kb, P = portone_v2):
//!
//! | story | file | frame | popup | redirect | phone |
//! |---|---|---|---|---|---|
//! | pays | `pays` | T K | T K P | T K P | T K (`phone`) |
//! | buys from a page without a server | `poster` | T | – | – | T |
//! | pays into an account later | `pays` | T | T | T | T |
//! | is declined, pays with the other | `refused` | T K | T K | T K | T (`phone`) |
//! | gives up in the window, pays again | `refused` | T | K P | T P | – |
//! | closes the window, pays with the other | `windows` | T K | T K P | T K P | T |
//! | presses twice | `twice` | T | T | K | T |
//! | has a second tab | `twice` | T | K | T K | – |
//! | reloads | `windows` | T | K | T K | K |
//! | goes back | `windows` | T | T | T K | T |
//! | meets a blocker | `windows` | T (the page's policy) | T K | cannot be: the tab itself goes | as redirect |
//! | webhook before the return | `doubt` | T K | K | T K | T |
//! | slow provider: never told that a window was closed | `doubt` | T | K | – | – |
//! | return never | `doubt` | T K | T K | T K | K |
//! | return never, buyer gone: found by alarm or report | `doubt` | T K | K | T K | – |
//!
//! PortOne has no frames of ours. KB has no virtual accounts. The phone's own way is the redirect: Toss forbids frames there.

mod books;
mod checkout_element;
mod engine;
mod journey;
mod psp_window;
mod shop_page;
mod world;

mod doubt;
mod pays;
mod phone;
mod poster;
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
