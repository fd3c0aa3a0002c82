//! What can be wrong with the lives of activities.

use super::corruption::{Corruption, places};
use super::edit::{again, by_id, event, place_of, remove};
use resurgam_formats::event::{Body, Event, EventId};
use resurgam_formats::evidence::Run;

/// A change of time that no rounding explains.
const CLEARLY: i64 = 100_000_000;

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

/// Another activity that was scheduled before this place.
fn other_activity(run: &Run, place: usize) -> Option<EventId> {
    let (mine, _) = activity_of(&run.events.get(place)?.body)?;
    let mut all = run.events.get(..place)?.iter();
    all.find(|e| e.id != mine && matches!(e.body, Body::ActivityTaskScheduled(_))).map(|e| e.id)
}

fn retried(run: &Run, scheduled: EventId) -> bool {
    matches!(by_id(run, scheduled).map(|e| &e.body), Some(Body::ActivityTaskScheduled(task)) if task.retry_policy.is_some())
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
];
