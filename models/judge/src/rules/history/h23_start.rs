//! H23: of one workflow id at most one run is open, and one request starts one run.

use crate::rules::Indexed;
use crate::rules::index::Asked;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::EventId;
use resurgam_formats::evidence::{Attempt, Evidence, Run};
use resurgam_formats::plan::{Action, Affected};
use resurgam_formats::recording::{Answer, Injected, OperationId, Reply};
use resurgam_formats::time::At;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Looks at all runs of a workflow id side by side.
pub(super) struct Starts;

static ABOUT: About = About {
    id: "H23",
    slug: "start",
    title: "runs of one workflow id never overlap; a start that was acknowledged exists; one request id starts one run",
    reason: "A workflow id is a lock: whoever starts `order-17` relies on it that no second `order-17` runs at the same \
             time. If two runs overlap, the order is shipped twice; if an acknowledged start is gone, never; if a \
             repeated call starts a second run, a retry in the client's library does what the lock should prevent. \
             A request id may start again once another run of the id became current in between.",
    source: "docs/temporal-semantics.md: “Starts and workflow ids”",
    violating: "
        run w/r1
        1 WorkflowExecutionStarted @100
        2 WorkflowExecutionTerminated @160
        run w/r2
        1 WorkflowExecutionStarted @120
        2 WorkflowExecutionTerminated @180",
    allowed: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"q","action":{"call":"start","program":0,"reuse":"allow_duplicate","conflict":"terminate_existing"}}}
        {"at":9000000,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"run","run_id":"r2","started":true}}}
        run w/r1
        1 WorkflowExecutionStarted @100
        2 WorkflowExecutionTerminated @120.002
        run w/r2
        1 WorkflowExecutionStarted @120
        2 WorkflowExecutionTerminated @180"#
    ),
};

/// Slack of clocks and of the grain of time stamps, in nanoseconds.
const SLACK: i64 = 20_000_000;
/// A server stamps the start of a run before it waits for the lock of the workflow id and writes. How long that may
/// take is known if the call that started the run was answered; else it is assumed to be less than this.
const UNKNOWN_WAIT: i64 = 10_000_000_000;

impl Rule for Starts {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let waits = waits(evidence);
        let seen = seen(evidence);
        let slack = SLACK.saturating_add(skew(evidence));
        let runs: BTreeMap<&str, &Vec<&Run>> = evidence.by_workflow().iter().map(|(id, runs)| (*id, runs)).collect();
        for (workflow_id, runs) in &runs {
            if !workflow_id.is_empty() {
                overlaps(runs, &waits, &seen, slack, findings);
            }
        }
        if evidence.is_whole() {
            let known = evidence.by_execution();
            let unnamed = evidence.perhaps_unnamed();
            for call in evidence.asked() {
                acknowledged_exist(&call, known, findings);
                // The run in between may be one that the recording does not know.
                if unnamed.contains(call.workflow_id) {
                    continue;
                }
                started_twice(&call, runs.get(call.workflow_id).map_or(&[], |runs| runs.as_slice()), slack, findings);
            }
        }
    }
}

/// How far the times of two events may be apart because clocks were made wrong, in nanoseconds: two nodes may be wrong in
/// opposite directions, and faults on one clock add up.
fn skew(evidence: &Evidence) -> i64 {
    let wrong = evidence.faults.iter().map(|fault| match &fault.fault {
        Injected::Planned(fault) => match fault.kind.affects() {
            Affected::Clock { by_ms, .. } => i64::from(by_ms).abs() * 1_000_000,
            Affected::Links { .. }
            | Affected::Node { .. }
            | Affected::Store { .. }
            | Affected::Database(_)
            | Affected::Calls { .. } => 0,
        },
        Injected::Named(_) => 0,
    });
    wrong.fold(0, i64::saturating_add)
}

/// By run id, how long the call that started the run took at most.
fn waits(evidence: &Evidence) -> FxHashMap<&str, i64> {
    let mut waits = FxHashMap::default();
    for operation in evidence.operations.values() {
        for (_, reply) in operation.replies() {
            if let Reply::Run { run_id, started: Some(true) } = reply {
                let longest = operation.attempts.iter().map(took).max().unwrap_or(UNKNOWN_WAIT);
                waits.insert(run_id.as_str(), longest);
            }
        }
    }
    waits
}

fn took(attempt: &Attempt) -> i64 {
    match (attempt.returned, &attempt.answer) {
        (Some(returned), Answer::Ok { .. }) => {
            i64::try_from(returned.saturating_sub(attempt.invoked)).unwrap_or(UNKNOWN_WAIT)
        }
        _ => UNKNOWN_WAIT,
    }
}

