//! What can be wrong with what clients and workers were shown: reads, descriptions, queries, the events of tasks.

use super::corruption::{Corruption, Site};
use super::structure::stray_signal;
use resurgam_formats::event::{Body, Event};
use resurgam_formats::evidence::{Evidence, Operation};
use resurgam_formats::recording::{Answer, Call, Reply, TaskId};

/// Descriptions at the end of the case of runs that are closed.
fn closed_descriptions(evidence: &Evidence) -> Vec<Site> {
    let described = evidence.descriptions.iter().enumerate();
    let closed = described.filter(|(_, (_, description))| {
        description.is_final
            && evidence.run(&description.workflow_id, &description.run_id).is_some_and(|run| run.close().is_some())
    });
    closed.map(|(place, _)| Site { run: 0, place }).collect()
}

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        name: "read-not-a-prefix",
        what: "a client once read an event that is not in the history",
        expected: &["H4"],
        find: |e| {
            let mut sites = Vec::new();
            for (index, read) in e.reads.iter().enumerate() {
                let known = e.run(&read.workflow_id, &read.run_id).is_some();
                // The end of a read may show a workflow task that is not written yet.
                let certain = read.events.len().saturating_sub(2);
                sites.extend((1..certain).filter(|_| known).map(|place| Site { run: index, place }));
            }
            sites
        },
        change: |e, site| {
            e.reads.get_mut(site.run)?.events.get_mut(site.place)?.body = stray_signal();
            Some(())
        },
    },
    Corruption {
        name: "description-of-another-status",
        what: "a closed run is described as running",
        expected: &["H5"],
        find: closed_descriptions,
        change: |e, site| {
            e.descriptions.get_mut(site.place)?.1.status = "RUNNING".to_owned();
            Some(())
        },
    },
    Corruption {
        name: "description-of-another-length",
        what: "the description of a closed run counts one event too few",
        expected: &["H5"],
        find: closed_descriptions,
        change: |e, site| {
            e.descriptions.get_mut(site.place)?.1.history_length -= 1;
            Some(())
        },
    },
    Corruption {
        name: "task-without-its-past",
        what: "a worker was not shown the first event of what came with a workflow task",
        expected: &["L8"],
        find: |e| {
            let shown = e.tasks.values().filter(|handed| handed.task.events.is_some() && handed.task.started > 0);
            shown.filter_map(|handed| Some(Site { run: 0, place: usize::try_from(handed.task.task).ok()? })).collect()
        },
        change: |e, site| {
            let handed = e.tasks.get_mut(&TaskId::try_from(site.place).ok()?)?;
            handed.task.events.as_mut()?.0 += 1;
            Some(())
        },
    },
    Corruption {
        name: "told-to-cancel",
        what: "an activity that reports progress is told to cancel, though nobody asked for that",
        expected: &["L22"],
        find: |e| {
            let asked = |event: &Event| matches!(event.body, Body::ActivityTaskCancelRequested(_));
            let calm = |o: &&Operation| {
                let Call::Heartbeat { task } = &o.call else { return false };
                let of = e.tasks.get(task).map(|handed| &handed.task);
                let run = of.and_then(|task| e.run(&task.workflow_id, &task.run_id));
                let answered = o.replies().any(|(_, reply)| matches!(reply, Reply::Heartbeat { .. }));
                answered && run.is_some_and(|run| !run.events.iter().any(asked))
            };
            let found = e.operations.values().filter(calm);
            found.filter_map(|o| Some(Site { run: 0, place: usize::try_from(o.id).ok()? })).collect()
        },
        change: |e, site| {
            let operation = e.operations.get_mut(&u32::try_from(site.place).ok()?)?;
            for attempt in &mut operation.attempts {
                if let Answer::Ok { value: Reply::Heartbeat { cancel_requested } } = &mut attempt.answer {
                    *cancel_requested = true;
                }
            }
            Some(())
        },
    },
    Corruption {
        name: "query-of-the-future",
        what: "a query saw signals that never arrived",
        expected: &["L6"],
        find: |e| {
            let seen = e.operations.values().filter(|o| o.replies().any(|(_, reply)| matches!(reply, Reply::Query(_))));
            seen.filter_map(|o| Some(Site { run: 0, place: usize::try_from(o.id).ok()? })).collect()
        },
        change: |e, site| {
            let operation = e.operations.get_mut(&u32::try_from(site.place).ok()?)?;
            for attempt in &mut operation.attempts {
                if let Answer::Ok { value: Reply::Query(answer) } = &mut attempt.answer {
                    answer.signals += 1000;
                }
            }
            Some(())
        },
    },
];
