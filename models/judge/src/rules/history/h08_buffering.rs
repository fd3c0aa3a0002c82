//! H8: nothing happens inside a started workflow task.

use crate::rules::{About, Findings, Stream};
use resurgam_formats::event::{Body, Event, EventId};

/// The id of the started workflow task, 0 if none.
#[derive(Default)]
pub(super) struct Buffering {
    started: EventId,
}

impl Stream for Buffering {
    const ABOUT: About = About {
        id: "H8",
        slug: "buffering",
        title: "between WorkflowTaskStarted and its end there is no event",
        reason: "While a worker decides, the server must hold back everything else that happens and write it after the \
                 decision. A worker that replays such a history would otherwise see an event that it had not seen when it \
                 decided, and would decide differently: a non-determinism error for correct code.",
        source: "docs/temporal-semantics.md: “Buffered events”",
        violating: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled
            3 WorkflowTaskStarted scheduledEventId=2
            4 WorkflowExecutionSignaled signalName=s
            5 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3",
        allowed: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled
            3 WorkflowTaskStarted scheduledEventId=2
            4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
            5 WorkflowExecutionSignaled signalName=s",
    };
    const PARTIAL: bool = true;

    fn event(&mut self, event: &Event, findings: &mut Findings) {
        match event.body {
            Body::WorkflowTaskStarted(_) => {
                findings.examine();
                self.started = event.id;
            }
            Body::WorkflowTaskCompleted(_) | Body::WorkflowTaskFailed(_) | Body::WorkflowTaskTimedOut(_) => {
                self.started = EventId(0);
            }
            // An event of a kind that is not known here may be allowed to stand there.
            Body::Unrecognised { .. } => {}
            _ if !self.started.is_none() => findings.violated(
                &[self.started, event.id],
                format!(
                    "{} (event {}) stands inside the started workflow task {}",
                    event.body.name(),
                    event.id,
                    self.started
                ),
            ),
            _ => {}
        }
    }
}
