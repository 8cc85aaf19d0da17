//! The browsers of the journeys: Chromium, Firefox and WebKitGTK, from the system's package manager; Firefox's
//! driver is a crate.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run::{Failure, program, quiet, which};
use crate::setup;

const CJK_FONT: &str = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc";
const CHROMIUMS: &[&str] = &["chromium", "chromium-browser", "google-chrome"];
const FIREFOXES: &[&str] = &["firefox-esr", "firefox"];

/// An engine that the journeys run in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Browser {
    /// What most buyers have.
    Chromium,
    /// The engine of nobody's platform.
    Firefox,
    /// What buyers with an iPhone have; it alone refuses a popup that comes after the press.
    WebKit,
}

impl Browser {
    /// In the order in which they run.
    pub const ALL: &[Self] = &[Self::Chromium, Self::Firefox, Self::WebKit];

    /// Those in which every journey is told; in Firefox not yet.
    pub const WHOLE: &[Self] = &[Self::Chromium, Self::WebKit];

    /// The engine of that name.
    ///
    /// # Errors
    ///
    /// A name that is none.
    pub fn named(name: &str) -> Result<Self, Failure> {
        Self::ALL.iter().copied().find(|browser| browser.name() == name).ok_or_else(|| {
            Failure::usage(format!("--engine {name} is none of chromium, firefox, webkit"))
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::WebKit => "webkit",
        }
    }

    /// What the run's stage is called.
    pub fn stage(self) -> &'static str {
        match self {
            Self::Chromium => "journeys in Chromium",
            Self::Firefox => "journeys in Firefox",
            Self::WebKit => "journeys in WebKit",
        }
    }

    fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => &["chromium", "chromium-driver", "fonts-noto-cjk"],
            Self::Firefox => &["firefox-esr", "fonts-noto-cjk"],
            Self::WebKit => &["webkit2gtk-driver", "xvfb", "fonts-noto-cjk"],
        }
    }

    /// Installs it, with its driver, when it is not there and the system lets us.
    ///
    /// # Errors
    ///
    /// One sentence with the remedy.
    pub fn install(self) -> Result<(), Failure> {
        let debian = which("apt-get").is_some();
        let superuser = quiet(program("id").arg("-u")).is_ok_and(|answer| answer.stdout == b"0\n");
        let fonts = !debian || Path::new(CJK_FONT).exists();
        let is_there = match self {
            Self::Firefox => firefox().is_some(),
            Self::Chromium | Self::WebKit => self.found().is_some(),
        };
        let packages = self.packages().join(" ");
        if debian && superuser && !(is_there && fonts) {
            eprintln!("installing {packages} with apt-get (once, about a minute) …");
            let apt = |words: &[&str]| {
                quiet(program("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(words))
            };
            apt(&["update"])?;
            apt(&[&["install", "-y", "--no-install-recommends"], self.packages()].concat())?;
        }
        // No system packages it; where the machine brings one, that one belongs to its Firefox.
        if self == Self::Firefox && firefox().is_some() && which("geckodriver").is_none() {
            setup::firefox_driver()?;
        }
        self.found().map(|_| ()).ok_or_else(|| self.missing(debian))
    }

    fn missing(self, debian: bool) -> Failure {
        Failure::new(match (self, debian) {
            (_, true) => format!(
                "the browser or its driver is missing: run `sudo apt-get install {}`",
                self.packages().join(" ")
            ),
            (Self::Chromium, false) => "Chromium or chromedriver is missing: install both in the same version and put them on the PATH".to_owned(),
            (Self::Firefox, false) => "Firefox is missing: install it, or leave this engine out with `--engine chromium`".to_owned(),
            (Self::WebKit, false) => "WebKitGTK's driver, its MiniBrowser or Xvfb is missing: install them, or leave this engine out with `--engine chromium`".to_owned(),
        })
    }

    /// The variables that tell the journeys where everything is.
    fn found(self) -> Option<Vec<(&'static str, PathBuf)>> {
        Some(match self {
            Self::Chromium => vec![
                ("CHROMIUM", CHROMIUMS.iter().find_map(|name| which(name))?),
                ("CHROMEDRIVER", which("chromedriver")?),
            ],
            Self::Firefox => {
                let ours = setup::tool("geckodriver").ok().filter(|driver| driver.is_file());
                vec![("FIREFOX", firefox()?), ("GECKODRIVER", which("geckodriver").or(ours)?)]
            }
            Self::WebKit => {
                which("Xvfb")?;
                vec![("WEBKITDRIVER", which("WebKitWebDriver")?), ("MINIBROWSER", minibrowser()?)]
            }
        })
    }

    /// Makes a run of the journeys one in this engine.
    ///
    /// # Errors
    ///
    /// When it is not installed.
    pub fn choose(self, command: &mut Command) -> Result<&mut Command, Failure> {
        let found = self.found().ok_or_else(|| self.missing(which("apt-get").is_some()))?;
        Ok(command.env("HANBEON_ENGINE", self.name()).envs(found))
    }
}

/// Installs every engine.
///
/// # Errors
///
/// One sentence with the remedy for the first that cannot be installed.
pub fn install_all() -> Result<(), Failure> {
    Browser::ALL.iter().try_for_each(|browser| browser.install())
}

fn firefox() -> Option<PathBuf> {
    FIREFOXES.iter().find_map(|name| which(name))
}

/// WebKitGTK's browser is no command: it lies beside its library, in a folder named after the machine.
fn minibrowser() -> Option<PathBuf> {
    let named = std::env::var_os("MINIBROWSER").map(PathBuf::from);
    let libraries = ["/usr/lib", "/usr/libexec", "/usr/lib64"].map(PathBuf::from);
    let inner = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    named
        .into_iter()
        .chain(
            libraries
                .into_iter()
                .chain(inner.map(|entry| entry.path()))
                .map(|folder| folder.join("webkit2gtk-4.1/MiniBrowser")),
        )
        .find(|file| file.is_file())
}
