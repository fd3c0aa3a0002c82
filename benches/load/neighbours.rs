//! How long workflows wait beside a hot one: all of a server's shards have neighbours, and one workflow is signalled by many.
//!
//! The same calls are timed three times in turn: while nothing else happens, while others signal many workflows, and while the
//! same others signal one. The second says what a busy machine costs, and the third what is added because it is one workflow.

use crate::calls::{Caller, Problem, id};
use crate::server::Which;
use resurgam_harness::target::Started;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Connections that the others share.
const CONNECTIONS: usize = 4;
/// Workflows that are timed, over all shards, each in its turn.
const NEIGHBOURS: usize = 64;
/// Between two timed calls.
const PAUSE: Duration = Duration::from_millis(2);
/// Workflows over which the load is spread; a run takes 10,000 signals, so the hot one is another one in each round, too.
const SPREAD: usize = 256;

/// What load, and how long.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Signals per second of the others, together.
    #[arg(long, default_value_t = 1000)]
    rate: u64,
    /// Others, each with one signal at a time.
    #[arg(long, default_value_t = 64)]
    callers: usize,
    /// Seconds of each measurement; a hot workflow takes 10,000 signals.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How often all three are measured.
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Exit with an error if the median of the rounds has neighbours that wait more than so many times as long beside a hot
    /// workflow as in quiet, in 99 of 100 calls.
    #[arg(long)]
    at_most: Option<f64>,
    /// The server that is put under load.
    #[arg(long, value_enum, default_value_t = Which::Builtin)]
    server: Which,
}

/// Whom the others signal.
#[derive(Clone, Copy, Debug)]
enum Load {
    Nothing,
    Spread,
    Hot,
}

/// Measures, and prints a line for each round and the median of the ratios.
pub(crate) async fn measure(options: &Options) -> Result<(), Problem> {
    if options.rate * options.seconds > 9_000 {
        return Err("a workflow takes 10,000 signals: less --rate or fewer --seconds".into());
    }
    println!("neighbours, p50 / p99 in ms; others make {} signals per second", options.rate);
    println!(
        "quiet              spread load        one hot workflow   signals/s   p99 beside hot: of quiet, of spread"
    );
    let server = options.server.start().await?;
    let caller = Caller::connect(&server).await?;
    let neighbours = started(&caller, NEIGHBOURS).await?;
    let mut ratios = Vec::new();
    for _ in 0..options.rounds {
        let mut waits = Vec::new();
        let mut made = 0;
        for load in [Load::Nothing, Load::Spread, Load::Hot] {
            let workflows = match load {
                Load::Nothing => Vec::new(),
                Load::Spread => started(&caller, SPREAD).await?,
                Load::Hot => started(&caller, 1).await?,
            };
            let others = Others::begin(&server, workflows, options).await?;
            waits.push(timed(&caller, &neighbours, Duration::from_secs(options.seconds)).await?);
            made = others.end().await;
        }
        let [quiet, spread, hot] = [0, 1, 2].map(|which: usize| (of(&waits[which], 50), of(&waits[which], 99)));
        let ratio = hot.1 / quiet.1;
        println!(
            "{:>7.3} / {:>7.3}  {:>7.3} / {:>7.3}  {:>7.3} / {:>7.3}  {:>9}   {ratio:.2}, {:.2}",
            quiet.0,
            quiet.1,
            spread.0,
            spread.1,
            hot.0,
            hot.1,
            made / options.seconds,
            hot.1 / spread.1
        );
        ratios.push(ratio);
    }
    ratios.sort_by(f64::total_cmp);
    let median = ratios.get(ratios.len() / 2).copied().unwrap_or_default();
    println!("median of the rounds: {median:.2} of quiet");
    match options.at_most {
        Some(most) if median > most => Err(format!("that is more than {most}").into()),
        _ => Ok(()),
    }
}

/// Workflows that nobody works on.
async fn started(caller: &Caller, count: usize) -> Result<Vec<String>, Problem> {
    let mut workflows = Vec::new();
    for _ in 0..count {
        let workflow_id = id();
        caller.start(&workflow_id, "neighbours", 0).await?;
        workflows.push(workflow_id);
    }
    Ok(workflows)
}

/// How long signals of the neighbours take, in milliseconds, sorted.
async fn timed(caller: &Caller, neighbours: &[String], lasts: Duration) -> Result<Vec<f64>, Problem> {
    let (begun, mut waits) = (Instant::now(), Vec::new());
    for workflow_id in neighbours.iter().cycle() {
        if begun.elapsed() >= lasts {
            break;
        }
        let asked = Instant::now();
        caller.signal(workflow_id, 0).await?;
        waits.push(asked.elapsed().as_secs_f64() * 1000.0);
        tokio::time::sleep(PAUSE).await;
    }
    waits.sort_by(f64::total_cmp);
    Ok(waits)
}

/// Of so many of a hundred, the longest.
fn of(sorted: &[f64], percent: usize) -> f64 {
    let index = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}

/// Those who make the load.
struct Others {
    running: JoinSet<()>,
    made: Arc<AtomicU64>,
}

impl Others {
    /// Each signals one of the workflows after the other, at its part of the rate.
    async fn begin(server: &Started, workflows: Vec<String>, options: &Options) -> Result<Self, Problem> {
        let (mut running, made) = (JoinSet::new(), Arc::new(AtomicU64::new(0)));
        let mut callers = Vec::new();
        for _ in 0..CONNECTIONS {
            callers.push(Caller::connect(server).await?);
        }
        let every = Duration::from_micros(1_000_000 * options.callers as u64 / options.rate.max(1));
        let count = u32::try_from(options.callers.max(1))?;
        let callers = callers.iter().cycle().take(if workflows.is_empty() { 0 } else { options.callers });
        for (number, caller) in callers.enumerate() {
            let (caller, workflows, made) = (caller.clone(), workflows.clone(), Arc::clone(&made));
            running.spawn(async move {
                // They do not all come at one moment.
                tokio::time::sleep(every * number as u32 / count).await;
                let mut ticks = interval(every);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                for workflow_id in workflows.iter().cycle().skip(number) {
                    ticks.tick().await;
                    if caller.signal(workflow_id, 0).await.is_err() {
                        return;
                    }
                    made.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        Ok(Self { running, made })
    }

    /// Ends them; returns how many signals they made.
    async fn end(mut self) -> u64 {
        self.running.abort_all();
        let ended = async { while self.running.join_next().await.is_some() {} };
        let _ = timeout(Duration::from_secs(5), ended).await;
        self.made.load(Ordering::Relaxed)
    }
}
