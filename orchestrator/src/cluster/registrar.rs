//! Registers namespaces, beside other nodes that do the same at the same time.
//!
//! Any node may: it takes the tenure of their partition, looks whether the name is free, and commits. It keeps the tenure until
//! another node takes it. Who loses it in the middle begins again, with the same id: whether an attempt before had taken
//! effect is seen by that id, so a registration is neither lost nor done twice.
//!
//! There is no owner by hash, to whom the others would send theirs. Namespaces are registered seldom, and an owner chosen
//! by views that differ would need the same repetition.

use super::namespace::{Namespace, damaged, decode, id_key, key, partition};
use super::status;
use crate::log::{Backoff, Error, Group, Log, Outcome};
use crate::planted::{Bug, planted};
use crate::store::Store;
use prost::Message as _;
use resurgam_api::environment::Environment;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};
use tonic::Status;

/// How long a registration is tried, from its call on.
const PATIENCE: Duration = Duration::from_secs(8);

/// Where a node registers namespaces, one after the other.
pub(super) struct Registrar {
    environment: Arc<dyn Environment>,
    store: Arc<dyn Store>,
    node: String,
    /// The tenure, since somebody registered something here.
    log: Mutex<Option<Log>>,
}

/// Why an attempt has not registered the namespace.
enum Failed {
    /// It has taken no effect, or may have; another one may.
    Now(&'static str),
    /// So would every other.
    Always(Status),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        match error {
            Error::Unavailable(problem) => {
                tracing::warn!(problem, "cannot reach the namespaces");
                Self::Now("the store of the namespaces does not answer")
            }
            Error::Lost => Self::Now("another node registers namespaces"),
        }
    }
}

impl Registrar {
    /// A registrar of the namespaces in `store`; `node` is the name of this node.
    pub(super) fn new(environment: Arc<dyn Environment>, store: Arc<dyn Store>, node: String) -> Self {
        Self { environment, store, node, log: Mutex::default() }
    }

    /// Registers a namespace, whose id is new.
    ///
    /// # Errors
    /// ALREADY_EXISTS if there is another one of this name, INVALID_ARGUMENT if the store will never take it, or UNAVAILABLE, after
    /// which it may exist, or if what is stored under its name cannot be.
    pub(super) async fn register(&self, namespace: &Namespace) -> Result<(), Status> {
        // A row that is there stays. That there is none counts only if the commit is applied.
        let decide = |found: Option<Namespace>| match found {
            Some(found) if found.id == namespace.id => Ok(None),
            Some(_) => Err(status::namespace_already_exists(&namespace.name)),
            None => {
                let mut group = Group::default();
                group.begin();
                group.put(key(&namespace.name), Some(namespace.encode_to_vec().into()));
                group.put(id_key(&namespace.id), Some(namespace.name.clone().into()));
                Ok(Some(group))
            }
        };
        self.decide(&namespace.name, decide).await
    }

    /// Changes a namespace as `change` says; what it is then. A change may be made more than once, of what is there each time.
    ///
    /// # Errors
    /// Those of `change`; NOT_FOUND, or UNAVAILABLE, after which it may be changed.
    pub(super) async fn change(
        &self,
        name: &str,
        change: impl Fn(&mut Namespace) -> Result<(), Status> + Send + Sync,
    ) -> Result<Namespace, Status> {
        let changed = std::sync::Mutex::new(None);
        let decide = |found: Option<Namespace>| {
            let found = found.ok_or_else(|| status::namespace_not_found(name))?;
            let mut after = found.clone();
            change(&mut after)?;
            *changed.lock().unwrap_or_else(PoisonError::into_inner) = Some(after.clone());
            if after == found {
                return Ok(None);
            }
            let mut group = Group::default();
            group.begin();
            group.put(key(name), Some(after.encode_to_vec().into()));
            Ok(Some(group))
        };
        self.decide(name, decide).await?;
        let changed = changed.into_inner().unwrap_or_else(PoisonError::into_inner);
        changed.ok_or_else(|| status::namespace_not_found(name))
    }

