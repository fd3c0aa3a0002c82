//! Namespaces that are changed and deprecated at one node, as another one tells of them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use resurgam_api::temporal::enums::v1::NamespaceState;
use resurgam_api::temporal::namespace::v1::{NamespaceConfig, UpdateNamespaceInfo};
use resurgam_api::temporal::workflowservice::v1 as api;
use support::{cluster, execution, has_detail, queue, seconds, start};
use tonic::Code;

#[tokio::test]
async fn a_change_is_told_by_every_node() {
    let cluster = cluster(2).await;
    let asked = api::DescribeNamespaceRequest { namespace: "tests".into(), ..Default::default() };
    let before = cluster.client(1).describe_namespace(asked.clone()).await.unwrap().into_inner();
    let info = UpdateNamespaceInfo { description: "changed".into(), ..Default::default() };
    let config = NamespaceConfig { workflow_execution_retention_ttl: seconds(7200), ..Default::default() };
    let request = api::UpdateNamespaceRequest {
        namespace: "tests".into(),
        update_info: Some(info),
        config: Some(config),
        ..Default::default()
    };
    let answer = cluster.client(0).update_namespace(request).await.unwrap().into_inner();
    let after = cluster.client(1).describe_namespace(asked.clone()).await.unwrap().into_inner();
    assert_eq!((&answer.namespace_info, &answer.config), (&after.namespace_info, &after.config));
    let (was, is) = (before.namespace_info.unwrap(), after.namespace_info.unwrap());
    assert_eq!((was.id, is.description.as_str(), is.owner_email), (is.id, "changed", was.owner_email));
    assert_eq!(after.config.unwrap().workflow_execution_retention_ttl, seconds(7200));
    let none = api::UpdateNamespaceRequest { namespace: "none".into(), ..Default::default() };
    assert_eq!(cluster.client(1).update_namespace(none).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test]
async fn nothing_starts_in_a_deprecated_namespace() {
    let cluster = cluster(1).await;
    let mut client = cluster.client(0);
    client.start_workflow_execution(start("w")).await.unwrap();
    let request = api::DeprecateNamespaceRequest { namespace: "tests".into(), ..Default::default() };
    client.deprecate_namespace(request).await.unwrap();
    let asked = api::DescribeNamespaceRequest { namespace: "tests".into(), ..Default::default() };
    let described = client.describe_namespace(asked).await.unwrap().into_inner();
    assert_eq!(described.namespace_info.unwrap().state(), NamespaceState::Deprecated);
    let refused = client.start_workflow_execution(start("x")).await.unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(refused.message(), "Namespace has invalid state: Deprecated. Must be Registered.");
    assert!(has_detail(&refused, "NamespaceInvalidStateFailure"));
    let of = start("w");
    let request = api::SignalWithStartWorkflowExecutionRequest {
        namespace: of.namespace,
        workflow_id: of.workflow_id,
        workflow_type: of.workflow_type,
        task_queue: queue("q"),
        signal_name: "s".into(),
        ..Default::default()
    };
    assert_eq!(
        client.signal_with_start_workflow_execution(request).await.unwrap_err().code(),
        Code::FailedPrecondition
    );
    let request = api::SignalWorkflowExecutionRequest {
        namespace: "tests".into(),
        workflow_execution: execution("w"),
        signal_name: "s".into(),
        ..Default::default()
    };
    client.signal_workflow_execution(request).await.unwrap();
}
