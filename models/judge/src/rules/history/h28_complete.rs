//! H28: no event leaves out what its kind always says.

use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::event::{Body, Event, Failure, Span, Symbol, TaskQueue};

/// Looks for fields without a value.
pub(super) struct Complete;

static ABOUT: About = About {
    id: "H28",
    slug: "complete",
    title: "in a recording of a whole case no event leaves out what events of its kind always say",
    reason: "Rules compare what is written, and what is missing they take for something that the evidence does not show. In the \
             recording of a case nothing was cut away: a history without times cannot be put in order with others, a start \
             without a type cannot be replayed, and a failure without its cause is repeated by nobody who has to decide whether \
             to repeat it.",
    source: "docs/temporal-semantics.md: “Events and what they refer to”; docs/measurements.md: “Mistakes that nobody chose”",
    violating: whole!(
        r#"
        {"at":9,"type":"history","workflow_id":"w","run_id":"r","final":true,"from":8,"events":[{"eventId":1,"eventTime":"2026-01-01T00:00:00Z","eventType":"WorkflowExecutionStarted","attributes":{"taskQueue":{"name":"q"},"workflowTaskTimeout":"10s","attempt":1}}]}"#
    ),
    allowed: whole!(
        r#"
        {"at":9,"type":"history","workflow_id":"w","run_id":"r","final":true,"from":8,"events":[{"eventId":1,"eventTime":"2026-01-01T00:00:00Z","eventType":"WorkflowExecutionStarted","attributes":{"workflowType":{"name":"t"},"taskQueue":{"name":"q","kind":"NORMAL"},"workflowTaskTimeout":"10s","attempt":1}}]}"#
    ),
};

impl Rule for Complete {
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
        for run in &evidence.runs {
            findings.look_at(run);
            for event in &run.events {
                findings.examine();
                let missing = left_out(event);
                if !missing.is_empty() {
                    let message = format!("{} does not say {}", event.body.name(), missing.join(", "));
                    findings.violated(&[event.id], message);
                }
            }
        }
    }
}

/// What an event leaves out.
fn left_out(event: &Event) -> Vec<&'static str> {
    let time = [("when it happened", event.time.is_none())];
    let fields = fields(&event.body);
    time.into_iter().chain(fields).filter(|(_, missing)| *missing).map(|(name, _)| name).collect()
}

/// The fields that every event of a kind has, and whether this one lacks them.
fn fields(body: &Body) -> Vec<(&'static str, bool)> {
    let none = |state: &Symbol| state.0.is_empty();
    let no_time = |span: Span| span.0 == 0;
    let no_kind = |queue: &TaskQueue| !queue.name.is_empty() && queue.kind.0.is_empty();
    let no_failure = |failure: &Option<Failure>| failure.is_none();
    match body {
        Body::WorkflowExecutionStarted(e) => vec![
            ("workflowType", e.workflow_type.0.is_empty()),
            ("taskQueue", e.task_queue.name.is_empty()),
            ("taskQueue.kind", no_kind(&e.task_queue)),
            ("workflowTaskTimeout", no_time(e.task_timeout)),
            ("attempt", e.attempt == 0),
        ],
        Body::WorkflowExecutionFailed(e) => {
            vec![("failure", no_failure(&e.failure)), ("retryState", none(&e.retry_state))]
        }
        Body::WorkflowExecutionTimedOut(e) => vec![("retryState", none(&e.retry_state))],
        Body::WorkflowExecutionContinuedAsNew(e) => {
            vec![("newExecutionRunId", e.new_run.is_empty()), ("taskQueue.kind", no_kind(&e.task_queue))]
        }
        Body::WorkflowTaskScheduled(e) => vec![
            ("taskQueue", e.task_queue.name.is_empty()),
            ("taskQueue.kind", no_kind(&e.task_queue)),
            ("startToCloseTimeout", no_time(e.start_to_close)),
            ("attempt", e.attempt == 0),
        ],
        Body::WorkflowTaskTimedOut(e) => vec![("timeoutType", none(&e.timeout_type))],
        Body::WorkflowTaskFailed(e) => vec![("cause", none(&e.cause))],
        Body::ActivityTaskScheduled(e) => {
            vec![
                ("activityId", e.activity_id.is_empty()),
                ("activityType", e.activity_type.0.is_empty()),
                ("taskQueue.kind", no_kind(&e.task_queue)),
            ]
        }
        // Without a request id if somebody ended it by its id between two attempts: then nobody had asked for it.
        Body::ActivityTaskStarted(e) => {
            vec![("attempt", e.attempt == 0), ("lastFailure", e.attempt > 1 && no_failure(&e.last_failure))]
        }
        Body::ActivityTaskFailed(e) => vec![("failure", no_failure(&e.failure)), ("retryState", none(&e.retry_state))],
        Body::ActivityTaskTimedOut(e) => {
            vec![("failure", no_failure(&e.failure)), ("retryState", none(&e.retry_state))]
        }
        Body::TimerStarted(e) => vec![("timerId", e.timer_id.is_empty())],
        Body::TimerFired(e) => vec![("timerId", e.timer_id.is_empty())],
        Body::TimerCanceled(e) => vec![("timerId", e.timer_id.is_empty())],
        Body::MarkerRecorded(e) => vec![("markerName", e.name.is_empty())],
        Body::WorkflowExecutionSignaled(e) => vec![("signalName", e.name.is_empty())],
        Body::StartChildWorkflowExecutionInitiated(e) => vec![
            ("workflowId", e.workflow_id.is_empty()),
            ("workflowType", e.workflow_type.0.is_empty()),
            ("parentClosePolicy", none(&e.parent_close_policy)),
            ("taskQueue.kind", no_kind(&e.task_queue)),
        ],
        Body::StartChildWorkflowExecutionFailed(e) => vec![("cause", none(&e.cause))],
        Body::ChildWorkflowExecutionFailed(e) => {
            vec![("failure", no_failure(&e.failure)), ("retryState", none(&e.retry_state))]
        }
        Body::ChildWorkflowExecutionTimedOut(e) => vec![("retryState", none(&e.retry_state))],
        Body::SignalExternalWorkflowExecutionInitiated(e) => {
            vec![("signalName", e.name.is_empty()), ("workflowExecution", e.target.workflow_id.is_empty())]
        }
        Body::SignalExternalWorkflowExecutionFailed(e) => vec![("cause", none(&e.cause))],
        Body::RequestCancelExternalWorkflowExecutionFailed(e) => vec![("cause", none(&e.cause))],
        _ => Vec::new(),
    }
}
