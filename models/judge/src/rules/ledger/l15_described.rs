//! L15: a description says of a run what its history says.

use super::answer::{Wrong, moment, read_as};
use super::pending::{heard_too_early, pending};
use crate::rules::proof::clocks_agree;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::event::{Body, Event, EventId, Execution, Field, Span, WorkflowExecutionStarted};
use resurgam_formats::evidence::Run;
use resurgam_formats::label;
use resurgam_formats::plan::Action;
use resurgam_formats::recording::{Call, Description, OperationId, Reply};
use rustc_hash::FxHashSet;
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
        {"at":9,"type":"description","workflow_id":"w","run_id":"r","status":"TERMINATED","history_length":2,"final":true,"answer":{"executionConfig":{"taskQueue":{"name":"q"}},"workflowExecutionInfo":{"type":{"name":"t"},"startTime":"1970-01-01T00:00:01Z","executionTime":"1970-01-01T00:00:01Z","closeTime":"1970-01-01T00:00:03Z","executionDuration":"1s","firstRunId":"r"}}}"#
    ),
    allowed: whole!(
        r#"
        run w/r
        1 WorkflowExecutionStarted workflowType.name=t taskQueue.name=q firstExecutionRunId=r @1
        2 WorkflowExecutionTerminated @2
        {"at":9,"type":"description","workflow_id":"w","run_id":"r","status":"TERMINATED","history_length":2,"final":true,"answer":{"executionConfig":{"taskQueue":{"name":"q"}},"workflowExecutionInfo":{"type":{"name":"t"},"startTime":"1970-01-01T00:00:01Z","executionTime":"1970-01-01T00:00:01Z","closeTime":"1970-01-01T00:00:02Z","executionDuration":"1s","firstRunId":"r"}}}"#
    ),
};

/// What a description has from the start of the run: the name there, and the place here.
const START: [(&str, &str); 11] = [
    ("workflowType", "/workflowExecutionInfo/type"),
    ("taskQueue", "/executionConfig/taskQueue"),
    ("workflowExecutionTimeout", "/executionConfig/workflowExecutionTimeout"),
    ("workflowRunTimeout", "/executionConfig/workflowRunTimeout"),
    ("workflowTaskTimeout", "/executionConfig/defaultWorkflowTaskTimeout"),
    ("firstExecutionRunId", "/workflowExecutionInfo/firstRunId"),
    ("parentWorkflowExecution", "/workflowExecutionInfo/parentExecution"),
    ("rootWorkflowExecution", "/workflowExecutionInfo/rootExecution"),
    ("parentWorkflowNamespaceId", "/workflowExecutionInfo/parentNamespaceId"),
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
        let updates = evidence.asked().filter(|call| matches!(call.action, Action::Update { .. }));
        let case = Beside {
            updated: updates.map(|call| call.workflow_id).collect(),
            labels: evidence.header.as_ref().is_some_and(|header| header.labels),
            clocks: clocks_agree(evidence),
        };
        for (_, description) in &evidence.descriptions {
            match known.get(&(description.workflow_id.as_str(), description.run_id.as_str())) {
                Some(run) => one(description, run, &case, &[], findings),
                None => unknown(description, evidence, &[], findings),
            }
        }
        for operation in evidence.operations.values() {
            for (_, reply) in operation.replies() {
                let Reply::Description(description) = reply else { continue };
                if let Call::Client { workflow_id, .. } = &operation.call
                    && *workflow_id != description.workflow_id
                {
                    let message = format!("asked of {workflow_id}, it describes {}", description.workflow_id);
                    findings.violated_by(&[operation.id], &[], message);
                }
                match known.get(&(description.workflow_id.as_str(), description.run_id.as_str())) {
                    Some(run) => one(description, run, &case, &[operation.id], findings),
                    None => unknown(description, evidence, &[operation.id], findings),
                }
            }
        }
    }
}

