//! Runs the services of one node until it is told to stop.

use super::calls;
use super::connections::{self, ConnectionLimits};
use super::{message_size, reflection, refusal_size};
use crate::cluster::Config;
use crate::cluster::membership::Membership;
use crate::cluster::namespaces::Registry;
use crate::cluster::router::{MESSAGE_LIMIT, Router};
use crate::frontend::handler::Frontend;
use crate::frontend::operator::Operator;
use crate::history;
use crate::history::shard::Listing;
use crate::matching;
use crate::store::Store;
use futures_util::future::BoxFuture;
use resurgam_api::environment::{Environment, Incoming};
use resurgam_api::internal::history_server::HistoryServer;
use resurgam_api::internal::matching_server::MatchingServer;
use resurgam_api::{OperatorServiceServer, WorkflowServiceServer};
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding::Gzip;
use tonic::service::Routes;
use tonic::transport::Server;

/// How long calls in flight may take to end when the node stops.
const FAREWELL: Duration = Duration::from_secs(1);

/// How often a client is asked for a sign of life, and how long it may take to give one.
const PING: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(20);
/// Calls at a time on a connection of a client; it waits with more.
pub(super) const STREAMS: u32 = 1_000;
/// Calls at a time on a connection of another node, which carries what all its clients want, polls included.
pub(super) const INNER_STREAMS: u32 = 100_000;

/// A node could not be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A port is taken, or an address is not one of this machine.
    #[error("cannot listen on {address}: {problem}")]
    Listen {
        /// The address that was asked for.
        address: String,
        /// What the system says.
        problem: io::Error,
    },
    /// A member's address is not one, or a connection broke the server.
    #[error(transparent)]
    Transport(#[from] tonic::transport::Error),
    /// The reflection service does not like the descriptors.
    #[error("no reflection: {0}")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The node's own name is not in the list of members.
    #[error("{0} is not a member")]
    Stranger(String),
}

/// Runs a node on `store` until `stop` is cancelled. It serves as soon as it listens.
///
/// # Errors
/// It cannot listen, or its configuration is wrong.
pub async fn run(
    environment: Arc<dyn Environment>,
    config: Config,
    store: Arc<dyn Store>,
    stop: CancellationToken,
) -> Result<(), Error> {
    Node::listen(environment, config, store).await?.serve(stop).await
}

/// A node that listens and does not serve yet: whoever calls waits for it.
pub struct Node {
    environment: Arc<dyn Environment>,
    config: Config,
    store: Arc<dyn Store>,
    /// Where clients and workers call.
    outside: Incoming,
    /// Where other nodes call.
    inside: Incoming,
}

impl Node {
    /// Begins to listen.
    ///
    /// # Errors
    /// It cannot listen, or it is not in the list of members.
    pub async fn listen(
        environment: Arc<dyn Environment>,
        config: Config,
        store: Arc<dyn Store>,
    ) -> Result<Self, Error> {
        if !config.members.iter().any(|member| member.name == config.name) {
            return Err(Error::Stranger(config.name));
        }
        let outside = listen(environment.as_ref(), &config.frontend).await?;
        let inside = listen(environment.as_ref(), &config.internal).await?;
        Ok(Self { environment, config, store, outside, inside })
    }

