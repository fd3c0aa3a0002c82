//! Activity calls: scripts, timeouts and retries, all small, and always with an end that the server enforces.

use super::mask::{Feature, Mask};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use resurgam_formats::program::{Act, ActEnd, ActivityCall, Cancellation, Retry, Script};
use resurgam_formats::time::Millis;

/// The error types of programs and scripts.
pub(super) fn kinds() -> impl Strategy<Value = String> + Clone {
    select(vec!["red", "green", "blue"]).prop_map(str::to_owned)
}

/// Retry policies that end: 1 to 4 attempts. The server refuses a maximum below the first back-off.
pub(super) fn retries(mask: Mask) -> impl Strategy<Value = Retry> {
    let never = if mask.has(Feature::NonRetryable) { vec(kinds(), 0..=2).boxed() } else { Just(Vec::new()).boxed() };
    (10..=100u32, 10..=20u32, 0..=300u32, prop_oneof![2 => Just(1u32), 3 => 2..=4u32], never).prop_map(
        |(initial_ms, coefficient_tenths, more, maximum_attempts, mut non_retryable)| {
            non_retryable.sort();
            non_retryable.dedup();
            Retry { initial_ms, coefficient_tenths, maximum_ms: initial_ms + more, maximum_attempts, non_retryable }
        },
    )
}

pub(super) fn cancellations(mask: Mask) -> BoxedStrategy<Cancellation> {
    if mask.has(Feature::CancellationTypes) {
        select(vec![Cancellation::TryCancel, Cancellation::WaitCompleted, Cancellation::Abandon]).boxed()
    } else {
        Just(Cancellation::TryCancel).boxed()
    }
}

/// What one attempt does, without its heartbeats.
fn acts(mask: Mask) -> BoxedStrategy<Act> {
    let mut ends = vec![(6, (1..=5i64).prop_map(ActEnd::Return).boxed())];
    if mask.has(Feature::ActivityFailure) {
        let non_retryable = mask.flag(Feature::NonRetryable, 20);
        let fail = (kinds(), non_retryable).prop_map(|(kind, non_retryable)| ActEnd::Fail { kind, non_retryable });
        ends.push((4, fail.boxed()));
    }
    if mask.has(Feature::Hang) {
        ends.push((1, Just(ActEnd::Hang).boxed()));
    }
    if mask.has(Feature::CompleteById) {
        ends.push((1, (6..=9i64).prop_map(ActEnd::CompleteById).boxed()));
    }
    let work = prop_oneof![1 => Just(0u32), 3 => 5..=150u32];
    (work, proptest::strategy::Union::new_weighted(ends))
        .prop_map(|(work_ms, end)| Act { work_ms, heartbeat_every_ms: None, end })
        .boxed()
}

/// Heartbeats: how often they are sent, and whether a timeout requires them.
fn heartbeats(mask: Mask) -> BoxedStrategy<Option<(Millis, Option<Millis>)>> {
    mask.sometimes(Feature::Heartbeat, 50, (20..=120u32, option::weighted(0.8, 300..=1000u32)))
}

/// Activity calls. Every one ends by itself: attempts are limited, or the whole is.
pub(super) fn calls(mask: Mask) -> impl Strategy<Value = ActivityCall> {
    let limits = (
        300..=1500u32,
        mask.sometimes(Feature::ScheduleToClose, 50, 100..=2000u32),
        mask.sometimes(Feature::ScheduleToStart, 50, 500..=1500u32),
        mask.flag(Feature::UnlimitedAttempts, 50),
    );
    let what = (vec(acts(mask), 1..=3), heartbeats(mask), retries(mask), cancellations(mask), any_var());
    (what, limits).prop_map(|((mut attempts, heartbeats, mut retry, cancellation, into), limits)| {
        let (start_to_close_ms, more, schedule_to_start_ms, unlimited) = limits;
        // The server caps every timeout by schedule-to-close and the heartbeat's by start-to-close; so do we, that
        // the scheduled event says what the program says.
        let schedule_to_close_ms = more.map(|more| start_to_close_ms + more);
        let schedule_to_start_ms =
            schedule_to_start_ms.map(|ms| schedule_to_close_ms.map_or(ms, |whole| ms.min(whole)));
        let mut heartbeat_ms = None;
        if let Some((every, timeout)) = heartbeats {
            heartbeat_ms = timeout.map(|ms: Millis| ms.min(start_to_close_ms));
            attempts.iter_mut().for_each(|act| act.heartbeat_every_ms = Some(every));
        }
        if unlimited && schedule_to_close_ms.is_some() {
            retry.maximum_attempts = 0;
        }
        ActivityCall {
            script: Script { attempts },
            schedule_to_close_ms,
            schedule_to_start_ms,
            start_to_close_ms,
            heartbeat_ms,
            retry,
            cancellation,
            into,
        }
    })
}

/// Variables. The first ones are likelier, so that what one branch stores another waits for.
pub(super) fn any_var() -> impl Strategy<Value = resurgam_formats::program::Var> + Clone {
    prop_oneof![3 => Just(0u8), 2 => Just(1u8), 1 => 2..=3u8]
}
