//! Batch operations as runs: what they order, what they keep, and how they end.

#![allow(deprecated, reason = "clients may still name workflows in the field that is for nothing else")]

use super::shard::{Shard, target};
use crate::cluster::Rejection;
use crate::history::engine::TransferResult;
use resurgam_api::internal;
use resurgam_api::temporal::batch::v1::BatchOperationTermination;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::enums::v1::{BatchOperationState, WorkflowExecutionStatus as Status};
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_api::temporal::workflowservice::v1::start_batch_operation_request::Operation;
use resurgam_batch::{Item, Outcome, Selected};
use resurgam_state::task::TransferKind;

fn start(
    shard: &mut Shard,
    request_id: &str,
    change: impl FnOnce(&mut api::StartBatchOperationRequest),
) -> Result<(), Rejection> {
    let termination = BatchOperationTermination { identity: "who".into(), ..BatchOperationTermination::default() };
    let mut request = api::StartBatchOperationRequest {
        job_id: "w".into(),
        reason: "why".into(),
        operation: Some(Operation::TerminationOperation(termination)),
        ..Default::default()
    };
    change(&mut request);
    let mut target = target("").unwrap_or_default();
    target.workflow_id = "w".into();
    let request_id = request_id.to_owned();
    shard.step(internal::StartBatchRequest { target: Some(target), request: Some(request), request_id }).map(drop)
}

fn named(id: &str) -> WorkflowExecution {
    WorkflowExecution { workflow_id: id.into(), run_id: String::new() }
}

/// What it has ordered since it was asked last.
fn ordered(shard: &mut Shard) -> Vec<TransferKind> {
    std::mem::take(&mut shard.transfers).into_iter().filter_map(|it| it.kind).collect()
}

fn described(shard: &mut Shard) -> api::DescribeBatchOperationResponse {
    let request = Some(api::DescribeBatchOperationRequest::default());
    shard.step(internal::DescribeBatchRequest { target: target(""), request }).unwrap().unwrap()
}

#[test]
fn it_begins_a_moment_later_and_is_done_when_all_have_answered() {
    let mut shard = Shard::new();
    start(&mut shard, "q", |request| request.executions = vec![named("a"), named("b")]).unwrap();
    assert_eq!(ordered(&mut shard), []);
    shard.pass(1_000);
    assert_eq!(ordered(&mut shard), [TransferKind::Operate(1), TransferKind::Operate(2)]);
    let run = shard.current();
    shard.step(TransferResult::Operated(run.clone(), 2, Outcome::Refused)).unwrap();
    let seen = described(&mut shard);
    assert_eq!((seen.total_operation_count, seen.complete_operation_count, seen.failure_operation_count), (2, 0, 1));
    assert_eq!(
        (seen.state(), seen.identity.as_str(), seen.reason.as_str()),
        (BatchOperationState::Running, "who", "why")
    );
    shard.step(TransferResult::Operated(run.clone(), 1, Outcome::Done)).unwrap();
    assert_eq!(shard.names(), "Begin Completed");
    assert!(shard.state().batch_items.is_empty());
    let stats = shard.state().memo.get("batch_operation_stats").map(|it| it.data.clone());
    assert_eq!(stats, Some(br#"{"NumSuccess":1,"NumFailure":1}"#.to_vec()));
    let seen = described(&mut shard);
    assert_eq!((seen.state(), seen.total_operation_count), (BatchOperationState::Completed, 2));
    shard.step(TransferResult::Operated(run, 1, Outcome::Done)).unwrap();
    assert_eq!(described(&mut shard), seen, "what comes late changes nothing");
}

#[test]
fn a_job_is_not_made_twice_and_the_same_request_is_the_same_job() {
    let mut shard = Shard::new();
    let one = |request: &mut api::StartBatchOperationRequest| request.executions = vec![named("a")];
    start(&mut shard, "q", one).unwrap();
    start(&mut shard, "q", one).unwrap();
    let refused = |shard: &mut Shard| match start(shard, "r", one) {
        Err(Rejection::AlreadyStarted { message, .. }) => message,
        other => panic!("{other:?}"),
    };
    assert!(refused(&mut shard).starts_with("Workflow execution is already running. WorkflowId: w, RunId: "));
    let stop = api::StopBatchOperationRequest { reason: "enough".into(), ..Default::default() };
    let stop = internal::StopBatchRequest { target: target(""), request: Some(stop) };
    shard.step(stop.clone()).unwrap();
    assert_eq!(described(&mut shard).state(), BatchOperationState::Failed);
    assert_eq!(shard.step(stop), Err(Rejection::NotFound("workflow execution already completed".into())));
    assert!(refused(&mut shard).ends_with("Workflow Id reuse policy: reject duplicate workflow Id."));
}

#[test]
fn what_is_selected_is_kept_until_it_is_done_and_pages_come_once() {
    let mut shard = Shard::new();
    start(&mut shard, "q", |request| request.visibility_query = "WorkflowType = 't'".into()).unwrap();
    shard.pass(1_000);
    assert_eq!(ordered(&mut shard), [TransferKind::CountBatch(true)]);
    let run = shard.current();
    shard.step(TransferResult::BatchCounted(run.clone(), Ok(40))).unwrap();
    assert_eq!(ordered(&mut shard), [TransferKind::SelectPage(1)]);
    let items = (0..40).map(|number| Item { execution: named(&format!("x{number}")), late: false }).collect();
    let selected = Selected { items, next: Some("place".into()) };
    shard.step(TransferResult::PageSelected(run.clone(), 1, Ok(selected.clone()))).unwrap();
    assert_eq!((shard.state().batch_items.len(), ordered(&mut shard).len()), (40, resurgam_batch::CONCURRENT));
    shard.step(TransferResult::PageSelected(run, 1, Ok(selected))).unwrap();
    assert_eq!((shard.state().batch_items.len(), ordered(&mut shard)), (40, vec![]));
}

#[test]
fn what_cannot_be_asked_fails_it() {
    let mut shard = Shard::new();
    start(&mut shard, "q", |request| request.visibility_query = "Nothing = 1".into()).unwrap();
    shard.pass(1_000);
    let run = shard.current();
    shard.step(TransferResult::BatchCounted(run, Err("invalid query".into()))).unwrap();
    assert_eq!((shard.names(), shard.state().status), ("Begin Failed".to_owned(), Status::Failed as i32));
}

#[test]
fn an_ordinary_workflow_is_neither_described_nor_stopped_as_one() {
    let mut shard = Shard::new();
    shard.start("q", |_| ()).unwrap();
    let none = Err(Rejection::NotFound("the workflow is no batch operation".into()));
    let describe = Some(api::DescribeBatchOperationRequest::default());
    assert_eq!(shard.step(internal::DescribeBatchRequest { target: target(""), request: describe }), none);
    let stop = Some(api::StopBatchOperationRequest::default());
    let stopped = shard.step(internal::StopBatchRequest { target: target(""), request: stop });
    assert!(matches!(stopped, Err(Rejection::NotFound(_))) && shard.state().status == Status::Running as i32);
}
