//! The end of a case of which the plan says that something grows: the same calls are made beside a few of a crowd and beside all of
//! it, and what they cost is counted where the store is reached.
//!
//! No worker polls by then, and nothing is wrong any more while calls are counted. While a crowd is made the faults of the plan
//! may happen once more; where they do not, calls that fail are recorded. All of it is in a namespace of its own, of which no
//! rule on single runs knows. Whether a cost has grown, or a call may fail, is the judge's business.

use super::database::Database;
use super::faults;
use crate::convert::{current, queue, workflow_type};
use crate::session::{Session, within};
use crate::target::line;
use crate::wire::Client;
use resurgam_api::temporal::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, RegisterNamespaceRequest, SignalWorkflowExecutionRequest,
    StartWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
};
use resurgam_formats::cost::{Cost, Costs};
use resurgam_formats::plan::{Caller, Crowd, Fault, Growth};
use resurgam_formats::recording::What;
use resurgam_simulation::{Nemesis, Node};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tonic::{Code, Status};

/// Where all of it is.
pub(super) const NAMESPACE: &str = "resurgam-many";
/// Calls that are counted together: what happens beside them now and then has little weight.
const CALLS: u32 = 20;
/// How many of a crowd there are when calls are counted first.
const FEW: u16 = 20;
/// Callers at a time while a crowd is made.
const MAKERS: usize = 16;
/// How long one call may take.
const LIMIT: Duration = Duration::from_secs(5);
/// Attempts of a call, while owners are elected.
const ATTEMPTS: u32 = 25;
/// The store is at rest if nothing is written for so long.
const REST: Duration = Duration::from_millis(1500);
/// How long it may take until it is.
const PATIENCE: Duration = Duration::from_secs(30);

/// A case whose crowds grow.
pub(super) struct Grown<'a> {
    pub(super) session: &'a Arc<Session>,
    pub(super) node: &'a Node,
    pub(super) nemesis: &'a Nemesis,
    pub(super) database: &'a Database,
}

impl Grown<'_> {
    /// Counts beside each crowd of the plan, one after the other.
    pub(super) async fn pass(&self) {
        for (number, growth) in self.session.plan.growths.iter().enumerate() {
            let mut costs = Costs { crowd: growth.of, calls: CALLS, ..Costs::default() };
            costs.undecided = self.count(number, growth, &mut costs).await.err();
            self.session.recorder.record(What::Costs(Box::new(costs)));
        }
    }

    /// Counts beside few and beside many; else says why not.
    async fn count(&self, number: usize, growth: &Growth, costs: &mut Costs) -> Result<(), String> {
        let place = Place::new(self.session, number);
        let said = |status: Status| format!("a call failed: {}", line(&status));
        place.start(&place.fixed(), "queue").await.map_err(said)?;
        let mut there = 0;
        for (size, cost) in [(FEW.min(growth.to), &mut costs.few), (growth.to, &mut costs.many)] {
            // Owners may be elected while the few are made, and whatever happens under faults is not the cluster's doing.
            let is_calm = there > 0 && !growth.faults;
            if there > 0 && growth.faults {
                faults::schedule(self.nemesis, &self.session.plan.faults);
            }
            place.failed();
            place.fill(growth.of, there..size).await.map_err(said)?;
            there = size;
            if is_calm {
                costs.failed = place.failed();
            }
            if growth.faults {
                self.heal().await;
                place.is_answered(growth.of).await.map_err(said)?;
            }
            let before = self.at_rest().await?;
            place.failed();
            for _ in 0..CALLS {
                place.call(growth.of).await.map_err(said)?;
            }
            *cost = self.at_rest().await?.since(&before, size.into());
            if !place.failed().is_empty() {
                return Err("a call was made twice while calls were counted".to_owned());
            }
        }
        Ok(())
    }

    /// Waits until the faults are over, and ends what lies in wait.
    async fn heal(&self) {
        let lasts = self.session.plan.faults.iter().map(Fault::end_ms).max().unwrap_or(0);
        sleep(Duration::from_millis(lasts)).await;
        self.nemesis.heal();
        while !self.nemesis.is_quiet() {
            sleep(Duration::from_millis(5)).await;
        }
        self.database.calm(self.node.elapsed());
    }

    /// All that was asked, once nothing more is written. Who owns something looks at it from time to time.
    async fn at_rest(&self) -> Result<Cost, String> {
        let mut waited = Duration::ZERO;
        while waited < PATIENCE {
            let before = self.database.asked();
            sleep(REST).await;
            waited += REST;
            let now = self.database.asked();
            if (before.commits, before.appends) == (now.commits, now.appends) {
                return Ok(now);
            }
        }
        Err(format!("the store is not left alone within {} s though nobody calls", PATIENCE.as_secs()))
    }
}

