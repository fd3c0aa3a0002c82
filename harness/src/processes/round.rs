//! Cases that begin together and share the nodes: a fault of one hits them all, so none of them is calm before all are.

use super::shared_faults::SharedFaults;
use resurgam_formats::plan::Plan;
use resurgam_generate::deadline;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// See the module.
#[derive(Debug)]
pub(crate) struct Round {
    /// After this long all faults of all plans are over.
    heal: Duration,
    /// How many cases still have faults.
    faulty: watch::Sender<usize>,
    shared_faults: SharedFaults,
}

/// What one case has in its round; dropped, the others do not wait for it.
#[derive(Debug)]
pub(crate) struct RoundMember {
    round: Arc<Round>,
    faulty: Mutex<Option<Faulty>>,
}

/// As long as it lives the round waits.
#[derive(Debug)]
struct Faulty(Arc<Round>);

impl Drop for Faulty {
    fn drop(&mut self) {
        self.0.faulty.send_modify(|faulty| *faulty = faulty.saturating_sub(1));
    }
}

impl Round {
    /// A round of these plans; their places.
    pub(crate) fn of(plans: &[Plan]) -> Vec<RoundMember> {
        let heal = plans.iter().map(deadline::heal).max().unwrap_or_default();
        let round =
            Arc::new(Self { heal, faulty: watch::Sender::new(plans.len()), shared_faults: SharedFaults::default() });
        let place = |_| RoundMember { round: Arc::clone(&round), faulty: Some(Faulty(Arc::clone(&round))).into() };
        plans.iter().map(place).collect()
    }
}

impl RoundMember {
    /// The place of a case that shares nothing.
    pub(crate) fn alone() -> Self {
        let round =
            Round { heal: Duration::ZERO, faulty: watch::Sender::new(0), shared_faults: SharedFaults::default() };
        Self { round: Arc::new(round), faulty: Mutex::default() }
    }

    /// When all faults of the round are over, after its begin.
    pub(crate) fn heal(&self) -> Duration {
        self.round.heal
    }

    /// The faults of what the cases share, and the cases that record them.
    pub(crate) fn shared_faults(&self) -> &SharedFaults {
        &self.round.shared_faults
    }

    /// The faults of this case are over: waits for those of the others.
    pub(crate) async fn wait(&self) {
        drop(self.faulty.lock().unwrap_or_else(PoisonError::into_inner).take());
        // The sender lives as long as this.
        let _ = self.round.faulty.subscribe().wait_for(|faulty| *faulty == 0).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_is_calm_before_all_are_and_nobody_waits_for_one_that_is_gone() {
        let plans = [resurgam_generate::chaos(1), resurgam_generate::chaos(2), resurgam_generate::chaos(3)];
        let mut places = Round::of(&plans);
        assert_eq!(Some(places[0].heal()), plans.iter().map(deadline::heal).max());
        let (gone, late, early) = (places.pop().unwrap(), places.pop().unwrap(), places.pop().unwrap());
        let limit = Duration::from_secs(1);
        assert!(tokio::time::timeout(limit, early.wait()).await.is_err(), "two are missing");
        drop(gone);
        assert!(tokio::time::timeout(limit, early.wait()).await.is_err(), "one is missing");
        late.wait().await;
        early.wait().await;
    }
}
