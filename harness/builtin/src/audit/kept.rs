//! What there is of runs: rows, and nodes of histories, whether or not a row names them.

use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus as Status;
use resurgam_formats::audit::CurrentRow;
use resurgam_formats::kept::KeptRun;
use resurgam_harness::Partitions;
use resurgam_node::store::PartitionKind;
use resurgam_orchestrator::stored::rows::ShardRows;
use std::collections::{BTreeMap, BTreeSet};

/// See the module; runs of `strange` namespaces are left out as far as rows tell which those are.
pub(super) fn kept(partitions: &Partitions<'_>, strange: &BTreeSet<String>) -> (Vec<KeptRun>, Vec<CurrentRow>) {
    let mut elsewhere = BTreeSet::new();
    let (mut runs, mut current) = (BTreeMap::<String, KeptRun>::new(), Vec::new());
    for (name, rows) in partitions {
        if name.kind == PartitionKind::History && !rows.is_empty() {
            runs.entry(name.name.clone()).or_default().history = true;
        }
        if name.kind != PartitionKind::Shard {
            continue;
        }
        let shard = ShardRows::decode(rows.iter().map(|(key, value)| (*key, *value)));
        current.extend(shard.current);
        for state in shard.runs {
            if strange.contains(&state.namespace_id) {
                elsewhere.insert(state.run_id);
                continue;
            }
            let run = runs.entry(state.run_id).or_default();
            (run.row, run.closed) = (true, state.close_time);
        }
    }
    runs.retain(|run_id, _| !elsewhere.contains(run_id));
    let runs = runs.into_iter().map(|(run_id, run)| KeptRun { run_id, ..run });
    let current = current.into_iter().map(|(workflow_id, row)| CurrentRow {
        workflow_id,
        run_id: row.run_id,
        open: row.status == Status::Running as i32,
    });
    let mut current: Vec<_> = current.filter(|row| !elsewhere.contains(&row.run_id)).collect();
    current.sort_by(|one, other| one.workflow_id.cmp(&other.workflow_id));
    (runs.collect(), current)
}
