//! The nodes of a simulated cluster: what each is given when it starts, and starts again.

use super::database::Database;
use super::paused_store::PausedStore;
use super::store::NodeStore;
use crate::subject::Subject;
use resurgam_formats::plan::Plan;
use resurgam_node::{NodeContext, host};
use resurgam_simulation::Cluster;
use std::error::Error;
use std::sync::{Arc, OnceLock};

/// Adds the nodes that the plan asks for, over this database, and gives their names. The number of the first that gives up is put into
/// `gave_up`.
pub(super) fn add_nodes(
    cluster: &mut Cluster,
    plan: &Plan,
    subject: &Subject,
    database: &Database,
    gave_up: &Arc<OnceLock<u8>>,
) -> Vec<String> {
    let nodes = plan.cluster.node_count();
    let members: Vec<String> = (0..nodes).map(host).collect();
    for number in 0..nodes {
        let (target, database, members) = (Arc::clone(subject.orchestrator()), database.clone(), members.clone());
        let gave_up = Arc::clone(gave_up);
        let shards = plan.cluster.shard_count().into();
        cluster.node(&host(number), move |node| {
            let store = PausedStore::new(NodeStore::new(database.clone(), number, &node), &node);
            let context = NodeContext {
                environment: Arc::new(node),
                number,
                name: host(number),
                members: members.clone(),
                shards,
                store: Arc::new(store),
            };
            let (target, gave_up) = (Arc::clone(&target), Arc::clone(&gave_up));
            async move {
                target.serve(context).await.map_err(|why| -> Box<dyn Error> {
                    gave_up.get_or_init(|| number);
                    why
                })
            }
        });
    }
    members
}
