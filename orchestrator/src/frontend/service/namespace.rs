//! What is asked about the server itself, and about namespaces.

use crate::cluster::namespace::Namespace;
use crate::cluster::{sizes, status};
use crate::frontend::handler::{Answer, Frontend, check};
use crate::frontend::namespace_change::CLUSTER;
use crate::frontend::seal::Kind;
use crate::frontend::{namespace_change, unsupported, validate};
use resurgam_api::temporal::enums::v1::{ArchivalState, ReplicationState};
use resurgam_api::temporal::namespace::v1::{BadBinaries, NamespaceConfig, NamespaceInfo, namespace_info};
use resurgam_api::temporal::replication::v1::{ClusterReplicationConfig, NamespaceReplicationConfig};
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_visibility::fitting::aliases;
use tonic::{Request, Response, Status};

/// Most namespaces in one answer.
const MOST: usize = 1000;
/// The name of a namespace that the real server has for itself, and that is nobody's here.
const SYSTEM: &str = "temporal-system";

pub(super) async fn system(_: &Frontend, _: Request<api::GetSystemInfoRequest>) -> Answer<api::GetSystemInfoResponse> {
    let capabilities = api::get_system_info_response::Capabilities {
        signal_and_query_header: true,
        internal_error_differentiation: true,
        activity_failure_include_heartbeat: true,
        encoded_failure_attributes: true,
        upsert_memo: true,
        sdk_metadata: true,
        eager_workflow_start: true,
        supports_schedules: true,
        // Workers say of which build they are with every task then.
        build_id_based_versioning: true,
        ..Default::default()
    };
    Ok(Response::new(api::GetSystemInfoResponse {
        server_version: env!("CARGO_PKG_VERSION").into(),
        capabilities: Some(capabilities),
    }))
}

pub(super) async fn cluster(
    frontend: &Frontend,
    _: Request<api::GetClusterInfoRequest>,
) -> Answer<api::GetClusterInfoResponse> {
    Ok(Response::new(api::GetClusterInfoResponse {
        server_version: env!("CARGO_PKG_VERSION").into(),
        cluster_name: CLUSTER.into(),
        cluster_id: "resurgam".into(),
        history_shard_count: i32::try_from(frontend.shards).unwrap_or(i32::MAX),
        ..Default::default()
    }))
}

pub(super) async fn register(
    frontend: &Frontend,
    request: Request<api::RegisterNamespaceRequest>,
) -> Answer<api::RegisterNamespaceResponse> {
    let mut request = request.into_inner();
    check(&[
        validate::namespace(&request.namespace),
        validate::retention(request.workflow_execution_retention_period),
        unsupported::namespace(&request),
    ])?;
    request.workflow_execution_retention_period = request.workflow_execution_retention_period.map(validate::kept);
    let active = [&request.active_cluster_name].into_iter().filter(|name| !name.is_empty());
    let mut named = active.chain(request.clusters.iter().map(|cluster| &cluster.cluster_name));
    let strange = named.find(|name| *name != CLUSTER);
    if let Some(name) = strange
        && frontend.registry.find(&request.namespace).await.is_err()
    {
        return Err(Status::invalid_argument(format!("Invalid cluster name: {name}")));
    }
    if request.namespace == SYSTEM {
        return Err(status::namespace_already_exists(&request.namespace));
    }
    frontend.registry.register(&request).await?;
    Ok(Response::new(api::RegisterNamespaceResponse {}))
}

pub(super) async fn describe(
    frontend: &Frontend,
    request: Request<api::DescribeNamespaceRequest>,
) -> Answer<api::DescribeNamespaceResponse> {
    let request = request.into_inner();
    let found = if request.namespace.is_empty() {
        check(&[validate::namespace(&request.id)])?;
        let found = frontend.registry.find_by_id(&request.id).await?;
        frontend.registry.look(&found.name).await?
    } else {
        check(&[validate::namespace(&request.namespace)])?;
        frontend.registry.look(&request.namespace).await?
    };
    Ok(Response::new(description(&found)))
}

