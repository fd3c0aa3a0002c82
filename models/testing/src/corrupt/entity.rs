//! What can be wrong with the lives of activities, timers, children, external requests and updates.

use super::corruption::{Corruption, Site, places};
use super::edit::{event, insert, remove, swap};
use resurgam_formats::event::{Body, Event, EventId, Payloads};
use resurgam_formats::evidence::{Evidence, Run};
use serde_json::json;

/// A change of time that no rounding explains.
const CLEARLY: i64 = 100_000_000;

/// Writes the event at the site again, right behind it.
fn again(e: &mut Evidence, site: Site) -> Option<()> {
    let body = event(e, site.run, site.place)?.body.clone();
    insert(e, site.run, site.place + 1, body)
}

fn is_activity_end(body: &Body) -> bool {
    body.is_completion() && activity_of(body).is_some()
}

/// The scheduled event that an end of an activity names, and the started event.
fn activity_of(body: &Body) -> Option<(EventId, EventId)> {
    match body {
        Body::ActivityTaskCompleted(end) => Some((end.scheduled, end.started)),
        Body::ActivityTaskFailed(end) => Some((end.scheduled, end.started)),
        Body::ActivityTaskTimedOut(end) => Some((end.scheduled, end.started)),
        Body::ActivityTaskCanceled(end) => Some((end.scheduled, end.started)),
        _ => None,
    }
}

fn activity_mut(body: &mut Body) -> Option<(&mut EventId, &mut EventId)> {
    match body {
        Body::ActivityTaskCompleted(end) => Some((&mut end.scheduled, &mut end.started)),
        Body::ActivityTaskFailed(end) => Some((&mut end.scheduled, &mut end.started)),
        Body::ActivityTaskTimedOut(end) => Some((&mut end.scheduled, &mut end.started)),
        Body::ActivityTaskCanceled(end) => Some((&mut end.scheduled, &mut end.started)),
        _ => None,
    }
}

fn by_id(run: &Run, id: EventId) -> Option<&Event> {
    run.events.get(usize::try_from(id.0.checked_sub(1)?).ok()?)
}

fn place_of(id: EventId) -> Option<usize> {
    usize::try_from(id.0.checked_sub(1)?).ok()
}

/// Another activity that was scheduled before this place.
fn other_activity(run: &Run, place: usize) -> Option<EventId> {
    let (mine, _) = activity_of(&run.events.get(place)?.body)?;
    let mut all = run.events.get(..place)?.iter();
    all.find(|e| e.id != mine && matches!(e.body, Body::ActivityTaskScheduled(_))).map(|e| e.id)
}

/// The moment at which a timer is due.
fn due(run: &Run, fired: &Body) -> Option<(i64, i64)> {
    let Body::TimerFired(fired) = fired else { return None };
    let start = by_id(run, fired.started)?;
    let Body::TimerStarted(timer) = &start.body else { return None };
    Some((start.time?, timer.timeout.0))
}

fn child_end_of(body: &Body) -> bool {
    matches!(
        body,
        Body::ChildWorkflowExecutionCompleted(_)
            | Body::ChildWorkflowExecutionFailed(_)
            | Body::ChildWorkflowExecutionCanceled(_)
            | Body::ChildWorkflowExecutionTimedOut(_)
            | Body::ChildWorkflowExecutionTerminated(_)
    )
}

fn retried(run: &Run, scheduled: EventId) -> bool {
    matches!(by_id(run, scheduled).map(|e| &e.body), Some(Body::ActivityTaskScheduled(task)) if task.retry_policy.is_some())
}

