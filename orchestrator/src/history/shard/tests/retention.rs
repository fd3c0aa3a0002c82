//! Runs whose time is over: their rows and histories are deleted, whatever happens in the middle, and no sooner.

use super::fixture::*;
use super::standin::{Said, TIMER};
use crate::cluster::Rejection;
use crate::history::engine::IDENTITY;
use crate::history::shard::expiries::INTERVAL;
use crate::history::shard::{DELETIONS, keys, node};
use crate::store::memory::Memory;
use crate::store::{Answer, Commit, Head, Key, Partition, Rows, Store, Unavailable, prefixed};
use crate::testing::{Demon, World};
use async_trait::async_trait;
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// How long closed runs are kept in these tests, in milliseconds.
const KEPT: i64 = 10_000;

fn cluster() -> Arc<Cluster> {
    let cluster = Cluster::default();
    *cluster.retention.lock().unwrap() = Some(KEPT);
    Arc::new(cluster)
}

/// The keys of rows of runs and what belongs to them.
async fn left(store: &dyn Store) -> Vec<Key> {
    let mut all = Vec::new();
    for prefix in [keys::CURRENTS, keys::RUNS, keys::TIMERS, keys::EXPIRIES] {
        let rows = store.read(&keys::partition(1), prefixed(prefix), 10_000).await.unwrap();
        all.extend(rows.into_iter().map(|(key, _)| key));
    }
    all
}

async fn nodes(store: &dyn Store, run_id: &str) -> usize {
    store.read(&node::partition(run_id), prefixed(""), 1000).await.unwrap().len()
}

async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}

