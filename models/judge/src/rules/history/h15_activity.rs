//! H15: the life of an activity, as its history tells it.

use crate::rules::{About, Findings, Stream};
use resurgam_formats::event::{Body, Event, EventId};
use rustc_hash::FxHashMap;

/// Activities that have no end yet, by the id of their Scheduled event.
#[derive(Default)]
pub(super) struct Activities {
    pending: FxHashMap<EventId, Activity>,
    by_id: FxHashMap<String, EventId>,
    /// Old and new activity of one activity id, where the end of the old one must still be in the flush that follows.
    reused: Vec<(EventId, EventId)>,
    /// Started, and the end must be in the same flush.
    closing: Vec<EventId>,
}

struct Activity {
    activity_id: String,
    retries: bool,
    started: EventId,
    cancel_requested: EventId,
}

/// What an end of an activity requires.
#[derive(Clone, Copy)]
enum ActivityEnd {
    /// It had started.
    Ran,
    /// It may have timed out before.
    TimedOut,
    /// A cancellation had been asked for, by this event if it says so.
    Canceled(EventId),
}

impl Activities {
    fn end(&mut self, event: &Event, scheduled: EventId, started: EventId, end: ActivityEnd, findings: &mut Findings) {
        findings.examine();
        let name = event.body.name();
        let Some(activity) = self.pending.remove(&scheduled) else {
            let message = format!("{name} ends the activity of event {scheduled}, which is not pending");
            findings.violated(&[scheduled, event.id], message);
            return;
        };
        if self.by_id.get(&activity.activity_id) == Some(&scheduled) {
            self.by_id.remove(&activity.activity_id);
        }
        if started != activity.started {
            let message = format!(
                "{name} says that the activity was started by event {started}; it was {}",
                if activity.started.is_none() { "never".to_owned() } else { format!("by event {}", activity.started) }
            );
            findings.violated(&[scheduled, started, event.id], message);
        } else if started.is_none() && matches!(end, ActivityEnd::Ran) {
            findings.violated(&[scheduled, event.id], format!("{name}, but the activity was never started"));
        }
        if let ActivityEnd::Canceled(request) = end {
            if activity.cancel_requested.is_none() {
                findings.violated(&[scheduled, event.id], "an activity is cancelled that nobody asked to cancel");
            } else if !request.is_none() && request != activity.cancel_requested {
                let message =
                    format!("the cancellation was asked for by event {}, not {request}", activity.cancel_requested);
                findings.violated(&[activity.cancel_requested, event.id], message);
            }
        }
    }

    /// A flush is over: what had to be in it must have come.
    fn flushed(&mut self, closed: bool, findings: &mut Findings) {
        for (old, new) in self.reused.drain(..) {
            // A close drops what is buffered.
            if let Some(activity) = self.pending.get(&old)
                && !closed
            {
                let message =
                    format!("activity id {:?} is used again while the first one is pending", activity.activity_id);
                findings.violated(&[old, new], message);
            }
        }
        for scheduled in self.closing.drain(..) {
            if let Some(activity) = self.pending.get(&scheduled) {
                let message = "ActivityTaskStarted without the end that is written with it".to_owned();
                findings.violated(&[scheduled, activity.started], message);
            }
        }
    }
}

impl Stream for Activities {
    const ABOUT: About = About {
        id: "H15",
        slug: "activity",
        title: "an activity is scheduled, perhaps asked to cancel, perhaps started, and ends at most once, in that order",
        reason: "The worker's code waits for one result of each activity. Without it the workflow hangs; with two, or with one \
                 that belongs to another activity, the wrong branch of the code runs. For an activity with retries the start is \
                 written together with the end, so a start alone is a lost result.",
        source: "docs/temporal-semantics.md: “Activities”; temporal#7922, cadence#1191",
        violating: "
            1 WorkflowExecutionStarted
            2 ActivityTaskScheduled activityId=a
            3 ActivityTaskStarted scheduledEventId=2
            4 ActivityTaskCompleted scheduledEventId=2 startedEventId=3
            5 ActivityTaskTimedOut scheduledEventId=2 startedEventId=3",
        allowed: "
            1 WorkflowExecutionStarted
            2 ActivityTaskScheduled activityId=a
            3 ActivityTaskCancelRequested scheduledEventId=2
            4 ActivityTaskCanceled scheduledEventId=2 latestCancelRequestedEventId=3
            5 ActivityTaskScheduled activityId=a",
    };

    fn event(&mut self, event: &Event, findings: &mut Findings) {
        match &event.body {
            Body::ActivityTaskScheduled(task) => {
                findings.examine();
                if let Some(old) = self.by_id.insert(task.activity_id.clone(), event.id) {
                    self.reused.push((old, event.id));
                }
                let (activity_id, retries) = (task.activity_id.clone(), task.retry_policy.is_some());
                let activity = Activity { activity_id, retries, started: EventId(0), cancel_requested: EventId(0) };
                self.pending.insert(event.id, activity);
            }
            Body::ActivityTaskStarted(task) => match self.pending.get_mut(&task.scheduled) {
                None => {
                    let message = format!("the activity of event {} starts, but it is not pending", task.scheduled);
                    findings.violated(&[task.scheduled, event.id], message);
                }
                Some(activity) if !activity.started.is_none() => {
                    let message = "ActivityTaskStarted a second time for one activity";
                    findings.violated(&[task.scheduled, activity.started, event.id], message);
                }
                Some(activity) => {
                    activity.started = event.id;
                    if activity.retries {
                        self.closing.push(task.scheduled);
                    }
                }
            },
            Body::ActivityTaskCancelRequested(task) => match self.pending.get_mut(&task.scheduled) {
                Some(activity) => activity.cancel_requested = event.id,
                None => {
                    let message =
                        format!("the activity of event {} is asked to cancel, but it is not pending", task.scheduled);
                    findings.violated(&[task.scheduled, event.id], message);
                }
            },
            Body::ActivityTaskCompleted(task) => {
                self.end(event, task.scheduled, task.started, ActivityEnd::Ran, findings);
            }
            Body::ActivityTaskFailed(task) => self.end(event, task.scheduled, task.started, ActivityEnd::Ran, findings),
            Body::ActivityTaskTimedOut(task) => {
                self.end(event, task.scheduled, task.started, ActivityEnd::TimedOut, findings);
            }
            Body::ActivityTaskCanceled(task) => {
                self.end(event, task.scheduled, task.started, ActivityEnd::Canceled(task.cancel_requested), findings);
            }
            body if body.is_workflow_task() || body.is_close() => self.flushed(body.is_close(), findings),
            _ => {}
        }
    }
}
