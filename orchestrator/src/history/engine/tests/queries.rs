//! Queries: with a workflow task, or directly.

use super::shard::{Later, Shard, finish, sticky, target};
use crate::cluster::Rejection;
use crate::history::engine::QueryAnswer;
use resurgam_api::internal;
use resurgam_api::temporal::enums::v1::{QueryRejectCondition, QueryResultType};
use resurgam_api::temporal::query::v1::{WorkflowQuery, WorkflowQueryResult};
use resurgam_api::temporal::workflowservice::v1 as api;

fn query(condition: QueryRejectCondition) -> internal::QueryRequest {
    let query = WorkflowQuery { query_type: "state".into(), ..WorkflowQuery::default() };
    let mut request = api::QueryWorkflowRequest { query: Some(query), ..Default::default() };
    request.set_query_reject_condition(condition);
    internal::QueryRequest { target: target(""), request: Some(request) }
}

fn ask(shard: &mut Shard, condition: QueryRejectCondition) -> Result<Option<QueryAnswer>, Rejection> {
    shard.step(query(condition))
}

/// A query that has to wait.
fn wait(shard: &mut Shard) -> Later<QueryAnswer> {
    shard.wait(query(ANY)).unwrap()
}

fn answer(
    task: &super::shard::Handed,
    kind: QueryResultType,
) -> impl FnOnce(&mut api::RespondWorkflowTaskCompletedRequest) {
    let ids: Vec<String> = task.poll.queries.keys().cloned().collect();
    move |request| {
        let result =
            WorkflowQueryResult { result_type: kind.into(), error_message: "why".into(), ..Default::default() };
        request.query_results = ids.into_iter().map(|id| (id, result.clone())).collect();
    }
}

const ANY: QueryRejectCondition = QueryRejectCondition::None;

#[test]
fn a_query_waits_for_the_first_task_and_is_answered_with_it() {
    let mut shard = Shard::started();
    let mut waiting = wait(&mut shard);
    assert!(matches!(ask(&mut shard, ANY), Err(Rejection::ResourceExhausted { .. })), "only one may wait");
    let task = shard.poll();
    assert_eq!(task.poll.queries.len(), 1);
    shard.respond(&task, vec![], answer(&task, QueryResultType::Answered)).unwrap();
    assert!(matches!(waiting.try_recv(), Ok(Ok(QueryAnswer::Answered(_)))));
    assert!(matches!(ask(&mut shard, ANY), Ok(Some(QueryAnswer::AskWorker(it))) if it.sticky.is_none()));
}

#[test]
fn a_query_that_came_too_late_goes_with_the_next_task_or_directly() {
    for signalled in [false, true] {
        let mut shard = Shard::started();
        let task = shard.poll();
        let mut waiting = wait(&mut shard);
        if signalled {
            shard.signal("a").unwrap();
        }
        shard.respond(&task, vec![], sticky).unwrap();
        if signalled {
            let task = shard.poll();
            assert_eq!(task.poll.queries.len(), 1);
            shard.respond(&task, vec![], answer(&task, QueryResultType::Failed)).unwrap();
            assert!(matches!(waiting.try_recv(), Ok(Err(Rejection::QueryFailed { .. }))));
        } else {
            let Ok(Ok(QueryAnswer::AskWorker(it))) = waiting.try_recv() else { panic!("it was not sent on") };
            let seen = (it.sticky.as_deref(), it.queue.as_str(), it.handout.history.next);
            assert_eq!(seen, (Some("sticky"), "queue", 5));
        }
    }
}

#[test]
fn whoever_waits_when_the_run_closes_asks_directly() {
    let mut shard = Shard::started();
    let task = shard.poll();
    let mut waiting = wait(&mut shard);
    shard.complete(&task, vec![finish()]).unwrap();
    assert!(matches!(waiting.try_recv(), Ok(Ok(QueryAnswer::AskWorker(_)))));
    assert!(matches!(ask(&mut shard, ANY), Ok(Some(QueryAnswer::AskWorker(_)))));
    let refused = ask(&mut shard, QueryRejectCondition::NotOpen).unwrap().unwrap();
    assert!(matches!(refused, QueryAnswer::Answered(it) if it.query_rejected.is_some_and(|it| it.status == 2)));
    let cleanly = ask(&mut shard, QueryRejectCondition::NotCompletedCleanly);
    assert!(matches!(cleanly, Ok(Some(QueryAnswer::AskWorker(_)))));
}

#[test]
fn a_run_that_no_worker_can_show_is_not_queried() {
    let mut shard = Shard::started();
    for _ in 0..2 {
        let task = shard.poll();
        shard.fail(&task).unwrap();
    }
    assert!(matches!(ask(&mut shard, ANY), Err(Rejection::FailedPrecondition(_))), "it fails again and again");
    let mut shard = Shard::started();
    let mut waiting = wait(&mut shard);
    shard.terminate().unwrap();
    assert!(matches!(waiting.try_recv(), Ok(Err(Rejection::FailedPrecondition(_)))));
}
