//! `resurgam replay`: one plan again, in the simulation. The same plan gives the same recording, byte for byte.

use crate::Ended;
use crate::exit::{Exit, Failure, complain, print};
use crate::given::{Given, changed};
use crate::stop;
use resurgam_formats::target::Choice;
use resurgam_harness::{CaseDirectory, SimulatedRun};
use std::path::{Path, PathBuf};

#[derive(clap::Args)]
#[command(after_help = "\
The directory of a case knows what was said of it; what is said now is compared with that.

Exit codes, of what is said now: 0 all rules held, 1 a rule was violated, 2 bad input, 3 something could not be decided
or the execution does not repeat, 4 a file could not be written.")]
pub(crate) struct Args {
    /// The directory of a case, a plan, or a recording. Without it, the plan of `--seed`.
    #[arg(required_unless_present = "seed")]
    plan: Option<PathBuf>,
    /// The plan that `resurgam run` draws from this seed.
    #[arg(long, conflicts_with = "plan")]
    seed: Option<u64>,
    /// With this bug planted in our orchestrator (see `resurgam bugs --list`), or `none` [default: the one that was planted
    /// when the case was made].
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    /// Write the case to this directory, which must be new or empty.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Execute it so many times and require the same recording each time.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    times: u32,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let given = match (&args.plan, args.seed) {
        (Some(path), _) => Given::read(path, args.bug.as_deref())?,
        (None, seed) => Given::drawn(resurgam_generate::chaos(seed.unwrap_or_default()), args.bug.as_deref()),
    };
    let out = args.out.as_deref().map(unused).transpose()?;
    let stop = stop::on_signals().map_err(Failure::machine)?;
    let (plan, target) = (&given.plan, given.target()?);
    if let Some(path) = &args.plan {
        print(&changed(path)?);
    }
    print(&given.origin(&target));
    let run = SimulatedRun::of(plan, &target);
    if let Some(out) = &out {
        let choice = Choice::Simulation {
            faults: resurgam_formats::case::families(plan),
            large: !plan.growths.is_empty(),
            bug: given.bug.clone(),
        };
        let case = given.told(run.case(plan, &target, choice, "resurgam replay .".to_owned()));
        run.keep(out, plan, &case).map_err(Failure::machine)?;
    }
    print(&run.report(plan.seed, false));
    print(&given.compared(&run));
    for time in 2..=args.times {
        if let Some(by) = stop.requested() {
            return Err(Failure::Stopped(format!("stopped by {by} before execution {time}")));
        }
        let again = SimulatedRun::of(plan, &target);
        if (again.hash, again.trace) != (run.hash, run.trace) {
            let why = format!("execution {time} differs from the first: the simulation does not repeat");
            return Ok(complain(&why, Exit::Inconclusive));
        }
    }
    Ok(Exit::of(run.judgement().outcome(), false))
}

/// A directory for a case, in which nothing is yet.
fn unused(path: &Path) -> Result<CaseDirectory, Failure> {
    let used = path.exists() && std::fs::read_dir(path).map_or(true, |mut entries| entries.next().is_some());
    if used { Err(format!("{}: is not empty", path.display()).into()) } else { Ok(CaseDirectory::at(path)) }
}
