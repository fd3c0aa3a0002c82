//! A server, and what was seen of its batch operations as lines that can be compared.

use crate::beside::seen;
use prost::{Message, Name};
use resurgam_api::WorkflowServiceClient;
use resurgam_api::temporal::common::v1::{WorkflowExecution, WorkflowType};
use resurgam_api::temporal::enums::v1::BatchOperationState as State;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_api::temporal::workflowservice::v1::start_batch_operation_request::Operation;
use resurgam_harness::target::Endpoint;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Response, Status};

/// What no two servers, or no two moments, have in common.
const OWN: [&str; 14] = [
    "baseRunId",
    "closeTime",
    "eventTime",
    "firstExecutionRunId",
    "historySizeBytes",
    "newRunId",
    "nextPageToken",
    "originalExecutionRunId",
    "requestId",
    "runId",
    "startTime",
    "stateTransitionCount",
    "taskId",
    "workerVersion",
];

pub(crate) struct Server {
    pub(crate) client: WorkflowServiceClient<Channel>,
    pub(crate) namespace: String,
    pub(crate) lines: Vec<String>,
}

impl Server {
    pub(crate) async fn at(endpoint: &Endpoint) -> Self {
        let channel = Channel::from_shared(endpoint.uri.clone()).unwrap().connect().await.unwrap();
        let client = WorkflowServiceClient::new(channel);
        Self { client, namespace: endpoint.namespace.clone(), lines: Vec::new() }
    }

    /// Writes down what a call came to.
    pub(crate) fn see<T: Message + Name>(&mut self, what: &str, answer: Result<Response<T>, Status>) {
        let answer = answer.map(Response::into_inner);
        let seen = seen(&OWN, answer.as_ref());
        self.lines.push(format!("{what}: {}", seen.replace(&self.namespace, "<namespace>")));
    }

    pub(crate) fn job(&self, id: &str, query: &str, operation: Operation) -> api::StartBatchOperationRequest {
        api::StartBatchOperationRequest {
            namespace: self.namespace.clone(),
            job_id: id.into(),
            visibility_query: query.into(),
            reason: format!("why {id}"),
            operation: Some(operation),
            ..Default::default()
        }
    }

    /// Starts workflows, and waits until they are in the list.
    pub(crate) async fn begin(&mut self, kind: &str, ids: &[&str]) {
        for id in ids {
            let request = api::StartWorkflowExecutionRequest {
                namespace: self.namespace.clone(),
                workflow_id: (*id).into(),
                workflow_type: Some(WorkflowType { name: kind.into() }),
                task_queue: queue(kind),
                request_id: format!("start {id}"),
                ..Default::default()
            };
            self.client.start_workflow_execution(request).await.unwrap();
        }
        self.listed(&format!("WorkflowType = '{kind}'"), ids.len()).await;
    }

    /// Waits until the list has so many workflows.
    pub(crate) async fn listed(&mut self, query: &str, count: usize) {
        let (namespace, query) = (self.namespace.clone(), query.to_owned());
        let request = api::ListWorkflowExecutionsRequest { namespace, query, ..Default::default() };
        // The real server deletes in half a minute.
        for _ in 0..900 {
            let found = self.client.list_workflow_executions(request.clone()).await.unwrap().into_inner();
            if found.executions.len() == count {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("there are not {count} for {}", request.query);
    }

    pub(crate) fn description(&self, id: &str) -> api::DescribeBatchOperationRequest {
        api::DescribeBatchOperationRequest { namespace: self.namespace.clone(), job_id: id.into() }
    }

    /// Starts one, waits until it is over, and until no list knows it as open; writes down what it says of itself then.
    pub(crate) async fn done(&mut self, request: api::StartBatchOperationRequest) {
        let id = request.job_id.clone();
        let started = self.client.start_batch_operation(request).await;
        self.see(&format!("{id} start"), started);
        self.over(&id).await;
    }

    pub(crate) async fn over(&mut self, id: &str) {
        for _ in 0..300 {
            let found = self.client.describe_batch_operation(self.description(id)).await;
            if found.as_ref().is_ok_and(|found| found.get_ref().state() != State::Running) {
                self.see(&format!("{id} described"), found);
                let open = "TemporalNamespaceDivision = 'TemporalBatcher' AND ExecutionStatus = 'Running'";
                return self.listed(open, 0).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{id} does not end");
    }

    /// Writes down the history of the current run of a workflow.
    pub(crate) async fn history(&mut self, what: &str, id: &str) {
        let request = api::GetWorkflowExecutionHistoryRequest {
            namespace: self.namespace.clone(),
            execution: execution(id),
            ..Default::default()
        };
        let history = self.client.get_workflow_execution_history(request).await;
        self.see(what, history);
    }

    /// A worker answers the next workflow task of a queue with nothing.
    pub(crate) async fn task(&mut self, name: &str) {
        let poll = api::PollWorkflowTaskQueueRequest {
            namespace: self.namespace.clone(),
            task_queue: queue(name),
            identity: "worker".into(),
            ..Default::default()
        };
        let mut poll = tonic::Request::new(poll);
        poll.set_timeout(Duration::from_secs(30));
        let task = self.client.poll_workflow_task_queue(poll).await.unwrap().into_inner();
        assert!(!task.task_token.is_empty(), "{name}: no workflow task");
        let answer = api::RespondWorkflowTaskCompletedRequest {
            namespace: self.namespace.clone(),
            task_token: task.task_token,
            identity: "worker".into(),
            ..Default::default()
        };
        self.client.respond_workflow_task_completed(answer).await.unwrap();
    }
}

pub(crate) fn queue(name: &str) -> Option<TaskQueue> {
    Some(TaskQueue { name: name.into(), kind: 1, ..TaskQueue::default() })
}

pub(crate) fn execution(id: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution { workflow_id: id.into(), run_id: String::new() })
}
