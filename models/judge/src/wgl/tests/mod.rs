//! The search finds what trying everything finds, stops where it must, and agrees with the rules that need no search.

mod brute;
mod drawn;
mod objects;
mod witness;

use super::*;
use objects::{KeyCall, KeyValue, KeyWhat, Register, RegisterCall};

fn verdict<S: Specification>(specification: &S, operations: &[Operation<S::Call>]) -> Verdict {
    check(specification, operations, Budget::default()).verdict
}

fn write(from: At, until: At, value: i64) -> Operation<RegisterCall> {
    Operation::new(from, until, RegisterCall::Write(value))
}

fn read(from: At, until: At, value: i64) -> Operation<RegisterCall> {
    Operation::new(from, until, RegisterCall::Read(Some(value)))
}

#[test]
fn intervals_are_closed() {
    assert_eq!(verdict(&Register, &[write(1, 2, 1), write(2, 3, 2), read(4, 5, 1)]), Verdict::Ok);
    assert!(matches!(verdict(&Register, &[write(1, 2, 1), write(3, 4, 2), read(5, 6, 1)]), Verdict::Violated(_)));
    assert_eq!(verdict(&Register, &[]), Verdict::Ok);
}

#[test]
fn an_unknown_outcome_may_be_late_or_never() {
    let lost = Operation::open(1, RegisterCall::Write(2));
    let before = [write(1, 2, 1), lost, read(3, 4, 1)];
    assert_eq!(verdict(&Register, &before), Verdict::Ok);
    assert_eq!(verdict(&Register, &[&before[..], &[read(5, 6, 2)]].concat()), Verdict::Ok);
    let twice = [&before[..], &[read(5, 6, 2), write(7, 8, 3), read(9, 10, 2)]].concat();
    assert!(matches!(verdict(&Register, &twice), Verdict::Violated(_)), "it takes effect once");
}

#[test]
fn a_violation_shows_how_far_an_order_goes() {
    let operations = [write(1, 2, 1), write(3, 4, 2), read(5, 6, 2), read(7, 8, 1), read(9, 10, 1)];
    let Verdict::Violated(partial) = verdict(&Register, &operations) else { panic!("there is no order") };
    assert_eq!((partial.order, partial.stuck, partial.partition.as_str()), (vec![0, 1, 2], 3, "()"));
}

/// Clients that append all at once, and one that says in the end that the first came last: every order is tried.
fn hard(key: u32, clients: u64) -> Vec<Operation<KeyCall>> {
    let append = |client| KeyCall { key, what: KeyWhat::Append(format!("{client},")) };
    let mut all: Vec<_> = (0..clients).map(|client| Operation::new(1 + client, 100, append(client))).collect();
    let get = KeyCall { key, what: KeyWhat::Get("never".into()) };
    all.push(Operation::new(200, 201, get));
    all
}

/// One key that nobody could check in a lifetime, and one that is plainly wrong: the answer comes at once.
#[test]
fn a_small_partition_is_not_held_up_by_a_large_one() {
    let get = |from, value: &str| Operation::new(from, from + 1, KeyCall { key: 9, what: KeyWhat::Get(value.into()) });
    let mut operations = hard(1, 12);
    operations.push(get(1, "nothing was put"));
    let report = check(&KeyValue, &operations, Budget::default());
    assert!(matches!(&report.verdict, Verdict::Violated(partial) if partial.partition == "9"), "{report:?}");
    assert!(report.steps < 10, "{report:?}");
    // Larger than the hard one, but easy: the turns let it through before the hard one has used the budget.
    operations.pop();
    operations.extend((1..40).map(|n| get(n * 3, "")));
    operations.push(get(500, "nothing was put"));
    let report = check(&KeyValue, &operations, Budget::default());
    assert!(matches!(&report.verdict, Verdict::Violated(partial) if partial.partition == "9"), "{report:?}");
    assert!(report.steps < 5_000, "{report:?}");
}

#[test]
fn a_used_up_budget_is_unknown() {
    let steps = check(&KeyValue, &hard(1, 12), Budget { steps: 10_000, ..Budget::default() });
    assert_eq!((&steps.verdict, steps.steps), (&Verdict::Unknown("too many steps"), 10_000));
    let bytes = check(&KeyValue, &hard(1, 12), Budget { bytes: 100_000, ..Budget::default() });
    assert_eq!(bytes.verdict, Verdict::Unknown("too many states"));
    assert!((100_000..101_000).contains(&bytes.bytes), "{bytes:?}");
    assert!(matches!(verdict(&KeyValue, &hard(1, 6)), Verdict::Violated(_)), "a budget that is enough decides");
}

/// A small generator of numbers (splitmix64): the same for the same seed, for ever.
struct Dice(u64);

impl Dice {
    /// A number below this.
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % below
    }
}
