//! H12: the events of a decision stand together, directly after it.

use crate::rules::{About, Findings, Stream};
use resurgam_formats::event::{Body, Event, EventId};

/// The last completed workflow task, and whether only its command events have come since.
#[derive(Default)]
pub(super) struct Commands {
    completed: EventId,
    contiguous: bool,
}

/// The workflow task completion that a command event names; `None` if it names none by its kind.
pub(super) fn decided_by(body: &Body) -> Option<EventId> {
    let mut found = None;
    body.each_reference(|name, id| {
        if name == "workflowTaskCompletedEventId" {
            found = Some(id);
        }
    });
    found
}

impl Stream for Commands {
    const ABOUT: About = About {
        id: "H12",
        slug: "commands",
        title: "command events name the nearest WorkflowTaskCompleted and stand directly after it",
        reason: "A replaying worker takes the command events after a WorkflowTaskCompleted as what it must have decided there. \
                 One that stands elsewhere, or behind an event that was buffered meanwhile, is compared with the wrong \
                 decision, and correct code fails with a non-determinism error.",
        source: "docs/temporal-semantics.md: “Buffered events”, “Events and what they refer to”. Not the failures of external requests and of child starts, which carry the task too but come later",
        violating: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled
            3 WorkflowTaskStarted scheduledEventId=2
            4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
            5 WorkflowExecutionSignaled signalName=s
            6 TimerStarted timerId=1 workflowTaskCompletedEventId=4",
        allowed: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled
            3 WorkflowTaskStarted scheduledEventId=2
            4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
            5 TimerStarted timerId=1 workflowTaskCompletedEventId=4
            6 WorkflowExecutionSignaled signalName=s",
    };

    fn event(&mut self, event: &Event, findings: &mut Findings) {
        if matches!(event.body, Body::WorkflowTaskCompleted(_)) {
            self.completed = event.id;
            self.contiguous = true;
            return;
        }
        if matches!(event.body, Body::Unrecognised { .. }) {
            return;
        }
        if !event.body.is_command() {
            self.contiguous = false;
            return;
        }
        if event.body.is_commanded_close() {
            return; // H14
        }
        findings.examine();
        let name = event.body.name();
        match decided_by(&event.body) {
            Some(named) if named != self.completed => {
                let message = format!(
                    "{name} says it was decided by event {named}; the last completed workflow task is {}",
                    self.completed
                );
                findings.violated(&[self.completed, event.id], message);
            }
            _ if !self.contiguous => {
                let message = format!(
                    "{name} (event {}) does not stand directly after the decisions of event {}",
                    event.id, self.completed
                );
                findings.violated(&[self.completed, event.id], message);
            }
            _ => {}
        }
    }
}
