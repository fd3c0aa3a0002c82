//! What a state obliges its shard to do, as far as only tasks remind it: every deadline has a timer task that comes no
//! later, a closed run has one for its deletion, and whatever has to be told to somebody has a transfer task. A step may add a duty only together with its task,
//! and may use a task up only together with its duty. So, by induction, no duty is ever without a task, although nobody
//! looks for it among all tasks of the shard.

use super::{activity, close};
use resurgam_api::temporal::enums::v1::{TimeoutType, WorkflowExecutionStatus as Status};
use resurgam_state::task::{TimerKind, TransferKind};
use resurgam_state::{EventId, Flaw, Millis, State, WorkflowTaskType, hold};
use std::collections::{BTreeMap, BTreeSet};

/// Something that is to happen at a time: the part of a timer task that tells whether it is still meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Deadline {
    UserTimer(EventId),
    /// Of an attempt of an activity; the schedule-to-close timeout is one of all attempts (0).
    Activity(EventId, i32, TimeoutType),
    Retry(EventId, i32),
    /// Scheduled event, attempt, and when it was started.
    WorkflowTask(EventId, i32, TimeoutType, Millis),
    FirstWorkflowTask,
    Run,
    Execution,
    /// A closed run is deleted.
    Deletion,
    /// A schedule looks again, at this time and no other.
    Schedule(Millis),
    /// A batch operation looks again.
    Batch(Millis),
}

impl Deadline {
    /// What this timer task is for; `None`: it names a timeout that does not exist.
    fn of(timer: &TimerKind) -> Option<Self> {
        let timeout = |timeout: i32| TimeoutType::try_from(timeout).ok();
        Some(match timer {
            TimerKind::UserTimer(started) => Self::UserTimer(*started),
            TimerKind::ActivityTimeout(it) => match timeout(it.timeout)? {
                TimeoutType::ScheduleToClose => Self::Activity(it.scheduled_event_id, 0, TimeoutType::ScheduleToClose),
                timeout => Self::Activity(it.scheduled_event_id, it.attempt, timeout),
            },
            TimerKind::ActivityRetry(it) => Self::Retry(it.scheduled_event_id, it.attempt),
            TimerKind::WorkflowTaskTimeout(it) => {
                Self::WorkflowTask(it.scheduled_event_id, it.attempt, timeout(it.timeout)?, it.started_time)
            }
            TimerKind::FirstWorkflowTask(_) => Self::FirstWorkflowTask,
            TimerKind::RunTimeout(_) => Self::Run,
            TimerKind::ExecutionTimeout(_) => Self::Execution,
            TimerKind::Retention(_) => Self::Deletion,
            TimerKind::Schedule(at) => Self::Schedule(*at),
            TimerKind::Batch(at) => Self::Batch(*at),
        })
    }
}

/// `touched` holds the parts of a state that a step has changed, `whole` all of it. Adds the part that the timer task `fired` was about:
/// that task is used up, so if the part still waits for something, it needs a new one, even if the step has not changed it.
pub(super) fn include(fired: Option<&TimerKind>, whole: &State, touched: &mut State) {
    match fired {
        Some(TimerKind::UserTimer(started)) => {
            if let Some((id, timer)) = whole.timers.named(started) {
                touched.timers.insert(id.clone(), timer.clone());
            }
        }
        Some(TimerKind::ActivityTimeout(timer) | TimerKind::ActivityRetry(timer)) => {
            let id = timer.scheduled_event_id;
            if let Some(activity) = whole.activities.get(&id) {
                touched.activities.insert(id, activity.clone());
            }
        }
        Some(
            TimerKind::WorkflowTaskTimeout(_)
            | TimerKind::FirstWorkflowTask(_)
            | TimerKind::RunTimeout(_)
            | TimerKind::ExecutionTimeout(_)
            | TimerKind::Retention(_)
            | TimerKind::Schedule(_)
            | TimerKind::Batch(_),
        )
        | None => {}
    }
}

