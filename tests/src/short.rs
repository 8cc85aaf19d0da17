//! Short names between a module and its glue, and no glue for what the module no longer takes.
//!
//! # Why
//! The binding tool names everything that crosses by a word and a random number, once in the module and once in
//! the glue: some hundred and seventy names whose numbers no compressor makes smaller, 3 kB of the page. It also
//! writes its glue before Binaryen drops what nobody calls. So both are mended afterwards, together: what one
//! calls `$a` the other calls `$a`, and an entry that nothing takes goes. It reads the glue as the tool
//! writes it, line by line; of another form it takes nothing away, and the page works as before.

use std::collections::{BTreeMap, BTreeSet};

use crate::order::{byte, bytes, leb, number, text};

/// Rises with every change of the rule, so that what was built by another is built anew.
pub const SHORT: u32 = 1;
/// How an entry of the imports is indented.
const INDENT: &str = "        ";
const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Module and glue with short names; `None` when the module is not of the form that our tools write.
#[must_use]
pub fn shortened(module: &[u8], glue: &str) -> Option<(Vec<u8>, String)> {
    let body = module.strip_prefix(b"\0asm\x01\0\0\0")?;
    let mut names = Names::default();
    let mut kept = module[..8].to_vec();
    let mut rest = body;
    while !rest.is_empty() {
        let kind = byte(&mut rest)?;
        let content = bytes(&mut rest)?;
        let renamed = match kind {
            2 => Some(names.imports(content)?),
            7 => Some(names.exports(content)?),
            _ => None,
        };
        kept.push(kind);
        text(&mut kept, renamed.as_deref().unwrap_or(content));
    }
    Some((kept, names.renamed(&names.needed(glue))))
}

#[derive(Default)]
struct Names {
    short: BTreeMap<String, String>,
    taken: BTreeSet<String>,
    given: BTreeSet<String>,
}

impl Names {
    /// What it is called from now on; names that pages see stay.
    fn name(&mut self, long: &[u8]) -> Option<String> {
        let long = std::str::from_utf8(long).ok()?;
        if !["__wb", "__externref", "wasm_bindgen_", "./"]
            .iter()
            .any(|start| long.starts_with(start))
        {
            return Some(long.to_owned());
        }
        let next = self.short.len();
        Some(self.short.entry(long.to_owned()).or_insert_with(|| letters(next)).clone())
    }

    fn imports(&mut self, mut section: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let count = leb(&mut section)?;
        number(&mut out, count);
        for _ in 0..count {
            for _ in 0..2 {
                let long = bytes(&mut section)?;
                self.taken.insert(String::from_utf8_lossy(long).into_owned());
                text(&mut out, self.name(long)?.as_bytes());
            }
            // Functions only: tables, memories and globals are the module's own.
            out.extend((byte(&mut section)? == 0).then_some(0));
            number(&mut out, leb(&mut section)?);
        }
        Some(out)
    }

    fn exports(&mut self, mut section: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        let count = leb(&mut section)?;
        number(&mut out, count);
        for _ in 0..count {
            let long = bytes(&mut section)?;
            self.given.insert(String::from_utf8_lossy(long).into_owned());
            text(&mut out, self.name(long)?.as_bytes());
            out.push(byte(&mut section)?);
            number(&mut out, leb(&mut section)?);
        }
        Some(out)
    }

    /// The glue without imports that the module does not take and classes that it does not give.
    fn needed(&self, glue: &str) -> String {
        let mut kept = String::with_capacity(glue.len());
        // The end of what is being left out.
        let mut until: Option<fn(&str) -> bool> = None;
        for line in glue.lines() {
            if let Some(ends) = until {
                until = until.filter(|_| !ends(line));
                continue;
            }
            until = self.unneeded(line);
            if until.is_none() {
                kept.push_str(line);
                kept.push('\n');
            }
        }
        kept
    }

