//! Words of the command line: a table of tasks, their options, their help.

use std::collections::BTreeMap;

use crate::run::Failure;

/// One word after `cargo x`.
pub struct Task {
    pub name: &'static str,
    /// One line of help.
    pub about: &'static str,
    pub options: &'static [Opt],
    /// What free words mean; without it they are refused.
    pub filter: Option<&'static str>,
    pub perform: fn(&Words) -> Result<(), Failure>,
}

/// One option of a task.
pub struct Opt {
    pub name: &'static str,
    /// What the value is called in the help; `None` for a switch.
    pub value: Option<&'static str>,
    pub about: &'static str,
}

/// The words after the task's name, understood.
#[derive(Default)]
pub struct Words {
    options: BTreeMap<&'static str, String>,
    pub free: Vec<String>,
}

impl Words {
    pub fn has(&self, name: &str) -> bool {
        self.options.contains_key(name)
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }
}

/// Finds the task, reads its words, performs it.
///
/// # Errors
///
/// Code 2 for words that mean nothing; otherwise what the task says.
pub fn dispatch(
    tasks: &[Task],
    to_come: &[&str],
    mut words: impl Iterator<Item = String>,
) -> Result<(), Failure> {
    let Some(name) = words.next() else {
        print!("{}", overview(tasks, to_come));
        return Err(Failure::usage("name a task from the list above"));
    };
    if matches!(name.as_str(), "--help" | "-h" | "help") {
        print!("{}", overview(tasks, to_come));
        return Ok(());
    }
    let Some(task) = tasks.iter().find(|task| task.name == name) else {
        let known = tasks.iter().map(|task| task.name);
        return Err(Failure::usage(if to_come.contains(&name.as_str()) {
            format!("{name} is not built yet")
        } else {
            format!("unknown task {name}; known are {}", known.collect::<Vec<_>>().join(", "))
        }));
    };
    let words: Vec<String> = words.collect();
    if words.iter().any(|word| word == "--help" || word == "-h") {
        print!("{}", help(task));
        return Ok(());
    }
    (task.perform)(&understand(task, words)?)
}

fn understand(task: &Task, words: Vec<String>) -> Result<Words, Failure> {
    let mut found = Words::default();
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let (name, inline) = match word.split_once('=') {
            Some((name, value)) if name.starts_with("--") => {
                (name.to_owned(), Some(value.to_owned()))
            }
            Some(_) | None => (word, None),
        };
        if !name.starts_with('-') {
            if task.filter.is_none() {
                return Err(Failure::usage(format!("{} takes no word {name}", task.name)));
            }
            found.free.push(name);
            continue;
        }
        let Some(option) = task.options.iter().find(|option| option.name == name) else {
            return Err(Failure::usage(format!(
                "{} has no option {name}; see cargo x {} --help",
                task.name, task.name
            )));
        };
        let value = match (option.value, inline) {
            (None, None) => String::new(),
            (None, Some(_)) => {
                return Err(Failure::usage(format!("{name} takes no value")));
            }
            (Some(_), Some(value)) => value,
            (Some(what), None) => words
                .next()
                .ok_or_else(|| Failure::usage(format!("{name} needs a value: {what}")))?,
        };
        found.options.insert(option.name, value);
    }
    Ok(found)
}

fn overview(tasks: &[Task], to_come: &[&str]) -> String {
    let mut text = "usage: cargo x <task> [options]\n\n".to_owned();
    for task in tasks.iter() {
        text.push_str(&format!("  {:<9} {}\n", task.name, task.about));
    }
    text.push_str(&format!("\nto come: {}\n", to_come.join(", ")));
    text.push_str("each task explains itself with --help\n");
    text
}

fn help(task: &Task) -> String {
    let mut usage = format!("usage: cargo x {}", task.name);
    let mut lines = String::new();
    for option in task.options {
        let shown = match option.value {
            Some(value) => format!("{} {value}", option.name),
            None => option.name.to_owned(),
        };
        usage.push_str(&format!(" [{shown}]"));
        lines.push_str(&format!("  {shown:<28} {}\n", option.about));
    }
    if let Some(filter) = task.filter {
        usage.push_str(" [filter]");
        lines.push_str(&format!("  {:<28} {filter}\n", "filter"));
    }
    format!("{usage}\n\n{}\n{}{lines}", task.about, if lines.is_empty() { "" } else { "\n" })
}
