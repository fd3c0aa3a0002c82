//! The simulated Cassandra of a case: the pure state of `models::cassandra` behind a latency, with the faults of the plan.
//!
//! Every node reaches the same state through a store of its own (`store.rs`). How a call ends is decided when it arrives, by the
//! faults in force; what the undecided shows to a read is drawn. What happened beside the plain course is recorded. It
//! decides nothing else: what is possible at all is the model's business.

mod asked;
mod ending;
mod plain;

use self::asked::StoreCost;
use super::audits::{Audits, decided, named};
use super::idle;
use super::ledger::{Ledger, Ticket};
use super::schedule::Schedule;
use crate::session::Session;
use crate::store_faults::{StoreFault, StoreFaults};
use crate::subject::Subject;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use resurgam_cassandra::table::{Paxos, Report, Truth, errors};
use resurgam_cassandra::{
    Batch, Cassandra, Consistency, Done, HeldId, ScriptedCommit, Spoiled, Stamp, View as Shown, WriteAnswer as Told,
};
use resurgam_formats::audit::CurrentRow;
use resurgam_formats::cost::Cost;
use resurgam_formats::kept::KeptRun;
use resurgam_formats::plan::{Cluster, Happening, PartitionKind, Plan, StoreCall};
use resurgam_formats::recording::What;
use resurgam_formats::store::StoreEvent;
use resurgam_formats::time::Millis;
use resurgam_node::store::{Answer, Commit, Head, Partition, PartitionKind as Kind};
use resurgam_simulation::{EPOCH, Node, derive};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

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
    schedule: Schedule,
    state: Mutex<State>,
}

struct State {
    cassandra: Cassandra,
    draws: SmallRng,
    faults: StoreFaults,
    /// Held requests by the time at which they begin.
    late: Vec<(Duration, HeldId)>,
    session: Option<Arc<Session>>,
    /// When the recording began, since the start of the simulation.
    began: Duration,
    ledger: Ledger,
    audits: Audits,
    /// What has arrived so far.
    asked: StoreCost,
}

impl Database {
    pub(super) fn new(plan: &Plan, schedule: &Schedule) -> Self {
        let state = State {
            cassandra: Cassandra::new(),
            draws: SmallRng::seed_from_u64(derive(plan.seed, "store", 0)),
            faults: StoreFaults::default(),
            late: Vec::new(),
            session: None,
            began: Duration::ZERO,
            ledger: Ledger::default(),
            audits: Audits::default(),
            asked: StoreCost::default(),
        };
        let (cluster, schedule) = (plan.cluster.clone(), schedule.clone());
        Self(Arc::new(Shared { cluster, seed: plan.seed, schedule, state: Mutex::new(state) }))
    }

    /// A node's call has been decided; true if a fault begins by it, before which the node must not learn of it.
    pub(super) fn begins(&self, now: Duration, number: u8, event: &Happening) -> bool {
        self.0.schedule.happened(now, event, Some(number))
    }

    /// The seed of the case.
    pub(super) fn seed(&self) -> u64 {
        self.0.seed
    }

    pub(super) fn cluster(&self) -> &Cluster {
        &self.0.cluster
    }

    /// From now on what happens is recorded, late requests begin when they are due, and the rows are audited from time to
    /// time. Called on the driver's host.
    pub(super) fn record_to(&self, session: &Arc<Session>, node: &Node, subject: &Subject) {
        let mut state = self.state();
        (state.session, state.began) = (Some(Arc::clone(session)), node.elapsed());
        drop(state);
        let (database, node, subject) = (self.clone(), node.clone(), subject.clone());
        tokio::spawn(async move {
            let mut next = node.elapsed() + AUDITS;
            loop {
                sleep(TICK).await;
                database.state().deliver(node.elapsed());
                if node.elapsed() >= next {
                    next += AUDITS;
                    database.audit(&subject, false);
                }
            }
        });
    }

    /// Records what the rows mean; see [`Audits::take`].
    pub(super) fn audit(&self, subject: &Subject, last: bool) {
        let State { audits, cassandra, session, .. } = &mut *self.state();
        if let (Some(session), Some(audit)) = (session, audits.take(cassandra, subject, last)) {
            session.recorder.record(What::Audit(Box::new(audit)));
        }
    }

    /// What the rows hold of runs, and the current-run rows, if somebody can say it.
    pub(super) fn kept(&self, subject: &Subject) -> Option<(Vec<KeptRun>, Vec<CurrentRow>)> {
        decided(&self.state().cassandra, |rows| subject.kept(rows))
    }

    /// What has arrived so far, of all nodes.
    pub(super) fn asked(&self) -> Cost {
        self.state().asked.so_far()
    }

    /// Begins a fault under a number.
    pub(super) fn begin(&self, number: usize, fault: StoreFault) {
        self.state().faults.begin(number, fault);
    }

    /// Ends a fault; returns how many calls it spoiled.
    pub(super) fn end(&self, number: usize) -> u64 {
        self.state().faults.end(number)
    }

