//! What tests of this crate share: a world with given chance, and a store that misbehaves on purpose.

use crate::store::memory::{Memory, Table};
use crate::store::{Answer, Commit, Head, Key, Partition, Rows, Store, Unavailable};
use async_trait::async_trait;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use resurgam_api::environment::{Environment, Incoming, Machine};
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tonic::transport::Channel;

/// A world of tokio's paused time and seeded chance. Its wall clock follows tokio's, and can be stepped (`step`, in milliseconds).
pub(crate) struct World {
    chance: Mutex<SmallRng>,
    began: tokio::time::Instant,
    pub(crate) step: AtomicI64,
}

impl World {
    pub(crate) fn new(seed: u64) -> Arc<Self> {
        let chance = Mutex::new(SmallRng::seed_from_u64(seed));
        Arc::new(Self { chance, began: tokio::time::Instant::now(), step: AtomicI64::new(0) })
    }

    pub(crate) fn chance(&self) -> MutexGuard<'_, SmallRng> {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A number below `bound`.
    pub(crate) fn below(&self, bound: u64) -> u64 {
        self.chance().random_range(0..bound)
    }

    /// Waits for less than `millis`.
    pub(crate) async fn delay(&self, millis: u64) {
        let delay = self.below(millis);
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
}

#[async_trait]
impl Environment for World {
    fn now(&self) -> SystemTime {
        let millis = 1_000_000_000_000 + self.began.elapsed().as_millis() as i64 + self.step.load(Ordering::Relaxed);
        SystemTime::UNIX_EPOCH + Duration::from_millis(millis as u64)
    }

    fn random(&self) -> u64 {
        self.chance().random()
    }

    async fn listen(&self, address: &str) -> io::Result<Incoming> {
        Machine.listen(address).await
    }

    fn channel(&self, address: &str) -> Result<Channel, tonic::transport::Error> {
        Machine.channel(address)
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        tokio::spawn(task);
    }
}

/// A store that may do whatever Cassandra may do to conditional batches, plain reads and appends, as chance has it.
pub(crate) struct Demon {
    pub(crate) truth: Arc<Memory>,
    world: Arc<World>,
    /// Of 100 calls, how many go wrong.
    malice: u64,
    /// A partition without its last commit, while that one is undecided: plain reads may still show this.
    before: Arc<Mutex<BTreeMap<Partition, Table>>>,
}

impl Demon {
    pub(crate) fn new(truth: Arc<Memory>, world: Arc<World>, malice: u64) -> Arc<Self> {
        Arc::new(Self { truth, world, malice, before: Arc::default() })
    }

    fn wicked(&self) -> bool {
        self.world.below(100) < self.malice
    }

    /// What plain reads go to.
    fn shown(&self, partition: &Partition) -> Arc<Memory> {
        let before = self.before.lock().unwrap_or_else(PoisonError::into_inner).get(partition).cloned();
        match before.filter(|_| self.world.below(2) == 0) {
            Some(table) => Arc::new(Memory::of(partition.clone(), table)),
            None => self.truth.clone(),
        }
    }
}

async fn execute(
    truth: &Memory,
    before: &Mutex<BTreeMap<Partition, Table>>,
    partition: &Partition,
    commit: Commit,
    decided: bool,
) -> Answer {
    let table = truth.snapshot(partition);
    let answer = truth.commit(partition, commit).await;
    let mut before = before.lock().unwrap_or_else(PoisonError::into_inner);
    // Whatever was undecided is settled now.
    before.remove(partition);
    if !decided && answer == Answer::Applied {
        before.insert(partition.clone(), table);
    }
    answer
}

#[async_trait]
impl Store for Demon {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        self.world.delay(4).await;
        if !self.wicked() {
            let answer = execute(&self.truth, &self.before, partition, commit, true).await;
            self.world.delay(4).await;
            return answer;
        }
        let cause = || Answer::Unknown("the demon".to_owned());
        match self.world.below(4) {
            0 => cause(),
            1 => {
                execute(&self.truth, &self.before, partition, commit, false).await;
                cause()
            }
            2 => {
                // Re-sent on the way.
                execute(&self.truth, &self.before, partition, commit.clone(), false).await;
                self.world.delay(20).await;
                execute(&self.truth, &self.before, partition, commit, true).await
            }
            _ => {
                let (truth, before, world) = (self.truth.clone(), self.before.clone(), self.world.clone());
                let partition = partition.clone();
                tokio::spawn(async move {
                    world.delay(400).await;
                    execute(&truth, &before, &partition, commit, false).await;
                });
                cause()
            }
        }
    }

    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
        self.world.delay(4).await;
        if self.wicked() {
            return Err(Unavailable("the demon".to_owned()));
        }
        self.shown(partition).head(partition).await
    }

    async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable> {
        self.world.delay(4).await;
        if self.wicked() {
            return Err(Unavailable("the demon".to_owned()));
        }
        self.shown(partition).read(partition, range, limit).await
    }

    async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable> {
        self.world.delay(4).await;
        if !self.wicked() {
            return self.truth.append(partition, rows).await;
        }
        let (truth, world) = (self.truth.clone(), self.world.clone());
        let partition = partition.clone();
        tokio::spawn(async move {
            for row in rows {
                world.delay(400).await;
                if world.below(3) > 0 {
                    truth.append(&partition, vec![row]).await.ok();
                }
            }
        });
        Err(Unavailable("the demon".to_owned()))
    }

    async fn delete(&self, partition: &Partition, range: Range<Key>) -> Result<(), Unavailable> {
        self.world.delay(4).await;
        if !self.wicked() {
            return self.truth.delete(partition, range).await;
        }
        let (truth, world, partition) = (self.truth.clone(), self.world.clone(), partition.clone());
        tokio::spawn(async move {
            world.delay(400).await;
            if world.below(2) == 0 {
                truth.delete(&partition, range).await.ok();
            }
        });
        Err(Unavailable("the demon".to_owned()))
    }
}
