//! Watches a server while cases run on it, so that a run ends when its target has, and not when the last call has timed out.

use super::endpoint::Endpoint;
use super::error::Error;
use super::probe::Probe;
use std::time::{Duration, Instant};

/// Between two looks at the process of the server.
const LOOK: Duration = Duration::from_millis(100);
/// Between two questions.
const PAUSE: Duration = Duration::from_secs(1);
/// A server that accepts no connection for so long is gone.
const REFUSING: Duration = Duration::from_secs(4);
/// A server that accepts connections and answers nothing for so long is gone.
const SILENT: Duration = Duration::from_secs(25);

/// Waits until the server is gone, and says how. `ended` says how its process ended, if it is ours and did.
pub(super) async fn lost(endpoint: &Endpoint, ended: impl FnMut() -> Option<String> + Send) -> String {
    tokio::select! {
        how = self::ended(ended) => how,
        how = unanswered(&endpoint.uri) => how,
    }
}

/// Waits until a process has ended that should not have, and says how: `ended` knows.
pub(super) async fn ended(mut ended: impl FnMut() -> Option<String> + Send) -> String {
    loop {
        if let Some(how) = ended() {
            return how;
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Asks again and again, until nothing answers any more.
async fn unanswered(uri: &str) -> String {
    let mut answered = Instant::now();
    loop {
        tokio::time::sleep(PAUSE).await;
        let (patience, why) = match Probe::open(uri).await {
            Ok(_) => {
                answered = Instant::now();
                continue;
            }
            Err(Error::Unreachable { problem, .. }) => (REFUSING, problem),
            Err(other) => (SILENT, other.to_string()),
        };
        if answered.elapsed() >= patience {
            return format!("{uri} has not answered for {} s: {why}", answered.elapsed().as_secs());
        }
    }
}
