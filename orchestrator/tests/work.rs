//! A workflow from its start to its end, with client and worker at different nodes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::command::v1::{Command, CompleteWorkflowExecutionCommandAttributes};
use resurgam_api::temporal::common::v1::{WorkflowExecution, WorkflowType};
use resurgam_api::temporal::enums::v1::{
    CommandType, EventType, HistoryEventFilterType, QueryResultType, UpdateWorkflowExecutionLifecycleStage as Stage,
};
use resurgam_api::temporal::query::v1::WorkflowQuery;
use resurgam_api::temporal::update;
use resurgam_api::temporal::update::v1::{Input, Meta, UpdateRef, WaitPolicy};
use resurgam_api::temporal::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, PollWorkflowExecutionUpdateRequest, PollWorkflowTaskQueueRequest,
    QueryWorkflowRequest, RespondQueryTaskCompletedRequest, RespondWorkflowTaskCompletedRequest,
    StartWorkflowExecutionRequest, UpdateWorkflowExecutionRequest,
};
use std::time::Duration;
use support::{Cluster, cluster, has_detail, queue, within};
use tonic::Code;

const LIMIT: Duration = Duration::from_secs(10);

fn start(id: &str, request_id: &str) -> StartWorkflowExecutionRequest {
    StartWorkflowExecutionRequest {
        namespace: "tests".into(),
        workflow_id: id.into(),
        workflow_type: Some(WorkflowType { name: "kind".into() }),
        task_queue: queue("q"),
        request_id: request_id.into(),
        ..Default::default()
    }
}

async fn finish_one(cluster: &Cluster, node: usize) -> String {
    let poll = PollWorkflowTaskQueueRequest { namespace: "tests".into(), task_queue: queue("q"), ..Default::default() };
    let mut client = cluster.client(node);
    let task = client.poll_workflow_task_queue(within(LIMIT, poll)).await.unwrap().into_inner();
    let attributes = CompleteWorkflowExecutionCommandAttributes::default();
    let command = Command {
        command_type: CommandType::CompleteWorkflowExecution.into(),
        attributes: Some(Attributes::CompleteWorkflowExecutionCommandAttributes(attributes)),
        ..Default::default()
    };
    let completion = RespondWorkflowTaskCompletedRequest {
        task_token: task.task_token,
        namespace: "tests".into(),
        commands: vec![command],
        ..Default::default()
    };
    client.respond_workflow_task_completed(completion.clone()).await.unwrap();
    let again = client.respond_workflow_task_completed(completion).await.unwrap_err();
    assert_eq!(again.code(), Code::NotFound);
    task.workflow_execution.unwrap().workflow_id
}

#[tokio::test]
async fn workflows_of_all_shards_end_wherever_their_worker_polls() {
    let cluster = cluster(2).await;
    let ids: Vec<String> = (0..6).map(|n| format!("w{n}")).collect();
    for id in &ids {
        cluster.client(0).start_workflow_execution(start(id, "a")).await.unwrap();
        let refused = cluster.client(1).start_workflow_execution(start(id, "b")).await.unwrap_err();
        assert_eq!(refused.code(), Code::AlreadyExists);
        assert!(has_detail(&refused, "WorkflowExecutionAlreadyStartedFailure"));
    }
    let mut finished = Vec::new();
    for node in [0, 1, 0, 1, 0, 1] {
        finished.push(finish_one(&cluster, node).await);
    }
    finished.sort();
    assert_eq!(finished, ids);
    for id in ids {
        let execution = Some(WorkflowExecution { workflow_id: id, ..Default::default() });
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: "tests".into(),
            execution,
            wait_new_event: true,
            history_event_filter_type: HistoryEventFilterType::CloseEvent.into(),
            ..Default::default()
        };
        let page = cluster.client(1).get_workflow_execution_history(within(LIMIT, request)).await.unwrap();
        let events = page.into_inner().history.unwrap().events;
        let kinds: Vec<_> = events.iter().map(|event| event.event_type()).collect();
        assert_eq!(kinds, [EventType::WorkflowExecutionCompleted]);
    }
}

