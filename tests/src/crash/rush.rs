//! A thousand buyers and one last piece, against the real stock object: exactly one of them gets a window.

use std::path::Path;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use super::now;
use super::page::Page;
use super::scene::{CAMERA, Scene};

/// Requests on their way at once: more sockets than that a machine need not give one process.
const BESIDE: usize = 250;
/// So often a checkout can be tried; then others are opened.
const ATTEMPTS_MAX: u64 = 10;
/// What a lane needs.
const STACK_BYTES: usize = 512 * 1024;
/// How long a piece may be on its way back.
const BACK_WAIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);
const AMOUNT: u64 = 31_000;

/// What became of the rounds.
#[derive(Debug, Default)]
pub struct Rounds {
    /// Rounds that were played.
    pub rounds: u64,
    /// Buyers that got a window, in all of them.
    pub winners: u64,
    /// Buyers that were told that it is sold out.
    pub losers: u64,
    /// What went wrong.
    pub wrong: Vec<String>,
}

/// Plays so many rounds with so many buyers.
///
/// # Errors
/// When the runtime does not start, or a piece does not come back.
pub fn play(root: &Path, folder: &Path, buyers: usize, rounds: u64) -> Result<Rounds, String> {
    let worlds = super::worlds(root, folder, 1)?;
    let Some(world) = worlds.first() else { return Err("no world".to_owned()) };
    let runtime = world.calm_runtime()?;
    let scene = world.scene();
    let mut played = Rounds::default();
    while played.rounds < rounds {
        let sku = scene.fresh("last");
        scene.set_stock(&sku, 1).ok_or_else(|| format!("{sku} cannot be counted"))?;
        let mut lanes = open(scene, &sku, buyers);
        let more = (rounds - played.rounds).min(ATTEMPTS_MAX);
        for _ in 0..more {
            round(scene, &sku, &mut lanes, &mut played)?;
        }
    }
    runtime.kill()?;
    Ok(played)
}

/// Does the same in every lane, at once.
fn beside<T: Send, R: Send>(lanes: &mut [T], each: impl Fn(&mut T) -> R + Sync) -> Vec<R> {
    thread::scope(|scope| {
        let begin = |lane| {
            let thread = thread::Builder::new().stack_size(STACK_BYTES);
            thread.spawn_scoped(scope, || each(lane)).ok()
        };
        let all: Vec<_> = lanes.iter_mut().filter_map(begin).collect();
        all.into_iter().filter_map(|lane| lane.join().ok()).collect()
    })
}

/// A checkout for everybody, in as many lanes as there are requests at once.
fn open<'a>(scene: &'a Scene, sku: &str, buyers: usize) -> Vec<Vec<Page<'a>>> {
    let count = BESIDE.min(buyers);
    let mut lanes: Vec<usize> = (0..count).collect();
    beside(&mut lanes, |lane| {
        let mine = (*lane..buyers).step_by(count);
        let opened = mine.filter_map(|_| scene.open(CAMERA, sku, AMOUNT));
        opened.map(|opened| Page::of(scene, opened)).collect()
    })
}

/// Everybody presses at once; who wins leaves again, and the piece comes back.
fn round(
    scene: &Scene,
    sku: &str,
    lanes: &mut [Vec<Page<'_>>],
    played: &mut Rounds,
) -> Result<(), String> {
    played.rounds += 1;
    // Everybody is there before the first one presses.
    let barrier = Barrier::new(lanes.len());
    let told = beside(lanes, |lane| {
        barrier.wait();
        lane.iter_mut().map(|page| page.press_once("toss_card", "redirect")).collect::<Vec<_>>()
    });
    let mut winners = 0;
    for begun in told.into_iter().flatten() {
        if begun["presentation"].is_object() {
            winners += 1;
        } else if begun["status"]["decline"]["code"] == "sold_out" {
            played.losers += 1;
        } else {
            played.wrong.push(format!("{sku}: {begun}"));
        }
    }
    played.winners += winners;
    if winners != 1 {
        played.wrong.push(format!("round {} has {winners} winners", played.rounds));
    }
    beside(lanes, |lane| lane.iter_mut().for_each(Page::leaves));
    comes_back(scene, sku)
}

fn comes_back(scene: &Scene, sku: &str) -> Result<(), String> {
    let begun = now();
    while scene.read(CAMERA, &format!("/v1/stock/{sku}"))["available"] != 1 {
        if begun.elapsed() > BACK_WAIT {
            return Err(format!("{sku} does not come back"));
        }
        thread::sleep(LOOK_EVERY);
    }
    Ok(())
}
