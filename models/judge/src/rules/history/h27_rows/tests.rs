use super::Rows;
use crate::rules::{Findings, Indexed, Rule as _};
use resurgam_testing::notation::parse;

#[test]
fn rows_are_compared_with_the_history_up_to_where_they_end() {
    let history = "
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 ActivityTaskScheduled activityId=1
        6 StartChildWorkflowExecutionInitiated workflowId=c
        7 SignalExternalWorkflowExecutionInitiated
        8 WorkflowTaskScheduled taskQueue.kind=NORMAL
        9 WorkflowTaskStarted scheduledEventId=8
        10 ExternalWorkflowExecutionSignaled initiatedEventId=7
        11 WorkflowExecutionTerminated";
    let child = r#""children":[{"initiated":6,"workflow_id":"c"}]"#;
    let task = |started: i64| format!(r#""task":{{"scheduled":8,"started":{started},"written":true}}"#);
    let case = |open: bool, next: i64, pending: &str| {
        let last = next - 1;
        let row = format!(
            r#"{{"workflow_id":"w","run_id":"r","open":{open},"next_event":{next},"events":[[1,{last}]],"pending":{{{pending}}}}}"#
        );
        let current = format!(r#"{{"workflow_id":"w","run_id":"r","open":{open}}}"#);
        let line = format!(r#"{{"at":1,"type":"audit","runs":[{row}],"current":[{current}]}}"#);
        let evidence = parse(&format!("{history}\n{line}")).unwrap();
        let mut findings = Findings::default();
        Rows.judge(&Indexed::plain(&evidence), &mut findings);
        findings.found().len()
    };
    let all = format!(r#""activities":[5],{child},"externals":[7]"#);
    assert_eq!(case(true, 8, &all), 0);
    assert_eq!(case(true, 9, &format!("{all},{}", task(0))), 0);
    assert_eq!(case(true, 10, &format!("{all},{}", task(9))), 0);
    let held = format!(r#""activities":[5],{child},"buffered":1,"ended":[7],{}"#, task(9));
    assert_eq!(case(true, 10, &held), 0);
    assert_eq!(case(false, 12, ""), 0);
    assert_eq!(case(true, 8, &format!(r#""activities":[5],{child}"#)), 1, "the signal is forgotten");
    assert_eq!(case(true, 8, &format!(r#""timers":[4],{all}"#)), 1, "event 4 started no timer");
    assert_eq!(case(true, 8, &format!(r#""ended":[7],{all}"#)), 1, "both pending and ended");
    assert_eq!(case(true, 10, &format!("{all},{}", task(0))), 1, "it is started");
    assert_eq!(case(true, 9, &all), 1, "a workflow task is scheduled");
    assert_eq!(case(true, 8, &format!("{all},{}", task(0))), 1, "none is scheduled yet");
    assert_eq!(
        case(true, 8, &format!(r#"{all},"task":{{"scheduled":8,"written":false}}"#)),
        0,
        "it leaves no event yet"
    );
    assert_eq!(case(true, 12, ""), 1, "the history has ended");
    assert_eq!(case(false, 8, ""), 1, "it has not ended yet");
    assert_eq!(case(false, 13, ""), 1, "the history lacks an event");
    let other = all.replace(r#""workflow_id":"c""#, r#""workflow_id":"d""#);
    assert_eq!(case(true, 8, &other), 1, "the child is another one");
    assert_eq!(case(true, 10, &held.replace(r#""buffered":1"#, r#""buffered":0"#)), 1, "what ended is held back");
    let sticky = format!("{all},{}", task(0).replace(r#""written":true"#, r#""written":true,"sticky":true"#));
    assert_eq!(case(true, 9, &sticky), 1, "it is of the normal queue");
}

#[test]
fn a_row_names_the_run_that_follows_and_the_run_of_a_child() {
    let judge = |row: &str| {
        let text = format!(
            r#"run w/r
            1 WorkflowExecutionStarted
            2 StartChildWorkflowExecutionInitiated workflowId=c
            3 ChildWorkflowExecutionStarted initiatedEventId=2 workflowExecution.workflowId=c workflowExecution.runId=x
            4 WorkflowExecutionContinuedAsNew newExecutionRunId=s
            {{"at":1,"type":"audit","runs":[{row}]}}"#
        );
        let evidence = parse(&text).unwrap();
        let mut findings = Findings::default();
        Rows.judge(&Indexed::plain(&evidence), &mut findings);
        findings.found().iter().filter(|it| !it.message.contains("not the current run")).count()
    };
    let closed = |next: &str| {
        format!(r#"{{"workflow_id":"w","run_id":"r","next_event":5,"events":[[1,4]],"successor":"{next}"}}"#)
    };
    assert_eq!((judge(&closed("s")), judge(&closed("t"))), (0, 1));
    let open = |run: &str| {
        format!(
            r#"{{"workflow_id":"w","run_id":"r","open":true,"next_event":4,"events":[[1,3]],"pending":{{"children":[{{"initiated":2,"workflow_id":"c","run_id":"{run}"}}]}}}}"#
        )
    };
    assert_eq!((judge(&open("x")), judge(&open("y"))), (0, 1));
}
