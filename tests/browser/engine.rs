//! Which browser a run is for, how its driver is started, and what is asked of it.
//!
//! One run, one engine: `HANBEON_ENGINE` is `chromium` (without it, too), `firefox` or `webkit`, and every
//! journey runs in it. All keep their popup blockers. WebKit alone refuses a popup that is opened a moment
//! after the press, so its run is the one that proves that ours are opened in the press itself.
//!
//! A phone is 390 CSS pixels wide with a touch screen in Chromium and in Firefox (whose driver learns the
//! width over BiDi, see `bidi`); WebKitGTK makes no window that narrow, so there it is as narrow as it can be.

use std::net::{Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;

use fantoccini::wd::Capabilities;
use serde_json::{Value, json};

use crate::checkout_element::Way;
use crate::world::{LOOK_EVERY, START_WAIT, World, now};

/// Waits for the end of its input, then ends the driver with its browsers and their folder.
/// WebKitGTK has no mode without a screen: it gets one of its own, whose end is its browsers' end, and
/// where nothing slides away under a press.
const UNDERTAKER: &str = r#"
folder=$1; shift
mkdir -p "$folder"
if [ -n "$SCREEN" ]; then
  mkdir "$folder/gtk-3.0"
  printf '[Settings]\ngtk-enable-animations=0\n' >"$folder/gtk-3.0/settings.ini"
  export XDG_CONFIG_HOME="$folder"
  mkfifo "$folder/display"
  Xvfb -displayfd 3 -screen 0 "$SCREEN" -nolisten tcp 3>"$folder/display" >"$folder/screen.log" 2>&1 &
  screen=$!
  read -r number <"$folder/display"
  export DISPLAY=":$number"
fi
TMPDIR=$folder XDG_RUNTIME_DIR=$folder "$@" >"$folder/driver.log" 2>&1 &
driver=$!
cat >/dev/null
kill -9 $(pgrep -P $driver) $driver $screen 2>/dev/null
wait
rm -rf "$folder"
"#;

/// A phone's screen, in CSS pixels.
pub const PHONE: (u32, u32) = (390, 844);

/// The engine of this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// Chromium with chromedriver.
    Chromium,
    /// Firefox with geckodriver.
    Firefox,
    /// WebKitGTK's small browser with its own driver.
    WebKit,
}

impl Engine {
    /// As the environment says.
    pub fn of_this_run() -> Self {
        match std::env::var("HANBEON_ENGINE").as_deref() {
            Err(_) | Ok("chromium") => Self::Chromium,
            Ok("firefox") => Self::Firefox,
            Ok("webkit") => Self::WebKit,
            Ok(other) => panic!("HANBEON_ENGINE={other} is none of chromium, firefox, webkit"),
        }
    }
}

/// What is asked of the driver for one browser.
pub enum Options {
    /// `goog:chromeOptions`.
    Chromium(Value),
    /// `moz:firefoxOptions`.
    Firefox(Value),
    /// `webkitgtk:browserOptions`.
    WebKit(Value),
}

impl Options {
    /// The browser that this way is for, as a buyer in Korea has it.
    pub fn of(way: Way) -> Self {
        match Engine::of_this_run() {
            Engine::Chromium => Self::Chromium(chromium(way)),
            Engine::Firefox => Self::Firefox(firefox(way)),
            Engine::WebKit => Self::WebKit(webkit(way)),
        }
    }

    /// In the driver's own words.
    pub fn capabilities(self) -> Capabilities {
        let named = |name: &str, value: Value| (name.to_owned(), value);
        match self {
            Self::Chromium(mut options) => {
                // Without one named, the driver finds its own.
                if let Ok(binary) = std::env::var("CHROMIUM") {
                    options["binary"] = binary.into();
                }
                Capabilities::from_iter([
                    named("browserName", json!("chrome")),
                    named("goog:chromeOptions", options),
                    named("goog:loggingPrefs", json!({ "browser": "ALL" })),
                ])
            }
            Self::Firefox(options) => Capabilities::from_iter([
                named("browserName", json!("firefox")),
                named("moz:firefoxOptions", options),
                named("webSocketUrl", json!(true)),
            ]),
            Self::WebKit(options) => Capabilities::from_iter([
                named("browserName", json!("MiniBrowser")),
                named("webkitgtk:browserOptions", options),
            ]),
        }
    }
}

