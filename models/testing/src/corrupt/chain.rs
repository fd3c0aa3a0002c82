//! What can be wrong between the runs of one workflow id.

use super::corruption::{Corruption, Site, places};
use super::edit::event;
use resurgam_formats::event::Body;
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::recording::Reply;

/// How long the runs of an overlap last: longer than any call takes.
const LONG: i64 = 11_000_000_000;

/// Runs of one workflow id that follow each other without being a chain, with times: the later one and the earlier one.
fn neighbours(evidence: &Evidence) -> Vec<Site> {
    let begin = |run: &Run| run.events.first().and_then(|event| event.time);
    let mut sites = Vec::new();
    for (later, run) in evidence.runs.iter().enumerate() {
        let Some(from) = begin(run).filter(|_| run.close().is_some_and(|close| close.time.is_some())) else { continue };
        let before = evidence.runs.iter().enumerate().filter(|(_, other)| {
            other.workflow_id == run.workflow_id
                && other.successor().is_empty()
                && begin(other).is_some_and(|at| at < from)
                && other.close().is_some_and(|close| close.time.is_some())
        });
        if let Some((earlier, _)) = before.max_by_key(|(_, other)| begin(other)) {
            sites.push(Site { run: later, place: earlier });
        }
    }
    sites
}

fn set_close_time(run: &mut Run, time: i64) -> Option<()> {
    run.events.iter_mut().rev().find(|event| event.body.is_close())?.time = Some(time);
    Some(())
}

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        name: "chain-broken",
        what: "a run names as its successor a run that does not exist",
        expected: &["H24"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |run, _, event| whole && event.body.is_close() && !run.successor().is_empty())
        },
        change: |e, site| {
            let nowhere = "00000000-0000-0000-0000-000000000000".to_owned();
            match &mut event(e, site.run, site.place)?.body {
                Body::WorkflowExecutionCompleted(close) => close.new_run = nowhere,
                Body::WorkflowExecutionFailed(close) => close.new_run = nowhere,
                Body::WorkflowExecutionTimedOut(close) => close.new_run = nowhere,
                Body::WorkflowExecutionContinuedAsNew(close) => close.new_run = nowhere,
                _ => return None,
            }
            Some(())
        },
    },
    Corruption {
        name: "chain-points-elsewhere",
        what: "a successor names another run as the one before it",
        expected: &["H24"],
        find: |e| {
            let whole = e.is_whole();
            places(e, |run, place, _| {
                let known = |s: &resurgam_formats::event::WorkflowExecutionStarted| {
                    e.run(&run.workflow_id, &s.continued_run).is_some()
                };
                whole && place == 0 && run.started().is_some_and(known)
            })
        },
        change: |e, site| {
            let Body::WorkflowExecutionStarted(start) = &mut event(e, site.run, 0)?.body else { return None };
            start.continued_run = "00000000-0000-0000-0000-000000000000".to_owned();
            Some(())
        },
    },
    Corruption {
        name: "runs-overlap",
        what: "two runs of one workflow id are open at the same time",
        expected: &["H23"],
        find: neighbours,
        change: |e, site| {
            let from = e.runs.get(site.run)?.events.first()?.time?;
            set_close_time(e.runs.get_mut(site.place)?, from + LONG)?;
            set_close_time(e.runs.get_mut(site.run)?, from + 2 * LONG)
        },
    },
    Corruption {
        name: "acknowledged-start-missing",
        what: "a run that a client was told it had started does not exist",
        expected: &["H23", "L1"],
        find: |e| {
            let started = |run: &Run| {
                e.operations.values().flat_map(resurgam_formats::evidence::Operation::replies).any(
                    |(_, reply)| matches!(reply, Reply::Run { run_id, started: Some(true) } if *run_id == run.run_id),
                )
            };
            let whole = e.is_whole();
            places(e, |run, place, _| whole && place == 0 && started(run))
        },
        change: |e, site| {
            let gone = e.runs.get(site.run)?.execution();
            e.runs.remove(site.run);
            e.reads.retain(|read| read.execution() != gone);
            e.descriptions.retain(|(_, d)| d.run_id != gone.run_id);
            Some(())
        },
    },
];
