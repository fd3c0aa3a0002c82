//! The rows of a shard for whoever looks at them from outside, such as an audit: decoded, and nothing more.
//!
//! A shard itself never reads all its rows. What is left out here is what an owner who loads the shard would not see:
//! transfers up to the ack level.

use super::{keys, node, part};
use crate::store::Partition;
use prost::Message;
use resurgam_state::task::{TimerTask, TransferTask};
use resurgam_state::{Current, EventId, State, Tail};
use resurgam_visibility::Record;
use std::collections::BTreeMap;

/// All that a shard keeps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ShardRows {
    /// The current run of each workflow id.
    pub current: Vec<(String, Current)>,
    /// The state of each run.
    pub runs: Vec<State>,
    /// Transfers above the ack level.
    pub transfers: Vec<TransferTask>,
    /// Timer tasks that have not fired.
    pub timers: Vec<TimerTask>,
    /// Timer tasks of the deletion of closed runs.
    pub expiries: Vec<TimerTask>,
    /// Keys of rows that cannot be read.
    pub damaged: Vec<String>,
}

impl ShardRows {
    /// Decodes the rows of one shard, given in the order of their keys.
    pub fn decode<'a>(rows: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut all = Self::default();
        let mut ack = keys::transfer(0);
        let mut runs = BTreeMap::new();
        for (key, value) in rows {
            let known = if key == keys::ACK {
                // It stands before all tasks.
                ack = format!("{}{}", keys::TRANSFERS, String::from_utf8_lossy(value));
                true
            } else if key.starts_with(keys::TRANSFERS) {
                key <= ack.as_str() || keep(&mut all.transfers, value)
            } else if key.starts_with(keys::TIMERS) {
                keep(&mut all.timers, value)
            } else if key.starts_with(keys::EXPIRIES) {
                keep(&mut all.expiries, value)
            } else if let Some((_, workflow_id)) = key.strip_prefix(keys::CURRENTS).and_then(|of| of.split_once('/')) {
                let workflow_id = keys::unescape(workflow_id);
                Current::decode(value).map(|row| all.current.push((workflow_id, row))).is_ok()
            } else if let Some((_, place)) = key.strip_prefix(keys::RECORDS).and_then(|of| of.split_once('/')) {
                Record::of(place, value).is_ok()
            } else {
                key.starts_with(keys::RUNS) && keep_part(&mut runs, key, value)
            };
            if !known {
                all.damaged.push(key.to_owned());
            }
        }
        all.runs = runs.into_values().collect();
        all
    }
}

fn keep<T: Message + Default>(all: &mut Vec<T>, value: &[u8]) -> bool {
    T::decode(value).map(|row| all.push(row)).is_ok()
}

/// A row of a run, or of a part of one whose own row was there before.
fn keep_part<'a>(runs: &mut BTreeMap<&'a str, State>, key: &'a str, value: &[u8]) -> bool {
    let run = keys::run_of(key);
    if run != key {
        return runs.get_mut(run).is_some_and(|state| part::apply(state, run, key, Some(value)).is_ok());
    }
    let mut state = State::default();
    let read = part::apply(&mut state, run, key, Some(value)).is_ok();
    if read {
        runs.insert(run, state);
    }
    read
}

/// The partition that holds the nodes of a run's history.
#[must_use]
pub fn history_partition(run_id: &str) -> Partition {
    node::partition(run_id)
}

/// Ids of the events that the chain ending at `tail` holds, in order, as far as it can be followed.
#[must_use]
pub fn chain<'a>(nodes: &BTreeMap<&'a str, &'a [u8]>, tail: Option<Tail>) -> Vec<EventId> {
    let (mut reversed, mut cursor) = (Vec::new(), tail);
    while let Some(tail) = cursor {
        let found = nodes.get(node::key(tail).as_str()).and_then(|bytes| node::Node::decode(*bytes).ok());
        // What cannot be read, or holds no events, is as good as missing.
        let Some(node) = found else { break };
        let Some(history) = node.history else { break };
        reversed.extend(history.events.iter().rev().map(|event| event.event_id));
        // A node that does not lie further back would lead nowhere.
        cursor = node.predecessor.filter(|before| before.first_event_id < tail.first_event_id);
    }
    reversed.reverse();
    reversed
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_api::temporal::history::v1::{History, HistoryEvent};
    use resurgam_state::task::{RunKey, TimerKind, TransferKind};

    fn run() -> RunKey {
        RunKey { namespace_id: "n".into(), workflow_id: "w".into(), run_id: "r".into() }
    }

    #[test]
    fn every_row_is_what_it_was_written_as() {
        let transfer = |id| (keys::transfer(id), TransferTask { run: run(), kind: Some(TransferKind::StartChild(id)) });
        let timer = TimerTask { run: run(), due: 7, kind: Some(TimerKind::UserTimer(5)) };
        let workflow = super::super::route::WorkflowKey { namespace_id: "n".into(), workflow_id: "w".into() };
        let current = Current { run_id: "r".into(), ..Current::default() };
        let mut rows = BTreeMap::from([
            (keys::ACK.to_owned(), format!("{:020}", 2).into_bytes()),
            (keys::timer(7, 9), timer.encode_to_vec()),
            (keys::current(&workflow), current.encode_to_vec()),
            (keys::run(&run()), State { run_id: "r".into(), ..State::default() }.encode_to_vec()),
            ("current/torn".to_owned(), current.encode_to_vec()),
            ("run/torn".to_owned(), vec![0xff]),
            ("what".to_owned(), Vec::new()),
        ]);
        rows.extend([1, 2, 3].map(transfer).map(|(key, transfer)| (key, transfer.encode_to_vec())));
        let all = ShardRows::decode(rows.iter().map(|(key, value)| (key.as_str(), value.as_slice())));
        assert_eq!((all.current, all.timers), (vec![("w".to_owned(), current)], vec![timer]));
        assert_eq!(all.transfers, [transfer(3).1], "the others are acknowledged");
        assert_eq!(
            (all.runs.len(), all.damaged),
            (1, ["current/torn", "run/torn", "what"].map(str::to_owned).to_vec())
        );
    }

    #[test]
    fn a_chain_goes_back_to_where_a_node_is_missing() {
        let event = |id| HistoryEvent { event_id: id, ..HistoryEvent::default() };
        let tail = |first_event_id| Tail { first_event_id, transaction: 4 };
        let node = |first: EventId, last: EventId, before: Option<Tail>| {
            let events = (first..=last).map(event).collect();
            node::Node { predecessor: before, history: Some(History { events }) }.encode_to_vec()
        };
        let stored = [
            (node::key(tail(1)), node(1, 2, None)),
            (node::key(tail(3)), node(3, 3, Some(tail(1)))),
            (node::key(tail(4)), node(4, 6, Some(tail(3)))),
        ];
        let mut nodes: BTreeMap<&str, &[u8]> =
            stored.iter().map(|(key, node)| (key.as_str(), node.as_slice())).collect();
        assert_eq!(chain(&nodes, Some(tail(4))), [1, 2, 3, 4, 5, 6]);
        let empty = node::Node { predecessor: Some(tail(1)), history: None }.encode_to_vec();
        nodes.insert(&stored[1].0, &empty);
        assert_eq!(chain(&nodes, Some(tail(4))), [4, 5, 6]);
        nodes.remove(stored[1].0.as_str());
        assert_eq!(chain(&nodes, Some(tail(4))), [4, 5, 6]);
        assert!(chain(&nodes, None).is_empty());
    }
}
