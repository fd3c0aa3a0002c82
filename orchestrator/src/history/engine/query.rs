//! Queries. A query sees every event that was acknowledged before it: if a workflow task is pending, it goes with one;
//! otherwise a worker can be asked at once, through matching.

use super::transaction::Transaction;
use super::{PendingQuery, Rejection, Reply, poll, required, task_event};
use crate::planted::{Bug, planted};
use resurgam_api::internal::QueryRequest;
use resurgam_api::temporal::enums::v1::{
    QueryRejectCondition, QueryResultType, ResourceExhaustedCause, WorkflowExecutionStatus as Status,
};
use resurgam_api::temporal::query::v1::{QueryRejected, WorkflowQuery, WorkflowQueryResult};
use resurgam_api::temporal::workflowservice::v1::QueryWorkflowResponse;
use std::collections::HashMap;

/// Queries that wait for a workflow task: no more than this.
const WAITING: usize = 1;
/// From this attempt on a workflow task is not expected to succeed soon.
const FAILING: i32 = 3;

/// Somebody asks. `None`: the answer comes with a workflow task.
///
/// # Errors
/// `FailedPrecondition` if no worker can answer now; `ResourceExhausted` if another query waits.
pub(super) fn ask(tx: &mut Transaction<'_, '_>, request: QueryRequest) -> Result<Option<Reply>, Rejection> {
    let request = required::request(request.request)?;
    let state = &tx.run.state;
    let open = state.status == Status::Running as i32;
    let rejected = match request.query_reject_condition() {
        QueryRejectCondition::NotOpen => !open,
        QueryRejectCondition::NotCompletedCleanly => !open && state.status != Status::Completed as i32,
        _ => false,
    };
    if rejected {
        let query_rejected = Some(QueryRejected { status: state.status });
        return Ok(Some(Reply::Query(QueryWorkflowResponse { query_rejected, ..Default::default() })));
    }
    let refuse = |message: &str| Err(Rejection::FailedPrecondition(message.to_owned()));
    let query = required::field(request.query, "Query")?;
    let pending = state.workflow_task.as_ref();
    if state.completed_tasks == 0 && !open {
        return refuse("Workflow closed before a workflow task was completed, it can not be queried.");
    } else if state.completed_tasks == 0 && pending.is_none() {
        return refuse("Workflow task is not scheduled yet.");
    } else if pending.is_some_and(|task| task.attempt >= FAILING) {
        return refuse("Cannot query workflow due to Workflow Task in failed state.");
    } else if pending.is_none() || !open {
        return Ok(Some(directly(tx, query)));
    } else if tx.run.volatile.queries.len() >= WAITING {
        return Err(Rejection::ResourceExhausted {
            message: "consistent query buffer is full, this may be caused by too many queries and workflow not able to process query fast enough".to_owned(),
            cause: ResourceExhaustedCause::BusyWorkflow.into(),
        });
    }
    let id = tx.context.ids.uuid();
    tx.run.volatile.queries.insert(id, PendingQuery { query, waiter: tx.context.caller, sent: 0 });
    Ok(None)
}

/// What to do to have a query answered outside of a workflow task.
fn directly(tx: &Transaction<'_, '_>, query: WorkflowQuery) -> Reply {
    let mut poll = poll::frame(tx);
    poll.query = Some(query.clone());
    Reply::QueryDirectly {
        poll: Box::new(poll),
        sticky: tx.run.state.sticky.as_ref().map(|sticky| sticky.queue.clone()),
        queue: task_event::queue_name(&tx.run.state).to_owned(),
        query,
        history: poll::whole(tx),
    }
}

/// A worker answered queries with its workflow task.
pub(super) fn answered(tx: &mut Transaction<'_, '_>, results: &HashMap<String, WorkflowQueryResult>) {
    let asked: Vec<String> = tx.run.volatile.queries.keys().filter(|id| results.contains_key(*id)).cloned().collect();
    for id in asked {
        let Some((query, result)) = tx.run.volatile.queries.remove(&id).zip(results.get(&id)) else { continue };
        let answer = if result.result_type() == QueryResultType::Failed {
            Err(Rejection::QueryFailed {
                message: result.error_message.clone(),
                failure: result.failure.clone().map(Box::new),
            })
        } else {
            let query_result = result.answer.clone();
            Ok(Reply::Query(QueryWorkflowResponse { query_result, ..Default::default() }))
        };
        tx.answer(query.waiter, answer);
    }
}

/// No workflow task will come: those who still wait ask a worker directly.
pub(super) fn release(tx: &mut Transaction<'_, '_>) {
    for query in std::mem::take(&mut tx.run.volatile.queries).into_values() {
        if planted(Bug::QueryLostOnClose) && tx.require_open().is_err() {
            continue;
        }
        let answer = if tx.run.state.completed_tasks == 0 {
            Err(Rejection::FailedPrecondition(
                "Workflow closed before a workflow task was completed, it can not be queried.".to_owned(),
            ))
        } else {
            Ok(directly(tx, query.query))
        };
        tx.answer(query.waiter, answer);
    }
}
