//! P7: a closed run is kept as long as it must be, and no longer.

use crate::profile::Capability;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::audit::CurrentRow;
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_formats::kept::{Kept, Sought};
use resurgam_formats::plan::Affected;
use resurgam_formats::recording::Injected;
use resurgam_formats::time::UnixMillis;

/// Looks for what is gone too early, and for what is left.
pub(super) struct Retention;

static ABOUT: About = About {
    id: "P7",
    slug: "retention",
    title: "a closed run is there, with its history, for as long as its namespace keeps it, and then nothing of it is",
    reason: "Who is promised that a run can be read for a day must find it on that day, whole. Afterwards it has to go, or the \
             store grows for ever: its row, its history and the row that makes it the current run of its workflow id. Between \
             two of these deletions a server may die, and an answer of the store may be lost; a row that names a history \
             that is gone, or a current run that is gone, makes a workflow id unusable.",
    source: "docs/temporal-semantics.md: “Retention”; temporal#10841, where the current-run row was left",
    violating: whole!(
        r#"
        {"at":8,"type":"kept","now":90000,"retention":86400,"runs":[{"run_id":"r","closed":2000,"row":true,"history":true}],"current":[{"workflow_id":"w","run_id":"r","open":false}]}
        {"at":9,"type":"kept","now":99000,"retention":86400,"last":true,"runs":[{"run_id":"r","history":true}]}
        run w/r
        1 WorkflowExecutionStarted @1
        2 WorkflowExecutionTerminated @2"#
    ),
    allowed: whole!(
        r#"
        {"at":7,"type":"kept","now":88000,"retention":86400,"runs":[{"run_id":"r","closed":2000,"row":true,"history":true},{"run_id":"unknown","history":true}],"current":[{"workflow_id":"w","run_id":"r","open":false}]}
        {"at":7,"type":"sought","workflow_id":"w","run_id":"r","from":6,"now":88300,"events":2}
        {"at":8,"type":"kept","now":88500,"retention":86400,"runs":[{"run_id":"r","history":true},{"run_id":"unknown","history":true}]}
        {"at":8,"type":"sought","workflow_id":"w","run_id":"r","from":8,"now":88600}
        {"at":9,"type":"kept","now":99000,"retention":86400,"last":true,"runs":[{"run_id":"unknown","history":true}]}
        run w/r
        1 WorkflowExecutionStarted @1
        2 WorkflowExecutionTerminated @2"#
    ),
};

impl Rule for Retention {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs(&self) -> Option<Capability> {
        Some(Capability::Retention)
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let Some((_, first)) = evidence.kept.first() else { return };
        let slack = wrong(evidence);
        let closed = || evidence.runs.iter().filter_map(|run| Some((run, closed(run)?)));
        for (run, closed) in closed() {
            findings.look_at(run);
            let until = closed.saturating_add(first.retention);
            for (_, kept) in &evidence.kept {
                findings.examine();
                if let Some(message) = wrongly_kept(run, until, slack, kept) {
                    findings.violated(&[], message);
                    break;
                }
            }
            for (_, sought) in evidence.sought.iter().filter(|(_, sought)| sought.run_id == run.run_id) {
                findings.examine();
                if let Some(message) = wrongly_told(run, until, slack, sought) {
                    findings.violated(&[], message);
                    break;
                }
            }
        }
        findings.look_at_all();
        for was in &first.current {
            if evidence.run(&was.workflow_id, &was.run_id).is_some() {
                findings.examine();
                if let Some(message) = evidence.kept.iter().find_map(|(_, kept)| wrongly_named(was, kept)) {
                    findings.violated(&[], message);
                }
            }
        }
    }
}

/// When a run closed, in milliseconds, by the clock of whoever closed it.
fn closed(run: &Run) -> Option<UnixMillis> {
    Some(run.close().filter(|_| !run.partial)?.time?.div_euclid(1_000_000))
}

/// How far clocks may have been wrong, in milliseconds: the one by which the run closed, and the one by which it was deleted.
fn wrong(evidence: &Evidence) -> UnixMillis {
    let wrong = evidence.faults.iter().map(|fault| match &fault.fault {
        Injected::Planned(fault) => match fault.kind.affects() {
            Affected::Clock { by_ms, .. } => i64::from(by_ms).abs(),
            Affected::Links { .. }
            | Affected::Node { .. }
            | Affected::Store { .. }
            | Affected::Database(_)
            | Affected::Calls { .. } => 0,
        },
        Injected::Named(_) => 0,
    });
    2 * wrong.fold(0, UnixMillis::saturating_add)
}

fn wrongly_kept(run: &Run, until: UnixMillis, slack: UnixMillis, kept: &Kept) -> Option<String> {
    let found = kept.runs.iter().find(|one| one.run_id == run.run_id);
    let (row, history) = found.map_or((false, false), |one| (one.row, one.history));
    let what = match (row, history) {
        (true, true) => "row and history",
        (true, false) => return Some("its row is there, and its history is not".to_owned()),
        (false, true) => "history",
        (false, false) => "nothing",
    };
    let early = until.saturating_sub(kept.now).saturating_sub(slack);
    if early > 0 && !row {
        return Some(format!("{early} ms before its time is over, {what} of it is there"));
    }
    let left = kept.last && (row || history);
    left.then(|| format!("its {what} is there {} ms after its time was over", kept.now.saturating_sub(until)))
}

fn wrongly_told(run: &Run, until: UnixMillis, slack: UnixMillis, sought: &Sought) -> Option<String> {
    let early = until.saturating_sub(sought.now).saturating_sub(slack);
    match sought.events {
        None => {
            (early > 0).then(|| format!("{early} ms before its time is over, a reader is told that it is not there"))
        }
        Some(_) if sought.last => {
            Some(format!("it can be read {} ms after its time was over", sought.now.saturating_sub(until)))
        }
        Some(shown) => {
            let whole = run.events.len() as u64;
            (shown != whole).then(|| format!("a reader is shown {shown} of its {whole} events as if they were all"))
        }
    }
}

/// The row of the current run stands exactly as long as the run.
fn wrongly_named(was: &CurrentRow, kept: &Kept) -> Option<String> {
    let there = kept.runs.iter().any(|run| run.run_id == was.run_id && run.row);
    let named = kept.current.iter().find(|row| row.workflow_id == was.workflow_id).map(|row| &row.run_id);
    let CurrentRow { workflow_id, run_id, .. } = was;
    match named {
        Some(named) if there && named == run_id => None,
        None if !there => None,
        Some(named) if there => Some(format!("the current run of {workflow_id} is {named}, and {run_id} was it")),
        Some(named) => Some(format!("the current run of {workflow_id} is {named}, and the row of {run_id} is gone")),
        None => Some(format!("{workflow_id} has no current run, and the row of {run_id} is there")),
    }
}
