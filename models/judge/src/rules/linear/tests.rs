//! Hand-made histories: each kind of mistake is found by the rule that is meant, and its legal neighbour by none.

use super::fixture::*;
use crate::judge;
use crate::profile::{Profile, Promises};
use resurgam_formats::verdict::Outcome;
use resurgam_testing::notation::parse;

#[test]
fn signals_keep_the_order_of_time() {
    let history = format!("WorkflowExecutionStarted\n{S2}\n{S1}");
    let case = |second| {
        let case = Case::default().call(1, 2, START, &run("r1", true)).run("r1", &history);
        case.call(3, 6, SIGNAL_1, DONE).call(second, 9, SIGNAL_2, DONE)
    };
    case(7).fires(&["W1-real-time"]);
    case(5).silent();
}

#[test]
fn an_unanswered_call_may_happen_at_any_time_after_it_was_sent() {
    let history = format!("WorkflowExecutionStarted\n{S2}\n{S1}");
    let case = Case::default().call(1, 2, START, &run("r1", true)).run("r1", &history);
    case.call(3, 4, SIGNAL_1, INFO).call(7, 9, SIGNAL_2, DONE).silent();
    // The second attempt may have done it, or the first, later.
    let case = Case::default().call(1, 2, START, &run("r1", true)).run("r1", &history);
    case.call(3, 4, SIGNAL_1, INFO).again(11, 12, SIGNAL_1, DONE).call(7, 9, SIGNAL_2, DONE).silent();
    // Not before it was sent at all.
    let case =
        Case::default().call(1, 2, START, &run("r1", true)).run("r1", &format!("WorkflowExecutionStarted\n{S1}\n{S2}"));
    case.call(13, 14, SIGNAL_1, INFO).call(7, 9, SIGNAL_2, DONE).fires(&["W1-real-time"]);
}

/// A started workflow task takes what arrives into the buffer: a signal that was acknowledged early is written late.
#[test]
fn the_buffer_reorders_what_waits_in_it_and_nothing_else() {
    let history = format!(
        "WorkflowExecutionStarted
         WorkflowTaskScheduled
         WorkflowTaskStarted scheduledEventId=2
         WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
         WorkflowExecutionUpdateAccepted protocolInstanceId=q3
         {S1}
         WorkflowTaskScheduled
         {S2}"
    );
    let case = || Case::default().call(1, 2, START, &run("r1", true)).run("r1", &history);
    // Acknowledged before the update was even sent, and written behind its acceptance.
    case().call(3, 4, SIGNAL_1, DONE).call(5, 6, UPDATE, &accepted("r1")).silent();
    // A description between does not show it yet.
    case().call(3, 4, SIGNAL_1, DONE).call(5, 6, DESCRIBE, &described("r1", "RUNNING", 3)).silent();
    // But what came before the task is shown.
    case().call(3, 4, SIGNAL_1, DONE).call(5, 6, DESCRIBE, &described("r1", "RUNNING", 0)).silent();
    case().task(3, 3).call(5, 6, DESCRIBE, &described("r1", "RUNNING", 0)).silent();
    // The second signal did not wait: no task was started.
    case().call(3, 4, SIGNAL_2, DONE).call(5, 6, DESCRIBE, &described("r1", "RUNNING", 6)).fires(&["W3-fresh-reads"]);
    case().call(3, 4, SIGNAL_2, DONE).call(5, 6, DESCRIBE, &described("r1", "RUNNING", 8)).silent();
}