/// The duties of one state.
#[derive(Debug, Default)]
pub(super) struct Duties {
    deadlines: BTreeMap<Deadline, Millis>,
    /// Activities, by attempt, that wait for their next attempt or for a worker.
    unstarted: BTreeSet<(EventId, i32)>,
    /// The workflow task that waits for a worker, and whether on a sticky queue.
    unclaimed: Option<(EventId, i32, bool)>,
    /// Initiated events of children, signals and cancel requests that nobody was told of, or numbers of what a schedule
    /// starts, or of workflows to which a batch operation does something.
    untold: BTreeSet<EventId>,
    /// The page that a batch operation has to be given; 0: it has to be told a count.
    unread: Option<i64>,
    /// The parent has to hear of the end.
    notify: bool,
    /// The schedule that started it has to.
    report: bool,
}

impl Duties {
    /// Of this state; `speculative` is the schedule-to-start timeout of speculative workflow tasks.
    pub(super) fn of(state: &State, speculative: Millis) -> Self {
        let mut duties = Self::default();
        if state.status != Status::Running as i32 {
            let last = state.successor.is_empty() && !close::is_reset(state);
            duties.notify = last && state.started.parent_workflow_execution.is_some();
            duties.report = last && state.watcher.is_some();
            // When that is, its namespace says.
            duties.deadlines.insert(Deadline::Deletion, Millis::MAX);
            return duties;
        }
        let due = &mut duties.deadlines;
        due.extend(state.timers.values().map(|timer| (Deadline::UserTimer(timer.started_event_id), timer.due)));
        for (id, activity) in state.activities.iter() {
            use TimeoutType as T;
            for timeout in [T::ScheduleToClose, T::StartToClose, T::Heartbeat] {
                let attempt = if timeout == T::ScheduleToClose { 0 } else { activity.attempt };
                due.extend(
                    activity::deadline(activity, timeout).map(|at| (Deadline::Activity(*id, attempt, timeout), at)),
                );
            }
            if activity.started == 0 && activity.paused.is_none() {
                duties.unstarted.insert((*id, activity.attempt));
            }
        }
        if let Some(task) = &state.workflow_task {
            let key =
                |timeout| Deadline::WorkflowTask(task.scheduled_event_id, task.attempt, timeout, task.started_time);
            if task.started_event_id != 0 {
                due.insert(key(TimeoutType::StartToClose), task.started_time.saturating_add(task.timeout));
            } else if task.task_type() == WorkflowTaskType::Speculative {
                due.insert(key(TimeoutType::ScheduleToStart), task.scheduled_time.saturating_add(speculative));
            } else if !task.sticky_queue.is_empty() {
                // A run that has forgotten its sticky queue has forgotten its timeout too.
                let timeout = state.sticky.as_ref().map_or(Millis::MAX, |sticky| sticky.timeout);
                if timeout > 0 {
                    due.insert(key(TimeoutType::ScheduleToStart), task.scheduled_time.saturating_add(timeout));
                }
            }
            if task.started_event_id == 0 {
                duties.unclaimed = Some((task.scheduled_event_id, task.attempt, !task.sticky_queue.is_empty()));
            }
        }
        if state.first_task_at != 0 {
            due.insert(Deadline::FirstWorkflowTask, state.first_task_at);
        }
        if state.execution_expires != 0 {
            due.insert(Deadline::Execution, state.execution_expires);
        }
        if state.run_expires != 0 && state.run_expires != state.execution_expires {
            due.insert(Deadline::Run, state.run_expires);
        }
        let schedule = state.schedule.iter();
        due.extend(schedule.clone().filter(|it| it.wakes != 0).map(|it| (Deadline::Schedule(it.wakes), it.wakes)));
        let actions = schedule.flat_map(|it| &it.starting).map(|it| it.start.number);
        let children = state.children.iter().filter(|(_, child)| child.run_id.is_empty()).map(|(id, _)| *id);
        duties.untold = children.chain(state.signals.keys().copied()).chain(state.cancels.keys().copied()).collect();
        duties.untold.extend(actions);
        if let Some(batch) = &state.batch {
            duties.deadlines.extend((batch.wakes != 0).then_some((Deadline::Batch(batch.wakes), batch.wakes)));
            duties.untold.extend(&batch.under_way);
            duties.unread = batch.awaits();
        }
        duties
    }

