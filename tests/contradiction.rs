//! A case in which the suite contradicts itself is a bug of the suite, and its recording is all that says why: it is kept,
//! whatever is to be kept, every output says so, and nobody calls it held.
//!
//! Whoever serves histories that no worker of ours can follow brings that about: here a node that hands out a workflow task
//! whose history has no start.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_campaign::summary::{Conclusion, Summary};
use resurgam_formats::plan::Family;
use resurgam_formats::target::Choice;
use resurgam_harness::order::Order;
use resurgam_harness::run::Keep;
use resurgam_harness::{Stop, Subject};
use resurgam_node::prelude::*;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use temporal::common::v1::WorkflowExecution;
use temporal::enums::v1::EventType;
use temporal::history::v1::history_event::Attributes;
use temporal::history::v1::{History, HistoryEvent, WorkflowTaskScheduledEventAttributes};
use tonic::{Request, Response, Status};

const SEED: u64 = 7;
/// What the worker says of such a task.
const WHY: &str = "event 1: the history does not begin with the start";

struct Confusing;

#[async_trait]
impl Orchestrator for Confusing {
    fn name(&self) -> &str {
        "confusing"
    }

    async fn serve(&self, node: NodeContext) -> Result<(), Failure> {
        let connections = node.environment.listen(&NodeContext::frontend_address()).await?;
        let service = WorkflowServiceServer::new(Service(AtomicBool::new(false)));
        tonic::transport::Server::builder().add_service(service).serve_with_incoming(connections).await?;
        Ok(())
    }
}

/// It has handed out its task.
struct Service(AtomicBool);

#[async_trait]
impl WorkflowService for Service {
    async fn register_namespace(
        &self,
        _: Request<api::RegisterNamespaceRequest>,
    ) -> Result<Response<api::RegisterNamespaceResponse>, Status> {
        Ok(Response::new(Default::default()))
    }

    async fn describe_namespace(
        &self,
        _: Request<api::DescribeNamespaceRequest>,
    ) -> Result<Response<api::DescribeNamespaceResponse>, Status> {
        Ok(Response::new(Default::default()))
    }

    async fn poll_workflow_task_queue(
        &self,
        _: Request<api::PollWorkflowTaskQueueRequest>,
    ) -> Result<Response<api::PollWorkflowTaskQueueResponse>, Status> {
        if self.0.swap(true, Ordering::SeqCst) {
            return std::future::pending().await;
        }
        let scheduled = WorkflowTaskScheduledEventAttributes::default();
        let event = HistoryEvent {
            event_id: 1,
            event_type: EventType::WorkflowTaskScheduled.into(),
            attributes: Some(Attributes::WorkflowTaskScheduledEventAttributes(scheduled)),
            ..HistoryEvent::default()
        };
        Ok(Response::new(api::PollWorkflowTaskQueueResponse {
            task_token: b"t".to_vec(),
            workflow_execution: Some(WorkflowExecution { workflow_id: "w".into(), run_id: "r".into() }),
            history: Some(History { events: vec![event] }),
            ..Default::default()
        }))
    }
}

/// Runs one case of it, as `resurgam run` does.
fn run(out: &Path, keep: Keep, strict: bool) -> Summary {
    let order = Order {
        choice: Choice::Simulation { faults: Vec::<Family>::new(), large: false, bug: None },
        scenario: None,
        seed: SEED,
        cases: Some(1),
        limit: None,
        campaign: false,
        strict,
        jobs: Some(1),
        keep,
        shrink: Duration::ZERO,
        out: Some(out.to_owned()),
        started: None,
    };
    let program = Path::new(env!("CARGO_BIN_EXE_resurgam"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ran = runtime.block_on(order.carry_out(program, |_| Some(Subject::from(Confusing)), &Stop::default(), |_| ()));
    ran.unwrap().0
}

fn resurgam(arguments: &[&str], path: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_resurgam"));
    command.args(arguments).arg(path).stdin(Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

#[test]
fn a_case_in_which_the_suite_contradicts_itself_keeps_its_recording_and_every_output_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (out, says) =
        (folder.path().join("run"), |text: &str| text.contains("the suite contradicts itself") && text.contains(WHY));
    let summary = run(&out, Keep::None, false);
    assert_eq!(summary.conclusion, Conclusion::Inconclusive);
    let case = out.join("cases").join(SEED.to_string());
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    let recording = read(&case.join("recording.jsonl"));
    let end: serde_json::Value = serde_json::from_str(recording.lines().last().unwrap()).unwrap();
    assert!(recording.contains("\"type\":\"task\"") && end["suite"] == format!("w/r: {WHY}"), "{end}");
    assert!(case.join("plan.json").is_file() && !case.join("verdict.json").exists());
    let told = read(&case.join("case.json"));
    assert!(says(&told) && told.contains("what was recorded violates"), "{told}");
    for output in ["summary.json", "report.html", "junit.xml", "results.jsonl"] {
        assert!(says(&read(&out.join(output))), "{output} does not say it");
        // `report` makes all but the last of them again.
        if output != "results.jsonl" {
            fs::remove_file(out.join(output)).unwrap();
        }
    }
    let report = resurgam(&["report"], &out);
    assert_eq!(report.status.code(), Some(3), "{}", said(&report));
    assert!(says(&said(&report)) && said(&report).contains("1 case could not be judged"), "{}", said(&report));
    assert!(says(&read(&out.join("junit.xml"))));
    // Whoever asks for what was recorded is told of both: what rules have to say of it, and that nothing can be concluded from its end.
    for command in ["show", "check"] {
        let shown = said(&resurgam(&[command], &case));
        assert!(shown.contains("V1-quiescence: a bug of the suite") && shown.contains(WHY), "{command}: {shown}");
    }
}

#[test]
fn with_strict_it_counts_as_violated() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("run");
    assert_eq!(run(&out, Keep::Failing, true).conclusion, Conclusion::Violated);
    assert_eq!(resurgam(&["report"], &out).status.code(), Some(1));
}
