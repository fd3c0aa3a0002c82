//! The catalogue on fake server evidence: every corruption of a history that the rules of histories can judge alone is caught,
//! and rewriting keeps true evidence true.

use super::*;
use crate::notation::parse;
use resurgam_judge::profile::{HandOver, Promises};

const HEADER: &str = r#"{"at":0,"type":"header","version":1,"target":"t","prefix":"p","plan":{"version":1,"seed":1,"programs":[],"operations":[],"workers":{"count":1,"cache":0,"full_replay":false},"worker_faults":[],"knobs":{"task_timeout_ms":1000,"sticky_timeout_ms":500}}}"#;

/// One run with a bit of everything, and its children.
const TOY: &str = r#"
    {"at":99,"type":"end","quiescent":true,"deadline":100}
    run w/r
    1 WorkflowExecutionStarted @1
    2 WorkflowTaskScheduled attempt=1 taskQueue.kind=NORMAL @1
    3 WorkflowTaskStarted scheduledEventId=2 @1
    4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3 @2
    5 ActivityTaskScheduled activityId=1 startToCloseTimeout=1s retryPolicy.maximumAttempts=2 workflowTaskCompletedEventId=4 @2
    6 ActivityTaskScheduled activityId=2 startToCloseTimeout=1s retryPolicy.maximumAttempts=2 workflowTaskCompletedEventId=4 @2
    7 TimerStarted timerId=3 startToFireTimeout=1s workflowTaskCompletedEventId=4 @2
    8 StartChildWorkflowExecutionInitiated workflowId=c workflowType.name=t workflowTaskCompletedEventId=4 @2
    9 SignalExternalWorkflowExecutionInitiated workflowExecution.workflowId=c signalName=s workflowTaskCompletedEventId=4 @2
    10 ChildWorkflowExecutionStarted initiatedEventId=8 workflowType.name=t workflowExecution.workflowId=c workflowExecution.runId=x @2
    11 WorkflowTaskScheduled attempt=1 taskQueue.kind=NORMAL @2
    12 WorkflowTaskStarted scheduledEventId=11 @2
    13 WorkflowTaskFailed scheduledEventId=11 startedEventId=12 @2
    14 WorkflowTaskScheduled attempt=2 taskQueue.kind=NORMAL @2
    15 WorkflowTaskStarted scheduledEventId=14 @2
    16 WorkflowTaskCompleted scheduledEventId=14 startedEventId=15 @2
    17 WorkflowExecutionUpdateAccepted protocolInstanceId=u acceptedRequestSequencingEventId=14 @2
    18 WorkflowExecutionUpdateCompleted acceptedEventId=17 meta.updateId=u @2
    19 TimerStarted timerId=9 startToFireTimeout=9s workflowTaskCompletedEventId=16 @2
    20 MarkerRecorded markerName=m workflowTaskCompletedEventId=16 @2
    21 ExternalWorkflowExecutionSignaled initiatedEventId=9 workflowExecution.workflowId=c @2
    22 WorkflowExecutionSignaled signalName=s requestId=q @2
    23 ActivityTaskStarted scheduledEventId=5 attempt=2 lastFailure.message=no @2
    24 ActivityTaskCompleted scheduledEventId=5 startedEventId=23 @3
    25 WorkflowTaskScheduled attempt=1 taskQueue.kind=STICKY @3
    26 WorkflowTaskStarted scheduledEventId=25 @3
    27 WorkflowTaskCompleted scheduledEventId=25 startedEventId=26 @3
    28 TimerCanceled timerId=9 startedEventId=19 workflowTaskCompletedEventId=27 @3
    29 ActivityTaskStarted scheduledEventId=6 attempt=1 @3
    30 TimerFired timerId=3 startedEventId=7 @3
    31 ActivityTaskTimedOut scheduledEventId=6 startedEventId=29 failure.timeoutFailureInfo.timeoutType=START_TO_CLOSE @4
    32 ChildWorkflowExecutionCompleted initiatedEventId=8 workflowType.name=t startedEventId=10 workflowExecution.workflowId=c workflowExecution.runId=x @3
    33 WorkflowTaskScheduled attempt=1 taskQueue.kind=STICKY @4
    34 WorkflowTaskStarted scheduledEventId=33 @4
    35 WorkflowTaskCompleted scheduledEventId=33 startedEventId=34 @4
    36 StartChildWorkflowExecutionInitiated workflowId=d workflowType.name=t workflowTaskCompletedEventId=35 @4
    37 ChildWorkflowExecutionStarted initiatedEventId=36 workflowType.name=t workflowExecution.workflowId=d workflowExecution.runId=y @4
    38 ChildWorkflowExecutionFailed initiatedEventId=36 workflowType.name=t startedEventId=37 failure.message=no retryState=RETRY_POLICY_NOT_SET workflowExecution.workflowId=d workflowExecution.runId=y @5
    39 WorkflowTaskScheduled attempt=1 taskQueue.kind=STICKY @5
    40 WorkflowTaskStarted scheduledEventId=39 @5
    41 WorkflowTaskCompleted scheduledEventId=39 startedEventId=40 @5
    42 WorkflowExecutionCompleted workflowTaskCompletedEventId=41 @5
    run c/x
    1 WorkflowExecutionStarted parentWorkflowExecution.workflowId=w parentWorkflowExecution.runId=r parentInitiatedEventId=8 @2
    2 WorkflowExecutionSignaled signalName=s externalWorkflowExecution.workflowId=w externalWorkflowExecution.runId=r @2
    3 WorkflowTaskScheduled attempt=1 @2
    4 WorkflowTaskStarted scheduledEventId=3 @2
    5 WorkflowTaskCompleted scheduledEventId=3 startedEventId=4 @2
    6 WorkflowExecutionCompleted workflowTaskCompletedEventId=5 @3
    run d/y
    1 WorkflowExecutionStarted parentWorkflowExecution.workflowId=w parentWorkflowExecution.runId=r parentInitiatedEventId=36 @4
    2 WorkflowTaskScheduled attempt=1 @4
    3 WorkflowTaskStarted scheduledEventId=2 @4
    4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3 @4
    5 WorkflowExecutionFailed failure.message=no retryState=RETRY_POLICY_NOT_SET workflowTaskCompletedEventId=4 @4"#;

