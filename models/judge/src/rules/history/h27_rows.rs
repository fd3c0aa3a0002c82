//! H27: what is kept of a run agrees with its history.
//!
//! Needs audits. What a run is waiting for follows from its history alone; the state row says it a second time, so that
//! nobody has to read the history to decide. This rule holds the two together, in the middle of a case as well as at its
//! end, since most of what may drift apart is gone once a run has closed.

use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::audit::{Audit, ChildRow, CurrentRow, RunRow};
use resurgam_formats::event::{Body, Event, EventId};
use resurgam_formats::evidence::Run;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// Compares audits with final histories.
pub(super) struct Rows;

static ABOUT: About = About {
    id: "H27",
    slug: "rows",
    title: "the state row of a run, its history and the current-run row of its id say the same",
    reason: "An orchestrator decides by the state row and workers by the history. A timer, activity or child that only one \
             of them knows is forgotten, or waited for in vain; a history that is shorter than the row says cannot be \
             replayed; a current-run row that leads to no run blocks the workflow id for ever. Such drift comes from lost \
             or repeated statements of one batch and from caches that outlive a write that failed, and stays unseen until \
             the run needs what is missing.",
    source: "docs/temporal-semantics.md: “Pending work”; cadence#652, cadence#667, temporal#1187, temporal#10841",
    violating: whole!(
        r#"run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 TimerStarted timerId=a
        6 TimerFired timerId=a startedEventId=5
        {"at":9,"type":"audit","runs":[{"workflow_id":"w","run_id":"r","open":true,"next_event":6,"events":[[1,5]]}],"current":[{"workflow_id":"w","run_id":"r","open":true}]}"#
    ),
    allowed: whole!(
        r#"run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 TimerStarted timerId=a
        6 WorkflowExecutionSignaled
        7 WorkflowTaskScheduled
        8 WorkflowTaskStarted scheduledEventId=7
        9 TimerFired timerId=a startedEventId=5
        {"at":8,"type":"audit","runs":[{"workflow_id":"w","run_id":"r","open":true,"next_event":6,"events":[[1,5]],"pending":{"timers":[5]}}],"current":[{"workflow_id":"w","run_id":"r","open":true}]}
        {"at":9,"type":"audit","runs":[{"workflow_id":"w","run_id":"r","open":true,"next_event":9,"events":[[1,8]],"pending":{"task":{"scheduled":7,"started":8,"written":true},"buffered":1,"ended":[5]}}],"current":[{"workflow_id":"w","run_id":"r","open":true}]}"#
    ),
};

impl Rule for Rows {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let runs = evidence.by_execution();
        for (at, audit) in &evidence.audits {
            findings.look_at_all();
            for row in &audit.stray {
                findings
                    .violated(&[], format!("{}: {row} cannot be read, or is of a run that does not exist", when(*at)));
            }
            current(*at, audit, findings);
            for row in &audit.runs {
                findings.examine();
                findings.look_at(&Run {
                    workflow_id: row.workflow_id.clone(),
                    run_id: row.run_id.clone(),
                    ..Run::default()
                });
                let before = findings.found().len();
                itself(row, &mut |message| findings.violated(&[], format!("{}: {message}", when(*at))));
                let history = runs.get(&(row.workflow_id.as_str(), row.run_id.as_str())).filter(|run| !run.partial);
                if let Some(run) = history
                    && findings.found().len() == before
                {
                    compare(*at, row, run, findings);
                }
            }
        }
    }
}

fn when(at: u64) -> String {
    format!("at {} ms", at / 1_000_000)
}

