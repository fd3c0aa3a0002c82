//! User timers. Each pending timer has a timer task of its own until it fires or is cancelled; a task that comes early,
//! because another clock ordered it, is ordered again.

use super::command_failure::CommandFailure;
use super::span;
use super::transaction::Transaction;
use crate::planted::{Bug, planted};
use resurgam_api::temporal::command::v1::{CancelTimerCommandAttributes, StartTimerCommandAttributes};
use resurgam_api::temporal::enums::v1::WorkflowTaskFailedCause as Cause;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::history::v1::{
    TimerCanceledEventAttributes, TimerFiredEventAttributes, TimerStartedEventAttributes,
};
use resurgam_state::task::TimerKind;
use resurgam_state::{EventId, Millis, Timer};

/// Starts a timer.
pub(super) fn start(
    tx: &mut Transaction<'_, '_>,
    attributes: &StartTimerCommandAttributes,
    completed: EventId,
) -> Result<(), CommandFailure> {
    let id = &attributes.timer_id;
    let bad = |message: &str| Err(CommandFailure::new(Cause::BadStartTimerAttributes, message));
    let wait = span::millis(attributes.start_to_fire_timeout.as_ref());
    if id.is_empty() {
        return bad("TimerId is not set on StartTimerCommand.");
    } else if id.len() > tx.context.limits.id_bytes {
        let (length, limit) = (id.len(), tx.context.limits.id_bytes);
        return bad(&format!(
            "TimerId on StartTimerCommand exceeds length limit. TimerId={id} Length={length} Limit={limit}"
        ));
    } else if let Err(why) = span::validate(attributes.start_to_fire_timeout.as_ref()) {
        return bad(&format!("An invalid StartToFireTimeout is set on StartTimerCommand: {why}. TimerId={id}"));
    } else if tx.run.state.timers.contains_key(id) {
        let of = format!("TimerID: {id}");
        return Err(CommandFailure::state(Cause::StartTimerDuplicateId, "add-timer-started-event", &of));
    }
    let event = tx.command_event(Attributes::TimerStartedEventAttributes(TimerStartedEventAttributes {
        timer_id: id.clone(),
        start_to_fire_timeout: attributes.start_to_fire_timeout,
        workflow_task_completed_event_id: completed,
    }));
    let due = tx.context.now.saturating_add(wait);
    if !planted(Bug::NextTimerMissing) || tx.run.state.timers.is_empty() {
        tx.timer(due, TimerKind::UserTimer(event));
    }
    tx.run.state.timers.insert(id.clone(), Timer { started_event_id: event, due });
    Ok(())
}

/// Cancels a timer; one that has fired is cancelled too as long as no worker was told.
pub(super) fn cancel(
    tx: &mut Transaction<'_, '_>,
    attributes: &CancelTimerCommandAttributes,
    completed: EventId,
    identity: &str,
) -> Result<(), CommandFailure> {
    let id = &attributes.timer_id;
    let pending = tx.run.state.timers.remove(id).map(|timer| timer.started_event_id);
    let Some(started_event_id) = pending.or_else(|| unfire(tx, id)) else {
        let cause = Cause::BadCancelTimerAttributes;
        if id.is_empty() {
            return Err(CommandFailure::new(cause, "TimerId is not set on CancelTimerCommand."));
        }
        return Err(CommandFailure::state(cause, "add-timer-canceled-event", &format!("TimerID: {id}")));
    };
    tx.command_event(Attributes::TimerCanceledEventAttributes(TimerCanceledEventAttributes {
        timer_id: id.clone(),
        started_event_id,
        workflow_task_completed_event_id: completed,
        identity: identity.to_owned(),
    }));
    Ok(())
}

/// Takes a firing back that still waits in the buffer; the Started event of the timer.
fn unfire(tx: &mut Transaction<'_, '_>, id: &str) -> Option<EventId> {
    let buffered = &mut tx.run.state.buffered;
    let fired = |attributes: &Option<Attributes>| match attributes {
        Some(Attributes::TimerFiredEventAttributes(fired)) if fired.timer_id == id => Some(fired.started_event_id),
        _ => None,
    };
    let place = buffered.iter().find(|(_, event)| fired(&event.attributes).is_some()).map(|(place, _)| *place)?;
    fired(&buffered.remove(&place)?.attributes)
}

