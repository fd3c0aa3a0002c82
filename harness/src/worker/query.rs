//! Queries: what a run answers, and the answer to one that came as a task of its own.

use super::cache::Run;
use super::polled::Polled;
use super::{LIMIT, Manner, Worker};
use crate::answer;
use crate::convert::payloads;
use crate::session::within;
use resurgam_api::temporal::enums::v1::QueryResultType;
use resurgam_api::temporal::query::v1::{WorkflowQuery, WorkflowQueryResult};
use resurgam_api::temporal::workflowservice::v1::RespondQueryTaskCompletedRequest;
use resurgam_formats::recording::{Answer, Call, Reply};

impl Worker {
    /// Answers a query task.
    pub(super) async fn answer_query(
        &self,
        polled: &Polled,
        run: Run,
        query: &WorkflowQuery,
        manner: &Manner,
        life: u32,
    ) {
        let result = query_result(&polled.run_id, &run, query);
        let call = Call::AnswerQuery { task: polled.task };
        self.give(call, manner, life, || async {
            let request = RespondQueryTaskCompletedRequest {
                task_token: polled.response.task_token.clone(),
                completed_type: result.result_type,
                query_result: result.answer.clone(),
                error_message: result.error_message.clone(),
                namespace: self.session.namespace.clone(),
                ..Default::default()
            };
            match self.service.clone().respond_query_task_completed(within(LIMIT, request)).await {
                Ok(_) => Answer::Ok { value: Reply::Done },
                Err(status) => answer::of(&status),
            }
        })
        .await;
        // A query changes nothing, so the run stays as it is.
        let mut cache = self.cache();
        if self.life() == life && self.session.plan.workers.cache > 0 {
            cache.put(polled.run_id.clone(), run);
        }
    }
}

/// The answer of a run to one query.
pub(super) fn query_result(run_id: &str, run: &Run, query: &WorkflowQuery) -> WorkflowQueryResult {
    match run.machine.query(&query.query_type) {
        Some(mut answer) => {
            answer.run_id = run_id.to_owned();
            WorkflowQueryResult {
                result_type: QueryResultType::Answered.into(),
                answer: payloads(&answer),
                ..Default::default()
            }
        }
        None => WorkflowQueryResult {
            result_type: QueryResultType::Failed.into(),
            error_message: format!("there is no query handler {}", query.query_type),
            ..Default::default()
        },
    }
}
