//! Which presentation needs which driver, and what a driver does.
//!
//! A driver opens an empty window in the buyer's own click, gives it its address later, and reports
//! signs of life. What is blocked, silent or closed comes back as a [`Sign`](crate::flow::Sign).

use crate::record::Presentation;

#[cfg(target_arch = "wasm32")]
mod iframe;
#[cfg(target_arch = "wasm32")]
mod popup;
#[cfg(target_arch = "wasm32")]
mod redirect;

/// How long a frame may stay silent before the next rung is offered, in milliseconds: long enough
/// for a phone on a slow network, short enough that nobody leaves.
pub const SILENCE_MAX_MS: u32 = 20_000;
/// How long a frame that has loaded something may stay silent, in milliseconds: ours speaks while it loads,
/// so what is silent then is what the browser shows in place of a frame that it refused.
pub const LOADED_SILENCE_MAX_MS: u32 = 1_500;
/// A window that is gone sooner than this and never spoke was closed by a blocker, in milliseconds.
pub const BLOCKED_WITHIN_MS: u32 = 1_500;
/// How often a window is looked at, in milliseconds.
pub const WATCH_MS: u32 = 300;

/// What a provider's frame may do, and nothing else: run its scripts, send its forms, keep its own origin
/// (sessions of its own), open windows of issuers and apps that are free of these bounds, and ask by
/// `confirm`, as card issuers do. It may not take the shop's tab away, download, or lock anything.
///
/// # Why one list
/// All providers of ours need the same; one that needs more gets a word here, with its reason.
pub const FRAME_MAY: &str = "allow-scripts allow-forms allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-modals";

/// What the drivers differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manner {
    /// Only the buyer's own click may open it.
    pub needs_click: bool,
    /// Silence can be noticed and means that it failed.
    pub speaks: bool,
    /// It can be gone without our doing.
    pub closes: bool,
}

/// The table of drivers.
#[must_use]
pub const fn manner(rung: Presentation) -> Manner {
    match rung {
        Presentation::Iframe => Manner { needs_click: false, speaks: true, closes: false },
        // A popup under `Cross-Origin-Opener-Policy` cannot speak to us and pays all the same.
        Presentation::Popup => Manner { needs_click: true, speaks: false, closes: true },
        Presentation::Redirect => Manner { needs_click: false, speaks: false, closes: false },
    }
}

/// What a driver does, once it holds its window.
#[cfg(target_arch = "wasm32")]
pub(crate) trait Driver {
    /// Gives the window its address.
    fn show(&self, url: &str);
    /// Brings it to the front.
    fn focus(&self);
    /// Whether it is gone.
    fn gone(&self) -> bool;
    /// Whether it has loaded something since it has its address; [`false`] where that cannot be known.
    fn loaded(&self) -> bool {
        false
    }
    /// The window whose messages are ours.
    fn source(&self) -> Option<web_sys::Window>;
    /// Takes it away; a second time does nothing.
    fn close(&self);
}

/// Opens the empty window of a rung; [`None`] when the browser refuses.
#[cfg(target_arch = "wasm32")]
pub(crate) fn open(
    rung: Presentation,
    host: &web_sys::HtmlElement,
    checkout: &str,
    text: &crate::text::Text,
) -> Option<Box<dyn Driver>> {
    match rung {
        Presentation::Iframe => Some(Box::new(iframe::Frame::open(host, text.line("frame"))?)),
        Presentation::Popup => Some(Box::new(popup::Popup::open(checkout, text.line("opening"))?)),
        Presentation::Redirect => Some(Box::new(redirect::Redirect::default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn row_6_a_frame_may_not_take_the_tab_away() {
        let words: Vec<&str> = FRAME_MAY.split(' ').collect();
        assert!(words.iter().all(|word| word.starts_with("allow-")), "{words:?}");
        for word in ["allow-top-navigation", "allow-downloads", "allow-pointer-lock"] {
            assert!(!words.iter().any(|have| have.starts_with(word)), "{word}");
        }
    }

    #[test]
    fn a_refused_frame_is_given_up_before_a_slow_one() {
        const { assert!(LOADED_SILENCE_MAX_MS < SILENCE_MAX_MS / 10) };
        assert!(manner(Presentation::Iframe).speaks);
    }
}
