//! A violation is shrunk by itself: what `resurgam run` shows is the smallest plan that it found.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::process::{Command, Output};

fn resurgam(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_resurgam")).args(arguments).output().unwrap()
}

#[test]
fn the_report_of_a_violation_shows_the_shrunk_plan() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    let bug = ["--bug", "reply_before_commit"];
    let run = ["run", "--seed", "10", "--cases", "1", "--shrink", "15", "--out", out.to_str().unwrap()];
    let output = resurgam(&[&run[..], &bug].concat());
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let command = text.lines().find_map(|line| line.trim().strip_prefix("resurgam replay ")).unwrap();
    let plan = command.split(' ').next().unwrap();
    assert!(plan.ends_with("/shrunk"), "{command}");
    let page = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(page.contains("Shrunk, and shown as the smallest plan"), "the report does not say so");
    let output = resurgam(&["replay", plan]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    let output = resurgam(&["replay", plan, "--bug", "none"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
}
