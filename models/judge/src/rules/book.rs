//! Who asked for what, what was answered, and in which runs to look for it: the indexes that the rules over more than
//! one history share. Built once per rule, in linear time. Nothing is judged here.

use resurgam_formats::command::Command;
use resurgam_formats::event::Payloads;
use resurgam_formats::evidence::{Attempt, Evidence, Handed, Operation, Run};
use resurgam_formats::plan::{Action, Caller, Family, Harm};
use resurgam_formats::recording::{ActivityEnd, Answer, Call, Injected, Reply};
use resurgam_formats::time::At;
use rustc_hash::{FxHashMap, FxHashSet};

/// The text of a whole recording: a header before and an end after the given lines. For the examples of rules.
macro_rules! whole {
    ($text:literal) => {
        concat!(
            r#"{"at":0,"type":"header","version":1,"target":"temporal","prefix":"p","plan":{"version":1,"seed":1,"programs":[],"operations":[],"workers":{"count":1,"cache":0,"full_replay":false},"mischief":[],"knobs":{"task_timeout_ms":1000,"sticky_timeout_ms":500}}}"#,
            "\n",
            $text,
            "\n",
            r#"{"at":999,"type":"end","quiescent":true,"deadline":1000}"#
        )
    };
}
pub(super) use whole;

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

/// Every call of a client, in the order of their numbers.
pub(super) fn asked(evidence: &Evidence) -> impl Iterator<Item = Asked<'_>> {
    evidence.operations.values().filter_map(|operation| match &operation.call {
        Call::Client { workflow_id, request_id, action } => Some(Asked { operation, workflow_id, request_id, action }),
        _ => None,
    })
}

/// The answers of workers to workflow tasks, by workflow id and run id.
pub(super) fn decisions(evidence: &Evidence) -> FxHashMap<(&str, &str), Vec<Decided<'_>>> {
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

/// The reported ends of activities, by workflow id, run id and activity id.
pub(super) fn ends(evidence: &Evidence) -> FxHashMap<(&str, &str, &str), Vec<Ended<'_>>> {
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

/// The final histories by workflow id and run id.
pub(super) fn by_execution(evidence: &Evidence) -> FxHashMap<(&str, &str), &Run> {
    evidence.runs.iter().map(|run| ((run.workflow_id.as_str(), run.run_id.as_str()), run)).collect()
}

/// The final histories by workflow id.
pub(super) fn by_workflow(evidence: &Evidence) -> FxHashMap<&str, Vec<&Run>> {
    let mut all: FxHashMap<_, Vec<_>> = FxHashMap::default();
    for run in &evidence.runs {
        all.entry(run.workflow_id.as_str()).or_default().push(run);
    }
    all
}

/// True if what was acknowledged at this time must be in this final history: its read began later (or is not dated).
pub(super) fn shows(run: &Run, at: At) -> bool {
    !run.partial && (run.read.0 == 0 || at <= run.read.0)
}

/// True for answers that say "done".
pub(super) fn positive(reply: &Reply) -> bool {
    !matches!(reply, Reply::NotFound { .. } | Reply::Refused { .. } | Reply::AlreadyStarted { .. })
}

/// True if this attempt may have had an effect, or had one.
pub(super) fn may_apply(attempt: &Attempt) -> bool {
    match &attempt.answer {
        Answer::Ok { value } => positive(value),
        Answer::Fail { .. } => false,
        Answer::Info { .. } => true,
    }
}

/// True if some attempt of the operation may have had an effect, or had one. Definite refusals of all attempts prove
/// that none had.
pub(super) fn possible(operation: &Operation) -> bool {
    operation.attempts.iter().any(may_apply)
}

/// When the operation was first acknowledged; `None` if it never was.
pub(super) fn acknowledged(operation: &Operation) -> Option<At> {
    operation.replies().filter(|(_, reply)| positive(reply)).filter_map(|(attempt, _)| attempt.returned).min()
}

/// True if a fault may have lost what a worker was handed on its way: on the network, with a node, or by taking the call
/// from the worker. A fault of the store or of a clock loses no answer.
pub(super) fn answers_may_be_lost(evidence: &Evidence) -> bool {
    evidence.faults.iter().any(|fault| match &fault.fault {
        Injected::Planned(fault) => match fault.harm.family() {
            Family::Network | Family::Node => true,
            Family::Call => matches!(
                fault.harm,
                Harm::ReplyLost { by: Caller::Worker, .. } | Harm::CallRepeated { by: Caller::Worker, .. }
            ),
            Family::Store | Family::Clock => false,
        },
        Injected::Named(_) => true,
    })
}

/// What a fault has held up may take so long after its end to go on, in nanoseconds: calls that are tried again, a batch
/// that is late.
const AFTERMATH: At = 2_000_000_000;

/// True if between these moments no fault was in force: all can hold up or lose something, and a clock that jumps ends
/// what has not had its time.
pub(super) fn is_quiet(evidence: &Evidence, from: At, until: At) -> bool {
    !evidence.faults.iter().any(|fault| {
        let over = fault.until.is_some_and(|end| end.saturating_add(AFTERMATH) < from);
        !over && fault.from <= until
    })
}

/// The only payload as an integer.
pub(super) fn number(payloads: &Payloads) -> Option<i64> {
    payloads.first_json()?.as_i64()
}

/// True if there is a payload whose encoding cannot be read here: it says nothing.
pub(super) fn unreadable(payloads: &Payloads) -> bool {
    payloads.0.first().is_some_and(|payload| payload.as_json().is_none())
}

/// By workflow id and run id: the commands that `pick` selects, each with the answer that carried it.
pub(super) fn commanded<T>(
    evidence: &Evidence,
    pick: impl Fn(&Command) -> Option<T>,
) -> FxHashMap<(&str, &str), Vec<(&Operation, T)>> {
    let mut all: FxHashMap<_, Vec<_>> = FxHashMap::default();
    for (key, answers) in decisions(evidence) {
        for answer in answers {
            for picked in answer.commands.iter().filter_map(&pick) {
                all.entry(key).or_default().push((answer.operation, picked));
            }
        }
    }
    all
}

/// Workflow ids of which a run may exist whose history nobody read: a start was attempted and its outcome is unknown. If
/// the run was terminated before a worker saw it and another became current, no answer names it. The audit of a store
/// that has come to rest names every run, so with one these are known, not guessed.
pub(super) fn perhaps_unnamed(evidence: &Evidence) -> FxHashSet<&str> {
    if let (Some(_), Some((_, audit))) = (&evidence.tenures, evidence.audits.last()) {
        let known = by_execution(evidence);
        let rows = audit.runs.iter().map(|row| (row.workflow_id.as_str(), row.run_id.as_str()));
        return rows.filter(|row| !known.contains_key(row)).map(|(workflow_id, _)| workflow_id).collect();
    }
    let starts =
        asked(evidence).filter(|call| matches!(call.action, Action::Start(_) | Action::SignalWithStart { .. }));
    let open = |attempt: &Attempt| matches!(attempt.answer, Answer::Info { .. });
    starts.filter(|call| call.operation.attempts.iter().any(open)).map(|call| call.workflow_id).collect()
}
