//! Reading a part of a history at the price of that part.
//!
//! The history is what its last node reaches by predecessors, and nothing else: a node that was abandoned with its batch
//! must never be shown, though it begins with the same event id. But a page far from the end must not cost a walk from
//! there. So a page is read forward, from a node of the chain that is known to the reader. A node without a successor was
//! abandoned; if one candidate remains it belongs to the history, because the history goes on. If two remain, a little more
//! is read: the last node of the history is known, and there all other candidates end. A part is shown only when the node
//! that follows it names its last one as predecessor, so that nothing stands in for a node that the store has lost, or that
//! was deleted with its run meanwhile.

use super::node::{self, Node};
use crate::store::{Key, Partition, Rows, Store};
use prost::Message;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_state::{EventId, Tail};
use std::collections::BTreeMap;

/// Rows asked for at a time.
const PAGE: usize = 256;
/// Bytes of events in one part; a single event may have more.
pub(crate) const BYTES: usize = 2 << 20;
/// How many events further it looks, at first, where it cannot tell yet which of two ways is the chain's.
const FURTHER: EventId = 64;

/// A history cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnreadableHistory {
    /// The store does not answer for now.
    #[error("history cannot be read now: {0}")]
    Unavailable(String),
    /// A node is missing, or one is there that cannot be read.
    #[error("history is incomplete: {0}")]
    Broken(String),
}

/// Events of a history, and the node that holds the last of them: from there a reader goes on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Part {
    pub(super) events: Vec<HistoryEvent>,
    pub(super) at: Option<Tail>,
}

/// The events `from..end` of the chain that ends at `tail`, or as many of the first of them as [`BYTES`] hold; `at` is a node of the chain that begins at or before `from`,
/// and the closer the better. Without one it is read from the beginning.
///
/// # Errors
/// The store does not answer, or a node is missing.
pub(super) async fn read(
    store: &dyn Store,
    run_id: &str,
    tail: Option<Tail>,
    at: Option<Tail>,
    from: EventId,
    end: EventId,
) -> Result<Part, UnreadableHistory> {
    if from >= end {
        return Ok(Part { events: Vec::new(), at });
    }
    let partition = node::partition(run_id);
    let broken = |what: String| UnreadableHistory::Broken(format!("{partition} {what}"));
    let Some(tail) = tail else { return Err(broken("has no tail".to_owned())) };
    let (last, last_key) = (tail.first_event_id, node::key(tail));
    let mut ways = Ways { root: at.map(node::key), nodes: BTreeMap::new(), damaged: Vec::new() };
    // Before every key.
    let mut begin = ways.root.clone().unwrap_or_default();
    // Every node that begins before this event is known.
    let (mut known, mut further) = (end.saturating_add(1), FURTHER);
    let chain = loop {
        let whole = known > last;
        let stop = if whole { format!("{last_key}\0") } else { format!("{known:020}/") };
        ways.add(fetch(store, &partition, begin, stop.clone()).await?);
        begin = stop;
        let chain = if whole { ways.to(&last_key) } else { ways.past(known) };
        let reached = chain.last().map(|key| &ways.nodes[key]);
        match reached {
            Some(way) if way.first >= end || whole && way.end >= end => break chain,
            _ if whole => return Err(broken(ways.lack(from, end))),
            // The last node goes on behind the part: the one after it will do.
            Some(way) if way.end >= known => known = way.end.saturating_add(1),
            _ => {
                known = known.saturating_add(further);
                further = further.saturating_mul(2);
            }
        }
    };
    let nodes = chain.into_iter().filter_map(|key| Some((node::named(&key), ways.nodes.remove(&key)?.events)));
    let events = nodes.flat_map(|(at, events)| events.into_iter().map(move |event| (at, event)));
    let mut part = Part { events: Vec::new(), at };
    let mut bytes = 0;
    for (at, event) in events.filter(|(_, event)| (from..end).contains(&event.event_id)) {
        bytes += event.encoded_len();
        if bytes > BYTES && !part.events.is_empty() {
            break;
        }
        part.events.push(event);
        part.at = at;
    }
    let end = if bytes > BYTES { from + part.events.len() as EventId } else { end };
    if part.events.iter().map(|event| event.event_id).ne(from..end) {
        return Err(broken(ways.lack(from, end)));
    }
    Ok(part)
}

/// All nodes with keys from `first` up to `stop`.
async fn fetch(store: &dyn Store, partition: &Partition, first: Key, stop: Key) -> Result<Rows, UnreadableHistory> {
    let mut nodes = Rows::new();
    let mut range = first..stop;
    while range.start < range.end {
        let page = store.read(partition, range.clone(), PAGE).await;
        let page = page.map_err(|unavailable| UnreadableHistory::Unavailable(unavailable.0))?;
        let full = page.len() == PAGE;
        if let Some((last, _)) = page.last() {
            range.start = format!("{last}\0");
        }
        nodes.extend(page);
        if !full {
            break;
        }
    }
    Ok(nodes)
}

/// A node on the way.
struct Way {
    before: Option<Key>,
    first: EventId,
    /// One past its last event.
    end: EventId,
    events: Vec<HistoryEvent>,
}

/// The ways that nodes make from where the reader is.
struct Ways {
    /// Where all begin; `None`: at the first event.
    root: Option<Key>,
    nodes: BTreeMap<Key, Way>,
    /// Rows that are no nodes. They matter only if the chain lacks something: what was abandoned may be anything.
    damaged: Vec<Key>,
}

impl Ways {
    /// Adds nodes, in the order of their keys. One that does not follow from any on the way is no part of the chain.
    fn add(&mut self, rows: Rows) {
        for (key, row) in rows {
            let decoded =
                Node::decode(row.as_ref()).ok().and_then(|node| Some((node.predecessor, node.history?.events)));
            let Some((tail, (predecessor, events))) =
                node::named(&key).zip(decoded).filter(|(_, (_, it))| !it.is_empty())
            else {
                self.damaged.push(key);
                continue;
            };
            let before = predecessor.map(node::key);
            let follows = match (&self.root, &before) {
                (Some(root), _) if *root == key => true,
                (None, None) => tail.first_event_id == 1,
                (_, None) => false,
                (_, Some(before)) => self.nodes.get(before).is_some_and(|before| before.end == tail.first_event_id),
            };
            if follows {
                let first = tail.first_event_id;
                let end = first.saturating_add(events.len() as EventId);
                self.nodes.insert(key, Way { before, first, end, events });
            }
        }
    }

    /// That events are missing from the chain, and what may be the reason.
    fn lack(&self, from: EventId, end: EventId) -> String {
        let damaged = if self.damaged.is_empty() { String::new() } else { format!("; no nodes: {:?}", self.damaged) };
        format!("does not have all of {from}..{end}{damaged}")
    }

    /// The way to a node, in order; empty if there is none.
    fn to(&self, key: &Key) -> Vec<Key> {
        let mut way = Vec::new();
        let mut next = Some(key);
        while let Some((key, node)) = next.and_then(|key| self.nodes.get_key_value(key)) {
            way.push(key.clone());
            next = node.before.as_ref();
        }
        way.reverse();
        way
    }

    /// What all ways have in common that go on at or past an event before which every node is known.
    fn past(&self, known: EventId) -> Vec<Key> {
        let mut all = self.nodes.iter().filter(|(_, node)| node.end >= known).map(|(key, _)| self.to(key));
        let first = all.next().unwrap_or_default();
        all.fold(first, |common, way| {
            let same = common.iter().zip(&way).take_while(|(a, b)| a == b).count();
            common.into_iter().take(same).collect()
        })
    }
}