    fn unneeded(&self, line: &str) -> Option<fn(&str) -> bool> {
        let import = line
            .strip_prefix(INDENT)
            .and_then(|entry| entry.split_once(": function("))
            .filter(|(name, _)| name.starts_with("__wb"));
        if let Some((name, _)) = import {
            let gone = !self.taken.contains(name);
            return gone.then_some(|line| line.starts_with("        }"));
        }
        let gone = |class: &str| {
            !self.given.contains(&format!("__wbg_{}_free", class.to_ascii_lowercase()))
        };
        let class = line.strip_prefix("export class ").and_then(|rest| rest.split_once(' '));
        if class.is_some_and(|(class, _)| gone(class)) {
            return Some(|line| line.starts_with("if (Symbol.dispose)"));
        }
        let registry =
            line.strip_prefix("const ").and_then(|rest| rest.split_once("Finalization ="));
        registry.is_some_and(|(class, _)| gone(class)).then_some(|line| line.ends_with(';'))
    }

    /// Every word of the glue that is a long name, replaced.
    fn renamed(&self, glue: &str) -> String {
        let mut out = String::with_capacity(glue.len());
        let mut rest = glue;
        while let Some(at) = rest.find(|c: char| is_letter(c) || c == '.') {
            let (before, word) = rest.split_at(at);
            out.push_str(before);
            // A file's name is told by its dot and slash.
            let is_file = word.starts_with("./");
            let ends = |c: char| !(is_letter(c) || is_file && "./".contains(c));
            let length = match word.starts_with('.') && !is_file {
                true => 1,
                false => word.find(ends).unwrap_or(word.len()),
            };
            let (word, after) = word.split_at(length);
            out.push_str(self.short.get(word).map_or(word, String::as_str));
            rest = after;
        }
        out.push_str(rest);
        out
    }
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '$'
}

/// `$a`, `$b`, … `$ba`: no name that anybody else gives.
fn letters(mut place: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(LETTERS[place % LETTERS.len()]));
        place /= LETTERS.len();
        if place == 0 {
            break;
        }
    }
    letters.push('$');
    letters.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GLUE: &str = "\
export class Gone {
    free() { wasm.__wbg_gone_free(1); }
}
if (Symbol.dispose) Gone.prototype[Symbol.dispose] = Gone.prototype.free;
export class Kept {
    free() { wasm.__wbg_kept_free(1); }
}
if (Symbol.dispose) Kept.prototype[Symbol.dispose] = Kept.prototype.free;
    const import0 = {
        __wbg_used_0123456789abcdef: function(arg0) {
            return arg0.__wbg_ptr;
        },
        __wbg_idle_0123456789abcdef: function() { return handleError(function (arg0) {
            return arg0;
        }, arguments); },
    };
    \"./glue_bg.js\": import0,
const GoneFinalization = (typeof FinalizationRegistry === 'undefined')
    : new FinalizationRegistry(ptr => wasm.__wbg_gone_free(ptr, 1));
const path = new URL('glue_bg.wasm', import.meta.url);
";

    fn module() -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        let mut section = vec![1];
        for name in [&b"./glue_bg.js"[..], b"__wbg_used_0123456789abcdef"] {
            text(&mut section, name);
        }
        section.extend([0, 3]);
        module.push(2);
        text(&mut module, &section);
        let mut section = vec![2];
        for name in [&b"__wbg_kept_free"[..], b"mount"] {
            text(&mut section, name);
            section.extend([0, 0]);
        }
        module.push(7);
        text(&mut module, &section);
        module
    }

    #[test]
    fn both_sides_agree_on_short_names() {
        let (module, glue) = shortened(&module(), GLUE).unwrap();
        let sections =
            b"\0asm\x01\0\0\0\x02\x09\x01\x02$a\x02$b\0\x03\x07\x0e\x02\x02$c\0\0\x05mount\0\0";
        assert_eq!(module, sections);
        for kept in ["\"$a\": import0", "$b: function(arg0)", "arg0.__wbg_ptr", "wasm.$c(1)"] {
            assert!(glue.contains(kept), "{kept} in {glue}");
        }
        assert!(glue.contains("new URL('glue_bg.wasm', import.meta.url)"), "{glue}");
    }

    #[test]
    fn what_the_module_does_not_take_is_left_out() {
        let (_, glue) = shortened(&module(), GLUE).unwrap();
        for gone in ["Gone", "idle", "handleError", "gone_free"] {
            assert!(!glue.contains(gone), "{gone} in {glue}");
        }
        assert!(glue.contains("Kept.prototype.free"));
        assert_eq!(shortened(b"not a module", GLUE), None);
    }

    #[test]
    fn no_two_names_are_one() {
        let all: BTreeSet<String> = (0..10_000).map(letters).collect();
        assert_eq!(all.len(), 10_000);
    }
}
