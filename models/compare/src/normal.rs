//! The normal history: what a history says without what carries no meaning.
//!
//! Left out are times, the ids of events, runs, requests and tasks, the events of workflow tasks (how many there were, on
//! which queue, and what failed on the way), texts that a server makes up, and back-offs that depend on the moment. A
//! reference becomes the [`Subject`] of the event. Numbers that may come from a local activity stand apart, in
//! [`Line::values`], for they are drawn anew in every execution.

use resurgam_formats::event::{Body, Event, EventId, Field as _, Payload};
use resurgam_formats::evidence::Run;
use resurgam_judge::replay;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What an event is about, by a name that is the same in every execution.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Subject {
    /// The run: its start and its end.
    Run,
    /// An activity by its id.
    Activity(String),
    /// A timer by its id.
    Timer(String),
    /// A child by its number.
    Child(String),
    /// The request to cancel a child, by its number.
    CancelOfChild(String),
    /// A local activity by its number.
    Local(String),
    /// A signal by name and value; plans have each value once.
    Signal(String),
    /// The request to cancel the run.
    Cancel,
    /// An update by its id, without prefix.
    Update(String),
    /// Anything else, by the name of the event.
    Other(String),
}

/// One line of a normal history.
#[derive(Clone, Debug)]
pub(super) struct Line<'e> {
    /// What it is about.
    pub(super) subject: Subject,
    /// True if the program did it, false if the world did.
    pub(super) answer: bool,
    /// Kind and attributes.
    pub(super) text: String,
    /// Numbers that may have been drawn, as JSON.
    pub(super) values: String,
    pub(super) event: &'e Event,
}

impl Line<'_> {
    /// The same line, its values aside.
    pub(super) fn like(&self, other: &Line<'_>) -> bool {
        self.subject == other.subject && self.text == other.text
    }
    /// The same line.
    pub(super) fn equals(&self, other: &Line<'_>) -> bool {
        self.like(other) && self.values == other.values
    }
    /// The line as a person reads it.
    pub(super) fn show(&self) -> String {
        format!("{} {} {}", self.event.id, self.text, self.values).trim_end().to_owned()
    }
}

/// Attributes that carry no meaning beyond one execution.
const MEANINGLESS: [&str; 11] = [
    "requestId",
    "runId",
    "newExecutionRunId",
    "originalExecutionRunId",
    "firstExecutionRunId",
    "continuedExecutionRunId",
    "workflowExecutionExpirationTime",
    "firstWorkflowTaskBackoff",
    "backoffStartInterval",
    "protocolInstanceId",
    "rootWorkflowExecution",
];

/// The normal history of a run; `prefix` stands before every id of its case.
pub(super) fn lines<'e>(run: &'e Run, prefix: &str) -> Vec<Line<'e>> {
    let mut names: BTreeMap<EventId, Subject> = BTreeMap::new();
    let events = run.events.iter().filter(|event| !event.body.is_workflow_task());
    events
        .map(|event| {
            let subject = subject(&event.body, &names, prefix);
            names.insert(event.id, subject.clone());
            let (text, values) = said(&event.body, prefix);
            // Updates and the results of local activities come from outside, though a worker brings them.
            let world = matches!(event.body, Body::WorkflowExecutionUpdateAccepted(_) | Body::MarkerRecorded(_));
            Line { subject, answer: event.body.is_command() && !world, text, values, event }
        })
        .collect()
}

/// The last number of a child's workflow id.
pub(super) fn number(workflow_id: &str) -> String {
    workflow_id.rsplit('/').next().unwrap_or_default().to_owned()
}