#[test]
fn ends_of_activities_stand_behind_signals_of_the_same_flush_only() {
    let task = "WorkflowTaskScheduled\nWorkflowTaskStarted scheduledEventId=3\nWorkflowTaskCompleted scheduledEventId=3 startedEventId=4";
    let end = "ActivityTaskStarted scheduledEventId=2 attempt=1\nActivityTaskCompleted scheduledEventId=2";
    let scheduled = "ActivityTaskScheduled activityId=a";
    let case = |history: &str, signal: (u64, u64)| {
        let case = Case::default().call(1, 2, START, &run("r1", true)).run("r1", history);
        let mut case = case.call(signal.0, signal.1, SIGNAL_1, DONE);
        case.count += 1;
        for line in [
            r#"{"at":3,"type":"task","task":7,"worker":"v","kind":"activity","workflow_id":"w","run_id":"r1","attempt":1,"activity_id":"a"}"#,
            r#"{"at":20,"type":"invoke","operation":3,"attempt":1,"by":"v","call":{"of":"end_activity","task":7,"end":{"completed":1}}}"#,
            r#"{"at":30,"type":"return","operation":3,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}"#,
        ] {
            let at = line.split(['{', ':', ',']).nth(2).unwrap().parse().unwrap();
            case.lines.push((at, line.to_owned()));
        }
        case
    };
    // One flush behind a task: the signal was sent after the activity had ended, and stands before.
    let together =
        format!("WorkflowExecutionStarted\n{scheduled}\n{task}\n{S1}\n{}", end.replace("scheduledEventId=2\"", ""));
    let together = together.replace(
        "ActivityTaskCompleted scheduledEventId=2",
        "ActivityTaskCompleted scheduledEventId=2 startedEventId=7",
    );
    case(&together, (40, 50)).silent();
    // No task between: they did not wait together.
    let apart = format!("WorkflowExecutionStarted\n{scheduled}\n{S1}\n{end} startedEventId=4");
    case(&apart, (40, 50)).fires(&["W1-real-time"]);
    case(&apart, (10, 50)).silent();
}

#[test]
fn a_run_ends_before_the_next_begins() {
    let case = |signal: (u64, u64)| {
        let case = Case::default().call(1, 2, START, &run("r1", true)).call(5, 6, TERMINATE, DONE);
        let case = case.call(7, 8, START, &run("r2", true)).call(signal.0, signal.1, SIGNAL_1, DONE);
        case.run("r1", &format!("WorkflowExecutionStarted\n{S1}\nWorkflowExecutionTerminated reason=q2"))
            .run("r2", "WorkflowExecutionStarted")
    };
    case((9, 10)).fires(&["W1-real-time"]);
    case((3, 10)).silent();
}

#[test]
fn an_acknowledged_end_is_in_the_history() {
    let case = |close: &str| {
        let case = Case::default().call(1, 2, START, &run("r1", true)).call(5, 6, TERMINATE, DONE);
        case.run("r1", &format!("WorkflowExecutionStarted\n{close}"))
    };
    case("WorkflowExecutionTerminated reason=q2").silent();
    case("WorkflowExecutionTerminated reason=other").fires(&["W1-real-time"]);
    case("WorkflowExecutionCompleted").fires(&["W1-real-time"]);
    // A repeated termination may end the next run too; its first answer says nothing of that one.
    let repeated = |reason: &str| {
        let case = Case::default().call(1, 2, START, &run("r1", true)).call(5, 6, TERMINATE, DONE);
        let case = case.call(7, 8, START, &run("r2", true)).call(9, 10, SIGNAL_1, DONE);
        case.run("r1", &format!("WorkflowExecutionStarted\nWorkflowExecutionTerminated reason={reason}"))
            .run("r2", &format!("WorkflowExecutionStarted\n{S1}\nWorkflowExecutionTerminated reason=q2"))
    };
    repeated("q2").silent();
    repeated("other").fires(&["W1-real-time"]);
    let cancelled = |event: &str| {
        let case = Case::default().call(1, 2, START, &run("r1", true)).call(5, 6, CANCEL, DONE);
        case.run("r1", &format!("WorkflowExecutionStarted\n{event}"))
    };
    cancelled("WorkflowExecutionCancelRequested").silent();
    cancelled("WorkflowExecutionTerminated").silent();
    cancelled("WorkflowTaskScheduled").fires(&["W1-real-time", "W4-absence"]);
}

