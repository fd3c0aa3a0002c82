//! P1: every deadline has a timer task.

use super::open_runs::each_open;
use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::audit::TimerTaskKind;
use resurgam_formats::event::EventId;

/// Looks for the timer task of every deadline.
pub(super) struct Timers;

static ABOUT: About = About {
    id: "P1",
    slug: "timer-task",
    title: "every timer and timeout of an open run has a timer task that is due no later",
    reason: "Nothing but the row of a timer task wakes an orchestrator at a time. A timer that is in the state of a run but \
             has no such row never fires, and a timeout without one lets a run wait for a worker that is long dead. It \
             cannot be seen from outside before the deadline has passed, and then looks like slowness.",
    source: "docs/temporal-semantics.md: “Pending work”; temporal#11869, cadence#732, temporal#6545, temporal#1668",
    violating: whole!(
        r#"{"at":9,"type":"audit","runs":[{"workflow_id":"w","run_id":"r","open":true,"next_event":7,"events":[[1,6]],"pending":{"timers":[5,6]},"deadlines":[{"what":"timer","event":5,"due":700},{"what":"timer","event":6,"due":800}],"timers":[{"what":"timer","event":5,"due":700}]}]}"#
    ),
    allowed: whole!(
        r#"{"at":8,"type":"audit","runs":[{"workflow_id":"w","run_id":"r","open":true,"next_event":7,"events":[[1,6]],"deadlines":[{"what":"activity_heartbeat","event":5,"attempt":2,"due":900}],"timers":[{"what":"activity_heartbeat","event":5,"attempt":2,"due":700}]}]}
        {"at":9,"type":"audit","runs":[{"workflow_id":"w","run_id":"r","open":true,"next_event":7,"events":[[1,6]],"deadlines":[{"what":"activity_schedule_to_start","event":5,"attempt":3,"due":900}],"timers":[{"what":"activity_retry","event":5,"attempt":3,"due":800}]}]}"#
    ),
};

impl Rule for Timers {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        each_open(evidence, findings, |at, _, row, findings| {
            for wanted in &row.deadlines {
                findings.examine();
                // An attempt that has to wait first is given its timeout when it begins.
                let later = wanted.what == TimerTaskKind::ActivityScheduleToStart
                    && row.will_fire(TimerTaskKind::ActivityRetry, wanted.event, wanted.attempt);
                if later || row.fires(wanted) {
                    continue;
                }
                let late = row.timers.iter().find(|timer| timer.what == wanted.what && timer.event == wanted.event);
                let found = late.map_or("no timer task".to_owned(), |timer| {
                    format!(
                        "only one for attempt {}, due {} ms later",
                        timer.attempt,
                        timer.due.saturating_sub(wanted.due)
                    )
                });
                let attempt = if wanted.attempt == 0 { String::new() } else { format!(", attempt {}", wanted.attempt) };
                let message = format!("at {} ms: {:?}{attempt} has {found}", at / 1_000_000, wanted.what);
                let events: Vec<EventId> = (wanted.event != 0).then_some(EventId(wanted.event)).into_iter().collect();
                findings.violated(&events, message);
            }
        });
    }
}
