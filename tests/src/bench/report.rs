//! What came of a run: medians, and what they are beside each other.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::cold::{First, STARTERS, Start, delta_ms, median_ms};
use super::count::Counts;
use super::growth::{Grown, REQUESTS, cost_growth};
use super::jobs::{Job, Row, Sample, Samples, Storage};
use super::worker::Worker;

/// The medians of a run.
#[derive(Debug, Default)]
pub struct Report {
    /// Every worker at every row.
    pub medians: BTreeMap<(Row, Worker), Sample>,
    /// What an order costs at each size.
    pub grown: Vec<Grown>,
    /// Every cold start.
    pub starts: Vec<Start>,
    /// What an order does.
    pub counts: Counts,
    /// What the platform counts of each worker, as gzip.
    pub uploads: Vec<(String, u64)>,
}

impl Report {
    /// Of all samples.
    #[must_use]
    pub fn of(samples: &Samples) -> Self {
        let medians = samples.iter().map(|(key, all)| (*key, median(all))).collect();
        Self { medians, ..Self::default() }
    }

    /// With the sizes of what is uploaded, `ours=1,common=2`.
    #[must_use]
    pub fn with_uploads(mut self, said: &str) -> Self {
        let one = |part: &str| {
            let (name, bytes) = part.split_once('=')?;
            Some((name.to_owned(), bytes.parse().ok()?))
        };
        self.uploads = said.split(',').filter_map(one).collect();
        self
    }

    /// A line for every worker at every row, for every size, and for every start.
    #[must_use]
    pub fn table(&self) -> String {
        let count = |(name, count): &(String, f64)| format!("an order: {count:>7.2} {name}\n");
        let counts = self.counts.iter().map(count).collect();
        let upload =
            |(name, bytes): &(String, u64)| format!("upload of {name:<7} {bytes:>9} bytes gzip\n");
        let uploads = self.uploads.iter().map(upload).collect();
        [self.rows(), self.sizes(), counts, self.colds(), uploads].concat()
    }

    fn rows(&self) -> String {
        if self.medians.is_empty() {
            return String::new();
        }
        let mut text = format!(
            "{:<7} {:<28} {:>5} {:<7} {:>9} {:>9} {:>9} {:>8} {:>8}\n",
            "storage", "job", "conns", "worker", "req/s", "p50 ms", "p99 ms", "all ms", "cpu us"
        );
        let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
        for ((row, worker), sample) in &self.medians {
            text += &format!(
                "{:<7} {:<28} {:>5} {:<7} {:>9.0} {:>9.2} {:>9.2} {:>8.0} {:>8}\n",
                row.storage.name(),
                row.job.name(),
                row.connections,
                worker.name(),
                sample.rate,
                ms(sample.p50),
                ms(sample.p99),
                ms(sample.took),
                sample.cpu.as_micros(),
            );
        }
        text
    }

    fn sizes(&self) -> String {
        if self.grown.is_empty() {
            return String::new();
        }
        let mut text = format!(
            "{:<16} {:>12} {:>10} {:>12} {:>12} {:>10} {:>8}\n",
            "checkouts there",
            "cpu us/order",
            "memory MB",
            "bytes/each",
            "bytes/more",
            "book MB",
            "filled s"
        );
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        for grown in &self.grown {
            text += &format!(
                "{:<16} {:>12} {:>10.0} {:>12} {:>12} {:>10.1} {:>8.0}\n",
                grown.size,
                grown.median().as_micros(),
                megabytes(grown.memory),
                grown.bytes_each(),
                grown.bytes_more(),
                megabytes(grown.book),
                grown.filled.as_secs_f64(),
            );
        }
        text
    }

    fn colds(&self) -> String {
        let mut text = String::new();
        for worker in STARTERS {
            let [health, issue] = First::ALL.map(|first| median_ms(&self.starts, worker, first));
            let Some((health, issue)) = health.zip(issue) else { continue };
            let name = worker.name();
            text += &format!(
                "cold start of {name:<7} {health:>6.1} ms to health, {issue:>6.1} ms to a token\n"
            );
        }
        text
    }