/// Current-run rows and state rows.
fn current(at: u64, audit: &Audit, findings: &mut Findings) {
    let runs: FxHashMap<(&str, &str), &RunRow> =
        audit.runs.iter().map(|run| ((run.workflow_id.as_str(), run.run_id.as_str()), run)).collect();
    let rows: FxHashMap<&str, &CurrentRow> = audit.current.iter().map(|row| (row.workflow_id.as_str(), row)).collect();
    for CurrentRow { workflow_id, run_id, open } in &audit.current {
        match runs.get(&(workflow_id.as_str(), run_id.as_str())) {
            None => {
                let message =
                    format!("{}: the current run of {workflow_id} is {run_id}, which does not exist", when(at));
                findings.violated(&[], message);
            }
            Some(run) if run.open != *open => {
                let word = |open| if open { "open" } else { "closed" };
                let (here, there) = (word(*open), word(run.open));
                let message =
                    format!("{}: the current run of {workflow_id} is kept as {here}, but is {there}", when(at));
                findings.violated(&[], message);
            }
            Some(_) => {}
        }
    }
    for run in audit.runs.iter().filter(|run| run.open) {
        if rows.get(run.workflow_id.as_str()).is_none_or(|row| row.run_id != run.run_id) {
            let message = format!("{}: {}/{} is open, but not the current run", when(at), run.workflow_id, run.run_id);
            findings.violated(&[], message);
        }
    }
}

/// What a state row says of itself.
fn itself(row: &RunRow, violated: &mut dyn FnMut(String)) {
    let last = row.next_event.saturating_sub(1);
    if row.events != [(1, last)] {
        violated(format!("events 1 to {last} are kept, but those that can be read are {:?}", row.events));
    }
    let pending = &row.pending;
    if !row.open {
        let waits = !pending.timers.is_empty() || !pending.activities.is_empty() || !pending.externals.is_empty();
        if waits || pending.task.is_some() || pending.buffered > 0 {
            violated("the run is closed, but something is pending in it".to_owned());
        }
    } else if pending.buffered > 0 && pending.task.as_ref().is_none_or(|task| task.started == 0) {
        violated(format!("{} events are held back, but no worker has the workflow task", pending.buffered));
    } else if usize::try_from(pending.buffered).is_ok_and(|buffered| buffered < pending.ended.len()) {
        violated(format!("{} events are held back, in which {} things ended", pending.buffered, pending.ended.len()));
    }
}

/// What is wrong with what is kept of a pending child: whose it is, and which run it has as soon as the history says it.
fn of_child(child: &ChildRow, run: &Run) -> Option<String> {
    let Body::StartChildWorkflowExecutionInitiated(asked) = &run.event(EventId(child.initiated))?.body else {
        return None;
    };
    if child.workflow_id != asked.workflow_id {
        return Some(format!("child {} is kept as {:?}", asked.workflow_id, child.workflow_id));
    }
    let started = run.events.iter().find_map(|event| match &event.body {
        Body::ChildWorkflowExecutionStarted(it) if it.initiated.0 == child.initiated => {
            Some((event.id, &it.child.run_id))
        }
        _ => None,
    });
    let (_, known) = started.filter(|(_, known)| **known != child.run_id && !child.run_id.is_empty())?;
    Some(format!("child {} is kept with run {:?}, the history says {known:?}", asked.workflow_id, child.run_id))
}

