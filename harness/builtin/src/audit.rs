//! The rows of our own orchestrator in neutral words.
//!
//! What is there is what an owner who loads the rows would find; beside it stands what a run still has to expect.

mod expected;
mod kept;
mod task;

use expected::{deadlines, transfers};
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus as Status;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_formats::audit::{Audit, ChildRow, CurrentRow, Pending, RunRow, WorkflowTaskRow};
use resurgam_formats::kept::KeptRun;
use resurgam_harness::target::NAMESPACE;
use resurgam_harness::{Auditor, Partitions};
use resurgam_node::store::PartitionKind;
use resurgam_orchestrator::stored::rows::{self, ShardRows};
use resurgam_orchestrator::stored::{QueueRows, namespace_names};
use resurgam_state::{State, WorkflowTaskType};
use std::collections::{BTreeMap, BTreeSet};
use task::{outlives_its_run, queued, timer, transfer};

/// Says what the rows of our orchestrator mean.
pub(crate) struct Rows;

impl Auditor for Rows {
    fn audit(&self, rows: &Partitions<'_>) -> Audit {
        of(rows)
    }

    fn kept(&self, rows: &Partitions<'_>) -> (Vec<KeptRun>, Vec<CurrentRow>) {
        kept::kept(rows, &strange_namespaces(rows))
    }
}

/// The meaning of all rows, except those of other namespaces.
fn of(partitions: &Partitions<'_>) -> Audit {
    let mut audit = Audit::default();
    let mut runs: BTreeMap<(String, String), RunRow> = BTreeMap::new();
    let (mut timers, mut tasks) = (Vec::new(), Vec::new());
    let (strange, mut elsewhere) = (strange_namespaces(partitions), BTreeSet::new());
    for (name, rows) in partitions {
        let rows = rows.iter().map(|(key, value)| (*key, *value));
        if name.kind == PartitionKind::Shard {
            let shard = ShardRows::decode(rows);
            audit.stray.extend(shard.damaged.into_iter().map(|key| format!("{name}: {key}")));
            audit.current.extend(shard.current.into_iter().map(|(workflow_id, current)| CurrentRow {
                workflow_id,
                run_id: current.run_id,
                open: current.status == Status::Running as i32,
            }));
            for state in shard.runs {
                if strange.contains(&state.namespace_id) {
                    elsewhere.insert(state.run_id.clone());
                }
                runs.insert((state.workflow_id.clone(), state.run_id.clone()), run(partitions, &state));
            }
            timers.extend(shard.timers.iter().filter_map(timer));
            tasks.extend(shard.transfers.iter().filter_map(transfer));
        } else if name.kind == PartitionKind::Queue {
            let queue = QueueRows::decode(rows);
            audit.stray.extend(queue.damaged.into_iter().map(|key| format!("{name}: {key}")));
            tasks.extend(queue.unfinished.iter().filter_map(queued));
        }
    }
    for (name, timer_row) in timers {
        match runs.get_mut(&name) {
            // What is still there of a run that has closed does nothing.
            Some(run) if run.open => run.timers.push(timer_row),
            Some(_) => {}
            None => audit.stray.push(format!("a timer task of {}/{}", name.0, name.1)),
        }
    }
    for (name, transfer_row) in tasks {
        match runs.get_mut(&name) {
            Some(run) if run.open || outlives_its_run(transfer_row.what) => run.tasks.push(transfer_row),
            Some(_) => {}
            None => audit.stray.push(format!("a task of {}/{}", name.0, name.1)),
        }
    }
    audit.runs = runs.into_values().filter(|run| !elsewhere.contains(&run.run_id)).collect();
    audit.current.retain(|row| !elsewhere.contains(&row.run_id));
    for run in &mut audit.runs {
        run.timers.sort();
        run.tasks.sort();
        run.tasks.dedup();
    }
    audit.current.sort_by(|one, other| one.workflow_id.cmp(&other.workflow_id));
    audit
}

/// The ids of the namespaces that are not the case's own.
fn strange_namespaces(partitions: &Partitions<'_>) -> BTreeSet<String> {
    let all = partitions.iter().filter(|(name, _)| name.kind == PartitionKind::Other);
    let names = all.flat_map(|(_, rows)| namespace_names(rows.iter().map(|(key, value)| (*key, *value))));
    names.filter(|(_, name)| name != NAMESPACE).map(|(id, _)| id).collect()
}

