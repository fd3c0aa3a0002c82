//! The workers and their worker faults.

use super::mask::{Feature, Mask};
use proptest::collection::vec;
use proptest::prelude::*;
use resurgam_formats::plan::{TaskKind, WorkerFault, WorkerFaultKind, Workers};

/// Runs that a worker keeps when nothing presses.
const ROOMY: u8 = 16;

/// Workers: how many, and how they remember.
pub(super) fn workers(mask: Mask) -> impl Strategy<Value = Workers> {
    let count = if mask.has(Feature::SeveralWorkers) { (2..=3u8).boxed() } else { Just(1).boxed() };
    let cache = if mask.has(Feature::CacheOff) {
        Just(0).boxed()
    } else if mask.has(Feature::SmallCache) {
        (1..=2u8).boxed()
    } else {
        Just(ROOMY).boxed()
    };
    let full_replay = mask.has(Feature::FullReplay);
    (count, cache).prop_map(move |(count, cache)| Workers { count, cache, full_replay })
}

/// One to four worker faults on early tasks, or none.
pub(super) fn worker_faults(mask: Mask) -> BoxedStrategy<Vec<WorkerFault>> {
    let worker_faults = |task: TaskKind, slow: u32| {
        let mut worker_faults = vec![
            (Feature::Drop, 2, Just(WorkerFaultKind::Drop).boxed()),
            (Feature::Late, 2, (50..=slow).prop_map(WorkerFaultKind::Late).boxed()),
            (Feature::Twice, 2, (0..=800u32).prop_map(WorkerFaultKind::Twice).boxed()),
            (Feature::Crash, 2, Just(WorkerFaultKind::Crash).boxed()),
        ];
        if task == TaskKind::Workflow {
            worker_faults.push((Feature::FailTask, 2, Just(WorkerFaultKind::FailTask).boxed()));
        }
        mask.choose(worker_faults)
    };
    let mut kinds = Vec::new();
    if let Some(worker_fault) =
        worker_faults(TaskKind::Workflow, 2000).filter(|_| mask.has(Feature::WorkflowTaskFaults))
    {
        let task =
            (1..=12u16, worker_fault).prop_map(|(nth, what)| WorkerFault { task: TaskKind::Workflow, nth, what });
        kinds.push((3, task.boxed()));
    }
    if let Some(worker_fault) =
        worker_faults(TaskKind::Activity, 1500).filter(|_| mask.has(Feature::ActivityTaskFaults))
    {
        let task = (1..=6u16, worker_fault).prop_map(|(nth, what)| WorkerFault { task: TaskKind::Activity, nth, what });
        kinds.push((2, task.boxed()));
    }
    if kinds.is_empty() || !mask.has(Feature::WorkerFault) {
        return Just(Vec::new()).boxed();
    }
    vec(proptest::strategy::Union::new_weighted(kinds), 1..=4).boxed()
}
