//! Tests of updates, from the caller to the worker and back.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::command_failure::CommandFailure;
use super::fixture::Fixture;
use super::message::{Incoming, abort, outgoing, send, unprocessed, unreadable};
use super::speculative::{drop_task, droppable};
use super::transaction::Transaction;
use super::update::{admit, poll, settle};
use super::{Reply, waiter};
use crate::cluster::Rejection;
use prost::Name;
use prost_wkt_types::Any;
use resurgam_api::internal::{PollUpdateRequest, UpdateRequest};
use resurgam_api::temporal::command::v1::command::Attributes as Decided;
use resurgam_api::temporal::command::v1::{Command, ProtocolMessageCommandAttributes};
use resurgam_api::temporal::enums::v1::{UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowTaskFailedCause};
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::protocol::v1::Message;
use resurgam_api::temporal::protocol::v1::message::SequencingId;
use resurgam_api::temporal::update::v1::outcome::Value;
use resurgam_api::temporal::update::v1::{self as protocol, Input, Meta, Outcome, Request, UpdateRef, WaitPolicy};
use resurgam_api::temporal::workflowservice::v1::respond_workflow_task_completed_request::Capabilities;
use resurgam_api::temporal::workflowservice::v1::*;
use resurgam_state::WorkflowTaskType;
use std::ops::{Deref, DerefMut};
use tokio::sync::oneshot;

fn request(id: &str) -> Request {
    Request {
        meta: Some(Meta { update_id: id.into(), ..Meta::default() }),
        input: Some(Input { name: "u".into(), ..Input::default() }),
        ..Request::default()
    }
}

type Waiter = waiter::Waiter<UpdateWorkflowExecutionResponse>;

/// A run, and those who wait for updates of it, by numbers.
struct Callers {
    run: Fixture,
    waiting: Vec<(u64, oneshot::Receiver<Result<UpdateWorkflowExecutionResponse, Rejection>>)>,
}

impl Callers {
    fn new() -> Self {
        Self { run: Fixture::new(), waiting: Vec::new() }
    }

    /// A caller is answered, or waits (`None`).
    fn ask(
        &mut self,
        caller: u64,
        call: impl FnOnce(&mut Transaction<'_, '_>, &Waiter) -> Result<Reply<UpdateWorkflowExecutionResponse>, Rejection>,
    ) -> Result<Option<UpdateWorkflowExecutionResponse>, Rejection> {
        let (waiter, answer) = Waiter::new();
        match self.run.step(|tx| call(tx, &waiter))? {
            Reply::Now(answer) => answer.map(Some),
            Reply::Later => {
                self.waiting.push((caller, answer));
                Ok(None)
            }
        }
    }
}

impl Deref for Callers {
    type Target = Fixture;

    fn deref(&self) -> &Fixture {
        &self.run
    }
}

impl DerefMut for Callers {
    fn deref_mut(&mut self) -> &mut Fixture {
        &mut self.run
    }
}

/// A caller, named by number, updates the run.
fn update(
    run: &mut Callers,
    caller: u64,
    id: &str,
    stage: Stage,
) -> Result<Option<UpdateWorkflowExecutionResponse>, Rejection> {
    let wait_policy = Some(WaitPolicy { lifecycle_stage: stage.into() });
    let request = UpdateWorkflowExecutionRequest { wait_policy, request: Some(request(id)), ..Default::default() };
    let request = UpdateRequest { request: Some(request), ..UpdateRequest::default() };
    let answer = run.ask(caller, |tx, waiter| admit(tx, request, waiter));
    run.step(settle);
    answer
}

fn poll_for(run: &mut Callers, caller: u64, id: &str) -> Result<Option<UpdateWorkflowExecutionResponse>, Rejection> {
    let request = PollWorkflowExecutionUpdateRequest {
        update_ref: Some(UpdateRef { update_id: id.into(), ..UpdateRef::default() }),
        wait_policy: Some(WaitPolicy { lifecycle_stage: Stage::Completed.into() }),
        ..Default::default()
    };
    let request = PollUpdateRequest { request: Some(request), ..PollUpdateRequest::default() };
    run.ask(caller, |tx, waiter| poll(tx, request, waiter))
}

fn said<M: Name>(update: &str, body: &M) -> Message {
    Message {
        id: format!("{update}/{}", M::NAME),
        protocol_instance_id: update.into(),
        body: Some(Any { type_url: format!("x/{}", M::full_name()), value: body.encode_to_vec() }),
        sequencing_id: None,
    }
}

fn accepted(update: &str) -> Message {
    said(update, &protocol::Acceptance::default())
}

