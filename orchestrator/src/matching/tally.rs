//! How many tasks a second came to a queue, and left it, lately.

use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;

/// So far back is counted.
const SPAN: Duration = Duration::from_secs(30);
/// What happens within this time is counted as one.
const GRAIN: Duration = Duration::from_secs(5);

/// What was counted lately.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    begun: Instant,
    grains: VecDeque<(Instant, u32)>,
}

impl Tally {
    /// Nothing was counted yet.
    pub(super) fn new(now: Instant) -> Self {
        Self { begun: now, grains: VecDeque::new() }
    }

    /// Counts one more at this time.
    pub(super) fn count(&mut self, now: Instant) {
        while self.grains.front().is_some_and(|(at, _)| now.duration_since(*at) > SPAN) {
            self.grains.pop_front();
        }
        match self.grains.back_mut() {
            Some((at, count)) if now.duration_since(*at) < GRAIN => *count += 1,
            _ => self.grains.push_back((now, 1)),
        }
    }

    /// How many a second, as counted lately.
    pub(super) fn rate(&self, now: Instant) -> f32 {
        let counted = self.grains.iter().filter(|(at, _)| now.duration_since(*at) <= SPAN).map(|(_, count)| *count);
        let over = now.duration_since(self.begun).clamp(Duration::from_millis(1), SPAN);
        counted.sum::<u32>() as f32 / over.as_secs_f32()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_long_ago_does_not_count() {
        let begun = Instant::now();
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut tally = Tally::new(begun);
        (0..60).for_each(|_| tally.count(at(1)));
        assert_eq!((tally.rate(at(10)), tally.rate(at(30))), (6.0, 2.0));
        tally.count(at(40));
        assert!(tally.rate(at(45)) < 0.04 && tally.grains.len() == 1);
        assert_eq!(tally.rate(at(400)), 0.0);
    }
}
