//! The names under which coverage counts things, and the lists of all names that can occur.
//!
//! Every name is the result of an exhaustive `match`, so that a new statement, call or worker fault does not compile until it
//! has a name; a test holds the lists equal to what the matches can give.

use resurgam_formats::plan::{Action, Held, TaskKind, WorkerFaultKind};
use resurgam_formats::program::{Statement, Until};
use resurgam_formats::recording::{Answer, Call, Reply, UpdateReached};

/// Statements, and the parts of a program that count like statements.
pub const STATEMENTS: &[&str] = &[
    "set",
    "activity",
    "local_activity",
    "timer",
    "await_signal",
    "await_signal_timeout",
    "condition",
    "condition_timeout",
    "child",
    "parallel_all",
    "parallel_first",
    "scope",
    "scope_timeout",
    "try",
    "fail",
    BODY,
    CONTINUE,
    DRAIN,
    QUERY,
    UPDATE,
];
/// The body of a program.
pub(crate) const BODY: &str = "program";
/// A program that continues as another.
pub(crate) const CONTINUE: &str = "continue_as_new";
/// A program that waits for its update handlers.
pub(crate) const DRAIN: &str = "drain_updates";
/// A query handler.
pub(crate) const QUERY: &str = "query_handler";
/// An update handler.
pub(crate) const UPDATE: &str = "update_handler";

/// Calls of clients and workers.
pub const OPERATIONS: &[&str] = &[
    "start",
    "signal",
    "signal_with_start",
    "query",
    "update",
    "cancel",
    "terminate",
    "describe",
    "read_history",
    "poll_update",
    "complete_workflow_task",
    "fail_workflow_task",
    "answer_query",
    "heartbeat",
    "end_activity",
    "end_activity_by_id",
    "misused run id",
    "misused page token",
    "misused page token of the first run",
    "misused page token of the list of namespaces",
    "misused update id",
    "misused token of a workflow task",
    "misused token of an activity task",
];

/// Misbehaviour of workers, by kind of task.
pub const WORKER_FAULTS: &[&str] = &[
    "workflow drop",
    "workflow late",
    "workflow twice",
    "workflow crash",
    "workflow fail_task",
    "activity drop",
    "activity late",
    "activity twice",
    "activity crash",
];

/// Situations of tasks as workers received them.
pub const TASKS: &[&str] = &[
    "workflow",
    "workflow sticky",
    "workflow retried",
    "workflow full history",
    "workflow with updates",
    "workflow with queries",
    "query alone",
    "activity",
    "activity retried",
];

/// Event kinds that programs, plans and worker faults of this version can cause.
///
/// Not among them: what only an administrator, a reset, Nexus, search attributes or an external signal writes; and
/// `ChildWorkflowExecutionTimedOut`, as children have no timeouts.
pub const EVENTS: &[&str] = &[
    "WorkflowExecutionStarted",
    "WorkflowExecutionCompleted",
    "WorkflowExecutionFailed",
    "WorkflowExecutionTimedOut",
    "WorkflowTaskScheduled",
    "WorkflowTaskStarted",
    "WorkflowTaskCompleted",
    "WorkflowTaskTimedOut",
    "WorkflowTaskFailed",
    "ActivityTaskScheduled",
    "ActivityTaskStarted",
    "ActivityTaskCompleted",
    "ActivityTaskFailed",
    "ActivityTaskTimedOut",
    "ActivityTaskCancelRequested",
    "ActivityTaskCanceled",
    "TimerStarted",
    "TimerFired",
    "TimerCanceled",
    "WorkflowExecutionCancelRequested",
    "WorkflowExecutionCanceled",
    "RequestCancelExternalWorkflowExecutionInitiated",
    "RequestCancelExternalWorkflowExecutionFailed",
    "ExternalWorkflowExecutionCancelRequested",
    "MarkerRecorded",
    "WorkflowExecutionSignaled",
    "WorkflowExecutionTerminated",
    "WorkflowExecutionContinuedAsNew",
    "StartChildWorkflowExecutionInitiated",
    "StartChildWorkflowExecutionFailed",
    "ChildWorkflowExecutionStarted",
    "ChildWorkflowExecutionCompleted",
    "ChildWorkflowExecutionFailed",
    "ChildWorkflowExecutionCanceled",
    "ChildWorkflowExecutionTerminated",
    "WorkflowExecutionUpdateAccepted",
    "WorkflowExecutionUpdateCompleted",
];