pub(super) async fn list(
    frontend: &Frontend,
    request: Request<api::ListNamespacesRequest>,
) -> Answer<api::ListNamespacesResponse> {
    let request = request.into_inner();
    let size = usize::try_from(request.page_size).ok().filter(|size| *size > 0).unwrap_or(100).min(MOST);
    let after = match request.next_page_token.as_slice() {
        [] => None,
        token => {
            let name = frontend.seal.open(Kind::Namespaces, token).and_then(|name| str::from_utf8(name).ok());
            Some(name.ok_or_else(|| Status::invalid_argument("Invalid NextPageToken."))?)
        }
    };
    let mut page = frontend.registry.list(after, size + 1).await?;
    let more = page.len() > size;
    page.truncate(size);
    let next_page_token =
        page.last().filter(|_| more).map(|last| frontend.seal.close(Kind::Namespaces, last.name.as_bytes()));
    Ok(Response::new(api::ListNamespacesResponse {
        namespaces: page.iter().map(description).collect(),
        next_page_token: next_page_token.unwrap_or_default(),
    }))
}

pub(super) async fn update(
    frontend: &Frontend,
    request: Request<api::UpdateNamespaceRequest>,
) -> Answer<api::UpdateNamespaceResponse> {
    let request = request.into_inner();
    check(&[validate::namespace(&request.namespace), unsupported::namespace_update(&request)])?;
    let changed = frontend.registry.change(&request.namespace, |it| namespace_change::apply(it, &request)).await?;
    let api::DescribeNamespaceResponse { namespace_info, config, replication_config, .. } = description(&changed);
    Ok(Response::new(api::UpdateNamespaceResponse { namespace_info, config, replication_config, ..Default::default() }))
}

pub(super) async fn deprecate(
    frontend: &Frontend,
    request: Request<api::DeprecateNamespaceRequest>,
) -> Answer<api::DeprecateNamespaceResponse> {
    let request = request.into_inner();
    check(&[validate::namespace(&request.namespace)])?;
    let deprecate = |namespace: &mut Namespace| {
        namespace.deprecated = true;
        Ok(())
    };
    frontend.registry.change(&request.namespace, deprecate).await?;
    Ok(Response::new(api::DeprecateNamespaceResponse {}))
}

/// A namespace as the public API describes it.
fn description(namespace: &Namespace) -> api::DescribeNamespaceResponse {
    let capabilities = namespace_info::Capabilities {
        eager_workflow_start: true,
        sync_update: true,
        async_update: true,
        reported_problems_search_attribute: true,
        worker_heartbeats: true,
        ..Default::default()
    };
    let limits = namespace_info::Limits {
        blob_size_limit_error: sizes::BLOB_BYTES as i64,
        memo_size_limit_error: sizes::BLOB_BYTES as i64,
        ..Default::default()
    };
    let config = NamespaceConfig {
        workflow_execution_retention_ttl: namespace.retention,
        history_archival_state: ArchivalState::Disabled.into(),
        visibility_archival_state: ArchivalState::Disabled.into(),
        bad_binaries: Some(BadBinaries::default()),
        custom_search_attribute_aliases: aliases(&namespace.search_attributes).into_iter().collect(),
        ..NamespaceConfig::default()
    };
    api::DescribeNamespaceResponse {
        namespace_info: Some(NamespaceInfo {
            name: namespace.name.clone(),
            state: namespace.state().into(),
            description: namespace.description.clone(),
            owner_email: namespace.owner.clone(),
            data: namespace.data.clone().into_iter().collect(),
            id: namespace.id.clone(),
            capabilities: Some(capabilities),
            supports_schedules: true,
            limits: Some(limits),
        }),
        config: Some(config),
        replication_config: Some(NamespaceReplicationConfig {
            active_cluster_name: CLUSTER.to_owned(),
            clusters: vec![ClusterReplicationConfig { cluster_name: CLUSTER.to_owned(), ..Default::default() }],
            state: ReplicationState::Normal.into(),
        }),
        ..Default::default()
    }
}
