//! What has to be asked of history before a worker gets something: whether a task is still meant, which history alone knows,
//! and the history that goes with a query.

use super::query::Delivery;
use super::queue::{Outcome, start_id};
use crate::cluster::Rejection;
use crate::cluster::deadline::Limit;
use crate::cluster::router::Router;
use crate::cluster::{status, task_token};
use crate::invariant::broken;
use crate::planted::{Bug, planted};
use resurgam_api::environment::Environment;
use resurgam_api::internal::{
    AddTaskRequest, GetHistoryRequest, RecordActivityTaskStartedRequest, RecordWorkflowTaskStartedRequest, Target,
    TaskKind,
};
use resurgam_api::temporal::history::v1::History;
use resurgam_api::temporal::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, PollActivityTaskQueueResponse, PollWorkflowTaskQueueResponse,
};
use std::time::Duration;
use tokio::sync::oneshot;
use tonic::Status;

/// How long history may take.
const LIMIT: Limit = Limit::Each(Duration::from_secs(5));

/// Where the answer to a poll goes.
pub(super) type Receiver = oneshot::Sender<Served>;

/// What a poll gets.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Served {
    /// A workflow task or a query.
    Workflow(Box<PollWorkflowTaskQueueResponse>),
    /// An activity task.
    Activity(Box<PollActivityTaskQueueResponse>),
}

/// Records that the one who calls himself `identity` starts the task.
async fn record(
    environment: &dyn Environment,
    router: &Router,
    request: &AddTaskRequest,
    identity: &str,
) -> Result<Served, Status> {
    let Some((task, queue)) = request.task.clone().zip(request.task_queue.clone()) else {
        broken!("a task is offered that names no run or no queue")
    };
    let mut request_id = start_id(&task, queue.kind);
    if planted(Bug::FreshStartId) {
        request_id = format!("{request_id}/{:016x}", environment.random());
    }
    let identity = identity.to_owned();
    if queue.kind() == TaskKind::Activity {
        let record = RecordActivityTaskStartedRequest { task: Some(task), request_id, identity };
        router.history(record, LIMIT).await.map(|task| Served::Activity(Box::new(task)))
    } else {
        let task_queue = Some(queue);
        let record = RecordWorkflowTaskStartedRequest { task: Some(task), request_id, task_queue, identity };
        router.history(record, LIMIT).await.map(|task| Served::Workflow(Box::new(task)))
    }
}

/// Records the start of an offered task and delivers it; says how that ended, and gives a poll back that is still to be
/// served.
pub(super) async fn hand_over(
    environment: &dyn Environment,
    router: &Router,
    request: &AddTaskRequest,
    identity: String,
    receiver: Receiver,
) -> (Outcome, Option<(String, Receiver)>) {
    if receiver.is_closed() {
        return (Outcome::Again, None);
    }
    match record(environment, router, request, &identity).await {
        Ok(served) => match receiver.send(served) {
            Ok(()) => (Outcome::Delivered, None),
            // Nobody has it: the next one who gets it repeats the same start.
            Err(_) => (Outcome::Again, None),
        },
        Err(problem) => {
            tracing::debug!(%problem, "a start was not recorded");
            (refused(&problem), Some((identity, receiver)))
        }
    }
}

/// Delivers a query with its history; says how that ended, and gives a poll back that is still to be served. If the history
/// cannot be read now, that is said after `rest`.
pub(super) async fn hand_over_query(
    router: &Router,
    query: PollWorkflowTaskQueueResponse,
    identity: String,
    receiver: Receiver,
    rest: Duration,
) -> (Delivery, Option<(String, Receiver)>) {
    match with_history(router, query).await {
        Ok(served) => match receiver.send(served) {
            Ok(()) => (Delivery::Done, None),
            Err(_) => (Delivery::Again, None),
        },
        Err(problem) if refused(&problem) == Outcome::Obsolete => {
            (Delivery::Refused(Box::new(problem)), Some((identity, receiver)))
        }
        Err(problem) => {
            tracing::debug!(%problem, "the history of a query was not read");
            tokio::time::sleep(rest).await;
            (Delivery::Again, Some((identity, receiver)))
        }
    }
}

/// A query as a worker gets it: with the first page of the history that its token promises, or, without one, with none,
/// since the worker has the run in its cache.
async fn with_history(router: &Router, mut query: PollWorkflowTaskQueueResponse) -> Result<Served, Status> {
    if query.next_page_token.is_empty() {
        query.history = Some(History::default());
        return Ok(Served::Workflow(Box::new(query)));
    }
    let task = task_token::decode(&query.task_token)?;
    let request = GetWorkflowExecutionHistoryRequest {
        next_page_token: std::mem::take(&mut query.next_page_token),
        ..GetWorkflowExecutionHistoryRequest::default()
    };
    let call = GetHistoryRequest { target: Some(Target::of(&task)), request: Some(request) };
    let page = router.history(call, LIMIT).await?;
    (query.history, query.next_page_token) = (page.history, page.next_page_token);
    Ok(Served::Workflow(Box::new(query)))
}

/// What a refused start means for the task: it ends only if history says that it is gone or that somebody else has it.
fn refused(problem: &Status) -> Outcome {
    match status::rejection(problem) {
        Rejection::NotFound(_) | Rejection::TaskAlreadyStarted => Outcome::Obsolete,
        // A start that was not recorded, for whatever reason, leaves the task where it was.
        _ => Outcome::Again,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_history_that_knows_the_task_is_over_ends_it() {
        let all = [
            (status::of(&Rejection::NotFound(String::new())), Outcome::Obsolete),
            (status::of(&Rejection::TaskAlreadyStarted), Outcome::Obsolete),
            (status::of(&Rejection::Unavailable(String::new())), Outcome::Again),
            (status::of(&Rejection::InvalidArgument("the store refuses".into())), Outcome::Again),
            (status::of(&Rejection::FailedPrecondition(String::new())), Outcome::Again),
            (Status::internal(""), Outcome::Again),
            (status::not_owner(""), Outcome::Again),
            (Status::deadline_exceeded(""), Outcome::Again),
            (Status::cancelled(""), Outcome::Again),
            (Status::unknown(""), Outcome::Again),
        ];
        for (status, outcome) in all {
            assert_eq!(refused(&status), outcome, "{status:?}");
        }
    }
}
