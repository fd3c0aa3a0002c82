//! L4: every activity was asked for by the program, and every end of one was reported by someone.

use super::heartbeats::{self, ActivityKey, Heartbeat};
use crate::rules::Indexed;
use crate::rules::index::Ended;
use crate::rules::proof::{acknowledged, number, possible, shows, unreadable};
use crate::rules::reported::in_our_words;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::command::Command;
use resurgam_formats::event::{self, Body, EventId, FailureKind};
use resurgam_formats::evidence::Run;
use resurgam_formats::failure::kind_of;
use resurgam_formats::program::Failure;
use resurgam_formats::recording::{ActivityEnd, OperationId};
use rustc_hash::{FxHashMap, FxHashSet};

/// Balances commands, reports of workers, and activities in histories.
pub(super) struct Activities;

static ABOUT: About = About {
    id: "L4",
    slug: "activities",
    title: "an activity in a history was commanded, and its result or failure was reported by the worker of that attempt",
    reason: "Activities are the side effects of a workflow. An activity that no program asked for is a payment that \
             nobody ordered; an acknowledged command without an activity is one that never happens; a result that no \
             worker reported is an invention on which the workflow goes on.",
    source: "docs/temporal-semantics.md: “Activities”",
    violating: whole!(
        r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"schedule_activity","seq":1,"call":{"script":{"attempts":[]},"start_to_close_ms":100,"retry":{"initial_ms":1,"coefficient_tenths":10,"maximum_ms":1,"maximum_attempts":1},"cancellation":"abandon","into":0}}]}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 ActivityTaskScheduled activityId=1
        6 ActivityTaskStarted scheduledEventId=5 attempt=1
        7 ActivityTaskCompleted scheduledEventId=5 startedEventId=6 result=[5]"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"schedule_activity","seq":1,"call":{"script":{"attempts":[]},"start_to_close_ms":100,"retry":{"initial_ms":1,"coefficient_tenths":10,"maximum_ms":1,"maximum_attempts":1},"cancellation":"abandon","into":0}}]}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 ActivityTaskScheduled activityId=1
        6 ActivityTaskStarted scheduledEventId=5 attempt=1
        7 ActivityTaskTimedOut scheduledEventId=5 startedEventId=6"#
    ),
};

impl Rule for Activities {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let labels = evidence.header.as_ref().is_some_and(|header| header.labels);
        let heartbeats = heartbeats::reported(evidence);
        let ends = evidence.ends();
        let asked = evidence.commanded(|command| match command {
            Command::ScheduleActivity { seq, .. } => Some(*seq),
            _ => None,
        });
        let known = evidence.by_execution();
        for run in evidence.runs.iter().filter(|run| !run.partial) {
            findings.look_at(run);
            let key = (run.workflow_id.as_str(), run.run_id.as_str());
            judge_run(run, asked.get(&key), ends, findings);
            if labels {
                progress(run, &heartbeats, findings);
            }
        }
        let mut asked: Vec<_> = asked.into_iter().collect();
        asked.sort_unstable_by_key(|(key, _)| *key);
        for (key, commands) in asked {
            let Some(run) = known.get(&key) else { continue };
            findings.look_at(run);
            let scheduled: FxHashSet<&str> = run
                .events
                .iter()
                .filter_map(|event| match &event.body {
                    Body::ActivityTaskScheduled(scheduled) => Some(scheduled.activity_id.as_str()),
                    _ => None,
                })
                .collect();
            for (operation, seq) in commands {
                if acknowledged(operation).is_some_and(|at| shows(run, at)) {
                    findings.examine();
                    if !scheduled.contains(seq.to_string().as_str()) {
                        let message =
                            format!("the command for activity {seq} was acknowledged, but it is not scheduled");
                        findings.violated_by(&[operation.id], &[], message);
                    }
                }
            }
        }
    }
}

type Commands<'a> = Vec<(&'a resurgam_formats::evidence::Operation, u32)>;
type Ends<'a> = FxHashMap<(&'a str, &'a str, &'a str), Vec<Ended<'a>>>;

