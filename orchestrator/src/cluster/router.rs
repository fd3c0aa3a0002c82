//! Finds who owns what a call is about, and calls there.
//!
//! A call is repeated only if the one who was asked says that it did not own what was asked for and has done nothing:
//! everything else may have had an effect, and only the caller knows whether a repetition is harmless.

use super::config::Member;
use super::deadline::Limit;
use super::membership::Membership;
use super::peer::{Own, Peer};
use super::status;
use crate::store::Partition;
use resurgam_api::calls::{HistoryCall, MatchingCall};
use resurgam_api::environment::Environment;
use resurgam_api::internal::history_client::HistoryClient;
use resurgam_api::internal::matching_client::MatchingClient;
use resurgam_api::internal::{TaskKind, TaskQueue};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tonic::{Response, Status};
use xxhash_rust::xxh3::xxh3_64;

/// The largest message that is sent or received, in bytes.
pub const MESSAGE_LIMIT: usize = 64 << 20;
/// How long a call looks for the owner.
const SEARCH: Duration = Duration::from_secs(3);
/// How long it waits before it asks again.
const PAUSE: Duration = Duration::from_millis(50);

/// Ways to the owners of shards and task queues.
#[derive(Debug)]
pub struct Router {
    membership: Arc<Membership>,
    shards: u32,
    peers: BTreeMap<String, Peer>,
    own: Own,
}

impl Router {
    /// A router to the members of `membership`.
    ///
    /// # Errors
    /// The address of a member is not one.
    pub fn new(
        environment: &Arc<dyn Environment>,
        membership: Arc<Membership>,
        shards: u32,
    ) -> Result<Self, tonic::transport::Error> {
        let own = Own::default();
        let peer = |member: &Member| match member.name == membership.name() {
            true => Ok(Peer::Own(own.clone())),
            false => environment.channel(&member.address).map(Peer::Other),
        };
        let members = membership.members().iter();
        let peers = members.map(|member| Ok((member.name.clone(), peer(member)?)));
        let peers = peers.collect::<Result<_, tonic::transport::Error>>()?;
        Ok(Self { membership, shards: shards.max(1), peers, own })
    }

    /// Where this node's own services have to be handed in before they can be called.
    pub fn own(&self) -> &Own {
        &self.own
    }

    /// The shard of a workflow.
    #[must_use]
    pub fn shard(&self, namespace_id: &str, workflow_id: &str) -> u32 {
        let hash = xxh3_64(format!("{namespace_id}\n{workflow_id}").as_bytes());
        // The remainder is below a u32.
        (hash % u64::from(self.shards)) as u32
    }

    /// The address of the node that owns a task queue, as far as this one knows.
    #[must_use]
    pub(crate) fn queue_owner(&self, queue: &TaskQueue) -> Option<&str> {
        self.membership.owner(&queue_partition(queue).to_string()).map(|member| member.address.as_str())
    }

    /// Calls the owner of the shard of a workflow. The request may be sent more than once.
    ///
    /// # Errors
    /// As the owner says, or UNAVAILABLE.
    pub async fn history<C: HistoryCall>(&self, call: C, limit: Limit) -> Result<C::Answer, Status> {
        let target = call.target().ok_or_else(|| Status::invalid_argument("the call names no workflow"))?;
        let name = shard_name(self.shard(&target.namespace_id, &target.workflow_id));
        self.owner(&name, |peer| {
            let client = HistoryClient::new(peer).max_decoding_message_size(MESSAGE_LIMIT);
            C::send(limit.on(call.clone()), client.max_encoding_message_size(MESSAGE_LIMIT))
        })
        .await
    }

    /// Calls the owner of a task queue. The request may be sent more than once.
    ///
    /// # Errors
    /// As the owner says, or UNAVAILABLE.
    pub(crate) async fn matching<C: MatchingCall>(&self, call: C, limit: Limit) -> Result<C::Answer, Status> {
        let queue = call.queue().ok_or_else(|| Status::invalid_argument("the call names no task queue"))?;
        self.owner(&queue_partition(&queue).to_string(), |peer| {
            let client = MatchingClient::new(peer).max_decoding_message_size(MESSAGE_LIMIT);
            C::send(limit.on(call.clone()), client.max_encoding_message_size(MESSAGE_LIMIT))
        })
        .await
    }

    async fn owner<T, F>(&self, name: &str, call: impl Fn(Peer) -> F) -> Result<T, Status>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let until = Instant::now() + SEARCH;
        loop {
            let peer = self.membership.owner(name).and_then(|member| self.peers.get(&member.name));
            let problem = match peer {
                None => status::not_owner(format!("nobody owns {name}")),
                Some(peer) => match call(peer.clone()).await {
                    Ok(response) => return Ok(response.into_inner()),
                    Err(problem) => status::of_peer(problem),
                },
            };
            if !status::is_not_owner(&problem) || Instant::now() >= until {
                return Err(problem);
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The partition of a shard, by which it is owned.
#[must_use]
pub(crate) fn shard_name(shard: u32) -> String {
    format!("shard/{shard}")
}

/// The partition of a task queue; as text it is the name by which the queue is owned.
#[must_use]
pub(crate) fn queue_partition(queue: &TaskQueue) -> Partition {
    let kind = if queue.kind() == TaskKind::Activity { "activity" } else { "workflow" };
    Partition::queue(format!("{}/{kind}/{}", queue.namespace_id, queue.name))
}
