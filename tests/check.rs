//! `resurgam check` from outside: exit codes, one line per problem, bounded memory.

#![allow(clippy::unwrap_used)]

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

const GOOD: &str = r#"{"events":[
{"eventId":"1","eventTime":"2026-01-02T03:04:05Z","eventType":"EVENT_TYPE_WORKFLOW_EXECUTION_STARTED","taskId":"10","workflowExecutionStartedEventAttributes":{"workflowType":{"name":"t"},"taskQueue":{"name":"q"},"attempt":1,"workflowId":"w","originalExecutionRunId":"r","firstExecutionRunId":"r"}},
{"eventId":"2","eventTime":"2026-01-02T03:04:05Z","eventType":"EVENT_TYPE_WORKFLOW_TASK_SCHEDULED","taskId":"20","workflowTaskScheduledEventAttributes":{"taskQueue":{"name":"q"},"startToCloseTimeout":"10s","attempt":1}},
{"eventId":"3","eventTime":"2026-01-02T03:04:05Z","eventType":"EVENT_TYPE_WORKFLOW_TASK_STARTED","taskId":"30","workflowTaskStartedEventAttributes":{"scheduledEventId":"2","requestId":"x"}},
{"eventId":"4","eventTime":"2026-01-02T03:04:06Z","eventType":"EVENT_TYPE_WORKFLOW_TASK_COMPLETED","taskId":"40","workflowTaskCompletedEventAttributes":{"scheduledEventId":"2","startedEventId":"3"}},
{"eventId":"5","eventTime":"2026-01-02T03:04:06Z","eventType":"EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED","taskId":"50","workflowExecutionCompletedEventAttributes":{"workflowTaskCompletedEventId":"4"}}
]}"#;

