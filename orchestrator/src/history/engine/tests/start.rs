//! Who gets a workflow id.

use super::shard::{Shard, finish, target};
use crate::cluster::Rejection;
use resurgam_api::internal;
use resurgam_api::temporal::common::v1::{Link, WorkflowType};
use resurgam_api::temporal::enums::v1::{WorkflowIdConflictPolicy as Conflict, WorkflowIdReusePolicy as Reuse};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflow::v1::OnConflictOptions;
use resurgam_api::temporal::workflowservice::v1 as api;

fn signal_with_start(
    shard: &mut Shard,
    request_id: &str,
    edit: impl FnOnce(&mut api::SignalWithStartWorkflowExecutionRequest),
) -> Result<api::SignalWithStartWorkflowExecutionResponse, Rejection> {
    let mut request = api::SignalWithStartWorkflowExecutionRequest {
        workflow_id: "w".into(),
        workflow_type: Some(WorkflowType { name: "t".into() }),
        task_queue: Some(TaskQueue { name: "queue".into(), ..TaskQueue::default() }),
        signal_name: request_id.into(),
        request_id: request_id.into(),
        ..Default::default()
    };
    edit(&mut request);
    let request = internal::SignalWithStartRequest { target: target(""), request: Some(request) };
    Ok(shard.step(request)?.expect("starts are answered at once"))
}

fn close(shard: &mut Shard) {
    let task = shard.poll();
    shard.complete(&task, vec![finish()]).unwrap();
}

#[test]
fn a_repeated_start_is_the_same_start() {
    let mut shard = Shard::new();
    let first = shard.start("q", |_| {}).unwrap();
    let commits = shard.commits;
    assert_eq!(shard.start("q", |_| {}).unwrap(), first);
    assert!(first.started);
    close(&mut shard);
    let late = shard.start("q", |_| {}).unwrap();
    assert_eq!((&late.run_id, late.started, late.status), (&first.run_id, true, 2));
    assert_eq!(shard.commits, commits + 2, "repeated starts wrote nothing");
}

#[test]
fn conflict_policies_decide_while_a_run_is_open() {
    let mut shard = Shard::started();
    let first = shard.current();
    let taken = shard.start("r", |_| {}).unwrap_err();
    let named = Rejection::AlreadyStarted {
        message: format!("Workflow execution is already running. WorkflowId: w, RunId: {first}."),
        request_id: "q".into(),
        run_id: first.clone(),
    };
    assert_eq!(taken, named);
    let joined = shard.start("s", |it| it.set_workflow_id_conflict_policy(Conflict::UseExisting)).unwrap();
    assert_eq!((joined.run_id.as_str(), joined.started), (first.as_str(), false));
    assert_eq!(shard.names(), "Begin Scheduled");
    let attach = |it: &mut api::StartWorkflowExecutionRequest| {
        it.set_workflow_id_conflict_policy(Conflict::UseExisting);
        let attach = OnConflictOptions { attach_request_id: true, attach_links: true, ..Default::default() };
        it.on_conflict_options = Some(attach);
        it.links = vec![Link::default()];
    };
    shard.start("t", attach).unwrap();
    assert_eq!(shard.names(), "Begin Scheduled OptionsUpdated");
    assert_eq!(shard.histories[&first].last().unwrap().links.len(), 1);
    let again = shard.start("t", |_| {}).unwrap();
    assert_eq!((again.run_id.as_str(), again.started), (first.as_str(), false));
    let new = shard.start("u", |it| it.set_workflow_id_conflict_policy(Conflict::TerminateExisting)).unwrap();
    assert!(new.started && new.run_id != first);
    assert_eq!(shard.names_of(&first), "Begin Scheduled OptionsUpdated Terminated");
    assert_eq!((shard.current(), shard.names()), (new.run_id, "Begin Scheduled".to_owned()));
}

