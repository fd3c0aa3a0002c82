//! The faults of a plan in the simulation: which of them are the simulation's own, who does the others, and what is
//! recorded of all.
//!
//! A fault is named by its index in the plan.

use super::database::Database;
use crate::session::Session;
use crate::wire::Meddler;
use resurgam_formats::plan::{self, Family, Harm, Plan};
use resurgam_formats::recording::{Injected, What};
use resurgam_simulation::{ExternalFaults, Fault, FaultRecord, Nemesis, Side, Way};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Orders the faults of a plan, whose times count from now.
pub(super) fn schedule(nemesis: &Nemesis, faults: &[plan::Fault]) {
    for (name, fault) in faults.iter().enumerate() {
        let lasts = Duration::from_millis(fault.for_ms.into());
        let lies_in_wait = matches!(fault.harm.family(), Family::Store | Family::Call);
        let lasts = if lies_in_wait && lasts.is_zero() { None } else { Some(lasts) };
        nemesis.order(Duration::from_millis(fault.at_ms.into()), lasts, simulated(&fault.harm), name);
    }
}

/// What a fault of a plan is to the simulation.
fn simulated(harm: &Harm) -> Fault {
    let side = |side: &plan::Side| Side { nodes: side.nodes.clone(), driver: side.driver };
    match harm {
        Harm::Partition { side: cut, way } => Fault::Partition {
            side: side(cut),
            way: match way {
                plan::Way::Both => Way::Both,
                plan::Way::Out => Way::Out,
                plan::Way::In => Way::In,
            },
        },
        Harm::Hold { side: held } => Fault::Hold { side: side(held) },
        Harm::Slow { side: slow, by_ms } => {
            Fault::Slow { side: side(slow), by: Duration::from_millis((*by_ms).into()) }
        }
        Harm::Kill { node } => Fault::Kill { node: *node },
        Harm::PowerLoss { node } => Fault::PowerLoss { node: *node },
        Harm::ClockSkew { node, by_ms } => Fault::ClockSkew { node: *node, by_ms: *by_ms },
        Harm::ClockStep { node, by_ms } => Fault::ClockStep { node: *node, by_ms: *by_ms },
        Harm::StoreUnreachable { .. } | Harm::Store { .. } | Harm::ReplyLost { .. } | Harm::CallRepeated { .. } => {
            Fault::External
        }
    }
}

/// Does the faults of calls and of the store, and records all faults.
pub(super) struct PlannedFaults {
    planned: Vec<plan::Fault>,
    meddler: Arc<Meddler>,
    database: Database,
    session: Arc<OnceLock<Arc<Session>>>,
}

impl PlannedFaults {
    pub(super) fn new(
        plan: &Plan,
        meddler: &Arc<Meddler>,
        database: &Database,
        session: &Arc<OnceLock<Arc<Session>>>,
    ) -> Self {
        let planned = plan.faults.clone();
        Self { planned, meddler: Arc::clone(meddler), database: database.clone(), session: Arc::clone(session) }
    }
}

impl ExternalFaults for PlannedFaults {
    fn begin(&mut self, name: usize) -> bool {
        let harm = &self.planned[name].harm;
        match harm.family() {
            Family::Call => self.meddler.begin(name, harm),
            Family::Store => self.database.begin(name, harm),
            Family::Network | Family::Node | Family::Clock => false,
        }
    }

    fn end(&mut self, name: usize) -> u64 {
        self.meddler.end(name) + self.database.end(name)
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
            harm: self.planned[record.name].harm.clone(),
        };
        let hits = record.until.map(|_| u32::try_from(record.hits).unwrap_or(u32::MAX));
        session.recorder.record(What::Fault { fault: Injected::Planned(fault), active: record.until.is_none(), hits });
    }
}
