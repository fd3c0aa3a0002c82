//! P2: whatever has to reach somebody is on its way.

use super::open_runs::each_open;
use crate::profile::HandOver;
use crate::rules::Indexed;
use crate::rules::proof::answers_may_be_lost;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::audit::{Audit, ChildRow, RunRow, TimerTask, TimerTaskKind, TransferTask, TransferTaskKind};
use resurgam_formats::event::{Body, EventId};
use resurgam_formats::plan::TaskKind;
use resurgam_formats::tenure::Told;
use resurgam_formats::time::At;
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;

/// Looks for the task of everything that has to reach somebody.
pub(super) struct Dispatch;

static ABOUT: About = About {
    id: "P2",
    slug: "dispatch",
    title: "a workflow task or activity that nobody has taken is in a queue, and so is everything that others have to hear",
    reason: "Work reaches a worker, a child or another workflow because a row says that it is still to be delivered. If the \
             last such row is gone too early (an ack level that moved past it, a queue that took it over and did not write \
             it, a level that counts a write of unknown outcome) the run waits for ever, or until some timeout repairs what \
             looks like a lost worker. Only a timeout that offers the work again may stand in for the row. Where a target \
             promises repeated hand-overs, the row stays until a worker has the task, not only until its start is recorded; \
             only a new owner of the partition, who cannot know whether a worker has what is recorded as started, may leave \
             that to the timeout rather than hand it out twice.",
    source: "docs/temporal-semantics.md: “Pending work”; cadence#4799, temporal#2272, temporal#12010, cadence#1766, temporal#459, \
             temporal#3977, temporal#11733",
    violating: whole!(
        r#"{"at":9,"type":"audit","runs":[{"workflow_id":"w","run_id":"r","open":true,"next_event":3,"events":[[1,2]],"pending":{"task":{"scheduled":2,"written":true}},"transfers":[{"what":"workflow_task","event":2,"attempt":1}]}]}"#
    ),
    allowed: whole!(
        r#"{"at":8,"type":"audit","runs":[{"workflow_id":"w","run_id":"r","open":true,"next_event":3,"events":[[1,2]],"transfers":[{"what":"workflow_task","event":2,"attempt":1}],"tasks":[{"what":"workflow_task","event":2,"attempt":1}]}]}
        {"at":9,"type":"audit","runs":[{"workflow_id":"w","run_id":"r","open":true,"next_event":6,"events":[[1,5]],"transfers":[{"what":"activity_task","event":5,"attempt":2}],"timers":[{"what":"activity_retry","event":5,"attempt":2,"due":800}]}]}"#
    ),
};