#[test]
fn reuse_policies_decide_after_a_run_closed() {
    for (failed, policy, allowed) in [
        (false, Reuse::AllowDuplicate, true),
        (false, Reuse::AllowDuplicateFailedOnly, false),
        (true, Reuse::AllowDuplicateFailedOnly, true),
        (false, Reuse::RejectDuplicate, false),
        (true, Reuse::RejectDuplicate, false),
    ] {
        let mut shard = Shard::started();
        if failed {
            shard.terminate().unwrap();
        } else {
            close(&mut shard);
        }
        let answer = shard.start("r", |it| it.set_workflow_id_reuse_policy(policy));
        match answer {
            Ok(answer) => assert!(allowed && answer.started, "{policy:?}"),
            Err(Rejection::AlreadyStarted { request_id, .. }) => assert!(!allowed && request_id == "q", "{policy:?}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn policies_that_contradict_are_refused() {
    let mut shard = Shard::new();
    let refused = shard.start("q", |it| {
        it.set_workflow_id_reuse_policy(Reuse::RejectDuplicate);
        it.set_workflow_id_conflict_policy(Conflict::TerminateExisting);
    });
    assert!(matches!(refused.unwrap_err(), Rejection::InvalidArgument(_)));
    let refused =
        signal_with_start(&mut shard, "q", |it| it.set_workflow_id_conflict_policy(Conflict::Fail)).unwrap_err();
    assert!(matches!(refused, Rejection::InvalidArgument(_)));
}

#[test]
fn who_may_terminate_whoever_has_the_id_says_so_by_either_policy() {
    let mut shard = Shard::started();
    let first = shard.current();
    #[allow(deprecated, reason = "clients and children may still use it")]
    let new = shard.start("r", |it| it.set_workflow_id_reuse_policy(Reuse::TerminateIfRunning)).unwrap();
    assert!(new.started && new.run_id != first);
    assert_eq!(shard.names_of(&first), "Begin Scheduled Terminated");
}

#[test]
fn a_signal_with_start_is_one_signal() {
    let mut shard = Shard::new();
    let first = signal_with_start(&mut shard, "a", |_| {}).unwrap();
    assert_eq!((first.started, shard.names().as_str()), (true, "Begin Signaled:a Scheduled"));
    let again = signal_with_start(&mut shard, "a", |_| {}).unwrap();
    assert_eq!((&again.run_id, again.started), (&first.run_id, false));
    let second = signal_with_start(&mut shard, "b", |_| {}).unwrap();
    assert_eq!((&second.run_id, second.started), (&first.run_id, false));
    close(&mut shard);
    let next = signal_with_start(&mut shard, "b", |_| {}).unwrap();
    assert!(next.started && next.run_id != first.run_id, "of a run that has closed nobody asks what has arrived");
    let third = signal_with_start(&mut shard, "c", |_| {}).unwrap();
    assert_eq!((&third.run_id, third.started), (&next.run_id, false));
    let names = "Begin Signaled:a Scheduled Signaled:b Started Completed Completed";
    assert_eq!(shard.names_of(&first.run_id), names);
}

#[test]
fn a_delayed_start_waits_whatever_comes() {
    let mut shard = Shard::new();
    let delay = prost_wkt_types::Duration { seconds: 5, nanos: 0 };
    shard.start("q", |it| it.workflow_start_delay = Some(delay)).unwrap();
    shard.signal("a").unwrap();
    shard.pass(4_999);
    assert_eq!(shard.names(), "Begin Signaled:a");
    shard.pass(1);
    assert_eq!(shard.names(), "Begin Signaled:a Scheduled");
}

#[test]
fn a_child_waits_for_its_parent() {
    let mut shard = Shard::new();
    let parent = internal::Source {
        namespace: "default".into(),
        namespace_id: "n".into(),
        execution: Some(shard.execution("parent")),
        initiated_event_id: 5,
    };
    let request = api::StartWorkflowExecutionRequest {
        workflow_id: "w".into(),
        workflow_type: Some(WorkflowType { name: "t".into() }),
        task_queue: Some(TaskQueue { name: "queue".into(), ..TaskQueue::default() }),
        ..Default::default()
    };
    let start = internal::StartWorkflowRequest {
        target: target(""),
        request: Some(request),
        parent: Some(parent.clone()),
        ..Default::default()
    };
    shard.step(start).unwrap();
    shard.signal("a").unwrap();
    assert_eq!(shard.names(), "Begin Signaled:a");
    let release = internal::ScheduleFirstWorkflowTaskRequest { parent: Some(parent), ..Default::default() };
    for _ in 0..2 {
        shard.step(release.clone()).unwrap();
        assert_eq!(shard.names(), "Begin Signaled:a Scheduled");
    }
    close(&mut shard);
    assert!(shard.transfers.iter().any(|it| it.kind == Some(resurgam_state::task::TransferKind::NotifyParent(true))));
}
