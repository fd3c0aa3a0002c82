//! Queries. A query sees every event that was acknowledged before it: if a workflow task is pending, it goes with one;
//! otherwise a worker can be asked at once, through matching.

use super::input::{Acted, Reply, RunInput, Which};
use super::transaction::Transaction;
use super::waiter::Waiter;
use super::{DirectQuery, Handout, PendingQuery, QueryAnswer, handout, required, task_event};
use crate::cluster::Rejection;
use crate::planted::{Bug, planted};
use resurgam_api::internal::QueryRequest;
use resurgam_api::temporal::enums::v1::{
    QueryRejectCondition, QueryResultType, ResourceExhaustedCause, WorkflowExecutionStatus as Status,
};
use resurgam_api::temporal::query::v1::{QueryRejected, WorkflowQuery, WorkflowQueryResult};
use resurgam_api::temporal::workflowservice::v1::QueryWorkflowResponse;
use std::collections::HashMap;

/// Queries that wait for a workflow task: no more than this.
pub(crate) const WAITING: usize = 1;
/// From this attempt on a workflow task is not expected to succeed soon.
const FAILING: i32 = 3;

impl RunInput for QueryRequest {
    type Answer = QueryAnswer;

    fn run(&self) -> Which<'_> {
        Which::target(self.target.as_ref())
    }

    fn act(self, tx: &mut Transaction<'_, '_>, caller: &Waiter<Self::Answer>) -> Acted<Self::Answer> {
        ask(tx, self, caller)
    }
}

/// Somebody asks. What is answered later is answered with a workflow task.
///
/// # Errors
/// `FailedPrecondition` if no worker can answer now; `ResourceExhausted` if another query waits.
fn ask(
    tx: &mut Transaction<'_, '_>,
    request: QueryRequest,
    caller: &Waiter<QueryAnswer>,
) -> Result<Reply<QueryAnswer>, Rejection> {
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
        let answer = QueryWorkflowResponse { query_rejected, ..Default::default() };
        return Ok(Reply::Now(Ok(QueryAnswer::Answered(answer))));
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
        return Ok(Reply::Now(Ok(directly(tx, query))));
    } else if tx.run.volatile.queries.len() >= WAITING {
        return Err(Rejection::ResourceExhausted {
            message: "consistent query buffer is full, this may be caused by too many queries and workflow not able to process query fast enough".to_owned(),
            cause: ResourceExhaustedCause::BusyWorkflow.into(),
        });
    }
    let id = tx.context.ids.uuid();
    tx.run.volatile.queries.insert(id, PendingQuery { query, waiter: caller.clone(), sent: 0 });
    Ok(Reply::Later)
}

/// What to do to have a query answered outside of a workflow task.
fn directly(tx: &Transaction<'_, '_>, query: WorkflowQuery) -> QueryAnswer {
    let mut poll = handout::frame(tx);
    poll.query = Some(query.clone());
    QueryAnswer::AskWorker(Box::new(DirectQuery {
        task: handout::token(tx),
        handout: Handout { poll, history: handout::whole(tx) },
        sticky: tx.run.state.sticky.as_ref().map(|sticky| sticky.queue.clone()),
        queue: task_event::queue_name(&tx.run.state).to_owned(),
        query,
    }))
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
            Ok(QueryAnswer::Answered(QueryWorkflowResponse { query_result, ..Default::default() }))
        };
        tx.answer(&query.waiter, answer);
    }
}

/// No workflow task will come: those who still wait ask a worker directly.
pub(super) fn release(tx: &mut Transaction<'_, '_>) {
    for query in std::mem::take(&mut tx.run.volatile.queries).into_values() {
        if planted(Bug::QueryLostOnClose) && tx.require_open().is_err() {
            // A caller whom nobody holds is told at once, and asks again; this one goes on waiting.
            std::mem::forget(query.waiter);
            continue;
        }
        let answer = if tx.run.state.completed_tasks == 0 {
            Err(Rejection::FailedPrecondition(
                "Workflow closed before a workflow task was completed, it can not be queried.".to_owned(),
            ))
        } else {
            Ok(directly(tx, query.query))
        };
        tx.answer(&query.waiter, answer);
    }
}
