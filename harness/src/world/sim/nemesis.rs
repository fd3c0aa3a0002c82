//! The nemesis: what is to be done to a simulation and when, and what was done.
//!
//! The driver gives orders; the simulation pulls what is due before each step, because only between steps can a host be
//! killed. Nothing here touches a host or a link; `hand.rs` does.

use super::episode::Episode;
use super::fabric::Fabric;
use resurgam_formats::plan::{Family, Fault, Harm};
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
    episodes: Vec<Episode>,
    active: usize,
}

/// A fault that has not begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) at: Duration,
    /// None: until healed.
    pub(super) lasts: Option<Duration>,
    pub(super) harm: Harm,
}

impl Nemesis {
    pub(super) fn new(fabric: Arc<Fabric>) -> Self {
        Self { orders: Arc::default(), fabric }
    }

    fn orders(&self) -> MutexGuard<'_, Orders> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Orders the faults of a plan, whose times count from now.
    pub fn schedule(&self, faults: &[Fault]) {
        for fault in faults {
            let lasts = Duration::from_millis(fault.for_ms.into());
            let lies_in_wait = matches!(fault.harm.family(), Family::Store | Family::Call);
            let lasts = if lies_in_wait && lasts.is_zero() { None } else { Some(lasts) };
            self.order(Duration::from_millis(fault.at_ms.into()), lasts, fault.harm.clone());
        }
    }

    /// Orders one fault, from the next step on.
    pub fn inflict(&self, harm: Harm, lasts: Duration) {
        self.order(Duration::ZERO, Some(lasts), harm);
    }

    fn order(&self, after: Duration, lasts: Option<Duration>, harm: Harm) {
        let at = self.fabric.now() + after;
        self.orders().waiting.push(Waiting { at, lasts, harm });
    }

    /// Ends all faults at the next step, and forgets those that have not begun. Clocks that were stepped stay as they are.
    pub fn heal(&self) {
        let mut orders = self.orders();
        orders.healing = true;
        orders.waiting.clear();
    }

    /// True if nothing is being done and nothing waits to be done.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let orders = self.orders();
        orders.waiting.is_empty() && orders.active == 0 && !orders.healing
    }

    /// What was done so far, in the order of beginning.
    #[must_use]
    pub fn episodes(&self) -> Vec<Episode> {
        self.orders().episodes.clone()
    }

    /// The faults that are due, in the order of their times; those at the same time in the order in which they were
    /// ordered. The second part says that everything active has to end first.
    pub(super) fn due(&self, now: Duration) -> (Vec<Waiting>, bool) {
        let mut orders = self.orders();
        let mut due: Vec<_> = orders.waiting.extract_if(.., |waiting| waiting.at <= now).collect();
        due.sort_by_key(|waiting| waiting.at);
        (due, std::mem::take(&mut orders.healing))
    }

    /// A new episode; returns its number.
    pub(super) fn began(&self, episode: Episode, has_end: bool) -> usize {
        let mut orders = self.orders();
        orders.active += usize::from(has_end);
        orders.episodes.push(episode);
        orders.episodes.len() - 1
    }

    /// Closes an episode; returns what became of it.
    pub(super) fn ended(&self, number: usize, now: Option<Duration>, hits: u64) -> Episode {
        let mut orders = self.orders();
        orders.active -= usize::from(now.is_some());
        let episode = &mut orders.episodes[number];
        (episode.until, episode.hits) = (now, hits);
        episode.clone()
    }
}
