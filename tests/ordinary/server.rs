//! A server, and what was seen of it as lines that can be compared.

use crate::beside::{seen, without};
use prost::{Message, Name};
use resurgam_api::WorkflowServiceClient;
use resurgam_api::json;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_harness::target::Endpoint;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Response, Status};

/// What no two servers, or no two times, have in common; and what of namespaces is told elsewhere.
const OWN: [&str; 12] = [
    "activeClusterName",
    "capabilities",
    "clusters",
    "eventTime",
    "id",
    "limits",
    "ownerHostName",
    "replicationConfig",
    "runId",
    "taskId",
    "updateTime",
    "badBinaries",
];

pub(crate) struct Server {
    pub(crate) client: WorkflowServiceClient<Channel>,
    pub(crate) namespace: String,
    pub(crate) lines: Vec<String>,
}

impl Server {
    pub(crate) async fn at(endpoint: &Endpoint) -> Self {
        let channel = Channel::from_shared(endpoint.uri.clone()).unwrap().connect().await.unwrap();
        let client = WorkflowServiceClient::new(channel).max_encoding_message_size(64 << 20);
        Self { client, namespace: endpoint.namespace.clone(), lines: Vec::new() }
    }

    /// Writes down what a call came to.
    pub(crate) fn see<T: Message + Name>(&mut self, what: &str, answer: Result<Response<T>, Status>) -> Option<T> {
        self.lines.push(format!("{what}: {}", seen(&OWN, answer.as_ref().map(Response::get_ref))));
        answer.ok().map(Response::into_inner)
    }

    /// Writes down the kinds and attributes of these events.
    pub(crate) fn see_events<'a>(&mut self, what: &str, events: impl Iterator<Item = &'a HistoryEvent>) {
        for event in events {
            let mut seen = json::event_to_json(event).unwrap();
            without(&OWN, &mut seen);
            self.lines.push(format!("{what}: {seen}"));
        }
    }

    pub(crate) fn start(&self, id: &str) -> api::StartWorkflowExecutionRequest {
        api::StartWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_id: id.into(),
            workflow_type: Some(resurgam_api::temporal::common::v1::WorkflowType { name: "kind".into() }),
            task_queue: queue(id),
            request_id: format!("start of {id}"),
            ..Default::default()
        }
    }

    pub(crate) async fn task(&mut self, id: &str) -> api::PollWorkflowTaskQueueResponse {
        let request = api::PollWorkflowTaskQueueRequest {
            namespace: self.namespace.clone(),
            task_queue: queue(id),
            ..Default::default()
        };
        let mut request = tonic::Request::new(request);
        request.set_timeout(Duration::from_secs(30));
        let task = self.client.poll_workflow_task_queue(request).await.unwrap().into_inner();
        assert!(!task.task_token.is_empty(), "{id}: no workflow task");
        task
    }

    pub(crate) async fn history(&mut self, id: &str) -> Vec<HistoryEvent> {
        let request = api::GetWorkflowExecutionHistoryRequest {
            namespace: self.namespace.clone(),
            execution: execution(id),
            ..Default::default()
        };
        self.client.get_workflow_execution_history(request).await.unwrap().into_inner().history.unwrap().events
    }
}

pub(crate) fn queue(name: &str) -> Option<TaskQueue> {
    Some(TaskQueue { name: name.into(), kind: 1, ..TaskQueue::default() })
}

pub(crate) fn execution(id: &str) -> Option<resurgam_api::temporal::common::v1::WorkflowExecution> {
    let workflow_id = id.to_owned();
    Some(resurgam_api::temporal::common::v1::WorkflowExecution { workflow_id, run_id: String::new() })
}
