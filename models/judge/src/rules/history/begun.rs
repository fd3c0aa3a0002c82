//! What the first event of a run has to say: as a request, the event of a parent, or the run before asks for it.

use crate::rules::backoff::{interval, policy};
use resurgam_formats::event::{
    Body, Execution, Failure, FailureKind, Named, Payload, Payloads, Raw, Span, StartChildWorkflowExecutionInitiated,
    Symbol, TaskQueue, WorkflowExecutionContinuedAsNew, WorkflowExecutionStarted,
};
use resurgam_formats::evidence::Run;
use resurgam_formats::label;
use resurgam_formats::notes;
use resurgam_formats::plan::{Plan, Start};
use resurgam_formats::program::WORKFLOW_TYPE;
use serde_json::Value;

/// A start that was asked for, and which of its fields are known.
pub(super) struct Expected {
    start: WorkflowExecutionStarted,
    fields: &'static [&'static str],
    /// How long the first workflow task has to wait; `None` if a server may choose.
    wait: Option<Span>,
}

/// What a start has from the client that asked for it.
const CLIENT: &[&str] = &[
    "workflowType",
    "taskQueue",
    "input",
    "retryPolicy",
    "originalExecutionRunId",
    "workflowId",
    "identity",
    "initiator",
    "header",
    "memo",
];
/// What a child has from its parent.
const CHILD: &[&str] = &[
    "workflowType",
    "taskQueue",
    "input",
    "retryPolicy",
    "originalExecutionRunId",
    "workflowId",
    "header",
    "memo",
    "searchAttributes",
    "cronSchedule",
    "parentWorkflowNamespace",
    "parentWorkflowNamespaceId",
    "rootWorkflowExecution",
];
/// What a run has from the one before it.
const NEXT: &[&str] = &[
    "workflowType",
    "taskQueue",
    "input",
    "retryPolicy",
    "originalExecutionRunId",
    "workflowId",
    "header",
    "memo",
    "initiator",
    "cronSchedule",
    "parentWorkflowNamespace",
    "parentWorkflowNamespaceId",
    "parentWorkflowExecution",
    "parentInitiatedEventId",
    "rootWorkflowExecution",
    "continuedFailure",
];

impl Expected {
    /// As a client asked for it.
    pub(super) fn client(run: &Run, plan: &Plan, prefix: &str, by: &str, label: Option<&str>, asked: &Start) -> Self {
        let program = plan.programs.get(usize::from(asked.program) % plan.programs.len().max(1));
        let input = program.and_then(|input| serde_json::to_value(input).ok());
        let span = |ms: Option<u32>| Span::millis(i64::from(ms.unwrap_or(0)));
        let start = WorkflowExecutionStarted {
            workflow_type: Named(WORKFLOW_TYPE.into()),
            task_queue: TaskQueue { name: format!("{prefix}-queue"), kind: normal(), normal_name: String::new() },
            input: input.as_ref().map(Payloads::one).unwrap_or_default(),
            execution_timeout: span(asked.execution_timeout_ms),
            run_timeout: span(asked.run_timeout_ms),
            task_timeout: span(Some(plan.knobs.task_timeout_ms)),
            retry_policy: asked.retry.as_ref().map(policy),
            identity: by.into(),
            original_run: run.run_id.clone(),
            workflow_id: run.workflow_id.clone(),
            header: Raw(label.map(|label| Box::new(label::fields(label)))),
            memo: Raw(label.map(|label| Box::new(label::fields(label)))),
            ..WorkflowExecutionStarted::default()
        };
        Self { start, fields: if input.is_some() { CLIENT } else { &["identity"] }, wait: Some(Span(0)) }
    }

    /// As its parent asked for it.
    pub(super) fn child(run: &Run, parent: &Run, asked: &StartChildWorkflowExecutionInitiated) -> Self {
        let above = parent.started().map(|start| start.root.clone()).filter(|root| !root.workflow_id.is_empty());
        let start = WorkflowExecutionStarted {
            workflow_type: asked.workflow_type.clone(),
            task_queue: asked.task_queue.clone(),
            input: asked.input.clone(),
            execution_timeout: asked.execution_timeout,
            run_timeout: asked.run_timeout,
            task_timeout: asked.task_timeout,
            retry_policy: asked.retry_policy.clone(),
            header: asked.header.clone(),
            memo: asked.memo.clone(),
            search_attributes: asked.search_attributes.clone(),
            cron: asked.cron.clone(),
            parent_namespace: asked.namespace.clone(),
            parent_namespace_id: asked.namespace_id.clone(),
            root: above.unwrap_or_else(|| parent.execution()),
            original_run: run.run_id.clone(),
            workflow_id: asked.workflow_id.clone(),
            ..WorkflowExecutionStarted::default()
        };
        Self { start, fields: CHILD, wait: Some(Span(0)) }
    }

