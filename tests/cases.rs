//! The directory of a case, as every command writes and reads it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// A bug that the first seeds show.
const BUG: &str = "reply_before_commit";

fn resurgam(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_resurgam")).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A run in which a planted bug was found, once for all tests, and a case that shows it.
fn found() -> &'static (TempDir, PathBuf) {
    static FOUND: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    FOUND.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("run");
        let output = resurgam(&[
            "run",
            "--seed",
            "1",
            "--cases",
            "20",
            "--bug",
            BUG,
            "--shrink",
            "10",
            "--out",
            out.to_str().unwrap(),
        ]);
        assert_eq!(output.status.code(), Some(1), "{}{}", text(&output.stdout), text(&output.stderr));
        let mut cases: Vec<PathBuf> =
            fs::read_dir(out.join("cases")).unwrap().map(|case| case.unwrap().path()).collect();
        cases.sort();
        let violated = cases.into_iter().find(|case| case.join("shrunk/case.json").is_file()).expect("one is shrunk");
        (folder, violated)
    })
}

fn case(directory: &Path) -> serde_json::Value {
    serde_json::from_slice(&fs::read(directory.join("case.json")).unwrap()).unwrap()
}

/// A copy of the case, so that something can be changed in it.
fn copy() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("case");
    fs::create_dir(&copy).unwrap();
    for file in ["case.json", "plan.json", "recording.jsonl", "verdict.json"] {
        fs::copy(found().1.join(file), copy.join(file)).unwrap();
    }
    (folder, copy)
}

#[test]
fn a_file_that_was_changed_beside_it_is_named_by_whoever_reads_the_case() {
    let commands = ["replay", "show", "check"];
    let (_folder, directory) = copy();
    let path = directory.to_str().unwrap();
    for command in commands {
        let output = text(&resurgam(&[command, path]).stdout);
        assert!(!output.contains("case.json was written"), "{command}: {output}");
    }
    for file in ["plan.json", "recording.jsonl", "verdict.json"] {
        let (_folder, directory) = copy();
        let file = directory.join(file);
        // What it means is the same: that, too, is another file.
        let changed = fs::read_to_string(&file).unwrap() + "\n";
        fs::write(&file, changed).unwrap();
        for command in commands {
            let output = text(&resurgam(&[command, directory.to_str().unwrap()]).stdout);
            let line = format!("{}: was changed after case.json was written", file.display());
            assert!(output.contains(&line), "{command}: {output}");
        }
    }
    let (_folder, directory) = copy();
    fs::remove_file(directory.join("verdict.json")).unwrap();
    let output = text(&resurgam(&["show", directory.to_str().unwrap()]).stdout);
    assert!(output.contains("verdict.json: is missing, and was there when case.json was written"), "{output}");
}

