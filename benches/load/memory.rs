//! The server's memory at rest, at a peak, and after it.

use crate::calls::{Caller, Problem, id};
use crate::server::{Which, cpu, resident};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::query::v1::WorkflowQuery;
use resurgam_api::temporal::workflowservice::v1::QueryWorkflowRequest;
use resurgam_harness::target::{NAMESPACE, Started};
use std::time::Duration;
use tokio::task::JoinSet;
use tonic::Request;

/// Where nobody works.
const QUEUE: &str = "nobody";

/// What is asked of the server.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Queries at a time that no worker takes.
    #[arg(long, default_value_t = 60)]
    queries: usize,
    /// Megabytes of the history of the workflow that they ask.
    #[arg(long, default_value_t = 20)]
    megabytes: usize,
    /// Workflows with 64 KB of input each that are started and terminated at once.
    #[arg(long, default_value_t = 2_000)]
    workflows: usize,
    /// Only this server.
    #[arg(long, value_enum)]
    only: Option<Which>,
}

/// Measures, and prints a line for each server and moment.
pub(crate) async fn measure(options: &Options) -> Result<(), Problem> {
    println!("resident memory of the server, in MB");
    for which in [Which::Builtin, Which::Temporal] {
        if options.only.is_some_and(|only| only != which) {
            continue;
        }
        let server = which.start().await?;
        let caller = Caller::connect(&server).await?;
        let say = |moment: &str, bytes: u64| println!("{which:<9} {moment:<60} {:>6}", bytes >> 20);
        say("started", resident(&server)?);
        caller.start("large", QUEUE, 0).await?;
        // A megabyte at a time, below the limit of a payload.
        for _ in 0..options.megabytes {
            caller.signal("large", 1 << 20).await?;
        }
        say(&format!("with a history of {} MB", options.megabytes), resident(&server)?);
        let before = cpu(&server)?;
        let peak = queries(&server, options.queries).await?;
        let each = (cpu(&server)? - before).as_secs_f64() * 1000.0 / options.queries as f64;
        say(&format!("at most, with {} queries of it ({each:.1} ms of CPU each)", options.queries), peak);
        tokio::time::sleep(Duration::from_secs(10)).await;
        say("10 s after the queries", resident(&server)?);
        let peak = starts(&server, &caller, options.workflows).await?;
        say(&format!("at most, with {} workflows of 64 KB at once", options.workflows), peak);
        tokio::time::sleep(Duration::from_secs(10)).await;
        say("10 s after they were terminated (they are kept)", resident(&server)?);
    }
    Ok(())
}

/// So many queries at once that no worker takes; the most memory that was seen meanwhile.
async fn queries(server: &Started, count: usize) -> Result<u64, Problem> {
    let mut waiting = JoinSet::new();
    for _ in 0..count {
        let caller = Caller::connect(server).await?;
        waiting.spawn(async move {
            let execution = WorkflowExecution { workflow_id: "large".to_owned(), run_id: String::new() };
            let mut request = Request::new(QueryWorkflowRequest {
                namespace: NAMESPACE.to_owned(),
                execution: Some(execution),
                query: Some(WorkflowQuery { query_type: "state".to_owned(), ..WorkflowQuery::default() }),
                ..QueryWorkflowRequest::default()
            });
            request.set_timeout(Duration::from_secs(5));
            // That nobody answers is what is wanted.
            drop(caller.service.clone().query_workflow(request).await);
        });
    }
    most(server, waiting).await
}

/// So many workflows with input, started and terminated; the most memory that was seen meanwhile.
async fn starts(server: &Started, caller: &Caller, count: usize) -> Result<u64, Problem> {
    let mut running = JoinSet::new();
    for _ in 0..count {
        let caller = caller.clone();
        running.spawn(async move {
            let workflow_id = id();
            let request = async {
                caller.start(&workflow_id, QUEUE, 64 << 10).await?;
                caller.terminate(&workflow_id).await
            };
            if let Err(status) = request.await {
                eprintln!("a workflow was not started and terminated: {status}");
            }
        });
    }
    most(server, running).await
}

/// The most memory that is seen until all have ended.
async fn most(server: &Started, mut tasks: JoinSet<()>) -> Result<u64, Problem> {
    let mut most = resident(server)?;
    loop {
        tokio::select! {
            ended = tasks.join_next() => match ended {
                Some(ended) => ended?,
                None => return Ok(most),
            },
            () = tokio::time::sleep(Duration::from_millis(20)) => most = most.max(resident(server)?),
        }
    }
}
