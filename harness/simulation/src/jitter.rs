//! Seeded pauses around awaits. Turmoil polls the ready tasks of a host in one order for ever; with a pause of random
//! length before and after an await, races inside one node are explored too.

use crate::seed::derive;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::sleep;

/// A source of pauses.
#[derive(Clone, Debug)]
pub struct Jitter {
    draws: Arc<Mutex<SmallRng>>,
    most_ms: u64,
}

impl Jitter {
    /// Pauses of at most `most`, in whole milliseconds, which is the grain of simulated time.
    #[must_use]
    pub fn new(seed: u64, most: Duration) -> Self {
        let most_ms = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        Self { draws: Arc::new(Mutex::new(SmallRng::seed_from_u64(derive(seed, "jitter", 0)))), most_ms }
    }

    /// Pauses for a drawn time, which may be none.
    pub async fn pause(&self) {
        let length = self.draws.lock().unwrap_or_else(PoisonError::into_inner).random_range(0..=self.most_ms);
        if length > 0 {
            sleep(Duration::from_millis(length)).await;
        }
    }

    /// A pause, the work, a pause.
    pub async fn around<F: Future>(&self, work: F) -> F::Output {
        self.pause().await;
        let output = work.await;
        self.pause().await;
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn pauses_have_all_lengths_and_repeat() {
        let lengths = async |seed| {
            let jitter = Jitter::new(seed, Duration::from_millis(2));
            let mut lengths = Vec::new();
            for _ in 0..40 {
                let before = Instant::now();
                jitter.pause().await;
                lengths.push(before.elapsed().as_millis());
            }
            lengths
        };
        let first = lengths(1).await;
        assert!((0..=2).all(|length| first.contains(&length)), "{first:?}");
        assert_eq!(first, lengths(1).await);
        assert_ne!(first, lengths(2).await);
    }

    #[tokio::test(start_paused = true)]
    async fn the_work_is_in_the_middle() {
        let jitter = Jitter::new(3, Duration::from_millis(2));
        let (mut before, mut after) = (false, false);
        for _ in 0..40 {
            let began = Instant::now();
            let done = jitter.around(async { Instant::now() }).await;
            before |= done > began;
            after |= done.elapsed() > Duration::ZERO;
        }
        assert!(before && after);
    }
}
