//! What the abstract execution allows, and the near misses of attempts.

use super::allowed::{AskedOfWorkflow, ends, value};
use super::values::Values;
use crate::judge;
use crate::profile::{HandOver, Profile, Promises};
use crate::rules::Indexed;
use crate::rules::{Findings, find};
use resurgam_formats::program::Program;
use resurgam_formats::verdict::Outcome;
use resurgam_testing::notation::parse;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn program(body: &Value) -> Program {
    let program = json!({"version": 1, "variables": 2, "body": body, "result": {"var": 0}});
    serde_json::from_value(program).unwrap()
}

/// Whether it can be done, fail, be cancelled; and the results if done.
fn allowed(body: &Value, asked: &AskedOfWorkflow) -> (bool, bool, bool, Values) {
    let program = program(body);
    let ends = ends(&program, &[], asked).unwrap();
    let result = ends.done.as_ref().map_or(Values::none(), |vars| value(&program.result, vars));
    (ends.done.is_some(), ends.failed.is_some(), ends.cancelled.is_some(), result)
}

fn nobody(cancel: bool) -> AskedOfWorkflow {
    AskedOfWorkflow { signals: Some(BTreeMap::new()), updates: Some(BTreeMap::new()), cancel }
}

fn set(into: u8, value: i64) -> Value {
    json!({"do": "set", "into": into, "value": {"const": value}})
}

fn add(into: u8, from: u8, value: i64) -> Value {
    json!({"do": "set", "into": into, "value": {"sum": [{"var": from}, {"const": value}]}})
}

#[test]
fn a_sequence_is_exact_and_only_what_blocks_is_cancelled() {
    let body = json!([set(0, 4), {"do": "timer", "ms": 1}, add(0, 0, 3)]);
    assert_eq!(allowed(&body, &nobody(false)), (true, false, false, Values::one(7)));
    assert_eq!(allowed(&body, &nobody(true)), (true, false, true, Values::one(7)));
    let body = json!([{"do": "try", "body": [set(0, 1), {"do": "fail", "kind": "k"}], "catch": [add(0, 0, 1)]}]);
    assert_eq!(allowed(&body, &nobody(true)), (true, false, false, Values::one(2)));
}

#[test]
fn a_failure_that_nothing_catches_leaves_a_try() {
    let body = json!([{"do": "try", "body": [{"do": "fail", "kind": "k"}], "finally": [set(0, 1)]}]);
    assert_eq!(allowed(&body, &nobody(false)), (false, true, false, Values::none()));
}

#[test]
fn a_wait_needs_a_signal_that_someone_sent() {
    let body = json!([{"do": "await_signal", "name": "s", "into": 0}]);
    assert_eq!(allowed(&body, &nobody(true)), (false, false, true, Values::none()));
    let asked = AskedOfWorkflow { signals: Some([("s".to_owned(), vec![3, 9])].into()), ..nobody(false) };
    assert_eq!(allowed(&body, &asked), (true, false, false, Values::of([3, 9])));
    let body = json!([{"do": "await_signal", "name": "s", "into": 0, "timeout_ms": 5}]);
    assert_eq!(allowed(&body, &nobody(false)), (true, false, false, Values::one(-1)));
}

#[test]
fn branches_mix_what_they_store() {
    let body = json!([{"do": "parallel", "until": "all", "branches": [[set(0, 1)], [add(0, 0, 10)]]}]);
    let (done, failed, cancelled, values) = allowed(&body, &nobody(false));
    assert_eq!((done, failed, cancelled), (true, false, false));
    assert!([1, 10, 11].into_iter().all(|value| values.has(value)), "{values}");
    let body = json!([{"do": "scope", "cancel_after_ms": 1, "body": [{"do": "timer", "ms": 1}, set(0, 5)]}]);
    assert_eq!(allowed(&body, &nobody(false)), (true, false, false, Values::of([0, 5])));
}

#[test]
fn a_handler_interferes_if_it_was_called() {
    let mut program = program(&json!([{"do": "timer", "ms": 1}]));
    let handler = json!({"at_least": 2, "into": 0, "body": [add(1, 0, 1)], "result": {"var": 0}});
    program.updates.insert("u".into(), serde_json::from_value(handler).unwrap());
    let vars = |asked: &AskedOfWorkflow| ends(&program, &[], asked).unwrap().done.unwrap();
    assert_eq!(vars(&nobody(false)), [Values::one(0), Values::one(0)]);
    let asked = AskedOfWorkflow { updates: Some([("u".to_owned(), vec![1, 7])].into()), ..nobody(false) };
    let found = vars(&asked);
    assert_eq!(found[0], Values::of([0, 7]), "the validator refuses 1");
    assert!(found[1].has(8) && found[1].has(0) && !found[1].has(2), "{}", found[1]);
}

fn judged(rule: &str, text: &str) -> Outcome {
    // Of a target that promises to hand a task over at most once.
    let profile = Profile::promising(Promises { hand_over: HandOver::Once, ..Promises::default() });
    let mut findings = Findings::default();
    find(rule).unwrap().judge(&Indexed::new(&parse(text).unwrap(), &profile), &mut findings);
    findings.into_parts().0
}

