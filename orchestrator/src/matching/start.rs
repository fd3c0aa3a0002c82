//! What has to be asked of history before a worker gets something: whether a task is still meant, which history alone knows,
//! and the history that goes with a query.

use super::queue::{Outcome, start_id};
use crate::cluster::Rejection;
use crate::cluster::deadline::Limit;
use crate::cluster::router::Router;
use crate::cluster::{status, task_token};
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
use tonic::Status;

/// How long history may take.
const LIMIT: Limit = Limit::Each(Duration::from_secs(5));

/// What a poll gets.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Served {
    /// A workflow task or a query.
    Workflow(Box<PollWorkflowTaskQueueResponse>),
    /// An activity task.
    Activity(Box<PollActivityTaskQueueResponse>),
}

/// Records that the one who calls himself `identity` starts the task.
pub(super) async fn record(
    environment: &dyn Environment,
    router: &Router,
    request: &AddTaskRequest,
    identity: &str,
) -> Result<Served, Status> {
    let (task, queue) = (request.task.clone().unwrap_or_default(), request.task_queue.clone().unwrap_or_default());
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

/// A query as a worker gets it: with the first page of the history that its token promises, or, without one, with none,
/// since the worker has the run in its cache.
pub(super) async fn with_history(router: &Router, mut query: PollWorkflowTaskQueueResponse) -> Result<Served, Status> {
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
pub(super) fn refused(problem: &Status) -> Outcome {
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
