//! Workflows per second with many clients at a time.

use crate::calls::{Caller, Problem, id};
use crate::server::{Which, cpu, resident};
use crate::tally::Tally;
use crate::worker::Worker;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Connections that clients share, and as many for the worker.
const CONNECTIONS: usize = 4;
/// Where the workflows are queued.
const QUEUE: &str = "load";

/// What load, and how long.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Clients, each with one workflow at a time.
    #[arg(long, default_value_t = 100)]
    clients: usize,
    /// Activities of each workflow, one after the other.
    #[arg(long, default_value_t = 1)]
    activities: u32,
    /// Seconds that are measured, after a fifth of that to warm up.
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// How often both servers are measured in turn.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Only this server.
    #[arg(long, value_enum)]
    only: Option<Which>,
    /// Exit with an error if our server does not do so many times as many workflows as the real one.
    #[arg(long)]
    at_least: Option<f64>,
}

/// What was measured of one server in one round.
#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    workflows: u64,
    wall: Duration,
    cpu: Duration,
    worst: Duration,
    failed: u64,
}

impl Rate {
    fn per_second(&self) -> f64 {
        self.workflows as f64 / self.wall.as_secs_f64()
    }

    fn cpu_each(&self) -> f64 {
        self.cpu.as_secs_f64() * 1000.0 / self.workflows.max(1) as f64
    }
}

/// Measures, and prints a line for each round and the ratio of the means.
pub(crate) async fn measure(options: &Options) -> Result<(), Problem> {
    println!("{} clients, {} activities each, {} s", options.clients, options.activities, options.seconds);
    println!("server     workflows/s   server CPU ms each   longest ms   failed   resident MB");
    let mut sums = [(0.0, 0.0); 2];
    for _ in 0..options.rounds {
        for (sum, which) in sums.iter_mut().zip([Which::Builtin, Which::Temporal]) {
            if options.only.is_some_and(|only| only != which) {
                continue;
            }
            let server = which.start().await?;
            let rate = load(&server, options).await?;
            println!(
                "{which:<10} {:>11.1} {:>20.2} {:>12} {:>8} {:>13}",
                rate.per_second(),
                rate.cpu_each(),
                rate.worst.as_millis(),
                rate.failed,
                resident(&server)? >> 20
            );
            sum.0 += rate.per_second();
            sum.1 += rate.cpu_each();
        }
    }
    let [ours, real] = sums;
    if options.only.is_none() {
        println!(
            "ratio: {:.1} times the workflows per second, {:.2} of the CPU time each",
            ours.0 / real.0,
            ours.1 / real.1
        );
        if let Some(least) = options.at_least
            && ours.0 < least * real.0
        {
            return Err(format!("that is less than {least}").into());
        }
    }
    Ok(())
}

async fn load(server: &resurgam_harness::target::Started, options: &Options) -> Result<Rate, Problem> {
    let mut callers = Vec::new();
    for _ in 0..2 * CONNECTIONS {
        callers.push(Caller::connect(server).await?);
    }
    let (clients, workers) = callers.split_at(CONNECTIONS);
    let tally = Tally::default();
    let _worker = Worker::start(workers, QUEUE, options.activities, &tally);
    let seen = Arc::new(Seen::default());
    let mut running = JoinSet::new();
    for caller in clients.iter().cycle().take(options.clients) {
        running.spawn(client(caller.clone(), Arc::clone(&seen)));
    }
    tokio::time::sleep(Duration::from_millis(options.seconds * 200)).await;
    let (begun, cpu_before) = (Instant::now(), cpu(server)?);
    seen.worst.store(0, Ordering::Relaxed);
    let (done, failed) = (seen.done.load(Ordering::Relaxed), seen.failed.load(Ordering::Relaxed));
    tokio::time::sleep(Duration::from_secs(options.seconds)).await;
    let rate = Rate {
        workflows: seen.done.load(Ordering::Relaxed) - done,
        wall: begun.elapsed(),
        cpu: cpu(server)? - cpu_before,
        worst: Duration::from_micros(seen.worst.load(Ordering::Relaxed)),
        failed: seen.failed.load(Ordering::Relaxed) - failed,
    };
    if tally.failed(|_, _| false) > 0 {
        eprintln!("a worker's calls failed: {tally}");
    }
    seen.over.store(true, Ordering::Relaxed);
    let _ = tokio::time::timeout(Duration::from_secs(5), async { while running.join_next().await.is_some() {} }).await;
    Ok(rate)
}

/// What the clients of one server have seen so far.
#[derive(Default)]
struct Seen {
    done: AtomicU64,
    failed: AtomicU64,
    /// The longest time from a start to its result, in microseconds.
    worst: AtomicU64,
    over: AtomicBool,
}

async fn client(caller: Caller, seen: Arc<Seen>) {
    while !seen.over.load(Ordering::Relaxed) {
        let (workflow_id, begun) = (id(), Instant::now());
        let ended = match caller.start(&workflow_id, QUEUE, 0).await {
            Ok(()) => caller.closed(&workflow_id).await,
            failed => failed,
        };
        match ended {
            Ok(()) => {
                seen.done.fetch_add(1, Ordering::Relaxed);
                let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
                seen.worst.fetch_max(micros, Ordering::Relaxed);
            }
            Err(status) => {
                seen.failed.fetch_add(1, Ordering::Relaxed);
                eprintln!("a client failed: {status}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
