//! What nothing uses of the edge's glue and of its module.
//!
//! # Why
//! The crate `worker` exports interfaces that we do not use. Binaryen drops them from the module; their
//! classes stay in the glue, because each registers itself, and are a third of it. So they are cut out
//! here, after the tool has made it small. What has another form than expected stays: it works, and the
//! budget of `cargo x size` tells that it is there.

/// The glue without the class that the binding tool calls so (in small letters); `None` when it is not there
/// in the form that our tools write.
pub fn without(glue: &str, class: &str) -> Option<String> {
    let freed = format!("__wbg_{class}_free(");
    // `,R=…:new FinalizationRegistry(({ptr:n,instance:e})=>{…__wbg_class_free(n,1)})`
    let (before, registry, after) = around(glue, &freed, "=typeof FinalizationRegistry", "})")?;
    let (before, _) = before.rsplit_once(',').filter(|(_, name)| is_name(name))?;
    let rest = [before, after].concat();
    if !registry.contains("new FinalizationRegistry(") {
        return None;
    }
    // `var C=class{…};Symbol.dispose&&(C.prototype[Symbol.dispose]=C.prototype.free);`
    let (head, _) = rest.split_once(&freed)?;
    let (before, _) = head.rsplit_once("=class{")?;
    let (before, name) = before.rsplit_once("var ").filter(|(_, name)| is_name(name))?;
    let start = before.len();
    let dispose =
        format!("}};Symbol.dispose&&({name}.prototype[Symbol.dispose]={name}.prototype.free);");
    let end = start + rest[start..].find(&dispose)? + dispose.len();
    let mut kept = [before, &rest[end..]].concat();
    // `,P=new Proxy(C,O)` and `P as Class,`
    let (front, options) = kept
        .split_once(&format!("=new Proxy({name},"))
        .map_or((None, ""), |(front, options)| (Some(front), options));
    if let Some((front, proxy)) = front.and_then(|front| front.rsplit_once(',')) {
        let (_, after) = options.split_once(')')?;
        let (middle, exported) = after.split_once(&format!("{proxy} as "))?;
        let (_, last) = exported.split_once(',')?;
        kept = [front, middle, last].concat();
    }
    Some(kept)
}

/// The glue with one member for each file that the module imports from: the binding tool writes one for each
/// function that crosses as it is, and a bundler warns of the second.
#[must_use]
pub fn snippets_once(glue: &str) -> String {
    const START: &str = "\"./snippets/";
    let mut kept = String::with_capacity(glue.len());
    let mut last = "";
    let mut rest = glue;
    while let Some(at) = rest.find(START) {
        let end = at + rest[at..].find([',', '}']).unwrap_or(rest.len() - at);
        let member = &rest[at..end];
        match rest[..at].strip_suffix(',').filter(|_| member == last) {
            Some(between) => kept.push_str(between),
            None => kept.push_str(&rest[..end]),
        }
        (last, rest) = (member, &rest[end..]);
    }
    kept + rest
}

/// A module as text whose table no longer holds functions of the named crate: with their exports gone
/// nobody can call them, and an entry of the table is all that keeps them and what they call.
///
/// A table that has another form than expected stays as it is. Should somebody call through such an entry
/// all the same, it is a function of another type, and a trap.
#[must_use]
pub fn table_without(module: &str, name: &str) -> String {
    let whole = || module.to_owned();
    let Some((before, rest)) = module.split_once("\n (elem ") else { return whole() };
    let Some((table, after)) = rest.split_once('\n') else { return whole() };
    let Some((head, list)) = table.split_once(" func ") else { return whole() };
    let entries = entries(list.trim_end_matches(')'));
    let Some(other) = entries.iter().find(|entry| !entry.contains(name)) else { return whole() };
    let kept: Vec<&str> =
        entries.iter().map(|entry| if entry.contains(name) { *other } else { *entry }).collect();
    format!("{before}\n (elem {head} func {})\n{after}", kept.join(" "))
}

/// Names of functions: `$plain` and `$"with blanks"`.
fn entries(list: &str) -> Vec<&str> {
    let mut quoted = false;
    list.split(|c: char| {
        quoted ^= c == '"';
        !quoted && c.is_whitespace()
    })
    .filter(|entry| !entry.is_empty())
    .collect()
}