#[tokio::test(start_paused = true)]
async fn rows_and_history_go_when_the_time_is_over_and_not_before() {
    let (world, store, cluster) = (World::new(1), Arc::new(Memory::new()), cluster());
    let dynamic: Arc<dyn Store> = store.clone();
    let shard = Life::new(&world).shard(&dynamic, &cluster);
    let Ok(Said::Started(run_id)) = shard.call(start("w", "r", "q")).await else { panic!("not started") };
    shard.call(start("other", "r", "q")).await.unwrap();
    shard.call(signal("w", "work", "1")).await.unwrap();
    // What was abandoned goes too.
    let abandoned = vec![(format!("{:020}/{:020}", 3, 1), IDENTITY.into())];
    store.append(&node::partition(&run_id), abandoned).await.unwrap();
    seconds(6).await;
    shard.call(complete("w")).await.unwrap();
    let closed = tokio::time::Instant::now();
    tokio::time::sleep_until(closed + Duration::from_millis(KEPT as u64 - 1)).await;
    let before = shard.read_all("w", 0).await.unwrap().len();
    assert_eq!((nodes(store.as_ref(), &run_id).await, before), (4 + 1, 7), "with the abandoned one");
    seconds(2).await;
    assert!(matches!(shard.read_all("w", 0).await, Err(Rejection::NotFound(_))));
    assert_eq!(nodes(store.as_ref(), &run_id).await, 0);
    let of_others = left(store.as_ref()).await.into_iter().filter(|key| !key.contains("/n/other"));
    assert_eq!(of_others.collect::<Vec<_>>(), [""; 0]);
    assert!(shard.call(describe("other")).await.is_ok());
    let Ok(Said::Started(next)) = shard.call(start("w", "r", "q")).await else { panic!("not started") };
    assert_ne!(next, run_id, "nobody knows the request any more");
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_outlives_its_run_does_nothing() {
    let (world, store, cluster) = (World::new(1), Arc::new(Memory::new()), cluster());
    *cluster.retention.lock().unwrap() = Some(TIMER / 3);
    let store: Arc<dyn Store> = store;
    let shard = Life::new(&world).shard(&store, &cluster);
    seconds(6).await;
    shard.call(start("w", "r", "q")).await.unwrap();
    until("the task is offered", || cluster.tasks().len() == 1).await;
    shard.call(signal("w", "work", "1")).await.unwrap();
    until("the other task is offered", || cluster.tasks().len() == 2).await;
    shard.call(complete("w")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(TIMER as u64 * 2 / 3)).await;
    let range = store.head(&keys::partition(1)).await.unwrap().unwrap().range;
    let timers: Vec<_> = left(store.as_ref()).await;
    assert!(timers.len() == 1 && timers[0].starts_with(keys::TIMERS), "{timers:?}");
    seconds(1).await;
    assert_eq!(left(store.as_ref()).await, [""; 0]);
    let after = store.head(&keys::partition(1)).await.unwrap().unwrap().range;
    assert_eq!(range, after, "nothing broke");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_has_something_to_tell_waits() {
    let (world, store, cluster) = (World::new(1), Arc::new(Memory::new()), cluster());
    let store: Arc<dyn Store> = store;
    let shard = Life::new(&world).shard(&store, &cluster);
    *cluster.failing.lock().unwrap() = usize::MAX;
    shard.call(start("w", "r", "q")).await.unwrap();
    shard.call(complete("w")).await.unwrap();
    shard.call(start("free", "r", "sticky")).await.unwrap();
    seconds(60).await;
    assert!(shard.read_all("w", 0).await.is_ok());
    *cluster.failing.lock().unwrap() = 0;
    seconds(60).await;
    assert!(matches!(shard.read_all("w", 0).await, Err(Rejection::NotFound(_))));
}

#[tokio::test(start_paused = true)]
async fn however_many_close_at_once_only_so_many_are_deleted_at_a_time() {
    let (world, store, cluster) = (World::new(1), Arc::new(Memory::new()), cluster());
    let store: Arc<dyn Store> = store;
    let shard = Life::new(&world).shard(&store, &cluster);
    let ids: Vec<String> = (0..300).map(|number| format!("w{number}")).collect();
    let starts = ids.iter().map(|id| shard.call(start(id, "r", "q")));
    futures_util::future::join_all(starts).await;
    let ends = ids.iter().map(|id| shard.call(complete(id)));
    futures_util::future::join_all(ends).await;
    let current = async || store.read(&keys::partition(1), prefixed(keys::CURRENTS), 1000).await.unwrap().len();
    let (mut before, mut looks) = (current().await, 0);
    assert_eq!(before, 300);
    while before > 0 {
        tokio::time::sleep(INTERVAL).await;
        let now = current().await;
        assert!(before - now <= DELETIONS, "{} at once", before - now);
        looks += usize::from(now < before);
        before = now;
        // What others ask is answered meanwhile.
        assert!(shard.call(describe("nobody")).await.is_err());
    }
    assert!(looks >= 300 / DELETIONS, "{looks}");
}

/// A store that can be made to stop deleting.
#[derive(Default)]
struct Stubborn {
    memory: Memory,
    deletes: AtomicBool,
    refused: AtomicUsize,
}

#[async_trait]
impl Store for Stubborn {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        self.memory.commit(partition, commit).await
    }

    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
        self.memory.head(partition).await
    }

    async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable> {
        self.memory.read(partition, range, limit).await
    }

    async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable> {
        self.memory.append(partition, rows).await
    }

    async fn delete(&self, partition: &Partition, range: Range<Key>) -> Result<(), Unavailable> {
        if self.deletes.load(Ordering::Relaxed) {
            return self.memory.delete(partition, range).await;
        }
        self.refused.fetch_add(1, Ordering::Relaxed);
        Err(Unavailable("not now".to_owned()))
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_owner_goes_on_where_one_died_between_the_rows_and_the_history() {
    let (world, store, cluster) = (World::new(1), Arc::new(Stubborn::default()), cluster());
    let dynamic: Arc<dyn Store> = store.clone();
    let life = Life::new(&world);
    let shard = life.shard(&dynamic, &cluster);
    let Ok(Said::Started(run_id)) = shard.call(start("w", "r", "q")).await else { panic!("not started") };
    shard.call(complete("w")).await.unwrap();
    until("the history is to be deleted", || store.refused.load(Ordering::Relaxed) > 3).await;
    assert_eq!((left(store.as_ref()).await, nodes(store.as_ref(), &run_id).await), (Vec::new(), 2));
    assert!(matches!(shard.read_all("w", 0).await, Err(Rejection::NotFound(_))), "no row names it");
    life.kill();
    store.deletes.store(true, Ordering::Relaxed);
    let shard = Life::new(&world).shard(&dynamic, &cluster);
    seconds(1).await;
    assert_eq!(nodes(store.as_ref(), &run_id).await, 0);
    assert!(shard.call(describe("w")).await.is_err());
    seconds(1).await;
    let transfers = store.read(&keys::partition(1), prefixed(keys::TRANSFERS), 10).await.unwrap();
    assert_eq!(transfers, [], "it is done");
}

#[tokio::test(start_paused = true)]
async fn a_reader_in_the_middle_is_told_that_the_run_is_gone() {
    let (world, store, cluster) = (World::new(1), Arc::new(Memory::new()), cluster());
    let store: Arc<dyn Store> = store;
    let shard = Life::new(&world).shard(&store, &cluster);
    shard.call(start("w", "r", "q")).await.unwrap();
    for number in 0..6 {
        shard.call(signal("w", "s", &number.to_string())).await.unwrap();
    }
    shard.call(complete("w")).await.unwrap();
    let mut request = history("w");
    request.maximum_page_size = 3;
    let (events, token) = shard.read(request.clone()).await.unwrap();
    assert_eq!(ids(&events), [1, 2, 3]);
    request.next_page_token = token;
    assert_eq!(ids(&shard.read(request.clone()).await.unwrap().0), [4, 5, 6]);
    seconds(12).await;
    for run_id in ["", &request.execution.clone().unwrap().run_id] {
        request.execution.as_mut().unwrap().run_id = run_id.to_owned();
        let answer = shard.read(request.clone()).await;
        assert!(matches!(answer, Err(Rejection::NotFound(_))), "{answer:?}");
    }
}

/// One owner after another, over a store that does all that Cassandra may do: in the end nothing is left, and nothing went
/// before its time.
#[tokio::test(start_paused = true)]
async fn whatever_happens_in_the_middle_everything_goes_in_the_end() {
    for seed in 0..6 {
        let (world, truth, cluster) = (World::new(seed), Arc::new(Memory::new()), cluster());
        let store: Arc<dyn Store> = Demon::new(truth.clone(), world.clone(), 12);
        let (mut run_ids, mut closed) = (BTreeSet::new(), None);
        for round in 0..8 {
            let life = Life::new(&world);
            let shard = life.shard(&store, &cluster);
            if round == 0 {
                for number in 0..40 {
                    let id = format!("w{number}");
                    let Ok(Said::Started(run_id)) = shard.insist(start(&id, "r", "q")).await else { panic!("no") };
                    run_ids.insert(run_id);
                }
                until("all tasks are offered", || cluster.tasks().len() >= 40).await;
                for number in 0..40 {
                    shard.insist(complete(&format!("w{number}"))).await.ok();
                }
                closed = Some(tokio::time::Instant::now());
            } else {
                tokio::time::sleep(Duration::from_millis(4_000 + world.below(2_500))).await;
            }
            let passed = closed.map_or(0, |closed| closed.elapsed().as_millis() as i64);
            if passed < KEPT - 5_000 {
                assert_eq!(left(truth.as_ref()).await.iter().filter(|key| key.starts_with(keys::CURRENTS)).count(), 40);
            }
            life.kill();
        }
        let last = Life::new(&world);
        let _shard = last.shard(&store, &cluster);
        seconds(30).await;
        assert_eq!(left(truth.as_ref()).await, [""; 0], "seed {seed}");
        for run_id in &run_ids {
            assert_eq!(nodes(truth.as_ref(), run_id).await, 0, "seed {seed}: {run_id}");
        }
    }
}