#[test]
fn what_a_run_took_that_nobody_read_proves_nothing_of_the_next() {
    // The first answer of a repeated call may be of a run that no answer names: one that was started by a call without an answer.
    let case = |first: &str, action: &str, event: &str| {
        let case = Case::default().call(1, 2, START, first).call(5, 6, action, DONE).again(11, 12, action, DONE);
        case.call(7, 8, START, &run("r2", true)).run("r2", &format!("WorkflowExecutionStarted\n{event}"))
    };
    let terminated = "WorkflowExecutionTerminated reason=q2";
    case(INFO, TERMINATE, terminated).silent();
    case(INFO, SIGNAL_1, S1).silent();
    case(GONE, TERMINATE, terminated).fires(&["W1-real-time"]);
    case(GONE, SIGNAL_1, S1).fires(&["W1-real-time"]);
}

#[test]
fn a_cancel_that_wrote_nothing_found_a_closed_run() {
    let case = |cancel: (u64, u64)| {
        let case = Case::default().call(1, 2, START, &run("r1", true)).call(5, 6, TERMINATE, DONE);
        case.run("r1", "WorkflowExecutionStarted\nWorkflowExecutionTerminated reason=q2")
            .call(cancel.0, cancel.1, CANCEL, DONE)
    };
    case((3, 4)).fires(&["W4-absence"]);
    case((3, 5)).silent();
    case((8, 9)).silent();
}

#[test]
fn an_old_description_is_stale() {
    let case = |describe: (u64, u64), status: &str, length| {
        let case = Case::default().call(1, 2, START, &run("r1", true)).call(5, 6, TERMINATE, DONE);
        case.run("r1", "WorkflowExecutionStarted\nWorkflowExecutionTerminated reason=q2").call(
            describe.0,
            describe.1,
            DESCRIBE,
            &described("r1", status, length),
        )
    };
    case((7, 8), "RUNNING", 1).fires(&["W3-fresh-reads"]);
    case((5, 8), "RUNNING", 1).silent();
    case((7, 8), "TERMINATED", 2).silent();
    // From the future: not even a target without promises may say so.
    case((3, 4), "TERMINATED", 2).fires(&["W2-reads"]);
    // No state at all.
    case((5, 6), "RUNNING", 2).fires(&["W2-reads"]);
    case((5, 6), "TERMINATED", 1).fires(&["W2-reads"]);
    case((5, 6), "RUNNING", 3).fires(&["W2-reads"]);
}

#[test]
fn reads_do_not_go_back() {
    let kinds = ["WorkflowExecutionStarted", "WorkflowTaskScheduled", "WorkflowExecutionTerminated"];
    let case = || Case::default().run("r1", &kinds.join("\n"));
    case().read(1, 2, "r1", &kinds).read(3, 4, "r1", &kinds[..1]).fires(&["W2-reads"]);
    case().read(1, 3, "r1", &kinds).read(3, 4, "r1", &kinds[..1]).silent();
    // A pending workflow task at the end need not be written yet.
    case().read(1, 2, "r1", &kinds[..2]).read(3, 4, "r1", &kinds[..1]).silent();
    let query = |seen, signals| {
        let history = format!("WorkflowExecutionStarted\nWorkflowTaskScheduled\n{S1}\n{S2}\nWorkflowTaskScheduled");
        let case = Case::default().run("r1", &history);
        case.call(1, 2, QUERY, &queried("r1", 5, 2)).call(3, 4, QUERY, &queried("r1", seen, signals))
    };
    query(3, 1).fires(&["W2-reads"]);
    query(4, 2).silent();
}

#[test]
fn a_query_reflects_what_was_acknowledged() {
    let history = format!("WorkflowExecutionStarted\nWorkflowTaskScheduled\n{S1}\nWorkflowTaskStarted");
    let case = |query: u64, seen| {
        let case = Case::default().call(1, 2, START, &run("r1", true)).run("r1", &history);
        case.call(3, 4, SIGNAL_1, DONE).call(query, 9, QUERY, &queried("r1", seen, 0))
    };
    case(5, 2).fires(&["W3-fresh-reads"]);
    case(4, 2).silent();
    case(5, 3).silent();
}

