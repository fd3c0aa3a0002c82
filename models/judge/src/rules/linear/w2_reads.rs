//! W2: an answer shows a state that was, and never an older one than an answer before.

use super::words::{shown_by, what, who};
use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};

/// Compares answers that write nothing with the history and with each other.
pub(super) struct Reads;

static ABOUT: About = About {
    id: "W2",
    slug: "reads",
    title: "a description, history, query or refused start shows a state that the run had by then, and later ones no older",
    reason: "What a client reads it acts on: an operator sees the run closed and starts the next. An answer that shows what \
             had not happened yet, or a state that the run never had, or an older state than one before it, makes two \
             careful readers disagree for ever. A server that does not promise fresh reads may answer late, but every \
             answer must be true of some moment, and moments do not run backwards.",
    source: "docs/temporal-semantics.md: “Reads of histories”, “Signals, cancel requests, queries, updates”",
    violating: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","action":{"call":"describe"}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"description","workflow_id":"w","run_id":"r","status":"RUNNING","history_length":2}}}
        {"at":3,"type":"invoke","operation":2,"attempt":1,"by":"client-2","call":{"of":"client","workflow_id":"w","action":{"call":"describe"}}}
        {"at":4,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"description","workflow_id":"w","run_id":"r","status":"RUNNING","history_length":1}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","action":{"call":"describe"}}}
        {"at":2,"type":"invoke","operation":2,"attempt":1,"by":"client-2","call":{"of":"client","workflow_id":"w","action":{"call":"describe"}}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"description","workflow_id":"w","run_id":"r","status":"RUNNING","history_length":2}}}
        {"at":4,"type":"return","operation":2,"attempt":1,"answer":{"answer":"ok","value":{"reply":"description","workflow_id":"w","run_id":"r","status":"RUNNING","history_length":1}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled"#
    ),
};

impl Rule for Reads {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let witness = evidence.witness();
        let (timeline, reads) = (&witness.timeline, &witness.shown.bounds);
        (0..witness.shown.looked).for_each(|_| findings.examine());
        for strange in &witness.shown.strange {
            findings.look_at(&evidence.runs[strange.run]);
            findings.violated_by(&[strange.operation], &[], &*strange.message);
        }
        let future = timeline.conflicts(&timeline.lowest(&witness.effects.lower, true), &reads.upper);
        let back = timeline.conflicts(&timeline.lowest(&reads.lower, false), &reads.upper);
        for (conflict, future) in future.iter().map(|c| (c, true)).chain(back.iter().map(|c| (c, false))) {
            findings.look_at(&evidence.runs[conflict.second.run]);
            let (operations, events) = shown_by(timeline, conflict);
            let (first, second) = (&conflict.first, &conflict.second);
            let (shown, other) = (what(timeline, second), what(timeline, first));
            let message = if future {
                format!("{} shows {shown}, which stands behind {other}; {} was sent later", who(second), who(first))
            } else {
                format!("{} had shown {shown}; {}, sent later, shows nothing from {other} on", who(second), who(first))
            };
            findings.violated_by(&operations, &events, message);
        }
    }
}
