//! `resurgam replay`: one plan again, in the simulation. The same plan gives the same recording, byte for byte.

use crate::Ended;
use crate::exit::{Exit, print};
use resurgam_formats::plan::{Plan, VERSION};
use resurgam_formats::recording::{Entry, What};
use resurgam_formats::verdict::{Outcome, Verdict};
use resurgam_harness::{SimulatedRun, run};
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

/// The arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// A plan, or the directory of a case. Without it, the plan of `--seed`.
    #[arg(required_unless_present = "seed")]
    plan: Option<PathBuf>,
    /// The plan that `resurgam run` draws from this seed.
    #[arg(long, conflicts_with = "plan")]
    seed: Option<u64>,
    /// With this bug planted in our orchestrator (see `resurgam bugs --list`).
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    /// Write plan and recording to this directory.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Execute it so many times and require the same recording each time.
    #[arg(long, default_value_t = 1)]
    times: u32,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let plan = match (&args.plan, args.seed) {
        (Some(path), _) => read(path)?,
        (None, seed) => resurgam_generate::chaos(seed.unwrap_or_default()),
    };
    let target = resurgam_builtin::subject(bug(args.bug.as_deref())?);
    let prefix = run::prefix("case-", plan.seed);
    let simulated = SimulatedRun::of(&plan, &target, &prefix);
    for time in 1..args.times.max(1) {
        let again = SimulatedRun::of(&plan, &target, &prefix);
        if (again.hash, again.trace) != (simulated.hash, simulated.trace) {
            return Err(format!("execution {} differs from the first: the simulation does not repeat", time + 1));
        }
    }
    if let Some(out) = &args.out {
        save(out, "plan.json", &serde_json::to_vec_pretty(&plan).map_err(|e| e.to_string())?)?;
        save(out, "recording.jsonl", &simulated.lines)?;
    }
    let seconds = simulated.simulated.as_secs_f64();
    print(&format!(
        "seed {}  recording {:016x}  trace {:016x}  {seconds:.3} s simulated, {} segments\n",
        plan.seed, simulated.hash, simulated.trace, simulated.traffic.segments
    ));
    match &simulated.judged {
        Err(why) => {
            print(&format!("not judged: {why}\n"));
            Ok(Exit::Inconclusive)
        }
        Ok((_, verdict)) => {
            print(&lines(verdict));
            Ok(match verdict.worst() {
                Outcome::Violated => Exit::Violated,
                Outcome::Unknown => Exit::Inconclusive,
                _ => Exit::Held,
            })
        }
    }
}

/// Reads a plan from its file, from the directory of a case, or from the header of a recording.
pub(crate) fn read(path: &Path) -> Result<Plan, String> {
    let path = if path.is_dir() { path.join("plan.json") } else { path.to_owned() };
    let name = path.display().to_string();
    let plan: Plan = if path.extension().is_some_and(|extension| extension == "jsonl") {
        let file = fs::File::open(&path).map_err(|e| format!("{name}: {e}"))?;
        let mut line = String::new();
        BufReader::new(file).read_line(&mut line).map_err(|e| format!("{name}: {e}"))?;
        let entry: Entry = serde_json::from_str(&line).map_err(|e| format!("{name}: {e}"))?;
        let What::Header(header) = entry.what else {
            return Err(format!("{name}: line 1: not the header of a recording"));
        };
        header.plan
    } else {
        let bytes = fs::read(&path).map_err(|e| format!("{name}: {e}"))?;
        serde_json::from_slice(&bytes).map_err(|e| format!("{name}: {e}"))?
    };
    if plan.version > VERSION {
        return Err(format!("{name}: version {} is newer than this build reads ({VERSION})", plan.version));
    }
    Ok(plan)
}

/// The planted bug of a name.
pub(crate) fn bug(name: Option<&str>) -> Result<Option<resurgam_builtin::Bug>, String> {
    let Some(name) = name else { return Ok(None) };
    resurgam_builtin::Bug::named(name).map(Some).ok_or_else(|| format!("there is no planted bug {name}"))
}

/// The rules that did not hold, with their first findings.
pub(crate) fn lines(verdict: &Verdict) -> String {
    let mut text = String::new();
    for rule in &verdict.rules {
        match rule.outcome {
            Outcome::Violated => {
                let _ = writeln!(text, "✗ {} violated", rule.rule);
                for finding in rule.findings.iter().take(5) {
                    let _ = writeln!(text, "    {} {}: {}", finding.workflow_id, finding.run_id, finding.message);
                }
            }
            Outcome::Unknown => {
                let _ = writeln!(text, "? {} unknown: {}", rule.rule, rule.why);
            }
            Outcome::Ok | Outcome::NotApplicable => {}
        }
    }
    if text.is_empty() {
        text = "✓ all rules held\n".to_owned();
    }
    text
}

fn save(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), String> {
    fs::create_dir_all(directory).map_err(|e| format!("{}: {e}", directory.display()))?;
    let path = directory.join(name);
    fs::write(&path, bytes).map_err(|e| format!("{}: {e}", path.display()))
}