/// Of a target that hands a task over at most once: a second hand-over is a corruption.
fn once() -> Profile {
    Profile::promising(Promises { hand_over: HandOver::Once, ..Promises::default() })
}

fn server() -> Evidence {
    let mut evidence = parse(&format!("{HEADER}\n{TOY}")).unwrap();
    for run in &mut evidence.runs {
        for (task_id, event) in (1..).zip(&mut run.events) {
            event.task_id = task_id;
        }
    }
    evidence
}

/// Rules that judge histories by themselves: the fake server has no ledger.
fn alone(corruption: &Corruption) -> bool {
    let ours =
        ["H1", "H2", "H3", "H6", "H7", "H8", "H9", "H12", "H14", "H15", "H16", "H17", "H18", "H19", "H20", "H21", "R1"];
    corruption.expected.iter().any(|id| ours.contains(id))
}

#[test]
fn the_toy_is_true_for_rules_of_histories() {
    let verdict = judge("toy", &server(), &once());
    let wrong = |rule: &&resurgam_formats::verdict::RuleVerdict| {
        rule.outcome == Outcome::Violated
            && all().iter().filter(|c| alone(c)).any(|c| c.expected.contains(&rule.rule.id()))
    };
    let found: Vec<_> = verdict.rules.iter().filter(wrong).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn every_corruption_of_the_toy_is_caught() {
    let evidence = server();
    let mut tried = BTreeSet::new();
    for result in score("toy", &evidence, &once(), usize::MAX) {
        let corruption = all().into_iter().find(|c| c.name == result.corruption).unwrap();
        if alone(&corruption) {
            tried.insert(result.corruption);
            assert!(result.caught, "{result:?}, expected {:?}", corruption.expected);
        }
    }
    for corruption in all().iter().filter(|c| alone(c)) {
        assert!(tried.contains(corruption.name), "{} has no site in the toy", corruption.name);
    }
}

#[test]
fn the_catalogue_is_large_and_named_well() {
    let names: BTreeSet<&str> = all().iter().map(|c| c.name).collect();
    assert_eq!(names.len(), all().len());
    assert!(names.len() >= 50, "{}", names.len());
    for corruption in all() {
        assert!(corruption.what.len() > 20 && !corruption.expected.is_empty(), "{corruption:?}");
    }
}

#[test]
fn rewriting_keeps_references() {
    let true_one = server();
    let mut changed = true_one.clone();
    edit::insert(&mut changed, 0, 1, structure::stray_signal()).unwrap();
    assert_eq!(changed.runs[0].events.len(), true_one.runs[0].events.len() + 1);
    assert_eq!(changed.runs[1].started().unwrap().parent_initiated.0, 9, "the child follows");
    edit::remove(&mut changed, 0, 1).unwrap();
    assert_eq!(changed.runs, true_one.runs);
    assert!(edit::remove(&mut changed, 0, 1).is_none(), "a start refers to the scheduled task");
}
