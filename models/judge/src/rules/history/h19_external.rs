//! H19: signals and cancellations from one workflow to another, in the sender's history and across both.

use super::h18_child::is_fork;
use crate::rules::Indexed;
use crate::rules::proof::possible;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::{Body, Event, EventId, Execution};
use resurgam_formats::evidence::Run;
use resurgam_formats::plan::Action;
use rustc_hash::{FxHashMap, FxHashSet};

pub(super) struct Externals;

const ABOUT: About = About {
    id: "H19",
    slug: "external",
    title: "a signal or cancellation to another workflow has one outcome, and was delivered if the outcome says so",
    reason: "A workflow that signals another one waits for the outcome and relies on it: `delivered` must mean that the other \
             workflow has it in its history, once in each run that it reached. In a recording of a whole case both histories \
             are there and must agree.",
    source: "docs/temporal-semantics.md: “Events and what they refer to”",
    violating: "
        1 WorkflowExecutionStarted
        2 SignalExternalWorkflowExecutionInitiated workflowExecution.workflowId=x signalName=s
        3 ExternalWorkflowExecutionSignaled initiatedEventId=2 workflowExecution.workflowId=x
        4 SignalExternalWorkflowExecutionFailed initiatedEventId=2 workflowExecution.workflowId=x",
    allowed: "
        1 WorkflowExecutionStarted
        2 SignalExternalWorkflowExecutionInitiated workflowExecution.workflowId=x signalName=s
        3 RequestCancelExternalWorkflowExecutionInitiated workflowExecution.workflowId=x
        4 ExternalWorkflowExecutionSignaled initiatedEventId=2 workflowExecution.workflowId=x
        5 RequestCancelExternalWorkflowExecutionFailed initiatedEventId=3 workflowExecution.workflowId=x",
};

/// From which run, to which workflow id, with which signal name.
type Route<'a> = (&'a Execution, &'a str, &'a str);

/// How often a signal was sent on a route, and how often its outcome was `delivered`.
#[derive(Default)]
struct Sent {
    initiated: u64,
    delivered: u64,
    last: EventId,
}

/// Judges one history by itself and counts what it sent.
fn within<'a>(run: &'a Run, from: &'a Execution, sent: &mut FxHashMap<Route<'a>, Sent>, findings: &mut Findings) {
    let mut signals: FxHashMap<EventId, (&Execution, &str)> = FxHashMap::default();
    let mut cancels: FxHashMap<EventId, &Execution> = FxHashMap::default();
    for event in &run.events {
        match &event.body {
            Body::SignalExternalWorkflowExecutionInitiated(signal) => {
                findings.examine();
                signals.insert(event.id, (&signal.target, &signal.name));
                let count = sent.entry((from, &signal.target.workflow_id, &signal.name)).or_default();
                count.initiated += 1;
                count.last = event.id;
            }
            Body::RequestCancelExternalWorkflowExecutionInitiated(cancel) => {
                findings.examine();
                cancels.insert(event.id, &cancel.target);
            }
            Body::ExternalWorkflowExecutionSignaled(outcome) => {
                let signal = signals.remove(&outcome.initiated);
                settle(event, outcome.initiated, signal.map(|s| s.0), &outcome.target, findings);
                if let Some((target, name)) = signal {
                    sent.entry((from, &target.workflow_id, name)).or_default().delivered += 1;
                }
            }
            Body::SignalExternalWorkflowExecutionFailed(outcome) => {
                let target = signals.remove(&outcome.initiated).map(|s| s.0);
                settle(event, outcome.initiated, target, &outcome.target, findings);
            }
            Body::ExternalWorkflowExecutionCancelRequested(outcome) => {
                let target = cancels.remove(&outcome.initiated);
                settle(event, outcome.initiated, target, &outcome.target, findings);
            }
            Body::RequestCancelExternalWorkflowExecutionFailed(outcome) => {
                let target = cancels.remove(&outcome.initiated);
                settle(event, outcome.initiated, target, &outcome.target, findings);
            }
            _ => {}
        }
    }
}

fn settle(event: &Event, initiated: EventId, asked: Option<&Execution>, target: &Execution, findings: &mut Findings) {
    let name = event.body.name();
    match asked {
        None => {
            let message = format!("{name} is the outcome of event {initiated}, which is not waiting for one");
            findings.violated(&[initiated, event.id], message);
        }
        Some(asked) if asked.workflow_id != target.workflow_id => {
            let message = format!(
                "{name} names workflow {:?}, but event {initiated} was sent to {:?}",
                target.workflow_id, asked.workflow_id
            );
            findings.violated(&[initiated, event.id], message);
        }
        Some(_) => {}
    }
}

