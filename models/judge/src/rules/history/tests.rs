//! Histories that the real server writes in its less common moments must be silent; small changes to them must not.

use super::all;
use crate::rules::Findings;
use crate::rules::Indexed;
use resurgam_formats::verdict::Outcome;
use resurgam_testing::notation::parse;

/// Names of the rules of this family that are violated.
fn violated(text: &str) -> Vec<String> {
    let evidence = parse(text).unwrap_or_else(|e| panic!("{e}"));
    let judged = all().into_iter().map(|rule| {
        let mut findings = Findings::default();
        rule.judge(&Indexed::plain(&evidence), &mut findings);
        (rule.about().name(), findings.into_parts())
    });
    judged.filter(|(_, parts)| parts.0 == Outcome::Violated).map(|(name, _)| name).collect()
}

fn silent(text: &str) {
    assert_eq!(violated(text), Vec::<String>::new(), "{text}");
}

fn loud(text: &str, rule: &str) {
    let found = violated(text);
    assert!(found.iter().any(|name| name == rule), "{rule} is silent, only {found:?}:\n{text}");
}

/// A close is refused since a signal was buffered; a sticky failure; then a transient attempt succeeds.
const REFUSED_CLOSE: &str = "
    1 WorkflowExecutionStarted
    2 WorkflowTaskScheduled attempt=1 taskQueue.kind=NORMAL
    3 WorkflowTaskStarted scheduledEventId=2
    4 WorkflowTaskFailed scheduledEventId=2 startedEventId=3 cause=UNHANDLED_COMMAND
    5 WorkflowExecutionSignaled signalName=s
    6 WorkflowTaskScheduled attempt=1 taskQueue.kind=NORMAL
    7 WorkflowTaskStarted scheduledEventId=6
    8 WorkflowTaskCompleted scheduledEventId=6 startedEventId=7
    9 TimerStarted timerId=1 startToFireTimeout=1s workflowTaskCompletedEventId=8 @1
    10 TimerFired timerId=1 startedEventId=9 @2
    11 WorkflowTaskScheduled attempt=1 taskQueue.kind=STICKY
    12 WorkflowTaskTimedOut scheduledEventId=11 timeoutType=SCHEDULE_TO_START
    13 WorkflowTaskScheduled attempt=1 taskQueue.kind=NORMAL
    14 WorkflowTaskStarted scheduledEventId=13
    15 WorkflowTaskTimedOut scheduledEventId=13 startedEventId=14 timeoutType=START_TO_CLOSE
    16 WorkflowTaskScheduled attempt=4 taskQueue.kind=NORMAL
    17 WorkflowTaskStarted scheduledEventId=16
    18 WorkflowTaskCompleted scheduledEventId=16 startedEventId=17
    19 WorkflowExecutionCompleted workflowTaskCompletedEventId=18";

/// Activities: cancelled before they start, completed in the buffer while asked to cancel, an id used again at once.
const ACTIVITIES: &str = "
    1 WorkflowExecutionStarted
    2 WorkflowExecutionSignaled signalName=early
    3 WorkflowTaskScheduled attempt=1
    4 WorkflowTaskStarted scheduledEventId=3
    5 WorkflowTaskCompleted scheduledEventId=3 startedEventId=4
    6 ActivityTaskScheduled activityId=a workflowTaskCompletedEventId=5 retryPolicy.maximumAttempts=1 startToCloseTimeout=1s @1
    7 ActivityTaskScheduled activityId=b workflowTaskCompletedEventId=5 retryPolicy.maximumAttempts=0 @1
    8 WorkflowExecutionSignaled signalName=s
    9 WorkflowTaskScheduled attempt=1
    10 WorkflowTaskStarted scheduledEventId=9
    11 WorkflowTaskCompleted scheduledEventId=9 startedEventId=10
    12 ActivityTaskCancelRequested scheduledEventId=6 workflowTaskCompletedEventId=11
    13 ActivityTaskCancelRequested scheduledEventId=7 workflowTaskCompletedEventId=11
    14 ActivityTaskScheduled activityId=a workflowTaskCompletedEventId=11 retryPolicy.maximumAttempts=1
    15 WorkflowExecutionSignaled signalName=t
    16 ActivityTaskStarted scheduledEventId=6 attempt=1 @2
    17 ActivityTaskCompleted scheduledEventId=6 startedEventId=16 @3
    18 ActivityTaskCanceled scheduledEventId=7 latestCancelRequestedEventId=13
    19 WorkflowTaskScheduled attempt=1
    20 WorkflowTaskStarted scheduledEventId=19
    21 WorkflowTaskFailed scheduledEventId=19 startedEventId=20 cause=FORCE_CLOSE_COMMAND
    22 WorkflowExecutionSignaled signalName=u
    23 WorkflowExecutionTerminated";

