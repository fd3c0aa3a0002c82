//! The rows of our own orchestrator in neutral words.
//!
//! What a run still has to expect is computed here anew from its state row, not by the orchestrator's own functions:
//! those may be what is wrong. What is there is what an owner who loads the rows would find.

use resurgam_api::internal::{AddTaskRequest, TaskKind};
use resurgam_api::temporal::enums::v1::{TimeoutType, WorkflowExecutionStatus as Status};
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_formats::audit::{
    Alarm, AlarmKind, Audit, ChildRow, CurrentRow, Errand, ErrandKind, Pending, RunRow, WorkflowTaskRow,
};
use resurgam_formats::time::UnixMillis;
use resurgam_harness::{Auditor, Partitions};
use resurgam_node::store::PartitionKind;
use resurgam_orchestrator::stored::rows::{self, ShardRows};
use resurgam_orchestrator::stored::state::{Activity, State, WorkflowTaskType};
use resurgam_orchestrator::stored::task::{self, TimerTask, TransferTask};
use resurgam_orchestrator::stored::{Limits, unfinished};
use std::collections::BTreeMap;

/// Says what the rows of our orchestrator mean.
pub(crate) struct Rows;

impl Auditor for Rows {
    fn audit(&self, rows: &Partitions<'_>) -> Audit {
        of(rows)
    }
}

/// The meaning of all rows.
fn of(partitions: &Partitions<'_>) -> Audit {
    let mut audit = Audit::default();
    let mut runs: BTreeMap<(String, String), RunRow> = BTreeMap::new();
    let (mut timers, mut tasks) = (Vec::new(), Vec::new());
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
                runs.insert((state.workflow_id.clone(), state.run_id.clone()), run(partitions, &state));
            }
            timers.extend(shard.timers.iter().filter_map(timer));
            tasks.extend(shard.transfers.iter().filter_map(transfer));
        } else if name.kind == PartitionKind::Queue {
            tasks.extend(unfinished(rows).iter().filter_map(queued));
        }
    }
    for (name, alarm) in timers {
        match runs.get_mut(&name) {
            // What is still there of a run that has closed does nothing.
            Some(run) if run.open => run.timers.push(alarm),
            Some(_) => {}
            None => audit.stray.push(format!("a timer task of {}/{}", name.0, name.1)),
        }
    }
    for (name, errand) in tasks {
        match runs.get_mut(&name) {
            Some(run) if run.open || outlives_its_run(errand.what) => run.tasks.push(errand),
            Some(_) => {}
            None => audit.stray.push(format!("a task of {}/{}", name.0, name.1)),
        }
    }
    audit.runs = runs.into_values().collect();
    for run in &mut audit.runs {
        run.timers.sort();
        run.tasks.sort();
        run.tasks.dedup();
    }
    audit.current.sort_by(|one, other| one.workflow_id.cmp(&other.workflow_id));
    audit
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
        errands: if open { errands(state) } else { Vec::new() },
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

fn deadlines(state: &State) -> Vec<Alarm> {
    let mut all: Vec<Alarm> = state
        .timers
        .values()
        .map(|timer| alarm(AlarmKind::Timer, timer.started_event_id, 0, timer.due))
        .chain(state.activities.values().flat_map(timeouts))
        .collect();
    for (what, due) in [
        (AlarmKind::FirstTask, state.first_task_at),
        (AlarmKind::Execution, state.execution_expires),
        // The time of the chain ends the run just as well.
        (AlarmKind::Run, if state.run_expires == state.execution_expires { 0 } else { state.run_expires }),
    ] {
        if due > 0 {
            all.push(alarm(what, 0, 0, due));
        }
    }
    if let Some(task) = &state.workflow_task {
        let attempt = number(task.attempt);
        let sticky = state.sticky.as_ref().filter(|_| !task.sticky_queue.is_empty());
        if task.started_event_id != 0 {
            let due = task.started_time.saturating_add(task.timeout);
            let timeout = alarm(AlarmKind::TaskStartToClose, task.scheduled_event_id, attempt, due);
            all.push(Alarm { since: task.started_time, ..timeout });
        } else if let Some(limit) = match (task.task_type(), sticky) {
            (WorkflowTaskType::Speculative, _) => Some(Limits::default().speculative_timeout),
            (_, sticky) => sticky.map(|sticky| sticky.timeout),
        } {
            let due = task.scheduled_time.saturating_add(limit);
            all.push(alarm(AlarmKind::TaskScheduleToStart, task.scheduled_event_id, attempt, due));
        }
    }
    all.sort();
    all
}

/// The timeouts of an activity as it is. The whole time does not care for attempts.
fn timeouts(activity: &Activity) -> Vec<Alarm> {
    let (id, attempt) = (activity.scheduled_event_id, number(activity.attempt));
    let whole = (AlarmKind::ActivityScheduleToClose, 0, activity.first_scheduled, activity.schedule_to_close);
    let parts = if activity.started == 0 {
        vec![(AlarmKind::ActivityScheduleToStart, attempt, activity.scheduled, activity.schedule_to_start)]
    } else {
        let heard = activity.started.max(activity.last_heartbeat);
        vec![
            (AlarmKind::ActivityStartToClose, attempt, activity.started, activity.start_to_close),
            (AlarmKind::ActivityHeartbeat, attempt, heard, activity.heartbeat),
        ]
    };
    let all = std::iter::once(whole).chain(parts).filter(|(.., span)| *span > 0);
    all.map(|(what, attempt, from, span)| alarm(what, id, attempt, from.saturating_add(span))).collect()
}

