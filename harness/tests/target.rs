//! The real server as a target: it starts, it is usable, and it always goes away.

use resurgam_api::temporal::common::v1::WorkflowType;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, PollWorkflowTaskQueueRequest, StartWorkflowExecutionRequest,
};
use resurgam_harness::real;
use resurgam_harness::target::temporal::{self, Options};
use resurgam_harness::target::{Address, Error, NAMESPACE, client, connect};
use resurgam_judge::profile::Profile;
use std::path::Path;
use std::time::{Duration, Instant};

fn queue() -> Option<TaskQueue> {
    Some(TaskQueue { name: "target-test".into(), ..Default::default() })
}

fn start(id: &str) -> StartWorkflowExecutionRequest {
    StartWorkflowExecutionRequest {
        namespace: NAMESPACE.into(),
        workflow_id: id.into(),
        workflow_type: Some(WorkflowType { name: "program".into() }),
        task_queue: queue(),
        request_id: format!("start-{id}"),
        ..Default::default()
    }
}

fn alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}/exe")).exists()
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_at_once_are_usable_and_go_away() {
    if !real::wanted("two_servers_at_once_are_usable_and_go_away") {
        return;
    }
    let options = Options::default();
    let (one, two) = tokio::join!(temporal::start(&options), temporal::start(&options));
    let (mut one, two) = (one.unwrap(), two.unwrap());
    assert_ne!(one.endpoint().uri, two.endpoint().uri);
    assert_eq!((one.endpoint().version.as_str(), one.endpoint().target.as_str()), ("1.31.2", "temporal"));

    println!("ready after {:?} and {:?}", one.ready(), two.ready());

    // The first call after readiness works, and its task arrives.
    let mut calls = client(connect(&one.endpoint().uri).await.unwrap());
    let run = calls.start_workflow_execution(start("w")).await.unwrap().into_inner().run_id;
    let poll = PollWorkflowTaskQueueRequest { namespace: NAMESPACE.into(), task_queue: queue(), ..Default::default() };
    let mut poll = tonic::Request::new(poll);
    poll.set_timeout(Duration::from_secs(30));
    let task = calls.poll_workflow_task_queue(poll).await.unwrap().into_inner();
    assert_eq!(task.workflow_execution.unwrap().run_id, run);
    assert_eq!(task.history.unwrap().events.len(), 3);

    let (pid, directory) = (one.pid(), one.directory().to_owned());
    assert!(alive(pid) && directory.join("server.log").is_file() && one.ended().is_none());
    drop(one);
    assert!(!directory.exists());
    eventually("the server outlives its target", || !alive(pid));
    assert!(alive(two.pid()), "the other server was taken down too");
    assert!(connect(&two.endpoint().uri).await.is_ok());
}

/// Where the child below writes what it started.
const REPORT: &str = "RESURGAM_TEST_REPORT";

#[tokio::test]
#[ignore = "the child of a_killed_parent_leaves_nothing"]
async fn child_that_is_killed() {
    let Ok(report) = std::env::var(REPORT) else { return };
    let server = temporal::start(&Options::default()).await.unwrap();
    let text = format!("{} {}", server.pid(), server.directory().display());
    std::fs::write(format!("{report}.new"), text).unwrap();
    std::fs::rename(format!("{report}.new"), report).unwrap();
    std::thread::sleep(Duration::from_secs(600));
}

/// SIGKILL is the one end that no handler sees; every milder one (Ctrl-C, SIGTERM, abort) closes the same pipe.
#[test]
fn a_killed_parent_leaves_nothing() {
    if !real::wanted("a_killed_parent_leaves_nothing") {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let report = directory.path().join("report");
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "child_that_is_killed"])
        .env(REPORT, &report)
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while !report.exists() && begun.elapsed() < Duration::from_secs(60) {
        assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
        std::thread::sleep(Duration::from_millis(20));
    }
    let text = std::fs::read_to_string(&report);
    let was_alive = text.as_ref().is_ok_and(|text| alive(text.split_once(' ').unwrap().0.parse().unwrap()));
    child.kill().unwrap();
    child.wait().unwrap();
    let text = text.unwrap();
    let (pid, place) = text.split_once(' ').unwrap();
    assert!(was_alive);
    eventually("the server outlives its killed parent", || !alive(pid.parse().unwrap()));
    eventually("the directory outlives the killed parent", || !Path::new(place).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_checked_prefixed_and_cleaned() {
    if !real::wanted("an_address_is_checked_prefixed_and_cleaned") {
        return;
    }
    let server = temporal::start(&Options::default()).await.unwrap();
    let place = server.endpoint().uri.strip_prefix("http://").unwrap().to_owned();
    let problem = Address::open(&place, Some("elsewhere")).await.unwrap_err();
    assert!(problem.to_string().ends_with("namespace \"elsewhere\" is not registered"), "{problem}");

    let address = Address::open(&place, None).await.unwrap();
    let other = Address::open(&place, Some(NAMESPACE)).await.unwrap();
    assert_ne!(address.prefix(), other.prefix());
    assert_eq!((address.endpoint().version.as_str(), address.endpoint().target.as_str()), ("1.31.2", "address"));
    assert_eq!(address.endpoint().profile, Profile::temporal("1.31.2"), "it says what it is");

    let mut calls = client(connect(&address.endpoint().uri).await.unwrap());
    let (ours, theirs, never) =
        (format!("{}a", address.prefix()), "theirs".to_owned(), format!("{}never-started", address.prefix()));
    for id in [&ours, &theirs] {
        calls.start_workflow_execution(start(id)).await.unwrap();
    }
    let cleaned = address.clean([ours.clone(), theirs.clone(), never]).await.unwrap();
    assert_eq!((cleaned.terminated, cleaned.left.len()), (1, 1));
    for (id, status) in [(ours, "Terminated"), (theirs, "Running")] {
        let describe = DescribeWorkflowExecutionRequest {
            namespace: NAMESPACE.into(),
            execution: Some(resurgam_api::temporal::common::v1::WorkflowExecution {
                workflow_id: id,
                ..Default::default()
            }),
        };
        let info = calls.describe_workflow_execution(describe).await.unwrap().into_inner().workflow_execution_info;
        assert_eq!(format!("{:?}", info.unwrap().status()), status);
    }
}

#[tokio::test]
async fn a_server_that_ends_at_once_shows_its_log() {
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("server");
    std::fs::write(&program, "#!/bin/sh\necho no such store; exit 3\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&program, mode).unwrap();
    let options =
        Options { program: Some(program), directory: Some(directory.path().to_owned()), ..Options::default() };
    let problem = temporal::start(&options).await.unwrap_err();
    let Error::Failed { how, log } = &problem else { panic!("{problem}") };
    assert_eq!((how.as_str(), log.as_str()), ("ended at once (exit status: 3)", "no such store"));
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "its directory is left");
}

#[tokio::test]
async fn a_missing_server_says_what_to_do() {
    let options = Options { program: Some("/nowhere/server".into()), ..Options::default() };
    let problem = temporal::start(&options).await.unwrap_err().to_string();
    assert!(problem.contains("/nowhere/server") && problem.contains("resurgam setup temporal"), "{problem}");
}