/// Other events while a transient task is pending without an event; a speculative task for an update; children.
const MEANWHILE: &str = "
    1 WorkflowExecutionStarted
    2 WorkflowTaskScheduled attempt=1 taskQueue.kind=NORMAL
    3 WorkflowTaskStarted scheduledEventId=2
    4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
    5 ActivityTaskScheduled activityId=a workflowTaskCompletedEventId=4 retryPolicy.maximumAttempts=3
    6 StartChildWorkflowExecutionInitiated workflowId=c workflowTaskCompletedEventId=4
    7 ChildWorkflowExecutionStarted initiatedEventId=6 workflowExecution.workflowId=c workflowExecution.runId=x
    8 WorkflowTaskScheduled attempt=1 taskQueue.kind=NORMAL
    9 WorkflowTaskStarted scheduledEventId=8
    10 WorkflowTaskFailed scheduledEventId=8 startedEventId=9
    11 ActivityTaskStarted scheduledEventId=5 attempt=3 lastFailure.message=no
    12 ActivityTaskCompleted scheduledEventId=5 startedEventId=11
    13 WorkflowExecutionSignaled signalName=s
    14 WorkflowTaskScheduled attempt=1 taskQueue.kind=NORMAL
    15 WorkflowTaskStarted scheduledEventId=14
    16 WorkflowTaskCompleted scheduledEventId=14 startedEventId=15
    17 WorkflowTaskScheduled attempt=1 taskQueue.kind=STICKY
    18 WorkflowTaskStarted scheduledEventId=17
    19 WorkflowTaskCompleted scheduledEventId=17 startedEventId=18
    20 WorkflowExecutionUpdateAccepted protocolInstanceId=u acceptedRequestSequencingEventId=17
    21 WorkflowExecutionUpdateCompleted acceptedEventId=20 meta.updateId=u
    22 ChildWorkflowExecutionCompleted initiatedEventId=6 startedEventId=7 workflowExecution.workflowId=c workflowExecution.runId=y
    23 WorkflowTaskScheduled attempt=1 taskQueue.kind=STICKY
    24 WorkflowTaskStarted scheduledEventId=23
    25 WorkflowTaskCompleted scheduledEventId=23 startedEventId=24
    26 WorkflowExecutionContinuedAsNew workflowTaskCompletedEventId=25 newExecutionRunId=z";

/// A fork: the prefix of another run, then the reset.
const FORK: &str = "
    1 WorkflowExecutionStarted
    2 WorkflowTaskScheduled attempt=1 taskQueue.kind=NORMAL
    3 WorkflowTaskStarted scheduledEventId=2
    4 WorkflowTaskFailed scheduledEventId=2 startedEventId=3
    5 WorkflowTaskScheduled attempt=2 taskQueue.kind=NORMAL
    6 WorkflowTaskStarted scheduledEventId=5
    7 WorkflowTaskFailed scheduledEventId=5 startedEventId=6 cause=RESET_WORKFLOW baseRunId=b newRunId=r
    8 WorkflowExecutionSignaled signalName=s
    9 WorkflowTaskScheduled attempt=1 taskQueue.kind=NORMAL";