fn subject(body: &Body, names: &BTreeMap<EventId, Subject>, prefix: &str) -> Subject {
    let named = |id: EventId| names.get(&id).cloned().unwrap_or_else(|| Subject::Other(body.name().to_owned()));
    match body {
        _ if body.is_close() => Subject::Run,
        Body::WorkflowExecutionStarted(_) => Subject::Run,
        Body::ActivityTaskScheduled(it) => Subject::Activity(it.activity_id.clone()),
        Body::ActivityTaskStarted(it) => named(it.scheduled),
        Body::ActivityTaskCompleted(it) => named(it.scheduled),
        Body::ActivityTaskFailed(it) => named(it.scheduled),
        Body::ActivityTaskTimedOut(it) => named(it.scheduled),
        Body::ActivityTaskCancelRequested(it) => named(it.scheduled),
        Body::ActivityTaskCanceled(it) => named(it.scheduled),
        Body::TimerStarted(it) => Subject::Timer(it.timer_id.clone()),
        Body::TimerFired(it) => named(it.started),
        Body::TimerCanceled(it) => named(it.started),
        Body::StartChildWorkflowExecutionInitiated(it) => Subject::Child(number(&it.workflow_id)),
        Body::StartChildWorkflowExecutionFailed(it) => named(it.initiated),
        Body::ChildWorkflowExecutionStarted(it) => named(it.initiated),
        Body::ChildWorkflowExecutionCompleted(it) => named(it.initiated),
        Body::ChildWorkflowExecutionFailed(it) => named(it.initiated),
        Body::ChildWorkflowExecutionCanceled(it) => named(it.initiated),
        Body::ChildWorkflowExecutionTimedOut(it) => named(it.initiated),
        Body::ChildWorkflowExecutionTerminated(it) => named(it.initiated),
        Body::RequestCancelExternalWorkflowExecutionInitiated(it) => {
            Subject::CancelOfChild(number(&it.target.workflow_id))
        }
        Body::RequestCancelExternalWorkflowExecutionFailed(it) => named(it.initiated),
        Body::ExternalWorkflowExecutionCancelRequested(it) => named(it.initiated),
        Body::MarkerRecorded(it) => match replay::marker(&it.details) {
            Some((seq, _)) => Subject::Local(seq.to_string()),
            None => Subject::Other(it.name.clone()),
        },
        Body::WorkflowExecutionSignaled(it) => {
            let value = it.input.first_json().unwrap_or_default();
            Subject::Signal(format!("{}={value}", it.name))
        }
        Body::WorkflowExecutionCancelRequested(_) => Subject::Cancel,
        Body::WorkflowExecutionUpdateAccepted(it) => Subject::Update(bare(&it.request.id, prefix)),
        Body::WorkflowExecutionUpdateCompleted(it) => Subject::Update(bare(&it.meta.0, prefix)),
        _ => Subject::Other(body.name().to_owned()),
    }
}

/// An id without the prefix of its case.
pub(super) fn bare(id: &str, prefix: &str) -> String {
    id.strip_prefix(prefix).unwrap_or(id).trim_start_matches('-').to_owned()
}

/// The text of an event, and the values in it that may have been drawn.
fn said(body: &Body, prefix: &str) -> (String, String) {
    let (_, mut map) = body.write();
    body.each_reference(|field, _| {
        map.remove(field);
    });
    // A server's own words; ours carry the number of the operation.
    for field in ["reason", "cause"] {
        let words = map.get(field).and_then(Value::as_str).is_some_and(|text| !text.starts_with(prefix));
        let free = matches!(body, Body::WorkflowExecutionTerminated(_) | Body::WorkflowExecutionCancelRequested(_));
        if words && free {
            map.remove(field);
        }
    }
    let mut value = Value::Object(map);
    clean(&mut value);
    let mut values = Vec::new();
    let numbers = match body {
        Body::WorkflowExecutionStarted(_) | Body::WorkflowExecutionContinuedAsNew(_) => {
            &["/input/payloads/0/variables"][..]
        }
        Body::WorkflowExecutionCompleted(_) | Body::ChildWorkflowExecutionCompleted(_) => {
            &["/result/payloads/0/value", "/result/payloads/0/variables"][..]
        }
        Body::MarkerRecorded(_) => &["/details/resurgam/payloads/0/value"][..],
        Body::WorkflowExecutionUpdateCompleted(_) => &["/outcome/success/payloads/0"][..],
        _ => &[],
    };
    for path in numbers {
        if let Some(found) = value.pointer_mut(path) {
            values.push(found.take());
        }
    }
    let text = format!("{} {value}", body.name());
    let text = if prefix.is_empty() { text } else { text.replace(prefix, "") };
    (text, if values.is_empty() { String::new() } else { json!(values).to_string() })
}

/// Takes meaningless attributes out and reads payloads, at any depth.
fn clean(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(clean),
        Value::Object(map) => {
            if map.contains_key("metadata") && map.contains_key("data") {
                *value = plain(map);
                return;
            }
            for name in MEANINGLESS {
                map.remove(name);
            }
            let is_failure = map.keys().any(|key| key.ends_with("FailureInfo"));
            if is_failure && !map.contains_key("applicationFailureInfo") {
                map.remove("message");
            }
            map.values_mut().for_each(clean);
        }
        _ => {}
    }
}

fn plain(map: &Map<String, Value>) -> Value {
    let whole = Value::Object(map.clone());
    Payload::read(whole.clone()).ok().and_then(|payload| payload.as_json()).unwrap_or(whole)
}
