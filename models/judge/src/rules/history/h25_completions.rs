//! H25: what a worker was told is done is in the history, once; what was refused is not.

use crate::rules::Indexed;
use crate::rules::index::{Decided, Ended};
use crate::rules::proof::{acknowledged, number, possible, shows};
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::{Body, EventId};
use resurgam_formats::evidence::Run;
use resurgam_formats::recording::{ActivityEnd, OperationId};
use rustc_hash::FxHashMap;

/// Matches answers of workers with the events they caused.
pub(super) struct Completions;

static ABOUT: About = About {
    id: "H25",
    slug: "completions",
    title: "an acknowledged completion of a task is in the history exactly once, a refused one never",
    reason: "A worker that was told `done` forgets the task: if the history does not have it, the work is done again or \
             never counted. A worker that was told `not found` knows that its work does not count: if the history has it \
             all the same, two workers have both decided. Logical operations are judged: that a repeated call is not \
             found says nothing if an earlier attempt may have been applied.",
    source: "docs/temporal-semantics.md: “Workflow tasks”, “Activities”, “Starts and workflow ids”",
    violating: whole!(
        r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"end_activity","task":1,"end":{"completed":5}}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        run w/r
        1 WorkflowExecutionStarted
        2 ActivityTaskScheduled activityId=1
        3 WorkflowExecutionTerminated"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"end_activity","task":1,"end":{"completed":5}}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"info","error":"DEADLINE_EXCEEDED"}}
        {"at":4,"type":"invoke","operation":1,"attempt":2,"by":"worker-1","call":{"of":"end_activity","task":1,"end":{"completed":5}}}
        {"at":5,"type":"return","operation":1,"attempt":2,"answer":{"answer":"ok","value":{"reply":"not_found","message":"activity not found"}}}
        run w/r
        1 WorkflowExecutionStarted
        2 ActivityTaskScheduled activityId=1
        3 ActivityTaskStarted scheduledEventId=2 attempt=1
        4 ActivityTaskCompleted scheduledEventId=2 startedEventId=3 result=[5]
        5 WorkflowExecutionTerminated"#
    ),
};

impl Rule for Completions {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let runs = evidence.by_execution();
        let mut decided: Vec<_> = evidence.decisions().iter().collect();
        decided.sort_unstable_by_key(|(key, _)| *key);
        for (key, answers) in decided {
            if let Some(run) = runs.get(key).filter(|run| !run.partial) {
                findings.look_at(run);
                workflow_tasks(run, answers, findings);
            }
        }
        let mut ended: Vec<_> = evidence.ends().iter().collect();
        ended.sort_unstable_by_key(|(key, _)| *key);
        let mut current: Option<(&Run, FxHashMap<&str, Activity<'_>>)> = None;
        for (&(workflow_id, run_id, activity_id), answers) in ended {
            let Some(run) = runs.get(&(workflow_id, run_id)).filter(|run| !run.partial) else { continue };
            if current.as_ref().is_none_or(|(known, _)| !std::ptr::eq(*known, *run)) {
                current = Some((run, activities(run)));
            }
            if let Some((_, activities)) = &current {
                findings.look_at(run);
                activity(run, activity_id, activities.get(activity_id), answers, findings);
            }
        }
    }
}

fn workflow_tasks(run: &Run, answers: &[Decided<'_>], findings: &mut Findings) {
    let mut completed: FxHashMap<i64, Vec<EventId>> = FxHashMap::default();
    for event in &run.events {
        if let Body::WorkflowTaskCompleted(task) = &event.body {
            completed.entry(task.started.0).or_default().push(event.id);
        }
    }
    let mut by_started: FxHashMap<i64, Vec<&Decided<'_>>> = FxHashMap::default();
    let mut acknowledged_for: FxHashMap<i64, OperationId> = FxHashMap::default();
    for answer in answers {
        let started = answer.task.task.started;
        by_started.entry(started).or_default().push(answer);
        // A server may drop a task that was made for an update only, if the answer has no command.
        let Some(at) = acknowledged(answer.operation).filter(|_| !answer.commands.is_empty() && started > 0) else {
            continue;
        };
        if !shows(run, at) {
            continue;
        }
        findings.examine();
        let by = answer.operation.id;
        match completed.get(&started).map(Vec::as_slice) {
            Some([_]) => {}
            Some(events) => {
                let message =
                    format!("the workflow task started by event {started} is completed {} times", events.len());
                findings.violated_by(&[by], events, message);
            }
            None => {
                let message =
                    format!("the completion of the workflow task started by event {started} was acknowledged");
                findings.violated_by(&[by], &[], message + ", but is not in the history");
            }
        }
        if let Some(other) = acknowledged_for.insert(started, by) {
            let message = format!("two different completions of workflow task {started} were acknowledged");
            findings.violated_by(&[other, by], &[EventId(started)], message);
        }
    }
    for event in &run.events {
        if let Body::WorkflowTaskCompleted(task) = &event.body
            && let Some(senders) = by_started.get(&task.started.0)
        {
            findings.examine();
            if !senders.iter().any(|sender| possible(sender.operation)) {
                let by: Vec<OperationId> = senders.iter().map(|sender| sender.operation.id).collect();
                findings.violated_by(
                    &by,
                    &[event.id],
                    "every answer to this workflow task was refused, yet it is completed",
                );
            }
        }
    }
}

/// The events of one activity id.
#[derive(Default)]
struct Activity<'a> {
    ends: Vec<(EventId, &'a Body)>,
}

fn activities(run: &Run) -> FxHashMap<&str, Activity<'_>> {
    let mut names: FxHashMap<EventId, &str> = FxHashMap::default();
    let mut all: FxHashMap<&str, Activity<'_>> = FxHashMap::default();
    for event in &run.events {
        let scheduled = match &event.body {
            Body::ActivityTaskScheduled(scheduled) => {
                names.insert(event.id, &scheduled.activity_id);
                continue;
            }
            Body::ActivityTaskCompleted(end) => end.scheduled,
            Body::ActivityTaskFailed(end) => end.scheduled,
            Body::ActivityTaskTimedOut(end) => end.scheduled,
            Body::ActivityTaskCanceled(end) => end.scheduled,
            _ => continue,
        };
        if let Some(name) = names.get(&scheduled) {
            all.entry(name).or_default().ends.push((event.id, &event.body));
        }
    }
    all
}

