//! V1: every case comes to rest.

use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::{Body, EventId};
use resurgam_formats::evidence::Run;
use resurgam_formats::recording::Call;
use rustc_hash::FxHashMap;

/// Looks at what is still open at the end.
pub(super) struct Quiescence;

static ABOUT: About = About {
    id: "V1",
    slug: "quiescence",
    title: "by the deadline computed from the plan every run is closed and every call of a client is answered",
    reason: "Every program ends after a time that its timers, timeouts and retries bound. A run that is still open then is \
             stuck: a task was lost, a timer did not fire, a signal woke nobody. No rule about what is in a history can \
             see this, because what is missing leaves no event.",
    source: "docs/temporal-semantics.md: “Workflow tasks”",
    violating: r#"
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled
        {"at":9,"type":"end","quiescent":false,"deadline":8,"open":["run w/r"]}"#,
    allowed: whole!(
        "
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled
        3 WorkflowExecutionTerminated"
    ),
};

/// The shape of a child that was created and never woken, because its parent closed before it knew of the start.
const FORGOTTEN: &str = "child-without-first-task";

impl Rule for Quiescence {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let Some(end) = &evidence.end else {
            if evidence.header.is_some() || !evidence.operations.is_empty() {
                findings.unknown("the recording is truncated: it has no end line");
            }
            return;
        };
        if let Some(bug) = &end.suite {
            findings.unknown(format!("a bug of the suite, which may leave anything open: {bug}"));
            return;
        }
        findings.examine();
        let runs = evidence.by_execution();
        let (mut stuck, mut forgotten) = (0, 0);
        for run in evidence.runs.iter().filter(|run| !run.partial && run.close().is_none()) {
            findings.look_at(run);
            let last = run.events.last();
            let message = last.map_or_else(
                || "the run is still open and has no event".to_owned(),
                |event| format!("the run is still open; its last event is {} ({})", event.id, event.body.name()),
            );
            let last: Vec<EventId> = last.map(|event| event.id).into_iter().collect();
            if is_forgotten(run, runs) {
                forgotten += 1;
                findings.violated_as(FORGOTTEN, &[], &last, message);
            } else {
                stuck += 1;
                findings.violated(&last, message);
            }
        }
        findings.look_at_all();
        for operation in evidence.operations.values() {
            // A worker that describes a workflow may be stopped with the case.
            let asked = matches!(operation.call, Call::Client { .. }) && !operation.by.starts_with("worker-");
            if asked && operation.attempts.iter().any(|attempt| attempt.returned.is_none()) {
                stuck += 1;
                findings.violated_by(&[operation.id], &[], "a call of a client was never answered");
            }
        }
        if !end.quiescent && stuck == 0 && (forgotten == 0 || end.open.len() > forgotten) {
            let open =
                if end.open.is_empty() { "the recording does not say what".to_owned() } else { end.open.join(", ") };
            findings.violated(&[], format!("the case did not come to rest by its deadline; open: {open}"));
        }
    }
}

/// True for a child that never had a workflow task and whose parent closed without the event of its start.
fn is_forgotten(run: &Run, runs: &FxHashMap<(&str, &str), &Run>) -> bool {
    let Some(started) = run.started() else { return false };
    let parent = runs.get(&(started.parent.workflow_id.as_str(), started.parent.run_id.as_str()));
    let Some(parent) = parent.filter(|parent| !started.parent.run_id.is_empty() && parent.close().is_some()) else {
        return false;
    };
    let woken = run.events.iter().any(|event| matches!(event.body, Body::WorkflowTaskScheduled(_)));
    let known = parent.events.iter().any(|event| match &event.body {
        Body::ChildWorkflowExecutionStarted(child) => child.child.run_id == run.run_id,
        _ => false,
    });
    !woken && !known
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::verdict::Outcome;
    use resurgam_testing::notation::parse;

    fn judge(text: &str) -> (Outcome, Vec<String>) {
        let mut findings = Findings::default();
        Quiescence.judge(&Indexed::plain(&parse(text).unwrap()), &mut findings);
        let (outcome, found, ..) = findings.into_parts();
        (outcome, found.into_iter().map(|finding| finding.shape).collect())
    }

    #[test]
    fn a_truncated_recording_is_unknown() {
        let text = whole!("");
        let header = text.lines().next().unwrap();
        assert_eq!(judge(header).0, Outcome::Unknown);
        assert_eq!(judge(text).0, Outcome::Ok);
    }

    #[test]
    fn a_forgotten_child_has_its_own_shape() {
        let end = r#"{"at":9,"type":"end","quiescent":false,"deadline":8,"open":["run w/1/c"]}"#;
        let child =
            "run w/1/c\n1 WorkflowExecutionStarted parentWorkflowExecution={\"workflowId\":\"w\",\"runId\":\"p\"}";
        let parent = "run w/p\n1 WorkflowExecutionStarted\n2 WorkflowExecutionCompleted";
        assert_eq!(judge(&format!("{child}\n{parent}\n{end}")), (Outcome::Violated, vec![FORGOTTEN.into()]));
        let told = "run w/p\n1 WorkflowExecutionStarted\n2 ChildWorkflowExecutionStarted \
                    workflowExecution={\"workflowId\":\"w/1\",\"runId\":\"c\"}\n3 WorkflowExecutionCompleted";
        assert_eq!(judge(&format!("{child}\n{told}\n{end}")), (Outcome::Violated, vec![String::new()]));
    }

    #[test]
    fn a_bug_of_the_suite_is_no_violation() {
        let open = "run w/r\n1 WorkflowExecutionStarted";
        let end = r#"{"at":9,"type":"end","quiescent":false,"deadline":8,"open":["w/r"],"suite":"a bug"}"#;
        assert_eq!(judge(&format!("{open}\n{end}")).0, Outcome::Unknown);
    }

    #[test]
    fn an_unanswered_call_is_violated() {
        let call = r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"c","call":{"of":"client","workflow_id":"w","action":{"call":"describe"}}}"#;
        let end = r#"{"at":9,"type":"end","quiescent":true,"deadline":8}"#;
        assert_eq!(judge(&format!("{call}\n{end}")).0, Outcome::Violated);
    }
}
