//! How fast a batch operation may go: so many workflows a second on average, and after a pause as many as in a second at once.

use crate::{Batch, Millis, RATE, Request};

/// The longest time between two workflows, in microseconds: a day.
const SLOWEST: f64 = 86_400e6;
/// Who may go on at once waits so long, in milliseconds, until there is more to do than for one workflow.
const GRAIN: Millis = 100;

/// What a request allows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Microseconds for one workflow.
    each: i64,
    /// So many microseconds it may be ahead.
    ahead: i64,
}

impl Pace {
    /// What is asked for, up to what the server allows.
    pub(super) fn of(request: &Request) -> Self {
        let most = f64::from(RATE);
        let asked = f64::from(request.max_operations_per_second);
        let rate = if asked > 0.0 { asked.min(most) } else { most };
        let each = (1e6 / rate).min(SLOWEST) as i64;
        Self { each, ahead: (rate.ceil() as i64 - 1) * each }
    }

    /// Begins with one more; or says when that may be.
    pub(super) fn take(self, batch: &mut Batch, now: Millis) -> Result<(), Millis> {
        let now_micros = now.saturating_mul(1000);
        let next = batch.paced.max(now_micros);
        let early = next - now_micros - self.ahead;
        if early <= 0 {
            batch.paced = next + self.each;
            return Ok(());
        }
        // Rounded up: at that time it may begin.
        Err(now.saturating_add((early + 999) / 1000).max(now + GRAIN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many may begin in each of these milliseconds.
    fn begun(rate: f32, times: &[Millis]) -> Vec<usize> {
        let request = Request { max_operations_per_second: rate, ..Request::default() };
        let mut batch = Batch::default();
        let mut count =
            |now| std::iter::repeat_with(|| Pace::of(&request).take(&mut batch, now)).take_while(Result::is_ok).count();
        times.iter().map(|now| count(1_000_000 + now)).collect()
    }

    #[test]
    fn so_many_a_second_and_after_a_pause_as_many_at_once() {
        assert_eq!(begun(0.0, &[0, 0, 1000, 1100, 9000]), [50, 0, 50, 5, 50]);
        assert_eq!(begun(1000.0, &[0, 1000]), [50, 50], "not faster than the server allows");
        assert_eq!(begun(2.0, &[0, 499, 500, 1000]), [2, 0, 1, 1]);
        assert_eq!(begun(0.5, &[0, 1999, 2000]), [1, 0, 1]);
        assert_eq!(begun(f32::MIN_POSITIVE, &[0, 86_399_999, 86_400_000]), [1, 0, 1]);
        assert_eq!((begun(f32::NAN, &[0]), begun(-1.0, &[0])), (vec![50], vec![50]));
    }

    #[test]
    fn who_has_to_wait_is_told_for_how_long() {
        let request = Request { max_operations_per_second: 0.5, ..Request::default() };
        let mut batch = Batch::default();
        assert_eq!(Pace::of(&request).take(&mut batch, 7_000), Ok(()));
        assert_eq!(Pace::of(&request).take(&mut batch, 7_500), Err(9_000));
        assert_eq!(Pace::of(&request).take(&mut batch, 8_999), Err(9_099), "there may be more to do then");
        assert_eq!(Pace::of(&request).take(&mut batch, 9_000), Ok(()));
    }
}