#[test]
fn not_found_needs_a_moment_without_an_open_run() {
    let case = |action: &str, at: (u64, u64)| {
        let case = Case::default().call(11, 12, START, &run("r1", true)).call(15, 16, TERMINATE, DONE);
        let case = case.call(21, 22, START, &run("r2", true));
        case.call(at.0, at.1, action, GONE)
            .run("r1", "WorkflowExecutionStarted\nWorkflowExecutionTerminated reason=q2")
            .run("r2", "WorkflowExecutionStarted")
    };
    for fine in [(1, 2), (1, 30), (12, 13), (13, 15), (17, 18), (22, 30)] {
        case(SIGNAL_1, fine).silent();
    }
    for wrong in [(13, 14), (23, 24)] {
        case(SIGNAL_1, wrong).fires(&["W4-absence"]);
        case(UPDATE, wrong).fires(&["W4-absence"]);
    }
    // A read finds the closed run.
    case(DESCRIBE, (1, 2)).silent();
    case(DESCRIBE, (17, 18)).fires(&["W4-absence"]);
}

#[test]
fn between_the_runs_of_a_chain_nothing_is_closed() {
    let case = |action: &str| {
        let case = Case::default().call(1, 2, START, &run("r1", true)).call(3, 9, action, GONE);
        case.run("r1", "WorkflowExecutionStarted\nWorkflowExecutionContinuedAsNew newExecutionRunId=r2")
            .run("r2", "WorkflowExecutionStarted continuedExecutionRunId=r1")
    };
    case(SIGNAL_1).fires(&["W4-absence"]);
    // An update belongs to the run it reached.
    case(UPDATE).silent();
}

#[test]
fn a_refused_start_names_the_run_that_has_the_id() {
    let case = |action: &str, reply: &str, at: (u64, u64)| {
        let case = Case::default().call(1, 2, START, &run("r1", true)).call(5, 6, TERMINATE, DONE);
        case.call(11, 12, START, &run("r2", true))
            .call(at.0, at.1, action, reply)
            .run("r1", "WorkflowExecutionStarted\nWorkflowExecutionTerminated reason=q2")
            .run("r2", "WorkflowExecutionStarted")
    };
    case(START, &taken("r1"), (3, 4)).silent();
    // Closed when it was asked, and no other run yet: the policies allow a new run.
    case(START, &taken("r1"), (7, 8)).fires(&["W3-fresh-reads"]);
    // Another run is current.
    case(START, &taken("r1"), (13, 14)).fires(&["W3-fresh-reads"]);
    case(START, &taken("r2"), (13, 14)).silent();
    case(START, &taken("r2"), (7, 8)).fires(&["W2-reads"]);
    // Refused by closed runs only.
    case(REJECT, &taken("r1"), (3, 4)).fires(&["W2-reads"]);
    case(REJECT, &taken("r1"), (7, 8)).silent();
    // Found there, though it was closed.
    case(ATTACH, &run("r1", false), (3, 4)).silent();
    case(ATTACH, &run("r1", false), (7, 8)).fires(&["W3-fresh-reads"]);
    case(ATTACH, &taken("r1"), (3, 4)).fires(&["W2-reads"]);
}

/// Who started which run is not known: nothing is said about their order.
#[test]
fn runs_of_unknown_order_bind_nothing() {
    let case = Case::default().call(1, 9, START, &run("r1", true)).call(1, 9, START, &run("r2", true));
    let case = case.call(20, 21, DESCRIBE, &described("r1", "TERMINATED", 2));
    case.run("r1", "WorkflowExecutionStarted\nWorkflowExecutionTerminated reason=x")
        .run("r2", "WorkflowExecutionStarted\nWorkflowExecutionTerminated reason=y")
        .silent();
}

#[test]
fn without_the_promise_old_answers_are_not_judged() {
    let name = |profile: &Profile| {
        let verdict = judge("test", &parse("").unwrap(), profile);
        let rule = verdict.rules.into_iter().find(|rule| rule.rule == "W3-fresh-reads").unwrap();
        (rule.outcome, rule.why)
    };
    let (outcome, why) = name(&Profile::temporal("1.31.2"));
    assert_eq!((outcome, why.as_str()), (Outcome::NotApplicable, "the target does not claim linearizable_reads"));
    assert_eq!(name(&Profile::promising(Promises { linearizable_reads: true, ..Promises::default() })).1, "");
}
