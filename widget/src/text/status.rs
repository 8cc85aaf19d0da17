//! The texts of the elements without the module (status, availability): `widget/status/<language>.json`, written from the widget's own sentences, so
//! that both say the same and a new language is translated once.
//!
//! # Why
//! The status element is a script of a few kilobytes without the widget's module. What it says is data beside
//! it, one language of it is fetched, and it is only ever put into text nodes.

use std::path::Path;

use super::{Say, of, standing};
use crate::flow::StateKind;
use crate::options::Locale;
use crate::record::{DeclineCode, Means};

/// Texts hold no control characters, so a string of Rust's is one of JSON's.
fn say(name: &str, said: Say) -> String {
    format!("    {name:?}: [{:?}, {:?}]", said.title, said.detail)
}

fn word(name: &str, said: &str) -> String {
    format!("  {name:?}: {said:?}")
}

fn group(name: &str, lines: &[String]) -> String {
    format!("  {name:?}: {{\n{}\n  }}", lines.join(",\n"))
}

fn document(locale: Locale) -> String {
    let (text, standing) = (of(locale), standing(locale));
    let phase = |name: &str, kind| say(name, (text.state)(kind));
    let said = [
        say("open", standing.open),
        say("presented", standing.under_way),
        say("hidden", standing.hidden),
        phase("checking", StateKind::Confirming),
        say("awaiting_deposit", standing.deposit),
        phase("paid", StateKind::Paid),
        phase("cancelled", StateKind::Cancelled),
        phase("expired", StateKind::Expired),
        phase("refunded", StateKind::Refunded),
        phase("review", StateKind::Review),
        phase("silent", StateKind::Unreachable),
        phase("loading", StateKind::Loading),
    ];
    let declined = DeclineCode::ALL.iter().map(|code| say(code.code(), (text.decline)(*code)));
    let stock =
        [say("held", standing.held), say("mine", standing.mine), say("sold", standing.sold)];
    let means = Means::ALL
        .iter()
        .map(|means| format!("    {:?}: {:?}", means.code(), (text.method)(*means)));
    let lines = [
        word("won", &(text.won)("#")),
        group("said", &said),
        group("declined", &declined.collect::<Vec<_>>()),
        group("by", &means.collect::<Vec<_>>()),
        group("stock", &stock),
        word("merchant", standing.merchant),
        word("label", standing.label),
        word("amount", standing.amount),
        word("means", standing.means),
        word("offered", standing.offered),
        word("paid_at", text.paid_at),
        word("bank", text.bank),
        word("account", text.account),
        word("holder", text.holder),
        word("until", text.until),
        word("back", standing.back),
        word("test", text.test_mode),
    ];
    format!("{{\n{}\n}}\n", lines.join(",\n"))
}

#[test]
fn the_status_element_says_what_the_widget_says() {
    for locale in Locale::ALL {
        let now = document(*locale);
        let name = format!("status/{}.json", locale.tag());
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(&name);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, &now).unwrap();
        }
        let golden = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(golden == now, "{name} differs; UPDATE_GOLDEN=1 rewrites it for review");
    }
}