/// A description of a run that has no history. At the end of a quiet case all are read; only one of an outcome that nobody knows may
/// be missed.
fn unknown(description: &Description, evidence: &Indexed<'_>, by: &[OperationId], findings: &mut Findings) {
    let quiet = evidence.end.as_ref().is_some_and(|end| end.quiescent);
    if quiet && !evidence.perhaps_unnamed().contains(description.workflow_id.as_str()) {
        findings.look_at_all();
        let (workflow_id, run_id) = (&description.workflow_id, &description.run_id);
        findings.violated_by(by, &[], format!("it describes run {run_id} of {workflow_id}, which has no history"));
    }
}

/// What a description is read beside, of the case as a whole.
struct Beside<'e> {
    /// Workflows that were sent updates: some of their workflow tasks are in no history.
    updated: FxHashSet<&'e str>,
    /// Clients wrote labels.
    labels: bool,
    /// No clock was wrong.
    clocks: bool,
}

fn one(description: &Description, run: &Run, case: &Beside<'_>, by: &[OperationId], findings: &mut Findings) {
    let (Some(answer), Some(start)) = (&description.answer, run.started()) else { return };
    findings.look_at(run);
    findings.examine();
    let (mut wrong, length) = (Wrong::default(), description.history_length);
    from_start(answer, run, start, &mut wrong);
    let running = description.status == "RUNNING";
    if !running {
        from_close(answer, run, &mut wrong);
    }
    pending(answer, run, length, running, &mut wrong);
    if case.clocks {
        heard_too_early(answer, run, &mut wrong);
    }
    if !case.updated.contains(run.workflow_id.as_str()) {
        pending_task(answer, run, length, &mut wrong);
    }
    requests(answer, run, length, &mut wrong);
    if case.labels {
        begun_by(answer, start, &mut wrong);
    }
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
    wrong.moment("executionTime", answer.pointer("/workflowExecutionInfo/executionTime"), executed(run, start));
    let queue = answer.pointer("/workflowExecutionInfo/taskQueue").and_then(Value::as_str);
    if queue.is_some_and(|queue| queue != start.task_queue.name) {
        wrong.say(format!("taskQueue is {queue:?}, not {:?}", start.task_queue.name));
    }
    let Some(extended) = answer.get("workflowExtendedInfo") else { return };
    wrong.moment("originalStartTime", extended.get("originalStartTime"), began);
    let (found, expected) = (expiry(extended.get("runExpirationTime")), run_expires(run, start));
    if began.is_some() && found != expected {
        let words = |at: Option<i64>| began.zip(at).map(|(began, at)| at.saturating_sub(began) / 1_000_000);
        wrong.say(format!(
            "runExpirationTime is {:?} ms after the start of the run, its limits say {:?}",
            words(found),
            words(expected)
        ));
    }
}

/// When a run begins to be executed: its first workflow task may have to wait.
fn executed(run: &Run, start: &WorkflowExecutionStarted) -> Option<i64> {
    Some(run.events.first()?.time?.saturating_add(start.first_backoff.0))
}

/// What expires never may be written as the year 1.
fn expiry(value: Option<&Value>) -> Option<i64> {
    moment(value).filter(|at| *at > 0)
}

/// When the run itself has to be over: its time counts from its execution, and ends with that of the chain.
fn run_expires(run: &Run, start: &WorkflowExecutionStarted) -> Option<i64> {
    let limit = Some(start.run_timeout.0).filter(|limit| *limit > 0)?;
    let expires = executed(run, start)?.saturating_add(limit);
    Some(start.expiration.0.filter(|at| *at > 0).map_or(expires, |chain| chain.min(expires)))
}

/// Requests that the run knows, beside the events that it says they caused.
fn requests(answer: &Value, run: &Run, length: i64, wrong: &mut Wrong) {
    let known = answer.pointer("/workflowExtendedInfo/requestIdInfos").and_then(Value::as_object);
    for (request, info) in known.into_iter().flatten() {
        // What is buffered has no event yet.
        let id: EventId = Field::read(info.get("eventId").cloned().unwrap_or_default()).unwrap_or(EventId(0));
        if info.get("buffered") == Some(&Value::Bool(true)) || id.0 > length {
            continue;
        }
        let event = run.event(id).map(|event| event.body.name());
        let kind = info.get("eventType").and_then(Value::as_str).unwrap_or_default();
        if event.map(symbol).as_deref() != Some(kind) {
            wrong.say(format!("request {request} is said to have caused event {id} as {kind:?}, which is {event:?}"));
        }
    }
}

