//! Recorded cases on an orchestrator in the simulation: no server is needed, and no time passes while they wait.

use crate::found::Found;
use crate::recording::{Recorded, hold};
use crate::server::Server;
use resurgam_harness::Subject;
use resurgam_harness::simulated::{Visited, visit};
use serde_json::json;
use std::time::Duration;

/// The namespaces, as targets have them.
const NAMESPACES: [&str; 2] = ["resurgam", "resurgam-other"];
/// How long the cluster may take to be usable.
const READY: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);
/// So long a case may take, with all that it waits for.
const CASE: Duration = Duration::from_secs(200);

/// So many cases are done in one cluster: what one of them does to it is not to be seen in all others.
pub const TOGETHER: usize = 10;

/// What came of cases in the simulation.
#[derive(Debug)]
pub struct Held {
    /// What was answered otherwise.
    pub found: Found,
    /// A hash of all that passed on the links.
    pub trace: u64,
}

/// What is done to the cluster in every case before the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Between {
    /// Nothing at all.
    Nothing,
    /// All nodes are killed and started again, which may not be seen in any answer. Cases in which it may are left out.
    Restart,
}

/// Does the cases on a cluster of their own, one after the other, and says what is answered otherwise: clusters have one node, two or
/// three, by the seed, and nobody may see which. The same seed gives the same execution.
///
/// # Errors
/// A node panicked or gave up, the cluster was not usable, or a case did not end.
pub fn hold_simulated(subject: &Subject, seed: u64, cases: &[Recorded], between: Between) -> Result<Held, String> {
    let limit = u32::try_from(cases.len()).unwrap_or(u32::MAX);
    let is_fit = |recorded: &&Recorded| between == Between::Nothing || recorded.case.outlasts_a_restart();
    let cases: Vec<Recorded> = cases.iter().filter(is_fit).cloned().collect();
    let name = subject.orchestrator().name().to_owned();
    let nodes = 1 + (seed % 3) as u8;
    let visited = visit(subject, seed, nodes, READY + CASE.saturating_mul(limit), move |visited| async move {
        let server = &ready(&visited, name, between).await?;
        let disturb = async || {
            if between == Between::Restart {
                visited.restart().await;
            }
        };
        hold(server, &cases, "explored", disturb, |_| ()).await
    });
    let (found, trace) = visited.map_err(|why| why.to_string())?;
    Ok(Held { found: found?, trace })
}

/// The first node as a server, when it knows the namespaces.
async fn ready(visited: &Visited, name: String, between: Between) -> Result<Server, String> {
    let [namespace, other_namespace] = NAMESPACES.map(str::to_owned);
    let channel = visited.channels.first().ok_or("there is no node")?.clone();
    let server = Server { name, channel, namespace, other_namespace, restarts: between == Between::Restart };
    for namespace in NAMESPACES {
        let request = json!({
            "namespace": namespace,
            "description": "Cases of Resurgam",
            "workflow_execution_retention_period": {"seconds": 86_400},
        });
        let begun = tokio::time::Instant::now();
        loop {
            let registered = server.call("RegisterNamespace", &request).await?;
            let known = server.call("DescribeNamespace", &json!({"namespace": namespace})).await?;
            if known.is_ok() {
                break;
            }
            if begun.elapsed() > READY {
                return Err(format!("no namespace after {READY:?}: {} {}", registered.code, registered.message));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(server)
}
