//! The rows of one run: its own, and behind that one for each of its parts. What a step writes of them is what differs from
//! the state before it; what is read of them makes the state again.

use super::keys;
use crate::invariant::{Checks, checks, invariant};
use crate::planted::{Bug, planted};
use crate::store::Key;
use bytes::Bytes;
use prost::Message;
use resurgam_api::temporal::history::v1::WorkflowExecutionStartedEventAttributes;
use resurgam_state::State;
use resurgam_state::parts::{Change, Parts};

/// A name that a part has among those of its kind, as text of a key.
trait Name: Ord + Clone {
    fn text(&self) -> String;
    fn of(text: &str) -> Option<Self>;
}

impl Name for i64 {
    fn text(&self) -> String {
        format!("{self:020}")
    }

    fn of(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Name for String {
    fn text(&self) -> String {
        keys::escape(self).to_string()
    }

    fn of(text: &str) -> Option<Self> {
        Some(keys::unescape(text))
    }
}

/// What is written of a run.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Its rows as they are to be, or that they go.
    pub(super) rows: Vec<(Key, Change<Bytes>)>,
    /// Bytes of those that are written, with their keys.
    pub(super) more: usize,
    /// Bytes of those that were there in their place, or are taken away.
    pub(super) less: usize,
}

impl Changes {
    /// A row, and how large the one was that had its key.
    fn push(&mut self, key: Key, change: Change<Bytes>, before: Option<usize>) {
        let size = size(&key, 0);
        self.less += before.map_or(0, |before| size + before);
        self.more += change.as_ref().after().map_or(0, |row| size + row.len());
        self.rows.push((key, change));
    }
}

/// What a row takes with its key.
pub(super) fn size(key: &str, row: usize) -> usize {
    key.len() + row
}

/// What has to be written of a run, whose own row has this key, to come from `before` (none: it is new) to `after`.
pub(super) fn changes(run: &Key, before: Option<&State>, after: &State) -> Changes {
    let nothing = State::default();
    let mut rows = Changes::default();
    rows.push(run.clone(), Change::Replaced(after.encode_to_vec().into()), before.map(State::encoded_len));
    // Of what it holds, since a part itself says nothing.
    let started = before.map(|before| (*before.started).encoded_len());
    let before = before.unwrap_or(&nothing);
    if started.is_none() || before.started != after.started {
        let row = Change::Replaced((*after.started).encode_to_vec().into());
        rows.push(keys::part(run, "started", ""), row, started);
    }
    changed(&mut rows, run, "buffered", &before.buffered, &after.buffered);
    changed(&mut rows, run, "activity", &before.activities, &after.activities);
    changed(&mut rows, run, "timer", &before.timers, &after.timers);
    changed(&mut rows, run, "child", &before.children, &after.children);
    changed(&mut rows, run, "signal", &before.signals, &after.signals);
    changed(&mut rows, run, "cancel", &before.cancels, &after.cancels);
    changed(&mut rows, run, "signalled", &before.signal_requests, &after.signal_requests);
    changed(&mut rows, run, "update", &before.updates, &after.updates);
    changed(&mut rows, run, "admitted", &before.admitted, &after.admitted);
    changed(&mut rows, run, "memo", &before.memo, &after.memo);
    changed(&mut rows, run, "search-attribute", &before.search_attributes, &after.search_attributes);
    changed(&mut rows, run, "definition", &before.definitions, &after.definitions);
    changed(&mut rows, run, "outcome", &before.outcomes, &after.outcomes);
    changed(&mut rows, run, "batch-request", &before.batch_requests, &after.batch_requests);
    changed(&mut rows, run, "batch-item", &before.batch_items, &after.batch_items);
    if checks() == Checks::Thorough {
        assert_reads_back(run, before, after, &rows.rows);
    }
    rows
}

fn changed<K: Name, V: Message + Clone + PartialEq>(
    rows: &mut Changes,
    run: &Key,
    kind: &str,
    before: &Parts<K, V>,
    after: &Parts<K, V>,
) {
    if planted(Bug::PartsRewritten) {
        let all = after.iter().map(|(name, part)| (keys::part(run, kind, &name.text()), part.encode_to_vec()));
        rows.rows.extend(all.map(|(key, part)| (key, Change::Replaced(Bytes::from(part)))));
    }
    for (name, change) in before.changes(after) {
        let row = change.map(|part| Bytes::from(part.encode_to_vec()));
        rows.push(keys::part(run, kind, &name.text()), row, before.get(name).map(V::encoded_len));
    }
}

/// What is written over the rows of `before` is what a reader will find of `after`.
fn assert_reads_back(run: &Key, before: &State, after: &State, rows: &[(Key, Change<Bytes>)]) {
    let mut state = before.clone();
    for (key, row) in rows {
        let read = apply(&mut state, run, key, row.clone().after().as_deref());
        invariant!(read.is_ok(), "the row {key} cannot be read back: {}", read.err().unwrap_or_default());
    }
    invariant!(state == *after, "the rows of {run} read back as something else");
}

/// Takes a row of a run, or that there is none with this key, over into its state. The run's own row comes first.
///
/// # Errors
/// What is wrong with the row.
pub(super) fn apply(state: &mut State, run: &str, key: &str, row: Option<&[u8]>) -> Result<(), String> {
    let words = |problem: prost::DecodeError| problem.to_string();
    let there = || row.ok_or_else(|| "a run cannot be without it".to_owned());
    let Some(part) = key.strip_prefix(run) else { return Err("it is the row of another run".to_owned()) };
    if part.is_empty() {
        let read = State::decode(there()?).map_err(words)?;
        let parts = std::mem::replace(state, read);
        state.started = parts.started;
        state.buffered = parts.buffered;
        state.activities = parts.activities;
        state.timers = parts.timers;
        state.children = parts.children;
        state.signals = parts.signals;
        state.cancels = parts.cancels;
        state.signal_requests = parts.signal_requests;
        state.updates = parts.updates;
        state.admitted = parts.admitted;
        state.memo = parts.memo;
        state.search_attributes = parts.search_attributes;
        state.definitions = parts.definitions;
        state.outcomes = parts.outcomes;
        state.batch_requests = parts.batch_requests;
        state.batch_items = parts.batch_items;
        return Ok(());
    }
    let (kind, name) = part.strip_prefix('/').and_then(|part| part.split_once('/')).unwrap_or((part, ""));
    match kind {
        "started" => {
            let started = WorkflowExecutionStartedEventAttributes::decode(there()?).map_err(words)?;
            state.started = started.into();
        }
        "buffered" => state.buffered.set(read(name, row)?),
        "activity" => state.activities.set(read(name, row)?),
        "timer" => state.timers.set(read(name, row)?),
        "child" => state.children.set(read(name, row)?),
        "signal" => state.signals.set(read(name, row)?),
        "cancel" => state.cancels.set(read(name, row)?),
        "signalled" => state.signal_requests.set(read(name, row)?),
        "update" => state.updates.set(read(name, row)?),
        "admitted" => state.admitted.set(read(name, row)?),
        "memo" => state.memo.set(read(name, row)?),
        "search-attribute" => state.search_attributes.set(read(name, row)?),
        "definition" => state.definitions.set(read(name, row)?),
        "outcome" => state.outcomes.set(read(name, row)?),
        "batch-request" => state.batch_requests.set(read(name, row)?),
        "batch-item" => state.batch_items.set(read(name, row)?),
        unknown => return Err(format!("{unknown} is no part of a run")),
    }
    Ok(())
}

/// A part under its name, or that there is none.
fn read<K: Name, V: Message + Default>(name: &str, row: Option<&[u8]>) -> Result<(K, Option<V>), String> {
    let name = K::of(name).ok_or("its key is no key")?;
    let part = row.map(V::decode).transpose().map_err(|problem| problem.to_string())?;
    Ok((name, part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_state::{Activity, Timer};

    /// What a reader finds of a state, counted row by row.
    fn whole(state: &State) -> usize {
        let rows = changes(&"run/r".into(), None, state).rows;
        rows.iter().map(|(key, row)| size(key, row.as_ref().after().map_or(0, Bytes::len))).sum()
    }

    #[test]
    fn what_a_run_takes_is_known_from_what_is_written_of_it() {
        let mut states = vec![State { run_id: "r".into(), ..State::default() }];
        let mut then = |change: &dyn Fn(&mut State)| {
            let mut next = states.last().cloned().unwrap_or_default();
            change(&mut next);
            states.push(next);
        };
        then(&|state| state.started.identity = "somebody".into());
        then(&|state| state.started.identity = String::new());
        then(&|state| state.activities.insert(7, Activity { activity_id: "a".repeat(1000), ..Activity::default() }));
        then(&|state| state.timers.insert("t".into(), Timer { due: 8, ..Timer::default() }));
        then(&|state| state.activities.get_mut(&7).into_iter().for_each(|activity| activity.activity_id.truncate(10)));
        then(&|state| state.signal_requests.insert("s".into(), ()));
        then(&|state| drop(state.activities.remove(&7)));
        then(&|state| state.successor.push_str("another"));
        then(&|_| ());
        let (mut bytes, mut before) = (0, None);
        for state in &states {
            let Changes { more, less, .. } = changes(&"run/r".into(), before, state);
            bytes = bytes + more - less;
            assert_eq!(bytes, whole(state), "{state:?}");
            before = Some(state);
        }
    }

    #[test]
    fn a_part_may_be_taken_away_and_what_every_run_has_may_not() {
        let mut state = State::default();
        for key in ["run/r", "run/r/started"] {
            assert!(apply(&mut state, "run/r", key, None).is_err(), "{key}");
        }
        assert_eq!(apply(&mut state, "run/r", &format!("run/r/activity/{:020}", 7), None), Ok(()));
    }
}
