//! A container does not outlive who started it, whether that one panics or is killed.

#![cfg(feature = "containers")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use resurgam_harness::real;
use resurgam_real::{Node, Profile};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Set for the process that is to be killed.
const VICTIM: &str = "RESURGAM_REAL_VICTIM";

/// The containers of a process.
fn of(pid: u32) -> Vec<String> {
    let format = "{{.ID}} {{.Label \"dev.resurgam.owner\"}}";
    let listed = Command::new("docker").args(["ps", "--all", "--format", format]).output().unwrap();
    assert!(listed.status.success());
    let text = String::from_utf8(listed.stdout).unwrap();
    let own = |line: &&str| line.split_once(' ').is_some_and(|(_, owner)| owner.starts_with(&format!("{pid}-")));
    text.lines().filter(own).map(str::to_owned).collect()
}

fn gone(pid: u32) {
    let begun = Instant::now();
    while !of(pid).is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "a container is left: {:?}", of(pid));
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_takes_the_container_away() {
    if !real::cassandra_wanted("containers after a panic") {
        return;
    }
    let before = of(std::process::id()).len();
    let panicked = tokio::spawn(async move {
        let node = Node::start(Profile::Stock).await.unwrap();
        assert_eq!(of(std::process::id()).len(), before + 1, "this test looks at nothing");
        panic!("with {}", node.contact());
    });
    assert!(panicked.await.unwrap_err().is_panic());
    assert_eq!(of(std::process::id()).len(), before);
}

/// What is killed cannot say goodbye, and SIGTERM kills as well, as nothing here handles it.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_leaves_no_container() {
    if !real::cassandra_wanted("containers of a killed process") {
        return;
    }
    let victims = ["-TERM", "-KILL"].map(|signal| (signal, victim()));
    for (signal, mut victim) in victims {
        let pid = victim.id();
        let lines = BufReader::new(victim.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.into_iter().any(|line| line.contains("the victim is up")), "it ended before");
        assert_eq!(of(pid).len(), 1, "this test looks at nothing");
        assert!(Command::new("kill").args([signal, &pid.to_string()]).status().unwrap().success());
        victim.wait().unwrap();
        gone(pid);
    }
}

fn victim() -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["the_victim", "--exact", "--nocapture"])
        .env(VICTIM, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits to be killed, if it was started for that.
#[tokio::test(flavor = "multi_thread")]
async fn the_victim() {
    if std::env::var_os(VICTIM).is_none() {
        return;
    }
    let _node = Node::start(Profile::Stock).await.unwrap();
    let said = std::io::Write::write_all(&mut std::io::stdout(), b"the victim is up\n");
    said.unwrap();
    std::future::pending::<()>().await;
}
