//! H7: the end of a workflow task names the task that was pending.

use crate::rules::{About, Findings, Stream};
use resurgam_formats::event::{Body, Event, EventId};

/// The pending workflow task: its Scheduled and its Started event, 0 if none.
#[derive(Default)]
pub(super) struct Task {
    scheduled: EventId,
    started: EventId,
}

impl Task {
    fn end(&mut self, event: &Event, scheduled: EventId, started: EventId, unstarted: bool, findings: &mut Findings) {
        findings.examine();
        let name = event.body.name();
        if scheduled != self.scheduled || scheduled.is_none() {
            let message = format!(
                "{name} is about the task scheduled by event {scheduled}, but {} is pending",
                or_none(self.scheduled)
            );
            findings.violated(&[scheduled, event.id], message);
        }
        if started.is_none() && !unstarted {
            findings.violated(&[event.id], format!("{name} ends a workflow task that was never started"));
        } else if started != self.started {
            let message = format!(
                "{name} is about the task started by event {started}, but {} is started",
                or_none(self.started)
            );
            findings.violated(&[started, event.id], message);
        }
        *self = Self::default();
    }
}

fn or_none(id: EventId) -> String {
    if id.is_none() { "none".to_owned() } else { format!("that of event {id}") }
}

impl Stream for Task {
    const ABOUT: About = About {
        id: "H7",
        slug: "task",
        title: "a workflow task is started and ended once, by events that refer to it",
        reason: "Every decision belongs to exactly one hand-out of one workflow task. A completion that names another one is the \
                 answer of a worker whose task was taken away; accepting it applies a decision made on an old state. Only a \
                 timeout before any worker took the task (of a sticky queue, or of a speculative task) ends one that was not \
                 started.",
        source: "docs/temporal-semantics.md: “Workflow tasks”, “Sticky queues”, “Events and what they refer to”; temporal#1668",
        violating: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled
            3 WorkflowTaskStarted scheduledEventId=2
            4 WorkflowTaskCompleted scheduledEventId=2",
        allowed: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled taskQueue.name=q taskQueue.kind=STICKY
            3 WorkflowTaskTimedOut scheduledEventId=2 timeoutType=SCHEDULE_TO_START
            4 WorkflowTaskScheduled",
    };

    fn event(&mut self, event: &Event, findings: &mut Findings) {
        match &event.body {
            Body::WorkflowTaskScheduled(_) => {
                self.scheduled = event.id;
                self.started = EventId(0);
            }
            Body::WorkflowTaskStarted(task) => {
                findings.examine();
                if task.scheduled != self.scheduled || task.scheduled.is_none() {
                    let message = format!(
                        "a worker takes the task scheduled by event {}, but {} is pending",
                        task.scheduled,
                        or_none(self.scheduled)
                    );
                    findings.violated(&[task.scheduled, event.id], message);
                }
                self.started = event.id;
            }
            Body::WorkflowTaskCompleted(task) => self.end(event, task.scheduled, task.started, false, findings),
            Body::WorkflowTaskFailed(task) => self.end(event, task.scheduled, task.started, false, findings),
            Body::WorkflowTaskTimedOut(task) => {
                let unstarted = task.timeout_type.is("SCHEDULE_TO_START");
                if unstarted && !task.started.is_none() {
                    findings.violated(
                        &[task.started, event.id],
                        "a schedule-to-start timeout of a workflow task that was started",
                    );
                }
                self.end(event, task.scheduled, task.started, unstarted, findings);
            }
            _ => {}
        }
    }
}
