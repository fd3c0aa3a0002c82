//! The indexes of evidence: who asked for what, what was answered, and in which runs to look for it. An index is built in
//! linear time when the first rule asks for it, and all rules of a case share it. Nothing is judged here.

use resurgam_formats::command::Command;
use resurgam_formats::event::Event;
use resurgam_formats::evidence::{Attempt, Evidence, Handed, Operation, Run};
use resurgam_formats::notes::plain;
use resurgam_formats::plan::Action;
use resurgam_formats::recording::{ActivityEnd, Answer, Call};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::OnceCell;

/// A logical call of a client.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) operation: &'a Operation,
    pub(super) workflow_id: &'a str,
    pub(super) request_id: &'a str,
    pub(super) action: &'a Action,
}

/// An answer of a worker to a workflow task.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decided<'a> {
    pub(super) operation: &'a Operation,
    pub(super) task: &'a Handed,
    pub(super) commands: &'a [Command],
}

/// The end of an attempt of an activity, as a worker or a client reported it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended<'a> {
    pub(super) operation: &'a Operation,
    pub(super) task: &'a Handed,
    pub(super) end: &'a ActivityEnd,
    pub(super) by_id: bool,
}

/// The key of a run: workflow id and run id.
pub(super) type Key<'e> = (&'e str, &'e str);

/// The reported ends of activities, by workflow id, run id and activity id.
type Ends<'e> = FxHashMap<(&'e str, &'e str, &'e str), Vec<Ended<'e>>>;

/// The evidence of one case and its indexes. Whatever [`Evidence`] has can be read from it directly.
#[derive(Debug)]
pub struct Index<'e> {
    evidence: &'e Evidence,
    asked: OnceCell<Vec<Asked<'e>>>,
    decisions: OnceCell<FxHashMap<Key<'e>, Vec<Decided<'e>>>>,
    ends: OnceCell<Ends<'e>>,
    by_execution: OnceCell<FxHashMap<Key<'e>, &'e Run>>,
    by_workflow: OnceCell<FxHashMap<&'e str, Vec<&'e Run>>>,
    perhaps_unnamed: OnceCell<FxHashSet<&'e str>>,
    strange: OnceCell<Option<String>>,
}

impl std::ops::Deref for Index<'_> {
    type Target = Evidence;

    fn deref(&self) -> &Evidence {
        self.evidence
    }
}

impl<'e> Index<'e> {
    /// No index is built yet.
    pub(super) fn new(evidence: &'e Evidence) -> Self {
        Self {
            evidence,
            asked: OnceCell::new(),
            decisions: OnceCell::new(),
            ends: OnceCell::new(),
            by_execution: OnceCell::new(),
            by_workflow: OnceCell::new(),
            perhaps_unnamed: OnceCell::new(),
            strange: OnceCell::new(),
        }
    }

    /// What is said of the first event of a kind that is not known; `None` if all of them are.
    pub(crate) fn strange(&self) -> Option<&str> {
        let named = |run: &Run, event: &Event| {
            let of = if run.run_id.is_empty() { String::new() } else { format!(" of run {}", run.run_id) };
            plain(&format!("event {}{of} is of a kind that is not known here, {}", event.id, event.body.name()), 200)
        };
        let all = || self.evidence.runs.iter().chain(&self.evidence.reads).chain(&self.evidence.elsewhere);
        let found = || all().find_map(|run| Some(named(run, run.unknown()?)));
        self.strange.get_or_init(found).as_deref()
    }

