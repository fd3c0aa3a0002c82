//! What a step of a workflow costs in instructions, by how much there is that it does not touch. Valgrind counts them, so that who else is
//! busy has little part in the figures; what the shard does from time to time is in them.
//!
//! `cargo bench -p resurgam-benches --bench instructions` runs itself under Valgrind with fewer and with more steps of a kind; what
//! those between them cost is the difference. It fails if a step costs more than half again as much at the end as at first.

#![allow(missing_docs)]
#![allow(clippy::print_stdout, reason = "a benchmark prints")]
#![allow(clippy::unwrap_used, reason = "a benchmark may panic")]

use resurgam_benches::alone::Alone;
use resurgam_orchestrator::invariant::{Checks, choose};
use std::process::Command;

/// How much more a step may cost at the end than at first.
const MOST: f64 = 1.5;
/// Steps between two counts.
const STEPS: usize = 500;

/// What is done so many times, and how many are done before it is measured a second time.
const KINDS: [(&str, usize); 4] = [
    ("a signal of a workflow", 9_000),
    ("a workflow started and terminated", 20_000),
    ("a run of one id started and terminated", 2_000),
    // Here it counts down: so many are pending at first, and one less after each.
    ("an activity of many", 1_400),
];

/// Does something so many times.
async fn work(kind: &str, count: usize) {
    let shard = Alone::new();
    match kind {
        "a signal of a workflow" => {
            shard.start("signalled").await.unwrap();
            for _ in 0..count {
                shard.signal("signalled").await.unwrap();
            }
        }
        "a workflow started and terminated" => {
            for number in 0..count {
                let id = format!("workflow-{number:08}");
                shard.start(&id).await.unwrap();
                shard.terminate(&id).await.unwrap();
            }
        }
        "a run of one id started and terminated" => {
            for _ in 0..count {
                shard.start("again").await.unwrap();
                shard.terminate("again").await.unwrap();
            }
        }
        "an activity of many" => {
            shard.start("many").await.unwrap();
            let activities = shard.schedule("many", 2_000).await.unwrap();
            for activity in &activities[..count] {
                shard.complete(activity).await.unwrap();
            }
        }
        other => panic!("there is no {other}"),
    }
}

/// Instructions of a process that does it so many times.
fn counted(kind: &str, count: usize) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"])
        .arg(std::env::current_exe().unwrap())
        .args(["do", kind, &count.to_string()])
        .output()
        .expect("valgrind is not there: apt-get install valgrind");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{kind}, {count} times: {said}");
    let line = said.lines().find_map(|line| line.split_once("refs:"));
    line.expect("it counts").1.trim().replace(',', "").parse().unwrap()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, mode, kind, count] = arguments.as_slice()
        && mode == "do"
    {
        choose(Checks::States);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(work(kind, count.parse().unwrap()));
    }
    let mut grown = Vec::new();
    for (kind, before) in KINDS {
        // The first hundred find empty caches.
        let [early, late] = [100, before].map(|from| {
            let spent = counted(kind, from + STEPS) - counted(kind, from);
            spent as f64 / STEPS as f64
        });
        println!("{kind:<40} {early:>9.0} instructions after 100, {late:>9.0} after {before}: {:.2}", late / early);
        if late > MOST * early {
            grown.push(kind);
        }
    }
    assert!(grown.is_empty(), "this costs more and more: {grown:?}");
}
