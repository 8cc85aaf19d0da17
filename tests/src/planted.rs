//! Mistakes that are made on purpose, so that the auditor can be seen to find them: the list, and how the
//! mistakes come into a copy of the sources.
//!
//! A mistake is a change of some expressions, as a reviewer would meet it in a bad change: what stands
//! there (`-`), and what would stand there (`+`). The list is text, `testdata/planted/*.txt`, one chapter
//! a file; its form is told in the first.
//!
//! # Why the sources are copied
//! A switch in the sources themselves, however small and whichever `cfg` hides it, is read by everybody
//! who reads how money moves, and the simulator would run other code than production. So no crate has a
//! mistake, nor a feature for one: `cargo x sim --planted` copies the sources, puts every mistake of the
//! list behind a switch, all at once, and compiles the copy. A line that no longer reads as the list says
//! is found by a test here, without compiling anything.

use std::collections::BTreeMap;

/// The chapters of the list.
const CHAPTERS: [&str; 9] = [
    include_str!("../testdata/planted/money.txt"),
    include_str!("../testdata/planted/unknown.txt"),
    include_str!("../testdata/planted/late.txt"),
    include_str!("../testdata/planted/refunds.txt"),
    include_str!("../testdata/planted/stock.txt"),
    include_str!("../testdata/planted/repeats.txt"),
    include_str!("../testdata/planted/quotes.txt"),
    include_str!("../testdata/planted/notices.txt"),
    include_str!("../testdata/planted/time.txt"),
];

/// The file with the switch, in the crate that every other knows.
const SWITCH: &str = "shared/src/planted.rs";
/// What the copy has there.
const SWITCH_TEXT: &str = include_str!("../testdata/planted/switch.txt");
/// The simulator's hand on the switch: the build without mistakes has none.
const HAND: &str = "tests/src/sim/switch.rs";
/// What the copy has there.
const HAND_TEXT: &str = "//! The switch of the planted mistakes.\n\
    pub(super) const IS_PLANTED: bool = true;\n\
    pub(super) fn make(mistake: Option<usize>) { shared::planted::make(mistake); }\n";
/// Folders whose files a mistake may change.
const FOLDERS: [&str; 4] = ["shared/", "edge/", "widget/", "tests/src/sim/"];

/// A mistake on purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Its name on the command line.
    pub name: &'static str,
    /// The invariants and rows that it breaks: a violation of one of them finds it.
    pub rules: Vec<&'static str>,
    /// Found in some thousand schedules only: left to the run by hand.
    pub rare: bool,
    /// What it does.
    pub story: &'static str,
    /// Where others had it.
    pub elsewhere: Option<&'static str>,
    places: Vec<Place>,
}

/// A place in the sources.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    file: &'static str,
    /// What stands before it, where the text alone is not unique.
    after: &'static str,
    was: String,
    becomes: String,
}

/// Every mistake, in the order of the list.
///
/// # Errors
/// A sentence that names the line which cannot be read.
pub fn list() -> Result<Vec<Mistake>, String> {
    let mut mistakes = Vec::new();
    for chapter in CHAPTERS {
        read(chapter, &mut mistakes)?;
    }
    Ok(mistakes)
}

fn read(chapter: &'static str, mistakes: &mut Vec<Mistake>) -> Result<(), String> {
    for line in chapter.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(head) = line.strip_prefix('[') {
            let (name, rules) = head.split_once(']').ok_or_else(|| format!("no name: {line}"))?;
            let (rare, rules): (Vec<_>, Vec<_>) =
                rules.split_whitespace().partition(|word| *word == "rare");
            let (rare, places) = (!rare.is_empty(), Vec::new());
            let (story, elsewhere) = ("", None);
            mistakes.push(Mistake { name, rules, rare, story, elsewhere, places });
            continue;
        }
        let mistake = mistakes.last_mut().ok_or_else(|| format!("no mistake yet: {line}"))?;
        if let Some(text) = line.strip_prefix("- ") {
            let place = mistake.places.last_mut().ok_or_else(|| format!("no file: {line}"))?;
            if place.becomes.is_empty() {
                push_line(&mut place.was, text);
            } else {
                // Another place behind the one before.
                let (file, after) = (place.file, place.after);
                let (was, becomes) = (text.to_owned(), String::new());
                mistake.places.push(Place { file, after, was, becomes });
            }
        } else if let Some(text) = line.strip_prefix("+ ") {
            let place = mistake.places.last_mut().ok_or_else(|| format!("no file: {line}"))?;
            push_line(&mut place.becomes, text);
        } else if let Some(elsewhere) = line.strip_prefix("elsewhere: ") {
            mistake.elsewhere = Some(elsewhere);
        } else if FOLDERS.iter().any(|folder| line.starts_with(folder)) {
            let (file, after) = line.split_once(": ").unwrap_or((line, ""));
            let (was, becomes) = (String::new(), String::new());
            mistake.places.push(Place { file, after, was, becomes });
        } else if mistake.story.is_empty() {
            mistake.story = line;
        } else {
            return Err(format!("{}: a second story: {line}", mistake.name));
        }
    }
    Ok(())
}

