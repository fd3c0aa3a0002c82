//! Calls of clients: repeated calls, signals, and outcomes that nobody learned.

use super::asked::{action, call, with};
use super::find::calls;
use super::row::{Needs, Row};
use resurgam_formats::event::Body;
use resurgam_formats::evidence::{Evidence, Operation};
use resurgam_formats::plan::Action;
use resurgam_formats::recording::{Answer, Reply};

/// Calls of which two attempts were answered in the same way.
fn answered_twice(evidence: &Evidence, fits: impl Fn(&Action, &Reply) -> bool) -> u64 {
    let twice = |operation: &&Operation| {
        let Some((.., action)) = action(&operation.call) else { return false };
        let mut replies = operation.replies().map(|(_, reply)| reply).filter(|reply| fits(action, reply));
        replies.next().is_some_and(|first| replies.any(|other| same(first, other)))
    };
    evidence.operations.values().filter(twice).count() as u64
}

fn same(a: &Reply, b: &Reply) -> bool {
    match (a, b) {
        (Reply::Run { run_id, .. }, Reply::Run { run_id: other, .. }) => run_id == other,
        (a, b) => a == b,
    }
}

/// Calls that nobody learned the outcome of, and whether they had an effect; only where the history can tell.
fn unknown(evidence: &Evidence, had_effect: bool) -> u64 {
    let lost =
        |operation: &&Operation| operation.attempts.iter().all(|attempt| matches!(attempt.answer, Answer::Info { .. }));
    let told = evidence.operations.values().filter(lost).filter_map(|operation| action(&operation.call));
    told.filter(|(workflow_id, request, action)| left(evidence, workflow_id, request, action) == Some(had_effect))
        .count() as u64
}

/// True if the call left an event that carries its id; `None` if its events carry none.
fn left(evidence: &Evidence, workflow_id: &str, request: &str, action: &Action) -> Option<bool> {
    let named = |body: &Body| match (action, body) {
        (Action::Terminate, Body::WorkflowExecutionTerminated(close)) => close.reason == request,
        (Action::Update { .. }, Body::WorkflowExecutionUpdateAccepted(of)) => {
            of.protocol_instance_id == request || of.request.id == request
        }
        (Action::Signal { name, value }, Body::WorkflowExecutionSignaled(of)) => {
            of.name == *name && of.input.first_json().and_then(|sent| sent.as_i64()) == Some(*value)
        }
        (
            Action::Start(_)
            | Action::Signal { .. }
            | Action::SignalWithStart { .. }
            | Action::Query { .. }
            | Action::Update { .. }
            | Action::Cancel
            | Action::Terminate
            | Action::Describe
            | Action::ReadHistory,
            _,
        ) => false,
    };
    if !matches!(action, Action::Terminate | Action::Update { .. } | Action::Signal { .. }) {
        return None;
    }
    let runs = evidence.runs.iter().filter(|run| run.workflow_id == workflow_id);
    Some(runs.flat_map(|run| &run.events).any(|event| named(&event.body)))
}

/// Calls that were repeated after an answer that proved nothing, and were then answered.
fn insisted(evidence: &Evidence) -> u64 {
    let all = evidence.operations.values().filter(|operation| action(&operation.call).is_some());
    all.filter(|operation| {
        let first = operation.attempts.iter().position(|attempt| matches!(attempt.answer, Answer::Info { .. }));
        let mut later = operation.attempts.iter().skip(first.map_or(usize::MAX, |first| first + 1));
        later.any(|attempt| matches!(attempt.answer, Answer::Ok { .. }))
    })
    .count() as u64
}