/// Where one crowd is.
#[derive(Clone)]
struct Place {
    session: Arc<Session>,
    /// What every id begins with.
    prefix: String,
    /// How many calls were made. Each goes to another node, and has an id of its own.
    calls: Arc<AtomicUsize>,
    /// What attempts that failed were told.
    failed: Arc<Mutex<Vec<String>>>,
}

impl Place {
    fn new(session: &Arc<Session>, number: usize) -> Self {
        let prefix = format!("{}-many{number}", session.prefix);
        Self { session: Arc::clone(session), prefix, calls: Arc::default(), failed: Arc::default() }
    }

    /// What attempts were told that failed since this was asked before.
    fn failed(&self) -> Vec<String> {
        std::mem::take(&mut self.failed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the calls that are counted, until none of them fails: owners are elected after faults, and read what they own.
    async fn is_answered(&self, crowd: Crowd) -> Result<(), Status> {
        for _ in 0..ATTEMPTS {
            self.failed();
            for _ in 0..CALLS {
                self.call(crowd).await?;
            }
            if self.failed().is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Makes so many more of a crowd.
    async fn fill(&self, crowd: Crowd, numbers: Range<u16>) -> Result<(), Status> {
        let makers = match crowd {
            // Runs of one id come one after the other.
            Crowd::Runs => 1,
            Crowd::Signals | Crowd::Closed | Crowd::Open | Crowd::Queues | Crowd::Namespaces => MAKERS,
        };
        let mut making = JoinSet::new();
        for maker in 0..makers {
            let (place, numbers) = (self.clone(), numbers.clone().skip(maker).step_by(makers));
            making.spawn(async move {
                for _ in numbers {
                    place.make(crowd).await?;
                }
                Ok(())
            });
        }
        while let Some(made) = making.join_next().await {
            made.unwrap_or_else(|gone| Err(Status::internal(gone.to_string())))?;
        }
        Ok(())
    }

    /// Makes one more of a crowd.
    async fn make(&self, crowd: Crowd) -> Result<(), Status> {
        match crowd {
            Crowd::Signals => self.signal().await,
            Crowd::Runs => self.start_and_terminate(&self.again()).await,
            Crowd::Closed => self.start_and_terminate(&self.id()).await,
            Crowd::Open => self.start(&self.id(), "queue").await,
            Crowd::Queues => self.start(&self.id(), &self.id()).await,
            Crowd::Namespaces => self.register(&self.id()).await,
        }
    }

    /// What is counted beside it.
    async fn call(&self, crowd: Crowd) -> Result<(), Status> {
        match crowd {
            Crowd::Signals => {
                self.signal().await?;
                self.describe(&self.fixed()).await
            }
            Crowd::Runs => self.start_and_terminate(&self.again()).await,
            Crowd::Closed | Crowd::Open | Crowd::Queues => self.start_and_terminate(&self.id()).await,
            Crowd::Namespaces => {
                self.signal().await?;
                self.describe("unknown").await
            }
        }
    }

    /// The workflow that is there from the beginning.
    fn fixed(&self) -> String {
        format!("{}-fixed", self.prefix)
    }

    /// The workflow that is started again and again.
    fn again(&self) -> String {
        format!("{}-again", self.prefix)
    }

    fn number(&self) -> usize {
        self.calls.fetch_add(1, Ordering::Relaxed)
    }

    /// An id that nothing else has.
    fn id(&self) -> String {
        format!("{}-{}", self.prefix, self.number())
    }

    async fn start_and_terminate(&self, workflow_id: &str) -> Result<(), Status> {
        self.start(workflow_id, "queue").await?;
        let request = TerminateWorkflowExecutionRequest {
            namespace: NAMESPACE.into(),
            workflow_execution: current(workflow_id),
            ..Default::default()
        };
        // An attempt that failed may have done it.
        let done = self.tried(Some(Code::NotFound), |mut client| {
            let request = within(LIMIT, request.clone());
            async move { client.terminate_workflow_execution(request).await.map(drop) }
        });
        done.await
    }

    async fn start(&self, workflow_id: &str, queue_name: &str) -> Result<(), Status> {
        let request = StartWorkflowExecutionRequest {
            namespace: NAMESPACE.into(),
            workflow_id: workflow_id.into(),
            workflow_type: workflow_type(),
            task_queue: queue(queue_name),
            request_id: self.id(),
            ..Default::default()
        };
        let started = self.tried(None, |mut client| {
            let request = within(LIMIT, request.clone());
            async move { client.start_workflow_execution(request).await.map(drop) }
        });
        started.await
    }

    async fn signal(&self) -> Result<(), Status> {
        let request = SignalWorkflowExecutionRequest {
            namespace: NAMESPACE.into(),
            workflow_execution: current(&self.fixed()),
            signal_name: "one more".into(),
            request_id: self.id(),
            ..Default::default()
        };
        let signalled = self.tried(None, |mut client| {
            let request = within(LIMIT, request.clone());
            async move { client.signal_workflow_execution(request).await.map(drop) }
        });
        signalled.await
    }

    /// That it is not there is an answer, too.
    async fn describe(&self, workflow_id: &str) -> Result<(), Status> {
        let request = DescribeWorkflowExecutionRequest { namespace: NAMESPACE.into(), execution: current(workflow_id) };
        let described = self.tried(None, |mut client| {
            let request = within(LIMIT, request.clone());
            async move {
                match client.describe_workflow_execution(request).await {
                    Err(status) if status.code() != Code::NotFound => Err(status),
                    _ => Ok(()),
                }
            }
        });
        described.await
    }

    async fn register(&self, name: &str) -> Result<(), Status> {
        let retention = prost_wkt_types::Duration { seconds: 86_400, nanos: 0 };
        let request = RegisterNamespaceRequest {
            namespace: name.into(),
            workflow_execution_retention_period: Some(retention),
            ..Default::default()
        };
        let registered = self.tried(Some(Code::AlreadyExists), |mut client| {
            let request = within(LIMIT, request.clone());
            async move { client.register_namespace(request).await.map(drop) }
        });
        registered.await
    }

    /// A call, until it succeeds: owners are elected at first. `done` is what it is told if an attempt before has done it.
    async fn tried<F>(&self, done: Option<Code>, call: impl Fn(Client) -> F) -> Result<(), Status>
    where
        F: Future<Output = Result<(), Status>>,
    {
        let client = self.session.client(Caller::Client, self.number());
        let mut last = call(client.clone()).await;
        for _ in 1..ATTEMPTS {
            let Err(status) = &last else { break };
            self.failed.lock().unwrap_or_else(PoisonError::into_inner).push(line(status));
            sleep(Duration::from_millis(200)).await;
            last = match call(client.clone()).await {
                Err(status) if Some(status.code()) == done => Ok(()),
                answer => answer,
            };
        }
        last
    }
}