/// The text from the last `start` before the last `mark` to the first `end` after it, and what is around
/// it.
fn around<'a>(
    text: &'a str,
    mark: &str,
    start: &str,
    end: &str,
) -> Option<(&'a str, &'a str, &'a str)> {
    let at = text.rfind(mark)?;
    let from = text[..at].rfind(start)?;
    let to = at + text[at..].find(end)? + end.len();
    Some((&text[..from], &text[from..to], &text[to..]))
}

fn is_name(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    !text.is_empty() && text.chars().all(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_imported_from_is_named_once() {
        let named = |members: &str| format!("return{{__proto__:null,\"./a.js\":{{}}{members}}}}}");
        let [a, b] = [",\"./snippets/a/host.js\":M", ",\"./snippets/b/host.js\":N"];
        let once = |members: &[&str]| snippets_once(&named(&members.concat()));
        assert_eq!(once(&[a, a, a]), named(a));
        assert_eq!(once(&[a, a, b]), named(&[a, b].concat()));
        assert_eq!(once(&[a, b]), named(&[a, b].concat()));
        assert_eq!(once(&[]), named(""));
    }

    const REGISTRIES: [&str; 2] = ["kept", "gone"];

    fn registry(name: &str, class: &str) -> String {
        format!(
            "{name}=typeof FinalizationRegistry>\"u\"?{{register:()=>{{}}}}:new FinalizationRegistry(\
             ({{ptr:n,instance:e}})=>{{e===c&&_.__wbg_{class}_free(n,1)}})"
        )
    }

    fn class(name: &str, class: &str) -> String {
        format!(
            "var {name}=class{{free(){{_.__wbg_{class}_free(this.p,0)}}get a(){{return{{}}}}}};Symbol.dispose&&\
             ({name}.prototype[Symbol.dispose]={name}.prototype.free);"
        )
    }

    fn glue(with: &[&str]) -> String {
        let registries: Vec<String> =
            with.iter().map(|name| registry(&format!("r_{name}"), name)).collect();
        let classes: String = with.iter().map(|name| class(&format!("C_{name}"), name)).collect();
        let proxies: String =
            with.iter().map(|name| format!(",P_{name}=new Proxy(C_{name},O)")).collect();
        let exports: String = with.iter().map(|name| format!("P_{name} as {name},")).collect();
        format!(
            "{classes}var c=0,{};var O={{}}{proxies};export{{{exports}S as default}};",
            registries.join(",")
        )
    }

    #[test]
    fn a_class_goes_with_all_that_speaks_of_it() {
        assert_eq!(without(&glue(&REGISTRIES), "gone"), Some(glue(&["kept"])));
    }

    #[test]
    fn a_class_that_is_never_handed_out_goes_too() {
        let bare = |text: String| {
            text.replace(",P_gone=new Proxy(C_gone,O)", "").replace("P_gone as gone,", "")
        };
        assert_eq!(without(&bare(glue(&REGISTRIES)), "gone"), Some(glue(&["kept"])));
    }

    #[test]
    fn what_is_not_there_as_expected_is_left_alone() {
        for text in [
            glue(&["kept"]),
            glue(&REGISTRIES).replace("=class{", "=class extends A{"),
            glue(&REGISTRIES).replace("Symbol.dispose&&", "Symbol.dispose||"),
            String::new(),
        ] {
            assert_eq!(without(&text, "gone"), None, "{text}");
        }
    }

    #[test]
    fn a_table_forgets_the_functions_of_a_crate_and_keeps_its_places() {
        let module = |table: &str| {
            format!("(module\n (elem $0 (i32.const 1) func {table})\n (func $a)\n)\n")
        };
        let before = module(r#"$"<gone::A as b>::c" $a $"<x [1]>::y" $gone::z"#);
        let after = module(r#"$a $a $"<x [1]>::y" $a"#);
        assert_eq!(table_without(&before, "gone"), after);
        for same in [module("$gone::z"), module("$a"), "(module)".to_owned()] {
            assert_eq!(table_without(&same, "gone"), same, "nothing to put in its place");
        }
    }
}
