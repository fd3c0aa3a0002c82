//! H3: a run closes once, and nothing comes after.

use crate::rules::{About, Findings, Stream};
use resurgam_formats::event::{Body, Event, EventId};

/// The close event, if it was seen.
#[derive(Default)]
pub(super) struct Close {
    closed: Option<(EventId, String)>,
}

impl Stream for Close {
    const ABOUT: About = About {
        id: "H3",
        slug: "close",
        title: "at most one close event, and it is the last event",
        reason: "A caller that was told the result must be able to rely on it: a closed run never changes. An event after the \
                 close is one that no worker will ever see (a signal acknowledged and lost), a second close would give two \
                 callers two results.",
        source: "docs/temporal-semantics.md: “Reads of histories”; cadence#1509, cadence#1092",
        violating: "
            1 WorkflowExecutionStarted
            2 WorkflowExecutionTerminated
            3 WorkflowExecutionSignaled signalName=s",
        allowed: "
            1 WorkflowExecutionStarted
            2 WorkflowExecutionSignaled signalName=s
            3 WorkflowExecutionTerminated",
    };
    const CADENCE: bool = true;
    const PARTIAL: bool = true;

    fn event(&mut self, event: &Event, findings: &mut Findings) {
        findings.examine();
        let known = !matches!(event.body, Body::Unrecognised { .. });
        if let Some((close, name)) = &self.closed
            && known
        {
            let message = format!("{} (event {}) stands after {name} (event {close})", event.body.name(), event.id);
            findings.violated(&[*close, event.id], message);
        } else if event.body.is_close() {
            self.closed = Some((event.id, event.body.name().to_owned()));
        }
    }
}
