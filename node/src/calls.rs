//! The calls of the Temporal API that a node has to serve: those that clients and workers of a case make, and no others.
//!
//! The list is held against what is really called (`harness/builtin/tests/calls.rs`), and [`document`] is
//! `docs/node-calls.md`.

use std::fmt::Write as _;

/// A call of the workflow service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name in the API.
    pub name: &'static str,
    /// Who makes it.
    pub by: Caller,
    /// When, and what of the answer is used.
    pub what: &'static str,
}

/// Who calls a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// The suite, before a case begins.
    Readiness,
    /// Clients, and the suite when it reads the outcome of a case.
    Client,
    /// Workers.
    Worker,
}

/// The service that they belong to.
pub const SERVICE: &str = "temporal.api.workflowservice.v1.WorkflowService";

/// All of them.
pub const CALLS: &[Call] = &[
    call("RegisterNamespace", Caller::Readiness, "Registers the namespace `resurgam`; ALREADY_EXISTS is as good."),
    call("DescribeNamespace", Caller::Readiness, "Asked of every node until each answers without an error."),
    call(
        "StartWorkflowExecution",
        Caller::Client,
        "Starts a run, with reuse and conflict policies, timeouts and a retry policy; `run_id` and `started` count. An id \
         that may not be used answers ALREADY_EXISTS with a `WorkflowExecutionAlreadyStartedFailure` that names the run.",
    ),
    call("SignalWorkflowExecution", Caller::Client, "Signals the current run; NOT_FOUND if none is open."),
    call("SignalWithStartWorkflowExecution", Caller::Client, "Signals the open run, or starts one with the signal."),
    call("QueryWorkflow", Caller::Client, "Asks the current run; `query_result` counts."),
    call(
        "UpdateWorkflowExecution",
        Caller::Client,
        "Updates the current run and waits until it is accepted or completed; `outcome`, `stage` and the run count.",
    ),
    call("RequestCancelWorkflowExecution", Caller::Client, "Asks the current run to cancel."),
    call("TerminateWorkflowExecution", Caller::Client, "Terminates the current run."),
    call(
        "DescribeWorkflowExecution",
        Caller::Client,
        "The state of a run, the current one if none is named: status, history length, pending activities and children.",
    ),
    call(
        "GetWorkflowExecutionHistory",
        Caller::Client,
        "The events of a run, page by page; with `wait_new_event` and the filter `CLOSE_EVENT` it waits for the close. Workers \
         read the pages of their tasks by it too.",
    ),
    call(
        "PollWorkflowTaskQueue",
        Caller::Worker,
        "Waits for a workflow task or a query, on the queue of the case or a sticky one; an answer without a token is none.",
    ),
    call(
        "RespondWorkflowTaskCompleted",
        Caller::Worker,
        "The commands, messages and query results of a workflow task.",
    ),
    call("RespondWorkflowTaskFailed", Caller::Worker, "A workflow task failed; it is to come again."),
    call("RespondQueryTaskCompleted", Caller::Worker, "The answer to a query that came as a task of its own."),
    call("PollActivityTaskQueue", Caller::Worker, "Waits for an activity task."),
    call("RecordActivityTaskHeartbeat", Caller::Worker, "An activity is alive; `cancel_requested` counts."),
    call("RespondActivityTaskCompleted", Caller::Worker, "An activity is done."),
    call(
        "RespondActivityTaskFailed",
        Caller::Worker,
        "An attempt of an activity failed; the retry policy says what follows.",
    ),
    call("RespondActivityTaskCanceled", Caller::Worker, "An activity that was asked to cancel has done so."),
    call(
        "RespondActivityTaskCompletedById",
        Caller::Worker,
        "An activity is done, named by its id instead of a token.",
    ),
];

const fn call(name: &'static str, by: Caller, what: &'static str) -> Call {
    Call { name, by, what }
}

impl Caller {
    fn title(self) -> &'static str {
        match self {
            Self::Readiness => "Before a case",
            Self::Client => "Clients",
            Self::Worker => "Workers",
        }
    }
}

/// The documentation of the calls, as Markdown.
#[must_use]
pub fn document() -> String {
    let mut text = format!(
        "# What a node has to serve\n\n\
         The {} calls of `{SERVICE}` that are made in a case; written by `resurgam new --calls`. A node serves them on port \
         {}. What answers UNIMPLEMENTED is named in the report as a violation of the rule I2, and everything else of the API \
         may be left out.\n",
        CALLS.len(),
        crate::FRONTEND_PORT
    );
    for caller in [Caller::Readiness, Caller::Client, Caller::Worker] {
        let _ = write!(text, "\n## {}\n\n| call | what for |\n|---|---|\n", caller.title());
        for call in CALLS.iter().filter(|call| call.by == caller) {
            let _ = writeln!(text, "| `{}` | {} |", call.name, call.what);
        }
    }
    text
}
