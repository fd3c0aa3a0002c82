//! The options of workflows, changed from outside, and what is told of task queues.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use prost_wkt_types::FieldMask;
use resurgam_api::temporal::common::v1::Priority;
use resurgam_api::temporal::enums::v1::{DescribeTaskQueueMode, EventType, TaskQueueKind, TaskQueueType};
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::taskqueue::v1::{RateLimit, TaskQueueVersionSelection};
use resurgam_api::temporal::workflow::v1::{VersioningOverride, WorkflowExecutionOptions};
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_api::temporal::workflowservice::v1::update_task_queue_config_request::RateLimitUpdate;
use std::time::Duration;
use support::{cluster, execution, history, queue, start, within};
use tonic::Code;

fn change(paths: &[&str], options: WorkflowExecutionOptions) -> api::UpdateWorkflowExecutionOptionsRequest {
    api::UpdateWorkflowExecutionOptionsRequest {
        namespace: "tests".into(),
        workflow_execution: execution("w"),
        workflow_execution_options: Some(options),
        update_mask: Some(FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() }),
        identity: "me".into(),
    }
}

fn priority(priority_key: i32) -> Option<Priority> {
    Some(Priority { priority_key, ..Priority::default() })
}

#[tokio::test]
async fn a_workflow_gets_another_priority() {
    let cluster = cluster(2).await;
    let mut client = cluster.client(0);
    client.start_workflow_execution(start("w")).await.unwrap();
    let options = WorkflowExecutionOptions { priority: priority(2), ..Default::default() };
    for path in ["priority", "priority.priority_key"] {
        let answer = client.update_workflow_execution_options(change(&[path], options.clone())).await;
        assert_eq!(answer.unwrap().into_inner().workflow_execution_options, Some(options.clone()));
    }
    let events = history(&mut client, "w").await;
    let changed: Vec<_> =
        events.iter().filter(|event| event.event_type() == EventType::WorkflowExecutionOptionsUpdated).collect();
    assert_eq!(changed.len(), 1, "what changes nothing leaves no event");
    let Some(Attributes::WorkflowExecutionOptionsUpdatedEventAttributes(it)) = &changed[0].attributes else { panic!() };
    assert_eq!((it.priority.clone(), it.identity.as_str(), it.unset_versioning_override), (priority(2), "me", true));
    let asked = api::DescribeWorkflowExecutionRequest { namespace: "tests".into(), execution: execution("w") };
    let described = cluster.client(1).describe_workflow_execution(asked).await.unwrap().into_inner();
    assert_eq!(described.workflow_execution_info.unwrap().priority, priority(2));
}

#[tokio::test]
async fn what_is_no_option_is_refused() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    client.start_workflow_execution(start("w")).await.unwrap();
    let none = WorkflowExecutionOptions::default;
    let pinned = WorkflowExecutionOptions { versioning_override: Some(VersioningOverride::default()), ..none() };
    let without_mask = api::UpdateWorkflowExecutionOptionsRequest { update_mask: None, ..change(&[], none()) };
    let without_options = api::UpdateWorkflowExecutionOptionsRequest {
        workflow_execution_options: None,
        ..change(&["priority"], none())
    };
    let negative = WorkflowExecutionOptions { priority: priority(-1), ..none() };
    for (request, code, says) in [
        (without_mask, Code::InvalidArgument, "UpdateMask is required"),
        (without_options, Code::InvalidArgument, "WorkflowExecutionOptions is required"),
        (change(&["nothing"], none()), Code::InvalidArgument, "error parsing UpdateMask"),
        (change(&["priority"], negative), Code::InvalidArgument, "priority key can't be negative"),
        (change(&["versioning_override"], pinned), Code::Unimplemented, "versioning overrides are not supported"),
    ] {
        let refused = client.update_workflow_execution_options(request).await.unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
        assert!(refused.message().starts_with(says), "{refused}");
    }
    let end = api::TerminateWorkflowExecutionRequest {
        namespace: "tests".into(),
        workflow_execution: execution("w"),
        ..Default::default()
    };
    client.terminate_workflow_execution(end).await.unwrap();
    let late = client.update_workflow_execution_options(change(&["priority"], none())).await.unwrap_err();
    assert_eq!((late.code(), late.message()), (Code::NotFound, "workflow execution already completed"));
}

