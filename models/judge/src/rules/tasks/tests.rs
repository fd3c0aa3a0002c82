//! Hand-made audits and tenures: each thing that can be missing is missed, and its legal neighbour is not.

use crate::profile::{HandOver, Profile, Promises};
use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{Findings, find};
use resurgam_formats::evidence::Evidence;
use resurgam_testing::notation::parse;
use serde_json::{Value, json};

/// What the rule finds in these lines, by its first words after the time.
fn found(rule: &str, lines: &[Value]) -> Vec<String> {
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    judged(rule, &text.join("\n"))
}

/// The same of a text, about a target that hands over again.
fn judged(rule: &str, text: &str) -> Vec<String> {
    let evidence: Evidence = parse(text).unwrap();
    let profile = Profile::promising(Promises { hand_over: HandOver::UntilTaken, ..Promises::default() });
    let mut findings = Findings::default();
    find(rule).unwrap().judge(&Indexed::new(&evidence, &profile), &mut findings);
    findings.found().iter().map(|finding| finding.message.clone()).collect()
}

/// An audit of runs, all of workflow id `w` and the first one current; `more` replaces and adds fields of each.
fn audit(runs: &[(&str, Value)]) -> Value {
    let row = |(run_id, more): &(&str, Value)| {
        let mut row = json!({"workflow_id": "w", "run_id": run_id, "open": true, "next_event": 5, "events": [[1, 4]]});
        for (key, value) in more.as_object().unwrap() {
            row[key] = value.clone();
        }
        row
    };
    let rows: Vec<Value> = runs.iter().map(row).collect();
    let open = rows[0]["open"].clone();
    let current = json!([{"workflow_id": "w", "run_id": runs[0].0, "open": open}]);
    json!({"at": 7_000_000, "type": "audit", "runs": rows, "current": current})
}

fn one(more: Value) -> [Value; 1] {
    [audit(&[("r", more)])]
}

fn timer(what: &str, attempt: u32, due: i64) -> Value {
    json!({"what": what, "event": 4, "attempt": attempt, "due": due})
}

#[test]
fn a_timer_task_is_of_the_same_thing_and_in_time() {
    let close = |attempt, due| timer("activity_start_to_close", attempt, due);
    let with = |wanted: &Value, timers: Value| found("P1", &one(json!({"deadlines": [wanted], "timers": timers})));
    let wanted = close(2, 100);
    assert!(with(&wanted, json!([close(2, 100)])).is_empty());
    assert!(with(&wanted, json!([close(1, 90), close(2, 90)])).is_empty());
    assert_eq!(with(&wanted, json!([])), ["at 7 ms: ActivityStartToClose, attempt 2 has no timer task"]);
    for wrong in [close(2, 101), close(1, 100), timer("activity_heartbeat", 2, 100)] {
        assert_eq!(with(&wanted, json!([wrong])).len(), 1, "{wrong}");
    }
    // The whole time is one for all attempts.
    let whole = |attempt| timer("activity_schedule_to_close", attempt, 100);
    assert!(with(&whole(0), json!([whole(1)])).is_empty());
    // Two starts of one workflow task are told apart by their time.
    let task = |since| json!({"what": "task_start_to_close", "event": 4, "attempt": 1, "since": since, "due": 100});
    assert!(with(&task(7), json!([task(7)])).is_empty());
    assert_eq!(with(&task(7), json!([task(6)])).len(), 1);
}

#[test]
fn a_closed_run_needs_nothing() {
    let more =
        json!({"open": false, "deadlines": [timer("timer", 0, 9)], "transfers": [{"what": "signal", "event": 4}]});
    assert!(found("P1", &one(more.clone())).is_empty());
    assert!(found("P2", &one(more)).is_empty());
}

