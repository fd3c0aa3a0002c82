//! Batch operations, by the calls that clients make: which workflows each is about, what becomes of them, and what it says of
//! itself.

#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(deprecated, reason = "clients may still use old fields")]

mod support;

use resurgam_api::WorkflowServiceClient;
use resurgam_api::temporal::batch::v1 as batch;
use resurgam_api::temporal::command::v1::ScheduleActivityTaskCommandAttributes;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::common::v1::{ActivityType, Priority, ResetOptions, WorkflowExecution, reset_options};
use resurgam_api::temporal::enums::v1::{
    BatchOperationState as State, BatchOperationType as Type, EventType, WorkflowExecutionStatus as Status,
};
use resurgam_api::temporal::history::v1::history_event::Attributes as Event;
use resurgam_api::temporal::workflow::v1::WorkflowExecutionOptions;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_api::temporal::workflowservice::v1::start_batch_operation_request::Operation;
use support::{Cluster, cluster, decision, execution, history, kinds, queue, seconds, start, task, until};
use tonic::Code;
use tonic::transport::Channel;

type Client = WorkflowServiceClient<Channel>;

fn job(id: &str, query: &str, operation: Operation) -> api::StartBatchOperationRequest {
    api::StartBatchOperationRequest {
        namespace: "tests".into(),
        job_id: id.into(),
        visibility_query: query.into(),
        reason: "why".into(),
        operation: Some(operation),
        ..Default::default()
    }
}

fn terminate() -> Operation {
    Operation::TerminationOperation(batch::BatchOperationTermination { identity: "who".into(), ..Default::default() })
}

fn signal() -> Operation {
    let signal = batch::BatchOperationSignal { signal: "s".into(), identity: "who".into(), ..Default::default() };
    Operation::SignalOperation(signal)
}

async fn begin(client: &mut Client, ids: &[&str]) {
    for id in ids {
        client.start_workflow_execution(start(id)).await.unwrap();
    }
}

async fn describe(client: &mut Client, id: &str) -> api::DescribeBatchOperationResponse {
    let request = api::DescribeBatchOperationRequest { namespace: "tests".into(), job_id: id.into() };
    client.describe_batch_operation(request).await.unwrap().into_inner()
}

/// What it says of itself when it is over.
async fn over(client: &Client, id: &str) -> api::DescribeBatchOperationResponse {
    until(|| {
        let mut client = client.clone();
        async move { describe(&mut client, id).await.state() != State::Running }
    })
    .await;
    describe(&mut client.clone(), id).await
}

/// Starts it, and waits until it is over: what has become of how many, the failures among them.
async fn done(client: &mut Client, request: api::StartBatchOperationRequest) -> (State, i64, i64) {
    let id = request.job_id.clone();
    client.start_batch_operation(request).await.unwrap();
    let seen = over(client, &id).await;
    assert_eq!(seen.total_operation_count, seen.complete_operation_count + seen.failure_operation_count);
    (seen.state(), seen.total_operation_count, seen.failure_operation_count)
}

async fn status(client: &mut Client, id: &str) -> Status {
    let request = api::DescribeWorkflowExecutionRequest { namespace: "tests".into(), execution: execution(id) };
    let info = client.describe_workflow_execution(request).await.unwrap().into_inner().workflow_execution_info;
    info.unwrap().status()
}

async fn listed(client: &mut Client, query: &str) -> Vec<String> {
    let request =
        api::ListWorkflowExecutionsRequest { namespace: "tests".into(), query: query.into(), ..Default::default() };
    let found = client.list_workflow_executions(request).await.unwrap().into_inner().executions;
    let mut ids: Vec<_> = found.into_iter().map(|it| it.execution.unwrap().workflow_id).collect();
    ids.sort();
    ids
}

async fn there() -> (Cluster, Client) {
    let cluster = cluster(1).await;
    let client = cluster.client(0);
    (cluster, client)
}

