//! Waiting between attempts: doubling, capped, with jitter drawn from the environment. Never decides about what.

use resurgam_api::environment::Environment;
use std::sync::Arc;
use std::time::Duration;

/// The pauses of one row of attempts.
pub(crate) struct Backoff {
    environment: Arc<dyn Environment>,
    next: Duration,
    longest: Duration,
}

impl Backoff {
    /// Begins with about 20 ms, and grows to about a second.
    #[must_use]
    pub fn new(environment: Arc<dyn Environment>) -> Self {
        Self { environment, next: Duration::from_millis(20), longest: Duration::from_secs(1) }
    }

    /// The next pause: between half of the step and all of it.
    pub fn pause(&mut self) -> Duration {
        let step = self.next;
        self.next = (step * 2).min(self.longest);
        let half = step / 2;
        half + half.mul_f64(self.environment.random() as f64 / u64::MAX as f64)
    }

    /// Waits for the next pause.
    pub async fn wait(&mut self) {
        tokio::time::sleep(self.pause()).await;
    }
}
