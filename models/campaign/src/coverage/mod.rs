//! Coverage: what a case exercised, counted by name. Counts of cases add up.
//!
//! It answers "have we tested this at all, and next to that?": kinds of statements, events, calls with their
//! answers, tasks and misbehaviour, and *pairs*, as bugs live where two things meet. It says nothing about right and
//! wrong, and never looks at more than the evidence.

pub mod kinds;
mod missing;
mod workflows;

pub use missing::Missing;
pub use workflows::{workflow_of, workflows};

use resurgam_formats::evidence::{Evidence, Operation, Run};
use resurgam_formats::plan::{Fault, FaultKind, Happening, TaskKind};
use resurgam_formats::program::{Block, Input, Program, Statement};
use resurgam_formats::recording::{Injected, Task};
use resurgam_formats::time::At;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counts by name.
pub type Counts = BTreeMap<String, u64>;
/// Counts by two names, such as the first event and the second.
pub type Pairs = BTreeMap<String, Counts>;

/// What was exercised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Coverage {
    /// How many cases were added up.
    pub cases: u64,
    /// Runs of workflows, by how they closed (`Completed`, …, `open`).
    pub runs: Counts,
    /// Statement kinds in the programs of runs that started (a child's or successor's program counts with its own run).
    pub statements: Counts,
    /// Event kinds in final histories.
    pub events: Counts,
    /// Attempts of calls: kind, then answer.
    pub operations: Pairs,
    /// Tasks as workers received them.
    pub tasks: Counts,
    /// What workers did on purpose.
    pub worker_faults: Counts,
    /// Faults, by kind; apart those that made no difference.
    pub faults: Counts,
    /// What happened in the simulated store, out of the ordinary.
    #[serde(default)]
    pub store: Counts,
    /// Statement kind, then a kind that stands directly inside it.
    pub inside: Pairs,
    /// Statement kind, then the kind that follows it in the same block.
    pub then: Pairs,
    /// Event kind, then the kind of the next event of the run.
    pub next: Pairs,
    /// Kinds of two different calls on one workflow whose attempts overlapped in time; the smaller name first.
    pub beside: Pairs,
}

fn bump(counts: &mut Counts, name: &str, by: u64) {
    match counts.get_mut(name) {
        Some(count) => *count += by,
        None => {
            counts.insert(name.to_owned(), by);
        }
    }
}

fn pair(pairs: &mut Pairs, first: &str, second: &str, by: u64) {
    match pairs.get_mut(first) {
        Some(counts) => bump(counts, second, by),
        None => {
            pairs.insert(first.to_owned(), Counts::from([(second.to_owned(), by)]));
        }
    }
}

impl Coverage {
    /// The coverage of one case.
    #[must_use]
    pub fn of(evidence: &Evidence) -> Self {
        let mut all = Self { cases: 1, ..Self::default() };
        for run in &evidence.runs {
            all.run(run);
        }
        for operation in evidence.operations.values() {
            all.operation(operation);
        }
        all.overlaps(evidence);
        for handed in evidence.tasks.values() {
            all.task(&handed.task);
            for worker_fault in &handed.worker_faults {
                bump(&mut all.worker_faults, kinds::worker_fault(handed.task.kind, *worker_fault), 1);
            }
        }
        for fault in &evidence.faults {
            let kind = fault.fault.kind();
            if fault.hits == Some(0) {
                bump(&mut all.faults, &format!("{kind} in vain"), 1);
            } else {
                bump(&mut all.faults, kind, 1);
                if let Injected::Planned(Fault { moment: Some(moment), .. }) = &fault.fault {
                    bump(&mut all.faults, moment.event.name(), 1);
                }
            }
        }
        for (.., outcome) in &evidence.store {
            bump(&mut all.store, outcome.name(), 1);
        }
        all
    }

    /// Adds the counts of another.
    pub fn merge(&mut self, other: &Self) {
        self.cases += other.cases;
        for (mine, theirs) in [
            (&mut self.runs, &other.runs),
            (&mut self.statements, &other.statements),
            (&mut self.events, &other.events),
            (&mut self.tasks, &other.tasks),
            (&mut self.worker_faults, &other.worker_faults),
            (&mut self.faults, &other.faults),
            (&mut self.store, &other.store),
        ] {
            theirs.iter().for_each(|(name, count)| bump(mine, name, *count));
        }
        for (mine, theirs) in [
            (&mut self.operations, &other.operations),
            (&mut self.inside, &other.inside),
            (&mut self.then, &other.then),
            (&mut self.next, &other.next),
            (&mut self.beside, &other.beside),
        ] {
            for (first, counts) in theirs {
                counts.iter().for_each(|(second, count)| pair(mine, first, second, *count));
            }
        }
    }

    /// What exists but was never reached.
    #[must_use]
    pub fn missing(&self) -> Missing {
        fn without<V>(known: &[&str], seen: &BTreeMap<String, V>) -> Vec<String> {
            known.iter().filter(|name| !seen.contains_key(**name)).map(|name| (*name).to_owned()).collect()
        }
        Missing {
            statements: without(kinds::STATEMENTS, &self.statements),
            events: without(kinds::EVENTS, &self.events),
            operations: without(kinds::OPERATIONS, &self.operations),
            tasks: without(kinds::TASKS, &self.tasks),
            worker_faults: without(kinds::WORKER_FAULTS, &self.worker_faults),
            faults: if self.faults.is_empty() {
                Vec::new()
            } else {
                without(&[FaultKind::NAMES, Happening::NAMES].concat(), &self.faults)
            },
        }
    }