#[tokio::test]
async fn those_that_a_question_finds_are_terminated_and_no_others() {
    let (_cluster, mut client) = there().await;
    begin(&mut client, &["a", "b", "c"]).await;
    let request = job("j", "WorkflowId = 'a' OR WorkflowId = 'c'", terminate());
    assert_eq!(done(&mut client, request.clone()).await, (State::Completed, 2, 0));
    let (a, b) = (status(&mut client, "a").await, status(&mut client, "b").await);
    assert_eq!((a, b), (Status::Terminated, Status::Running));
    let Some(Event::WorkflowExecutionTerminatedEventAttributes(end)) =
        history(&mut client, "a").await.pop().unwrap().attributes
    else {
        panic!()
    };
    assert_eq!((end.reason.as_str(), end.identity.as_str()), ("why", "who"));
    let seen = describe(&mut client, "j").await;
    assert_eq!((seen.operation_type(), seen.job_id.as_str()), (Type::Terminate, "j"));
    assert_eq!((seen.identity.as_str(), seen.reason.as_str()), ("who", "why"));
    assert!(seen.start_time.is_some() && seen.close_time.is_some());
    let again = client.start_batch_operation(request).await.unwrap_err();
    assert_eq!(again.code(), Code::AlreadyExists);
    assert_eq!(listed(&mut client, "").await, ["a", "b", "c"], "jobs are in a division of their own");
    let found = listed(&mut client, "TemporalNamespaceDivision = 'TemporalBatcher' AND BatcherUser = 'who'").await;
    assert_eq!(found, ["j"]);
}

#[tokio::test]
async fn those_that_are_named_get_their_signal_or_are_gone() {
    let (_cluster, mut client) = there().await;
    begin(&mut client, &["a", "b"]).await;
    let named = |id: &str, run: &str| WorkflowExecution { workflow_id: id.into(), run_id: run.into() };
    let mut request = job("j", "", signal());
    request.executions =
        vec![named("a", ""), named("b", ""), named("a", ""), named("nobody", ""), named("b", "no run")];
    assert_eq!(done(&mut client, request).await, (State::Completed, 5, 1));
    let signals =
        |events: &[EventType]| events.iter().filter(|it| **it == EventType::WorkflowExecutionSignaled).count();
    assert_eq!(signals(&kinds(&history(&mut client, "a").await)), 2, "who is named twice gets it twice");
    assert_eq!(signals(&kinds(&history(&mut client, "b").await)), 1);
}

#[tokio::test]
async fn workflows_are_canceled_deleted_and_given_another_priority() {
    let (_cluster, mut client) = there().await;
    begin(&mut client, &["a", "b"]).await;
    let cancel = Operation::CancellationOperation(batch::BatchOperationCancellation { identity: "who".into() });
    assert_eq!(done(&mut client, job("c", "WorkflowType = 'kind'", cancel)).await, (State::Completed, 2, 0));
    assert!(kinds(&history(&mut client, "b").await).contains(&EventType::WorkflowExecutionCancelRequested));
    let options = Operation::UpdateWorkflowOptionsOperation(batch::BatchOperationUpdateWorkflowExecutionOptions {
        identity: "who".into(),
        workflow_execution_options: Some(WorkflowExecutionOptions {
            priority: Some(Priority { priority_key: 2, ..Priority::default() }),
            ..Default::default()
        }),
        update_mask: Some(prost_wkt_types::FieldMask { paths: vec!["priority".into()] }),
    });
    assert_eq!(done(&mut client, job("o", "WorkflowId = 'a'", options)).await, (State::Completed, 1, 0));
    assert!(kinds(&history(&mut client, "a").await).contains(&EventType::WorkflowExecutionOptionsUpdated));
    let terminate = job("t", "WorkflowId = 'a'", terminate());
    assert_eq!(done(&mut client, terminate).await, (State::Completed, 1, 0));
    // One is open and one is closed.
    let delete = Operation::DeletionOperation(batch::BatchOperationDeletion { identity: "who".into() });
    assert_eq!(done(&mut client, job("d", "WorkflowType = 'kind'", delete)).await, (State::Completed, 2, 0));
    until(|| {
        let mut client = client.clone();
        async move { listed(&mut client, "").await.is_empty() }
    })
    .await;
}

