//! Retry policies: their defaults, which are sound, and when the next attempt is due. The same for activities and runs.

use super::span::{self, capped, duration, millis};
use crate::planted::{Bug, planted};
use resurgam_api::temporal::common::v1::RetryPolicy;
use resurgam_api::temporal::enums::v1::{RetryState, TimeoutType};
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::failure::v1::failure::FailureInfo;
use resurgam_state::Millis;

/// Prefix of timeouts in the list of failures that are not retried.
const TIMEOUT_PREFIX: &str = "TemporalTimeout:";
/// What may follow it.
const TIMEOUTS: [&str; 4] = ["StartToClose", "ScheduleToStart", "ScheduleToClose", "Heartbeat"];
/// The longest interval, unless given, is the first one times this.
const MAXIMUM_OF_INITIAL: Millis = 100;

/// Fills in what a policy leaves open.
#[must_use]
pub(crate) fn with_defaults(policy: Option<&RetryPolicy>, initial: Millis) -> RetryPolicy {
    let mut policy = policy.cloned().unwrap_or_default();
    let first = match millis(policy.initial_interval.as_ref()) {
        0 => initial,
        given => given,
    };
    policy.initial_interval = Some(duration(first));
    if millis(policy.maximum_interval.as_ref()) == 0 {
        policy.maximum_interval = Some(duration(first.saturating_mul(MAXIMUM_OF_INITIAL)));
    }
    if policy.backoff_coefficient == 0.0 {
        policy.backoff_coefficient = 2.0;
    }
    policy
}

/// Whether a policy (with its defaults) makes sense; if not, why.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn validate(policy: &RetryPolicy) -> Result<(), String> {
    let (initial, most) = (policy.initial_interval.as_ref(), policy.maximum_interval.as_ref());
    let no_timeout = |name: &&str| !TIMEOUTS.contains(name);
    let listed = policy.non_retryable_error_types.iter();
    if policy.maximum_attempts == 1 {
        Ok(()) // there are no retries, so the rest does not matter
    } else if let Err(why) = span::validate(initial) {
        Err(format!("invalid InitialInterval set on retry policy: {why}"))
    } else if policy.backoff_coefficient < 1.0 || policy.backoff_coefficient.is_nan() {
        Err("BackoffCoefficient cannot be less than 1 on retry policy.".to_owned())
    } else if let Err(why) = span::validate(most) {
        Err(format!("invalid MaximumInterval set on retry policy: {why}"))
    } else if millis(most) < millis(initial) {
        Err("MaximumInterval cannot be less than InitialInterval on retry policy.".to_owned())
    } else if policy.maximum_attempts < 0 {
        Err("MaximumAttempts cannot be negative on retry policy.".to_owned())
    } else if let Some(name) = listed.filter_map(|name| name.strip_prefix(TIMEOUT_PREFIX)).find(no_timeout) {
        Err(format!("Invalid timeout type value: {name}."))
    } else {
        Ok(())
    }
}

/// Whether such a failure may be retried at all.
#[must_use]
pub fn retryable(failure: &Failure, policy: &RetryPolicy) -> bool {
    let listed = |name: &str| policy.non_retryable_error_types.iter().any(|known| known == name);
    match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => !info.non_retryable && !listed(&info.r#type),
        Some(FailureInfo::ServerFailureInfo(info)) => !info.non_retryable,
        Some(FailureInfo::TimeoutFailureInfo(info)) => match info.timeout_type() {
            TimeoutType::StartToClose => !listed(&format!("{TIMEOUT_PREFIX}StartToClose")),
            TimeoutType::Heartbeat => !listed(&format!("{TIMEOUT_PREFIX}Heartbeat")),
            _ => false,
        },
        Some(FailureInfo::TerminatedFailureInfo(_) | FailureInfo::CanceledFailureInfo(_)) => false,
        _ => true,
    }
}

/// How long to wait for the attempt after `attempt` (from 1), which ended at `now` with `failure`. No attempt begins
/// after `deadline` (0: none).
///
/// # Errors
/// Why there is no further attempt.
pub fn next(
    policy: &RetryPolicy,
    attempt: i32,
    failure: &Failure,
    now: Millis,
    deadline: Millis,
) -> Result<Millis, RetryState> {
    if !retryable(failure, policy) {
        return Err(RetryState::NonRetryableFailure);
    }
    if policy.maximum_attempts > 0 && attempt >= policy.maximum_attempts {
        return Err(RetryState::MaximumAttemptsReached);
    }
    let wait = asked_delay(failure).unwrap_or_else(|| interval(policy, attempt));
    if deadline > 0 && now.saturating_add(wait) > deadline { Err(RetryState::Timeout) } else { Ok(wait) }
}