    /// True if a node's calls do not arrive.
    pub(super) fn unreachable(&self, number: u8) -> bool {
        self.state().faults.unreachable(number, self.0.cluster.node_count())
    }

    /// A conditional batch of a node arrives: what the node is told, and what is true.
    pub(super) fn commit(&self, now: Duration, number: u8, partition: &str, batch: Batch) -> (Told, Truth) {
        let mut state = self.state();
        state.asked.batch(&batch);
        let (scripted, late) = match state.spoiled(number, self.0.cluster.node_count(), partition, StoreCall::Commit) {
            Some(Spoiled::Commit(scripted, late)) => (scripted, late),
            Some(Spoiled::Append(..) | Spoiled::Read) | None => (ScriptedCommit::Answered, None),
        };
        let truth = match scripted {
            ScriptedCommit::Lost | ScriptedCommit::Unavailable => Truth::Never,
            ScriptedCommit::Limbo => Truth::Limbo,
            ScriptedCommit::Held(_) => Truth::Later,
            ScriptedCommit::Answered | ScriptedCommit::ReplyLost | ScriptedCommit::Resent => Truth::Applied,
        };
        let State { cassandra, draws, .. } = &mut *state;
        let done = cassandra.commit(micros(now), number, partition, batch, scripted, &mut |_| draws.random_bool(0.5));
        (state.done(now, number, partition, done, late), truth)
    }

    /// A plain read of a node arrives: what it shows, unless it fails.
    pub(super) fn read(&self, number: u8, partition: &str, range: &Range<String>, limit: usize) -> Option<Shown> {
        let mut state = self.state();
        if state.spoiled(number, self.0.cluster.node_count(), partition, StoreCall::Read).is_some() {
            return None;
        }
        let State { cassandra, draws, .. } = &mut *state;
        let shown = cassandra.read(partition, Consistency::Quorum, range, limit, &mut |_| draws.random_bool(0.5));
        state.record(Some(number), partition, &shown.outcomes);
        state.asked.rows(limit, &shown.rows);
        Some(shown)
    }

    /// How a sender learns that it does not know, and whether its server says so before its own timeout ends.
    pub(super) fn doubt(&self, truth: Truth) -> (Report, bool) {
        let mut state = self.state();
        let paxos = if state.draws.random_bool(0.5) { Paxos::V1 } else { Paxos::V2 };
        let all: Vec<Report> = errors(paxos, truth).collect();
        let report = all[state.draws.random_range(0..all.len())];
        let quick = state.draws.random_bool(0.5) && report != Report::NoAnswer;
        (report, quick)
    }

    /// A commit leaves its sender; see [`Ledger`].
    pub(super) fn sent(&self, now: Duration, by: &str, partition: &str, commit: &Commit) -> Ticket {
        let State { ledger, cassandra, .. } = &mut *self.state();
        ledger.sent(now, by, partition, commit, idle::rows(cassandra.partition(partition), commit))
    }

    /// Its answer arrives.
    pub(super) fn answered(&self, now: Duration, by: &str, partition: &str, ticket: &Ticket, answer: &Answer) {
        let mut state = self.state();
        state.ledger.answered(now, partition, ticket, answer);
        if let Answer::NotApplied(Some(head)) = answer {
            state.ledger.showed(now, by, partition, head);
        }
    }

    /// A sender is shown a head row.
    pub(super) fn showed(&self, now: Duration, by: &str, partition: &str, head: &Head) {
        self.state().ledger.showed(now, by, partition, head);
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

    /// A call is over in the store: what is held is released when it is due, what happened is recorded.
    fn done(&mut self, now: Duration, number: u8, partition: &str, done: Done, late: Option<Millis>) -> Told {
        if let (Some(id), Some(ms)) = (done.held, late) {
            self.late.push((now + Duration::from_millis(ms.into()), id));
        }
        self.record(Some(number), partition, &done.outcomes);
        done.answer
    }

    /// How a call of a node on a partition ends, if a fault spoils it.
    fn spoiled(&mut self, number: u8, nodes: u8, partition: &str, call: StoreCall) -> Option<Spoiled> {
        self.faults.spoiled(number, nodes, || kind(&named(partition)), call).map(Spoiled::from)
    }

    fn record(&self, node: Option<u8>, partition: &str, outcomes: &[StoreEvent]) {
        let Some(session) = &self.session else { return };
        for outcome in outcomes.iter().copied().filter(|outcome| !outcome.is_plain()) {
            session.recorder.record(What::Store { node, partition: partition.to_owned(), outcome });
        }
    }
}

/// What a fault of the plan calls the kind of a partition.
pub(super) fn kind(partition: &Partition) -> PartitionKind {
    match partition.kind {
        Kind::Shard => PartitionKind::Shard,
        Kind::Queue => PartitionKind::Queue,
        Kind::History => PartitionKind::History,
        Kind::Other => PartitionKind::Other,
    }
}

/// The store's own clock, which no fault touches.
fn micros(at: Duration) -> Stamp {
    whole(EPOCH + at)
}

fn whole(since_epoch: Duration) -> Stamp {
    u64::try_from(since_epoch.as_micros()).unwrap_or(Stamp::MAX)
}
