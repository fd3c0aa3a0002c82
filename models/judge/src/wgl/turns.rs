//! The search of a whole history: its partitions in turn, the smallest first, until one fails or all have an order.

use super::budget::{Budget, Report, Verdict};
use super::search::{Progress, Search};
use super::{Operation, Specification};
use std::collections::BTreeMap;

/// Steps that a partition takes at its turn.
const TURN: u64 = 4_096;

/// Searches an order of all operations that were answered, and of any of the others, that respects real time and is
/// allowed by the specification.
pub(crate) fn check<S: Specification>(specification: &S, operations: &[Operation<S::Call>], budget: Budget) -> Report {
    let mut report = Report { verdict: Verdict::Ok, steps: 0, bytes: 0 };
    let mut open: Vec<(S::Key, Search<'_, S>)> = partitions(specification, operations)
        .into_iter()
        .map(|(key, indexes)| (key.clone(), Search::new(specification, &key, operations, indexes)))
        .collect();
    while !open.is_empty() {
        let mut rest = Vec::with_capacity(open.len());
        for (key, mut search) in open {
            let turn = TURN.min(budget.steps.saturating_sub(report.steps));
            let (steps, bytes) = (search.steps, search.bytes);
            let progress = search.advance(turn, budget.bytes.saturating_sub(report.bytes - bytes));
            report.steps += search.steps - steps;
            report.bytes = report.bytes - bytes + search.bytes;
            match progress {
                Progress::Found => report.bytes -= search.bytes,
                Progress::Failed => {
                    report.verdict = Verdict::Violated(search.partial(format!("{key:?}")));
                    return report;
                }
                Progress::Open if report.steps >= budget.steps => report.verdict = Verdict::Unknown("too many steps"),
                Progress::Open if report.bytes >= budget.bytes => report.verdict = Verdict::Unknown("too many states"),
                Progress::Open => rest.push((key, search)),
            }
            if matches!(report.verdict, Verdict::Unknown(_)) {
                return report;
            }
        }
        open = rest;
    }
    report
}

/// Operations by partition, as indexes into the list.
fn partitions<S: Specification>(specification: &S, operations: &[Operation<S::Call>]) -> Vec<(S::Key, Vec<usize>)> {
    let mut all: BTreeMap<S::Key, Vec<usize>> = BTreeMap::new();
    for (index, operation) in operations.iter().enumerate() {
        all.entry(specification.key(&operation.call)).or_default().push(index);
    }
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by_key(|(_, operations)| operations.len());
    all
}
