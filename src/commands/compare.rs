//! `resurgam compare`: two runs of the same plans on two targets, or twice on one, side by side.

use crate::Ended;
use crate::exit::{Exit, Failure, print};
use resurgam_campaign::comparison::{Compared, Tally};
use resurgam_formats::evidence::Evidence;
use resurgam_formats::wire;
use resurgam_harness::CaseDirectory;
use resurgam_harness::run_directory::RunDirectory;
use resurgam_reports::{comparison, paint};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(clap::Args)]
#[command(after_help = "\
Both runs must have been made with --keep all and the same seeds. Cases are matched by seed. What the two did
differently is explained by a freedom of the contract (docs/freedoms.md), or it is unexplained.

Exit codes: 0 all is equal or explained, 1 something is unexplained, 2 bad input, 3 a case could not be compared,
or none was there.")]
pub(crate) struct Args {
    /// Directory of a run.
    a: PathBuf,
    /// Directory of the other.
    b: PathBuf,
    /// Print the comparison as JSON (`resurgam schema comparison`).
    #[arg(long)]
    json: bool,
}

/// What was found about a seed, or why nothing could be.
type Case = (u64, Result<([String; 2], Compared), String>);

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let runs = [kept(&args.a)?, kept(&args.b)?];
    let all: Vec<u64> = runs.iter().flat_map(BTreeMap::keys).copied().collect::<BTreeSet<_>>().into_iter().collect();
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Case>> = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(seed) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let case = case(&runs, *seed);
                    done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((*seed, case));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(seed, _)| *seed);
    let mut tally = Tally::default();
    for (seed, case) in done {
        match case {
            Ok((targets, compared)) => tally.add(seed, targets, &compared),
            Err(why) => tally.left_out.push((seed, why)),
        }
    }
    let colours = paint::colours(std::io::stdout().is_terminal(), std::env::var_os("NO_COLOR").as_deref());
    print(&if args.json {
        comparison::json(&tally).map_err(Failure::machine)?
    } else {
        comparison::text(&tally, colours)
    });
    Ok(match tally.plans.all {
        0 => Exit::Inconclusive,
        _ if !tally.holds() => Exit::Violated,
        // What could not be compared is not equal.
        _ if !tally.left_out.is_empty() => Exit::Inconclusive,
        _ => Exit::Held,
    })
}

/// The kept cases of a run.
fn kept(run: &Path) -> Result<BTreeMap<u64, CaseDirectory>, String> {
    RunDirectory::kept_in(run).map_err(|why| format!("{why}; expected a run made with --keep all"))
}

/// One case of both runs.
fn case([one, two]: &[BTreeMap<u64, CaseDirectory>; 2], seed: u64) -> Result<([String; 2], Compared), String> {
    let read = |run: &BTreeMap<u64, CaseDirectory>| {
        let case = run.get(&seed).ok_or_else(|| format!("case {seed} was kept by one of the runs only"))?;
        evidence(&case.recording())
    };
    let [a, b] = [read(one)?, read(two)?];
    let compared = resurgam_compare::compare(&a, &b).map_err(|unfit| unfit.to_string())?;
    let target = |evidence: &Evidence| {
        evidence.header.as_ref().map(|it| format!("{} {}", it.target, it.target_version)).unwrap_or_default()
    };
    Ok(([target(&a), target(&b)], compared))
}

fn evidence(path: &Path) -> Result<Evidence, String> {
    let name = path.display().to_string();
    let file = File::open(path).map_err(|e| format!("{name}: {e}"))?;
    wire::read(&name, file, wire::MAX_BYTES).map(|document| document.evidence).map_err(|problem| problem.0)
}
