//! L20: what a node had that is away for long is served by the others.

use super::wrong::is_wrong_inside;
use crate::profile::Capability;
use crate::rules::proof::is_quiet_but_for;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::evidence::{InjectedFault, Operation};
use resurgam_formats::plan::Family;
use resurgam_formats::recording::{Answer, Injected};
use resurgam_formats::time::At;

/// Looks for calls that nobody serves while a node is away.
pub(super) struct TakenOver;

static ABOUT: About = About {
    id: "L20",
    slug: "taken-over",
    title: "where the target promises it, in simulations: five seconds after a node of several has gone, and nothing else is wrong, the others serve what it had",
    reason: "A cluster has several nodes so that one may go. A node that comes back within seconds hides that nobody noticed: its \
             shards were simply not served meanwhile. When it stays away, its workflows stand still until somebody starts it again.",
    source: "docs/temporal-semantics.md: “Errors”; docs/measurements.md: “When a process is killed”",
    violating: whole!(
        r#"
        {"at":99000000000,"type":"audit"}
        {"at":1,"type":"fault","fault":{"at_ms":0,"for_ms":9000,"fault":"kill","node":1},"active":true}
        {"at":6000000000,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"a","value":1}}}
        {"at":6000000001,"type":"return","operation":1,"attempt":1,"answer":{"answer":"info","error":"Unavailable: connection refused"}}
        {"at":6100000000,"type":"invoke","operation":1,"attempt":2,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"a","value":1}}}
        {"at":6100000001,"type":"return","operation":1,"attempt":2,"answer":{"answer":"info","error":"Unavailable: shard 2 belongs to another node"}}
        {"at":9000000000,"type":"fault","fault":{"at_ms":0,"for_ms":9000,"fault":"kill","node":1},"active":false}
        run w/r
        1 WorkflowExecutionStarted"#
    ),
    allowed: whole!(
        r#"
        {"at":99000000000,"type":"audit"}
        {"at":1,"type":"fault","fault":{"at_ms":0,"for_ms":9000,"fault":"kill","node":1},"active":true}
        {"at":6000000000,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"a","value":1}}}
        {"at":6000000001,"type":"return","operation":1,"attempt":1,"answer":{"answer":"info","error":"Unavailable: connection refused"}}
        {"at":6100000000,"type":"invoke","operation":1,"attempt":2,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"signal","name":"a","value":1}}}
        {"at":6100000001,"type":"return","operation":1,"attempt":2,"answer":{"answer":"fail","error":"NotFound: workflow execution already completed"}}
        {"at":9000000000,"type":"fault","fault":{"at_ms":0,"for_ms":9000,"fault":"kill","node":1},"active":false}
        run w/r
        1 WorkflowExecutionStarted"#
    ),
};

/// How long it may take until others serve what a node had, in nanoseconds: they miss it, take its shards, and read what is in them.
const TAKE_OVER: At = 5_000_000_000;

impl Rule for TakenOver {
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
        // As in L13: only a simulation is audited, and with the last audit it ends.
        let Some(settled) = evidence.audits.last().map(|(at, _)| *at) else { return };
        // Nobody takes over from the only node.
        if evidence.header.as_ref().is_none_or(|header| header.plan.cluster.nodes < 2) {
            return;
        }
        for fault in evidence.faults.iter().filter(|fault| takes_a_node(fault)) {
            let until = fault.until.unwrap_or(At::MAX).min(settled);
            let from = fault.from.saturating_add(TAKE_OVER);
            if from >= until || !is_quiet_but_for(evidence, fault, until) {
                continue;
            }
            for operation in evidence.operations.values() {
                judge_operation(operation, from, until, findings);
            }
        }
    }
}

/// A node is away while this fault is in force.
fn takes_a_node(fault: &InjectedFault) -> bool {
    match &fault.fault {
        Injected::Planned(fault) => fault.kind.family() == Family::Node,
        Injected::Named(_) => false,
    }
}

