//! `resurgam bugs`: plants each known bug in our orchestrator and counts the cases until a rule finds it. What was found is
//! written bug by bug, so who stops it loses nothing.

use crate::Ended;
use crate::exit::{Exit, Failure, print};
use crate::stop;
use resurgam_builtin::{Bug, Builtin, Checks, hunt};
use resurgam_formats::case::{self, Case};
use resurgam_formats::plan::Plan;
use resurgam_formats::rule_id::RuleId;
use resurgam_formats::shrinking::Measure;
use resurgam_formats::target::Choice;
use resurgam_harness::case_directory::{self, CaseDirectory};
use resurgam_harness::shrink::{Budget, shrink};
use resurgam_harness::{SimulatedRun, Stop, Subject};
use resurgam_scenarios::bugs::{Planted, bugs};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(clap::Args)]
#[command(after_help = "\
Exit codes: 0 all were found, 2 bad input, 3 one was not found, or it was stopped, 4 a file could not be written.")]
pub(crate) struct Args {
    /// Only these bugs.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Say what there is, and run nothing.
    #[arg(long)]
    list: bool,
    /// Seed of the first case.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Give a bug up after so many cases.
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u64).range(1..))]
    cases: u64,
    /// Seconds to spend on shrinking the plan that shows a bug; 0 to leave it as it was drawn.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    shrink: u64,
    /// Switch off what our orchestrator asserts of itself, to see what the rules find without it.
    #[arg(long)]
    without_invariants: bool,
    /// Write the plan that shows each bug to NAME.json in this directory. One that is there, still shows the bug and is not
    /// larger is kept.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Keep the case that shows each bug, with recording and verdict, in NAME in this directory.
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// Write what was found to this file, as a table in Markdown.
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
}

impl Args {
    /// How much our orchestrator asserts of itself.
    fn checks(&self) -> Checks {
        if self.without_invariants { Checks::Off } else { Checks::Thorough }
    }
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let catalogue = bugs().map_err(|e| format!("scenarios/bugs.toml: {e}"))?;
    if let Some(unknown) = args.names.iter().find(|name| !catalogue.iter().any(|bug| bug.name == **name)) {
        return Err(Failure::Input(format!("there is no planted bug {unknown}; `resurgam bugs --list` names them")));
    }
    let chosen: Vec<&Planted> =
        catalogue.iter().filter(|bug| args.names.is_empty() || args.names.contains(&bug.name)).collect();
    if args.list {
        for bug in chosen {
            print(&format!("{:28} {:16} {}\n", bug.name, bug.issue, bug.title));
        }
        return Ok(Exit::Held);
    }
    let stop = stop::on_signals().map_err(Failure::machine)?;
    let mut catches = Vec::new();
    for bug in &chosen {
        let planted =
            Bug::named(&bug.name).ok_or_else(|| format!("scenarios/bugs.toml: {} has no switch", bug.name))?;
        let catch = Catch::of(bug, planted, args, &stop);
        if let (Some(by), None) = (stop.requested(), &catch.found) {
            print(&format!("stopped by {by} at {} after {} cases\n", bug.name, catch.cases));
            break;
        }
        print(&catch.line());
        if let Some(found) = &catch.found {
            found.write(bug, planted, args).map_err(Failure::machine)?;
        }
        catches.push(catch);
        if let Some(path) = &args.table {
            case_directory::write(path, table(&catches, args).as_bytes()).map_err(Failure::machine)?;
        }
        if let Some(by) = stop.requested() {
            print(&format!("stopped by {by} after {}\n", bug.name));
            break;
        }
    }
    print(&sums(&catches));
    let all = catches.len() == chosen.len() && catches.iter().all(|catch| catch.found.is_some());
    Ok(if all { Exit::Held } else { Exit::Inconclusive })
}

/// What became of one bug.
struct Catch<'a> {
    bug: &'a Planted,
    /// Cases that were executed.
    cases: u64,
    seconds: f64,
    found: Option<Found>,
}

/// What shows a bug.
struct Found {
    rules: Vec<RuleId>,
    plan: Plan,
}

impl<'a> Catch<'a> {
    fn of(bug: &'a Planted, planted: Bug, args: &Args, stop: &Stop) -> Self {
        let hunted = hunt(planted, bug.large, args.checks(), args.seed, args.cases, stop);
        let (cases, seconds) = (hunted.cases, hunted.took.as_secs_f64());
        let found = hunted.found.map(|failed| {
            let (rules, plan) = (failed.rules, failed.plan);
            let rule = rules.iter().find(|rule| expects(bug, rule)).or(rules.first());
            let plan = match rule {
                Some(rule) if args.shrink > 0 => {
                    let budget = Budget { time: Duration::from_secs(args.shrink), ..Budget::default() };
                    shrink(plan, rule, &with(planted, args), budget, stop, |_| ()).0
                }
                _ => plan,
            };
            Found { rules, plan }
        });
        Self { bug, cases, seconds, found }
    }