/// The name of a statement.
#[must_use]
pub fn statement(statement: &Statement) -> &'static str {
    match statement {
        Statement::Set { .. } => "set",
        Statement::Activity(_) => "activity",
        Statement::LocalActivity { .. } => "local_activity",
        Statement::Timer { .. } => "timer",
        Statement::AwaitSignal { timeout_ms: None, .. } => "await_signal",
        Statement::AwaitSignal { timeout_ms: Some(_), .. } => "await_signal_timeout",
        Statement::Condition { timeout_ms: None, .. } => "condition",
        Statement::Condition { timeout_ms: Some(_), .. } => "condition_timeout",
        Statement::Child(_) => "child",
        Statement::Parallel { until: Until::All, .. } => "parallel_all",
        Statement::Parallel { until: Until::First, .. } => "parallel_first",
        Statement::Scope { cancel_after_ms: None, .. } => "scope",
        Statement::Scope { cancel_after_ms: Some(_), .. } => "scope_timeout",
        Statement::Try { .. } => "try",
        Statement::Fail { .. } => "fail",
    }
}

/// The name of a call.
#[must_use]
pub fn operation(call: &Call) -> &'static str {
    match call {
        Call::Client { action, .. } => match action {
            Action::Start(_) => "start",
            Action::Signal { .. } => "signal",
            Action::SignalWithStart { .. } => "signal_with_start",
            Action::Query { .. } => "query",
            Action::Update { .. } => "update",
            Action::Cancel => "cancel",
            Action::Terminate => "terminate",
            Action::Describe => "describe",
            Action::ReadHistory => "read_history",
        },
        Call::PollUpdate { .. } => "poll_update",
        Call::CompleteWorkflowTask { .. } => "complete_workflow_task",
        Call::FailWorkflowTask { .. } => "fail_workflow_task",
        Call::AnswerQuery { .. } => "answer_query",
        Call::Heartbeat { .. } => "heartbeat",
        Call::EndActivity { by_id: false, .. } => "end_activity",
        Call::EndActivity { by_id: true, .. } => "end_activity_by_id",
        Call::Misuse { misuse, .. } => match misuse.held {
            Held::RunId => "misused run id",
            Held::PageToken => "misused page token",
            Held::FirstRunPageToken => "misused page token of the first run",
            Held::NamespacesPageToken => "misused page token of the list of namespaces",
            Held::UpdateId => "misused update id",
            Held::WorkflowTask => "misused token of a workflow task",
            Held::ActivityTask => "misused token of an activity task",
        },
    }
}

/// The name of an answer; `returned` is false if none ever arrived.
#[must_use]
pub fn answer(answer: &Answer, returned: bool) -> &'static str {
    match answer {
        _ if !returned => "no answer",
        Answer::Fail { .. } => "fail",
        Answer::Info { .. } => "info",
        Answer::Ok { value } => match value {
            Reply::Done => "ok",
            Reply::Run { started: Some(true), .. } => "ok: started",
            Reply::Run { started: Some(false), .. } => "ok: already there",
            Reply::Run { started: None, .. } => "ok: run",
            Reply::AlreadyStarted { .. } => "ok: already started",
            Reply::NotFound { .. } => "ok: not found",
            Reply::Query(_) => "ok: value",
            Reply::Update { stage: UpdateReached::Admitted, .. } => "ok: admitted",
            Reply::Update { stage: UpdateReached::Accepted, .. } => "ok: accepted",
            Reply::Update { stage: UpdateReached::Completed(_), .. } => "ok: completed",
            Reply::Update { stage: UpdateReached::Failed(_), .. } => "ok: failed",
            Reply::Description(_) => "ok: description",
            Reply::History { .. } => "ok: history",
            Reply::Page { .. } => "ok: page",
            Reply::Heartbeat { cancel_requested: false } => "ok: heartbeat",
            Reply::Heartbeat { cancel_requested: true } => "ok: cancel requested",
            Reply::Refused { .. } => "ok: refused",
        },
    }
}

/// The name of a worker fault.
#[must_use]
pub fn worker_fault(task: TaskKind, worker_fault: WorkerFaultKind) -> &'static str {
    match (task, worker_fault) {
        (TaskKind::Workflow, WorkerFaultKind::Drop) => "workflow drop",
        (TaskKind::Workflow, WorkerFaultKind::Late(_)) => "workflow late",
        (TaskKind::Workflow, WorkerFaultKind::Twice(_)) => "workflow twice",
        (TaskKind::Workflow, WorkerFaultKind::Crash) => "workflow crash",
        (TaskKind::Workflow, WorkerFaultKind::FailTask) => "workflow fail_task",
        (TaskKind::Activity, WorkerFaultKind::Drop) => "activity drop",
        (TaskKind::Activity, WorkerFaultKind::Late(_)) => "activity late",
        (TaskKind::Activity, WorkerFaultKind::Twice(_)) => "activity twice",
        (TaskKind::Activity, WorkerFaultKind::Crash) => "activity crash",
        (TaskKind::Activity, WorkerFaultKind::FailTask) => "activity fail_task",
    }
}
