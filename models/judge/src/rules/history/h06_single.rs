//! H6: one workflow task at a time.

use crate::rules::{About, Findings, Stream};
use resurgam_formats::event::{Body, Event, EventId};

/// The pending and the started workflow task, 0 if none.
#[derive(Default)]
pub(super) struct Single {
    pending: EventId,
    started: EventId,
}

impl Stream for Single {
    const ABOUT: About = About {
        id: "H6",
        slug: "single",
        title: "at most one workflow task is pending, and at most one is started",
        reason: "Workflow code is single-threaded because the server hands out one workflow task of a run at a time. With two, \
                 two workers decide on the same state and both decisions are applied: activities are scheduled twice, timers \
                 started twice.",
        source: "docs/temporal-semantics.md: “Workflow tasks”; temporal#1668, temporal#2335",
        violating: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled
            3 WorkflowTaskScheduled",
        allowed: "
            1 WorkflowExecutionStarted
            2 WorkflowTaskScheduled
            3 WorkflowTaskTimedOut scheduledEventId=2 timeoutType=SCHEDULE_TO_START
            4 WorkflowTaskScheduled",
    };
    const CADENCE: bool = true;
    const PARTIAL: bool = true;

    fn event(&mut self, event: &Event, findings: &mut Findings) {
        match event.body {
            Body::WorkflowTaskScheduled(_) => {
                findings.examine();
                if !self.pending.is_none() {
                    let message =
                        format!("a workflow task is scheduled while that of event {} is pending", self.pending);
                    findings.violated(&[self.pending, event.id], message);
                }
                self.pending = event.id;
            }
            Body::WorkflowTaskStarted(_) => {
                findings.examine();
                if !self.started.is_none() {
                    let message = format!("a workflow task is started while that of event {} is started", self.started);
                    findings.violated(&[self.started, event.id], message);
                }
                self.started = event.id;
            }
            Body::WorkflowTaskCompleted(_) | Body::WorkflowTaskFailed(_) | Body::WorkflowTaskTimedOut(_) => {
                self.pending = EventId(0);
                self.started = EventId(0);
            }
            _ => {}
        }
    }
}
