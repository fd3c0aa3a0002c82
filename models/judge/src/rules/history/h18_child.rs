//! H18: the life of a child workflow, in its parent's history and across both.

use super::child_end::{close_name, end_of, results, told_otherwise};
use crate::rules::Indexed;
use crate::rules::index::Key;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::{Body, Event, EventId, Execution, Named};
use resurgam_formats::evidence::{Evidence, Run};
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) struct Children;

const ABOUT: About = About {
    id: "H18",
    slug: "child",
    title: "a child fails to start or starts once, ends at most once, and both sides tell the same",
    reason: "A parent acts on what its history says of a child: a second start is a second child, an end that the child did not \
             have is a wrong result, an end that never comes is a parent that waits for ever. In a recording of a whole case \
             the child's own history must confirm it: it points back to its parent, and the last run of its chain closed the \
             way the parent was told.",
    source: "docs/temporal-semantics.md: “Chains and children”; temporal#7591, temporal#3977, cadence#503",
    violating: "
        1 WorkflowExecutionStarted
        2 StartChildWorkflowExecutionInitiated workflowId=c
        3 ChildWorkflowExecutionStarted initiatedEventId=2 workflowExecution.workflowId=c workflowExecution.runId=x
        4 ChildWorkflowExecutionStarted initiatedEventId=2 workflowExecution.workflowId=c workflowExecution.runId=y",
    allowed: "
        1 WorkflowExecutionStarted
        2 StartChildWorkflowExecutionInitiated workflowId=c
        3 ChildWorkflowExecutionStarted initiatedEventId=2 workflowExecution.workflowId=c workflowExecution.runId=x
        4 ChildWorkflowExecutionTerminated initiatedEventId=2 startedEventId=3 workflowExecution.workflowId=c workflowExecution.runId=y",
};

struct Child<'a> {
    workflow_id: String,
    workflow_type: &'a Named,
    started: EventId,
}

/// What the parent says of a child that started.
struct Told<'a> {
    parent: &'a Run,
    initiated: EventId,
    started: EventId,
    child: &'a Execution,
    end: Option<(&'a Event, &'a Execution)>,
}

/// A type that an event about a child repeats otherwise than it was asked for. One that is not given, as in shortened histories,
/// says nothing.
fn another_type(event: &Event, asked: &Named, said: &Named, findings: &mut Findings, initiated: EventId) {
    if !asked.0.is_empty() && said != asked {
        let message =
            format!("{} says that the child has the type {:?}; {:?} was asked for", event.body.name(), said.0, asked.0);
        findings.violated(&[initiated, event.id], message);
    }
}

/// Judges one history by itself, and lists the children that it started.
fn within<'a>(run: &'a Run, findings: &mut Findings) -> Vec<Told<'a>> {
    let mut pending: FxHashMap<EventId, Child<'_>> = FxHashMap::default();
    let mut told: Vec<Told<'a>> = Vec::new();
    let mut places: FxHashMap<EventId, usize> = FxHashMap::default();
    let not_pending = |findings: &mut Findings, event: &Event, initiated: EventId| {
        let message = format!("{} is about the child of event {initiated}, which is not pending", event.body.name());
        findings.violated(&[initiated, event.id], message);
    };
    for event in &run.events {
        match &event.body {
            Body::StartChildWorkflowExecutionInitiated(child) => {
                findings.examine();
                let (workflow_id, workflow_type) = (child.workflow_id.clone(), &child.workflow_type);
                let entry = Child { workflow_id, workflow_type, started: EventId(0) };
                pending.insert(event.id, entry);
            }
            Body::StartChildWorkflowExecutionFailed(failed) => match pending.remove(&failed.initiated) {
                None => not_pending(findings, event, failed.initiated),
                Some(child) if !child.started.is_none() => {
                    let message = "the start of a child fails that has started";
                    findings.violated(&[failed.initiated, child.started, event.id], message);
                }
                Some(_) => {}
            },
            Body::ChildWorkflowExecutionStarted(start) => match pending.get_mut(&start.initiated) {
                None => not_pending(findings, event, start.initiated),
                Some(child) if !child.started.is_none() => {
                    let message = "a child is started a second time";
                    findings.violated(&[start.initiated, child.started, event.id], message);
                }
                Some(child) => {
                    child.started = event.id;
                    another_type(event, child.workflow_type, &start.workflow_type, findings, start.initiated);
                    if child.workflow_id != start.child.workflow_id {
                        let message = format!(
                            "child {:?} was asked for, child {:?} started",
                            child.workflow_id, start.child.workflow_id
                        );
                        findings.violated(&[start.initiated, event.id], message);
                    }
                    places.insert(start.initiated, told.len());
                    let (initiated, child) = (start.initiated, &start.child);
                    told.push(Told { parent: run, initiated, started: event.id, child, end: None });
                }
            },
            body => {
                let Some((initiated, started, execution, workflow_type)) = end_of(body) else { continue };
                let Some(child) = pending.remove(&initiated) else {
                    not_pending(findings, event, initiated);
                    continue;
                };
                another_type(event, child.workflow_type, workflow_type, findings, initiated);
                if child.started.is_none() || child.started != started {
                    let message = format!(
                        "{} says that the child was started by event {started}; it was {}",
                        body.name(),
                        child.started
                    );
                    findings.violated(&[initiated, started, event.id], message);
                } else if execution.workflow_id != child.workflow_id {
                    let message =
                        format!("child {:?} ends in place of child {:?}", execution.workflow_id, child.workflow_id);
                    findings.violated(&[initiated, event.id], message);
                }
                if let Some(told) = places.get(&initiated).and_then(|place| told.get_mut(*place)) {
                    told.end = Some((event, execution));
                }
            }
        }
    }
    told
}

