//! The calls that load is made of.

use resurgam_api::WorkflowServiceClient;
use resurgam_api::temporal::common::v1::{Payload, Payloads, WorkflowExecution, WorkflowType};
use resurgam_api::temporal::enums::v1::HistoryEventFilterType;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1::{
    DescribeWorkflowExecutionRequest, GetWorkflowExecutionHistoryRequest, RegisterNamespaceRequest,
    SignalWorkflowExecutionRequest, StartWorkflowExecutionRequest, TerminateWorkflowExecutionRequest,
};
use resurgam_harness::target::{NAMESPACE, Started, client, connect};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

/// What went wrong, for whoever reads it.
pub(crate) type Problem = Box<dyn std::error::Error + Send + Sync>;

/// How long a call may take before its caller gives up; long polls are answered empty before.
const LIMIT: Duration = Duration::from_secs(90);

/// A client that knows where to send to. Clones share a connection.
#[derive(Clone)]
pub(crate) struct Caller {
    /// The client of the whole service.
    pub(crate) service: WorkflowServiceClient<Channel>,
}

/// Ids that were never given away in this process.
static IDS: AtomicU64 = AtomicU64::new(1);

/// One more id.
pub(crate) fn id() -> String {
    format!("load-{:08}", IDS.fetch_add(1, Ordering::Relaxed))
}

/// A request with the limit of a call.
pub(crate) fn within<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(LIMIT);
    request
}

impl Caller {
    /// With a connection of its own.
    pub(crate) async fn connect(server: &Started) -> Result<Self, Problem> {
        Self::at(&server.endpoint().uri).await
    }

    /// The same, to where a server listens.
    pub(crate) async fn at(uri: &str) -> Result<Self, Problem> {
        Ok(Self { service: client(connect(uri).await?) })
    }

    /// Starts a workflow with so many bytes of input.
    pub(crate) async fn start(&self, workflow_id: &str, queue: &str, input: usize) -> Result<(), Status> {
        let payload = Payload { data: vec![b'x'; input], ..Payload::default() };
        let request = StartWorkflowExecutionRequest {
            namespace: NAMESPACE.to_owned(),
            workflow_id: workflow_id.to_owned(),
            workflow_type: Some(WorkflowType { name: "measured".to_owned() }),
            task_queue: Some(TaskQueue { name: queue.to_owned(), ..TaskQueue::default() }),
            input: (input > 0).then(|| Payloads { payloads: vec![payload] }),
            request_id: id(),
            ..StartWorkflowExecutionRequest::default()
        };
        self.service.clone().start_workflow_execution(within(request)).await.map(drop)
    }

    /// Waits until a workflow has closed.
    pub(crate) async fn closed(&self, workflow_id: &str) -> Result<(), Status> {
        let mut token = Vec::new();
        loop {
            let request = GetWorkflowExecutionHistoryRequest {
                namespace: NAMESPACE.to_owned(),
                execution: execution(workflow_id),
                wait_new_event: true,
                history_event_filter_type: HistoryEventFilterType::CloseEvent.into(),
                next_page_token: token,
                ..GetWorkflowExecutionHistoryRequest::default()
            };
            let page = self.service.clone().get_workflow_execution_history(within(request)).await?.into_inner();
            if page.history.is_some_and(|history| !history.events.is_empty()) {
                return Ok(());
            }
            token = page.next_page_token;
        }
    }

    /// Reads the whole history of a workflow, page by page.
    pub(crate) async fn history(&self, workflow_id: &str) -> Result<(), Status> {
        let mut token = Vec::new();
        loop {
            let request = GetWorkflowExecutionHistoryRequest {
                namespace: NAMESPACE.to_owned(),
                execution: execution(workflow_id),
                next_page_token: token,
                ..GetWorkflowExecutionHistoryRequest::default()
            };
            token = self
                .service
                .clone()
                .get_workflow_execution_history(within(request))
                .await?
                .into_inner()
                .next_page_token;
            if token.is_empty() {
                return Ok(());
            }
        }
    }

    /// Signals a workflow with so many bytes.
    pub(crate) async fn signal(&self, workflow_id: &str, input: usize) -> Result<(), Status> {
        let payload = Payload { data: vec![b'x'; input], ..Payload::default() };
        let request = SignalWorkflowExecutionRequest {
            namespace: NAMESPACE.to_owned(),
            workflow_execution: execution(workflow_id),
            signal_name: "news".to_owned(),
            input: (input > 0).then(|| Payloads { payloads: vec![payload] }),
            request_id: id(),
            ..SignalWorkflowExecutionRequest::default()
        };
        self.service.clone().signal_workflow_execution(within(request)).await.map(drop)
    }

    /// Terminates a workflow.
    pub(crate) async fn terminate(&self, workflow_id: &str) -> Result<(), Status> {
        let request = TerminateWorkflowExecutionRequest {
            namespace: NAMESPACE.to_owned(),
            workflow_execution: execution(workflow_id),
            ..TerminateWorkflowExecutionRequest::default()
        };
        self.service.clone().terminate_workflow_execution(within(request)).await.map(drop)
    }

    /// Describes a workflow; that it is not there is an answer too.
    pub(crate) async fn describe(&self, workflow_id: &str) -> Result<(), Status> {
        let request =
            DescribeWorkflowExecutionRequest { namespace: NAMESPACE.to_owned(), execution: execution(workflow_id) };
        match self.service.clone().describe_workflow_execution(within(request)).await {
            Err(status) if status.code() != Code::NotFound => Err(status),
            _ => Ok(()),
        }
    }

    /// Registers a namespace.
    pub(crate) async fn register(&self, name: &str) -> Result<(), Status> {
        let retention = prost_wkt_types::Duration { seconds: 24 * 3600, nanos: 0 };
        let request = RegisterNamespaceRequest {
            namespace: name.to_owned(),
            workflow_execution_retention_period: Some(retention),
            ..RegisterNamespaceRequest::default()
        };
        self.service.clone().register_namespace(within(request)).await.map(drop)
    }
}

fn execution(workflow_id: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution { workflow_id: workflow_id.to_owned(), run_id: String::new() })
}
