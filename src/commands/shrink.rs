//! `resurgam shrink`: the smallest plan that still breaks the same rule.

use crate::Ended;
use crate::commands::rules;
use crate::exit::{Exit, Failure, print};
use crate::given::{Given, changed};
use crate::stop;
use indicatif::{ProgressBar, ProgressStyle};
use resurgam_formats::case::{self, Case};
use resurgam_formats::rule_id::RuleId;
use resurgam_formats::target::Choice;
use resurgam_formats::verdict::Outcome;
use resurgam_harness::shrink::{Budget, shrink, told};
use resurgam_harness::{CaseDirectory, SimulatedRun};
use resurgam_reports::command;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(clap::Args)]
#[command(after_help = "\
Who stops it (Ctrl-C) gets the smallest plan so far. A smaller one that is there already is never overwritten.

Exit codes: 0 the rule held, 1 it was violated, and shrunk, 2 bad input, 3 it could not be decided, 4 a file could not be
written.")]
pub(crate) struct Args {
    /// The directory of a case, a plan, or a recording.
    plan: PathBuf,
    /// The rule that has to stay violated, such as H8 or H8-buffering [default: the first that is].
    #[arg(long)]
    rule: Option<String>,
    /// With this bug planted in our orchestrator (see `resurgam bugs --list`), or `none` [default: the one that was planted
    /// when the case was made].
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    /// Execute at most so many candidates.
    #[arg(long, default_value_t = 2000)]
    candidates: u32,
    /// Spend at most so many seconds.
    #[arg(long, default_value_t = 120)]
    seconds: u64,
    /// The directory of the small case [default: `shrunk` in that of the case, or beside the plan].
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let wanted: Option<RuleId> = match &args.rule {
        Some(name) => Some(rules::find(name)?.about().name().into()),
        None => None,
    };
    let given = Given::read(&args.plan, args.bug.as_deref())?;
    let stop = stop::on_signals().map_err(Failure::machine)?;
    let target = given.target()?;
    print(&changed(&args.plan)?);
    print(&given.origin(&target));
    let first = SimulatedRun::of(&given.plan, &target);
    print(&given.compared(&first));
    let violated = first.violated();
    let Some(rule) = violated.iter().find(|rule| wanted.as_ref().is_none_or(|wanted| *rule == wanted)) else {
        // Another rule may be violated, but it is this one that was asked for.
        let outcome = wanted.as_ref().map_or(first.judgement().outcome(), |wanted| outcome(&first, wanted));
        let about = wanted.map(|rule| format!("{rule} is {}, the case ", outcome.word())).unwrap_or_default();
        print(&format!("nothing to shrink: {about}{}\n", first.judgement()));
        return Ok(Exit::of(outcome, false));
    };
    let bar = ProgressBar::new(args.candidates.into());
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} candidates  {msg}  {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let budget = Budget { candidates: args.candidates, time: Duration::from_secs(args.seconds) };
    let (plan, progress) = shrink(given.plan.clone(), rule, &target, budget, &stop, |progress| {
        bar.set_position(progress.proposed.into());
        bar.set_message(format!("{}: {} left", progress.pass, progress.to));
    });
    bar.finish_and_clear();
    let run = SimulatedRun::of(&plan, &target);
    let bug = given.bug.clone();
    let choice = Choice::Simulation { faults: case::families(&plan), large: !plan.growths.is_empty(), bug };
    let mut case = given.told(run.case(&plan, &target, choice, "resurgam replay .".to_owned()));
    case.shrunk = Some(told(rule, &progress));
    let (from, to, accepted, proposed) = (progress.from, progress.to, progress.accepted, progress.proposed);
    print(&format!("{rule}: {from} → {to}, {accepted} of {proposed} candidates broke it\n"));
    if let Some(by) = stop.requested() {
        print(&format!("stopped by {by}: this is the smallest plan so far\n"));
    }
    let place = args.out.clone().unwrap_or_else(|| beside(&args.plan));
    match place_for(&place, &case)? {
        Place::Better(there) => {
            print(&format!("{}: is kept, it is not larger\n", there.path().display()));
        }
        Place::Free(directory) => {
            let new = CaseDirectory::at(with_suffix(directory.path(), ".new"));
            run.keep(&new, &plan, &case).and_then(|()| directory.replace(&new)).map_err(Failure::machine)?;
            let again = command::replay(&case.choice, &directory.path().display().to_string());
            print(&format!("replay: {again}\n"));
        }
    }
    Ok(Exit::Violated)
}

/// What a run says of one rule.
fn outcome(run: &SimulatedRun, wanted: &RuleId) -> Outcome {
    let rules = run.judged.as_ref().map(|(_, verdict)| verdict.rules.as_slice()).unwrap_or_default();
    rules.iter().find(|rule| rule.rule == *wanted).map_or(Outcome::Unknown, |rule| rule.outcome)
}

/// Where the small case goes if nobody says.
fn beside(plan: &Path) -> PathBuf {
    match CaseDirectory::meant_by(plan) {
        Some(directory) => directory.shrunk().path().to_owned(),
        None => with_suffix(&plan.with_extension(""), "-shrunk"),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Where a small case can be kept.
enum Place {
    /// Here: nothing is there, or something larger that breaks the same rule.
    Free(CaseDirectory),
    /// Nowhere: what is there breaks the same rule and is not larger.
    Better(CaseDirectory),
}

/// The first of `PLACE`, `PLACE-2`, … that is free. What breaks another rule is another finding, and stays.
fn place_for(place: &Path, case: &Case) -> Result<Place, Failure> {
    let rule = |case: &Case| case.shrunk.as_ref().map(|shrunk| (shrunk.rule.clone(), shrunk.to));
    let Some((mine, size)): Option<(RuleId, _)> = rule(case) else { return Err("nothing was shrunk".into()) };
    let names = std::iter::once(place.to_owned()).chain((2_u32..).map(|n| with_suffix(place, &format!("-{n}"))));
    for path in names {
        let directory = CaseDirectory::at(path);
        if !directory.path().exists() {
            return Ok(Place::Free(directory));
        }
        let there = directory.case().map_err(Failure::input)?;
        match there.as_ref().and_then(rule) {
            Some((rule, there)) if rule == mine => {
                return Ok(if there <= size { Place::Better(directory) } else { Place::Free(directory) });
            }
            _ => {}
        }
    }
    Err("there is no name left".into())
}
