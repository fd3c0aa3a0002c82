//! The faults of the store that are in force, and what each has hit.

use resurgam_formats::plan::{PartitionKind, StoreCall, StoreOutcome};
use std::collections::BTreeMap;

/// What a fault of the plan does to the store: the kinds of its family.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StoreFault {
    /// What a node asks of the store never arrives there.
    Unreachable { node: u8 },
    /// The next calls of a node or of all, on one kind of partition or all, end in a certain way.
    Calls { node: Option<u8>, partition: Option<PartitionKind>, calls: u8, outcome: StoreOutcome },
}

#[derive(Debug)]
struct ActiveFault {
    fault: StoreFault,
    /// Of the calls that it is to spoil, how many are left.
    left: u8,
    hits: u64,
}

/// See the module. Faults are named by their number in the plan.
#[derive(Debug, Default)]
pub(crate) struct StoreFaults(BTreeMap<usize, ActiveFault>);

impl StoreFaults {
    /// Begins a fault.
    pub(crate) fn begin(&mut self, number: usize, fault: StoreFault) {
        let left = match fault {
            StoreFault::Unreachable { .. } => 0,
            StoreFault::Calls { calls, .. } => calls,
        };
        self.0.insert(number, ActiveFault { fault, left, hits: 0 });
    }

    /// Ends a fault; returns how many calls it spoiled.
    pub(crate) fn end(&mut self, number: usize) -> u64 {
        self.0.remove(&number).map_or(0, |active| active.hits)
    }

    /// How a call of a node, of so many, on a partition of this kind ends, if a fault spoils it; the fault is used up by
    /// one call.
    pub(crate) fn spoiled(
        &mut self,
        number: u8,
        nodes: u8,
        kind: impl Fn() -> PartitionKind,
        call: StoreCall,
    ) -> Option<StoreOutcome> {
        self.0.values_mut().find_map(|active| match active.fault {
            StoreFault::Calls { node, partition, outcome, .. }
                if active.left > 0
                    && node.is_none_or(|node| node % nodes == number)
                    && partition.is_none_or(|only| only == kind())
                    && outcome.call() == call =>
            {
                active.left -= 1;
                active.hits += 1;
                Some(outcome)
            }
            StoreFault::Calls { .. } | StoreFault::Unreachable { .. } => None,
        })
    }

    /// True if the calls of a node, of so many, do not arrive.
    pub(crate) fn unreachable(&mut self, number: u8, nodes: u8) -> bool {
        let cut = self.0.values_mut().find(|active| match active.fault {
            StoreFault::Unreachable { node } => node % nodes == number,
            StoreFault::Calls { .. } => false,
        });
        cut.map(|active| active.hits += 1).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_what_it_is_for_until_it_is_used_up() {
        let mut faults = StoreFaults::default();
        let (partition, outcome) = (Some(PartitionKind::Queue), StoreOutcome::CommitLost);
        faults.begin(4, StoreFault::Calls { node: Some(5), partition, calls: 1, outcome });
        let mut hit = |number, kind, call| faults.spoiled(number, 3, || kind, call).is_some();
        assert!(!hit(1, PartitionKind::Queue, StoreCall::Commit), "another node");
        assert!(!hit(2, PartitionKind::Shard, StoreCall::Commit), "another kind of partition");
        assert!(!hit(2, PartitionKind::Queue, StoreCall::Append), "another call");
        assert!(hit(2, PartitionKind::Queue, StoreCall::Commit), "node 5 of 3 is node 2");
        assert!(!hit(2, PartitionKind::Queue, StoreCall::Commit), "it is used up");
        assert_eq!((faults.end(4), faults.end(4)), (1, 0));
    }

    #[test]
    fn a_node_is_cut_off_until_the_end() {
        let mut faults = StoreFaults::default();
        faults.begin(0, StoreFault::Unreachable { node: 4 });
        assert_eq!((faults.unreachable(1, 3), faults.unreachable(1, 3), faults.unreachable(0, 3)), (true, true, false));
        assert_eq!((faults.end(0), faults.unreachable(1, 3)), (2, false));
    }
}