    fn run(&mut self, run: &Run) {
        let close = run.close().map_or("open", |event| event.body.name());
        bump(&mut self.runs, close.trim_start_matches("WorkflowExecution"), 1);
        for event in &run.events {
            bump(&mut self.events, event.body.name(), 1);
        }
        for two in run.events.windows(2) {
            pair(&mut self.next, two[0].body.name(), two[1].body.name(), 1);
        }
        let input = run.started().and_then(|started| started.input.first_json());
        if let Some(input) = input.and_then(|json| serde_json::from_value::<Input>(json).ok()) {
            self.program(&input.program);
        }
    }

    fn program(&mut self, program: &Program) {
        bump(&mut self.statements, kinds::BODY, 1);
        self.block(kinds::BODY, &program.body);
        bump(&mut self.statements, kinds::QUERY, program.queries.len() as u64);
        for handler in program.updates.values() {
            bump(&mut self.statements, kinds::UPDATE, 1);
            self.block(kinds::UPDATE, &handler.body);
        }
        for (name, present) in [(kinds::CONTINUE, program.continue_as.is_some()), (kinds::DRAIN, program.drain_updates)]
        {
            if present {
                bump(&mut self.statements, name, 1);
            }
        }
        self.statements.retain(|_, count| *count > 0);
    }

    fn block(&mut self, outer: &'static str, block: &Block) {
        let mut before = None;
        for statement in block {
            let name = kinds::statement(statement);
            bump(&mut self.statements, name, 1);
            pair(&mut self.inside, outer, name, 1);
            if let Some(before) = before.replace(name) {
                pair(&mut self.then, before, name, 1);
            }
            match statement {
                Statement::Parallel { branches, .. } => branches.iter().for_each(|branch| self.block(name, branch)),
                Statement::Scope { body, .. } => self.block(name, body),
                Statement::Try { body, catch, finally } => {
                    self.block(name, body);
                    catch.iter().for_each(|catch| self.block(name, catch));
                    self.block(name, finally);
                }
                // A child has a program of its own.
                Statement::Child(_) => {}
                Statement::Set { .. }
                | Statement::Activity(_)
                | Statement::LocalActivity { .. }
                | Statement::Timer { .. }
                | Statement::AwaitSignal { .. }
                | Statement::Condition { .. }
                | Statement::Fail { .. } => {}
            }
        }
    }

    fn operation(&mut self, operation: &Operation) {
        for attempt in &operation.attempts {
            let answer = kinds::answer(&attempt.answer, attempt.returned.is_some());
            pair(&mut self.operations, kinds::operation(&operation.call), answer, 1);
        }
    }

    fn task(&mut self, task: &Task) {
        let mut saw = |name: &str, holds: bool| {
            if holds {
                bump(&mut self.tasks, name, 1);
            }
        };
        match task.kind {
            TaskKind::Workflow if task.started == 0 => saw("query alone", true),
            TaskKind::Workflow => {
                saw("workflow", true);
                saw("workflow sticky", task.sticky);
                saw("workflow retried", task.attempt > 1);
                saw("workflow full history", task.previous_started > 0 && matches!(task.events, Some((1, _))));
                saw("workflow with updates", !task.updates.is_empty());
                saw("workflow with queries", task.queries > 0);
            }
            TaskKind::Activity => {
                saw("activity", true);
                saw("activity retried", task.attempt > 1);
            }
        }
    }

    /// Sweeps each workflow's attempts in order of time, keeping how many of each kind are under way.
    fn overlaps(&mut self, evidence: &Evidence) {
        let mut ends: BTreeMap<&str, Vec<(At, bool, u32, &'static str)>> = BTreeMap::new();
        for operation in evidence.operations.values() {
            let Some(workflow) = workflow_of(&operation.call, evidence) else { continue };
            let name = kinds::operation(&operation.call);
            let marks = ends.entry(workflow).or_default();
            for attempt in &operation.attempts {
                marks.push((attempt.invoked, true, operation.id, name));
                let end = attempt.returned.unwrap_or(At::MAX).max(attempt.invoked.saturating_add(1));
                marks.push((end, false, operation.id, name));
            }
        }
        for mut marks in ends.into_values() {
            // At the same nanosecond the end of one comes before the begin of the next.
            marks.sort_unstable();
            let mut active: BTreeMap<&str, u64> = BTreeMap::new();
            let mut under_way: BTreeMap<u32, u64> = BTreeMap::new();
            for (_, begins, id, name) in marks {
                let attempts = under_way.entry(id).or_default();
                if !begins {
                    *attempts = attempts.saturating_sub(1);
                    if *attempts == 0 {
                        under_way.remove(&id);
                        active.entry(name).and_modify(|count| *count = count.saturating_sub(1));
                    }
                    continue;
                }
                *attempts += 1;
                if *attempts > 1 {
                    continue;
                }
                for (other, count) in active.iter().filter(|(_, count)| **count > 0) {
                    pair(&mut self.beside, name.min(other), name.max(other), *count);
                }
                *active.entry(name).or_default() += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;
