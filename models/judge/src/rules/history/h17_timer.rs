//! H17: the life of a timer, and that it does not fire early.

use super::h16_limits::ROUNDING;
use crate::rules::{About, Findings, Stream};
use resurgam_formats::event::{Body, Event, EventId, Span};
use rustc_hash::FxHashMap;

/// Timers that have neither fired nor been cancelled, by the id of their Started event.
#[derive(Default)]
pub(super) struct Timers {
    pending: FxHashMap<EventId, Timer>,
    by_id: FxHashMap<String, EventId>,
    /// Old and new timer of one timer id, where the firing of the old one must still be in the flush that follows.
    reused: Vec<(EventId, EventId)>,
}

struct Timer {
    timer_id: String,
    at: Option<i64>,
    timeout: Span,
}

impl Timers {
    fn end(&mut self, event: &Event, started: EventId, timer_id: &str, findings: &mut Findings) -> Option<Timer> {
        findings.examine();
        let Some(timer) = self.pending.remove(&started) else {
            let message = format!("{} is about the timer of event {started}, which is not pending", event.body.name());
            findings.violated(&[started, event.id], message);
            return None;
        };
        if self.by_id.get(&timer.timer_id) == Some(&started) {
            self.by_id.remove(&timer.timer_id);
        }
        if timer.timer_id != timer_id {
            let message = format!(
                "{} names timer {timer_id:?}, but event {started} started timer {:?}",
                event.body.name(),
                timer.timer_id
            );
            findings.violated(&[started, event.id], message);
        }
        Some(timer)
    }
}

impl Stream for Timers {
    const ABOUT: About = About {
        id: "H17",
        slug: "timer",
        title: "a timer fires or is cancelled, once, and never fires before its time",
        reason: "Workflows build deadlines, back-off and reminders on timers. One that fires early breaks the promise of the \
                 program (`wait at least a day`); one that fires after its cancellation, or twice, wakes code that is not \
                 waiting for it. It may fire late: that is for liveness to judge.",
        source: "docs/temporal-semantics.md: “Timers”; cadence#1898",
        violating: "
            1 WorkflowExecutionStarted @0
            2 TimerStarted timerId=a startToFireTimeout=10s @1
            3 TimerFired timerId=a startedEventId=2 @10.9",
        allowed: "
            1 WorkflowExecutionStarted @0
            2 TimerStarted timerId=a startToFireTimeout=10s @1
            3 TimerFired timerId=a startedEventId=2 @10.999
            4 TimerStarted timerId=a startToFireTimeout=10s @11",
    };

    fn event(&mut self, event: &Event, findings: &mut Findings) {
        match &event.body {
            Body::TimerStarted(timer) => {
                findings.examine();
                if let Some(old) = self.by_id.insert(timer.timer_id.clone(), event.id) {
                    self.reused.push((old, event.id));
                }
                let entry = Timer { timer_id: timer.timer_id.clone(), at: event.time, timeout: timer.timeout };
                self.pending.insert(event.id, entry);
            }
            Body::TimerCanceled(timer) => drop(self.end(event, timer.started, &timer.timer_id, findings)),
            Body::TimerFired(fired) => {
                let timer = self.end(event, fired.started, &fired.timer_id, findings);
                if let Some((timer, from, at)) = timer
                    .and_then(|t| Some((t.at?, t.timeout, event.time?)))
                    .map(|(from, timeout, at)| (timeout, from, at))
                    && at < from.saturating_add(timer.0).saturating_sub(ROUNDING)
                {
                    let early = from.saturating_add(timer.0).saturating_sub(at) / 1_000_000;
                    findings.violated(&[fired.started, event.id], format!("the timer fires {early} ms early"));
                }
            }
            body if body.is_workflow_task() || body.is_close() => {
                for (old, new) in self.reused.drain(..) {
                    // A close drops what is buffered.
                    if let Some(timer) = self.pending.get(&old)
                        && !body.is_close()
                    {
                        let message =
                            format!("timer id {:?} is used again while the first one is pending", timer.timer_id);
                        findings.violated(&[old, new], message);
                    }
                }
            }
            _ => {}
        }
    }
}
