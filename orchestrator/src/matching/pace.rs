//! How fast a task queue gives its tasks away: as many a second as its workers can bear together. What was not used is
//! kept for a second and no longer. The last worker who names a limit sets it, unless the queue is configured to have another
//! one. Nothing here waits.

use crate::planted::{Bug, planted};
use std::time::Duration;
use tokio::time::Instant;

/// More tasks a second than this are not given away, whatever workers can bear.
pub(super) const MOST: f64 = 1_000.0;

/// The pace of one task queue.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// Tasks a second that workers can bear; `None`: none has said so.
    rate: Option<f64>,
    /// What stands above that.
    configured: Option<f64>,
    /// When everything that was given away would have been due, one after another.
    due: Option<Instant>,
}

impl Pace {
    /// A worker polls, and may name a limit.
    pub(super) fn set(&mut self, rate: Option<f64>) {
        if let Some(rate) = rate.filter(|rate| rate.is_finite()) {
            self.rate = Some(rate.max(0.0));
        }
    }

    /// The queue is configured to give away so many tasks a second, or as many as workers want.
    pub(super) fn configure(&mut self, rate: Option<f64>) {
        self.configured = rate.map(|rate| if rate.is_finite() { rate.max(0.0) } else { 0.0 });
    }

    /// The limit that a worker has named, and the one that the queue is configured to have.
    pub(super) fn limits(&self) -> [Option<f64>; 2] {
        [self.rate, self.configured]
    }

    fn rate(&self) -> f64 {
        let unlimited = if planted(Bug::UnlimitedIsSlow) { 1.0 } else { MOST };
        self.configured.or(self.rate).unwrap_or(unlimited).min(MOST)
    }

    /// When the next task may go; `None`: never, unless a worker names another limit.
    pub(super) fn next(&self, now: Instant) -> Option<Instant> {
        let rate = self.rate();
        let due = self.due.map_or(now, |due| due.max(now));
        // All but one of those that a second allows may go at once.
        let ahead = (rate.max(1.0) - 1.0) / rate;
        let ahead = Duration::try_from_secs_f64(ahead).ok()?;
        Some(due.checked_sub(ahead).map_or(now, |next| next.max(now)))
    }

    /// Whether a task may go now.
    pub(super) fn allows(&self, now: Instant) -> bool {
        self.next(now).is_some_and(|next| next <= now)
    }

    /// A task went.
    pub(super) fn took(&mut self, now: Instant) {
        let each = Duration::try_from_secs_f64(1.0 / self.rate()).ok();
        self.due = each.and_then(|each| self.due.map_or(now, |due| due.max(now)).checked_add(each));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes whatever may go within so many milliseconds, and says when it went.
    fn times(pace: &mut Pace, begin: Instant, millis: u64) -> Vec<u64> {
        let mut times = Vec::new();
        for at in 0..millis {
            let now = begin + Duration::from_millis(at);
            while times.len() < 1000 && pace.allows(now) {
                pace.took(now);
                times.push(at);
            }
        }
        times
    }

    #[test]
    fn a_thousand_go_at_once_if_nobody_names_a_limit() {
        let now = Instant::now();
        let mut pace = Pace::default();
        pace.set(None);
        assert_eq!(times(&mut pace, now, 1).len(), 1000);
    }

    #[test]
    fn a_second_s_worth_goes_at_once_and_the_rest_in_its_time() {
        let begin = Instant::now();
        let mut pace = Pace::default();
        pace.set(Some(4.0));
        assert_eq!(times(&mut pace, begin, 1001), [0, 0, 0, 0, 250, 500, 750, 1000]);
        let later = begin + Duration::from_secs(60);
        assert_eq!(times(&mut pace, later, 251), [0, 0, 0, 0, 250], "what is not used for long is not saved");
        pace.set(None);
        assert!(!pace.allows(later + Duration::from_millis(251)), "a worker without a limit changes nothing");
        pace.set(Some(f64::NAN));
        assert!(!pace.allows(later + Duration::from_millis(251)));
    }

    #[test]
    fn a_configured_limit_stands_above_those_of_workers() {
        let begin = Instant::now();
        let mut pace = Pace::default();
        pace.configure(Some(2.0));
        pace.set(Some(100.0));
        assert_eq!(times(&mut pace, begin, 1001), [0, 0, 500, 1000]);
        pace.configure(None);
        let later = begin + Duration::from_secs(60);
        assert_eq!(times(&mut pace, later, 1).len(), 100);
    }

    #[test]
    fn slow_and_stopped() {
        let begin = Instant::now();
        let mut pace = Pace::default();
        pace.set(Some(0.5));
        assert_eq!(times(&mut pace, begin, 4001), [0, 2000, 4000]);
        pace.set(Some(0.0));
        let later = begin + Duration::from_secs(60);
        assert_eq!((pace.next(later), pace.allows(later)), (None, false));
        pace.set(Some(1.0));
        assert!(pace.allows(later));
    }
}
