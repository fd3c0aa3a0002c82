//! One direction between two hosts: what is done to the bytes on it, and how often that made a difference.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Direction {
    state: watch::Sender<State>,
    hits: AtomicU64,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// How many faults hold everything.
    cuts: u32,
    /// By how much everything is late.
    delay: Duration,
}

/// What a fault does to a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing arrives until it is over.
    Cut,
    /// Everything arrives so much later.
    Delay(Duration),
}

impl Direction {
    /// An effect begins; it adds to others.
    pub(super) fn begin(&self, effect: Effect) {
        self.state.send_modify(|state| match effect {
            Effect::Cut => state.cuts += 1,
            Effect::Delay(by) => state.delay += by,
        });
    }

    /// It is over.
    pub(super) fn end(&self, effect: Effect) {
        self.state.send_modify(|state| match effect {
            Effect::Cut => state.cuts = state.cuts.saturating_sub(1),
            Effect::Delay(by) => state.delay = state.delay.saturating_sub(by),
        });
    }

    /// By how much what leaves now is late.
    pub(super) fn delay(&self) -> Duration {
        let delay = self.state.borrow().delay;
        if !delay.is_zero() {
            self.hits.fetch_add(1, Ordering::Relaxed);
        }
        delay
    }

    /// Waits until something can arrive.
    pub(super) async fn open(&self) {
        if self.state.borrow().cuts > 0 {
            self.hits.fetch_add(1, Ordering::Relaxed);
            // The sender lives as long as this.
            let _ = self.state.subscribe().wait_for(|state| state.cuts == 0).await;
        }
    }

    /// How often something was held or late.
    pub(super) fn hits(&self) -> u64 {
        self.hits.load(Ordering::Relaxed)
    }
}
