//! Calls about whole executions: a start with an update, a start with its first task, histories from behind, deletion.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use prost::Message;
use prost_wkt_types::Any;
use resurgam_api::WorkflowServiceClient;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::command::v1::{
    CompleteWorkflowExecutionCommandAttributes, ProtocolMessageCommandAttributes,
};
use resurgam_api::temporal::enums::v1::{
    EventType as E, UpdateWorkflowExecutionLifecycleStage as Stage, WorkflowIdConflictPolicy as Conflict,
};
use resurgam_api::temporal::protocol::v1::Message as Protocol;
use resurgam_api::temporal::update::v1::{Acceptance, Input, Meta, Outcome, Request as Update, Response, WaitPolicy};
use resurgam_api::temporal::workflowservice::v1::execute_multi_operation_request::{Operation, operation};
use resurgam_api::temporal::workflowservice::v1::execute_multi_operation_response::response::Response as Of;
use resurgam_api::temporal::workflowservice::v1::{
    DeleteWorkflowExecutionRequest, DescribeWorkflowExecutionRequest, ExecuteMultiOperationRequest,
    ExecuteMultiOperationResponse, GetWorkflowExecutionHistoryReverseRequest, PollWorkflowTaskQueueResponse,
    StartWorkflowExecutionRequest, StartWorkflowExecutionResponse, UpdateWorkflowExecutionRequest,
    UpdateWorkflowExecutionResponse,
};
use support::{Cluster, cluster, decision, execution, has_detail, history, kinds, start, task, until};
use tonic::transport::Channel;
use tonic::{Code, Status};

type Client = WorkflowServiceClient<Channel>;

fn start_and_update(id: &str, update: &str, conflict: Conflict) -> ExecuteMultiOperationRequest {
    let start = StartWorkflowExecutionRequest { workflow_id_conflict_policy: conflict.into(), ..start(id) };
    let update = UpdateWorkflowExecutionRequest {
        namespace: "tests".into(),
        workflow_execution: execution(id),
        wait_policy: Some(WaitPolicy { lifecycle_stage: Stage::Completed.into() }),
        request: Some(Update {
            meta: Some(Meta { update_id: update.into(), ..Meta::default() }),
            input: Some(Input { name: "n".into(), ..Input::default() }),
            ..Update::default()
        }),
        ..Default::default()
    };
    let of = |operation| Operation { operation: Some(operation) };
    ExecuteMultiOperationRequest {
        namespace: "tests".into(),
        operations: vec![
            of(operation::Operation::StartWorkflow(start)),
            of(operation::Operation::UpdateWorkflow(update)),
        ],
        ..Default::default()
    }
}

type Asked = tokio::task::JoinHandle<Result<tonic::Response<ExecuteMultiOperationResponse>, Status>>;

fn ask(cluster: &Cluster, request: ExecuteMultiOperationRequest) -> Asked {
    let mut client = cluster.client(0);
    tokio::spawn(async move { client.execute_multi_operation(request).await })
}

/// Accepts and completes the update that came with a task.
async fn complete_update(client: &mut Client, task: &PollWorkflowTaskQueueResponse) {
    let [asked] = &task.messages[..] else { panic!("no update came: {:?}", task.messages) };
    let message = |id: &str, name: &str, body: Vec<u8>| Protocol {
        id: id.into(),
        protocol_instance_id: asked.protocol_instance_id.clone(),
        body: Some(Any { type_url: format!("type.googleapis.com/temporal.api.update.v1.{name}"), value: body }),
        ..Protocol::default()
    };
    let meta = Meta { update_id: asked.protocol_instance_id.clone(), ..Meta::default() };
    let answer = Response { meta: Some(meta), outcome: Some(Outcome::default()) };
    let command = |id: &str| {
        Attributes::ProtocolMessageCommandAttributes(ProtocolMessageCommandAttributes { message_id: id.into() })
    };
    let mut completion = decision(task, vec![command("a"), command("b")]);
    completion.messages = vec![
        message("a", "Acceptance", Acceptance::default().encode_to_vec()),
        message("b", "Response", answer.encode_to_vec()),
    ];
    client.respond_workflow_task_completed(completion).await.unwrap();
}

