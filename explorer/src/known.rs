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
/// Calls about workflow tasks, which show whether a task is the same one.
const TASKS: [&str; 6] = [
    "DescribeWorkflowExecution",
    "GetWorkflowExecutionHistory",
    "GetWorkflowExecutionHistoryReverse",
    "PollWorkflowTaskQueue",
    "RespondWorkflowTaskCompleted",
    "RespondWorkflowTaskFailed",
];
/// Where a workflow task has failed or timed out.
const FAILED: [&str; 3] = ["failing", "failing-again", "task-timed-out"];
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
                && (context.case.requests.len() > 1 && it.place != "before" && TASKS.contains(&it.call.as_str()) || match it.path.as_str() {
                    "response.pending_workflow_task.started_time" => it.right.is_null(),
                    "response.pending_workflow_task.state" => it.right == "PENDING_WORKFLOW_TASK_STATE_SCHEDULED",
                    "response.history.events[]" => started == Some(text(&it.right)),
                    _ => false,
                })
        },
    },
    Known {
        name: "moment-of-deadline",
        why: "who waits for an update or a query gives up while it is looked, or has not given up yet",
        is: |_, it| {
            let waits = |value: &Value| WAITS.contains(&text(value).trim_end());
            it.place == "told"
                && matches!(it.call.as_str(), "QueryWorkflow" | "UpdateWorkflowExecution")
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
                && drawn(context, |it| it.body["maximum_page_size"].as_i64().is_some_and(|size| size > 0))
                && match it.path.as_str() {
                    "response.history.events[]" => left.starts_with(right) || right.starts_with(left),
                    // A last page that is full may have another behind it.
                    "response.next_page_token" => it.left.is_null(),
                    _ => false,
                }
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
        is: |context, it| {
            let field = "workflow_task_scheduled_event_attributes.start_to_close_timeout.";
            let Some((_, part)) = it.path.split_once(field) else { return false };
            let number = |value: &Value| if value.is_null() { Some(0) } else { value.as_i64() };
            let near = number(&it.left).zip(number(&it.right)).is_some_and(|(left, right)| left.abs_diff(right) <= 1);
            FAILED.contains(&context.case.situation.name.as_str()) && (part == "nanos" || part == "seconds" && near)
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
        name: "order-of-arrival",
        why: "what other workflows answer arrives in one order or another",
        is: |context, it| {
            let sorted = |value: &Value| {
                let mut events: Vec<&str> = text(value).split(", ").collect();
                events.sort_unstable();
                events.into_iter().map(str::to_owned).collect::<Vec<_>>()
            };
            let others = ["child_workflow_execution_", "external_workflow_execution_"];
            let answers = |event: &&str| others.iter().any(|it| event.contains(it)) && !event.ends_with("_initiated");
            let several = |it: &Drawn| it.body.to_string().matches("COMMAND_TYPE_").count() > 1;
            let asked = it.path.contains("external_workflow_execution_") && it.path.ends_with(".initiated_event_id");
            asked && drawn(context, several)
                || it.path == "response.history.events[]"
                    && text(&it.left).split(", ").filter(answers).count() > 1
                    && sorted(&it.left) == sorted(&it.right)
        },
    },
    Known {
        name: "partition-names",
        why: "it describes what it takes for a partition of a task queue by the form of its name",
        is: |context, it| {
            it.call == "DescribeTaskQueue"
                && it.path == "code"
                && it.right == "Ok"
                && drawn(context, |it| it.body.pointer("/task_queue/name").is_some_and(|name| name == "/_sys/mine/1"))
        },
    },
    Known {
        name: "unknown-stage",
        why: "an update that waits for a stage that there is none of is answered as soon as it is admitted",
        is: |context, it| {
            let unknown =
                |drawn: &Drawn| drawn.body.pointer("/wait_policy/lifecycle_stage").is_some_and(Value::is_number);
            it.path == "code"
                && it.right == "Ok"
                && text(&it.left).starts_with("DeadlineExceeded")
                && drawn(context, unknown)
        },
    },
    Known {
        name: "schedules-as-kept",
        why: "a schedule keeps a policy that there is none of as it is given, and no span of more than a century",
        is: |_, it| {
            it.call == "DescribeSchedule"
                && (it.path.ends_with(".overlap_policy") && it.right.is_number()
                    || it.path.ends_with("_timeout.seconds") && it.right == 3_153_600_000_i64)
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
        why: "a pending activity does not show a priority that only its workflow has been given",
        is: |context, it| {
            it.path == "response.pending_activities[].priority"
                && it.right.is_null()
                && (context.case.situation.name == "described"
                    || drawn(context, |it| it.call == "UpdateWorkflowExecutionOptions"))
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