/// By run id, the earliest time at which the recording proves that the run existed.
fn seen(evidence: &Evidence) -> FxHashMap<&str, At> {
    let tasks = evidence.tasks.values().map(|handed| (handed.task.run_id.as_str(), handed.at));
    let answers = evidence.operations.values().flat_map(|operation| {
        operation.replies().filter_map(|(attempt, reply)| match reply {
            Reply::Run { run_id, .. } => Some((run_id.as_str(), attempt.returned?)),
            _ => None,
        })
    });
    let reads = evidence.reads.iter().chain(&evidence.runs).filter(|read| read.read.1 > 0);
    let reads = reads.map(|read| (read.run_id.as_str(), read.read.1));
    let mut seen: FxHashMap<&str, At> = FxHashMap::default();
    for (run_id, at) in tasks.chain(answers).chain(reads) {
        let first = seen.entry(run_id).or_insert(at);
        *first = at.min(*first);
    }
    seen
}

/// From when to when a run was open for certain, by the server's clock; `None`: still open when it was read.
struct Open<'a> {
    run: &'a Run,
    from: i64,
    until: Option<i64>,
    close: EventId,
}

fn overlaps(
    runs: &[&Run],
    waits: &FxHashMap<&str, i64>,
    seen: &FxHashMap<&str, At>,
    slack: i64,
    findings: &mut Findings,
) {
    let mut open: Vec<Open<'_>> = Vec::new();
    for run in runs.iter().filter(|run| !run.partial && run.started().is_some()) {
        findings.examine();
        let Some(started) = run.events.first().and_then(|event| event.time) else { continue };
        let wait = waits.get(run.run_id.as_str()).copied().unwrap_or(UNKNOWN_WAIT);
        let from = started.saturating_add(wait).saturating_add(slack);
        match run.close() {
            Some(close) => match close.time {
                Some(until) if until > from => open.push(Open { run, from, until: Some(until), close: close.id }),
                _ => {}
            },
            None => open.push(Open { run, from, until: None, close: EventId(0) }),
        }
    }
    open.sort_by_key(|open| open.from);
    let mut longest: Option<&Open<'_>> = None;
    for next in &open {
        if let Some(earlier) = longest {
            let overlap = match earlier.until {
                Some(until) => until > next.from,
                // Still open at its last read: `next` must have been there before.
                None => {
                    earlier.run.read.0 == 0
                        || seen.get(next.run.run_id.as_str()).is_some_and(|at| *at <= earlier.run.read.0)
                }
            };
            if overlap {
                findings.look_at(next.run);
                let message = format!(
                    "run {} was open while run {} was {}",
                    next.run.run_id,
                    earlier.run.run_id,
                    if earlier.close.is_none() { "open" } else { "not closed yet" }
                );
                findings.violated(&[EventId(1)], message);
            }
        }
        let end = |open: &Open<'_>| open.until.unwrap_or(i64::MAX);
        if longest.is_none_or(|earlier| end(next) > end(earlier)) {
            longest = Some(next);
        }
    }
}

fn acknowledged_exist(call: &Asked<'_>, known: &FxHashMap<(&str, &str), &Run>, findings: &mut Findings) {
    for (_, reply) in call.operation.replies() {
        if let Reply::Run { run_id, .. } | Reply::AlreadyStarted { run_id } = reply
            && !run_id.is_empty()
        {
            findings.look_at_all();
            findings.examine();
            if !known.contains_key(&(call.workflow_id, run_id)) {
                let message = format!("the answer names run {run_id} of {}, which does not exist", call.workflow_id);
                findings.violated_by(&[call.operation.id], &[], message);
            }
        }
    }
}