#[test]
fn uncommon_moments_are_silent() {
    for text in [REFUSED_CLOSE, ACTIVITIES, MEANWHILE, FORK] {
        silent(text);
    }
}

/// A prefix of a right history is a right history: open runs.
#[test]
fn prefixes_are_silent() {
    for text in [REFUSED_CLOSE, ACTIVITIES, MEANWHILE, FORK] {
        let lines: Vec<&str> = text.trim().lines().collect();
        for end in 0..lines.len() {
            silent(&lines[..end].join("\n"));
        }
    }
}

/// Kinds from the future prove nothing, wherever they stand.
#[test]
fn unknown_kinds_are_never_violations() {
    for text in [REFUSED_CLOSE, ACTIVITIES, MEANWHILE, FORK] {
        let lines: Vec<&str> = text.trim().lines().collect();
        for place in 1..lines.len() {
            let mut changed = lines.clone();
            let id = lines[place].split_whitespace().next().unwrap_or_default();
            let replaced = format!("{id} SomethingFromTomorrow a=b");
            changed[place] = &replaced;
            // What referred to the replaced event, or needed it, may miss it; the unknown event itself is never wrong.
            let evidence = parse(&changed.join("\n")).unwrap();
            for rule in all() {
                let mut findings = Findings::default();
                rule.judge(&Indexed::plain(&evidence), &mut findings);
                let of_it: i64 = id.parse().unwrap();
                for finding in findings.found() {
                    assert_ne!(finding.events.last(), Some(&of_it), "{}: {}", rule.about().name(), finding.message);
                }
            }
        }
    }
}

#[test]
fn changed_histories_are_loud() {
    let change = |text: &str, from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    };
    for (text, from, to, rule) in [
        (REFUSED_CLOSE, "16 WorkflowTaskScheduled attempt=4", "16 WorkflowTaskScheduled attempt=1", "H9-attempt"),
        (REFUSED_CLOSE, "6 WorkflowTaskScheduled attempt=1", "6 WorkflowTaskScheduled attempt=2", "H9-attempt"),
        (REFUSED_CLOSE, "@2", "@1.9", "H17-timer"),
        (
            REFUSED_CLOSE,
            "18 WorkflowTaskCompleted scheduledEventId=16",
            "18 WorkflowTaskCompleted scheduledEventId=13",
            "H7-task",
        ),
        (REFUSED_CLOSE, "timeoutType=SCHEDULE_TO_START", "timeoutType=START_TO_CLOSE", "H7-task"),
        (REFUSED_CLOSE, "startedEventId=9 @2", "startedEventId=8 @2", "R1-reference"),
        (ACTIVITIES, "startedEventId=16 @3", "@3", "H15-activity"),
        (
            ACTIVITIES,
            "18 ActivityTaskCanceled scheduledEventId=7",
            "18 ActivityTaskCanceled scheduledEventId=14",
            "H15-activity",
        ),
        (ACTIVITIES, "17 ActivityTaskCompleted", "17 WorkflowExecutionSignaled", "H15-activity"),
        (ACTIVITIES, "activityId=b", "activityId=a", "H15-activity"),
        (ACTIVITIES, "15 WorkflowExecutionSignaled", "15 ChildWorkflowExecutionCompleted", "H20-flush"),
        (MEANWHILE, "20 WorkflowExecutionUpdateAccepted", "20 WorkflowExecutionSignaled", "H21-update"),
        (
            MEANWHILE,
            "26 WorkflowExecutionContinuedAsNew workflowTaskCompletedEventId=25",
            "26 WorkflowExecutionContinuedAsNew workflowTaskCompletedEventId=19",
            "H14-closing",
        ),
        (
            MEANWHILE,
            "22 ChildWorkflowExecutionCompleted initiatedEventId=6 startedEventId=7",
            "22 ChildWorkflowExecutionCompleted initiatedEventId=6 startedEventId=6",
            "H18-child",
        ),
        (
            MEANWHILE,
            "6 StartChildWorkflowExecutionInitiated workflowId=c workflowTaskCompletedEventId=4",
            "6 StartChildWorkflowExecutionInitiated workflowId=c workflowTaskCompletedEventId=3",
            "H12-commands",
        ),
        (FORK, "7 WorkflowTaskFailed", "7 WorkflowTaskTimedOut", "H9-attempt"),
    ] {
        loud(&change(text, from, to), rule);
    }
}

