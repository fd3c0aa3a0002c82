//! The simulated Cassandra of a case: the pure state of `models::cassandra` behind a latency, with the faults of the plan.
//!
//! Every node reaches the same state through a [`Store`] of its own. How a call ends is decided when it arrives, by the
//! faults in force; what the undecided shows to a read is drawn. What happened beside the plain course is recorded. It
//! decides nothing else: what is possible at all is the model's business.

use super::Node;
use super::jitter::Jitter;
use super::seed::derive;
use crate::session::Session;
use async_trait::async_trait;
use bytes::Bytes;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use resurgam_api::environment::Environment as _;
use resurgam_models::cassandra::table::{Paxos, Truth, errors};
use resurgam_models::cassandra::{
    Answer as Told, AppendFate, Batch, Cassandra, Columns, Condition as Test, Consistency, Fate, Head as Row, HeldId,
    Outcome, Until,
};
use resurgam_models::plan::{Cluster, Harm, PartitionKind, Plan, StoreCall, StoreOutcome};
use resurgam_models::recording::What;
use resurgam_orchestrator::planted::{Bug, planted};
use resurgam_orchestrator::store::{Answer, Change, Commit, Condition, Head, Key, Partition, Rows, Store, Unavailable};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::sleep;
use uuid::Uuid;

/// The name in the head row of whoever settles partitions at the end of a case.
const SETTLER: &str = "settler";

/// The store of one case. Clones are the same.
#[derive(Clone)]
pub(super) struct Database(Arc<Shared>);

struct Shared {
    cluster: Cluster,
    seed: u64,
    state: Mutex<State>,
}

struct State {
    cassandra: Cassandra,
    draws: SmallRng,
    spells: BTreeMap<usize, Spell>,
    /// Held requests by the time at which they begin.
    late: Vec<(Duration, HeldId)>,
    session: Option<Arc<Session>>,
}

/// A fault of the store in force.
struct Spell {
    harm: Harm,
    left: u32,
    hits: u64,
}

impl Database {
    pub(super) fn new(plan: &Plan) -> Self {
        let state = State {
            cassandra: Cassandra::new(),
            draws: SmallRng::seed_from_u64(derive(plan.seed, "store", 0)),
            spells: BTreeMap::new(),
            late: Vec::new(),
            session: None,
        };
        Self(Arc::new(Shared { cluster: plan.cluster.clone(), seed: plan.seed, state: Mutex::new(state) }))
    }

    /// The store as one incarnation of a node reaches it.
    pub(super) fn seen_by(&self, number: u8, node: &Node) -> View {
        let jitter = node.jitter("store", Duration::from_millis(self.0.cluster.jitter_ms.into()));
        let draws = SmallRng::seed_from_u64(derive(self.0.seed, node.name(), node.incarnation()));
        View { database: self.clone(), number, node: node.clone(), jitter, draws: Arc::new(Mutex::new(draws)) }
    }

    /// From now on what happens is recorded, and late requests begin when they are due. Called on the driver's host.
    pub(super) fn record_to(&self, session: &Arc<Session>, node: &Node) {
        self.state().session = Some(Arc::clone(session));
        let (database, node) = (self.clone(), node.clone());
        tokio::spawn(async move {
            loop {
                sleep(Duration::from_millis(5)).await;
                database.state().deliver(node.elapsed());
            }
        });
    }

    /// Begins a fault under a number; false if it is none of the store.
    pub(super) fn begin(&self, number: usize, harm: &Harm) -> bool {
        let left = match harm {
            Harm::StoreUnreachable { .. } => u32::MAX,
            Harm::Store { calls, .. } => u32::from(*calls),
            _ => return false,
        };
        self.state().spells.insert(number, Spell { harm: harm.clone(), left, hits: 0 });
        true
    }

    /// Ends a fault; returns how many calls it spoiled.
    pub(super) fn end(&self, number: usize) -> u64 {
        self.state().spells.remove(&number).map_or(0, |spell| spell.hits)
    }

    /// After the faults: what is still on its way arrives, or is lost for ever.
    pub(super) fn calm(&self, now: Duration) {
        let mut state = self.state();
        state.late.clear();
        let held: Vec<HeldId> = state.cassandra.held().map(|(id, _)| id).collect();
        for id in held {
            if state.draws.random_bool(0.5) {
                state.release(now, id);
            } else if let Some(outcome) = state.cassandra.drop_held(id) {
                state.record(None, "", &[outcome]);
            }
        }
    }

