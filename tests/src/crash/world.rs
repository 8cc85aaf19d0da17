//! One world: its runtime lives and is killed, life after life, while buyers buy; then everything calms down,
//! time passes, and the books are compared.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::audit::Findings;
use super::ledger::{Ledger, Sale};
use super::moment::{Heard, LIFE_MAX, Moment, Trip};
use super::runtime::{Place, Runtime, words};
use super::scene::Scene;
use super::story::STORIES;
use super::{Shared, dice, now, wires};
use crate::demo::Config;

/// From the word to the first answer, on a busy machine.
const START_WAIT: Duration = Duration::from_secs(60);
/// A life of which something is forgotten: long enough that somebody was told something in it.
const DOUBTED_LIFE: Duration = Duration::from_millis(1_500);
/// Stories that are told beside each other in a world: so many payments are in flight at a kill.
const BESIDE: usize = 6;
/// How far time has passed at each look of the calm, in milliseconds: so close that nobody is called for what
/// the next look decides, until windows, holds and checkouts have ended; then past the plan of notices.
const CALM_MS: [i64; 20] = [
    2_000,
    15_000,
    60_000,
    3 * MINUTE_MS,
    6 * MINUTE_MS,
    12 * MINUTE_MS,
    18 * MINUTE_MS,
    24 * MINUTE_MS,
    30 * MINUTE_MS,
    36 * MINUTE_MS,
    42 * MINUTE_MS,
    48 * MINUTE_MS,
    54 * MINUTE_MS,
    60 * MINUTE_MS,
    66 * MINUTE_MS,
    72 * MINUTE_MS,
    120 * MINUTE_MS,
    26 * 60 * MINUTE_MS,
    3 * 24 * 60 * MINUTE_MS,
    5 * 24 * 60 * MINUTE_MS,
];
const MINUTE_MS: i64 = 60_000;
/// How long what became due may take then, in real time.
const CALM_WAIT: Duration = Duration::from_secs(20);
/// Between two looks of the calm.
const CALM_PAUSE: Duration = Duration::from_millis(250);

/// What became of a world.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How often it was killed.
    pub kills: u64,
    /// From the word to the first answer, of each restart.
    pub restarts: Vec<Duration>,
    /// What is wrong.
    pub findings: Findings,
    /// What was acknowledged, by kind.
    pub acknowledged: std::collections::BTreeMap<&'static str, u64>,
    /// Checkouts that were opened.
    pub checkouts: u64,
}

/// A world that is set up: shop and providers answer, its runtime does not live yet.
pub struct World {
    place: Place,
    scene: Scene,
    trip: Trip,
}

impl World {
    /// The `nth` of a run, with its storage in `folder`.
    ///
    /// # Errors
    /// When a port or the folder is not to be had.
    pub fn build(root: &Path, folder: &Path, nth: usize) -> Result<Self, String> {
        let base = free_base(nth)?;
        let state = folder.join(format!("state-{nth}"));
        std::fs::create_dir_all(&state).map_err(|error| format!("{}: {error}", state.display()))?;
        let config = Config::for_base(base, root.join("public"));
        let (trip, ledger) = (Trip::default(), Arc::new(Ledger::default()));
        wires::serve(&config, base, &trip, &ledger)?;
        let scene = Scene::new(&format!("w{nth}"), base, &config.shop_origin, ledger);
        let log = folder.join(format!("world-{nth}.log"));
        let root = root.to_path_buf();
        Ok(Self { place: Place { root, base, state, log }, scene, trip })
    }

    /// Where its parties stand.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// A runtime that lives to the end.
    ///
    /// # Errors
    /// When it does not start.
    pub fn calm_runtime(&self) -> Result<Runtime, String> {
        let mut line = Line::default();
        self.calm_life(Runtime::standby(&self.place)?, &mut line)
    }

    fn calm_life(&self, mut runtime: Runtime, line: &mut Line) -> Result<Runtime, String> {
        line.life += 1;
        runtime.begin(None, &words(line.life, &line.to))?;
        match line.hears(START_WAIT, |_| {}) {
            Said::Ready => Ok(runtime),
            said => Err(self.did_not_start(said, None)),
        }
    }

