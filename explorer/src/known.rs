//! What the real server 1.31.2 is known to do in a way of its own: for each a name, why it does so, and where. Each is as narrow as it
//! can be said of a case: other answers, or the same ones elsewhere, are not explained by it. docs/freedoms.md lists them.

use crate::case::Case;
use crate::difference::Difference;
use crate::request::Drawn;
use serde_json::Value;

/// What is looked at.
pub(crate) struct Context<'a> {
    /// What was done.
    pub(crate) case: &'a Case,
    /// The second server has refused something that was drawn.
    pub(crate) refused: bool,
}

/// Something that the second server does in a way of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// Its name in docs/freedoms.md.
    pub(crate) name: &'static str,
    /// What the second server does.
    pub(crate) why: &'static str,
    is: fn(&Context<'_>, &Difference) -> bool,
}

/// What a workflow task is asked for that was made for an update.
const ASKED: [&str; 2] = ["update-asked", "update-admitted"];
/// Calls that make an update.
const UPDATES: [&str; 2] = ["ExecuteMultiOperation", "UpdateWorkflowExecution"];
/// A value of two megabytes.
const LARGE: &str = "{x*2200000}";
/// Codes as which it is told that a caller's deadline has passed, or has not yet.
const WAITS: [&str; 2] = ["DeadlineExceeded", "(waits)"];

