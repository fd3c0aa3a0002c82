//! The namespaces of a simulated case, registered before it begins.

use super::expiry::RETENTION_SECONDS;
use crate::session::{Session, within};
use crate::target::{NAMESPACE, OTHER_NAMESPACE, line};
use resurgam_api::temporal::workflowservice::v1::{DescribeNamespaceRequest, RegisterNamespaceRequest};
use resurgam_formats::plan::{Caller, Misuse};
use std::time::Duration;
use tonic::Code;

/// How long the cluster may take to be usable, without faults.
pub(super) const READY: Duration = Duration::from_secs(20);

/// Registers the namespaces that the plan needs and waits until every node knows them; else says what is wrong, and with which
/// node if it is one.
pub(super) async fn prepare(session: &Session) -> Result<(), (Option<u8>, String)> {
    register(session, NAMESPACE).await?;
    if session.plan.misuses.iter().any(Misuse::crosses_namespaces) {
        register(session, OTHER_NAMESPACE).await?;
    }
    Ok(())
}

/// Registers a namespace and waits until every node knows it; else says what is wrong, and with which node if it is one.
pub(super) async fn register(session: &Session, namespace: &str) -> Result<(), (Option<u8>, String)> {
    let until = tokio::time::Instant::now() + READY;
    let limit = Duration::from_secs(5);
    let (mut last, mut registered) = ((None, String::new()), false);
    while tokio::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if !registered {
            let request = RegisterNamespaceRequest {
                namespace: namespace.to_owned(),
                workflow_execution_retention_period: Some(prost_wkt_types::Duration {
                    seconds: RETENTION_SECONDS,
                    nanos: 0,
                }),
                ..Default::default()
            };
            match session.client(Caller::Client, 0).register_namespace(within(limit, request)).await {
                Ok(_) => registered = true,
                Err(status) if status.code() == Code::AlreadyExists => registered = true,
                Err(status) => {
                    last = (Some(0), format!("does not answer RegisterNamespace: {}", line(&status)));
                    continue;
                }
            }
        }
        let mut ready = 0;
        for node in 0..session.channels.len() {
            let request = DescribeNamespaceRequest { namespace: namespace.to_owned(), ..Default::default() };
            match session.client(Caller::Client, node).describe_namespace(within(limit, request)).await {
                Ok(_) => ready += 1,
                Err(status) => {
                    let why = format!("does not answer DescribeNamespace: {}", line(&status));
                    last = (u8::try_from(node).ok(), why);
                }
            }
        }
        if ready == session.channels.len() {
            return Ok(());
        }
    }
    let (node, why) = last;
    Err((node, format!("is not ready after {} s without faults: it {why}", READY.as_secs())))
}
