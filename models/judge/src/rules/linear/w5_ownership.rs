//! W5: what owners of partitions were told about their ranges can be put in one order.
//!
//! The search of [`crate::wgl`] on real cases. It knows only what senders know, so it is independent of P4, which follows
//! what the store says took effect: each is a check of the other.

use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use crate::wgl::specification::{HeadCall, HeadWhat, Ownership};
use crate::wgl::{Budget, Operation, Verdict, check};
use resurgam_formats::tenure::{Fence, Partition, Told};

/// Searches an order of fences and batches.
pub(super) struct Owners;

/// For one partition. It is enough, as partitions have few calls, and a case has about a dozen partitions.
const BUDGET: Budget = Budget { steps: 2_000_000, bytes: 32 << 20 };

static ABOUT: About = About {
    id: "W5",
    slug: "ownership",
    title: "attempts to take a partition and batches under its ranges happened in some order, each between call and answer",
    reason: "A conditional write is only as good as the order behind it. If two nodes are both told that they raised the \
             same range, or one is told that its batch is in under a range that others had passed before it asked, then the \
             condition was not tested on the latest head row (a read at a weak level, a statement outside the batch, a \
             refusal misread as success), and everything that rests on having one owner is void.",
    source: "docs/cassandra-semantics.md; cadence#616, temporal#9486",
    violating: whole!(
        r#"{"at":9,"type":"tenures","partitions":{"shard/1":{"fences":[{"by":"n#1","over":0,"from":1,"until":2,"told":"applied"},{"by":"m#1","over":0,"from":3,"until":4,"told":"applied"}]}}}"#
    ),
    allowed: whole!(
        r#"{"at":9,"type":"tenures","partitions":{"shard/1":{"fences":[{"by":"n#1","over":0,"from":1,"until":2,"told":"unknown"},{"by":"m#1","over":0,"from":3,"until":4,"told":"refused","seen":1},{"by":"m#1","over":1,"from":5,"until":9,"told":"applied"}],"stints":[{"by":"n#1","range":1,"from":5,"batches":1,"first":[5,6],"last":[5,6]}]}}}"#
    ),
};

impl Rule for Owners {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs_kinds(&self) -> bool {
        false
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        findings.look_at_all();
        for (name, account) in evidence.tenures.iter().flat_map(|tenures| &tenures.partitions) {
            let operations = operations(account);
            if operations.is_empty() {
                continue;
            }
            findings.examine();
            match check(&Ownership, &operations, BUDGET).verdict {
                Verdict::Ok => {}
                Verdict::Unknown(why) => findings.unknown(format!("{name}: {why}")),
                Verdict::Violated(partial) => {
                    let stuck = &operations[partial.stuck];
                    let message = format!(
                        "{name}: after an order of {} of {} calls, {:?} sent at {} ms cannot have been answered {}",
                        partial.order.len(),
                        operations.len(),
                        stuck.call.what,
                        stuck.from / 1_000_000,
                        if stuck.call.applied == Some(true) { "applied" } else { "refused" },
                    );
                    findings.violated(&[], message);
                }
            }
        }
    }
}

/// What senders know of one head row. Of the acknowledged batches under a range only the first and the last are needed: the
/// others lie between them in time.
fn operations(account: &Partition) -> Vec<Operation<HeadCall>> {
    let call = |what, applied| HeadCall { shard: 0, what, applied };
    let mut all: Vec<_> = account.fences.iter().filter_map(|fence| attempt(account, fence)).collect();
    for stint in &account.stints {
        let Some(range) = stint.range else { continue };
        let ends = [stint.first, stint.last.filter(|last| Some(*last) != stint.first)];
        for (from, until) in ends.into_iter().flatten() {
            all.push(Operation::new(from, until, call(HeadWhat::Hold(range), Some(true))));
        }
    }
    all
}

/// An attempt as its sender knows it; none if nothing is known of it that could matter.
fn attempt(account: &Partition, fence: &Fence) -> Option<Operation<HeadCall>> {
    let call = |applied| HeadCall { shard: 0, what: HeadWhat::Fence(fence.over), applied };
    match (fence.told, fence.until) {
        (Told::Applied, Some(until)) => Some(Operation::new(fence.from, until, call(Some(true)))),
        // If the range is higher already, a refusal says nothing: an earlier copy of the same request may have been applied.
        (Told::Refused, Some(until)) if fence.seen == fence.over.checked_add(1) || fence.seen.is_none() => {
            Some(Operation::new(fence.from, until, call(Some(false))))
        }
        _ => match fence.shown {
            Some(shown) => Some(Operation::new(fence.from, shown, call(Some(true)))),
            // At most one of them was applied; if it is known which, the others had no effect.
            None if account.fences.iter().any(|other| other.over == fence.over && is_in(other)) => None,
            None => Some(Operation::open(fence.from, call(None))),
        },
    }
}

/// True if its sender knows that it took effect.
fn is_in(fence: &Fence) -> bool {
    fence.told == Told::Applied || fence.shown.is_some()
}
