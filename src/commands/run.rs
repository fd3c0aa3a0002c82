//! `resurgam run`: generate cases, execute them on a target, judge and report.

mod args;
mod choice;
mod container;
mod progress;
mod words;

use crate::Ended;
use crate::commands::scenarios;
use crate::exit::{Failure, print};
use crate::given::subject;
use crate::stop;
pub(crate) use args::Args;
use container::{Container, Tables};
use progress::Progress;
use resurgam_campaign::summary::Summary;
use resurgam_harness::order::{NotBegun, Order};
use resurgam_harness::outputs;
use resurgam_reports::{campaign, paint, terminal};
use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
pub(crate) use words::Faults;

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    if args.jobs == Some(0) || args.cases == Some(0) {
        return Err("--jobs and --cases must be at least 1".into());
    }
    let order = order(args)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::machine)?;
    let ended = runtime.block_on(conduct(order));
    // A run that ends early does not wait for the cases that are still being simulated.
    runtime.shutdown_background();
    ended
}

fn order(args: &Args) -> Result<Order, Failure> {
    let drawn = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |now| now.as_millis() as u64);
    let scenario = args.scenario.as_deref().map(scenarios::named).transpose()?;
    let cases = scenario.as_ref().filter(|_| args.limit.is_none()).map(|scenario| scenario.cases);
    let jobs = scenario.as_ref().and_then(|scenario| scenario.jobs);
    Ok(Order {
        choice: match &scenario {
            Some(scenario) => scenario.choice.clone(),
            None => choice::of(args)?,
        },
        scenario: scenario.map(Arc::new),
        seed: args.seed.unwrap_or_else(drawn),
        cases: args.cases.or(cases),
        limit: args.limit,
        campaign: args.campaign,
        strict: args.strict,
        jobs: args.jobs.or(jobs),
        keep: args.keep.into(),
        shrink: Duration::from_secs(args.shrink),
        out: args.out.clone(),
        started: None,
    })
}

async fn conduct(mut order: Order) -> Ended {
    let stop = stop::on_signals().map_err(Failure::machine)?;
    let mut container = None;
    if let Some((tables, durability)) = Tables::of(&order.choice) {
        let started = tokio::select! {
            started = Container::start(tables, durability) => started?,
            by = stop.wait() => return Err(Failure::Stopped(format!("stopped by {by} before Cassandra was there"))),
        };
        order.started = Some(started.provided());
        container = Some(started);
    }
    let program = std::env::current_exe().map_err(Failure::machine)?;
    let mut progress = Progress::new(order.total());
    let ran = order.carry_out(&program, subject, &stop, |event| progress.show(event)).await;
    progress.end();
    order.started = None;
    drop(container);
    let (summary, directory) = ran.map_err(|why| match why {
        NotBegun::Stopped(_) => Failure::Stopped(why.to_string()),
        why if why.is_bad_input() => Failure::input(why),
        why => Failure::machine(why),
    })?;
    tell(&summary, &directory);
    Ok(summary.conclusion.into())
}

/// Says on the terminal what a run found.
pub(crate) fn tell(summary: &Summary, directory: &Path) {
    let colours = paint::colours(std::io::stdout().is_terminal(), std::env::var_os("NO_COLOR").as_deref());
    for (seed, shrunk, path) in outputs::shrunk(directory, summary) {
        print(&terminal::shrunk(&summary.origin.options.choice, seed, &shrunk, &path));
    }
    if let Some(simulation) = summary.simulation.as_ref().filter(|_| summary.origin.options.campaign) {
        print(&campaign::unreached(simulation, colours));
    }
    print(&terminal::render(summary, &directory.display().to_string(), colours));
}
