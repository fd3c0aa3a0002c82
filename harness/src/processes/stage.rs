//! The stage of a case on processes: faults of its plan are done to the nodes that it shares with others, and to its own calls.

use super::round::Place;
use super::witnesses::record;
use crate::case::Stage;
use crate::session::Session;
use crate::target::Cluster;
use crate::wire::RpcFault;
use async_trait::async_trait;
use resurgam_formats::plan::{Fault, FaultKind, Plan};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// See the module.
pub(crate) struct ProcessStage {
    cluster: Arc<Cluster>,
    place: Arc<Place>,
    injected: Mutex<Injected>,
}

#[derive(Default)]
struct Injected {
    session: Option<Arc<Session>>,
    faults: JoinSet<()>,
}

/// What a fault of a plan means here.
enum Injection {
    /// A process is killed, and started again at the end.
    Kill { node: u8 },
    /// The wire of clients and workers.
    Calls(RpcFault),
}

fn injection(kind: &FaultKind) -> Option<Injection> {
    match *kind {
        // A process does not learn what took it.
        FaultKind::Kill { node } | FaultKind::PowerLoss { node } => Some(Injection::Kill { node }),
        FaultKind::ReplyLost { by, calls } => Some(Injection::Calls(RpcFault::ReplyLost { by, calls })),
        FaultKind::CallRepeated { by, calls } => Some(Injection::Calls(RpcFault::CallRepeated { by, calls })),
        FaultKind::Partition { .. }
        | FaultKind::Hold { .. }
        | FaultKind::Slow { .. }
        | FaultKind::ClockSkew { .. }
        | FaultKind::ClockStep { .. }
        | FaultKind::StoreUnreachable { .. }
        | FaultKind::Store { .. } => None,
    }
}

impl ProcessStage {
    /// The stage of a case that has this place in its round.
    pub(crate) fn new(cluster: &Arc<Cluster>, place: Place) -> Self {
        Self { cluster: Arc::clone(cluster), place: Arc::new(place), injected: Mutex::default() }
    }

    /// The first fault of a plan that cannot be done to processes.
    pub(crate) fn impossible(plan: &Plan) -> Option<&Fault> {
        plan.faults.iter().find(|fault| injection(&fault.kind).is_none())
    }

    /// When all faults of the round are over, after its begin.
    pub(crate) fn heal_at(&self) -> Duration {
        self.place.heal()
    }

    fn injected(&self) -> Injected {
        std::mem::take(&mut *self.injected.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Stage for ProcessStage {
    fn inject(&self, session: &Arc<Session>) {
        self.place.witnesses().join(session);
        let mut faults = JoinSet::new();
        for (number, fault) in session.plan.faults.iter().cloned().enumerate() {
            let heal = session.recorder.began() + self.heal_at();
            let (cluster, place) = (Arc::clone(&self.cluster), Arc::clone(&self.place));
            faults.spawn(inflict(cluster, place, Arc::clone(session), number, fault, heal));
        }
        let injected = Injected { session: Some(Arc::clone(session)), faults };
        *self.injected.lock().unwrap_or_else(PoisonError::into_inner) = injected;
    }

    async fn heal(&self) {
        let Injected { session, mut faults } = self.injected();
        let Some(session) = session else { return };
        tokio::time::sleep_until((session.recorder.began() + self.heal_at()).into()).await;
        while faults.join_next().await.is_some() {}
        self.place.wait().await;
        self.place.witnesses().leave(&session);
        self.cluster.ready().await;
    }

    async fn settle(&self) {}

    async fn expire(&self, _: &[(String, String)]) {}
}

/// Does one fault, from its begin to its end. What lies in wait without a limit of time ends at the heal.
async fn inflict(
    cluster: Arc<Cluster>,
    place: Arc<Place>,
    session: Arc<Session>,
    number: usize,
    fault: Fault,
    heal: Instant,
) {
    session.sleep_until(fault.at_ms).await;
    let began = Instant::now();
    let lasts = Duration::from_millis(fault.for_ms.into());
    match injection(&fault.kind) {
        Some(Injection::Kill { node }) => {
            // Before it happens: nothing may be seen of it earlier.
            place.witnesses().began(began, &fault.kind);
            let hit = cluster.kill(node);
            tokio::time::sleep(lasts).await;
            cluster.revive(node);
            place.witnesses().ended(began, &fault.kind, u32::from(hit));
        }
        Some(Injection::Calls(calls)) => {
            record(&session, began, &fault.kind, None);
            session.rpc_faults.begin(number, calls);
            let end = if lasts.is_zero() { heal } else { began + lasts };
            tokio::time::sleep_until(end.into()).await;
            let hits = u32::try_from(session.rpc_faults.end(number)).unwrap_or(u32::MAX);
            record(&session, began, &fault.kind, Some(hits));
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::plan::Family;

    #[test]
    fn what_processes_cannot_suffer_is_named() {
        for seed in 0..100 {
            let possible = resurgam_generate::chaos_of(seed, &[Family::Node, Family::Call]);
            assert_eq!(ProcessStage::impossible(&possible), None, "seed {seed}");
            for family in [Family::Network, Family::Clock, Family::Store] {
                let plan = resurgam_generate::chaos_of(seed, &[family]);
                assert_eq!(ProcessStage::impossible(&plan), plan.faults.first(), "seed {seed}");
            }
        }
    }
}
