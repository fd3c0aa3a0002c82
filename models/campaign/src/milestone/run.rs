//! Runs, chains, children, and what workflows do to each other.

use super::find::{at, events};
use super::row::{Needs, Row};
use resurgam_formats::event::{Body, EventId, StartChildWorkflowExecutionInitiated};
use resurgam_formats::evidence::{Evidence, Run};
use rustc_hash::{FxHashMap, FxHashSet};

/// Children that were running when their parent closed, under a policy, and of whose runs something is true.
fn orphans(evidence: &Evidence, policy: &str, scripted: impl Fn(&Run) -> bool) -> u64 {
    let mut count = 0;
    for run in evidence.runs.iter().filter(|run| run.close().is_some()) {
        let mut running: FxHashMap<EventId, (&str, &str)> = FxHashMap::default();
        for event in &run.events {
            match &event.body {
                Body::ChildWorkflowExecutionStarted(started) => {
                    running.insert(started.initiated, (&started.child.workflow_id, &started.child.run_id));
                }
                Body::ChildWorkflowExecutionCompleted(end) => _ = running.remove(&end.initiated),
                Body::ChildWorkflowExecutionFailed(end) => _ = running.remove(&end.initiated),
                Body::ChildWorkflowExecutionCanceled(end) => _ = running.remove(&end.initiated),
                Body::ChildWorkflowExecutionTimedOut(end) => _ = running.remove(&end.initiated),
                Body::ChildWorkflowExecutionTerminated(end) => _ = running.remove(&end.initiated),
                _ => {}
            }
        }
        count += running
            .iter()
            .filter(|(initiated, _)| {
                initiated_with(run, **initiated).is_some_and(|of| of.parent_close_policy.is(policy))
            })
            .filter(|(_, (workflow_id, run_id))| evidence.run(workflow_id, run_id).is_some_and(&scripted))
            .count() as u64;
    }
    count
}

fn initiated_with(run: &Run, initiated: EventId) -> Option<&StartChildWorkflowExecutionInitiated> {
    match at(run, initiated)? {
        Body::StartChildWorkflowExecutionInitiated(initiated) => Some(initiated),
        _ => None,
    }
}

fn terminated(run: &Run) -> bool {
    matches!(run.close().map(|event| &event.body), Some(Body::WorkflowExecutionTerminated(_)))
}

fn asked_to_cancel(run: &Run) -> bool {
    run.events.iter().any(|event| matches!(event.body, Body::WorkflowExecutionCancelRequested(_)))
}

/// Runs that follow one that failed or timed out.
fn retried(evidence: &Evidence) -> u64 {
    let ended = |run: &&Run| {
        matches!(
            run.close().map(|event| &event.body),
            Some(Body::WorkflowExecutionFailed(_) | Body::WorkflowExecutionTimedOut(_))
        )
    };
    evidence.runs.iter().filter(ended).filter(|run| !run.successor().is_empty()).count() as u64
}

/// Workflow ids whose later runs did not follow from the earlier ones.
fn used_again(evidence: &Evidence) -> u64 {
    let mut first: FxHashSet<&str> = FxHashSet::default();
    let fresh = evidence.runs.iter().filter(|run| run.started().is_some_and(|of| of.continued_run.is_empty()));
    fresh.map(|run| u64::from(!first.insert(&run.workflow_id))).sum()
}

/// One event kind.
macro_rules! event {
    ($id:literal, $title:literal, $kind:ident, $near:literal) => {
        Row {
            id: $id,
            title: $title,
            needs: Needs::Plans,
            count: |e| events(e, |_, event| matches!(event.body, Body::$kind(_))),
            seen: concat!("1 ", stringify!($kind)),
            near: concat!("1 ", $near),
        }
    };
}

