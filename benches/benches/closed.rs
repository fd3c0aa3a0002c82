//! What a workflow costs beside up to a million that have closed: started and terminated in one shard on a store in memory, with the
//! checks of a released server.
//!
//! `cargo bench -p resurgam-benches --bench closed` prints CPU time and rows per workflow at each size, and fails if the last
//! thousand cost more than twice as much as the first. A million takes a gigabyte and a half; `-- 100000` is the largest size then.

#![allow(missing_docs)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use resurgam_benches::alone::Alone;
use resurgam_benches::busy::cpu_time;
use resurgam_node::store::PartitionKind;
use resurgam_orchestrator::invariant::{Checks, choose};
use std::ops::Range;

/// Workflows over which one figure is taken, and callers at a time while the others are made.
const MEASURED: usize = 1_000;
const CALLERS: usize = 64;
/// How much more the last may cost than the first: other work on the machine and deeper trees, but no scan.
const MOST: f64 = 2.0;

/// Starts and terminates a workflow for each number.
async fn work(shard: &Alone, numbers: Range<usize>, callers: usize) {
    let callers = (0..callers).map(|caller| {
        let (shard, numbers) = (shard.clone(), numbers.clone());
        tokio::spawn(async move {
            for number in numbers.skip(caller).step_by(callers) {
                let id = format!("workflow-{number:08}");
                shard.start(&id).await.unwrap();
                shard.terminate(&id).await.unwrap();
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
}

fn main() {
    let largest = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(1_000_000);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    choose(Checks::States);
    let costs: Vec<f64> = runtime.block_on(async {
        let (shard, mut there, mut costs) = (Alone::new(), 0, Vec::new());
        for size in [1, 1_000, 10_000, 100_000, 1_000_000].into_iter().filter(|size| *size <= largest) {
            work(&shard, there..size, CALLERS).await;
            there = there.max(size) + MEASURED;
            // What was offered to workers is done and tidied.
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            let before = cpu_time().unwrap_or_default();
            work(&shard, there - MEASURED..there, 1).await;
            let spent = cpu_time().unwrap_or_default() - before;
            let each = 1e6 * spent.as_secs_f64() / MEASURED as f64;
            let rows = shard.store().size(PartitionKind::Shard).rows + shard.store().size(PartitionKind::History).rows;
            println!("beside {size:>9} closed workflows: {each:6.1} us of CPU for one more; {rows} rows");
            costs.push(each);
        }
        costs
    });
    let (first, last) = (costs.first().copied().unwrap_or_default(), costs.last().copied().unwrap_or_default());
    assert!(last <= MOST * first, "one more costs {:.1} times as much at the end", last / first);
}
