//! The matrix: every way to pay at every provider, times everything that a buyer or a bad day does to it.
//!
//! A story is a row, a cell is a provider's window as it is shown on a device. A new provider is a few new
//! cells, and every story is told there; what cannot be is left out below, with the reason.
//!
//! What a run has told is written down as a table, which `cargo x test` prints.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use crate::engine::Engine;
use crate::world;

/// Where a window is a thing of its own, beside the page.
macro_rules! windows {
    ($story:path) => {
        $crate::cells! {
            $story;
            toss_in_a_frame(Iframe, TossCard) toss_in_a_popup(Popup, TossCard)
            kb_in_a_frame(Iframe, Kb) kb_in_a_popup(Popup, Kb)
            portone_in_a_popup(Popup, Portone)
        }
    };
}

/// Where it is one on a phone, too: Unicro has popups alone, and its buyers join in a first one. Nothing leads
/// back from them: they close themselves, and the page asks.
macro_rules! unicro {
    ($story:path) => {
        $crate::cells! {
            $story;
            unicro_in_a_popup(Popup, Unicro) unicro_on_a_phone(PhonePopup, Unicro)
        }
    };
}

/// At the providers that say themselves how it ended. PortOne has no frames of ours; a phone goes to the
/// provider in its own tab.
macro_rules! with_a_way_back {
    ($story:path) => {
        windows!($story);
        $crate::cells! {
            $story;
            toss_by_redirect(Redirect, TossCard) toss_on_a_phone(Phone, TossCard)
            kb_by_redirect(Redirect, Kb) kb_on_a_phone(Phone, Kb)
            portone_by_redirect(Redirect, Portone) portone_on_a_phone(Phone, Portone)
        }
    };
}

/// All of them.
macro_rules! everywhere {
    ($story:path) => {
        with_a_way_back!($story);
        unicro!($story);
    };
}

mod r21_pays {
    everywhere!(crate::pays::pays);
}
mod r22_is_declined_and_pays_with_another {
    // Of a decline, Unicro tells by an unsigned callback alone, and no look-up finds it: what a buyer of its
    // sees is a window that was closed, which is the story after the next.
    with_a_way_back!(crate::refused::tries_another);
}
mod f6_gives_up_in_the_window_and_pays_again {
    everywhere!(crate::refused::cancels_and_pays);
}
mod f36_closes_the_window_and_pays_with_another {
    everywhere!(crate::windows::closes_and_chooses);
}
mod r55_presses_twice {
    everywhere!(crate::twice::presses_twice);
}
mod r55_has_a_second_tab {
    everywhere!(crate::twice::has_a_second_tab);
}
mod f6_reloads {
    everywhere!(crate::windows::reloads);
}
mod f6_goes_back {
    everywhere!(crate::windows::goes_back);
}
mod r21_meets_a_blocker {
    // A page cannot forbid its own tab to go elsewhere.
    windows!(crate::windows::meets_a_blocker);
    unicro!(crate::windows::meets_a_blocker);
}
mod f28_is_told_before_the_return {
    everywhere!(crate::doubt::hears_early);
}
mod f36_never_returns {
    everywhere!(crate::doubt::never_returns);
}

/// The stories that ended well in this run, with the cells that they were told in.
static TOLD: Mutex<BTreeMap<String, BTreeSet<&'static str>>> = Mutex::new(BTreeMap::new());

/// Notes that a story ended well in a cell, and writes the table as it is now.
pub fn told(module: &'static str, cell: &'static str) {
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    let story = module.rsplit("::").next().unwrap_or(module).replace('_', " ");
    told.entry(story).or_default().insert(cell);
    let cells: BTreeSet<&str> = told.values().flatten().copied().collect();
    let line = |words: &mut dyn Iterator<Item = String>| {
        words.fold("|".to_owned(), |line, word| format!("{line} {word} |"))
    };
    let mut head = std::iter::once("story".to_owned()).chain(cells.iter().map(|cell| {
        cell.replacen("_in_a", "", 1)
            .replacen("_by", "", 1)
            .replacen("_on_a", "", 1)
            .replace('_', " ")
    }));
    let mut table = vec![line(&mut head), line(&mut (0..=cells.len()).map(|_| "---".to_owned()))];
    for (story, had) in told.iter() {
        let marks = cells.iter().map(|cell| if had.contains(cell) { "✓" } else { "–" }.to_owned());
        table.push(line(&mut std::iter::once(story.clone()).chain(marks)));
    }
    let count: usize = told.values().map(BTreeSet::len).sum();
    table.push(format!("{count} of the matrix told in {:?}.", Engine::of_this_run()));
    // A table that cannot be written is no reason to fail the story.
    let _written = std::fs::write(world::scratch().join("matrix.md"), table.join("\n") + "\n");
}
