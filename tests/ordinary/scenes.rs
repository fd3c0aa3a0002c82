//! What is asked of both servers.

use crate::server::{Server, execution, queue};
use prost_wkt_types::{Duration as Span, FieldMask, Timestamp};
use resurgam_api::temporal::command::v1 as command;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::common::v1::{ActivityType, Priority};
use resurgam_api::temporal::enums::v1::{CommandType, EventType, NamespaceState, TaskQueueType, WorkerStatus};
use resurgam_api::temporal::failure::v1::Failure;
use resurgam_api::temporal::namespace::v1::{NamespaceConfig, UpdateNamespaceInfo};
use resurgam_api::temporal::taskqueue::v1::RateLimit;
use resurgam_api::temporal::worker::v1::{WorkerHeartbeat, WorkerHostInfo};
use resurgam_api::temporal::workflow::v1::WorkflowExecutionOptions;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_api::temporal::workflowservice::v1::update_task_queue_config_request::RateLimitUpdate;
use std::time::{Duration, Instant};
use tonic::Code;

fn seconds(seconds: i64) -> Option<Span> {
    Some(Span { seconds, nanos: 0 })
}

/// Namespaces are changed and deprecated.
pub(crate) async fn namespaces(server: &mut Server) {
    let name = "changed";
    let request = api::RegisterNamespaceRequest {
        namespace: name.into(),
        description: "first".into(),
        owner_email: "me".into(),
        workflow_execution_retention_period: seconds(86_400),
        data: [("a".to_owned(), "1".to_owned())].into(),
        ..Default::default()
    };
    server.client.register_namespace(request).await.unwrap();
    let update = |info: Option<UpdateNamespaceInfo>, retention: Option<Span>| api::UpdateNamespaceRequest {
        namespace: name.into(),
        update_info: info,
        config: retention
            .map(|it| NamespaceConfig { workflow_execution_retention_ttl: Some(it), ..NamespaceConfig::default() }),
        ..Default::default()
    };
    // Namespaces become known after a while.
    for _ in 0..100 {
        match server.client.update_namespace(update(None, None)).await {
            Err(status) if status.code() == Code::NotFound => tokio::time::sleep(Duration::from_millis(200)).await,
            _ => break,
        }
    }
    let described = || api::DescribeNamespaceRequest { namespace: name.into(), ..Default::default() };
    let info = UpdateNamespaceInfo {
        description: "second".into(),
        data: [("b".to_owned(), "2".to_owned())].into(),
        ..Default::default()
    };
    let of = |state: NamespaceState| UpdateNamespaceInfo { state: state.into(), ..Default::default() };
    for (what, request) in [
        ("nothing", update(None, None)),
        ("words and data", update(Some(info), None)),
        ("retention", update(None, seconds(7200))),
        ("too short", update(None, seconds(60))),
        ("the same state", update(Some(of(NamespaceState::Registered)), None)),
        ("bad binary", api::UpdateNamespaceRequest { delete_bad_binary: "x".into(), ..update(None, None) }),
        ("promoted", api::UpdateNamespaceRequest { promote_namespace: true, ..update(None, None) }),
        ("nobody", api::UpdateNamespaceRequest { namespace: "nobody".into(), ..update(None, None) }),
        ("deprecated", update(Some(of(NamespaceState::Deprecated)), None)),
        ("not again", update(Some(of(NamespaceState::Registered)), None)),
    ] {
        let answer = server.client.update_namespace(request).await;
        server.see(what, answer);
        let answer = server.client.describe_namespace(described()).await;
        server.see("described", answer);
    }
    for namespace in [name, "nobody"] {
        let request = api::DeprecateNamespaceRequest { namespace: namespace.into(), ..Default::default() };
        let answer = server.client.deprecate_namespace(request).await;
        server.see("deprecate", answer);
    }
    // That it is deprecated becomes known after a while, too.
    let start = api::StartWorkflowExecutionRequest { namespace: name.into(), ..server.start("late") };
    for _ in 0..100 {
        match server.client.start_workflow_execution(start.clone()).await {
            Err(status) if status.code() == Code::FailedPrecondition => break,
            _ => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
    let answer = server.client.start_workflow_execution(start).await;
    server.see("start", answer);
}

/// Messages that are too large.
pub(crate) async fn sizes(server: &mut Server) {
    let request = api::RespondWorkflowTaskFailedRequest {
        namespace: server.namespace.clone(),
        task_token: b"none".to_vec(),
        failure: Some(Failure { message: "x".repeat(5 << 20), ..Failure::default() }),
        ..Default::default()
    };
    let mut request = tonic::Request::new(request);
    request.set_timeout(Duration::from_secs(10));
    let answer = server.client.respond_workflow_task_failed(request).await;
    server.see("too large", answer);
}

/// The options of a workflow are changed.
pub(crate) async fn options(server: &mut Server) {
    let id = "options";
    let start = server.start(id);
    server.client.start_workflow_execution(start).await.unwrap();
    let of = |priority_key, fairness_key: &str| {
        let priority = Some(Priority { priority_key, fairness_key: fairness_key.into(), fairness_weight: 0.0 });
        WorkflowExecutionOptions { priority, ..WorkflowExecutionOptions::default() }
    };
    let namespace = server.namespace.clone();
    let change =
        |paths: &[&str], options: Option<WorkflowExecutionOptions>| api::UpdateWorkflowExecutionOptionsRequest {
            namespace: namespace.clone(),
            workflow_execution: execution(id),
            workflow_execution_options: options,
            update_mask: Some(FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() }),
            identity: "me".into(),
        };
    let all = [
        ("priority", change(&["priority"], Some(of(2, "")))),
        ("the same", change(&["priority.priority_key"], Some(of(2, "x")))),
        ("fairness", change(&["priority.fairness_key"], Some(of(0, "x")))),
        ("no override", change(&["versioning_override"], Some(of(0, "")))),
        ("negative", change(&["priority"], Some(of(-1, "")))),
        ("unknown", change(&["nothing"], Some(of(1, "")))),
        ("no options", change(&["priority"], None)),
        ("none", change(&["priority"], Some(WorkflowExecutionOptions::default()))),
        ("empty", change(&[], Some(of(1, "")))),
    ];
    for (what, request) in all {
        let answer = server.client.update_workflow_execution_options(request).await;
        server.see(what, answer);
    }
    let without =
        |it| api::UpdateWorkflowExecutionOptionsRequest { workflow_execution: it, ..change(&["priority"], None) };
    for request in [without(None), without(execution(""))] {
        let request =
            api::UpdateWorkflowExecutionOptionsRequest { workflow_execution_options: Some(of(1, "")), ..request };
        let answer = server.client.update_workflow_execution_options(request).await;
        server.see("whose", answer);
    }
    let events = server.history(id).await;
    server
        .see_events("event", events.iter().filter(|it| it.event_type() == EventType::WorkflowExecutionOptionsUpdated));
    let asked = api::DescribeWorkflowExecutionRequest { namespace, execution: execution(id) };
    let found = server.client.describe_workflow_execution(asked).await.unwrap().into_inner();
    let priority = found.workflow_execution_info.unwrap().priority;
    server.lines.push(format!("described: {priority:?}"));
}

/// Workers say of themselves how they are.
pub(crate) async fn workers(server: &mut Server) {
    let heartbeat = |key: &str, queue: &str, status: WorkerStatus| WorkerHeartbeat {
        worker_instance_key: key.into(),
        worker_identity: format!("identity of {key}"),
        host_info: Some(WorkerHostInfo { host_name: "host".into(), process_id: "7".into(), ..Default::default() }),
        task_queue: queue.into(),
        sdk_name: "temporal-rust".into(),
        sdk_version: "1.2".into(),
        status: status.into(),
        start_time: Some(Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        ..WorkerHeartbeat::default()
    };
    let running = |key: &str, queue: &str| heartbeat(key, queue, WorkerStatus::Running);
    let namespace = server.namespace.clone();
    let asked =
        |key: &str| api::DescribeWorkerRequest { namespace: namespace.clone(), worker_instance_key: key.into() };
    let nobody = server.client.describe_worker(asked("a")).await;
    let nobody = nobody.unwrap_err().message().starts_with("Namespace ");
    server.lines.push(format!("before anybody has said anything, it is the namespace that is not found: {nobody}"));
    let request = api::RecordWorkerHeartbeatRequest {
        namespace: namespace.clone(),
        worker_heartbeat: vec![running("a", "q"), running("b", "q"), running("c", "other")],
        ..Default::default()
    };
    let answer = server.client.record_worker_heartbeat(request).await;
    server.see("heartbeat", answer);
    for query in [
        "WorkerInstanceKey != 'x'",
        "TaskQueue = 'q'",
        "TaskQueue = 'q' AND WorkerInstanceKey = 'b'",
        "TaskQueue = 'other' OR WorkerIdentity starts_with 'identity of a'",
        "Status = 'Running'",
        "WorkerStatus = 'Shutdown'",
        "HostName = 'host' AND SdkName = 'temporal-rust' AND SdkVersion = '1.2'",
        "StartTime > '2023-01-01T00:00:00Z'",
        "StartTime BETWEEN '2023-01-01T00:00:00Z' AND '2023-02-01T00:00:00Z'",
        "BuildId IS NULL",
        "HeartbeatTime IS NOT NULL",
        "Nothing = 'x'",
        "NOT TaskQueue = 'q'",
        "TaskQueue = ''",
        "TaskQueue > 'a'",
    ] {
        let (mut token, mut pages) = (Vec::new(), 0);
        while pages == 0 || !token.is_empty() {
            let (query, namespace) = (query.to_owned(), namespace.clone());
            let request = api::ListWorkersRequest {
                namespace,
                query,
                page_size: 2,
                next_page_token: token.clone(),
                ..Default::default()
            };
            let answer = server.client.list_workers(request).await;
            let answer = answer.map(|mut answer| {
                token = std::mem::take(&mut answer.get_mut().next_page_token);
                answer
            });
            pages += 1;
            if server.see("workers", answer).is_none() {
                break;
            }
        }
    }
    for key in ["a", "nobody"] {
        let answer = server.client.describe_worker(asked(key)).await;
        server.see("worker", answer);
    }
    let request = api::ShutdownWorkerRequest {
        namespace: namespace.clone(),
        sticky_task_queue: "sticky".into(),
        worker_heartbeat: Some(heartbeat("a", "q", WorkerStatus::Shutdown)),
        ..Default::default()
    };
    let answer = server.client.shutdown_worker(request).await;
    server.see("shutdown", answer);
    let answer = server.client.describe_worker(asked("a")).await;
    server.see("worker", answer);
}

/// Task queues are configured, and slow down.
pub(crate) async fn queues(server: &mut Server) {
    let id = "slow";
    let namespace = server.namespace.clone();
    let request = api::ListTaskQueuePartitionsRequest { namespace: namespace.clone(), task_queue: queue(id) };
    let answer = server.client.list_task_queue_partitions(request).await;
    server.see("partitions", answer);
    let change = |kind: TaskQueueType, rate: Option<f32>, reason: &str| {
        let rate_limit = rate.map(|requests_per_second| RateLimit { requests_per_second });
        api::UpdateTaskQueueConfigRequest {
            namespace: namespace.clone(),
            identity: "me".into(),
            task_queue: id.into(),
            task_queue_type: kind.into(),
            update_queue_rate_limit: Some(RateLimitUpdate { rate_limit, reason: reason.into() }),
            ..Default::default()
        }
    };
    let long = "r".repeat(1001);
    let activity = TaskQueueType::Activity;
    for (what, request) in [
        ("workflows", change(TaskQueueType::Workflow, Some(1.0), "why")),
        ("negative", change(activity, Some(-1.0), "why")),
        ("reason", change(activity, Some(1.0), &long)),
        ("identity", api::UpdateTaskQueueConfigRequest { identity: long.clone(), ..change(activity, None, "") }),
        ("rate", change(activity, Some(1.0), "why")),
    ] {
        let answer = server.client.update_task_queue_config(request).await;
        server.see(what, answer);
    }
    let start = server.start(id);
    server.client.start_workflow_execution(start).await.unwrap();
    let task = server.task(id).await;
    let commands = (0..4).map(|number| command::ScheduleActivityTaskCommandAttributes {
        activity_id: number.to_string(),
        activity_type: Some(ActivityType { name: "activity".into() }),
        task_queue: queue(id),
        schedule_to_close_timeout: seconds(60),
        ..Default::default()
    });
    let commands =
        commands.map(|it| (CommandType::ScheduleActivityTask, Attributes::ScheduleActivityTaskCommandAttributes(it)));
    complete(server, &task, commands.collect()).await;
    let begun = Instant::now();
    for _ in 0..4 {
        let request = api::PollActivityTaskQueueRequest {
            namespace: namespace.clone(),
            task_queue: queue(id),
            ..Default::default()
        };
        let mut request = tonic::Request::new(request);
        request.set_timeout(Duration::from_secs(30));
        let task = server.client.poll_activity_task_queue(request).await.unwrap().into_inner();
        assert!(!task.task_token.is_empty(), "no activity");
    }
    // One may go at once, and maybe another one that was saved before.
    let slow = begun.elapsed() >= Duration::from_millis(1900);
    server.lines.push(format!("four tasks at one a second take two seconds at least: {slow}"));
    let answer = server.client.update_task_queue_config(change(activity, None, "enough")).await;
    server.see("no rate", answer);
}

/// Calls that a server refuses unless it is configured otherwise.
pub(crate) async fn disabled(server: &mut Server) {
    let id = "unpaused";
    let start = server.start(id);
    server.client.start_workflow_execution(start).await.unwrap();
    for namespace in [server.namespace.clone(), "nobody".to_owned()] {
        let request = api::PauseWorkflowExecutionRequest {
            namespace: namespace.clone(),
            workflow_id: id.into(),
            ..Default::default()
        };
        let answer = server.client.pause_workflow_execution(request).await;
        server.see("pause", answer);
        let request = api::FetchWorkerConfigRequest { namespace: namespace.clone(), ..Default::default() };
        let answer = server.client.fetch_worker_config(request).await;
        server.see("fetch", answer);
        let request = api::UpdateWorkerConfigRequest { namespace, ..Default::default() };
        let answer = server.client.update_worker_config(request).await;
        server.see("update", answer);
    }
    let request = api::UnpauseWorkflowExecutionRequest {
        namespace: server.namespace.clone(),
        workflow_id: id.into(),
        ..Default::default()
    };
    let long = api::UnpauseWorkflowExecutionRequest { reason: "r".repeat(1001), ..request.clone() };
    let answer = server.client.unpause_workflow_execution(long).await;
    server.see("too long", answer);
    let answer = server.client.unpause_workflow_execution(request.clone()).await;
    server.see("open", answer);
    let end = api::TerminateWorkflowExecutionRequest {
        namespace: server.namespace.clone(),
        workflow_execution: execution(id),
        ..Default::default()
    };
    server.client.terminate_workflow_execution(end).await.unwrap();
    let answer = server.client.unpause_workflow_execution(request).await;
    server.see("closed", answer);
}

/// Timers that are due at the same time.
pub(crate) async fn timers(server: &mut Server) {
    let id = "timers";
    let start = server.start(id);
    server.client.start_workflow_execution(start).await.unwrap();
    let task = server.task(id).await;
    let commands = ["d", "a", "c", "b", "f", "e"].iter().enumerate().map(|(number, name)| {
        // The later ones are due a little earlier.
        let nanos = 300_000_000 - if number < 4 { 0 } else { 50_000_000 };
        let start_to_fire_timeout = Some(Span { seconds: 1, nanos });
        let attributes = command::StartTimerCommandAttributes { timer_id: (*name).to_owned(), start_to_fire_timeout };
        (CommandType::StartTimer, Attributes::StartTimerCommandAttributes(attributes))
    });
    complete(server, &task, commands.collect()).await;
    let mut fired = Vec::new();
    for _ in 0..100 {
        fired = server.history(id).await;
        fired.retain(|event| event.event_type() == EventType::TimerFired);
        if fired.len() == 6 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let order: Vec<String> = fired
        .iter()
        .map(|event| match &event.attributes {
            Some(resurgam_api::temporal::history::v1::history_event::Attributes::TimerFiredEventAttributes(it)) => {
                it.timer_id.clone()
            }
            other => panic!("{other:?}"),
        })
        .collect();
    server.lines.push(format!("fired: {order:?}"));
}

async fn complete(
    server: &mut Server,
    task: &api::PollWorkflowTaskQueueResponse,
    commands: Vec<(CommandType, Attributes)>,
) {
    let commands = commands.into_iter().map(|(kind, attributes)| command::Command {
        command_type: kind.into(),
        attributes: Some(attributes),
        ..Default::default()
    });
    let request = api::RespondWorkflowTaskCompletedRequest {
        namespace: server.namespace.clone(),
        task_token: task.task_token.clone(),
        commands: commands.collect(),
        ..Default::default()
    };
    server.client.respond_workflow_task_completed(request).await.unwrap();
}
