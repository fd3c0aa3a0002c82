//! What is true of the stored state of a run between any two steps, whatever happened to it: of all of it when its rows are
//! read, and of what a step touched after that step. What is in memory only is in `check_run`, what is true of a step in
//! `stepped`.
//!
//! A check costs time in proportion to the parts that it is about and reads nothing. It says what is wrong first; it mends
//! nothing.

use crate::entity::{Activity, Child, EventId, External, Update, WorkflowTask, WorkflowTaskType};
use crate::kind::{self, Class};
use crate::state::State;
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus as Status;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::history::v1::history_event::Attributes;

/// What is wrong, in words that stand behind a name.
pub type Flaw = String;

/// Returns the words if something does not hold.
#[macro_export]
macro_rules! hold {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}

impl State {
    /// Checks what is stored of a run.
    ///
    /// # Errors
    /// What cannot be.
    pub fn check(&self) -> Result<(), Flaw> {
        self.check_parts(self)?;
        hold!(ended(self) == self.completed_updates, "{} updates have ended, or others", self.completed_updates);
        self.check_names()
    }

    /// Checks what is stored of a run that was sound before, and of its parts those that have changed, or that changed ones
    /// say something of: they were as in `old`, and are as in `new` (see [`State::apart`]).
    ///
    /// # Errors
    /// What cannot be.
    pub fn check_since(&self, old: &Self, new: &Self) -> Result<(), Flaw> {
        if old.status != new.status {
            // What closes takes every part in hand.
            return self.check();
        }
        let mut new = new.clone();
        for id in old.buffered.values().chain(new.buffered.values()).filter_map(started_child).collect::<Vec<_>>() {
            if let Some(child) = self.children.get(&id) {
                new.children.insert(id, child.clone());
            }
        }
        self.check_parts(&new)?;
        let before = ended(old) - old.completed_updates;
        hold!(
            ended(&new) - before == self.completed_updates,
            "{} updates have ended, or others",
            self.completed_updates
        );
        Ok(())
    }

    /// Checks the row of the run, and those of its parts that are in `parts`.
    fn check_parts(&self, parts: &Self) -> Result<(), Flaw> {
        hold!(!self.workflow_id.is_empty() && !self.run_id.is_empty(), "it has no name");
        hold!(self.next_event_id > 1, "it has no event");
        hold!(
            self.started.task_queue.as_ref().is_some_and(|queue| !queue.name.is_empty()),
            "nobody knows its task queue"
        );
        hold!(self.next_attempt > 0, "the next workflow task would be attempt {}", self.next_attempt);
        hold!((0..self.next_event_id).contains(&self.previous_started_event_id), "the last workflow task is to come");
        hold!((self.completed_tasks == 0) == (self.previous_started_event_id == 0), "completed tasks are miscounted");
        let tail = self.tail.iter().chain(&self.previous_started_after);
        for tail in tail.chain(self.workflow_task.iter().filter_map(|task| task.started_after.as_ref())) {
            hold!(self.is_written(tail.first_event_id), "a history node begins at event {}", tail.first_event_id);
            hold!(tail.transaction <= self.transaction, "a history node is younger than the state");
        }
        match self.known_status() {
            Some(Status::Running) => self.check_open(parts)?,
            Some(_) => self.check_closed(parts)?,
            None => return Err(format!("its status is {}", self.status)),
        }
        self.check_requests()?;
        for (name, admission) in parts.admitted.iter() {
            let known = self.is_written(admission.event_id) && admission.request.is_some();
            hold!(known, "update {name} was never admitted");
            hold!(!self.updates.contains_key(name), "update {name} is accepted, and waits to be");
        }
        for (name, update) in parts.updates.iter() {
            self.check_update(update).map_err(|flaw| format!("update {name}: {flaw}"))?;
        }
        Ok(())
    }

    /// The status, if it is one.
    #[must_use]
    pub fn known_status(&self) -> Option<Status> {
        Status::try_from(self.status).ok().filter(|status| *status != Status::Unspecified)
    }

    /// There is an event with this id.
    fn is_written(&self, id: EventId) -> bool {
        0 < id && id < self.next_event_id
    }