#[tokio::test]
async fn workflows_are_reset_to_their_first_or_last_task_once() {
    let (_cluster, mut client) = there().await;
    begin(&mut client, &["a", "b"]).await;
    for _ in 0..2 {
        let first = task(&mut client).await;
        client.respond_workflow_task_completed(decision(&first, Vec::new())).await.unwrap();
    }
    let reset = |options, reset_type| {
        let identity = "who".into();
        Operation::ResetOperation(batch::BatchOperationReset { identity, options, reset_type, ..Default::default() })
    };
    let to = |target| Some(ResetOptions { target: Some(target), ..ResetOptions::default() });
    // What comes of a reset is not found once more, and neither is the run that it has ended.
    let last = reset(to(reset_options::Target::LastWorkflowTask(())), 0);
    assert_eq!(done(&mut client, job("last", "WorkflowType = 'kind'", last)).await, (State::Completed, 2, 0));
    let ended = listed(&mut client, "ExecutionStatus = 'Terminated'").await;
    assert_eq!(
        (ended, listed(&mut client, "ExecutionStatus = 'Running'").await.len()),
        (vec!["a".into(), "b".into()], 2)
    );
    let Some(Event::WorkflowTaskFailedEventAttributes(failed)) = history(&mut client, "a").await[3].attributes.clone()
    else {
        panic!()
    };
    assert_eq!(failed.failure.unwrap().message, "why");
    let running = "WorkflowId = 'a' AND ExecutionStatus = 'Running'";
    assert_eq!(done(&mut client, job("first", running, reset(None, 1))).await, (State::Completed, 1, 0));
    let impossible = reset(to(reset_options::Target::WorkflowTaskId(1)), 0);
    assert_eq!(done(&mut client, job("event", running, impossible)).await, (State::Completed, 1, 1));
    let build = reset(to(reset_options::Target::BuildId("none".into())), 0);
    assert_eq!(done(&mut client, job("build", running, build)).await, (State::Completed, 1, 1));
}

