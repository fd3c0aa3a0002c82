//! The server's memory at rest, at peaks of several kinds, and after each.

use crate::calls::{Caller, Problem, id};
use crate::server::{Which, cpu, resident};
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::query::v1::WorkflowQuery;
use resurgam_api::temporal::workflowservice::v1::QueryWorkflowRequest;
use resurgam_harness::target::{NAMESPACE, Started};
use std::time::Duration;
use tokio::task::JoinSet;
use tonic::{Code, Request};

/// Where nobody works.
const QUEUE: &str = "nobody";
/// The workflow with the long history.
const LARGE: &str = "large";
/// Input of a large workflow, below the limit of a payload, which is 2 MB with what is around the bytes.
const MOST_INPUT: usize = (2 << 20) - 1024;

/// What is asked of the server.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// Queries at a time that no worker takes.
    #[arg(long, default_value_t = 60)]
    queries: usize,
    /// Clients at a time that read the whole history, each on a connection of its own.
    #[arg(long, default_value_t = 200)]
    readers: usize,
    /// Megabytes of the history of the workflow that they ask.
    #[arg(long, default_value_t = 20)]
    megabytes: usize,
    /// Starts of 2 MB at a time that are refused, and then workflows of 2 MB that are started and terminated.
    #[arg(long, default_value_t = 200)]
    large: usize,
    /// Workflows with 64 KB of input each that are started and terminated at once.
    #[arg(long, default_value_t = 2_000)]
    workflows: usize,
    /// Only this server.
    #[arg(long, value_enum)]
    only: Option<Which>,
    /// Exit with an error if ten seconds after a peak of which nothing is kept our server holds more than so many times what it
    /// held at rest, with the long history.
    #[arg(long)]
    at_most: Option<f64>,
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
        let probe = Probe { which, server: &server };
        probe.say("started")?;
        caller.start(LARGE, QUEUE, 0).await?;
        // A megabyte at a time, below the limit of a payload.
        for _ in 0..options.megabytes {
            caller.signal(LARGE, 1 << 20).await?;
        }
        let rest = probe.say(&format!("with a history of {} MB", options.megabytes))?;
        let mut held = Vec::new();
        held.push(probe.peak("queries of it that nobody takes", options.queries, || query(&server)).await?);
        held.push(probe.peak("clients at a time that read all of it", options.readers, || read(&server)).await?);
        held.push(probe.peak("starts of 2 MB that are refused", options.large, || refused(&caller)).await?);
        let most = held.into_iter().max().unwrap_or_default() as f64 / rest as f64;
        println!("{which:<9} at most {most:.2} times the rest after a peak of which nothing is kept");
        if which == Which::Builtin && options.at_most.is_some_and(|at_most| most > at_most) {
            return Err("it keeps what it needs no more".into());
        }
        let whole = |input| start_and_terminate(&caller, input);
        probe.peak("workflows of 2 MB, which are kept", options.large, || whole(MOST_INPUT)).await?;
        probe.peak("workflows of 64 KB, which are kept", options.workflows, || whole(64 << 10)).await?;
    }
    Ok(())
}

/// Looks at a server from outside.
struct Probe<'a> {
    which: Which,
    server: &'a Started,
}

impl Probe<'_> {
    /// Prints how many bytes it holds, and returns them.
    fn say(&self, moment: &str) -> Result<u64, Problem> {
        let bytes = resident(self.server)?;
        println!("{:<9} {moment:<60} {:>6}", self.which, bytes >> 20);
        Ok(bytes)
    }

    /// Does something so many times at once: prints the most memory that is seen meanwhile, and returns what is left of it.
    async fn peak<F>(&self, what: &str, count: usize, once: impl Fn() -> F) -> Result<u64, Problem>
    where
        F: Future<Output = Result<(), Problem>> + Send + 'static,
    {
        let before = cpu(self.server)?;
        let mut running = JoinSet::new();
        for _ in 0..count {
            running.spawn(once());
        }
        let most = self.most(running).await?;
        let each = (cpu(self.server)? - before).as_secs_f64() * 1000.0 / count as f64;
        let moment = format!("at most, with {count} {what} ({each:.1} ms of CPU each)");
        println!("{:<9} {moment:<60} {:>6}", self.which, most >> 20);
        tokio::time::sleep(Duration::from_secs(10)).await;
        self.say("10 s after them")
    }

    /// The most memory that is seen until all have ended.
    async fn most(&self, mut tasks: JoinSet<Result<(), Problem>>) -> Result<u64, Problem> {
        let (mut most, mut failed) = (resident(self.server)?, 0);
        loop {
            tokio::select! {
                ended = tasks.join_next() => match ended {
                    Some(ended) => if let Err(problem) = ended? {
                        failed += 1;
                        if failed == 1 {
                            eprintln!("{}: {problem}", self.which);
                        }
                    },
                    None => break,
                },
                () = tokio::time::sleep(Duration::from_millis(20)) => most = most.max(resident(self.server)?),
            }
        }
        if failed > 0 {
            eprintln!("{}: {failed} failed", self.which);
        }
        Ok(most)
    }
}

/// A query that no worker takes.
fn query(server: &Started) -> impl Future<Output = Result<(), Problem>> + Send + use<> {
    let uri = server.endpoint().uri.clone();
    async move {
        let caller = Caller::at(&uri).await?;
        let execution = WorkflowExecution { workflow_id: LARGE.to_owned(), run_id: String::new() };
        let mut request = Request::new(QueryWorkflowRequest {
            namespace: NAMESPACE.to_owned(),
            execution: Some(execution),
            query: Some(WorkflowQuery { query_type: "state".to_owned(), ..WorkflowQuery::default() }),
            ..QueryWorkflowRequest::default()
        });
        request.set_timeout(Duration::from_secs(5));
        // That nobody answers is what is wanted.
        drop(caller.service.clone().query_workflow(request).await);
        Ok(())
    }
}

/// The whole history, page by page.
fn read(server: &Started) -> impl Future<Output = Result<(), Problem>> + Send + use<> {
    let uri = server.endpoint().uri.clone();
    async move { Ok(Caller::at(&uri).await?.history(LARGE).await?) }
}

/// A start with the largest input, of a workflow that is open: nothing of it is kept.
fn refused(caller: &Caller) -> impl Future<Output = Result<(), Problem>> + Send + use<> {
    let caller = caller.clone();
    async move {
        match caller.start(LARGE, QUEUE, MOST_INPUT).await {
            Err(status) if status.code() == Code::AlreadyExists => Ok(()),
            answer => Err(format!("a start of what is open: {answer:?}").into()),
        }
    }
}

/// A workflow with input, started and terminated.
fn start_and_terminate(caller: &Caller, input: usize) -> impl Future<Output = Result<(), Problem>> + Send + use<> {
    let (caller, workflow_id) = (caller.clone(), id());
    async move {
        caller.start(&workflow_id, QUEUE, input).await?;
        Ok(caller.terminate(&workflow_id).await?)
    }
}
