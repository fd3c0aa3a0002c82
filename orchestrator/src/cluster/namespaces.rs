//! Namespaces: rows of one partition. A registration takes the partition's tenure, looks whether the name is free, and
//! commits; names and ids never change afterwards, so lookups read plainly and what was found once is kept.

use super::status;
use crate::log::{self, Group, Log, Outcome};
use crate::store::{Partition, Store, prefixed};
use prost::Message as _;
use prost_wkt_types::Duration as Span;
use resurgam_api::environment::Environment;
use resurgam_api::temporal::workflowservice::v1::RegisterNamespaceRequest;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tonic::Status;
use uuid::{Builder, Uuid};

/// A registered namespace, as it is stored.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Namespace {
    /// Its id, a UUID.
    #[prost(string, tag = "1")]
    pub id: String,
    /// Its name, which never changes.
    #[prost(string, tag = "2")]
    pub name: String,
    /// What its owner says about it.
    #[prost(string, tag = "3")]
    pub description: String,
    /// Mail address of its owner.
    #[prost(string, tag = "4")]
    pub owner: String,
    /// How long closed workflows are to be kept.
    #[prost(message, optional, tag = "5")]
    pub retention: Option<Span>,
    /// What else its owner wants to be kept with it.
    #[prost(btree_map = "string, string", tag = "6")]
    pub data: BTreeMap<String, String>,
}

/// All namespaces, as one node knows them.
pub struct Registry {
    environment: Arc<dyn Environment>,
    store: Arc<dyn Store>,
    node: String,
    known: Mutex<BTreeMap<String, Namespace>>,
}

impl Registry {
    /// The namespaces in `store`; `node` is the name of this node.
    pub fn new(environment: Arc<dyn Environment>, store: Arc<dyn Store>, node: impl Into<String>) -> Self {
        Self { environment, store, node: node.into(), known: Mutex::default() }
    }

    /// A namespace by its name.
    ///
    /// # Errors
    /// NOT_FOUND with Temporal's details, or UNAVAILABLE.
    pub async fn find(&self, name: &str) -> Result<Namespace, Status> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let range = prefixed(&key(name));
        let rows = self.store.read(&partition(), range, 1).await.map_err(|e| Status::unavailable(e.to_string()))?;
        match rows.first().and_then(|(_, row)| Namespace::decode(row.clone()).ok()) {
            Some(found) if found.name == name => {
                self.keep(&found);
                Ok(found)
            }
            _ => Err(status::namespace_not_found(name)),
        }
    }

    /// A namespace by its id.
    ///
    /// # Errors
    /// As [`Registry::find`].
    pub(crate) async fn find_by_id(&self, id: &str) -> Result<Namespace, Status> {
        let known = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.values().find(|namespace| namespace.id == id).cloned()
        };
        if let Some(known) = known {
            return Ok(known);
        }
        let found = self.list().await?.into_iter().find(|namespace| namespace.id == id);
        found.ok_or_else(|| status::namespace_not_found(id))
    }

    /// All namespaces by name.
    ///
    /// # Errors
    /// UNAVAILABLE.
    pub async fn list(&self) -> Result<Vec<Namespace>, Status> {
        const PAGE: usize = 1000;
        let mut all = Vec::new();
        let mut range = prefixed(PREFIX);
        loop {
            let rows = self.store.read(&partition(), range.clone(), PAGE).await;
            let rows = rows.map_err(|e| Status::unavailable(e.to_string()))?;
            all.extend(rows.iter().filter_map(|(_, row)| Namespace::decode(row.clone()).ok()));
            match rows.last() {
                Some((last, _)) if rows.len() == PAGE => range.start = format!("{last}\0"),
                _ => break,
            }
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        all.iter().for_each(|namespace| self.keep(namespace));
        Ok(all)
    }

    /// The name of a namespace, as far as this node has heard of it.
    #[must_use]
    pub fn name(&self, id: &str) -> Option<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().find(|namespace| namespace.id == id).map(|namespace| namespace.name.clone())
    }

    /// Registers a namespace.
    ///
    /// # Errors
    /// ALREADY_EXISTS with Temporal's details, or UNAVAILABLE, after which it may exist.
    pub async fn register(&self, request: &RegisterNamespaceRequest) -> Result<(), Status> {
        let namespace = Namespace {
            id: self.uuid().to_string(),
            name: request.namespace.clone(),
            description: request.description.clone(),
            owner: request.owner_email.clone(),
            retention: request.workflow_execution_retention_period,
            data: request.data.clone().into_iter().collect(),
        };
        let unavailable = |problem: log::Error| Status::unavailable(problem.to_string());
        let (store, environment) = (Arc::clone(&self.store), Arc::clone(&self.environment));
        let mut log = Log::open(store, environment, partition(), &self.node).await.map_err(unavailable)?;
        let key = key(&namespace.name);
        if log.get(&key).await.map_err(unavailable)?.is_some() {
            return Err(status::namespace_already_exists());
        }
        let mut group = Group::default();
        group.begin();
        group.put(key, Some(namespace.encode_to_vec().into()));
        match log.commit(group).await {
            Outcome::Applied | Outcome::Settled => {
                tracing::info!(namespace = namespace.name, id = namespace.id, "namespace registered");
                self.keep(&namespace);
                Ok(())
            }
            Outcome::Refused(reason) => Err(Status::invalid_argument(reason)),
            Outcome::Absent => Err(Status::unavailable("the namespace could not be registered")),
            Outcome::Lost => Err(Status::unavailable("whether the namespace is registered is in doubt")),
        }
    }

    fn keep(&self, namespace: &Namespace) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(namespace.name.clone(), namespace.clone());
    }

    fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.environment.random().to_be_bytes());
        bytes[8..].copy_from_slice(&self.environment.random().to_be_bytes());
        Builder::from_random_bytes(bytes).into_uuid()
    }
}

const PREFIX: &str = "namespace/";

fn key(name: &str) -> String {
    format!("{PREFIX}{}", name.escape_default())
}

fn partition() -> Partition {
    Partition::other("namespaces")
}
