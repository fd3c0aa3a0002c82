//! What a call costs against the size of what it does not touch. Flat lines are what is wanted.

use crate::calls::{Caller, Problem, id, within};
use crate::hand;
use crate::server::{Which, cpu};
use clap::ValueEnum;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1::PollWorkflowTaskQueueRequest;
use resurgam_harness::target::{NAMESPACE, Started};
use std::time::Duration;
use tokio::task::JoinSet;

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
    /// Only this kind; may be repeated.
    #[arg(long = "kind", value_enum)]
    kinds: Vec<Kind>,
    /// Exit with an error if a call to our server costs more than so many times as much at the end as it did at first.
    #[arg(long)]
    at_most: Option<f64>,
}

/// What is made large, and the call that is measured beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
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
    /// Polls that wait where the workflow task of a start goes, which one of them gets.
    Takers,
    /// Events of a workflow that does one more activity.
    Events,
    /// Updates of a workflow that is updated once more.
    Updates,
}

const KINDS: [Kind; 11] = [
    Kind::Signals,
    Kind::Described,
    Kind::Closed,
    Kind::Open,
    Kind::Runs,
    Kind::Queues,
    Kind::Namespaces,
    Kind::Pollers,
    Kind::Takers,
    Kind::Events,
    Kind::Updates,
];

/// Events of an activity by hand.
const EVENTS: usize = 11;

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
            Kind::Pollers => "start and terminate, by polls that wait elsewhere",
            Kind::Takers => "start and terminate, by polls that wait for it",
            Kind::Events => "a signal and an activity, by events before them",
            Kind::Updates => "an update, by updates before it",
        }
    }

    /// More than this is refused: 10,000 signals of a run (and each activity by hand has one), 2,000 updates, 1,200 polls of a
    /// namespace, 20,000 namespaces, 51,200 events.
    fn limit(self) -> usize {
        match self {
            Kind::Signals | Kind::Described => 8_000,
            Kind::Pollers | Kind::Takers => 1_000,
            Kind::Events => 40_000,
            Kind::Updates => 1_000,
            Kind::Namespaces => 19_900,
            Kind::Closed | Kind::Open | Kind::Runs | Kind::Queues => usize::MAX,
        }
    }

    /// One more of what is made large.
    async fn add(self, caller: &Caller, number: usize) -> Result<(), Problem> {
        let added = match self {
            Kind::Signals | Kind::Described => caller.signal("fixed", 0).await,
            Kind::Closed => {
                let workflow_id = id();
                caller.start(&workflow_id, QUEUE, 0).await?;
                caller.terminate(&workflow_id).await
            }
            Kind::Open => caller.start(&id(), QUEUE, 0).await,
            Kind::Runs => {
                caller.start("runs", QUEUE, 0).await?;
                caller.terminate("runs").await
            }
            Kind::Queues => caller.start(&id(), &format!("queue-{number}"), 0).await,
            Kind::Namespaces => caller.register(&format!("space-{number}")).await,
            Kind::Pollers | Kind::Takers => Ok(()),
            Kind::Events if !number.is_multiple_of(EVENTS) => Ok(()),
            Kind::Events => return hand::activity(caller).await,
            Kind::Updates => return hand::update(caller).await,
        };
        Ok(added?)
    }

    /// Calls that are measured at most, where they come near a limit themselves.
    fn calls(self) -> usize {
        if let Kind::Events | Kind::Updates = self { 300 } else { usize::MAX }
    }

    /// How much of it a measured call adds.
    fn grows(self) -> usize {
        match self {
            Kind::Signals | Kind::Closed | Kind::Runs | Kind::Updates => 1,
            Kind::Events => EVENTS,
            Kind::Described | Kind::Open | Kind::Queues | Kind::Namespaces | Kind::Pollers | Kind::Takers => 0,
        }
    }

    /// How many callers make it large: where one would end what another has begun, one after the other.
    fn fillers(self) -> usize {
        if let Kind::Runs | Kind::Events | Kind::Updates = self { 1 } else { FILLERS }
    }

    /// The call that is measured.
    async fn call(self, caller: &Caller) -> Result<(), Problem> {
        let called = match self {
            Kind::Signals => caller.signal("fixed", 0).await,
            Kind::Described => caller.describe("fixed").await,
            Kind::Runs => {
                caller.start("runs", QUEUE, 0).await?;
                caller.terminate("runs").await
            }
            Kind::Namespaces => caller.describe("unknown").await,
            Kind::Closed | Kind::Open | Kind::Queues | Kind::Pollers | Kind::Takers => {
                let workflow_id = id();
                caller.start(&workflow_id, QUEUE, 0).await?;
                caller.terminate(&workflow_id).await
            }
            Kind::Events => return hand::activity(caller).await,
            Kind::Updates => return hand::update(caller).await,
        };
        Ok(called?)
    }
}

/// Measures, and prints a row for each kind and server.
pub(crate) async fn measure(options: &Options) -> Result<(), Problem> {
    println!("server CPU ms per call, by size");
    let mut grown = Vec::new();
    for kind in KINDS.into_iter().filter(|kind| options.kinds.is_empty() || options.kinds.contains(kind)) {
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
            hand::begin(&caller).await?;
            let mut there = 0;
            let mut polls = JoinSet::new();
            let mut row = Vec::new();
            for size in sizes.iter().copied().chain([largest]) {
                fill(kind, &server, there..size, &mut polls).await?;
                let calls = options.calls.min(kind.calls());
                row.push((size, cost(kind, &server, &caller, calls).await?));
                // What was measured has grown by the calls, too.
                there = there.max(size) + calls * kind.grows();
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
    if let Kind::Pollers | Kind::Takers = kind {
        let caller = Caller::connect(server).await?;
        let queue = if let Kind::Takers = kind { QUEUE } else { "nothing here" };
        numbers.for_each(|_| drop(polls.spawn(wait(caller.clone(), queue))));
        tokio::time::sleep(Duration::from_secs(1)).await;
        return Ok(());
    }
    let fillers = kind.fillers();
    let mut filling = JoinSet::new();
    for filler in 0..fillers {
        let caller = Caller::connect(server).await?;
        let numbers = numbers.clone().skip(filler).step_by(fillers);
        filling.spawn(async move {
            for number in numbers {
                kind.add(&caller, number).await?;
            }
            Ok::<(), Problem>(())
        });
    }
    while let Some(filled) = filling.join_next().await {
        filled??;
    }
    // Tasks and transfers of what was made are not to be counted as the cost of calls.
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok(())
}

async fn wait(caller: Caller, queue: &'static str) {
    loop {
        let request = PollWorkflowTaskQueueRequest {
            namespace: NAMESPACE.to_owned(),
            task_queue: Some(TaskQueue { name: queue.to_owned(), ..TaskQueue::default() }),
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
