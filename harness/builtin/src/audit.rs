//! The rows of our own orchestrator in neutral words.
//!
//! What a run still has to expect is computed here anew from its state row, not by the orchestrator's own functions:
//! those may be what is wrong. What is there is what an owner who loads the rows would find.

mod found;
mod row;

use found::{outlives_its_run, queued, timer, transfer};
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus as Status;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_formats::audit::{
    Audit, ChildRow, CurrentRow, Pending, RunRow, TimerTask as TimerRow, TimerTaskKind, TransferTask as TransferRow,
    TransferTaskKind, WorkflowTaskRow,
};
use resurgam_harness::target::NAMESPACE;
use resurgam_harness::{Auditor, Partitions};
use resurgam_node::store::PartitionKind;
use resurgam_orchestrator::stored::rows::{self, ShardRows};
use resurgam_orchestrator::stored::state::{Activity, State, WorkflowTaskType};
use resurgam_orchestrator::stored::{Limits, namespace_names, unfinished};
use row::{number, timer_row, transfer_row};
use std::collections::{BTreeMap, BTreeSet};

/// Says what the rows of our orchestrator mean.
pub(crate) struct Rows;

impl Auditor for Rows {
    fn audit(&self, rows: &Partitions<'_>) -> Audit {
        of(rows)
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
            tasks.extend(unfinished(rows).iter().filter_map(queued));
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
    let mut ended: Vec<i64> = state.buffered.iter().filter_map(ended).collect();
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

fn deadlines(state: &State) -> Vec<TimerRow> {
    let mut all: Vec<TimerRow> = state
        .timers
        .values()
        .map(|timer| timer_row(TimerTaskKind::Timer, timer.started_event_id, 0, timer.due))
        .chain(state.activities.values().flat_map(timeouts))
        .collect();
    for (what, due) in [
        (TimerTaskKind::FirstTask, state.first_task_at),
        (TimerTaskKind::Execution, state.execution_expires),
        // The time of the chain ends the run just as well.
        (TimerTaskKind::Run, if state.run_expires == state.execution_expires { 0 } else { state.run_expires }),
    ] {
        if due > 0 {
            all.push(timer_row(what, 0, 0, due));
        }
    }
    if let Some(task) = &state.workflow_task {
        let attempt = number(task.attempt);
        let sticky = state.sticky.as_ref().filter(|_| !task.sticky_queue.is_empty());
        if task.started_event_id != 0 {
            let due = task.started_time.saturating_add(task.timeout);
            let timeout = timer_row(TimerTaskKind::TaskStartToClose, task.scheduled_event_id, attempt, due);
            all.push(TimerRow { since: task.started_time, ..timeout });
        } else if let Some(limit) = match (task.task_type(), sticky) {
            (WorkflowTaskType::Speculative, _) => Some(Limits::default().speculative_timeout),
            (_, sticky) => sticky.map(|sticky| sticky.timeout),
        } {
            let due = task.scheduled_time.saturating_add(limit);
            all.push(timer_row(TimerTaskKind::TaskScheduleToStart, task.scheduled_event_id, attempt, due));
        }
    }
    all.sort();
    all
}

/// The timeouts of an activity as it is. The whole time does not care for attempts.
fn timeouts(activity: &Activity) -> Vec<TimerRow> {
    let (id, attempt) = (activity.scheduled_event_id, number(activity.attempt));
    let whole = (TimerTaskKind::ActivityScheduleToClose, 0, activity.first_scheduled, activity.schedule_to_close);
    let parts = if activity.started == 0 {
        vec![(TimerTaskKind::ActivityScheduleToStart, attempt, activity.scheduled, activity.schedule_to_start)]
    } else {
        let heard = activity.started.max(activity.last_heartbeat);
        vec![
            (TimerTaskKind::ActivityStartToClose, attempt, activity.started, activity.start_to_close),
            (TimerTaskKind::ActivityHeartbeat, attempt, heard, activity.heartbeat),
        ]
    };
    let all = std::iter::once(whole).chain(parts).filter(|(.., span)| *span > 0);
    all.map(|(what, attempt, from, span)| timer_row(what, id, attempt, from.saturating_add(span))).collect()
}

fn transfers(state: &State) -> Vec<TransferRow> {
    let waiting = state.activities.values().filter(|activity| activity.started == 0);
    let mut all: Vec<TransferRow> = waiting
        .map(|activity| transfer_row(TransferTaskKind::ActivityTask, activity.scheduled_event_id, activity.attempt))
        .chain(state.signals.keys().map(|initiated| transfer_row(TransferTaskKind::Signal, *initiated, 0)))
        .chain(state.cancels.keys().map(|initiated| transfer_row(TransferTaskKind::Cancel, *initiated, 0)))
        .collect();
    let unknown = state.children.iter().filter(|(_, child)| child.run_id.is_empty());
    all.extend(unknown.map(|(initiated, _)| transfer_row(TransferTaskKind::StartChild, *initiated, 0)));
    if let Some(task) = state.workflow_task.as_ref().filter(|task| task.started_event_id == 0) {
        all.push(transfer_row(TransferTaskKind::WorkflowTask, task.scheduled_event_id, task.attempt));
    }
    all.sort();
    all
}
