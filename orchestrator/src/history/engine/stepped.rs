//! What is true of every step: from the state before it to the state after it, with the events and tasks that it made.

use super::duty::{self, Duties, Tasks};
use super::input::{Applied, Input, Reply};
use super::waiter::{CallerId, Waiter};
use super::{Context, Run, Volatile, Workflow};
use crate::invariant::{Checks, checks, invariant, sound};
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus as Status;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_state::task::{TimerKind, TimerTask, TransferTask};
use resurgam_state::{Flaw, Millis, State, hold, kind};
use std::collections::BTreeSet;

/// What a step made of one run.
pub(super) struct Stepped<'a> {
    /// The run as it is now.
    pub(super) run: &'a Run,
    /// Its new events.
    pub(super) events: &'a [HistoryEvent],
    /// All transfer tasks of the step, of other runs too.
    pub(super) transfers: &'a [TransferTask],
    /// All timer tasks of the step, of other runs too.
    pub(super) timers: &'a [TimerTask],
    /// The schedule-to-start timeout of speculative workflow tasks.
    pub(super) speculative: Millis,
}

impl Stepped<'_> {
    /// Asserts that a run that did not exist before came into being as one can.
    pub(super) fn assert_new(&self) {
        if checks() == Checks::Off {
            return;
        }
        let nothing = State { next_event_id: 1, ..State::default() };
        let checked = self.check_events(&nothing).and_then(|()| self.run.check());
        let checked = checked.and_then(|()| self.check_duties(&nothing, &self.run.state, None));
        sound(&self.name(), checked);
    }

    /// Asserts that a run came from `before` as it can, with the timer task that `fired`. Its rows may be as they were, and
    /// its memory not. What the step did not touch was sound before; only thorough checks look at it again.
    pub(super) fn assert_after(&self, before: &State, changed: bool, fired: Option<&TimerKind>) {
        if checks() == Checks::Off {
            return;
        }
        let checked = if changed { self.check_growth(before) } else { Ok(()) };
        let checked = checked.and_then(|()| self.check_events(before));
        let (mut old, mut new) = State::apart(before, &self.run.state);
        let checked = checked.and_then(|()| self.run.state.check_since(&old, &new));
        let checked = checked.and_then(|()| self.run.check_memory());
        duty::include(fired, before, &mut old);
        duty::include(fired, &self.run.state, &mut new);
        let checked = checked.and_then(|()| self.check_duties(&old, &new, fired));
        let checked = if checks() == Checks::Thorough {
            let checked = checked.and_then(|()| self.run.state.check());
            checked.and_then(|()| self.check_duties(before, &self.run.state, fired))
        } else {
            checked
        };
        sound(&self.name(), checked);
    }

    fn name(&self) -> String {
        format!("run {}", self.run.state.run_id)
    }

    /// Ids grow, counts do not fall, names stay, and closed is closed.
    fn check_growth(&self, before: &State) -> Result<(), Flaw> {
        let after = &self.run.state;
        let name = |state: &State| (state.namespace_id.clone(), state.workflow_id.clone(), state.run_id.clone());
        hold!(name(before) == name(after), "it has another name");
        hold!(
            before.transaction < after.transaction,
            "transaction {} follows {}",
            after.transaction,
            before.transaction
        );
        let counts = |state: &State| {
            [
                state.completed_tasks,
                state.completed_updates,
                state.signal_count,
                state.previous_started_event_id,
                state.history_size,
            ]
        };
        let falls = counts(before).into_iter().zip(counts(after)).any(|(before, after)| before > after);
        hold!(!falls, "a count fell: {:?} to {:?}", counts(before), counts(after));
        let closed = before.status != Status::Running as i32;
        hold!(!closed || before.status == after.status, "it was closed, and is now of status {}", after.status);
        hold!(!closed || self.events.is_empty(), "it was closed, and has new events");
        Ok(())
    }

    /// The new events follow the old ones, one by one.
    fn check_events(&self, before: &State) -> Result<(), Flaw> {
        let mut next = before.next_event_id;
        for event in self.events {
            hold!(event.event_id == next, "event {} stands where {next} should", event.event_id);
            let kind = event.attributes.as_ref().map(|attributes| kind::event_type(attributes) as i32);
            hold!(kind == Some(event.event_type), "event {next} is not of its type");
            next += 1;
        }
        hold!(next == self.run.state.next_event_id, "the next event is {}, not {next}", self.run.state.next_event_id);
        Ok(())
    }

    /// The duties of `after` were passed on from those of `before`: two states of the run, perhaps with some parts only.
    fn check_duties(&self, before: &State, after: &State, fired: Option<&TimerKind>) -> Result<(), Flaw> {
        let id = &self.run.state.run_id;
        let transfers = self.transfers.iter().filter(|task| task.run.run_id == *id);
        let timers = self.timers.iter().filter(|task| task.run.run_id == *id);
        let tasks = Tasks {
            transfers: transfers.filter_map(|task| task.kind.as_ref()).collect(),
            timers: timers.filter_map(|task| Some((task.due, task.kind.as_ref()?))).collect(),
        };
        tasks.check()?;
        let of = |state| Duties::of(state, self.speculative);
        of(before).passed_on(&of(after), fired, &tasks)
    }
}

/// Works out what an input does, as [`Input::apply`], and asserts that the runs agree afterwards, and that nobody was forgotten:
/// whoever waited before, and the one who called, waits now or is answered, and only once.
///
/// # Errors
/// It was refused; nothing may be kept.
pub fn step<I: Input>(
    input: I,
    workflow: &mut Workflow,
    context: &mut Context<'_>,
    caller: &Waiter<I::Answer>,
) -> Applied<I::Answer> {
    if checks() == Checks::Off {
        return input.apply(workflow, context, caller);
    }
    let mut before = waiters(workflow);
    let (effects, reply) = input.apply(workflow, context, caller)?;
    sound("workflow", workflow.check());
    let mut told = waiters(workflow);
    let mut once = effects.answers.iter().all(|delivery| told.insert(delivery.caller()));
    match reply {
        Reply::Now(_) => once &= told.insert(caller.id()),
        Reply::Later => drop(before.insert(caller.id())),
    }
    invariant!(once, "a caller was answered twice, or answered and made to wait");
    let forgotten = before.difference(&told).count();
    invariant!(forgotten == 0, "{forgotten} callers wait for nothing");
    Ok((effects, reply))
}

/// Everybody who waits for something of a workflow.
fn waiters(workflow: &Workflow) -> BTreeSet<CallerId> {
    let memories = workflow.runs.values().map(|run| &run.volatile);
    let of = |memory: &Volatile| {
        let updates = memory.updates.iter().flat_map(|update| update.waiters.iter().map(|(waiter, _)| waiter.id()));
        updates.chain(memory.queries.values().map(|query| query.waiter.id())).collect::<Vec<_>>()
    };
    memories.flat_map(of).collect()
}
