//! What can be wrong with timers.

use super::corruption::{Corruption, places};
use super::edit::{again, by_id, event, insert};
use resurgam_formats::event::Body;
use resurgam_formats::evidence::Run;

/// A change of time that no rounding explains.
const CLEARLY: i64 = 100_000_000;

/// The moment at which a timer is due.
fn due(run: &Run, fired: &Body) -> Option<(i64, i64)> {
    let Body::TimerFired(fired) = fired else { return None };
    let start = by_id(run, fired.started)?;
    let Body::TimerStarted(timer) = &start.body else { return None };
    Some((start.time?, timer.timeout.0))
}

pub(super) const ALL: &[Corruption] = &[
    Corruption {
        name: "timer-early",
        what: "a timer fires well before its time",
        expected: &["H17"],
        find: |e| {
            places(e, |run, _, event| {
                event.time.is_some() && due(run, &event.body).is_some_and(|(_, timeout)| timeout > CLEARLY)
            })
        },
        change: |e, site| {
            let (from, timeout) = due(e.runs.get(site.run)?, &e.runs.get(site.run)?.events.get(site.place)?.body)?;
            event(e, site.run, site.place)?.time = Some(from + timeout - CLEARLY);
            Some(())
        },
    },
    Corruption {
        name: "timer-fires-twice",
        what: "a timer that has fired fires again",
        expected: &["H17"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::TimerFired(_))),
        change: again,
    },
    Corruption {
        name: "timer-fires-after-cancellation",
        what: "a timer that was cancelled fires",
        expected: &["H17"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::TimerCanceled(_))),
        change: |e, site| {
            let Body::TimerCanceled(timer) = &event(e, site.run, site.place)?.body else { return None };
            let fired =
                resurgam_formats::event::TimerFired { timer_id: timer.timer_id.clone(), started: timer.started };
            let events = &e.runs.get(site.run)?.events;
            let behind = events.iter().skip(site.place).position(|e| !e.body.is_command());
            insert(e, site.run, site.place + behind?, Body::TimerFired(Box::new(fired)))
        },
    },
    Corruption {
        name: "timer-of-another-id",
        what: "a timer fires under another id",
        expected: &["H17"],
        find: |e| places(e, |_, _, event| matches!(event.body, Body::TimerFired(_))),
        change: |e, site| {
            let Body::TimerFired(timer) = &mut event(e, site.run, site.place)?.body else { return None };
            timer.timer_id.push_str("-other");
            Some(())
        },
    },
];