#[test]
fn what_is_started_stays_in_a_queue_until_a_worker_has_it() {
    let started = |task: &Value, tasks: Value| {
        let deadline = json!({"what": "task_start_to_close", "event": 3, "attempt": 1, "since": 8, "due": 9});
        let timer = json!([deadline]);
        let pending = json!({"task": task});
        one(json!({"pending": pending, "deadlines": [deadline], "timers": timer, "tasks": tasks}))
    };
    let task = json!({"scheduled": 3, "started": 4, "written": true});
    let handed = |attempt: u32, started: i64| {
        json!({"at": 9, "type": "task", "task": 1, "worker": "worker-0", "kind": "workflow", "workflow_id": "w",
               "run_id": "r", "attempt": attempt, "started": started})
    };
    let fault = |name: &str, by: &str| json!({"at": 1, "type": "fault", "fault": {"at_ms": 0, "fault": name, "by": by, "calls": 1}, "active": true});
    let with = |before: &[Value], task: &Value, tasks: Value| {
        let lines: Vec<String> = before.iter().chain(&started(task, tasks)).map(Value::to_string).collect();
        judged("P2", &whole!("LINES").replace("LINES", &lines.join("\n"))).len()
    };
    assert_eq!(with(&[], &task, json!([])), 1);
    assert_eq!(with(&[], &task, json!([{"what": "workflow_task", "event": 3, "attempt": 1}])), 0);
    assert_eq!(with(&[handed(1, 4)], &task, json!([])), 0);
    assert_eq!(with(&[handed(2, 4)], &task, json!([])), 1);
    // A sticky queue need not keep it, and a fault may have lost it on its way.
    let sticky = json!({"scheduled": 3, "started": 4, "written": true, "sticky": true});
    assert_eq!(with(&[], &sticky, json!([])), 0);
    assert_eq!(with(&[fault("reply_lost", "worker")], &task, json!([])), 0);
    assert_eq!(with(&[fault("reply_lost", "client")], &task, json!([])), 1);
    // A new owner does not know whether a worker has it; one that came before the start was recorded is no excuse.
    let earlier = |at: u64| {
        let mut earlier = audit(&[("r", json!({"pending": {"task": {"scheduled": 3, "written": true}}}))]);
        earlier["at"] = json!(at);
        earlier
    };
    let fence = |over: u64, from: u64, until: u64, told: &str| {
        let fence = json!({"by": "m#1", "over": over, "from": from, "until": until, "told": told});
        json!({"at": 9, "type": "tenures", "partitions": {"shard/1": {"fences": [fence]}}})
    };
    assert_eq!(with(&[earlier(3_000_000), fence(1, 2_000_000, 4_000_000, "applied")], &task, json!([])), 0);
    assert_eq!(with(&[earlier(3_000_000), fence(1, 2_000_000, 4_000_000, "unknown")], &task, json!([])), 0);
    assert_eq!(with(&[earlier(3_000_000), fence(1, 2_000_000, 4_000_000, "refused")], &task, json!([])), 1);
    assert_eq!(with(&[earlier(3_000_000), fence(0, 2_000_000, 4_000_000, "applied")], &task, json!([])), 1);
    assert_eq!(with(&[earlier(5_000_000), fence(1, 2_000_000, 4_000_000, "applied")], &task, json!([])), 1);
    assert_eq!(with(&[earlier(3_000_000), fence(1, 7_500_000, 8_000_000, "applied")], &task, json!([])), 1);
}

#[test]
fn only_a_timeout_that_offers_again_stands_in_for_a_task() {
    let transfer = |what: &str, attempt: u32| json!({"what": what, "event": 4, "attempt": attempt});
    let with = |wanted: &Value, tasks: Value, timers: Value| {
        found("P2", &one(json!({"transfers": [wanted], "tasks": tasks, "timers": timers})))
    };
    let activity = transfer("activity_task", 2);
    assert!(with(&activity, json!([activity]), json!([])).is_empty());
    assert_eq!(with(&activity, json!([]), json!([])), ["at 7 ms: ActivityTask is in no queue"]);
    assert_eq!(with(&activity, json!([transfer("activity_task", 1)]), json!([])).len(), 1);
    for (timer, silent) in [
        (timer("activity_retry", 2, 9), true),
        (timer("activity_schedule_to_start", 2, 9), true),
        (timer("activity_retry", 1, 9), false),
        (timer("activity_schedule_to_close", 2, 9), false),
    ] {
        assert_eq!(with(&activity, json!([]), json!([timer])).is_empty(), silent, "{timer}");
    }
    let task = transfer("workflow_task", 1);
    assert!(with(&task, json!([]), json!([timer("task_schedule_to_start", 1, 9)])).is_empty());
    assert_eq!(with(&task, json!([]), json!([timer("task_start_to_close", 1, 9)])).len(), 1);
    let child = transfer("start_child", 0);
    assert_eq!(with(&child, json!([transfer("signal", 0)]), json!([])).len(), 1);
}