    /// What is indexed.
    pub(super) fn evidence(&self) -> &'e Evidence {
        self.evidence
    }

    /// Every call of a client, in the order of their numbers.
    pub(super) fn asked(&self) -> impl Iterator<Item = Asked<'e>> {
        self.asked.get_or_init(|| asked(self.evidence).collect()).iter().copied()
    }

    /// The answers of workers to workflow tasks.
    pub(super) fn decisions(&self) -> &FxHashMap<Key<'e>, Vec<Decided<'e>>> {
        self.decisions.get_or_init(|| decisions(self.evidence))
    }

    /// The reported ends of activities, by workflow id, run id and activity id.
    pub(super) fn ends(&self) -> &Ends<'e> {
        self.ends.get_or_init(|| ends(self.evidence))
    }

    /// The final histories.
    pub(super) fn by_execution(&self) -> &FxHashMap<Key<'e>, &'e Run> {
        self.by_execution.get_or_init(|| {
            self.evidence.runs.iter().map(|run| ((run.workflow_id.as_str(), run.run_id.as_str()), run)).collect()
        })
    }

    /// The final histories by workflow id.
    pub(super) fn by_workflow(&self) -> &FxHashMap<&'e str, Vec<&'e Run>> {
        self.by_workflow.get_or_init(|| {
            let mut all: FxHashMap<_, Vec<_>> = FxHashMap::default();
            for run in &self.evidence.runs {
                all.entry(run.workflow_id.as_str()).or_default().push(run);
            }
            all
        })
    }

    /// The commands that `pick` selects, each with the answer that carried it.
    pub(super) fn commanded<T>(
        &self,
        pick: impl Fn(&'e Command) -> Option<T>,
    ) -> FxHashMap<Key<'e>, Vec<(&'e Operation, T)>> {
        let mut all: FxHashMap<_, Vec<_>> = FxHashMap::default();
        for (key, answers) in self.decisions() {
            for answer in answers {
                for picked in answer.commands.iter().filter_map(&pick) {
                    all.entry(*key).or_default().push((answer.operation, picked));
                }
            }
        }
        all
    }

    /// Workflow ids of which a run may exist whose history nobody read: a start was attempted and its outcome is unknown.
    /// If the run was terminated before a worker saw it and another became current, no answer names it. The audit of a
    /// store that has come to rest names every run, so with one these are known, not guessed.
    pub(super) fn perhaps_unnamed(&self) -> &FxHashSet<&'e str> {
        self.perhaps_unnamed.get_or_init(|| {
            let evidence = self.evidence;
            if let (Some(_), Some((_, audit))) = (&evidence.tenures, evidence.audits.last()) {
                let rows = audit.runs.iter().map(|row| (row.workflow_id.as_str(), row.run_id.as_str()));
                let unread = rows.filter(|row| !self.by_execution().contains_key(row));
                return unread.map(|(workflow_id, _)| workflow_id).collect();
            }
            let starts =
                self.asked().filter(|call| matches!(call.action, Action::Start(_) | Action::SignalWithStart { .. }));
            let open = |attempt: &Attempt| matches!(attempt.answer, Answer::Info { .. });
            starts.filter(|call| call.operation.attempts.iter().any(open)).map(|call| call.workflow_id).collect()
        })
    }
}

fn asked(evidence: &Evidence) -> impl Iterator<Item = Asked<'_>> {
    evidence.operations.values().filter_map(|operation| match &operation.call {
        Call::Client { workflow_id, request_id, action } => Some(Asked { operation, workflow_id, request_id, action }),
        _ => None,
    })
}

fn decisions(evidence: &Evidence) -> FxHashMap<(&str, &str), Vec<Decided<'_>>> {
    let mut all: FxHashMap<_, Vec<_>> = FxHashMap::default();
    for operation in evidence.operations.values() {
        if let Call::CompleteWorkflowTask { task, commands, .. } = &operation.call
            && let Some(task) = evidence.tasks.get(task)
        {
            let key = (task.task.workflow_id.as_str(), task.task.run_id.as_str());
            all.entry(key).or_default().push(Decided { operation, task, commands });
        }
    }
    all
}

fn ends(evidence: &Evidence) -> FxHashMap<(&str, &str, &str), Vec<Ended<'_>>> {
    let mut all: FxHashMap<_, Vec<_>> = FxHashMap::default();
    for operation in evidence.operations.values() {
        if let Call::EndActivity { task, end, by_id } = &operation.call
            && let Some(task) = evidence.tasks.get(task)
        {
            let of = &task.task;
            let key = (of.workflow_id.as_str(), of.run_id.as_str(), of.activity_id.as_str());
            all.entry(key).or_default().push(Ended { operation, task, end, by_id: *by_id });
        }
    }
    all
}