    fn check_open(&self, parts: &Self) -> Result<(), Flaw> {
        hold!(self.close_event.is_none() && self.close_time == 0, "it is open, and knows how it closed");
        hold!(self.successor.is_empty(), "it is open, and has a successor");
        if let Some(task) = &self.workflow_task {
            let speculative = task.task_type() == WorkflowTaskType::Speculative;
            let held = self.first_task_at != 0 && !speculative || self.awaits_parent || self.decides_for_itself();
            hold!(!held, "it has a workflow task before its first one is due");
            self.check_task(task).map_err(|flaw| format!("workflow task {}: {flaw}", task.scheduled_event_id))?;
        }
        let started = self.workflow_task.as_ref().is_some_and(|task| task.started_event_id != 0);
        hold!(started || self.buffered.is_empty(), "events wait for a workflow task that nobody has");
        for event in parts.buffered.values() {
            self.check_buffered(event)?;
        }
        hold!(self.activities.differ_in_name(), "two pending activities have the same activity id");
        hold!(self.timers.differ_in_name(), "two timers were started by one event");
        for (id, activity) in parts.activities.iter() {
            hold!(*id == activity.scheduled_event_id, "activity {id} is kept under another's id");
            let named = self.activities.named(&activity.activity_id).map(|(id, _)| id);
            hold!(named == Some(id), "activity {id} is not found by its activity id");
            self.check_activity(activity).map_err(|flaw| format!("activity {id}: {flaw}"))?;
        }
        for (name, timer) in parts.timers.iter() {
            hold!(!name.is_empty() && timer.due > 0, "timer {name} has no name or no time");
            hold!(self.is_written(timer.started_event_id), "timer {name} was never started");
            let started = self.timers.named(&timer.started_event_id).map(|(name, _)| name);
            hold!(started == Some(name), "timer {name} is not found by its start");
        }
        for (id, child) in parts.children.iter() {
            self.check_child(*id, child).map_err(|flaw| format!("child {id}: {flaw}"))?;
        }
        let signal = |it: &_| matches!(it, Attributes::SignalExternalWorkflowExecutionInitiatedEventAttributes(_));
        let cancel =
            |it: &_| matches!(it, Attributes::RequestCancelExternalWorkflowExecutionInitiatedEventAttributes(_));
        parts.signals.iter().try_for_each(|(id, it)| self.check_external(*id, it, signal))?;
        parts.cancels.iter().try_for_each(|(id, it)| self.check_external(*id, it, cancel))
    }

    /// What is found by one name is found by the other.
    fn check_names(&self) -> Result<(), Flaw> {
        hold!(self.activities.is_sound(), "not every activity is found by its activity id");
        hold!(self.timers.is_sound(), "not every timer is found by its start");
        Ok(())
    }

    /// Closed means that nothing is pending, and that the close event is the last one.
    fn check_closed(&self, parts: &Self) -> Result<(), Flaw> {
        let close = self.close_event.as_ref().map(|event| event.event_id);
        hold!(close == Some(self.next_event_id - 1), "it is closed by event {close:?} of {}", self.next_event_id - 1);
        hold!(self.close_time != 0, "it closed at no time");
        hold!(self.workflow_task.is_none(), "it is closed, and has a workflow task");
        hold!(self.admitted.is_empty(), "it is closed, and updates wait for a worker");
        hold!(self.sticky.is_none(), "it is closed, and has a sticky queue");
        hold!(self.buffered.is_empty(), "it is closed, and events wait to be written");
        hold!(self.activities.is_empty(), "it is closed, and has pending activities");
        hold!(self.timers.is_empty(), "it is closed, and has pending timers");
        hold!(self.signals.is_empty() && self.cancels.is_empty(), "it is closed, and has messages to send");
        // One whose start is not answered yet stays, to be dismissed when it is.
        hold!(
            parts.children.values().all(|child| child.started_event_id == 0),
            "it is closed, and has started children"
        );
        let follows = match self.known_status() {
            Some(Status::ContinuedAsNew) => Some(true),
            Some(Status::Completed) if !self.started.cron_schedule.is_empty() => None,
            Some(Status::Completed | Status::Canceled | Status::Terminated) => Some(false),
            _ => None,
        };
        hold!(follows.is_none_or(|it| it != self.successor.is_empty()), "its successor does not go with its end");
        Ok(())
    }

    fn check_task(&self, task: &WorkflowTask) -> Result<(), Flaw> {
        let task_type =
            WorkflowTaskType::try_from(task.task_type).map_err(|_| format!("it is of task_type {}", task.task_type))?;
        hold!(task.attempt > 0, "it is attempt {}", task.attempt);
        hold!(
            (task_type == WorkflowTaskType::Transient) == (task.attempt > 1),
            "it is {task_type:?} in attempt {}",
            task.attempt
        );
        let started = task.started_event_id != 0;
        hold!(started != task.request_id.is_empty(), "nobody started it, or nobody knows who");
        hold!(started == (task.started_time != 0), "it has no start, or no time of it");
        if task_type == WorkflowTaskType::Normal {
            hold!(self.is_written(task.scheduled_event_id), "it was never scheduled");
            hold!(!started || self.is_written(task.started_event_id), "its start was never written");
            hold!(
                !started || task.started_event_id > task.scheduled_event_id,
                "it was started before it was scheduled"
            );
        } else {
            hold!(task.scheduled_event_id <= self.next_event_id, "it was promised an id far ahead");
            // A worker was shown them: nothing else may take them.
            let promised =
                task.scheduled_event_id == self.next_event_id && task.started_event_id == task.scheduled_event_id + 1;
            hold!(!started || promised, "the ids that it was promised are taken");
        }
        let sticky = self.sticky.as_ref().filter(|_| !task.sticky_queue.is_empty());
        hold!(
            sticky.is_none_or(|sticky| sticky.queue == task.sticky_queue),
            "it is on another sticky queue than the run"
        );
        Ok(())
    }