    /// Everything, for programs.
    #[must_use]
    pub fn json(&self) -> Value {
        let rows: Vec<Value> = self.medians.iter().map(|((row, worker), sample)| {
            json!({
                "storage": row.storage.name(), "job": row.job.name(), "connections": row.connections,
                "worker": worker.name(), "requests_per_second": rounded(sample.rate),
                "p50_ms": rounded(sample.p50.as_secs_f64() * 1_000.0),
                "p99_ms": rounded(sample.p99.as_secs_f64() * 1_000.0),
                "all_ms": rounded(sample.took.as_secs_f64() * 1_000.0),
                "cpu_us": sample.cpu.as_micros() as u64,
            })
        }).collect();
        json!({
            "ratios": self.ratios(Worker::Common),
            "ratios_twin": self.ratios(Worker::Twin),
            "ceilings": self.ceilings(),
            "rows": rows,
            "growth": self.grown.iter().map(grown).collect::<Vec<_>>(),
            "per_order": self.counts.iter().map(|(name, count)| (name.clone(), json!(rounded(*count)))).collect::<Map<_, _>>(),
            "upload_gzip_bytes": self.uploads.iter().map(|(name, bytes)| (name.clone(), json!(bytes))).collect::<Map<_, _>>(),
            "cold_start_ms": self.cold(),
            "cold_start_delta_ms": delta_ms(&self.starts, Worker::Common).map(rounded),
        })
    }

    fn cold(&self) -> Map<String, Value> {
        let medians = |worker| {
            let median = |first| median_ms(&self.starts, worker, first).map(rounded);
            let [health, issue] = First::ALL.map(median);
            (worker.name().to_owned(), json!({ "health": health, "issue": issue }))
        };
        STARTERS.into_iter().map(medians).collect()
    }

    /// Ours against another, as requests per second; `last_item` is a time, and less is better there, as in
    /// `cost_growth`, which is ours against ourselves, and in `cold_start_delta_ms`.
    #[must_use]
    pub fn ratios(&self, other: Worker) -> Map<String, Value> {
        let rate = |storage, job, connections, worker| {
            self.at(storage, job, connections, worker).map(|sample| sample.rate)
        };
        let against = |storage, job, connections| {
            let ours = rate(storage, job, connections, Worker::Ours)?;
            Some(ours / rate(storage, job, connections, other)?)
        };
        let last = |worker| {
            let at = self.at(Storage::Disk, Job::LastItem(256), 256, worker);
            at.map(|sample| sample.took.as_secs_f64())
        };
        let (memory, disk) = (Storage::Memory, Storage::Disk);
        let all = [
            ("issue_memory", against(memory, Job::Issue, 32)),
            ("issue_disk", against(disk, Job::Issue, 32)),
            ("verify_memory", against(memory, Job::Verify, 32)),
            ("verify_disk_32", against(disk, Job::Verify, 32)),
            ("verify_disk_128", against(disk, Job::Verify, 128)),
            ("reserve_disk", against(disk, Job::Reserve, 32)),
            (
                "reserve_floor",
                rate(disk, Job::Reserve, 32, Worker::Ours)
                    .zip(rate(disk, Job::Floor("/group"), 32, Worker::Floors))
                    .map(|(ours, floor)| ours / floor),
            ),
            ("last_item", last(Worker::Ours).zip(last(other)).map(|(ours, other)| ours / other)),
            ("cost_growth", cost_growth(&self.grown)),
            ("cold_start_delta_ms", delta_ms(&self.starts, other)),
        ];
        all.into_iter().map(|(name, ratio)| (name.to_owned(), json!(ratio.map(rounded)))).collect()
    }

    /// What a ratio could be at most: the runtime's own part of the job, without any of the work, against
    /// `common`. `/door` reads and says the headers that ours does, `/kept` also keeps the same rows.
    fn ceilings(&self) -> Map<String, Value> {
        let most = |storage, job, floor, connections| {
            let floor = self.at(storage, Job::Floor(floor), connections, Worker::Floors)?;
            Some(floor.rate / self.at(storage, job, connections, Worker::Common)?.rate)
        };
        let (memory, disk) = (Storage::Memory, Storage::Disk);
        let all = [
            ("issue_memory", most(memory, Job::Issue, "/door", 32)),
            ("issue_disk", most(disk, Job::Issue, "/door", 32)),
            ("verify_memory", most(memory, Job::Verify, "/kept", 32)),
            ("verify_disk_32", most(disk, Job::Verify, "/kept", 32)),
            ("verify_disk_128", most(disk, Job::Verify, "/kept", 128)),
            ("reserve_disk", most(disk, Job::Reserve, "/group", 32)),
        ];
        all.into_iter().map(|(name, ratio)| (name.to_owned(), json!(ratio.map(rounded)))).collect()
    }