/// A parent that has closed, with this policy for its child `c1`; what the audit says of its tasks and of the child.
fn parent_close(policy: &str, tasks: &Value, rows: &[(&str, Value)], histories: &str) -> usize {
    let mut runs: Vec<(&str, Value)> = vec![("p", json!({"open": false, "tasks": tasks}))];
    runs.extend(rows.iter().cloned());
    let parent = format!(
        "run w/p\n1 WorkflowExecutionStarted\n\
         2 StartChildWorkflowExecutionInitiated workflowId=w parentClosePolicy={policy}\n\
         3 ChildWorkflowExecutionStarted initiatedEventId=2 workflowExecution.workflowId=w workflowExecution.runId=c1\n\
         4 WorkflowExecutionCompleted"
    );
    judged("P6", &format!("{}\n{parent}\n{histories}", audit(&runs))).len()
}

#[test]
fn a_parent_close_policy_reaches_the_run_that_is_open() {
    let (none, under_way) = (json!([]), json!([{"what": "close_child", "event": 2}]));
    let (open, closed) = (json!({}), |next: &str| json!({"open": false, "successor": next}));
    let chain = [("c1", closed("c2")), ("c2", open.clone())];
    let histories = "run w/c1\n1 WorkflowExecutionStarted\n2 WorkflowExecutionContinuedAsNew newExecutionRunId=c2\n\
                     run w/c2\n1 WorkflowExecutionStarted";
    let terminate = |tasks: &Value, rows: &[(&str, Value)]| parent_close("TERMINATE", tasks, rows, histories);
    assert_eq!(terminate(&none, &chain), 1);
    assert_eq!(terminate(&none, &[("c1", open.clone())]), 1);
    assert_eq!(terminate(&under_way, &chain), 0);
    assert_eq!(terminate(&none, &[("c1", closed(""))]), 0);
    assert_eq!(terminate(&none, &[("c1", closed("c2")), ("c2", closed(""))]), 0);
    assert_eq!(terminate(&none, &[("c2", open)]), 1, "c1 had closed at an earlier audit");
    assert_eq!(terminate(&none, &[("c1", closed("c2"))]), 0, "c2 is not in the audit");
    assert_eq!(parent_close("ABANDON", &none, &chain, histories), 0);
}

#[test]
fn a_child_that_was_asked_to_cancel_may_go_on() {
    let open = json!({});
    let rows = [("c1", json!({"open": false, "successor": "c2"})), ("c2", open.clone())];
    let asked = |first: &str, second: &str| {
        let run = |name: &str, more: &str| format!("run w/{name}\n1 WorkflowExecutionStarted\n{more}\n");
        let histories = run("c1", first) + &run("c2", second);
        parent_close("REQUEST_CANCEL", &json!([]), &rows, &histories)
    };
    let request = "2 WorkflowExecutionCancelRequested";
    let next = "WorkflowExecutionContinuedAsNew newExecutionRunId=c2";
    assert_eq!(asked(&format!("2 {next}"), ""), 1);
    assert_eq!(asked(&format!("2 {next}"), request), 0);
    assert_eq!(asked(&format!("{request}\n3 {next}"), ""), 0, "a program may continue as new all the same");
    assert_eq!(
        asked("2 WorkflowExecutionTimedOut newExecutionRunId=c2", ""),
        0,
        "it may have been held back, and lost"
    );
    let held_back = [("c1", json!({"pending": {"buffered": 1}}))];
    let history = "run w/c1\n1 WorkflowExecutionStarted";
    assert_eq!(parent_close("REQUEST_CANCEL", &json!([]), &held_back, history), 0);
    assert_eq!(parent_close("REQUEST_CANCEL", &json!([]), &[("c1", open)], history), 1);
}

