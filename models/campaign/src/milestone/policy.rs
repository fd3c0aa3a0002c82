//! Policies of workflow ids: what a start does when the id is taken or was used.

use super::asked::{action, call, with};
use super::find::calls;
use super::row::{Needs, Row};
use resurgam_formats::event::Body;
use resurgam_formats::evidence::Evidence;
use resurgam_formats::plan::{Action, IdConflict, IdReuse, Start};
use resurgam_formats::recording::Reply;

/// Starts with an answer that fits.
fn started(evidence: &Evidence, fits: impl Fn(&str, &Start, &Reply) -> bool) -> u64 {
    calls(evidence, |call, reply| {
        let started = action(call).and_then(|(workflow_id, _, action)| Some((workflow_id, action.start()?)));
        started.is_some_and(|(workflow_id, start)| fits(workflow_id, start, reply))
    })
}

/// True if another run of the id was terminated by something else than a call to terminate.
fn displaced(evidence: &Evidence, workflow_id: &str, by: &str) -> bool {
    let asked = |reason: &str| {
        evidence
            .operations
            .values()
            .filter_map(|operation| action(&operation.call))
            .any(|(id, request, action)| *action == Action::Terminate && id == workflow_id && request == reason)
    };
    evidence.runs.iter().filter(|run| run.workflow_id == workflow_id && run.run_id != by).any(|run| {
        matches!(run.close().map(|event| &event.body), Some(Body::WorkflowExecutionTerminated(of)) if !asked(&of.reason))
    })
}

/// True if the run is one that only a closed run's policy refuses.
fn refused_closed(evidence: &Evidence, reuse: IdReuse, workflow_id: &str, start: &Start, reply: &Reply) -> bool {
    let Reply::AlreadyStarted { run_id } = reply else { return false };
    start.reuse == reuse
        && start.conflict != IdConflict::Fail
        && evidence.run(workflow_id, run_id).is_some_and(|run| run.close().is_some())
}

pub(super) const ALL: &[Row] = &[
    Row {
        id: "conflict-refused",
        title: "a start was refused because a run was open",
        needs: Needs::Plans,
        count: |e| {
            started(e, |_, start, reply| {
                let open = start.conflict == IdConflict::Fail && start.reuse == IdReuse::AllowDuplicate;
                open && matches!(reply, Reply::AlreadyStarted { .. })
            })
        },
        seen: call!(
            r#""call":"start","program":0,"reuse":"allow_duplicate","conflict":"fail""#,
            r#""answer":"ok","value":{"reply":"already_started","run_id":"r1"}"#
        ),
        near: call!(
            r#""call":"start","program":0,"reuse":"reject_duplicate","conflict":"fail""#,
            r#""answer":"ok","value":{"reply":"already_started","run_id":"r1"}"#
        ),
    },
    Row {
        id: "conflict-attached",
        title: "a start was answered with the run that was open",
        needs: Needs::Plans,
        count: |e| {
            started(e, |_, start, reply| {
                start.conflict == IdConflict::UseExisting && matches!(reply, Reply::Run { started: Some(false), .. })
            })
        },
        seen: call!(
            r#""call":"start","program":0,"reuse":"allow_duplicate","conflict":"use_existing""#,
            r#""answer":"ok","value":{"reply":"run","run_id":"r1","started":false}"#
        ),
        near: call!(
            r#""call":"start","program":0,"reuse":"allow_duplicate","conflict":"use_existing""#,
            r#""answer":"ok","value":{"reply":"run","run_id":"r1","started":true}"#
        ),
    },
    Row {
        id: "conflict-terminated",
        title: "a start terminated the run that was open",
        needs: Needs::Plans,
        count: |e| {
            started(e, |workflow_id, start, reply| match reply {
                Reply::Run { run_id, started: Some(true) } => {
                    start.conflict == IdConflict::TerminateExisting && displaced(e, workflow_id, run_id)
                }
                _ => false,
            })
        },
        seen: with!(
            call!(
                r#""call":"start","program":0,"reuse":"allow_duplicate","conflict":"terminate_existing""#,
                r#""answer":"ok","value":{"reply":"run","run_id":"r2","started":true}"#
            ),
            "run w/r1\n1 WorkflowExecutionTerminated"
        ),
        near: with!(
            call!(
                r#""call":"start","program":0,"reuse":"allow_duplicate","conflict":"terminate_existing""#,
                r#""answer":"ok","value":{"reply":"run","run_id":"r2","started":true}"#
            ),
            "run w/r1\n1 WorkflowExecutionCompleted"
        ),
    },
    Row {
        id: "reuse-rejected",
        title: "a start was refused because the id had been used",
        needs: Needs::Plans,
        count: |e| started(e, |id, start, reply| refused_closed(e, IdReuse::RejectDuplicate, id, start, reply)),
        seen: with!(
            call!(
                r#""call":"start","program":0,"reuse":"reject_duplicate","conflict":"use_existing""#,
                r#""answer":"ok","value":{"reply":"already_started","run_id":"r1"}"#
            ),
            "run w/r1\n1 WorkflowExecutionCompleted"
        ),
        near: with!(
            call!(
                r#""call":"start","program":0,"reuse":"reject_duplicate","conflict":"fail""#,
                r#""answer":"ok","value":{"reply":"already_started","run_id":"r1"}"#
            ),
            "run w/r1\n1 WorkflowExecutionCompleted"
        ),
    },
    Row {
        id: "reuse-failed-only",
        title: "a start was refused because the last run had succeeded",
        needs: Needs::Plans,
        count: |e| {
            started(e, |id, start, reply| refused_closed(e, IdReuse::AllowDuplicateFailedOnly, id, start, reply))
        },
        seen: with!(
            call!(
                r#""call":"start","program":0,"reuse":"allow_duplicate_failed_only","conflict":"use_existing""#,
                r#""answer":"ok","value":{"reply":"already_started","run_id":"r1"}"#
            ),
            "run w/r1\n1 WorkflowExecutionCompleted"
        ),
        near: with!(
            call!(
                r#""call":"start","program":0,"reuse":"reject_duplicate","conflict":"use_existing""#,
                r#""answer":"ok","value":{"reply":"already_started","run_id":"r1"}"#
            ),
            "run w/r1\n1 WorkflowExecutionCompleted"
        ),
    },
];
