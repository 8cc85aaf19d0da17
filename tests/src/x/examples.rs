//! The examples in `public/examples` that have a build: each from its pinned lockfile, with our package as a
//! registry would give it (packed, and unpacked into its `node_modules`). Its types are checked on the way.
//!
//! # Why
//!
//! An example that nobody builds is wrong after a while. The journeys pay in what is built here. Both steps are
//! left out while nothing changed: installing takes half a minute, Next's build as long.

use std::path::{Path, PathBuf};

use crate::build::{Stamp, digest};
use crate::run::{Failure, program, quiet, read, root, scratch, write};

/// Its folder, and what its build leaves.
const EXAMPLES: [(&str, &str); 3] =
    [("react", "dist/index.html"), ("vue", "dist/index.html"), ("next", ".next/BUILD_ID")];

/// What a build takes in of the package: not the elements, which come from the edge.
const TAKEN_IN: [&str; 5] = ["package.json", "index.js", "index.d.ts", "react.d.ts", "vue.d.ts"];

/// Builds them all.
///
/// # Errors
///
/// When npm or a build says no; a wrong type is such a no.
pub fn examples() -> Result<(), Failure> {
    for (name, made) in EXAMPLES {
        let folder = root().join("public/examples").join(name);
        let lock = read(&folder.join("package-lock.json"))?;
        let mut parts = vec![lock.clone()];
        let taken_in = TAKEN_IN.map(|file| root().join("widget").join(file));
        for source in sources(&folder).iter().chain(&taken_in) {
            parts.push(read(source)?);
        }
        let digest = digest(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let stamp = Stamp::new(&format!("example-{name}"), digest)?;
        if stamp.holds(&[folder.join(made), folder.join("node_modules/.installed-lock.json")]) {
            continue;
        }
        install(name, &folder, &lock)?;
        unpack(&pack()?, &folder.join("node_modules/hanbeon-checkout"))?;
        let mut build = program("npm");
        build
            .current_dir(&folder)
            // The demo's shop writes its edge where it finds this in a page.
            .env("VITE_HANBEON_EDGE", "%EDGE_ORIGIN%")
            .env("NEXT_TELEMETRY_DISABLED", "1")
            .args(["run", "build"]);
        quiet(&mut build)?;
        stamp.set()?;
    }
    Ok(())
}

/// What would be published.
fn pack() -> Result<PathBuf, Failure> {
    let mut pack = program("npm");
    pack.current_dir(root().join("widget")).args(["pack", "--silent", "--pack-destination"]);
    let answer = quiet(pack.arg(scratch()?))?;
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    let name = text.lines().last().unwrap_or_default().trim();
    Ok(scratch()?.join(name))
}

fn install(name: &str, folder: &Path, lock: &[u8]) -> Result<(), Failure> {
    let installed = folder.join("node_modules/.installed-lock.json");
    if std::fs::read(&installed).is_ok_and(|copy| copy == lock) {
        return Ok(());
    }
    eprintln!("installing the example {name} from its lockfile …");
    let mut npm = program("npm");
    npm.current_dir(folder).args(["ci", "--no-audit", "--no-fund", "--loglevel", "error"]);
    quiet(&mut npm)?;
    write(&installed, lock)
}

fn unpack(package: &Path, to: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("{}: {error}", to.display()));
    if to.exists() {
        std::fs::remove_dir_all(to).map_err(failed)?;
    }
    std::fs::create_dir_all(to).map_err(failed)?;
    let mut tar = program("tar");
    quiet(tar.arg("-xzf").arg(package).arg("-C").arg(to).arg("--strip-components=1")).map(|_| ())
}

/// Everything that is written by hand.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let made = ["node_modules", "dist", ".next", "next-env.d.ts"];
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if made.iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        match path.is_dir() {
            true => found.extend(sources(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}
