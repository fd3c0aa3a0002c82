//! What the list of workflows says of a run, from its state; and the row of the shard that says it.
//!
//! The row stands under the place that the record has in the list, so a run that closes moves. It is written by the commit
//! that writes the state: see [`resurgam_visibility`]. What changes with every step of an open run is not in it.

use super::keys;
use crate::history::engine::span;
use crate::invariant::{Checks, checks, invariant};
use crate::planted::{Bug, planted};
use crate::store::Key;
use bytes::Bytes;
use prost::Message as _;
use resurgam_state::State;
use resurgam_state::parts::Change;
use resurgam_visibility::Record;
use resurgam_visibility::value;

/// What the list says of a run.
#[must_use]
pub(super) fn record(state: &State) -> Record {
    let started = &state.started;
    let closed = |number: i64| if state.close_time == 0 { 0 } else { number };
    let backoff = span::millis(started.first_workflow_task_backoff.as_ref());
    Record {
        workflow_id: state.workflow_id.clone(),
        run_id: state.run_id.clone(),
        workflow_type: started.workflow_type.as_ref().map_or_else(String::new, |kind| kind.name.clone()),
        status: state.status,
        start_time: state.start_time,
        execution_time: state.start_time.saturating_add(backoff),
        close_time: state.close_time,
        task_queue: started.task_queue.as_ref().map_or_else(String::new, |queue| queue.name.clone()),
        parent: started.parent_workflow_execution.clone(),
        root: state.root.clone(),
        history_length: closed(state.next_event_id - 1),
        history_size: closed(state.history_size),
        transitions: closed(state.transaction),
        search_attributes: state
            .search_attributes
            .cloned()
            .filter_map(|(name, it)| Some((name, value::listed(it)?)))
            .collect(),
        has_memo: !state.memo.is_empty(),
    }
}

/// What has to be written of the record of a run to come from `before`, which is of no run id if there was none, to `after`.
pub(super) fn changes(before: &State, after: &State) -> Vec<(Key, Change<Bytes>)> {
    let is_new = before.run_id.is_empty();
    let same = before.status == after.status
        && before.close_time == after.close_time
        && before.search_attributes == after.search_attributes
        && before.memo.is_empty() == after.memo.is_empty();
    if same && !is_new {
        return Vec::new();
    }
    if planted(Bug::RecordLeftOpen) && !after.successor.is_empty() {
        return Vec::new();
    }
    let record = record(after);
    let key = key(after, &record);
    let row = Bytes::from(record.encode_to_vec());
    if checks() == Checks::Thorough {
        let read = Record::of(record.place().text(), &row);
        invariant!(read.as_ref() == Ok(&record), "the record {key} reads back as {read:?}");
    }
    let mut rows = Vec::new();
    let there = (!is_new).then(|| removed(before));
    if let Some(old) = there.clone().filter(|old| *old != key) {
        rows.push((old, Change::Removed));
    }
    let moved = there.as_ref() != Some(&key);
    rows.push((key, if moved { Change::Added(row) } else { Change::Replaced(row) }));
    rows
}

/// The key of the record of a run.
pub(super) fn removed(state: &State) -> Key {
    key(state, &record(state))
}

fn key(state: &State, record: &Record) -> Key {
    keys::record(&state.namespace_id, &record.place())
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_api::temporal::common::v1::Payload;
    use resurgam_state::parts::Parts;

    fn open() -> State {
        State { namespace_id: "n".into(), run_id: "r".into(), status: 1, start_time: 7, ..State::default() }
    }

    #[test]
    fn a_record_is_written_at_start_and_close_and_when_what_it_says_has_changed() {
        let (nothing, mut state) = (State::default(), open());
        let [(first, Change::Added(_))] = &changes(&nothing, &state)[..] else { panic!() };
        let before = state.clone();
        (state.next_event_id, state.history_size, state.transaction) = (9, 100, 3);
        assert!(changes(&before, &state).is_empty(), "that is said when it has closed");
        state.search_attributes = Parts::from([("a".to_owned(), Payload::default())]);
        let [(same, Change::Replaced(_))] = &changes(&before, &state)[..] else { panic!() };
        assert_eq!(same, first);
        let before = state.clone();
        (state.status, state.close_time) = (2, 20);
        let [(gone, Change::Removed), (moved, Change::Added(row))] = &changes(&before, &state)[..] else { panic!() };
        assert!(gone == first && moved > first && *moved == removed(&state));
        let record = Record::decode(&row[..]).unwrap();
        assert_eq!((record.history_length, record.history_size, record.transitions), (8, 100, 3));
    }
}
