//! Names of a shard's rows. An operator can read them, and their order is the order in which they are needed.

use super::route::WorkflowKey;
use crate::store::{Key, Partition};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, percent_decode_str, utf8_percent_encode};
use resurgam_state::Millis;
use resurgam_state::task::RunKey;
use resurgam_visibility::ListPlace;
use std::ops::Range;

/// Transfer tasks that are not known to be done.
pub(super) const TRANSFERS: &str = "task/";
/// Timer tasks that are not known to be done.
pub(super) const TIMERS: &str = "timer/";
/// Timer tasks of the deletion of closed runs.
pub(super) const EXPIRIES: &str = "expiry/";
/// The current-run rows.
pub(super) const CURRENTS: &str = "current/";
/// The rows of runs and of their parts.
pub(super) const RUNS: &str = "run/";
/// The records of runs in the list of workflows.
pub(super) const RECORDS: &str = "visible/";
/// The ack level of transfer tasks: all up to it are done.
pub(super) const ACK: &str = "ack/transfer";

/// The partition of shard `number`.
pub(super) fn partition(number: u32) -> Partition {
    Partition::shard(format!("{number:05}"))
}

/// The current-run row of a workflow id.
pub(super) fn current(workflow: &WorkflowKey) -> Key {
    format!("{CURRENTS}{}/{}", escape(&workflow.namespace_id), escape(&workflow.workflow_id))
}

/// The own row of a run; those of its parts are behind it.
pub(super) fn run(key: &RunKey) -> Key {
    format!("{RUNS}{}/{}/{}", escape(&key.namespace_id), escape(&key.workflow_id), escape(&key.run_id))
}

/// The row of a part of the run whose own row has the key `run`: of a kind of parts, under the name that it has among those.
pub(super) fn part(run: &Key, kind: &str, name: &str) -> Key {
    format!("{run}/{kind}/{name}")
}

/// The rows of a run, by the key of its own one, which is the first of them.
pub(super) fn run_rows(run: &Key) -> Range<Key> {
    // What comes next after the slash.
    run.clone()..format!("{run}0")
}

/// The rows of a run's parts, by the key of its own row.
pub(super) fn part_rows(run: &Key) -> Range<Key> {
    format!("{run}/")..format!("{run}0")
}

/// The run that a row of a run or of its parts belongs to: the key of its own row.
pub(super) fn run_of(key: &str) -> &str {
    key.match_indices('/').nth(3).map_or(key, |(end, _)| &key[..end])
}

/// The row of a transfer task.
pub(super) fn transfer(id: i64) -> Key {
    format!("{TRANSFERS}{id:020}")
}

/// The row of a timer task.
pub(super) fn timer(due: Millis, id: i64) -> Key {
    format!("{TIMERS}{:020}/{id:020}", due.max(0))
}

/// The row of the timer task by which a closed run is deleted.
pub(super) fn expiry(due: Millis, id: i64) -> Key {
    format!("{EXPIRIES}{:020}/{id:020}", due.max(0))
}

/// What the keys of the records of a namespace begin with.
pub(super) fn records(namespace_id: &str) -> Key {
    format!("{RECORDS}{}/", escape(namespace_id))
}

/// The record that has this place in the list of a namespace.
pub(super) fn record(namespace_id: &str, place: &ListPlace) -> Key {
    format!("{}{}", records(namespace_id), place.text())
}

/// What is plain in a key: as in URLs, without the slash, which is always ours.
const CODED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b':').remove(b'@');

/// Text as a part of a key.
pub(super) fn escape(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, CODED)
}

/// The text that this part of a key was made of.
pub(super) fn unescape(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_run_into_each_other() {
        let key = |namespace_id: &str, workflow_id: &str| {
            current(&WorkflowKey { namespace_id: namespace_id.into(), workflow_id: workflow_id.into() })
        };
        assert_eq!(key("n", "order-1"), "current/n/order-1");
        assert_eq!(key("n", "az-AZ_09.~:@"), "current/n/az-AZ_09.~:@");
        assert_eq!(key("n/a", "é%"), "current/n%2Fa/%C3%A9%25");
        assert_ne!(key("n/a", "b"), key("n", "a/b"));
        assert_eq!(unescape("%C3%A9%25-a%2Fb"), "é%-a/b");
        assert!(timer(9, 1) < timer(10, 0) && transfer(9) < transfer(10));
    }
}
