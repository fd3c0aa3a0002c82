//! L7: a workflow task on a sticky queue is not passed over until it times out.

use super::ways;
use crate::profile::Capability;
use crate::rules::Indexed;
use crate::rules::proof::is_quiet;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::{Body, Event, EventId};
use resurgam_formats::evidence::Run;
use resurgam_formats::time::At;
use rustc_hash::FxHashMap;

/// Compares the tasks of each sticky queue with each other.
pub(super) struct Sticky;

static ABOUT: About = About {
    id: "L7",
    slug: "sticky",
    title: "where the target promises it: no task of a sticky queue times out while its worker takes later ones",
    reason: "A sticky queue is where a worker gets the next task of a workflow that it still has in memory. A queue that \
             takes a task over and forgets it hides behind the schedule-to-start timeout, which brings the task back \
             seconds later: every workflow goes on, only slowly, and nothing in any log says why. That the same worker \
             takes a younger task from the same queue meanwhile shows that it was there. Tasks may arrive in another order \
             than they were scheduled in, and a shard at work may refuse to start one: so this is said only if, after the \
             younger one was taken, there was time to hand out the older one too: as long as ten ways through store and \
             network take at most, and a pause.",
    source: "cadence#29; docs/temporal-semantics.md: “Sticky queues”. The real server does this under load: in 10 of 2,000 cases \
             without faults (docs/measurements.md)",
    violating: whole!(
        r#"
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled taskQueue.name=s taskQueue.kind=STICKY @1
        3 WorkflowTaskTimedOut scheduledEventId=2 timeoutType=SCHEDULE_TO_START @6
        run v/q
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled taskQueue.name=s taskQueue.kind=STICKY @2
        3 WorkflowTaskStarted scheduledEventId=2 @3"#
    ),
    allowed: whole!(
        r#"
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled taskQueue.name=s taskQueue.kind=STICKY @1
        3 WorkflowTaskTimedOut scheduledEventId=2 timeoutType=SCHEDULE_TO_START @6
        run v/q
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled taskQueue.name=s taskQueue.kind=STICKY @2
        3 WorkflowTaskStarted scheduledEventId=2 @7"#
    ),
};

/// A task of a sticky queue that a worker has taken: when it was scheduled and when started.
type Taken = (i64, i64);

impl Rule for Sticky {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs(&self) -> Option<Capability> {
        Some(Capability::RepeatedHandOver)
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() || !is_quiet(evidence, 0, At::MAX) {
            return;
        }
        let mut taken: FxHashMap<&str, Vec<Taken>> = FxHashMap::default();
        for run in &evidence.runs {
            for event in &run.events {
                let Body::WorkflowTaskStarted(started) = &event.body else { continue };
                if let Some((queue, scheduled)) = sticky(run, started.scheduled)
                    && let (Some(from), Some(to)) = (scheduled.time, event.time)
                {
                    findings.examine();
                    taken.entry(queue).or_default().push((from, to));
                }
            }
        }
        let enough = ways::longest(evidence).unwrap_or_default();
        for run in &evidence.runs {
            findings.look_at(run);
            for event in &run.events {
                let Body::WorkflowTaskTimedOut(end) = &event.body else { continue };
                let Some((queue, scheduled)) = sticky(run, end.scheduled).filter(|_| end.started.is_none()) else {
                    continue;
                };
                let (Some(from), Some(until)) = (scheduled.time, event.time) else { continue };
                findings.examine();
                let taken = taken.get(queue).map_or(&[][..], Vec::as_slice);
                let later =
                    taken.iter().filter(|(since, at)| *since > from && at.saturating_add(enough) < until).count();
                if later > 0 {
                    let message = format!("a task of {queue} timed out, and {later} later ones were taken meanwhile");
                    findings.violated(&[scheduled.id, event.id], message);
                }
            }
        }
    }
}

/// The sticky queue of a workflow task, and its Scheduled event.
fn sticky(run: &Run, scheduled: EventId) -> Option<(&str, &Event)> {
    let index = run.events.binary_search_by_key(&scheduled, |event| event.id).ok()?;
    match &run.events[index].body {
        Body::WorkflowTaskScheduled(it) if it.task_queue.kind.is("STICKY") => {
            Some((it.task_queue.name.as_str(), &run.events[index]))
        }
        _ => None,
    }
}