#[tokio::test]
#[allow(deprecated, reason = "clients may still ask for it")]
async fn workers_without_a_version_have_every_poll() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    let poll = api::PollWorkflowTaskQueueRequest {
        namespace: "tests".into(),
        task_queue: queue("q"),
        identity: "worker".into(),
        ..Default::default()
    };
    client.poll_workflow_task_queue(within(Duration::from_secs(2), poll)).await.unwrap();
    let build_ids = vec!["v1".to_owned()];
    let request = api::DescribeTaskQueueRequest {
        namespace: "tests".into(),
        task_queue: queue("q"),
        api_mode: DescribeTaskQueueMode::Enhanced.into(),
        versions: Some(TaskQueueVersionSelection { build_ids, unversioned: true, ..Default::default() }),
        report_pollers: true,
        report_task_reachability: true,
        ..Default::default()
    };
    let told = client.describe_task_queue(request.clone()).await.unwrap().into_inner().versions_info;
    let mut found: Vec<_> = told
        .iter()
        .map(|(version, info)| {
            let pollers = info.types_info.values().flat_map(|of| of.pollers.iter().map(|it| it.identity.as_str()));
            (version.as_str(), info.task_reachability().as_str_name(), info.types_info.len(), pollers.collect())
        })
        .collect();
    found.sort_unstable();
    let expected = [
        ("", "BUILD_ID_TASK_REACHABILITY_REACHABLE", 2, vec!["worker"]),
        ("v1", "BUILD_ID_TASK_REACHABILITY_UNREACHABLE", 2, Vec::new()),
    ];
    assert_eq!(found, expected);
    let mut sticky = request;
    sticky.task_queue.as_mut().unwrap().kind = TaskQueueKind::Sticky.into();
    assert_eq!(client.describe_task_queue(sticky).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test]
async fn a_rate_is_stored_and_told() {
    let cluster = cluster(2).await;
    let change = |kind: TaskQueueType, rate: f32| api::UpdateTaskQueueConfigRequest {
        namespace: "tests".into(),
        identity: "me".into(),
        task_queue: "q".into(),
        task_queue_type: kind.into(),
        update_queue_rate_limit: Some(RateLimitUpdate {
            rate_limit: Some(RateLimit { requests_per_second: rate }),
            reason: "why".into(),
        }),
        ..Default::default()
    };
    let asked = api::DescribeTaskQueueRequest {
        namespace: "tests".into(),
        task_queue: queue("q"),
        task_queue_type: TaskQueueType::Activity.into(),
        report_config: true,
        ..Default::default()
    };
    let before = cluster.client(1).describe_task_queue(asked.clone()).await.unwrap().into_inner();
    assert_eq!(before.config, None);
    let told = cluster.client(0).update_task_queue_config(change(TaskQueueType::Activity, 7.0)).await;
    let config = told.unwrap().into_inner().config.unwrap();
    let limit = config.queue_rate_limit.clone().unwrap();
    assert_eq!((limit.rate_limit.unwrap().requests_per_second, limit.metadata.unwrap().reason.as_str()), (7.0, "why"));
    let described = cluster.client(1).describe_task_queue(asked).await.unwrap().into_inner();
    assert_eq!(described.config, Some(config));
    for request in [change(TaskQueueType::Workflow, 1.0), change(TaskQueueType::Activity, -1.0)] {
        let refused = cluster.client(0).update_task_queue_config(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    }
}

#[tokio::test]
async fn a_task_queue_has_one_partition_for_each_kind() {
    let cluster = cluster(2).await;
    let asked = api::ListTaskQueuePartitionsRequest { namespace: "tests".into(), task_queue: queue("q") };
    let one = cluster.client(0).list_task_queue_partitions(asked.clone()).await.unwrap().into_inner();
    assert_eq!(one, cluster.client(1).list_task_queue_partitions(asked).await.unwrap().into_inner());
    for partitions in [one.activity_task_queue_partitions, one.workflow_task_queue_partitions] {
        assert_eq!(partitions.iter().map(|it| it.key.as_str()).collect::<Vec<_>>(), ["q"]);
        assert!(!partitions[0].owner_host_name.is_empty());
    }
}