const CALL: &str = r#"{"script":{"attempts":[{"end":{"fail":{"kind":"flaky","non_retryable":false}}},{"end":{"return":4}}]},"start_to_close_ms":1000,"retry":{"initial_ms":10,"coefficient_tenths":10,"maximum_ms":10,"maximum_attempts":3},"cancellation":"try_cancel","into":0}"#;

/// A case with an activity: the attempts handed out, the end of the last of `ended`, the event that ends it.
fn case(attempts: &[u32], ended: Option<(u32, &str, &str)>, event: &str) -> String {
    let mut lines = vec![
        json!({"at": 1, "type": "task", "task": 1, "worker": "w", "kind": "workflow", "workflow_id": "w",
            "run_id": "r", "attempt": 1, "started": 3})
        .to_string(),
        format!(
            r#"{{"at":2,"type":"invoke","operation":1,"attempt":1,"by":"w","call":{{"of":"complete_workflow_task","task":1,"commands":[{{"command":"schedule_activity","seq":1,"call":{CALL}}}]}}}}"#
        ),
    ];
    for (at, attempt) in attempts.iter().enumerate() {
        let task = json!({"at": 3, "type": "task", "task": 10 + at, "worker": "w", "kind": "activity",
            "workflow_id": "w", "run_id": "r", "attempt": attempt, "activity_id": "1"});
        lines.push(task.to_string());
    }
    if let Some((attempt, end, reply)) = ended {
        let at = attempts.iter().position(|a| *a == attempt).unwrap();
        lines.push(format!(
            r#"{{"at":4,"type":"invoke","operation":2,"attempt":1,"by":"w","call":{{"of":"end_activity","task":{},"end":{end}}}}}"#,
            10 + at
        ));
        lines.push(format!(r#"{{"at":5,"type":"return","operation":2,"attempt":1,"answer":{reply}}}"#));
    }
    lines.push("run w/r\n1 WorkflowExecutionStarted\n2 ActivityTaskScheduled activityId=1".into());
    lines.push(event.into());
    lines.join("\n")
}

#[test]
fn attempts_stay_within_policy_and_acknowledged_ends() {
    let done = r#"{"answer":"ok","value":{"reply":"done"}}"#;
    let lost = r#"{"answer":"info","error":"gone"}"#;
    let completed = r#"{"completed":4}"#;
    assert_eq!(judged("O2", &case(&[1, 2, 3], None, "")), Outcome::Ok);
    assert_eq!(judged("O2", &case(&[1, 2, 3, 4], None, "")), Outcome::Violated);
    assert_eq!(judged("O2", &case(&[1, 2, 2], None, "")), Outcome::Violated);
    assert_eq!(judged("O2", &case(&[1, 2, 3], Some((2, completed, done)), "")), Outcome::Violated);
    assert_eq!(judged("O2", &case(&[1, 2, 3], Some((2, completed, lost)), "")), Outcome::Ok);
    let flaky = r#"{"failed":{"application":{"kind":"flaky","non_retryable":false}}}"#;
    let fatal = r#"{"failed":{"application":{"kind":"flaky","non_retryable":true}}}"#;
    assert_eq!(judged("O2", &case(&[1, 2], Some((1, flaky, done)), "")), Outcome::Ok);
    assert_eq!(judged("O2", &case(&[1, 2], Some((1, fatal, done)), "")), Outcome::Violated);
}

#[test]
fn an_activity_ends_as_its_script_can() {
    let end = |event: &str| judged("O2", &case(&[1, 2], None, &format!("3 {event}")));
    assert_eq!(end("ActivityTaskCompleted scheduledEventId=2 result=[4]"), Outcome::Ok);
    assert_eq!(end("ActivityTaskCompleted scheduledEventId=2 result=[5]"), Outcome::Violated);
    let failed =
        |kind: &str| format!("ActivityTaskFailed scheduledEventId=2 failure.applicationFailureInfo.type={kind}");
    assert_eq!(end(&failed("flaky")), Outcome::Violated, "two of three attempts");
    let forbidden = format!("{} failure.applicationFailureInfo.nonRetryable=true", failed("flaky"));
    assert_eq!(end(&forbidden), Outcome::Ok);
    assert_eq!(end(&failed("other")), Outcome::Violated);
    assert_eq!(end("ActivityTaskCanceled scheduledEventId=2"), Outcome::Violated);
}

#[test]
fn an_attempt_is_handed_out_again_unless_the_target_promises_not_to() {
    let task = |number: u32| {
        format!(
            r#"{{"at":{number},"type":"task","task":{number},"worker":"worker-{number}","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1"}}"#
        )
    };
    let text = format!("{}\n{}\n", task(1), task(2));
    let outcome = |hand_over| {
        let profile = Profile::promising(Promises { hand_over, ..Promises::default() });
        let verdict = judge("test", &parse(&text).unwrap(), &profile);
        verdict.rules.into_iter().find(|rule| rule.rule == "O2-activity-attempts").unwrap().outcome
    };
    assert_eq!(outcome(HandOver::Once), Outcome::Violated);
    assert_eq!((outcome(HandOver::UntilTaken), outcome(HandOver::Unspecified)), (Outcome::Ok, Outcome::Ok));
}
