//! Hand-written histories, each with the commands that the contract asks for.

#![allow(clippy::needless_pass_by_value)] // `json!` in, at every call

use super::{Unfit, commands};
use resurgam_formats::command::Command;
use resurgam_formats::event::Body;
use resurgam_formats::program::Failure;
use resurgam_testing::notation::parse;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Writes a history in notation from a shorthand, one event (or one workflow task) per `;`.
fn history(input: &Value, short: &str) -> String {
    let mut lines = vec![format!("WorkflowExecutionStarted workflowType.name=resurgam-program input=[{input}]")];
    let mut scheduled: BTreeMap<&str, usize> = BTreeMap::new();
    for step in short.split(';').map(str::trim).filter(|step| !step.is_empty()) {
        let words: Vec<&str> = step.split_whitespace().collect();
        let n = words.get(1).copied().unwrap_or_default();
        let v = words.get(2).copied().unwrap_or_default();
        let about = scheduled.get(n).copied().unwrap_or_default();
        let application = format!("failure={{\"applicationFailureInfo\":{{\"type\":\"{v}\"}}}}");
        let line = match words[0] {
            "task" | "failed" => {
                lines.push("WorkflowTaskScheduled".into());
                lines.push("WorkflowTaskStarted".into());
                if words[0] == "task" { "WorkflowTaskCompleted".into() } else { "WorkflowTaskFailed".into() }
            }
            "activity" => format!("ActivityTaskScheduled activityId={n}"),
            "ask" => format!("ActivityTaskCancelRequested scheduledEventId={about}"),
            "completed" => format!("ActivityTaskCompleted scheduledEventId={about} result=[{v}]"),
            "broke" => format!("ActivityTaskFailed scheduledEventId={about} {application}"),
            "late" => format!(
                "ActivityTaskTimedOut scheduledEventId={about} failure={{\"timeoutFailureInfo\":{{\"timeoutType\":\"TIMEOUT_TYPE_{v}\"}}}}"
            ),
            "canceled" => format!("ActivityTaskCanceled scheduledEventId={about}"),
            "timer" => format!("TimerStarted timerId={n}"),
            "fired" => format!("TimerFired timerId={n}"),
            "child" => format!("StartChildWorkflowExecutionInitiated workflowId=w/{n}"),
            "child-started" => format!("ChildWorkflowExecutionStarted initiatedEventId={about}"),
            "child-refused" => format!("StartChildWorkflowExecutionFailed initiatedEventId={about}"),
            "child-completed" => format!(
                "ChildWorkflowExecutionCompleted initiatedEventId={about} result=[{{\"value\":{v},\"variables\":[],\"signals\":{{}}}}]"
            ),
            "child-broke" => format!("ChildWorkflowExecutionFailed initiatedEventId={about} {application}"),
            "child-canceled" => format!("ChildWorkflowExecutionCanceled initiatedEventId={about}"),
            "child-late" => format!("ChildWorkflowExecutionTimedOut initiatedEventId={about}"),
            "child-terminated" => format!("ChildWorkflowExecutionTerminated initiatedEventId={about}"),
            "signal" => format!("WorkflowExecutionSignaled signalName={n} input=[{v}]"),
            "cancel" => "WorkflowExecutionCancelRequested".into(),
            "accepted" => format!(
                "WorkflowExecutionUpdateAccepted acceptedRequest={{\"meta\":{{\"updateId\":\"{n}\"}},\"input\":{{\"name\":\"up\",\"args\":[{v}]}}}}"
            ),
            "marker" => format!(
                "MarkerRecorded markerName=resurgam-local-activity details={{\"resurgam\":{{\"payloads\":[{{\"seq\":{n},\"value\":{v}}}]}}}}"
            ),
            other => panic!("no shorthand {other}"),
        };
        lines.push(line);
        if matches!(words[0], "activity" | "child") {
            scheduled.insert(n, lines.len());
        }
    }
    lines.iter().enumerate().map(|(at, line)| format!("{} {line}\n", at + 1)).collect()
}

