//! Workers, cluster, knobs and habits made plainer, and the first values of programs.

use super::changes::Changes;
use resurgam_formats::plan::{Cluster, Habits, Knobs, Plan};

/// Faults name nodes by their numbers, not by indices beyond them.
fn name_nodes(plan: &mut Plan) {
    let nodes = plan.cluster.node_count();
    plan.faults.iter_mut().for_each(|fault| fault.kind.name_nodes(nodes));
}

/// Workers, cluster, knobs, habits, and the first values of programs.
pub(crate) fn environment(plan: &Plan, at: usize, which: usize) -> Option<Option<Plan>> {
    let usual = Cluster::default();
    let mut all = Changes::of(plan);
    match at {
        0 => {
            all.add(|plan| plan.workers.count = 1);
            all.add(|plan| plan.workers.count = plan.workers.count.saturating_sub(1).max(1));
            all.add(|plan| plan.workers.full_replay = false);
            all.add(|plan| plan.workers.cache = plan.workers.cache.max(16));
        }
        1 => {
            // Faults keep their nodes, if there are still so many.
            for fewer in 1..plan.cluster.node_count() {
                all.add(|plan| {
                    name_nodes(plan);
                    plan.cluster.nodes = fewer;
                });
            }
            all.add(name_nodes);
        }
        2 => (1..plan.cluster.shard_count()).for_each(|fewer| all.add(|plan| plan.cluster.shards = fewer)),
        3 => {
            all.add(|plan| plan.cluster.store = usual.store);
            all.add(|plan| plan.cluster.network = usual.network);
            all.add(|plan| plan.cluster.jitter_ms = usual.jitter_ms);
            all.add(|plan| plan.cluster.store_timeout_ms = usual.store_timeout_ms);
        }
        4 => {
            all.add(|plan| plan.knobs = Knobs { task_timeout_ms: 1000, sticky_timeout_ms: 500 });
            all.add(|plan| plan.expires = false);
        }
        5 => {
            all.add(|plan| plan.habits = Habits::default());
            all.add(|plan| plan.habits.page_size = 0);
            all.add(|plan| plan.habits.backwards = false);
            all.add(|plan| plan.habits.follows = false);
            all.add(|plan| plan.habits.polls = false);
            all.add(|plan| plan.habits.describes = false);
            all.add(|plan| plan.habits.plain = false);
        }
        _ => {
            let input = at - 6;
            plan.programs.get(input)?;
            all.add(|plan| plan.programs[input].variables.clear());
        }
    }
    Some(all.all.into_iter().nth(which))
}