fn push_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

/// Puts every mistake behind its switch, in these sources by path.
///
/// # Errors
/// A sentence for each mistake that no longer finds its place.
pub fn plant(sources: &mut BTreeMap<String, String>, mistakes: &[Mistake]) -> Result<(), String> {
    let mut changes: BTreeMap<&str, Vec<Change>> = BTreeMap::new();
    let mut lost = Vec::new();
    for (n, mistake) in mistakes.iter().enumerate() {
        for place in &mistake.places {
            let text = sources.get(place.file).map_or("", String::as_str);
            let file = changes.entry(place.file).or_default();
            if let Err(why) = find(text, place).and_then(|at| add(file, at, n, place)) {
                lost.push(format!("{}: {} {why}: {:?}", mistake.name, place.file, place.was));
            }
        }
    }
    if !lost.is_empty() {
        return Err(lost.join("\n"));
    }
    for (file, mut changes) in changes {
        let Some(text) = sources.get_mut(file) else { continue };
        changes.sort_by_key(|change| core::cmp::Reverse(change.from));
        for change in changes {
            change.make(file, text);
        }
    }
    sources.insert(SWITCH.to_owned(), SWITCH_TEXT.to_owned());
    sources.insert(HAND.to_owned(), HAND_TEXT.to_owned());
    for lib in ["shared/src/lib.rs", "edge/src/lib.rs", "widget/src/lib.rs", "tests/src/lib.rs"] {
        if let Some(text) = sources.get_mut(lib) {
            // Nobody reads the copy.
            text.insert_str(0, "#![allow(warnings)]\n");
        }
    }
    if let Some(text) = sources.get_mut("shared/src/lib.rs") {
        text.push_str("\npub mod planted;\n");
    }
    Ok(())
}

/// One expression, and what else may stand there.
struct Change {
    from: usize,
    to: usize,
    others: Vec<(usize, String)>,
}

/// One more that may stand at a place.
fn add(
    file: &mut Vec<Change>,
    (from, to): (usize, usize),
    n: usize,
    place: &Place,
) -> Result<(), &'static str> {
    let other = (n, place.becomes.clone());
    match file.iter_mut().find(|change| change.from < to && from < change.to) {
        None => file.push(Change { from, to, others: vec![other] }),
        Some(change) if (change.from, change.to) == (from, to) => change.others.push(other),
        Some(_) => return Err("overlaps with another mistake"),
    }
    Ok(())
}

impl Change {
    fn make(&self, file: &str, text: &mut String) {
        let krate = if file.starts_with("shared/") { "crate" } else { "shared" };
        let mut new = "(".to_owned();
        for (n, other) in &self.others {
            new.push_str(&format!("if {krate}::planted::is({n}) {{ {other} }} else "));
        }
        new.push_str(&format!("{{ {} }})", &text[self.from..self.to]));
        text.replace_range(self.from..self.to, &new);
        // No switch can be asked while compiling.
        let before = &text[..self.from];
        if let (Some(at), Some(function)) = (before.rfind("const fn "), before.rfind("fn "))
            && at + "const ".len() == function
        {
            text.replace_range(at..function, "");
        }
    }
}

/// Where a place is, however it is broken into lines.
fn find(text: &str, place: &Place) -> Result<(usize, usize), &'static str> {
    let letters: Vec<(usize, char)> =
        text.char_indices().filter(|(_, letter)| !letter.is_whitespace()).collect();
    let begin = match place.after {
        "" => 0,
        after => {
            let all = matches(&letters, after);
            let [(_, end)] = all[..] else { return Err("has not one place that the anchor names") };
            end
        }
    };
    let all = matches(&letters[begin..], &place.was);
    let (from, to) = match all[..] {
        [] => return Err("no longer says"),
        [one] => one,
        [first, ..] if !place.after.is_empty() => first,
        [..] => return Err("says more than once"),
    };
    let (last, letter) = letters[begin + to - 1];
    Ok((letters[begin + from].0, last + letter.len_utf8()))
}