    /// Serves until `stop` is cancelled.
    ///
    /// # Errors
    /// The address of a member is not one, or a connection broke the server.
    pub fn serve(self, stop: CancellationToken) -> BoxFuture<'static, Result<(), Error>> {
        // Boxed, so that all that serves is compiled here, and not again in every program that polls it.
        Box::pin(self.served(stop))
    }

    async fn served(self, stop: CancellationToken) -> Result<(), Error> {
        let Self { environment, config, store, outside, inside } = self;
        // Whatever ends this function ends what it has started.
        let _guard = stop.clone().drop_guard();
        let membership = Arc::new(Membership::new(&config));
        let router = Arc::new(Router::new(&environment, Arc::clone(&membership), config.shards)?);
        let registry = Arc::new(Registry::new(Arc::clone(&environment), Arc::clone(&store), config.name.clone()));
        let (health, checks) = tonic_health::server::health_reporter();
        // Official SDKs compress whatever they send.
        let checks = checks.accept_compressed(Gzip).send_compressed(Gzip);
        health
            .set_service_status("temporal.api.workflowservice.v1.WorkflowService", tonic_health::ServingStatus::Serving)
            .await;
        membership.start(&environment, &config, &stop);

        let list = Listing::new(Arc::clone(&store), Arc::clone(&router), config.shards);
        let frontend = Frontend::new(
            Arc::clone(&environment),
            Arc::clone(&registry),
            Arc::clone(&router),
            Arc::new(list),
            &config,
        );
        let frontend = WorkflowServiceServer::new(frontend)
            .accept_compressed(Gzip)
            .send_compressed(Gzip)
            .max_decoding_message_size(message_size::LARGEST)
            .max_encoding_message_size(MESSAGE_LIMIT);
        let operator = OperatorServiceServer::new(Operator::new(Arc::clone(&registry)))
            .accept_compressed(Gzip)
            .send_compressed(Gzip)
            .max_decoding_message_size(message_size::LARGEST)
            .max_encoding_message_size(MESSAGE_LIMIT);
        let public = reflection::routes()?.add_service(frontend).add_service(operator).add_service(checks.clone());
        let public = calls::logged(refusal_size::bounded(message_size::in_known_words(public)));

        let matching = matching::service::MatchingService::new(
            Arc::clone(&environment),
            Arc::clone(&store),
            Arc::clone(&router),
            Arc::clone(&membership),
            config.name.clone(),
            stop.clone(),
        );
        let matching = MatchingServer::new(matching)
            .max_decoding_message_size(MESSAGE_LIMIT)
            .max_encoding_message_size(MESSAGE_LIMIT);
        let dependencies = history::shards::Dependencies {
            environment,
            store,
            router: Arc::clone(&router),
            registry,
            membership,
            node: config.name.clone(),
            shards: config.shards,
            tasks: config.tasks,
        };
        let history = HistoryServer::new(history::service::HistoryService::start(dependencies, stop.clone()))
            .max_decoding_message_size(MESSAGE_LIMIT)
            .max_encoding_message_size(MESSAGE_LIMIT);
        let private = refusal_size::bounded(Routes::new(matching).add_service(history).add_service(checks));
        let _serving = router.own().serve(private.clone());

        tracing::info!(node = config.name, frontend = config.frontend, internal = config.internal, "serving");
        let (clients, nodes) = ConnectionLimits::shared(config.connections);
        let served = tokio::try_join!(
            serve(public, connections::admit(outside, clients), STREAMS, &stop),
            serve(private, connections::admit(inside, nodes), INNER_STREAMS, &stop)
        );
        tracing::info!(node = config.name, "stopped");
        served.map(|_| ())
    }
}

async fn listen(environment: &dyn Environment, address: &str) -> Result<Incoming, Error> {
    let listening = environment.listen(address).await;
    listening.map_err(|problem| Error::Listen { address: address.to_owned(), problem })
}

/// Serves until told to stop; then lets calls in flight end, but not for long, since polls wait for a minute.
async fn serve(routes: Routes, incoming: Incoming, streams: u32, stop: &CancellationToken) -> Result<(), Error> {
    let serving = Server::builder()
        .http2_keepalive_interval(Some(PING))
        .http2_keepalive_timeout(Some(PATIENCE))
        .max_concurrent_streams(streams)
        // Whoever gives up calls that are not begun here yet, as many as he may have, does not lose all others with them.
        .http2_max_pending_accept_reset_streams(usize::try_from(streams).ok())
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, stop.cancelled());
    tokio::select! {
        biased;
        served = serving => Ok(served?),
        () = async { stop.cancelled().await; tokio::time::sleep(FAREWELL).await } => Ok(()),
    }
}
