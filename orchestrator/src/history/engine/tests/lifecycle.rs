//! Workflow tasks: normal, transient, sticky.

use super::shard::{Shard, finish, marker, sticky, timer};
use crate::cluster::Rejection;
use crate::history::engine::TransferResult;

const GONE: &str = "workflow task not found";

#[test]
fn a_run_is_started_decided_and_completed() {
    let mut shard = Shard::started();
    let task = shard.poll();
    assert_eq!((task.poll.attempt, task.poll.started_event_id, task.poll.previous_started_event_id), (1, 3, 0));
    assert_eq!((task.slice.from, task.slice.next, task.slice.appended.len()), (1, 4, 0));
    shard.complete(&task, vec![marker(), finish()]).unwrap();
    assert_eq!(shard.names(), "Begin Scheduled Started Completed MarkerRecorded Completed");
    assert_eq!(shard.workflow.current.as_ref().unwrap().status, 2);
    let closed = Rejection::NotFound("workflow execution already completed".into());
    assert_eq!(shard.complete(&task, vec![]).unwrap_err(), closed);
}

#[test]
fn a_task_is_handed_out_again_to_the_same_request_only() {
    let mut shard = Shard::started();
    let task = shard.newest_task();
    let first = shard.poll_as(&task, "a").unwrap();
    let commits = shard.commits;
    let again = shard.poll_as(&task, "a").unwrap();
    assert_eq!((&first.token, &first.slice), (&again.token, &again.slice));
    assert_eq!(shard.commits, commits, "nothing was written");
    assert_eq!(shard.poll_as(&task, "b").unwrap_err(), Rejection::TaskAlreadyStarted);
    shard.complete(&again, vec![]).unwrap();
    assert_eq!(shard.poll_as(&task, "a").unwrap_err(), Rejection::NotFound(GONE.into()));
}

#[test]
fn news_waits_for_the_worker_and_makes_a_task() {
    let mut shard = Shard::started();
    let task = shard.poll();
    shard.signal("a").unwrap();
    shard.cancel("c").unwrap();
    shard.cancel("d").unwrap();
    assert_eq!(shard.names(), "Begin Scheduled Started");
    shard.complete(&task, vec![timer("t", 5)]).unwrap();
    let decided = "Begin Scheduled Started Completed TimerStarted Signaled:a CancelRequested Scheduled";
    assert_eq!(shard.names(), decided);
    shard.signal("b").unwrap();
    assert_eq!(shard.names(), format!("{decided} Signaled:b"));
}

#[test]
fn repeated_attempts_leave_no_events_until_one_succeeds() {
    let mut shard = Shard::started();
    let task = shard.poll();
    shard.fail(&task).unwrap();
    let failed = "Begin Scheduled Started TaskFailed:Unspecified";
    assert_eq!(shard.names(), failed);
    for attempt in 2..6 {
        let task = shard.poll();
        assert_eq!((task.poll.attempt, task.poll.started_event_id, task.slice.appended.len()), (attempt, 6, 2));
        let ids: Vec<i64> = task.slice.appended.iter().map(|event| event.event_id).collect();
        assert_eq!((task.slice.next, ids), (5, vec![5, 6]));
        let before = shard.now;
        // Repeated failures are slowed down by longer and longer timeouts.
        let timeout = [10_000, 10_000, 15_000, 20_000][attempt as usize - 2];
        shard.until(before + timeout - 1);
        assert_eq!(shard.state().workflow_task.as_ref().unwrap().attempt, attempt);
        shard.pass(1);
        assert_eq!(shard.names(), failed);
    }
    let task = shard.poll();
    shard.complete(&task, vec![]).unwrap();
    assert_eq!(shard.names(), format!("{failed} Scheduled6 Started Completed"));
    shard.signal("a").unwrap();
    assert_eq!(shard.poll().poll.attempt, 1);
}

#[test]
fn news_before_the_start_makes_a_transient_task_a_first_attempt() {
    let mut shard = Shard::started();
    let task = shard.poll();
    shard.fail(&task).unwrap();
    let dispatched = shard.newest_task();
    shard.signal("a").unwrap();
    let task = shard.poll_as(&dispatched, "x").unwrap();
    assert_eq!((task.poll.attempt, task.poll.started_event_id, task.slice.appended.len()), (1, 7, 0));
    let names = "Begin Scheduled Started TaskFailed:Unspecified Signaled:a Scheduled Started";
    assert_eq!(shard.names(), names);
    assert_eq!(shard.poll_as(&dispatched, "x").unwrap().token, task.token, "the lost answer is given again");
    shard.complete(&task, vec![finish()]).unwrap();
    assert_eq!(shard.names(), format!("{names} Completed Completed"));
}

