//! Waiting until a server that was just started can be used. The first call after that must not fail because the server
//! was still waking up.

use super::endpoint::{Endpoint, NAMESPACE, OTHER_NAMESPACE};
use super::probe::{Probe, line};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// Between two rounds of questions.
const PAUSE: Duration = Duration::from_millis(20);

/// Asks again and again until the server at `uri` has its usable namespaces; `ended` says how it ended, if it has.
///
/// # Errors
/// What it did instead, within the time that it is given.
pub(super) async fn wait(
    uri: &str,
    target: &str,
    patience: Duration,
    mut ended: impl FnMut() -> Option<ExitStatus>,
) -> Result<Endpoint, String> {
    let begun = Instant::now();
    loop {
        if let Some(status) = ended() {
            return Err(format!("ended at once ({status})"));
        }
        let last = match ask(uri, target).await {
            Ok(endpoint) => return Ok(endpoint),
            Err(problem) => problem,
        };
        if begun.elapsed() > patience {
            return Err(format!("was not ready after {} s ({last})", patience.as_secs()));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// One round of questions; the first that is not answered well ends it.
async fn ask(uri: &str, target: &str) -> Result<Endpoint, String> {
    let mut probe = Probe::open(uri).await.map_err(|e| e.to_string())?;
    for namespace in [NAMESPACE, OTHER_NAMESPACE] {
        if !probe.registered(namespace).await.map_err(|status| line(&status))? {
            probe.register(namespace).await.map_err(|status| line(&status))?;
        }
    }
    for namespace in [NAMESPACE, OTHER_NAMESPACE] {
        probe.usable(namespace).await.map_err(|status| line(&status))?;
    }
    Ok(probe.endpoint(NAMESPACE, Some(OTHER_NAMESPACE), target))
}
