//! The faults of a plan in a simulation: those of calls and of the store are done here, and all are recorded.
//!
//! A fault is named by its index in the plan.

use super::database::Database;
use super::injection::{Injection, injection};
use super::schedule::Schedule;
use crate::session::Session;
use crate::wire::RpcFaults;
use resurgam_formats::plan;
use resurgam_formats::recording::{Injected, What};
use resurgam_simulation::{ExternalFaults, FaultRecord};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Does the faults of calls and of the store, and records all faults.
pub(super) struct PlannedFaults {
    schedule: Schedule,
    rpc_faults: Arc<RpcFaults>,
    database: Database,
    session: Arc<OnceLock<Arc<Session>>>,
}

impl PlannedFaults {
    pub(super) fn new(
        schedule: &Schedule,
        rpc_faults: &Arc<RpcFaults>,
        database: &Database,
        session: &Arc<OnceLock<Arc<Session>>>,
    ) -> Self {
        let schedule = schedule.clone();
        Self { schedule, rpc_faults: Arc::clone(rpc_faults), database: database.clone(), session: Arc::clone(session) }
    }
}

impl ExternalFaults for PlannedFaults {
    fn begin(&mut self, name: usize) -> bool {
        match injection(&self.schedule.fault(name).kind) {
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
            ..self.schedule.fault(record.name)
        };
        let hits = record.until.map(|_| u32::try_from(record.hits).unwrap_or(u32::MAX));
        session.recorder.record(What::Fault { fault: Injected::Planned(fault), active: record.until.is_none(), hits });
    }
}
