//! Spans of time as the protocol has them, in the milliseconds that the engine counts in.
//!
//! Whatever is shorter than a millisecond is rounded up, so that nothing that is derived from it happens too early.

use super::Limits;
use prost_wkt_types::Duration;
use resurgam_state::Millis;

/// Longer spans are cut to this: 100 years.
pub const LONGEST: Millis = 100 * 365 * 24 * 3600 * 1000;

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

/// A span as it was given, unless it is longer than any may be.
pub(super) fn cut(span: Option<Duration>) -> Option<Duration> {
    span.map(|span| if span.seconds >= LONGEST / 1000 { duration(LONGEST) } else { span })
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

/// The shorter of two limits, as it was given; of nothing and of 0 nothing is limited.
pub(super) fn shorter(span: Option<Duration>, cap: Option<Duration>) -> Duration {
    let given = |span: Option<Duration>| span.filter(|span| millis(Some(span)) > 0);
    let (span, cap) = (cut(given(span)), cut(given(cap)));
    let least = span.into_iter().chain(cap).min_by_key(|span| (span.seconds, span.nanos));
    least.unwrap_or_else(|| duration(0))
}

/// How long a workflow task may take, if this is asked and the run may take so long.
pub(super) fn of_task(asked: Option<Duration>, run: Duration, limits: &Limits) -> Duration {
    let asked = asked.filter(|asked| millis(Some(asked)) > 0).unwrap_or_else(|| duration(limits.task_timeout));
    shorter(Some(shorter(Some(asked), Some(duration(limits.task_timeout_max)))), Some(run))
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

    #[test]
    fn limits_stay_as_they_were_given() {
        let span = |seconds, nanos| Duration { seconds, nanos };
        assert_eq!(shorter(None, Some(span(0, 0))), span(0, 0));
        assert_eq!(shorter(Some(span(5, 7)), None), span(5, 7));
        assert_eq!(shorter(Some(span(5, 7)), Some(span(5, 6))), span(5, 6));
        let limits = Limits::default();
        assert_eq!(of_task(None, span(0, 0), &limits), span(10, 0));
        assert_eq!(of_task(Some(span(900, 0)), span(0, 0), &limits), span(120, 0));
        assert_eq!(of_task(Some(span(900, 0)), span(7, 0), &limits), span(7, 0));
    }
}