#[test]
fn news_during_a_transient_task_makes_the_next_one_a_first_attempt() {
    let mut shard = Shard::started();
    let task = shard.poll();
    shard.fail(&task).unwrap();
    let task = shard.poll();
    shard.signal("a").unwrap();
    shard.fail(&task).unwrap();
    assert_eq!(shard.names(), "Begin Scheduled Started TaskFailed:Unspecified Signaled:a Scheduled");
}

#[test]
fn sticky_tasks_bring_what_is_new_and_fall_back() {
    let mut shard = Shard::started();
    let task = shard.poll();
    shard.respond(&task, vec![], sticky).unwrap();
    shard.signal("a").unwrap();
    let task = shard.poll();
    assert_eq!((task.slice.from, task.slice.next), (4, 8));
    shard.respond(&task, vec![], sticky).unwrap();
    shard.signal("b").unwrap();
    let names = shard.names();
    let lost = shard.newest_task();
    shard.pass(9_999);
    assert_eq!(shard.names(), names);
    shard.pass(1);
    assert_eq!(shard.names(), format!("{names} TaskTimedOut:ScheduleToStart Scheduled"));
    assert_eq!(shard.poll_as(&lost, "x").unwrap_err(), Rejection::NotFound(GONE.into()));
    let task = shard.poll();
    assert_eq!((task.slice.from, task.poll.attempt), (1, 1));
}

#[test]
fn failures_of_sticky_tasks_are_not_counted() {
    let mut shard = Shard::started();
    let task = shard.poll();
    shard.respond(&task, vec![], sticky).unwrap();
    shard.signal("a").unwrap();
    let task = shard.poll();
    shard.fail(&task).unwrap();
    let task = shard.poll();
    assert_eq!(task.poll.attempt, 1);
    shard.pass(10_000);
    let names = "Begin Scheduled Started Completed Signaled:a Scheduled Started TaskFailed:Unspecified \
                 Scheduled Started TaskTimedOut:StartToClose";
    assert_eq!(shard.names(), names);
    assert_eq!(shard.poll().poll.attempt, 2);
}

#[test]
fn a_task_whose_sticky_queue_has_no_worker_goes_to_the_normal_one() {
    let mut shard = Shard::started();
    let task = shard.poll();
    shard.respond(&task, vec![], sticky).unwrap();
    shard.signal("a").unwrap();
    let refused = shard.newest_task();
    shard.step(TransferResult::StickyUnavailable(shard.current(), 6)).unwrap();
    assert_eq!(shard.poll_as(&refused, "x").unwrap_err(), Rejection::NotFound(GONE.into()));
    let task = shard.poll();
    assert_eq!(task.slice.from, 1);
    shard.pass(9_000);
    shard.complete(&task, vec![finish()]).unwrap();
}

#[test]
fn a_worker_may_keep_a_task_and_get_the_next_one_at_once() {
    let mut shard = Shard::started();
    let task = shard.poll();
    let transfers = shard.transfers.len();
    let next = shard.respond(&task, vec![], |request| {
        request.force_create_new_workflow_task = true;
        request.return_new_workflow_task = true;
        sticky(request);
    });
    let next = next.unwrap().unwrap();
    assert_eq!(shard.transfers.len(), transfers, "not through matching");
    assert_eq!((next.slice.from, next.slice.next, next.poll.started_event_id), (4, 7, 6));
    assert_eq!(shard.names(), "Begin Scheduled Started Completed Scheduled Started");
    shard.complete(&next, vec![finish()]).unwrap();
}

#[test]
fn heartbeats_of_a_task_end_after_half_an_hour() {
    let mut shard = Shard::started();
    let mut task = shard.poll();
    let heartbeat = |request: &mut resurgam_api::temporal::workflowservice::v1::RespondWorkflowTaskCompletedRequest| {
        request.force_create_new_workflow_task = true;
        request.return_new_workflow_task = true;
    };
    for _ in 1..(30 * 60 / 9) {
        shard.pass(9_000);
        task = shard.respond(&task, vec![], heartbeat).unwrap().unwrap();
    }
    shard.pass(9_000);
    assert_eq!(shard.respond(&task, vec![], heartbeat).unwrap_err(), Rejection::NotFound(GONE.into()));
    assert!(shard.names().ends_with("Started TaskTimedOut:StartToClose"), "{}", shard.names());
}
