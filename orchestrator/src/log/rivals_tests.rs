//! Rivals: several owners work on one partition while the store does all that it may do wrong, crash in the middle, and note
//! what they told their callers. At the end that and the rows have to agree.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::{Group, Log, Outcome};
use crate::store::memory::Memory;
use crate::store::{Partition, Store, prefixed};
use crate::testing::{Demon, World};
use bytes::Bytes;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the owners told, and how often they could not.
#[derive(Default)]
struct Told {
    acknowledged: BTreeSet<u64>,
    refused: BTreeSet<u64>,
    begun: u64,
    unknown: u64,
    settled: u64,
    violation: Option<String>,
}

/// What an owner has in memory: the chain of operations, and where its last node is.
struct View {
    chain: Vec<u64>,
    tail: String,
}

fn partition() -> Partition {
    Partition::shard("00001")
}

fn history() -> Partition {
    Partition::history("run")
}

fn text(bytes: &Bytes) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Follows the chain from `tail` to its beginning. Each node is `predecessor operation`.
async fn follow(store: &dyn Store, mut tail: String) -> Result<Vec<u64>, String> {
    let mut chain = Vec::new();
    while !tail.is_empty() {
        let range = tail.clone()..format!("{tail}\0");
        let rows = loop {
            match store.read(&history(), range.clone(), 1).await {
                Ok(rows) => break rows,
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        let Some((_, value)) = rows.first() else { return Err(format!("the node {tail} is missing")) };
        let (predecessor, operation) = text(value).split_once(' ').unwrap();
        chain.push(operation.parse().unwrap());
        tail = predecessor.to_owned();
    }
    chain.reverse();
    Ok(chain)
}

async fn load(log: &mut Log, store: &dyn Store) -> Result<View, String> {
    let rows = log.read(prefixed("")).await.map_err(|_| String::new())?;
    let tail = rows.iter().find(|(key, _)| key == "tail").map_or("", |(_, value)| &text(value)[1..]).to_owned();
    let chain = follow(store, tail.clone()).await?;
    let operations: BTreeSet<u64> =
        rows.iter().filter_map(|(key, _)| key.strip_prefix("op/")).map(|id| id.parse().unwrap()).collect();
    if operations != chain.iter().copied().collect() || operations.len() != chain.len() {
        return Err(format!("rows {operations:?} and history {chain:?} differ"));
    }
    Ok(View { chain, tail })
}

/// Works until the log is lost.
async fn tenure(world: &Arc<World>, store: &Arc<Demon>, told: &Mutex<Told>, name: &str) -> Result<(), String> {
    let Ok(mut log) = Log::open(store.clone(), world.clone(), partition(), name).await else { return Ok(()) };
    let mut view = match load(&mut log, store.as_ref()).await {
        Ok(view) => view,
        Err(doubt) if doubt.is_empty() => return Ok(()),
        Err(violation) => return Err(violation),
    };
    loop {
        world.delay(30).await;
        let mut group = Group::default();
        let known = told.lock().unwrap().acknowledged.clone();
        let (mut chain, mut tail) = (view.chain.clone(), view.tail.clone());
        let mut operations = Vec::new();
        for _ in 0..world.below(3) {
            let operation = {
                let mut told = told.lock().unwrap();
                told.begun += 1;
                told.begun
            };
            chain.push(operation);
            let node = format!("{:020}/{:020}", chain.len(), log.draw());
            group.begin();
            group.append(history(), node.clone(), Bytes::from(format!("{tail} {operation}")));
            group.put(format!("op/{operation:05}"), Some(Bytes::new()));
            // A letter in front: the later value is not the larger one.
            let letter = char::from(b'a' + world.below(26) as u8);
            group.put("tail".to_owned(), Some(Bytes::from(format!("{letter}{node}"))));
            operations.push(operation);
            tail = node;
        }
        let outcome = log.commit(group).await;
        let mut told = told.lock().unwrap();
        match outcome {
            Outcome::Applied | Outcome::Settled => {
                told.settled += u64::from(outcome == Outcome::Settled);
                told.acknowledged.extend(operations);
                view = View { chain, tail };
                if let Some(lost) = known.iter().find(|operation| !view.chain.contains(operation)) {
                    return Err(format!("{name} read {:?} after {lost} was acknowledged", view.chain));
                }
            }
            Outcome::Absent | Outcome::Refused(_) => told.refused.extend(operations),
            Outcome::Lost => {
                told.unknown += operations.len() as u64;
                return Ok(());
            }
        }
    }
}

/// One life after another, each ended by a crash.
async fn lives(world: Arc<World>, store: Arc<Demon>, told: Arc<Mutex<Told>>, name: String) {
    loop {
        let life = Duration::from_millis(world.below(1500));
        let ended = tokio::time::timeout(life, tenure(&world, &store, &told, &name)).await;
        if let Ok(Err(violation)) = ended {
            told.lock().unwrap().violation.get_or_insert(violation);
            return;
        }
        world.delay(300).await;
    }
}

/// Runs one seed; returns what was told, or what is wrong.
fn run(seed: u64, malice: u64) -> Result<Told, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let world = World::new(seed);
        let truth = Arc::new(Memory::new());
        let store = Demon::new(truth.clone(), world.clone(), malice);
        let told = Arc::new(Mutex::new(Told::default()));
        let owners: Vec<_> = (0..3)
            .map(|owner| tokio::spawn(lives(world.clone(), store.clone(), told.clone(), format!("owner{owner}"))))
            .collect();
        tokio::time::sleep(Duration::from_secs(6)).await;
        for owner in owners {
            owner.abort();
            owner.await.ok();
        }
        // Everything that is still on its way arrives.
        tokio::time::sleep(Duration::from_secs(3)).await;
        let mut log = Log::open(truth.clone(), world, partition(), "audit").await.unwrap();
        let view = load(&mut log, truth.as_ref()).await?;
        let mut told = told.lock().unwrap();
        if let Some(violation) = told.violation.take() {
            return Err(violation);
        }
        let present: BTreeSet<u64> = view.chain.iter().copied().collect();
        if !told.acknowledged.is_subset(&present) {
            return Err(format!("lost: {:?}", told.acknowledged.difference(&present)));
        }
        if !told.refused.is_disjoint(&present) {
            return Err(format!("refused and present: {:?}", told.refused.intersection(&present)));
        }
        Ok(std::mem::take(&mut *told))
    })
}

#[test]
fn rows_agree_with_what_was_told() {
    let mut all = Told::default();
    for seed in 0..150 {
        let told = run(seed, 5 + seed % 30).unwrap_or_else(|violation| panic!("seed {seed}: {violation}"));
        all.begun += told.acknowledged.len() as u64;
        all.settled += told.settled;
        all.unknown += told.unknown;
        all.refused.extend(told.refused.iter().map(|operation| seed << 32 | operation));
    }
    // The run has seen what it is for.
    assert!(all.begun > 1000 && all.settled > 100 && all.unknown > 100 && all.refused.len() > 100);
}

#[cfg(feature = "planted-bugs")]
mod planted {
    use crate::planted::{Bug, plant};

    #[test]
    fn bugs_of_the_log_are_found() {
        for bug in [
            Bug::FenceMissing,
            Bug::TimeoutIsFailure,
            Bug::TimeoutIsSuccess,
            Bug::ReadInsteadOfFence,
            Bug::RowTouchedTwice,
        ] {
            plant(Some(bug));
            let found = (0..150).find_map(|seed| super::run(seed, 25).err().map(|violation| (seed, violation)));
            plant(None);
            assert!(found.is_some(), "{bug:?}");
        }
    }
}
