//! A connection between two hosts, carried as the faults of its two directions want it.

use super::direction::Direction;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// Bytes that are read at a time.
const CHUNK: usize = 16 << 10;
/// Chunks under way in one direction of a connection; with more, the sender waits.
const CHUNKS: usize = 64;

/// Carries a connection to `to`, until one end is gone.
pub(super) async fn carry(
    near: TcpStream,
    to: SocketAddr,
    there: Arc<Direction>,
    back: Arc<Direction>,
) -> io::Result<()> {
    // The first packet of a connection does not arrive either.
    there.open().await;
    let far = TcpStream::connect(to).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
    tokio::select! {
        ended = forward(from_near, to_far, &there) => ended,
        ended = forward(from_far, to_near, &back) => ended,
    }
}

/// Carries one direction until its sender has ended and all has arrived.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, direction: &Direction) -> io::Result<()> {
    let (send, mut receive) = mpsc::channel(CHUNKS);
    let leaving = async move {
        let mut chunk = vec![0; CHUNK];
        loop {
            // Whoever is gone has sent all that it will.
            let length = from.read(&mut chunk).await.unwrap_or_default();
            let sent = (Instant::now() + direction.delay(), chunk[..length].to_vec());
            if send.send(sent).await.is_err() || length == 0 {
                return;
            }
        }
    };
    let arriving = async move {
        while let Some((due, bytes)) = receive.recv().await {
            tokio::time::sleep_until(due).await;
            direction.open().await;
            to.write_all(&bytes).await?;
        }
        Ok(())
    };
    tokio::join!(leaving, arriving).1
}