const KNOWN: &[Known] = &[
    Known {
        name: "forgotten-task",
        why: "a call about a run that is refused makes it forget a workflow task that was made for an update, and make it again",
        is: |context, it| {
            let started = text(&it.left).strip_suffix(", workflow_task_started");
            let asked = ASKED.contains(&context.case.situation.name.as_str())
                || drawn(context, |it| UPDATES.contains(&it.call.as_str()));
            asked
                && context.refused
                // What is done next is then done to another task.
                && (context.case.requests.len() > 1 && it.place != "before" || match it.path.as_str() {
                    "response.pending_workflow_task.started_time" => it.right.is_null(),
                    "response.pending_workflow_task.state" => it.right == "PENDING_WORKFLOW_TASK_STATE_SCHEDULED",
                    "response.history.events[]" => started == Some(text(&it.right)),
                    _ => false,
                })
        },
    },
    Known {
        name: "moment-of-deadline",
        why: "who waits for an update gives up while it is looked, or has not given up yet",
        is: |_, it| {
            let waits = |value: &Value| WAITS.contains(&text(value).trim_end());
            it.place == "told"
                && it.call == "UpdateWorkflowExecution"
                && it.path == "code"
                && waits(&it.left)
                && waits(&it.right)
        },
    },
    Known {
        name: "pages-of-batches",
        why: "a page of a history has so many batches of events, and not so many events",
        is: |context, it| {
            let (left, right) = (text(&it.left), text(&it.right));
            it.place == "drawn"
                && it.call.starts_with("GetWorkflowExecutionHistory")
                && it.path == "response.history.events[]"
                && drawn(context, |it| it.body["maximum_page_size"].as_i64().is_some_and(|size| size > 0))
                && (left.starts_with(right) || right.starts_with(left))
        },
    },
    Known {
        name: "pages-without-bound",
        why: "a page of a history is as long as its events are large, and more than most clients take",
        is: |context, it| {
            let (left, right) = (text(&it.left), text(&it.right));
            drawn(context, |it| it.body.to_string().contains(LARGE))
                && match it.path.as_str() {
                    "response.next_page_token" => left == "<token>" && it.right.is_null(),
                    "response.history.events[]" => right.starts_with(left),
                    _ => false,
                }
        },
    },
    Known {
        name: "pending-of-closed",
        why: "it shows of a run that has closed what was pending then, if it still has it in its memory",
        is: |context, it| {
            let pending = ["response.pending_activities", "response.pending_children"];
            it.place == "after" && pending.contains(&it.path.as_str()) && it.left.is_null() && drawn(context, closes)
        },
    },
    Known {
        name: "options-of-waiting",
        why: "who changes the options of an activity that waits for its next attempt makes it wait once more as long, and forget why",
        is: |context, it| {
            let about = ["current_retry_interval", "last_failure", "next_attempt_schedule_time", "scheduled_time"];
            let field = it.path.strip_prefix("response.pending_activities[].");
            context.case.situation.name == "activity-retrying"
                && field.is_some_and(|field| about.contains(&field))
                && drawn(context, |it| it.call == "UpdateActivityOptions")
        },
    },
    Known {
        name: "drawn-jitter",
        why: "an activity that is reset with a jitter begins at a time that is drawn",
        is: |context, it| {
            let field = it.path.strip_prefix("response.pending_activities[].");
            field.is_some_and(|field| {
                ["current_retry_interval", "next_attempt_schedule_time", "scheduled_time"].contains(&field)
            }) && drawn(context, |it| it.call.ends_with("Activity") && !it.body["jitter"].is_null())
        },
    },
    Known {
        name: "drawn-timeout",
        why: "a workflow task that has failed more than twice has a longer time limit, part of which is drawn",
        is: |_, it| {
            let field = "workflow_task_scheduled_event_attributes.start_to_close_timeout.";
            it.path.contains(field) && !matches!((it.left.as_i64(), it.right.as_i64()), (None, None))
        },
    },
    Known {
        name: "task-offered-again",
        why: "a workflow whose options change offers its workflow task once more",
        is: |context, it| {
            it.path == "response.backlog_count_hint"
                && it.left.is_null()
                && drawn(context, |it| it.call == "UpdateWorkflowExecutionOptions")
        },
    },
    Known {
        name: "others-workers",
        why: "who lists workers of all queues sees those of other cases",
        is: |context, it| {
            it.call == "ListWorkers"
                && it.path.starts_with("response.workers")
                && drawn(context, |it| it.call == "ListWorkers" && it.body["query"].as_str().is_none_or(str::is_empty))
        },
    },
    Known {
        name: "late-deletion",
        why: "a workflow that is deleted is there for some time",
        is: |context, it| {
            let gone = text(&it.left).starts_with("NotFound ") && it.right == "Ok" && it.path == "code";
            let unlisted = it.path == "response.executions" && it.left.is_null();
            it.place == "after" && (gone || unlisted) && drawn(context, |it| it.call == "DeleteWorkflowExecution")
        },
    },
    Known {
        name: "nameless-queue",
        why: "it takes a rate limit for a task queue without a name",
        is: |context, it| {
            it.call == "UpdateTaskQueueConfig"
                && it.path == "code"
                && it.right == "Ok"
                && drawn(context, |it| it.body["task_queue"].as_str().is_none_or(str::is_empty))
        },
    },
    Known {
        name: "priority-of-pending",
        why: "a pending activity does not show a priority that its workflow has been given since",
        is: |context, it| {
            it.path == "response.pending_activities[].priority"
                && it.right.is_null()
                && drawn(context, |it| it.call == "UpdateWorkflowExecutionOptions")
        },
    },
    Known {
        name: "started-by-server",
        why: "a workflow task that was made for an update, and that a worker has when its run is terminated, is started by the server itself",
        is: |context, it| {
            ASKED.contains(&context.case.situation.name.as_str())
                && it.path.ends_with(".workflow_task_started_event_attributes.identity")
                && it.right == "history-service"
        },
    },
    Known {
        name: "unknown-result",
        why: "a query that is answered with a type of result that there is none of goes on waiting",
        is: |context, it| {
            it.place == "told"
                && it.call == "QueryWorkflow"
                && text(&it.right).trim_end() == "(waits)"
                && drawn(context, |it| it.call == "RespondQueryTaskCompleted" && !it.body["completed_type"].is_null())
        },
    },
    Known {
        name: "started-again",
        why: "who repeats a signal that starts a run in place of the one that runs gets another run each time",
        is: |context, it| {
            it.place == "after"
                && it.path.starts_with("response.executions")
                && context.case.requests.iter().filter(|it| it.call == "SignalWithStartWorkflowExecution").count() > 1
        },
    },
    Known {
        name: "blocks-of-numbers",
        why: "its task queues number tasks in blocks, and say up to which they have read and finished them",
        is: |_, it| it.call == "DescribeTaskQueue" && it.path.starts_with("response.task_queue_status."),
    },
];