fn judge_run(run: &Run, commands: Option<&Commands<'_>>, ends: &Ends<'_>, findings: &mut Findings) {
    let commanded: FxHashSet<String> = commands
        .into_iter()
        .flatten()
        .filter(|(operation, _)| possible(operation))
        .map(|(_, seq)| seq.to_string())
        .collect();
    let mut names: FxHashMap<EventId, &str> = FxHashMap::default();
    let mut attempts: FxHashMap<EventId, i64> = FxHashMap::default();
    for event in &run.events {
        let (scheduled, started) = match &event.body {
            Body::ActivityTaskScheduled(scheduled) => {
                findings.examine();
                names.insert(event.id, &scheduled.activity_id);
                if !commanded.contains(&scheduled.activity_id) {
                    let message = format!("no worker commanded activity {}", scheduled.activity_id);
                    findings.violated(&[event.id], message);
                }
                continue;
            }
            Body::ActivityTaskStarted(started) => {
                attempts.insert(event.id, started.attempt);
                let reports = names
                    .get(&started.scheduled)
                    .and_then(|id| ends.get(&(run.workflow_id.as_str(), run.run_id.as_str(), id)).map(Vec::as_slice));
                if let Some(failure) = &started.last_failure
                    && !failed_before(failure, started.attempt, reports.unwrap_or_default())
                {
                    let message = format!("nobody reported the failure before attempt {}", started.attempt);
                    findings.violated(&[started.scheduled, event.id], message);
                }
                continue;
            }
            Body::ActivityTaskCompleted(end) => (end.scheduled, end.started),
            Body::ActivityTaskFailed(end) => (end.scheduled, end.started),
            // An activity that no worker had taken is cancelled by the server.
            Body::ActivityTaskCanceled(end) if !end.started.is_none() => (end.scheduled, end.started),
            _ => continue,
        };
        let Some(id) = names.get(&scheduled) else { continue };
        let attempt = attempts.get(&started).copied().unwrap_or(0);
        let reports = ends.get(&(run.workflow_id.as_str(), run.run_id.as_str(), id)).map_or(&[][..], Vec::as_slice);
        findings.examine();
        if !reports.iter().any(|report| caused(&event.body, attempt, report)) {
            let by: Vec<OperationId> = reports.iter().map(|report| report.operation.id).collect();
            let message = format!("nobody reported this end of activity {id}, attempt {attempt}");
            findings.violated_by(&by, &[scheduled, event.id], message);
        }
    }
}

/// The progress that an activity is said to have had when it timed out was reported, and nothing that was acknowledged later.
fn progress(run: &Run, heartbeats: &FxHashMap<ActivityKey<'_>, Vec<Heartbeat>>, findings: &mut Findings) {
    for event in &run.events {
        let Body::ActivityTaskTimedOut(end) = &event.body else { continue };
        let scheduled = run.event(end.scheduled).map(|event| &event.body);
        let (Some(Body::ActivityTaskScheduled(task)), Some(failure)) = (scheduled, &end.failure) else { continue };
        let key = (run.workflow_id.as_str(), run.run_id.as_str(), task.activity_id.as_str());
        let reports: Vec<_> = heartbeats.get(&key).into_iter().flatten().collect();
        let last = reports.iter().filter_map(|report| report.acknowledged.map(|at| (at, report.sent))).max();
        findings.examine();
        let found = failure.last_heartbeat.first_json();
        if let Some(found) = heartbeats::unreported(found, &reports, last.map(|(_, sent)| sent)) {
            let message = format!("activity {} timed out with the progress {found}, which was not the last", key.2);
            findings.violated(&[end.scheduled, event.id], message);
        }
    }
}

/// True if the attempt before may have ended with this failure: as a worker reported it, or by a timeout.
fn failed_before(failure: &event::Failure, attempt: i64, reports: &[Ended<'_>]) -> bool {
    let FailureKind::Application { kind, .. } = &failure.kind else { return true };
    in_our_words(failure)
        && reports.iter().any(|report| {
            i64::from(report.task.task.attempt) + 1 == attempt
                && matches!(report.end, ActivityEnd::Failed(said) if kind_of(said) == *kind)
        })
}

/// True if this report may have caused this end of this attempt. That the report was refused is the business of H25.
fn caused(body: &Body, attempt: i64, report: &Ended<'_>) -> bool {
    let same_attempt = report.by_id || attempt == 0 || i64::from(report.task.task.attempt) == attempt;
    same_attempt
        && match (body, report.end) {
            (Body::ActivityTaskCompleted(event), ActivityEnd::Completed(value)) => {
                unreadable(&event.result) || number(&event.result) == Some(*value)
            }
            (Body::ActivityTaskFailed(event), ActivityEnd::Failed(failure)) => {
                match (event.failure.as_ref().map(|failure| &failure.kind), failure) {
                    (
                        Some(FailureKind::Application { kind, non_retryable }),
                        Failure::Application { kind: reported, non_retryable: forbidden },
                    ) => {
                        kind == reported
                            && non_retryable == forbidden
                            && event.failure.as_ref().is_none_or(in_our_words)
                    }
                    _ => true,
                }
            }
            (Body::ActivityTaskCanceled(_), ActivityEnd::Canceled) => true,
            _ => false,
        }
}
