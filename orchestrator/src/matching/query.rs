//! Queries on their way through a task queue: they go to a worker like tasks, but live in memory, and the worker's answer
//! comes back here, to the caller who waits.

use crate::cluster::{Rejection, status, task_token};
use crate::invariant::broken;
use resurgam_api::internal::{QueryWorkerRequest, TaskToken};
use resurgam_api::temporal::enums::v1::QueryResultType;
use resurgam_api::temporal::workflowservice::v1::{
    PollWorkflowTaskQueueResponse, QueryWorkflowResponse, RespondQueryTaskCompletedRequest,
};
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::oneshot;
use tonic::Status;

/// Where the answer goes.
pub(super) type Asker = oneshot::Sender<Result<QueryWorkflowResponse, Status>>;

/// The queries of one queue.
#[derive(Default)]
pub(super) struct Queries {
    /// Not yet with a worker.
    waiting: VecDeque<(String, Box<QueryWorkerRequest>, Asker)>,
    /// With a worker.
    asked: BTreeMap<String, Asker>,
}

impl Queries {
    /// A new query, under an id that nobody else uses.
    pub(super) fn add(&mut self, id: String, request: Box<QueryWorkerRequest>, asker: Asker) {
        self.asked.retain(|_, asker| !asker.is_closed());
        self.waiting.push_back((id, request, asker));
    }

    /// Whether one waits for a worker; those whose caller has gone do not count.
    pub(super) fn waits(&mut self) -> bool {
        self.waiting.retain(|(_, _, asker)| !asker.is_closed());
        !self.waiting.is_empty()
    }

    /// Gives the next query to a worker by `deliver`, which says whether it arrived. If not, it goes on waiting.
    pub(super) fn hand_out(&mut self, deliver: impl FnOnce(PollWorkflowTaskQueueResponse) -> bool) {
        let Some((id, request, asker)) = self.waiting.pop_front() else { return };
        // The service takes nothing in without them.
        let Some((task, mut poll)) = request.task.clone().zip(request.poll.clone()) else {
            broken!("a query is of no run")
        };
        let task = TaskToken { query_id: id.clone(), task_queue: request.task_queue.clone(), ..task };
        poll.task_token = task_token::encode(&task);
        poll.query = request.query.clone();
        if deliver(poll) {
            self.asked.insert(id, asker);
        } else {
            self.waiting.push_front((id, request, asker));
        }
    }

    /// A query of a sticky queue has waited long enough.
    pub(super) fn give_up(&mut self, id: &str) {
        if let Some(at) = self.waiting.iter().position(|(waiting, _, _)| waiting == id)
            && let Some((_, _, asker)) = self.waiting.remove(at)
        {
            // The caller may have gone.
            let _ = asker.send(Err(status::sticky_worker_unavailable()));
        }
    }

    /// A worker answers. False: nobody waits for that.
    pub(super) fn answer(&mut self, id: &str, request: RespondQueryTaskCompletedRequest) -> bool {
        let Some(asker) = self.asked.remove(id) else { return false };
        let answer = if request.completed_type == i32::from(QueryResultType::Failed) {
            Err(status::of(&Rejection::QueryFailed {
                message: request.error_message,
                failure: request.failure.map(Box::new),
            }))
        } else {
            Ok(QueryWorkflowResponse { query_result: request.query_result, ..Default::default() })
        };
        asker.send(answer).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tonic::Code;

    fn asked(queries: &mut Queries, id: &str) -> oneshot::Receiver<Result<QueryWorkflowResponse, Status>> {
        let (asker, answer) = oneshot::channel();
        let task = TaskToken { namespace_id: "n".into(), workflow_id: "w".into(), ..TaskToken::default() };
        let poll = Some(PollWorkflowTaskQueueResponse::default());
        let request = QueryWorkerRequest { task: Some(task), poll, ..QueryWorkerRequest::default() };
        queries.add(id.into(), Box::new(request), asker);
        answer
    }

    #[test]
    fn a_query_goes_to_one_worker_and_its_answer_back() {
        let mut queries = Queries::default();
        let mut answer = asked(&mut queries, "1");
        queries.hand_out(|_| false);
        assert!(queries.waits(), "it did not arrive");
        let mut given = None;
        queries.hand_out(|poll| {
            given = Some(task_token::decode(&poll.task_token).unwrap().query_id);
            true
        });
        assert_eq!((given.as_deref(), queries.waits()), (Some("1"), false));
        let failed = RespondQueryTaskCompletedRequest { completed_type: 2, ..Default::default() };
        assert!(!queries.answer("2", failed.clone()) && queries.answer("1", failed));
        assert_eq!(answer.try_recv().unwrap().unwrap_err().code(), Code::InvalidArgument);
    }

    #[test]
    fn what_nobody_waits_for_is_forgotten() {
        let mut queries = Queries::default();
        drop(asked(&mut queries, "1"));
        assert!(!queries.waits());
        let mut answer = asked(&mut queries, "2");
        queries.give_up("2");
        assert!(status::is_sticky_worker_unavailable(&answer.try_recv().unwrap().unwrap_err()));
    }
}