/// One operation whose attempts started two runs, with no other run current in between.
fn started_twice(call: &Asked<'_>, runs: &[&Run], slack: i64, findings: &mut Findings) {
    let mut started: Vec<&str> = Vec::new();
    for (_, reply) in call.operation.replies() {
        if let Reply::Run { run_id, started: Some(true) } = reply
            && !started.contains(&run_id.as_str())
        {
            started.push(run_id);
        }
    }
    if started.len() < 2 {
        return;
    }
    let begin = |run: &Run| run.events.first().and_then(|event| event.time);
    let mut mine: Vec<(i64, &Run)> = runs
        .iter()
        .filter(|run| started.contains(&run.run_id.as_str()))
        .filter_map(|run| Some((begin(run)?, *run)))
        .collect();
    mine.sort_by_key(|(at, _)| *at);
    for pair in mine.windows(2) {
        let ((first_at, first), (second_at, second)) = (pair[0], pair[1]);
        let between = runs.iter().any(|run| {
            !started.contains(&run.run_id.as_str())
                && begin(run)
                    .is_none_or(|at| at.saturating_add(slack) >= first_at && at <= second_at.saturating_add(slack))
        });
        if between {
            continue;
        }
        findings.look_at(second);
        findings.examine();
        let by: [OperationId; 1] = [call.operation.id];
        let message = format!(
            "request id {} started run {} and, repeated, run {}, with no other run in between",
            call.request_id, first.run_id, second.run_id
        );
        let closed = first.close().is_some();
        if closed && matches!(call.action, Action::SignalWithStart { .. }) {
            findings.violated_as("signal-with-start-after-close", &by, &[EventId(1)], message);
        } else {
            findings.violated_by(&by, &[EventId(1)], message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge;
    use crate::profile::Profile;
    use resurgam_formats::verdict::{Outcome, RuleVerdict};
    use resurgam_testing::notation::parse;

    /// One call, attempted twice, that was told to have started r1 and then r2.
    fn twice(action: &str, runs: &str) -> RuleVerdict {
        let mut lines = String::new();
        for attempt in [1, 2] {
            lines += &format!(
                r#"{{"at":{attempt},"type":"invoke","operation":1,"attempt":{attempt},"by":"c","call":{{"of":"client","workflow_id":"w","request_id":"q","action":{{{action}}}}}}}
                   {{"at":{attempt},"type":"return","operation":1,"attempt":{attempt},"answer":{{"answer":"ok","value":{{"reply":"run","run_id":"r{attempt}","started":true}}}}}}
                "#
            );
        }
        let text = whole!("LINES").replace("LINES", &format!("{lines}\n{runs}"));
        let verdict = judge("test", &parse(&text).unwrap(), &Profile::temporal("1.31.2"));
        verdict.rules.into_iter().find(|rule| rule.rule == "H23-start").unwrap()
    }

    const START: &str = r#""call":"start","program":0,"reuse":"allow_duplicate","conflict":"fail""#;
    const SIGNAL: &str = r#""call":"signal_with_start","start":{"program":0,"reuse":"allow_duplicate","conflict":"use_existing"},"name":"s","value":1"#;
    const RUNS: &str = "run w/r1\n1 WorkflowExecutionStarted @1\n2 WorkflowExecutionTerminated @2\n\
                        run w/r2\n1 WorkflowExecutionStarted @3\n2 WorkflowExecutionTerminated @4";
    const BETWEEN: &str = "\nrun w/r3\n1 WorkflowExecutionStarted @2.5\n2 WorkflowExecutionTerminated @2.6";

    #[test]
    fn a_request_starts_again_only_after_another_run() {
        assert_eq!(twice(START, RUNS).outcome, Outcome::Violated);
        assert_eq!(twice(START, &format!("{RUNS}{BETWEEN}")).outcome, Outcome::Ok);
    }

    #[test]
    fn what_lies_between_is_not_certain_when_clocks_were_wrong() {
        let early = "\nrun w/r3\n1 WorkflowExecutionStarted @0.2\n2 WorkflowExecutionTerminated @0.3";
        let skew = |by: i32| {
            format!(
                r#"{{"at":0,"type":"fault","fault":{{"at_ms":0,"fault":"clock_skew","node":1,"by_ms":{by}}},"active":true}}"#
            )
        };
        assert_eq!(twice(START, &format!("{RUNS}{early}")).outcome, Outcome::Violated);
        assert_eq!(twice(START, &format!("{}\n{RUNS}{early}", skew(-900))).outcome, Outcome::Ok);
        assert_eq!(twice(START, &format!("{}\n{RUNS}{early}", skew(-200))).outcome, Outcome::Violated);
    }

    #[test]
    fn signal_with_start_after_close_is_a_known_difference() {
        let verdict = twice(SIGNAL, RUNS);
        assert_eq!((verdict.outcome, verdict.known.len()), (Outcome::Ok, 1), "{verdict:?}");
    }

    #[test]
    fn two_runs_open_at_the_end_are_violated() {
        let text = "run w/r1\n1 WorkflowExecutionStarted @1\nrun w/r2\n1 WorkflowExecutionStarted @3";
        let mut findings = Findings::default();
        Starts.judge(&Indexed::plain(&parse(text).unwrap()), &mut findings);
        assert_eq!(findings.into_parts().0, Outcome::Violated);
    }
}
