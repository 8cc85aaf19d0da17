//! A long run seen from outside: how far it is, how long it will take, and how it is told to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::{Order, Report, Watch, run_all};

/// A line on stderr so often.
const LINE_EVERY: Duration = Duration::from_secs(20);
/// How soon the end of a run is noticed.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Runs many seeds, tells on stderr how far it is, and ends early on Ctrl-C with what it found by then. Whether
/// it was interrupted.
///
/// # Errors
/// When the process cannot listen to signals.
pub fn run_watched(order: &Order) -> std::io::Result<(Report, bool)> {
    let watch = Watch::default();
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        // Who presses twice does not want to wait for the seeds under way.
        flag::register_conditional_shutdown(signal, 130, Arc::clone(&interrupted))?;
        flag::register(signal, Arc::clone(&interrupted))?;
        flag::register(signal, Arc::clone(&watch.stop))?;
    }
    let (over, begun) = (AtomicBool::new(false), now());
    let report = thread::scope(|scope| {
        scope.spawn(|| tell(order, &watch, &over, begun));
        let report = run_all(order, &watch);
        over.store(true, Ordering::Relaxed);
        report
    });
    Ok((report, interrupted.load(Ordering::Relaxed)))
}

fn tell(order: &Order, watch: &Watch, over: &AtomicBool, begun: Instant) {
    let mut next = LINE_EVERY;
    while !over.load(Ordering::Relaxed) {
        thread::sleep(LOOK_EVERY);
        if begun.elapsed() >= next {
            next += LINE_EVERY;
            eprintln!("{}", line(order, watch, begun.elapsed()));
        }
    }
}

fn line(order: &Order, watch: &Watch, elapsed: Duration) -> String {
    let done = watch.done.load(Ordering::Relaxed);
    let failed = watch.failed.load(Ordering::Relaxed);
    let left = order.seeds.saturating_sub(done);
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let rate = done.saturating_mul(1_000).checked_div(millis).unwrap_or(0);
    let seconds = left.checked_div(rate).unwrap_or(0);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    let seeds = order.seeds;
    format!(
        "{done} of {seeds} seeds, {rate} a second, {minutes}:{seconds:02} left, {failed} failing"
    )
}

/// The wall clock of the figures.
#[expect(clippy::disallowed_methods, reason = "how long it takes; nothing in a run knows it")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_far_it_is_and_how_long_it_takes() {
        let order = Order {
            first: 0,
            seeds: 10_000_000,
            threads: 2,
            failures_max: 1,
            plant: None,
            level: None,
        };
        let watch = Watch::default();
        assert!(
            line(&order, &watch, Duration::ZERO).starts_with("0 of 10000000 seeds, 0 a second")
        );
        watch.done.store(2_000_000, Ordering::Relaxed);
        let line = line(&order, &watch, Duration::from_secs(100));
        assert_eq!(line, "2000000 of 10000000 seeds, 20000 a second, 6:40 left, 0 failing");
    }
}
