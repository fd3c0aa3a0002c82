//! A port of the loopback address at which we stand in for somebody else: every connection to it is carried somewhere.

use std::future::Future;
use std::io;
use std::net::{SocketAddr, TcpListener as Listener};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// After a connection that could not be accepted: there may be no file descriptors just now.
const PAUSE: Duration = Duration::from_millis(50);

/// Listens at a new port, and carries what connects to it for as long as `serving` is there. How a connection ends is the
/// business of those at its ends.
///
/// # Errors
/// There are no ports.
pub(crate) fn open<F>(
    serving: &mut JoinSet<()>,
    carry: impl Fn(TcpStream) -> F + Send + 'static,
) -> io::Result<SocketAddr>
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = Listener::bind("127.0.0.1:0")?;
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let address = listener.local_addr()?;
    serving.spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            match listener.accept().await {
                Ok((connection, _)) => drop(connections.spawn(carry(connection))),
                Err(problem) => {
                    tracing::warn!(%problem, %address, "cannot accept a connection");
                    tokio::time::sleep(PAUSE).await;
                }
            }
            while connections.try_join_next().is_some() {}
        }
    });
    Ok(address)
}