/// True if this event is what such an end causes; values that cannot be read agree with everything.
fn agrees(body: &Body, end: &ActivityEnd) -> bool {
    match (body, end) {
        (Body::ActivityTaskCompleted(event), ActivityEnd::Completed(value)) => {
            number(&event.result).is_none_or(|result| result == *value)
        }
        (Body::ActivityTaskCanceled(_), ActivityEnd::Canceled)
        | (Body::ActivityTaskFailed(_), ActivityEnd::Failed(_)) => true,
        _ => false,
    }
}

fn activity(run: &Run, id: &str, known: Option<&Activity<'_>>, answers: &[Ended<'_>], findings: &mut Findings) {
    let ends = known.map_or(&[][..], |activity| &activity.ends);
    for answer in answers {
        // An acknowledged failure may be retried, or be overtaken by a timeout of the whole activity.
        let final_end = !matches!(answer.end, ActivityEnd::Failed(_));
        if final_end && acknowledged(answer.operation).is_some_and(|at| shows(run, at)) {
            findings.examine();
            let found: Vec<EventId> =
                ends.iter().filter(|(_, body)| agrees(body, answer.end)).map(|(event, _)| *event).collect();
            if found.len() != 1 {
                let message = format!(
                    "the end {:?} of activity {id} was acknowledged and stands {} times in the history",
                    answer.end,
                    found.len()
                );
                findings.violated_by(&[answer.operation.id], &found, message);
            }
        }
    }
    for (event, body) in ends {
        let senders: Vec<&Ended<'_>> = answers.iter().filter(|answer| agrees(body, answer.end)).collect();
        if !senders.is_empty() {
            findings.examine();
            if !senders.iter().any(|sender| possible(sender.operation)) {
                let by: Vec<OperationId> = senders.iter().map(|sender| sender.operation.id).collect();
                let message =
                    format!("every call that ended activity {id} so was refused, yet it stands in the history");
                findings.violated_by(&by, &[*event], message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::verdict::Outcome;
    use resurgam_testing::notation::parse;

    fn outcome(answer: &str, events: &str) -> Outcome {
        let lines = format!(
            r#"{{"at":1,"type":"task","task":1,"worker":"w1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}}
               {{"at":2,"type":"invoke","operation":1,"attempt":1,"by":"w1","call":{{"of":"complete_workflow_task","task":1,"commands":[{{"command":"start_timer","seq":1,"ms":9}}]}}}}
               {{"at":3,"type":"return","operation":1,"attempt":1,"answer":{answer}}}
               run w/r
               1 WorkflowExecutionStarted
               2 WorkflowTaskScheduled
               3 WorkflowTaskStarted scheduledEventId=2
               {events}"#
        );
        let mut findings = Findings::default();
        Completions.judge(&Indexed::plain(&parse(&whole!("LINES").replace("LINES", &lines)).unwrap()), &mut findings);
        findings.into_parts().0
    }

    #[test]
    fn workflow_tasks_are_completed_once_and_by_someone_who_was_not_refused() {
        let done = r#"{"answer":"ok","value":{"reply":"done"}}"#;
        let refused = r#"{"answer":"ok","value":{"reply":"not_found","message":"gone"}}"#;
        let completed = "4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3";
        assert_eq!(outcome(done, completed), Outcome::Ok);
        assert_eq!(outcome(done, "4 WorkflowTaskTimedOut scheduledEventId=2 startedEventId=3"), Outcome::Violated);
        assert_eq!(outcome(refused, completed), Outcome::Violated);
        assert_eq!(outcome(r#"{"answer":"info","error":"UNAVAILABLE"}"#, completed), Outcome::Ok);
    }
}
