//! L19: who waits for an update is not sent away early, and an update that was accepted is known.

use super::update_calls::about_updates;
use crate::profile::Capability;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::plan::UpdateStage;
use resurgam_formats::recording::{Reply, UpdateReached};
use resurgam_formats::time::At;

/// Compares what callers of updates waited for with what they were told.
pub(super) struct Awaited;

static ABOUT: About = About {
    id: "L19",
    slug: "awaited",
    title: "who waits for a stage of an update is told of it, or waits as long as the server does; an accepted update stays known",
    reason: "SDKs ask again when an answer says less than they asked for: a server that answers at once makes them ask in a circle, and \
             one that has forgotten an update whose acceptance it acknowledged leaves its caller without an outcome for ever.",
    source: "docs/temporal-semantics.md: “Signals, cancel requests, queries, updates”",
    violating: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"u","action":{"call":"update","name":"add","value":7,"wait":"completed"}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"update","run_id":"r","stage":"accepted"}}}
        run w/r
        1 WorkflowExecutionStarted"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"u","action":{"call":"update","name":"add","value":7,"wait":"completed"}}}
        {"at":20000000001,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"update","run_id":"r","stage":"accepted"}}}
        run w/r
        1 WorkflowExecutionStarted"#
    ),
};

/// A server that answers before what was waited for has come has waited at least this long.
const PATIENCE: At = 15_000_000_000;

impl Rule for Awaited {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs(&self) -> Option<Capability> {
        // The real server knows updates that have no outcome in memory only, and sends those who wait away when it forgets them.
        Some(Capability::Availability)
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let known = evidence.by_execution();
        for call in about_updates(evidence) {
            for (attempt, reply) in call.operation.replies() {
                let Some(returned) = attempt.returned else { continue };
                let (by, id) = ([call.operation.id], call.request_id);
                match (reply, call.accepted) {
                    (Reply::Update { stage, .. }, _) => {
                        findings.examine();
                        let enough = match stage {
                            UpdateReached::Admitted => false,
                            UpdateReached::Accepted => call.wait == UpdateStage::Accepted,
                            UpdateReached::Completed(_) | UpdateReached::Failed(_) => true,
                        };
                        let waited = returned.saturating_sub(attempt.invoked);
                        if !enough && waited < PATIENCE {
                            let after = waited / 1_000_000;
                            let message = format!("who waited for update {id} was sent away after {after} ms");
                            findings.violated_by(&by, &[], message);
                        }
                    }
                    (Reply::NotFound { .. }, Some(run_id)) if known.contains_key(&(call.workflow_id, run_id)) => {
                        findings.examine();
                        let message = format!("update {id} was accepted, and is not known to run {run_id} any more");
                        findings.violated_by(&by, &[], message);
                    }
                    _ => {}
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::verdict::Outcome;
    use resurgam_testing::notation::parse;

    /// The outcome of asking for an update that run `r` had accepted, with this answer after so many seconds.
    fn polled(answer: &str, seconds: u64) -> Outcome {
        let lines = format!(
            r#"{{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"c","call":{{"of":"poll_update","workflow_id":"w","run_id":"r","request_id":"u"}}}}
               {{"at":{seconds}000000001,"type":"return","operation":1,"attempt":1,"answer":{{"answer":"ok","value":{{{answer}}}}}}}
               run w/r
               1 WorkflowExecutionStarted"#
        );
        let mut findings = Findings::default();
        Awaited.judge(&Indexed::plain(&parse(&whole!("LINES").replace("LINES", &lines)).unwrap()), &mut findings);
        findings.into_parts().0
    }

    #[test]
    fn an_accepted_update_is_known_and_waited_for() {
        let accepted = r#""reply":"update","run_id":"r","stage":"accepted""#;
        assert_eq!(polled(accepted, 20), Outcome::Ok);
        assert_eq!(polled(accepted, 1), Outcome::Violated);
        assert_eq!(polled(r#""reply":"update","run_id":"r","stage":{"completed":7}"#, 1), Outcome::Ok);
        assert_eq!(polled(r#""reply":"not_found","message":"no such update""#, 1), Outcome::Violated);
    }
}