#[test]
fn a_parent_hears_of_the_last_run_of_its_child() {
    let child =
        |run_id: &str| json!({"pending": {"children": [{"initiated": 4, "workflow_id": "w", "run_id": run_id}]}});
    let closed = |successor: &str, told: bool| {
        let tasks = if told { json!([{"what": "notify_parent"}]) } else { json!([]) };
        json!({"open": false, "successor": successor, "tasks": tasks})
    };
    let with = |runs: &[(&str, Value)]| found("P2", &[audit(runs)]);
    assert!(with(&[("p", child("")), ("c1", closed("", false))]).is_empty(), "nobody knows that it started");
    assert!(with(&[("p", child("c1")), ("c1", closed("", true))]).is_empty());
    assert!(with(&[("p", child("c1")), ("c1", json!({}))]).is_empty());
    assert!(with(&[("p", child("c1")), ("c1", closed("c2", false)), ("c2", json!({}))]).is_empty());
    assert!(with(&[("p", child("c1")), ("c1", closed("c2", false))]).is_empty(), "c2 is not in the audit");
    let lost = with(&[("p", child("c1")), ("c1", closed("c2", false)), ("c2", closed("", false))]);
    assert_eq!(lost, ["at 7 ms: child w/c2 has closed, and nothing is on its way to say so"]);
    // Rows that lead in a circle do not lead the rule there.
    assert_eq!(with(&[("p", child("c1")), ("c1", closed("c1", false))]).len(), 1);
}

#[test]
fn rows_that_contradict_each_other_are_found() {
    assert!(found("H27", &one(json!({}))).is_empty());
    let started = json!({"scheduled": 2, "started": 3, "written": true});
    for (more, wrong) in [
        (json!({"events": [[1, 3]]}), true),
        (json!({"events": [[3, 4]]}), true),
        (json!({"events": [[1, 2], [4, 4]]}), true),
        (json!({"open": false}), false),
        (json!({"open": false, "pending": {"timers": [4]}}), true),
        (json!({"open": false, "pending": {"task": started}}), true),
        (json!({"pending": {"buffered": 1, "task": started}}), false),
        (json!({"pending": {"buffered": 1, "task": {"scheduled": 2, "written": true}}}), true),
        (json!({"pending": {"buffered": 1}}), true),
    ] {
        assert_eq!(!found("H27", &one(more.clone())).is_empty(), wrong, "{more}");
    }
}

#[test]
fn the_current_run_exists_and_is_the_open_one() {
    let closed = json!({"open": false});
    let mut other = audit(&[("r", json!({}))]);
    assert!(found("H27", &[other.clone()]).is_empty());
    other["current"][0]["open"] = json!(false);
    assert_eq!(found("H27", &[other.clone()]), ["at 7 ms: the current run of w is kept as closed, but is open"]);
    other["current"][0] = json!({"workflow_id": "w", "run_id": "x", "open": true});
    assert_eq!(found("H27", &[other]).len(), 2, "x does not exist, and r is not current");
    assert!(found("H27", &[audit(&[("r2", json!({})), ("r1", closed.clone())])]).is_empty());
    assert_eq!(found("H27", &[audit(&[("r2", closed), ("r1", json!({}))])]).len(), 1);
    let mut stray = audit(&[("r", json!({}))]);
    stray["stray"] = json!(["a timer task of w/x"]);
    assert_eq!(found("H27", &[stray]).len(), 1);
}

/// A line of tenures of one partition.
fn tenures(account: &Value) -> [Value; 1] {
    [json!({"at": 9, "type": "tenures", "partitions": {"shard/1": account}})]
}

