//! What a step of a workflow costs, by how much it does not touch: a signal after few and after many others, one beyond the
//! limit, an activity among few and among many. Through a shard on a store in memory, with the checks of a released server.
//!
//! `cargo bench -p resurgam-benches --bench step` prints CPU time per step. All of a step is in it: the way into the shard, the
//! commit, the history node, the tasks that it orders.

#![allow(missing_docs)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use resurgam_benches::alone::Alone;
use resurgam_benches::busy::cpu_time;
use resurgam_orchestrator::invariant::{Checks, choose};
use std::time::{Duration, Instant};

/// Signals that a run takes.
const LIMIT: usize = 10_000;
/// Steps over which one figure is taken: the grain of CPU time is 10 ms.
const STEPS: usize = 1_000;

/// Callers who signal one workflow at the same time.
const CALLERS: usize = 256;

fn print(what: &str, spent: Duration, steps: usize) {
    println!("{what:<44} {:8.1} us of CPU per step", 1e6 * spent.as_secs_f64() / steps as f64);
}

fn now() -> Duration {
    cpu_time().unwrap_or_default()
}

/// Signals to one run, each `STEPS` of them measured around those counts.
async fn signals(shard: &Alone) {
    shard.start("signalled").await.unwrap();
    let mut sent = 0;
    for (from, what) in [(0, "a signal after 0 to 1,000 others"), (LIMIT - STEPS, "a signal after 9,000 to 10,000")] {
        while sent < from {
            shard.signal("signalled").await.unwrap();
            sent += 1;
        }
        let before = now();
        for _ in 0..STEPS {
            shard.signal("signalled").await.unwrap();
        }
        sent += STEPS;
        print(what, now() - before, STEPS);
    }
    let before = now();
    for _ in 0..STEPS {
        assert!(shard.signal("signalled").await.is_err(), "the limit is passed");
    }
    print("a signal beyond the limit", now() - before, STEPS);
    // Each finds one signal at most.
    for number in 0..STEPS {
        shard.start(&format!("fresh-{number}")).await.unwrap();
    }
    let before = now();
    for number in 0..STEPS {
        shard.signal(&format!("fresh-{number}")).await.unwrap();
    }
    print("the first signal", now() - before, STEPS);
}

/// Activities that are started and completed while others are pending.
async fn activities(shard: &Alone) {
    let mut alone = Vec::new();
    for number in 0..STEPS / 2 {
        let id = format!("single-{number}");
        shard.start(&id).await.unwrap();
        alone.extend(shard.schedule(&id, 1).await.unwrap());
    }
    shard.start("many").await.unwrap();
    let many = shard.schedule("many", 2_000).await.unwrap();
    for (tasks, what) in
        [(alone, "an activity with no other pending"), (many, "an activity with 2,000 to 1,500 pending")]
    {
        let before = now();
        for task in &tasks[..STEPS / 2] {
            shard.complete(task).await.unwrap();
        }
        print(what, now() - before, STEPS);
    }
}

/// How long signals to one workflow take, while nobody else asks for anything and while many signal another one at once.
async fn neighbours(shard: &Alone) {
    let mut quiet = Duration::ZERO;
    for (callers, what) in [(0, "alone"), (CALLERS, "beside a hot workflow")] {
        let (hot, neighbour) = (format!("hot-{callers}"), format!("neighbour-{callers}"));
        shard.start(&hot).await.unwrap();
        shard.start(&neighbour).await.unwrap();
        let busy: Vec<_> = (0..callers)
            .map(|_| {
                let (shard, hot) = (shard.clone(), hot.clone());
                tokio::spawn(async move {
                    // In the end it has taken as many as it may: those who are refused go on all the same.
                    loop {
                        shard.signal(&hot).await.ok();
                    }
                })
            })
            .collect();
        let mut taken = Vec::new();
        for _ in 0..STEPS {
            let begun = Instant::now();
            shard.signal(&neighbour).await.unwrap();
            taken.push(begun.elapsed());
        }
        busy.iter().for_each(tokio::task::JoinHandle::abort);
        taken.sort();
        let [half, most] = [50, 99].map(|percent| taken[STEPS * percent / 100]);
        quiet = if callers == 0 { most } else { quiet };
        let ratio = most.as_secs_f64() / quiet.as_secs_f64();
        println!("a signal {what:<35} {half:8.1?} in the median, {most:.1?} in 99 of 100: {ratio:.1} of alone");
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    choose(Checks::States);
    runtime.block_on(async {
        let shard = Alone::new();
        signals(&shard).await;
        activities(&shard).await;
        neighbours(&shard).await;
    });
}