/// Two histories of one whole case, and the line that makes it whole.
fn family(parent: &str, child: &str) -> String {
    let header = super::h16_limits::HEADER;
    format!(
        "{header}\n{{\"at\":9,\"type\":\"end\",\"quiescent\":true,\"deadline\":10}}\nrun p/p1\n{parent}\nrun c/x\n{child}"
    )
}

#[test]
fn both_sides_of_a_child_agree() {
    let parent = "
        1 WorkflowExecutionStarted
        2 StartChildWorkflowExecutionInitiated workflowId=c
        3 ChildWorkflowExecutionStarted initiatedEventId=2 workflowExecution.workflowId=c workflowExecution.runId=x
        4 ChildWorkflowExecutionCompleted initiatedEventId=2 startedEventId=3 workflowExecution.workflowId=c workflowExecution.runId=x result.payloads=[1]";
    let child = "
        1 WorkflowExecutionStarted parentWorkflowExecution.workflowId=p parentWorkflowExecution.runId=p1 parentInitiatedEventId=2
        2 WorkflowExecutionCompleted result.payloads=[1]";
    let judge = |parent: &str, child: &str| violated(&family(parent, child)).contains(&"H18-child".to_owned());
    assert!(!judge(parent, child));
    assert!(
        judge(parent, &child.replace("parentInitiatedEventId=2", "parentInitiatedEventId=1")),
        "wrong initiated event"
    );
    assert!(judge(parent, &child.replace("runId=p1", "runId=p2")), "wrong parent run");
    assert!(judge(parent, &child.replace("[1]", "[2]")), "another result");
    assert!(judge(parent, &child.replace("ExecutionCompleted", "ExecutionFailed")), "another end");
    assert!(judge(&parent.replace("runId=x", "runId=y"), child), "no such run");
    let continued = format!(
        "{}\nrun c/x2\n1 WorkflowExecutionStarted parentWorkflowExecution.workflowId=p parentWorkflowExecution.runId=p1 \
         parentInitiatedEventId=2 firstExecutionRunId=x\n2 WorkflowExecutionCompleted result.payloads=[1]",
        child.replace(
            "WorkflowExecutionCompleted result.payloads=[1]",
            "WorkflowExecutionContinuedAsNew newExecutionRunId=x2"
        )
    );
    let told = parent.replace("runId=x result", "runId=x2 result");
    assert!(!judge(&told, &continued), "the end names the last run of the chain");
    assert!(judge(parent, &continued), "the end names another run");
}

#[test]
fn both_sides_of_a_signal_agree() {
    let parent = "
        1 WorkflowExecutionStarted
        2 SignalExternalWorkflowExecutionInitiated workflowExecution.workflowId=c signalName=s
        3 ExternalWorkflowExecutionSignaled initiatedEventId=2 workflowExecution.workflowId=c";
    let child = "
        1 WorkflowExecutionStarted
        2 WorkflowExecutionSignaled signalName=s externalWorkflowExecution.workflowId=p externalWorkflowExecution.runId=p1";
    let judge = |parent: &str, child: &str| violated(&family(parent, child)).contains(&"H19-external".to_owned());
    assert!(!judge(parent, child));
    assert!(judge(parent, "1 WorkflowExecutionStarted"), "it never arrived");
    let twice = format!("{child}\n{}", child.lines().last().unwrap().replace("2 Work", "3 Work"));
    assert!(judge(parent, &twice), "it arrived twice");
    assert!(!judge(
        &parent.replace("ExternalWorkflowExecutionSignaled", "SignalExternalWorkflowExecutionFailed"),
        child
    ));
}

