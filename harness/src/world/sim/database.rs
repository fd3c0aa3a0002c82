//! The simulated Cassandra of a case: the pure state of `models::cassandra` behind a latency, with the faults of the plan.
//!
//! Every node reaches the same state through a [`Store`] of its own. How a call ends is decided when it arrives, by the
//! faults in force; what the undecided shows to a read is drawn. What happened beside the plain course is recorded. It
//! decides nothing else: what is possible at all is the model's business.

use super::Node;
use super::jitter::Jitter;
use super::ledger::Ledger;
use super::seat::Orchestrator;
use super::seed::derive;
use crate::session::Session;
use async_trait::async_trait;
use bytes::Bytes;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use resurgam_api::environment::Environment as _;
use resurgam_models::audit::Audit;
use resurgam_models::cassandra::table::{Paxos, Truth, errors};
use resurgam_models::cassandra::{
    Answer as Told, AppendFate, Batch, Cassandra, Columns, Condition as Test, Consistency, Fate, Head as Row, HeldId,
    Outcome, Until,
};
use resurgam_models::plan::{Cluster, Harm, PartitionKind, Plan, StoreCall, StoreOutcome};
use resurgam_models::recording::What;
use resurgam_orchestrator::planted::{Bug, planted};
use resurgam_orchestrator::store::{Answer, Change, Commit, Condition, Head, Key, Partition, Rows, Store, Unavailable};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::time::sleep;
use uuid::Uuid;

/// The name in the head row of whoever settles partitions at the end of a case.
const SETTLER: &str = "settler";
/// Simulated time between two audits.
const AUDITS: Duration = Duration::from_millis(250);
/// Time between two looks at what is due.
const TICK: Duration = Duration::from_millis(5);

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
    /// When the recording began, since the start of the simulation.
    began: Duration,
    ledger: Ledger,
    /// The last audit, and the runs that were closed in it or before.
    audited: Audit,
    closed: BTreeSet<String>,
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
            began: Duration::ZERO,
            ledger: Ledger::default(),
            audited: Audit::default(),
            closed: BTreeSet::new(),
        };
        Self(Arc::new(Shared { cluster: plan.cluster.clone(), seed: plan.seed, state: Mutex::new(state) }))
    }

    /// The store as one incarnation of a node reaches it.
    pub(super) fn seen_by(&self, number: u8, node: &Node) -> View {
        let jitter = node.jitter("store", Duration::from_millis(self.0.cluster.jitter_ms.into()));
        let draws = SmallRng::seed_from_u64(derive(self.0.seed, node.name(), node.incarnation()));
        let name = format!("{}#{}", node.name(), node.incarnation());
        View { database: self.clone(), number, name, node: node.clone(), jitter, draws: Arc::new(Mutex::new(draws)) }
    }

    /// From now on what happens is recorded, late requests begin when they are due, and the rows are audited from time to
    /// time. Called on the driver's host.
    pub(super) fn record_to(&self, session: &Arc<Session>, node: &Node, target: &Arc<dyn Orchestrator>) {
        {
            let mut state = self.state();
            state.session = Some(Arc::clone(session));
            state.began = node.elapsed();
        }
        let (database, node, target) = (self.clone(), node.clone(), Arc::clone(target));
        tokio::spawn(async move {
            let mut next = node.elapsed() + AUDITS;
            loop {
                sleep(TICK).await;
                database.state().deliver(node.elapsed());
                if node.elapsed() >= next {
                    next += AUDITS;
                    database.audit(target.as_ref(), false);
                }
            }
        });
    }

    /// Asks the target what the rows mean, and records it, unless it is as before. Of what is undecided, a read that has
    /// shown it has been believed, so it is in; nobody can have acted on the rest, so it is out. All partitions are of one
    /// moment. What has closed before stands again only in the audit that is the `last`.
    pub(super) fn audit(&self, target: &dyn Orchestrator, last: bool) {
        let mut state = self.state();
        let mut decided = state.cassandra.clone();
        decided.settle(&mut |_| false);
        let rows = decided.audit().map(|(name, partition)| (name, partition.cells().iter().collect())).collect();
        let Some(mut audit) = target.audit(&rows) else { return };
        if !last {
            state.forget(&mut audit);
        }
        if let Some(session) = &state.session
            && (last || audit != state.audited)
        {
            session.recorder.record(What::Audit(Box::new(audit.clone())));
            state.audited = audit;
        }
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

    /// Fences every partition: whatever was undecided is decided now, and no owner's tenure survives. Records who owned
    /// what until then.
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
        let truth = state.cassandra.audit().map(|(name, partition)| (name, partition.decided()));
        let tenures = state.ledger.close(state.began, truth, SETTLER);
        if let Some(session) = &state.session {
            session.recorder.record(What::Tenures(Box::new(tenures)));
        }
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

    /// Leaves out what had closed at an earlier audit, except children that are pending in their parents.
    fn forget(&mut self, audit: &mut Audit) {
        let closed = std::mem::take(&mut self.closed);
        self.closed.extend(audit.runs.iter().filter(|run| !run.open).map(|run| run.run_id.clone()));
        let children = audit.runs.iter().flat_map(|run| &run.pending.children);
        let children: BTreeSet<String> = children.map(|child| child.workflow_id.clone()).collect();
        let kept = |workflow_id: &String, run_id: &String| !closed.contains(run_id) || children.contains(workflow_id);
        audit.runs.retain(|run| kept(&run.workflow_id, &run.run_id));
        audit.current.retain(|row| kept(&row.workflow_id, &row.run_id));
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
    /// The sender: which start of which node.
    name: String,
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

impl View {
    /// A commit, there and back.
    async fn send(&self, partition: &Partition, commit: Commit) -> Answer {
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
}

#[async_trait]
impl Store for View {
    async fn commit(&self, partition: &Partition, commit: Commit) -> Answer {
        let ticket = self.database.state().ledger.sent(self.node.elapsed(), &self.name, &partition.0, &commit);
        let answer = self.send(partition, commit).await;
        let now = self.node.elapsed();
        let mut state = self.database.state();
        state.ledger.answered(now, &partition.0, &ticket, &answer);
        if let Answer::NotApplied(Some(head)) = &answer {
            state.ledger.showed(now, &self.name, &partition.0, head);
        }
        answer
    }

    async fn head(&self, partition: &Partition) -> Result<Option<Head>, Unavailable> {
        let view = self.look(partition, &(String::new()..String::new()), 0).await?;
        let head = view.head.map(seen);
        if let Some(head) = &head {
            self.database.state().ledger.showed(self.node.elapsed(), &self.name, &partition.0, head);
        }
        Ok(head)
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