/// True if this place lies in the flush directly after a successful decision.
fn in_flush(run: &Run, place: usize) -> bool {
    let before = run.events.get(..place).unwrap_or_default().iter().rev();
    matches!(before.map(|e| &e.body).find(|b| b.is_workflow_task()), Some(Body::WorkflowTaskCompleted(_)))
        && !run.events.iter().any(|e| matches!(e.body, Body::WorkflowExecutionPaused(_) | Body::Unrecognised { .. }))
}

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        name: "activity-ends-twice",
        what: "the end of an activity is written again",
        expected: &["H15"],
        find: |e| places(e, |_, _, event| is_activity_end(&event.body)),
        change: again,
    },
    Corruption {
        name: "activity-end-of-another",
        what: "the end of an activity names another activity",
        expected: &["H15"],
        find: |e| places(e, |run, place, _| other_activity(run, place).is_some()),
        change: |e, site| {
            let other = other_activity(e.runs.get(site.run)?, site.place)?;
            *activity_mut(&mut event(e, site.run, site.place)?.body)?.0 = other;
            Some(())
        },
    },
    Corruption {
        name: "activity-never-started",
        what: "an activity ends with a result but has no start",
        expected: &["H15"],
        find: |e| {
            places(e, |_, _, event| matches!(event.body, Body::ActivityTaskCompleted(_) | Body::ActivityTaskFailed(_)))
        },
        change: |e, site| {
            let (_, started) = activity_mut(&mut event(e, site.run, site.place)?.body)?;
            let place = place_of(std::mem::take(started))?;
            remove(e, site.run, place)
        },
    },
    Corruption {
        name: "activity-result-lost",
        what: "an activity with retries has a start but its end is gone",
        expected: &["H15"],
        find: |e| {
            places(e, |run, place, event| {
                activity_of(&event.body)
                    .is_some_and(|(scheduled, started)| !started.is_none() && retried(run, scheduled))
                    && run.events.iter().skip(place + 1).any(|e| e.body.is_workflow_task() || e.body.is_close())
            })
        },
        change: |e, site| remove(e, site.run, site.place),
    },
    Corruption {
        name: "activity-cancelled-unasked",
        what: "an activity that nobody asked to cancel ends as cancelled",
        expected: &["H15"],
        find: |e| {
            places(e, |run, _, event| {
                let Body::ActivityTaskCompleted(end) = &event.body else { return false };
                let asked =
                    |e: &Event| matches!(&e.body, Body::ActivityTaskCancelRequested(r) if r.scheduled == end.scheduled);
                !run.events.iter().any(asked)
            })
        },
        change: |e, site| {
            let body = &mut event(e, site.run, site.place)?.body;
            let (scheduled, started) = activity_of(body)?;
            let end = resurgam_formats::event::ActivityTaskCanceled { scheduled, started, ..Default::default() };
            *body = Body::ActivityTaskCanceled(Box::new(end));
            Some(())
        },
    },
    Corruption {
        name: "activity-attempt-above-maximum",
        what: "an activity has one attempt more than its policy allows",
        expected: &["H16"],
        find: |e| {
            let recorded = e.header.is_some();
            places(e, |run, _, event| {
                let Body::ActivityTaskStarted(start) = &event.body else { return false };
                let scheduled = by_id(run, start.scheduled).map(|e| &e.body);
                let limited = |p: &resurgam_formats::event::RetryPolicy| p.maximum_attempts > 0;
                recorded
                    && matches!(scheduled, Some(Body::ActivityTaskScheduled(t)) if t.retry_policy.as_ref().is_some_and(limited))
            })
        },
        change: |e, site| {
            let Body::ActivityTaskStarted(start) = &event(e, site.run, site.place)?.body else { return None };
            let place = place_of(start.scheduled)?;
            let Body::ActivityTaskScheduled(task) = &event(e, site.run, place)?.body else { return None };
            let maximum = task.retry_policy.as_ref()?.maximum_attempts;
            let Body::ActivityTaskStarted(start) = &mut event(e, site.run, site.place)?.body else { return None };
            start.attempt = maximum + 1;
            start.last_failure.get_or_insert_with(Default::default);
            Some(())
        },
    },
    Corruption {
        name: "activity-failure-forgotten",
        what: "a repeated attempt of an activity does not say why the one before failed",
        expected: &["H16"],
        find: |e| {
            let recorded = e.header.is_some();
            places(e, |_, _, event| matches!(&event.body, Body::ActivityTaskStarted(s) if recorded && s.attempt > 1))
        },
        change: |e, site| {
            let Body::ActivityTaskStarted(start) = &mut event(e, site.run, site.place)?.body else { return None };
            start.last_failure = None;
            Some(())
        },
    },
    Corruption {
        name: "activity-timeout-early",
        what: "a timeout of an activity strikes as soon as the activity is scheduled or started",
        expected: &["H16"],
        find: |e| {
            let recorded = e.header.is_some();
            places(e, |run, _, event| {
                let Body::ActivityTaskTimedOut(end) = &event.body else { return false };
                let Some(Body::ActivityTaskScheduled(task)) = by_id(run, end.scheduled).map(|e| &e.body) else {
                    return false;
                };
                let spans = [task.schedule_to_start, task.schedule_to_close, task.start_to_close, task.heartbeat];
                let enough = spans.iter().all(|span| span.0 == 0 || span.0 > CLEARLY);
                recorded && enough && end.failure.is_some() && event.time.is_some()
            })
        },
        change: |e, site| {
            let (scheduled, started) = activity_of(&event(e, site.run, site.place)?.body)?;
            let from = place_of(if started.is_none() { scheduled } else { started })?;
            // The start of an activity that was repeated may lie far behind its first scheduling.
            let early = event(e, site.run, place_of(scheduled)?)?.time?;
            let time = if started.is_none() { early } else { event(e, site.run, from)?.time? };
            let end = event(e, site.run, site.place)?;
            end.time = Some(if started.is_none() { time } else { early.min(time) });
            Some(())
        },
    },
    Corruption {
        name: "timer-early",
        what: "a timer fires well before its time",
        expected: &["H17"],
        find: |e| {
            places(e, |run, _, event| {
                event.time.is_some() && due(run, &event.body).is_some_and(|(_, timeout)| timeout > CLEARLY)
            })
        },
        change: |e, site| {
            let (from, timeout) = due(e.runs.get(site.run)?, &e.runs.get(site.run)?.events.get(site.place)?.body)?;
            event(e, site.run, site.place)?.time = Some(from + timeout - CLEARLY);
            Some(())
        },
    },
    Corruption {
        name: "timer-fires-twice",
        what: "a timer that has fired fires again",
        expected: &["H17"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::TimerFired(_))),
        change: again,
    },
    Corruption {
        name: "timer-fires-after-cancellation",
        what: "a timer that was cancelled fires",
        expected: &["H17"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::TimerCanceled(_))),
        change: |e, site| {
            let Body::TimerCanceled(timer) = &event(e, site.run, site.place)?.body else { return None };
            let fired =
                resurgam_formats::event::TimerFired { timer_id: timer.timer_id.clone(), started: timer.started };
            let events = &e.runs.get(site.run)?.events;
            let behind = events.iter().skip(site.place).position(|e| !e.body.is_command());
            insert(e, site.run, site.place + behind?, Body::TimerFired(Box::new(fired)))
        },
    },
    Corruption {
        name: "timer-of-another-id",
        what: "a timer fires under another id",
        expected: &["H17"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::TimerFired(_))),
        change: |e, site| {
            let Body::TimerFired(timer) = &mut event(e, site.run, site.place)?.body else { return None };
            timer.timer_id.push_str("-other");
            Some(())
        },
    },
    Corruption {
        name: "flush-out-of-order",
        what: "the end of an activity or child stands before another event of the same flush",
        expected: &["H20"],
        find: |e| {
            places(e, |run, place, event| {
                let body = &event.body;
                let other = !body.is_command() && !body.is_completion() && !body.is_workflow_task() && !body.is_close();
                let next = run.events.get(place + 1);
                other
                    && in_flush(run, place)
                    && next.is_some_and(|next| {
                        let mut refers = false;
                        next.body.each_reference(|_, id| refers |= id == event.id);
                        next.body.is_completion() && !refers
                    })
            })
        },
        change: |e, site| swap(e, site.run, site.place),
    },
    Corruption {
        name: "child-started-twice",
        what: "the start of a child is written again",
        expected: &["H18"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::ChildWorkflowExecutionStarted(_))),
        change: again,
    },
    Corruption {
        name: "child-ends-twice",
        what: "the end of a child is written again",
        expected: &["H18"],
        find: |e| places(e, |_, _, event| child_end_of(&event.body)),
        change: again,
    },
    Corruption {
        name: "child-ends-otherwise",
        what: "the parent is told that the child was terminated; it was not",
        expected: &["H18"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |_, _, event| {
                whole && child_end_of(&event.body) && !matches!(event.body, Body::ChildWorkflowExecutionTerminated(_))
            })
        },
        change: |e, site| {
            let body = &mut event(e, site.run, site.place)?.body;
            let (child, initiated, started) = match body {
                Body::ChildWorkflowExecutionCompleted(end) => (end.child.clone(), end.initiated, end.started),
                Body::ChildWorkflowExecutionFailed(end) => (end.child.clone(), end.initiated, end.started),
                Body::ChildWorkflowExecutionCanceled(end) => (end.child.clone(), end.initiated, end.started),
                Body::ChildWorkflowExecutionTimedOut(end) => (end.child.clone(), end.initiated, end.started),
                _ => return None,
            };
            let end = resurgam_formats::event::ChildWorkflowExecutionTerminated { child, initiated, started };
            *body = Body::ChildWorkflowExecutionTerminated(Box::new(end));
            Some(())
        },
    },
    Corruption {
        name: "child-result-changed",
        what: "the parent is told another result than the child returned",
        expected: &["H18"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |_, _, event| whole && matches!(event.body, Body::ChildWorkflowExecutionCompleted(_)))
        },
        change: |e, site| {
            let Body::ChildWorkflowExecutionCompleted(end) = &mut event(e, site.run, site.place)?.body else {
                return None;
            };
            end.result = Payloads::one(&json!({"value": 987_654_321}));
            Some(())
        },
    },
    Corruption {
        name: "child-points-elsewhere",
        what: "a child says that another event of its parent asked for it",
        expected: &["H18"],
        find: |e| {
            let whole = e.is_whole();
            places(
                e,
                |_, _, event| matches!(&event.body, Body::WorkflowExecutionStarted(s) if whole && !s.parent.workflow_id.is_empty()),
            )
        },
        change: |e, site| {
            let Body::WorkflowExecutionStarted(start) = &mut event(e, site.run, site.place)?.body else { return None };
            start.parent_initiated = start.parent_initiated.plus(-1);
            Some(())
        },
    },
    Corruption {
        name: "external-outcome-twice",
        what: "the outcome of a signal or cancellation to another workflow is written again",
        expected: &["H19"],
        find: |e| {
            places(e, |_, _, event| {
                matches!(
                    event.body,
                    Body::ExternalWorkflowExecutionSignaled(_)
                        | Body::ExternalWorkflowExecutionCancelRequested(_)
                        | Body::SignalExternalWorkflowExecutionFailed(_)
                        | Body::RequestCancelExternalWorkflowExecutionFailed(_)
                )
            })
        },
        change: again,
    },
    Corruption {
        name: "update-accepted-twice",
        what: "an update is accepted again",
        expected: &["H21"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::WorkflowExecutionUpdateAccepted(_))),
        change: again,
    },
    Corruption {
        name: "update-completed-twice",
        what: "an update is completed again",
        expected: &["H21"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::WorkflowExecutionUpdateCompleted(_))),
        change: again,
    },
    Corruption {
        name: "update-never-accepted",
        what: "an update is completed, but its acceptance is gone",
        expected: &["H21"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::WorkflowExecutionUpdateCompleted(_))),
        change: |e, site| {
            let Body::WorkflowExecutionUpdateCompleted(update) = &mut event(e, site.run, site.place)?.body else {
                return None;
            };
            let accepted = place_of(std::mem::take(&mut update.accepted))?;
            remove(e, site.run, accepted)
        },
    },
];
