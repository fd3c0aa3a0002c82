//! Retry policies as events carry them, and how long they make an attempt wait. Whether it may come at all is for rules to say.

use resurgam_formats::event::{RetryPolicy, Span};
use resurgam_formats::program::Retry;

/// A retry policy of a plan as our clients and workers send it.
pub(super) fn policy(retry: &Retry) -> RetryPolicy {
    RetryPolicy {
        initial_interval: Span::millis(i64::from(retry.initial_ms)),
        backoff_coefficient: i64::from(retry.coefficient_tenths.max(10)) * 100,
        maximum_interval: Span::millis(i64::from(retry.maximum_ms.max(retry.initial_ms))),
        maximum_attempts: i64::from(retry.maximum_attempts),
        non_retryable: retry.non_retryable.clone(),
    }
}

/// How long the attempt after this one, counted from 1, has to wait; in whole milliseconds, for a server may count in those.
pub(super) fn interval(policy: &RetryPolicy, attempt: i64) -> Span {
    let coefficient = policy.backoff_coefficient as f64 / 1000.0;
    let grown = (1..attempt.clamp(1, 1000)).fold(policy.initial_interval.0 as f64, |wait, _| wait * coefficient);
    let most = if policy.maximum_interval.0 > 0 { policy.maximum_interval.0 as f64 } else { f64::MAX };
    Span::millis(grown.min(most) as i64 / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_grows_to_its_most() {
        let retry = Retry {
            initial_ms: 100,
            coefficient_tenths: 15,
            maximum_ms: 300,
            maximum_attempts: 9,
            non_retryable: vec![],
        };
        let waits = [1, 2, 3, 4, 90].map(|attempt| interval(&policy(&retry), attempt));
        assert_eq!(waits, [100, 150, 225, 300, 300].map(Span::millis));
    }
}
