//! What clients do: a timeline of about a dozen calls in the first two seconds, repeated at once or long after.

use super::activity::retries;
use super::mask::{Feature, Mask};
use super::program::{QUERIES, SIGNALS, UPDATES};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use resurgam_formats::plan::{Action, IdConflict, IdReuse, Operation, Start, UpdateStage};
use resurgam_formats::time::Millis;

/// How many clients there are.
pub(super) const CLIENTS: u8 = 3;

/// The operations on so many workflow slots with so many programs, in order of time.
pub(super) fn timelines(mask: Mask, slots: u8, programs: u8) -> BoxedStrategy<Vec<Operation>> {
    let first: Vec<_> = (0..slots).map(|slot| first_start(mask, slot, programs)).collect();
    let others = match others(mask, programs) {
        Some(kind) => vec(operation(mask, kind, 0..slots), 1..=9).boxed(),
        None => Just(Vec::new()).boxed(),
    };
    (first, others)
        .prop_map(|(first, others)| {
            let mut all: Vec<_> = first.into_iter().flatten().chain(others).collect();
            all.sort_by_key(|operation| operation.at_ms);
            all
        })
        .boxed()
}

/// The first start of a slot; sometimes late or not at all.
fn first_start(mask: Mask, slot: u8, programs: u8) -> BoxedStrategy<Option<Operation>> {
    let mut at = vec![(6, (0..=300u32).prop_map(Some).boxed())];
    if mask.has(Feature::LateStart) {
        at.push((2, (500..=1500u32).prop_map(Some).boxed()));
        at.push((1, Just(None).boxed()));
    }
    let start =
        operation(mask, (starts(mask, programs).prop_map(Action::Start).boxed(), Just(0).boxed()), slot..slot + 1);
    (proptest::strategy::Union::new_weighted(at), start)
        .prop_map(|(at, start)| at.map(|at_ms| Operation { at_ms, ..start }))
        .boxed()
}

/// An action and its time.
type Timed = (BoxedStrategy<Action>, BoxedStrategy<Millis>);

/// All but the first starts.
fn others(mask: Mask, programs: u8) -> Option<Timed> {
    let signal = || (select(SIGNALS.to_vec()).prop_map(str::to_owned), 1..=5i64);
    let name = |names: [&'static str; 2]| select(names.to_vec()).prop_map(str::to_owned);
    let stage = select(vec![UpdateStage::Accepted, UpdateStage::Completed]);
    let action = mask.choose(vec![
        (Feature::Signal, 8, signal().prop_map(|(name, value)| Action::Signal { name, value }).boxed()),
        (Feature::SignalWithStart, 3, signal_with_starts(mask, programs)),
        (Feature::Query, 3, name(QUERIES).prop_map(|name| Action::Query { name }).boxed()),
        (
            Feature::Update,
            6,
            (name(UPDATES), -1..=5i64, stage)
                .prop_map(|(name, value, wait)| Action::Update { name, value, wait })
                .boxed(),
        ),
        (Feature::Cancel, 2, Just(Action::Cancel).boxed()),
        (Feature::Terminate, 1, Just(Action::Terminate).boxed()),
        (Feature::Describe, 1, Just(Action::Describe).boxed()),
        (Feature::ReadHistory, 1, Just(Action::ReadHistory).boxed()),
        (Feature::Restart, 3, starts(mask, programs).prop_map(Action::Start).boxed()),
    ])?;
    // Most while the programs run; a few before the first start, and a few when most have ended.
    let at = prop_oneof![1 => 0..=50u32, 10 => 50..=1500u32, 2 => 1500..=2500u32, 1 => 3000..=5000u32];
    Some((action, at.boxed()))
}

/// An operation of some client on one of the slots.
fn operation(mask: Mask, (action, at): Timed, slots: std::ops::Range<u8>) -> impl Strategy<Value = Operation> {
    let again = (
        mask.sometimes(Feature::Duplicates, 40, vec(prop_oneof![1 => Just(0u32), 3 => 1..=60u32], 1..=2)),
        mask.sometimes(Feature::LateRetries, 30, 3000..=6000u32),
    );
    (at, 0..CLIENTS, slots, action, again).prop_map(|(at_ms, client, workflow, action, (soon, late))| {
        let mut again_ms = Vec::new();
        if !matches!(action, Action::Query { .. } | Action::Describe | Action::ReadHistory) {
            again_ms.extend(soon.into_iter().flatten().chain(late));
            again_ms.sort_unstable();
        }
        Operation { at_ms, client, workflow, action, again_ms }
    })
}

fn signal_with_starts(mask: Mask, programs: u8) -> BoxedStrategy<Action> {
    (starts(mask, programs), select(SIGNALS.to_vec()), 1..=5i64, 0..8u8)
        .prop_map(|(mut start, name, value, dice)| {
            // The server refuses `Fail` here as an invalid argument; once in a while that is what we ask for.
            if start.conflict == IdConflict::Fail && dice > 0 {
                start.conflict = IdConflict::UseExisting;
            }
            Action::SignalWithStart { start, name: name.to_owned(), value }
        })
        .boxed()
}

/// Gives every signal of a plan a value of its own: 1, 2, 3, … The server writes no request id into the event of a
/// signal, so that a lost signal and a doubled one of equal name and value would cancel out before the rules.
pub(super) fn told_apart(mut operations: Vec<Operation>) -> Vec<Operation> {
    let values = operations.iter_mut().filter_map(|operation| match &mut operation.action {
        Action::Signal { value, .. } | Action::SignalWithStart { value, .. } => Some(value),
        Action::Start(_)
        | Action::Query { .. }
        | Action::Update { .. }
        | Action::Cancel
        | Action::Terminate
        | Action::Describe
        | Action::ReadHistory => None,
    });
    for (number, value) in (1..).zip(values) {
        *value = number;
    }
    operations
}

fn starts(mask: Mask, programs: u8) -> impl Strategy<Value = Start> {
    let (reuse, conflict) = if mask.has(Feature::IdPolicies) {
        (
            select(vec![IdReuse::AllowDuplicate, IdReuse::AllowDuplicateFailedOnly, IdReuse::RejectDuplicate]).boxed(),
            select(vec![IdConflict::Fail, IdConflict::UseExisting, IdConflict::TerminateExisting]).boxed(),
        )
    } else {
        (Just(IdReuse::AllowDuplicate).boxed(), Just(IdConflict::Fail).boxed())
    };
    let limits = (
        mask.sometimes(Feature::RunTimeout, 40, 500..=3000u32),
        mask.sometimes(Feature::ExecutionTimeout, 40, 1000..=5000u32),
        mask.sometimes(Feature::WorkflowRetry, 50, retries(mask)),
    );
    (0..programs, reuse, conflict, limits).prop_map(|(program, reuse, conflict, (run, execution, retry))| Start {
        program,
        reuse,
        conflict,
        // A run cannot outlive its chain; the server would cap it.
        run_timeout_ms: run.map(|run| execution.map_or(run, |execution| run.min(execution))),
        execution_timeout_ms: execution,
        retry,
    })
}
