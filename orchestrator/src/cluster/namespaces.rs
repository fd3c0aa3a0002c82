//! Namespaces, as one node knows them. Names and ids never change once they are registered, so lookups read plainly and
//! what was found once is kept. What may change is looked at again by who needs it: search attributes and descriptions each
//! time, the rest once a minute.
//!
//! A row that cannot be what was written is no absence of a namespace, which a client would believe: whoever asks for it is
//! told UNAVAILABLE until somebody has mended the row, and everybody else is served.

use super::namespace::{Namespace, PREFIX, damaged, decode, id_key, key, partition};
use super::registrar::Registrar;
use super::{Rejection, status};
use crate::store::{Head, Store, prefixed};
use bytes::Bytes;
use prost_wkt_types::Duration as Span;
use resurgam_api::environment::Environment;
use resurgam_api::temporal::enums::v1::ResourceExhaustedCause;
use resurgam_api::temporal::workflowservice::v1::RegisterNamespaceRequest;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tonic::Status;
use uuid::{Builder, Uuid};

/// All namespaces, as one node knows them.
pub struct Registry {
    environment: Arc<dyn Environment>,
    store: Arc<dyn Store>,
    known: Mutex<Known>,
    /// The head of their partition when all of them were read last.
    read_at: Mutex<Option<Head>>,
    registrar: Registrar,
}

/// How many there are at most, as far as the node that registers one more has heard: every node knows all of them.
pub(crate) const MOST: usize = 20_000;

/// What a node has heard of.
#[derive(Default)]
struct Known {
    by_name: BTreeMap<String, Namespace>,
    /// The name of each id.
    names: BTreeMap<String, String>,
}

impl Registry {
    /// The namespaces in `store`; `node` is the name of this node.
    pub fn new(environment: Arc<dyn Environment>, store: Arc<dyn Store>, node: impl Into<String>) -> Self {
        let registrar = Registrar::new(Arc::clone(&environment), Arc::clone(&store), node.into());
        Self { environment, store, known: Mutex::default(), read_at: Mutex::default(), registrar }
    }

    /// A namespace by its name.
    ///
    /// # Errors
    /// NOT_FOUND with Temporal's details, or UNAVAILABLE.
    pub async fn find(&self, name: &str) -> Result<Namespace, Status> {
        let known = self.known().by_name.get(name).cloned();
        match known {
            Some(known) => Ok(known),
            None => self.look(name).await,
        }
    }

    /// A namespace by its name, as it is stored now: search attributes come and go.
    ///
    /// # Errors
    /// As [`Registry::find`].
    pub(crate) async fn look(&self, name: &str) -> Result<Namespace, Status> {
        let key = key(name);
        let row = self.row(&key).await?.ok_or_else(|| status::namespace_not_found(name))?;
        let found = decode(&key, row).map_err(|flaw| damaged(&key, &flaw))?;
        self.keep(&found);
        Ok(found)
    }

    /// A namespace by its id.
    ///
    /// # Errors
    /// As [`Registry::find`].
    pub(crate) async fn find_by_id(&self, id: &str) -> Result<Namespace, Status> {
        let known = self.name(id);
        let name = match known {
            Some(name) => name,
            None => {
                let key = id_key(id);
                let row = self.row(&key).await?.ok_or_else(|| status::namespace_not_found(id))?;
                String::from_utf8(row.into()).map_err(|problem| damaged(&key, &problem.to_string()))?
            }
        };
        self.find(&name).await
    }

    /// The name of a namespace, which is read if it is not known here.
    ///
    /// # Errors
    /// As [`Registry::find`].
    pub(crate) async fn name_of(&self, id: &str) -> Result<String, Status> {
        match self.name(id) {
            Some(name) => Ok(name),
            None => self.find_by_id(id).await.map(|found| found.name),
        }
    }

    /// The namespaces that follow the one named `after`, or the first ones: `count` of them at most, in the order of their
    /// rows, which is that of their names.
    ///
    /// # Errors
    /// UNAVAILABLE, also if one of them cannot be read: without it the list would say that it is not there.
    pub async fn list(&self, after: Option<&str>, count: usize) -> Result<Vec<Namespace>, Status> {
        let mut range = prefixed(PREFIX);
        if let Some(after) = after {
            range.start = format!("{}\0", key(after));
        }
        let rows = self.store.read(&partition(), range, count).await;
        let rows = rows.map_err(|problem| Status::unavailable(problem.to_string()))?;
        let mut found = Vec::new();
        for (key, row) in rows {
            let namespace = decode(&key, row).map_err(|flaw| damaged(&key, &flaw))?;
            self.keep(&namespace);
            found.push(namespace);
        }
        Ok(found)
    }

