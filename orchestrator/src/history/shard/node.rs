//! Nodes of a history: each holds the events of one transition and names its predecessor. What a state's tail reaches is
//! the history; other nodes of the partition were abandoned, and nobody looks at them.

use crate::history::state::{EventId, Tail};
use crate::planted::{Bug, planted};
use crate::store::{Key, Partition, Store};
use prost::Message;
use resurgam_api::temporal::history::v1::{History, HistoryEvent};
use std::collections::BTreeMap;

/// Rows asked for at a time.
const PAGE: usize = 256;

/// The events of one transition of one run.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Node {
    /// The node before; none for the first.
    #[prost(message, optional, tag = "1")]
    pub(super) predecessor: Option<Tail>,
    /// Its events.
    #[prost(message, optional, tag = "2")]
    pub(super) history: Option<History>,
}

/// A history cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    /// For now.
    #[error("history cannot be read now: {0}")]
    Unavailable(String),
    /// A node is missing or damaged.
    #[error("history is incomplete: {0}")]
    Broken(String),
}

/// The partition of a run's nodes.
pub(super) fn partition(run_id: &str) -> Partition {
    Partition(format!("history/{run_id}"))
}

/// The key of the node that `tail` names.
pub(super) fn key(tail: Tail) -> Key {
    let transaction = if planted(Bug::NodeOverwritten) { 0 } else { tail.transaction };
    format!("{:020}/{transaction:020}", tail.first_event_id)
}

/// The events `from..next` of the chain that ends at `tail`.
///
/// # Errors
/// The store does not answer, or a node is missing.
pub(super) async fn read(
    store: &dyn Store,
    run_id: &str,
    tail: Option<Tail>,
    from: EventId,
    next: EventId,
) -> Result<Vec<HistoryEvent>, Unreadable> {
    if from >= next {
        return Ok(Vec::new());
    }
    let partition = partition(run_id);
    let Some(tail) = tail else { return Err(Unreadable::Broken(format!("{partition} has no tail"))) };
    let mut nodes = fetch(store, &partition, format!("{from:020}/"), &key(tail)).await?;
    let (mut chain, mut cursor) = (Vec::new(), Some(tail));
    while let Some(tail) = cursor {
        let key = key(tail);
        if !nodes.contains_key(&key) {
            // The node that holds `from` began before it.
            nodes.extend(fetch(store, &partition, key.clone(), &key).await?);
        }
        let node = nodes.get(&key).ok_or_else(|| Unreadable::Broken(format!("{partition} lacks {key}")))?;
        let node = Node::decode(node.as_ref()).map_err(|_| Unreadable::Broken(format!("{partition}: {key}")))?;
        cursor = node.predecessor.filter(|_| tail.first_event_id > from);
        chain.push(node.history.unwrap_or_default().events);
    }
    let events: Vec<_> = chain.into_iter().rev().flatten().collect();
    let events: Vec<_> = events.into_iter().filter(|event| (from..next).contains(&event.event_id)).collect();
    if events.iter().map(|event| event.event_id).ne(from..next) {
        return Err(Unreadable::Broken(format!("{partition} does not have all of {from}..{next}")));
    }
    Ok(events)
}

/// All nodes with keys from `first` to `last`, both included.
async fn fetch(
    store: &dyn Store,
    partition: &Partition,
    first: Key,
    last: &Key,
) -> Result<BTreeMap<Key, bytes::Bytes>, Unreadable> {
    let mut nodes = BTreeMap::new();
    let mut range = first..format!("{last}\0");
    loop {
        let page = store.read(partition, range.clone(), PAGE).await;
        let page = page.map_err(|unavailable| Unreadable::Unavailable(unavailable.0))?;
        let full = page.len() == PAGE;
        if let Some((last, _)) = page.last() {
            range.start = format!("{last}\0");
        }
        nodes.extend(page);
        if !full {
            return Ok(nodes);
        }
    }
}
