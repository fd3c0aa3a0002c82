//! The shape of a history, independent of the engine: a few of the suite's rules (H1-H3, H6-H9, H12, H14, H15, H20).

use resurgam_api::temporal::enums::v1::{EventType as E, TimeoutType};
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::history::v1::history_event::Attributes as A;
use resurgam_state::kind::{Class, class};
use std::collections::BTreeMap;

#[derive(Default)]
struct Task {
    scheduled: i64,
    started: i64,
    attempt: i32,
}

/// What is known while reading.
#[derive(Default)]
struct Reader {
    task: Option<Task>,
    completed: i64,
    /// A decision's own events may follow.
    deciding: bool,
    completion: Option<i64>,
    flushing: bool,
    activities: BTreeMap<i64, i64>,
    closed: bool,
}

/// Whether this is a history; if not, why.
pub(super) fn check(events: &[HistoryEvent]) -> Result<(), String> {
    let mut reader = Reader::default();
    let mut task_id = 0;
    for (event, id) in events.iter().zip(1..) {
        let fail = |what: &str| Err(format!("event {id}: {what}"));
        if event.event_id != id || event.task_id <= task_id {
            return fail("ids do not count up");
        }
        task_id = event.task_id;
        if (event.event_type() == E::WorkflowExecutionStarted) != (id == 1) {
            return fail("the start is not the first event, or not the only start");
        }
        if reader.closed {
            return fail("it follows the close");
        }
        reader.read(event).or_else(|what| fail(&what))?;
    }
    Ok(())
}

/// The completed workflow task that an event says it was decided by.
fn decided_by(attributes: &A) -> Option<i64> {
    match attributes {
        A::MarkerRecordedEventAttributes(it) => Some(it.workflow_task_completed_event_id),
        A::TimerStartedEventAttributes(it) => Some(it.workflow_task_completed_event_id),
        A::TimerCanceledEventAttributes(it) => Some(it.workflow_task_completed_event_id),
        A::ActivityTaskScheduledEventAttributes(it) => Some(it.workflow_task_completed_event_id),
        A::ActivityTaskCancelRequestedEventAttributes(it) => Some(it.workflow_task_completed_event_id),
        A::WorkflowExecutionCompletedEventAttributes(it) => Some(it.workflow_task_completed_event_id),
        A::WorkflowExecutionFailedEventAttributes(it) => Some(it.workflow_task_completed_event_id),
        A::WorkflowExecutionContinuedAsNewEventAttributes(it) => Some(it.workflow_task_completed_event_id),
        _ => None,
    }
}

impl Reader {
    fn read(&mut self, event: &HistoryEvent) -> Result<(), String> {
        let attributes = event.attributes.as_ref().ok_or("no attributes")?;
        let kind = event.event_type();
        let started = self.task.as_ref().is_some_and(|task| task.started != 0);
        let of_task = kind.as_str_name().starts_with("EVENT_TYPE_WORKFLOW_TASK");
        if started && !of_task {
            return Err("it stands inside a started workflow task".into());
        }
        if let Some(task) = self.task.as_ref().filter(|task| task.attempt > 1 && task.started == 0)
            && kind != E::WorkflowTaskStarted
        {
            return Err(format!("it follows attempt {} instead of its start", task.attempt));
        }
        let decided = decided_by(attributes);
        match decided {
            Some(by) if by != self.completed => return Err(format!("decided by {by}, not by {}", self.completed)),
            Some(_) if !self.deciding => return Err("a decision stands behind other events".into()),
            Some(_) => {}
            None => self.deciding = false,
        }
        self.closed = matches!(
            kind,
            E::WorkflowExecutionCompleted
                | E::WorkflowExecutionFailed
                | E::WorkflowExecutionTimedOut
                | E::WorkflowExecutionTerminated
                | E::WorkflowExecutionCanceled
                | E::WorkflowExecutionContinuedAsNew
        );
        if of_task || self.closed {
            self.flushing = kind == E::WorkflowTaskCompleted;
            self.completion = None;
        } else if self.flushing && decided.is_none() {
            match (class(kind), self.completion) {
                (Class::Completion, _) => self.completion = Some(event.event_id),
                (_, Some(end)) => return Err(format!("it stands behind the end {end} in one flush")),
                _ => {}
            }
        }
        self.workflow_task(event.event_id, attributes)?;
        self.activity(event.event_id, attributes)
    }