    fn did_not_start(&self, said: Said, moment: Option<&Moment>) -> String {
        let log = self.place.log.display();
        format!("the runtime did not start: {said:?}, {moment:?}, see {log}")
    }

    /// Lives and dies as often as the run wants, and is looked at.
    ///
    /// # Errors
    /// When the runtime does not come up.
    pub fn run(&self, shared: &Shared) -> Result<Outcome, String> {
        // The book has its tables before anybody buys, as it has in a deployment.
        self.calm_runtime()?.kill()?;
        let mut outcome = Outcome::default();
        let over = AtomicBool::new(false);
        let told = AtomicUsize::new(0);
        let compared = Mutex::new(Findings::default());
        let (compare, sales) = mpsc::channel::<Vec<usize>>();
        let last = thread::scope(|scope| {
            for _ in 0..BESIDE {
                scope.spawn(|| self.tell(&told, &over));
            }
            scope.spawn(|| self.compare(sales, &compared));
            let last = self.lives(shared, &compare, &mut outcome);
            over.store(true, Ordering::Relaxed);
            drop(compare);
            last
        })?;
        self.calm();
        outcome.findings = compared.into_inner().unwrap_or_else(PoisonError::into_inner);
        outcome.findings.add(self.audit());
        let odd = self.scene.ledger.odds().into_iter().map(|odd| (odd, String::new()));
        outcome.findings.unequal.extend(odd);
        self.scene.ledger.counted("webhooks", self.scene.webhooks());
        outcome.acknowledged = self.scene.ledger.counts();
        outcome.checkouts = outcome.acknowledged.get("open").copied().unwrap_or(0);
        last.kill()?;
        Ok(outcome)
    }

    /// One story after the other.
    fn tell(&self, told: &AtomicUsize, over: &AtomicBool) {
        while !over.load(Ordering::Relaxed) {
            let story = STORIES[told.fetch_add(1, Ordering::Relaxed) % STORIES.len()];
            let _told = story(&self.scene);
        }
    }

    /// What was acknowledged in one life is looked for in the next ones.
    fn compare(&self, sales: mpsc::Receiver<Vec<usize>>, compared: &Mutex<Findings>) {
        for sale in sales.into_iter().flatten() {
            let mut found = compared.lock().unwrap_or_else(PoisonError::into_inner);
            let sale = self.scene.ledger.sale(sale);
            self.scene.compare(&sale, &mut found);
            self.scene.open_again(&sale, &mut found);
        }
    }

    /// Life after life; the last one goes on.
    fn lives(
        &self,
        shared: &Shared,
        compare: &mpsc::Sender<Vec<usize>>,
        outcome: &mut Outcome,
    ) -> Result<Runtime, String> {
        let mut line = Line::default();
        let mut runtime = Runtime::standby(&self.place)?;
        while let Some(kill) = shared.next_kill() {
            let moment = if shared.doubt {
                Moment::AnyTime(DOUBTED_LIFE)
            } else {
                shared.moments(|moments| moments.next(kill, dice(shared.seed, kill)))
            };
            line.life += 1;
            self.trip.arm(&moment, line.life, &line.to);
            runtime.begin(moment.stop(), &words(line.life, &line.to))?;
            // It loads while this one lives.
            let next = Runtime::standby(&self.place)?;
            let came = self.live(&moment, &line, shared, compare, outcome)?;
            runtime.kill()?;
            runtime = next;
            outcome.kills += 1;
            if came {
                shared.moments(|moments| moments.came(&moment));
            }
            if shared.doubt {
                self.lie(outcome.kills)?;
            }
            shared.killed(outcome.kills);
        }
        let runtime = self.calm_life(runtime, &mut line)?;
        let _sent = compare.send(self.scene.ledger.touched());
        Ok(runtime)
    }

