//! Whom a node lets in, and for how long: connections are counted, in all and by the machine that they come from, and those
//! from which nothing is heard any more are closed.
//!
//! A server that keeps every connection is full after a while of those whose other end is gone. Since it asks every client
//! for a sign of life (HTTP/2 pings), whoever lives is heard; so one limit on silence ends connections that never begin, that
//! are half open, and that are forgotten. If there are no file descriptors left it waits before it tries again.

use futures_util::StreamExt as _;
use resurgam_api::environment::{Connection, Incoming};
use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// How many connections are served, and how long a silent one.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectionLimits {
    /// From all addresses together.
    pub(super) all: usize,
    /// From one address.
    pub(super) one: usize,
    /// After this long without a byte a connection is closed. Longer than a client needs to answer a ping.
    pub(super) silence: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self { all: 20_000, one: 5_000, silence: Duration::from_secs(45) }
    }
}

impl ConnectionLimits {
    /// For the port of clients and for that of nodes, if so many connections are all that both may have: a quarter is for nodes,
    /// whatever clients do.
    pub(super) fn shared(connections: Option<usize>) -> (Self, Self) {
        let Some(connections) = connections else { return Default::default() };
        let nodes = connections / 4;
        (Self::within(connections - nodes), Self::within(nodes))
    }

    /// At most so many, and one address does not get all of them.
    fn within(all: usize) -> Self {
        let usual = Self::default();
        Self { all: usual.all.min(all), one: usual.one.min(all.div_ceil(2)), ..usual }
    }
}

/// The first pause after a connection could not be accepted; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(10);
/// The longest such pause.
const LONGEST: Duration = Duration::from_secs(1);
/// How often it is said that somebody was not let in.
const SAY: Duration = Duration::from_secs(10);

/// The connections of `incoming` that are let in.
pub(super) fn admit(incoming: Incoming, limits: ConnectionLimits) -> Incoming {
    let door = Door { incoming, limits, guests: Guests::default(), pause: PAUSE, said: None };
    Box::pin(futures_util::stream::unfold(door, |mut door| async move {
        let connection = door.next().await?;
        Some((Ok(connection), door))
    }))
}

struct Door {
    incoming: Incoming,
    limits: ConnectionLimits,
    guests: Guests,
    pause: Duration,
    /// When a refusal was logged last.
    said: Option<Instant>,
}

impl Door {
    async fn next(&mut self) -> Option<Connection> {
        loop {
            match self.incoming.next().await? {
                Ok(connection) => {
                    self.pause = PAUSE;
                    let peer = connection.peer();
                    if let Some(place) = self.guests.enter(peer, self.limits) {
                        let watched = Watched::new(connection, self.limits.silence, place);
                        return Some(Connection::new(watched).from_peer(peer));
                    }
                    self.say(|| tracing::warn!(?peer, "too many connections: a new one is refused"));
                }
                Err(problem) => {
                    self.say(|| tracing::error!(%problem, "cannot accept a connection"));
                    tokio::time::sleep(self.pause).await;
                    self.pause = (2 * self.pause).min(LONGEST);
                }
            }
        }
    }

    fn say(&mut self, line: impl FnOnce()) {
        let now = Instant::now();
        if self.said.is_none_or(|said| now >= said + SAY) {
            self.said = Some(now);
            line();
        }
    }
}

/// Who is there.
#[derive(Clone, Debug, Default)]
struct Guests(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    /// By address; those of whom it is not known count in all only.
    each: BTreeMap<IpAddr, usize>,
}

/// One of them; dropped, it is free again.
#[derive(Debug)]
struct Place {
    guests: Guests,
    peer: Option<IpAddr>,
}

impl Guests {
    fn enter(&self, peer: Option<IpAddr>, limits: ConnectionLimits) -> Option<Place> {
        let mut counts = self.counts();
        let here = peer.and_then(|peer| counts.each.get(&peer)).copied().unwrap_or_default();
        if counts.all >= limits.all || here >= limits.one {
            return None;
        }
        counts.all += 1;
        if let Some(peer) = peer {
            counts.each.insert(peer, here + 1);
        }
        Some(Place { guests: self.clone(), peer })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.guests.counts();
        counts.all -= 1;
        if let Some(peer) = self.peer
            && let Some(here) = counts.each.get_mut(&peer)
        {
            *here -= 1;
            if *here == 0 {
                counts.each.remove(&peer);
            }
        }
    }
}

