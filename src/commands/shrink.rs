//! `resurgam shrink`: the smallest plan that still breaks the same rule.

use crate::Ended;
use crate::commands::replay;
use crate::exit::{Exit, print};
use indicatif::{ProgressBar, ProgressStyle};
use resurgam_harness::shrink::{Budget, shrink};
use resurgam_harness::{SimulatedRun, run};
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

/// The arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A plan, a recording, or the directory of a case.
    plan: PathBuf,
    /// The rule that has to stay violated, such as H8-buffering [default: the first that is].
    #[arg(long)]
    rule: Option<String>,
    /// With this bug planted in our orchestrator (see `resurgam bugs --list`).
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    /// Execute at most so many candidates.
    #[arg(long, default_value_t = 2000)]
    candidates: u32,
    /// Spend at most so many seconds.
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// Write the plan to this file [default: shrunk.json beside the plan].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let plan = replay::read(&args.plan)?;
    let target = resurgam_builtin::subject(replay::bug(args.bug.as_deref())?);
    let prefix = run::prefix("case-", plan.seed);
    let first = SimulatedRun::of(&plan, &target, &prefix);
    if let Err(why) = &first.judged {
        return Err(format!("{}: the case could not be judged: {why}", args.plan.display()));
    }
    let violated = first.violated();
    let wanted = args.rule.as_deref();
    let Some(rule) = violated.iter().find(|rule| wanted.is_none_or(|wanted| rule.starts_with(wanted))) else {
        print(&format!("nothing to shrink: {} holds\n", wanted.unwrap_or("every rule")));
        return Ok(Exit::Held);
    };
    let bar = ProgressBar::new(args.candidates.into());
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} candidates  {msg}  {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let budget = Budget { candidates: args.candidates, time: Duration::from_secs(args.seconds) };
    let (plan, progress) = shrink(plan, rule, &target, &prefix, budget, |progress| {
        bar.set_position(progress.proposed.into());
        bar.set_message(format!("{}: {} left", progress.pass, progress.to));
    });
    bar.finish_and_clear();
    let beside =
        if args.plan.is_dir() { args.plan.join("shrunk.json") } else { args.plan.with_file_name("shrunk.json") };
    let out = args.out.clone().unwrap_or(beside);
    let text = serde_json::to_vec_pretty(&plan).map_err(|e| e.to_string())?;
    fs::write(&out, text).map_err(|e| format!("{}: {e}", out.display()))?;
    print(&format!(
        "{rule}: {} → {}, {} of {} candidates broke it\nreplay: resurgam replay {}{}\n",
        progress.from,
        progress.to,
        progress.accepted,
        progress.proposed,
        out.display(),
        args.bug.as_ref().map(|bug| format!(" --bug {bug}")).unwrap_or_default()
    ));
    Ok(Exit::Violated)
}
