//! What happens to a schedule, as a step of its run: what it decides becomes transfers, a timer and what is shown of it.

use super::close;
use super::transaction::Transaction;
use crate::cluster::Rejection;
use crate::invariant::broken;
use prost::Message as _;
use resurgam_api::temporal::common::v1::{Payload, SearchAttributes, WorkflowExecution};
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus as Status;
use resurgam_api::temporal::history::v1::WorkflowExecutionCompletedEventAttributes;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::schedule::v1::{Schedule as Definition, SchedulePatch};
use resurgam_schedule::{Clock, End, INFO, LastOutcome, Machine, Order, PREFIX, Schedule, listed, replace};
use resurgam_state::task::{StopActionTransfer, TimerKind, TransferKind};
use resurgam_state::{Millis, State};
use resurgam_visibility::value;
use std::collections::BTreeSet;

/// The attribute by which lists know paused schedules.
const PAUSED: &str = "TemporalSchedulePaused";

/// A schedule that is to begin.
pub(super) struct NewSchedule {
    pub(super) stored: Schedule,
    pub(super) definition: Definition,
    pub(super) patch: Option<SchedulePatch>,
}

/// Lets the machine of a schedule work on a part of its state.
pub(super) fn with<T>(
    stored: &mut Schedule,
    definition: &Definition,
    (namespace_id, workflow_id): (&str, &str),
    now: Millis,
    act: impl FnOnce(&mut Machine<'_>) -> T,
) -> T {
    let clock = Clock::new(definition, namespace_id, workflow_id.strip_prefix(PREFIX).unwrap_or(workflow_id));
    act(&mut Machine { stored, definition, clock: &clock, now })
}

/// The same on the schedule of a run, if it is one.
fn on<T>(state: &mut State, now: Millis, act: impl FnOnce(&mut Machine<'_>) -> T) -> Option<T> {
    let State { schedule, definitions, namespace_id, workflow_id, run_id, .. } = state;
    let stored = schedule.as_mut()?;
    let Some(definition) = definitions.get(&stored.definition) else { broken!("schedule {run_id} has no definition") };
    Some(with(stored, definition, (namespace_id, workflow_id), now, act))
}

/// The run begins as a schedule.
pub(super) fn begin(tx: &mut Transaction<'_, '_>, new: NewSchedule) {
    let state = &mut tx.run.state;
    state.definitions.insert(new.stored.definition, new.definition);
    state.schedule = Some(new.stored);
    happen(tx, |machine| {
        if let Some(patch) = &new.patch {
            machine.patch(patch);
        }
    });
}

/// The time has come.
pub(super) fn wake(tx: &mut Transaction<'_, '_>) {
    if let Some(schedule) = &mut tx.run.state.schedule {
        schedule.wakes = 0;
    }
    happen(tx, |_| ());
}

/// A start was answered.
pub(super) fn started(tx: &mut Transaction<'_, '_>, number: i64, execution: Option<WorkflowExecution>) {
    if tx.require_open().is_ok() {
        happen(tx, |machine| machine.started(number, execution));
    }
}

/// A workflow that it has started has ended.
///
/// # Errors
/// `NotFound`: nobody waits for it.
pub(super) fn ended(
    tx: &mut Transaction<'_, '_>,
    number: i64,
    execution: WorkflowExecution,
    end: End,
) -> Result<(), Rejection> {
    tx.require_open()?;
    let before: LastOutcome = tx.run.state.outcomes.values().next().cloned().unwrap_or_default();
    let mut left = None;
    catch_up(tx);
    on(&mut tx.run.state, tx.context.now, |machine| left = machine.ended(number, execution, end, before.clone()));
    let Some(left) = left else { return Err(Rejection::NotFound("no such workflow is waited for".to_owned())) };
    if left != before {
        tx.run.state.outcomes.clear();
        tx.run.state.outcomes.insert(number, left);
    }
    settle(tx);
    Ok(())
}

/// A client patches it.
pub(super) fn patch(tx: &mut Transaction<'_, '_>, patch: &SchedulePatch) {
    happen(tx, |machine| machine.patch(patch));
}

/// A client replaces its definition, and, if it gives any, its search attributes.
pub(super) fn update(tx: &mut Transaction<'_, '_>, definition: Definition, attributes: Option<SearchAttributes>) {
    catch_up(tx);
    let now = tx.context.now;
    let state = &mut tx.run.state;
    let Some(stored) = &mut state.schedule else { return };
    let definition = replace(stored, definition, now);
    let key = stored.definition;
    state.definitions.insert(key, definition);
    on(state, now, |machine| machine.begin_again());
    if let Some(given) = attributes {
        let own = |name: &str| name.starts_with("Temporal");
        let names: Vec<String> = state.search_attributes.keys().filter(|name| !own(name)).cloned().collect();
        names.iter().for_each(|name| drop(state.search_attributes.remove(name)));
        let mut given: Vec<_> = given.indexed_fields.into_iter().filter(|(name, _)| !own(name)).collect();
        given.sort_by(|one, other| one.0.cmp(&other.0));
        given.into_iter().for_each(|(name, payload)| state.search_attributes.insert(name, payload));
    }
    settle(tx);
}

fn happen(tx: &mut Transaction<'_, '_>, act: impl FnOnce(&mut Machine<'_>)) {
    catch_up(tx);
    on(&mut tx.run.state, tx.context.now, act);
    settle(tx);
}

fn catch_up(tx: &mut Transaction<'_, '_>) {
    on(&mut tx.run.state, tx.context.now, |machine| machine.catch_up());
}

/// Orders what follows from what has happened.
fn settle(tx: &mut Transaction<'_, '_>) {
    let now = tx.context.now;
    let waits = |state: &State| state.schedule.as_ref().map_or(0, |schedule| schedule.wakes);
    let before = waits(&tx.run.state);
    let Some((orders, shown, paused)) = on(&mut tx.run.state, now, |machine| {
        let orders = machine.settle();
        (orders, listed(machine), machine.stored.state.paused)
    }) else {
        return;
    };
    forget(&mut tx.run.state);
    show(&mut tx.run.state, INFO, value::bytes(shown.encode_to_vec()));
    let attributes = &mut tx.run.state.search_attributes;
    let paused = value::truth(paused);
    if attributes.get(PAUSED) != Some(&paused) {
        attributes.insert(PAUSED.to_owned(), paused);
    }
    let wakes = waits(&tx.run.state);
    if wakes != before && wakes != 0 {
        tx.timer(wakes, TimerKind::Schedule(wakes));
    }
    for order in orders {
        match order {
            Order::Start(number) => tx.transfer(TransferKind::StartAction(number)),
            Order::Cancel(number) => stop(tx, number, false),
            Order::Terminate(number) => stop(tx, number, true),
            Order::Complete => {
                let end = WorkflowExecutionCompletedEventAttributes::default();
                close::close(tx, Status::Completed, Attributes::WorkflowExecutionCompletedEventAttributes(end));
            }
        }
    }
}

fn stop(tx: &mut Transaction<'_, '_>, number: i64, terminate: bool) {
    tx.transfer(TransferKind::StopAction(StopActionTransfer { number, terminate }));
}

fn show(state: &mut State, name: &str, payload: Payload) {
    if state.memo.get(name) != Some(&payload) {
        state.memo.insert(name.to_owned(), payload);
    }
}

/// Definitions by which nothing is started any more.
fn forget(state: &mut State) {
    let Some(schedule) = &state.schedule else { return };
    let used: BTreeSet<i64> = schedule.starting.iter().map(|it| it.definition).collect();
    let unused = |key: &&i64| **key != schedule.definition && !used.contains(*key);
    let unused: Vec<i64> = state.definitions.keys().filter(unused).copied().collect();
    unused.iter().for_each(|key| drop(state.definitions.remove(key)));
}
