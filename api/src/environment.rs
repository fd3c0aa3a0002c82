//! What an orchestrator needs to run in any world: to listen, to connect, to know the time, to draw, to spawn.
//!
//! An orchestrator that takes these from an [`Environment`] runs as it is on a machine, in a container, and in the
//! deterministic simulation, where time, network and chance are given. It never asks which world it is in.

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tonic::transport::server::Connected;
use tonic::transport::{Channel, Endpoint};

/// How the message of a panic begins that is an assertion of the orchestrator's own: something that cannot be. The simulation
/// quotes such a message in its recording, so it must hold only what repeats; of other panics it tells the place alone.
pub const BROKEN: &str = "broken invariant: ";

/// The world as one node of an orchestrator sees it.
#[async_trait]
pub trait Environment: Send + Sync + 'static {
    /// The node's wall clock. It may be wrong, step back, and differ between nodes.
    fn now(&self) -> SystemTime;

    /// 64 random bits.
    fn random(&self) -> u64;

    /// Connections to `address` (`host:port`; port 0 is not supported by every world).
    ///
    /// # Errors
    /// The address cannot be listened on.
    async fn listen(&self, address: &str) -> io::Result<Incoming>;

    /// A channel to `address` (`host:port`) that connects when it is first used, and again after a failure. It notices
    /// a dead peer by keep-alive, also while idle.
    ///
    /// # Errors
    /// `address` is not one.
    fn channel(&self, address: &str) -> Result<Channel, tonic::transport::Error>;

    /// Runs `task` until it ends or the node does.
    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>);
}

/// Connections as they are accepted.
pub type Incoming = BoxStream<'static, io::Result<Connection>>;

/// Bytes in both directions, whatever carries them.
pub trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// One accepted connection, as tonic's server takes it.
pub struct Connection {
    stream: Box<dyn Duplex>,
    peer: Option<IpAddr>,
}

impl Connection {
    /// Wraps a stream of some world.
    pub fn new(stream: impl Duplex + 'static) -> Self {
        Self { stream: Box::new(stream), peer: None }
    }

    /// Says which machine it comes from, if that is known.
    #[must_use]
    pub fn from_peer(self, peer: Option<IpAddr>) -> Self {
        Self { peer, ..self }
    }

    /// The machine that it comes from.
    #[must_use]
    pub fn peer(&self) -> Option<IpAddr> {
        self.peer
    }
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// How a channel finds out that its peer is gone: it asks for a sign of life, and waits so long for one. When it gives up,
/// all calls on the connection fail together, so a peer that is only busy must be given the time to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long connecting may take.
    pub connect: Duration,
    /// How often it asks.
    pub ask: Duration,
    /// How long it waits for an answer.
    pub wait: Duration,
}

impl Patience {
    /// For processes that share machines with others. A process that has ended is seen at once, by its closed connections:
    /// this is for machines and networks that are gone, and calls have time limits of their own.
    const REAL: Self =
        Self { connect: Duration::from_secs(2), ask: Duration::from_secs(5), wait: Duration::from_secs(20) };

    /// For simulations, in which nobody is ever busy and a second is long.
    pub const SIMULATED: Self =
        Self { connect: Duration::from_secs(2), ask: Duration::from_millis(500), wait: Duration::from_millis(500) };

    /// The endpoint of a channel with this patience. Callers give up as they like, hundreds at a time, and answers to calls that were
    /// given up are no mistake of the peer's: neither ends the connection, which has the calls of others on it.
    #[must_use]
    pub fn with(self, endpoint: Endpoint) -> Endpoint {
        endpoint
            .connect_timeout(self.connect)
            .http2_keep_alive_interval(self.ask)
            .keep_alive_timeout(self.wait)
            .keep_alive_while_idle(true)
            .http2_max_local_error_reset_streams(None)
    }
}

/// The machine this process runs on: the operating system's clock, randomness and network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;

#[async_trait]
impl Environment for Machine {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn random(&self) -> u64 {
        rand::random()
    }

    async fn listen(&self, address: &str) -> io::Result<Incoming> {
        let listener = tokio::net::TcpListener::bind(address).await?;
        Ok(Box::pin(futures_util::stream::unfold(listener, |listener| async {
            let accepted = listener.accept().await.map(|(stream, peer)| {
                // Small answers are not to wait for more of them.
                stream.set_nodelay(true).ok();
                Connection::new(stream).from_peer(Some(peer.ip()))
            });
            Some((accepted, listener))
        })))
    }

    fn channel(&self, address: &str) -> Result<Channel, tonic::transport::Error> {
        let connector = tower::service_fn(|uri: http::Uri| async move {
            let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
            let stream = tokio::net::TcpStream::connect(authority).await?;
            stream.set_nodelay(true)?;
            Ok::<_, io::Error>(TokioIo::new(stream))
        });
        let endpoint = Patience::REAL.with(Endpoint::from_shared(format!("http://{address}"))?);
        Ok(endpoint.connect_with_connector_lazy(connector))
    }

    fn spawn(&self, task: Pin<Box<dyn Future<Output = ()> + Send>>) {
        tokio::spawn(task);
    }
}