    /// What waits has no id, may wait, and what it ends is not pending any more.
    fn check_buffered(&self, event: &HistoryEvent) -> Result<(), Flaw> {
        let Some(attributes) = &event.attributes else { return Err("an event waits that says nothing".to_owned()) };
        let kind = kind::event_type(attributes);
        hold!(event.event_type == kind as i32, "an event waits under another's type");
        hold!(event.event_id == 0, "{kind:?} waits, and has an id");
        hold!(kind::class(kind) != Class::Immediate, "{kind:?} waits, and must not");
        hold!(
            kind::ended_activity(attributes).is_none_or(|id| !self.activities.contains_key(&id)),
            "{kind:?} waits, and its activity is pending"
        );
        Ok(())
    }

    fn check_activity(&self, activity: &Activity) -> Result<(), Flaw> {
        let started = activity.started != 0;
        hold!(self.is_written(activity.scheduled_event_id), "it was never scheduled");
        hold!(activity.counted() > 0 && activity.uncounted >= 0, "it is in attempt {}", activity.counted());
        hold!(started || activity.request_id.is_empty(), "it is not started, and somebody started it");
        hold!(started || activity.last_heartbeat == 0, "it is not started, and has told how far it is");
        hold!(activity.started_event_id == 0, "it is pending, and its start is written");
        hold!(activity.schedule_to_close > 0 || activity.start_to_close > 0, "nothing limits its time");
        let asked = activity.cancel_requested_event_id;
        hold!(asked == 0 || self.is_written(asked), "it was never asked to cancel");
        hold!(asked == 0 || asked > activity.scheduled_event_id, "it was asked to cancel before it was scheduled");
        hold!(asked == 0 || started || self.original_start != 0, "it was asked to cancel, is not started, and goes on");
        let Some(policy) = &activity.retry else { return Err("it has no retry policy".to_owned()) };
        let most = policy.maximum_attempts;
        hold!(most == 0 || activity.counted() <= most.max(1), "it is in attempt {} of {most}", activity.counted());
        Ok(())
    }

    fn check_child(&self, id: EventId, child: &Child) -> Result<(), Flaw> {
        let initiated = child.initiated.as_ref();
        let asked = initiated.and_then(|event| event.attributes.as_ref());
        let asked = matches!(asked, Some(Attributes::StartChildWorkflowExecutionInitiatedEventAttributes(_)));
        hold!(asked && initiated.is_some_and(|event| event.event_id == id), "it was never asked for");
        hold!(self.is_written(id) && !child.request_id.is_empty(), "it has no event or no request id");
        let (started, known) = (child.started_event_id, !child.run_id.is_empty());
        hold!(started == 0 || self.is_written(started) && started > id, "its start {started} is no later event");
        let waits = || self.buffered.values().any(|event| started_child(event) == Some(id));
        hold!(known == (started != 0 || waits()), "its run is known without its start, or its start without its run");
        Ok(())
    }

    fn check_external(&self, id: EventId, it: &External, meant: fn(&Attributes) -> bool) -> Result<(), Flaw> {
        let initiated = it.initiated.as_ref();
        let asked = initiated.is_some_and(|event| event.event_id == id && event.attributes.as_ref().is_some_and(meant));
        hold!(asked && self.is_written(id), "message {id} was never asked for");
        hold!(!it.request_id.is_empty(), "message {id} has no request id");
        Ok(())
    }

    fn check_update(&self, update: &Update) -> Result<(), Flaw> {
        let (accepted, completed) = (update.accepted_event_id, update.completed_event_id);
        hold!(self.is_written(accepted), "it was never accepted");
        hold!(completed == 0 || self.is_written(completed) && completed > accepted, "it ended before it was accepted");
        hold!((completed != 0) == update.outcome.is_some(), "it has an end without an outcome, or the reverse");
        hold!(completed != 0 || update.request.is_some(), "it goes on, and nobody knows what was asked");
        Ok(())
    }
}

/// How many of its updates have ended.
fn ended(state: &State) -> i64 {
    state.updates.values().filter(|update| update.outcome.is_some()).count() as i64
}

/// The child that such an event says to have started.
fn started_child(event: &HistoryEvent) -> Option<EventId> {
    match &event.attributes {
        Some(Attributes::ChildWorkflowExecutionStartedEventAttributes(it)) => Some(it.initiated_event_id),
        _ => None,
    }
}
