//! The faults of a plan in the simulation: which of them are the simulation's own, who does the others, and what is
//! recorded of all.
//!
//! A fault is named by its index in the plan.

use super::database::Database;
use crate::session::Session;
use crate::store_faults::StoreFault;
use crate::wire::{RpcFault, RpcFaults};
use resurgam_formats::plan::{self, FaultKind, Plan};
use resurgam_formats::recording::{Injected, What};
use resurgam_simulation::{ExternalFaults, Fault, FaultRecord, Nemesis, Side, Way};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Orders the faults of a plan, whose times count from now.
pub(super) fn schedule(nemesis: &Nemesis, faults: &[plan::Fault]) {
    for (name, fault) in faults.iter().enumerate() {
        let lasts = Duration::from_millis(fault.for_ms.into());
        let (fault_of_simulation, lies_in_wait) = match injection(&fault.kind) {
            Injection::Simulation(fault) => (fault, false),
            Injection::Store(_) | Injection::Calls(_) => (Fault::External, true),
            Injection::Nobody => (Fault::External, false),
        };
        let lasts = if lies_in_wait && lasts.is_zero() { None } else { Some(lasts) };
        nemesis.order(Duration::from_millis(fault.at_ms.into()), lasts, fault_of_simulation, name);
    }
}

/// Who does a fault of a plan.
enum Injection {
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
fn injection(kind: &FaultKind) -> Injection {
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

/// Does the faults of calls and of the store, and records all faults.
pub(super) struct PlannedFaults {
    planned: Vec<plan::Fault>,
    rpc_faults: Arc<RpcFaults>,
    database: Database,
    session: Arc<OnceLock<Arc<Session>>>,
}

impl PlannedFaults {
    pub(super) fn new(
        plan: &Plan,
        rpc_faults: &Arc<RpcFaults>,
        database: &Database,
        session: &Arc<OnceLock<Arc<Session>>>,
    ) -> Self {
        let planned = plan.faults.clone();
        Self { planned, rpc_faults: Arc::clone(rpc_faults), database: database.clone(), session: Arc::clone(session) }
    }
}

impl ExternalFaults for PlannedFaults {
    fn begin(&mut self, name: usize) -> bool {
        match injection(&self.planned[name].kind) {
            Injection::Calls(fault) => self.rpc_faults.begin(name, fault),
            Injection::Store(fault) => self.database.begin(name, fault),
            Injection::Simulation(_) | Injection::Nobody => return false,
        }
        true
    }

    fn end(&mut self, name: usize) -> u64 {
        self.rpc_faults.end(name) + self.database.end(name)
    }

    fn panicked(&mut self, node: u8, message: &str) {
        if let Some(session) = self.session.get() {
            session.recorder.record(What::Panic { node, message: message.to_owned() });
        }
    }

    fn happened(&mut self, record: &FaultRecord) {
        let Some(session) = self.session.get() else { return };
        let lasts = record.until.map_or(Duration::ZERO, |until| until - record.from);
        // It is called at the begin and at the end, so the begin is that long ago.
        let began = Duration::from_nanos(session.recorder.now()).saturating_sub(lasts);
        let fault = plan::Fault {
            at_ms: u32::try_from(began.as_millis()).unwrap_or(u32::MAX),
            for_ms: u32::try_from(lasts.as_millis()).unwrap_or(u32::MAX),
            kind: self.planned[record.name].kind.clone(),
        };
        let hits = record.until.map(|_| u32::try_from(record.hits).unwrap_or(u32::MAX));
        session.recorder.record(What::Fault { fault: Injected::Planned(fault), active: record.until.is_none(), hits });
    }
}
