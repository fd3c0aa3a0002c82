//! L13: while nothing is wrong, no call is told that something is.

use super::wrong::is_wrong_inside;
use crate::profile::Capability;
use crate::rules::proof::is_quiet;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::recording::Answer;
use resurgam_formats::time::At;

/// Looks for calls that failed in quiet times.
pub(super) struct Available;

static ABOUT: About = About {
    id: "L13",
    slug: "available",
    title: "where the target promises it, in simulations: while no fault is in force no call is told that something is wrong inside",
    reason: "UNAVAILABLE and its like are for what may pass: a node that is gone, a store that does not answer. SDKs repeat such a call \
             in silence, so a server that answers so in good times works, slowly, and nobody looks. In a simulated cluster \
             without a fault, or five seconds after the last one, nothing is slow, and nobody has a reason for it.",
    source: "docs/temporal-semantics.md: “Errors”; docs/measurements.md: “Mistakes that nobody chose”",
    violating: whole!(
        r#"
        {"at":9,"type":"audit"}
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"a","value":1}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"info","error":"Unavailable: the shard is not served here"}}
        run w/r
        1 WorkflowExecutionStarted"#
    ),
    allowed: whole!(
        r#"
        {"at":9,"type":"audit"}
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","action":{"call":"query","name":"q"}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"info","error":"DeadlineExceeded: context deadline exceeded"}}
        run w/r
        1 WorkflowExecutionStarted"#
    ),
};

/// How much longer than other rules allow a fault may be felt, in nanoseconds: a node that comes back takes over what is its.
const RETURN: At = 3_000_000_000;

impl Rule for Available {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs(&self) -> Option<Capability> {
        Some(Capability::Availability)
    }

    fn needs_kinds(&self) -> bool {
        false
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        // Only a simulation is audited; elsewhere a machine may be busy. With the last audit it ends, and lets land at once what was
        // still on its way to the store.
        let Some(settled) = evidence.audits.last().map(|(at, _)| *at) else { return };
        for operation in evidence.operations.values() {
            for attempt in &operation.attempts {
                let from = attempt.invoked.saturating_sub(RETURN);
                let in_time = |until: &At| *until < settled && is_quiet(evidence, from, *until);
                let Some(returned) = attempt.returned.filter(in_time) else { continue };
                findings.examine();
                let Answer::Info { error } = &attempt.answer else { continue };
                if is_wrong_inside(&operation.call, error) {
                    let after = returned.saturating_sub(attempt.invoked) / 1_000_000;
                    let message =
                        format!("{} was answered {error} after {after} ms, and no fault was in force", operation.by);
                    findings.violated_by(&[operation.id], &[], message);
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

    /// The outcome of a signal that is refused as UNAVAILABLE from 7 s to 8 s, with these lines in front.
    fn outcome(before: &str) -> Outcome {
        let text = format!(
            r#"{before}
            {{"at":7000000000,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{{"of":"client","workflow_id":"w","request_id":"q","action":{{"call":"signal","name":"a","value":1}}}}}}
            {{"at":8000000000,"type":"return","operation":1,"attempt":1,"answer":{{"answer":"info","error":"Unavailable: not here"}}}}
            run w/r
            1 WorkflowExecutionStarted"#
        );
        let mut findings = Findings::default();
        Available.judge(&Indexed::plain(&parse(&text).unwrap()), &mut findings);
        findings.into_parts().0
    }

    #[test]
    fn a_fault_excuses_for_five_seconds_more_and_a_busy_machine_always() {
        let simulated = r#"{"at":9000000000,"type":"audit"}"#;
        let fault = |end: u64| {
            let line = r#""type":"fault","fault":{"at_ms":0,"for_ms":9,"fault":"kill","node":1},"active":"#;
            format!("{{\"at\":1,{line}true}}\n{{\"at\":{end},{line}false}}\n{simulated}")
        };
        assert_eq!(outcome(simulated), Outcome::Violated);
        assert_eq!(outcome(&fault(1_000_000_000)), Outcome::Violated);
        assert_eq!(outcome(&fault(4_000_000_000)), Outcome::NotApplicable);
        assert_eq!(outcome(""), Outcome::NotApplicable);
        let settled_before = simulated.replace('9', "7");
        assert_eq!(outcome(&settled_before), Outcome::NotApplicable);
    }
}
