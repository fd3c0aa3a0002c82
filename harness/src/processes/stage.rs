//! The stage of a case on processes: faults of its plan are done to the nodes that it shares with others, and to its own calls.

use super::round::RoundMember;
use super::shared_faults::record;
use crate::cql::Proxy;
use crate::links::{Begun, LinkFault};
use crate::session::Session;
use crate::stage::Stage;
use crate::store_faults::StoreFault;
use crate::target::Cluster;
use crate::wire::RpcFault;
use async_trait::async_trait;
use resurgam_formats::plan::{self, DatabaseFault, Fault, FaultKind, Plan};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// See the module.
pub(crate) struct ProcessStage {
    cluster: Arc<Cluster>,
    place: Arc<RoundMember>,
    under_way: Mutex<Option<UnderWay>>,
}

/// The case and its faults, from their injection to their heal.
struct UnderWay {
    session: Arc<Session>,
    faults: JoinSet<()>,
}

/// What a fault of a plan means here.
enum Injection {
    /// A process is killed, and started again at the end.
    Kill { node: u8 },
    /// A process is stopped where it is, and goes on at the end.
    Pause { node: u8 },
    /// The clock of a node is wrong, for a while or for good.
    Clock { node: u8, by_ms: i32, ends: bool },
    /// The wire of clients and workers.
    Calls(RpcFault),
    /// The links between hosts.
    Links(LinkFault),
    /// The proxy between the nodes and Cassandra.
    Store(StoreFault),
    /// Cassandra itself, as whoever started it can do it.
    Database(DatabaseFault),
}

fn injection(kind: &FaultKind) -> Option<Injection> {
    match *kind {
        // A process does not learn what took it.
        FaultKind::Kill { node } | FaultKind::PowerLoss { node } => Some(Injection::Kill { node }),
        FaultKind::Pause { node } => Some(Injection::Pause { node }),
        FaultKind::ReplyLost { by, calls } => Some(Injection::Calls(RpcFault::ReplyLost { by, calls })),
        FaultKind::CallRepeated { by, calls } => Some(Injection::Calls(RpcFault::CallRepeated { by, calls })),
        FaultKind::StoreUnreachable { node } => Some(Injection::Store(StoreFault::Unreachable { node })),
        FaultKind::Store { node, partition, calls, outcome } => {
            let fault = StoreFault::Calls { node, partition, calls, outcome };
            Proxy::is_possible(outcome).then_some(Injection::Store(fault))
        }
        FaultKind::Database { does } => Some(Injection::Database(does)),
        FaultKind::Partition { ref side, way } => Some(Injection::Links(LinkFault::Cut { side: side.clone(), way })),
        // What a network loses TCP sends again: it is held as well.
        FaultKind::Hold { ref side } => {
            Some(Injection::Links(LinkFault::Cut { side: side.clone(), way: plan::Way::Both }))
        }
        FaultKind::Slow { ref side, by_ms } => {
            let by = Duration::from_millis(by_ms.into());
            Some(Injection::Links(LinkFault::Slow { side: side.clone(), by }))
        }
        FaultKind::ClockSkew { node, by_ms } => Some(Injection::Clock { node, by_ms, ends: true }),
        FaultKind::ClockStep { node, by_ms } => Some(Injection::Clock { node, by_ms, ends: false }),
    }
}

impl ProcessStage {
    /// The stage of a case that has this place in its round.
    pub(crate) fn new(cluster: &Arc<Cluster>, place: RoundMember) -> Self {
        Self { cluster: Arc::clone(cluster), place: Arc::new(place), under_way: Mutex::default() }
    }

    /// Takes out of a plan what cannot be done to processes, and what waits for a moment: nobody sees it there.
    pub(crate) fn limit(plan: &mut Plan) {
        plan.faults.retain(|fault| fault.moment.is_none() && injection(&fault.kind).is_some());
    }

    /// When all faults of the round are over, after its begin.
    pub(crate) fn heal_at(&self) -> Duration {
        self.place.heal()
    }

    fn under_way(&self) -> MutexGuard<'_, Option<UnderWay>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Stage for ProcessStage {
    fn inject(&self, session: &Arc<Session>) {
        self.place.shared_faults().join(session);
        let mut faults = JoinSet::new();
        for (number, fault) in session.plan.faults.iter().cloned().enumerate() {
            let heal = session.recorder.began() + self.heal_at();
            let (cluster, place) = (Arc::clone(&self.cluster), Arc::clone(&self.place));
            faults.spawn(inflict(cluster, place, Arc::clone(session), number, fault, heal));
        }
        *self.under_way() = Some(UnderWay { session: Arc::clone(session), faults });
    }

