//! Queries on their way through a task queue: they go to a worker like tasks, but live in memory, and the worker's answer
//! comes back here, to the caller who waits.

use crate::cluster::{Rejection, status, task_token};
use crate::invariant::broken;
use resurgam_api::internal::{QueryWorkerRequest, TaskToken};
use resurgam_api::temporal::enums::v1::{QueryResultType, ResourceExhaustedCause};
use resurgam_api::temporal::workflowservice::v1::{
    PollWorkflowTaskQueueResponse, QueryWorkflowResponse, RespondQueryTaskCompletedRequest,
};
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::oneshot;
use tokio::time::Instant;
use tonic::Status;

/// Where the answer goes.
pub(super) type Asker = oneshot::Sender<Result<QueryWorkflowResponse, Status>>;

/// What became of a query on its way to a worker.
#[derive(Debug)]
pub(super) enum QueryHandOver {
    /// A worker has it.
    Done,
    /// It did not arrive.
    Again,
    /// Its history says no.
    Refused(Box<Status>),
}

/// So many queries of one queue may wait for workers; the rest is refused at once.
pub(super) const WAITING: usize = 1000;

/// The queries of one queue.
#[derive(Default)]
pub(super) struct Queries {
    /// Not yet with a worker.
    waiting: VecDeque<Waiting>,
    /// With a worker, or on the way to one.
    asked: BTreeMap<String, AskedQuery>,
}

/// A query without a worker. It holds no history: that is read when there is a worker to read it.
struct Waiting {
    id: String,
    question: Question,
    asker: Asker,
}

/// What a worker is to be asked, and until when it is worth waiting for one.
struct Question {
    request: Box<QueryWorkerRequest>,
    until: Option<Instant>,
}

/// A query that a worker has, or that may still come back (`question`).
struct AskedQuery {
    question: Option<Question>,
    asker: Asker,
}

impl Queries {
    /// A new query, under an id that nobody else uses, that waits for a worker `until` then, or as long as its caller does.
    /// One too many is refused.
    pub(super) fn add(&mut self, id: String, request: Box<QueryWorkerRequest>, until: Option<Instant>, asker: Asker) {
        self.asked.retain(|_, asked| !asked.asker.is_closed());
        if self.waits() && self.waiting.len() >= WAITING {
            let refused = Rejection::ResourceExhausted {
                message: format!("{WAITING} queries wait for a worker of this task queue"),
                cause: ResourceExhaustedCause::SystemOverloaded.into(),
            };
            // The caller may have gone.
            return drop(asker.send(Err(status::of(&refused))));
        }
        self.waiting.push_back(Waiting { id, question: Question { request, until }, asker });
    }

    /// Whether one waits for a worker; those whose caller has gone do not count.
    pub(super) fn waits(&mut self) -> bool {
        self.waiting.retain(|waiting| !waiting.asker.is_closed());
        !self.waiting.is_empty()
    }

    /// The next query, on its way to a worker, as that one gets it but for its history.
    pub(super) fn next(&mut self) -> Option<(String, PollWorkflowTaskQueueResponse)> {
        let Waiting { id, question, asker } = self.waiting.pop_front()?;
        let request = &question.request;
        // The service takes nothing in without them.
        let Some((task, mut poll)) = request.task.clone().zip(request.poll.clone()) else {
            broken!("a query is of no run")
        };
        let task = TaskToken { query_id: id.clone(), task_queue: request.task_queue.clone(), ..task };
        poll.task_token = task_token::encode(&task);
        poll.query = request.query.clone();
        self.asked.insert(id.clone(), AskedQuery { question: Some(question), asker });
        Some((id, poll))
    }

    /// How it went with a query on its way: a worker has it, it goes on waiting, or it cannot be answered.
    pub(super) fn arrived(&mut self, id: String, delivery: QueryHandOver) {
        // It may be answered already.
        let Some(AskedQuery { question, asker }) = self.asked.remove(&id) else { return };
        match (delivery, question) {
            (QueryHandOver::Again, Some(question)) => self.waiting.push_front(Waiting { id, question, asker }),
            // The caller may have gone.
            (QueryHandOver::Refused(problem), _) => drop(asker.send(Err(*problem))),
            (QueryHandOver::Done | QueryHandOver::Again, _) => {
                drop(self.asked.insert(id, AskedQuery { question: None, asker }));
            }
        }
    }

    /// When the first of those that wait will have waited long enough. One on its way to a worker has time until it is back.
    pub(super) fn patience(&self) -> Option<Instant> {
        self.waiting.iter().filter_map(|waiting| waiting.question.until).min()
    }

    /// Sends those away that have waited long enough: somebody else has to answer them.
    pub(super) fn give_up(&mut self, now: Instant) {
        for waiting in std::mem::take(&mut self.waiting) {
            if waiting.question.until.is_some_and(|until| until <= now) {
                // The caller may have gone.
                let _ = waiting.asker.send(Err(status::sticky_worker_unavailable()));
            } else {
                self.waiting.push_back(waiting);
            }
        }
    }

