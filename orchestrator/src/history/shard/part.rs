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

/// What has to be written of a run, whose own row has this key, to come from `before` to `after`.
pub(super) fn changes(run: &Key, before: &State, after: &State) -> Vec<(Key, Change<Bytes>)> {
    let mut rows = vec![(run.clone(), Change::Replaced(Bytes::from(after.encode_to_vec())))];
    if before.started != after.started {
        // Of what it holds, since a part itself says nothing.
        rows.push((keys::part(run, "started", ""), Change::Replaced((*after.started).encode_to_vec().into())));
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
    if checks() == Checks::Thorough {
        assert_reads_back(run, before, after, &rows);
    }
    rows
}

fn changed<K: Name, V: Message + Clone + PartialEq>(
    rows: &mut Vec<(Key, Change<Bytes>)>,
    run: &Key,
    kind: &str,
    before: &Parts<K, V>,
    after: &Parts<K, V>,
) {
    if planted(Bug::PartsRewritten) {
        let all = after.iter().map(|(name, part)| (keys::part(run, kind, &name.text()), part.encode_to_vec()));
        rows.extend(all.map(|(key, part)| (key, Change::Replaced(Bytes::from(part)))));
    }
    let changes = before.changes(after);
    rows.extend(changes.map(|(name, change)| {
        let row = change.map(|part| Bytes::from(part.encode_to_vec()));
        (keys::part(run, kind, &name.text()), row)
    }));
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

    #[test]
    fn a_part_may_be_taken_away_and_what_every_run_has_may_not() {
        let mut state = State::default();
        for key in ["run/r", "run/r/started"] {
            assert!(apply(&mut state, "run/r", key, None).is_err(), "{key}");
        }
        assert_eq!(apply(&mut state, "run/r", &format!("run/r/activity/{:020}", 7), None), Ok(()));
    }
}
