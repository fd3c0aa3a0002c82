//! Updates.

use super::find::{calls, events};
use super::row::{Needs, Row};
use resurgam_formats::event::Body;
use resurgam_formats::evidence::Evidence;
use resurgam_formats::plan::Action;
use resurgam_formats::recording::{Call, Reply, UpdateReached};
use rustc_hash::FxHashSet;

/// Updates that were handed to workers again: what became of the first task was lost.
fn again(evidence: &Evidence) -> u64 {
    let mut seen = FxHashSet::default();
    let tasks = evidence.tasks.values().map(|handed| &handed.task);
    let all = tasks.flat_map(|task| task.updates.iter().map(move |id| (&task.workflow_id, &task.run_id, id)));
    all.map(|key| u64::from(!seen.insert(key))).sum()
}

fn refused(evidence: &Evidence) -> u64 {
    let refusals = evidence.operations.values().map(|operation| match &operation.call {
        Call::CompleteWorkflowTask { refused, .. } => refused.len() as u64,
        _ => 0,
    });
    refusals.sum()
}

/// Updates that were attempted again and answered to more than one attempt.
fn repeated(evidence: &Evidence) -> u64 {
    let told = |reply: &Reply| matches!(reply, Reply::Update { .. });
    let twice = evidence.operations.values().filter(|of| of.replies().filter(|(_, reply)| told(reply)).count() > 1);
    twice.count() as u64
}

pub(super) const ALL: &[Row] = &[
    Row {
        id: "update-polled",
        title: "a client that knew of the acceptance of its update asked for the outcome, and had it",
        needs: Needs::Plans,
        count: |e| {
            calls(e, |call, reply| match (call, reply) {
                (Call::PollUpdate { .. }, Reply::Update { stage, .. }) => {
                    matches!(stage, UpdateReached::Completed(_) | UpdateReached::Failed(_))
                }
                _ => false,
            })
        },
        seen: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"c","call":{"of":"poll_update","workflow_id":"w","run_id":"r","request_id":"u"}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"update","run_id":"r","stage":{"completed":7}}}}"#,
        near: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"c","call":{"of":"poll_update","workflow_id":"w","run_id":"r","request_id":"u"}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"update","run_id":"r","stage":"accepted"}}}"#,
    },
    Row {
        id: "update-completed",
        title: "an update ran to its end",
        needs: Needs::Plans,
        count: |e| events(e, |_, event| matches!(event.body, Body::WorkflowExecutionUpdateCompleted(_))),
        seen: "1 WorkflowExecutionUpdateCompleted acceptedEventId=1",
        near: "1 WorkflowExecutionUpdateAccepted",
    },
    Row {
        id: "update-refused",
        title: "a validator refused an update",
        needs: Needs::Plans,
        count: refused,
        seen: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"complete_workflow_task","task":1,"commands":[],"refused":["u"]}}"#,
        near: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"v","call":{"of":"complete_workflow_task","task":1,"commands":[]}}"#,
    },
    Row {
        id: "update-handed-again",
        title: "an update was lost with its workflow task and came with another",
        needs: Needs::Plans,
        count: again,
        seen: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3,"updates":["u"]}
                 {"at":2,"type":"task","task":2,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":2,"started":3,"updates":["u"]}"#,
        near: r#"{"at":1,"type":"task","task":1,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3,"updates":["u"]}
                 {"at":2,"type":"task","task":2,"worker":"v","kind":"workflow","workflow_id":"w","run_id":"r","attempt":2,"started":3,"updates":["other"]}"#,
    },
    Row {
        id: "update-deduplicated",
        title: "a repeated update was answered again",
        needs: Needs::Plans,
        count: repeated,
        seen: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"c","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"update","name":"u","value":1,"wait":"accepted"}}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"update","run_id":"r","stage":"accepted"}}}
                 {"at":3,"type":"invoke","operation":1,"attempt":2,"by":"c","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"update","name":"u","value":1,"wait":"accepted"}}}
                 {"at":4,"type":"return","operation":1,"attempt":2,"answer":{"answer":"ok","value":{"reply":"update","run_id":"r","stage":"accepted"}}}"#,
        near: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"c","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"update","name":"u","value":1,"wait":"accepted"}}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"update","run_id":"r","stage":"accepted"}}}
                 {"at":3,"type":"invoke","operation":1,"attempt":2,"by":"c","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"update","name":"u","value":1,"wait":"accepted"}}}
                 {"at":4,"type":"return","operation":1,"attempt":2,"answer":{"answer":"info","error":"UNAVAILABLE"}}"#,
    },
    Row {
        id: "update-found-nothing",
        title: "an update found no open run, or its run closed before it was accepted",
        needs: Needs::Plans,
        count: |e| {
            calls(e, |call, reply| {
                let update = matches!(call, Call::Client { action: Action::Update { .. }, .. });
                update && matches!(reply, Reply::NotFound { .. })
            })
        },
        seen: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"c","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"update","name":"u","value":1,"wait":"accepted"}}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"not_found","message":""}}}"#,
        near: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"c","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"terminate"}}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"not_found","message":""}}}"#,
    },
];