    fn workflow_task(&mut self, id: i64, attributes: &A) -> Result<(), String> {
        match attributes {
            A::WorkflowTaskScheduledEventAttributes(it) => {
                if self.task.is_some() {
                    return Err("a workflow task is pending already".into());
                }
                self.task = Some(Task { scheduled: id, started: 0, attempt: it.attempt });
            }
            A::WorkflowTaskStartedEventAttributes(it) => match &mut self.task {
                Some(task) if task.scheduled == it.scheduled_event_id && task.started == 0 => task.started = id,
                _ => return Err("it starts a task that is not pending".into()),
            },
            A::WorkflowTaskCompletedEventAttributes(it) => {
                self.end(it.scheduled_event_id, it.started_event_id, false, true)?;
                self.completed = id;
                self.deciding = true;
            }
            A::WorkflowTaskFailedEventAttributes(it) => {
                self.end(it.scheduled_event_id, it.started_event_id, false, false)?;
            }
            A::WorkflowTaskTimedOutEventAttributes(it) => {
                let unstarted = it.timeout_type() == TimeoutType::ScheduleToStart;
                self.end(it.scheduled_event_id, it.started_event_id, unstarted, false)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, scheduled: i64, started: i64, unstarted: bool, success: bool) -> Result<(), String> {
        let task = self.task.take().ok_or("no workflow task is pending")?;
        if (task.scheduled, task.started) != (scheduled, started) || (started == 0) != unstarted {
            return Err(format!("it ends task {scheduled}/{started}, not {}/{}", task.scheduled, task.started));
        }
        if task.attempt > 1 && !success { Err("a failed attempt above 1 left events".into()) } else { Ok(()) }
    }

    fn activity(&mut self, id: i64, attributes: &A) -> Result<(), String> {
        let (of, started) = match attributes {
            A::ActivityTaskScheduledEventAttributes(_) => {
                self.activities.insert(id, 0);
                return Ok(());
            }
            A::ActivityTaskStartedEventAttributes(it) => {
                return match self.activities.get_mut(&it.scheduled_event_id) {
                    Some(start @ 0) => {
                        *start = id;
                        Ok(())
                    }
                    _ => Err("it starts an activity that is not pending, or twice".into()),
                };
            }
            A::ActivityTaskCompletedEventAttributes(it) => (it.scheduled_event_id, it.started_event_id),
            A::ActivityTaskFailedEventAttributes(it) => (it.scheduled_event_id, it.started_event_id),
            A::ActivityTaskTimedOutEventAttributes(it) => (it.scheduled_event_id, it.started_event_id),
            A::ActivityTaskCanceledEventAttributes(it) => (it.scheduled_event_id, it.started_event_id),
            _ => return Ok(()),
        };
        match self.activities.remove(&of) {
            Some(start) if start == started => Ok(()),
            Some(start) => Err(format!("the activity was started by {start}, not {started}")),
            None => Err("it ends an activity that is not pending".into()),
        }
    }
}

#[test]
fn a_history_out_of_shape_is_seen() {
    let mut shard = super::shard::Shard::started();
    let task = shard.poll();
    shard.signal("a").expect("it is open");
    shard.complete(&task, vec![super::shard::marker()]).expect("it is started");
    let whole = shard.histories[&shard.current()].clone();
    assert_eq!(check(&whole), Ok(()));
    for (i, j) in [(1, 2), (2, 3), (3, 4), (4, 5), (3, 5)] {
        let mut events = whole.clone();
        let (a, b) = (events[i].attributes.clone(), events[j].attributes.clone());
        let (x, y) = (events[i].event_type, events[j].event_type);
        (events[i].attributes, events[i].event_type) = (b, y);
        (events[j].attributes, events[j].event_type) = (a, x);
        assert!(check(&events).is_err(), "{i} and {j} exchanged");
    }
    assert!(check(&whole[1..]).is_err());
}
