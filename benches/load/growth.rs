//! What a call costs against the size of what it does not touch. Flat lines are what is wanted.

use crate::calls::{Caller, Problem, id, within};
use crate::server::{Which, cpu};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1::PollWorkflowTaskQueueRequest;
use resurgam_harness::target::{NAMESPACE, Started};
use std::time::Duration;
use tokio::task::JoinSet;
use tonic::Status;

/// Callers at a time while something is made large.
const FILLERS: usize = 32;
/// Where the calls that are measured queue their workflows.
const QUEUE: &str = "measured";

/// How large things are made.
#[derive(clap::Args, Debug)]
pub(crate) struct Options {
    /// The largest size; what has a limit stops at it.
    #[arg(long, default_value_t = 10_000)]
    largest: usize,
    /// Calls that are measured at each size.
    #[arg(long, default_value_t = 1000)]
    calls: usize,
    /// Only this server.
    #[arg(long, value_enum)]
    only: Option<Which>,
    /// Exit with an error if a call to our server costs more than so many times as much at the end as it did at first.
    #[arg(long)]
    at_most: Option<f64>,
}

/// What is made large, and the call that is measured beside it.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// Signals of the workflow that is signalled.
    Signals,
    /// Signals of the workflow that is described.
    Described,
    /// Closed workflows; one more is started and terminated.
    Closed,
    /// Open workflows; one more is started and terminated.
    Open,
    /// Closed runs of the id that is started and terminated once more.
    Runs,
    /// Task queues, each with a workflow; one is started and terminated in another one.
    Queues,
    /// Namespaces; an unknown workflow of another one is described.
    Namespaces,
    /// Polls that wait at another task queue; a workflow is started and terminated.
    Pollers,
}

const KINDS: [Kind; 8] = [
    Kind::Signals,
    Kind::Described,
    Kind::Closed,
    Kind::Open,
    Kind::Runs,
    Kind::Queues,
    Kind::Namespaces,
    Kind::Pollers,
];

impl Kind {
    fn text(self) -> &'static str {
        match self {
            Kind::Signals => "a signal, by signals of the workflow",
            Kind::Described => "a description, by signals of the workflow",
            Kind::Closed => "start and terminate, by closed workflows",
            Kind::Open => "start and terminate, by open workflows",
            Kind::Runs => "start and terminate, by closed runs of the id",
            Kind::Queues => "start and terminate, by other task queues",
            Kind::Namespaces => "a description, by namespaces",
            Kind::Pollers => "start and terminate, by polls that wait",
        }
    }

    /// More than this is refused: 10,000 signals of a run, 1,200 polls of a namespace, 20,000 namespaces.
    fn limit(self) -> usize {
        match self {
            Kind::Signals | Kind::Described => 8_000,
            Kind::Pollers => 1_000,
            Kind::Namespaces => 19_900,
            Kind::Closed | Kind::Open | Kind::Runs | Kind::Queues => usize::MAX,
        }
    }

    /// One more of what is made large.
    async fn add(self, caller: &Caller, number: usize) -> Result<(), Status> {
        match self {
            Kind::Signals | Kind::Described => caller.signal("fixed", 0).await,
            Kind::Closed => {
                let workflow_id = id();
                caller.start(&workflow_id, QUEUE, 0).await?;
                caller.terminate(&workflow_id).await
            }
            Kind::Open => caller.start(&id(), QUEUE, 0).await,
            // One after the other, or one would end what another has begun.
            Kind::Runs => {
                caller.start("runs", QUEUE, 0).await?;
                caller.terminate("runs").await
            }
            Kind::Queues => caller.start(&id(), &format!("queue-{number}"), 0).await,
            Kind::Namespaces => caller.register(&format!("space-{number}")).await,
            Kind::Pollers => Ok(()),
        }
    }

    /// The call that is measured.
    async fn call(self, caller: &Caller) -> Result<(), Status> {
        match self {
            Kind::Signals => caller.signal("fixed", 0).await,
            Kind::Described => caller.describe("fixed").await,
            Kind::Runs => {
                caller.start("runs", QUEUE, 0).await?;
                caller.terminate("runs").await
            }
            Kind::Namespaces => caller.describe("unknown").await,
            Kind::Closed | Kind::Open | Kind::Queues | Kind::Pollers => {
                let workflow_id = id();
                caller.start(&workflow_id, QUEUE, 0).await?;
                caller.terminate(&workflow_id).await
            }
        }
    }
}

