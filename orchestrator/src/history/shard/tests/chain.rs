//! What a part of a history costs, and that nothing is shown but what its end reaches.

use super::fixture::{Life, history, ids, signal, start};
use crate::history::shard::chain::{self, UnreadableHistory};
use crate::history::shard::node::{self, Node};
use crate::store::memory::Memory;
use crate::store::{Answer, Commit, Head, Key, Partition, PartitionKind, Rows, Store, Unavailable};
use crate::testing::World;
use async_trait::async_trait;
use prost::Message as _;
use resurgam_api::temporal::common::v1::Payload;
use resurgam_api::temporal::history::v1::{History, HistoryEvent};
use resurgam_api::temporal::sdk::v1::UserMetadata;
use resurgam_state::{EventId, Tail};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

const RUN: &str = "r";

/// A store that counts what is read of histories.
#[derive(Default)]
struct Counting {
    memory: Memory,
    reads: AtomicUsize,
    rows: AtomicUsize,
}

impl Counting {
    /// Reads and rows since the last time.
    fn take(&self) -> (usize, usize) {
        (self.reads.swap(0, Ordering::Relaxed), self.rows.swap(0, Ordering::Relaxed))
    }
}

#[async_trait]
impl Store for Counting {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        self.memory.commit(partition, commit).await
    }

    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
        self.memory.head(partition).await
    }

    async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable> {
        let rows = self.memory.read(partition, range, limit).await?;
        if partition.kind == PartitionKind::History {
            self.reads.fetch_add(1, Ordering::Relaxed);
            self.rows.fetch_add(rows.len(), Ordering::Relaxed);
        }
        Ok(rows)
    }

    async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable> {
        self.memory.append(partition, rows).await
    }

    async fn delete(&self, partition: &Partition, range: Range<Key>) -> Result<(), Unavailable> {
        self.memory.delete(partition, range).await
    }
}

/// Appends a node of so many events, which carry the transaction, and returns what names it.
async fn put(store: &dyn Store, predecessor: Option<Tail>, first: EventId, events: EventId, transaction: i64) -> Tail {
    let tail = Tail { first_event_id: first, transaction };
    let event = |event_id| HistoryEvent { event_id, task_id: transaction, ..HistoryEvent::default() };
    let history = Some(History { events: (first..first + events).map(event).collect() });
    let row = Node { predecessor, history }.encode_to_vec().into();
    store.append(&node::partition(RUN), vec![(node::key(tail), row)]).await.unwrap();
    tail
}

#[tokio::test]
async fn a_part_has_as_many_bytes_as_a_reply_may_have() {
    const LARGE: usize = 900 << 10;
    let memory = Memory::default();
    let mut tail = None;
    // Three nodes: of two events, of one that is larger than all bytes of a part, and of four.
    for (first, sizes) in [(1, &[LARGE; 2][..]), (3, &[3 * LARGE]), (4, &[LARGE; 4])] {
        let named = Tail { first_event_id: first, transaction: first };
        let event = |(size, event_id): (&usize, _)| HistoryEvent {
            event_id,
            worker_may_ignore: true,
            user_metadata: Some(UserMetadata {
                summary: Some(Payload { data: vec![7; *size], ..Default::default() }),
                details: None,
            }),
            ..Default::default()
        };
        let history = Some(History { events: sizes.iter().zip(first..).map(event).collect() });
        let row = Node { predecessor: tail, history }.encode_to_vec().into();
        memory.append(&node::partition(RUN), vec![(node::key(named), row)]).await.unwrap();
        tail = Some(named);
    }
    let (mut from, mut at, mut parts) = (1, None, Vec::new());
    while from < 8 {
        let part = chain::read(&memory, RUN, tail, at, from, 8).await.unwrap();
        parts.push((
            part.events.iter().map(|event| event.event_id).collect::<Vec<_>>(),
            part.at.unwrap().first_event_id,
        ));
        (from, at) = (from + part.events.len() as EventId, part.at);
    }
    let expected: [(&[EventId], EventId); 4] = [(&[1, 2], 1), (&[3], 3), (&[4, 5], 4), (&[6, 7], 4)];
    assert!(parts.iter().map(|(ids, at)| (ids.as_slice(), *at)).eq(expected), "{parts:?}");
}

#[tokio::test(start_paused = true)]
async fn every_page_of_a_long_history_costs_the_same() {
    let counting = Arc::new(Counting::default());
    let store: Arc<dyn Store> = counting.clone();
    let shard = Life::new(&World::new(1)).shard(&store, &Arc::default());
    shard.call(start("w", "r", "q")).await.unwrap();
    for number in 0..2100 {
        shard.call(signal("w", "s", &number.to_string())).await.unwrap();
    }
    let mut request = history("w");
    let mut all = Vec::new();
    loop {
        counting.take();
        let (events, token) = shard.read(request.clone()).await.unwrap();
        let (reads, rows) = counting.take();
        assert!(reads <= 2 && rows <= events.len() + 2, "{reads} reads, {rows} rows for {} events", events.len());
        all.extend(events);
        if token.is_empty() {
            break;
        }
        request.next_page_token = token;
    }
    assert_eq!(ids(&all), (1..=2102).collect::<Vec<_>>());

    let mut small = history("w");
    small.maximum_page_size = 10;
    for _ in 0..3 {
        small.next_page_token = shard.read(small.clone()).await.unwrap().1;
        let (reads, rows) = counting.take();
        assert!(reads <= 2 && rows <= 12, "{reads} reads, {rows} rows for 10 events");
    }

    let (task, _) = shard.hand_out("w").await;
    let (reads, rows) = counting.take();
    assert!(reads <= 2 && rows <= 258, "{reads} reads, {rows} rows for the first page of a task");
    assert_eq!(task.history.unwrap().events.len(), 256);
}

