//! The buffer: what happens while a worker has the workflow task is written when the task ends.

use super::task_event;
use super::transaction::Transaction;
use crate::planted::{Bug, planted};
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_state::attached::attached;
use resurgam_state::kind::{self, Class};
use resurgam_state::{AttachedRequest, EventId};
use std::collections::BTreeMap;

impl Transaction<'_, '_> {
    /// Adds an event. Those that have to wait for the started workflow task go to the buffer, and `None` is returned.
    pub fn add(&mut self, attributes: Attributes) -> Option<EventId> {
        self.place(self.event(attributes))
    }

    /// Adds an event that has its own time; see [`add`](Self::add).
    pub fn place(&mut self, event: HistoryEvent) -> Option<EventId> {
        if kind::class(event.event_type()) == Class::Immediate {
            return Some(self.write(event));
        }
        task_event::convert(self);
        if self.task_is_started() {
            self.run.state.buffered.push(event);
            None
        } else {
            Some(self.write(event))
        }
    }
}

/// Writes all waiting events: in order of arrival, but the ends of activities and children last. An end that names no
/// start gets the id of the start that is written here.
pub(super) fn flush(tx: &mut Transaction<'_, '_>) -> usize {
    let buffered = std::mem::take(&mut tx.run.state.buffered);
    let count = buffered.len();
    let ends = |event: &_| kind::class(HistoryEvent::event_type(event));
    let (last, first): (Vec<_>, Vec<_>) = buffered
        .values()
        .cloned()
        .partition(|event| ends(event) == Class::Completion && !planted(Bug::BufferInOrderOfArrival));
    let mut starts = BTreeMap::new();
    for mut event in first.into_iter().chain(last) {
        if let Some(attributes) = &mut event.attributes {
            name_start(attributes, &starts);
        }
        let start = event.attributes.as_ref().and_then(started);
        let request = event.attributes.as_ref().and_then(attached);
        let id = tx.write(event);
        let known = |known: &&mut AttachedRequest| Some(&known.request_id) == request.as_ref();
        if let Some(known) = tx.run.state.requests.iter_mut().find(known) {
            known.event_id = id;
        }
        if let Some(of) = start {
            starts.insert(of, id);
            if let Some(activity) = tx.run.state.activities.get_mut(&of) {
                activity.started_event_id = id;
            } else if let Some(child) = tx.run.state.children.get_mut(&of) {
                child.started_event_id = id;
            }
        }
    }
    count
}

/// What a Started event starts: the id of the Scheduled or Initiated event.
fn started(attributes: &Attributes) -> Option<EventId> {
    match attributes {
        Attributes::ActivityTaskStartedEventAttributes(it) => Some(it.scheduled_event_id),
        Attributes::ChildWorkflowExecutionStartedEventAttributes(it) => Some(it.initiated_event_id),
        _ => None,
    }
}

/// Names the start of what ended, if it is one of `starts` and not named yet.
fn name_start(attributes: &mut Attributes, starts: &BTreeMap<EventId, EventId>) {
    use Attributes as A;
    let (of, start) = match attributes {
        A::ActivityTaskCompletedEventAttributes(it) => (it.scheduled_event_id, &mut it.started_event_id),
        A::ActivityTaskFailedEventAttributes(it) => (it.scheduled_event_id, &mut it.started_event_id),
        A::ActivityTaskTimedOutEventAttributes(it) => (it.scheduled_event_id, &mut it.started_event_id),
        A::ActivityTaskCanceledEventAttributes(it) => (it.scheduled_event_id, &mut it.started_event_id),
        A::ChildWorkflowExecutionCompletedEventAttributes(it) => (it.initiated_event_id, &mut it.started_event_id),
        A::ChildWorkflowExecutionFailedEventAttributes(it) => (it.initiated_event_id, &mut it.started_event_id),
        A::ChildWorkflowExecutionCanceledEventAttributes(it) => (it.initiated_event_id, &mut it.started_event_id),
        A::ChildWorkflowExecutionTimedOutEventAttributes(it) => (it.initiated_event_id, &mut it.started_event_id),
        A::ChildWorkflowExecutionTerminatedEventAttributes(it) => (it.initiated_event_id, &mut it.started_event_id),
        _ => return,
    };
    if *start == 0 {
        // Whatever was cancelled before it started has no start.
        *start = starts.get(&of).copied().unwrap_or(0);
    }
}
