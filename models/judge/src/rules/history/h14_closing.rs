//! H14: a run that its worker closes ends with that decision.

use super::h12_commands::decided_by;
use crate::rules::{About, Findings, Stream};
use resurgam_formats::event::{Body, Event, EventId};

/// The last completed workflow task, and what stood in between first.
#[derive(Default)]
pub(super) struct Closing {
    completed: EventId,
    between: Option<EventId>,
}

impl Stream for Closing {
    const ABOUT: About = About {
        id: "H14",
        slug: "closing",
        title: "a close decided by the worker directly follows the other events of the same decision",
        reason: "A worker that closes its run has seen everything up to the workflow task that it answers. If something else had \
                 arrived by then, the server must refuse the close (UNHANDLED_COMMAND) and show it first. A close behind an \
                 event that the worker had not seen means that an acknowledged signal was never handled.",
        source: "docs/temporal-semantics.md: “Workflow tasks”, “Buffered events”; cadence#1549, temporal#4050",
        violating: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled
            3 WorkflowTaskStarted scheduledEventId=2
            4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
            5 WorkflowExecutionSignaled signalName=s
            6 WorkflowExecutionCompleted workflowTaskCompletedEventId=4",
        allowed: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled
            3 WorkflowTaskStarted scheduledEventId=2
            4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
            5 MarkerRecorded markerName=m workflowTaskCompletedEventId=4
            6 WorkflowExecutionCompleted workflowTaskCompletedEventId=4",
    };

    fn event(&mut self, event: &Event, findings: &mut Findings) {
        if event.body.is_commanded_close() {
            findings.examine();
            let (name, named) = (event.body.name(), decided_by(&event.body).unwrap_or_default());
            if named != self.completed || named.is_none() {
                let message = format!(
                    "{name} says it was decided by event {named}; the last completed workflow task is {}",
                    self.completed
                );
                findings.violated(&[self.completed, event.id], message);
            } else if let Some(between) = self.between {
                let message =
                    format!("event {between} came between the decision (event {}) and its {name}", self.completed);
                findings.violated(&[self.completed, between, event.id], message);
            }
        } else if matches!(event.body, Body::WorkflowTaskCompleted(_)) {
            self.completed = event.id;
            self.between = None;
        } else if !event.body.is_command() && !matches!(event.body, Body::Unrecognised { .. }) {
            self.between.get_or_insert(event.id);
        }
    }
}