/// `TimerFired` becomes `EVENT_TYPE_TIMER_FIRED`.
fn symbol(kind: &str) -> String {
    let mut symbol = "EVENT_TYPE".to_owned();
    for letter in kind.chars() {
        if letter.is_ascii_uppercase() {
            symbol.push('_');
        }
        symbol.push(letter.to_ascii_uppercase());
    }
    symbol
}

fn from_close(answer: &Value, run: &Run, wrong: &mut Wrong) {
    let Some(close) = run.close() else { return };
    wrong.moment("closeTime", answer.pointer("/workflowExecutionInfo/closeTime"), close.time);
    let lasted = close
        .time
        .zip(run.started().and_then(|start| executed(run, start)))
        .map(|(end, begin)| end.saturating_sub(begin));
    // Younger than the contract: older servers do not say it.
    let said = answer.pointer("/workflowExecutionInfo/executionDuration").map(|it| Span::read(it.clone()));
    if let (Some(Ok(said)), Some(lasted)) = (said, lasted)
        && said.0 != lasted
    {
        wrong.say(format!("executionDuration is {} ns, from its first moment to its close it is {lasted}", said.0));
    }
    let asked = run.events.iter().any(|event| matches!(event.body, Body::WorkflowExecutionCancelRequested(_)));
    let told = answer.pointer("/workflowExtendedInfo/cancelRequested").and_then(Value::as_bool).unwrap_or(false);
    if asked != told {
        wrong.say(format!("cancelRequested is {told}"));
    }
}

/// The pending workflow task, beside the last event about workflow tasks. What a later attempt writes is in no history yet.
fn pending_task(answer: &Value, run: &Run, length: i64, wrong: &mut Wrong) {
    let Some(task) = answer.get("pendingWorkflowTask").filter(|task| task.is_object()) else { return };
    let mut before = run.events.iter().rev().filter(|event| event.id.0 <= length);
    let Some(last) = before.find(|event| event.body.is_workflow_task()) else { return };
    let scheduled = match &last.body {
        Body::WorkflowTaskStarted(started) => run.event(started.scheduled),
        Body::WorkflowTaskScheduled(_) => Some(last),
        _ => None,
    };
    let Some(Event { body: Body::WorkflowTaskScheduled(body), time, .. }) = scheduled else { return };
    let attempt = task.get("attempt").and_then(Value::as_i64).unwrap_or(0);
    if attempt != body.attempt {
        wrong.say(format!("the workflow task is in attempt {attempt}, not {}", body.attempt));
    }
    wrong.moment("scheduledTime", task.get("scheduledTime"), *time);
    let first = moment(task.get("originalScheduledTime"));
    if time.is_some() && (first.is_none() || first > *time) {
        wrong.say("the workflow task was scheduled first after it was scheduled".into());
    }
    let state = task.get("state").and_then(Value::as_str).unwrap_or_default();
    let started = matches!(last.body, Body::WorkflowTaskStarted(_));
    if started != (state == "PENDING_WORKFLOW_TASK_STATE_STARTED") {
        wrong.say(format!("the last event of the workflow task is {}, and its state is {state:?}", last.body.name()));
    }
    if started {
        wrong.moment("startedTime", task.get("startedTime"), last.time);
    }
}

/// The request of a client that began a run is one that the run knows; its label is in the header.
fn begun_by(answer: &Value, start: &WorkflowExecutionStarted, wrong: &mut Wrong) {
    // Older servers say nothing of requests.
    let known = answer.pointer("/workflowExtendedInfo/requestIdInfos").and_then(Value::as_object);
    let (Some(known), Some(header)) = (known, start.header.0.as_deref()) else { return };
    let by_client = start.parent.workflow_id.is_empty() && start.continued_run.is_empty();
    if by_client && !known.keys().any(|request| label::fields(request) == *header) {
        wrong.say("requestIdInfos lacks the request that began the run".into());
    }
}
