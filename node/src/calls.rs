//! The calls of the Temporal API that a node has to serve: those that clients and workers of a case make, and no others.
//!
//! The list is held against what is really called (`harness/builtin/tests/calls.rs`), and [`document`] is
//! `docs/node-calls.md`.

use std::fmt::Write as _;

/// The service that they belong to.
const SERVICE: &str = "temporal.api.workflowservice.v1.WorkflowService";

/// Calls by who makes them; each with its name in the API, and when it is made or what of the answer counts.
const CALLS: &[(&str, &[(&str, &str)])] = &[
    (
        "Before a case",
        &[
            (
                "RegisterNamespace",
                "Registers the namespace `resurgam`, and `resurgam-other` for some cases; ALREADY_EXISTS is as good.",
            ),
            ("DescribeNamespace", "Asked of every node until each answers without an error."),
        ],
    ),
    (
        "Clients",
        &[
            (
                "StartWorkflowExecution",
                "Starts a run, with reuse and conflict policies, timeouts and a retry policy; `run_id` and `started` count. An id \
                 that may not be used answers ALREADY_EXISTS with a `WorkflowExecutionAlreadyStartedFailure` that names the run.",
            ),
            ("SignalWorkflowExecution", "Signals the current run; NOT_FOUND if none is open."),
            ("SignalWithStartWorkflowExecution", "Signals the open run, or starts one with the signal."),
            ("QueryWorkflow", "Asks the current run; `query_result` counts."),
            (
                "UpdateWorkflowExecution",
                "Updates the current run and waits until it is accepted or completed; `outcome`, `stage` and the run count.",
            ),
            ("RequestCancelWorkflowExecution", "Asks the current run to cancel."),
            ("TerminateWorkflowExecution", "Terminates the current run."),
            (
                "DescribeWorkflowExecution",
                "The state of a run, the current one if none is named: status, history length, pending activities and children.",
            ),
            (
                "GetWorkflowExecutionHistory",
                "The events of a run, page by page; with `wait_new_event` it waits for more, and with the filter `CLOSE_EVENT` for the \
                 close. Workers read the pages of their tasks by it too.",
            ),
            (
                "GetWorkflowExecutionHistoryReverse",
                "The events of a run from its end, page by page, at the end of some cases; only of whoever promises `lists`.",
            ),
            (
                "PollWorkflowExecutionUpdate",
                "What came of an update: as far as it is known, or when it has completed if the call waits for that; NOT_FOUND if it is none of that workflow.",
            ),
            (
                "ListWorkflowExecutions",
                "All workflows whose ids begin so (`STARTS_WITH`), page by page, at the end of a case; only of whoever promises `lists`.",
            ),
            (
                "ListNamespaces",
                "All namespaces, page by page; the token of the second page is used where it does not belong.",
            ),
        ],
    ),
    (
        "Workers",
        &[
            (
                "PollWorkflowTaskQueue",
                "Waits for a workflow task or a query, on the queue of the case or a sticky one; an answer without a token is none.",
            ),
            ("RespondWorkflowTaskCompleted", "The commands, messages and query results of a workflow task."),
            ("RespondWorkflowTaskFailed", "A workflow task failed; it is to come again."),
            ("RespondQueryTaskCompleted", "The answer to a query that came as a task of its own."),
            ("PollActivityTaskQueue", "Waits for an activity task."),
            ("RecordActivityTaskHeartbeat", "An activity is alive; `cancel_requested` counts."),
            ("RespondActivityTaskCompleted", "An activity is done."),
            ("RespondActivityTaskFailed", "An attempt of an activity failed; the retry policy says what follows."),
            ("RespondActivityTaskCanceled", "An activity that was asked to cancel has done so."),
            ("RespondActivityTaskCompletedById", "An activity is done, named by its id instead of a token."),
        ],
    ),
];

/// The names of all of them.
pub fn names() -> impl Iterator<Item = &'static str> {
    CALLS.iter().flat_map(|(_, calls)| calls.iter().map(|(name, _)| *name))
}

/// The documentation of the calls, as Markdown.
#[must_use]
pub fn document() -> String {
    let mut text = format!(
        "# What a node has to serve\n\n\
         The {} calls of `{SERVICE}` that are made in a case; written by `resurgam new --calls`. A node serves them on port \
         {}. What answers UNIMPLEMENTED is named in the report as a violation of the rule I2, and everything else of the API \
         may be left out.\n",
        names().count(),
        crate::FRONTEND_PORT
    );
    for (by, calls) in CALLS {
        let _ = write!(text, "\n## {by}\n\n| call | what for |\n|---|---|\n");
        for (name, what) in *calls {
            let _ = writeln!(text, "| `{name}` | {what} |");
        }
    }
    text
}
