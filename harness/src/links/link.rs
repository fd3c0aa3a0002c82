//! A port that stands for a host: whoever connects to it is connected to that host.

use super::way::Way;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Bytes that are read at a time.
const CHUNK: usize = 16 << 10;
/// Chunks under way in one direction of a connection; with more, the sender waits.
const CHUNKS: usize = 64;

/// Carries every connection to `to`, HOST:PORT, until it is dropped.
pub(super) async fn serve(listener: TcpListener, to: SocketAddr, there: Arc<Way>, back: Arc<Way>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((near, _)) = listener.accept().await else { continue };
        let (there, back) = (Arc::clone(&there), Arc::clone(&back));
        connections.spawn(async move {
            // How a connection ends is the business of those at its ends.
            let _ = carry(near, to, &there, &back).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

async fn carry(near: TcpStream, to: SocketAddr, there: &Way, back: &Way) -> io::Result<()> {
    // The first packet of a connection does not arrive either.
    there.open().await;
    let far = TcpStream::connect(to).await?;
    near.set_nodelay(true)?;
    far.set_nodelay(true)?;
    let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
    tokio::select! {
        ended = forward(from_near, to_far, there) => ended,
        ended = forward(from_far, to_near, back) => ended,
    }
}

/// Carries one direction until its sender has ended and all has arrived.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, way: &Way) -> io::Result<()> {
    let (send, mut receive) = mpsc::channel(CHUNKS);
    let leaving = async move {
        let mut chunk = vec![0; CHUNK];
        loop {
            // Whoever is gone has sent all that it will.
            let length = from.read(&mut chunk).await.unwrap_or_default();
            let sent = (Instant::now() + way.delay(), chunk[..length].to_vec());
            if send.send(sent).await.is_err() || length == 0 {
                return;
            }
        }
    };
    let arriving = async move {
        while let Some((due, bytes)) = receive.recv().await {
            tokio::time::sleep_until(due).await;
            way.open().await;
            to.write_all(&bytes).await?;
        }
        Ok(())
    };
    tokio::join!(leaving, arriving).1
}