    fn at(
        &self,
        storage: Storage,
        job: Job,
        connections: usize,
        worker: Worker,
    ) -> Option<&Sample> {
        self.medians.get(&(Row { storage, job, connections }, worker))
    }
}

fn grown(grown: &Grown) -> Value {
    json!({
        "checkouts": grown.size,
        "cpu_us_per_order": grown.median().as_micros() as u64,
        "cpu_us_per_order_each_turn": grown.cpu.iter().map(|cpu| cpu.as_micros() as u64).collect::<Vec<_>>(),
        "cpu_us_per_request": grown.median().as_micros() as u64 / u64::from(REQUESTS),
        "memory_bytes": grown.memory,
        "bytes_per_checkout": grown.bytes_each(),
        "bytes_per_further_checkout": grown.bytes_more(),
        "book_bytes": grown.book,
        "filled_seconds": rounded(grown.filled.as_secs_f64()),
    })
}

fn median(all: &[Sample]) -> Sample {
    let of = |value: fn(&Sample) -> f64| {
        let mut values: Vec<f64> = all.iter().map(value).collect();
        values.sort_unstable_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    let time = |value| Duration::from_secs_f64(of(value));
    Sample {
        rate: of(|sample| sample.rate),
        p50: time(|sample| sample.p50.as_secs_f64()),
        p99: time(|sample| sample.p99.as_secs_f64()),
        cpu: time(|sample| sample.cpu.as_secs_f64()),
        took: time(|sample| sample.took.as_secs_f64()),
    }
}

/// Three digits behind the point say more than a shared machine knows.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::growth::Grown;

    fn grown(size: u32, micros: [u64; 3]) -> Grown {
        Grown { size, cpu: micros.map(Duration::from_micros).to_vec(), ..Grown::default() }
    }

    fn sample(rate: f64, took: u64) -> Sample {
        let time = Duration::from_millis(took);
        Sample { rate, p50: time, p99: time, cpu: Duration::from_micros(took), took: time }
    }

    #[test]
    fn growth_is_the_median_ratio_of_turns_at_the_largest_and_the_smallest_size() {
        let all = [
            grown(10_000, [900, 1_000, 5_000]),
            grown(100_000, [1, 2, 3]),
            grown(1_000_000, [1_100, 1_050, 900]),
        ];
        let report = Report { grown: all.to_vec(), ..Report::default() };
        let json = report.json();
        assert_eq!(json["ratios"]["cost_growth"], 1.05);
        assert_eq!(json["ratios_twin"]["cost_growth"], 1.05);
        assert_eq!(json["growth"][2]["cpu_us_per_order"], 1_050);
        let one = Report { grown: all[..1].to_vec(), ..Report::default() };
        assert_eq!(one.json()["ratios"]["cost_growth"], Value::Null, "one size compares nothing");
    }

    #[test]
    fn a_ratio_is_ours_over_the_others_median_and_null_where_nobody_was_measured() {
        let row = Row { storage: Storage::Disk, job: Job::Verify, connections: 32 };
        let last = Row { storage: Storage::Disk, job: Job::LastItem(256), connections: 256 };
        let mut samples = Samples::new();
        samples.insert(
            (row, Worker::Ours),
            [2_000.0, 9.0, 3_000.0].map(|rate| sample(rate, 1)).to_vec(),
        );
        samples.insert((row, Worker::Common), vec![sample(200.0, 1)]);
        samples.insert((last, Worker::Ours), vec![sample(1.0, 40)]);
        samples.insert((last, Worker::Common), vec![sample(1.0, 80)]);
        let ratios = Report::of(&samples).ratios(Worker::Common);
        assert_eq!(ratios["verify_disk_32"], 10.0);
        assert_eq!(ratios["last_item"], 0.5, "a time: less is better");
        assert_eq!(ratios["issue_memory"], Value::Null);
    }

    #[test]
    fn what_is_uploaded_is_told_by_name() {
        let report = Report::default().with_uploads("ours=190000,common=16244");
        assert_eq!(
            report.json()["upload_gzip_bytes"],
            json!({ "ours": 190_000, "common": 16_244 })
        );
        assert!(Report::default().with_uploads("").uploads.is_empty());
    }
}