    /// As the run before continued, or was to be tried again; `None` if it closed otherwise.
    pub(super) fn next(run: &Run, before: &Run) -> Option<Self> {
        let mut start = before.started()?.clone();
        start.original_run.clone_from(&run.run_id);
        start.continued_failure = None;
        match &before.close()?.body {
            Body::WorkflowExecutionContinuedAsNew(close)
                if !close.initiator.is("RETRY") && !close.initiator.is("CRON_SCHEDULE") =>
            {
                Self::continue_in(&mut start, close);
            }
            Body::WorkflowExecutionFailed(close) => Self::retry_in(&mut start, close.failure.clone()),
            Body::WorkflowExecutionTimedOut(_) => {
                let timeout = FailureKind::Timeout(Symbol("START_TO_CLOSE".into()));
                Self::retry_in(&mut start, Some(Failure { kind: timeout, ..Failure::default() }));
            }
            _ => return None,
        }
        let again = start.initiator.is("RETRY");
        let wait = start.retry_policy.as_ref().filter(|_| again).map(|policy| interval(policy, start.attempt));
        start.cron.is_empty().then_some(Self { start, fields: NEXT, wait })
    }

    fn continue_in(start: &mut WorkflowExecutionStarted, close: &WorkflowExecutionContinuedAsNew) {
        start.initiator = Symbol("WORKFLOW".into());
        start.workflow_type.clone_from(&close.workflow_type);
        start.task_queue.clone_from(&close.task_queue);
        start.input.clone_from(&close.input);
        start.run_timeout = close.run_timeout;
        start.task_timeout = close.task_timeout;
        // The command says it, ours say none, and the event does not repeat it.
        start.retry_policy = None;
        start.header.clone_from(&close.header);
        start.memo.clone_from(&close.memo);
    }

    fn retry_in(start: &mut WorkflowExecutionStarted, failure: Option<Failure>) {
        start.initiator = Symbol("RETRY".into());
        start.continued_failure = failure;
    }

    /// The fields in which a start is another one, with what it says and what was asked.
    pub(super) fn differences(&self, found: &WorkflowExecutionStarted) -> Vec<String> {
        let wrap = |start: &WorkflowExecutionStarted| Body::WorkflowExecutionStarted(Box::new(start.clone()));
        let (is, asked) = (wrap(&plain(found)), wrap(&plain(&self.start)));
        let show =
            |value: Option<Value>| value.map_or_else(|| "nothing".to_owned(), |it| notes::plain(&it.to_string(), 200));
        let fields = self.fields.iter().map(|field| (*field, is.field(field), asked.field(field)));
        let mut all: Vec<String> = fields
            .filter(|(_, is, asked)| is != asked)
            .map(|(field, is, asked)| format!("{field} is {}, asked for was {}", show(is), show(asked)))
            .collect();
        if let Some(wait) = self.wait
            && !waits(found.first_backoff, wait)
        {
            all.push(timeout("firstWorkflowTaskBackoff", found.first_backoff, wait));
        }
        if self.fields != ["identity"] {
            let spans = [
                ("workflowExecutionTimeout", found.execution_timeout, self.start.execution_timeout),
                ("workflowRunTimeout", run_timeout(found), run_timeout(&self.start)),
            ];
            let wrong = spans.into_iter().filter(|(_, is, asked)| is != asked);
            all.extend(wrong.map(|(field, is, asked)| timeout(field, is, asked)));
            let asked = self.start.task_timeout;
            // A server may shorten it to that of the run.
            if found.task_timeout != asked && found.task_timeout != asked.min(run_timeout(found)) {
                all.push(timeout("workflowTaskTimeout", found.task_timeout, asked));
            }
        }
        all
    }
}

/// Counting in whole milliseconds may lose this much, in nanoseconds.
const GRAIN: i64 = 2_000_000;

/// True if a back-off is the one that was asked for. A server may slow down runs that follow each other at once: the real one was
/// seen to add up to two seconds.
fn waits(found: Span, asked: Span) -> bool {
    let most = if asked > Span(0) { asked.0.saturating_add(5_000_000_000) } else { 0 };
    found.0 >= asked.0.saturating_sub(GRAIN) && found.0 <= most.saturating_add(GRAIN)
}

fn timeout(field: &str, is: Span, asked: Span) -> String {
    let ms = |span: Span| span.0 / 1_000_000;
    format!("{field} is {} ms, asked for were {} ms", ms(is), ms(asked))
}

/// A start without what says the same in two ways: one that was never asked for may be written or not.
fn plain(start: &WorkflowExecutionStarted) -> WorkflowExecutionStarted {
    let mut plain = start.clone();
    for payload in &mut plain.input.0 {
        // Whoever writes JSON has an order of his own.
        if let Some(value) = payload.as_json() {
            *payload = Payload::json(&value);
        }
    }
    // A failure by timeout has words of the server's.
    if let Some(failure) = plain.continued_failure.as_mut().filter(|it| matches!(it.kind, FailureKind::Timeout(_))) {
        *failure = Failure { kind: failure.kind.clone(), ..Failure::default() };
    }
    if plain.task_queue.kind.0.is_empty() {
        plain.task_queue.kind = normal();
    }
    if plain.root == (Execution { workflow_id: plain.workflow_id.clone(), run_id: plain.original_run.clone() }) {
        plain.root = Execution::default();
    }
    plain
}

/// The kind of queue that everybody means who says none.
fn normal() -> Symbol {
    Symbol("NORMAL".into())
}

/// How long a run may be open: no longer than its chain, for a server may write the shorter of the two.
fn run_timeout(start: &WorkflowExecutionStarted) -> Span {
    match (start.run_timeout, start.execution_timeout) {
        (run, Span(0)) => run,
        (Span(0), execution) => execution,
        (run, execution) => run.min(execution),
    }
}