#[test]
fn a_range_is_used_by_whoever_was_told_that_it_is_his() {
    let fence = |by: &str, told: &str, until: u64, shown: Option<u64>| json!({"by": by, "over": 3, "from": 1, "until": until, "told": told, "shown": shown});
    let stint = |range: Option<u64>| json!([{"by": "n#1", "range": range, "from": 5, "batches": 1}]);
    let with = |fence: Value, range| found("P3", &tenures(&json!({"fences": [fence], "stints": stint(range)})));
    assert!(with(fence("n#1", "applied", 5, None), Some(4)).is_empty());
    assert!(with(fence("n#1", "unknown", 2, Some(5)), Some(4)).is_empty());
    assert!(with(fence("n#1", "unknown", 2, None), None).is_empty(), "who tests no range claims none");
    for wrong in [
        fence("n#1", "applied", 6, None),
        fence("n#1", "refused", 2, None),
        fence("n#1", "unknown", 2, None),
        fence("n#1", "unknown", 2, Some(6)),
        fence("n#2", "applied", 2, None),
    ] {
        assert_eq!(with(wrong.clone(), Some(4)).len(), 1, "{wrong}");
    }
    assert_eq!(with(fence("n#1", "applied", 5, None), Some(5)).len(), 1);
}

#[test]
fn the_head_row_goes_up_step_by_step() {
    let fence =
        |by: &str, range: u64, at: u64| json!({"by": by, "fence": true, "range": range, "first": at, "last": at});
    let batches =
        |by: &str, range: u64, first: u64, last: u64| json!({"by": by, "range": range, "first": first, "last": last});
    let with = |steps: &[Value]| found("P4", &tenures(&json!({"decided": steps}))).len();
    let start = fence("n#1", 1, 0);
    assert_eq!(with(&[start.clone(), batches("n#1", 1, 1, 3), fence("n#1", 2, 3), batches("n#1", 2, 4, 4)]), 0);
    for wrong in [
        batches("n#2", 1, 1, 1),
        batches("n#1", 2, 1, 1),
        batches("n#1", 1, 2, 2),
        batches("n#1", 1, 0, 0),
        fence("n#1", 1, 0),
        fence("n#1", 3, 0),
        fence("n#1", 2, 1),
    ] {
        assert_eq!(with(&[start.clone(), wrong.clone()]), 1, "{wrong}");
    }
    assert_eq!(with(&[batches("n#1", 0, 1, 1)]), 1, "nobody has taken it");
}

#[test]
fn owners_are_put_in_an_order_if_there_is_one() {
    let fence = |by: &str, over: u64, from: u64, until: u64, told: &str, seen: Option<u64>| json!({"by": by, "over": over, "from": from, "until": until, "told": told, "seen": seen});
    let hold = |range: u64, from: u64, until: u64| json!({"by": "n#1", "range": range, "from": from, "batches": 1, "first": [from, until], "last": [from, until]});
    let with = |fences: Value, stints: Value| found("W5", &tenures(&json!({"fences": fences, "stints": stints}))).len();
    let taken = |over, from| fence("n#1", over, from, from + 1, "applied", None);
    assert_eq!(with(json!([taken(0, 1), taken(1, 5)]), json!([hold(1, 3, 5), hold(2, 7, 8)])), 0);
    assert_eq!(with(json!([taken(0, 1), taken(1, 5)]), json!([hold(1, 7, 8)])), 1, "passed before it was sent");
    assert_eq!(with(json!([taken(0, 1)]), json!([hold(2, 7, 8)])), 1, "nobody set it");
    let open = fence("m#1", 1, 3, 4, "unknown", None);
    assert_eq!(with(json!([taken(0, 1), open]), json!([hold(2, 7, 8), hold(1, 5, 6)])), 0, "it took effect late");
    assert_eq!(with(json!([taken(0, 1), open]), json!([hold(2, 5, 6), hold(1, 7, 8)])), 1, "not back again");
    let refused = |seen| fence("m#1", 1, 5, 6, "refused", seen);
    assert_eq!(with(json!([taken(0, 1), refused(Some(2))]), json!([])), 1, "nobody else raised it");
    assert_eq!(with(json!([taken(0, 1), taken(1, 3), refused(Some(2))]), json!([])), 0);
    assert_eq!(with(json!([taken(0, 1), taken(1, 5), refused(Some(2))]), json!([])), 0, "at the same time");
}