fn run(partitions: &Partitions<'_>, state: &State) -> RunRow {
    let nodes = partitions.get(&rows::history_partition(&state.run_id)).cloned().unwrap_or_default();
    let mut events: Vec<(i64, i64)> = Vec::new();
    for id in rows::chain(&nodes, state.tail) {
        match events.last_mut() {
            Some((_, last)) if *last + 1 == id => *last = id,
            _ => events.push((id, id)),
        }
    }
    let open = state.status == Status::Running as i32;
    RunRow {
        workflow_id: state.workflow_id.clone(),
        run_id: state.run_id.clone(),
        open,
        successor: state.successor.clone(),
        next_event: state.next_event_id,
        events,
        pending: pending(state, open),
        deadlines: if open { deadlines(state) } else { Vec::new() },
        timers: Vec::new(),
        transfers: if open { transfers(state) } else { Vec::new() },
        tasks: Vec::new(),
    }
}

fn pending(state: &State, open: bool) -> Pending {
    let mut timers: Vec<i64> = state.timers.values().map(|timer| timer.started_event_id).collect();
    timers.sort_unstable();
    let mut ended: Vec<i64> = state.buffered.values().filter_map(ended).collect();
    ended.sort_unstable();
    let mut externals: Vec<i64> = state.signals.keys().chain(state.cancels.keys()).copied().collect();
    externals.sort_unstable();
    // A closed run remembers children whose start was under way, to decide later what becomes of them.
    let children = state.children.iter().filter(|_| open).map(|(initiated, child)| ChildRow {
        initiated: *initiated,
        workflow_id: match child.initiated.as_ref().and_then(|event| event.attributes.as_ref()) {
            Some(Attributes::StartChildWorkflowExecutionInitiatedEventAttributes(it)) => it.workflow_id.clone(),
            _ => String::new(),
        },
        run_id: child.run_id.clone(),
    });
    Pending {
        timers,
        activities: state.activities.keys().copied().collect(),
        children: children.collect(),
        externals,
        task: state.workflow_task.as_ref().map(|task| WorkflowTaskRow {
            scheduled: task.scheduled_event_id,
            started: task.started_event_id,
            written: task.task_type() == WorkflowTaskType::Normal,
            sticky: !task.sticky_queue.is_empty(),
        }),
        buffered: u32::try_from(state.buffered.len()).unwrap_or(u32::MAX),
        ended,
    }
}

/// What a held back event ends.
fn ended(event: &HistoryEvent) -> Option<i64> {
    use Attributes as A;
    Some(match event.attributes.as_ref()? {
        A::TimerFiredEventAttributes(it) => it.started_event_id,
        A::ActivityTaskCompletedEventAttributes(it) => it.scheduled_event_id,
        A::ActivityTaskFailedEventAttributes(it) => it.scheduled_event_id,
        A::ActivityTaskTimedOutEventAttributes(it) => it.scheduled_event_id,
        A::ActivityTaskCanceledEventAttributes(it) => it.scheduled_event_id,
        A::StartChildWorkflowExecutionFailedEventAttributes(it) => it.initiated_event_id,
        A::ChildWorkflowExecutionCompletedEventAttributes(it) => it.initiated_event_id,
        A::ChildWorkflowExecutionFailedEventAttributes(it) => it.initiated_event_id,
        A::ChildWorkflowExecutionCanceledEventAttributes(it) => it.initiated_event_id,
        A::ChildWorkflowExecutionTimedOutEventAttributes(it) => it.initiated_event_id,
        A::ChildWorkflowExecutionTerminatedEventAttributes(it) => it.initiated_event_id,
        A::ExternalWorkflowExecutionSignaledEventAttributes(it) => it.initiated_event_id,
        A::SignalExternalWorkflowExecutionFailedEventAttributes(it) => it.initiated_event_id,
        A::ExternalWorkflowExecutionCancelRequestedEventAttributes(it) => it.initiated_event_id,
        A::RequestCancelExternalWorkflowExecutionFailedEventAttributes(it) => it.initiated_event_id,
        _ => return None,
    })
}