/// Chromium as a buyer has it: its popup blocker works.
pub fn chromium(way: Way) -> Value {
    let mut options = json!({
        "args": [
            "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--disable-dev-shm-usage", "--window-size=1280,1000",
            // Pages that scroll smoothly would keep a press waiting.
            "--force-prefers-reduced-motion", "--lang=ko-KR",
        ],
        "excludeSwitches": ["disable-popup-blocking"],
    });
    if way.is_phone() {
        options["mobileEmulation"] = json!({
            "deviceMetrics": { "width": PHONE.0, "height": PHONE.1, "pixelRatio": 3.0, "touch": true },
            "userAgent": "Mozilla/5.0 (Linux; Android 15; SM-S931N) AppleWebKit/537.36 \
                          (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36",
        });
    }
    options
}

/// Firefox as a buyer has it: its popup blocker works, which its driver would switch off.
fn firefox(way: Way) -> Value {
    let binary = std::env::var("FIREFOX").expect("FIREFOX names the browser");
    let mut preferences = json!({
        "dom.disable_open_during_load": true,
        "intl.accept_languages": "ko-KR, ko, en-US, en",
        // Pages that scroll smoothly would keep a press waiting.
        "ui.prefersReducedMotion": 1,
        // Processes that are started ahead of time serve nobody who leaves after seconds.
        "dom.ipc.processPrelaunch.enabled": false,
        "browser.newtab.preload": false,
        "browser.newtabpage.enabled": false,
    });
    if way.is_phone() {
        let phone = json!({
            "general.useragent.override":
                "Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0",
            "dom.w3c_touch_events.enabled": 1,
            "dom.w3c_touch_events.legacy_apis.enabled": true,
            // Fingers, and nothing that hovers.
            "ui.primaryPointerCapabilities": 1,
            "ui.allPointerCapabilities": 1,
        });
        for (name, value) in phone.as_object().unwrap() {
            preferences[name] = value.clone();
        }
    }
    json!({ "binary": binary, "args": ["-headless"], "prefs": preferences })
}

/// WebKitGTK; on a phone it says that it is an iPhone's, in a window as narrow as it makes them.
fn webkit(way: Way) -> Value {
    let mut words = vec!["--automation".to_owned()];
    if way.is_phone() {
        words.push(format!("--geometry={}x{}", PHONE.0, PHONE.1));
        words.push(
            "--user-agent=Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) \
             AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.1 Mobile/15E148 Safari/604.1"
                .to_owned(),
        );
    } else {
        words.push("--geometry=1280x1000".to_owned());
    }
    let binary = std::env::var("MINIBROWSER").expect("MINIBROWSER names WebKitGTK's browser");
    json!({ "binary": binary, "args": words })
}

/// A driver of one journey's own, ended with all its browsers when it is dropped: a browser that
/// breaks takes nothing with it but its journey.
pub struct Driver {
    /// Where it listens.
    pub url: String,
    undertaker: Child,
}

impl Drop for Driver {
    fn drop(&mut self) {
        drop(self.undertaker.stdin.take());
        let _ended = self.undertaker.wait();
    }
}

impl Driver {
    /// Starts the driver, and waits until it listens.
    pub fn start(world: &World) -> Self {
        let port = world.driver_port;
        let folder =
            std::env::temp_dir().join(format!("hanbeon-browser-{}-{port}", std::process::id()));
        let mut command = Command::new("sh");
        command.args(["-c", UNDERTAKER, "undertaker"]).arg(folder);
        let named = |variable: &str, usual: &str| {
            std::env::var_os(variable).map_or_else(|| PathBuf::from(usual), PathBuf::from)
        };
        match Engine::of_this_run() {
            Engine::Chromium => {
                command.arg(named("CHROMEDRIVER", "chromedriver")).arg(format!("--port={port}"));
            }
            Engine::Firefox => {
                command
                    .arg(named("GECKODRIVER", "geckodriver"))
                    .args(["--host", "127.0.0.1", "--port", &port.to_string()])
                    .args(["--websocket-port", &world.socket_port.to_string()])
                    .env("MOZ_HEADLESS_WIDTH", "1280")
                    .env("MOZ_HEADLESS_HEIGHT", "1000")
                    .env("MOZ_CRASHREPORTER_DISABLE", "1");
            }
            Engine::WebKit => {
                command
                    .arg(named("WEBKITDRIVER", "WebKitWebDriver"))
                    .args(["--host=127.0.0.1".to_owned(), format!("--port={port}")])
                    .env("SCREEN", "1400x1100x24")
                    .env("LANGUAGE", "ko_KR:ko");
            }
        }
        // Buyers are in Korea, wherever the test runs.
        let undertaker = command
            .env("TZ", "Asia/Seoul")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("sh starts");
        let begun = now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(begun.elapsed() < START_WAIT, "the browser's driver did not start");
            thread::sleep(LOOK_EVERY);
        }
        Self { url: format!("http://127.0.0.1:{port}"), undertaker }
    }
}