/// A connection that ends when it has been silent for too long.
struct Watched {
    connection: Connection,
    silence: Duration,
    /// When something was heard last.
    heard: Instant,
    /// When to look whether that is too long ago; it is not put off with every byte.
    look: Pin<Box<Sleep>>,
    _place: Place,
}

impl Watched {
    fn new(connection: Connection, silence: Duration, place: Place) -> Self {
        let heard = Instant::now();
        let look = Box::pin(tokio::time::sleep_until(heard + silence));
        Self { connection, silence, heard, look, _place: place }
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.connection).poll_read(cx, buffer);
        if read.is_ready() {
            self.heard = Instant::now();
            return read;
        }
        while self.look.as_mut().poll(cx).is_ready() {
            let end = self.heard + self.silence;
            if Instant::now() >= end {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "nothing is heard any more")));
            }
            self.look.as_mut().reset(end);
        }
        Poll::Pending
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.connection).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.connection).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

    const LIMITS: ConnectionLimits = ConnectionLimits { all: 3, one: 2, silence: Duration::from_secs(10) };

    fn peer(last: u8) -> Option<IpAddr> {
        Some(Ipv4Addr::new(10, 0, 0, last).into())
    }

    /// A connection from somebody, and his end of it.
    fn connection(from: Option<IpAddr>) -> (Connection, DuplexStream) {
        let (near, far) = tokio::io::duplex(64);
        (Connection::new(near).from_peer(from), far)
    }

    #[tokio::test(start_paused = true)]
    async fn connections_are_counted_in_all_and_by_peer() {
        let (sender, receiver) = tokio::sync::mpsc::channel(10);
        let incoming = tokio_stream::wrappers::ReceiverStream::new(receiver);
        let mut admitted = admit(Box::pin(incoming), LIMITS);
        let mut far = Vec::new();
        for from in [peer(1), peer(1), peer(1), peer(2), peer(3)] {
            let (near, end) = connection(from);
            sender.send(Ok(near)).await.unwrap();
            far.push(end);
        }
        let mut inside = Vec::new();
        for expected in [peer(1), peer(1), peer(2)] {
            let connection = admitted.next().await.unwrap().unwrap();
            assert_eq!(connection.peer(), expected);
            inside.push(connection);
        }
        // The third of one peer, and the fourth in all, find the door closed.
        let full = tokio::time::timeout(Duration::from_secs(1), admitted.next()).await;
        assert!(full.is_err());
        for refused in [2, 4] {
            assert_eq!(far[refused].read(&mut [0]).await.unwrap(), 0, "it is closed");
        }
        inside.remove(0);
        sender.send(Ok(connection(peer(1)).0)).await.unwrap();
        assert_eq!(admitted.next().await.unwrap().unwrap().peer(), peer(1), "somebody has left");
    }

    #[test]
    fn where_few_are_possible_nodes_have_a_share_of_their_own() {
        let limits = |connections| {
            let (clients, nodes) = ConnectionLimits::shared(connections);
            [(clients.all, clients.one), (nodes.all, nodes.one)]
        };
        assert_eq!(limits(Some(48)), [(36, 18), (12, 6)]);
        let usual = [(20_000, 5_000); 2];
        assert_eq!((limits(Some(1 << 20)), limits(None)), (usual, usual));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_lasts_as_long_as_something_is_heard() {
        let (near, mut far) = connection(None);
        let mut admitted = admit(Box::pin(futures_util::stream::iter([Ok(near)])), LIMITS);
        let mut connection = admitted.next().await.unwrap().unwrap();
        let began = Instant::now();
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_secs(9)).await;
            far.write_all(b"x").await.unwrap();
            assert_eq!(connection.read(&mut [0]).await.unwrap(), 1);
        }
        let silent = connection.read(&mut [0]).await.unwrap_err();
        assert_eq!((silent.kind(), began.elapsed().as_secs()), (io::ErrorKind::TimedOut, 55));
    }

    #[tokio::test(start_paused = true)]
    async fn after_an_error_it_waits_before_it_tries_again() {
        let none_left = || Err(io::Error::other("too many open files"));
        let tries =
            futures_util::stream::iter((0..20).map(move |n| if n < 19 { none_left() } else { Ok(connection(None).0) }));
        let mut admitted = admit(Box::pin(tries), LIMITS);
        let began = Instant::now();
        assert!(admitted.next().await.unwrap().is_ok());
        let waited = began.elapsed();
        assert!((Duration::from_secs(10)..Duration::from_secs(20)).contains(&waited), "{waited:?}");
    }
}
