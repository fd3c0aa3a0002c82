//! What the shards of a node hold in memory at most, for each workflow and for all of them.

use super::engine::{self, Limits};
use super::shard;
use crate::cluster::bound::{Bound, REFUSED, WAITS};
use crate::log;

/// In the order of the documentation.
pub(crate) fn bounds() -> Vec<Bound> {
    let limits = Limits::default();
    let batch = log::Bounds::default();
    let few = |of, most: usize, unit, beyond| Bound { of, most: most as u64, unit, beyond };
    let many = |of, most: i64, unit, beyond| Bound { of, most: most.unsigned_abs(), unit, beyond };
    vec![
        few("calls that wait for a shard", shard::INBOX + shard::LINES, "calls", WAITS),
        few("calls that wait for one workflow, while its shard is busy", shard::LINE, "calls", REFUSED),
        few(
            "workflows of a shard in memory",
            shard::CAPACITY,
            "workflows",
            "those that nobody waits for are forgotten, and read again",
        ),
        few(
            "bytes of the rows of workflows of a shard in memory, unless one has more",
            shard::CACHED,
            "bytes",
            "those that nobody waits for are forgotten, and read again",
        ),
        few("transfers of a shard on their way", shard::TRANSFERS, "transfers", "wait until there is room"),
        few("transfers of a shard in memory", shard::WAITING, "transfers", "stay in the store until it is their turn"),
        few("timers of a shard in memory", shard::TIMERS, "timers", "stay in the store until it is their turn"),
        few(
            "closed runs that a shard deletes in 100 milliseconds, and histories of such that are being deleted",
            shard::DELETIONS,
            "runs",
            "wait for the next 100 milliseconds",
        ),
        few("steps in one batch of a shard", batch.transitions, "steps", "the next batch"),
        few("bytes of one batch of a shard, unless one step has more", batch.bytes, "bytes", "the next batch"),
        few(
            "records that a list or count of workflows reads of one shard at a time",
            shard::CHUNK,
            "records",
            "the next ones",
        ),
        few("events in a reply", shard::PAGE, "events", "the next page"),
        few("bytes of events in a reply, unless one event has more", shard::BYTES, "bytes", "the next page"),
        few("queries of a workflow that wait for a workflow task", engine::WAITING_QUERIES, "queries", REFUSED),
        few("updates of a workflow in flight", limits.updates_in_flight, "updates", REFUSED),
        few("updates of a run", limits.updates, "updates", "FAILED_PRECONDITION"),
        few("buffered events of a run", limits.buffered, "events", "the workflow task fails, and they are written"),
        few(
            "bytes of the buffered events of a run",
            limits.buffered_bytes,
            "bytes",
            "the workflow task fails, and they are written",
        ),
        few(
            "pending activities, children, signals and cancellations of a run, each",
            limits.pending,
            "entries",
            "the workflow task fails",
        ),
        few(
            "starts of a schedule that wait or are on their way",
            resurgam_schedule::BUFFER,
            "starts",
            "dropped, and counted",
        ),
        few("backfills of a schedule", resurgam_schedule::BUFFER, "backfills", "dropped, and counted"),
        few(
            "times of its specification that a schedule passes in one step",
            resurgam_schedule::STEP,
            "times",
            "the next step",
        ),
        few("past and future actions that a schedule shows, each", resurgam_schedule::SHOWN, "actions", "not shown"),
        few(
            "requests by which a schedule was changed and that it recognises",
            resurgam_schedule::REQUESTS,
            "requests",
            "the oldest is forgotten",
        ),
        few(
            "workflows that a batch operation has selected and not begun with",
            resurgam_batch::PAGE + resurgam_batch::PAGE / 4,
            "workflows",
            "stay in the list, or in the request, until it is their turn",
        ),
        few(
            "workflows to which a batch operation does something at the same time",
            resurgam_batch::CONCURRENT,
            "workflows",
            "wait until there is room",
        ),
        few(
            "workflows with which a batch operation begins in a second",
            resurgam_batch::RATE as usize,
            "workflows",
            "the next second",
        ),
        few(
            "calls of a batch operation about one workflow that nobody answers definitely",
            resurgam_batch::ATTEMPTS,
            "calls",
            "counted as a failure",
        ),
        many("signals of a run", limits.signals, "signals", "INVALID_ARGUMENT"),
        many("events of a run", limits.history_events, "events", "the run is terminated"),
        many("bytes of a history", limits.history_bytes, "bytes", "the run is terminated"),
    ]
}
