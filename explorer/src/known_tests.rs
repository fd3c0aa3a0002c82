//! Each way of the real server has a near miss.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::case::Case;
use super::difference::Difference;
use super::known::{Context, known};
use serde_json::Value;
use serde_json::json;

/// What explains that `left` is answered in place of `right` to a call after a request in a situation.
fn explained(case: (&str, &str, Value), answer: (&'static str, &str, &str), both: [Value; 2]) -> Option<&'static str> {
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
    let task = |situation| explained((situation, "RecordActivityTaskHeartbeatById", beat()), events, forgotten.clone());
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
    let options =
        |situation| explained((situation, "UpdateActivityOptions", json!({})), waiting, [json!("failed"), Value::Null]);
    assert_eq!((options("activity-retrying"), options("activity")), (Some("options-of-waiting"), None));
    let query = |body| {
        let told = ("told", "QueryWorkflow", "code");
        explained(("queried", "RespondQueryTaskCompleted", body), told, [json!("Ok"), json!("(waits)")])
    };
    assert_eq!(query(json!({"completed_type": -1})), Some("unknown-result"));
    assert_eq!(query(json!({})), None);
}

/// What came with courses of requests.
#[test]
fn those_of_courses_have_near_misses() {
    let course = |call: &str, path: &str| {
        let mut case = Case::drawn(1, Some("update-asked"), Some("RespondActivityTaskCompletedById")).unwrap();
        case.requests.truncate(1);
        case.requests.push(case.requests[0].clone());
        let both = [json!("Ok"), json!("NotFound")];
        let [left, right] = both;
        let difference = Difference { place: "drawn", call: call.into(), path: path.into(), left, right };
        known(&Context { case: &case, refused: true }, &difference).map(|known| known.name)
    };
    assert_eq!(course("PollWorkflowTaskQueue", "code"), Some("forgotten-task"));
    assert_eq!(course("DescribeTaskQueue", "code"), None);

    let schedule = "response.history.events[].workflow_task_scheduled_event_attributes.start_to_close_timeout";
    let limit = |situation, part, both| {
        let path = format!("{schedule}.{part}");
        explained(
            (situation, "ResetWorkflowExecution", json!({})),
            ("after", "GetWorkflowExecutionHistory", &path),
            both,
        )
    };
    assert_eq!(limit("failing-again", "seconds", [json!(20), json!(21)]), Some("drawn-timeout"));
    assert_eq!(limit("failing-again", "seconds", [json!(20), json!(30)]), None);
    assert_eq!(limit("started", "nanos", [json!(1), json!(2)]), None);

    let commands = |number: usize| {
        let commands = vec![json!({"command_type": "COMMAND_TYPE_START_CHILD_WORKFLOW_EXECUTION"}); number];
        ("started", "RespondWorkflowTaskCompleted", json!({"commands": commands}))
    };
    let events = ("after", "GetWorkflowExecutionHistory", "response.history.events[]");
    let (child, signal) = ("child_workflow_execution_started", "external_workflow_execution_signaled");
    let orders = [json!(format!("{child}, {signal}")), json!(format!("{signal}, {child}"))];
    assert_eq!(explained(commands(2), events, orders), Some("order-of-arrival"));
    assert_eq!(explained(commands(2), events, [json!(format!("{child}, {signal}")), json!(child)]), None);
    let field = "response.history.events[].external_workflow_execution_signaled_event_attributes.initiated_event_id";
    let asked = ("after", "GetWorkflowExecutionHistory", field);
    let number = |number| explained(commands(number), asked, [json!(5), json!(6)]);
    assert_eq!((number(2), number(1)), (Some("order-of-arrival"), None));

    let queue = |name: &str| {
        let case = ("started", "DescribeTaskQueue", json!({"task_queue": {"name": name}}));
        explained(case, ("drawn", "DescribeTaskQueue", "code"), [json!("InvalidArgument"), json!("Ok")])
    };
    assert_eq!((queue("/_sys/mine/1"), queue("/_sys/mine/x")), (Some("partition-names"), None));

    let stage = |stage: Value| {
        let case = ("started", "UpdateWorkflowExecution", json!({"wait_policy": {"lifecycle_stage": stage}}));
        explained(case, ("drawn", "UpdateWorkflowExecution", "code"), [json!("DeadlineExceeded"), json!("Ok")])
    };
    let accepted = json!("UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_ACCEPTED");
    assert_eq!((stage(json!(9)), stage(accepted)), (Some("unknown-stage"), None));

    let kept =
        |path, both| explained(("schedule", "PatchSchedule", json!({})), ("after", "DescribeSchedule", path), both);
    let policy = "response.schedule.policies.overlap_policy";
    assert_eq!(kept(policy, [Value::Null, json!(99)]), Some("schedules-as-kept"));
    assert_eq!(kept(policy, [Value::Null, json!("SCHEDULE_OVERLAP_POLICY_SKIP")]), None);

    let gone = |call| {
        let code = ("after", "DescribeWorkflowExecution", "code");
        explained(("completed", call, json!({})), code, [json!("NotFound none"), json!("Ok")])
    };
    assert_eq!((gone("DeleteWorkflowExecution"), gone("TerminateWorkflowExecution")), (Some("late-deletion"), None));

    let nameless = |name: &str| {
        let case = ("started", "UpdateTaskQueueConfig", json!({"task_queue": name}));
        explained(case, ("drawn", "UpdateTaskQueueConfig", "code"), [json!("InvalidArgument"), json!("Ok")])
    };
    assert_eq!((nameless(""), nameless("q")), (Some("nameless-queue"), None));

    let again = |times: usize| {
        let mut case = Case::drawn(1, Some("started"), Some("SignalWithStartWorkflowExecution")).unwrap();
        case.requests = vec![case.requests[0].clone(); times];
        let path = "response.executions[].execution.run_id".to_owned();
        let both = [json!("<run 1>"), json!("<run 2>")];
        let [left, right] = both;
        let difference = Difference { place: "after", call: "ListWorkflowExecutions".into(), path, left, right };
        known(&Context { case: &case, refused: false }, &difference).map(|known| known.name)
    };
    assert_eq!((again(2), again(1)), (Some("started-again"), None));
}
