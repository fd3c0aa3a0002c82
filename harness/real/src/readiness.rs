//! Whether a server speaks CQL: the one question that needs no login.

use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// A frame of protocol 4 with the opcode OPTIONS and no body.
const OPTIONS: [u8; 9] = [4, 0, 0, 0, 5, 0, 0, 0, 0];
/// The opcode of its answer.
const SUPPORTED: u8 = 6;

/// Waits until whoever listens at the address answers; false if nobody does in time.
pub(crate) async fn wait(address: &str, patience: Duration) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < patience {
        if timeout(Duration::from_secs(2), answers(address)).await.is_ok_and(|answer| answer.unwrap_or(false)) {
            return true;
        }
        sleep(Duration::from_millis(100)).await;
    }
    false
}

async fn answers(address: &str) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(&OPTIONS).await?;
    let mut head = [0; 9];
    stream.read_exact(&mut head).await?;
    Ok(head[4] == SUPPORTED)
}
