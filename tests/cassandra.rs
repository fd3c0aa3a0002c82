//! `resurgam server` over real Cassandra: the schema has to be there, and what a run of the suite sees holds all rules.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_harness::real;
use resurgam_real::{Node, Profile};
use std::fs;
use std::process::{Command, Output};

fn resurgam(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_resurgam")).args(arguments).output().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn three_nodes_over_cassandra_hold_all_rules() {
    if !real::cassandra_wanted("three nodes of our orchestrator over Cassandra") {
        return;
    }
    let node = Node::start(Profile::Strict).await.unwrap();
    let contact = node.contact();
    let place = ["--contact", &contact, "--keyspace", "smoke"];
    let of = |task: &str| resurgam(&[&["schema", "cassandra", task], &place[..]].concat());

    let refused = resurgam(&[&["server", "--store", "cassandra", "--address", "127.0.0.1:1"], &place[..]].concat());
    assert_eq!(refused.status.code(), Some(4), "{}", said(&refused));
    assert!(said(&refused).contains("has no schema"), "{}", said(&refused));
    assert_eq!(of("--check").status.code(), Some(4));
    for task in ["--create", "--check", "--upgrade", "--create"] {
        let done = of(task);
        assert_eq!(done.status.code(), Some(0), "{task}: {}", said(&done));
    }

    let directory = tempfile::tempdir().unwrap();
    // Twice over the same keyspace: what one run leaves must not disturb the next.
    for (name, cases) in [("first", "12"), ("second", "4")] {
        let out = directory.path().join(name);
        let options =
            ["run", "--world", "process", "--nodes", "3", "--store", "cassandra", "--seed", "1", "--cases", cases];
        let out = ["--out", &out.display().to_string()].map(str::to_owned);
        let out: Vec<&str> = out.iter().map(String::as_str).collect();
        let ran = resurgam(&[&options[..], &place, &out].concat());
        assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
        assert!(said(&ran).contains(&format!("{cases} cases")), "{}", said(&ran));
    }
}

/// Processes are killed and answers of Cassandra spoiled, and what was recorded says so.
#[test]
fn faults_of_plans_are_done_to_processes() {
    if !real::cassandra_wanted("faults on processes over Cassandra") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("run");
    let options = ["run", "--world", "container", "--seed", "150", "--cases", "8", "--jobs", "4", "--keep", "all"];
    let ran = resurgam(&[&options[..], &["--out", &out.display().to_string()]].concat());
    assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
    let recorded = |seed: u64| fs::read_to_string(out.join(format!("cases/{seed}/recording.jsonl"))).unwrap();
    let recordings: String = (150..158).map(recorded).collect();
    for fault in ["kill", "pause", "partition", "clock_skew", "store"] {
        let hit = |line: &&str| {
            line.contains(&format!(r#""fault":"{fault}""#))
                && line.contains(r#""active":false"#)
                && !line.contains(r#""hits":0"#)
        };
        assert!(recordings.lines().any(|line| hit(&line)), "no fault {fault} has hit anything");
    }
}

/// A bug that is planted in the processes is found, and what is kept says which.
#[test]
fn a_planted_bug_is_found_on_real_cassandra() {
    if !real::cassandra_wanted("a planted bug over Cassandra") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("run");
    let options = ["run", "--world", "container", "--bug", "reply_before_commit", "--faults", "node,store"];
    let cases =
        ["--seed", "1", "--cases", "12", "--jobs", "12", "--out", &out.display().to_string()].map(str::to_owned);
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    let ran = resurgam(&[&options[..], &cases].concat());
    assert_eq!(ran.status.code(), Some(1), "{}", said(&ran));
    let mut kept = fs::read_dir(out.join("cases")).unwrap().map(|case| case.unwrap().path().join("case.json"));
    assert!(kept.all(|case| fs::read_to_string(case).unwrap().contains(r#""bug": "reply_before_commit""#)));
}