    /// Fences every partition: whatever was undecided is decided now, and no owner's tenure survives.
    pub(super) fn settle(&self, now: Duration) {
        let mut state = self.state();
        let heads: Vec<(String, Row)> = state
            .cassandra
            .audit()
            .filter_map(|(name, partition)| Some((name.to_owned(), partition.head()?.clone())))
            .collect();
        let State { cassandra, draws, .. } = &mut *state;
        let mut outcomes = cassandra.settle(&mut |_| draws.random_bool(0.5));
        for (name, head) in heads {
            let condition = Test::Equal { range: Some(head.range), sequence: None };
            let head = Row { range: head.range + 1, owner: SETTLER.to_owned(), ..head };
            let batch = Batch { condition, head, columns: Columns::Tenure, rows: Vec::new(), deleted: Vec::new() };
            let done = cassandra.commit(micros(now), u8::MAX, &name, batch, Fate::Answered, &mut |_| false);
            outcomes.extend(done.outcomes);
        }
        state.record(None, "", &outcomes);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Late requests that are due begin.
    fn deliver(&mut self, now: Duration) {
        let due: Vec<_> = self.late.extract_if(.., |(at, _)| *at <= now).collect();
        for (_, id) in due {
            self.release(now, id);
        }
    }

    fn release(&mut self, now: Duration, id: HeldId) {
        let partition = self.cassandra.held().find(|(held, _)| *held == id).map(|(_, name)| name.to_owned());
        let Self { cassandra, draws, .. } = self;
        let outcomes = cassandra.release(micros(now), id, &mut |_| draws.random_bool(0.5));
        self.record(None, &partition.unwrap_or_default(), &outcomes);
    }

    /// The fault that spoils a call of a node on a partition, if there is one; it is used up by one call.
    fn spoiled(&mut self, number: u8, nodes: u8, partition: &str, call: StoreCall) -> Option<StoreOutcome> {
        let spell = self.spells.values_mut().find(|spell| {
            let Harm::Store { node, partition: only, outcome, .. } = &spell.harm else { return false };
            spell.left > 0
                && node.is_none_or(|node| node % nodes == number)
                && only.is_none_or(|only| only == kind(partition))
                && outcome.call() == call
        })?;
        spell.left -= 1;
        spell.hits += 1;
        let Harm::Store { outcome, .. } = spell.harm else { return None };
        Some(outcome)
    }

    /// True if a node's calls do not arrive.
    fn unreachable(&mut self, number: u8, nodes: u8) -> bool {
        let spell = self
            .spells
            .values_mut()
            .find(|spell| matches!(spell.harm, Harm::StoreUnreachable { node } if node % nodes == number));
        spell.map(|spell| spell.hits += 1).is_some()
    }

    fn record(&self, node: Option<u8>, partition: &str, outcomes: &[Outcome]) {
        let Some(session) = &self.session else { return };
        for outcome in outcomes.iter().filter(|outcome| !outcome.is_plain()) {
            let partition = partition.to_owned();
            session.recorder.record(What::Store { node, partition, outcome: *outcome });
        }
    }
}

/// The store as a node sees it.
pub(super) struct View {
    database: Database,
    number: u8,
    node: Node,
    jitter: Jitter,
    draws: Arc<Mutex<SmallRng>>,
}

impl View {
    /// One way of a call.
    async fn travel(&self) {
        let bounds = self.database.0.cluster.store.bounds();
        let length = self.draws.lock().unwrap_or_else(PoisonError::into_inner).random_range(bounds);
        if length > 0 {
            sleep(Duration::from_millis(length.into())).await;
        }
        self.jitter.pause().await;
    }

    /// The call does not arrive: the caller's own timeout ends it.
    async fn unreachable(&self) -> bool {
        let unreachable = self.database.state().unreachable(self.number, self.nodes());
        if unreachable {
            self.time_out().await;
        }
        unreachable
    }

    async fn time_out(&self) {
        sleep(Duration::from_millis(self.database.0.cluster.store_timeout_ms.into())).await;
    }

    fn nodes(&self) -> u8 {
        self.database.0.cluster.node_count()
    }

    fn spoiled(&self, partition: &Partition, call: StoreCall) -> Option<StoreOutcome> {
        self.database.state().spoiled(self.number, self.nodes(), &partition.0, call)
    }

    /// The caller learns that it does not know: by an error of the server, or by its own timeout.
    async fn unknown(&self, truth: Truth) -> String {
        let (report, quick) = {
            let mut state = self.database.state();
            let paxos = if state.draws.random_bool(0.5) { Paxos::V1 } else { Paxos::V2 };
            let all: Vec<_> = errors(paxos, truth).collect();
            let pick = state.draws.random_range(0..all.len());
            (all[pick], state.draws.random_bool(0.5))
        };
        if !quick || report == resurgam_models::cassandra::table::Report::NoAnswer {
            self.time_out().await;
        }
        report.name().to_owned()
    }

