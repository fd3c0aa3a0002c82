//! The namespaces of a simulated case, registered before it begins.

use super::expiry::RETENTION_SECONDS;
use crate::session::{Session, within};
use crate::target::{NAMESPACE, OTHER_NAMESPACE, line};
use resurgam_api::json::to_json;
use resurgam_api::temporal::workflowservice::v1::{
    DescribeNamespaceRequest, DescribeNamespaceResponse, RegisterNamespaceRequest,
};
use resurgam_formats::label;
use resurgam_formats::plan::{Caller, Misuse};
use resurgam_formats::recording::Registered;
use std::time::Duration;
use tonic::Code;

/// How long the cluster may take to be usable, without faults.
pub(super) const READY: Duration = Duration::from_secs(20);

/// Registers the namespaces that the plan needs and waits until every node knows them: what each says of them; else what is wrong,
/// and with which node if it is one.
pub(super) async fn prepare(session: &Session) -> Result<Vec<Registered>, (Option<u8>, String)> {
    let mut registered = register(session, NAMESPACE).await?;
    if session.plan.misuses.iter().any(Misuse::crosses_namespaces) {
        registered.extend(register(session, OTHER_NAMESPACE).await?);
    }
    Ok(registered)
}

/// As a namespace is registered. What a server only carries says whose it is.
fn request(namespace: &str) -> RegisterNamespaceRequest {
    RegisterNamespaceRequest {
        namespace: namespace.to_owned(),
        description: format!("{namespace} of a case"),
        owner_email: format!("{namespace}@resurgam.example"),
        data: [(label::NAME.to_owned(), namespace.to_owned())].into(),
        workflow_execution_retention_period: Some(prost_wkt_types::Duration { seconds: RETENTION_SECONDS, nanos: 0 }),
        ..Default::default()
    }
}

/// What a node was asked for and answers, for the recording; else why that cannot be written.
fn said(node: usize, namespace: &str, answer: &DescribeNamespaceResponse) -> Result<Registered, (Option<u8>, String)> {
    let number = u8::try_from(node).map_err(|_| (None, format!("there is no number for node {node}")))?;
    let written = to_json(&request(namespace)).and_then(|request| Ok((request, to_json(answer)?)));
    let (request, answer) = written.map_err(|why| (Some(number), format!("a namespace has no JSON: {why}")))?;
    Ok(Registered { node: number, request, answer })
}

/// Registers a namespace and waits until every node knows it: what each says of it; else what is wrong, and with which node if it
/// is one.
pub(super) async fn register(session: &Session, namespace: &str) -> Result<Vec<Registered>, (Option<u8>, String)> {
    let until = tokio::time::Instant::now() + READY;
    let limit = Duration::from_secs(5);
    let (mut last, mut done) = ((None, String::new()), false);
    while tokio::time::Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(20)).await;
        if !done {
            let asked = within(limit, request(namespace));
            match session.client(Caller::Client, 0).register_namespace(asked).await {
                Ok(_) => done = true,
                Err(status) if status.code() == Code::AlreadyExists => done = true,
                Err(status) => {
                    last = (Some(0), format!("does not answer RegisterNamespace: {}", line(&status)));
                    continue;
                }
            }
        }
        let (mut ready, mut registered) = (0, Vec::new());
        for node in 0..session.channels.len() {
            let request = DescribeNamespaceRequest { namespace: namespace.to_owned(), ..Default::default() };
            match session.client(Caller::Client, node).describe_namespace(within(limit, request)).await {
                Ok(answer) => {
                    ready += 1;
                    registered.push(said(node, namespace, answer.get_ref())?);
                }
                Err(status) => {
                    let why = format!("does not answer DescribeNamespace: {}", line(&status));
                    last = (u8::try_from(node).ok(), why);
                }
            }
        }
        if ready == session.channels.len() {
            return Ok(registered);
        }
    }
    let (node, why) = last;
    Err((node, format!("is not ready after {} s without faults: it {why}", READY.as_secs())))
}
