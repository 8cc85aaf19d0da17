//! The jobs: what is done to every worker in turn, and checked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::load::{Answer, Shot, Volley, fire};
use super::server::Server;
use super::worker::{Worker, row};

/// Requests of the first, unmeasured volley: they warm the worker, and tell how fast it is.
const PILOT: usize = 200;
/// Tokens that are tried again after the power cut.
const REPLAYS: usize = 64;
/// A worker rests when it spends less than this in a while of watching.
const RESTS: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(250));
/// Whoever does not rest within this is measured all the same.
const REST_WAIT: Duration = Duration::from_secs(20);
/// Connections where nothing else is said.
pub const CONNECTIONS: usize = 32;
/// Pieces of what is reserved all day.
const MANY: u64 = 1_000_000;

/// Where the runtime keeps what is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Storage {
    /// A file system in memory: what the processor allows.
    Memory,
    /// The disk of this machine, with all that it takes until it says that something is kept.
    Disk,
}

impl Storage {
    /// In the order in which they are measured.
    pub const ALL: [Self; 2] = [Self::Memory, Self::Disk];

    /// Its name in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Disk => "disk",
        }
    }

    /// A folder of its own on this storage.
    #[must_use]
    pub fn folder(self, name: &str) -> PathBuf {
        let name = format!("hanbeon-bench-{name}-{}", std::process::id());
        match self {
            Self::Memory => PathBuf::from("/dev/shm").join(name),
            Self::Disk => crate::root().join("target/tmp").join(name),
        }
    }
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// A signed quote becomes a one-time token.
    Issue,
    /// The first attempt with a token, for something that nobody counts.
    Verify,
    /// The same for something of which there are many, and everybody wants it.
    Reserve,
    /// Something of the runtime alone.
    Floor(&'static str),
    /// So many buyers at once for one last piece.
    LastItem(usize),
    /// So many buyers at once for as many last pieces, one each.
    ItemEach(usize),
}

impl Job {
    /// Its name in the report.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Issue => "issue".to_owned(),
            Self::Verify => "verify".to_owned(),
            Self::Reserve => "reserve".to_owned(),
            Self::Floor(path) => format!("floor{path}"),
            Self::LastItem(buyers) => format!("last item, {buyers} buyers"),
            Self::ItemEach(buyers) => format!("{buyers} buyers, an item each"),
        }
    }

    const fn is_for(self, worker: Worker) -> bool {
        matches!((self, worker), (Self::Floor(_), Worker::Floors))
            || !matches!(self, Self::Floor(_)) && !matches!(worker, Worker::Floors)
    }
}

/// A line of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Row {
    pub storage: Storage,
    pub job: Job,
    pub connections: usize,
}

/// What one turn of a worker at a row came to.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    pub rate: f64,
    pub p50: Duration,
    pub p99: Duration,
    /// Of the runtime, for each request.
    pub cpu: Duration,
    /// From the first request to the last answer.
    pub took: Duration,
}

/// Every sample of every worker at every row.
pub type Samples = BTreeMap<(Row, Worker), Vec<Sample>>;

/// The workers on one storage.
pub struct Field {
    storage: Storage,
    servers: BTreeMap<Worker, Server>,
    seconds: f64,
    numbers: u64,
    rates: BTreeMap<(Row, Worker), f64>,
    /// Tokens that were issued and not used.
    fresh: BTreeMap<Worker, Vec<String>>,
    /// Some that were used.
    used: BTreeMap<Worker, Vec<String>>,
}

impl Field {
    /// Starts all of them on fresh storage; a turn takes about so many seconds.
    ///
    /// # Errors
    /// One sentence.
    pub fn start(storage: Storage, base: u16, seconds: f64) -> Result<Self, String> {
        let mut servers = BTreeMap::new();
        for (port, worker) in (base..).zip(Worker::ALL) {
            let folder = storage.folder(worker.name());
            let _absent = std::fs::remove_dir_all(&folder);
            std::fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
            let server = Server::start(&worker.words(), &folder, port)?;
            server.wait(worker.health())?;
            servers.insert(worker, server);
        }
        let (numbers, rates) = (0, BTreeMap::new());
        let (fresh, used) = (BTreeMap::new(), BTreeMap::new());
        Ok(Self { storage, servers, seconds, numbers, rates, fresh, used })
    }

