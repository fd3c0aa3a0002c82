//! Whatever is wrong with what somebody gives: one plain line on standard error, and an exit code that says whose fault it is.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use std::process::{Command, Output};

fn resurgam(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_resurgam")).args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// It is refused with this code, in one line that says so much.
fn refused(folder: &Path, arguments: &[&str], code: i32, says: &str) {
    let output = resurgam(folder, arguments);
    let line = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {line}");
    assert!(line.starts_with("resurgam: ") && line.lines().count() == 1, "{arguments:?}: {line:?}");
    assert!(line.contains(says), "{arguments:?}: {line:?} does not say {says:?}");
    assert!(output.stdout.is_empty(), "{arguments:?}: {}", text(&output.stdout));
}

#[test]
fn a_wrong_command_line_is_usage() {
    let folder = tempfile::tempdir().unwrap();
    let table: &[(&[&str], &str)] = &[
        (&["--nosuch"], "unexpected argument '--nosuch' found; see --help"),
        (&["nosuch"], "unrecognized subcommand 'nosuch'"),
        (&["run", "--nosuch"], "'--nosuch'"),
        (&["run", "--cases", "0"], "at least 1"),
        (&["run", "--jobs", "0"], "at least 1"),
        (&["run", "--cases", "-1"], "'-1'"),
        (&["run", "--for", "x"], "not a length of time"),
        (&["run", "--faults", "nosuch"], "possible values: all, none"),
        (&["run", "--bug", "nosuch"], "no planted bug nosuch"),
        (&["run", "--target", "temporal", "--bug", "x"], "for the simulation"),
        (&["run", "--world", "container", "--bug", "nosuch"], "no planted bug nosuch"),
        (&["server", "--bug", "fence_missing"], "unexpected argument '--bug'"),
        (&["planted-server", "--bug", "nosuch"], "no planted bug nosuch"),
        (&["run", "--faults", "database"], "--world container"),
        (&["run", "--namespace", "n"], "goes with --address"),
        (&["run", "--nodes", "3"], "--world process"),
        (&["run", "--target", "temporal", "--world", "process"], "--world container"),
        (
            &["run", "--target", "temporal", "--world", "container", "--faults", "clock"],
            "have the clock of the machine",
        ),
        (&["run", "--topology", "pairs"], "--topology is for Temporal over Cassandra"),
        (&["run", "--scenario", "nosuch"], "nosuch: no such scenario"),
        (&["run", "--scenario", "overloaded", "--world", "sim"], "cannot be used with"),
        (&["run", "--target", "temporal", "--store", "cassandra"], "--world process"),
        (&["run", "--world", "process", "--contact", "x:1"], "goes with --store cassandra"),
        (&["schema", "cassandra"], "--create"),
        (&["schema", "cassandra", "--check", "--create"], "cannot be used with"),
        (&["schema", "cassandra", "--check", "--replication", "3"], "goes with --create"),
        (&["run", "--profile", "temporal"], "--address"),
        (&["run", "--seed", "99999999999999999999"], "too large"),
        (&["check"], "<FILE>"),
        (&["replay"], "<PLAN>"),
        (&["replay", "--seed", "1", "--times", "0"], "'0'"),
        (&["programs", "--cases", "0"], "'0'"),
        (&["bugs", "--cases", "0"], "'0'"),
        (&["schema", "nosuch"], "possible values: plan"),
        (&["rules", "nosuch"], "there is no rule"),
        (&["setup", "nosuch"], "'nosuch'"),
    ];
    for (arguments, says) in table {
        refused(folder.path(), arguments, 2, says);
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "something was left");
}

#[test]
fn a_file_that_is_none_of_ours_is_bad_input() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("empty"), "").unwrap();
    fs::write(at.join("bytes"), b"\xff\xfe").unwrap();
    fs::create_dir_all(at.join("folder/cases")).unwrap();
    let plan = resurgam(at, &["programs", "--seed", "1", "--json"]).stdout;
    let mut plan: serde_json::Value = serde_json::from_slice(&plan).unwrap();
    plan["version"] = 99.into();
    fs::write(at.join("newer.json"), plan.to_string()).unwrap();
    let table: &[(&[&str], &str)] = &[
        (&["check", "empty"], "empty: is empty"),
        (&["check", "bytes"], "bytes: is UTF-16"),
        (&["check", "folder"], "a directory without recordings"),
        (&["check", "nowhere"], "nowhere: No such file"),
        (&["check", "-"], "standard input: is empty"),
        (&["replay", "empty"], "empty: EOF"),
        (&["replay", "bytes"], "bytes: "),
        (&["replay", "folder"], "folder: there is no plan.json in it; the cases of a run are in its directory cases/"),
        (&["replay", "nowhere"], "nowhere: No such file"),
        (&["replay", "newer.json"], "newer.json: version 99 is newer than this build reads"),
        (&["shrink", "folder"], "no plan.json"),
        (&["report", "folder"], "results.jsonl: No such file"),
        (&["report", "empty"], "Not a directory"),
        (&["show", "folder"], "recording.jsonl: No such file"),
        (&["show", "empty"], "empty: is empty"),
        (&["diff", "empty", "bytes"], "empty: is empty"),
        (&["compare", "folder", "nowhere"], "nowhere/cases: No such file"),
        (&["run", "--out", "empty"], "empty: is not empty"),
        (&["new", "folder"], "folder is there already"),
    ];
    for (arguments, says) in table {
        refused(at, arguments, 2, says);
    }
    refused(at, &["run", "--out", "/proc/nowhere", "--cases", "1"], 4, "/proc/nowhere: No such file");
}

/// Names of files are bytes, and need be no text.
#[test]
fn a_name_that_is_no_text_is_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let name = OsString::from_vec(b"caf\xe9.json".to_vec());
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_resurgam"));
        command.args(arguments).arg(&name).current_dir(folder.path()).output().unwrap()
    };
    let missing = run(&["replay"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains(".json: No such file"), "{}", text(&missing.stderr));
    let plan = resurgam(folder.path(), &["programs", "--seed", "1", "--faults", "none", "--json"]).stdout;
    fs::write(folder.path().join(&name), plan).unwrap();
    let replayed = run(&["replay"]);
    assert_eq!(replayed.status.code(), Some(0), "{}", text(&replayed.stderr));
}

#[test]
fn help_is_no_mistake() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["--help"][..], &["--version"], &["run", "--help"], &["help", "check"]] {
        let output = resurgam(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(!output.stdout.is_empty() && output.stderr.is_empty(), "{arguments:?}");
    }
}

/// `--faults` draws the plan that is executed in the simulation under the same seed.
#[test]
fn the_plan_of_a_seed_is_the_one_that_is_executed() {
    let folder = tempfile::tempdir().unwrap();
    let drawn = resurgam(folder.path(), &["programs", "--seed", "3", "--faults", "all", "--json"]).stdout;
    let ran = resurgam(folder.path(), &["replay", "--seed", "3", "--out", "case"]);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stdout));
    let executed = fs::read(folder.path().join("case/plan.json")).unwrap();
    let [drawn, executed] = [&drawn, &executed].map(|plan| serde_json::from_slice::<serde_json::Value>(plan).unwrap());
    assert_eq!(drawn, executed);
}
