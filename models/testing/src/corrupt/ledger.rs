//! What can be wrong between histories, and between a history and what clients and workers were told. Each history for
//! itself stays well-formed: only the other side can tell.

use super::corruption::{Corruption, Site, places};
use super::edit::{event, insert, remove};
use super::structure::stray_signal;
use resurgam_formats::event::{Body, EventId, Payloads, Span};
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::plan::{Action, TaskKind};
use resurgam_formats::recording::{ActivityEnd, Answer, Call, Reply, TaskId, UpdateReached};
use serde_json::json;

/// A value that no program returns.
const NOBODYS: i64 = 987_654_321;

fn acknowledged(evidence: &Evidence, request: &str, fits: impl Fn(&Action, &Reply) -> bool) -> bool {
    !request.is_empty()
        && evidence.operations.values().any(|operation| match &operation.call {
            Call::Client { request_id, action, .. } if request_id == request => {
                operation.replies().any(|(_, reply)| fits(action, reply))
            }
            _ => false,
        })
}

/// True if this signal is the only one of its kind in all histories, and the one call that sent it was acknowledged. The
/// server does not write request ids on signals of clients, so name and value tell which call it was.
fn acknowledged_signal(evidence: &Evidence, run: &Run, body: &Body) -> bool {
    let Body::WorkflowExecutionSignaled(signal) = body else { return false };
    let number = |input: &Payloads| input.first_json().and_then(|value| value.as_i64());
    let Some(sent) = number(&signal.input).filter(|_| signal.external.workflow_id.is_empty()) else { return false };
    let mut calls = evidence.operations.values().filter(|operation| match &operation.call {
        Call::Client { workflow_id, action, .. } => {
            *workflow_id == run.workflow_id && action.signal() == Some((&signal.name, &sent))
        }
        _ => false,
    });
    let told = calls.next().is_some_and(|call| {
        call.attempts.len() == 1
            && call.replies().any(|(_, reply)| matches!(reply, Reply::Done | Reply::Run { .. }))
            && calls.next().is_none()
    });
    let same = |event: &&resurgam_formats::event::Event| matches!(&event.body, Body::WorkflowExecutionSignaled(s) if s.name == signal.name && number(&s.input) == Some(sent));
    let all = evidence.runs.iter().filter(|other| other.workflow_id == run.workflow_id);
    told && all.flat_map(|run| &run.events).filter(same).count() == 1
}

/// The update that a completion completes, by id.
fn update_of(run: &Run, body: &Body) -> Option<(String, EventId)> {
    let Body::WorkflowExecutionUpdateCompleted(done) = body else { return None };
    let place = usize::try_from(done.accepted.0.checked_sub(1)?).ok()?;
    let Body::WorkflowExecutionUpdateAccepted(accepted) = &run.events.get(place)?.body else { return None };
    let id = if accepted.request.id.is_empty() { &accepted.protocol_instance_id } else { &accepted.request.id };
    Some((id.clone(), done.accepted))
}

fn acknowledged_update(evidence: &Evidence, run: &Run, body: &Body) -> bool {
    update_of(run, body).is_some_and(|(id, _)| {
        acknowledged(evidence, &id, |_, reply| {
            matches!(reply, Reply::Update { stage: UpdateReached::Completed(_), .. })
        })
    })
}

/// The tasks that were handed out for the attempt of an activity that a completion ends.
fn tasks_of(evidence: &Evidence, run: &Run, body: &Body) -> Option<Vec<TaskId>> {
    let Body::ActivityTaskCompleted(end) = body else { return None };
    let at = |id: EventId| run.events.get(usize::try_from(id.0.checked_sub(1)?).ok()?);
    let Body::ActivityTaskScheduled(scheduled) = &at(end.scheduled)?.body else { return None };
    let Body::ActivityTaskStarted(started) = &at(end.started)?.body else { return None };
    let handed = evidence.tasks.values().map(|handed| &handed.task).filter(|task| {
        task.kind == TaskKind::Activity
            && task.workflow_id == run.workflow_id
            && task.run_id == run.run_id
            && task.activity_id == scheduled.activity_id
            && i64::from(task.attempt) == started.attempt
    });
    let tasks: Vec<TaskId> = handed.map(|task| task.task).collect();
    (!tasks.is_empty()).then_some(tasks)
}