    /// One turn of every worker at this row.
    ///
    /// # Errors
    /// What was wrong with an answer.
    pub fn take_turns(&mut self, row: Row, samples: &mut Samples) -> Result<(), String> {
        for worker in Worker::ALL.into_iter().filter(|worker| row.job.is_for(*worker)) {
            let sample = self
                .turn(row, worker)
                .map_err(|why| format!("{}, {}: {why}", worker.name(), row.job.name()))?;
            samples.entry((row, worker)).or_default().push(sample);
        }
        Ok(())
    }

    fn turn(&mut self, row: Row, worker: Worker) -> Result<Sample, String> {
        self.rest();
        if let Job::LastItem(buyers) | Job::ItemEach(buyers) = row.job {
            return self.rush(row, worker, buyers);
        }
        let rate = match self.rates.get(&(row, worker)) {
            Some(rate) => *rate,
            None => self.volley(row, worker, PILOT)?.0.rate(),
        };
        let count = (rate * self.seconds).max(1.0) as usize;
        let (volley, cpu) = self.volley(row, worker, count)?;
        self.rates.insert((row, worker), volley.rate());
        Ok(sample(&volley, cpu))
    }

    /// So many requests of this row, with what they cost the runtime.
    fn volley(
        &mut self,
        row: Row,
        worker: Worker,
        count: usize,
    ) -> Result<(Volley, Duration), String> {
        let first = self.numbers;
        self.numbers += count as u64;
        let numbers = first..self.numbers;
        let shots: Vec<Shot> = match row.job {
            Job::Issue => numbers.clone().map(|n| worker.exchange(n, "free", tomorrow())).collect(),
            Job::Verify => {
                let tokens = self.tokens(worker, count)?;
                self.used.insert(worker, tokens.iter().take(REPLAYS).cloned().collect());
                numbers.clone().zip(&tokens).map(|(n, token)| worker.attempt(n, token)).collect()
            }
            Job::Reserve => {
                self.one(worker, worker.stock("held-all-day", MANY))?;
                let tokens = self.tokens_for(worker, count, |_| "held-all-day".to_owned())?;
                numbers.clone().zip(&tokens).map(|(n, token)| worker.attempt(n, token)).collect()
            }
            Job::Floor(path) => numbers.clone().map(|n| Worker::floor(path, n)).collect(),
            Job::LastItem(_) | Job::ItemEach(_) => Vec::new(),
        };
        let (volley, cpu) = self.fire(worker, row.connections, shots)?;
        for (n, answer) in numbers.zip(&volley.answers) {
            match row.job {
                Job::Issue => {
                    let token = worker.token(answer)?;
                    self.fresh.entry(worker).or_default().push(token);
                }
                Job::Floor(_) => self::row(n, answer)?,
                _ => worker.begun(answer)?,
            }
        }
        self.leave(worker, &volley)?;
        Ok((volley, cpu))
    }

    /// The buyers leave their windows, unmeasured. Ours looks after whoever is in one, again and again, and
    /// would do so in later turns, its own and others'.
    fn leave(&self, worker: Worker, volley: &Volley) -> Result<(), String> {
        let shots = volley.answers.iter().filter_map(|answer| worker.leave(answer)).collect();
        let (left, _) = self.fire(worker, CONNECTIONS, shots)?;
        let stayed = left.answers.iter().find(|answer| answer.status != 200);
        stayed.map_or(Ok(()), |answer| Err(format!("a buyer cannot leave: {answer:?}")))
    }

    /// Waits until no worker has anything left to do.
    fn rest(&self) {
        let spent = || self.servers.values().map(Server::cpu).sum::<Duration>();
        let (little, long) = RESTS;
        for _ in 0..REST_WAIT.as_millis() / long.as_millis() {
            let before = spent();
            std::thread::sleep(long);
            if spent().saturating_sub(before) <= little {
                return;
            }
        }
    }