/// Compares what was sent with what arrived.
fn confirm<'a>(evidence: &'a Indexed<'_>, sent: &FxHashMap<Route<'a>, Sent>, quiet: bool, findings: &mut Findings) {
    let all = evidence.by_execution();
    let by_clients = evidence.asked().filter(|call| matches!(call.action, Action::Cancel) && possible(call.operation));
    let asked_by_clients: FxHashSet<&str> = by_clients.map(|call| call.workflow_id).collect();
    let mut arrived: FxHashMap<Route<'_>, u64> = FxHashMap::default();
    for run in &evidence.runs {
        findings.look_at(run);
        let mut in_run: FxHashMap<Route<'_>, u64> = FxHashMap::default();
        let mut cancels: FxHashMap<(&Execution, EventId), EventId> = FxHashMap::default();
        for event in &run.events {
            match &event.body {
                Body::WorkflowExecutionSignaled(signal) if !signal.external.workflow_id.is_empty() => {
                    findings.examine();
                    let route = (&signal.external, run.workflow_id.as_str(), signal.name.as_str());
                    *arrived.entry(route).or_default() += 1;
                    let count = in_run.entry(route).or_default();
                    *count += 1;
                    // A sender whose history is missing, or was read before it sent, proves nothing.
                    let sender = all.get(&(signal.external.workflow_id.as_str(), signal.external.run_id.as_str()));
                    let most = sent.get(&route).map_or(0, |sent| sent.initiated);
                    if *count > most && sender.is_some() && quiet {
                        let message = format!(
                            "signal {count} from {} on this route, which sent {most}",
                            signal.external.workflow_id
                        );
                        findings.violated(&[event.id], message);
                    }
                }
                Body::WorkflowExecutionCancelRequested(cancel) if cancel.external.workflow_id.is_empty() => {
                    findings.examine();
                    if quiet && !asked_by_clients.contains(run.workflow_id.as_str()) {
                        let message = "no client asked for this cancellation, and it names no workflow that did";
                        findings.violated(&[event.id], message);
                    }
                }
                Body::WorkflowExecutionCancelRequested(cancel) => {
                    findings.examine();
                    if let Some(before) = cancels.insert((&cancel.external, cancel.external_initiated), event.id) {
                        findings.violated(
                            &[before, event.id],
                            "one cancellation from another workflow arrives twice in a run",
                        );
                    }
                    let sender = all.get(&(cancel.external.workflow_id.as_str(), cancel.external.run_id.as_str()));
                    let place = usize::try_from(cancel.external_initiated.0.saturating_sub(1)).ok();
                    let asked = sender.and_then(|sender| sender.events.get(place?)).map(|event| &event.body);
                    let wrong = match asked {
                        Some(Body::RequestCancelExternalWorkflowExecutionInitiated(asked)) => {
                            asked.target.workflow_id != run.workflow_id
                        }
                        // A parent that closes cancels its children without an event of its own.
                        None | Some(Body::Unrecognised { .. } | Body::StartChildWorkflowExecutionInitiated(_)) => false,
                        Some(_) => true,
                    };
                    if cancel.external_initiated.is_none()
                        && sender.is_some_and(|sender| quiet && !is_closing_parent(sender, run))
                    {
                        findings.violated(&[event.id], "it does not say which event of the sender asked for it");
                    }
                    if sender.is_none() && quiet {
                        let message =
                            format!("it comes from workflow {}, which does not exist", cancel.external.workflow_id);
                        findings.violated(&[event.id], message);
                    }
                    if wrong {
                        let message = format!(
                            "event {} of the sender did not ask for this cancellation",
                            cancel.external_initiated
                        );
                        findings.violated(&[event.id], message);
                    }
                }
                _ => {}
            }
        }
    }
    let targets: FxHashSet<&str> = evidence.runs.iter().map(|run| run.workflow_id.as_str()).collect();
    // A target that was read before the sender may have got the signal later.
    let mut lost: Vec<(&Route<'_>, &Sent, u64)> = sent
        .iter()
        .filter(|((_, to, _), _)| quiet && targets.contains(to))
        .map(|(route, count)| (route, count, arrived.get(route).copied().unwrap_or(0)))
        .filter(|(_, count, reached)| *reached < count.delivered)
        .collect();
    lost.sort_by_key(|(route, ..)| **route);
    for ((from, to, name), count, reached) in lost {
        if let Some(run) = all.get(&(from.workflow_id.as_str(), from.run_id.as_str())) {
            findings.look_at(run);
            let message = format!("{} signals {name:?} to {to} were delivered, but {reached} arrived", count.delivered);
            findings.violated(&[count.last], message);
        }
    }
}

/// Whether this run was the parent of the other one, and has closed: then it may ask its children to cancel without an event.
fn is_closing_parent(sender: &Run, run: &Run) -> bool {
    let parent = run.events.first().and_then(|event| match &event.body {
        Body::WorkflowExecutionStarted(start) => Some(&start.parent),
        _ => None,
    });
    parent == Some(&sender.execution()) && sender.events.last().is_some_and(|event| event.body.is_close())
}

impl Rule for Externals {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let executions: Vec<Execution> = evidence.runs.iter().map(Run::execution).collect();
        let mut sent = FxHashMap::default();
        for (run, from) in evidence.runs.iter().zip(&executions).filter(|(run, _)| !run.partial) {
            findings.look_at(run);
            within(run, from, &mut sent, findings);
        }
        if evidence.is_whole() && !evidence.runs.iter().any(is_fork) {
            let quiet = evidence.end.as_ref().is_some_and(|end| end.quiescent);
            confirm(evidence, &sent, quiet, findings);
        }
    }
}
