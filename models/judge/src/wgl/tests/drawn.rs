//! Histories of the size and shape of published ones: ten keys, fifty clients, 1,700
//! puts, appends and gets; and an etcd register with compare-and-set and timeouts. They are drawn, not copied: what
//! happens at one moment of each operation is what it says, so there is an order by construction; one answer that nobody
//! can have seen, and there is none.

use super::Dice;
use super::objects::{KeyCall, KeyValue, KeyWhat, Register, RegisterCall};
use crate::wgl::{Budget, Operation, Verdict, check};
use std::collections::BTreeMap;

/// From, the moment at which it happens, and until, of the operations of some clients, in the order of those moments.
fn moments(dice: &mut Dice, clients: u64, operations: u64, longest: u64) -> Vec<(u64, u64, u64)> {
    let mut all = Vec::new();
    for client in 0..clients {
        let mut at = client;
        for _ in 0..operations / clients {
            let (before, after) = (dice.roll(longest), dice.roll(longest));
            // No two at the same moment.
            let moment = (at + before) * clients + client;
            all.push((at * clients, moment, moment + after * clients));
            at += before + after + 1 + dice.roll(10);
        }
    }
    all.sort_by_key(|(_, moment, _)| *moment);
    all
}

fn keys(seed: u64, clients: u64, operations: u64) -> Vec<Operation<KeyCall>> {
    let mut dice = Dice(seed);
    let mut held: BTreeMap<u32, String> = BTreeMap::new();
    let mut all = Vec::new();
    for (number, (from, _, until)) in moments(&mut dice, clients, operations, 30).into_iter().enumerate() {
        let key = dice.roll(10) as u32;
        let value = held.entry(key).or_default();
        let what = match dice.roll(4) {
            0 => {
                *value = format!("{number};");
                KeyWhat::Put(value.clone())
            }
            1 => {
                value.push_str(&format!("{number};"));
                KeyWhat::Append(format!("{number};"))
            }
            _ => KeyWhat::Get(value.clone()),
        };
        all.push(Operation::new(from, until, KeyCall { key, what }));
    }
    all
}

#[test]
fn many_clients_on_keys_are_decided() {
    let operations = keys(1, 50, 1_700);
    let report = check(&KeyValue, &operations, Budget::default());
    println!("{} operations: {} steps, {} bytes", operations.len(), report.steps, report.bytes);
    assert_eq!(report.verdict, Verdict::Ok);
    // A get that saw the value of before the last put, though that had ended: somewhere in the middle.
    let mut wrong = operations;
    let place = wrong.iter().rposition(|of| matches!(of.call.what, KeyWhat::Get(_)) && of.from > 500).unwrap();
    wrong[place].call.what = KeyWhat::Get("never put".into());
    let report = check(&KeyValue, &wrong, Budget::default());
    let Verdict::Violated(partial) = report.verdict else { panic!("{report:?}") };
    assert_eq!(partial.partition, wrong[place].call.key.to_string());
}

/// Like the histories of etcd: 5 clients, values 0 to 4, compare-and-set, one call in ten times out.
fn register(seed: u64) -> Vec<Operation<RegisterCall>> {
    let mut dice = Dice(seed);
    let mut held = None;
    let mut all = Vec::new();
    for (from, _, until) in moments(&mut dice, 5, 85, 12) {
        let lost = dice.roll(10) == 0;
        // What timed out was never executed in half of the cases.
        let executed = !lost || dice.roll(2) == 0;
        let (a, b) = (dice.roll(5) as i64, dice.roll(5) as i64);
        let call = match dice.roll(3) {
            0 => RegisterCall::Read(held),
            1 => RegisterCall::Write(a),
            _ => RegisterCall::CompareAndSet(a, b, (!lost).then_some(held == Some(a))),
        };
        match call {
            RegisterCall::Write(value) if executed => held = Some(value),
            RegisterCall::CompareAndSet(from, to, _) if executed && held == Some(from) => held = Some(to),
            _ => {}
        }
        let until = (!lost).then_some(until);
        all.push(Operation { from, until, call });
    }
    all
}

#[test]
fn a_hundred_registers_are_decided() {
    let mut most = 0;
    for seed in 0..100 {
        let mut operations = register(seed);
        let report = check(&Register, &operations, Budget::default());
        assert_eq!(report.verdict, Verdict::Ok, "seed {seed}");
        most = most.max(report.steps);
        let get = operations.iter().position(|of| matches!(of.call, RegisterCall::Read(Some(_))) && of.until.is_some());
        operations[get.unwrap()].call = RegisterCall::Read(Some(77));
        let report = check(&Register, &operations, Budget::default());
        assert!(matches!(report.verdict, Verdict::Violated(_)), "seed {seed}: {report:?}");
        most = most.max(report.steps);
    }
    println!("at most {most} steps");
}
