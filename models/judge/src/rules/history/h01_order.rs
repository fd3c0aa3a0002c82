//! H1: event ids count up without a gap. Never looks at event times: a buffered event keeps its arrival time.

use crate::rules::{About, Findings, Stream};
use resurgam_formats::event::{Event, EventId};
use resurgam_formats::evidence::Run;

/// The last event's id, task id and failover version.
#[derive(Default)]
pub(super) struct Order {
    first: Option<EventId>,
    id: EventId,
    task: Option<(i64, i64, EventId)>,
}

impl Stream for Order {
    const ABOUT: About = About {
        id: "H1",
        slug: "order",
        title: "event ids are 1, 2, 3, … and task ids grow",
        reason: "A worker rebuilds a workflow by reading its events in the order of their ids. A gap is a lost event, a \
                 repetition is an event applied twice; either way the rebuilt state differs from the one that the server \
                 acted on, and the run is stuck or wrong for ever. Task ids order the batches that were committed; one that \
                 steps back shows a batch of a server that had lost the shard.",
        source: "docs/temporal-semantics.md: “Events and what they refer to”; temporal#584, temporal#5900",
        violating: "
            1 WorkflowExecutionStarted
            3 WorkflowTaskScheduled",
        allowed: "
            1 WorkflowExecutionStarted @10
            2 WorkflowTaskScheduled @10
            3 WorkflowExecutionSignaled signalName=s @9",
    };
    const CADENCE: bool = true;
    const PARTIAL: bool = true;
    const ANY_KIND: bool = true;

    fn event(&mut self, event: &Event, findings: &mut Findings) {
        findings.examine();
        match self.first {
            None => self.first = Some(event.id),
            Some(_) if event.id != self.id.plus(1) => findings.violated(
                &[self.id, event.id],
                format!("event {} is followed by event {}, not by {}", self.id, event.id, self.id.plus(1)),
            ),
            Some(_) => {}
        }
        self.id = event.id;
        if event.task_id == 0 {
            return;
        }
        // Another cluster counts its own task ids.
        if let Some((task, version, before)) = self.task
            && version == event.version
            && event.task_id <= task
        {
            findings.violated(
                &[before, event.id],
                format!("task id {} of event {} is not above {task} of event {before}", event.task_id, event.id),
            );
        }
        self.task = Some((event.task_id, event.version, event.id));
    }

    fn end(&mut self, run: &Run, findings: &mut Findings) {
        if let Some(first) = self.first
            && !run.partial
            && first != EventId(1)
        {
            findings.violated(&[first], format!("the history begins with event {first}, not with event 1"));
        }
    }
}
