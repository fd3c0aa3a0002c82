//! The copy's side: executes cases with one mutant or none, as it is told on standard input, and says on standard output what
//! came of each.

use crate::case_id::CaseId;
use resurgam_builtin::Builtin;
use resurgam_explorer::recording::{self, Recorded};
use resurgam_explorer::{Between, Held, TOGETHER, hold_simulated};
use resurgam_formats::case::Judgement;
use resurgam_formats::plan::Family;
use resurgam_formats::rule_id::RuleId;
use resurgam_formats::verdict::Outcome;
use resurgam_generate::{Scope, chaos_within};
use resurgam_harness::{SimulatedRun, Subject};
use resurgam_mutant_switch as switch;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead as _, Write as _};

/// What is to be done: cases until one shows the mutant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The active mutant; 0 for none, and then all cases are executed.
    pub mutant: u32,
    /// The cases, in the order in which they are executed.
    pub cases: Vec<CaseId>,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// The case that was executed.
    pub case: CaseId,
    /// The hash of its recording; of all that passed on the links, if it is of recorded cases.
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
    /// These answers are not those that the real server gave to the same requests, and those without the mutant are.
    Differs(Vec<String>),
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
    let mut cases = Cases::new();
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let task: Task = serde_json::from_str(&line?)?;
        for case in task.cases {
            let ended = cases.execute(task.mutant, case);
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

/// How cases are executed.
struct Cases {
    subject: Subject,
    scope: Scope,
    recorded: Vec<Recorded>,
    /// What differs without any mutant, by the group of recorded cases.
    known: BTreeMap<u64, BTreeSet<String>>,
}

impl Cases {
    fn new() -> Self {
        Self {
            subject: Builtin::default().subject(),
            scope: Scope { families: Family::SIMULATED.to_vec(), ..Scope::default() },
            recorded: recording::temporal(),
            known: BTreeMap::new(),
        }
    }

    fn execute(&mut self, mutant: u32, case: CaseId) -> Ended {
        let (recording, said) = match case {
            CaseId::Plan(seed) => {
                switch::activate(mutant);
                let run = SimulatedRun::of(&chaos_within(seed, &self.scope), &self.subject);
                (run.hash, Said::of(run.judgement()))
            }
            CaseId::Recorded(group) => self.repeat(mutant, group),
        };
        let said = if switch::circled() { Said::Endless } else { said };
        let mattered = if mutant == 0 { switch::mattered() } else { Vec::new() };
        Ended { case, recording, said, mattered }
    }

    /// A group of recorded cases: first as it is without any mutant, then with this one.
    fn repeat(&mut self, mutant: u32, group: u64) -> (u64, Said) {
        // Every group once as it is, and once with restarts.
        let between = if group.is_multiple_of(2) { Between::Nothing } else { Between::Restart };
        let index = usize::try_from(group / 2).unwrap_or(usize::MAX);
        let cases = self.recorded.chunks(TOGETHER).nth(index).unwrap_or_default();
        let once = |mutant| {
            switch::activate(mutant);
            match hold_simulated(&self.subject, group / 2, cases, between) {
                Ok(Held { found, trace }) => {
                    (trace, found.unexplained().into_iter().map(|(kind, _)| kind.clone()).collect())
                }
                Err(why) => (0, BTreeSet::from([why])),
            }
        };
        let known = self.known.entry(group).or_insert_with(|| once(0).1);
        let (trace, kinds) = once(mutant);
        let new: Vec<String> = kinds.difference(known).cloned().collect();
        (trace, if new.is_empty() { Said::Held } else { Said::Differs(new) })
    }
}