    async fn heal(&self) {
        let under_way = self.under_way().take();
        let UnderWay { session, mut faults } =
            under_way.expect("a case is healed once, after its faults were injected");
        tokio::time::sleep_until((session.recorder.began() + self.heal_at()).into()).await;
        while faults.join_next().await.is_some() {}
        self.place.wait().await;
        self.place.shared_faults().leave(&session);
        self.cluster.ready().await;
    }
}

/// Does one fault, from its begin to its end. What lies in wait without a limit of time ends at the heal.
async fn inflict(
    cluster: Arc<Cluster>,
    place: Arc<RoundMember>,
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
            place.shared_faults().began(began, &fault.kind);
            let hit = cluster.kill(node);
            tokio::time::sleep(lasts).await;
            cluster.revive(node);
            place.shared_faults().ended(began, &fault.kind, u32::from(hit));
        }
        Some(Injection::Pause { node }) => {
            place.shared_faults().began(began, &fault.kind);
            let hit = cluster.pause(node);
            tokio::time::sleep(lasts).await;
            // Who was killed meanwhile stood still at first, and who was started meanwhile does so now.
            let hit = cluster.resume(node) || hit;
            place.shared_faults().ended(began, &fault.kind, u32::from(hit));
        }
        Some(Injection::Clock { node, by_ms, ends }) => {
            place.shared_faults().began(began, &fault.kind);
            let hit = cluster.move_clock(node, by_ms.into());
            if ends {
                tokio::time::sleep(lasts).await;
                cluster.move_clock(node, -i64::from(by_ms));
                place.shared_faults().ended(began, &fault.kind, u32::from(hit));
            }
        }
        Some(Injection::Calls(calls)) => {
            record(&session, began, &fault.kind, None);
            session.rpc_faults.begin(number, calls);
            let end = if lasts.is_zero() { heal } else { began + lasts };
            tokio::time::sleep_until(end.into()).await;
            let hits = u32::try_from(session.rpc_faults.end(number)).unwrap_or(u32::MAX);
            record(&session, began, &fault.kind, Some(hits));
        }
        Some(Injection::Links(links)) => {
            place.shared_faults().began(began, &fault.kind);
            let begun = cluster.begin_link_fault(&links);
            tokio::time::sleep(lasts).await;
            let hits = begun.map_or(0, Begun::end);
            place.shared_faults().ended(began, &fault.kind, u32::try_from(hits).unwrap_or(u32::MAX));
        }
        Some(Injection::Store(spoiled)) => {
            place.shared_faults().began(began, &fault.kind);
            let begun = cluster.begin_store_fault(spoiled);
            let end = if lasts.is_zero() { heal } else { began + lasts };
            tokio::time::sleep_until(end.into()).await;
            let hits = begun.map_or(0, |number| cluster.end_store_fault(number));
            place.shared_faults().ended(began, &fault.kind, u32::try_from(hits).unwrap_or(u32::MAX));
        }
        Some(Injection::Database(does)) => {
            place.shared_faults().began(began, &fault.kind);
            let hit = cluster.inflict_on_database(does, lasts).await;
            place.shared_faults().ended(began, &fault.kind, u32::from(hit));
        }
        None => unreachable!("{:?} is left out of plans for processes", fault.kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::plan::Family;

    #[test]
    fn what_processes_cannot_suffer_is_left_out() {
        let left = |family| {
            let plans = (0..100).map(|seed| {
                let mut plan = resurgam_generate::chaos_of(seed, &[family]);
                let before = plan.faults.iter().filter(|fault| fault.moment.is_none()).count();
                ProcessStage::limit(&mut plan);
                assert!(plan.faults.iter().all(|fault| fault.moment.is_none()));
                (plan.faults.len(), before)
            });
            plans.fold((0, 0), |sum, plan| (sum.0 + plan.0, sum.1 + plan.1))
        };
        for family in Family::ALL {
            let (left, before) = left(*family);
            match family {
                Family::Network | Family::Node | Family::Clock | Family::Call | Family::Database => {
                    assert_eq!(left, before);
                }
                // Some need more than one replica.
                Family::Store => assert!(left < before && 3 * left > 2 * before, "{left} of {before}"),
            }
        }
    }
}
