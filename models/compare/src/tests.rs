//! Hand-made histories: of each freedom one difference that it explains, and one beside it that nothing explains.

use super::{Compared, Unfit, compare};
use resurgam_campaign::comparison::Freedom;
use resurgam_formats::evidence::Evidence;
use resurgam_formats::profile::Profile;
use resurgam_testing::notation::parse;
use std::fmt::Write as _;

const START: &str = r#""call":"start","program":0,"reuse":"allow_duplicate","conflict":"fail""#;
const SIGNAL_1: &str = r#""call":"signal","name":"s","value":1"#;
const SIGNAL_2: &str = r#""call":"signal","name":"s","value":2"#;
const DONE: &str = r#""answer":"ok","value":{"reply":"done"}"#;
const GONE: &str = r#""answer":"ok","value":{"reply":"not_found","message":"gone"}"#;
const STARTED: &str = r#""answer":"ok","value":{"reply":"run","run_id":"r1","started":true}"#;

/// An execution: of client 0, one after another, what was asked and what was answered; and histories.
fn side(target: &str, calls: &[(&str, &str)], histories: &str) -> Evidence {
    let operations: Vec<String> = (0..)
        .zip(calls)
        .map(|(index, (action, _))| format!(r#"{{"at_ms":{index},"client":0,"workflow":0,"action":{{{action}}}}}"#))
        .collect();
    let mut text = format!(
        r#"{{"at":0,"type":"header","version":1,"target":"{target}","prefix":"p","plan":{{"version":1,"seed":1,"programs":[],"operations":[{}],"workers":{{"count":1,"cache":0,"full_replay":false}},"worker_faults":[],"knobs":{{"task_timeout_ms":1000,"sticky_timeout_ms":500}}}}}}"#,
        operations.join(",")
    );
    for (index, (action, answers)) in calls.iter().enumerate() {
        let number = index + 1;
        for (attempt, answer) in (1..).zip(answers.split('|')) {
            let at = number * 100 + attempt * 10;
            write!(
                text,
                r#"
{{"at":{at},"type":"invoke","operation":{number},"attempt":{attempt},"by":"client-0","call":{{"of":"client","workflow_id":"p-w0","request_id":"p-o{index}","action":{{{action}}}}}}}
{{"at":{},"type":"return","operation":{number},"attempt":{attempt},"answer":{{{answer}}}}}"#,
                at + 5
            )
            .unwrap();
        }
    }
    text += "\n{\"at\":9999,\"type\":\"end\",\"quiescent\":true,\"deadline\":10000}\n";
    let mut number = 0;
    for line in histories.trim().lines().map(str::trim) {
        if line.starts_with("run ") {
            number = 0;
            writeln!(text, "{line}").unwrap();
        } else {
            number += 1;
            writeln!(text, "{number} {line}").unwrap();
        }
    }
    parse(&text).unwrap_or_else(|problem| panic!("{problem}\n{text}"))
}

/// Compares two histories of the run `r1`, of which the start is left out, that a client started and signalled twice.
fn compared(a: &str, b: &str) -> Compared {
    with([DONE, DONE], a, [DONE, DONE], b)
}

/// The same with the answers to the two signals.
fn with(told_a: [&str; 2], a: &str, told_b: [&str; 2], b: &str) -> Compared {
    let side = |[one, two]: [&str; 2], history: &str| {
        let history = format!("run p-w0/r1\nWorkflowExecutionStarted\n{}", history.replace(';', "\n"));
        side("t", &[(START, STARTED), (SIGNAL_1, one), (SIGNAL_2, two)], &history)
    };
    compare(&side(told_a, a), &side(told_b, b)).unwrap()
}

#[track_caller]
fn explained(found: &Compared, by: &[Freedom]) {
    let slot = &found.slots[&0];
    assert_eq!(slot.unexplained, []);
    assert_eq!(slot.freedoms.iter().copied().collect::<Vec<_>>(), by);
}

#[track_caller]
fn unexplained(found: &Compared, why: &str) {
    let whys: Vec<&str> = found.slots[&0].unexplained.iter().map(|it| it.why.as_str()).collect();
    assert!(whys.iter().any(|it| it.contains(why)), "{why} is not among {whys:?}, {:?}", found.slots[&0].freedoms);
}

const S1: &str = "WorkflowExecutionSignaled signalName=s input=[1]";
const S2: &str = "WorkflowExecutionSignaled signalName=s input=[2]";
const END: &str = "WorkflowExecutionCompleted";
const TIMER: &str = "TimerStarted timerId=1 startToFireTimeout=1s @1";
const FIRED: &str = "TimerFired timerId=1 startedEventId=2";

#[test]
fn what_carries_no_meaning_is_left_out() {
    let a = "WorkflowTaskScheduled @1;WorkflowTaskStarted scheduledEventId=2;WorkflowTaskFailed scheduledEventId=2 startedEventId=3;\
             TimerStarted timerId=1 startToFireTimeout=1s workflowTaskCompletedEventId=4 @1;TimerFired timerId=1 startedEventId=5";
    let found = compared(
        &format!("{S1};{S2};{a};{END}").replace("Id=5", "Id=7"),
        &format!(
            "{S1};{S2};TimerStarted timerId=1 startToFireTimeout=1s @5;TimerFired timerId=1 startedEventId=4;{END}"
        ),
    );
    explained(&found, &[]);
    assert!(found.slots[&0].same_outcome && found.calls == 3 && found.calls_equal == 3);
    unexplained(
        &compared(
            &format!("{S1};{S2};{TIMER};{END}"),
            &format!("{S1};{S2};TimerStarted timerId=1 startToFireTimeout=2s @1;{END}"),
        ),
        "told the same",
    );
}

#[test]
fn inputs_may_arrive_in_another_order_unless_it_is_promised() {
    let timer = format!("{TIMER};{FIRED}");
    explained(
        &compared(&format!("{timer};{S1};{S2};{END}"), &format!("{TIMER};{S1};{FIRED};{S2};{END}")),
        &[Freedom::OrderOfArrival],
    );
    unexplained(&compared(&format!("{S1};{S2};{END}"), &format!("{S2};{S1};{END}")), "after the other's answer");
    let two = |first: &str, second: &str| {
        format!("{TIMER};TimerStarted timerId=2 startToFireTimeout=2s @1;{S1};{S2};TimerFired timerId={first};TimerFired timerId={second};{END}")
            .replace("TimerFired timerId=1", "TimerFired timerId=1 startedEventId=2")
            .replace("TimerFired timerId=2", "TimerFired timerId=2 startedEventId=3")
    };
    unexplained(&compared(&two("1", "2"), &two("2", "1")), "due later fired first");
}

#[test]
fn an_input_may_fall_before_or_behind_an_answer() {
    let [a, b] = [format!("{S1};{S2};{TIMER};{END}"), format!("{TIMER};{S1};{S2};{END}")];
    explained(&compared(&a, &b), &[Freedom::Batching]);
    unexplained(&compared(&a, &format!("{TIMER};{S2};{END}")), "acknowledged, and no history has it");
    unexplained(&compared(&a, &format!("{TIMER};{S1};{S1};{S2};{END}")), "more often");
}

#[test]
fn something_pending_may_be_withdrawn_before_it_ends() {
    let a = format!("{TIMER};{FIRED};{S1};{S2};{END}");
    let b = format!("{TIMER};{S1};TimerCanceled timerId=1 startedEventId=2;{S2};{END}");
    explained(&compared(&a, &b), &[Freedom::Overtaken]);
    unexplained(&compared(&a, &format!("{TIMER};{S1};{S2}")), "neither fired nor was cancelled, and its run is open");
}

#[test]
fn what_comes_after_the_close_is_in_no_history() {
    let [a, b] = [format!("{S1};{S2};{END}"), format!("{S1};{END}")];
    explained(&with([DONE, DONE], &a, [DONE, GONE], &b), &[Freedom::RaceWithClose]);
    unexplained(&with([DONE, DONE], &a, [DONE, DONE], &b), "acknowledged, and no history has it");
    unexplained(&with([DONE, DONE], &a, [DONE, GONE], S1), "never closed");
    let terminated = "WorkflowExecutionTerminated";
    unexplained(&compared(&a, &format!("{S1};{S2};{terminated}")), "nobody asked for it");
}

#[test]
fn a_call_may_land_in_another_run() {
    let second = r#""answer":"ok","value":{"reply":"run","run_id":"r2","started":true}"#;
    let case = |signal: (&str, &str), second: &str, histories: &str| {
        side("t", &[(START, STARTED), (SIGNAL_1, signal.0), (START, second), (SIGNAL_2, signal.1)], histories)
    };
    let runs = |first: &str, then: &str| {
        format!(
            "run p-w0/r1\nWorkflowExecutionStarted\n{first}{END}\nrun p-w0/r2\nWorkflowExecutionStarted\n{then}{S2}\n{END}"
        )
    };
    let a = case((DONE, DONE), second, &runs(&format!("{S1}\n"), ""));
    let b = case((DONE, DONE), second, &runs("", &format!("{S1}\n")));
    explained(&compare(&a, &b).unwrap(), &[Freedom::Landing]);
    let one = format!("run p-w0/r1\nWorkflowExecutionStarted\n{S1}\n{S2}\n{END}");
    let taken = r#""answer":"ok","value":{"reply":"already_started","run_id":"r1"}"#;
    let refused = case((DONE, DONE), taken, &one);
    explained(&compare(&a, &refused).unwrap(), &[Freedom::Landing]);
    let silent = |error: &str| case((DONE, DONE), &format!(r#""answer":"info","error":"{error}: x""#), &one);
    explained(&compare(&a, &silent("ResourceExhausted")).unwrap(), &[Freedom::Landing, Freedom::Indefinite]);
    unexplained(&compare(&a, &silent("Internal")).unwrap(), "do not say why");
}

fn activity(script: &str, attempt: u32, last: &str, end: &str) -> String {
    let last = if last.is_empty() { String::new() } else { format!("lastFailure={last}") };
    format!(
        "{S1};{S2};ActivityTaskScheduled activityId=1 input=[{{\"attempts\":[{script}]}}] startToCloseTimeout=1s retryPolicy={{\"maximumAttempts\":3}};\
         ActivityTaskStarted scheduledEventId=4 attempt={attempt} {last};{end} scheduledEventId=4 startedEventId=5;{END}"
    )
}

#[test]
fn attempts_may_time_out_and_nothing_else() {
    const SCRIPT: &str = r#"{"work_ms":900,"end":{"return":7}},{"end":{"return":8}}"#;
    const TIMEOUT: &str = r#"{"timeoutFailureInfo":{"timeoutType":"START_TO_CLOSE"}}"#;
    let ends = |value: u32| format!("ActivityTaskCompleted result=[{value}]");
    let a = activity(SCRIPT, 1, "", &ends(7));
    explained(&compared(&a, &activity(SCRIPT, 2, TIMEOUT, &ends(8))), &[Freedom::AttemptTiming]);
    unexplained(&compared(&a, &activity(SCRIPT, 2, TIMEOUT, &ends(7))), "does not give on that attempt");
    let limit =
        |which: &str| format!(r#"ActivityTaskTimedOut failure={{"timeoutFailureInfo":{{"timeoutType":"{which}"}}}}"#);
    explained(&compared(&a, &activity(SCRIPT, 3, TIMEOUT, &limit("START_TO_CLOSE"))), &[Freedom::AttemptTiming]);
    unexplained(&compared(&a, &activity(SCRIPT, 3, TIMEOUT, &limit("HEARTBEAT"))), "a limit that it does not have");
    unexplained(&compared(&a, &activity(SCRIPT, 1, "", "ActivityTaskCanceled")), "nobody asked for it");
    const FAILS: &str = r#"{"end":{"fail":{"kind":"k","non_retryable":false}}},{"end":{"return":8}}"#;
    let failure = r#"{"applicationFailureInfo":{"type":"k"}}"#;
    let a = activity(FAILS, 2, failure, &ends(8));
    unexplained(
        &compared(&a, &activity(FAILS, 1, "", &format!("ActivityTaskFailed failure={failure}"))),
        "allows a retry",
    );
    let never = FAILS.replace("false", "true");
    let failed = activity(&never, 1, "", &format!("ActivityTaskFailed failure={failure}"));
    let retried = activity(&never, 2, failure, &ends(8));
    unexplained(&compared(&failed, &retried), "no time limit or cancellation had a part");
}

#[test]
fn a_run_may_time_out_if_it_has_a_timeout() {
    let case = |options: &str, end: &str| {
        let history = format!("run p-w0/r1\nWorkflowExecutionStarted {options}\n{S1}\n{end}");
        side("t", &[(START, STARTED), (SIGNAL_1, DONE)], &history)
    };
    let limit = "workflowRunTimeout=1s";
    let both = |options| compare(&case(options, END), &case(options, "WorkflowExecutionTimedOut")).unwrap();
    explained(&both(limit), &[Freedom::RunTimeout]);
    unexplained(&both(""), "has no timeout");
    let cut = case(limit, &format!("{TIMER}\nWorkflowExecutionTimedOut"));
    explained(
        &compare(&cut, &case(limit, "WorkflowExecutionTimedOut")).unwrap(),
        &[Freedom::RunTimeout, Freedom::Follows],
    );
}

#[test]
fn a_child_is_not_started_if_its_id_is_in_use() {
    let initiated = "StartChildWorkflowExecutionInitiated workflowId=p-w0/1";
    let failed = "StartChildWorkflowExecutionFailed workflowId=p-w0/1 initiatedEventId=4 cause=WORKFLOW_ALREADY_EXISTS";
    let child = |parent: &str, run: &str| {
        format!(
            "run p-w0/1/{run}\nWorkflowExecutionStarted parentWorkflowExecution={{\"workflowId\":\"p-w0\",\"runId\":\"{parent}\"}}\n{END}"
        )
    };
    let case = |events: &str, child: &str| {
        let history =
            format!("run p-w0/r1\nWorkflowExecutionStarted\n{S1}\n{S2}\n{initiated}\n{events}\n{END}\n{child}");
        side("t", &[(START, STARTED), (SIGNAL_1, DONE), (SIGNAL_2, DONE)], &history)
    };
    let going = "ChildWorkflowExecutionStarted initiatedEventId=4\nChildWorkflowExecutionCompleted initiatedEventId=4 startedEventId=5";
    let a = case(going, &child("r1", "c1"));
    unexplained(&compare(&a, &case(failed, "")).unwrap(), "although no other run had its id");
    let other = child("r0", "c0");
    let found = compare(&a, &case(failed, &other)).unwrap();
    assert!(found.slots[&0].freedoms.contains(&Freedom::IdInUse), "{found:?}");
    unexplained(&compare(&a, &case(going, "")).unwrap(), "in one it is missing");
    unexplained(
        &compare(&a, &case(&going.replace("Completed", "Terminated"), &child("r1", "c1"))).unwrap(),
        "its parent was told otherwise",
    );
}

#[test]
fn local_activities_draw_values_and_nobody_else_does() {
    let marker = |value: u32| {
        format!(
            "MarkerRecorded markerName=resurgam-local-activity details={{\"resurgam\":{{\"payloads\":[{{\"seq\":1,\"value\":{value}}}]}}}}"
        )
    };
    let end = |value: u32| {
        format!("WorkflowExecutionCompleted result=[{{\"value\":{value},\"variables\":[{value}],\"signals\":{{}}}}]")
    };
    let case = |drawn, result| format!("{S1};{S2};{};{}", marker(drawn), end(result));
    explained(&compared(&case(5, 5), &case(6, 6)), &[Freedom::DrawnValue]);
    unexplained(&compared(&case(5, 5), &case(5, 6)), "no local activity drew");
    unexplained(
        &compared(&format!("{S1};{S2};{}", end(5)), &format!("{S1};{S2};{}", end(6))),
        "no local activity drew",
    );
}

#[test]
fn programs_answer_by_what_they_were_told() {
    let other = "TimerStarted timerId=2 startToFireTimeout=1s @1";
    let found = compared(&format!("{S1};{S2};{TIMER};{END}"), &format!("{TIMER};{S1};{S2};{other};{END}"));
    explained(&found, &[Freedom::Batching, Freedom::Follows]);
    unexplained(
        &compared(&format!("{S1};{TIMER};{S2};{END}"), &format!("{S1};{other};{S2};{END}")),
        "answered otherwise",
    );
}

#[test]
fn known_differences_are_those_of_the_profile() {
    const AGAIN: &str = r#""call":"signal_with_start","start":{"program":0,"reuse":"allow_duplicate","conflict":"use_existing"},"name":"s","value":1"#;
    let second = r#"|"answer":"ok","value":{"reply":"run","run_id":"r2","started":true}"#;
    let case = |profile: Profile, again: &str, more: &str| {
        let run = format!("WorkflowExecutionStarted\n{S1}\n{END}\n");
        let mut it = side("t", &[(AGAIN, &format!("{STARTED}{again}"))], &format!("run p-w0/r1\n{run}{more}"));
        let header = it.header.as_mut().unwrap();
        header.plan.operations[0].again_ms = vec![3000];
        header.profile = profile;
        it
    };
    let more = format!("run p-w0/r2\nWorkflowExecutionStarted\n{S1}\n{END}");
    let found = |profile| compare(&case(profile, second, &more), &case(Profile::default(), second, "")).unwrap();
    explained(&found(Profile::temporal("1.31.2")), &[Freedom::Known]);
    unexplained(&found(Profile::default()), "one operation started two runs");
}

#[test]
fn answers_may_show_another_state_but_no_other_contract() {
    let found = |answer: &str| with([DONE, DONE], &format!("{S1};{S2};{END}"), [DONE, answer], &format!("{S1};{END}"));
    assert_eq!(found(GONE).calls_explained, [(Freedom::StateAtCall, 1)].into());
    assert_eq!(found(r#""answer":"info","error":"Unavailable: x""#).calls_explained, [(Freedom::Indefinite, 1)].into());
    assert_eq!(found(r#""answer":"info","error":"Internal: x""#).calls_unexplained.len(), 1);
    assert_eq!(found(r#""answer":"fail","error":"INVALID_ARGUMENT: x""#).calls_unexplained.len(), 1);
    assert_eq!(
        found(r#""answer":"ok","value":{"reply":"refused","status":"UNIMPLEMENTED","message":""}"#)
            .calls_unexplained
            .len(),
        1
    );
}

#[test]
fn a_slot_without_chance_has_one_history() {
    let program = r#"{"program":{"version":1,"variables":1,"body":[{"do":"timer","ms":10},{"do":"timer","ms":10}],"result":{"var":0}}}"#;
    let case = |history: &str, limit: Option<u32>| {
        let mut it = side("t", &[(START, STARTED)], &format!("run p-w0/r1\nWorkflowExecutionStarted {history}"));
        let plan = &mut it.header.as_mut().unwrap().plan;
        plan.programs = vec![serde_json::from_str(program).unwrap()];
        if let resurgam_formats::plan::Action::Start(start) = &mut plan.operations[0].action {
            start.run_timeout_ms = limit;
        }
        it
    };
    let limited = "workflowRunTimeout=1s";
    let found = |limit| {
        let [a, b] = [END, "WorkflowExecutionTimedOut"].map(|end| case(&format!("{limited}\n{end}"), limit));
        compare(&a, &b).unwrap()
    };
    unexplained(&found(None), "leaves this slot to chance");
    explained(&found(Some(1000)), &[Freedom::RunTimeout]);
}

#[test]
fn only_whole_cases_of_one_plan_are_compared() {
    let case = |signal| {
        side("t", &[(START, STARTED), (signal, DONE)], &format!("run p-w0/r1\nWorkflowExecutionStarted\n{END}"))
    };
    assert_eq!(compare(&case(SIGNAL_1), &case(SIGNAL_2)), Err(Unfit::Plans));
    let mut cut = case(SIGNAL_1);
    cut.end = None;
    assert_eq!(compare(&case(SIGNAL_1), &cut), Err(Unfit::Cut(2)));
}