    /// What a read shows.
    async fn look(
        &self,
        partition: &Partition,
        range: &Range<Key>,
        limit: usize,
    ) -> Result<resurgam_models::cassandra::View, Unavailable> {
        self.travel().await;
        if self.unreachable().await || self.spoiled(partition, StoreCall::Read).is_some() {
            return Err(Unavailable("READ_TIMEOUT".to_owned()));
        }
        let view = {
            let mut state = self.database.state();
            let State { cassandra, draws, .. } = &mut *state;
            let view = cassandra.read(&partition.0, Consistency::Quorum, range, limit, &mut |_| draws.random_bool(0.5));
            state.record(Some(self.number), &partition.0, &view.outcomes);
            view
        };
        self.travel().await;
        Ok(view)
    }
}

#[async_trait]
impl Store for View {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        // Cassandra itself would take it; only a planted bug gets so far.
        if let Some(fault) = commit.fault()
            && !planted(Bug::RowTouchedTwice)
        {
            return Answer::Refused(fault);
        }
        let batch = batch(commit);
        self.travel().await;
        if self.unreachable().await {
            return Answer::Unknown("no answer".to_owned());
        }
        let spoiled = self.spoiled(partition, StoreCall::Commit);
        let fate = spoiled.map_or(Fate::Answered, fate);
        let truth = match fate {
            Fate::Lost => Truth::Never,
            Fate::Limbo => Truth::Limbo,
            Fate::Held(_) => Truth::Later,
            _ => Truth::Applied,
        };
        let told = {
            let mut state = self.database.state();
            let now = self.node.elapsed();
            let State { cassandra, draws, late, .. } = &mut *state;
            let done =
                cassandra.commit(micros(now), self.number, &partition.0, batch, fate, &mut |_| draws.random_bool(0.5));
            if let (Some(id), Some(StoreOutcome::CommitLate(ms))) = (done.held, spoiled) {
                late.push((now + Duration::from_millis(ms.into()), id));
            }
            state.record(Some(self.number), &partition.0, &done.outcomes);
            done.answer
        };
        match told {
            Told::Applied => {
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

    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
        let view = self.look(partition, &(String::new()..String::new()), 0).await?;
        Ok(view.head.map(seen))
    }

    async fn read(&self, partition: &Partition, range: Range<Key>, limit: usize) -> Result<Rows, Unavailable> {
        let view = self.look(partition, &range, limit).await?;
        Ok(view.rows.into_iter().map(|(key, value)| (key, Bytes::from(value))).collect())
    }

    async fn append(&self, partition: &Partition, rows: Rows) -> Result<(), Unavailable> {
        // The timestamp is the sender's, as its driver stamps it.
        let stamp = self.node.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let rows = rows.into_iter().map(|(key, value)| (key, value.to_vec())).collect();
        self.travel().await;
        if self.unreachable().await {
            return Err(Unavailable("no answer".to_owned()));
        }
        let spoiled = self.spoiled(partition, StoreCall::Append);
        let fate = match spoiled {
            Some(StoreOutcome::AppendLate(_)) => AppendFate::Held,
            Some(StoreOutcome::AppendLost) => AppendFate::Lost,
            Some(StoreOutcome::AppendPartial) => AppendFate::Partial,
            _ => AppendFate::Answered,
        };
        let told = {
            let mut state = self.database.state();
            let now = self.node.elapsed();
            let State { cassandra, draws, late, .. } = &mut *state;
            let done = cassandra.append(&partition.0, rows, micros(stamp), fate, &mut |_| draws.random_bool(0.5));
            if let (Some(id), Some(StoreOutcome::AppendLate(ms))) = (done.held, spoiled) {
                late.push((now + Duration::from_millis(ms.into()), id));
            }
            state.record(Some(self.number), &partition.0, &done.outcomes);
            done.answer
        };
        if told == Told::Applied {
            self.travel().await;
            return Ok(());
        }
        self.time_out().await;
        Err(Unavailable("WRITE_TIMEOUT SIMPLE".to_owned()))
    }
}

/// How the outcome that a plan asks for is brought about.
fn fate(outcome: StoreOutcome) -> Fate {
    match outcome {
        StoreOutcome::CommitReplyLost => Fate::ReplyLost,
        StoreOutcome::CommitLost => Fate::Lost,
        StoreOutcome::CommitLate(_) => Fate::Held(Until::Released),
        StoreOutcome::CommitAfterFence => Fate::Held(Until::NextBatch),
        StoreOutcome::CommitLimbo => Fate::Limbo,
        StoreOutcome::CommitResent => Fate::Resent,
        StoreOutcome::CommitUnavailable => Fate::Unavailable,
        StoreOutcome::AppendLate(_)
        | StoreOutcome::AppendLost
        | StoreOutcome::AppendPartial
        | StoreOutcome::ReadFails => Fate::Answered,
    }
}

/// What kind a partition is of, by its name.
fn kind(partition: &str) -> PartitionKind {
    match partition.split('/').next() {
        Some("shard") => PartitionKind::Shard,
        Some("queue") => PartitionKind::Queue,
        Some("history") => PartitionKind::History,
        _ => PartitionKind::Other,
    }
}

fn micros(at: Duration) -> u64 {
    u64::try_from((super::kernel::EPOCH + at).as_micros()).unwrap_or(u64::MAX)
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