/// More than a page of them: what is found is found among open ones, and some of them once more among those that have closed.
#[tokio::test]
async fn more_than_a_page_of_workflows_are_reset_or_deleted_once_each() {
    const MANY: usize = 70;
    let (_cluster, mut client) = there().await;
    let ids: Vec<String> = (0..MANY).map(|number| format!("w{number}")).collect();
    begin(&mut client, &ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    for _ in 0..MANY {
        let first = task(&mut client).await;
        client.respond_workflow_task_completed(decision(&first, Vec::new())).await.unwrap();
    }
    let options =
        ResetOptions { target: Some(reset_options::Target::FirstWorkflowTask(())), ..ResetOptions::default() };
    let reset = Operation::ResetOperation(batch::BatchOperationReset { options: Some(options), ..Default::default() });
    let many = i64::try_from(MANY).unwrap();
    assert_eq!(done(&mut client, job("reset", "WorkflowType = 'kind'", reset)).await, (State::Completed, many, 0));
    for (status, count) in [("Terminated", MANY), ("Running", MANY)] {
        assert_eq!(listed(&mut client, &format!("ExecutionStatus = '{status}'")).await.len(), count, "{status}");
    }
    let delete = Operation::DeletionOperation(batch::BatchOperationDeletion { identity: "who".into() });
    let running = job("delete", "WorkflowType = 'kind'", delete);
    assert_eq!(done(&mut client, running).await, (State::Completed, 2 * many, 0));
    until(|| {
        let mut client = client.clone();
        async move { listed(&mut client, "").await.is_empty() }
    })
    .await;
}

#[tokio::test]
async fn activities_are_changed_and_go_on() {
    let (_cluster, mut client) = there().await;
    begin(&mut client, &["a"]).await;
    let first = task(&mut client).await;
    let activity = Attributes::ScheduleActivityTaskCommandAttributes(ScheduleActivityTaskCommandAttributes {
        activity_id: "x".into(),
        activity_type: Some(ActivityType { name: "act".into() }),
        task_queue: queue("q"),
        start_to_close_timeout: seconds(60),
        ..Default::default()
    });
    client.respond_workflow_task_completed(decision(&first, vec![activity])).await.unwrap();
    let pause = api::PauseActivityRequest {
        namespace: "tests".into(),
        execution: execution("a"),
        activity: Some(api::pause_activity_request::Activity::Id("x".into())),
        ..Default::default()
    };
    client.pause_activity(pause).await.unwrap();
    let pending = |client: &Client| {
        let mut client = client.clone();
        async move {
            let request =
                api::DescribeWorkflowExecutionRequest { namespace: "tests".into(), execution: execution("a") };
            let described = client.describe_workflow_execution(request).await.unwrap().into_inner();
            described.pending_activities[0].clone()
        }
    };
    let options = Operation::UpdateActivityOptionsOperation(batch::BatchOperationUpdateActivityOptions {
        activity: Some(batch::batch_operation_update_activity_options::Activity::Type("act".into())),
        activity_options: Some(resurgam_api::temporal::activity::v1::ActivityOptions {
            start_to_close_timeout: seconds(30),
            ..Default::default()
        }),
        update_mask: Some(prost_wkt_types::FieldMask { paths: vec!["start_to_close_timeout".into()] }),
        ..Default::default()
    });
    assert_eq!(done(&mut client, job("o", "WorkflowId = 'a'", options)).await, (State::Completed, 1, 0));
    let changed = pending(&client).await;
    assert_eq!(changed.activity_options.unwrap().start_to_close_timeout, seconds(30));
    let reset = Operation::ResetActivitiesOperation(batch::BatchOperationResetActivities {
        activity: Some(batch::batch_operation_reset_activities::Activity::Type("act".into())),
        keep_paused: true,
        ..Default::default()
    });
    assert_eq!(done(&mut client, job("r", "WorkflowId = 'a'", reset)).await, (State::Completed, 1, 0));
    assert!(pending(&client).await.paused);
    let unpause = |activity| {
        let activity = Some(activity);
        Operation::UnpauseActivitiesOperation(batch::BatchOperationUnpauseActivities { activity, ..Default::default() })
    };
    use batch::batch_operation_unpause_activities::Activity;
    let other = job("u1", "WorkflowType = 'kind'", unpause(Activity::Type("it's another".into())));
    assert_eq!(done(&mut client, other).await, (State::Completed, 0, 0));
    // As by the pinned server, whose workflows take "all" for none.
    let all = job("u2", "WorkflowType = 'kind'", unpause(Activity::MatchAll(true)));
    assert_eq!(done(&mut client, all).await, (State::Completed, 1, 0));
    assert!(pending(&client).await.paused);
    let these = job("u3", "WorkflowType = 'kind'", unpause(Activity::Type("act".into())));
    assert_eq!(done(&mut client, these).await, (State::Completed, 1, 0));
    assert!(!pending(&client).await.paused);
}

#[tokio::test]
async fn one_that_is_slow_says_how_far_it_is_and_can_be_stopped() {
    let (_cluster, mut client) = there().await;
    let ids: Vec<String> = (0..5).map(|number| format!("w{number}")).collect();
    begin(&mut client, &ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let slow = api::StartBatchOperationRequest {
        max_operations_per_second: 0.01,
        ..job("j", "WorkflowType = 'kind'", signal())
    };
    client.start_batch_operation(slow).await.unwrap();
    until(|| {
        let mut client = client.clone();
        async move { describe(&mut client, "j").await.complete_operation_count == 1 }
    })
    .await;
    let seen = describe(&mut client, "j").await;
    assert_eq!((seen.state(), seen.total_operation_count, seen.close_time), (State::Running, 5, None));
    let another = client.start_batch_operation(job("k", "WorkflowType = 'kind'", signal())).await.unwrap_err();
    assert_eq!(another.code(), Code::ResourceExhausted);
    assert_eq!(another.message(), "Max concurrent batch operations is reached");
    let stop = api::StopBatchOperationRequest {
        namespace: "tests".into(),
        job_id: "j".into(),
        reason: "enough".into(),
        ..Default::default()
    };
    client.stop_batch_operation(stop.clone()).await.unwrap();
    assert_eq!(over(&client, "j").await.state(), State::Failed);
    assert_eq!(client.stop_batch_operation(stop).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(done(&mut client, job("k", "Nothing = 1", signal())).await, (State::Failed, 0, 0));
    assert_eq!(done(&mut client, job("l", "WorkflowType = 'none'", signal())).await, (State::Completed, 0, 0));
    let list = |size, token: &[u8]| api::ListBatchOperationsRequest {
        namespace: "tests".into(),
        page_size: size,
        next_page_token: token.to_vec(),
    };
    let first = client.list_batch_operations(list(2, &[])).await.unwrap().into_inner();
    let rest = client.list_batch_operations(list(2, &first.next_page_token)).await.unwrap().into_inner();
    let found: Vec<_> = first.operation_info.iter().chain(&rest.operation_info).collect();
    let shown: Vec<_> = found.iter().map(|it| (it.job_id.as_str(), it.state())).collect();
    assert_eq!(shown, [("l", State::Completed), ("k", State::Failed), ("j", State::Failed)]);
    assert!(found.iter().all(|it| it.start_time.is_some() && it.close_time.is_some()));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let (_cluster, mut client) = there().await;
    let mut refused = async |change: &dyn Fn(&mut api::StartBatchOperationRequest)| {
        let mut request = job("j", "WorkflowType = 'kind'", signal());
        change(&mut request);
        let status = client.start_batch_operation(request).await.unwrap_err();
        (status.code(), status.message().to_owned())
    };
    let invalid = |message: &str| (Code::InvalidArgument, message.to_owned());
    let parameters = "must provide required parameters: BatchType/Reason/Namespace/Query/Executions";
    assert_eq!(refused(&|it| it.reason.clear()).await, invalid(parameters));
    assert_eq!(refused(&|it| it.job_id.clear()).await, invalid("JobId is not set on request."));
    assert_eq!(refused(&|it| it.job_id = "j".repeat(1001)).await, invalid("WorkflowId exceeds length limit."));
    let flaw = refused(&|it| it.visibility_query = "()".into()).await;
    assert!(
        flaw.0 == Code::InvalidArgument && flaw.1.starts_with("invalid visibility query: syntax error at"),
        "{flaw:?}"
    );
    let escaped = refused(&|it| it.visibility_query = "WorkflowId = 'a') OR (WorkflowId = 'b'".into()).await;
    assert_eq!(escaped.0, Code::InvalidArgument);
    assert_eq!(refused(&|it| it.namespace = "nowhere".into()).await.0, Code::NotFound);
    let nobody = api::DescribeBatchOperationRequest { namespace: "tests".into(), job_id: "nobody".into() };
    let status = client.describe_batch_operation(nobody).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "workflow not found for ID: nobody"));
    begin(&mut client, &["ordinary"]).await;
    let stop = api::StopBatchOperationRequest {
        namespace: "tests".into(),
        job_id: "ordinary".into(),
        reason: "r".into(),
        ..Default::default()
    };
    assert_eq!(client.stop_batch_operation(stop).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(self::status(&mut client, "ordinary").await, Status::Running);
}
