//! Updates and the workflow tasks that bring them to a worker.

use super::shard::{Handed, Later, Shard, finish, marker, target};
use crate::cluster::Rejection;
use crate::history::engine::UpdateInput;
use prost::Name;
use prost_wkt_types::Any;
use resurgam_api::internal::UpdateRequest;
use resurgam_api::temporal::command::v1::ProtocolMessageCommandAttributes;
use resurgam_api::temporal::command::v1::command::Attributes as Decided;
use resurgam_api::temporal::enums::v1::UpdateWorkflowExecutionLifecycleStage as Stage;
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::protocol::v1::Message;
use resurgam_api::temporal::update::v1::outcome::Value;
use resurgam_api::temporal::update::v1::{
    Acceptance, Input, Meta, Outcome, Rejection as Refusal, Request, Response, WaitPolicy,
};
use resurgam_api::temporal::workflowservice::v1::{UpdateWorkflowExecutionRequest, UpdateWorkflowExecutionResponse};

/// A run that did its first workflow task and waits.
fn idle() -> Shard {
    let mut shard = Shard::started();
    let task = shard.poll();
    shard.complete(&task, vec![]).unwrap();
    shard
}

const IDLE: &str = "Begin Scheduled Started Completed";

/// A client updates the run and waits until it is completed.
fn update(shard: &mut Shard, id: &str) -> Result<Later<UpdateWorkflowExecutionResponse>, Rejection> {
    let request = UpdateWorkflowExecutionRequest {
        wait_policy: Some(WaitPolicy { lifecycle_stage: Stage::Completed.into() }),
        request: Some(Request {
            meta: Some(Meta { update_id: id.into(), ..Meta::default() }),
            input: Some(Input { name: "u".into(), ..Input::default() }),
            ..Request::default()
        }),
        ..Default::default()
    };
    shard.wait(UpdateInput::Update(UpdateRequest { target: target(""), request: Some(request) }))
}

fn said<M: Name>(id: &str, body: &M) -> Message {
    let body = Some(Any { type_url: format!("x/{}", M::full_name()), value: body.encode_to_vec() });
    Message { id: format!("{id}/{}", M::NAME), protocol_instance_id: id.into(), body, ..Message::default() }
}

/// The worker accepts and completes updates, with commands, then does these.
fn handle(shard: &mut Shard, task: &Handed, ids: &[&str], more: Vec<Decided>) -> Result<Option<Handed>, Rejection> {
    let mut messages = Vec::new();
    for id in ids {
        let outcome = Some(Outcome { value: Some(Value::Success(Default::default())) });
        messages.push(said(id, &Acceptance::default()));
        let meta = Some(Meta { update_id: (*id).to_owned(), ..Meta::default() });
        messages.push(said(id, &Response { meta, outcome }));
    }
    let refer = |message: &Message| {
        let message_id = message.id.clone();
        Decided::ProtocolMessageCommandAttributes(ProtocolMessageCommandAttributes { message_id })
    };
    let commands = messages.iter().map(refer).chain(more).collect();
    shard.respond(task, commands, |it| it.messages = messages)
}

fn refuse(shard: &mut Shard, task: &Handed, id: &str) -> Result<Option<Handed>, Rejection> {
    let refusal = Refusal { failure: Some(Failure::default()), ..Refusal::default() };
    shard.respond(task, vec![], |it| it.messages = vec![said(id, &refusal)])
}

/// Whether one who waited was told of a success.
fn told(mut waiting: Later<UpdateWorkflowExecutionResponse>) -> bool {
    let answer = waiting.try_recv().unwrap().unwrap();
    matches!(answer.outcome, Some(Outcome { value: Some(Value::Success(_)) }))
}

fn brought(task: &Handed) -> Vec<&str> {
    task.poll.messages.iter().map(|message| message.protocol_instance_id.as_str()).collect()
}

#[test]
fn a_speculative_task_is_written_only_with_something_to_write() {
    let mut shard = idle();
    let a = update(&mut shard, "a").unwrap();
    assert_eq!(shard.names(), IDLE);
    let task = shard.poll();
    assert_eq!((brought(&task), task.slice.appended.len()), (vec!["a"], 2));
    assert_eq!(shard.names(), IDLE);
    handle(&mut shard, &task, &["a"], vec![]).unwrap();
    assert_eq!(shard.names(), format!("{IDLE} Scheduled Started Completed UpdateAccepted UpdateCompleted"));
    assert!(told(a));
    assert!(shard.state().workflow_task.is_none());
}

