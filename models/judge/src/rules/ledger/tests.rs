//! One small case in which everything is in order, and what is violated if one thing in it is said otherwise.

use crate::rules::whole::whole;
use crate::rules::{Findings, Indexed, all};
use resurgam_formats::profile::Profile;
use resurgam_formats::verdict::Outcome;
use resurgam_testing::notation::parse;
use std::collections::BTreeSet;

/// A run with an activity that was tried twice and is still pending when the run is terminated, a query, an update and a second run.
const CASE: &str = concat!(whole!(
    r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-0","call":{"of":"client","workflow_id":"w","request_id":"o0","action":{"call":"start","program":0,"reuse":"allow_duplicate","conflict":"fail"}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"run","run_id":"r","started":true}}}
        {"at":3,"type":"task","task":1,"worker":"worker-0","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3,"events":[1,3],"event_count":3,"answer":{"workflowType":{"name":"t"},"scheduledTime":"1970-01-01T00:00:01Z","startedTime":"1970-01-01T00:00:01.5Z","workflowExecutionTaskQueue":{"name":"q","kind":"TASK_QUEUE_KIND_NORMAL"}}}
        {"at":4,"type":"invoke","operation":7,"attempt":1,"by":"worker-0","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"schedule_activity","seq":1,"call":{"script":{"attempts":[]},"start_to_close_ms":9000,"retry":{"initial_ms":1000,"coefficient_tenths":20,"maximum_ms":100000,"maximum_attempts":0,"non_retryable":[]},"cancellation":"try_cancel","into":0}}]}}
        {"at":4,"type":"return","operation":7,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        {"at":4,"type":"task","task":2,"worker":"worker-0","kind":"activity","workflow_id":"w","run_id":"r","attempt":1,"activity_id":"1","answer":{"activityId":"1","header":{"fields":{"resurgam":{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"ImNvbW1hbmQgMSI="}}},"workflowType":{"name":"t"},"activityType":{"name":"resurgam-script"},"startToCloseTimeout":"9s","heartbeatTimeout":"8s","scheduleToCloseTimeout":"20s","retryPolicy":{"initialInterval":"1s","backoffCoefficient":2,"maximumInterval":"100s"},"scheduledTime":"1970-01-01T00:00:02Z","currentAttemptScheduledTime":"1970-01-01T00:00:02Z","startedTime":"1970-01-01T00:00:03Z"}}
        {"at":5,"type":"invoke","operation":2,"attempt":1,"by":"worker-0","call":{"of":"heartbeat","task":2}}
        {"at":6,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"heartbeat","cancel_requested":false}}}
        {"at":7,"type":"invoke","operation":3,"attempt":1,"by":"worker-0","call":{"of":"end_activity","task":2,"end":{"failed":{"application":{"kind":"red","non_retryable":false}}}}}
        {"at":8,"type":"return","operation":3,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        {"at":9,"type":"invoke","operation":4,"attempt":1,"by":"client-0","call":{"of":"client","workflow_id":"w","action":{"call":"query","name":"p"}}}
        {"at":10,"type":"return","operation":4,"attempt":1,"answer":{"answer":"ok","value":{"reply":"query","run_id":"r","value":0,"seen":3,"signals":0}}}
        {"at":11,"type":"invoke","operation":5,"attempt":1,"by":"client-0","call":{"of":"client","workflow_id":"w","action":{"call":"describe"}}}
        {"at":12,"type":"return","operation":5,"attempt":1,"answer":{"answer":"ok","value":{"reply":"description","workflow_id":"w","run_id":"r","status":"TERMINATED","history_length":6}}}
        run w/r
        1 WorkflowExecutionStarted identity=client-0 workflowType.name=t taskQueue={"name":"q","kind":"NORMAL"} firstExecutionRunId=r workflowTaskTimeout=1s attempt=1 workflowRunTimeout=60s header={"fields":{"resurgam":{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"Im8wIg=="}}} @1
        2 WorkflowTaskScheduled taskQueue={"name":"p-sticky-worker-0-1","kind":"STICKY","normalName":"q"} startToCloseTimeout=1s attempt=1 @1
        3 WorkflowTaskStarted scheduledEventId=2 identity=worker-0 @1.5
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3 identity=worker-0 sdkMetadata={"sdkName":"resurgam","sdkVersion":"task\u00201"} @2
        5 ActivityTaskScheduled activityId=1 header={"fields":{"resurgam":{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"ImNvbW1hbmQgMSI="}}} activityType.name=resurgam-script input=[{"attempts":[]}] taskQueue={"name":"q","kind":"NORMAL"} startToCloseTimeout=9s heartbeatTimeout=8s scheduleToCloseTimeout=20s retryPolicy={"initialInterval":"1s","backoffCoefficient":2,"maximumInterval":"100s"} workflowTaskCompletedEventId=4 @2
        6 WorkflowExecutionTerminated @9
        {"at":20,"type":"description","workflow_id":"w","run_id":"r","status":"TERMINATED","history_length":6,"final":true,"answer":DESCRIPTION}"#
),);

/// What is said of that run at the end.
const DESCRIPTION: &str = r#"{"executionConfig":{"taskQueue":{"name":"q","kind":"TASK_QUEUE_KIND_NORMAL"},"workflowRunTimeout":"60s","defaultWorkflowTaskTimeout":"1s"},"workflowExecutionInfo":{"type":{"name":"t"},"startTime":"1970-01-01T00:00:01Z","executionTime":"1970-01-01T00:00:01Z","closeTime":"1970-01-01T00:00:09Z","executionDuration":"8s","firstRunId":"r","taskQueue":"q"},"workflowExtendedInfo":{"originalStartTime":"1970-01-01T00:00:01Z","runExpirationTime":"1970-01-01T00:01:01Z","requestIdInfos":{"o0":{"eventId":"1","eventType":"EVENT_TYPE_WORKFLOW_EXECUTION_STARTED"}}},"pendingActivities":[{"activityId":"1","activityType":{"name":"resurgam-script"},"state":"PENDING_ACTIVITY_STATE_SCHEDULED","attempt":2,"heartbeatDetails":{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"InRhc2sgMiI="}]},"lastHeartbeatTime":"1970-01-01T00:00:04Z","lastFailure":{"message":"red","source":"resurgam","applicationFailureInfo":{"type":"red"}},"lastWorkerIdentity":"worker-0","scheduledTime":"1970-01-01T00:00:06Z","lastAttemptCompleteTime":"1970-01-01T00:00:05Z","currentRetryInterval":"2s","expirationTime":"1970-01-01T00:00:22Z","activityOptions":{"taskQueue":{"name":"q","normalName":"q"},"startToCloseTimeout":"9s","heartbeatTimeout":"8s","scheduleToCloseTimeout":"20s","retryPolicy":{"initialInterval":"1s","backoffCoefficient":2,"maximumInterval":"100s"}}}]}"#;

/// The rules that the case violates, with these words in place of others.
fn violated(changes: &[(&str, &str)]) -> BTreeSet<String> {
    let mut text = CASE.replace("DESCRIPTION", DESCRIPTION).replace(r#""prefix":"p""#, r#""prefix":"p","labels":true"#);
    for (from, to) in changes {
        assert!(text.contains(from), "{from} is not in the case");
        text = text.replace(from, to);
    }
    let (evidence, profile) = (parse(&text).unwrap_or_else(|e| panic!("{e}")), Profile::resurgam());
    let indexed = Indexed::new(&evidence, &profile);
    let judged = all().into_iter().filter_map(|rule| {
        let mut findings = Findings::default();
        rule.judge(&indexed, &mut findings);
        (findings.into_parts().0 == Outcome::Violated).then(|| rule.about().id.to_owned())
    });
    judged.collect()
}

/// What is changed, and the rule that sees it, which has nothing to say about the case as it is.
const CHANGES: &[(&str, &str, &str)] = &[
    (
        "H13",
        r#"taskQueue={"name":"q","kind":"NORMAL"} startToClose"#,
        r#"taskQueue={"name":"q","kind":"STICKY"} startToClose"#,
    ),
    ("H28", r#"taskQueue={"name":"q","kind":"NORMAL"}"#, r#"taskQueue={"name":"q"}"#),
    ("H28", r#","kind":"STICKY","normalName":"q"}"#, r#"}"#),
    ("H29", r#""kind":"STICKY","normalName":"q""#, r#""kind":"STICKY","normalName":"p""#),
    ("H29", r#""kind":"STICKY","normalName":"q""#, r#""kind":"WORKER_COMMANDS""#),
    ("L1", r#""started":true"#, r#""started":false"#),
    ("L6", r#""reply":"query","run_id":"r""#, r#""reply":"query","run_id":"s""#),
    ("L6", r#""seen":3"#, r#""seen":2"#),
    (
        "L14",
        r#""kind":"workflow","workflow_id":"w","run_id":"r","attempt":1"#,
        r#""kind":"workflow","workflow_id":"w","run_id":"s","attempt":1"#,
    ),
    (
        "L14",
        r#""kind":"workflow","workflow_id":"w","run_id":"r","attempt":1"#,
        r#""kind":"workflow","workflow_id":"w","run_id":"r","attempt":2"#,
    ),
    ("L14", r#""event_count":3"#, r#""event_count":3,"updates":["o7"]"#),
    ("L14", r#""event_count":3"#, r#""event_count":3,"queries":1"#),
    ("L14", r#"{"name":"q","kind":"TASK_QUEUE_KIND_NORMAL"}}}"#, r#"{"name":"q","kind":"TASK_QUEUE_KIND_STICKY"}}}"#),
    ("L15", r#""reply":"description","workflow_id":"w""#, r#""reply":"description","workflow_id":"v""#),
    (
        "L15",
        r#""reply":"description","workflow_id":"w","run_id":"r""#,
        r#""reply":"description","workflow_id":"w","run_id":"s""#,
    ),
    ("L15", r#""executionDuration":"8s""#, r#""executionDuration":"7s""#),
    ("L15", r#""taskQueue":"q""#, r#""taskQueue":"p""#),
    ("L15", r#""originalStartTime":"1970-01-01T00:00:01Z""#, r#""originalStartTime":"1970-01-01T00:00:02Z""#),
    ("L15", r#""runExpirationTime":"1970-01-01T00:01:01Z""#, r#""runExpirationTime":"1970-01-01T00:01:02Z""#),
    ("L15", r#""eventId":"1""#, r#""eventId":"2""#),
    ("L15", r#""requestIdInfos":{"o0""#, r#""requestIdInfos":{"o1""#),
    (
        "L15",
        r#""attempt":2,"heartbeatDetails":{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"InRhc2sgMiI="}]},"#,
        r#""attempt":2,"#,
    ),
    ("L15", r#""lastHeartbeatTime":"1970-01-01T00:00:04Z""#, r#""lastHeartbeatTime":"1970-01-01T00:00:01Z""#),
    ("L15", r#""scheduledTime":"1970-01-01T00:00:06Z""#, r#""scheduledTime":"1970-01-01T00:00:07Z""#),
    ("L15", r#""currentRetryInterval":"2s""#, r#""currentRetryInterval":"1s""#),
    ("L15", r#""expirationTime":"1970-01-01T00:00:22Z""#, r#""expirationTime":"1970-01-01T00:00:21Z""#),
    ("L15", r#""taskQueue":{"name":"q","normalName":"q"}"#, r#""taskQueue":{"name":"q","normalName":"p"}"#),
    (
        "L15",
        r#""taskQueue":{"name":"q","normalName":"q"},"startToCloseTimeout":"9s""#,
        r#""taskQueue":{"name":"q","normalName":"q"}"#,
    ),
    (
        "L15",
        r#""applicationFailureInfo":{"type":"red"}"#,
        r#""timeoutFailureInfo":{"timeoutType":"TIMEOUT_TYPE_SCHEDULE_TO_START"}"#,
    ),
    ("L18", r#""applicationFailureInfo":{"type":"red"}"#, r#""applicationFailureInfo":{"type":"blue"}"#),
    ("L18", r#""source":"resurgam""#, r#""source":"Server""#),
    ("L18", r#""data":"InRhc2sgMiI=""#, r#""data":"InRhc2sgMyI=""#),
    ("L22", r#""cancel_requested":false"#, r#""cancel_requested":true"#),
];

#[test]
fn what_is_said_otherwise_is_seen() {
    let before = violated(&[]);
    for (rule, from, to) in CHANGES {
        assert!(!before.contains(*rule), "{rule} objects to the case as it is");
        assert!(violated(&[(from, to)]).contains(*rule), "{rule} does not see {to:?} for {from:?}");
    }
}

#[test]
fn what_timed_out_had_the_progress_that_was_reported_last_and_a_failure_the_words_of_its_worker() {
    let started = "6 ActivityTaskStarted scheduledEventId=5 attempt=1 identity=worker-0 @3\n";
    let timed_out = |details: &str| {
        format!(
            r#"{started} 7 ActivityTaskTimedOut scheduledEventId=5 startedEventId=6 failure={{"timeoutFailureInfo":{{"timeoutType":"HEARTBEAT"{details}}}}}"#
        )
    };
    let close = "6 WorkflowExecutionTerminated @9";
    let of = |end: &str| violated(&[(close, end)]).contains("L4");
    let details = |data: &str| {
        format!(
            r#","lastHeartbeatDetails":{{"payloads":[{{"metadata":{{"encoding":"anNvbi9wbGFpbg=="}},"data":"{data}"}}]}}"#
        )
    };
    assert!(!of(&timed_out(&details("InRhc2sgMiI="))), "that was reported last");
    assert!(of(&timed_out("")), "it had reported");
    assert!(of(&timed_out(&details("InRhc2sgMyI="))), "nobody reported that");
    let failed = |message: &str, forbidden: bool| {
        format!(
            r#"{started} 7 ActivityTaskFailed scheduledEventId=5 startedEventId=6 failure={{"message":"{message}","source":"resurgam","applicationFailureInfo":{{"type":"red","nonRetryable":{forbidden}}}}}"#
        )
    };
    assert!(!of(&failed("red", false)) && of(&failed("blue", false)) && of(&failed("red", true)));
}

#[test]
fn an_activity_that_was_asked_to_cancel_is_told_so() {
    let ask = [
        (
            r#"{"at":5,"type":"invoke""#,
            r#"{"at":4,"type":"invoke","operation":8,"attempt":1,"by":"worker-0","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"request_cancel_activity","seq":1}]}}
            {"at":4,"type":"return","operation":8,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
            {"at":5,"type":"invoke""#,
        ),
        (
            "6 WorkflowExecutionTerminated @9",
            "6 ActivityTaskCancelRequested scheduledEventId=5\n 7 WorkflowExecutionTerminated @9",
        ),
    ];
    assert!(violated(&ask).contains("L22"), "it was asked before");
    let told = (r#""cancel_requested":false"#, r#""cancel_requested":true"#);
    assert!(!violated(&[ask[0], ask[1], told]).contains("L22"));
}
