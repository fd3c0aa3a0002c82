//! H24: the runs of a chain are linked in both directions.

use crate::rules::Indexed;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::{Body, EventId};
use resurgam_formats::evidence::Run;
use resurgam_formats::plan::Action;
use rustc_hash::{FxHashMap, FxHashSet};

/// Follows continue-as-new, retries and cron from run to run.
pub(super) struct Chain;

static ABOUT: About = About {
    id: "H24",
    slug: "chain",
    title: "a close event that names a next run has exactly one, which points back, counts on, waits its back-off, keeps \
            the execution timeout and the number of attempts",
    reason: "A workflow may live as a chain of runs: it continues as new, is retried, or comes back by its schedule. \
             Closing one run and starting the next is one step. If only half of it happens the workflow is lost or \
             runs twice; if the attempt is not counted a retry policy never ends; if the back-off is not kept a \
             failing workflow hammers what it fails on; if the chain's own timeout is forgotten it goes on for ever.",
    source: "docs/temporal-semantics.md: “Chains and children”; temporal#725, temporal#4752",
    violating: "
        run w/r1
        1 WorkflowExecutionStarted firstExecutionRunId=r1 attempt=1
        2 WorkflowExecutionFailed newExecutionRunId=r2
        run w/r2
        1 WorkflowExecutionStarted continuedExecutionRunId=r1 firstExecutionRunId=r1 initiator=RETRY attempt=1
        2 WorkflowExecutionCompleted",
    allowed: "
        run w/r1
        1 WorkflowExecutionStarted firstExecutionRunId=r1 attempt=1
        2 WorkflowExecutionFailed newExecutionRunId=r2
        run w/r2
        1 WorkflowExecutionStarted continuedExecutionRunId=r1 firstExecutionRunId=r1 initiator=RETRY attempt=2
        2 WorkflowExecutionCompleted",
};

/// A first workflow task may be this much early, for the grain of the server's timers, in nanoseconds.
const SLACK: i64 = 5_000_000;

impl Rule for Chain {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let known = evidence.by_execution();
        let updated: FxHashSet<&str> = evidence
            .asked()
            .filter(|call| matches!(call.action, Action::Update { .. }))
            .map(|call| call.workflow_id)
            .collect();
        let mut heirs: FxHashMap<(&str, &str), &Run> = FxHashMap::default();
        for run in evidence.runs.iter().filter(|run| !run.partial) {
            findings.look_at(run);
            forward(run, known, evidence.is_whole(), findings);
            if let Some(started) = run.started().filter(|started| !started.continued_run.is_empty()) {
                let origin = (run.workflow_id.as_str(), started.continued_run.as_str());
                findings.examine();
                if let Some(other) = heirs.insert(origin, run).filter(|other| other.run_id != run.run_id) {
                    let message = format!("runs {} and {} both continue {}", other.run_id, run.run_id, origin.1);
                    findings.violated(&[EventId(1)], message);
                }
                match known.get(&origin) {
                    Some(before) if before.successor() != run.run_id => {
                        let message = format!("the run says it continues {}, which does not name it", origin.1);
                        findings.violated(&[EventId(1)], message);
                    }
                    None if evidence.is_whole() => {
                        let message = format!("the run says it continues {}, which does not exist", origin.1);
                        findings.violated(&[EventId(1)], message);
                    }
                    _ => {}
                }
            }
            attempts(run, findings);
            if evidence.is_whole() && !updated.contains(run.workflow_id.as_str()) {
                backoff(run, findings);
            }
        }
    }
}

/// From a run to the one that its close event names.
fn forward(run: &Run, known: &FxHashMap<(&str, &str), &Run>, whole: bool, findings: &mut Findings) {
    let successor = run.successor();
    let (Some(close), false) = (run.close(), successor.is_empty()) else { return };
    findings.examine();
    let Some(next) = known.get(&(run.workflow_id.as_str(), successor)) else {
        if whole {
            findings.violated(&[close.id], format!("the next run {successor} does not exist"));
        }
        return;
    };
    let (Some(before), Some(after)) = (run.started(), next.started()) else { return };
    if after.continued_run != run.run_id {
        let message = format!("the next run {successor} says it continues {:?}", after.continued_run);
        findings.violated(&[close.id], message);
    }
    if !before.first_run.is_empty() && before.first_run != after.first_run {
        let message = format!("the chain began with run {}, the next run says {:?}", before.first_run, after.first_run);
        findings.violated(&[EventId(1), close.id], message);
    }
    if before.expiration != after.expiration {
        let message = "the next run does not have the execution timeout of its chain".to_owned();
        findings.violated(&[EventId(1), close.id], message);
    }
    let expected = if after.initiator.is("RETRY") || after.initiator.is("2") {
        before.attempt.max(1).saturating_add(1)
    } else {
        1
    };
    if after.attempt != 0 && after.attempt != expected {
        findings.violated(
            &[EventId(1), close.id],
            format!("attempt {} is followed by attempt {} ({})", before.attempt, after.attempt, after.initiator.0),
        );
    }
}