pub(super) const ALL: &[Row] = &[
    Row {
        id: "start-deduplicated",
        title: "a repeated start was answered with the run of the first",
        needs: Needs::Plans,
        count: |e| answered_twice(e, |action, reply| matches!((action, reply), (Action::Start(_), Reply::Run { .. }))),
        seen: call!(
            r#""call":"start","program":0,"reuse":"allow_duplicate","conflict":"fail""#,
            r#""answer":"ok","value":{"reply":"run","run_id":"r1","started":true}"#,
            r#""answer":"ok","value":{"reply":"run","run_id":"r1","started":true}"#
        ),
        near: call!(
            r#""call":"start","program":0,"reuse":"allow_duplicate","conflict":"fail""#,
            r#""answer":"ok","value":{"reply":"run","run_id":"r1","started":true}"#,
            r#""answer":"ok","value":{"reply":"run","run_id":"r2","started":true}"#
        ),
    },
    Row {
        id: "signal-deduplicated",
        title: "a repeated signal was acknowledged again",
        needs: Needs::Plans,
        count: |e| answered_twice(e, |action, reply| matches!(action, Action::Signal { .. }) && *reply == Reply::Done),
        seen: call!(
            r#""call":"signal","name":"s","value":1"#,
            r#""answer":"ok","value":{"reply":"done"}"#,
            r#""answer":"ok","value":{"reply":"done"}"#
        ),
        near: call!(
            r#""call":"signal","name":"s","value":1"#,
            r#""answer":"ok","value":{"reply":"done"}"#,
            r#""answer":"info","error":"UNAVAILABLE""#
        ),
    },
    Row {
        id: "signal-with-start-started",
        title: "a signal with start started a run",
        needs: Needs::Plans,
        count: |e| {
            calls(e, |call, reply| {
                matches!(action(call), Some((.., Action::SignalWithStart { .. })))
                    && matches!(reply, Reply::Run { started: Some(true), .. })
            })
        },
        seen: call!(
            r#""call":"signal_with_start","start":{"program":0,"reuse":"allow_duplicate","conflict":"use_existing"},"name":"s","value":1"#,
            r#""answer":"ok","value":{"reply":"run","run_id":"r1","started":true}"#
        ),
        near: call!(
            r#""call":"signal_with_start","start":{"program":0,"reuse":"allow_duplicate","conflict":"use_existing"},"name":"s","value":1"#,
            r#""answer":"ok","value":{"reply":"run","run_id":"r1","started":false}"#
        ),
    },
    Row {
        id: "signal-with-start-attached",
        title: "a signal with start found a run and signalled it",
        needs: Needs::Plans,
        count: |e| {
            calls(e, |call, reply| {
                matches!(action(call), Some((.., Action::SignalWithStart { .. })))
                    && matches!(reply, Reply::Run { started: Some(false), .. })
            })
        },
        seen: call!(
            r#""call":"signal_with_start","start":{"program":0,"reuse":"allow_duplicate","conflict":"use_existing"},"name":"s","value":1"#,
            r#""answer":"ok","value":{"reply":"run","run_id":"r1","started":false}"#
        ),
        near: call!(
            r#""call":"signal_with_start","start":{"program":0,"reuse":"allow_duplicate","conflict":"use_existing"},"name":"s","value":1"#,
            r#""answer":"ok","value":{"reply":"run","run_id":"r1","started":true}"#
        ),
    },
    Row {
        id: "signal-found-nothing",
        title: "a signal found no open run",
        needs: Needs::Plans,
        count: |e| {
            calls(e, |call, reply| {
                matches!(action(call), Some((.., Action::Signal { .. }))) && matches!(reply, Reply::NotFound { .. })
            })
        },
        seen: call!(
            r#""call":"signal","name":"s","value":1"#,
            r#""answer":"ok","value":{"reply":"not_found","message":""}"#
        ),
        near: call!(r#""call":"terminate""#, r#""answer":"ok","value":{"reply":"not_found","message":""}"#),
    },
    Row {
        id: "retried-after-unknown",
        title: "a client repeated a call of unknown outcome and was answered",
        needs: Needs::Faults,
        count: insisted,
        seen: call!(
            r#""call":"terminate""#,
            r#""answer":"info","error":"UNAVAILABLE""#,
            r#""answer":"ok","value":{"reply":"done"}"#
        ),
        near: call!(
            r#""call":"terminate""#,
            r#""answer":"ok","value":{"reply":"done"}"#,
            r#""answer":"info","error":"UNAVAILABLE""#
        ),
    },
    Row {
        id: "unknown-was-done",
        title: "a call whose outcome nobody learned had its effect",
        needs: Needs::Faults,
        count: |e| unknown(e, true),
        seen: with!(
            call!(r#""call":"terminate""#, r#""answer":"info","error":"UNAVAILABLE""#),
            "run w/r\n1 WorkflowExecutionTerminated reason=q"
        ),
        near: with!(
            call!(r#""call":"terminate""#, r#""answer":"info","error":"UNAVAILABLE""#),
            "run w/r\n1 WorkflowExecutionTerminated reason=other"
        ),
    },
    Row {
        id: "unknown-was-not-done",
        title: "a call whose outcome nobody learned had no effect",
        needs: Needs::Faults,
        count: |e| unknown(e, false),
        seen: with!(
            call!(r#""call":"terminate""#, r#""answer":"info","error":"UNAVAILABLE""#),
            "run w/r\n1 WorkflowExecutionTerminated reason=other"
        ),
        near: with!(
            call!(r#""call":"terminate""#, r#""answer":"info","error":"UNAVAILABLE""#),
            "run w/r\n1 WorkflowExecutionTerminated reason=q"
        ),
    },
];
