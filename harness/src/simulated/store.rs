//! The store as one node reaches it: its driver, with the way there and back.
//!
//! It turns the orchestrator's calls into those of the model, waits as long as calls take, and tells its caller no more
//! than a driver of Cassandra would. Why a call ends as it does is decided in [`Database`].

use super::database::{Database, kind};
use super::schedule::BEGUN;
use async_trait::async_trait;
use bytes::Bytes;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use resurgam_api::environment::Environment as _;
use resurgam_cassandra::table::Truth;
use resurgam_cassandra::{Batch, Columns, Condition as Test, Head as Row, Stamp, View as Shown, WriteAnswer as Told};
use resurgam_formats::plan::Happening;
use resurgam_node::store::{Answer, Change, Commit, Condition, Head, Key, Partition, Rows, Store, Unavailable};
use resurgam_simulation::{Jitter, Node, derive};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::sleep;
use uuid::Uuid;

/// The store of a case as one incarnation of a node reaches it.
pub(super) struct NodeStore {
    database: Database,
    number: u8,
    /// The sender: which start of which node.
    name: String,
    node: Node,
    jitter: Jitter,
    draws: Mutex<SmallRng>,
}

impl NodeStore {
    pub(super) fn new(database: Database, number: u8, node: &Node) -> Self {
        let draws = SmallRng::seed_from_u64(derive(database.seed(), node.name(), node.incarnation()));
        let jitter = node.jitter("store", Duration::from_millis(database.cluster().jitter_ms.into()));
        let name = format!("{}#{}", node.name(), node.incarnation());
        Self { database, number, name, node: node.clone(), jitter, draws: Mutex::new(draws) }
    }

    /// One way of a call.
    async fn travel(&self) {
        let bounds = self.database.cluster().store.bounds();
        let length = self.draws.lock().unwrap_or_else(PoisonError::into_inner).random_range(bounds);
        if length > 0 {
            sleep(Duration::from_millis(length.into())).await;
        }
        self.jitter.pause().await;
    }

    /// The call does not arrive: the caller's own timeout ends it.
    async fn unreachable(&self) -> bool {
        let unreachable = self.database.unreachable(self.number);
        if unreachable {
            self.time_out().await;
        }
        unreachable
    }

    async fn time_out(&self) {
        sleep(Duration::from_millis(self.database.cluster().store_timeout_ms.into())).await;
    }

    /// A commit, there and back.
    async fn send(&self, partition: &Partition, commit: Commit) -> Answer {
        if let Some(fault) = commit.fault() {
            return Answer::Refused(fault);
        }
        let event = match commit.change {
            Change::Fence { .. } => Happening::Fence { partition: Some(kind(partition)) },
            Change::Batch { .. } => Happening::Commit { partition: Some(kind(partition)) },
        };
        let batch = batch(commit);
        self.travel().await;
        if self.unreachable().await {
            return Answer::Unknown("no answer".to_owned());
        }
        let (told, truth) = self.database.commit(self.node.elapsed(), self.number, &partition.to_string(), batch);
        match told {
            Told::Applied => {
                self.decided(&event).await;
                self.travel().await;
                Answer::Applied
            }
            Told::NotApplied(head) => {
                self.travel().await;
                Answer::NotApplied(head.map(seen))
            }
            Told::Unknown => Answer::Unknown(self.unknown(truth).await),
            // It is certain only to whoever knows which Paxos the server runs.
            Told::Unavailable => Answer::Unknown("UNAVAILABLE".to_owned()),
        }
    }

    /// The caller learns that it does not know: by an error of the server, or by its own timeout.
    async fn unknown(&self, truth: Truth) -> String {
        let (report, quick) = self.database.doubt(truth);
        if !quick {
            self.time_out().await;
        }
        report.name().to_owned()
    }