    /// Everybody at once; exactly one wins each piece.
    fn rush(&mut self, row: Row, worker: Worker, buyers: usize) -> Result<Sample, String> {
        let first = self.numbers;
        self.numbers += buyers as u64;
        let each = matches!(row.job, Job::ItemEach(_));
        let sku = |n: u64| if each { format!("held-{n}") } else { format!("held-{first}") };
        let numbers = first..self.numbers;
        let skus: std::collections::BTreeSet<String> = numbers.clone().map(sku).collect();
        let stocked = skus.iter().map(|sku| worker.stock(sku, 1)).collect();
        for answer in self.fire(worker, CONNECTIONS, stocked)?.0.answers {
            if answer.status != 200 {
                return Err(format!("the stock is not set: {answer:?}"));
            }
        }
        let tokens = self.tokens_for(worker, buyers, |at| sku(first + at as u64))?;
        let shots = numbers.zip(&tokens).map(|(n, token)| worker.attempt(n, token)).collect();
        let (volley, cpu) = self.fire(worker, row.connections, shots)?;
        let mut winners = 0;
        for answer in &volley.answers {
            winners += usize::from(worker.won(answer)?);
        }
        if winners != skus.len() {
            return Err(format!("I-4: {winners} won {} pieces", skus.len()));
        }
        self.leave(worker, &volley)?;
        Ok(sample(&volley, cpu))
    }

    /// Fresh tokens; what is missing is issued without being measured.
    fn tokens(&mut self, worker: Worker, count: usize) -> Result<Vec<String>, String> {
        let had = self.fresh.entry(worker).or_default();
        let mut tokens = had.split_off(had.len().saturating_sub(count));
        let missing = count - tokens.len();
        tokens.extend(self.tokens_for(worker, missing, |_| "free".to_owned())?);
        Ok(tokens)
    }

    fn tokens_for(
        &mut self,
        worker: Worker,
        count: usize,
        sku: impl Fn(usize) -> String,
    ) -> Result<Vec<String>, String> {
        let first = self.numbers;
        self.numbers += count as u64;
        let shots = (first..self.numbers)
            .enumerate()
            .map(|(at, n)| worker.exchange(n, &sku(at), tomorrow()))
            .collect();
        let (volley, _) = self.fire(worker, CONNECTIONS, shots)?;
        volley.answers.iter().map(|answer| worker.token(answer)).collect()
    }

    fn one(&self, worker: Worker, shot: Shot) -> Result<Answer, String> {
        let (mut volley, _) = self.fire(worker, 1, vec![shot])?;
        let answer = volley.answers.pop().unwrap_or_default();
        if answer.status == 200 { Ok(answer) } else { Err(format!("{answer:?}")) }
    }

    fn fire(
        &self,
        worker: Worker,
        connections: usize,
        shots: Vec<Shot>,
    ) -> Result<(Volley, Duration), String> {
        let server = self.servers.get(&worker).ok_or("it was not started")?;
        if shots.is_empty() {
            return Ok((Volley { answers: Vec::new(), took: Duration::ZERO }, Duration::ZERO));
        }
        let before = server.cpu();
        let volley = fire(server.port, connections, shots)?;
        Ok((volley, server.cpu().saturating_sub(before)))
    }

    /// Ends everything as a power cut would, starts it again, and tries tokens that were answered: a fast
    /// answer that was not kept is none.
    ///
    /// # Errors
    /// Which worker forgot what.
    pub fn end(mut self) -> Result<(), String> {
        for (worker, server) in std::mem::take(&mut self.servers) {
            let (port, state) = (server.port, server.state.clone());
            server.kill();
            if let Some(used) = self.used.remove(&worker) {
                let server = Server::start(&worker.words(), &state, port)?;
                server.wait(worker.health())?;
                self.servers.insert(worker, server);
                self.remembers(worker, &used)?;
            }
            if let Some(server) = self.servers.remove(&worker) {
                server.kill();
            }
            let _left = std::fs::remove_dir_all(state);
        }
        Ok(())
    }

    fn remembers(&self, worker: Worker, used: &[String]) -> Result<(), String> {
        let shots = (0..).zip(used).map(|(n, token)| worker.attempt(u64::MAX - n, token));
        let (volley, _) = self.fire(worker, CONNECTIONS, shots.collect())?;
        let said = volley.answers.iter().try_for_each(Worker::replayed);
        let (name, storage) = (worker.name(), self.storage.name());
        said.map_err(|why| format!("I-9: {name} forgot what it had answered, on {storage}: {why}"))
    }
}

fn sample(volley: &Volley, cpu: Duration) -> Sample {
    let count = u32::try_from(volley.answers.len().max(1)).unwrap_or(u32::MAX);
    Sample {
        rate: volley.rate(),
        p50: volley.percentile(50),
        p99: volley.percentile(99),
        cpu: cpu / count,
        took: volley.took,
    }
}

#[expect(clippy::disallowed_methods, reason = "the shop signs by its own clock")]
pub(super) fn tomorrow() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    now.as_secs() + 86_400
}