impl Rule for Dispatch {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let handed = Handed::of(evidence);
        let mut tenures = TenureChanges::of(evidence);
        each_open(evidence, findings, |at, audit, row, findings| {
            for (transfer, deadline) in started(row).filter(|_| handed.counts) {
                findings.examine();
                let inherited = tenures.may_have_changed(at, row, &transfer);
                if !row.tasks.contains(&transfer) && !handed.has(row, deadline) && !inherited {
                    let message = format!(
                        "at {} ms: {:?}, attempt {}, is started, but no worker ever has it, and it is in no queue",
                        at / 1_000_000,
                        transfer.what,
                        transfer.attempt
                    );
                    findings.violated(&[EventId(transfer.event)], message);
                }
            }
            for transfer in &row.transfers {
                findings.examine();
                if !row.tasks.contains(transfer) && !is_repeated(row, transfer) {
                    let message = format!("at {} ms: {:?} is in no queue", at / 1_000_000, transfer.what);
                    findings.violated(&[EventId(transfer.event)], message);
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

/// What has started, by the deadline that this has given it, as the task that brought it.
fn started(row: &RunRow) -> impl Iterator<Item = (TransferTask, &TimerTask)> {
    let sticky = row.pending.task.as_ref().is_some_and(|task| task.sticky);
    row.deadlines.iter().filter_map(move |deadline| {
        let what = match deadline.what {
            TimerTaskKind::TaskStartToClose if !sticky => TransferTaskKind::WorkflowTask,
            TimerTaskKind::ActivityStartToClose => TransferTaskKind::ActivityTask,
            _ => return None,
        };
        Some((TransferTask { what, event: deadline.event, attempt: deadline.attempt }, deadline))
    })
}

/// When partitions may have changed hands.
struct TenureChanges<'a> {
    /// When each audit was made, in order.
    audits: Vec<At>,
    /// From when to when each attempt to raise a range may have succeeded.
    fences: Vec<(At, At)>,
    /// What is started, by the last audit that does not show it yet.
    before: BTreeMap<(&'a str, TransferTask), At>,
}

impl<'a> TenureChanges<'a> {
    fn of(evidence: &'a Indexed<'_>) -> Self {
        let partitions = evidence.tenures.iter().flat_map(|tenures| tenures.partitions.values());
        let fences = partitions.flat_map(|partition| &partition.fences);
        // The first owner inherits nothing, and a refusal changes nothing.
        let fences = fences.filter(|fence| fence.over > 0 && fence.told != Told::Refused);
        Self {
            audits: evidence.audits.iter().map(|(at, _)| *at).collect(),
            fences: fences.map(|fence| (fence.from, fence.until.or(fence.shown).unwrap_or(At::MAX))).collect(),
            before: BTreeMap::new(),
        }
    }

    /// True if a partition may have changed hands since the last audit that shows `transfer` of `row` as not started; to be
    /// asked of every audit in order.
    fn may_have_changed(&mut self, at: At, row: &'a RunRow, transfer: &TransferTask) -> bool {
        let before = *self.before.entry((&row.run_id, transfer.clone())).or_insert_with(|| {
            let place = self.audits.partition_point(|audit| *audit < at);
            place.checked_sub(1).map_or(0, |place| self.audits[place])
        });
        self.fences.iter().any(|(from, until)| *from <= at && before <= *until)
    }
}

/// What workers were handed in the whole case: by run, what and which attempt.
#[derive(Default)]
struct Handed<'a> {
    /// Whoever was handed nothing was not, and the target promises to try again.
    counts: bool,
    /// Workflow tasks by the id of their Started event.
    tasks: FxHashSet<(&'a str, i64, u32)>,
    /// Activities by their activity id.
    activities: FxHashSet<(&'a str, &'a str, u32)>,
    /// Activity ids by their Scheduled event.
    names: FxHashMap<(&'a str, i64), &'a str>,
}

impl<'a> Handed<'a> {
    fn of(evidence: &'a Indexed<'_>) -> Self {
        let counts =
            evidence.hand_over() == HandOver::UntilTaken && evidence.is_whole() && !answers_may_be_lost(evidence);
        if !counts || evidence.audits.is_empty() {
            return Self::default();
        }
        let all = || evidence.tasks.values().map(|handed| &handed.task);
        let of = |kind| all().filter(move |task| task.kind == kind);
        let scheduled = evidence.runs.iter().flat_map(|run| run.events.iter().map(move |event| (run, event)));
        Self {
            counts,
            tasks: of(TaskKind::Workflow).map(|task| (&*task.run_id, task.started, task.attempt)).collect(),
            activities: of(TaskKind::Activity).map(|task| (&*task.run_id, &*task.activity_id, task.attempt)).collect(),
            names: scheduled
                .filter_map(|(run, event)| match &event.body {
                    Body::ActivityTaskScheduled(it) => Some(((&*run.run_id, event.id.0), &*it.activity_id)),
                    _ => None,
                })
                .collect(),
        }
    }

    fn has(&self, row: &RunRow, deadline: &TimerTask) -> bool {
        let run_id = row.run_id.as_str();
        if deadline.what == TimerTaskKind::TaskStartToClose {
            let started = row.pending.task.as_ref().map_or(0, |task| task.started);
            return self.tasks.contains(&(run_id, started, deadline.attempt));
        }
        // An activity without a name is one whose history nobody could read.
        self.names
            .get(&(run_id, deadline.event))
            .is_none_or(|name| self.activities.contains(&(run_id, name, deadline.attempt)))
    }
}

/// True if a timer task will offer this again, or for the first time.
fn is_repeated(row: &RunRow, transfer: &TransferTask) -> bool {
    let kinds: &[TimerTaskKind] = match transfer.what {
        TransferTaskKind::WorkflowTask => &[TimerTaskKind::TaskScheduleToStart],
        TransferTaskKind::ActivityTask => &[TimerTaskKind::ActivityScheduleToStart, TimerTaskKind::ActivityRetry],
        _ => &[],
    };
    kinds.iter().any(|kind| row.will_fire(*kind, transfer.event, transfer.attempt))
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
    let told = run.open || run.tasks.iter().any(|task| task.what == TransferTaskKind::NotifyParent);
    (!told).then_some(run.run_id.as_str())
}
