//! What a client may change of a namespace, as in temporalio/temporal, `service/frontend/namespace_handler.go`: what it names is
//! taken over, what it leaves out stays. There is one cluster, so nothing can be moved to another one; and as there are
//! no archives, what is said of them has no effect, as on a real server without any.

use super::validate;
use crate::cluster::namespace::Namespace;
use resurgam_api::temporal::enums::v1::{NamespaceState, ReplicationState};
use resurgam_api::temporal::replication::v1::NamespaceReplicationConfig;
use resurgam_api::temporal::workflowservice::v1::UpdateNamespaceRequest;
use tonic::Status;

/// The name of the only cluster.
pub(super) const CLUSTER: &str = "active";

/// Changes `namespace` as `request` says.
///
/// # Errors
/// INVALID_ARGUMENT.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
pub(super) fn apply(namespace: &mut Namespace, request: &UpdateNamespaceRequest) -> Result<(), Status> {
    let invalid = |message: String| Err(Status::invalid_argument(message));
    if let Some(info) = &request.update_info {
        if !info.description.is_empty() {
            namespace.description.clone_from(&info.description);
        }
        if !info.owner_email.is_empty() {
            namespace.owner.clone_from(&info.owner_email);
        }
        namespace.data.extend(info.data.clone());
        match info.state() {
            state if info.state != i32::from(state) => return invalid("Invalid namespace state update.".to_owned()),
            NamespaceState::Unspecified => {}
            state if state == namespace.state() => {}
            NamespaceState::Deprecated => namespace.deprecated = true,
            _ => return invalid("Invalid namespace state update.".to_owned()),
        }
    }
    if let Some(retention) = request.config.as_ref().and_then(|config| config.workflow_execution_retention_ttl) {
        validate::retention(Some(retention)).map_err(|status| *status)?;
        namespace.retention = Some(validate::kept(retention));
    }
    if !request.delete_bad_binary.is_empty() {
        return invalid(format!("Bad binary checksum {} doesn't exists.", request.delete_bad_binary));
    }
    if let Some(config) = &request.replication_config {
        replicated(namespace, config)?;
    }
    if request.promote_namespace {
        return invalid(format!(
            "global namespace is not enabled on this cluster, cannot update global namespace or promote local namespace: {}",
            request.namespace
        ));
    }
    Ok(())
}

/// What is asked for is what is so already.
#[allow(clippy::result_large_err, reason = "a status is what the caller answers with")]
fn replicated(namespace: &Namespace, config: &NamespaceReplicationConfig) -> Result<(), Status> {
    let invalid = |message: String| Err(Status::invalid_argument(message));
    match config.state() {
        ReplicationState::Unspecified | ReplicationState::Normal => {}
        _ if namespace.deprecated => {
            return invalid(
                "update ReplicationState is only supported when namespace is in Registered state, current state: Deprecated"
                    .to_owned(),
            );
        }
        ReplicationState::Handover => return invalid("Handover can only be set for global namespace".to_owned()),
    }
    let named = config.clusters.iter().map(|it| it.cluster_name.as_str());
    let active = Some(config.active_cluster_name.as_str()).filter(|name| !name.is_empty());
    if let Some(other) = active.into_iter().chain(named).find(|name| *name != CLUSTER) {
        return invalid(format!("Invalid cluster name: {other}"));
    }
    if config.clusters.len() > 1 { invalid("Invalid local namespace clusters".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_api::temporal::namespace::v1::{NamespaceConfig, UpdateNamespaceInfo};
    use resurgam_api::temporal::replication::v1::ClusterReplicationConfig;

    fn changed(info: UpdateNamespaceInfo) -> Result<Namespace, Status> {
        let data = [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())].into();
        let mut namespace = Namespace { description: "old".into(), owner: "me".into(), data, ..Namespace::default() };
        let request = UpdateNamespaceRequest { update_info: Some(info), ..Default::default() };
        apply(&mut namespace, &request).map(|()| namespace)
    }

    #[test]
    fn what_is_not_named_stays() {
        let data = [("b".to_owned(), "3".to_owned())].into();
        let after = changed(UpdateNamespaceInfo { description: "new".into(), data, ..Default::default() }).unwrap();
        assert_eq!((after.description.as_str(), after.owner.as_str()), ("new", "me"));
        assert_eq!(after.data.into_values().collect::<Vec<_>>(), ["1", "3"]);
    }

    #[test]
    fn who_is_deprecated_stays_so() {
        let state = |state: NamespaceState| UpdateNamespaceInfo { state: state.into(), ..Default::default() };
        let mut namespace = changed(state(NamespaceState::Deprecated)).unwrap();
        assert_eq!(namespace.state(), NamespaceState::Deprecated);
        let back = Some(state(NamespaceState::Registered));
        let back = UpdateNamespaceRequest { update_info: back, ..Default::default() };
        assert_eq!(apply(&mut namespace, &back).unwrap_err().message(), "Invalid namespace state update.");
        let strange = UpdateNamespaceInfo { state: 77, ..Default::default() };
        assert_eq!(changed(strange).unwrap_err().message(), "Invalid namespace state update.");
    }

    #[test]
    fn there_is_one_cluster() {
        let refused = |config: NamespaceReplicationConfig, promote_namespace| {
            let replication_config = Some(config);
            let request = UpdateNamespaceRequest {
                namespace: "n".into(),
                replication_config,
                promote_namespace,
                ..Default::default()
            };
            apply(&mut Namespace::default(), &request).map_err(|status| status.message().to_owned()).err()
        };
        let clusters = |names: &[&str]| NamespaceReplicationConfig {
            clusters: names
                .iter()
                .map(|name| ClusterReplicationConfig { cluster_name: (*name).into(), ..Default::default() })
                .collect(),
            ..Default::default()
        };
        assert_eq!(refused(clusters(&[CLUSTER]), false), None);
        assert_eq!(refused(clusters(&["x"]), false).unwrap(), "Invalid cluster name: x");
        assert_eq!(refused(clusters(&[CLUSTER, CLUSTER]), false).unwrap(), "Invalid local namespace clusters");
        assert!(refused(clusters(&[]), true).unwrap().ends_with("promote local namespace: n"));
        let handover = ReplicationState::Handover.into();
        let handover = NamespaceReplicationConfig { state: handover, ..Default::default() };
        assert_eq!(refused(handover, false).unwrap(), "Handover can only be set for global namespace");
    }

    #[test]
    fn a_retention_is_an_hour_at_least() {
        let with = |seconds| {
            let workflow_execution_retention_ttl = Some(prost_wkt_types::Duration { seconds, nanos: 0 });
            let config = Some(NamespaceConfig { workflow_execution_retention_ttl, ..Default::default() });
            let mut namespace = Namespace::default();
            let request = UpdateNamespaceRequest { config, ..Default::default() };
            apply(&mut namespace, &request).map(|()| namespace.retention.unwrap().seconds).map_err(|it| it.code())
        };
        assert_eq!((with(7200), with(60)), (Ok(7200), Err(tonic::Code::InvalidArgument)));
    }
}
