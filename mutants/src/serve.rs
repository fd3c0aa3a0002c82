//! The copy's side: executes cases with one mutant or none, as it is told on standard input, and says on standard output what
//! came of each.

use resurgam_builtin::Builtin;
use resurgam_formats::case::Judgement;
use resurgam_formats::plan::Family;
use resurgam_formats::rule_id::RuleId;
use resurgam_formats::verdict::Outcome;
use resurgam_generate::{Scope, chaos_within};
use resurgam_harness::SimulatedRun;
use resurgam_mutant_switch as switch;
use serde::{Deserialize, Serialize};
use std::io::{self, BufRead as _, Write as _};

/// What is to be done: cases until one shows the mutant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The active mutant; 0 for none, and then all cases are executed.
    pub mutant: u32,
    /// The seeds of the cases, as `resurgam run` counts them.
    pub seeds: Vec<u64>,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The seed of the case.
    pub seed: u64,
    /// The hash of its recording.
    pub recording: u64,
    /// What was said of it.
    pub said: Said,
    /// The mutants that would have mattered in it; left out if one was active.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mattered: Vec<u32>,
}

/// What was said of a case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// All rules held.
    Held,
    /// These were violated.
    Violated(Vec<RuleId>),
    /// The suite could not judge it, or not decide it: somebody would look, but no rule says what is wrong.
    NotJudged(String),
    /// It would have gone on for ever.
    Endless,
}

impl Said {
    fn of(judgement: Judgement) -> Self {
        match judgement {
            Judgement::Judged { violated, .. } if !violated.is_empty() => Self::Violated(violated),
            Judgement::Judged { outcome: Outcome::Ok, .. } => Self::Held,
            Judgement::Judged { unknown, .. } => {
                let rules: Vec<&str> = unknown.iter().map(RuleId::as_str).collect();
                Self::NotJudged(format!("not decided: {}", rules.join(", ")))
            }
            Judgement::NotJudged { why } => Self::NotJudged(why),
        }
    }
}

/// Executes what it is told until standard input ends: a [`Task`] per line in, an [`Ended`] per line out, and an empty line
/// when a task is done.
///
/// # Errors
/// A line is no task, or nobody listens.
pub fn serve() -> io::Result<()> {
    let subject = Builtin::default().subject();
    let scope = Scope { families: Family::SIMULATED.to_vec(), ..Scope::default() };
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let task: Task = serde_json::from_str(&line?)?;
        for seed in task.seeds {
            switch::activate(task.mutant);
            let run = SimulatedRun::of(&chaos_within(seed, &scope), &subject);
            let said = if switch::circled() { Said::Endless } else { Said::of(run.judgement()) };
            let mattered = if task.mutant == 0 { switch::mattered() } else { Vec::new() };
            let ended = Ended { seed, recording: run.hash, said, mattered };
            serde_json::to_writer(&mut out, &ended)?;
            out.write_all(b"\n")?;
            out.flush()?;
            if task.mutant != 0 && ended.said != Said::Held {
                break;
            }
        }
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}