/// A run `w/r` that closed at 2 s, in a namespace that keeps it for 10 s.
fn of_retention(lines: &[Value]) -> Vec<String> {
    let text: Vec<String> = lines.iter().map(Value::to_string).collect();
    let run = "run w/r\n1 WorkflowExecutionStarted @1\n2 WorkflowExecutionTerminated @2";
    judged("P7", &format!("{}\n{run}", text.join("\n")))
}

#[allow(clippy::needless_pass_by_value, reason = "it reads like the line that it makes")]
fn kept(now: i64, runs: Value, current: Value) -> Value {
    let last = now >= 40_000;
    json!({"at": 7, "type": "kept", "now": now, "retention": 10_000, "last": last, "runs": runs, "current": current})
}

#[test]
fn a_closed_run_is_kept_whole_until_its_time_is_over_and_then_goes_whole() {
    let run = |row, history| json!([{"run_id": "r", "closed": 2000, "row": row, "history": history}]);
    let current = |of: &str| json!([{"workflow_id": "w", "run_id": of, "open": false}]);
    let before = || kept(11_900, run(true, true), current("r"));
    let none = || json!([]);
    assert!(of_retention(&[before(), kept(12_000, run(false, true), none()), kept(40_000, none(), none())]).is_empty());
    assert!(of_retention(&[before(), kept(13_000, run(true, true), current("r"))]).is_empty(), "it has time");
    let found = |line: Value| of_retention(&[before(), line]);
    assert_eq!(
        found(kept(11_950, run(false, true), none())),
        ["50 ms before its time is over, history of it is there"]
    );
    assert_eq!(found(kept(13_000, run(true, false), current("r"))), ["its row is there, and its history is not"]);
    for (row, history, what) in [(true, true, "row and history"), (false, true, "history")] {
        let line = kept(40_000, run(row, history), if row { current("r") } else { none() });
        assert_eq!(found(line), [format!("its {what} is there 28000 ms after its time was over")]);
    }
    assert_eq!(
        found(kept(13_000, run(true, true), none())),
        ["w has no current run, and the row of r is there"],
        "it went with another run"
    );
    assert_eq!(
        found(kept(13_000, none(), current("r"))),
        ["the current run of w is r, and the row of r is gone"],
        "nobody can use the id any more"
    );
    // A clock that was wrong by so much, at the close or at the deletion.
    let clock = json!({"at": 1, "type": "fault", "fault": {"at_ms": 0, "fault": "clock_step", "node": 1, "by_ms": -25}, "active": true});
    assert!(of_retention(&[clock, before(), kept(11_950, run(false, true), none())]).is_empty());
}

#[test]
fn a_reader_is_shown_all_of_a_closed_run_or_nothing_of_it() {
    let first = kept(
        11_900,
        json!([{"run_id": "r", "closed": 2000, "row": true, "history": true}]),
        json!([{"workflow_id": "w", "run_id": "r", "open": false}]),
    );
    let found = |now: i64, last: bool, events: Option<u64>| {
        let sought = json!({"at": 8, "type": "sought", "workflow_id": "w", "run_id": "r", "from": 7, "now": now, "last": last, "events": events});
        of_retention(&[first.clone(), sought])
    };
    assert!(found(11_950, false, Some(2)).is_empty() && found(12_000, false, None).is_empty());
    assert!(found(15_000, false, Some(2)).is_empty() && found(40_000, true, None).is_empty());
    assert_eq!(found(11_950, false, None), ["50 ms before its time is over, a reader is told that it is not there"]);
    assert_eq!(found(12_500, false, Some(1)), ["a reader is shown 1 of its 2 events as if they were all"]);
    assert_eq!(found(40_000, true, Some(2)), ["it can be read 28000 ms after its time was over"]);
}
