//! How runs close, and what may not happen on the way.

use super::shard::{Shard, finish, marker, timer};
use crate::cluster::Rejection;
use resurgam_api::internal;
use resurgam_api::temporal::command::v1::CancelTimerCommandAttributes;
use resurgam_api::temporal::command::v1::command::Attributes as Decided;
use resurgam_api::temporal::enums::v1::ResourceExhaustedCause;
use resurgam_api::temporal::workflowservice::v1 as api;

fn cancel_timer(id: &str) -> Decided {
    Decided::CancelTimerCommandAttributes(CancelTimerCommandAttributes { timer_id: id.into() })
}

#[test]
fn a_run_is_not_closed_past_news() {
    let mut shard = Shard::started();
    let task = shard.poll();
    shard.signal("a").unwrap();
    let refused = shard.complete(&task, vec![marker(), finish()]).unwrap_err();
    assert!(matches!(refused, Rejection::InvalidArgument(message) if message.starts_with("UnhandledCommand")));
    let names = "Begin Scheduled Started TaskFailed:UnhandledCommand Signaled:a Scheduled";
    assert_eq!(shard.names(), names);
    // Until the worker has looked, nothing else gets in between.
    shard.signal("b").unwrap();
    let task = shard.poll();
    let busy = shard.signal("c").unwrap_err();
    let cause = ResourceExhaustedCause::BusyWorkflow as i32;
    assert!(matches!(busy, Rejection::ResourceExhausted { cause: c, .. } if c == cause));
    shard.complete(&task, vec![finish()]).unwrap();
    assert_eq!(shard.names(), format!("{names} Signaled:b Started Completed Completed"));
}

#[test]
fn what_waits_for_a_worker_is_bounded() {
    let mut shard = Shard::started();
    shard.limits.buffered = 2;
    let task = shard.poll();
    for name in ["a", "b"] {
        shard.signal(name).unwrap();
    }
    assert_eq!(shard.names(), "Begin Scheduled Started", "they wait");
    shard.signal("c").unwrap();
    let names = "Begin Scheduled Started TaskFailed:ForceCloseCommand Signaled:a Signaled:b Signaled:c Scheduled";
    assert_eq!(shard.names(), names);
    assert!(matches!(shard.complete(&task, vec![finish()]), Err(Rejection::NotFound(_))), "its task has ended");
    let task = shard.poll();
    shard.limits.buffered_bytes = 1;
    shard.signal("d").unwrap();
    assert_eq!(shard.names(), format!("{names} Started TaskFailed:ForceCloseCommand Signaled:d Scheduled"));
    assert!(shard.complete(&task, vec![finish()]).is_err());
}

#[test]
fn a_timer_that_fired_unseen_can_be_cancelled_and_is_no_news_then() {
    let mut shard = Shard::started();
    let task = shard.poll();
    shard.complete(&task, vec![timer("t", 5)]).unwrap();
    shard.signal("a").unwrap();
    let task = shard.poll();
    shard.pass(5_000);
    shard.complete(&task, vec![cancel_timer("t"), finish()]).unwrap();
    assert!(shard.names().ends_with("Started Completed TimerCanceled Completed"), "{}", shard.names());
}

#[test]
fn nothing_may_follow_a_close() {
    let mut shard = Shard::started();
    let task = shard.poll();
    let refused = shard.complete(&task, vec![finish(), marker()]).unwrap_err();
    assert!(matches!(refused, Rejection::InvalidArgument(_)));
    assert_eq!(shard.names(), "Begin Scheduled Started");
    shard.complete(&task, vec![finish(), finish()]).unwrap_err();
    shard.complete(&task, vec![finish()]).unwrap();
    assert_eq!(shard.names(), "Begin Scheduled Started Completed Completed");
}

#[test]
fn a_bad_decision_fails_the_task_once_and_leaves_nothing() {
    let mut shard = Shard::started();
    let task = shard.poll();
    let bad = || vec![marker(), cancel_timer("unknown")];
    shard.complete(&task, bad()).unwrap_err();
    let names = "Begin Scheduled Started TaskFailed:BadCancelTimerAttributes";
    assert_eq!(shard.names(), names);
    let task = shard.poll();
    let commits = shard.commits;
    assert!(matches!(shard.complete(&task, bad()).unwrap_err(), Rejection::InvalidArgument(_)));
    assert_eq!((shard.names().as_str(), shard.commits), (names, commits), "the second time it can only time out");
}

#[test]
fn termination_ends_the_task_first_and_keeps_what_was_held_back() {
    let mut shard = Shard::started();
    let task = shard.poll();
    shard.complete(&task, vec![timer("t", 5)]).unwrap();
    shard.signal("a").unwrap();
    let task = shard.poll();
    shard.signal("b").unwrap();
    shard.terminate().unwrap();
    let names = "Begin Scheduled Started Completed TimerStarted Signaled:a Scheduled Started \
                 TaskFailed:ForceCloseCommand Signaled:b Terminated";
    assert_eq!(shard.names(), names);
    let closed = Rejection::NotFound("workflow execution already completed".into());
    assert_eq!(shard.terminate().unwrap_err(), closed);
    assert_eq!(shard.signal("c").unwrap_err(), closed);
    assert_eq!(shard.complete(&task, vec![]).unwrap_err(), closed);
    shard.signal("b").expect("a repeated signal arrived");
    shard.cancel("x").expect("a closed run needs no cancel");
    shard.pass(100_000);
    assert_eq!(shard.names(), names, "no timer matters any more");
}

#[test]
fn signals_are_counted_once_and_limited() {
    let mut shard = Shard::started();
    shard.limits.signals = 2;
    for id in ["a", "a", "b", "a", "b"] {
        shard.signal(id).unwrap();
    }
    assert_eq!(shard.names(), "Begin Scheduled Signaled:a Signaled:b");
    assert!(matches!(shard.signal("c").unwrap_err(), Rejection::InvalidArgument(_)));
}

#[test]
fn only_the_parent_reaches_a_child_only_target() {
    let mut shard = Shard::started();
    let request = api::SignalWorkflowExecutionRequest { request_id: "a".into(), ..Default::default() };
    let source = internal::Source { execution: Some(shard.execution("other")), ..Default::default() };
    let request = internal::SignalRequest {
        request: Some(request),
        source: Some(source),
        child_only: true,
        ..Default::default()
    };
    let refused = shard.step(request).unwrap_err();
    assert_eq!(refused, Rejection::NotFound("workflow parent does not match".into()));
}

#[test]
fn a_history_that_is_too_long_ends_the_run() {
    let mut shard = Shard::started();
    shard.limits.history_events = 5;
    for id in ["a", "b", "c", "d"] {
        let _ = shard.signal(id);
    }
    assert_eq!(shard.names(), "Begin Scheduled Signaled:a Signaled:b Signaled:c Terminated");
}
