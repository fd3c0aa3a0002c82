//! Schedules as runs, and what those that they start know of them.

use super::shard::{Shard, finish, target};
use crate::cluster::Rejection;
use crate::history::engine::TransferResult;
use resurgam_api::internal;
use resurgam_api::temporal::command::v1::ContinueAsNewWorkflowExecutionCommandAttributes;
use resurgam_api::temporal::command::v1::command::Attributes as Decided;
use resurgam_api::temporal::common::v1::WorkflowType;
use resurgam_api::temporal::schedule::v1::schedule_action::Action;
use resurgam_api::temporal::schedule::v1::{Schedule, ScheduleAction, SchedulePatch, TriggerImmediatelyRequest};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflow::v1::NewWorkflowExecutionInfo;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_state::task::TransferKind;

/// A schedule that starts workflows of this id when it is asked to.
fn schedule(id: &str) -> Option<Schedule> {
    let action = NewWorkflowExecutionInfo { workflow_id: id.into(), ..NewWorkflowExecutionInfo::default() };
    let action = Some(ScheduleAction { action: Some(Action::StartWorkflow(action)) });
    Some(Schedule { action, ..Schedule::default() })
}

/// A shard on which the schedule `w` has been asked to start one.
fn asked() -> Shard {
    let mut shard = Shard::new();
    let trigger = Some(TriggerImmediatelyRequest::default());
    let create = api::CreateScheduleRequest {
        schedule: schedule("first"),
        initial_patch: Some(SchedulePatch { trigger_immediately: trigger, ..Default::default() }),
        request_id: "q".into(),
        ..Default::default()
    };
    let mut target = target("").unwrap_or_default();
    target.workflow_id = "w".into();
    shard.step(internal::CreateScheduleRequest { target: Some(target), request: Some(create) }).unwrap();
    shard
}

#[test]
fn a_schedule_has_no_workflow_task_whatever_is_sent_to_it() {
    let mut shard = asked();
    shard.signal("a").unwrap();
    shard.cancel("b").unwrap();
    assert_eq!(shard.names(), "Begin Signaled:a CancelRequested");
    let kinds: Vec<_> = shard.transfers.iter().filter_map(|it| it.kind.clone()).collect();
    assert_eq!(kinds, [TransferKind::StartAction(1)]);
    shard.terminate().unwrap();
    let patch = api::PatchScheduleRequest { patch: Some(SchedulePatch::default()), ..Default::default() };
    let patched = shard.step(internal::PatchScheduleRequest { request: Some(patch), ..Default::default() });
    assert_eq!(patched, Err(Rejection::NotFound("workflow execution already completed".into())));
}

#[test]
fn what_is_being_started_is_not_changed_by_an_update() {
    let mut shard = asked();
    let update = api::UpdateScheduleRequest { schedule: schedule("second"), ..Default::default() };
    shard.step(internal::UpdateScheduleRequest { request: Some(update), ..Default::default() }).unwrap();
    let named = |shard: &Shard| {
        let ids = shard.state().definitions.values().map(|it| match it.action.clone().and_then(|it| it.action) {
            Some(Action::StartWorkflow(action)) => action.workflow_id,
            None => String::new(),
        });
        ids.collect::<Vec<_>>()
    };
    assert_eq!(named(&shard), ["first", "second"]);
    let (run, started) = (shard.current(), shard.execution("r"));
    shard.step(TransferResult::ActionStarted(run, 1, Some(started))).unwrap();
    assert_eq!(named(&shard), ["second"]);
    assert_eq!(shard.state().schedule.as_ref().map(|it| (it.actions, it.running.len())), Some((1, 1)));
}

#[test]
fn only_the_last_run_of_a_chain_tells_the_schedule() {
    let mut shard = Shard::new();
    let request = api::StartWorkflowExecutionRequest {
        workflow_id: "w".into(),
        workflow_type: Some(WorkflowType { name: "t".into() }),
        task_queue: Some(TaskQueue { name: "queue".into(), ..TaskQueue::default() }),
        request_id: "q".into(),
        ..Default::default()
    };
    let of = internal::Target { workflow_id: "s".into(), run_id: "r".into(), ..Default::default() };
    let action = Some(internal::Action { schedule: Some(of), number: 7 });
    let request = Some(request);
    shard.step(internal::StartWorkflowRequest { target: target(""), request, action, ..Default::default() }).unwrap();
    let told =
        |shard: &Shard| shard.transfers.iter().filter(|it| it.kind == Some(TransferKind::NotifySchedule(true))).count();
    let task = shard.poll();
    let again = ContinueAsNewWorkflowExecutionCommandAttributes::default();
    shard.complete(&task, vec![Decided::ContinueAsNewWorkflowExecutionCommandAttributes(again)]).unwrap();
    assert_eq!(told(&shard), 0);
    shard.pass(1_000);
    let task = shard.poll();
    shard.complete(&task, vec![finish()]).unwrap();
    assert_eq!(told(&shard), 1);
    assert_eq!(shard.state().watcher.as_ref().map(|it| it.number), Some(7));
}
