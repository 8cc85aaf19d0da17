//! Starting programs, failing in one sentence, telling time.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Instant;

pub use tests::root;

/// Why a task stopped: a sentence for people, a code for scripts.
#[derive(Debug)]
pub struct Failure {
    pub sentence: String,
    /// 1: the check failed or a program did. 2: the words were wrong.
    pub code: u8,
}

impl Failure {
    pub fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 1 }
    }

    pub fn usage(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into(), code: 2 }
    }
}

/// Cargo's output.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// Where this program keeps its own notes and intermediate files; there from now on, since not every
/// tool makes the folder of what it writes.
///
/// # Errors
///
/// When it cannot be made.
pub fn scratch() -> Result<PathBuf, Failure> {
    let folder = target().join("hanbeon");
    std::fs::create_dir_all(&folder)
        .map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
    Ok(folder)
}

/// Installed cargo tools live outside `target`, so that `cargo clean` does not cost minutes.
///
/// # Errors
///
/// When neither variable says where.
pub fn tools() -> Result<PathBuf, Failure> {
    if let Some(folder) = std::env::var_os("HANBEON_TOOLS") {
        return Ok(PathBuf::from(folder));
    }
    match std::env::var_os("HOME") {
        Some(home) => Ok(Path::new(&home).join(".cache/hanbeon/tools")),
        None => Err(Failure::new("HOME is not set: set HANBEON_TOOLS to a folder for build tools")),
    }
}

/// A program that npm installed for us.
pub fn npm_bin(name: &str) -> PathBuf {
    root().join("node_modules/.bin").join(name)
}

/// Finds a program as a shell would.
pub fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// A program to run in the repository: our pinned Node first, nothing that reports anywhere, and none
/// of the variables that `cargo run` set for us, which would make a nested cargo rebuild things.
pub fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    let mut path = vec![root().join("node_modules/.bin")];
    path.extend(tools().map(|folder| folder.join("bin")));
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    if let Ok(joined) = std::env::join_paths(path) {
        command.env("PATH", joined);
    }
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        {
            command.env_remove(name);
        }
    }
    command
        .env("WRANGLER_SEND_METRICS", "false")
        .env("WRANGLER_HIDE_BANNER", "true")
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false")
        .env("DO_NOT_TRACK", "1");
    command
}

/// Cargo, the one that runs us.
pub fn cargo() -> Command {
    program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs to the end with its output shown.
///
/// # Errors
///
/// When it cannot start or says no.
pub fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command.status().map_err(|error| cannot_start(command, &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("{} ended with {status}; see above", shown(command))))
}

/// Runs to the end in this process's place, so that whatever is pressed on the keyboard reaches it alone.
///
/// # Errors
///
/// When it cannot start or, where no process takes another's place, says no.
pub fn hand_over(command: &mut Command) -> Result<(), Failure> {
    #[cfg(unix)]
    {
        let error = std::os::unix::process::CommandExt::exec(command);
        Err(cannot_start(command, &error))
    }
    #[cfg(not(unix))]
    run(command)
}

/// Runs to the end with its output kept, and shown only when it says no.
///
/// # Errors
///
/// When it cannot start or says no.
pub fn quiet(command: &mut Command) -> Result<Output, Failure> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|error| cannot_start(command, &error))?;
    if output.status.success() {
        return Ok(output);
    }
    eprint!("{}", String::from_utf8_lossy(&output.stdout));
    eprint!("{}", String::from_utf8_lossy(&output.stderr));
    Err(Failure::new(format!("{} ended with {}; see above", shown(command), output.status)))
}

fn cannot_start(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!("{} cannot be started: {error}", command.get_program().display()))
}

/// The program and its arguments, short enough for a sentence.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let mut text = program.to_string_lossy().into_owned();
    for word in command.get_args() {
        text.push(' ');
        text.push_str(&word.to_string_lossy());
    }
    let limit = 120; // characters; longer ones are scripts
    if text.chars().count() > limit {
        text = text.chars().take(limit).collect::<String>() + " …";
    }
    text
}

/// Reads, and says which file it was.
///
/// # Errors
///
/// When it cannot be read.
pub fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}

/// Writes, making the folder when needed.
///
/// # Errors
///
/// When it cannot be written.
pub fn write(file: &Path, contents: impl AsRef<[u8]>) -> Result<(), Failure> {
    let made = file.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| std::fs::write(file, contents))
        .map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}

/// A task in stages: each is announced, timed and listed again at the end.
pub struct Stages {
    done: Vec<(String, f64)>,
    begun: Instant,
}

impl Stages {
    pub fn begin() -> Self {
        Self { done: Vec::new(), begun: now() }
    }

    /// One stage.
    ///
    /// # Errors
    ///
    /// What the work says; the list so far is printed then.
    pub fn stage(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        eprintln!("── {name}");
        let begun = now();
        let result = work();
        let seconds = begun.elapsed().as_secs_f64();
        self.done.push((name.to_owned(), seconds));
        if let Err(failure) = result {
            eprintln!("── {name} failed after {seconds:.1} s");
            return Err(Failure { sentence: format!("{name}: {}", failure.sentence), ..failure });
        }
        eprintln!("── {name}: {seconds:.1} s");
        Ok(())
    }

    /// The list with the sum, at the end of all stages.
    pub fn end(&self, verdict: &str) {
        eprintln!();
        for (name, seconds) in &self.done {
            eprintln!("  {seconds:>7.1} s  {name}");
        }
        eprintln!("  {:>7.1} s  {verdict}", self.begun.elapsed().as_secs_f64());
    }
}

/// The wall clock of progress lines and waiting.
#[expect(clippy::disallowed_methods, reason = "a task runner tells real time; it decides nothing")]
pub fn now() -> Instant {
    Instant::now()
}