#[tokio::test]
async fn an_abandoned_node_is_never_shown() {
    let memory = Memory::new();
    let one = put(&memory, None, 1, 3, 1).await;
    // Given up with their batches: the same first events, by transactions before and after that of the chain.
    put(&memory, None, 1, 3, 9).await;
    put(&memory, Some(one), 4, 2, 2).await;
    let two = put(&memory, Some(one), 4, 2, 3).await;
    let late = put(&memory, Some(one), 4, 2, 4).await;
    // One that got further than the next node of the chain, and one beside that.
    put(&memory, Some(late), 6, 7, 5).await;
    let three = put(&memory, Some(two), 6, 4, 6).await;
    put(&memory, Some(late), 6, 4, 7).await;
    let tail = put(&memory, Some(three), 10, 2, 8).await;
    let right = [1, 1, 1, 3, 3, 6, 6, 6, 6, 8, 8];
    for from in 1..12 {
        for end in from..=12 {
            let anchors = [(1, one), (4, two), (6, three), (10, tail)].map(|(first, at)| (first <= from).then_some(at));
            for at in anchors.into_iter().chain([None]) {
                let part = chain::read(&memory, RUN, Some(tail), at, from, end).await.unwrap();
                let shown: Vec<_> = part.events.iter().map(|event| event.task_id).collect();
                assert_eq!(shown, right[from as usize - 1..end as usize - 1], "{from}..{end} from {at:?}");
                if let Some(last) = shown.last() {
                    assert_eq!(part.at.unwrap().transaction, *last, "{from}..{end} from {at:?}");
                }
            }
        }
    }
    // A snapshot ends where it did when it was taken.
    let part = chain::read(&memory, RUN, Some(three), None, 1, 10).await.unwrap();
    assert_eq!(part.at, Some(three));
}

#[tokio::test]
async fn whatever_was_abandoned_a_part_is_that_of_the_chain() {
    for seed in 0..60 {
        let world = World::new(seed);
        let memory = Memory::new();
        let (mut tail, mut next, mut transaction) = (None, 1, 0);
        let mut right = Vec::new();
        let mut nodes = Vec::new();
        while next < 200 {
            // Batches that came to nothing, each of several transitions on the same run.
            for _ in 0..world.below(3) {
                let (mut lost, mut at) = (tail, next);
                for _ in 0..=world.below(4) {
                    transaction += 1;
                    let events = 1 + world.below(9) as i64;
                    lost = Some(put(&memory, lost, at, events, transaction).await);
                    at += events;
                }
            }
            transaction += 1;
            let events = 1 + world.below(4) as i64;
            tail = Some(put(&memory, tail, next, events, transaction).await);
            nodes.extend(tail);
            right.extend((0..events).map(|_| transaction));
            next += events;
        }
        for _ in 0..40 {
            let from = 1 + world.below(next as u64 - 1) as i64;
            let end = from + world.below((next - from) as u64 + 1) as i64;
            let known: Vec<_> = nodes.iter().filter(|tail| tail.first_event_id <= from).collect();
            let at = (world.below(2) == 0).then(|| *known[world.below(known.len() as u64) as usize]);
            let part = chain::read(&memory, RUN, tail, at, from, end).await.unwrap();
            let shown: Vec<_> = part.events.iter().map(|event| event.task_id).collect();
            assert_eq!(shown, right[from as usize - 1..end as usize - 1], "seed {seed}, {from}..{end} from {at:?}");
        }
    }
}

#[tokio::test]
async fn what_is_missing_is_not_made_up() {
    let memory = Memory::new();
    let one = put(&memory, None, 1, 3, 1).await;
    let lost = Tail { first_event_id: 4, transaction: 2 };
    put(&memory, Some(one), 4, 2, 3).await;
    let tail = put(&memory, Some(lost), 6, 2, 4).await;
    let broken = |part: Result<chain::Part, UnreadableHistory>| matches!(part, Err(UnreadableHistory::Broken(_)));
    assert!(broken(chain::read(&memory, RUN, Some(tail), None, 1, 8).await));
    assert!(broken(chain::read(&memory, RUN, Some(tail), Some(one), 4, 6).await));
    assert!(broken(chain::read(&memory, RUN, None, None, 1, 2).await), "there is no history without an end");
    assert!(broken(chain::read(&memory, RUN, Some(one), None, 2, 5).await), "it ends before");
    let nothing = chain::read(&memory, RUN, Some(tail), Some(one), 3, 3).await.unwrap();
    assert_eq!((nothing.events.len(), nothing.at), (0, Some(one)));
}

#[tokio::test]
async fn a_node_that_cannot_be_read_is_named_if_it_is_of_the_history() {
    let memory = Memory::new();
    let one = put(&memory, None, 1, 3, 1).await;
    let tail = put(&memory, Some(one), 4, 2, 3).await;
    let abandoned = Tail { first_event_id: 4, transaction: 2 };
    for row in [vec![0xff], Node { predecessor: Some(one), history: None }.encode_to_vec()] {
        let damage = async |tail| {
            memory.append(&node::partition(RUN), vec![(node::key(tail), row.clone().into())]).await.unwrap();
        };
        put(&memory, Some(one), 4, 2, 3).await;
        damage(abandoned).await;
        assert_eq!(chain::read(&memory, RUN, Some(tail), None, 1, 6).await.unwrap().events.len(), 5);
        damage(tail).await;
        let Err(UnreadableHistory::Broken(what)) = chain::read(&memory, RUN, Some(tail), None, 1, 6).await else {
            panic!()
        };
        assert!(what.contains(&node::key(tail)), "{what}");
    }
}
