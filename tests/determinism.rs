//! Two runs: the same plan gives the same recording, byte for byte, whatever the machine does meanwhile.
//!
//! It stands before every other test of the simulation, because a seed that does not repeat makes every failure useless.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_harness::SimulatedRun;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// How many seeds are executed twice.
const SEEDS: u64 = 50;

fn trace(seed: u64) -> (u64, u64) {
    let target = resurgam_builtin::subject(None);
    let run = SimulatedRun::of(&resurgam_generate::chaos(seed), &target);
    (run.hash, run.trace)
}

#[test]
fn a_case_does_not_know_what_ran_before_it_or_runs_beside_it() {
    let first = trace(1);
    let other = trace(2);
    assert_ne!(first, other, "the hashes say nothing");
    assert_eq!(trace(1), first, "A, B, A");
    let beside = std::thread::scope(|scope| {
        let (a, b) = (scope.spawn(|| trace(1)), scope.spawn(|| trace(2)));
        (a.join().unwrap(), b.join().unwrap())
    });
    assert_eq!(beside, (first, other), "A beside B");
}

/// Ends a process that only burns time.
struct Busy(Child);

impl Drop for Busy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn busy() -> Busy {
    Busy(Command::new("sh").args(["-c", "while :; do :; done"]).stdin(Stdio::null()).spawn().unwrap())
}

fn run(out: &Path, jobs: &str) -> BTreeMap<String, Vec<u8>> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_resurgam"));
    let cases = SEEDS.to_string();
    let run = ["run", "--seed", "1000", "--cases", &cases, "--keep", "all", "--jobs", jobs, "--out"];
    let output = command.args(run).arg(out).output().unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{}", String::from_utf8_lossy(&output.stderr));
    let cases = std::fs::read_dir(out.join("cases")).unwrap().map(|entry| entry.unwrap());
    cases
        .map(|case| {
            let name = case.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(case.path().join("recording.jsonl")).unwrap())
        })
        .collect()
}

#[test]
fn two_processes_record_the_same_and_one_of_them_is_slow() {
    let folder = tempfile::tempdir().unwrap();
    let quiet = run(&folder.path().join("quiet"), "1");
    let loaded = {
        let _load = [busy(), busy()];
        run(&folder.path().join("loaded"), "2")
    };
    assert_eq!(quiet.len() as u64, SEEDS, "a case has no recording");
    for (seed, recording) in &quiet {
        assert!(loaded.get(seed) == Some(recording), "seed {seed} does not repeat");
    }
}
