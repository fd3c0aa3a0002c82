//! What happens to a batch operation, as a step of its run: what it decides becomes transfers, a timer, and the workflows that
//! the run keeps.

use super::close;
use super::transaction::Transaction;
use crate::invariant::broken;
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus as Status;
use resurgam_api::temporal::failure::v1::failure::FailureInfo;
use resurgam_api::temporal::failure::v1::{ApplicationFailureInfo, Failure};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{
    WorkflowExecutionCompletedEventAttributes, WorkflowExecutionFailedEventAttributes,
};
use resurgam_api::temporal::workflowservice::v1::StartBatchOperationRequest;
use resurgam_batch::{Batch, Machine, Order, Outcome, Selected};
use resurgam_state::State;
use resurgam_state::task::{TimerKind, TransferKind};

/// The run begins as a batch operation.
pub(super) fn begin(tx: &mut Transaction<'_, '_>, request: StartBatchOperationRequest) {
    let state = &mut tx.run.state;
    state.batch = Some(Batch::new(&request, tx.context.now));
    state.batch_requests.insert(State::REQUEST, request);
    happen(tx, |machine| machine.settle());
}

/// The time has come.
pub(super) fn wake(tx: &mut Transaction<'_, '_>) {
    if let Some(batch) = &mut tx.run.state.batch {
        batch.wakes = 0;
    }
    happen(tx, |machine| machine.settle());
}

/// It was counted how many workflows there are; or why that cannot be asked.
pub(super) fn counted(tx: &mut Transaction<'_, '_>, count: Result<i64, String>) {
    happen(tx, |machine| machine.counted(count));
}

/// A page of workflows was selected; or why that is not possible.
pub(super) fn selected(tx: &mut Transaction<'_, '_>, page: i64, selected: Result<Selected, String>) {
    happen(tx, |machine| machine.selected(page, selected));
}

/// Something has come of the workflow with this number.
pub(super) fn operated(tx: &mut Transaction<'_, '_>, number: i64, outcome: Outcome) {
    happen(tx, |machine| machine.operated(number, outcome));
}

/// Lets the machine work on what is stored, and does what it orders. A batch operation that was stopped does nothing more.
fn happen(tx: &mut Transaction<'_, '_>, act: impl FnOnce(&mut Machine<'_>) -> Vec<Order>) {
    if tx.require_open().is_err() {
        return;
    }
    let now = tx.context.now;
    let State { batch, batch_requests, run_id, .. } = &mut tx.run.state;
    let Some(stored) = batch.as_mut() else { broken!("run {run_id} has a task of a batch operation, and is none") };
    let Some(request) = batch_requests.get(&State::REQUEST) else {
        broken!("the batch operation {run_id} has no request")
    };
    let before = stored.wakes;
    let orders = act(&mut Machine { stored, request, now });
    let wakes = stored.wakes;
    if wakes != before && wakes != 0 {
        tx.timer(wakes, TimerKind::Batch(wakes));
    }
    orders.into_iter().for_each(|order| obey(tx, order));
}

fn obey(tx: &mut Transaction<'_, '_>, order: Order) {
    match order {
        Order::Count => tx.transfer(TransferKind::CountBatch(true)),
        Order::Select(page) => tx.transfer(TransferKind::SelectPage(page)),
        Order::Keep(number, item) => tx.run.state.batch_items.insert(number, item),
        Order::Operate(number) => tx.transfer(TransferKind::Operate(number)),
        Order::Forget(number) => drop(tx.run.state.batch_items.remove(&number)),
        Order::Complete => {
            let state = &mut tx.run.state;
            if let Some((name, stats)) = state.batch.as_ref().map(Batch::stats) {
                state.memo.insert(name, stats);
            }
            let end = WorkflowExecutionCompletedEventAttributes::default();
            close::close(tx, Status::Completed, Attributes::WorkflowExecutionCompletedEventAttributes(end));
        }
        Order::Fail(message) => {
            let info = ApplicationFailureInfo {
                r#type: "InvalidArgument".to_owned(),
                non_retryable: true,
                ..ApplicationFailureInfo::default()
            };
            let failure = Failure {
                message,
                failure_info: Some(FailureInfo::ApplicationFailureInfo(info)),
                ..Failure::default()
            };
            let end = WorkflowExecutionFailedEventAttributes {
                failure: Some(failure),
                ..WorkflowExecutionFailedEventAttributes::default()
            };
            close::close(tx, Status::Failed, Attributes::WorkflowExecutionFailedEventAttributes(end));
        }
    }
}