    /// Checks that a step, from these duties to `after`, ordered a task for whatever had none: for what is new, and for
    /// what the timer task of `fired` would have brought about.
    pub(super) fn passed_on(&self, after: &Self, fired: Option<&TimerKind>, tasks: &Tasks<'_>) -> Result<(), Flaw> {
        let fired = fired.and_then(Deadline::of);
        let kept = |deadline: &Deadline, at: Millis| {
            fired != Some(*deadline) && self.deadlines.get(deadline).is_some_and(|before| *before <= at)
        };
        for (deadline, at) in &after.deadlines {
            hold!(kept(deadline, *at) || tasks.has_timer(*deadline, *at), "{deadline:?} at {at} has no timer task");
        }
        for waiting @ (id, attempt) in &after.unstarted {
            let retry = Deadline::Retry(*id, *attempt);
            let kept = self.unstarted.contains(waiting) && fired != Some(retry);
            let ordered = tasks.has_timer(retry, Millis::MAX) || tasks.offers_activity(*id, *attempt);
            hold!(kept || ordered, "attempt {attempt} of activity {id} is offered to nobody, now or later");
        }
        if let Some(unclaimed @ (id, attempt, _)) = after.unclaimed {
            let kept = self.unclaimed == after.unclaimed;
            hold!(kept || tasks.offers_task(unclaimed), "attempt {attempt} of workflow task {id} is offered to nobody");
        }
        for id in after.untold.difference(&self.untold) {
            hold!(tasks.tells(*id), "nobody is told what event {id} asks for");
        }
        if let Some(page) = after.unread {
            hold!(self.unread == after.unread || tasks.reads(page), "nobody reads page {page} of the list");
        }
        hold!(self.notify || !after.notify || tasks.notifies(), "its parent is not told that it closed");
        hold!(self.report || !after.report || tasks.reports(), "its schedule is not told that it closed");
        Ok(())
    }
}

/// What a step ordered for one run.
pub(super) struct Tasks<'a> {
    pub(super) transfers: Vec<&'a TransferKind>,
    pub(super) timers: Vec<(Millis, &'a TimerKind)>,
}

impl Tasks<'_> {
    /// Each says something that exists.
    pub(super) fn check(&self) -> Result<(), Flaw> {
        let strange = self.timers.iter().find(|(_, timer)| Deadline::of(timer).is_none());
        hold!(strange.is_none(), "a timer task is for no known timeout: {strange:?}");
        Ok(())
    }

    fn has_timer(&self, deadline: Deadline, by: Millis) -> bool {
        self.timers.iter().any(|(due, timer)| *due <= by && Deadline::of(timer) == Some(deadline))
    }

    fn offers_activity(&self, id: EventId, attempt: i32) -> bool {
        self.transfers.iter().any(
            |transfer| matches!(transfer, TransferKind::ActivityTask(it) if it.scheduled_event_id == id && it.attempt == attempt),
        )
    }

    fn offers_task(&self, task: (EventId, i32, bool)) -> bool {
        let named = |it: &TransferKind| match it {
            TransferKind::WorkflowTask(it) => Some((it.scheduled_event_id, it.attempt, it.sticky)),
            _ => None,
        };
        self.transfers.iter().any(|transfer| named(transfer) == Some(task))
    }

    fn tells(&self, id: EventId) -> bool {
        self.transfers.iter().any(|transfer| {
            matches!(transfer, TransferKind::StartChild(of) | TransferKind::SignalExternal(of) | TransferKind::CancelExternal(of) | TransferKind::StartAction(of) | TransferKind::Operate(of) if *of == id)
        })
    }

    fn reads(&self, page: i64) -> bool {
        self.transfers.iter().any(|transfer| match transfer {
            TransferKind::CountBatch(_) => page == 0,
            TransferKind::SelectPage(of) => *of == page,
            _ => false,
        })
    }

    fn reports(&self) -> bool {
        self.transfers.iter().any(|transfer| matches!(transfer, TransferKind::NotifySchedule(_)))
    }

    fn notifies(&self) -> bool {
        self.transfers.iter().any(|transfer| matches!(transfer, TransferKind::NotifyParent(_)))
    }
}
