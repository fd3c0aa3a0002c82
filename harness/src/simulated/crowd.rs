//! A crowd of a large case: how one more of it is made, and the calls that are counted beside it.
//!
//! All calls are tried again until they succeed; what those were told that did not is kept.

use crate::convert::{current, queue, workflow_type};
use crate::session::{Session, within};
use crate::target::line;
use crate::wire::Client;
use resurgam_api::temporal::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, RegisterNamespaceRequest, SignalWorkflowExecutionRequest,
    StartWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
};
use resurgam_formats::plan::{Caller, Crowd};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tonic::{Code, Status};

/// Where all of it is.
pub(super) const NAMESPACE: &str = "resurgam-many";
/// Callers at a time while a crowd is made.
const MAKERS: usize = 16;
/// How long one call may take.
const LIMIT: Duration = Duration::from_secs(5);
/// Attempts of a call, while owners are elected.
const ATTEMPTS: u32 = 25;

/// Where one crowd is.
#[derive(Clone)]
pub(super) struct CrowdPlace {
    session: Arc<Session>,
    /// What every id begins with.
    prefix: String,
    /// How many calls were made. Each goes to another node, and has an id of its own.
    calls: Arc<AtomicUsize>,
    /// What attempts that failed were told.
    failed: Arc<Mutex<Vec<String>>>,
}

impl CrowdPlace {
    pub(super) fn new(session: &Arc<Session>, number: usize) -> Self {
        let prefix = format!("{}-many{number}", session.prefix);
        Self { session: Arc::clone(session), prefix, calls: Arc::default(), failed: Arc::default() }
    }

    /// What attempts were told that failed since this was asked before.
    pub(super) fn failed(&self) -> Vec<String> {
        std::mem::take(&mut self.failed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes so many of the calls that are counted, until none of them fails: owners are elected after faults, and read what they own.
    pub(super) async fn is_answered(&self, crowd: Crowd, calls: u32) -> Result<(), Status> {
        for _ in 0..ATTEMPTS {
            self.failed();
            for _ in 0..calls {
                self.call(crowd).await?;
            }
            if self.failed().is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Makes so many more of a crowd.
    pub(super) async fn fill(&self, crowd: Crowd, numbers: Range<u16>) -> Result<(), Status> {
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
    pub(super) async fn call(&self, crowd: Crowd) -> Result<(), Status> {
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
    pub(super) fn fixed(&self) -> String {
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

    pub(super) async fn start(&self, workflow_id: &str, queue_name: &str) -> Result<(), Status> {
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
