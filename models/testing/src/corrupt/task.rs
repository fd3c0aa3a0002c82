//! What can be wrong with workflow tasks and decisions.

use super::corruption::{Corruption, Site, places};
use super::edit::{event, insert, swap};
use super::structure::stray_signal;
use resurgam_formats::event::{Body, EventId};
use resurgam_formats::evidence::{Evidence, Run};

/// Writes the event at the site again, right behind it.
fn again(e: &mut Evidence, site: Site) -> Option<()> {
    let body = event(e, site.run, site.place)?.body.clone();
    insert(e, site.run, site.place + 1, body)
}

fn before(run: &Run, place: usize) -> Option<&Body> {
    Some(&run.events.get(place.checked_sub(1)?)?.body)
}

/// The decision before the last one, at some place.
fn earlier_decision(run: &Run, place: usize) -> Option<EventId> {
    let events = run.events.get(..place)?.iter().rev();
    events.filter(|e| matches!(e.body, Body::WorkflowTaskCompleted(_))).nth(1).map(|e| e.id)
}

/// True if the task failed for the first time on the normal queue: then the next attempt is above 1.
fn failed_normally(run: &Run, place: usize) -> bool {
    let scheduled = match before(run, place) {
        Some(Body::WorkflowTaskFailed(task)) if !task.cause.is("RESET_WORKFLOW") => task.scheduled,
        Some(Body::WorkflowTaskTimedOut(task)) if task.timeout_type.is("START_TO_CLOSE") => task.scheduled,
        _ => return false,
    };
    let task = run.events.iter().find(|event| event.id == scheduled);
    matches!(task.map(|event| &event.body), Some(Body::WorkflowTaskScheduled(task)) if task.attempt == 1 && task.task_queue.kind.is("NORMAL"))
}

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        name: "event-inside-task",
        what: "a signal is written while a worker decides",
        expected: &["H8"],
        find: |e| {
            places(e, |run, place, event| {
                matches!(event.body, Body::WorkflowTaskStarted(_)) && run.events.get(place + 1).is_some()
            })
        },
        change: |e, site| insert(e, site.run, site.place + 1, stray_signal()),
    },
    Corruption {
        name: "task-scheduled-twice",
        what: "a workflow task is scheduled while one is pending",
        expected: &["H6"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::WorkflowTaskScheduled(_))),
        change: again,
    },
    Corruption {
        name: "task-started-twice",
        what: "a started workflow task is started again",
        expected: &["H6"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::WorkflowTaskStarted(_))),
        change: again,
    },
    Corruption {
        name: "task-completed-twice",
        what: "a completed workflow task is completed again",
        expected: &["H7"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::WorkflowTaskCompleted(_))),
        change: again,
    },
    Corruption {
        name: "task-of-another-start",
        what: "the end of a workflow task names the start of an earlier one",
        expected: &["H7"],
        find: |e| {
            places(e, |run, place, event| {
                matches!(event.body, Body::WorkflowTaskCompleted(_)) && earlier_decision(run, place).is_some()
            })
        },
        change: |e, site| {
            let earlier = earlier_decision(e.runs.get(site.run)?, site.place)?;
            let place = usize::try_from(earlier.0 - 1).ok()?;
            let started = match &event(e, site.run, place)?.body {
                Body::WorkflowTaskCompleted(task) => task.started,
                _ => return None,
            };
            let Body::WorkflowTaskCompleted(task) = &mut event(e, site.run, site.place)?.body else { return None };
            task.started = started;
            Some(())
        },
    },
    Corruption {
        name: "wrong-task-attempt",
        what: "a workflow task that follows something new is not attempt 1",
        expected: &["H9"],
        find: |e| {
            places(e, |run, place, event| {
                let failed =
                    matches!(before(run, place), Some(Body::WorkflowTaskFailed(_) | Body::WorkflowTaskTimedOut(_)));
                matches!(&event.body, Body::WorkflowTaskScheduled(task) if task.attempt == 1) && !failed
            })
        },
        change: |e, site| {
            let Body::WorkflowTaskScheduled(task) = &mut event(e, site.run, site.place)?.body else { return None };
            task.attempt = 2;
            Some(())
        },
    },
    Corruption {
        name: "lost-task-attempt",
        what: "a repeated workflow task says that it is the first",
        expected: &["H9"],
        find: |e| {
            places(e, |run, place, event| {
                matches!(&event.body, Body::WorkflowTaskScheduled(task) if task.attempt > 1)
                    && failed_normally(run, place)
            })
        },
        change: |e, site| {
            let Body::WorkflowTaskScheduled(task) = &mut event(e, site.run, site.place)?.body else { return None };
            task.attempt = 1;
            Some(())
        },
    },
    Corruption {
        name: "wrong-decision",
        what: "a command event names an earlier decision",
        expected: &["H12", "H14"],
        find: |e| {
            places(e, |run, place, event| {
                let names = !matches!(
                    event.body,
                    Body::WorkflowExecutionUpdateAccepted(_) | Body::WorkflowExecutionUpdateCompleted(_)
                );
                event.body.is_command() && names && earlier_decision(run, place).is_some()
            })
        },
        change: |e, site| {
            let earlier = earlier_decision(e.runs.get(site.run)?, site.place)?;
            let references = event(e, site.run, site.place)?.body.references();
            *references.into_iter().find(|(field, _)| *field == "workflowTaskCompletedEventId")?.1 = earlier;
            Some(())
        },
    },
    Corruption {
        name: "late-command",
        what: "a command event stands behind an event that was buffered meanwhile",
        expected: &["H12"],
        find: |e| {
            places(e, |run, place, event| {
                let next = run.events.get(place + 1).map(|next| &next.body);
                event.body.is_command()
                    && !event.body.is_commanded_close()
                    && next.is_some_and(|n| {
                        !n.is_command()
                            && !n.is_workflow_task()
                            && !n.is_close()
                            && !matches!(n, Body::Unrecognised { .. })
                            && !refers(n, event.id)
                    })
            })
        },
        change: |e, site| swap(e, site.run, site.place),
    },
    Corruption {
        name: "unseen-event-before-close",
        what: "a signal stands between a decision and the close that it made",
        expected: &["H14"],
        find: |e| places(e, |_, _, event| event.body.is_commanded_close()),
        change: |e, site| insert(e, site.run, site.place, stray_signal()),
    },
    Corruption {
        name: "commands-out-of-order",
        what: "two events of one decision, of different kinds, change places",
        expected: &["H13", "H26"],
        find: |e| {
            let recorded = e.header.is_some();
            places(e, |run, place, event| {
                let next = run.events.get(place + 1);
                recorded
                    && event.body.is_command()
                    && next.is_some_and(|next| {
                        next.body.is_command()
                            && !next.body.is_close()
                            && next.body.number() != event.body.number()
                            && !refers(&next.body, event.id)
                    })
            })
        },
        change: |e, site| swap(e, site.run, site.place),
    },
];

fn refers(body: &Body, to: EventId) -> bool {
    let mut found = false;
    body.each_reference(|_, id| found |= id == to);
    found
}
