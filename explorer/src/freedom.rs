//! What two servers may differ in, and why: the freedoms of docs/freedoms.md that are about single answers. Whatever is not here is
//! unexplained.

use crate::difference::Difference;
use serde_json::{Value, json};

/// Codes with which the real server says that it has failed, and not the request.
const FAILED: [&str; 3] = ["Internal ", "Unavailable ", "Unknown "];

/// What is set by what ours does not serve.
const UNSERVED: [&str; 5] = [
    "search_attributes.indexed_fields.TemporalWorkerDeployment",
    "activity_task_started_event_attributes.worker_version",
    "workflow_task_started_event_attributes.worker_version",
    "pollers[].deployment_options",
    "pollers[].worker_version_capabilities",
];

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
            let none = |value: &Value| value.is_null() || *value == "<year 1>";
            none(&it.left) && none(&it.right)
        },
    },
    Freedom {
        name: "later-field",
        why: "first_execution_run_id is in the protos of 1.31.2, and set by later versions only",
        is: |it| it.path == "response.first_execution_run_id" && it.right.is_null(),
    },
    Freedom {
        name: "refused-by-name",
        why: "ours does not serve a feature, and says so by its name where the other serves it or finds it wrong",
        is: |it| it.path == "code" && text(&it.left).starts_with("Unimplemented "),
    },
    Freedom {
        name: "unserved",
        why: "a namespace does not say that it can do what ours does not serve: advice to poll more often; no workflow is found by a \
              deployment of workers, and their old kinds of versions are not kept",
        is: |it| {
            it.left.is_null()
                && (it.right == true && it.path.ends_with("capabilities.poller_autoscaling")
                    || UNSERVED.iter().any(|field| it.path.ends_with(field)))
        },
    },
    Freedom {
        name: "no-points",
        why: "a run without points to reset to has none, or an empty list of them, while the real server has it in its memory",
        is: |it| it.path.ends_with("auto_reset_points") && it.left == json!({}) && it.right.is_null(),
    },
    Freedom {
        name: "sealed-tokens",
        why: "a token of a page that is not ours is refused; the real server takes some of what it cannot read, or fails",
        is: |it| it.path == "code" && text(&it.left) == "InvalidArgument Invalid NextPageToken.",
    },
    Freedom {
        name: "first-reason",
        why: "a request that is wrong in two ways, one of them its namespace, is refused for either",
        is: |it| {
            let refused = |it: &str| it.starts_with("InvalidArgument ") || it.starts_with("NotFound ");
            let (left, right) = (text(&it.left), text(&it.right));
            let namespace = |it: &str| it.contains("Namespace ") && (it.contains("not found") || it.contains("length"));
            it.path == "code" && refused(left) && refused(right) && (namespace(left) || namespace(right))
        },
    },
    Freedom {
        name: "failure-there",
        why: "the real server fails in itself over what it should refuse, or could serve",
        is: |it| it.path == "code" && FAILED.iter().any(|code| text(&it.right).starts_with(code)),
    },
    Freedom {
        name: "identifiers",
        why: "a run that is started with a signal has an identifier of version 4 there, ours are all of version 7",
        is: |it| text(&it.left) == "<uuid v7>" && text(&it.right) == "<uuid v4>",
    },
    Freedom {
        name: "columns",
        why: "columns that a database has in store for search attributes are no attributes",
        is: |it| it.call == "GetSearchAttributes" && it.path.starts_with("response.keys.") && it.left.is_null(),
    },
    Freedom {
        name: "own-name",
        why: "what a server says of itself and of the machine that it is on",
        is: |it| {
            let of_itself = matches!(it.call.as_str(), "GetClusterInfo" | "GetSystemInfo");
            of_itself && it.path.starts_with("response.")
                || it.call == "ListTaskQueuePartitions" && it.path.ends_with(".owner_host_name")
        },
    },
    Freedom {
        name: "others",
        why: "a list of what is not of the case shows what others have made",
        is: |it| {
            let many = |value: &Value| value.as_i64().is_some_and(|count| count > 3);
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

/// A text that differs.
fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(path: &str, left: Value, right: Value) -> Option<&'static str> {
        let difference = Difference { place: "drawn", call: "Call".into(), path: path.into(), left, right };
        explaining(&difference).map(|freedom| freedom.name)
    }

    #[test]
    fn each_freedom_has_a_near_miss() {
        let code = |left: &str, right: &str| explained("code", json!(left), json!(right));
        assert_eq!(code("Unimplemented completion callbacks are not supported", "Ok"), Some("refused-by-name"));
        assert_eq!(code("Ok", "Unimplemented x"), None);
        assert_eq!(code("InvalidArgument Invalid NextPageToken.", "Ok"), Some("sealed-tokens"));
        assert_eq!(code("InvalidArgument Invalid RunId.", "Ok"), None);
        let missing = "NotFound Namespace a is not found.";
        assert_eq!(code("InvalidArgument Invalid RunId.", missing), Some("first-reason"));
        assert_eq!(code("Ok", missing), None);
        assert_eq!(code("InvalidArgument Invalid RunId.", "NotFound workflow not found"), None);
        assert_eq!(code("Ok", "Internal something went wrong"), Some("failure-there"));
        assert_eq!(code("Internal something went wrong", "Ok"), None);
        let run = "response.run_id";
        assert_eq!(explained(run, json!("<uuid v7>"), json!("<uuid v4>")), Some("identifiers"));
        assert_eq!(explained(run, json!("<uuid v4>"), json!("<uuid v7>")), None);
        assert_eq!(explained("message", json!("a"), json!("b")), Some("words"));
        assert_eq!(explained("message", json!("a"), Value::Null), None);
        let size = "response.info.history_size_bytes";
        assert_eq!(explained(size, json!(7), json!(8)), Some("bookkeeping"));
        assert_eq!(explained(size, Value::Null, json!(8)), None);
        assert_eq!(explained("response.close_time", Value::Null, json!("<year 1>")), Some("no-time"));
        assert_eq!(explained("response.close_time", Value::Null, json!("<now>")), None);
        let beats = "response.namespace_info.capabilities.poller_autoscaling";
        assert_eq!(explained(beats, Value::Null, json!(true)), Some("unserved"));
        assert_eq!(explained(beats, json!(true), Value::Null), None);
        let points = "response.workflow_execution_info.auto_reset_points";
        assert_eq!(explained(points, json!({}), Value::Null), Some("no-points"));
        assert_eq!(explained(points, json!({"points": []}), Value::Null), None);
        assert_eq!(explained(points, Value::Null, json!({})), None);
        let first = "response.first_execution_run_id";
        assert_eq!(explained(first, json!("{run}"), Value::Null), Some("later-field"));
        assert_eq!(explained(first, json!("{run}"), json!("{old_run}")), None);
    }
}