/// The last run of the chain that begins with this run, as far as the evidence goes; `None` if a run is missing.
fn last_of<'a>(all: &FxHashMap<Key<'a>, &'a Run>, first: &'a Run) -> Option<&'a Run> {
    let mut seen = FxHashSet::default();
    let mut run = first;
    while !run.successor().is_empty() && seen.insert(run.run_id.as_str()) {
        run = all.get(&(run.workflow_id.as_str(), run.successor())).copied()?;
    }
    run.successor().is_empty().then_some(run)
}

/// Compares what a parent says of a child with the child's own histories.
fn confirm(told: &Told<'_>, all: &FxHashMap<Key<'_>, &Run>, quiet: bool, findings: &mut Findings) {
    findings.look_at(told.parent);
    findings.examine();
    let here = [told.initiated, told.started];
    let name = format!("{}/{}", told.child.workflow_id, told.child.run_id);
    let Some(first) = all.get(&(told.child.workflow_id.as_str(), told.child.run_id.as_str())) else {
        let message = format!("the child run {name} that was started does not exist");
        return if quiet { findings.violated(&here, message) } else { findings.unknown(message) };
    };
    if let Some(start) = first.started()
        && (start.parent != told.parent.execution() || start.parent_initiated != told.initiated)
    {
        let message = format!(
            "the child run {name} names as its parent {}/{}, event {}",
            start.parent.workflow_id, start.parent.run_id, start.parent_initiated
        );
        findings.violated(&here, message);
    }
    let Some((end, execution)) = told.end else { return };
    let here = [told.initiated, told.started, end.id];
    let Some(last) = last_of(all, first) else {
        findings.unknown(format!("the chain of the child run {name} is not complete in the evidence"));
        return;
    };
    if execution.run_id != last.run_id {
        let message = format!(
            "{} names run {}, but the last run of the child is {}",
            end.body.name(),
            execution.run_id,
            last.run_id
        );
        findings.violated(&here, message);
    }
    match last.close() {
        // A history that was read before the child closed proves nothing.
        None if last.read.0 < told.parent.read.1 => {}
        None => findings.violated(&here, format!("{}, but the child run {} is open", end.body.name(), last.run_id)),
        Some(close) if close.body.name() != close_name(&end.body) => {
            let message = format!("{}, but the child closed with {}", end.body.name(), close.body.name());
            findings.violated(&here, message);
        }
        Some(close) => {
            if let Some(what) = told_otherwise(&end.body, &close.body) {
                findings.violated(
                    &here,
                    format!("the {what} of the child in its parent is not the one that it closed with"),
                );
            }
            if results(&end.body, &close.body).is_some_and(|(told, is)| told != is) {
                findings
                    .violated(&here, "the result of the child in its parent is not the one that the child returned");
            }
        }
    }
}

/// Every child's run points to the event of its parent that asked for it, and no event has two children.
fn back_pointers(evidence: &Evidence, all: &FxHashMap<Key<'_>, &Run>, quiet: bool, findings: &mut Findings) {
    let mut chains: FxHashMap<(&Execution, EventId), &str> = FxHashMap::default();
    for run in &evidence.runs {
        let Some(start) = run.started().filter(|start| !start.parent.workflow_id.is_empty()) else { continue };
        findings.look_at(run);
        findings.examine();
        let first = if start.first_run.is_empty() { run.run_id.as_str() } else { start.first_run.as_str() };
        let known = chains.entry((&start.parent, start.parent_initiated)).or_insert(first);
        if *known != first {
            let message = format!(
                "event {} of the parent has two children: the runs {known} and {first}",
                start.parent_initiated
            );
            findings.violated(&[EventId(1)], message);
        }
        let parent = all.get(&(start.parent.workflow_id.as_str(), start.parent.run_id.as_str()));
        let Some(parent) = parent.filter(|parent| !parent.partial) else {
            let message = format!("the parent run {}/{} does not exist", start.parent.workflow_id, start.parent.run_id);
            if quiet {
                findings.violated(&[EventId(1)], message);
            } else {
                findings.unknown(message);
            }
            continue;
        };
        let asked =
            usize::try_from(start.parent_initiated.0.saturating_sub(1)).ok().and_then(|place| parent.events.get(place));
        let right = match asked.map(|event| &event.body) {
            Some(Body::StartChildWorkflowExecutionInitiated(child)) => child.workflow_id == run.workflow_id,
            // The parent was read before it asked, or its events are not in order.
            None => !quiet,
            Some(Body::Unrecognised { .. }) => true,
            Some(_) => false,
        };
        if !right {
            let message = format!("event {} of the parent did not ask for this child", start.parent_initiated);
            findings.violated(&[EventId(1)], message);
        }
    }
}

/// True if the history was forked: then a child may belong to the run that it was forked from.
pub(super) fn is_fork(run: &Run) -> bool {
    run.events
        .iter()
        .any(|event| matches!(&event.body, Body::WorkflowTaskFailed(task) if task.cause.is("RESET_WORKFLOW")))
}

impl Rule for Children {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let mut told = Vec::new();
        for run in evidence.runs.iter().filter(|run| !run.partial) {
            findings.look_at(run);
            told.extend(within(run, findings));
        }
        if !evidence.is_whole() || evidence.runs.iter().any(is_fork) {
            return;
        }
        let quiet = evidence.end.as_ref().is_some_and(|end| end.quiescent);
        let all = evidence.by_execution();
        for told in &told {
            confirm(told, all, quiet, findings);
        }
        back_pointers(evidence, all, quiet, findings);
    }
}
