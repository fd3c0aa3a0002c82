//! H2: a history begins with its start, and nothing that needs a worker comes before the first workflow task.

use crate::rules::{About, Findings, Stream};
use resurgam_formats::event::{Body, Event};

/// How far the beginning is.
#[derive(Default)]
pub(super) struct First {
    seen: bool,
    scheduled: bool,
}

/// True for what outside callers and the clock may write before any worker has been asked.
fn may_precede_the_first_task(body: &Body) -> bool {
    matches!(
        body,
        Body::WorkflowExecutionSignaled(_)
            | Body::WorkflowExecutionCancelRequested(_)
            | Body::WorkflowExecutionUpdateAdmitted(_)
            | Body::WorkflowExecutionOptionsUpdated(_)
            | Body::WorkflowPropertiesModifiedExternally(_)
            | Body::WorkflowExecutionPaused(_)
            | Body::WorkflowExecutionUnpaused(_)
            | Body::WorkflowExecutionTimeSkippingTransitioned(_)
            | Body::WorkflowExecutionTimedOut(_)
            | Body::WorkflowExecutionTerminated(_)
            | Body::Unrecognised { .. }
    )
}

impl Stream for First {
    const ABOUT: About = About {
        id: "H2",
        slug: "first",
        title: "event 1, and only event 1, is WorkflowExecutionStarted; what follows up to the first workflow task came from outside",
        reason: "The start carries the type and the input; without it no worker can begin to replay, and a second one would \
                 begin another workflow inside the first. Before the first workflow task no worker has decided anything, so \
                 only what callers send (signals, cancellation), a termination or a timeout can stand there.",
        source: "docs/temporal-semantics.md: “Workflow tasks”",
        violating: "
            1 WorkflowTaskScheduled
            2 WorkflowExecutionStarted",
        allowed: "
            1 WorkflowExecutionStarted
            2 WorkflowExecutionSignaled signalName=s
            3 WorkflowTaskScheduled",
    };
    const CADENCE: bool = true;

    fn event(&mut self, event: &Event, findings: &mut Findings) {
        findings.examine();
        let begins = matches!(event.body, Body::WorkflowExecutionStarted(_));
        if !self.seen {
            self.seen = true;
            if !begins && !matches!(event.body, Body::Unrecognised { .. }) {
                findings.violated(
                    &[event.id],
                    format!("the first event is {}, not WorkflowExecutionStarted", event.body.name()),
                );
            }
            return;
        }
        if begins {
            findings.violated(&[event.id], "the workflow is started a second time within one history");
        } else if matches!(event.body, Body::WorkflowTaskScheduled(_)) {
            self.scheduled = true;
        } else if !self.scheduled && !may_precede_the_first_task(&event.body) {
            findings
                .violated(&[event.id], format!("{} stands before the first WorkflowTaskScheduled", event.body.name()));
        }
    }
}