/// A parent that closes before its child; the child's run is the first argument.
macro_rules! family {
    ($policy:literal, $child:literal) => {
        concat!(
            "run w/r
             1 StartChildWorkflowExecutionInitiated workflowId=c parentClosePolicy=PARENT_CLOSE_POLICY_",
            $policy,
            "
             2 ChildWorkflowExecutionStarted initiatedEventId=1 workflowExecution.workflowId=c workflowExecution.runId=x
             3 WorkflowExecutionCompleted
             run c/x
             1 WorkflowExecutionStarted
             2 ",
            $child
        )
    };
}

pub(super) const ALL: &[Row] = &[
    event!("run-completed", "a run completed", WorkflowExecutionCompleted, "WorkflowExecutionFailed"),
    event!("run-failed", "a run failed", WorkflowExecutionFailed, "WorkflowExecutionCompleted"),
    event!("run-timeout", "a run timed out", WorkflowExecutionTimedOut, "WorkflowExecutionFailed"),
    event!("run-cancelled", "a run ended as cancelled", WorkflowExecutionCanceled, "WorkflowExecutionTerminated"),
    event!("run-terminated", "a run was terminated", WorkflowExecutionTerminated, "WorkflowExecutionCanceled"),
    event!(
        "continued-as-new",
        "a run continued as another",
        WorkflowExecutionContinuedAsNew,
        "WorkflowExecutionFailed"
    ),
    Row {
        id: "run-retried",
        title: "a run that failed or timed out was tried again",
        needs: Needs::Plans,
        count: retried,
        seen: "1 WorkflowExecutionFailed newExecutionRunId=r2",
        near: "1 WorkflowExecutionContinuedAsNew newExecutionRunId=r2",
    },
    Row {
        id: "id-used-again",
        title: "a workflow id was started again after its run had closed",
        needs: Needs::Plans,
        count: used_again,
        seen: "run w/r1\n1 WorkflowExecutionStarted\nrun w/r2\n1 WorkflowExecutionStarted",
        near: "run w/r1\n1 WorkflowExecutionStarted\nrun w/r2\n1 WorkflowExecutionStarted continuedExecutionRunId=r1",
    },
    event!(
        "child-completed",
        "a parent learned that its child completed",
        ChildWorkflowExecutionCompleted,
        "ChildWorkflowExecutionFailed"
    ),
    event!(
        "child-failed",
        "a parent learned that its child failed",
        ChildWorkflowExecutionFailed,
        "ChildWorkflowExecutionCompleted"
    ),
    event!(
        "child-cancelled",
        "a parent learned that its child was cancelled",
        ChildWorkflowExecutionCanceled,
        "ChildWorkflowExecutionTerminated"
    ),
    Row {
        id: "parent-closed-terminates",
        title: "a parent closed and its child was terminated",
        needs: Needs::Plans,
        count: |e| orphans(e, "TERMINATE", terminated),
        seen: family!("TERMINATE", "WorkflowExecutionTerminated"),
        near: family!("TERMINATE", "WorkflowExecutionCompleted"),
    },
    Row {
        id: "parent-closed-cancels",
        title: "a parent closed and its child was asked to cancel",
        needs: Needs::Plans,
        count: |e| orphans(e, "REQUEST_CANCEL", asked_to_cancel),
        seen: family!("REQUEST_CANCEL", "WorkflowExecutionCancelRequested"),
        near: family!("REQUEST_CANCEL", "WorkflowExecutionCompleted"),
    },
    Row {
        id: "parent-closed-abandons",
        title: "a parent closed and its child went on",
        needs: Needs::Plans,
        count: |e| orphans(e, "ABANDON", |run| !terminated(run)),
        seen: family!("ABANDON", "WorkflowExecutionCompleted"),
        near: family!("TERMINATE", "WorkflowExecutionCompleted"),
    },
    event!(
        "cancel-external-delivered",
        "a workflow asked another to cancel",
        ExternalWorkflowExecutionCancelRequested,
        "RequestCancelExternalWorkflowExecutionInitiated"
    ),
];
