//! H30: a run begins as it was asked for.

use super::begun::Expected;
use crate::rules::index::Asked;
use crate::rules::proof::possible;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::event::{Body, EventId, WorkflowExecutionStarted};
use resurgam_formats::evidence::Run;
use resurgam_formats::plan::{Action, Start};
use resurgam_formats::recording::Reply;
use rustc_hash::FxHashMap;

/// The calls of clients that ask for a run, by workflow id.
type Starts<'a> = FxHashMap<&'a str, Vec<(Asked<'a>, &'a Start)>>;

/// Compares first events with the requests, parents and earlier runs that they come from.
pub(super) struct Begin;

static ABOUT: About = About {
    id: "H30",
    slug: "begin",
    title: "the first event of a run says what its client, its parent or the run before asked for",
    reason: "The first event is all that a worker ever learns of why a run exists. A run that begins with another input, another \
             timeout or another retry policy than was asked for does something else than what was ordered, and every run that \
             continues it inherits the mistake.",
    source: "docs/provenance.md; docs/temporal-semantics.md: “Starts and workflow ids”, “Chains and children”",
    violating: whole!(
        "
        run w/r1
        1 WorkflowExecutionStarted originalExecutionRunId=r1 workflowType.name=t workflowTaskTimeout=10s
        2 WorkflowExecutionContinuedAsNew initiator=WORKFLOW newExecutionRunId=r2 workflowType.name=t workflowTaskTimeout=10s
        run w/r2
        1 WorkflowExecutionStarted originalExecutionRunId=r2 initiator=WORKFLOW continuedExecutionRunId=r1 workflowType.name=t workflowTaskTimeout=5s"
    ),
    allowed: whole!(
        "
        run w/r1
        1 WorkflowExecutionStarted originalExecutionRunId=r1 workflowType.name=t workflowTaskTimeout=10s
        2 WorkflowExecutionContinuedAsNew initiator=WORKFLOW newExecutionRunId=r2 workflowType.name=t workflowTaskTimeout=5s
        run w/r2
        1 WorkflowExecutionStarted originalExecutionRunId=r2 initiator=WORKFLOW continuedExecutionRunId=r1 workflowType.name=t workflowTaskTimeout=5s"
    ),
};

impl Rule for Begin {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs_kinds(&self) -> bool {
        false
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let mut starts: Starts<'_> = FxHashMap::default();
        for call in evidence.asked() {
            if let Action::Start(start) | Action::SignalWithStart { start, .. } = call.action {
                starts.entry(call.workflow_id).or_default().push((call, start));
            }
        }
        for run in evidence.runs.iter().filter(|run| !run.partial) {
            let Some(started) = run.started() else { continue };
            findings.look_at(run);
            // One of them, if several may have asked.
            let expected = expected(run, evidence, &starts);
            let differences: Vec<_> = expected.iter().map(|one| one.differences(started)).collect();
            if let Some(why) = wrong_expiration(run, started) {
                findings.violated(&[EventId(1)], why);
            }
            let Some(least) = differences.into_iter().min_by_key(Vec::len) else { continue };
            findings.examine();
            if !least.is_empty() {
                findings.violated(&[EventId(1)], format!("the run begins otherwise than asked: {}", least.join("; ")));
            }
        }
    }
}

/// A server may count an execution timeout from the arrival of the request, so much before the first event, in nanoseconds.
const ARRIVAL: i64 = 1_000_000_000;
/// It may be this much later, for the grain of times in events, in nanoseconds.
const GRAIN: i64 = 5_000_000;

/// What is wrong with the time by which the chain of a run has to be over: its first run begins, and it has its execution timeout.
fn wrong_expiration(run: &Run, started: &WorkflowExecutionStarted) -> Option<String> {
    let (began, expires) = (run.events.first()?.time?, started.expiration.0.filter(|at| *at > 0));
    if !started.continued_run.is_empty() {
        return None;
    }
    let expected = (started.execution_timeout.0 > 0).then(|| began.saturating_add(started.execution_timeout.0));
    let same = match (expires, expected) {
        (Some(is), Some(asked)) => (asked.saturating_sub(ARRIVAL)..=asked.saturating_add(GRAIN)).contains(&is),
        (is, asked) => is.is_none() == asked.is_none(),
    };
    let ms = |at: Option<i64>| {
        at.map_or_else(|| "never".to_owned(), |at| format!("after {} ms", at.saturating_sub(began) / 1_000_000))
    };
    (!same).then(|| format!("the run expires {}, its execution timeout says {}", ms(expires), ms(expected)))
}

/// All that may have been asked for.
fn expected(run: &Run, evidence: &Indexed<'_>, starts: &Starts<'_>) -> Vec<Expected> {
    let Some(started) = run.started() else { return Vec::new() };
    let known = evidence.by_execution();
    if !started.continued_run.is_empty() {
        let before = known.get(&(run.workflow_id.as_str(), started.continued_run.as_str()));
        return before.and_then(|before| Expected::next(run, before)).into_iter().collect();
    }
    if !started.parent.workflow_id.is_empty() {
        let parent = known.get(&(started.parent.workflow_id.as_str(), started.parent.run_id.as_str()));
        let asked = parent.and_then(|parent| Some((parent, &parent.event(started.parent_initiated)?.body)));
        return match asked {
            Some((parent, Body::StartChildWorkflowExecutionInitiated(asked))) => {
                vec![Expected::child(run, parent, asked)]
            }
            _ => Vec::new(),
        };
    }
    clients(run, evidence, starts)
}

/// The requests of clients that may have started a run: those that were told so, or else those that may have.
fn clients(run: &Run, evidence: &Indexed<'_>, starts: &Starts<'_>) -> Vec<Expected> {
    let Some(header) = &evidence.header else { return Vec::new() };
    let starts = starts.get(run.workflow_id.as_str()).map_or(&[][..], Vec::as_slice);
    let (mut told, mut perhaps) = (Vec::new(), Vec::new());
    for (call, start) in starts {
        let named = call
            .operation
            .replies()
            .any(|(_, reply)| matches!(reply, Reply::Run { run_id, started: Some(true) } if *run_id == run.run_id));
        let label = Some(call.request_id).filter(|_| header.labels);
        let expected = Expected::client(run, &header.plan, &header.prefix, &call.operation.by, label, start);
        if named {
            told.push(expected);
        } else if possible(call.operation) {
            perhaps.push(expected);
        }
    }
    if told.is_empty() { perhaps } else { told }
}
