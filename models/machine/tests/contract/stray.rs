//! Histories that do not fit are refused with a sentence, never with a panic.

use resurgam_formats::command::Command;
use resurgam_formats::event::{Body, Event, EventId, Payload, Payloads, WorkflowExecutionStarted};
use resurgam_machine::{Machine, Stray};
use resurgam_testing::notation;

const START: &str = r#"
    1 WorkflowExecutionStarted input=[{"program":{"version":1,"variables":1,"body":[{"do":"scope","cancel_after_ms":9,"body":[{"do":"await_signal","name":"s","into":0}]},{"do":"timer","ms":5}],"result":{"var":0}}}]
    2 WorkflowTaskScheduled
    3 WorkflowTaskStarted scheduledEventId=2
    4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
    5 TimerStarted timerId=1"#;

fn replay(rest: &str) -> Result<Machine, Stray> {
    let evidence = notation::parse(&format!("{START}\n{rest}")).expect("good notation");
    Machine::replay("w", &evidence.runs[0].events)
}

#[test]
fn a_history_that_fits_is_replayed() {
    let mut machine = replay("6 WorkflowExecutionSignaled signalName=s input=[7]").expect("it fits");
    assert_eq!(machine.take_commands(), [Command::CancelTimer { seq: 1 }, Command::StartTimer { seq: 2, ms: 5 }]);
    assert_eq!(machine.seen(), 6);
}

#[test]
fn an_answer_is_followed_by_the_completion_of_its_task() {
    let next = |more: &str, answer: bool| {
        let evidence = notation::parse(&format!("{START}\n6 WorkflowTaskScheduled\n{more}")).expect("good notation");
        let events = &evidence.runs[0].events;
        let mut machine = Machine::replay("w", &events[..6]).expect("it fits");
        if answer {
            machine.take_commands();
        }
        machine.event(&events[6])
    };
    next("7 WorkflowTaskCompleted", true).expect("it is the one that was answered");
    next("7 WorkflowTaskStarted", true).expect("a task that was only written down with its answer");
    assert_eq!(next("7 WorkflowTaskTimedOut", true).expect_err("it was answered").event, 7);
    assert_eq!(next("7 WorkflowTaskCompleted", false).expect_err("by whom?").event, 7);
    next("7 WorkflowTaskTimedOut", false).expect("nobody answered");
}

#[test]
fn what_was_never_issued_is_stray() {
    for rest in [
        "6 TimerFired timerId=2 startedEventId=5",
        "6 TimerFired timerId=01 startedEventId=5",
        "6 TimerFired timerId=x startedEventId=5",
        "6 TimerStarted timerId=2",
        "6 TimerCanceled timerId=4294967296",
        "6 ActivityTaskScheduled activityId=1",
        "6 ActivityTaskCompleted scheduledEventId=5 result=[1]",
        "6 ActivityTaskCanceled scheduledEventId=0",
        "6 StartChildWorkflowExecutionInitiated workflowId=w/1",
        "6 StartChildWorkflowExecutionInitiated workflowId=other/1",
        "6 ChildWorkflowExecutionStarted initiatedEventId=5",
        "6 WorkflowExecutionUpdateAccepted acceptedRequest.meta.updateId=u",
        "6 MarkerRecorded markerName=resurgam-local-activity details={}",
        "6 WorkflowExecutionSignaled signalName=s input=[\"text\"]",
        "6 WorkflowExecutionSignaled signalName=s",
        "6 WorkflowExecutionStarted",
        "7 WorkflowExecutionCancelRequested",
        "5 WorkflowExecutionCancelRequested",
    ] {
        let stray = replay(rest).expect_err(rest);
        assert_eq!(stray.event.to_string(), rest[..1], "{stray}");
    }
}

#[test]
fn what_is_not_ours_is_ignored() {
    for rest in [
        "6 MarkerRecorded markerName=Version",
        "6 RequestCancelExternalWorkflowExecutionFailed initiatedEventId=2",
        "6 NexusOperationCompleted scheduledEventId=2",
        "6 Tomorrow",
    ] {
        replay(rest).expect(rest);
    }
}

#[test]
fn only_a_readable_program_starts() {
    let start = |input: &str| {
        let payload = Payload { encoding: "json/plain".into(), data: input.as_bytes().to_vec() };
        let body = WorkflowExecutionStarted { input: Payloads(vec![payload]), ..Default::default() };
        let body = Body::WorkflowExecutionStarted(Box::new(body));
        Machine::replay("w", &[Event { id: EventId(1), time: None, version: 0, task_id: 0, body }])
    };
    let program = |version: u32, variables: u32, body: &str| {
        format!(r#"{{"program":{{"version":{version},"variables":{variables},"body":{body},"result":{{"const":0}}}}}}"#)
    };
    let nested = |levels: usize| {
        let open = r#"[{"do":"scope","body":"#.repeat(levels);
        format!("{open}[]{}", "}]".repeat(levels))
    };
    start(&program(1, 1, "[]")).expect("readable");
    start(&program(1, 8, &nested(30))).expect("readable");
    for input in [
        "5".to_owned(),
        program(0, 1, "[]"),
        program(2, 1, "[]"),
        program(1, 0, "[]"),
        program(1, 9, "[]"),
        program(1, 1, r#"[{"do":"dance"}]"#),
        program(1, 1, &nested(31)),
        program(1, 1, &nested(5_000)),
    ] {
        assert_eq!(start(&input).expect_err(&input).event, 1);
    }
    assert!(Machine::replay("w", &[]).expect("nothing is wrong with nothing").take_commands().is_empty());
}