fn both(answer: ExecuteMultiOperationResponse) -> (StartWorkflowExecutionResponse, UpdateWorkflowExecutionResponse) {
    let mut answers = answer.responses.into_iter().map(|response| response.response.unwrap());
    match (answers.next(), answers.next()) {
        (Some(Of::StartWorkflow(start)), Some(Of::UpdateWorkflow(update))) => (start, update),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_update_starts_its_workflow_or_finds_it_and_is_refused_with_it() {
    let cluster = cluster(2).await;
    let mut client = cluster.client(0);
    let asked = ask(&cluster, start_and_update("w", "u1", Conflict::Fail));
    let sent = task(&mut client).await;
    complete_update(&mut client, &sent).await;
    let (started, updated) = both(asked.await.unwrap().unwrap().into_inner());
    assert!(started.started && updated.stage() == Stage::Completed && updated.outcome.is_some());
    // The same update again gets the same outcome, whatever the policy says.
    let (found, again) =
        both(ask(&cluster, start_and_update("w", "u1", Conflict::Fail)).await.unwrap().unwrap().into_inner());
    assert_eq!((found.started, &found.run_id, again.outcome), (false, &started.run_id, updated.outcome));
    // Another one finds the workflow.
    let asked = ask(&cluster, start_and_update("w", "u2", Conflict::UseExisting));
    let sent = task(&mut client).await;
    complete_update(&mut client, &sent).await;
    let (found, _) = both(asked.await.unwrap().unwrap().into_inner());
    assert_eq!((found.started, found.run_id), (false, started.run_id));
    // And one that must not find it is not admitted.
    let refused = ask(&cluster, start_and_update("w", "u3", Conflict::Fail)).await.unwrap().unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Code::AlreadyExists, "Update-with-Start could not be executed."));
    assert!(has_detail(&refused, "MultiOperationExecutionFailure"));
    assert!(has_detail(&refused, "MultiOperationExecutionAborted"), "what the update is told");
    let mut alone = start_and_update("w", "u4", Conflict::Fail);
    alone.operations.truncate(1);
    assert_eq!(ask(&cluster, alone).await.unwrap().unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn the_first_task_comes_with_the_start_if_it_is_asked_for() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    let mut eager = start("w");
    eager.request_eager_execution = true;
    let started = client.start_workflow_execution(eager).await.unwrap().into_inner();
    let task = started.eager_workflow_task.unwrap();
    let shown = kinds(&task.history.clone().unwrap().events);
    assert_eq!(shown, [E::WorkflowExecutionStarted, E::WorkflowTaskScheduled, E::WorkflowTaskStarted]);
    let end = CompleteWorkflowExecutionCommandAttributes::default();
    let end = Attributes::CompleteWorkflowExecutionCommandAttributes(end);
    client.respond_workflow_task_completed(decision(&task, vec![end])).await.unwrap();
    assert_eq!(kinds(&history(&mut client, "w").await).last(), Some(&E::WorkflowExecutionCompleted));
}

#[tokio::test]
async fn a_history_is_read_from_behind_and_a_deleted_run_is_gone() {
    let cluster = cluster(2).await;
    let mut client = cluster.client(1);
    client.start_workflow_execution(start("w")).await.unwrap();
    let first = task(&mut client).await;
    client.respond_workflow_task_completed(decision(&first, vec![])).await.unwrap();
    let forward = history(&mut client, "w").await;
    let mut request = GetWorkflowExecutionHistoryReverseRequest {
        namespace: "tests".into(),
        execution: execution("w"),
        // What was written together stays together.
        maximum_page_size: 1,
        ..Default::default()
    };
    let mut pages = Vec::new();
    loop {
        let page = client.get_workflow_execution_history_reverse(request.clone()).await.unwrap().into_inner();
        pages.push(page.history.unwrap().events);
        request.next_page_token = page.next_page_token;
        if request.next_page_token.is_empty() {
            break;
        }
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 2]);
    let mut backward = pages.concat();
    backward.reverse();
    assert_eq!(backward, forward);

    let delete = DeleteWorkflowExecutionRequest { namespace: "tests".into(), workflow_execution: execution("w") };
    client.delete_workflow_execution(delete.clone()).await.unwrap();
    until(|| {
        let mut client = client.clone();
        let request = DescribeWorkflowExecutionRequest { namespace: "tests".into(), execution: execution("w") };
        async move { client.describe_workflow_execution(request).await.is_err_and(|it| it.code() == Code::NotFound) }
    })
    .await;
    assert_eq!(client.delete_workflow_execution(delete).await.unwrap_err().code(), Code::NotFound);
    let read = client.get_workflow_execution_history_reverse(request).await.unwrap_err();
    assert_eq!(read.code(), Code::NotFound);
}