/// Where these letters stand, blanks left out.
fn matches(letters: &[(usize, char)], text: &str) -> Vec<(usize, usize)> {
    let wanted: Vec<char> = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let is = |part: &[(usize, char)]| part.iter().map(|(_, letter)| letter).eq(wanted.iter());
    letters
        .windows(wanted.len())
        .enumerate()
        .filter(|(_, part)| is(part))
        .map(|(at, _)| (at, at + wanted.len()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::root;

    #[test]
    fn there_are_sixty_mistakes_and_each_says_which_rules_it_breaks() {
        let mistakes = list().unwrap();
        assert!(mistakes.len() >= 60, "{}", mistakes.len());
        let rule = |rule: &&str| {
            let number = rule.strip_prefix("I-").or_else(|| rule.strip_prefix(['F', 'R']));
            number.is_some_and(|number| number.parse::<u8>().is_ok())
        };
        for (n, mistake) in mistakes.iter().enumerate() {
            let Mistake { name, rules, story, places, .. } = mistake;
            assert!(!rules.is_empty() && rules.iter().all(rule), "{name}: {rules:?}");
            assert!(story.ends_with('.'), "{name}: {story}");
            let whole = |place: &Place| !place.was.is_empty() && !place.becomes.is_empty();
            assert!(!places.is_empty() && places.iter().all(whole), "{name}: {places:?}");
            assert!(mistakes[..n].iter().all(|other| other.name != *name), "{name} twice");
        }
    }

    #[test]
    fn every_mistake_finds_its_place_in_the_sources() {
        let mistakes = list().unwrap();
        let mut sources = BTreeMap::new();
        for place in mistakes.iter().flat_map(|mistake| &mistake.places) {
            let text = std::fs::read_to_string(root().join(place.file)).unwrap_or_default();
            sources.insert(place.file.to_owned(), text);
        }
        let planted = plant(&mut sources, &mistakes);
        let lost = planted.err().unwrap_or_default();
        assert!(lost.is_empty(), "teach tests/testdata/planted what stands there now:\n{lost}");
        assert!(sources[SWITCH].contains("pub fn is("));
    }

    #[test]
    fn a_mistake_is_found_however_lines_are_broken_and_shares_its_place_with_others() {
        let list = "[a] I-1\nOne.\nshared/x.rs\n- f(1, 2)\n+ f(3)\n[b] I-2\nTwo.\n\
                    shared/x.rs: fn b\n- f(1,\n-   2)\n+ 4\n[c] F3\nThree.\nshared/x.rs: fn c()\n- g\n+ h\n";
        let mut mistakes = Vec::new();
        read(list, &mut mistakes).unwrap();
        let text = "const fn b() { f(1,\n  2) }\nfn c() { g(); g() }\n";
        let mut sources = BTreeMap::from([("shared/x.rs".to_owned(), text.to_owned())]);
        plant(&mut sources, &mistakes).unwrap();
        assert_eq!(
            sources["shared/x.rs"],
            "fn b() { (if crate::planted::is(0) { f(3) } else if crate::planted::is(1) { 4 } \
             else { f(1,\n  2) }) }\n\
             fn c() { (if crate::planted::is(2) { h } else { g })(); g() }\n"
        );
        let unplanted = |text: &str| {
            let mut sources = BTreeMap::from([("shared/x.rs".to_owned(), text.to_owned())]);
            plant(&mut sources, &mistakes).unwrap_err()
        };
        assert!(unplanted("fn b() {}").contains("no longer says"));
        assert!(unplanted("fn b() { f(1, 2); f(1, 2) }").contains("more than once"));
    }

    #[test]
    fn no_crate_has_a_mistake_or_a_switch_for_one() {
        for file in [SWITCH, HAND] {
            let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
            assert!(!text.contains("planted::"), "{file}");
        }
        for krate in ["shared", "edge", "widget"] {
            let manifest = std::fs::read_to_string(root().join(krate).join("Cargo.toml")).unwrap();
            assert!(!manifest.contains("planted"), "{krate}");
            let lib = std::fs::read_to_string(root().join(krate).join("src/lib.rs")).unwrap();
            assert!(!lib.contains("mod planted"), "{krate}");
        }
    }
}
