//! How long a server of several processes is disturbed when one of them is killed: workflows are started all the time at a node
//! that lives, and the disturbance lasts until every one of them succeeds at once again.

use crate::calls::{Caller, Problem, id};
use crate::server::program;
use clap::Args;
use resurgam_formats::target::Keyspace;
use resurgam_harness::target::Cluster;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// What to measure.
#[derive(Args, Debug)]
pub(crate) struct Options {
    /// HOST:PORT of a node of Cassandra, with the tables of our orchestrator.
    #[arg(long)]
    contact: String,
    /// The keyspace there.
    #[arg(long, default_value = "resurgam")]
    keyspace: String,
    /// How often a node is killed.
    #[arg(long, default_value_t = 6)]
    rounds: u8,
    /// Start the killed node again after so many milliseconds, as a supervisor does; without it, it stays away until the others have
    /// taken over.
    #[arg(long)]
    restart_ms: Option<u64>,
}

/// Between two starts.
const PACE: Duration = Duration::from_millis(20);
/// How long starts are watched before and after.
const BEFORE: Duration = Duration::from_secs(2);
const AFTER: Duration = Duration::from_secs(12);
/// A start that takes longer is disturbed.
const SOON: Duration = Duration::from_millis(500);

/// One start: when it was sent, and whether it succeeded, and when.
struct Start {
    sent: Instant,
    answered: Duration,
    good: bool,
}

/// Measures and prints.
pub(crate) async fn measure(options: &Options) -> Result<(), Problem> {
    let keyspace = Keyspace { contact: options.contact.clone(), name: options.keyspace.clone() };
    let cluster = Cluster::start(&program("resurgam")?, 3, &keyspace, &[], None).await?;
    println!("{:>5} {:>6} {:>10} {:>10} {:>14}", "round", "killed", "disturbed", "failed", "longest start");
    for round in 0..options.rounds {
        // The first node is the one that is asked.
        let number = 1 + round % 2;
        let caller = Caller::at(&cluster.uris()[0]).await?;
        let begun = Instant::now();
        let mut starts = JoinSet::new();
        let mut killed = None;
        let mut revived = false;
        while begun.elapsed() < BEFORE + AFTER {
            if killed.is_none() && begun.elapsed() >= BEFORE {
                killed = Some(Instant::now());
                cluster.kill(number);
            }
            let due = options.restart_ms.map(Duration::from_millis).zip(killed);
            if !revived && due.is_some_and(|(after, killed)| killed.elapsed() >= after) {
                cluster.revive(number);
                revived = true;
            }
            let caller = caller.clone();
            starts.spawn(async move {
                let sent = Instant::now();
                let good = caller.start(&id(), "failover", 0).await.is_ok();
                Start { sent, answered: sent.elapsed(), good }
            });
            tokio::time::sleep(PACE).await;
        }
        if !revived {
            cluster.revive(number);
        }
        let killed = killed.ok_or("nobody was killed")?;
        let starts = starts.join_all().await;
        let disturbed = starts.iter().filter(|start| !start.good || start.answered > SOON);
        // What was sent at this moment was still disturbed.
        let last = disturbed.map(|start| start.sent.saturating_duration_since(killed)).max().unwrap_or_default();
        let failed = starts.iter().filter(|start| !start.good).count();
        let longest = starts.iter().map(|start| start.answered).max().unwrap_or_default();
        let (last, longest) = (last.as_secs_f64(), longest.as_secs_f64());
        println!("{round:>5} {number:>6} {last:>8.2} s {failed:>5}/{:<4} {longest:>12.2} s", starts.len());
        cluster.ready().await;
    }
    Ok(())
}
