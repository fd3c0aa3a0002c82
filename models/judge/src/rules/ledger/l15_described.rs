//! L15: a description says of a run what its history says.

use super::answer::{Wrong, read_as};
use super::pending::pending;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::event::{Body, EventId, Execution, WorkflowExecutionStarted};
use resurgam_formats::evidence::Run;
use resurgam_formats::recording::{Description, OperationId, Reply};
use serde_json::Value;

/// Compares the fields of descriptions with histories.
pub(super) struct Descriptions;

static ABOUT: About = About {
    id: "L15",
    slug: "described",
    title: "type, times, limits, parent, pending activities and children of a description are those of the history",
    reason: "A description is what people and programs look at to decide what to do with a run: whether it is late, whose child it \
             is, what it waits for, how often something was tried. The server keeps it beside the history and writes both; where \
             they differ, somebody terminates the wrong run or waits for what will never come.",
    source: "docs/temporal-semantics.md: “Reads of histories”",
    violating: whole!(
        r#"
        run w/r
        1 WorkflowExecutionStarted workflowType.name=t taskQueue.name=q firstExecutionRunId=r @1
        2 WorkflowExecutionTerminated @2
        {"at":9,"type":"description","workflow_id":"w","run_id":"r","status":"TERMINATED","history_length":2,"final":true,"answer":{"executionConfig":{"taskQueue":{"name":"q"}},"workflowExecutionInfo":{"type":{"name":"t"},"startTime":"1970-01-01T00:00:01Z","executionTime":"1970-01-01T00:00:01Z","closeTime":"1970-01-01T00:00:03Z","firstRunId":"r"}}}"#
    ),
    allowed: whole!(
        r#"
        run w/r
        1 WorkflowExecutionStarted workflowType.name=t taskQueue.name=q firstExecutionRunId=r @1
        2 WorkflowExecutionTerminated @2
        {"at":9,"type":"description","workflow_id":"w","run_id":"r","status":"TERMINATED","history_length":2,"final":true,"answer":{"executionConfig":{"taskQueue":{"name":"q"}},"workflowExecutionInfo":{"type":{"name":"t"},"startTime":"1970-01-01T00:00:01Z","executionTime":"1970-01-01T00:00:01Z","closeTime":"1970-01-01T00:00:02Z","firstRunId":"r"}}}"#
    ),
};

/// What a description has from the start of the run: the name there, and the place here.
const START: [(&str, &str); 10] = [
    ("workflowType", "/workflowExecutionInfo/type"),
    ("taskQueue", "/executionConfig/taskQueue"),
    ("workflowExecutionTimeout", "/executionConfig/workflowExecutionTimeout"),
    ("workflowRunTimeout", "/executionConfig/workflowRunTimeout"),
    ("workflowTaskTimeout", "/executionConfig/defaultWorkflowTaskTimeout"),
    ("firstExecutionRunId", "/workflowExecutionInfo/firstRunId"),
    ("parentWorkflowExecution", "/workflowExecutionInfo/parentExecution"),
    ("rootWorkflowExecution", "/workflowExecutionInfo/rootExecution"),
    ("memo", "/workflowExecutionInfo/memo"),
    ("workflowExecutionExpirationTime", "/workflowExtendedInfo/executionExpirationTime"),
];

impl Rule for Descriptions {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let known = evidence.by_execution();
        for (_, description) in &evidence.descriptions {
            if let Some(run) = known.get(&(description.workflow_id.as_str(), description.run_id.as_str())) {
                one(description, run, &[], findings);
            }
        }
        for operation in evidence.operations.values() {
            for (_, reply) in operation.replies() {
                if let Reply::Description(description) = reply
                    && let Some(run) = known.get(&(description.workflow_id.as_str(), description.run_id.as_str()))
                {
                    one(description, run, &[operation.id], findings);
                }
            }
        }
    }
}

fn one(description: &Description, run: &Run, by: &[OperationId], findings: &mut Findings) {
    let (Some(answer), Some(start)) = (&description.answer, run.started()) else { return };
    findings.look_at(run);
    findings.examine();
    let mut wrong = Wrong::default();
    from_start(answer, run, start, &mut wrong);
    if description.status != "RUNNING" {
        from_close(answer, run, &mut wrong);
    }
    let running = description.status == "RUNNING";
    pending(answer, run, description.history_length, running, &mut wrong);
    pending_task(answer, run, description.history_length, &mut wrong);
    if let Some(words) = wrong.words() {
        findings.violated_by(by, &[EventId(1)], format!("the description is wrong: {words}"));
    }
}

fn from_start(answer: &Value, run: &Run, start: &WorkflowExecutionStarted, wrong: &mut Wrong) {
    let Some(Body::WorkflowExecutionStarted(mut found)) = read_as("WorkflowExecutionStarted", answer, &START) else {
        return wrong.say("it cannot be read".into());
    };
    let mut expected = start.clone();
    // Both a missing root and the run itself say that it is nobody's child; what expires never may be written as the year 1.
    let own = run.execution();
    for start in [&mut *found, &mut expected] {
        if start.root == own {
            start.root = Execution::default();
        }
        start.memo.0 = start.memo.0.take().filter(|memo| memo.get("fields").is_some());
        start.expiration.0 = start.expiration.0.filter(|at| *at > 0);
    }
    let wrap = |start| Body::WorkflowExecutionStarted(Box::new(start));
    wrong.fields(&START.map(|(name, _)| name), &wrap(*found), &wrap(expected));
    let began = run.events.first().and_then(|event| event.time);
    wrong.moment("startTime", answer.pointer("/workflowExecutionInfo/startTime"), began);
    let executed = began.map(|at| at.saturating_add(start.first_backoff.0));
    wrong.moment("executionTime", answer.pointer("/workflowExecutionInfo/executionTime"), executed);
}

fn from_close(answer: &Value, run: &Run, wrong: &mut Wrong) {
    let Some(close) = run.close() else { return };
    wrong.moment("closeTime", answer.pointer("/workflowExecutionInfo/closeTime"), close.time);
    let asked = run.events.iter().any(|event| matches!(event.body, Body::WorkflowExecutionCancelRequested(_)));
    let told = answer.pointer("/workflowExtendedInfo/cancelRequested").and_then(Value::as_bool).unwrap_or(false);
    if asked != told {
        wrong.say(format!("cancelRequested is {told}"));
    }
}

/// The pending workflow task, beside the last event about workflow tasks. What a later attempt writes is in no history yet.
fn pending_task(answer: &Value, run: &Run, length: i64, wrong: &mut Wrong) {
    let Some(task) = answer.get("pendingWorkflowTask").filter(|task| task.is_object()) else { return };
    if task.get("attempt").and_then(Value::as_i64).unwrap_or(0) > 1 {
        return;
    }
    let before = run.events.iter().rev().filter(|event| event.id.0 <= length);
    let last = before.map(|event| &event.body).find(|body| body.is_workflow_task());
    let state = task.get("state").and_then(Value::as_str).unwrap_or_default();
    if let Some(Body::WorkflowTaskStarted(_)) = last
        && state != "PENDING_WORKFLOW_TASK_STATE_STARTED"
    {
        wrong.say(format!("a worker has the workflow task, and its state is {state:?}"));
    }
}