/// The timer task of the timer that this event started is due.
pub(crate) fn fire(tx: &mut Transaction<'_, '_>, started_event_id: EventId) {
    let timers = &tx.run.state.timers;
    let Some((id, due)) = timers.named(&started_event_id).map(|(id, timer)| (id.clone(), timer.due)) else { return };
    if early(tx.context.now, due) {
        tx.timer(due, TimerKind::UserTimer(started_event_id));
        return;
    }
    tx.run.state.timers.remove(&id);
    tx.add(Attributes::TimerFiredEventAttributes(TimerFiredEventAttributes { timer_id: id, started_event_id }));
    tx.wake();
}

fn early(now: Millis, due: Millis) -> bool {
    if planted(Bug::TimerEarly) { now < due - due.rem_euclid(1000) } else { now < due }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::super::fixture::Fixture;
    use super::*;
    use resurgam_api::temporal::command::v1::command::Attributes as Command;

    fn starting(id: &str, ms: Millis) -> Command {
        let start_to_fire_timeout = Some(span::duration(ms));
        Command::StartTimerCommandAttributes(StartTimerCommandAttributes { timer_id: id.into(), start_to_fire_timeout })
    }

    fn cancelling(id: &str) -> Command {
        Command::CancelTimerCommandAttributes(CancelTimerCommandAttributes { timer_id: id.into() })
    }

    fn cause(result: Result<(), CommandFailure>) -> Cause {
        result.expect_err("it should be refused").cause
    }

    #[test]
    fn every_timer_fires_once_at_its_time() {
        let mut run = Fixture::new();
        run.commands(vec![starting("a", 500), starting("b", 1500)]).unwrap();
        assert_eq!(run.take(), ["WorkflowTaskCompleted", "TimerStarted", "TimerStarted"]);
        assert_eq!(run.timers.iter().map(|timer| timer.due).collect::<Vec<_>>(), [10_500, 11_500]);
        run.until(10_499);
        assert!(run.take().is_empty() && !run.woken);
        run.until(11_499);
        assert_eq!(run.take(), ["TimerFired"]);
        assert!(run.woken);
        run.until(20_000);
        assert_eq!(run.take(), ["TimerFired"]);
        assert!(run.run.state.timers.is_empty() && run.timers.is_empty());
    }

    #[test]
    fn a_timer_of_no_time_fires_at_once() {
        let mut run = Fixture::new();
        run.commands(vec![starting("a", 0)]).unwrap();
        run.take();
        run.until(10_000);
        assert_eq!(run.take(), ["TimerFired"]);
    }

    #[test]
    fn an_early_or_stale_timer_task_fires_nothing() {
        let mut run = Fixture::new();
        run.commands(vec![starting("a", 500)]).unwrap();
        run.take();
        let timer = run.timers.remove(0);
        run.now = 10_499;
        run.fire(&timer);
        assert!(run.take().is_empty());
        assert_eq!(run.timers, std::slice::from_ref(&timer)); // ordered again
        run.commands(vec![cancelling("a"), starting("a", 9000)]).unwrap();
        assert_eq!(run.take(), ["WorkflowTaskCompleted", "TimerCanceled", "TimerStarted"]);
        run.now = 10_500;
        run.fire(&timer);
        assert!(run.take().is_empty());
    }

    #[test]
    fn a_fired_timer_in_the_buffer_can_be_cancelled() {
        let mut run = Fixture::new();
        run.commands(vec![starting("a", 500)]).unwrap();
        run.busy(true);
        run.take();
        run.until(10_500);
        assert_eq!((run.take(), run.buffered()), (vec![], vec!["TimerFired".to_owned()]));
        run.commands(vec![cancelling("a")]).unwrap();
        let Some(Attributes::TimerCanceledEventAttributes(canceled)) = &run.events[1].attributes else { panic!() };
        assert_eq!((canceled.started_event_id, canceled.identity.as_str()), (6, "me"));
        assert!(run.buffered().is_empty());
    }

    #[test]
    fn bad_timers_are_refused() {
        let mut run = Fixture::new();
        assert_eq!(cause(run.commands(vec![starting("", 1)])), Cause::BadStartTimerAttributes);
        assert_eq!(cause(run.commands(vec![starting("a", -1)])), Cause::BadStartTimerAttributes);
        assert_eq!(cause(run.commands(vec![starting(&"a".repeat(1001), 1)])), Cause::BadStartTimerAttributes);
        assert_eq!(cause(run.commands(vec![starting("a", 1), starting("a", 1)])), Cause::StartTimerDuplicateId);
        assert_eq!(cause(run.commands(vec![cancelling("b")])), Cause::BadCancelTimerAttributes);
    }
}