#[test]
fn a_refused_update_leaves_nothing() {
    let mut shard = idle();
    let a = update(&mut shard, "a").unwrap();
    let task = shard.poll();
    refuse(&mut shard, &task, "a").unwrap();
    assert_eq!(shard.names(), IDLE);
    assert!(!told(a));
    assert!(matches!(refuse(&mut shard, &task, "a"), Err(Rejection::NotFound(_))));
    shard.signal("s").unwrap(); // the ids are free for others
    assert_eq!(shard.names(), format!("{IDLE} Signaled:s Scheduled"));
}

#[test]
fn what_comes_during_a_dropped_task_is_not_lost() {
    let mut shard = idle();
    let a = update(&mut shard, "a").unwrap();
    let task = shard.poll();
    let b = update(&mut shard, "b").unwrap();
    refuse(&mut shard, &task, "a").unwrap();
    assert!(!told(a));
    let task = shard.poll();
    assert_eq!(brought(&task), ["b"]);
    shard.signal("s").unwrap();
    refuse(&mut shard, &task, "b").unwrap();
    assert!(!told(b));
    assert_eq!(shard.names(), format!("{IDLE} Scheduled Started Completed Signaled:s Scheduled"));
}

#[test]
fn a_repeated_start_brings_the_same_updates() {
    let mut shard = idle();
    update(&mut shard, "a").unwrap();
    let transfer = shard.newest_task();
    let first = shard.poll_as(&transfer, "x").unwrap();
    update(&mut shard, "b").unwrap();
    let again = shard.poll_as(&transfer, "x").unwrap();
    assert_eq!(first.poll, again.poll);
    handle(&mut shard, &again, &["a"], vec![]).unwrap();
    assert_eq!(brought(&shard.poll()), ["b"]);
}

#[test]
fn news_before_the_start_make_the_task_a_normal_one() {
    let mut shard = idle();
    update(&mut shard, "a").unwrap();
    shard.signal("s").unwrap();
    let task = shard.poll();
    assert_eq!(brought(&task), ["a"]);
    assert_eq!(shard.names(), format!("{IDLE} Scheduled Signaled:s Started"));
    refuse(&mut shard, &task, "a").unwrap();
    assert_eq!(shard.names(), format!("{IDLE} Scheduled Signaled:s Started Completed"));
}

#[test]
fn an_update_that_no_worker_has_seen_keeps_no_run_from_its_end() {
    let mut shard = Shard::started();
    let task = shard.poll();
    let mut a = update(&mut shard, "a").unwrap();
    shard.complete(&task, vec![finish()]).unwrap();
    assert!(shard.names().ends_with("Started Completed Completed"), "{}", shard.names());
    assert!(matches!(a.try_recv(), Ok(Err(Rejection::NotFound(_)))));
}

#[test]
fn an_update_survives_the_failure_of_its_task() {
    let mut shard = idle();
    let a = update(&mut shard, "a").unwrap();
    let task = shard.poll();
    shard.fail(&task).unwrap();
    let task = shard.poll();
    assert_eq!(brought(&task), ["a"]);
    shard.pass(60_000); // nobody answers
    let task = shard.poll();
    assert_eq!(brought(&task), ["a"]);
    handle(&mut shard, &task, &["a"], vec![marker()]).unwrap();
    assert!(told(a));
}

#[test]
fn an_update_that_is_passed_over_is_rejected() {
    let mut shard = idle();
    let a = update(&mut shard, "a").unwrap();
    let task = shard.poll();
    shard.complete(&task, vec![marker()]).unwrap();
    assert!(!told(a));
    assert_eq!(shard.names(), format!("{IDLE} Scheduled Started Completed MarkerRecorded"));
}

#[test]
fn whoever_waits_hears_of_the_end_of_the_run() {
    let mut shard = idle();
    let mut a = update(&mut shard, "a").unwrap();
    shard.terminate().unwrap();
    assert!(matches!(a.try_recv(), Ok(Err(Rejection::NotFound(_)))));
    assert!(matches!(update(&mut shard, "a"), Err(Rejection::NotFound(_))));
}