#[test]
fn a_report_names_the_files_that_were_changed_in_its_cases() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let output = resurgam(&["run", "--seed", "1", "--cases", "1", "--keep", "all", "--out", run.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report = || text(&resurgam(&["report", run.to_str().unwrap()]).stdout);
    assert!(!report().contains("was changed"));
    let plan = run.join("cases/1/plan.json");
    fs::write(&plan, fs::read_to_string(&plan).unwrap() + "\n").unwrap();
    let line = format!("{}: was changed after case.json was written", plan.display());
    assert!(report().contains(&line), "{}", report());
    assert!(fs::read_to_string(run.join("report.html")).unwrap().contains("was changed after case.json was written"));
}

#[test]
fn a_case_without_invariants_says_so_and_is_repeated_without_them() {
    let folder = tempfile::tempdir().unwrap();
    let keep = folder.path().to_str().unwrap();
    let output = resurgam(&["bugs", BUG, "--cases", "20", "--without-invariants", "--shrink", "0", "--keep", keep]);
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    let directory = folder.path().join(BUG);
    assert_eq!(case(&directory)["without_invariants"], true);
    let path = directory.to_str().unwrap();
    let replayed = text(&resurgam(&["replay", path]).stdout);
    assert!(replayed.contains("without invariants") && replayed.contains("the same recording"), "{replayed}");
    assert!(text(&resurgam(&["show", path]).stdout).contains("without invariants"));
    assert!(text(&resurgam(&["check", path]).stdout).contains("made without invariants"));
}

#[test]
fn it_says_what_made_the_case_and_what_was_said_of_it() {
    let (_, directory) = found();
    for file in ["plan.json", "recording.jsonl", "verdict.json"] {
        assert!(directory.join(file).is_file(), "{file} is missing");
    }
    let said = case(directory);
    assert_eq!((&said["target"], &said["choice"]["bug"]), (&"builtin".into(), &BUG.into()));
    assert_eq!(said["judgement"]["judged"]["outcome"], "violated");
    assert!(said["command"].as_str().unwrap().contains(&format!("--bug {BUG}")));
    let small = case(&directory.join("shrunk"));
    assert_eq!(small["judgement"]["judged"]["outcome"], "violated");
    assert!(small["shrunk"]["rule"].is_string());
    // What the case says makes it again does.
    let folder = tempfile::tempdir().unwrap();
    let words: Vec<&str> = said["command"].as_str().unwrap().split(' ').skip(1).collect();
    let again = Command::new(env!("CARGO_BIN_EXE_resurgam"))
        .args(&words)
        .args(["--shrink", "0", "--out", "run"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert_eq!(again.status.code(), Some(1));
    let again = case(&folder.path().join("run/cases").join(directory.file_name().unwrap()));
    assert_eq!((&again["recording_hash"], &again["trace_hash"]), (&said["recording_hash"], &said["trace_hash"]));
}

#[test]
fn a_replay_is_compared_with_what_was_recorded() {
    let (_, directory) = found();
    let directory = directory.to_str().unwrap();
    let output = resurgam(&["replay", directory]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains(&format!("with the planted bug {BUG}, which is planted again")), "{shown}");
    assert!(shown.contains("the same recording") && shown.contains("then: violated "), "{shown}");
    let output = resurgam(&["replay", directory, "--bug", "none"]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{shown}");
    assert!(shown.contains("it is not the same that is tried"), "{shown}");
    assert!(shown.contains("; now: held, first difference in line "), "{shown}");
    // The plan in the directory is the case, too.
    assert_eq!(resurgam(&["replay", &format!("{directory}/plan.json")]).status.code(), Some(1));
}

#[test]
fn a_case_is_shown_checked_and_told_from_another() {
    let (folder, directory) = found();
    let name = directory.to_str().unwrap();
    let shown = text(&resurgam(&["show", name]).stdout);
    assert!(
        shown.contains(&format!("planted bug {BUG}: violated ")) && shown.contains("made by: resurgam run "),
        "{shown}"
    );
    let output = resurgam(&["check", name]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains(&format!("note: made with the planted bug {BUG}")));
    let healthy = folder.path().join("healthy");
    let replayed = resurgam(&["replay", name, "--bug", "none", "--out", healthy.to_str().unwrap()]);
    assert_eq!(replayed.status.code(), Some(0));
    let output = resurgam(&["diff", name, healthy.to_str().unwrap()]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(shown.contains(&format!("planted bug: {BUG} | none")) && shown.contains("judged: violated "), "{shown}");
    let used = resurgam(&["replay", name, "--out", healthy.to_str().unwrap()]);
    assert_eq!(used.status.code(), Some(2), "a used directory is refused");
}

#[test]
fn a_smaller_plan_is_never_overwritten_and_a_rule_that_is_none_is_refused() {
    let (_, directory) = found();
    let name = directory.to_str().unwrap();
    let before = fs::read(directory.join("shrunk/plan.json")).unwrap();
    let rule = case(&directory.join("shrunk"))["shrunk"]["rule"].as_str().unwrap().to_owned();
    let output = resurgam(&["shrink", name, "--rule", &rule, "--candidates", "1"]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}{}", text(&output.stderr));
    assert!(shown.contains("is kept, it is not larger"), "{shown}");
    assert_eq!(fs::read(directory.join("shrunk/plan.json")).unwrap(), before);
    let output = resurgam(&["shrink", name, "--rule", "nosuch"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("there is no rule \"nosuch\""));
}

#[test]
fn shrinking_that_is_stopped_keeps_the_best_so_far() {
    let (_, directory) = found();
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("case");
    fs::create_dir(&copy).unwrap();
    for file in ["case.json", "plan.json", "recording.jsonl", "verdict.json"] {
        fs::copy(directory.join(file), copy.join(file)).unwrap();
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_resurgam"))
        .args(["shrink", copy.to_str().unwrap(), "--candidates", "1000000", "--seconds", "100000"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // It has begun when it has said what the case is now.
    assert!(lines.by_ref().any(|line| line.unwrap().starts_with("then: ")));
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(1), "{rest:?}");
    assert!(rest.iter().any(|line| line.starts_with("stopped by SIGINT")), "{rest:?}");
    assert_eq!(case(&copy.join("shrunk"))["judgement"]["judged"]["outcome"], "violated");
}

#[test]
fn an_unknown_field_of_a_plan_is_named_with_its_file_and_place() {
    let (folder, directory) = found();
    let mut plan: serde_json::Value = serde_json::from_slice(&fs::read(directory.join("plan.json")).unwrap()).unwrap();
    let path = folder.path().join("unknown.json");
    plan["nosuch"] = 1.into();
    fs::write(&path, serde_json::to_vec_pretty(&plan).unwrap()).unwrap();
    let output = resurgam(&["replay", path.to_str().unwrap()]);
    let line = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{line}");
    assert!(line.contains("unknown.json: plan.nosuch: unknown field `nosuch`") && line.contains(" at line "), "{line}");
}

#[test]
fn a_value_of_a_plan_that_cannot_be_is_named_with_its_field() {
    let (folder, directory) = found();
    let plan: serde_json::Value = serde_json::from_slice(&fs::read(directory.join("plan.json")).unwrap()).unwrap();
    let path = folder.path().join("wrong.json");
    for (pointer, value, way) in [
        ("/operations/0/at_ms", serde_json::json!("x"), "plan.operations[0].at_ms: "),
        ("/operations/0/action/call", serde_json::json!("nosuch"), "plan.operations[0].action.call: "),
        ("/programs/0/program/variables", serde_json::json!(9), "plan.programs[0].program.variables: "),
        ("/workers/count", serde_json::json!(0), "plan.workers.count: "),
    ] {
        let mut plan = plan.clone();
        *plan.pointer_mut(pointer).unwrap() = value;
        fs::write(&path, serde_json::to_vec_pretty(&plan).unwrap()).unwrap();
        let output = resurgam(&["replay", path.to_str().unwrap()]);
        let line = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{line}");
        assert!(line.contains(&format!("wrong.json: {way}")), "{line}");
    }
}

#[test]
fn what_cannot_be_decided_did_not_hold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("recording.jsonl");
    let (_, directory) = found();
    let recording = fs::read_to_string(directory.join("recording.jsonl")).unwrap();
    // Without its last line nobody knows whether the case came to rest.
    let cut: Vec<&str> = recording.lines().take(1).collect();
    fs::write(&path, cut.join("\n") + "\n").unwrap();
    for (strict, code) in [(&[][..], 3), (&["--strict"], 1)] {
        let output = resurgam(&[&["check", path.to_str().unwrap()], strict].concat());
        assert_eq!(output.status.code(), Some(code), "{}", text(&output.stdout));
    }
}