    /// A call was decided: if a fault begins by that, it does so before the caller learns of it.
    async fn decided(&self, event: &Happening) {
        if self.database.begins(self.node.elapsed(), self.number, event) {
            sleep(BEGUN).await;
        }
    }

    /// The end of a plain write.
    async fn written(&self, partition: &Partition, told: &Told) -> Result<(), Unavailable> {
        if *told == Told::Applied {
            self.decided(&Happening::Append { partition: Some(kind(partition)) }).await;
            self.travel().await;
            return Ok(());
        }
        self.time_out().await;
        Err(Unavailable("WRITE_TIMEOUT SIMPLE".to_owned()))
    }

    /// What a read shows.
    async fn look(&self, partition: &Partition, range: &Range<Key>, limit: usize) -> Result<Shown, Unavailable> {
        self.travel().await;
        if self.unreachable().await {
            return Err(Unavailable("no answer".to_owned()));
        }
        let shown = self.database.read(self.number, &partition.to_string(), range, limit);
        let shown = shown.ok_or_else(|| Unavailable("READ_TIMEOUT".to_owned()))?;
        self.decided(&Happening::Read { partition: Some(kind(partition)) }).await;
        self.travel().await;
        Ok(shown)
    }
}

#[async_trait]
impl Store for NodeStore {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        let ticket = self.database.sent(self.node.elapsed(), &self.name, &partition.to_string(), &commit);
        let answer = self.send(partition, commit).await;
        self.database.answered(self.node.elapsed(), &self.name, &partition.to_string(), &ticket, &answer);
        answer
    }

    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
        let shown = self.look(partition, &(String::new()..String::new()), 0).await?;
        let head = shown.head.map(seen);
        if let Some(head) = &head {
            self.database.showed(self.node.elapsed(), &self.name, &partition.to_string(), head);
        }
        Ok(head)
    }

    async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable> {
        let shown = self.look(partition, &range, limit).await?;
        Ok(shown.rows.into_iter().map(|(key, value)| (key, Bytes::from(value))).collect())
    }

    async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable> {
        // The timestamp is the sender's, as its driver stamps it.
        let stamp = self.node.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let rows = rows.into_iter().map(|(key, value)| (key, value.to_vec())).collect();
        self.travel().await;
        if self.unreachable().await {
            return Err(Unavailable("no answer".to_owned()));
        }
        let told = self.database.append(self.node.elapsed(), self.number, &partition.to_string(), rows, stamp);
        self.written(partition, &told).await
    }

    async fn delete(&self, partition: &Partition, range: Range<Key>) -> Result<(), Unavailable> {
        self.travel().await;
        if self.unreachable().await {
            return Err(Unavailable("no answer".to_owned()));
        }
        let name = partition.to_string();
        // Nothing is ever written there again, so it may beat all that was, whoever's clock stamped it.
        let told = self.database.delete(self.node.elapsed(), self.number, &name, &range, Stamp::MAX);
        self.written(partition, &told).await
    }
}

fn seen(head: Row) -> Head {
    Head { range: head.range, sequence: head.sequence, batch: Uuid::from_u128(head.batch), owner: head.owner }
}

fn batch(commit: Commit) -> Batch {
    let condition = match commit.condition {
        Condition::Absent => Test::Absent,
        Condition::Equal { range, sequence } => Test::Equal { range, sequence },
    };
    let (head, columns) = match commit.change {
        Change::Fence { range, owner } if condition == Test::Absent => {
            (Row { range, owner, ..Row::default() }, Columns::All)
        }
        Change::Fence { range, owner } => (Row { range, owner, ..Row::default() }, Columns::Tenure),
        Change::Batch { sequence, batch } => {
            (Row { sequence, batch: batch.as_u128(), ..Row::default() }, Columns::Batch)
        }
    };
    Batch {
        condition,
        head,
        columns,
        rows: commit.rows.into_iter().map(|(key, value)| (key, value.map(|bytes| bytes.to_vec()))).collect(),
        deleted: commit.deleted,
    }
}
