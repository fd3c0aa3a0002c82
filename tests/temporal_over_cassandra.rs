//! The real Temporal server over real Cassandra: the same plans hold there, and their faults strike.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_harness::real;
use std::fs;
use std::process::{Command, Output};

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// One process for each service: so the proxy stands between all of them and Cassandra, and it is the processes that are killed.
#[test]
fn faults_of_plans_are_done_to_temporal() {
    if !real::temporal_over_cassandra_wanted("faults on Temporal over Cassandra") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("run");
    let options = ["run", "--target", "temporal", "--world", "container", "--topology", "services"];
    let cases = ["--faults", "node,store,call", "--seed", "154", "--cases", "4", "--jobs", "4", "--keep", "all"];
    let ran = Command::new(env!("CARGO_BIN_EXE_resurgam")).args(options).args(cases).arg("--out").arg(&out).output();
    let ran = ran.unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    let recorded = |seed: u64| fs::read_to_string(out.join(format!("cases/{seed}/recording.jsonl"))).unwrap();
    let recordings: String = (154..158).map(recorded).collect();
    for fault in ["kill", "pause", "store"] {
        let hit = |line: &&str| {
            line.contains(&format!(r#""fault":"{fault}""#))
                && line.contains(r#""active":false"#)
                && !line.contains(r#""hits":0"#)
        };
        assert!(recordings.lines().any(|line| hit(&line)), "no fault {fault} has hit anything");
    }
}
