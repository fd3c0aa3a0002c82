//! Faults: a swarm of their kinds, near the moments at which something happens, and a cluster for them.
//!
//! As with features of programs, each kind is allowed or not per case, and rates and durations are drawn per case, so
//! that some cases have much of one thing and others a little of everything. Times lie mostly around the operations of
//! the plan, for a fault that meets nothing finds nothing.

use proptest::collection::{SizeRange, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::Union;
use resurgam_formats::plan::{
    Caller, Cluster, DatabaseFault, Extent, Family, Fault, FaultKind, FaultMoment, Happening, Latency, Operation,
    PartitionKind, Side, StoreOutcome, TaskKind, Way,
};
use resurgam_formats::time::Millis;

/// The latest start of a fault that is not near an operation.
const HORIZON_MS: u32 = 4000;
/// So much longer than other faults half of the pauses of nodes are.
const PAUSED: u32 = 5;
/// Most faults of a case.
pub(super) const MOST: usize = 20;

/// Clusters: mostly three nodes and quick links.
pub(super) fn clusters() -> impl Strategy<Value = Cluster> {
    let nodes = prop_oneof![1 => Just(1u8), 2 => Just(2u8), 8 => Just(3u8), 1 => 4..=5u8];
    let shards = prop_oneof![2 => Just(1u8), 2 => Just(2u8), 4 => Just(4u8), 1 => Just(8u8)];
    let store = select(vec![(0, 1), (0, 3), (0, 3), (1, 8), (0, 40)]);
    let network = select(vec![(1, 1), (1, 5), (1, 5), (1, 20)]);
    let jitter = select(vec![0u32, 2, 2, 2]);
    let timeout = select(vec![200u32, 400, 400, 1000]);
    (nodes, shards, store, network, jitter, timeout).prop_map(
        |(nodes, shards, store, network, jitter_ms, store_timeout_ms)| Cluster {
            nodes,
            shards,
            store: Latency::new(store.0, store.1),
            network: Latency::new(network.0, network.1),
            jitter_ms,
            store_timeout_ms,
        },
    )
}

/// The faults of a case with these operations, in order of time, of these families only. Where the swarm allows no kind
/// of them, it allows all.
pub(super) fn faults(operations: &[Operation], families: &[Family]) -> BoxedStrategy<Vec<Fault>> {
    let moments = moments(operations);
    let known: Vec<_> = kinds().into_iter().filter(|(family, ..)| families.contains(family)).collect();
    let allowed = vec(any::<u8>(), known.len());
    let size = prop_oneof![1 => Just((0, 0)), 3 => Just((1, 3)), 3 => Just((4, 8)), 2 => Just((9, MOST))];
    let longest = select(vec![100u32, 500, 1500, 3000]);
    (allowed, size, longest)
        .prop_flat_map(move |(allowed, (least, most), longest)| {
            let swarm: Vec<_> = known
                .iter()
                .zip(&allowed)
                .filter(|((_, percent, _), draw)| u32::from(**draw) * 100 < *percent * 256)
                .map(|((.., kind), draw)| (1 + u32::from(*draw) % 4, kind.clone()))
                .collect();
            let swarm =
                if swarm.is_empty() { known.iter().map(|(.., kind)| (1, kind.clone())).collect() } else { swarm };
            if swarm.is_empty() {
                return Just(Vec::new()).boxed();
            }
            vec(one(Union::new_weighted(swarm), &moments, longest, 3), SizeRange::from(least..=most)).boxed()
        })
        .prop_map(|mut faults| {
            faults.sort();
            faults
        })
        .boxed()
}

/// A fault that lies in wait for the plain writes of histories: where runs expire, for the deletes, which few others meet.
pub(super) fn of_deletions() -> impl Strategy<Value = Fault> {
    let outcome = prop_oneof![
        1 => Just(StoreOutcome::AppendReplyLost),
        2 => (50..=1500u32).prop_map(StoreOutcome::AppendLate),
        2 => Just(StoreOutcome::AppendLost),
        2 => Just(StoreOutcome::AppendPartial),
    ];
    (0..=HORIZON_MS / 2, 1..=4u8, outcome).prop_map(|(at_ms, calls, outcome)| {
        let partition = Some(PartitionKind::History);
        Fault { at_ms, for_ms: 0, moment: None, kind: FaultKind::Store { node: None, partition, calls, outcome } }
    })
}

/// Faults that wait for a moment, of these families: a few, and in most cases none. What they do is what others do, but
/// nothing that is done to the database, which takes longer than any moment.
pub(super) fn aimed(operations: &[Operation], families: &[Family]) -> BoxedStrategy<Vec<Fault>> {
    let known: Vec<_> = kinds()
        .into_iter()
        .filter(|(family, ..)| *family != Family::Database && families.contains(family))
        .map(|(.., kind)| (1, kind))
        .collect();
    if known.is_empty() {
        return Just(Vec::new()).boxed();
    }
    let moments = moments(operations);
    let longest = select(vec![100u32, 500, 1500]);
    let some = (1..=3usize, longest).prop_flat_map(move |(count, longest)| {
        let kind = Union::new_weighted(known.clone());
        vec(
            (one(kind, &moments, longest, 10), moment()).prop_map(|(fault, at)| Fault { moment: Some(at), ..fault }),
            count,
        )
    });
    prop_oneof![1 => Just(Vec::new()), 1 => some].boxed()
}

/// Something that a fault can wait for: mostly among the first of its kind.
fn moment() -> impl Strategy<Value = FaultMoment> {
    use PartitionKind::{History, Queue, Shard};
    let partition = || option::weighted(0.75, select(vec![Shard, Shard, Queue]));
    let event = prop_oneof![
        6 => partition().prop_map(|partition| Happening::Commit { partition }),
        3 => Just(Happening::Append { partition: Some(History) }),
        2 => option::weighted(0.75, select(vec![Shard, Queue, History])).prop_map(|partition| Happening::Read { partition }),
        3 => partition().prop_map(|partition| Happening::Fence { partition }),
        2 => (1..=2u32).prop_map(|attempt| Happening::Task { kind: TaskKind::Workflow, attempt }),
        2 => (1..=3u32).prop_map(|attempt| Happening::Task { kind: TaskKind::Activity, attempt }),
    ];
    (event, prop_oneof![3 => Just(1u8), 3 => 2..=4u8, 1 => 5..=20u8])
        .prop_map(|(event, nth)| FaultMoment { event, nth })
}

/// The times at which clients send something.
fn moments(operations: &[Operation]) -> Vec<Millis> {
    let sent = |operation: &Operation| -> Vec<Millis> {
        let again = std::iter::once(0).chain(operation.again_ms.iter().copied());
        again.map(|ms| operation.at_ms + ms).collect()
    };
    operations.iter().flat_map(sent).collect()
}

/// One fault of the swarm; its time lies near an operation with this weight, against 2 for anywhere.
fn one(
    kind: Union<BoxedStrategy<FaultKind>>,
    moments: &[Millis],
    longest: Millis,
    near_weight: u32,
) -> impl Strategy<Value = Fault> + use<> {
    let anywhere = 0..=HORIZON_MS;
    let at = if moments.is_empty() {
        anywhere.boxed()
    } else {
        let near = (select(moments.to_vec()), 0..=200u32).prop_map(|(at, later)| (at + later).saturating_sub(50));
        prop_oneof![near_weight => near, 2 => anywhere].boxed()
    };
    (at, kind, 10..=longest, any::<bool>()).prop_map(|(at_ms, kind, lasts, often)| {
        let for_ms = match kind.extent() {
            Extent::Forever => 0,
            // What lies in wait mostly does so until it is used up.
            Extent::Calls { .. } if often => 0,
            // Long enough that real nodes, which are more patient than simulated ones, take the others for gone.
            Extent::Period if often && kind.affects().paused().is_some() => PAUSED * lasts,
            Extent::Calls { .. } | Extent::Period => lasts,
        };
        Fault { at_ms, for_ms, moment: None, kind }
    })
}

/// Kinds of faults: the family, the percentage of cases that allow it, and itself.
fn kinds() -> Vec<(Family, u32, BoxedStrategy<FaultKind>)> {
    let partition = |way| sides().prop_map(move |side| FaultKind::Partition { side, way }).boxed();
    let offset = |most: i32| prop_oneof![1 => -most..=-1, 1 => 1..=most];
    let mut all = vec![
        (Family::Network, 40, partition(Way::Both)),
        (Family::Network, 25, partition(Way::Out)),
        (Family::Network, 25, partition(Way::In)),
        (Family::Network, 30, sides().prop_map(|side| FaultKind::Hold { side }).boxed()),
        (Family::Network, 20, (sides(), 5..=400u32).prop_map(|(side, by_ms)| FaultKind::Slow { side, by_ms }).boxed()),
        (Family::Node, 40, node().prop_map(|node| FaultKind::Kill { node }).boxed()),
        (Family::Node, 30, node().prop_map(|node| FaultKind::PowerLoss { node }).boxed()),
        (Family::Node, 30, node().prop_map(|node| FaultKind::Pause { node }).boxed()),
        (
            Family::Clock,
            25,
            (node(), offset(5000)).prop_map(|(node, by_ms)| FaultKind::ClockSkew { node, by_ms }).boxed(),
        ),
        (
            Family::Clock,
            20,
            (node(), offset(3000)).prop_map(|(node, by_ms)| FaultKind::ClockStep { node, by_ms }).boxed(),
        ),
        (Family::Store, 30, node().prop_map(|node| FaultKind::StoreUnreachable { node }).boxed()),
    ];
    let late = || 1..=1500u32;
    let outcomes: [BoxedStrategy<StoreOutcome>; 12] = [
        Just(StoreOutcome::CommitReplyLost).boxed(),
        Just(StoreOutcome::CommitLost).boxed(),
        late().prop_map(StoreOutcome::CommitLate).boxed(),
        Just(StoreOutcome::CommitAfterFence).boxed(),
        Just(StoreOutcome::CommitLimbo).boxed(),
        Just(StoreOutcome::CommitResent).boxed(),
        Just(StoreOutcome::CommitUnavailable).boxed(),
        Just(StoreOutcome::AppendReplyLost).boxed(),
        late().prop_map(StoreOutcome::AppendLate).boxed(),
        Just(StoreOutcome::AppendLost).boxed(),
        Just(StoreOutcome::AppendPartial).boxed(),
        Just(StoreOutcome::ReadFails).boxed(),
    ];
    all.extend(outcomes.map(|outcome| (Family::Store, 35, spoiled(outcome))));
    for by in [Caller::Client, Caller::Worker] {
        let lost = (1..=3u8).prop_map(move |calls| FaultKind::ReplyLost { by, calls });
        let twice = (1..=3u8).prop_map(move |calls| FaultKind::CallRepeated { by, calls });
        all.extend([(Family::Call, 35, lost.boxed()), (Family::Call, 30, twice.boxed())]);
    }
    all.extend(
        databases().map(|(percent, does)| (Family::Database, percent, Just(FaultKind::Database { does }).boxed())),
    );
    all
}

/// What is done to databases, with the percentage of cases that allow it. Those that take long are rare.
fn databases() -> [(u32, DatabaseFault); 5] {
    use DatabaseFault::{Compact, Flush, Kill, Pause, Restart};
    [(15, Kill), (10, Restart), (25, Pause), (30, Flush), (25, Compact)]
}

/// The next calls of the store, of one node or all, on one kind of partition or all.
fn spoiled(outcome: BoxedStrategy<StoreOutcome>) -> BoxedStrategy<FaultKind> {
    use PartitionKind::{History, Queue, Shard};
    let partition = option::weighted(0.5, select(vec![Shard, Shard, Shard, Queue, Queue, History]));
    let calls = prop_oneof![4 => Just(1u8), 3 => 2..=4u8, 1 => 5..=12u8];
    (option::weighted(0.5, node()), partition, calls, outcome)
        .prop_map(|(node, partition, calls, outcome)| FaultKind::Store { node, partition, calls, outcome })
        .boxed()
}

fn node() -> impl Strategy<Value = u8> + Clone {
    0..5u8
}

/// Sides: one node mostly, the driver alone sometimes.
fn sides() -> impl Strategy<Value = Side> {
    prop_oneof![
        6 => (vec(node(), 1), any::<bool>()),
        2 => (vec(node(), 2), any::<bool>()),
        1 => Just((Vec::new(), true)),
    ]
    .prop_map(|(nodes, driver)| Side { nodes, driver })
}

#[cfg(test)]
mod tests {
    use crate::chaos_of;
    use resurgam_formats::plan::Family;

    #[test]
    fn chaos_of_a_family_has_no_other() {
        for family in Family::ALL {
            let plans: Vec<_> = (0..50).map(|seed| chaos_of(seed, &[*family])).collect();
            assert!(plans.iter().flat_map(|plan| &plan.faults).all(|fault| fault.kind.family() == *family));
            assert!(plans.iter().filter(|plan| !plan.faults.is_empty()).count() > 30);
        }
        assert!(chaos_of(1, &[]).faults.is_empty());
    }
}