    /// Reads all of them, so that their names are known.
    ///
    /// # Errors
    /// UNAVAILABLE.
    async fn read_all(&self) -> Result<(), Status> {
        const PAGE: usize = 1000;
        let mut after: Option<String> = None;
        loop {
            let page = self.list(after.as_deref(), PAGE).await?;
            match page.into_iter().nth(PAGE - 1) {
                Some(last) => after = Some(last.name),
                None => return Ok(()),
            }
        }
    }

    /// Reads all of them, unless nobody has registered or changed one since that was done last.
    ///
    /// # Errors
    /// UNAVAILABLE.
    pub(crate) async fn read_changes(&self) -> Result<(), Status> {
        let head = self.store.head(&partition()).await.map_err(|problem| Status::unavailable(problem.to_string()))?;
        if head.is_none() || *self.read_at() != head {
            self.read_all().await?;
            // What came in the meantime is read once more, the next time.
            *self.read_at() = head;
        }
        Ok(())
    }

    fn read_at(&self) -> MutexGuard<'_, Option<Head>> {
        self.read_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of the row with exactly this key.
    async fn row(&self, key: &str) -> Result<Option<Bytes>, Status> {
        let range = key.to_owned()..format!("{key}\0");
        let rows = self.store.read(&partition(), range, 1).await;
        let rows = rows.map_err(|problem| Status::unavailable(problem.to_string()))?;
        Ok(rows.into_iter().next().map(|(_, row)| row))
    }

    /// The name of a namespace, as far as this node has heard of it.
    #[must_use]
    pub fn name(&self, id: &str) -> Option<String> {
        self.known().names.get(id).cloned()
    }

    /// How long a namespace keeps closed workflows, as far as this node has heard of it.
    #[must_use]
    pub fn retention(&self, id: &str) -> Option<Span> {
        let known = self.known();
        let retention = known.by_name.get(known.names.get(id)?)?.retention;
        Some(retention.unwrap_or(Span { seconds: USUAL_RETENTION, nanos: 0 }))
    }

    /// Registers a namespace.
    ///
    /// # Errors
    /// ALREADY_EXISTS with Temporal's details, RESOURCE_EXHAUSTED if there are too many, or UNAVAILABLE, after which it may
    /// exist.
    pub async fn register(&self, request: &RegisterNamespaceRequest) -> Result<(), Status> {
        let namespace = Namespace {
            id: self.uuid().to_string(),
            name: request.namespace.clone(),
            description: request.description.clone(),
            owner: request.owner_email.clone(),
            retention: request.workflow_execution_retention_period,
            data: request.data.clone().into_iter().collect(),
            search_attributes: BTreeMap::new(),
            deprecated: false,
        };
        if self.known().names.len() >= MOST {
            return Err(status::of(&Rejection::ResourceExhausted {
                message: format!("there are {MOST} namespaces already"),
                cause: ResourceExhaustedCause::PersistenceStorageLimit.into(),
            }));
        }
        self.registrar.register(&namespace).await?;
        tracing::info!(namespace = namespace.name, id = namespace.id, "namespace registered");
        self.keep(&namespace);
        Ok(())
    }

    /// Changes a namespace as `change` says, which may be asked more than once; what it is then.
    ///
    /// # Errors
    /// Those of `change`; NOT_FOUND with Temporal's details, or UNAVAILABLE, after which it may be changed.
    pub(crate) async fn change(
        &self,
        name: &str,
        change: impl Fn(&mut Namespace) -> Result<(), Status> + Send + Sync,
    ) -> Result<Namespace, Status> {
        let changed = self.registrar.change(name, change).await?;
        self.keep(&changed);
        Ok(changed)
    }

    fn keep(&self, namespace: &Namespace) {
        let mut known = self.known();
        known.names.insert(namespace.id.clone(), namespace.name.clone());
        known.by_name.insert(namespace.name.clone(), namespace.clone());
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn uuid(&self) -> Uuid {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.environment.random().to_be_bytes());
        bytes[8..].copy_from_slice(&self.environment.random().to_be_bytes());
        Builder::from_random_bytes(bytes).into_uuid()
    }
}

