//! What a closed workflow costs in the store, and that nothing of it is left when its time is over: ten thousand workflows are
//! started and terminated in one shard on a store in memory, and deleted.
//!
//! `cargo bench -p resurgam-benches --bench retention` prints rows and bytes per closed workflow, before and after, and the CPU
//! time of a deletion.

#![allow(missing_docs)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use resurgam_benches::alone::Alone;
use resurgam_benches::busy::cpu_time;
use resurgam_node::store::PartitionKind;
use resurgam_orchestrator::invariant::{Checks, choose};
use std::time::{Duration, Instant};

const WORKFLOWS: usize = 10_000;
/// Callers at one time.
const CALLERS: usize = 64;
/// How long closed runs are kept: so long that all have been closed before the first is deleted.
const KEPT: Duration = Duration::from_secs(30);
/// What may be left of all of them together: the ack level of the shard.
const LEFT: usize = 1;

fn print(shard: &Alone, when: &str) {
    for (kind, what) in [(PartitionKind::Shard, "of the shard"), (PartitionKind::History, "of histories")] {
        let size = shard.store().size(kind);
        let per = |of: usize| of as f64 / WORKFLOWS as f64;
        println!(
            "{when:<12} {:8} rows and {:10} bytes {what:<12} = {:5.2} rows and {:7.1} bytes per workflow",
            size.rows,
            size.bytes,
            per(size.rows),
            per(size.bytes)
        );
    }
}

fn rows(shard: &Alone) -> usize {
    let kinds = [PartitionKind::Shard, PartitionKind::History];
    kinds.into_iter().map(|kind| shard.store().size(kind).rows).sum()
}

async fn work(shard: &Alone) {
    let callers = (0..CALLERS).map(|caller| {
        let shard = shard.clone();
        tokio::spawn(async move {
            for number in (caller..WORKFLOWS).step_by(CALLERS) {
                let id = format!("workflow-{number:05}");
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    choose(Checks::States);
    runtime.block_on(async {
        let shard = Alone::keeping(KEPT);
        print(&shard, "at first");
        let began = Instant::now();
        work(&shard).await;
        // What was offered to workers is done and tidied.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let took = began.elapsed();
        assert!(took < KEPT, "too slow to tell: {took:?}");
        print(&shard, "closed");
        tokio::time::sleep(KEPT.saturating_sub(took)).await;
        let (cpu, deleting) = (cpu_time().unwrap_or_default(), Instant::now());
        while rows(&shard) > LEFT && deleting.elapsed() < 4 * KEPT {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let (cpu, took) = (cpu_time().unwrap_or_default() - cpu, deleting.elapsed());
        print(&shard, "deleted");
        assert!(rows(&shard) <= LEFT, "{} rows are left", rows(&shard));
        let each = 1e6 * cpu.as_secs_f64() / WORKFLOWS as f64;
        println!("deleted in {:.1} s, with {each:.1} us of CPU per workflow", took.as_secs_f64());
    });
}
