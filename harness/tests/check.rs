//! The door as somebody else's repository uses it: a node that does not do its part is told as the node's fault, by name, and a
//! check that fails says and leaves all that it takes to repeat it.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_harness::{CaseDirectory, Check, Failed, check, outputs};
use resurgam_node::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// What is wrong with a node.
#[derive(Clone, Copy)]
enum Fault {
    /// It does not listen.
    Silent,
    /// It ends without a word.
    Ends,
    /// It gives up at its start, but only the second of the cluster.
    GivesUp,
    /// It listens, and serves nothing.
    Empty,
}

#[async_trait]
impl Orchestrator for Fault {
    fn name(&self) -> &str {
        "faulty"
    }

    async fn serve(&self, node: NodeContext) -> Result<(), Failure> {
        match self {
            Self::Silent => std::future::pending().await,
            Self::Ends => Ok(()),
            Self::GivesUp if node.number == 1 => Err("there is no disk".into()),
            Self::GivesUp | Self::Empty => {
                let connections = node.environment.listen(&NodeContext::frontend_address()).await?;
                let service = WorkflowServiceServer::new(Nothing);
                tonic::transport::Server::builder().add_service(service).serve_with_incoming(connections).await?;
                Ok(())
            }
        }
    }
}

struct Nothing;

impl WorkflowService for Nothing {}

fn calm(fault: Fault) -> Check {
    check(fault).cases(1).faults(&[])
}

/// The first case fails, and only because of its nodes.
fn failed(check: Check) -> Failed {
    let failed = check.run().failed.expect("nobody does its part");
    let rules: Vec<&str> = failed.rules.iter().map(|rule| rule.id()).collect();
    assert_eq!(rules, ["I2"], "{}", failed.report);
    failed
}

#[test]
fn a_node_that_does_not_listen_is_named() {
    for fault in [Fault::Silent, Fault::Ends] {
        let said = failed(calm(fault).nodes(1)).report;
        assert!(said.contains("violated I2-fit: node 0: is not ready after 20 s without faults"), "{said}");
        assert!(said.contains("does not answer RegisterNamespace"), "{said}");
    }
}

#[test]
fn a_node_that_gives_up_is_named_with_its_reason() {
    let said = failed(calm(Fault::GivesUp).nodes(3)).report;
    assert!(said.contains("violated I2-fit: node 1: it gave up: there is no disk"), "{said}");
}

#[test]
fn a_call_that_is_not_served_is_named() {
    let said = failed(calm(Fault::Empty).nodes(1)).report;
    assert!(said.contains("RegisterNamespace") && said.contains("Unimplemented"), "{said}");
}

/// What a check says that fails.
fn message(check: Check) -> String {
    let panicked = catch_unwind(AssertUnwindSafe(|| check.assert_ok())).expect_err("it cannot hold");
    panicked.downcast_ref::<String>().expect("a message").clone()
}

/// The rest of the line of a message that begins so.
fn line<'a>(message: &'a str, begin: &str) -> &'a str {
    let rest = message.lines().find_map(|line| line.strip_prefix(begin));
    rest.unwrap_or_else(|| panic!("no {begin:?} in {message}")).trim()
}

#[test]
fn a_failing_check_says_where_everything_is_and_how_to_repeat_it() {
    let folder = tempfile::tempdir().unwrap();
    let failing = || calm(Fault::GivesUp).nodes(3).seed(7).keep(folder.path());
    let said = message(failing());
    assert!(said.starts_with("faulty: case 7 does not hold (0 held before)\n"), "{said}");
    assert!(said.contains("7: violated I2-fit: node 1: it gave up: there is no disk"), "{said}");
    assert!(said.contains("shrunk: I2-fit, seed 7: ") && said.contains("\n    "), "{said}");
    assert_eq!(line(&said, "rule: "), "resurgam rules I2");

    // The directory is that of a run, and its outputs are those of a run.
    let kept = Path::new(line(&said, "kept in: "));
    assert_eq!(kept, folder.path().join("7"));
    assert_eq!(Path::new(line(&said, "report: ")), kept.join("report.html"));
    for file in ["results.jsonl", "report.html", "junit.xml", "summary.json", "times.json"] {
        assert!(kept.join(file).is_file(), "{file} is missing");
    }
    assert!(!kept.join(".reserve").exists());
    let summary = outputs::summarize(kept).unwrap();
    assert_eq!((summary.cases.len(), summary.state.as_str()), (1, "complete"));

    // The line that repeats it names the plan of the small case, which is a plan that does the same.
    let small = CaseDirectory::at(kept.join("cases/7")).shrunk();
    let plan = small.path().join("plan.json");
    assert_eq!(line(&said, "again: "), format!("check(...).plan({:?}).assert_ok()", plan.display().to_string()));
    let again = failed(check(Fault::GivesUp).plan(&plan));
    assert_eq!((again.seed, &again.plan), (7, &small.plan().unwrap()));
    assert!(small.case().unwrap().unwrap().shrunk.is_some());
    let page = std::fs::read_to_string(kept.join("report.html")).unwrap();
    assert!(page.contains("check(...).plan(") && !page.contains("resurgam run"), "a command for another target");

    // Nothing is overwritten.
    assert_eq!(Path::new(line(&message(failing()), "kept in: ")), folder.path().join("7-2"));
}

#[test]
#[should_panic(expected = "nowhere/plan.json")]
fn a_plan_that_is_not_there_is_said() {
    let _ = check(Fault::Silent).plan("nowhere/plan.json").run();
}