fn completed(update: &str) -> Message {
    let meta = Some(Meta { update_id: update.into(), ..Meta::default() });
    said(update, &protocol::Response { meta, outcome: Some(success()) })
}

fn rejected(update: &str) -> Message {
    said(update, &protocol::Rejection { failure: Some(Failure::default()), ..Default::default() })
}

fn success() -> Outcome {
    Outcome { value: Some(Value::Success(Default::default())) }
}

/// A worker's answer to the workflow task that event 3 started.
fn answer(run: &mut Callers, messages: &[Message]) -> Result<(), CommandFailure> {
    let result = run.step(|tx| {
        send(tx, 3);
        let applied = Incoming::new(messages).rest(tx);
        unprocessed(tx);
        applied
    });
    run.step(settle);
    result
}

/// What a caller is told: the stage, and whether the outcome is a success.
type Told = Result<(Stage, Option<bool>), Rejection>;

/// Who was told what, in the order in which they began to wait.
fn told(run: &mut Callers) -> Vec<(u64, Told)> {
    let read = |it: UpdateWorkflowExecutionResponse| {
        (it.stage(), it.outcome.map(|it| matches!(it.value, Some(Value::Success(_)))))
    };
    let mut told = Vec::new();
    run.waiting.retain_mut(|(caller, waiting)| match waiting.try_recv() {
        Ok(answer) => {
            told.push((*caller, answer.map(read)));
            false
        }
        Err(oneshot::error::TryRecvError::Empty) => true,
        Err(oneshot::error::TryRecvError::Closed) => false,
    });
    told
}

#[test]
fn everybody_hears_of_the_stage_that_they_wait_for() {
    let mut run = Callers::new();
    assert_eq!(update(&mut run, 1, "a", Stage::Accepted), Ok(None));
    assert_eq!(update(&mut run, 2, "a", Stage::Completed), Ok(None));
    // Nobody is told that it is admitted: that is in memory only.
    assert_eq!(update(&mut run, 3, "a", Stage::Admitted), Ok(None));
    assert!(run.step(settle)); // it needs a workflow task
    let messages = run.step(|tx| {
        send(tx, 3);
        (outgoing(tx, 3), outgoing(tx, 9))
    });
    assert_eq!(messages.0.len(), 1);
    assert_eq!(messages.0[0].sequencing_id, Some(SequencingId::EventId(2)));
    assert!(messages.1.is_empty());
    answer(&mut run, &[accepted("a")]).unwrap();
    assert_eq!(run.take(), ["WorkflowExecutionUpdateAccepted"]);
    assert_eq!(told(&mut run), [(1, Ok((Stage::Accepted, None))), (3, Ok((Stage::Accepted, None)))]);
    assert!(!run.step(settle));
    answer(&mut run, &[completed("a")]).unwrap();
    assert_eq!(run.take(), ["WorkflowExecutionUpdateCompleted"]);
    assert_eq!(told(&mut run), [(2, Ok((Stage::Completed, Some(true))))]);
    assert!(run.run.run.volatile.updates.is_empty());
}

#[test]
fn one_who_waits_for_acceptance_gets_the_outcome_if_it_is_there() {
    let mut run = Callers::new();
    update(&mut run, 1, "a", Stage::Accepted).unwrap();
    answer(&mut run, &[accepted("a"), completed("a")]).unwrap();
    assert_eq!(told(&mut run), [(1, Ok((Stage::Completed, Some(true))))]);
}

#[test]
fn a_repeated_update_is_the_same_update() {
    let mut run = Callers::new();
    update(&mut run, 1, "a", Stage::Completed).unwrap();
    answer(&mut run, &[accepted("a")]).unwrap();
    run.run.run.volatile = Default::default(); // another owner
    assert!(matches!(update(&mut run, 2, "a", Stage::Accepted), Ok(Some(it)) if it.stage() == Stage::Accepted));
    assert_eq!(update(&mut run, 3, "a", Stage::Completed), Ok(None));
    assert_eq!(poll_for(&mut run, 4, "a"), Ok(None));
    assert!(!run.step(settle));
    answer(&mut run, &[completed("a")]).unwrap();
    assert_eq!(told(&mut run).iter().map(|it| it.0).collect::<Vec<_>>(), [3, 4]);
    run.run.run.state.status = 2;
    for reply in [update(&mut run, 5, "a", Stage::Completed), poll_for(&mut run, 6, "a")] {
        assert!(matches!(reply, Ok(Some(it)) if it.outcome == Some(success())));
    }
    assert_eq!(run.take().len(), 2);
}

