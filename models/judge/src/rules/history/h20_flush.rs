//! H20: what was buffered during a decision is written in a fixed order after it.

use crate::rules::{About, Findings, Stream};
use resurgam_formats::event::{Body, Event, EventId};

/// Where in the history the machine is.
#[derive(Default)]
pub(super) struct Flush {
    /// Between a WorkflowTaskCompleted and the next workflow task: what stands there was flushed at once.
    open: bool,
    /// The first completion in this flush.
    completion: Option<EventId>,
    /// A paused run collects events without scheduling a workflow task; what an event of an unknown kind does is not known.
    silent: bool,
}

impl Stream for Flush {
    const ABOUT: About = About {
        id: "H20",
        slug: "flush",
        title: "after a decision the buffered events come in order: first all others, then the ends of activities and children",
        reason: "An activity or child may start and end while the worker decides, and a store may hand the two back in another \
                 order. The server therefore writes all ends last. An end before the start that it belongs to cannot be \
                 replayed. (After a failed decision a retry may be pending without an event, so what stands there need not \
                 have come at once, and is not judged.)",
        source: "docs/temporal-semantics.md: “Buffered events”; cadence#1191, temporal#1490, temporal#7922",
        violating: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled
            3 WorkflowTaskStarted scheduledEventId=2
            4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
            5 ActivityTaskCompleted
            6 WorkflowExecutionSignaled signalName=s
            7 WorkflowTaskScheduled",
        allowed: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled
            3 WorkflowTaskStarted scheduledEventId=2
            4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
            5 WorkflowExecutionSignaled signalName=s
            6 ActivityTaskStarted
            7 ActivityTaskCompleted
            8 WorkflowTaskScheduled
            9 WorkflowExecutionSignaled signalName=s",
    };
    const PARTIAL: bool = true;

    fn event(&mut self, event: &Event, findings: &mut Findings) {
        match &event.body {
            Body::WorkflowTaskCompleted(_) => {
                self.open = true;
                self.completion = None;
            }
            Body::WorkflowExecutionPaused(_) | Body::WorkflowExecutionUnpaused(_) | Body::Unrecognised { .. } => {
                self.silent = true;
            }
            body if body.is_workflow_task() || body.is_close() => self.open = false,
            body if self.open && !self.silent && !body.is_command() => {
                findings.examine();
                if body.is_completion() {
                    self.completion.get_or_insert(event.id);
                } else if let Some(completion) = self.completion {
                    let message = format!("{} stands behind the end of an activity or child in one flush", body.name());
                    findings.violated(&[completion, event.id], message);
                }
            }
            _ => {}
        }
    }
}
