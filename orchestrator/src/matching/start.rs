//! What has to be asked of history before a worker gets something: whether a task is still meant, which history alone knows,
//! and the history that goes with a query.

use super::polls::{Poll, Served};
use super::query::QueryHandOver;
use super::queue::{HandOver, start_id};
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
use resurgam_api::temporal::workflowservice::v1::{GetWorkflowExecutionHistoryRequest, PollWorkflowTaskQueueResponse};
use std::time::Duration;
use tonic::Status;

/// How long history may take.
const LIMIT: Limit = Limit::Each(Duration::from_secs(5));

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
    poll: Poll,
) -> (HandOver, Option<Poll>) {
    if poll.receiver.is_closed() {
        return (HandOver::Again, None);
    }
    match record(environment, router, request, &poll.identity).await {
        Ok(served) => match poll.receiver.send(served) {
            Ok(()) => (HandOver::Delivered, None),
            // Nobody has it: the next one who gets it repeats the same start.
            Err(_) => (HandOver::Again, None),
        },
        Err(problem) => {
            tracing::debug!(%problem, "a start was not recorded");
            (refused(&problem), Some(poll))
        }
    }
}

/// Delivers a query with its history; says how that ended, and gives a poll back that is still to be served. If the history
/// cannot be read now, that is said after `rest`.
pub(super) async fn hand_over_query(
    router: &Router,
    query: PollWorkflowTaskQueueResponse,
    poll: Poll,
    rest: Duration,
) -> (QueryHandOver, Option<Poll>) {
    match with_history(router, query).await {
        Ok(served) => match poll.receiver.send(served) {
            Ok(()) => (QueryHandOver::Done, None),
            Err(_) => (QueryHandOver::Again, None),
        },
        Err(problem) if refused(&problem) == HandOver::Obsolete => {
            (QueryHandOver::Refused(Box::new(problem)), Some(poll))
        }
        Err(problem) => {
            tracing::debug!(%problem, "the history of a query was not read");
            tokio::time::sleep(rest).await;
            (QueryHandOver::Again, Some(poll))
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
    let call = GetHistoryRequest { target: Some(Target::of(&task)), request: Some(request), with_unwritten: false };
    let page = router.history(call, LIMIT).await?;
    (query.history, query.next_page_token) = (page.history, page.next_page_token);
    Ok(Served::Workflow(Box::new(query)))
}

/// What a refused start means for the task: it ends only if history says that it is gone or that somebody else has it.
fn refused(problem: &Status) -> HandOver {
    match status::rejection(problem) {
        Rejection::NotFound(_) | Rejection::TaskAlreadyStarted => HandOver::Obsolete,
        // A start that was not recorded, for whatever reason, leaves the task where it was.
        _ => HandOver::Again,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_history_that_knows_the_task_is_over_ends_it() {
        let all = [
            (status::of(&Rejection::NotFound(String::new())), HandOver::Obsolete),
            (status::of(&Rejection::TaskAlreadyStarted), HandOver::Obsolete),
            (status::of(&Rejection::Unavailable(String::new())), HandOver::Again),
            (status::of(&Rejection::InvalidArgument("the store refuses".into())), HandOver::Again),
            (status::of(&Rejection::FailedPrecondition(String::new())), HandOver::Again),
            (Status::internal(""), HandOver::Again),
            (status::not_owner(""), HandOver::Again),
            (Status::deadline_exceeded(""), HandOver::Again),
            (Status::cancelled(""), HandOver::Again),
            (Status::unknown(""), HandOver::Again),
        ];
        for (status, outcome) in all {
            assert_eq!(refused(&status), outcome, "{status:?}");
        }
    }
}