    /// A worker answers. False: nobody waits for that.
    pub(super) fn answer(&mut self, id: &str, request: RespondQueryTaskCompletedRequest) -> bool {
        let Some(AskedQuery { asker, .. }) = self.asked.remove(id) else { return false };
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
    use std::time::Duration;
    use tonic::Code;

    type Answer = oneshot::Receiver<Result<QueryWorkflowResponse, Status>>;

    fn asked(queries: &mut Queries, id: &str) -> Answer {
        asked_until(queries, id, None)
    }

    fn asked_until(queries: &mut Queries, id: &str, until: Option<Instant>) -> Answer {
        let (asker, answer) = oneshot::channel();
        let task = TaskToken { namespace_id: "n".into(), workflow_id: "w".into(), ..TaskToken::default() };
        let poll = Some(PollWorkflowTaskQueueResponse::default());
        let request = QueryWorkerRequest { task: Some(task), poll, ..QueryWorkerRequest::default() };
        queries.add(id.into(), Box::new(request), until, asker);
        answer
    }

    #[test]
    fn a_query_goes_to_one_worker_and_its_answer_back() {
        let mut queries = Queries::default();
        let mut answer = asked(&mut queries, "1");
        assert!(queries.next().is_some() && !queries.waits());
        queries.arrived("1".into(), QueryHandOver::Again);
        assert!(queries.waits(), "it did not arrive");
        let (id, poll) = queries.next().unwrap();
        queries.arrived(id, QueryHandOver::Done);
        assert_eq!((task_token::decode(&poll.task_token).unwrap().query_id.as_str(), queries.waits()), ("1", false));
        let failed = RespondQueryTaskCompletedRequest { completed_type: 2, ..Default::default() };
        assert!(!queries.answer("2", failed.clone()) && queries.answer("1", failed));
        assert_eq!(answer.try_recv().unwrap().unwrap_err().code(), Code::InvalidArgument);
    }

    #[test]
    fn a_worker_may_answer_before_it_is_known_that_it_has_the_query() {
        let mut queries = Queries::default();
        let mut answer = asked(&mut queries, "1");
        queries.next().unwrap();
        assert!(queries.answer("1", RespondQueryTaskCompletedRequest::default()));
        queries.arrived("1".into(), QueryHandOver::Done);
        assert!(answer.try_recv().unwrap().is_ok() && queries.asked.is_empty());
    }

    #[test]
    fn a_query_whose_history_cannot_be_read_is_refused() {
        let mut queries = Queries::default();
        let mut answer = asked(&mut queries, "1");
        queries.next().unwrap();
        queries.arrived("1".into(), QueryHandOver::Refused(Box::new(Status::not_found(""))));
        assert_eq!(answer.try_recv().unwrap().unwrap_err().code(), Code::NotFound);
    }

    #[test]
    fn no_more_wait_than_may() {
        let mut queries = Queries::default();
        let mut answers: Vec<_> = (0..=WAITING).map(|n| asked(&mut queries, &n.to_string())).collect();
        assert_eq!(answers[WAITING].try_recv().unwrap().unwrap_err().code(), Code::ResourceExhausted);
        // Whoever leaves makes room.
        answers.remove(0);
        let mut answer = asked(&mut queries, "another");
        assert!(answer.try_recv().is_err() && queries.waiting.len() == WAITING);
    }

    #[test]
    fn what_nobody_waits_for_is_forgotten() {
        let mut queries = Queries::default();
        drop(asked(&mut queries, "1"));
        assert!(!queries.waits());
    }

    #[test]
    fn who_has_waited_long_enough_is_sent_away_also_if_that_was_on_the_way() {
        let mut queries = Queries::default();
        let soon = Instant::now() + Duration::from_secs(1);
        let later = soon + Duration::from_secs(1);
        let sent_away = |answer: &mut Answer| {
            answer.try_recv().is_ok_and(|answer| status::is_sticky_worker_unavailable(&answer.unwrap_err()))
        };
        let mut away = asked_until(&mut queries, "1", Some(soon));
        queries.next().unwrap();
        let mut others = [None, Some(later), Some(soon)].map(|until| asked_until(&mut queries, "2", until));
        assert_eq!(queries.patience(), Some(soon));
        queries.give_up(soon);
        assert_eq!(others.each_mut().map(sent_away), [false, false, true]);
        assert!(!sent_away(&mut away) && queries.patience() == Some(later), "a worker may have it");
        queries.arrived("1".into(), QueryHandOver::Again);
        assert_eq!(queries.patience(), Some(soon));
        queries.give_up(soon);
        assert!(sent_away(&mut away) && queries.waiting.len() == 2);
    }
}
