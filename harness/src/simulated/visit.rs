//! A simulated cluster for somebody else's client: no plan, no faults but those that it asks for, and nothing is recorded.

use super::database::Database;
use super::nodes::add_nodes;
use super::schedule::Schedule;
use crate::subject::Subject;
use resurgam_api::environment::Environment as _;
use resurgam_formats::plan::Plan;
use resurgam_node::FRONTEND_PORT;
use resurgam_simulation::{Failure, Fault, Nemesis, Simulation};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tonic::transport::Channel;

/// How long nodes are gone that are restarted.
const GONE: Duration = Duration::from_millis(50);
const PAUSE: Duration = Duration::from_millis(5);

/// A simulated cluster, as its visitor has it.
pub struct Visited {
    /// The way to each node.
    pub channels: Vec<Channel>,
    nemesis: Nemesis,
}

impl Visited {
    /// Kills all nodes at once, and starts them again: nothing is left of what they had in memory.
    pub async fn restart(&self) {
        for node in 0..u8::try_from(self.channels.len()).unwrap_or(u8::MAX) {
            self.nemesis.inflict(Fault::Kill { node }, GONE);
        }
        while !self.nemesis.is_quiet() {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Starts a cluster of so many nodes of the orchestrator in the simulation, hands it to the visitor, and waits for what that
/// returns, at most `limit` of simulated time: that, and a hash of all that passed on the links. The same seed and visitor give the same.
/// Namespaces there are none.
///
/// # Errors
/// The visitor was not done in time, or it or a node panicked or gave up.
pub fn visit<T, F>(
    subject: &Subject,
    seed: u64,
    nodes: u8,
    limit: Duration,
    visitor: impl FnOnce(Visited) -> F + Send + 'static,
) -> Result<(T, u64), Failure>
where
    T: Send + 'static,
    F: Future<Output = T> + 'static,
{
    let mut plan = Plan::empty(seed);
    plan.cluster.nodes = nodes;
    let simulation = Simulation::new(seed).deadline(limit);
    let ended = simulation.run(|cluster| {
        let schedule = Schedule::new(cluster.nemesis(), &plan.faults);
        let database = Database::new(&plan, &schedule);
        let gave_up: Arc<OnceLock<u8>> = Arc::default();
        let members = add_nodes(cluster, &plan, subject, &database, &gave_up);
        let (driver, nemesis) = (cluster.driver(), cluster.nemesis());
        async move {
            let channel = |member: &String| {
                let address = format!("{member}:{FRONTEND_PORT}");
                driver.channel(&address).unwrap_or_else(|why| unreachable!("{address} is an address: {why}"))
            };
            visitor(Visited { channels: members.iter().map(channel).collect(), nemesis }).await
        }
    })?;
    Ok((ended.value, ended.trace))
}
