//! On small random histories the search agrees with trying every order.

use super::objects::{ClaimCall, Claims, KeyCall, KeyValue, KeyWhat, Register, RegisterCall};
use crate::wgl::specification::{HeadCall, HeadWhat, Ownership};
use crate::wgl::{Budget, Operation, Specification, Verdict, check};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use resurgam_formats::time::At;

/// Tries every order of one partition.
fn possible<S: Specification>(specification: &S, state: &S::State, left: &[&Operation<S::Call>]) -> bool {
    if left.iter().all(|operation| operation.until.is_none()) {
        return true;
    }
    let first_end = left.iter().filter_map(|operation| operation.until).min().unwrap_or(At::MAX);
    (0..left.len()).filter(|next| left[*next].from <= first_end).any(|next| {
        specification.step(state, &left[next].call).is_some_and(|after| {
            let mut rest = left.to_vec();
            rest.remove(next);
            possible(specification, &after, &rest)
        })
    })
}

fn agree<S: Specification>(specification: &S, operations: &[Operation<S::Call>]) -> Result<(), TestCaseError> {
    let mut keys: Vec<S::Key> = operations.iter().map(|operation| specification.key(&operation.call)).collect();
    keys.sort();
    keys.dedup();
    let expected = keys.iter().all(|key| {
        let own: Vec<_> = operations.iter().filter(|operation| specification.key(&operation.call) == *key).collect();
        possible(specification, &specification.initial(key), &own)
    });
    let report = check(specification, operations, Budget::default());
    prop_assert_eq!(report.verdict == Verdict::Ok, expected, "{:?}", &report);
    if let Verdict::Violated(partial) = &report.verdict {
        // What is shown is an order indeed, and the operation that is stuck is not in it and was answered.
        prop_assert!(!partial.order.contains(&partial.stuck) && operations[partial.stuck].until.is_some());
        let key = specification.key(&operations[partial.stuck].call);
        let mut state = specification.initial(&key);
        for (place, index) in partial.order.iter().enumerate() {
            let next = specification.step(&state, &operations[*index].call);
            prop_assert!(next.is_some(), "operation {} cannot come next", index);
            state = next.unwrap_or(state);
            let late = partial.order[place..].iter().any(|other| {
                operations[*other].until < Some(operations[*index].from) && operations[*other].until.is_some()
            });
            prop_assert!(!late, "{} comes before one that had ended", index);
        }
    }
    Ok(())
}

/// Operations with random times; one in five has an unknown outcome.
fn operations<C: std::fmt::Debug + Clone>(call: impl Strategy<Value = C>) -> impl Strategy<Value = Vec<Operation<C>>> {
    let operation = (0..14_u64, 0..6_u64, option::weighted(0.8, Just(())), call);
    vec(
        operation.prop_map(|(from, long, answered, call)| Operation {
            from,
            until: answered.map(|()| from + long),
            call,
        }),
        0..8,
    )
}

fn register() -> impl Strategy<Value = RegisterCall> {
    let value = 0..3_i64;
    prop_oneof![
        option::weighted(0.8, value.clone()).prop_map(RegisterCall::Read),
        value.clone().prop_map(RegisterCall::Write),
        (value.clone(), value, option::weighted(0.8, any::<bool>()))
            .prop_map(|(from, to, done)| RegisterCall::CompareAndSet(from, to, done)),
    ]
}

fn key_value() -> impl Strategy<Value = KeyCall> {
    let text = prop_oneof![Just(""), Just("a"), Just("b"), Just("ab"), Just("ba")].prop_map(str::to_owned);
    let what = prop_oneof![
        text.clone().prop_map(KeyWhat::Get),
        text.clone().prop_map(KeyWhat::Put),
        text.prop_map(KeyWhat::Append)
    ];
    (0..2_u32, what).prop_map(|(key, what)| KeyCall { key, what })
}

fn head() -> impl Strategy<Value = HeadCall> {
    let what = prop_oneof![(0..3_u64).prop_map(HeadWhat::Fence), (0..3_u64).prop_map(HeadWhat::Hold)];
    (0..2_u32, what, option::weighted(0.8, any::<bool>())).prop_map(|(shard, what, applied)| HeadCall {
        shard,
        what,
        applied,
    })
}

fn claim() -> impl Strategy<Value = ClaimCall> {
    (0..2_u64, 1..3_u32, 0..3_u64, option::weighted(0.8, any::<bool>()))
        .prop_map(|(task, attempt, request, granted)| ClaimCall { task, attempt, request, granted })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn of_a_register(operations in operations(register())) {
        agree(&Register, &operations)?;
    }
    #[test]
    fn of_keys(operations in operations(key_value())) {
        agree(&KeyValue, &operations)?;
    }
    #[test]
    fn of_shards(operations in operations(head())) {
        agree(&Ownership, &operations)?;
    }
    #[test]
    fn of_tasks(operations in operations(claim())) {
        agree(&Claims, &operations)?;
    }
}

#[test]
fn a_task_is_claimed_once_per_attempt() {
    let claim = |from, attempt, request, granted| {
        Operation::new(from, from + 1, ClaimCall { task: 1, attempt, request, granted: Some(granted) })
    };
    let verdict = |operations: &[Operation<ClaimCall>]| check(&Claims, operations, Budget::default()).verdict;
    let fine = [claim(1, 1, 7, true), claim(3, 1, 7, true), claim(5, 1, 8, false), claim(7, 2, 8, true)];
    assert_eq!(verdict(&fine), Verdict::Ok);
    assert!(matches!(verdict(&[claim(1, 1, 7, true), claim(1, 1, 8, true)]), Verdict::Violated(_)));
    assert!(matches!(verdict(&[claim(1, 1, 7, false)]), Verdict::Violated(_)), "refused, though nobody had it");
}

#[test]
fn a_fenced_owner_cannot_commit() {
    let call = |from, what, applied| Operation::new(from, from + 1, HeadCall { shard: 1, what, applied });
    let verdict = |operations: &[Operation<HeadCall>]| check(&Ownership, operations, Budget::default()).verdict;
    let mut operations = vec![
        call(1, HeadWhat::Fence(0), Some(true)),
        call(3, HeadWhat::Hold(1), Some(true)),
        call(5, HeadWhat::Fence(1), Some(true)),
    ];
    assert_eq!(verdict(&operations), Verdict::Ok);
    operations.push(call(7, HeadWhat::Hold(1), Some(true)));
    assert!(
        matches!(verdict(&operations), Verdict::Violated(_)),
        "the first owner wrote behind the second one's fence"
    );
    operations.pop();
    // A batch whose outcome is unknown was sent before the fence and may be applied before it, not after.
    operations.push(Operation::open(4, HeadCall { shard: 1, what: HeadWhat::Hold(1), applied: None }));
    assert_eq!(verdict(&operations), Verdict::Ok);
    operations.push(call(9, HeadWhat::Fence(0), Some(false)));
    assert_eq!(verdict(&operations), Verdict::Ok);
    operations.push(call(11, HeadWhat::Fence(1), Some(true)));
    assert!(matches!(verdict(&operations), Verdict::Violated(_)), "one range has one owner");
}
