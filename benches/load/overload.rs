//! Twice as much as a server can do, for a minute: what it cannot do it may refuse (RESOURCE_EXHAUSTED), and that is all that may
//! happen to a client. What it can do is measured first, by many clients each of whom waits for an answer before it asks again.

use crate::calls::{Caller, Problem, id};
use crate::server::program;
use crate::tally::Tally;
use crate::worker::Worker;
use resurgam_harness::target::own_server;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tonic::Code;

/// Where the workflows are queued.
const QUEUE: &str = "overload";
/// Connections that clients share, and as many for the worker.
const CONNECTIONS: usize = 8;
/// Clients that wait for their answers while it is measured what the server can do.
const CLIENTS: usize = 400;
/// Calls under way at most: beyond that the clients are at their limit, not the server.
const MOST: usize = 20_000;
/// Between two looks at how many calls are to be made.
const STEP: Duration = Duration::from_millis(5);

/// How much, and how long.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Nodes of the server, all in one process.
    #[arg(long, default_value_t = 3)]
    nodes: u16,
    /// Seconds for which it is measured what the server can do.
    #[arg(long, default_value_t = 10)]
    capacity_seconds: u64,
    /// How many times that is asked of it.
    #[arg(long, default_value_t = 2.0)]
    times: f64,
    /// For so many seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
}

/// Measures, and prints how calls ended.
///
/// # Errors
/// A call failed in a way that nobody who made it could have caused.
pub(crate) async fn measure(options: &Options) -> Result<(), Problem> {
    let mut server = own_server::start_released(&program("resurgam-server")?, &[], options.nodes).await?;
    let (clients, work) = (Tally::default(), Tally::default());
    let mut callers = Vec::new();
    for _ in 0..2 * CONNECTIONS {
        callers.push(Caller::connect(&server).await?);
    }
    let (outside, workers) = callers.split_at(CONNECTIONS);
    let _worker = Worker::start(workers, QUEUE, 1, &work);
    let capacity = capacity(outside, &clients, Duration::from_secs(options.capacity_seconds)).await;
    println!(
        "{capacity:.0} workflows per second are started and described by {CLIENTS} clients, while a worker does what it can"
    );
    let rate = capacity * options.times;
    let begun = Instant::now();
    let (started, most) = flood(outside, &clients, rate, Duration::from_secs(options.seconds)).await;
    println!(
        "{started} were started in {:.0} s, which is {:.1} times as many per second; {most} calls were under way at most",
        begun.elapsed().as_secs_f64(),
        started as f64 / begun.elapsed().as_secs_f64() / capacity
    );
    println!("clients: {clients}");
    println!("workers: {work}");
    if let Some(status) = server.ended() {
        return Err(format!("the server ended: {status}").into());
    }
    let refusals = |_: &str, code| code == Code::ResourceExhausted;
    // Who answers after the time of a task is over is told that it is gone.
    let late = |call: &str, code| refusals(call, code) || call.starts_with("completions") && code == Code::NotFound;
    match clients.failed(refusals) + work.failed(late) {
        0 => Ok(()),
        bad => Err(format!("{bad} calls failed that were no refusals").into()),
    }
}

/// Workflows per second that are started and described while each of so many clients waits for its answers.
async fn capacity(callers: &[Caller], tally: &Tally, lasts: Duration) -> f64 {
    let done = Arc::new(AtomicU64::new(0));
    let mut running = JoinSet::new();
    for caller in callers.iter().cycle().take(CLIENTS) {
        let (caller, tally, done) = (caller.clone(), tally.clone(), Arc::clone(&done));
        running.spawn(async move {
            loop {
                start_and_describe(&caller, &tally).await;
                done.fetch_add(1, Ordering::Relaxed);
            }
        });
    }
    sleep(lasts / 5).await;
    let (begun, before) = (Instant::now(), done.load(Ordering::Relaxed));
    sleep(lasts).await;
    (done.load(Ordering::Relaxed) - before) as f64 / begun.elapsed().as_secs_f64()
}

async fn start_and_describe(caller: &Caller, tally: &Tally) {
    let workflow_id = id();
    if tally.count("starts", caller.start(&workflow_id, QUEUE, 0).await).is_some() {
        tally.count("descriptions", caller.describe(&workflow_id).await);
    }
}

/// Starts and describes so many workflows per second, whatever has become of those before; how many, and how many of these pairs of
/// calls were under way at most.
async fn flood(callers: &[Caller], tally: &Tally, rate: f64, lasts: Duration) -> (u64, usize) {
    let begun = Instant::now();
    let mut ticks = interval(STEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut started, mut most, mut running) = (0_u64, 0, JoinSet::new());
    let mut callers = callers.iter().cycle();
    while begun.elapsed() < lasts {
        ticks.tick().await;
        while running.try_join_next().is_some() {}
        let due = (begun.elapsed().as_secs_f64() * rate) as u64;
        while started < due
            && running.len() < MOST
            && let Some(caller) = callers.next()
        {
            started += 1;
            let (caller, tally) = (caller.clone(), tally.clone());
            running.spawn(async move { start_and_describe(&caller, &tally).await });
        }
        most = most.max(running.len());
    }
    while running.join_next().await.is_some() {}
    (started, most)
}
