//! Every answer of the store at every point of a commit, and what the log makes of it.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::{Error, Group, Log, Outcome};
use crate::store::memory::Memory;
use crate::store::{Answer, Change, Commit, Condition, Head, Key, Partition, Rows, Store, Unavailable, prefixed};
use crate::testing::World;
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex};

/// What the store does with one commit.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    /// Executes and answers.
    Honest,
    /// Executes, and the answer is lost.
    Mute,
    /// Does nothing, and does not say so.
    Drop,
    /// Executes just before the next commit.
    Late,
    /// Executes twice, as a proxy makes it, and gives the second answer.
    Twice,
    /// Says that it never will.
    Refuse,
    /// Somebody else fences first.
    Usurped,
    /// Executes, somebody else fences, and then it is executed again.
    TwiceUsurped,
    /// Executes, somebody else fences, and the answer is lost.
    MuteUsurped,
}

#[derive(Default)]
struct Script {
    commits: VecDeque<Act>,
    appends: VecDeque<bool>,
    heads: VecDeque<bool>,
    late: Option<Commit>,
    appended: Vec<Rows>,
    sent: Vec<Commit>,
}

#[derive(Default)]
struct Scripted {
    truth: Memory,
    script: Mutex<Script>,
}

impl Scripted {
    fn script(&self) -> std::sync::MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }

    async fn usurp(&self, partition: &Partition) {
        let range = self.truth.head(partition).await.unwrap().unwrap().range;
        let commit = Commit {
            condition: Condition::Equal { range: Some(range), sequence: None },
            change: Change::Fence { range: range + 1, owner: "usurper".to_owned() },
            rows: Vec::new(),
            deleted: Vec::new(),
        };
        assert_eq!(self.truth.commit(partition, commit).await, Answer::Applied);
    }
}

#[async_trait]
impl Store for Scripted {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        let (act, late) = {
            let mut script = self.script();
            script.sent.push(commit.clone());
            (script.commits.pop_front().unwrap_or(Act::Honest), script.late.take())
        };
        if let Some(late) = late {
            self.truth.commit(partition, late).await;
        }
        let lost = Answer::Unknown("lost".to_owned());
        match act {
            Act::Honest => self.truth.commit(partition, commit).await,
            Act::Mute => {
                self.truth.commit(partition, commit).await;
                lost
            }
            Act::Drop => lost,
            Act::Late => {
                self.script().late = Some(commit);
                lost
            }
            Act::Twice => {
                self.truth.commit(partition, commit.clone()).await;
                self.truth.commit(partition, commit).await
            }
            Act::Refuse => Answer::Refused("too large".to_owned()),
            Act::Usurped => {
                self.usurp(partition).await;
                self.truth.commit(partition, commit).await
            }
            Act::TwiceUsurped => {
                self.truth.commit(partition, commit.clone()).await;
                self.usurp(partition).await;
                self.truth.commit(partition, commit).await
            }
            Act::MuteUsurped => {
                self.truth.commit(partition, commit).await;
                self.usurp(partition).await;
                lost
            }
        }
    }

    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
        if self.script().heads.pop_front() == Some(false) {
            return Err(Unavailable("scripted".to_owned()));
        }
        self.truth.head(partition).await
    }

    async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable> {
        self.truth.read(partition, range, limit).await
    }

    async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable> {
        self.script().appended.push(rows.clone());
        if self.script().appends.pop_front() == Some(false) {
            return Err(Unavailable("scripted".to_owned()));
        }
        self.truth.append(partition, rows).await
    }

    async fn delete(&self, partition: &Partition, range: Range<Key>) -> Result<(), Unavailable> {
        self.truth.delete(partition, range).await
    }
}

fn partition() -> Partition {
    Partition::shard("00001")
}

fn put(key: &str) -> Group {
    let mut group = Group::default();
    group.begin();
    group.put(key.to_owned(), Some(Bytes::from_static(b"x")));
    group
}

async fn open(store: &Arc<Scripted>) -> Result<Log, Error> {
    Log::open(store.clone(), World::new(1), partition(), "node").await
}