#[test]
fn a_refusal_leaves_no_trace() {
    let mut run = Callers::new();
    update(&mut run, 1, "a", Stage::Accepted).unwrap();
    answer(&mut run, &[rejected("a")]).unwrap();
    assert_eq!(told(&mut run), [(1, Ok((Stage::Completed, Some(false))))]);
    assert!(run.take().is_empty() && run.run.run.state.updates.is_empty());
    assert!(matches!(poll_for(&mut run, 2, "a"), Err(Rejection::NotFound(_))));
}

#[test]
fn what_a_worker_passes_over_in_silence_is_rejected_and_what_came_later_stays() {
    let mut run = Callers::new();
    update(&mut run, 1, "a", Stage::Accepted).unwrap();
    run.step(|tx| send(tx, 3));
    update(&mut run, 2, "b", Stage::Accepted).unwrap();
    run.step(unprocessed);
    assert_eq!(told(&mut run), [(1, Ok((Stage::Completed, Some(false))))]);
    assert!(run.step(settle));
    run.step(|tx| send(tx, 5));
    assert_eq!(run.step(|tx| outgoing(tx, 5)).len(), 1);
}

#[test]
fn a_forgotten_update_is_accepted_if_the_worker_shows_it() {
    let mut run = Callers::new();
    let bad = Err(WorkflowTaskFailedCause::BadUpdateWorkflowExecutionMessage);
    assert_eq!(answer(&mut run, &[accepted("a")]).map_err(|it| it.cause), bad);
    let acceptance = protocol::Acceptance { accepted_request: Some(request("a")), ..Default::default() };
    answer(&mut run, &[said("a", &acceptance), completed("a")]).unwrap();
    assert_eq!(run.take(), ["WorkflowExecutionUpdateAccepted", "WorkflowExecutionUpdateCompleted"]);
    for message in [said("a", &acceptance), completed("a"), rejected("a"), completed("b"), rejected("b")] {
        assert_eq!(answer(&mut run, &[message]).map_err(|it| it.cause), bad);
    }
    assert!(run.take().is_empty());
}

#[test]
fn an_update_is_completed_in_its_own_name() {
    let mut run = Callers::new();
    let acceptance = protocol::Acceptance { accepted_request: Some(request("a")), ..Default::default() };
    answer(&mut run, &[said("a", &acceptance)]).unwrap();
    for meta in [None, Some(Meta { update_id: "b".into(), ..Meta::default() })] {
        let response = said("a", &protocol::Response { meta, outcome: Some(success()) });
        let refused = answer(&mut run, &[response]).unwrap_err();
        assert_eq!(refused.cause, WorkflowTaskFailedCause::BadUpdateWorkflowExecutionMessage);
    }
    answer(&mut run, &[completed("a")]).unwrap();
}

#[test]
fn a_task_that_fails_ends_the_waiting_for_what_went_with_it() {
    let mut run = Callers::new();
    update(&mut run, 1, "a", Stage::Accepted).unwrap();
    run.step(|tx| send(tx, 3));
    update(&mut run, 2, "b", Stage::Accepted).unwrap();
    run.step(abort);
    assert!(matches!(told(&mut run).as_slice(), [(1, Err(Rejection::FailedPrecondition(_)))]));
    run.step(|tx| send(tx, 5));
    assert_eq!(run.step(|tx| outgoing(tx, 5)).len(), 1);
}

#[test]
fn a_message_that_cannot_be_read_says_nothing() {
    let other = said("a", &WaitPolicy::default());
    let mut cut = completed("a");
    cut.body.as_mut().unwrap().value.pop();
    for message in [Message { body: None, ..accepted("a") }, other, cut] {
        assert!(unreadable(&message).is_some(), "{message:?}");
        let mut run = Callers::new();
        update(&mut run, 1, "a", Stage::Accepted).unwrap();
        run.step(|tx| Incoming::new(std::slice::from_ref(&message)).rest(tx)).unwrap();
        assert!(told(&mut run).is_empty() && run.take().is_empty());
    }
    assert_eq!(unreadable(&accepted("a")), None);
}