    /// Commits what `decide` says of a namespace as it is, again and again until that is certain; `None`: nothing.
    async fn decide(
        &self,
        name: &str,
        decide: impl Fn(Option<Namespace>) -> Result<Option<Group>, Status> + Send + Sync,
    ) -> Result<(), Status> {
        let until = Instant::now() + PATIENCE;
        let busy = |_| Status::unavailable("too many namespaces are being registered");
        let mut log = timeout_at(until, self.log.lock()).await.map_err(busy)?;
        let mut backoff = Backoff::new(Arc::clone(&self.environment));
        loop {
            match self.attempt(&mut log, name, &decide).await {
                Ok(()) => return Ok(()),
                Err(Failed::Always(status)) => return Err(status),
                Err(Failed::Now(problem)) if Instant::now() >= until || planted(Bug::RegistrationsContend) => {
                    return Err(Status::unavailable(problem));
                }
                Err(Failed::Now(problem)) => tracing::debug!(namespace = name, problem, "tries it again"),
            }
            backoff.wait().await;
        }
    }

    async fn attempt(
        &self,
        log: &mut Option<Log>,
        name: &str,
        decide: &(impl Fn(Option<Namespace>) -> Result<Option<Group>, Status> + Send + Sync),
    ) -> Result<(), Failed> {
        let log = match log {
            Some(held) if held.is_held() && !planted(Bug::RegistrationsContend) => held,
            _ => {
                let (store, environment) = (Arc::clone(&self.store), Arc::clone(&self.environment));
                log.insert(Log::open(store, environment, partition(), &self.node).await?)
            }
        };
        let key = key(name);
        let row = log.look(&key).await?;
        let found = row.map(|row| decode(&key, row).map_err(|flaw| Failed::Always(damaged(&key, &flaw))));
        let Some(group) = decide(found.transpose()?).map_err(Failed::Always)? else { return Ok(()) };
        match log.commit(group).await {
            Outcome::Applied | Outcome::Settled => Ok(()),
            Outcome::Refused(reason) => Err(Failed::Always(Status::invalid_argument(reason))),
            Outcome::Absent => Err(Failed::Now("the store did not take the namespace")),
            Outcome::Lost => {
                Err(Failed::Now("another node registers namespaces, and whether this one is, is in doubt"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::Memory;
    use crate::testing::{Demon, World};
    use futures_util::future::join_all;
    use tonic::Code;

    /// Three nodes over a store in which so many of 100 calls go wrong.
    fn nodes(seed: u64, malice: u64) -> (Arc<World>, Arc<Memory>, Vec<Registrar>) {
        let (world, truth) = (World::new(seed), Arc::new(Memory::new()));
        let store = Demon::new(Arc::clone(&truth), Arc::clone(&world), malice);
        let node = |number| Registrar::new(world.clone(), store.clone(), format!("node-{number}"));
        let nodes = (0..3).map(node).collect();
        (world, truth, nodes)
    }

    fn namespace(name: &str, id: &str) -> Namespace {
        Namespace { name: name.into(), id: id.into(), ..Namespace::default() }
    }

    #[tokio::test(start_paused = true)]
    async fn nodes_that_register_at_once_do_not_fail_each_other() {
        for seed in 0..20 {
            let (_, truth, nodes) = nodes(seed, 0);
            let all: Vec<_> = (0..24).map(|n| (n % 3, namespace(&format!("n{n}"), &format!("i{n}")))).collect();
            let answers = join_all(all.iter().map(|(node, one)| nodes[*node].register(one))).await;
            assert!(answers.iter().all(Result::is_ok), "{seed}: {answers:?}");
            let rows = truth.read(&partition(), String::new().."o".into(), 100).await.unwrap();
            assert_eq!(rows.len(), 48);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_is_registered_once_however_the_store_answers() {
        for seed in 0..60 {
            let (world, truth, nodes) = nodes(seed, 20);
            let all: Vec<_> = (0..3).map(|n| namespace("one", &format!("i{n}"))).collect();
            let answers = join_all(nodes.iter().zip(&all).map(|(node, one)| async {
                world.delay(100).await;
                node.register(one).await
            }));
            let answers = answers.await;
            let rows = truth.read(&partition(), String::new().."o".into(), 100).await.unwrap();
            let Some((key, row)) = rows.iter().find(|(key, _)| key.starts_with("namespace/")) else {
                assert!(
                    answers.iter().all(|answer| matches!(answer, Err(status) if status.code() == Code::Unavailable))
                );
                continue;
            };
            let there = decode(key, row.clone()).unwrap().id;
            assert_eq!(rows.len(), 2, "{seed}: no id of another attempt is left");
            for (answer, one) in answers.iter().zip(&all) {
                match answer {
                    Ok(()) => assert_eq!(one.id, there, "{seed}"),
                    Err(status) if status.code() == Code::AlreadyExists => assert_ne!(one.id, there, "{seed}"),
                    Err(status) => assert_eq!(status.code(), Code::Unavailable, "{seed}: {status}"),
                }
            }
        }
    }
}