/// How long closed workflows are kept where nobody has said it, in seconds: a day, as by Temporal.
const USUAL_RETENTION: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Rows;
    use crate::store::memory::Memory;
    use crate::testing::{Demon, World};
    use prost::Message as _;
    use tonic::Code;

    /// Namespaces `a` and `b`, of which no node has heard, in a store in which these rows stand in place of others.
    async fn with(rows: Rows) -> Registry {
        let (world, store) = (World::new(1), Arc::new(Memory::new()));
        let registry = || Registry::new(world.clone(), store.clone(), "node");
        for name in ["a", "b"] {
            let request = RegisterNamespaceRequest { namespace: name.into(), ..Default::default() };
            registry().register(&request).await.unwrap();
        }
        store.append(&partition(), rows).await.unwrap();
        registry()
    }

    #[tokio::test]
    async fn a_namespace_is_found_by_its_name_and_its_id() {
        let registry = with(Rows::new()).await;
        assert_eq!(registry.find("c").await.unwrap_err().code(), Code::NotFound);
        assert_eq!(registry.find_by_id("c").await.unwrap_err().code(), Code::NotFound);
        let names: Vec<_> = registry.list(None, 9).await.unwrap().into_iter().map(|found| found.name).collect();
        assert_eq!(names, ["a", "b"]);
        let id = registry.find("a").await.unwrap().id;
        // The same chance gives the same ids.
        let restarted = with(Rows::new()).await;
        assert_eq!(restarted.find_by_id(&id).await.unwrap().name, "a");
    }

    #[tokio::test]
    async fn a_node_that_has_started_learns_a_name() {
        let store = Arc::new(Memory::new());
        let registry = || Registry::new(World::new(1), store.clone(), "node");
        registry().register(&RegisterNamespaceRequest { namespace: "a".into(), ..Default::default() }).await.unwrap();
        let id = registry().find("a").await.unwrap().id;
        let started = registry();
        assert_eq!(started.name(&id), None);
        assert_eq!(started.name_of(&id).await.unwrap(), "a");
        assert_eq!(started.name(&id).as_deref(), Some("a"));
        assert_eq!(started.name_of("c").await.unwrap_err().code(), Code::NotFound);
    }

    #[tokio::test(start_paused = true)]
    async fn who_registers_a_namespace_does_not_hear_of_others_who_do() {
        let world = World::new(1);
        let store = Demon::new(Arc::new(Memory::new()), world.clone(), 0);
        let registry = Registry::new(world, store, "node");
        let requests: Vec<_> = (0..32)
            .map(|number| RegisterNamespaceRequest { namespace: format!("n{number}"), ..Default::default() })
            .collect();
        let registered = futures_util::future::join_all(requests.iter().map(|one| registry.register(one))).await;
        assert!(registered.iter().all(Result::is_ok), "{registered:?}");
        assert_eq!(registry.list(None, 100).await.unwrap().len(), 32);
    }

    #[tokio::test]
    async fn there_are_not_more_namespaces_than_every_node_can_know() {
        let registry = with(Rows::new()).await;
        let names = (0..MOST).map(|number| (number.to_string(), number.to_string()));
        registry.known().names.extend(names);
        let request = RegisterNamespaceRequest { namespace: "one more".into(), ..Default::default() };
        assert_eq!(registry.register(&request).await.unwrap_err().code(), Code::ResourceExhausted);
        assert!(registry.find("a").await.is_ok());
    }

    #[tokio::test]
    async fn a_row_that_cannot_be_is_not_taken_for_none() {
        let other = Namespace { name: "b".into(), ..Namespace::default() };
        for row in [vec![0xff], other.encode_to_vec()] {
            let registry = with(vec![(key("a"), row.into())]).await;
            assert_eq!(registry.find("a").await.unwrap_err().code(), Code::Unavailable);
            assert_eq!(registry.list(None, 9).await.unwrap_err().code(), Code::Unavailable);
            assert_eq!(registry.find("b").await.unwrap().name, "b", "it is confined");
        }
        let registry = with(vec![(id_key("a"), vec![0xff].into())]).await;
        assert_eq!(registry.find_by_id("a").await.unwrap_err().code(), Code::Unavailable);
    }
}