#[test]
fn commands_put_messages_in_order() {
    let mut run = Callers::new();
    update(&mut run, 1, "a", Stage::Completed).unwrap();
    update(&mut run, 2, "b", Stage::Completed).unwrap();
    let messages = [accepted("a"), accepted("b")];
    let command = |id: &str| Command {
        attributes: Some(Decided::ProtocolMessageCommandAttributes(ProtocolMessageCommandAttributes {
            message_id: id.into(),
        })),
        ..Command::default()
    };
    let missing = run.step(|tx| {
        let mut incoming = Incoming::new(&messages);
        incoming.command(tx, &command("b/Acceptance")).unwrap();
        let missing = incoming.command(tx, &command("b/Acceptance"));
        incoming.rest(tx).unwrap();
        missing
    });
    assert!(missing.is_err());
    let state = &run.run.run.state.updates;
    assert!(state["b"].accepted_event_id < state["a"].accepted_event_id);
}

#[test]
fn a_close_ends_all_waiting() {
    for (status, gone) in [(2, true), (6, false)] {
        let mut run = Callers::new();
        update(&mut run, 1, "a", Stage::Completed).unwrap();
        answer(&mut run, &[accepted("a")]).unwrap();
        update(&mut run, 2, "b", Stage::Accepted).unwrap();
        run.run.run.state.status = status;
        assert!(!run.step(settle));
        let told = told(&mut run);
        assert_eq!(told[0], (1, Ok((Stage::Completed, Some(false)))));
        assert_eq!(matches!(&told[1], (2, Err(Rejection::NotFound(_)))), gone);
        assert_eq!(matches!(&told[1], (2, Err(Rejection::ResourceExhausted { .. }))), !gone);
        assert!(matches!(update(&mut run, 3, "c", Stage::Accepted), Err(Rejection::NotFound(_))));
        let late = poll_for(&mut run, 4, "a");
        assert!(matches!(late, Ok(Some(it)) if matches!(it.outcome, Some(Outcome { value: Some(Value::Failure(_)) }))));
    }
}

#[test]
fn only_so_many_updates_are_taken() {
    let mut run = Callers::new();
    run.limits.updates_in_flight = 1;
    run.limits.updates = 2;
    update(&mut run, 1, "a", Stage::Accepted).unwrap();
    assert!(matches!(update(&mut run, 2, "b", Stage::Accepted), Err(Rejection::ResourceExhausted { .. })));
    assert_eq!(update(&mut run, 3, "a", Stage::Accepted), Ok(None));
    answer(&mut run, &[accepted("a")]).unwrap();
    assert!(matches!(update(&mut run, 2, "b", Stage::Accepted), Err(Rejection::ResourceExhausted { .. })));
    answer(&mut run, &[completed("a")]).unwrap();
    update(&mut run, 2, "b", Stage::Accepted).unwrap();
    answer(&mut run, &[accepted("b"), completed("b")]).unwrap();
    assert!(matches!(update(&mut run, 2, "c", Stage::Accepted), Err(Rejection::FailedPrecondition(_))));
    let mut run = Callers::new();
    run.busy(true);
    run.run.run.state.workflow_task.as_mut().unwrap().attempt = 3;
    assert!(matches!(update(&mut run, 1, "a", Stage::Accepted), Err(Rejection::FailedPrecondition(_))));
}

#[test]
fn a_speculative_task_that_changes_nothing_is_dropped() {
    let mut run = Callers::new();
    run.run.run.state.previous_started_event_id = 3;
    run.busy(true);
    let task = run.run.run.state.workflow_task.as_mut().unwrap();
    task.set_task_type(WorkflowTaskType::Speculative);
    (task.scheduled_event_id, task.started_event_id) = (5, 6);
    let task = task.clone();
    update(&mut run, 1, "a", Stage::Accepted).unwrap();
    run.step(|tx| send(tx, 6));
    update(&mut run, 2, "b", Stage::Accepted).unwrap();
    let mut said = RespondWorkflowTaskCompletedRequest { messages: vec![rejected("a")], ..Default::default() };
    assert!(run.step(|tx| droppable(tx, &task, &said)));
    let later = resurgam_state::WorkflowTask { scheduled_event_id: 9, ..task.clone() };
    assert!(!run.step(|tx| droppable(tx, &later, &said)));
    said.capabilities = Some(Capabilities { discard_speculative_workflow_task_with_events: true });
    assert!(run.step(|tx| droppable(tx, &later, &said)));
    let busy = RespondWorkflowTaskCompletedRequest { messages: vec![accepted("a")], ..said.clone() };
    assert!(!run.step(|tx| droppable(tx, &task, &busy)));
    run.step(|tx| drop_task(tx, &said)).unwrap();
    assert!(run.take().is_empty() && run.run.run.state.workflow_task.is_none());
    assert_eq!(told(&mut run), [(1, Ok((Stage::Completed, Some(false))))]);
    assert!(run.step(settle)); // "b" still waits
}
