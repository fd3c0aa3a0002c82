//! Misuses that led nowhere: what a client held of one workflow, used in the name of another.

use super::find::calls;
use super::row::{Needs, Row};
use resurgam_formats::evidence::Evidence;
use resurgam_formats::plan::{Held, Misuse};
use resurgam_formats::recording::{Answer, Call, Reply};

/// Misuses that fit and were refused, whatever the words, or were answered with an empty page.
fn in_vain(evidence: &Evidence, fits: impl Fn(&Misuse) -> bool) -> u64 {
    let misused = |call: &Call| matches!(call, Call::Misuse { misuse, .. } if fits(misuse));
    let invalid = evidence.operations.values().filter(|operation| {
        misused(&operation.call)
            && operation.attempts.iter().any(|attempt| matches!(attempt.answer, Answer::Fail { .. }))
    });
    let answered = calls(evidence, |call, reply| {
        let nothing = match reply {
            Reply::NotFound { .. } | Reply::Refused { .. } => true,
            Reply::Page { events } => events.is_empty(),
            _ => false,
        };
        misused(call) && nothing
    });
    invalid.count() as u64 + answered
}

/// A misuse of `w` by `w`, with what is held and its namespaces, and its answer.
macro_rules! misuse {
    ($held:literal, $owner:literal, $user:literal, $answer:literal) => {
        concat!(
            r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"s","call":{"of":"misuse","workflow_id":"w","owner":"w","misuse":{"at_ms":0,"held":""#,
            $held,
            r#"","owner":{"namespace":""#,
            $owner,
            r#"","workflow":0},"user":{"namespace":""#,
            $user,
            r#"","workflow":0}}}}"#,
            "\n",
            r#"{"at":2,"type":"return","operation":1,"attempt":1,"answer":{"#,
            $answer,
            "}}"
        )
    };
}

pub(super) const ALL: &[Row] = &[
    Row {
        id: "foreign-page-token-in-vain",
        title: "the page token of a history led nowhere in the name of another workflow",
        needs: Needs::Plans,
        count: |e| in_vain(e, |misuse| misuse.held == Held::PageToken && misuse.owner != misuse.user),
        seen: misuse!("page_token", "other", "own", r#""answer":"ok","value":{"reply":"not_found","message":""}"#),
        near: misuse!("page_token", "other", "own", r#""answer":"ok","value":{"reply":"page","events":[{}]}"#),
    },
    Row {
        id: "damaged-token-in-vain",
        title: "a token that had been cut short or changed led nowhere",
        needs: Needs::Plans,
        count: |e| in_vain(e, |misuse| misuse.damage.is_some()),
        seen: r#"{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"s","call":{"of":"misuse","workflow_id":"w","owner":"w","misuse":{"at_ms":0,"held":"page_token","damage":"cut","owner":{"workflow":0},"user":{"workflow":0}}}}
                 {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"fail","error":"INVALID_ARGUMENT: no"}}"#,
        near: misuse!("page_token", "own", "own", r#""answer":"fail","error":"INVALID_ARGUMENT: no""#),
    },
    Row {
        id: "foreign-task-token-in-vain",
        title: "the token of a task was refused in the name of another namespace",
        needs: Needs::Plans,
        count: |e| {
            in_vain(e, |misuse| {
                matches!(misuse.held, Held::WorkflowTask | Held::ActivityTask) && misuse.crosses_namespaces()
            })
        },
        seen: misuse!("activity_task", "own", "other", r#""answer":"fail","error":"INVALID_ARGUMENT: no""#),
        near: misuse!("activity_task", "own", "other", r#""answer":"info","error":"UNAVAILABLE""#),
    },
    Row {
        id: "foreign-id-in-vain",
        title: "the id of a run or an update led nowhere in the name of another workflow",
        needs: Needs::Plans,
        count: |e| {
            in_vain(e, |misuse| matches!(misuse.held, Held::RunId | Held::UpdateId) && misuse.owner != misuse.user)
        },
        seen: misuse!("run_id", "own", "other", r#""answer":"ok","value":{"reply":"not_found","message":""}"#),
        near: misuse!("run_id", "own", "own", r#""answer":"ok","value":{"reply":"not_found","message":""}"#),
    },
];