/// A run is repeated as often as its policy says, and no more.
fn attempts(run: &Run, findings: &mut Findings) {
    let Some(started) = run.started() else { return };
    let most = started.retry_policy.as_ref().map_or(0, |policy| policy.maximum_attempts);
    if most == 0 {
        return;
    }
    findings.examine();
    if started.attempt > most {
        let message = format!("attempt {} of a run with at most {most}", started.attempt);
        findings.violated(&[EventId(1)], message);
    }
    let Some(close) = run.close() else { return };
    let state = match &close.body {
        Body::WorkflowExecutionFailed(it) => &it.retry_state,
        Body::WorkflowExecutionTimedOut(it) => &it.retry_state,
        _ => return,
    };
    if state.is("MAXIMUM_ATTEMPTS_REACHED") && started.attempt < most {
        let message = format!("attempt {} of {most} counts as the last one", started.attempt);
        findings.violated(&[EventId(1), close.id], message);
    }
}

/// The first workflow task is not scheduled before the back-off has passed. Only if it is the second event, and no
/// update was ever sent: a cancel request, a signal-with-start or an update may wake the run early.
fn backoff(run: &Run, findings: &mut Findings) {
    let (Some(started), Some(first)) = (run.started(), run.events.get(1)) else { return };
    let (Some(begin), Some(scheduled)) = (run.events[0].time, first.time) else { return };
    if started.first_backoff.0 > 0 && matches!(first.body, Body::WorkflowTaskScheduled(_)) {
        findings.examine();
        if scheduled.saturating_add(SLACK) < begin.saturating_add(started.first_backoff.0) {
            let (early, whole) = (scheduled.saturating_sub(begin) / 1_000_000, started.first_backoff.0 / 1_000_000);
            let message = format!("the first workflow task comes after {early} ms, though the back-off is {whole} ms");
            findings.violated(&[EventId(1), first.id], message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::whole::whole;
    use resurgam_formats::verdict::Outcome;
    use resurgam_testing::notation::parse;

    fn outcome(text: &str) -> Outcome {
        let mut findings = Findings::default();
        Chain.judge(&Indexed::plain(&parse(&whole!("LINES").replace("LINES", text)).unwrap()), &mut findings);
        findings.into_parts().0
    }

    const FIRST: &str = "run w/r1\n1 WorkflowExecutionStarted firstExecutionRunId=r1\n\
                         2 WorkflowExecutionContinuedAsNew newExecutionRunId=r2\n";

    #[test]
    fn half_a_link_is_violated() {
        assert_eq!(outcome(FIRST), Outcome::Violated);
        let second = "run w/r2\n1 WorkflowExecutionStarted continuedExecutionRunId=r1 firstExecutionRunId=r1 attempt=1";
        assert_eq!(outcome(&format!("{FIRST}{second}")), Outcome::Ok);
        assert_eq!(outcome(second), Outcome::Violated);
        let third = "\nrun w/r3\n1 WorkflowExecutionStarted continuedExecutionRunId=r1 firstExecutionRunId=r1";
        assert_eq!(outcome(&format!("{FIRST}{second}{third}")), Outcome::Violated);
        let stranger = "run w/r2\n1 WorkflowExecutionStarted firstExecutionRunId=r2";
        assert_eq!(outcome(&format!("{FIRST}{stranger}")), Outcome::Violated);
    }

    #[test]
    fn a_chain_has_one_execution_timeout() {
        let run = |more: &str, rest: &str| {
            format!("1 WorkflowExecutionStarted firstExecutionRunId=r1 {more}\n2 WorkflowExecution{rest}\n")
        };
        let chain = |first: &str, second: &str| {
            let first = run(first, "ContinuedAsNew newExecutionRunId=r2");
            let second = run(&format!("continuedExecutionRunId=r1 {second}"), "Completed");
            outcome(&format!("run w/r1\n{first}run w/r2\n{second}"))
        };
        let at = |second: u32| format!("workflowExecutionExpirationTime=2020-01-01T00:00:0{second}Z");
        assert_eq!(chain(&at(5), &at(5)), Outcome::Ok);
        for (first, second) in [(at(5), String::new()), (at(5), at(6)), (String::new(), at(5))] {
            assert_eq!(chain(&first, &second), Outcome::Violated, "{first} {second}");
        }
    }

    #[test]
    fn a_policy_says_how_often_a_run_is_repeated() {
        let run = |attempt: u32, state: &str| {
            outcome(&format!(
                "run w/r\n1 WorkflowExecutionStarted attempt={attempt} retryPolicy.maximumAttempts=2\n\
                 2 WorkflowExecutionFailed retryState={state}"
            ))
        };
        assert_eq!(run(2, "MAXIMUM_ATTEMPTS_REACHED"), Outcome::Ok);
        assert_eq!(run(1, "NON_RETRYABLE_FAILURE"), Outcome::Ok);
        assert_eq!(run(1, "MAXIMUM_ATTEMPTS_REACHED"), Outcome::Violated);
        assert_eq!(run(3, "MAXIMUM_ATTEMPTS_REACHED"), Outcome::Violated);
    }

    #[test]
    fn a_back_off_is_a_lower_bound() {
        let run = |at: &str| {
            format!(
                "run w/r\n1 WorkflowExecutionStarted firstWorkflowTaskBackoff=1s @10\n2 WorkflowTaskScheduled @{at}"
            )
        };
        assert_eq!(outcome(&run("10.5")), Outcome::Violated);
        assert_eq!(outcome(&run("10.999")), Outcome::Ok);
        assert_eq!(outcome(&run("15")), Outcome::Ok);
    }
}