/// True if a worker was told that its completion of one of these tasks is done.
fn done(evidence: &Evidence, tasks: &[TaskId]) -> bool {
    evidence.operations.values().any(|operation| {
        matches!(&operation.call, Call::EndActivity { task, end: ActivityEnd::Completed(_), .. } if tasks.contains(task))
            && operation.replies().any(|(_, reply)| *reply == Reply::Done)
    })
}

/// Reads that were answered at once.
fn answered_reads(evidence: &Evidence) -> Vec<Site> {
    let reads = evidence.operations.values().filter(|operation| {
        matches!(operation.call, Call::Client { action: Action::Describe | Action::ReadHistory, .. })
            && operation.attempts.len() == 1
            && operation.replies().next().is_some()
    });
    reads.filter_map(|operation| Some(Site { run: 0, place: usize::try_from(operation.id).ok()? })).collect()
}

/// Gives the first attempt of a call another answer.
fn answer(evidence: &mut Evidence, site: Site, answer: Answer) -> Option<()> {
    let operation = evidence.operations.get_mut(&u32::try_from(site.place).ok()?)?;
    operation.attempts.first_mut()?.answer = answer;
    Some(())
}

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        name: "call-that-makes-no-sense",
        what: "a call that makes sense was refused as one that does not",
        expected: &["L12"],
        find: answered_reads,
        change: |e, site| {
            answer(e, site, Answer::Fail { error: "INVALID_ARGUMENT: Execution is not set on request.".into() })
        },
    },
    Corruption {
        name: "broken-server",
        what: "a call was told that the server is broken",
        expected: &["L12"],
        find: answered_reads,
        change: |e, site| answer(e, site, Answer::Info { error: "Internal: unexpected end of a row".into() }),
    },
    Corruption {
        name: "acknowledged-signal-missing",
        what: "a signal that was acknowledged is not in the history, and nothing in the history shows it",
        expected: &["H22"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |run, _, event| whole && acknowledged_signal(e, run, &event.body))
        },
        change: |e, site| remove(e, site.run, site.place),
    },
    Corruption {
        name: "signal-twice",
        what: "a signal stands in the history twice",
        expected: &["H22", "L2"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |run, _, event| {
                let named = matches!(&event.body, Body::WorkflowExecutionSignaled(s) if !s.request_id.is_empty());
                named || (whole && acknowledged_signal(e, run, &event.body))
            })
        },
        change: |e, site| {
            let body = event(e, site.run, site.place)?.body.clone();
            insert(e, site.run, site.place + 1, body)
        },
    },
    Corruption {
        name: "signal-nobody-sent",
        what: "a signal stands in the history that no client and no workflow sent",
        expected: &["L2"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |_, place, event| whole && place > 0 && matches!(event.body, Body::WorkflowTaskScheduled(_)))
        },
        change: |e, site| insert(e, site.run, site.place, stray_signal()),
    },
    Corruption {
        name: "update-lost",
        what: "an update that was acknowledged as completed left no trace",
        expected: &["L3"],
        find: |e| places(e, |run, _, event| acknowledged_update(e, run, &event.body)),
        change: |e, site| {
            let run = e.runs.get(site.run)?;
            let (_, accepted) = update_of(run, &run.events.get(site.place)?.body)?;
            remove(e, site.run, site.place)?;
            remove(e, site.run, usize::try_from(accepted.0 - 1).ok()?)
        },
    },
    Corruption {
        name: "update-result-changed",
        what: "the history has another result of an update than the caller was told",
        expected: &["L3"],
        find: |e| places(e, |run, _, event| acknowledged_update(e, run, &event.body)),
        change: |e, site| {
            let Body::WorkflowExecutionUpdateCompleted(update) = &mut event(e, site.run, site.place)?.body else {
                return None;
            };
            update.outcome.success.as_ref()?;
            update.outcome.success = Some(Payloads::one(&json!(NOBODYS)));
            Some(())
        },
    },
    Corruption {
        name: "activity-result-changed",
        what: "the history has another result of an activity than its worker reported",
        expected: &["L4", "H25"],
        find: |e| places(e, |run, _, event| tasks_of(e, run, &event.body).is_some()),
        change: |e, site| {
            let Body::ActivityTaskCompleted(end) = &mut event(e, site.run, site.place)?.body else { return None };
            end.result = Payloads::one(&json!(NOBODYS));
            Some(())
        },
    },
    Corruption {
        name: "activity-nobody-worked",
        what: "an activity has a result, but no worker was ever handed the attempt",
        expected: &["L4"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |run, _, event| {
                let tasks = tasks_of(e, run, &event.body).unwrap_or_default();
                let by_id = e
                    .operations
                    .values()
                    .any(|o| matches!(&o.call, Call::EndActivity { by_id: true, task, .. } if tasks.contains(task)));
                whole && !tasks.is_empty() && !by_id
            })
        },
        change: |e, site| {
            let run = e.runs.get(site.run)?;
            let tasks = tasks_of(e, run, &run.events.get(site.place)?.body)?;
            e.tasks.retain(|id, _| !tasks.contains(id));
            e.operations.retain(|_, operation| {
                !matches!(&operation.call, Call::EndActivity { task, .. } | Call::Heartbeat { task } if tasks.contains(task))
            });
            Some(())
        },
    },
    Corruption {
        name: "acknowledged-completion-missing",
        what: "a worker was told that its completion of an activity is done, and the history does not have it",
        expected: &["H25", "L4"],
        find: |e| places(e, |run, _, event| tasks_of(e, run, &event.body).is_some_and(|tasks| done(e, &tasks))),
        change: |e, site| {
            let Body::ActivityTaskCompleted(end) = &event(e, site.run, site.place)?.body else { return None };
            let started = usize::try_from(end.started.0 - 1).ok()?;
            remove(e, site.run, site.place)?;
            remove(e, site.run, started)
        },
    },
    Corruption {
        name: "activity-attempt-too-many",
        what: "a worker was handed an attempt above the maximum of the activity",
        expected: &["O2", "L4"],
        find: |e| {
            let limited = |run: &Run, id: &str| {
                run.events.iter().any(|event| {
                    matches!(&event.body, Body::ActivityTaskScheduled(a) if a.activity_id == id
                        && a.retry_policy.as_ref().is_some_and(|policy| policy.maximum_attempts > 0))
                })
            };
            let tasks = e.tasks.values().map(|handed| &handed.task).filter(|task| {
                task.kind == TaskKind::Activity
                    && e.run(&task.workflow_id, &task.run_id).is_some_and(|run| limited(run, &task.activity_id))
            });
            tasks.filter_map(|task| Some(Site { run: 0, place: usize::try_from(task.task).ok()? })).collect()
        },
        change: |e, site| {
            let mut handed = e.tasks.get(&TaskId::try_from(site.place).ok()?)?.clone();
            let run = e.run(&handed.task.workflow_id, &handed.task.run_id)?;
            let maximum = run.events.iter().find_map(|event| match &event.body {
                Body::ActivityTaskScheduled(a) if a.activity_id == handed.task.activity_id => {
                    a.retry_policy.as_ref().map(|policy| policy.maximum_attempts)
                }
                _ => None,
            })?;
            handed.task.task = e.tasks.keys().max()? + 1;
            handed.task.attempt = u32::try_from(maximum + 1).ok()?;
            e.tasks.insert(handed.task.task, handed);
            Some(())
        },
    },
    Corruption {
        name: "workflow-result-changed",
        what: "a run completed with another result than its program computes",
        expected: &["H26", "O1"],
        find: |e| {
            let recorded = e.header.is_some();
            places(e, |_, _, event| recorded && matches!(event.body, Body::WorkflowExecutionCompleted(_)))
        },
        change: |e, site| {
            let Body::WorkflowExecutionCompleted(close) = &mut event(e, site.run, site.place)?.body else {
                return None;
            };
            close.result = Payloads::one(&json!({"value": NOBODYS}));
            Some(())
        },
    },
    Corruption {
        name: "timer-of-another-length",
        what: "a timer runs for another time than the worker asked for",
        expected: &["L5", "H13", "H26"],
        find: |e| {
            let recorded = e.header.is_some();
            places(e, |_, _, event| recorded && matches!(event.body, Body::TimerStarted(_)))
        },
        change: |e, site| {
            let Body::TimerStarted(timer) = &mut event(e, site.run, site.place)?.body else { return None };
            timer.timeout = Span(timer.timeout.0 / 2);
            Some(())
        },
    },
];
