//! A simulated cluster for somebody else's client: no plan, no faults, and nothing is recorded.

use super::database::Database;
use super::nodes::add_nodes;
use super::schedule::Schedule;
use crate::subject::Subject;
use resurgam_api::environment::Environment as _;
use resurgam_formats::plan::Plan;
use resurgam_node::FRONTEND_PORT;
use resurgam_simulation::{Failure, Simulation};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tonic::transport::Channel;

/// Starts a cluster of so many nodes of the orchestrator in the simulation, hands a channel to each to the visitor, and waits for what it
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
    visitor: impl FnOnce(Vec<Channel>) -> F + Send + 'static,
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
        let driver = cluster.driver();
        async move {
            let channel = |member: &String| {
                let address = format!("{member}:{FRONTEND_PORT}");
                driver.channel(&address).unwrap_or_else(|why| unreachable!("{address} is an address: {why}"))
            };
            visitor(members.iter().map(channel).collect()).await
        }
    })?;
    Ok((ended.value, ended.trace))
}