    /// From the word to the moment, which may come before the first answer; whether it came.
    fn live(
        &self,
        moment: &Moment,
        line: &Line,
        shared: &Shared,
        compare: &mpsc::Sender<Vec<usize>>,
        outcome: &mut Outcome,
    ) -> Result<bool, String> {
        let knows = |step: &str| shared.moments(|all| all.knows(step));
        let begun = now();
        match line.hears(START_WAIT, knows) {
            Said::Now => return Ok(true),
            Said::Ready => {}
            said @ (Said::Broken | Said::Nothing) => {
                return Err(self.did_not_start(said, Some(moment)));
            }
        }
        outcome.restarts.push(begun.elapsed());
        let _sent = compare.send(self.scene.ledger.touched());
        let (long, comes) = match moment {
            Moment::AnyTime(long) => (*long, true),
            Moment::Wire(..) | Moment::Write(_) => (LIFE_MAX, false),
        };
        match line.hears(long, knows) {
            Said::Now => Ok(true),
            Said::Nothing => Ok(comes),
            said @ (Said::Ready | Said::Broken) => Err(self.did_not_start(said, Some(moment))),
        }
    }

    /// A disk that says "written" and is not: every other life is forgotten.
    fn lie(&self, kills: u64) -> Result<(), String> {
        let kept = self.place.state.with_extension("kept");
        let (from, to) =
            if kills % 2 == 1 { (&self.place.state, &kept) } else { (&kept, &self.place.state) };
        let _old = std::fs::remove_dir_all(to);
        copy(from, to).map_err(|error| format!("{}: {error}", to.display()))
    }

    /// Nobody dies any more, and time passes until every order has its end.
    fn calm(&self) {
        let mut open = self.scene.ledger.sales();
        for offset in CALM_MS {
            let to = json!({ "offset_ms": offset });
            self.scene.control("/clock", &to);
            let _moved = self.scene.ask(|| self.scene.edge("POST", "/v1/demo/clock").json(&to));
            let _swept = self.scene.ask(|| self.scene.edge("POST", "/v1/demo/cron"));
            self.scene.deposits();
            open = self.until_quiet(open);
        }
    }
}

impl World {
    /// Looks at open sales until nothing changes any more; those that still are.
    fn until_quiet(&self, mut open: Vec<Sale>) -> Vec<Sale> {
        let begun = now();
        let (mut before, mut quiet) = (None, 0);
        while quiet < 2 && begun.elapsed() < CALM_WAIT {
            thread::sleep(CALM_PAUSE);
            let (still, versions) = self.scene.still_open(open);
            open = still;
            let now = Some((open.len(), versions));
            quiet = if now == before { quiet + 1 } else { 0 };
            before = now;
            if open.is_empty() {
                break;
            }
        }
        open
    }

    /// What is told late is not wrong yet: the last letters are still on their way.
    fn audit(&self) -> Findings {
        let begun = now();
        loop {
            let found = self.scene.audit();
            if found.is_clean() || begun.elapsed() > CALM_WAIT {
                return found;
            }
            thread::sleep(CALM_PAUSE);
        }
    }
}

/// What is said to the one who kills, life after life.
struct Line {
    to: mpsc::Sender<(u64, Heard)>,
    from: mpsc::Receiver<(u64, Heard)>,
    life: u64,
}

impl Default for Line {
    fn default() -> Self {
        let (to, from) = mpsc::channel();
        Self { to, from, life: 0 }
    }
}

/// What was said of the present life.
#[derive(Debug, Clone, Copy)]
enum Said {
    Ready,
    Now,
    Broken,
    Nothing,
}

impl Line {
    /// What is said next, within this time; ways to write are handed on.
    fn hears(&self, long: Duration, knows: impl Fn(&str)) -> Said {
        let begun = now();
        loop {
            let left = long.saturating_sub(begun.elapsed());
            let Ok((life, heard)) = self.from.recv_timeout(left) else { return Said::Nothing };
            match heard {
                Heard::Step(step) => knows(&step),
                _ if life != self.life => {}
                Heard::Ready => return Said::Ready,
                Heard::Now => return Said::Now,
                Heard::Broken => return Said::Broken,
            }
        }
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&from, &to)?;
        } else {
            std::fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

/// Three free ports in a row, others for each world and each process. Below those that the system hands out:
/// somebody who asks a dead runtime again and again would get its port sooner or later.
fn free_base(nth: usize) -> Result<u16, String> {
    let start = 10_000 + u16::try_from(std::process::id() % 2_000).unwrap_or(0) * 4;
    let free = |base: &u16| {
        (*base..base + 3).all(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok())
    };
    let mut bases = (start..start + 4_000).step_by(4).skip(nth * 100);
    bases.find(free).ok_or_else(|| "no three free ports in a row".to_owned())
}
