//! W3: an answer shows the state of a moment between the call and the answer.

use super::words::{shown_by, what, who};
use crate::profile::Capability;
use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};

/// Compares answers that write nothing with what was acknowledged before they were asked for.
pub(super) struct Fresh;

static ABOUT: About = About {
    id: "W3",
    slug: "fresh-reads",
    title: "where the target promises it: an answer reflects everything that was acknowledged before the call",
    reason: "A server of several nodes can answer from a node that no longer owns the workflow and does not know it. If \
             the answer to a description, a query, a history read, or a refusal to start can be old, a client that \
             signalled and then looks does not see its own signal, a retry of a start finds a run that is long gone, and \
             no caller can tell. A target that promises linearizable reads must be fresh on every path, not only where \
             it writes.",
    source: "docs/temporal-semantics.md: “Reads of histories”; temporal#10478",
    violating: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"s","value":7}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        {"at":3,"type":"invoke","operation":2,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","action":{"call":"describe"}}}
        {"at":4,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"description","workflow_id":"w","run_id":"r","status":"RUNNING","history_length":2}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled
        3 WorkflowExecutionSignaled signalName=s input=[7]"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"s","value":7}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        {"at":3,"type":"invoke","operation":2,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","action":{"call":"describe"}}}
        {"at":4,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"description","workflow_id":"w","run_id":"r","status":"RUNNING","history_length":3}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 WorkflowExecutionSignaled signalName=s input=[7]"#
    ),
};

impl Rule for Fresh {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs(&self) -> Option<Capability> {
        Some(Capability::LinearizableReads)
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let witness = evidence.witness();
        let (timeline, reads) = (&witness.timeline, &witness.shown.bounds);
        (0..witness.shown.looked).for_each(|_| findings.examine());
        let lowest = timeline.lowest(&reads.lower, true);
        let stale = timeline.conflicts(&lowest, &witness.effects.upper);
        // Two reads of one run are compared by W2, whatever the target promises.
        let back = timeline.conflicts(&lowest, &reads.upper);
        let back = back.iter().filter(|conflict| conflict.first.run != conflict.second.run);
        for conflict in stale.iter().chain(back) {
            findings.look_at(&evidence.runs[conflict.first.run]);
            let (operations, events) = shown_by(timeline, conflict);
            let (first, second) = (&conflict.first, &conflict.second);
            let message = format!(
                "{} does not reflect {}, though {} was there when {} ended, before it was sent",
                who(first),
                what(timeline, first),
                what(timeline, second),
                who(second)
            );
            findings.violated_by(&operations, &events, message);
        }
    }
}