#[tokio::test]
async fn a_query_reaches_a_worker_and_its_answer_comes_back() {
    let cluster = cluster(2).await;
    cluster.client(0).start_workflow_execution(start("w", "a")).await.unwrap();
    finish_one(&cluster, 1).await;
    let query = QueryWorkflowRequest {
        namespace: "tests".into(),
        execution: Some(WorkflowExecution { workflow_id: "w".into(), ..Default::default() }),
        query: Some(WorkflowQuery { query_type: "how".into(), ..Default::default() }),
        ..Default::default()
    };
    let mut asking = cluster.client(0);
    let asked = tokio::spawn(async move { asking.query_workflow(within(LIMIT, query)).await });
    let poll = PollWorkflowTaskQueueRequest { namespace: "tests".into(), task_queue: queue("q"), ..Default::default() };
    let task = cluster.client(1).poll_workflow_task_queue(within(LIMIT, poll)).await.unwrap().into_inner();
    assert_eq!((task.query.unwrap().query_type.as_str(), task.started_event_id), ("how", 0));
    let answer = RespondQueryTaskCompletedRequest {
        task_token: task.task_token,
        completed_type: QueryResultType::Failed.into(),
        error_message: "badly".into(),
        ..Default::default()
    };
    cluster.client(0).respond_query_task_completed(answer.clone()).await.unwrap();
    let failed = asked.await.unwrap().unwrap_err();
    assert_eq!((failed.code(), failed.message()), (Code::InvalidArgument, "badly"));
    assert!(has_detail(&failed, "QueryFailedFailure"));
    let late = cluster.client(0).respond_query_task_completed(answer).await.unwrap_err();
    assert_eq!(late.code(), Code::NotFound);
}

#[tokio::test]
async fn whoever_waits_for_news_is_answered_before_giving_up() {
    let cluster = cluster(2).await;
    cluster.client(0).start_workflow_execution(start("w", "a")).await.unwrap();
    let execution = Some(WorkflowExecution { workflow_id: "w".into(), ..Default::default() });
    let request = GetWorkflowExecutionHistoryRequest {
        namespace: "tests".into(),
        execution: execution.clone(),
        wait_new_event: true,
        ..Default::default()
    };
    let short = Duration::from_millis(1500);
    for node in 0..2 {
        let mut client = cluster.client(node);
        let mut follow = request.clone();
        for events in [2, 0, 0] {
            let page = client.get_workflow_execution_history(within(short, follow.clone())).await.unwrap().into_inner();
            assert_eq!(page.history.unwrap().events.len(), events);
            assert!(!page.next_page_token.is_empty());
            follow.next_page_token = page.next_page_token;
        }
        let close = GetWorkflowExecutionHistoryRequest {
            history_event_filter_type: HistoryEventFilterType::CloseEvent.into(),
            ..request.clone()
        };
        let page = client.get_workflow_execution_history(within(short, close)).await.unwrap().into_inner();
        assert_eq!((page.history.unwrap().events.len(), page.next_page_token.is_empty()), (0, false));

        // Nobody works, so nothing but that they have arrived becomes of updates. Who gives up before the server does is told so: an
        // answer without an outcome is only given after the server's own time.
        let update = UpdateWorkflowExecutionRequest {
            namespace: "tests".into(),
            workflow_execution: execution.clone(),
            wait_policy: Some(WaitPolicy { lifecycle_stage: Stage::Completed.into() }),
            request: Some(update::v1::Request {
                meta: Some(Meta { update_id: format!("u{node}"), ..Default::default() }),
                input: Some(Input { name: "change".into(), ..Default::default() }),
                ..Default::default()
            }),
            ..Default::default()
        };
        let early = client.update_workflow_execution(within(short, update)).await.unwrap_err();
        assert_eq!(early.code(), Code::DeadlineExceeded);
        let poll = PollWorkflowExecutionUpdateRequest {
            namespace: "tests".into(),
            update_ref: Some(UpdateRef { workflow_execution: execution.clone(), update_id: format!("u{node}") }),
            wait_policy: Some(WaitPolicy { lifecycle_stage: Stage::Accepted.into() }),
            ..Default::default()
        };
        let early = client.poll_workflow_execution_update(within(short, poll)).await.unwrap_err();
        assert_eq!(early.code(), Code::DeadlineExceeded);
    }
}
