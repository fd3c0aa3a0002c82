//! H21: an update is accepted once and completed once, in that order.

use crate::rules::{About, Findings, Stream};
use resurgam_formats::event::{Body, Event, EventId};
use rustc_hash::{FxHashMap, FxHashSet};

/// Updates of a run.
#[derive(Default)]
pub(super) struct Updates {
    /// Accepted and not completed: update id by Accepted event.
    open: FxHashMap<EventId, String>,
    /// Ids accepted so far. They are remembered for ever: a run takes at most a few thousand updates.
    accepted: FxHashSet<String>,
}

impl Stream for Updates {
    const ABOUT: About = About {
        id: "H21",
        slug: "update",
        title: "each update id is accepted at most once per run, and completed at most once, after its acceptance",
        reason: "An update is a call into the workflow: its id makes a repeated call safe. Accepted twice, the handler runs \
                 twice; completed without acceptance or twice, the caller gets an answer that belongs to another call.",
        source: "docs/temporal-semantics.md: “Signals, cancel requests, queries, updates”, “Events and what they refer to”",
        violating: "
            1 WorkflowExecutionStarted
            2 WorkflowExecutionUpdateAccepted protocolInstanceId=u
            3 WorkflowExecutionUpdateAccepted protocolInstanceId=u",
        allowed: "
            1 WorkflowExecutionStarted
            2 WorkflowExecutionUpdateAccepted protocolInstanceId=u
            3 WorkflowExecutionUpdateAccepted protocolInstanceId=v
            4 WorkflowExecutionUpdateCompleted acceptedEventId=2 meta.updateId=u",
    };

    fn event(&mut self, event: &Event, findings: &mut Findings) {
        match &event.body {
            Body::WorkflowExecutionUpdateAccepted(update) => {
                findings.examine();
                let id = if update.request.id.is_empty() { &update.protocol_instance_id } else { &update.request.id };
                if update.sequencing >= event.id {
                    let message = format!(
                        "update {id:?} was sent after event {}, which is not before its acceptance",
                        update.sequencing
                    );
                    findings.violated(&[event.id], message);
                }
                if !id.is_empty() && !self.accepted.insert(id.clone()) {
                    findings.violated(&[event.id], format!("update {id:?} is accepted a second time"));
                }
                self.open.insert(event.id, id.clone());
            }
            Body::WorkflowExecutionUpdateCompleted(update) => {
                findings.examine();
                match self.open.remove(&update.accepted) {
                    None => {
                        let message = format!(
                            "an update is completed that event {} did not accept, or that is completed already",
                            update.accepted
                        );
                        findings.violated(&[update.accepted, event.id], message);
                    }
                    Some(id) if !id.is_empty() && !update.meta.0.is_empty() && id != update.meta.0 => {
                        let message = format!(
                            "update {:?} is completed, but event {} accepted {id:?}",
                            update.meta.0, update.accepted
                        );
                        findings.violated(&[update.accepted, event.id], message);
                    }
                    Some(_) => {}
                }
            }
            _ => {}
        }
    }
}