fn word(failure: &Failure) -> String {
    match failure {
        Failure::Application { kind, .. } => kind.clone(),
        Failure::Timeout(which) => which.to_lowercase(),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn brief(command: &Command) -> String {
    match command {
        Command::ScheduleActivity { seq, .. } => format!("activity {seq}"),
        Command::RequestCancelActivity { seq } => format!("ask {seq}"),
        Command::StartTimer { seq, ms } => format!("timer {seq} {ms}"),
        Command::CancelTimer { seq } => format!("stop {seq}"),
        Command::StartChild { seq, workflow_id, .. } => {
            assert_eq!(workflow_id, &format!("w/{seq}"));
            format!("child {seq}")
        }
        Command::RequestCancelChild { workflow_id, .. } => format!("ask {workflow_id}"),
        Command::RecordLocalActivity { seq, value } => format!("marker {seq} {value}"),
        Command::AcceptUpdate { id } => format!("accept {id}"),
        Command::CompleteUpdate { id, outcome: Ok(value) } => format!("answer {id} {value}"),
        Command::CompleteUpdate { id, outcome: Err(failure) } => format!("refuse {id} {}", word(failure)),
        Command::CompleteWorkflow { output } => format!("done {} {:?}", output.value, output.variables),
        Command::FailWorkflow { failure } => format!("fail {}", word(failure)),
        Command::CancelWorkflow => "cancelled".into(),
        Command::ContinueAsNew { input } => format!("again {:?}", input.variables),
    }
}

/// The commands of all tasks: tasks apart by ` | `, commands by `, `.
fn evaluate(input: &Value, short: &str) -> Result<String, Unfit> {
    let evidence = parse(&history(input, short)).unwrap();
    let tasks = commands("w", &evidence.runs[0].events)?;
    let brief = |task: &super::TaskCommands| task.commands.iter().map(brief).collect::<Vec<_>>().join(", ");
    Ok(tasks.iter().map(brief).collect::<Vec<_>>().join(" | "))
}

fn program(body: Value) -> Value {
    json!({"program": {"version": 1, "variables": 2, "body": body, "result": {"var": 0}}})
}

#[track_caller]
fn expect(body: Value, short: &str, expected: &str) {
    assert_eq!(evaluate(&program(body), short).unwrap(), expected);
}

fn activity(cancellation: &str) -> Value {
    let retry = json!({"initial_ms": 10, "coefficient_tenths": 20, "maximum_ms": 100, "maximum_attempts": 3});
    json!({"do": "activity", "script": {"attempts": [{"end": {"return": 1}}]}, "start_to_close_ms": 1000,
        "retry": retry, "cancellation": cancellation, "into": 0})
}

fn child(cancellation: &str, wait: &str) -> Value {
    json!({"do": "child", "program": program(json!([]))["program"], "parent_close": "abandon",
        "cancellation": cancellation, "wait": wait, "into": 0})
}

fn timer(ms: u32) -> Value {
    json!({"do": "timer", "ms": ms})
}

fn set(into: u8, value: i64) -> Value {
    json!({"do": "set", "into": into, "value": {"const": value}})
}

fn fail() -> Value {
    json!({"do": "fail", "kind": "own"})
}

fn both(until: &str, branches: Value) -> Value {
    json!({"do": "parallel", "until": until, "branches": branches})
}

fn condition(timeout_ms: Option<u32>) -> Value {
    json!({"do": "condition", "var": 0, "at_least": 5, "timeout_ms": timeout_ms, "into": 1})
}

fn signal(timeout_ms: Option<u32>) -> Value {
    json!({"do": "await_signal", "name": "s", "into": 0, "timeout_ms": timeout_ms})
}

#[test]
fn values_wrap_and_the_output_tells_all() {
    let sum = json!({"do": "set", "into": 2, "value": {"sum": [{"const": i64::MAX}, {"var": 0}, {"const": 1}]}});
    let input = json!({"variables": [1, 2, 3], "program":
        {"version": 1, "variables": 2, "body": [sum], "result": {"sum": [{"var": 0}, {"var": 1}]}}});
    let evidence = parse(&history(&input, "signal s 4; signal s 5; task")).unwrap();
    let tasks = commands("w", &evidence.runs[0].events).unwrap();
    let [Command::CompleteWorkflow { output }] = tasks[0].commands.as_slice() else { panic!("{tasks:?}") };
    assert_eq!((output.value, output.variables.clone()), (i64::MIN + 3, vec![i64::MIN + 1, 2]));
    assert!(output.signals.is_empty(), "it had ended before the signals came");
}

#[test]
fn an_activity_stores_fails_and_is_cancelled() {
    let body = json!([activity("try_cancel"), timer(5)]);
    let start = "task; activity 1;";
    expect(body.clone(), &format!("{start} completed 1 7; task"), "activity 1 | timer 2 5");
    expect(body.clone(), &format!("{start} broke 1 bad; task"), "activity 1 | fail bad");
    expect(body.clone(), &format!("{start} late 1 START_TO_CLOSE; task"), "activity 1 | fail start_to_close");
    expect(body.clone(), &format!("{start} canceled 1; task"), "activity 1 | cancelled");
    expect(body, &format!("{start} cancel; task; ask 1; completed 1 7"), "activity 1 | ask 1, cancelled");
    expect(json!([activity("abandon")]), &format!("{start} cancel; task"), "activity 1 | cancelled");
    let waits = json!([activity("wait_completed"), timer(5)]);
    expect(
        waits,
        &format!("{start} cancel; cancel; task; ask 1; completed 1 7; task"),
        "activity 1 | ask 1 | cancelled",
    );
    expect(json!([activity("try_cancel")]), &format!("{start} completed 1 7; task"), "activity 1 | done 7 [7, 0]");
}

#[test]
fn a_cancel_command_that_comes_too_late_is_withdrawn() {
    let body = json!([activity("wait_completed")]);
    expect(body, "task; activity 1; cancel; completed 1 7; task", "activity 1 | done 7 [7, 0]");
    let body = json!([signal(Some(50)), timer(9)]);
    expect(body.clone(), "task; timer 1; signal s 3; fired 1; task", "timer 1 50 | timer 2 9");
    expect(body, "task; timer 1; signal s 3; failed; fired 1; task", "timer 1 50 | timer 2 9");
    let last = json!([signal(Some(50))]);
    expect(last, "task; timer 1; signal s 3; failed; fired 1; task", "timer 1 50 | done 3 [3, 0]");
}

#[test]
fn nothing_happens_at_a_task_that_failed() {
    expect(json!([timer(5)]), "failed; failed; task; timer 1; fired 1; task", "timer 1 5 | done 0 [0, 0]");
}

#[test]
fn a_signal_is_taken_once_in_order_of_arrival() {
    let body = json!([signal(None), {"do": "await_signal", "name": "s", "into": 1}]);
    expect(body.clone(), "signal s 3; signal t 9; signal s 4; task", "done 3 [3, 4]");
    expect(body, "signal t 9; task; signal s 3; task; signal s 4; task", " |  | done 3 [3, 4]");
    expect(json!([signal(Some(50))]), "task; timer 1; signal s 3; task", "timer 1 50 | stop 1, done 3 [3, 0]");
    expect(json!([signal(Some(50))]), "task; timer 1; fired 1; task", "timer 1 50 | done -1 [-1, 0]");
    expect(json!([signal(Some(50))]), "task; timer 1; cancel; task", "timer 1 50 | stop 1, cancelled");
    let two = json!([both("all", json!([[signal(None), timer(1)], [signal(None), timer(2)]]))]);
    expect(two, "task; signal s 1; task; signal s 2; task", " | timer 1 1 | timer 2 2");
}

#[test]
fn a_condition_is_tested_before_it_blocks() {
    expect(json!([set(0, 5), condition(Some(50))]), "task", "done 5 [5, 1]");
    let body = json!([both("all", json!([[condition(Some(50)), timer(9)], [timer(7), set(0, 6)]]))]);
    let start = "task; timer 1; timer 2;";
    expect(body.clone(), &format!("{start} fired 2; task"), "timer 1 50, timer 2 7 | stop 1, timer 3 9");
    let late = format!("{start} fired 1; task; timer 3; fired 2; fired 3; task");
    expect(body, &late, "timer 1 50, timer 2 7 | timer 3 9 | done 6 [6, -1]");
}

#[test]
fn a_local_activity_is_known_by_its_marker_only() {
    let local = json!({"do": "local_activity", "value": 3, "into": 0});
    let body = json!([local, local, timer(4)]);
    expect(body.clone(), "task; marker 1 30; marker 2 31", "marker 1 30, marker 2 31, timer 3 4");
    expect(body.clone(), "task; task; marker 1 30", " | marker 1 30");
    let input = program(body);
    assert!(matches!(evaluate(&input, "task; marker 2 30"), Err(Unfit::Stray(..))));
    expect(json!([local]), "task; cancel; task; marker 1 30", " | marker 1 30, done 30 [30, 0]");
    expect(json!([local, local]), "task; cancel; task; marker 1 30", " | marker 1 30, cancelled");
}

#[test]
fn a_child_is_waited_for_or_detached() {
    let body = json!([child("try_cancel", "completed")]);
    let start = "task; child 1;";
    expect(body.clone(), &format!("{start} child-started 1; child-completed 1 8; task"), "child 1 | done 8 [8, 0]");
    expect(body.clone(), &format!("{start} child-started 1; child-broke 1 bad; task"), "child 1 | fail bad");
    expect(body.clone(), &format!("{start} child-started 1; child-late 1; task"), "child 1 | fail run");
    expect(body.clone(), &format!("{start} child-started 1; child-terminated 1; task"), "child 1 | fail terminated");
    expect(body.clone(), &format!("{start} child-started 1; child-canceled 1; task"), "child 1 | cancelled");
    expect(body.clone(), &format!("{start} child-refused 1; task"), "child 1 | fail startfailed");
    expect(body.clone(), &format!("{start} child-started 1; cancel; task"), "child 1 | ask w/1, cancelled");
    expect(body, &format!("{start} cancel; child-started 1; task"), "child 1 | cancelled");
    let detached = json!([child("try_cancel", "started"), timer(3)]);
    expect(detached, &format!("{start} child-started 1; task"), "child 1 | timer 2 3");
}

#[test]
fn a_child_is_asked_to_cancel_when_it_has_started() {
    let start = "task; child 1;";
    let waits = json!([child("wait_completed", "completed")]);
    let short = format!("{start} cancel; task; child-started 1; task; child-canceled 1; task");
    expect(waits.clone(), &short, "child 1 |  | ask w/1 | cancelled");
    let short = format!("{start} child-started 1; cancel; child-completed 1 4; task");
    expect(waits, &short, "child 1 | ask w/1, done 4 [4, 0]");
    let detached = json!([child("wait_completed", "started")]);
    expect(detached, &format!("{start} cancel; child-started 1; task"), "child 1 | ask w/1, done 0 [0, 0]");
    expect(
        json!([child("abandon", "completed")]),
        &format!("{start} child-started 1; cancel; task"),
        "child 1 | cancelled",
    );
}

#[test]
fn parallel_all_waits_for_all_or_the_first_that_goes_wrong() {
    let body = json!([both("all", json!([[timer(1)], [activity("try_cancel"), timer(2)]])), set(1, 9)]);
    let start = "task; timer 1; activity 2;";
    let both_end = format!("{start} completed 2 4; task; timer 3; fired 1; fired 3; task");
    expect(body.clone(), &both_end, "timer 1 1, activity 2 | timer 3 2 | done 4 [4, 9]");
    expect(body.clone(), &format!("{start} broke 2 bad; task"), "timer 1 1, activity 2 | stop 1, fail bad");
    expect(body.clone(), &format!("{start} canceled 2; task"), "timer 1 1, activity 2 | stop 1, cancelled");
    expect(body, &format!("{start} cancel; task"), "timer 1 1, activity 2 | stop 1, ask 2, cancelled");
    expect(json!([both("all", json!([])), timer(3)]), "task", "timer 1 3");
    // The right branch decides, but the statement ends when the left one has ended too.
    let body = json!([both("all", json!([[activity("wait_completed")], [fail()]]))]);
    expect(body, "task; activity 1; ask 1; broke 1 bad; task", "activity 1, ask 1 | fail own");
}

#[test]
fn parallel_first_cancels_the_rest() {
    let body = json!([both("first", json!([[timer(1)], [activity("wait_completed")]])), timer(3)]);
    let start = "task; timer 1; activity 2;";
    let short = format!("{start} fired 1; task; ask 2; canceled 2; task");
    expect(body.clone(), &short, "timer 1 1, activity 2 | ask 2 | timer 3 3");
    expect(body.clone(), &format!("{start} completed 2 1; task"), "timer 1 1, activity 2 | stop 1, timer 3 3");
    expect(body, &format!("{start} broke 2 bad; task"), "timer 1 1, activity 2 | stop 1, fail bad");
    // A branch that never began begins cancelled: only Set works in it.
    let body = json!([both("first", json!([[], [set(0, 2), timer(1), set(0, 3)]]))]);
    expect(body, "task", "done 2 [2, 0]");
}

#[test]
fn a_scope_cancels_its_body_by_its_timer() {
    let scope = |body: Value| json!({"do": "scope", "cancel_after_ms": 50, "body": body});
    let body = json!([scope(json!([activity("try_cancel"), timer(2)])), set(1, 3)]);
    let start = "task; timer 1; activity 2;";
    expect(body.clone(), &format!("{start} fired 1; task"), "timer 1 50, activity 2 | ask 2, done 0 [0, 3]");
    expect(body.clone(), &format!("{start} broke 2 bad; task"), "timer 1 50, activity 2 | stop 1, fail bad");
    expect(body, &format!("{start} cancel; task"), "timer 1 50, activity 2 | stop 1, ask 2, cancelled");
    expect(json!([scope(json!([set(0, 1)]))]), "task", "timer 1 50, stop 1, done 1 [1, 0]");
    // However the body ends, a scope that its own timer cancelled is done.
    let waits = json!([scope(json!([activity("wait_completed")]))]);
    let short = format!("{start} fired 1; task; ask 2; broke 2 bad; task");
    expect(waits, &short, "timer 1 50, activity 2 | ask 2 | done 0 [0, 0]");
    let plain = json!([{"do": "scope", "body": [timer(2)]}]);
    expect(plain, "task; timer 1; cancel; task", "timer 1 2 | stop 1, cancelled");
    // A scope that begins cancelled starts no timer.
    let late = json!([both("first", json!([[], [scope(json!([set(0, 1), timer(2)]))]]))]);
    expect(late, "task", "done 1 [1, 0]");
}

#[test]
fn try_catches_failures_and_shields_its_end() {
    let catch = json!([{"do": "try", "body": [activity("try_cancel")], "catch": [timer(3)], "finally": [timer(4)]}]);
    let start = "task; activity 1;";
    let short = format!("{start} broke 1 bad; task; timer 2; fired 2; task; timer 3; fired 3; task");
    expect(catch.clone(), &short, "activity 1 | timer 2 3 | timer 3 4 | done 0 [0, 0]");
    let short = format!("{start} cancel; task; timer 2; cancel; fired 2; task");
    expect(catch.clone(), &short, "activity 1 | ask 1, timer 2 4 | cancelled");
    let short = format!("{start} completed 1 2; task; timer 2; cancel; task; fired 2; task");
    expect(catch, &short, "activity 1 | timer 2 4 |  | done 2 [2, 0]");
    // Cancelled while it ends: what comes after the statement is cancelled.
    let then = json!([{"do": "try", "body": [], "finally": [timer(4)]}, timer(5)]);
    expect(then, "task; timer 1; cancel; fired 1; task", "timer 1 4 | cancelled");
    let uncaught = json!([{"do": "try", "body": [fail()], "finally": [set(0, 4)]}]);
    expect(uncaught, "task", "fail own");
    let worse = json!([{"do": "try", "body": [], "catch": [timer(1)], "finally": [fail()]}]);
    expect(worse, "task", "fail own");
}

fn with_handler(body: Value, handler: Value, drain: bool) -> Value {
    json!({"program": {"version": 1, "variables": 2, "body": body, "result": {"var": 0}, "drain_updates": drain,
        "updates": {"up": {"at_least": 2, "into": 0, "body": handler, "result": {"sum": [{"var": 0}, {"const": 1}]}}}}})
}

#[test]
fn an_update_runs_as_a_branch_to_the_right() {
    let input = with_handler(json!([condition(None), timer(9)]), json!([timer(7)]), false);
    let run = |short: &str| evaluate(&input, short).unwrap();
    assert_eq!(run("task; accepted u 5"), "accept u, timer 1 7, timer 2 9");
    assert_eq!(run("task; accepted u 3; timer 1; fired 1; task"), "accept u, timer 1 7 | answer u 4");
    let two = "task; accepted u 3; accepted v 4; timer 1; timer 2; fired 2; fired 1; task";
    assert_eq!(run(two), "accept u, timer 1 7, accept v, timer 2 7 | answer v 5, answer u 5");
    let cancelled = "task; accepted u 3; timer 1; cancel; task";
    assert_eq!(run(cancelled), "accept u, timer 1 7 | stop 1, cancelled");
    assert!(matches!(evaluate(&input, "task; accepted u 1"), Err(Unfit::Stray(..))));
}

#[test]
fn the_end_waits_for_handlers_if_told() {
    let drains = with_handler(json!([set(1, 1)]), json!([timer(7)]), true);
    let hurries = with_handler(json!([timer(1), set(1, 1)]), json!([timer(7)]), false);
    assert_eq!(evaluate(&drains, "task").unwrap(), "done 0 [0, 1]");
    assert!(matches!(evaluate(&drains, "task; accepted u 3"), Err(Unfit::Stray(..))));
    let short = "task; timer 1; accepted u 3; timer 2; fired 1; task";
    assert_eq!(evaluate(&hurries, short).unwrap(), "timer 1 1, accept u, timer 2 7 | done 3 [3, 1]");
    let drains = with_handler(json!([timer(1), fail()]), json!([timer(7)]), true);
    let short = "task; timer 1; accepted u 3; timer 2; fired 1; task; accepted v 4; cancel; task; fired 3; task";
    let expected = "timer 1 1, accept u, timer 2 7 | accept v, timer 3 7 \
        | stop 2, stop 3, refuse u cancelled, refuse v cancelled, fail own | ";
    assert_eq!(evaluate(&drains, short).unwrap(), expected);
}

#[test]
fn continue_as_new_carries_the_variables() {
    let next = program(json!([]))["program"].clone();
    let mut input = program(json!([set(1, 4), signal(None)]));
    input["program"]["continue_as"] = next;
    assert_eq!(evaluate(&input, "task; signal s 2; task").unwrap(), " | again [2, 4]");
    assert_eq!(evaluate(&input, "task; cancel; task").unwrap(), " | cancelled");
}

#[test]
fn what_does_not_fit_is_said() {
    let body = json!([timer(1)]);
    let unfit = |input: &Value, short: &str| evaluate(input, short).unwrap_err();
    let fits = program(body);
    assert!(matches!(unfit(&fits, "task; timer 1; fired 2"), Unfit::Stray(id, _) if id.0 == 6));
    assert!(matches!(unfit(&fits, "task; completed 1 1"), Unfit::Stray(..)));
    assert!(matches!(unfit(&fits, "task; signal s true"), Unfit::Unreadable(_)));
    for (field, value) in [("version", json!(2)), ("variables", json!(0)), ("variables", json!(9)), ("body", json!(1))]
    {
        let mut input = fits.clone();
        input["program"][field] = value;
        assert!(matches!(unfit(&input, "task"), Unfit::Unreadable(_)), "{field}");
    }
    let foreign = parse("1 WorkflowExecutionStarted workflowType.name=other").unwrap();
    assert_eq!(commands("w", &foreign.runs[0].events), Err(Unfit::NoProgram));
    assert_eq!(commands("w", &[]), Err(Unfit::NoProgram));
}

#[test]
fn depth_is_bounded() {
    let nested = |levels: usize| {
        let scope = |body, _| json!([{"do": "scope", "body": body}]);
        program((0..levels).fold(json!([timer(1)]), scope))
    };
    assert_eq!(evaluate(&nested(30), "task").unwrap(), "timer 1 1");
    for (levels, readable) in [(30, true), (31, false), (40, false), (20_000, false)] {
        let mut events = parse(&history(&nested(0), "task")).unwrap().runs.remove(0).events;
        let Body::WorkflowExecutionStarted(started) = &mut events[0].body else { panic!() };
        let open = "[{\"do\":\"scope\",\"body\":".repeat(levels);
        let input = nested(0).to_string().replace("\"body\":", &format!("\"body\":{open}"));
        let (head, tail) = input.split_once("],\"result").unwrap();
        started.input.0[0].data = format!("{head}]{},\"result{tail}", "}]".repeat(levels)).into_bytes();
        let unreadable = matches!(commands("w", &events), Err(Unfit::Unreadable(_)));
        assert_eq!(unreadable, !readable, "{levels}");
    }
}

#[test]
fn thousands_of_events_are_cheap() {
    let body: Vec<Value> = (0..3000).map(|_| signal(None)).collect();
    let short: String = (0..3000).map(|at| format!("signal s {at}; task;")).collect();
    let text = evaluate(&program(json!(body)), &short).unwrap();
    assert!(text.ends_with("done 2999 [2999, 0]"), "{}", text.len());
}
