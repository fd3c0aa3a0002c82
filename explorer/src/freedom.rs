//! What two servers may differ in, and why: the freedoms of docs/freedoms.md that are about single answers. Whatever is not here is
//! unexplained.

use crate::difference::Difference;

/// A difference that is allowed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Freedom {
    /// Its name in docs/freedoms.md.
    pub(crate) name: &'static str,
    /// Why it may be.
    pub(crate) why: &'static str,
    is: fn(&Difference) -> bool,
}

/// All of them.
pub(crate) const FREEDOMS: &[Freedom] = &[
    Freedom {
        name: "bookkeeping",
        why: "how large a history is in the server's own encoding, its numbers of tasks, and how often a state was written",
        is: |it| {
            [
                "task_id",
                "history_size_bytes",
                "state_transition_count",
                "history_length_bytes",
                "add_rate",
                "dispatch_rate",
            ]
            .iter()
            .any(|field| it.path.ends_with(field))
                && (it.left.is_null() == it.right.is_null() || it.path.ends_with("task_id"))
        },
    },
    Freedom {
        name: "advice",
        why: "whether a worker should poll more or less often, which depends on how long a task has waited",
        is: |it| it.path.contains("poller_scaling_decision"),
    },
    Freedom {
        name: "words",
        why: "a refusal in other words, with the same code and the same kind of details",
        is: |it| it.path == "message" && !it.left.is_null() && !it.right.is_null(),
    },
    Freedom {
        name: "no-time",
        why: "a time that there is none of is absent, or the zero of the language that the server is written in",
        is: |it| {
            let none = |value: &serde_json::Value| value.is_null() || *value == "<year 1>";
            none(&it.left) && none(&it.right)
        },
    },
    Freedom {
        name: "later-field",
        why: "first_execution_run_id is in the protos of 1.31.2, and set by later versions only",
        is: |it| it.path == "response.first_execution_run_id" && it.right.is_null(),
    },
    Freedom {
        name: "own-name",
        why: "what a server says of itself and of the machine that it is on",
        is: |it| matches!(it.call.as_str(), "GetClusterInfo" | "GetSystemInfo") && it.path.starts_with("response."),
    },
    Freedom {
        name: "others",
        why: "a list of what is not of the case shows what others have made",
        is: |it| {
            let many = |value: &serde_json::Value| value.as_i64().is_some_and(|count| count > 3);
            it.call == "ListNamespaces" && it.path.starts_with("response.")
                || it.call == "CountWorkflowExecutions" && many(&it.left) && many(&it.right)
                || it.call.ends_with("WorkflowExecutions") && it.path == "response.next_page_token"
        },
    },
];

/// The freedom that explains a difference.
#[must_use]
pub(crate) fn explaining(difference: &Difference) -> Option<&'static Freedom> {
    FREEDOMS.iter().find(|freedom| (freedom.is)(difference))
}
