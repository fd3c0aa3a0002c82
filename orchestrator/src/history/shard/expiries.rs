//! When to look for closed runs that are to be deleted. There is a timer task for each, for as long as it is kept: too many for
//! memory, so they stay in the store, in the order of their times, and some that are due are read from time to time.
//! That bounds at which rate a shard deletes, however many runs have closed at one moment.

use resurgam_state::Millis;
use std::time::Duration;
use tokio::time::Instant;

/// Time between two looks at what is due.
pub(crate) const INTERVAL: Duration = Duration::from_millis(100);
/// Runs that are deleted after one look, at most, and histories that are being deleted at one time.
pub(crate) const MOST: usize = 64;
/// A new owner has more urgent things to do at first.
const FIRST: Duration = Duration::from_secs(1);

/// What is known of them without looking.
#[derive(Debug)]
pub(super) struct Expiries {
    /// Nothing in the store is due before; `None`: there is nothing.
    next: Option<Millis>,
    /// The earliest moment of the next look.
    look: Instant,
}

impl Default for Expiries {
    /// Nothing is known.
    fn default() -> Self {
        Self { next: Some(0), look: Instant::now() + FIRST }
    }
}

impl Expiries {
    /// A look begins: the next one is later. Returns the time before which nothing is due.
    pub(super) fn begin(&mut self) -> Millis {
        self.look = Instant::now() + INTERVAL;
        self.next.unwrap_or(0)
    }

    /// What was seen: the first time at which anything is due.
    pub(super) fn saw(&mut self, first: Option<Millis>) {
        self.next = first;
    }

    /// Takes over what was committed.
    pub(super) fn extend(&mut self, due: Vec<Millis>) {
        self.next = self.next.into_iter().chain(due).min();
    }

    /// How long there is nothing to look for; `None`: until something else happens.
    pub(super) fn wake(&self, now: Millis) -> Option<Duration> {
        let due = |next: Millis| Duration::from_millis(u64::try_from(next - now).unwrap_or(0));
        self.next.map(|next| due(next).max(self.look.saturating_duration_since(Instant::now())))
    }

    /// It is time to look.
    pub(super) fn is_due(&self, now: Millis) -> bool {
        self.wake(now) == Some(Duration::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_looks_before_there_is_something() {
        let mut expiries = Expiries::default();
        assert_eq!(expiries.wake(7), Some(FIRST), "an earlier owner may have left some");
        tokio::time::advance(FIRST).await;
        assert!(expiries.is_due(7));
        expiries.next = None;
        assert_eq!(expiries.wake(7), None);
        expiries.extend(vec![9, 8]);
        assert_eq!((expiries.wake(7), expiries.wake(8)), (Some(Duration::from_millis(1)), Some(Duration::ZERO)));
        expiries.extend(Vec::new());
        assert_eq!(expiries.next, Some(8));
    }
}
