//! Whatever ends a run, what it found is written, and every output says how it ended. All of it through the program itself.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// A bug that one of the first cases from seed 16 shows.
const BUG: [&str; 2] = ["--bug", "reply_before_commit"];

fn resurgam(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_resurgam"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

/// The same, with signals as a terminal has them: whoever started the tests may ignore some, as `nohup` does, and that would be
/// inherited.
fn attentive(folder: &Path, arguments: &[&str]) -> Command {
    if cfg!(not(target_os = "linux")) {
        return resurgam(folder, arguments);
    }
    let mut command = Command::new("env");
    command.args(["--default-signal=HUP,INT,TERM", env!("CARGO_BIN_EXE_resurgam")]).args(arguments);
    command.current_dir(folder).stdin(Stdio::null()).stderr(Stdio::piped());
    command
}

fn output(folder: &Path, arguments: &[&str]) -> Output {
    resurgam(folder, arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}

/// All outputs of a run are there and say its state; returns the summary.
fn outputs(run: &Path, state: &str) -> serde_json::Value {
    let summary: serde_json::Value = serde_json::from_str(&read(run.join("summary.json"))).unwrap();
    assert_eq!(summary["state"], state);
    assert!(read(run.join("junit.xml")).contains(&format!("name=\"state\" value=\"{state}\"")));
    assert!(read(run.join("report.html")).contains(&format!("<dt>State</dt><dd>{state}</dd>")));
    assert!(read(run.join("times.json")).contains("wall_seconds"));
    assert!(!run.join(".reserve").exists(), "the reserve is not given back");
    summary
}

/// Starts a long run and waits until a case of it has ended.
fn long_run(folder: &Path, stdout: Stdio) -> Child {
    let arguments = ["run", "--seed", "1", "--cases", "100000", "--jobs", "1", "--out", "run"];
    let mut child = attentive(folder, &arguments).stdout(stdout).spawn().unwrap();
    let results = folder.join("run/results.jsonl");
    let lines = || File::open(&results).map_or(0, |file| BufReader::new(file).lines().count());
    while lines() < 2 {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    child
}

fn send(signal: &str, child: &Child) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {}", child.id())]).status().unwrap();
    assert!(sent.success());
}

#[test]
fn every_signal_ends_a_run_with_its_outputs() {
    for signal in ["INT", "TERM", "HUP"] {
        let folder = folder();
        let child = long_run(folder.path(), Stdio::piped());
        send(signal, &child);
        let ended = child.wait_with_output().unwrap();
        let shown = text(&ended.stdout);
        assert_eq!(ended.status.code(), Some(3), "{signal}: {shown}{}", text(&ended.stderr));
        assert!(shown.contains(&format!("interrupted by SIG{signal}")), "{shown}");
        let summary = outputs(&folder.path().join("run"), "interrupted");
        assert!(!summary["cases"].as_array().unwrap().is_empty());
        assert_eq!(summary["conclusion"], "inconclusive");
    }
}

/// `timeout` sends its signal to the process and to its group.
#[test]
fn the_same_signal_twice_at_once_is_one_wish() {
    let folder = folder();
    let child = long_run(folder.path(), Stdio::null());
    let twice = format!("kill -TERM {0}; kill -TERM {0}", child.id());
    assert!(Command::new("sh").args(["-c", &twice]).status().unwrap().success());
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(3));
    outputs(&folder.path().join("run"), "interrupted");
}

#[test]
fn bugs_that_were_found_are_kept_when_the_hunt_is_stopped() {
    let folder = folder();
    let arguments =
        ["bugs", "timeout_is_success", "fence_missing", "timeout_is_failure", "--table", "table", "--out", "w"];
    let mut child = resurgam(folder.path(), &arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    send("INT", &child);
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert_eq!(child.wait().unwrap().code(), Some(3), "{first} {rest:?}");
    assert!(rest.iter().any(|line| line.starts_with("stopped by SIGINT")), "{rest:?}");
    let name = first.split_whitespace().nth(1).unwrap();
    assert!(read(folder.path().join("table")).contains(&format!("| {name} |")));
    assert!(folder.path().join(format!("w/{name}.json")).is_file());
}

#[test]
fn a_replay_that_is_stopped_has_said_what_it_found() {
    let folder = folder();
    let arguments = ["replay", "--seed", "10", BUG[0], BUG[1], "--times", "1000000", "--out", "case"];
    let mut child = resurgam(folder.path(), &arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // If the plan of this seed does not show the bug any more, another one has to be taken.
    let is_last = |line: &str| line.starts_with("10: violated (") || line.starts_with("10: ok");
    let said: Vec<String> = lines.by_ref().map(Result::unwrap).take_while(|line| !is_last(line)).collect();
    send("INT", &child);
    assert_eq!(lines.count(), 0);
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(3), "{said:?}");
    assert!(text(&ended.stderr).contains("stopped by SIGINT before execution "), "{}", text(&ended.stderr));
    assert!(said.iter().any(|line| line.starts_with("10: violated ")), "{said:?}");
    for file in ["case.json", "plan.json", "recording.jsonl", "verdict.json"] {
        assert!(folder.path().join("case").join(file).is_file(), "{file} is missing");
    }
}

#[test]
fn a_report_that_is_stopped_leaves_every_output_whole() {
    let folder = folder();
    let run = folder.path().join("run");
    let arguments = ["run", "--seed", "1", "--cases", "20", "--keep", "all", "--out", "run"];
    assert_eq!(output(folder.path(), &arguments).status.code(), Some(0));
    // The signal comes at one time or another: when it has not yet begun, while it reads, while it writes, or too late.
    for wait in (0..12).map(|step| step * 10) {
        let child = resurgam(folder.path(), &["report", "run"]).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(wait));
        send("INT", &child);
        let ended = child.wait_with_output().unwrap();
        assert!(matches!(ended.status.code(), None | Some(0 | 3)), "{:?} {}", ended.status, text(&ended.stderr));
        outputs(&run, "complete");
        let left: Vec<_> = fs::read_dir(&run).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert!(!left.iter().any(|name| name.to_string_lossy().ends_with(".new")), "{left:?}");
    }
}

#[test]
fn nohup_is_respected() {
    let folder = folder();
    let mut command = Command::new("sh");
    let line = "trap '' HUP; exec \"$0\" run --seed 1 --cases 3 --jobs 1 --out run";
    command.args(["-c", line, env!("CARGO_BIN_EXE_resurgam")]).current_dir(folder.path()).stdout(Stdio::piped());
    let child = command.spawn().unwrap();
    let results = folder.path().join("run/results.jsonl");
    while fs::metadata(&results).map_or(0, |file| file.len()) == 0 {
        std::thread::yield_now();
    }
    send("HUP", &child);
    assert_eq!(child.wait_with_output().unwrap().status.code(), Some(0));
    outputs(&folder.path().join("run"), "complete");
}

#[test]
fn a_killed_run_has_lost_nothing_that_had_ended() {
    let folder = folder();
    let mut child = long_run(folder.path(), Stdio::null());
    send("KILL", &child);
    child.wait().unwrap();
    let run = folder.path().join("run");
    assert!(!run.join("report.html").exists(), "nothing could be written");
    let report = output(folder.path(), &["report", "run"]);
    assert_eq!(report.status.code(), Some(3), "{}", text(&report.stdout));
    let summary = outputs(&run, "unfinished");
    assert!(!summary["cases"].as_array().unwrap().is_empty());
}

#[test]
fn a_violation_is_told_to_a_closed_and_to_a_full_standard_output() {
    for line in ["| head -1 >head; exit ${PIPESTATUS[0]}", "> /dev/full", ">&-"] {
        let folder = folder();
        let script = format!("\"$0\" run --seed 16 --cases 3 --shrink 0 --out run {} {line}", BUG.join(" "));
        let status = Command::new("bash")
            .args(["-c", &script, env!("CARGO_BIN_EXE_resurgam")])
            .current_dir(folder.path())
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert_eq!(status.code(), Some(1), "{line}");
        assert_eq!(outputs(&folder.path().join("run"), "complete")["conclusion"], "violated");
    }
}

#[test]
fn a_full_standard_output_is_a_failure_of_the_machine_and_a_closed_one_is_not() {
    let folder = folder();
    for (line, code) in [("> /dev/full", 4), ("| true; exit ${PIPESTATUS[0]}", 0)] {
        let script = format!("\"$0\" rules {line}");
        let mut command = Command::new("bash");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_resurgam")]).current_dir(folder.path());
        assert_eq!(command.stderr(Stdio::null()).status().unwrap().code(), Some(code), "{line}");
    }
}

/// A small disk, taken away at the end.
struct Disk(PathBuf);

impl Disk {
    fn new(at: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"]).arg(at).output();
        mount.is_ok_and(|mount| mount.status.success()).then(|| Self(at.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).output();
    }
}

#[test]
fn a_disk_that_fills_up_leaves_a_report() {
    let folder = folder();
    let Some(disk) = Disk::new(&folder.path().join("disk"), "6m") else {
        use std::io::Write as _;
        let _ =
            writeln!(std::io::stderr(), "skipped a_disk_that_fills_up_leaves_a_report: no disk can be mounted here");
        return;
    };
    let run = disk.0.join("run");
    let arguments = ["run", "--seed", "1", "--cases", "2000", "--keep", "all", "--out", run.to_str().unwrap()];
    let ended = output(folder.path(), &arguments);
    assert_eq!(ended.status.code(), Some(4), "{}{}", text(&ended.stdout), text(&ended.stderr));
    assert!(text(&ended.stdout).contains("machine failed: "), "{}", text(&ended.stdout));
    let summary = outputs(&run, "machine failed");
    assert!(!summary["cases"].as_array().unwrap().is_empty());
    // What was appended can be read, too.
    assert_eq!(output(folder.path(), &["report", run.to_str().unwrap()]).status.code(), Some(4));
}

#[test]
fn a_target_that_dies_ends_the_run_and_is_said_to_have() {
    let folder = folder();
    let mut child =
        resurgam(folder.path(), &["run", "--world", "process", "--seed", "1", "--cases", "5000", "--out", "run"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
    let results = folder.path().join("run/results.jsonl");
    while fs::metadata(&results).map_or(0, |file| file.len()) == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    let servers = Command::new("sh").args(["-c", &format!("kill -KILL $(ps -o pid= --ppid {})", child.id())]).status();
    assert!(servers.unwrap().success());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(4), "{}{}", text(&ended.stdout), text(&ended.stderr));
    assert!(text(&ended.stderr).contains("target lost: the server ended"), "{}", text(&ended.stderr));
    outputs(&folder.path().join("run"), "target lost");
}

#[test]
fn a_target_that_is_not_there_is_the_machine_and_leaves_no_directory() {
    let folder = folder();
    let ended = output(folder.path(), &["run", "--address", "127.0.0.1:1", "--cases", "1", "--out", "run"]);
    assert_eq!(ended.status.code(), Some(4), "{}", text(&ended.stderr));
    assert!(!folder.path().join("run").exists());
    let ended = output(folder.path(), &["run", "--address", "nowhere", "--cases", "1"]);
    assert_eq!(ended.status.code(), Some(2), "{}", text(&ended.stderr));
}

#[test]
fn runs_are_never_mixed() {
    let folder = folder();
    let at = folder.path();
    let once = ["run", "--seed", "1", "--cases", "1", "--out", "mine/run"];
    fs::create_dir(at.join("mine")).unwrap();
    fs::write(at.join("mine/latest"), "mine").unwrap();
    assert_eq!(output(at, &once).status.code(), Some(0));
    assert_eq!(read(at.join("mine/latest")), "mine");
    let before = read(at.join("mine/run/results.jsonl"));
    let again = output(at, &once);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(&again.stderr).contains("mine/run: is not empty"), "{}", text(&again.stderr));
    assert_eq!(read(at.join("mine/run/results.jsonl")), before);
    for name in ["1-builtin", "1-builtin-2"] {
        assert_eq!(output(at, &["run", "--seed", "1", "--cases", "1"]).status.code(), Some(0));
        assert_eq!(fs::read_link(at.join("resurgam-runs/latest")).unwrap(), Path::new(name));
    }
}

#[test]
fn two_runs_of_one_seed_have_the_same_summary_and_so_has_a_report_made_again() {
    let folder = folder();
    let run = |out: &str, jobs: &str| {
        let arguments = ["run", "--seed", "10", "--cases", "8", "--shrink", "0", "--jobs", jobs, "--out", out];
        assert_eq!(output(folder.path(), &[&arguments[..], &BUG].concat()).status.code(), Some(1));
        read(folder.path().join(out).join("summary.json"))
    };
    let (one, two) = (run("one", "1"), run("two", "4"));
    assert!(one == two, "they differ");
    let at = folder.path().join("two");
    let names = ["summary.json", "times.json", "junit.xml", "report.html"];
    let before = names.map(|name| read(at.join(name)));
    names.iter().for_each(|name| fs::remove_file(at.join(name)).unwrap());
    assert_eq!(output(folder.path(), &["report", "two"]).status.code(), Some(1));
    let after = names.map(|name| read(at.join(name)));
    for (name, (before, after)) in names.iter().zip(before.iter().zip(&after)) {
        assert!(before == after, "{name} differs when it is made again");
    }
}
