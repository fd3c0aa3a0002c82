//! The store of our orchestrator on a real node: it does what every store has to do, and nothing that the model of Cassandra
//! does not allow.

#![cfg(feature = "containers")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod worlds;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use resurgam_cassandra_store::{Cassandra, Error, Replication, Schema, Settings, VERSION};
use resurgam_harness::real;
use resurgam_node::store::{Answer, Change, Commit, Condition, Partition, Store as _, conformance};
use resurgam_real::{Node, Profile};
use scylla::client::session_builder::SessionBuilder;
use std::time::{Duration, Instant};
use uuid::Uuid;
use worlds::{Call, Seen, Worlds};

fn settings(node: &Node, keyspace: &str, timeout: Duration) -> Settings {
    Settings { contacts: vec![node.contact()], keyspace: keyspace.to_owned(), datacenter: None, login: None, timeout }
}

const PATIENT: Duration = Duration::from_secs(10);

async fn created(node: &Node, keyspace: &str) -> Cassandra {
    let settings = settings(node, keyspace, PATIENT);
    Schema::at(&settings).await.unwrap().create(&Replication::Everywhere(1)).await.unwrap();
    Cassandra::open(&settings).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strict_node() {
    if !real::cassandra_wanted("the store on a strict node of Cassandra") {
        return;
    }
    let node = Node::start(Profile::Strict).await.unwrap();
    schemas(&node).await;
    let store = created(&node, "resurgam").await;
    assert_eq!(conformance::check(&store, "strict").await, Ok(()));
    limits(&store).await;
    sequences(&node).await;
    what_is_acknowledged_stays(&node, &store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stock_node() {
    if !real::cassandra_wanted("the store on a stock node of Cassandra") {
        return;
    }
    let node = Node::start(Profile::Stock).await.unwrap();
    let store = created(&node, "resurgam").await;
    assert_eq!(conformance::check(&store, "stock").await, Ok(()));
    in_doubt(&node, &store).await;
}

/// Only what has the version that this program knows is worked with.
async fn schemas(node: &Node) {
    let settings = settings(node, "versions", PATIENT);
    let schema = Schema::at(&settings).await.unwrap();
    assert_eq!(schema.version().await.unwrap(), None);
    for refused in [schema.check().await, schema.upgrade().await.map(drop), Cassandra::open(&settings).await.map(drop)]
    {
        assert!(matches!(refused, Err(Error::NoSchema(_))), "{refused:?}");
    }
    schema.create(&Replication::Everywhere(1)).await.unwrap();
    schema.create(&Replication::Everywhere(1)).await.unwrap();
    schema.check().await.unwrap();
    assert_eq!(schema.upgrade().await.unwrap(), VERSION);
    for (found, line) in [(VERSION + 1, "it needs a newer program"), (0, "run `resurgam schema cassandra --upgrade`")] {
        pretend(node, found).await;
        let refused = Cassandra::open(&settings).await.map(drop).unwrap_err().to_string();
        assert!(refused.contains(line) && !refused.contains('\n'), "{refused}");
    }
    assert_eq!(schema.upgrade().await.unwrap(), 0);
    Cassandra::open(&settings).await.unwrap();
}

/// Says that the tables have another version.
async fn pretend(node: &Node, version: i32) {
    let session = SessionBuilder::new().known_node(node.contact()).build().await.unwrap();
    let update = "UPDATE versions.schema_version SET version = ? WHERE component = 'store'";
    session.query_unpaged(update, (version,)).await.unwrap();
}

/// What is too large, or goes to the wrong place, is refused and has no effect.
async fn limits(store: &Cassandra) {
    let first = |partition: &str, rows: Vec<_>| {
        let change = Change::Fence { range: 1, owner: "one".to_owned() };
        (Partition::other(partition), Commit { condition: Condition::Absent, change, rows, deleted: Vec::new() })
    };
    let value = |length: usize| Some(bytes::Bytes::from(vec![7; length]));
    let (large, commit) = first("large", vec![("a".to_owned(), value(7 << 20))]);
    assert_eq!(store.commit(&large, commit).await, Answer::Applied, "as large as one step can be");
    let (larger, commit) = first("larger", vec![("a".to_owned(), value(9 << 20))]);
    assert!(matches!(store.commit(&larger, commit).await, Answer::Refused(_)));
    assert_eq!(store.head(&larger).await, Ok(None));
    let (_, commit) = first("x", Vec::new());
    assert!(matches!(store.commit(&Partition::history("x"), commit).await, Answer::Refused(_)));
    let (long, commit) = first("long", vec![("k".repeat(70_000), value(1))]);
    assert!(matches!(store.commit(&long, commit).await, Answer::Refused(_)), "a key that Cassandra does not take");
    assert_eq!(store.head(&long).await, Ok(None));
    // More rows than a page has.
    let rows: Vec<_> = (0..1201).map(|n| (format!("{n:05}"), bytes::Bytes::from_static(b"x"))).collect();
    let many = Partition::history("many");
    store.append(&many, rows.clone()).await.unwrap();
    let all = String::new().."9".to_owned();
    assert_eq!(store.read(&many, all.clone(), 5000).await.unwrap(), rows);
    assert_eq!(store.read(&many, all.clone(), 1200).await.unwrap(), rows[..1200]);
    assert_eq!(store.read(&many, all, 500).await.unwrap(), rows[..500]);
}

/// Random calls, half of them of a client that gives up before most answers come, on reality and on the model: what reality
/// says, some course of the model says as well.
async fn sequences(node: &Node) {
    const SEQUENCES: usize = 60;
    let store = created(node, "sequences").await;
    let usual = usual_time(&store).await;
    let mut runner = TestRunner::default();
    let mut drawn = |range| proptest::collection::vec(worlds::call(), range).new_tree(&mut runner).unwrap().current();
    // From no time at all to what is usual.
    let mut hurries = [0, 1, 2, 3, 4].into_iter().cycle().map(|quarters| usual * quarters / 4);
    let (mut doubts, mut known) = (0, 0);
    for number in 0..SEQUENCES {
        let mut worlds = Worlds::new();
        let mut history = Vec::new();
        for call in drawn(1..16) {
            let hasty = call.is_hasty() && worlds.doubts() < 4;
            let patience = if hasty { hurries.next().unwrap() } else { PATIENT };
            let made = tokio::time::timeout(patience, call.make(&store, &format!("{number}"))).await;
            let seen = made.unwrap_or(Seen::Nothing);
            doubts += usize::from(seen == Seen::Nothing);
            known += usize::from(seen != Seen::Nothing);
            history.push(format!("{call:?} -> {seen:?}"));
            assert!(worlds.allow(&call, &seen), "no course of the model allows this:\n{}", history.join("\n"));
        }
    }
    assert!(doubts >= 10 && known >= 100, "{doubts} doubts and {known} answers show nothing");
}

/// What a commit takes on this machine: the time in the middle of nine.
async fn usual_time(store: &Cassandra) -> Duration {
    let mut times = Vec::new();
    let mut range = None;
    for _ in 0..9 {
        let begun = Instant::now();
        assert_eq!(Call::fence(range).make(store, "usual").await, Seen::Applied);
        times.push(begun.elapsed());
        range = Some(range.unwrap_or(0) + 1);
    }
    times.sort();
    times[4]
}

/// A node that answers no more leaves a commit in doubt, and one that goes on may still execute it.
async fn in_doubt(node: &Node, store: &Cassandra) {
    let at = Partition::shard("doubt");
    let fence = |range| Commit {
        condition: if range == 1 {
            Condition::Absent
        } else {
            Condition::Equal { range: Some(range - 1), sequence: None }
        },
        change: Change::Fence { range, owner: format!("owner {range}") },
        rows: Vec::new(),
        deleted: Vec::new(),
    };
    assert_eq!(store.commit(&at, fence(1)).await, Answer::Applied);
    let hasty = Cassandra::open(&settings(node, "resurgam", Duration::from_secs(1))).await.unwrap();
    node.pause().await.unwrap();
    let answer = hasty.commit(&at, fence(2)).await;
    assert!(matches!(answer, Answer::Unknown(_)), "{answer:?}");
    assert!(hasty.head(&at).await.is_err());
    node.resume().await.unwrap();
    // Whichever it was: the fence after it is applied, or shows that the doubtful one was.
    let (mut range, mut settled) = (2, false);
    while !settled {
        match store.commit(&at, fence(range)).await {
            Answer::Applied => settled = true,
            Answer::NotApplied(Some(head)) => range = head.range + 1,
            Answer::Unknown(_) => tokio::time::sleep(Duration::from_millis(200)).await,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(store.head(&at).await.unwrap().map(|head| head.range), Some(range));
}

/// With a log that is on disk before the acknowledgement, nothing acknowledged is lost with the process.
async fn what_is_acknowledged_stays(node: &Node, store: &Cassandra) {
    let at = Partition::shard("kept");
    let first = Change::Fence { range: 1, owner: "one".to_owned() };
    let commit = Commit { condition: Condition::Absent, change: first, rows: Vec::new(), deleted: Vec::new() };
    assert_eq!(store.commit(&at, commit).await, Answer::Applied);
    let mut sequence = 0;
    while sequence < 50 {
        let commit = Commit {
            condition: Condition::Equal { range: Some(1), sequence: Some(sequence) },
            change: Change::Batch { sequence: sequence + 1, batch: Uuid::from_u128(u128::from(sequence) + 1) },
            rows: vec![(format!("{sequence:03}"), Some(bytes::Bytes::from_static(b"kept")))],
            deleted: Vec::new(),
        };
        assert_eq!(store.commit(&at, commit).await, Answer::Applied);
        sequence += 1;
    }
    node.kill().await.unwrap();
    node.restart().await.unwrap();
    let store = Cassandra::open(&settings(node, "resurgam", PATIENT)).await.unwrap();
    assert_eq!(store.head(&at).await.unwrap().map(|head| head.sequence), Some(50));
    assert_eq!(store.read(&at, String::new().."9".to_owned(), 99).await.unwrap().len(), 50);
}