/// Measures, and prints a row for each kind and server.
pub(crate) async fn measure(options: &Options) -> Result<(), Problem> {
    println!("server CPU ms per call, by size");
    let mut grown = Vec::new();
    for kind in KINDS {
        let largest = options.largest.min(kind.limit());
        let sizes: Vec<usize> =
            [1, 1_000, 10_000, 100_000, 1_000_000].into_iter().filter(|size| *size < largest).collect();
        for which in [Which::Builtin, Which::Temporal] {
            if options.only.is_some_and(|only| only != which) {
                continue;
            }
            let server = which.start().await?;
            let caller = Caller::connect(&server).await?;
            caller.start("fixed", QUEUE, 0).await?;
            let mut there = 0;
            let mut polls = JoinSet::new();
            let mut row = Vec::new();
            for size in sizes.iter().copied().chain([largest]) {
                fill(kind, &server, there..size, &mut polls).await?;
                there = size;
                row.push((size, cost(kind, &server, &caller, options.calls).await?));
                // What was measured has grown by the calls, too.
                there += match kind {
                    Kind::Signals | Kind::Closed | Kind::Runs => options.calls,
                    Kind::Described | Kind::Open | Kind::Queues | Kind::Namespaces | Kind::Pollers => 0,
                };
            }
            let words: Vec<_> = row.iter().map(|(size, cost)| format!("{size}: {cost:.3}")).collect();
            println!("{which:<9} {:<46} {}", kind.text(), words.join("   "));
            let ends = row.first().zip(row.last());
            let most = options.at_most.filter(|_| which == Which::Builtin).unwrap_or(f64::INFINITY);
            grown.extend(ends.filter(|((_, first), (_, last))| *last > most * first).map(|_| kind.text()));
        }
    }
    if grown.is_empty() { Ok(()) } else { Err(format!("this costs more and more: {}", grown.join("; ")).into()) }
}

/// Makes something large, by several callers if it can be.
async fn fill(
    kind: Kind,
    server: &Started,
    numbers: std::ops::Range<usize>,
    polls: &mut JoinSet<()>,
) -> Result<(), Problem> {
    if let Kind::Pollers = kind {
        let caller = Caller::connect(server).await?;
        numbers.for_each(|_| drop(polls.spawn(wait(caller.clone()))));
        tokio::time::sleep(Duration::from_secs(1)).await;
        return Ok(());
    }
    let fillers = if let Kind::Runs = kind { 1 } else { FILLERS };
    let mut filling = JoinSet::new();
    for filler in 0..fillers {
        let caller = Caller::connect(server).await?;
        let numbers = numbers.clone().skip(filler).step_by(fillers);
        filling.spawn(async move {
            for number in numbers {
                kind.add(&caller, number).await?;
            }
            Ok::<(), Status>(())
        });
    }
    while let Some(filled) = filling.join_next().await {
        filled??;
    }
    // Tasks and transfers of what was made are not to be counted as the cost of calls.
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok(())
}

async fn wait(caller: Caller) {
    loop {
        let request = PollWorkflowTaskQueueRequest {
            namespace: NAMESPACE.to_owned(),
            task_queue: Some(TaskQueue { name: "nothing here".to_owned(), ..TaskQueue::default() }),
            ..PollWorkflowTaskQueueRequest::default()
        };
        if caller.service.clone().poll_workflow_task_queue(within(request)).await.is_err() {
            return;
        }
    }
}

/// CPU time of the server for each of so many calls, in milliseconds; what it does anyway in that time is taken off.
async fn cost(kind: Kind, server: &Started, caller: &Caller, calls: usize) -> Result<f64, Problem> {
    let (begun, before) = (std::time::Instant::now(), cpu(server)?);
    for _ in 0..calls {
        kind.call(caller).await?;
    }
    let (took, after) = (begun.elapsed(), cpu(server)?);
    tokio::time::sleep(took.min(Duration::from_secs(2))).await;
    let idle = (cpu(server)? - after).as_secs_f64() / took.min(Duration::from_secs(2)).as_secs_f64();
    let busy = (after - before).as_secs_f64() - idle * took.as_secs_f64();
    Ok(busy.max(0.0) * 1000.0 / calls as f64)
}
