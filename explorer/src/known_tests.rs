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
