//! What a shard does while nothing goes wrong, or one thing does.

use super::fixture::*;
use super::standin::{Said, TIMER};
use crate::cluster::Rejection;
use crate::history::engine::QueryAnswer;
use crate::history::shard::keys;
use crate::store::memory::Memory;
use crate::store::{Answer, Commit, Head, Key, Partition, Rows, Store, Unavailable, prefixed};
use crate::testing::World;
use async_trait::async_trait;
use resurgam_api::environment::Environment;
use resurgam_api::temporal::enums::v1::EventType;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

fn world() -> (Arc<World>, Arc<dyn Store>, Arc<Cluster>) {
    (World::new(1), Arc::new(Memory::new()), Arc::default())
}

async fn rows(store: &Arc<dyn Store>, prefix: &str) -> Rows {
    store.read(&keys::partition(1), prefixed(prefix), 1000).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn start_poll_complete() {
    let (world, store, cluster) = world();
    let life = Life::new(&world);
    let shard = life.shard(&store, &cluster);
    *cluster.failing.lock().unwrap() = 3;
    let started = shard.call(start("w", "r1", "q")).await.unwrap();
    assert_eq!(shard.call(start("w", "r1", "q")).await.unwrap(), started, "the same request starts once");
    assert!(matches!(shard.call(start("w", "r2", "q")).await, Err(Rejection::AlreadyStarted { .. })));
    until("the task is offered", || cluster.tasks().len() == 1).await;
    let token = cluster.tasks()[0].task.clone().unwrap();
    assert_eq!((token.workflow_id.as_str(), token.scheduled_event_id, token.attempt), ("w", 2, 1));
    let (task, _) = shard.hand_out("w").await;
    assert_eq!(ids(&task.history.unwrap().events), [1, 2, 3, 4], "with one event that is only shown");
    assert!(task.next_page_token.is_empty());
    assert!(matches!(shard.call(complete("w")).await, Ok(Said::Done)));
    assert_eq!(ids(&shard.read_all("w", 0).await.unwrap()), [1, 2, 3, 4]);
    assert!(matches!(shard.call(signal("w", "s", "1")).await, Err(Rejection::NotFound(_))));
    assert!(matches!(shard.call(describe("v")).await, Err(Rejection::NotFound(_))));
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(rows(&store, keys::TRANSFERS).await, [], "done transfers are deleted");
    assert_eq!(cluster.tasks().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_broken_invariant_ends_the_tenure_and_nothing_else() {
    let (world, store, cluster) = world();
    let shard = Life::new(&world).shard(&store, &cluster);
    shard.call(start("w", "r", "q")).await.unwrap();
    let range = || async { store.head(&keys::partition(1)).await.unwrap().unwrap().range };
    let before = range().await;
    let together = [signal("w", "s", "1"), signal("w", "impossible", "2"), signal("w", "s", "3")];
    for answer in futures_util::future::join_all(together.map(|input| shard.call(input))).await {
        assert!(matches!(answer, Err(Rejection::Unavailable(_))), "nothing of it was kept: {answer:?}");
    }
    let mut again = shard.call(signal("w", "s", "1")).await;
    while matches!(again, Err(Rejection::Unavailable(_))) {
        tokio::time::sleep(Duration::from_millis(10)).await;
        again = shard.call(signal("w", "s", "1")).await;
    }
    assert_eq!(again, Ok(Said::Done));
    assert!(range().await > before, "the shard was taken anew");
    assert_eq!(ids(&shard.read_all("w", 0).await.unwrap()), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_is_not_served_and_others_are() {
    let (world, store, cluster) = world();
    let life = Life::new(&world);
    let shard = life.shard(&store, &cluster);
    for workflow in ["good", "bad"] {
        shard.call(start(workflow, "r", "q")).await.unwrap();
    }
    life.kill();
    let shard = Life::new(&world).shard_with(&store, &cluster, |config| {
        config.check = |workflow| match workflow.runs.values().any(|run| run.state.workflow_id == "bad") {
            true => Err("it is bad".to_owned()),
            false => Ok(()),
        };
    });
    assert!(matches!(shard.call(describe("bad")).await, Err(Rejection::Unavailable(_))));
    assert_eq!(shard.call(signal("good", "s", "1")).await, Ok(Said::Done));
    assert!(matches!(shard.call(signal("bad", "s", "1")).await, Err(Rejection::Unavailable(_))));
}

#[tokio::test(start_paused = true)]
async fn requests_that_wait_together_are_committed_together() {
    let (world, store, cluster) = world();
    let shard = Life::new(&world).shard(&store, &cluster);
    // One workflow has a share of each commit, four of them all of it.
    for (workflows, commits) in [(4, 4..=6), (1, 13..=15)] {
        let id = |number: usize| format!("w{workflows}-{}", number % workflows);
        for number in 0..workflows {
            shard.call(start(&id(number), "r", "q")).await.unwrap();
        }
        let before = store.head(&keys::partition(1)).await.unwrap().unwrap().sequence;
        let calls: Vec<_> = (0..200).map(|number| shard.call(signal(&id(number), "s", &number.to_string()))).collect();
        for answer in futures_util::future::join_all(calls).await {
            assert_eq!(answer, Ok(Said::Done));
        }
        let after = store.head(&keys::partition(1)).await.unwrap().unwrap().sequence;
        assert!(commits.contains(&(after - before)), "{} commits", after - before);
        let last = 2 + 200 / workflows as i64;
        assert_eq!(ids(&shard.read_all(&id(0), 0).await.unwrap()), (1..=last).collect::<Vec<_>>());
    }
}

#[tokio::test(start_paused = true)]
async fn a_sticky_queue_without_worker_is_told_to_the_engine() {
    let (world, store, cluster) = world();
    let shard = Life::new(&world).shard(&store, &cluster);
    shard.call(start("w", "r", "sticky")).await.unwrap();
    until("the task went to the normal queue", || cluster.tasks().len() == 2).await;
    let queues: Vec<_> = cluster.tasks().into_iter().map(|task| task.task_queue.unwrap().name).collect();
    assert_eq!(queues, ["sticky", "normal"]);
}

#[tokio::test(start_paused = true)]
async fn timers_fire_by_the_clock_and_not_before() {
    let (world, store, cluster) = world();
    let shard = Life::new(&world).shard(&store, &cluster);
    shard.call(start("w", "r", "q")).await.unwrap();
    let fired = async |shard: &crate::history::shard::Shard| {
        let events = shard.read_all("w", 0).await.unwrap();
        events.iter().filter(|event| event.event_type() == EventType::TimerFired).count()
    };
    shard.call(signal("w", "work", "1")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(TIMER as u64 - 10)).await;
    assert_eq!(fired(&shard).await, 0);
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert_eq!(fired(&shard).await, 1);

    // The clock steps back: the timer is due a minute later.
    shard.call(signal("w", "work", "2")).await.unwrap();
    world.step.store(-60_000, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(fired(&shard).await, 1);
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(fired(&shard).await, 2);

    // The clock steps forward: it is noticed within about a second.
    shard.call(signal("w", "work", "3")).await.unwrap();
    world.step.store(3_600_000, Ordering::Relaxed);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(fired(&shard).await, 3);
    assert_eq!(rows(&store, keys::TIMERS).await, []);
    let now = world.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap().as_millis();
    assert!(now > 1_000_003_600_000);
}

#[tokio::test(start_paused = true)]
async fn tasks_are_found_again_by_the_next_owner() {
    let (world, store, cluster) = world();
    let first = Life::new(&world);
    let shard = first.shard(&store, &cluster);
    *cluster.failing.lock().unwrap() = usize::MAX;
    shard.call(start("w", "r", "q")).await.unwrap();
    shard.call(signal("w", "work", "1")).await.unwrap();
    first.kill();
    assert!(matches!(shard.call(describe("w")).await, Err(Rejection::Unavailable(_))));
    *cluster.failing.lock().unwrap() = 0;
    let shard = Life::new(&world).shard(&store, &cluster);
    until("both tasks are offered", || cluster.tasks().len() == 2).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let events = shard.read_all("w", 0).await.unwrap();
    assert_eq!(events.iter().filter(|event| event.event_type() == EventType::TimerFired).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_lost_the_shard_answers_nothing() {
    let (world, store, cluster) = world();
    let (one, two) = (Life::new(&world), Life::new(&world));
    let old = one.shard(&store, &cluster);
    old.call(start("w", "r", "q")).await.unwrap();
    let waiting = tokio::spawn({
        let old = old.clone();
        async move { old.call(query("w")).await }
    });
    tokio::time::sleep(Duration::from_millis(10)).await;
    let new = two.shard(&store, &cluster);
    new.call(signal("w", "s", "1")).await.unwrap();
    // A read, a rejection and a repeated request: none of them is answered from the cache.
    for input in [describe("w"), start("w", "other", "q"), start("w", "r", "q")] {
        let answers = futures_util::future::join(old.call(input), tokio::time::sleep(Duration::from_millis(1))).await;
        assert!(matches!(answers.0, Err(Rejection::Unavailable(_))), "{:?}", answers.0);
        // The old owner takes the shard back, and loses it again.
        tokio::time::sleep(Duration::from_millis(300)).await;
        new.insist(describe("w")).await.unwrap();
    }
    assert!(matches!(waiting.await.unwrap(), Err(Rejection::Unavailable(_))));
}

#[tokio::test(start_paused = true)]
async fn a_graceful_stop_ends_the_actor() {
    let (world, store, cluster) = world();
    let life = Life::new(&world);
    let shard = life.shard(&store, &cluster);
    shard.call(start("w", "r", "q")).await.unwrap();
    life.stop.cancel();
    until("the door is closed", || shard.inbox.is_closed()).await;
    assert!(matches!(shard.call(describe("w")).await, Err(Rejection::Unavailable(_))));
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_comes_when_another_input_gives_it() {
    let (world, store, cluster) = world();
    let shard = Life::new(&world).shard(&store, &cluster);
    shard.call(start("w", "r", "q")).await.unwrap();
    let waiting = tokio::spawn({
        let shard = shard.clone();
        async move { shard.call(query("w")).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!waiting.is_finished());
    shard.call(complete("w")).await.unwrap();
    assert!(matches!(waiting.await.unwrap(), Ok(QueryAnswer::Answered(_))));
}

/// Refuses batches with a row that contains a word.
struct Picky(Memory);

#[async_trait]
impl Store for Picky {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        tokio::time::sleep(Duration::from_millis(5)).await;
        if commit.rows.iter().any(|(key, _)| key.contains("poison")) {
            return Answer::Refused("poisoned".to_owned());
        }
        self.0.commit(partition, commit).await
    }

    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
        self.0.head(partition).await
    }

    async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable> {
        self.0.read(partition, range, limit).await
    }

    async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable> {
        self.0.append(partition, rows).await
    }

    async fn delete(&self, partition: &Partition, range: Range<Key>) -> Result<(), Unavailable> {
        self.0.delete(partition, range).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_transition_spoils_no_other() {
    let (world, _, cluster) = world();
    let store: Arc<dyn Store> = Arc::new(Picky(Memory::new()));
    let shard = Life::new(&world).shard(&store, &cluster);
    for workflow in ["a", "b", "c"] {
        shard.call(start(workflow, "r", "q")).await.unwrap();
    }
    let calls =
        [signal("a", "s", "1"), signal("b", "s", "poison"), signal("c", "s", "1")].map(|input| shard.call(input));
    let answers = futures_util::future::join_all(calls).await;
    assert_eq!((&answers[0], &answers[2]), (&Ok(Said::Done), &Ok(Said::Done)));
    assert_eq!(answers[1], Err(Rejection::InvalidArgument("poisoned".to_owned())));
    assert_eq!(shard.read_all("a", 0).await.unwrap().len(), 3);
    assert_eq!(shard.read_all("b", 0).await.unwrap().len(), 2);
}
