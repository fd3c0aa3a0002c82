//! What can be wrong with a history as a list: ids, order, references, beginning and end.

use super::corruption::{Corruption, places};
use super::edit::{event, insert, own_references, swap};
use resurgam_formats::event::{Body, EventId, WorkflowExecutionSignaled};

/// A signal that nobody sent.
pub(super) fn stray_signal() -> Body {
    let name = "nobody sent this".to_owned();
    Body::WorkflowExecutionSignaled(Box::new(WorkflowExecutionSignaled { name, ..Default::default() }))
}

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        name: "drop-event",
        what: "an event that is not the last is gone, the others keep their ids",
        expected: &["H1"],
        find: |e| places(e, |run, place, _| place + 1 < run.events.len()),
        change: |e, site| {
            e.runs.get_mut(site.run)?.events.remove(site.place);
            Some(())
        },
    },
    Corruption {
        name: "time-left-out",
        what: "an event does not say when it happened",
        expected: &["H28"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |_, _, event| whole && event.time.is_some())
        },
        change: |e, site| {
            event(e, site.run, site.place)?.time = None;
            Some(())
        },
    },
    Corruption {
        name: "type-left-out",
        what: "a run does not say of which type it is",
        expected: &["H28"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |_, _, event| whole && matches!(event.body, Body::WorkflowExecutionStarted(_)))
        },
        change: |e, site| {
            let Body::WorkflowExecutionStarted(start) = &mut event(e, site.run, site.place)?.body else { return None };
            start.workflow_type.0.clear();
            Some(())
        },
    },
    Corruption {
        name: "duplicate-event",
        what: "an event stands there twice, with one id",
        expected: &["H1"],
        find: |e| places(e, |_, _, _| true),
        change: |e, site| {
            let events = &mut e.runs.get_mut(site.run)?.events;
            let copy = events.get(site.place)?.clone();
            events.insert(site.place, copy);
            Some(())
        },
    },
    Corruption {
        name: "swap-neighbours",
        what: "two neighbours stand in the wrong order, with their ids",
        expected: &["H1"],
        find: |e| places(e, |run, place, _| place + 1 < run.events.len()),
        change: |e, site| {
            e.runs.get_mut(site.run)?.events.swap(site.place, site.place + 1);
            Some(())
        },
    },
    Corruption {
        name: "renumber",
        what: "from some event on all ids are one too high",
        expected: &["H1"],
        find: |e| places(e, |_, place, _| place > 0),
        change: |e, site| {
            for event in e.runs.get_mut(site.run)?.events.iter_mut().skip(site.place) {
                event.id = event.id.plus(1);
            }
            Some(())
        },
    },
    Corruption {
        name: "task-id-back",
        what: "an event has the task id of the one before",
        expected: &["H1"],
        find: |e| {
            places(e, |run, place, event| {
                let before = place.checked_sub(1).and_then(|p| run.events.get(p));
                before.is_some_and(|b| b.task_id > 0 && event.task_id > 0 && b.version == event.version)
            })
        },
        change: |e, site| {
            let task = event(e, site.run, site.place.checked_sub(1)?)?.task_id;
            event(e, site.run, site.place)?.task_id = task;
            Some(())
        },
    },
    Corruption {
        name: "dangling-reference",
        what: "a reference leads to an event that does not exist",
        expected: &["R1"],
        find: |e| places(e, |_, _, event| !own_references(&mut event.body.clone()).is_empty()),
        change: |e, site| {
            let beyond = EventId(1000 + i64::try_from(e.runs.get(site.run)?.events.len()).ok()?);
            *own_references(&mut event(e, site.run, site.place)?.body).pop()?.1 = beyond;
            Some(())
        },
    },
    Corruption {
        name: "reference-of-wrong-kind",
        what: "a reference leads to the first event, which is never what is meant",
        expected: &["R1"],
        find: |e| {
            places(e, |_, _, event| {
                !matches!(event.body, Body::WorkflowExecutionUpdateAccepted(_))
                    && !own_references(&mut event.body.clone()).is_empty()
            })
        },
        change: |e, site| {
            *own_references(&mut event(e, site.run, site.place)?.body).pop()?.1 = EventId(1);
            Some(())
        },
    },
    Corruption {
        name: "wrong-first-event",
        what: "the history begins with a workflow task",
        expected: &["H2"],
        find: |e| places(e, |_, place, _| place == 0),
        change: |e, site| {
            event(e, site.run, 0)?.body = Body::WorkflowTaskScheduled(Box::default());
            Some(())
        },
    },
    Corruption {
        name: "second-start",
        what: "the start is written again",
        expected: &["H2"],
        find: |e| places(e, |_, place, _| place == 0),
        change: |e, site| {
            let start = event(e, site.run, 0)?.body.clone();
            insert(e, site.run, 1, start)
        },
    },
    Corruption {
        name: "event-after-close",
        what: "a signal arrives after the close",
        expected: &["H3"],
        find: |e| places(e, |_, _, event| event.body.is_close()),
        change: |e, site| insert(e, site.run, site.place + 1, stray_signal()),
    },
    Corruption {
        name: "close-twice",
        what: "the close is written again",
        expected: &["H3"],
        find: |e| places(e, |_, _, event| event.body.is_close()),
        change: |e, site| {
            let close = event(e, site.run, site.place)?.body.clone();
            insert(e, site.run, site.place + 1, close)
        },
    },
    Corruption {
        name: "close-not-last",
        what: "the close and the event before it change places",
        expected: &["H3"],
        find: |e| places(e, |run, place, _| place > 0 && run.events.get(place + 1).is_some_and(|e| e.body.is_close())),
        change: |e, site| swap(e, site.run, site.place),
    },
    Corruption {
        name: "end-before-start",
        what: "an activity's end stands before the start that belongs to it",
        expected: &["R1", "H15"],
        find: |e| {
            places(e, |run, place, event| {
                matches!(event.body, Body::ActivityTaskStarted(_))
                    && run.events.get(place + 1).is_some_and(|next| {
                        let mut body = next.body.clone();
                        next.body.is_completion() && own_references(&mut body).iter().any(|(_, id)| **id == event.id)
                    })
            })
        },
        change: |e, site| swap(e, site.run, site.place),
    },
];