fn errands(state: &State) -> Vec<Errand> {
    let waiting = state.activities.values().filter(|activity| activity.started == 0);
    let mut all: Vec<Errand> = waiting
        .map(|activity| errand(ErrandKind::ActivityTask, activity.scheduled_event_id, activity.attempt))
        .chain(state.signals.keys().map(|initiated| errand(ErrandKind::Signal, *initiated, 0)))
        .chain(state.cancels.keys().map(|initiated| errand(ErrandKind::Cancel, *initiated, 0)))
        .collect();
    let unknown = state.children.iter().filter(|(_, child)| child.run_id.is_empty());
    all.extend(unknown.map(|(initiated, _)| errand(ErrandKind::StartChild, *initiated, 0)));
    if let Some(task) = state.workflow_task.as_ref().filter(|task| task.started_event_id == 0) {
        all.push(errand(ErrandKind::WorkflowTask, task.scheduled_event_id, task.attempt));
    }
    all.sort();
    all
}

/// The name of a run, and what is about it.
type About<T> = Option<((String, String), T)>;

fn timer(task: &TimerTask) -> About<Alarm> {
    use task::TimerKind as A;
    let due = task.due;
    let alarm = match task.kind.as_ref()? {
        A::UserTimer(started) => alarm(AlarmKind::Timer, *started, 0, due),
        A::ActivityTimeout(it) => {
            let what = match TimeoutType::try_from(it.timeout).ok()? {
                TimeoutType::ScheduleToStart => AlarmKind::ActivityScheduleToStart,
                TimeoutType::ScheduleToClose => AlarmKind::ActivityScheduleToClose,
                TimeoutType::StartToClose => AlarmKind::ActivityStartToClose,
                TimeoutType::Heartbeat => AlarmKind::ActivityHeartbeat,
                TimeoutType::Unspecified => return None,
            };
            alarm(what, it.scheduled_event_id, number(it.attempt), due)
        }
        A::ActivityRetry(it) => alarm(AlarmKind::ActivityRetry, it.scheduled_event_id, number(it.attempt), due),
        A::WorkflowTaskTimeout(it) => {
            let started = it.timeout == TimeoutType::StartToClose as i32;
            let what = if started { AlarmKind::TaskStartToClose } else { AlarmKind::TaskScheduleToStart };
            let since = if started { it.started_time } else { 0 };
            Alarm { since, ..alarm(what, it.scheduled_event_id, number(it.attempt), due) }
        }
        A::FirstWorkflowTask(_) => alarm(AlarmKind::FirstTask, 0, 0, due),
        A::RunTimeout(_) => alarm(AlarmKind::Run, 0, 0, due),
        A::ExecutionTimeout(_) => alarm(AlarmKind::Execution, 0, 0, due),
    };
    Some(((task.run.workflow_id.clone(), task.run.run_id.clone()), alarm))
}

fn transfer(task: &TransferTask) -> About<Errand> {
    use task::TransferKind as E;
    let errand = match task.kind.as_ref()? {
        E::WorkflowTask(it) => errand(ErrandKind::WorkflowTask, it.scheduled_event_id, it.attempt),
        E::ActivityTask(it) => errand(ErrandKind::ActivityTask, it.scheduled_event_id, it.attempt),
        E::StartChild(initiated) => errand(ErrandKind::StartChild, *initiated, 0),
        E::SignalExternal(initiated) => errand(ErrandKind::Signal, *initiated, 0),
        E::CancelExternal(initiated) => errand(ErrandKind::Cancel, *initiated, 0),
        E::NotifyParent(_) => errand(ErrandKind::NotifyParent, 0, 0),
        E::CloseChild(it) => errand(ErrandKind::CloseChild, it.initiated_event_id, 0),
        E::ReleaseChild(_) => return None,
    };
    Some(((task.run.workflow_id.clone(), task.run.run_id.clone()), errand))
}

/// Tasks of what a run does when it closes.
fn outlives_its_run(what: ErrandKind) -> bool {
    matches!(what, ErrandKind::NotifyParent | ErrandKind::CloseChild)
}

fn queued(request: &AddTaskRequest) -> About<Errand> {
    let task = request.task.as_ref()?;
    let what = match request.task_queue.as_ref()?.kind() {
        TaskKind::Activity => ErrandKind::ActivityTask,
        TaskKind::Workflow => ErrandKind::WorkflowTask,
        TaskKind::Unspecified => return None,
    };
    Some(((task.workflow_id.clone(), task.run_id.clone()), errand(what, task.scheduled_event_id, task.attempt)))
}

fn alarm(what: AlarmKind, event: i64, attempt: u32, due: UnixMillis) -> Alarm {
    Alarm { what, event, attempt, since: 0, due }
}

fn errand(what: ErrandKind, event: i64, attempt: i32) -> Errand {
    Errand { what, event, attempt: number(attempt) }
}

fn number(attempt: i32) -> u32 {
    u32::try_from(attempt).unwrap_or_default()
}
