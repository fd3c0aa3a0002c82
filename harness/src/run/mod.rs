//! A run: cases drawn from consecutive seeds, executed side by side, recorded and judged. Each is appended to the results in
//! the directory of the run as it ends. Whatever ends the run, what it found is written, and how it ended stands in all of it.

mod one;
mod request;
mod smallest;

pub use request::{Event, Keep, Request};

use crate::case_directory::Error;
use crate::outputs;
use crate::run_directory::RunDirectory;
use crate::stop::Stop;
use crate::target::{Target, World};
use futures_util::FutureExt as _;
use one::{Job, Trouble};
use request::not_judged;
use resurgam_campaign::results::{Ended, Line, Shortfall};
use resurgam_campaign::summary::Summary;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// So long a target that does not answer may take to be known as gone.
const EXPLANATION: Duration = Duration::from_secs(6);

/// What is said of a case that a panic took.
const PANIC: &str = "the suite panicked";

/// Runs cases until all have ended, time is up, somebody asks to stop, the target is gone or a file cannot be written; takes
/// away what they left on the target, and writes all outputs. `watch` hears of everything at once.
pub async fn run(
    request: &Request,
    target: Box<dyn Target>,
    directory: RunDirectory,
    stop: &Stop,
    mut watch: impl FnMut(Event<'_>),
) -> Summary {
    let began = Instant::now();
    let mut summary = Summary::new(request.origin.clone());
    let directory = Arc::new(directory);
    let mut shortfalls = Vec::new();
    if let Err(why) = directory.begin(&request.origin) {
        shortfalls.push(failed(&why));
    } else {
        let mut cases = Cases { request, target: target.as_ref(), directory: &directory, stop, begun: Vec::new() };
        shortfalls.extend(cases.run(&mut summary, &mut watch).await);
        summary.times.wall_seconds = began.elapsed().as_secs_f64();
        if let Some(short) = shortfalls.first() {
            watch(Event::Short(short));
        } else if let (World::Simulated(orchestrator, _), Some(budget)) = (target.world(), request.shrink) {
            let smaller = smallest::all(&summary, &directory, &orchestrator, budget, request.jobs, stop, &mut watch);
            shortfalls.extend(smaller.await.err().map(|why| failed(&why)));
            let by = stop.requested().map(|by| Shortfall::Interrupted { by: by.to_owned(), cases_ended: true });
            shortfalls.extend(by);
        }
        if let Err(why) = target.clean(&cases.begun).await {
            shortfalls.push(Shortfall::NotCleaned { why });
        }
    }
    directory.release();
    let ended = Ended { shortfalls: shortfalls.clone(), wall_seconds: summary.times.wall_seconds };
    if let Err(why) = directory.append(&Line::End(ended)) {
        shortfalls.push(failed(&why));
    }
    shortfalls.sort();
    shortfalls.dedup_by_key(|short| short.word());
    summary.conclude(shortfalls.clone());
    if let Err(problems) = outputs::write(directory.path(), &summary) {
        // Nothing on disk can say it; the terminal and the exit code do.
        shortfalls.extend(problems.first().map(failed));
        summary.conclude(shortfalls);
    }
    directory.link_latest();
    summary
}

fn failed(why: &Error) -> Shortfall {
    Shortfall::MachineFailed { why: why.to_string() }
}

/// The part of a run in which cases are executed.
struct Cases<'a> {
    request: &'a Request,
    target: &'a dyn Target,
    directory: &'a Arc<RunDirectory>,
    stop: &'a Stop,
    /// The seeds of the cases that were begun, which may have left something behind.
    begun: Vec<u64>,
}

impl Cases<'_> {
    /// Returns why it ended before all had ended.
    async fn run(&mut self, summary: &mut Summary, watch: &mut impl FnMut(Event<'_>)) -> Option<Shortfall> {
        let began = Instant::now();
        let (send, mut receive) = mpsc::channel(self.jobs());
        let job = Arc::new(Job::new(self.request, self.target, Arc::clone(self.directory)));
        // Dropping the set ends the cases that are still running; those on threads of their own are told by the job.
        let mut running = tokio::task::JoinSet::new();
        let mut under_way = 0;
        let (mut lost, mut stopped) = (self.target.lost(), std::pin::pin!(self.stop.wait()));
        let short = loop {
            let seeds = self.next(began, if job.in_rounds() && under_way > 0 { 0 } else { self.jobs() - under_way });
            for (seed, place) in seeds.iter().copied().zip(job.places(&seeds)) {
                under_way += 1;
                let (job, send) = (Arc::clone(&job), send.clone());
                running.spawn(async move {
                    // A panic is a bug of the suite: it costs the case, and neither the run nor a place in it.
                    let came = AssertUnwindSafe(job.execute(seed, place)).catch_unwind().await;
                    let came = came.unwrap_or_else(|_| (Some(not_judged(seed, Duration::ZERO, PANIC.into())), None));
                    // The receiver is gone only if the run ends early.
                    let _ = send.send(came).await;
                });
            }
            if under_way == 0 {
                break None;
            }
            tokio::select! {
                biased;
                Some((case, trouble)) = receive.recv() => {
                    under_way -= 1;
                    let told = case.and_then(|case| {
                        summary.add(&case);
                        watch(Event::Case(&case));
                        self.directory.append(&Line::Case(Box::new(case))).err()
                    });
                    match (trouble, told) {
                        (Some(Trouble::Target(why)), _) => {
                            // Whoever watches the server knows better what became of it, and soon.
                            let known = tokio::time::timeout(EXPLANATION, &mut lost).await;
                            break Some(Shortfall::TargetLost { why: known.unwrap_or(why) });
                        }
                        (Some(Trouble::File(why)), _) | (None, Some(why)) => break Some(failed(&why)),
                        (None, None) => {}
                    }
                }
                why = &mut lost => break Some(Shortfall::TargetLost { why }),
                by = &mut stopped => break Some(Shortfall::Interrupted { by, cases_ended: false }),
            }
        };
        job.end();
        short
    }

    /// How many cases are executed at a time.
    fn jobs(&self) -> usize {
        self.request.jobs.max(1)
    }

    /// The seeds of the next cases, at most `room`; none if there were enough or time is up.
    fn next(&mut self, began: Instant, room: usize) -> Vec<u64> {
        let (first, options) = (self.request.origin.seed, &self.request.origin.options);
        if options.seconds.is_some_and(|seconds| began.elapsed() >= Duration::from_secs(seconds)) {
            return Vec::new();
        }
        let begun = self.begun.len() as u64;
        let left = options.cases.map_or(u64::MAX, |cases| cases.saturating_sub(begun));
        let seeds: Vec<u64> = (begun..).take((room as u64).min(left) as usize).map(|n| first.wrapping_add(n)).collect();
        self.begun.extend(&seeds);
        seeds
    }
}