/// What is known of the second server that explains a difference.
pub(crate) fn known(context: &Context<'_>, difference: &Difference) -> Option<&'static Known> {
    KNOWN.iter().find(|known| (known.is)(context, difference))
}

/// Whether a request may close a run.
fn closes(drawn: &Drawn) -> bool {
    let closing = ["COMPLETE_WORKFLOW", "FAIL_WORKFLOW", "CANCEL_WORKFLOW", "CONTINUE_AS_NEW"];
    let decides = |it: &str| drawn.body.to_string().contains(&format!("COMMAND_TYPE_{it}"));
    drawn.call == "TerminateWorkflowExecution" || drawn.call.contains("Start") || closing.into_iter().any(decides)
}

fn drawn(context: &Context<'_>, is: impl Fn(&Drawn) -> bool) -> bool {
    context.case.requests.iter().any(is)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use serde_json::json;

    /// What explains that `left` is answered in place of `right` to a call after a request in a situation.
    fn explained(
        case: (&str, &str, Value),
        answer: (&'static str, &str, &str),
        both: [Value; 2],
    ) -> Option<&'static str> {
        let (situation, call, body) = case;
        let mut case = Case::drawn(1, Some(situation), Some(call)).unwrap();
        case.requests.truncate(1);
        case.requests[0].body = body;
        let (place, call, path) = answer;
        let [left, right] = both;
        let difference = Difference { place, call: call.into(), path: path.into(), left, right };
        known(&Context { case: &case, refused: true }, &difference).map(|known| known.name)
    }

    #[test]
    fn each_has_a_near_miss() {
        let events = ("after", "GetWorkflowExecutionHistory", "response.history.events[]");
        let forgotten = [json!("a, workflow_task_started"), json!("a")];
        let beat = || json!({});
        let task =
            |situation| explained((situation, "RecordActivityTaskHeartbeatById", beat()), events, forgotten.clone());
        assert_eq!(task("update-asked"), Some("forgotten-task"));
        assert_eq!(task("started"), None);
        let page = |size: Value| {
            let case = ("started", "GetWorkflowExecutionHistory", json!({"maximum_page_size": size}));
            let answer = ("drawn", "GetWorkflowExecutionHistory", "response.history.events[]");
            explained(case, answer, [json!("a"), json!("a, b")])
        };
        assert_eq!(page(json!(3)), Some("pages-of-batches"));
        assert_eq!(page(Value::Null), None);
        let pending = ("after", "DescribeWorkflowExecution", "response.pending_activities");
        let closed = |call, both| explained(("activity", call, json!({})), pending, both);
        assert_eq!(closed("TerminateWorkflowExecution", [Value::Null, json!([1])]), Some("pending-of-closed"));
        assert_eq!(closed("TerminateWorkflowExecution", [json!([1]), Value::Null]), None);
        assert_eq!(closed("SignalWorkflowExecution", [Value::Null, json!([1])]), None);
        let waiting = ("after", "DescribeWorkflowExecution", "response.pending_activities[].last_failure");
        let options = |situation| {
            explained((situation, "UpdateActivityOptions", json!({})), waiting, [json!("failed"), Value::Null])
        };
        assert_eq!((options("activity-retrying"), options("activity")), (Some("options-of-waiting"), None));
        let query = |body| {
            let told = ("told", "QueryWorkflow", "code");
            explained(("queried", "RespondQueryTaskCompleted", body), told, [json!("Ok"), json!("(waits)")])
        };
        assert_eq!(query(json!({"completed_type": -1})), Some("unknown-result"));
        assert_eq!(query(json!({})), None);
    }
}
