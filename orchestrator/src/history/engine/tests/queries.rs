//! Queries: with a workflow task, or directly.

use super::shard::{Shard, finish, sticky};
use crate::cluster::Rejection;
use crate::history::engine::{Input, Reply, Waiter};
use resurgam_api::internal;
use resurgam_api::temporal::enums::v1::{QueryRejectCondition, QueryResultType};
use resurgam_api::temporal::query::v1::{WorkflowQuery, WorkflowQueryResult};
use resurgam_api::temporal::workflowservice::v1 as api;

fn ask(shard: &mut Shard, condition: QueryRejectCondition) -> Result<Option<Reply>, Rejection> {
    let query = WorkflowQuery { query_type: "state".into(), ..WorkflowQuery::default() };
    let mut request =
        api::QueryWorkflowRequest { execution: Some(shard.execution("")), query: Some(query), ..Default::default() };
    request.set_query_reject_condition(condition);
    shard.step(Input::Query(internal::QueryRequest { request: Some(request), ..Default::default() }))
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
    assert_eq!(ask(&mut shard, ANY), Ok(None));
    assert!(matches!(ask(&mut shard, ANY), Err(Rejection::ResourceExhausted { .. })), "only one may wait");
    let task = shard.poll();
    assert_eq!(task.poll.queries.len(), 1);
    shard.respond(&task, vec![], answer(&task, QueryResultType::Answered)).unwrap();
    assert!(matches!(shard.answers.remove(&Waiter(2)), Some(Ok(Reply::Query(_)))));
    assert!(matches!(ask(&mut shard, ANY), Ok(Some(Reply::QueryDirectly { sticky: None, .. }))));
}

#[test]
fn a_query_that_came_too_late_goes_with_the_next_task_or_directly() {
    for signalled in [false, true] {
        let mut shard = Shard::started();
        let task = shard.poll();
        ask(&mut shard, ANY).unwrap();
        if signalled {
            shard.signal("a").unwrap();
        }
        shard.respond(&task, vec![], sticky).unwrap();
        if signalled {
            let task = shard.poll();
            assert_eq!(task.poll.queries.len(), 1);
            shard.respond(&task, vec![], answer(&task, QueryResultType::Failed)).unwrap();
            assert!(matches!(shard.answers.remove(&Waiter(3)), Some(Err(Rejection::QueryFailed { .. }))));
        } else {
            let Some(Ok(Reply::QueryDirectly { sticky, queue, history, .. })) = shard.answers.remove(&Waiter(3)) else {
                panic!("it was not sent on")
            };
            assert_eq!((sticky.as_deref(), queue.as_str(), history.next), (Some("sticky"), "queue", 5));
        }
    }
}

#[test]
fn whoever_waits_when_the_run_closes_asks_directly() {
    let mut shard = Shard::started();
    let task = shard.poll();
    ask(&mut shard, ANY).unwrap();
    shard.complete(&task, vec![finish()]).unwrap();
    assert!(matches!(shard.answers.remove(&Waiter(3)), Some(Ok(Reply::QueryDirectly { .. }))));
    assert!(matches!(ask(&mut shard, ANY), Ok(Some(Reply::QueryDirectly { .. }))));
    let refused = ask(&mut shard, QueryRejectCondition::NotOpen).unwrap().unwrap();
    assert!(matches!(refused, Reply::Query(it) if it.query_rejected.is_some_and(|it| it.status == 2)));
    let cleanly = ask(&mut shard, QueryRejectCondition::NotCompletedCleanly);
    assert!(matches!(cleanly, Ok(Some(Reply::QueryDirectly { .. }))));
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
    ask(&mut shard, ANY).unwrap();
    shard.terminate().unwrap();
    assert!(matches!(shard.answers.remove(&Waiter(2)), Some(Err(Rejection::FailedPrecondition(_)))));
}
