//! Calls of clients: repeated calls, policies of workflow ids, and outcomes that nobody learned.

use super::row::{Needs, Row};
use super::task::calls;
use resurgam_formats::event::Body;
use resurgam_formats::evidence::{Evidence, Operation};
use resurgam_formats::plan::{Action, IdConflict, IdReuse, Start};
use resurgam_formats::recording::{Answer, Call, Reply};

fn action(call: &Call) -> Option<(&str, &str, &Action)> {
    match call {
        Call::Client { workflow_id, request_id, action } => Some((workflow_id, request_id, action)),
        _ => None,
    }
}

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

/// Starts with an answer that fits.
fn started(evidence: &Evidence, fits: impl Fn(&str, &Start, &Reply) -> bool) -> u64 {
    calls(evidence, |call, reply| match action(call) {
        Some((workflow_id, _, Action::Start(start) | Action::SignalWithStart { start, .. })) => {
            fits(workflow_id, start, reply)
        }
        _ => false,
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
        _ => false,
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

/// A call of `w` with request id `q`: its action, and an answer for each attempt.
macro_rules! call {
    ($action:literal $(, $answer:literal)*) => {
        call!(@ $action, [] "1" "2" "3" $(, $answer)*)
    };
    (@ $action:literal, [$($done:expr),*] $number:literal $($more:literal)*, $answer:literal $(, $rest:literal)*) => {
        call!(@ $action, [$($done,)*
            concat!(
                r#"{"at":1,"type":"invoke","operation":1,"attempt":"#, $number,
                r#","by":"c","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"#, $action, "}}}\n",
                r#"{"at":2,"type":"return","operation":1,"attempt":"#, $number, r#","answer":{"#, $answer, "}}\n"
            )
        ] $($more)* $(, $rest)*)
    };
    (@ $action:literal, [$($done:expr),*] $($more:literal)*) => { concat!($($done),*) };
}

/// An answer of a call about run `r1` in a history.
macro_rules! with {
    ($call:expr, $history:literal) => {
        concat!($call, $history)
    };
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