    fn line(&self) -> String {
        let Self { bug, cases, seconds, found } = self;
        let Some(found) = found else {
            return format!("✗ {:28} not found in {cases} cases ({seconds:.1} s)\n", bug.name);
        };
        let mark = if found.is_expected(bug) { "as predicted" } else { "not as predicted" };
        format!(
            "✓ {:28} {cases:5} cases {seconds:7.1} s  {} ({mark}); {}\n",
            bug.name,
            names(&found.rules),
            Measure::of(&found.plan)
        )
    }
}

impl Found {
    fn is_expected(&self, bug: &Planted) -> bool {
        self.rules.iter().any(|rule| expects(bug, rule))
    }

    /// Writes what was asked for: the plan, the whole case.
    fn write(&self, bug: &Planted, planted: Bug, args: &Args) -> Result<(), case_directory::Error> {
        if let Some(out) = &args.out {
            let path = out.join(format!("{}.json", bug.name));
            if !is_better(&path, &self.plan, &with(planted, args)) {
                case_directory::write_plan(&path, &self.plan)?;
            }
        }
        if let Some(keep) = &args.keep {
            let (target, plan) = (with(planted, args), &self.plan);
            let run = SimulatedRun::of(plan, &target);
            let choice = Choice::Simulation {
                faults: case::families(plan),
                large: !plan.growths.is_empty(),
                bug: Some(bug.name.clone()),
            };
            let case = run.case(plan, &target, choice, "resurgam replay .".to_owned());
            let case = Case { without_invariants: args.without_invariants, ..case };
            run.keep(&CaseDirectory::at(keep.join(&bug.name)), plan, &case)?;
        }
        Ok(())
    }
}

/// True if the plan of a file shows the bug and is not larger than `plan`.
fn is_better(path: &Path, plan: &Plan, target: &Subject) -> bool {
    let Ok(there) = case_directory::plan_meant_by(path) else { return false };
    Measure::of(&there) <= Measure::of(plan) && !SimulatedRun::of(&there, target).violated().is_empty()
}

/// Our orchestrator with this bug.
fn with(bug: Bug, args: &Args) -> Subject {
    Builtin::with(Some(bug)).checking(args.checks()).subject()
}

fn names(rules: &[RuleId]) -> String {
    rules.iter().map(RuleId::as_str).collect::<Vec<_>>().join(", ")
}

/// True if the rule is one that the catalogue expects to find the bug.
fn expects(bug: &Planted, rule: &RuleId) -> bool {
    bug.predicted.iter().any(|predicted| predicted == rule.id())
}

fn median<T: Ord + Copy + Default>(values: impl Iterator<Item = T>) -> T {
    let mut values: Vec<T> = values.collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn sums(catches: &[Catch<'_>]) -> String {
    let found = || catches.iter().filter_map(|catch| Some((catch, catch.found.as_ref()?)));
    let sizes = || found().map(|(_, found)| Measure::of(&found.plan));
    format!(
        "{} of {} found, {} of them as predicted; medians: {} cases, {} statements and {} faults left\n",
        found().count(),
        catches.len(),
        found().filter(|(catch, found)| found.is_expected(catch.bug)).count(),
        median(found().map(|(catch, _)| catch.cases)),
        median(sizes().map(|size| size.statements)),
        median(sizes().map(|size| size.faults)),
    )
}

/// What a reader of the table has to know.
const REMARKS: &str = "\
What each bug does is said in `scenarios/bugs.toml`, with the rules that were predicted to find it before it was run for the
first time. *Found by* are the rules that fired in the first case that showed it; the hunt ends there. The rules on rows
and owners (P1 to P6, W5, W6) and those on hand-overs (L7 to L9) are younger than most predictions, so a bug that
they find first counts as *not as predicted*, though what was predicted may well fire in a later case. The last column is what shrinking has left of the plan of that
case; it is kept in `scenarios/witnesses/`, and `cargo test -p resurgam-scenarios --test bugs` holds that it still shows
the bug, and that nothing fires without the bug.
";

/// The table of the documentation.
fn table(catches: &[Catch<'_>], args: &Args) -> String {
    let mut text = format!(
        "# Planted bugs\n\nWritten by `resurgam bugs --seed {} --cases {} --shrink {} --table FILE`. {}\n{REMARKS}\n\
         | bug | known as | predicted | found by | cases | s | left of the plan |\n|---|---|---|---|---|---|---|\n",
        args.seed,
        args.cases,
        args.shrink,
        sums(catches)
    );
    for Catch { bug, cases, seconds, found } in catches {
        let (rules, left) = match found {
            Some(found) => (names(&found.rules), Measure::of(&found.plan).to_string()),
            None => ("**not found**".to_owned(), String::new()),
        };
        let predicted = bug.predicted.join(", ");
        let _ = writeln!(
            text,
            "| {} | {} | {predicted} | {rules} | {cases} | {seconds:.1} | {left} |",
            bug.name, bug.issue
        );
    }
    text
}