/// The state row and the history up to the event that the row names.
fn compare(at: u64, row: &RunRow, run: &Run, findings: &mut Findings) {
    let known = run.events.iter().take_while(|event| event.id.0 < row.next_event).count();
    let last = EventId(row.next_event).plus(-1);
    if run.events.get(..known).and_then(<[_]>::last).map(|event| event.id) != Some(last) {
        let message = format!("{}: event {last} is kept, but the history read later lacks it", when(at));
        return findings.violated(&[], message);
    }
    let derived = Derived::of(&run.events[..known]);
    if derived.closed == row.open {
        let message = if row.open { "kept as open though the history has ended" } else { "kept as closed too early" };
        return findings.violated(&[last], format!("{}: {message}", when(at)));
    }
    if derived.closed {
        if row.successor != run.successor() {
            let (kept, next) = (&row.successor, run.successor());
            findings
                .violated(&[last], format!("{}: kept as followed by {kept:?}, the history says {next:?}", when(at)));
        }
        return;
    }
    for message in row.pending.children.iter().filter_map(|child| of_child(child, run)) {
        findings.violated(&[last], format!("{}: {message}", when(at)));
    }
    let pending = &row.pending;
    let children: Vec<i64> = pending.children.iter().map(|child| child.initiated).collect();
    let mut kept = BTreeSet::new();
    for id in pending.timers.iter().chain(&pending.activities).chain(&children).chain(&pending.externals) {
        kept.insert(*id);
    }
    for id in &pending.ended {
        if !kept.insert(*id) {
            let message = format!("{}: what event {id} began is pending, and its end is held back", when(at));
            findings.violated(&[EventId(*id)], message);
        }
    }
    for id in derived.pending.difference(&kept) {
        let message = format!("{}: what event {id} began has not ended, but is not kept as pending", when(at));
        findings.violated(&[EventId(*id)], message);
    }
    for id in kept.difference(&derived.pending) {
        let message = format!("{}: event {id} is kept as pending, but began nothing that has not ended", when(at));
        findings.violated(&[EventId(*id)], message);
    }
    let written = pending.task.as_ref().filter(|task| task.written);
    if let Some(task) = written.filter(|task| task.sticky)
        && let Some(Body::WorkflowTaskScheduled(scheduled)) =
            run.event(EventId(task.scheduled)).map(|event| &event.body)
        && scheduled.task_queue.kind.is("NORMAL")
    {
        let message =
            format!("{}: the workflow task is kept as one of a sticky queue, and is of the normal one", when(at));
        findings.violated(&[EventId(task.scheduled)], message);
    }
    let task = written.map(|task| (task.scheduled, task.started));
    if task != derived.task {
        let say = |task: Option<(i64, i64)>| match task {
            None => "none".to_owned(),
            Some((scheduled, 0)) => format!("that of event {scheduled}, not started"),
            Some((scheduled, started)) => format!("that of event {scheduled}, started by event {started}"),
        };
        let message = format!(
            "{}: the pending workflow task is kept as {}, the history says {}",
            when(at),
            say(task),
            say(derived.task)
        );
        findings.violated(&[last], message);
    }
}

/// What a history says that is going on.
#[derive(Default)]
struct Derived {
    pending: BTreeSet<i64>,
    task: Option<(i64, i64)>,
    closed: bool,
}

impl Derived {
    fn of(events: &[Event]) -> Self {
        let mut all = Self::default();
        events.iter().for_each(|event| all.event(event));
        all
    }

    fn event(&mut self, event: &Event) {
        let id = event.id.0;
        let ended = match &event.body {
            Body::WorkflowTaskScheduled(_) => return self.task = Some((id, 0)),
            Body::WorkflowTaskStarted(started) => return self.task = Some((started.scheduled.0, id)),
            Body::WorkflowTaskCompleted(_) | Body::WorkflowTaskFailed(_) | Body::WorkflowTaskTimedOut(_) => {
                return self.task = None;
            }
            Body::TimerStarted(_)
            | Body::ActivityTaskScheduled(_)
            | Body::StartChildWorkflowExecutionInitiated(_)
            | Body::SignalExternalWorkflowExecutionInitiated(_)
            | Body::RequestCancelExternalWorkflowExecutionInitiated(_) => {
                self.pending.insert(id);
                return;
            }
            Body::TimerFired(end) => end.started,
            Body::TimerCanceled(end) => end.started,
            Body::ActivityTaskCompleted(end) => end.scheduled,
            Body::ActivityTaskFailed(end) => end.scheduled,
            Body::ActivityTaskTimedOut(end) => end.scheduled,
            Body::ActivityTaskCanceled(end) => end.scheduled,
            Body::StartChildWorkflowExecutionFailed(end) => end.initiated,
            Body::ChildWorkflowExecutionCompleted(end) => end.initiated,
            Body::ChildWorkflowExecutionFailed(end) => end.initiated,
            Body::ChildWorkflowExecutionCanceled(end) => end.initiated,
            Body::ChildWorkflowExecutionTimedOut(end) => end.initiated,
            Body::ChildWorkflowExecutionTerminated(end) => end.initiated,
            Body::SignalExternalWorkflowExecutionFailed(end) => end.initiated,
            Body::ExternalWorkflowExecutionSignaled(end) => end.initiated,
            Body::RequestCancelExternalWorkflowExecutionFailed(end) => end.initiated,
            Body::ExternalWorkflowExecutionCancelRequested(end) => end.initiated,
            body => {
                self.closed |= body.is_close();
                return;
            }
        };
        self.pending.remove(&ended.0);
    }
}

#[cfg(test)]
mod tests;
