//! The network as a host sees it: accepted connections, and channels that find out when a peer is gone.
//!
//! Turmoil's streams have no retransmission: after a cut they hang for ever, and connecting to a dead or held host hangs
//! too. So every channel has keep-alive and a time limit for connecting, and between attempts it backs off by a seeded
//! time. A call that comes during the back-off fails shortly after, as in gRPC's transient failure, instead of waiting in
//! a queue where no deadline of the call is looked at.

use crate::fabric::{Fabric, HostIndex, Slot};
use crate::frames::Frames;
use crate::gate::{Gate, Gated};
use hyper_util::rt::TokioIo;
use rand::Rng as _;
use rand::rngs::SmallRng;
use resurgam_api::environment::{Connection, Incoming, Patience};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tonic::transport::{Channel, Endpoint, Server};
use turmoil::net::{TcpListener, TcpStream};

/// How long connecting may take. Latencies are a few milliseconds.
const CONNECT: Duration = Duration::from_millis(250);
/// The back-off after the first failed attempt, doubled with each further one.
const LEAST: Duration = Duration::from_millis(20);
/// The longest back-off.
const MOST: Duration = Duration::from_millis(320);
/// A call during the back-off fails after at most this long.
const REFUSE: Duration = Duration::from_millis(15);

/// A tonic server that drops connections whose peer is gone, as channels do.
#[must_use]
pub fn server() -> Server {
    Server::builder()
        .http2_keepalive_interval(Some(Patience::SIMULATED.ask))
        .http2_keepalive_timeout(Some(Patience::SIMULATED.wait))
}

/// The chance of one incarnation of a host.
pub(crate) type Draws = Arc<Mutex<SmallRng>>;

/// 64 random bits.
pub(crate) fn draw(draws: &Draws) -> u64 {
    draws.lock().unwrap_or_else(PoisonError::into_inner).next_u64()
}

/// One end of a stream. All that is sent goes through here.
///
/// When a host is killed, tokio drops its tasks in an order that depends on how many tasks this process ever had, other
/// simulations included. So the first wire that is dropped then closes all wires of its host, in the order in which they
/// were made, and the peers hear of them in that order.
struct Wire {
    slot: Arc<Slot>,
    from: HostIndex,
    to: Option<HostIndex>,
    ports: [u16; 2],
    /// At the end of the one who calls.
    frames: Option<Frames>,
    gate: Arc<Gate>,
    fabric: Arc<Fabric>,
}

impl Wire {
    fn new(stream: TcpStream, from: HostIndex, to: Option<HostIndex>, fabric: Arc<Fabric>) -> Self {
        let ports = [stream.local_addr(), stream.peer_addr()].map(|end| end.map_or(0, |end| end.port()));
        let slot = Arc::new(Mutex::new(Some(stream)));
        fabric.wired(from, &slot);
        Self { slot, from, to, ports, frames: None, gate: fabric.gate(from), fabric }
    }

    /// The end of the one who calls.
    fn calling(self) -> Self {
        let mut wire = self;
        wire.frames = Some(Frames::new());
        wire
    }

    fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        self.gate.poll(cx, |cx| {
            let mut stream = self.slot.lock().unwrap_or_else(PoisonError::into_inner);
            match stream.as_mut() {
                Some(stream) => poll(Pin::new(stream), cx),
                None => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            }
        })
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        for slot in self.fabric.dying_wires(self.from) {
            let stream = slot.lock().unwrap_or_else(PoisonError::into_inner).take();
            drop(stream);
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, |stream, cx| stream.poll_read(cx, buffer))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.poll(cx, |stream, cx| stream.poll_write(cx, bytes));
        if let Poll::Ready(Ok(length)) = written {
            let rpcs = self.frames.as_mut().map_or(0, |frames| frames.requests(&bytes[..length]));
            self.fabric.sent(self.from, self.to, self.ports, &bytes[..length], rpcs);
        }
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, |stream, cx| stream.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll(cx, |stream, cx| stream.poll_shutdown(cx))
    }
}

/// Accepts on `address`, of which only the port counts: a host has one address.
pub(crate) async fn listen(fabric: &Arc<Fabric>, from: HostIndex, address: &str) -> io::Result<Incoming> {
    let port = address.rsplit(':').next().and_then(|port| port.parse::<u16>().ok());
    let port = port.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, format!("no port in {address}")))?;
    let listener = TcpListener::bind(("0.0.0.0", port)).await?;
    let fabric = fabric.clone();
    Ok(Box::pin(futures_util::stream::unfold((listener, fabric), move |(listener, fabric)| async move {
        let accepted = fabric.gate(from).pass(listener.accept()).await.map(|(stream, peer)| {
            let to = turmoil::reverse_lookup(peer.ip()).and_then(|name| fabric.place(&name));
            Connection::new(Wire::new(stream, from, to, fabric.clone()))
        });
        Some((accepted, (listener, fabric)))
    })))
}

/// A channel from a host to `host:port`; `draws` are the chance of its back-offs.
pub(crate) fn channel(
    fabric: &Arc<Fabric>,
    from: HostIndex,
    draws: &Draws,
    address: &str,
) -> Result<Channel, tonic::transport::Error> {
    let endpoint = Patience::SIMULATED.with(Endpoint::from_shared(format!("http://{address}"))?);
    let endpoint = endpoint.executor(Gated(fabric.gate(from)));
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let dialer = Arc::new(Dialer {
        fabric: fabric.clone(),
        from,
        to: fabric.place(host),
        draws: draws.clone(),
        address: address.to_owned(),
        failures: Mutex::new(Failures::default()),
    });
    Ok(endpoint.connect_with_connector_lazy(tower::service_fn(move |_| {
        let dialer = dialer.clone();
        async move { dialer.fabric.gate(dialer.from).pass(dialer.dial()).await.map(TokioIo::new) }
    })))
}

/// Connects to one address, again and again.
struct Dialer {
    fabric: Arc<Fabric>,
    from: HostIndex,
    to: Option<HostIndex>,
    draws: Draws,
    address: String,
    failures: Mutex<Failures>,
}

#[derive(Default)]
struct Failures {
    count: u32,
    /// No attempt before.
    until: Option<Instant>,
}

impl Dialer {
    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn dial(&self) -> io::Result<Wire> {
        let until = self.failures().until;
        if let Some(until) = until {
            if until.saturating_duration_since(Instant::now()) > REFUSE {
                sleep(REFUSE).await;
                return Err(io::Error::new(io::ErrorKind::ConnectionRefused, "the last attempt failed a moment ago"));
            }
            sleep_until(until).await;
        }
        self.fabric.sent(self.from, self.to, [0, 0], b"connect", 0);
        let attempt = timeout(CONNECT, TcpStream::connect(self.address.as_str())).await;
        let stream = attempt.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let mut failures = self.failures();
        match stream {
            Ok(stream) => {
                *failures = Failures::default();
                Ok(Wire::new(stream, self.from, self.to, self.fabric.clone()).calling())
            }
            Err(why) => {
                let pause = LEAST.saturating_mul(1 << failures.count.min(8)).min(MOST);
                // Half of it to all of it.
                let share = 500 + u32::try_from(draw(&self.draws) % 501).unwrap_or_default();
                failures.until = Some(Instant::now() + pause * share / 1000);
                failures.count += 1;
                Err(why)
            }
        }
    }
}