/// Of two attempts in a row, one was answered by a node that is there: who cannot reach a node asks the next one.
fn judge_operation(operation: &Operation, from: At, until: At, findings: &mut Findings) {
    let mut missed = 0;
    for attempt in &operation.attempts {
        let Some(returned) = attempt.returned.filter(|returned| attempt.invoked >= from && *returned < until) else {
            continue;
        };
        findings.examine();
        match &attempt.answer {
            Answer::Info { error } if is_wrong_inside(&operation.call, error) => {
                missed += 1;
                if missed == 2 {
                    let after = returned.saturating_sub(from).saturating_add(TAKE_OVER) / 1_000_000;
                    let message = format!(
                        "{} was answered {error} once more {after} ms after a node had gone, and nothing else was wrong",
                        operation.by
                    );
                    findings.violated_by(&[operation.id], &[], message);
                }
            }
            Answer::Ok { .. } | Answer::Fail { .. } | Answer::Info { .. } => missed = 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::verdict::Outcome;
    use resurgam_testing::notation::parse;

    fn outcome(text: &str) -> Outcome {
        let mut findings = Findings::default();
        TakenOver.judge(&Indexed::plain(&parse(text).unwrap()), &mut findings);
        findings.into_parts().0
    }

    /// The violating example with this in place of that.
    fn but(was: &str, is: &str) -> Outcome {
        let text = ABOUT.violating.replace(was, is);
        assert_ne!(text, ABOUT.violating, "nothing was replaced");
        outcome(&text)
    }

    #[test]
    fn only_a_node_that_is_away_for_long_must_be_replaced() {
        assert_eq!(outcome(ABOUT.violating), Outcome::Violated);
        // It is back before.
        assert_eq!(
            but(r#"{"at":9000000000,"type":"fault""#, r#"{"at":4000000000,"type":"fault""#),
            Outcome::NotApplicable
        );
        // It went later, so that there was no time.
        assert_eq!(but(r#"{"at":1,"type":"fault""#, r#"{"at":2000000000,"type":"fault""#), Outcome::NotApplicable);
        // Not a node, but its clock.
        assert_eq!(
            but(r#""fault":"kill","node":1"#, r#""fault":"clock_skew","node":1,"by_ms":5"#),
            Outcome::NotApplicable
        );
        // Not a simulation.
        assert_eq!(but(r#"{"at":99000000000,"type":"audit"}"#, ""), Outcome::NotApplicable);
        // One node.
        assert_eq!(
            but(
                r#""seed":1,"#,
                r#""seed":1,"cluster":{"nodes":1,"shards":1,"store":{"least_ms":0,"most_ms":3},"network":{"least_ms":1,"most_ms":5},"jitter_ms":2,"store_timeout_ms":400},"#
            ),
            Outcome::NotApplicable
        );
    }

    #[test]
    fn other_faults_excuse_and_so_does_the_end() {
        let other = r#"{"at":99000000000,"type":"audit"}
            {"at":3000000000,"type":"fault","fault":{"at_ms":0,"for_ms":9,"fault":"clock_skew","node":0,"by_ms":5},"active":true}
            {"at":3000000001,"type":"fault","fault":{"at_ms":0,"for_ms":9,"fault":"clock_skew","node":0,"by_ms":5},"active":false}"#;
        assert_eq!(but(r#"{"at":99000000000,"type":"audit"}"#, other), Outcome::NotApplicable);
        assert_eq!(
            but(r#"{"at":99000000000,"type":"audit"}"#, r#"{"at":6000000000,"type":"audit"}"#),
            Outcome::NotApplicable
        );
    }

    #[test]
    fn one_attempt_may_meet_the_node_that_is_away() {
        assert_eq!(but("Unavailable: shard 2", "ResourceExhausted: shard 2"), Outcome::Ok);
    }
}
