//! P2: whatever has to reach somebody is on its way.

use super::each_open;
use crate::audit::{AlarmKind, Audit, ChildRow, Errand, ErrandKind, RunRow};
use crate::event::EventId;
use crate::evidence::Evidence;
use crate::rules::book::whole;
use crate::rules::{About, Findings, Rule};

/// Looks for the task of everything that has to reach somebody.
pub(super) struct Dispatch;

static ABOUT: About = About {
    id: "P2",
    slug: "dispatch",
    title: "a workflow task or activity that nobody has taken is in a queue, and so is everything that others have to hear",
    reason: "Work reaches a worker, a child or another workflow because a row says that it is still to be delivered. If the \
             last such row is gone too early (an ack level that moved past it, a queue that took it over and did not write \
             it, a level that counts a write of unknown outcome) the run waits for ever, or until some timeout repairs what \
             looks like a lost worker. Only a timeout that offers the work again may stand in for the row.",
    source: "research/temporal-server.md §4 P2; cadence#4799, temporal#2272, temporal#12010, cadence#1766, temporal#459, \
             temporal#3977",
    violating: whole!(
        r#"{"at":9,"type":"audit","runs":[{"workflow_id":"w","run_id":"r","open":true,"next_event":3,"events":[[1,2]],"pending":{"task":{"scheduled":2,"written":true}},"errands":[{"what":"workflow_task","event":2,"attempt":1}]}]}"#
    ),
    allowed: whole!(
        r#"{"at":8,"type":"audit","runs":[{"workflow_id":"w","run_id":"r","open":true,"next_event":3,"events":[[1,2]],"errands":[{"what":"workflow_task","event":2,"attempt":1}],"tasks":[{"what":"workflow_task","event":2,"attempt":1}]}]}
        {"at":9,"type":"audit","runs":[{"workflow_id":"w","run_id":"r","open":true,"next_event":6,"events":[[1,5]],"errands":[{"what":"activity_task","event":5,"attempt":2}],"timers":[{"what":"activity_retry","event":5,"attempt":2,"due":800}]}]}"#
    ),
};

impl Rule for Dispatch {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Evidence, findings: &mut Findings) {
        each_open(evidence, findings, |at, audit, row, findings| {
            for errand in &row.errands {
                findings.examine();
                if !row.tasks.contains(errand) && !is_repeated(row, errand) {
                    let message = format!("at {} ms: {:?} is in no queue", at / 1_000_000, errand.what);
                    findings.violated(&[EventId(errand.event)], message);
                }
            }
            for child in row.pending.children.iter().filter(|child| !child.run_id.is_empty()) {
                findings.examine();
                if let Some(last) = unheard(audit, child) {
                    let message = format!(
                        "at {} ms: child {}/{last} has closed, and nothing is on its way to say so",
                        at / 1_000_000,
                        child.workflow_id
                    );
                    findings.violated(&[EventId(child.initiated)], message);
                }
            }
        });
    }
}

/// True if a timer task will offer this again, or for the first time.
fn is_repeated(row: &RunRow, errand: &Errand) -> bool {
    let kinds: &[AlarmKind] = match errand.what {
        ErrandKind::WorkflowTask => &[AlarmKind::TaskScheduleToStart],
        ErrandKind::ActivityTask => &[AlarmKind::ActivityScheduleToStart, AlarmKind::ActivityRetry],
        _ => &[],
    };
    kinds.iter().any(|kind| row.will_ring(*kind, errand.event, errand.attempt))
}

/// The last run of a pending child, if it is closed and its parent will not hear of it.
fn unheard<'a>(audit: &'a Audit, child: &'a ChildRow) -> Option<&'a str> {
    let find =
        |run_id: &str| audit.runs.iter().find(|run| run.run_id == run_id && run.workflow_id == child.workflow_id);
    let mut run = find(&child.run_id)?;
    // No chain is longer than there are runs.
    for _ in 0..audit.runs.len() {
        if run.successor.is_empty() {
            break;
        }
        run = find(&run.successor)?;
    }
    let told = run.open || run.tasks.iter().any(|task| task.what == ErrandKind::NotifyParent);
    (!told).then_some(run.run_id.as_str())
}