/// The delay that an application asks for with its failure.
fn asked_delay(failure: &Failure) -> Option<Millis> {
    match &failure.failure_info {
        Some(FailureInfo::ApplicationFailureInfo(info)) => info.next_retry_delay.as_ref().map(|it| millis(Some(it))),
        _ => None,
    }
}

/// How long to wait after this attempt (from 1), if nothing else is asked for.
pub(super) fn interval(policy: &RetryPolicy, attempt: i32) -> Millis {
    let attempt = if planted(Bug::BackoffStaysInitial) { 1 } else { attempt };
    let initial = millis(policy.initial_interval.as_ref());
    let grown = initial as f64 * policy.backoff_coefficient.powi(attempt.saturating_sub(1));
    // The conversion saturates: what is too long for a number is cut by the maximum anyway.
    capped((grown as Millis).max(1), millis(policy.maximum_interval.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_api::temporal::failure::v1::{ApplicationFailureInfo, TimeoutFailureInfo};

    fn application(kind: &str, non_retryable: bool) -> Failure {
        let info = ApplicationFailureInfo { r#type: kind.into(), non_retryable, ..Default::default() };
        Failure { failure_info: Some(FailureInfo::ApplicationFailureInfo(info)), ..Default::default() }
    }

    fn timeout(kind: TimeoutType) -> Failure {
        let info = TimeoutFailureInfo { timeout_type: kind.into(), last_heartbeat_details: None };
        Failure { failure_info: Some(FailureInfo::TimeoutFailureInfo(info)), ..Default::default() }
    }

    #[test]
    fn intervals_grow_up_to_a_maximum() {
        let policy = with_defaults(None, 1000);
        let waits: Vec<_> = [1, 2, 3, 7, 8, 1000].map(|n| next(&policy, n, &Failure::default(), 0, 0)).into();
        assert_eq!(waits, [Ok(1000), Ok(2000), Ok(4000), Ok(64_000), Ok(100_000), Ok(100_000)]);
    }

    #[test]
    fn attempts_deadline_and_kind_of_failure_end_it() {
        let policy = RetryPolicy {
            maximum_attempts: 3,
            non_retryable_error_types: vec!["bad".into()],
            ..with_defaults(None, 1000)
        };
        let failure = application("fine", false);
        assert_eq!(next(&policy, 2, &failure, 0, 0), Ok(2000));
        assert_eq!(next(&policy, 3, &failure, 0, 0), Err(RetryState::MaximumAttemptsReached));
        assert_eq!(next(&policy, 1, &failure, 500, 1500), Ok(1000));
        assert_eq!(next(&policy, 1, &failure, 501, 1500), Err(RetryState::Timeout));
        assert_eq!(next(&policy, 1, &application("bad", false), 0, 0), Err(RetryState::NonRetryableFailure));
        assert_eq!(next(&policy, 1, &application("fine", true), 0, 0), Err(RetryState::NonRetryableFailure));
    }

    #[test]
    fn only_timeouts_of_one_attempt_are_retried() {
        let policy = with_defaults(None, 1000);
        assert!(retryable(&timeout(TimeoutType::Heartbeat), &policy));
        assert!(retryable(&timeout(TimeoutType::StartToClose), &policy));
        assert!(!retryable(&timeout(TimeoutType::ScheduleToStart), &policy));
        assert!(!retryable(&timeout(TimeoutType::ScheduleToClose), &policy));
        let strict = RetryPolicy { non_retryable_error_types: vec!["TemporalTimeout:Heartbeat".into()], ..policy };
        assert!(!retryable(&timeout(TimeoutType::Heartbeat), &strict));
    }

    #[test]
    fn the_application_may_name_the_delay() {
        let mut failure = application("fine", false);
        if let Some(FailureInfo::ApplicationFailureInfo(info)) = &mut failure.failure_info {
            info.next_retry_delay = Some(duration(77));
        }
        assert_eq!(next(&with_defaults(None, 1000), 5, &failure, 0, 0), Ok(77));
    }

    #[test]
    fn unsound_policies_are_refused() {
        let sound = with_defaults(None, 1000);
        assert_eq!(validate(&sound), Ok(()));
        assert!(validate(&RetryPolicy { backoff_coefficient: 0.5, ..sound.clone() }).is_err());
        assert!(validate(&RetryPolicy { maximum_interval: Some(duration(10)), ..sound.clone() }).is_err());
        assert!(validate(&RetryPolicy { maximum_attempts: -1, ..sound.clone() }).is_err());
        assert!(validate(&RetryPolicy { initial_interval: Some(duration(-1)), ..sound.clone() }).is_err());
        let listing = |name: &str| RetryPolicy { non_retryable_error_types: vec![name.to_owned()], ..sound.clone() };
        assert!(validate(&listing("TemporalTimeout:Heartbeat")).is_ok() && validate(&listing("Nonsense")).is_ok());
        assert!(validate(&listing("TemporalTimeout:Nonsense")).is_err());
    }
}
