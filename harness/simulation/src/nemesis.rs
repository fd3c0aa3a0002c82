//! The nemesis: what is to be done to a simulation and when, and what was done.
//!
//! The driver gives orders; the simulation pulls what is due before each step, because only between steps can a host be
//! killed. Nothing here touches a host or a link; `injector.rs` does.

use crate::fabric::Fabric;
use crate::fault::Fault;
use crate::record::FaultRecord;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Where faults are ordered. Clones give orders to the same simulation.
#[derive(Clone)]
pub struct Nemesis {
    orders: Arc<Mutex<Orders>>,
    fabric: Arc<Fabric>,
}

#[derive(Default)]
struct Orders {
    waiting: Vec<Waiting>,
    healing: bool,
    /// How far all clocks are to go ahead.
    passing: Duration,
    records: Vec<FaultRecord>,
    active: usize,
}

/// A fault that has not begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Waiting {
    pub(crate) at: Duration,
    /// None: until healed.
    pub(crate) lasts: Option<Duration>,
    pub(crate) fault: Fault,
    /// How whoever ordered it calls it.
    pub(crate) name: usize,
}

impl Nemesis {
    pub(crate) fn new(fabric: Arc<Fabric>) -> Self {
        Self { orders: Arc::default(), fabric }
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Orders a fault, after so long from now on. `lasts`: until healed if `None`. `name` is how records and
    /// [`ExternalFaults`](crate::ExternalFaults) call it.
    pub fn order(&self, after: Duration, lasts: Option<Duration>, fault: Fault, name: usize) {
        let at = self.fabric.now() + after;
        self.orders().waiting.push(Waiting { at, lasts, fault, name });
    }

    /// Orders one fault, from the next step on.
    pub fn inflict(&self, fault: Fault, lasts: Duration) {
        self.order(Duration::ZERO, Some(lasts), fault, 0);
    }

    /// Ends all faults at the next step, and forgets those that have not begun. Clocks that were stepped stay as they are.
    pub fn heal(&self) {
        let mut orders = self.orders();
        orders.healing = true;
        orders.waiting.clear();
    }

    /// From the next step on, all wall clocks show so much more, as if nothing had happened for so long. It is no fault.
    pub fn pass(&self, by: Duration) {
        self.orders().passing += by;
    }

    /// How far all clocks are to go ahead; it is asked for once.
    pub(crate) fn passing(&self) -> Duration {
        std::mem::take(&mut self.orders().passing)
    }

    /// True if nothing is being done and nothing waits to be done.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let orders = self.orders();
        orders.waiting.is_empty() && orders.active == 0 && !orders.healing
    }

    /// What was done so far, in the order of beginning.
    #[must_use]
    pub fn records(&self) -> Vec<FaultRecord> {
        self.orders().records.clone()
    }

    /// The faults that are due, in the order of their times; those at the same time in the order in which they were
    /// ordered. The second part says that everything active has to end first.
    pub(crate) fn due(&self, now: Duration) -> (Vec<Waiting>, bool) {
        let mut orders = self.orders();
        let mut due: Vec<_> = orders.waiting.extract_if(.., |waiting| waiting.at <= now).collect();
        due.sort_by_key(|waiting| waiting.at);
        (due, std::mem::take(&mut orders.healing))
    }

    /// A fault begins; returns the number of its record.
    pub(crate) fn began(&self, record: FaultRecord, has_end: bool) -> usize {
        let mut orders = self.orders();
        orders.active += usize::from(has_end);
        orders.records.push(record);
        orders.records.len() - 1
    }

    /// A fault ends; returns its record.
    pub(crate) fn ended(&self, number: usize, now: Option<Duration>, hits: u64) -> FaultRecord {
        let mut orders = self.orders();
        orders.active -= usize::from(now.is_some());
        let record = &mut orders.records[number];
        (record.until, record.hits) = (now, hits);
        record.clone()
    }
}
