//! Whatever evidence looks like, no rule panics: the examples of all rules, mixed and mangled.

use super::all;
use crate::judge;
use crate::profile::Profile;
use proptest::collection::vec;
use proptest::prelude::*;
use resurgam_formats::event::EventId;
use resurgam_formats::evidence::{Evidence, Run};
use resurgam_testing::notation::parse;

/// One change: what kind, and two places, each modulo what there is.
type Change = (u8, usize, usize);

fn at<T>(list: &mut [T], index: usize) -> Option<&mut T> {
    let length = list.len().max(1);
    list.get_mut(index % length)
}

/// Some run, final or not.
fn some_run(evidence: &mut Evidence, index: usize) -> Option<&mut Run> {
    let reads = !evidence.reads.is_empty() && index.is_multiple_of(3);
    at(if reads { &mut evidence.reads } else { &mut evidence.runs }, index)
}

fn mangle(evidence: &mut Evidence, (kind, one, two): Change) {
    let operations: Vec<u32> = evidence.operations.keys().copied().collect();
    let operation = operations.get(one % operations.len().max(1)).and_then(|id| evidence.operations.get_mut(id));
    match kind % 14 {
        0 => drop(evidence.header.take()),
        1 => drop(evidence.end.take()),
        2 => drop(evidence.tasks.pop_first()),
        3 => drop(operation.and_then(|operation| operation.attempts.pop())),
        4 => {
            if let Some(attempt) = operation.and_then(|operation| at(&mut operation.attempts, two)) {
                (attempt.invoked, attempt.returned) = (two as u64, (one % 2 == 0).then_some(0));
            }
        }
        5 => {
            if let Some(run) = some_run(evidence, one).cloned() {
                evidence.runs.push(run.clone());
                evidence.reads.push(run);
            }
        }
        6 => {
            if let Some(run) = some_run(evidence, one) {
                run.run_id = if two % 2 == 0 { String::new() } else { "r1".into() };
            }
        }
        7 => {
            if let Some(run) = some_run(evidence, one) {
                run.events.truncate(two % (run.events.len() + 1));
            }
        }
        _ => {
            let Some(run) = some_run(evidence, one).filter(|run| !run.events.is_empty()) else { return };
            let length = run.events.len();
            let extremes = [0, -1, 1, 2, i64::MAX, i64::MIN];
            match kind % 14 {
                8 => drop(run.events.remove(two % length)),
                9 => run.events.insert(two % length, run.events[one % length].clone()),
                10 => run.events.swap(one % length, two % length),
                11 => run.events[two % length].id = EventId(extremes[one % extremes.len()]),
                12 => run.events[two % length].time = Some(extremes[one % extremes.len()]),
                _ => {
                    let references = run.events[two % length].body.references();
                    references.into_iter().for_each(|(_, id)| *id = EventId(extremes[one % extremes.len()]));
                }
            }
        }
    }
}

/// The example of a rule: the violating one if `violating`.
fn example(index: usize, violating: bool) -> Evidence {
    let rules = all();
    let about = rules[index % rules.len()].about();
    let text = if violating { about.violating } else { about.allowed };
    parse(text).unwrap_or_else(|e| panic!("{}: {e}", about.name()))
}

fn mix(parts: &[(usize, bool)]) -> Evidence {
    let mut all = Evidence::default();
    for (index, violating) in parts {
        let part = example(*index, *violating);
        all.header = part.header.or(all.header);
        all.end = part.end.or(all.end);
        all.runs.extend(part.runs);
        all.reads.extend(part.reads);
        all.operations.extend(part.operations);
        all.tasks.extend(part.tasks);
        all.descriptions.extend(part.descriptions);
        all.audits.extend(part.audits);
        all.tenures = part.tenures.or(all.tenures);
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_rule_panics(
        parts in vec((0..1000usize, any::<bool>()), 1..5),
        changes in vec((any::<u8>(), 0..1000usize, 0..1000usize), 0..12),
    ) {
        let mut evidence = mix(&parts);
        changes.into_iter().for_each(|change| mangle(&mut evidence, change));
        let verdict = judge("mangled", &evidence, &Profile::default());
        for rule in verdict.rules {
            prop_assert!(!rule.why.contains("crashed"), "{}: {}", rule.rule, rule.why);
        }
    }
}
