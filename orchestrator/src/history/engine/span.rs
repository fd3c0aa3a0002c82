//! Spans of time as the protocol has them, in the milliseconds that the engine counts in.
//!
//! Whatever is shorter than a millisecond is rounded up, so that nothing that is derived from it happens too early.

use crate::history::state::Millis;
use prost_wkt_types::Duration;

/// Longer spans are cut to this: 250 years.
pub const LONGEST: Millis = 250 * 365 * 24 * 3600 * 1000;

/// A span in milliseconds; none is 0, and what is negative stays negative.
#[must_use]
pub fn millis(span: Option<&Duration>) -> Millis {
    let Some(span) = span else { return 0 };
    let nanos = i64::from(span.nanos);
    let partial = nanos.div_euclid(1_000_000) + i64::from(nanos.rem_euclid(1_000_000) > 0);
    span.seconds.saturating_mul(1000).saturating_add(partial).min(LONGEST)
}

/// Whether a span makes sense as a timeout, a delay or an interval.
///
/// # Errors
/// Why it does not, in the words of Temporal.
pub(crate) fn validate(span: Option<&Duration>) -> Result<(), &'static str> {
    let Some(span) = span else { return Ok(()) };
    let nanos = i64::from(span.nanos);
    if span.seconds > 0 && nanos < 0 || span.seconds < 0 && nanos > 0 {
        Err("duration has seconds and nanos with different signs")
    } else if span.seconds < 0 || nanos < 0 {
        Err("negative duration")
    } else {
        Ok(())
    }
}

/// Milliseconds as a span.
#[must_use]
pub fn duration(ms: Millis) -> Duration {
    Duration { seconds: ms.div_euclid(1000), nanos: (ms.rem_euclid(1000) * 1_000_000) as i32 }
}

/// The shorter of two limits of which 0 means none.
#[must_use]
pub fn capped(span: Millis, cap: Millis) -> Millis {
    match (span, cap) {
        (0, cap) => cap,
        (span, 0) => span,
        (span, cap) => span.min(cap),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_rounded_down() {
        assert_eq!(millis(None), 0);
        assert_eq!(millis(Some(&Duration { seconds: 1, nanos: 1 })), 1001);
        assert_eq!(millis(Some(&Duration { seconds: 1, nanos: 2_000_000 })), 1002);
        assert_eq!(millis(Some(&Duration { seconds: i64::MAX, nanos: 0 })), LONGEST);
        assert!(millis(Some(&Duration { seconds: 0, nanos: -5_000_000 })) < 0);
        assert_eq!(millis(Some(&duration(90_250))), 90_250);
    }

    #[test]
    fn spans_that_make_no_sense() {
        let of = |seconds, nanos| validate(Some(&Duration { seconds, nanos }));
        assert!(validate(None).is_ok() && of(0, 0).is_ok() && of(5, 7).is_ok());
        assert!(of(5, -7).is_err() && of(-5, 7).is_err() && of(-5, 0).is_err() && of(0, -1).is_err());
    }

    #[test]
    fn zero_is_no_limit() {
        assert_eq!(capped(0, 5), 5);
        assert_eq!(capped(7, 0), 7);
        assert_eq!(capped(7, 5), 5);
    }
}
