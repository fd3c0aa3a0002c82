//! A machine whose wall clock can be wrong on purpose: for whoever tests what a wrong clock does to one node of many, where the
//! clock of the system is everybody's.

use async_trait::async_trait;
use resurgam_api::environment::{Environment, Incoming, Machine};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};
use tonic::transport::Channel;

/// By how many milliseconds the clock is wrong. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    /// It is so wrong from now on.
    pub(crate) fn set(&self, by_ms: i64) {
        self.0.store(by_ms, Ordering::Relaxed);
    }

    /// Does what a line asks for, if it is `clock MILLISECONDS`.
    pub(crate) fn obey(&self, line: &str) {
        if let Some(by_ms) = line.strip_prefix("clock ").and_then(|by_ms| by_ms.trim().parse().ok()) {
            tracing::warn!(by_ms, "the clock is wrong on purpose");
            self.set(by_ms);
        }
    }

    fn now(&self) -> SystemTime {
        let (now, by_ms) = (SystemTime::now(), self.0.load(Ordering::Relaxed));
        let by = Duration::from_millis(by_ms.unsigned_abs());
        let moved = if by_ms < 0 { now.checked_sub(by) } else { now.checked_add(by) };
        moved.unwrap_or(now)
    }
}

/// This machine with that clock.
pub(crate) struct WithClock(pub(crate) Clock);

#[async_trait]
impl Environment for WithClock {
    fn now(&self) -> SystemTime {
        self.0.now()
    }

    fn random(&self) -> u64 {
        Machine.random()
    }

    async fn listen(&self, address: &str) -> io::Result<Incoming> {
        Machine.listen(address).await
    }

    fn channel(&self, address: &str) -> Result<Channel, tonic::transport::Error> {
        Machine.channel(address)
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        Machine.spawn(task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_as_wrong_as_it_is_told() {
        let clock = Clock::default();
        let ahead = |clock: &Clock| {
            let (here, there) = (SystemTime::now(), clock.now());
            let ms = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
            there.duration_since(here).map_or_else(|behind| -ms(behind.duration()), ms)
        };
        for (line, expected) in [
            ("clock 3600000", 3_600_000),
            ("clock", 3_600_000),
            ("clock soon", 3_600_000),
            ("clock -3600000\r", -3_600_000),
            ("clock 0", 0),
        ] {
            clock.obey(line);
            assert!((ahead(&clock) - expected).abs() < 60_000, "{line}");
        }
    }
}