/// Opens a log, then commits one row while the store acts as told. Returns the outcome, whether the row is there, and
/// whether the log then can commit.
async fn one(acts: &[Act]) -> (Outcome, bool, bool) {
    let store = Arc::new(Scripted::default());
    let mut log = open(&store).await.unwrap();
    assert_eq!(log.commit(put("before")).await, Outcome::Applied);
    store.script().commits = acts.iter().copied().collect();
    let outcome = log.commit(put("row")).await;
    let there = !store.truth.read(&partition(), prefixed("row"), 1).await.unwrap().is_empty();
    store.script().commits.clear();
    let goes_on = log.commit(put("after")).await == Outcome::Applied;
    (outcome, there, goes_on)
}

#[tokio::test(start_paused = true)]
async fn each_answer_to_a_batch() {
    use Act::*;
    assert_eq!(one(&[Honest]).await, (Outcome::Applied, true, true));
    assert_eq!(one(&[Twice]).await, (Outcome::Applied, true, true));
    assert_eq!(one(&[Mute]).await, (Outcome::Settled, true, true));
    assert_eq!(one(&[Drop]).await, (Outcome::Absent, false, true));
    assert_eq!(one(&[Late]).await, (Outcome::Settled, true, true));
    assert_eq!(one(&[Refuse]).await, (Outcome::Refused("too large".to_owned()), false, true));
    assert_eq!(one(&[Usurped]).await, (Outcome::Lost, false, false));
    assert_eq!(one(&[TwiceUsurped]).await, (Outcome::Applied, true, false));
    assert_eq!(one(&[MuteUsurped]).await, (Outcome::Settled, true, false));
}

#[tokio::test(start_paused = true)]
async fn each_answer_to_the_fence_after_a_batch_in_doubt() {
    use Act::*;
    for (batch, there) in [(Mute, true), (Drop, false)] {
        let settled = if there { Outcome::Settled } else { Outcome::Absent };
        for fence in [Honest, Twice, Mute, Drop, Late, Refuse] {
            assert_eq!(one(&[batch, fence]).await, (settled.clone(), there, true), "{batch:?} {fence:?}");
            assert_eq!(one(&[batch, fence, Mute]).await, (settled.clone(), there, true), "{batch:?} {fence:?} Mute");
        }
        for fence in [Usurped, TwiceUsurped, MuteUsurped] {
            let outcome = if there { Outcome::Settled } else { Outcome::Lost };
            assert_eq!(one(&[batch, fence]).await, (outcome, there, false), "{batch:?} {fence:?}");
        }
        assert_eq!(one(&[batch, Drop, Drop, Drop, Drop, Drop, Drop, Drop]).await, (Outcome::Lost, there, false));
    }
    // The late batch comes in just before the fence's second attempt, after the first one took effect: too late.
    assert_eq!(one(&[Late, Mute]).await, (Outcome::Settled, true, true));
}

#[tokio::test(start_paused = true)]
async fn each_answer_to_the_first_fence() {
    use Act::*;
    for acts in [&[Honest][..], &[Twice], &[Mute], &[Drop], &[Late], &[Refuse], &[Mute, Mute, Late, Drop]] {
        let store = Arc::new(Scripted::default());
        store.script().commits = acts.iter().copied().collect();
        let mut log = open(&store).await.unwrap();
        assert_eq!(log.commit(put("row")).await, Outcome::Applied, "{acts:?}");
        let head = store.truth.head(&partition()).await.unwrap().unwrap();
        assert_eq!((head.range, head.sequence), (log.range(), 1));
    }
    let store = Arc::new(Scripted::default());
    store.script().commits = [Drop; 6].into();
    assert!(matches!(open(&store).await, Err(Error::Unavailable(_))));
}