/// A signal inside the started workflow task.
fn bad() -> String {
    let signal = r#"{"eventId":"4","eventTime":"2026-01-02T03:04:05Z","eventType":"EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED","taskId":"35","workflowExecutionSignaledEventAttributes":{"signalName":"s"}},"#;
    let place = GOOD.find(r#"{"eventId":"4""#).unwrap();
    let rest = GOOD[place..]
        .replace(r#"{"eventId":"5""#, r#"{"eventId":"6""#)
        .replace(r#"{"eventId":"4""#, r#"{"eventId":"5""#);
    let rest = rest.replace(r#"workflowTaskCompletedEventId":"4"#, r#"workflowTaskCompletedEventId":"5"#);
    format!("{}{signal}\n{rest}", &GOOD[..place])
}

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }
    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn resurgam() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_resurgam"));
    command.stdin(Stdio::null());
    command
}

fn check(paths: &[&Path]) -> Output {
    resurgam().arg("check").args(paths).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs the check in at most `kilobytes` of address space: exit code 2, one line that says `expected`.
fn refused_within(path: &Path, kilobytes: u32, options: &str, expected: &str) {
    let script = format!("ulimit -v {kilobytes}; exec \"$0\" check {options} \"$1\"");
    let output = Command::new("sh").args(["-c", &script, env!("CARGO_BIN_EXE_resurgam")]).arg(path).output().unwrap();
    let line = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{line}");
    assert!(line.contains(expected), "{line:?} does not say {expected:?}");
    assert!(line.ends_with('\n') && line.lines().count() == 1 && line.len() < 310, "{line:?}");
    assert!(line.contains(&*path.file_name().unwrap().to_string_lossy()), "{line:?} does not name the file");
    assert!(output.stdout.is_empty());
}

#[test]
fn a_good_history_is_ok() {
    let folder = Folder::new();
    let path = folder.file("good.json", GOOD);
    let output = check(&[&path]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{shown}");
    assert!(shown.starts_with(&format!("{}: ok (", path.display())) && shown.contains("held"), "{shown}");
    assert!(output.stderr.is_empty());
}

#[test]
fn a_bad_history_names_rule_run_and_events() {
    let folder = Folder::new();
    let output = check(&[&folder.file("bad.json", bad())]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}");
    assert!(shown.contains("bad.json: violated H8-buffering: w/r events 3, 4: WorkflowExecutionSignaled"), "{shown}");
    assert!(shown.lines().last().unwrap().contains("bad.json: violated (1 rule violated"), "{shown}");
}

#[test]
fn an_unreadable_file_wins_and_the_others_are_judged() {
    let folder = Folder::new();
    let (good, bad) = (folder.file("good.json", GOOD), folder.file("bad.json", bad()));
    let missing = folder.0.path().join("missing.json");
    let output = check(&[&missing, &bad, &good]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("missing.json: No such file") && text(&output.stderr).lines().count() == 1);
    let shown = text(&output.stdout);
    assert!(shown.contains("violated H8-buffering") && shown.contains("good.json: ok"), "{shown}");
    assert_eq!(check(&[&good, &bad]).status.code(), Some(1));
    assert_eq!(check(&[]).status.code(), Some(2), "no file is wrong usage");
}

/// A recording of a case in which nothing happened, as its header and its end.
const IDLE: [&str; 2] = [
    r#"{"at":0,"type":"header","version":1,"target":"temporal","target_version":"1.31.2","prefix":"p","plan":{"version":1,"seed":7,"programs":[],"operations":[],"workers":{"count":1,"cache":0,"full_replay":false},"worker_faults":[],"knobs":{"task_timeout_ms":1000,"sticky_timeout_ms":500}}}"#,
    r#"{"at":9,"type":"end","quiescent":true,"deadline":20}"#,
];

#[test]
fn what_held_says_nothing_of_a_file_that_could_not_be_decided() {
    let folder = Folder::new();
    let (good, bad) = (folder.file("good.json", GOOD), folder.file("bad.json", bad()));
    // Nobody knows what its case came to.
    let cut = folder.file("cut.jsonl", format!("{}\n", IDLE[0]));
    let code = |paths: &[&Path]| {
        let output = check(paths);
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    for paths in [&[&*cut][..], &[&good, &cut], &[&cut, &good]] {
        let (code, shown) = code(paths);
        assert_eq!(code, Some(3), "{shown}");
    }
    assert_eq!(code(&[&good, &cut, &bad]).0, Some(1));
    let strict = resurgam().args(["check", "--strict"]).args([&good, &cut]).output().unwrap();
    assert_eq!(strict.status.code(), Some(1));
    // What has nothing in it is no evidence.
    let (code, shown) = code(&[&good, &folder.file("nothing.json", r#"{"events":[]}"#)]);
    assert!(code == Some(2) && shown.contains("nothing.json: holds no events"), "{shown}");
}

#[test]
fn standard_input_and_json() {
    let mut child = resurgam();
    child.args(["check", "--json", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = child.spawn().unwrap();
    child.stdin.take().unwrap().write_all(bad().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let verdict: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&verdict["subject"], &verdict["version"]), (&"standard input".into(), &1.into()));
    let rules = verdict["rules"].as_array().unwrap();
    let violated: Vec<_> = rules.iter().filter(|rule| rule["outcome"] == "violated").collect();
    assert_eq!(violated.len(), 1);
    assert_eq!(violated[0]["findings"][0]["events"], serde_json::json!([3, 4]));
}

#[test]
fn a_directory_stands_for_its_recordings() {
    let folder = Folder::new();
    let [header, end] = IDLE;
    let list: serde_json::Value = serde_json::from_str(&bad()).unwrap();
    let read = serde_json::json!({"at": 5, "type": "history", "workflow_id": "w", "run_id": "r", "final": true, "from": 4, "events": list["events"]});
    folder.file("run/cases/1/recording.jsonl", format!("{header}\n{end}\n"));
    folder.file("run/cases/2/recording.jsonl", format!("{header}\n{read}\n{end}\n"));
    folder.file("run/cases/2/plan.json", "not looked at");
    let output = check(&[&folder.0.path().join("run")]);
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{shown}{}", text(&output.stderr));
    let last: Vec<_> = shown.lines().filter(|line| line.contains("not applicable)")).collect();
    assert_eq!(last.len(), 2, "{shown}");
    assert!(
        last[0].contains("cases/1/recording.jsonl") && last[1].contains("cases/2/recording.jsonl: violated"),
        "{shown}"
    );
    let empty = folder.0.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let output = check(&[&empty]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("a directory without recordings"));
}

#[test]
fn hostile_files_get_one_line_within_little_memory() {
    let folder = Folder::new();
    let table: [(&str, Vec<u8>, &str); 9] = [
        ("empty", vec![], "is empty"),
        ("truncated", GOOD[..GOOD.len() / 2].into(), "line 4 column"),
        ("deep", "[".repeat(5 << 20).into(), "nested too deeply"),
        ("deep-event", format!("[{{\"a\":{}", "{\"a\":".repeat(1 << 20)).into(), "nested too deeply"),
        ("number", GOOD.replace("\"eventId\":\"3\"", "\"eventId\":1e999").into(), "number out of range"),
        ("digits", format!("[{{\"eventId\":{}}}]", "9".repeat(5 << 20)).into(), "line 1"),
        ("utf8", b"{\"events\":[\n\xc3\x28]}".into(), "line 2 column 1: not UTF-8"),
        ("key", format!("{{\"{}\":1}}", "k\\u001b".repeat(1 << 20)).into(), "is neither a recording nor a history"),
        ("wide", format!("[{{\"eventId\":1,\"x\":[{}0]}}]", "0,".repeat(20 << 20)).into(), "too many values"),
    ];
    for (name, bytes, expected) in table {
        refused_within(&folder.file(name, bytes), 700_000, "", expected);
    }
    refused_within(Path::new("/dev/zero"), 400_000, "", "is larger than the limit");
}

#[test]
fn a_gzip_bomb_is_refused() {
    let folder = Folder::new();
    let path = folder.0.path().join("bomb");
    let mut zeros = Command::new("sh");
    zeros.args(["-c", "head -c 300000000 /dev/zero | tr '\\0' ' ' | gzip -1 > \"$0\""]).arg(&path);
    assert!(zeros.status().unwrap().success());
    refused_within(&path, 400_000, "", "is larger than the limit of 67108864 bytes after decompression");
    // The code of the program takes 100 MB of that, unoptimised.
    refused_within(&path, 150_000, "--max-bytes 1000000", "limit of 1000000 bytes after decompression");
    let cut = folder.file("cut.gz", &fs::read(&path).unwrap()[..1000]);
    refused_within(&cut, 400_000, "", "gzip data is damaged or cut short");
}

#[test]
fn a_file_of_100_megabytes_is_refused_within_bounds() {
    let folder = Folder::new();
    let path = folder.0.path().join("huge.json");
    let mut file = File::create(&path).unwrap();
    let event = GOOD.lines().nth(3).unwrap();
    file.write_all(b"[").unwrap();
    for _ in 0..20_000 {
        file.write_all(event.as_bytes()).unwrap();
    }
    // The rest is a hole: zeros that take no disk.
    file.seek(SeekFrom::Start(100 << 20)).unwrap();
    file.write_all(b"]").unwrap();
    drop(file);
    refused_within(&path, 400_000, "", "is larger than the limit of 67108864 bytes");
    refused_within(&path, 700_000, "--max-bytes 200000000", "line 1 column");
}

#[test]
fn rules_are_explained_and_misspelt_ones_get_suggestions() {
    let output = resurgam().args(["rules"]).output().unwrap();
    assert!(output.status.success() && text(&output.stdout).contains("\n  H8-buffering "));
    let output = resurgam().args(["rules", "h8"]).output().unwrap();
    let shown = text(&output.stdout);
    for part in ["H8-buffering: ", "Source: ", "Violates it:", "Is allowed:", "4 WorkflowExecutionSignaled"] {
        assert!(shown.contains(part), "{shown}");
    }
    let output = resurgam().args(["rules", "bufering"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let line = text(&output.stderr);
    assert!(line.lines().count() == 1 && line.contains("nearest: H8-buffering"), "{line}");
}

/// What a check of these files prints with these options, and its exit code.
fn printed(options: &[&str], paths: &[&Path]) -> (Option<i32>, String) {
    let output = resurgam().arg("check").args(options).args(paths).output().unwrap();
    (output.status.code(), text(&output.stdout))
}

#[test]
fn what_was_judged_is_explained_and_shown_in_every_format() {
    let folder = Folder::new();
    let (good, bad) = (folder.file("good.json", GOOD), folder.file("bad.json", bad()));
    let (code, shown) = printed(&["--explain"], &[&bad]);
    assert_eq!(code, Some(1), "{shown}");
    for expected in
        ["run w/r: events 1 to 6, WorkflowExecutionCompleted", "    >     4 WorkflowExecutionSignaled", "why: "]
    {
        assert!(shown.contains(expected), "{expected:?} is missing in\n{shown}");
    }
    let (code, xml) = printed(&["--format", "junit"], &[&good, &bad]);
    assert!(code == Some(1) && xml.contains("<testsuite name=") && xml.contains("type=\"violated\""), "{xml}");
    let (code, page) = printed(&["--format", "html"], &[&good, &bad]);
    assert!(code == Some(1) && page.starts_with("<!doctype html>") && page.contains("H8-buffering"), "{page}");
    let (code, lines) = printed(&["--format", "json"], &[&good, &bad]);
    assert!(code == Some(1) && lines.lines().all(|line| line.starts_with("{\"version\":1,")), "{lines}");
    let (_, shown) = printed(&[], &[&good, &bad, &good]);
    assert!(shown.ends_with("total: violated H8-buffering: in 1 of 3\ntotal: 3 judged: 2 ok, 1 violated\n"), "{shown}");
}

#[test]
fn a_directory_of_histories_and_an_archive_are_looked_into() {
    let folder = Folder::new();
    folder.file("all/deep/good.json", GOOD);
    folder.file("all/bad.json", bad());
    folder.file("all/.hidden/bad.json", bad());
    folder.file("all/readme.md", "not looked at");
    let all = folder.0.path().join("all");
    let (code, shown) = printed(&[], &[&all]);
    assert!(code == Some(1) && shown.ends_with("total: 2 judged: 1 ok, 1 violated\n"), "{shown}");
}

#[test]
fn a_chain_in_two_files_is_judged_together_when_asked() {
    let folder = Folder::new();
    let first = folder.file(
        "1.json",
        GOOD.replace(
            r#""workflowTaskCompletedEventId":"4"}"#,
            r#""workflowTaskCompletedEventId":"4","newExecutionRunId":"s"}"#,
        ),
    );
    let next = GOOD
        .replace(r#""originalExecutionRunId":"r","#, r#""originalExecutionRunId":"s","continuedExecutionRunId":"r","#);
    let second = folder.file("2.json", next);
    let lines = |options: &[&str]| printed(options, &[&first, &second]).1;
    let apart = lines(&[]);
    assert!(apart.contains("1.json: ok") && apart.contains("2.json: ok"), "{apart}");
    let together = lines(&["--together"]);
    assert!(together.contains("1.json + ") && together.contains("2.json: ok"), "{together}");
}

#[test]
fn operations_on_objects_are_judged_by_their_model() {
    let folder = Folder::new();
    let line = |text: &str| format!("INFO  jepsen.util - {text}\n");
    let history = |read: &str| {
        ["0 :invoke :write 1", "0 :ok :write 1", "1 :invoke :read nil"].map(line).concat()
            + &line(&format!("1 :ok :read {read}"))
    };
    let (good, bad) = (folder.file("good.log", history("1")), folder.file("bad.log", history("2")));
    let model = ["--model", "register"];
    assert_eq!(printed(&model, &[&good]).0, Some(0));
    let (code, shown) = printed(&model, &[&bad]);
    assert!(
        code == Some(1) && shown.contains("violated linearizable-register: ") && shown.contains("read → 2"),
        "{shown}"
    );
    let (code, page) = printed(&["--model", "register", "--format", "html"], &[&bad]);
    assert!(code == Some(1) && page.contains("<svg") && page.contains("stuck: read → 2"), "{page}");
    let output = resurgam().args(["check", "--model", "mutex"]).arg(&good).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("is no history of a mutex: event 1: a mutex has no :write"), "{output:?}");
    let first = folder.file("first.log", ["0 :invoke :read nil", "0 :ok :read 7"].map(line).concat());
    assert_eq!(printed(&["--model", "register", "--initial", "7"], &[&first]).0, Some(0));
    assert_eq!(printed(&model, &[&first]).0, Some(1));
}
