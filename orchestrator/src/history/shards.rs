//! The shards that one node works on: those that it believes to be its own, whether or not anybody asks for them, since
//! their timers and transfers wait for nobody.

use super::remote::Remote;
use super::shard::{self, Listing, Shard};
use crate::cluster::membership::Membership;
use crate::cluster::namespaces::Registry;
use crate::cluster::router::{Router, shard_name};
use crate::cluster::status;
use crate::store::Store;
use resurgam_api::calls::HistoryCall;
use resurgam_api::environment::Environment;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::Status;

/// How often the namespaces are read anew: how long another node's change of one may be unknown here.
const NAMESPACES: Duration = Duration::from_secs(60);

/// What a node needs to work on shards.
pub struct Dependencies {
    /// The node's world.
    pub environment: Arc<dyn Environment>,
    /// Where shards are stored.
    pub store: Arc<dyn Store>,
    /// The way to other nodes.
    pub router: Arc<Router>,
    /// Names of namespaces.
    pub registry: Arc<Registry>,
    /// Who ought to own what.
    pub membership: Arc<Membership>,
    /// The node's name.
    pub node: String,
    /// How many shards there are.
    pub shards: u32,
    /// How many timers, and how many transfers, each holds in memory at most; `None` for what it holds unless told otherwise.
    pub tasks: Option<usize>,
}

/// The shards of one node.
#[derive(Clone)]
pub(crate) struct Shards {
    pub(super) dependencies: Arc<Dependencies>,
    remote: Arc<Remote>,
    open: Arc<Mutex<BTreeMap<u32, (Shard, CancellationToken)>>>,
    stop: CancellationToken,
}

impl Shards {
    /// Begins to work on the shards that are this node's, and follows changes of that until `stop` is cancelled.
    pub fn start(dependencies: Dependencies, stop: CancellationToken) -> Self {
        let (store, router) = (Arc::clone(&dependencies.store), Arc::clone(&dependencies.router));
        let list = Arc::new(Listing::new(store, Arc::clone(&router), dependencies.shards));
        let remote = Arc::new(Remote::new(router, Arc::clone(&dependencies.registry), list));
        let shards = Self { dependencies: Arc::new(dependencies), remote, open: Arc::default(), stop };
        let environment = Arc::clone(&shards.dependencies.environment);
        environment.spawn(Box::pin(shards.clone().follow()));
        shards
    }

    async fn follow(self) {
        let mut view = self.dependencies.membership.watch();
        // Names of namespaces, for events of workflows that nobody asks about here.
        self.read_namespaces().await;
        let mut again = tokio::time::interval_at(Instant::now() + NAMESPACES, NAMESPACES);
        loop {
            for number in 0..self.dependencies.shards {
                if self.dependencies.membership.is_mine(&shard_name(number)) {
                    self.open(number);
                } else if let Some((_, stop)) = self.lock().remove(&number) {
                    stop.cancel();
                }
            }
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                changed = view.changed() => if changed.is_err() { return },
                _ = again.tick() => self.read_namespaces().await,
            }
        }
    }

    async fn read_namespaces(&self) {
        if let Err(problem) = self.dependencies.registry.read_changes().await {
            tracing::warn!(%problem, "cannot read the namespaces");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u32, (Shard, CancellationToken)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, number: u32) -> Shard {
        let mut open = self.lock();
        let (shard, _) = open.entry(number).or_insert_with(|| {
            let stop = self.stop.child_token();
            let mut config = shard::ShardConfig::new(number, &self.dependencies.node);
            config.timers = self.dependencies.tasks.unwrap_or(config.timers);
            config.transfers = self.dependencies.tasks.unwrap_or(config.transfers);
            let (store, dispatcher) = (Arc::clone(&self.dependencies.store), Arc::clone(&self.remote) as _);
            (Shard::start(store, &self.dependencies.environment, dispatcher, config, stop.clone()), stop)
        });
        shard.clone()
    }

    /// The shard of the workflow that a call is about, if it is this node's.
    pub(super) fn shard(&self, call: &impl HistoryCall) -> Result<Shard, Status> {
        let target = call.target().ok_or_else(|| Status::invalid_argument("the call names no workflow"))?;
        let (namespace_id, workflow_id) = (target.namespace_id.as_str(), target.workflow_id.as_str());
        let number = self.dependencies.router.shard(namespace_id, workflow_id);
        if !self.dependencies.membership.is_mine(&shard_name(number)) || self.stop.is_cancelled() {
            return Err(status::not_owner(format!("shard {number} belongs to another node")));
        }
        Ok(self.open(number))
    }
}