#[tokio::test(start_paused = true)]
async fn a_fence_tests_no_sequence_and_a_batch_both() {
    let store = Arc::new(Scripted::default());
    let mut log = open(&store).await.unwrap();
    store.script().commits = [Act::Drop].into();
    log.commit(put("row")).await;
    let conditions: Vec<_> = store.script().sent.iter().map(|commit| commit.condition).collect();
    let both = Condition::Equal { range: Some(1), sequence: Some(0) };
    let fence = Condition::Equal { range: Some(1), sequence: None };
    assert_eq!(conditions, [Condition::Absent, both, fence]);
}

#[tokio::test(start_paused = true)]
async fn a_tenure_without_a_known_head_row_is_not_used() {
    for failures in [1, 5, 6, 12, 40] {
        let store = Arc::new(Scripted::default());
        let mut log = open(&store).await.unwrap();
        store.script().commits = [Act::Mute].into();
        store.script().heads = vec![false; failures].into();
        let outcome = log.commit(put("row")).await;
        let expected = if failures < 36 { Outcome::Settled } else { Outcome::Lost };
        assert_eq!(
            (outcome == Outcome::Settled, log.is_held()),
            (expected == Outcome::Settled, expected == Outcome::Settled)
        );
    }
}

#[tokio::test(start_paused = true)]
async fn nodes_go_first_and_are_repeated_as_they_are() {
    let store = Arc::new(Scripted::default());
    let mut log = open(&store).await.unwrap();
    let mut group = put("row");
    group.append(Partition::history("run"), "1/2".to_owned(), Bytes::from_static(b"events"));
    store.script().appends = [false, false].into();
    assert_eq!(log.commit(group.clone()).await, Outcome::Applied);
    let appended = std::mem::take(&mut store.script().appended);
    assert_eq!(appended.len(), 3);
    assert!(appended.windows(2).all(|pair| pair[0] == pair[1]));

    let sent = store.script().sent.len();
    store.script().appends = vec![false; 9].into();
    assert_eq!(log.commit(group).await, Outcome::Absent);
    assert_eq!(store.script().sent.len(), sent, "a batch went out before its history was durable");
    assert_eq!(log.commit(put("after")).await, Outcome::Applied);
}

#[tokio::test(start_paused = true)]
async fn loads_count_only_under_the_own_head_row() {
    let store = Arc::new(Scripted::default());
    let mut log = open(&store).await.unwrap();
    let mut group = Group::default();
    for number in 0..600 {
        group.put(format!("k/{number:05}"), Some(Bytes::new()));
    }
    assert_eq!(log.commit(group).await, Outcome::Applied);
    let keys: Vec<_> = log.read(prefixed("k/")).await.unwrap().into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, (0..600).map(|number| format!("k/{number:05}")).collect::<Vec<_>>());
    assert_eq!(log.get("k/00599").await, Ok(Some(Bytes::new())));
    assert_eq!(log.get("k/0059").await, Ok(None));
    store.usurp(&partition()).await;
    assert_eq!(log.read(prefixed("k/")).await, Err(Error::Lost));
    assert_eq!(log.commit(Group::default()).await, Outcome::Lost);
}

#[tokio::test(start_paused = true)]
async fn numbers_grow_over_tenures_and_a_tenure_is_renewed_before_they_run_out() {
    let store = Arc::new(Scripted::default());
    let mut log = open(&store).await.unwrap();
    let first = log.draw();
    assert!(log.draw() > first);
    log.drawn = 1 << 23;
    let last = log.draw();
    assert_eq!(log.commit(put("row")).await, Outcome::Applied);
    assert_eq!(log.range(), 2);
    assert!(log.draw() > last);
    let mut other = open(&store).await.unwrap();
    assert!(other.draw() > log.draw());
}

#[tokio::test(start_paused = true)]
async fn an_owner_that_writes_nothing_hears_of_the_next_one() {
    let store = Arc::new(Scripted::default());
    let mut log = open(&store).await.unwrap();
    assert!(log.lasts().await);
    store.usurp(&partition()).await;
    store.script().heads.push_back(false);
    assert!(log.lasts().await && log.is_held(), "what cannot be read says nothing");
    assert!(!log.lasts().await && !log.is_held());
}
