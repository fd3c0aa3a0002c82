//! What faults of a plan are to a simulation, and who does them.

use crate::store_faults::StoreFault;
use crate::wire::RpcFault;
use resurgam_formats::plan::{self, FaultKind};
use resurgam_simulation::{Fault, Nemesis, Side, Way};
use std::time::Duration;

/// Orders a fault of a plan, to begin after so long.
pub(super) fn order(nemesis: &Nemesis, after: Duration, fault: &plan::Fault, name: usize) {
    let lasts = Duration::from_millis(fault.for_ms.into());
    let (fault_of_simulation, lies_in_wait) = match injection(&fault.kind) {
        Injection::Simulation(fault) => (fault, false),
        Injection::Store(_) | Injection::Calls(_) => (Fault::External, true),
        Injection::Nobody => (Fault::External, false),
    };
    let lasts = if lies_in_wait && lasts.is_zero() { None } else { Some(lasts) };
    nemesis.order(after, lasts, fault_of_simulation, name);
}

/// Who does a fault of a plan.
pub(super) enum Injection {
    /// The simulation itself.
    Simulation(Fault),
    /// The simulated store.
    Store(StoreFault),
    /// The wire of clients and workers.
    Calls(RpcFault),
    /// Nobody: there is no process of a database.
    Nobody,
}

/// What a fault of a plan means in a simulation.
pub(super) fn injection(kind: &FaultKind) -> Injection {
    let side = |side: &plan::Side| Side { nodes: side.nodes.clone(), driver: side.driver };
    let simulated = match *kind {
        FaultKind::Partition { side: ref cut, way } => Fault::Partition {
            side: side(cut),
            way: match way {
                plan::Way::Both => Way::Both,
                plan::Way::Out => Way::Out,
                plan::Way::In => Way::In,
            },
        },
        FaultKind::Hold { side: ref held } => Fault::Hold { side: side(held) },
        FaultKind::Slow { side: ref slow, by_ms } => {
            Fault::Slow { side: side(slow), by: Duration::from_millis(by_ms.into()) }
        }
        FaultKind::Kill { node } => Fault::Kill { node },
        FaultKind::PowerLoss { node } => Fault::PowerLoss { node },
        FaultKind::Pause { node } => Fault::Pause { node },
        FaultKind::ClockSkew { node, by_ms } => Fault::ClockSkew { node, by_ms },
        FaultKind::ClockStep { node, by_ms } => Fault::ClockStep { node, by_ms },
        FaultKind::StoreUnreachable { node } => return Injection::Store(StoreFault::Unreachable { node }),
        FaultKind::Store { node, partition, calls, outcome } => {
            return Injection::Store(StoreFault::Calls { node, partition, calls, outcome });
        }
        FaultKind::Database { does: _ } => return Injection::Nobody,
        FaultKind::ReplyLost { by, calls } => return Injection::Calls(RpcFault::ReplyLost { by, calls }),
        FaultKind::CallRepeated { by, calls } => return Injection::Calls(RpcFault::CallRepeated { by, calls }),
    };
    Injection::Simulation(simulated)
}
