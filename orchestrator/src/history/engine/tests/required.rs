//! A request that lacks a part without which there is nothing to do is refused, and not executed as if it were empty.

use super::shard::{Shard, finish, target};
use crate::cluster::Rejection;
use crate::history::engine::{Input, UpdateInput};
use resurgam_api::internal;
use resurgam_api::temporal::workflowservice::v1 as api;

/// The message of the refusal of an input; nothing may be left of it.
fn refused(shard: &mut Shard, input: impl Input) -> String {
    let (before, commits) = (shard.workflow.clone(), shard.commits);
    let said = format!("{input:?}");
    let Err(Rejection::InvalidArgument(message)) = shard.step(input).map(drop) else { panic!("it was taken: {said}") };
    let states = |shard: &Shard| shard.workflow.runs.values().map(|run| run.state.clone()).collect::<Vec<_>>();
    assert_eq!(before.runs.into_values().map(|run| run.state).collect::<Vec<_>>(), states(shard), "{said}");
    assert_eq!(commits, shard.commits, "{said}");
    message
}

#[test]
fn requests_that_say_nothing() {
    let nil = "Request is nil.";
    let mut shard = Shard::new();
    let start = || internal::StartWorkflowRequest { target: target(""), ..Default::default() };
    assert_eq!(refused(&mut shard, start()), nil);
    let nowhere = internal::StartWorkflowRequest { request: Some(Default::default()), ..Default::default() };
    assert_eq!(refused(&mut shard, nowhere), "Target is not set on request.");
    let both = internal::SignalWithStartRequest { target: target(""), ..Default::default() };
    assert_eq!(refused(&mut shard, both), nil);

    let mut shard = Shard::started();
    let task = shard.poll();
    assert_eq!(refused(&mut shard, internal::SignalRequest::default()), nil);
    assert_eq!(refused(&mut shard, internal::RequestCancelRequest::default()), nil);
    assert_eq!(refused(&mut shard, internal::TerminateRequest::default()), nil);
    assert_eq!(refused(&mut shard, internal::QueryRequest::default()), nil);
    let query = internal::QueryRequest { request: Some(api::QueryWorkflowRequest::default()), ..Default::default() };
    assert_eq!(refused(&mut shard, query), "Query is not set on request.");
    assert_eq!(refused(&mut shard, UpdateInput::Update(internal::UpdateRequest::default())), nil);
    assert_eq!(refused(&mut shard, UpdateInput::Poll(internal::PollUpdateRequest::default())), nil);
    let token = Some(task.token.clone());
    let complete = internal::CompleteWorkflowTaskRequest { task: token.clone(), ..Default::default() };
    assert_eq!(refused(&mut shard, complete), nil);
    assert_eq!(refused(&mut shard, internal::FailWorkflowTaskRequest { task: token, request: None }), nil);
    assert!(shard.complete(&task, vec![finish()]).is_ok(), "the task is as it was");
}