#[test]
fn both_sides_of_a_cancellation_agree() {
    let parent = "
        1 WorkflowExecutionStarted
        2 RequestCancelExternalWorkflowExecutionInitiated workflowExecution.workflowId=c
        3 ExternalWorkflowExecutionCancelRequested initiatedEventId=2 workflowExecution.workflowId=c";
    let sender = "externalWorkflowExecution.workflowId=p externalWorkflowExecution.runId=p1";
    let child =
        format!("1 WorkflowExecutionStarted\n2 WorkflowExecutionCancelRequested externalInitiatedEventId=2 {sender}");
    let judge = |parent: &str, child: &str| violated(&family(parent, child)).contains(&"H19-external".to_owned());
    assert!(!judge(parent, &child));
    assert!(judge(parent, &child.replace(sender, "")), "nobody asked");
    let nameless = child.replace("externalInitiatedEventId=2 ", "");
    assert!(judge(parent, &nameless), "no event asked");
    assert!(judge(parent, &child.replace("EventId=2", "EventId=3")), "another event asked");
    let parents = "parentWorkflowExecution.workflowId=p parentWorkflowExecution.runId=p1";
    let of_parent = nameless.replace("Started", &format!("Started {parents}"));
    assert!(judge(parent, &of_parent), "a parent that goes on says why");
    assert!(!judge(&format!("{parent}\n4 WorkflowExecutionCompleted"), &of_parent), "a parent that closes need not");
}

#[test]
fn a_timeout_says_what_went_wrong_before() {
    let text = format!(
        "1 WorkflowExecutionStarted
         2 ActivityTaskScheduled activityId=a retryPolicy.maximumAttempts=2
         3 ActivityTaskStarted scheduledEventId=2 attempt=2 lastFailure.message=x lastFailure.applicationFailureInfo.type=flaky
         4 ActivityTaskTimedOut scheduledEventId=2 startedEventId=3 retryState=MAXIMUM_ATTEMPTS_REACHED {} {}",
        "failure.timeoutFailureInfo.timeoutType=START_TO_CLOSE",
        "failure.cause.message=x failure.cause.applicationFailureInfo.type=flaky"
    );
    assert!(!violated(&text).contains(&"H31-retry".to_owned()));
    loud(&text.replace("failure.cause.message=x failure.cause.applicationFailureInfo.type=flaky", ""), "H31-retry");
    loud(&text.replace("cause.message=x", "cause.message=y"), "H31-retry");
    loud(&text.replace(" lastFailure.message=x lastFailure.applicationFailureInfo.type=flaky", ""), "H31-retry");
}

#[test]
fn limits_are_judged_only_where_options_cannot_have_changed() {
    let text = "
        1 WorkflowExecutionStarted
        2 ActivityTaskScheduled activityId=a retryPolicy.maximumAttempts=2
        3 ActivityTaskStarted scheduledEventId=2 attempt=3 lastFailure.message=no
        4 ActivityTaskCompleted scheduledEventId=2 startedEventId=3";
    let limits = |text: &str| violated(text).contains(&"H16-limits".to_owned());
    let recorded = |text: &str| limits(&format!("{}\n{text}", super::h16_limits::HEADER));
    assert!(!limits(text), "an operator may have raised the maximum");
    assert!(recorded(text));
    assert!(!recorded(&text.replace("attempt=3", "attempt=2")));
    assert!(recorded(&text.replace("attempt=3", "attempt=1")));
    assert!(recorded(&text.replace("attempt=3 lastFailure.message=no", "attempt=2")));
}
