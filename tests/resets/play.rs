//! One workflow on one server, its worker by hand, and everything that was seen of it as lines that can be compared.

use prost::Name;
use prost_wkt_types::{Any, Duration as Span};
use resurgam_api::WorkflowServiceClient;
use resurgam_api::json;
use resurgam_api::temporal::command::v1 as command;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::common::v1::{Payload, Payloads, WorkflowExecution, WorkflowType};
use resurgam_api::temporal::enums::v1::{CommandType, UpdateWorkflowExecutionLifecycleStage as Stage};
use resurgam_api::temporal::protocol::v1::Message;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::update::v1 as update;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_harness::target::Endpoint;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use tonic::Status;
use tonic::transport::Channel;

/// What no two servers, or no two times, have in common.
const OWN: [&str; 13] = [
    "eventTime",
    "taskId",
    "namespaceId",
    "firstWorkflowTaskBackoff",
    // What only the real server writes, resets or not.
    "prevAutoResetPoints",
    "workflowRunTimeout",
    "workflowTaskTimeout",
    "requestId",
    "historySizeBytes",
    "workflowExecutionExpirationTime",
    "version",
    "workerVersion",
    "forkEventVersion",
];

/// A workflow that a test leads through calls, and what was seen of it.
pub(crate) struct Play {
    client: WorkflowServiceClient<Channel>,
    namespace: String,
    id: String,
    /// Run ids in the order in which they were seen.
    runs: Vec<String>,
    /// Run ids of children.
    children: Vec<String>,
    pub(crate) lines: Vec<String>,
    /// Histories as they were read.
    pub(crate) histories: Vec<Value>,
    /// The last of each run.
    pub(crate) last: BTreeMap<usize, Value>,
}

/// A workflow task as a worker has it.
pub(crate) type Task = api::PollWorkflowTaskQueueResponse;

pub(crate) fn seconds(seconds: i64) -> Option<Span> {
    Some(Span { seconds, nanos: 0 })
}

pub(crate) fn text(text: &str) -> Option<Payloads> {
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into();
    let payload = Payload { metadata, data: format!("{text:?}").into_bytes(), ..Payload::default() };
    Some(Payloads { payloads: vec![payload] })
}

impl Play {
    fn of(client: WorkflowServiceClient<Channel>, namespace: String, id: String) -> Self {
        let (lines, histories, last) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { client, namespace, id, runs: Vec::new(), children: Vec::new(), lines, histories, last }
    }

    /// A workflow that is started, on this server.
    pub(crate) async fn start(
        endpoint: &Endpoint,
        id: &str,
        edit: impl FnOnce(&mut api::StartWorkflowExecutionRequest),
    ) -> Self {
        let channel = Channel::from_shared(endpoint.uri.clone()).unwrap().connect().await.unwrap();
        let client = WorkflowServiceClient::new(channel);
        let (namespace, id) = (endpoint.namespace.clone(), id.to_owned());
        let mut play = Self::of(client, namespace, id);
        let mut request = api::StartWorkflowExecutionRequest {
            namespace: play.namespace.clone(),
            workflow_id: play.id.clone(),
            workflow_type: Some(WorkflowType { name: "kind".into() }),
            task_queue: play.queue(),
            request_id: format!("start of {}", play.id),
            identity: "client".into(),
            input: text("input"),
            ..Default::default()
        };
        edit(&mut request);
        for _ in 0..100 {
            if let Ok(answer) = play.client.start_workflow_execution(request.clone()).await {
                play.see(&answer.into_inner().run_id);
                return play;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("it does not start")
    }

    pub(crate) fn queue(&self) -> Option<TaskQueue> {
        Some(TaskQueue { name: format!("queue of {}", self.id), kind: 1, ..TaskQueue::default() })
    }

    fn see(&mut self, run_id: &str) {
        if !run_id.is_empty() && !self.runs.iter().any(|run| run == run_id) {
            self.runs.push(run_id.to_owned());
        }
    }

    fn execution(&self, run: usize) -> Option<WorkflowExecution> {
        let run_id = self.runs.get(run).cloned().unwrap_or_default();
        Some(WorkflowExecution { workflow_id: self.id.clone(), run_id })
    }

    /// The next workflow task.
    pub(crate) async fn task(&mut self) -> Task {
        let request = api::PollWorkflowTaskQueueRequest {
            namespace: self.namespace.clone(),
            task_queue: self.queue(),
            identity: "worker".into(),
            ..Default::default()
        };
        let mut request = tonic::Request::new(request);
        request.set_timeout(Duration::from_secs(30));
        let task = self.client.poll_workflow_task_queue(request).await.unwrap().into_inner();
        assert!(!task.task_token.is_empty(), "{}: no workflow task", self.id);
        self.see(&task.workflow_execution.clone().unwrap().run_id);
        task
    }

    /// Answers a workflow task.
    pub(crate) async fn complete(&mut self, task: &Task, decided: Vec<(CommandType, Attributes)>) {
        self.answer(task, decided, Vec::new()).await;
    }

    /// Answers a workflow task that may be nobody's any more.
    pub(crate) async fn complete_late(&mut self, task: &Task) {
        let request = api::RespondWorkflowTaskCompletedRequest {
            namespace: self.namespace.clone(),
            task_token: task.task_token.clone(),
            identity: "worker".into(),
            ..Default::default()
        };
        let answer = self.client.respond_workflow_task_completed(request).await;
        self.lines.push(format!("{:?}", answer.map(drop).map_err(|status| status.code())));
    }

    async fn answer(&mut self, task: &Task, decided: Vec<(CommandType, Attributes)>, messages: Vec<Message>) {
        let of = |(kind, attributes): (CommandType, Attributes)| command::Command {
            command_type: kind.into(),
            attributes: Some(attributes),
            ..Default::default()
        };
        let request = api::RespondWorkflowTaskCompletedRequest {
            namespace: self.namespace.clone(),
            task_token: task.task_token.clone(),
            identity: "worker".into(),
            commands: decided.into_iter().map(of).collect(),
            messages,
            ..Default::default()
        };
        self.client.respond_workflow_task_completed(request).await.unwrap();
    }

    /// Accepts an update, and completes it.
    pub(crate) async fn accept(&mut self, task: &Task, id: &str) {
        fn said<M: Name>(id: &str, body: &M) -> Message {
            let body =
                Some(Any { type_url: format!("type.googleapis.com/{}", M::full_name()), value: body.encode_to_vec() });
            Message { id: format!("{id}/{}", M::NAME), protocol_instance_id: id.into(), body, ..Message::default() }
        }
        let outcome = Some(update::Outcome { value: Some(update::outcome::Value::Success(text("done").unwrap())) });
        let meta = Some(update::Meta { update_id: id.into(), ..update::Meta::default() });
        let accepted = update::Acceptance {
            accepted_request_message_id: format!("{id}/request"),
            accepted_request_sequencing_event_id: task.started_event_id - 1,
            accepted_request: Some(asked(id)),
        };
        let messages = vec![said(id, &accepted), said(id, &update::Response { meta, outcome })];
        let refer = |message: &Message| {
            let it = command::ProtocolMessageCommandAttributes { message_id: message.id.clone() };
            (CommandType::ProtocolMessage, Attributes::ProtocolMessageCommandAttributes(it))
        };
        let decided = messages.iter().map(refer).collect();
        self.answer(task, decided, messages).await;
    }

    /// Updates the workflow, and waits for the worker's answer.
    pub(crate) async fn update(&mut self, id: &str) {
        let request = api::UpdateWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_execution: self.execution(usize::MAX),
            wait_policy: Some(update::WaitPolicy { lifecycle_stage: Stage::Completed.into() }),
            request: Some(asked(id)),
            ..Default::default()
        };
        let mut client = self.client.clone();
        let asking = tokio::spawn(async move { client.update_workflow_execution(request).await });
        let task = self.task().await;
        self.accept(&task, id).await;
        let answer = asking.await.unwrap();
        self.lines.push(format!("update: {:?}", answer.map(|it| it.into_inner().outcome)));
    }

    /// Fails a workflow task.
    pub(crate) async fn fail(&mut self, task: &Task) {
        let request = api::RespondWorkflowTaskFailedRequest {
            namespace: self.namespace.clone(),
            task_token: task.task_token.clone(),
            identity: "worker".into(),
            ..Default::default()
        };
        self.client.respond_workflow_task_failed(request).await.unwrap();
    }

    pub(crate) async fn signal(&mut self, name: &str) {
        let request = api::SignalWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_execution: self.execution(usize::MAX),
            signal_name: name.into(),
            input: text(name),
            identity: "client".into(),
            request_id: name.into(),
            ..Default::default()
        };
        self.client.signal_workflow_execution(request).await.unwrap();
    }

    pub(crate) async fn terminate(&mut self) {
        let request = api::TerminateWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_execution: self.execution(usize::MAX),
            reason: "enough".into(),
            identity: "client".into(),
            ..Default::default()
        };
        self.client.terminate_workflow_execution(request).await.unwrap();
    }

    /// Resets a run, and says what came of it.
    pub(crate) async fn reset(
        &mut self,
        run: usize,
        event: i64,
        edit: impl FnOnce(&mut api::ResetWorkflowExecutionRequest),
    ) {
        let mut request = api::ResetWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_execution: self.execution(run),
            reason: "because".into(),
            workflow_task_finish_event_id: event,
            request_id: format!("reset {} of {} to {event}", self.lines.len(), self.id),
            identity: "client".into(),
            ..Default::default()
        };
        edit(&mut request);
        let answer = self.client.reset_workflow_execution(request).await;
        let line = match answer {
            Ok(answer) => {
                let run_id = answer.into_inner().run_id;
                self.see(&run_id);
                let place = self.runs.iter().position(|run| *run == run_id);
                format!("reset to run {place:?}")
            }
            Err(status) => self.refusal(&status),
        };
        self.lines.push(line);
    }

    /// The last refusal, without what it said: in other words, resets or not.
    pub(crate) fn in_other_words(&mut self) {
        let line = self.lines.pop().unwrap();
        self.lines.push(line.split(':').next().unwrap().to_owned());
    }

    fn refusal(&self, status: &Status) -> String {
        self.anonymous(&format!("{:?}: {}", status.code(), status.message()))
    }

    fn anonymous(&self, line: &str) -> String {
        let line = line.replace(&self.namespace, "NAMESPACE");
        let line = self.children.iter().fold(line, |line, run| line.replace(run, "CHILD"));
        self.runs.iter().enumerate().fold(line, |line, (place, run)| line.replace(run, &format!("RUN-{place}")))
    }

    /// The history of a run.
    pub(crate) async fn history(&mut self, run: usize) {
        let request = api::GetWorkflowExecutionHistoryRequest {
            namespace: self.namespace.clone(),
            execution: self.execution(run),
            ..Default::default()
        };
        let answer = self.client.get_workflow_execution_history(request).await.unwrap().into_inner();
        let events = answer.history.unwrap().events;
        let history = json::history_to_json(&events).unwrap();
        self.last.insert(run, history.clone());
        self.histories.push(history);
        for event in events {
            let mut event = json::event_to_json(&event).unwrap();
            strip(&mut event);
            self.lines.push(self.anonymous(&format!("run {run}: {event}")));
        }
    }

    /// What a run is described as.
    pub(crate) async fn describe(&mut self, run: usize) {
        let request =
            api::DescribeWorkflowExecutionRequest { namespace: self.namespace.clone(), execution: self.execution(run) };
        let it = self.client.describe_workflow_execution(request).await.unwrap().into_inner();
        let (info, more) = (it.workflow_execution_info.unwrap(), it.workflow_extended_info.unwrap());
        // Of a closed run the real server still shows what was pending when it closed.
        let open = info.close_time.is_none();
        let activities = it.pending_activities.iter().filter(|_| open);
        let mut activities: Vec<_> = activities.map(|it| (&it.activity_id, it.state(), it.attempt)).collect();
        activities.sort_unstable();
        let children: Vec<_> = it
            .pending_children
            .iter()
            .filter(|_| open)
            .map(|it| (&it.workflow_id, it.initiated_id, it.run_id.is_empty()))
            .collect();
        let moved = more.original_start_time != info.start_time;
        let line = format!(
            "description of run {run}: {:?}, {} events, first {}, reset to {:?}, {moved}, at {:?}, {activities:?}, {children:?}, {:?}",
            info.status(),
            info.history_length,
            info.first_run_id,
            more.reset_run_id,
            more.last_reset_time == info.start_time,
            it.pending_workflow_task.filter(|_| open).map(|task| (task.state(), task.attempt)),
        );
        self.lines.push(self.anonymous(&line));
    }

    /// Everything about all runs so far.
    pub(crate) async fn everything(&mut self) {
        for run in 0..self.runs.len() {
            self.describe(run).await;
            self.history(run).await;
        }
    }

    /// Waits until the history of a run has so many events.
    pub(crate) async fn until(&mut self, run: usize, events: i64) {
        for _ in 0..150 {
            let request = api::DescribeWorkflowExecutionRequest {
                namespace: self.namespace.clone(),
                execution: self.execution(run),
            };
            let it = self.client.describe_workflow_execution(request).await.unwrap().into_inner();
            if it.workflow_execution_info.unwrap().history_length >= events {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{}: run {run} does not come to {events} events", self.id)
    }

    /// The child `id` does its first workflow task, and completes.
    pub(crate) async fn complete_child(&mut self, id: &str) {
        let mut child = Self::of(self.client.clone(), self.namespace.clone(), id.to_owned());
        let task = child.task().await;
        self.children.push(task.workflow_execution.clone().unwrap().run_id);
        child.complete(&task, vec![super::scenes::finish()]).await;
    }
}

/// What an update asks for.
fn asked(id: &str) -> update::Request {
    update::Request {
        meta: Some(update::Meta { update_id: id.into(), identity: "client".into() }),
        input: Some(update::Input { name: "u".into(), args: text("argument"), ..update::Input::default() }),
        ..update::Request::default()
    }
}

/// Takes away what cannot be the same.
fn strip(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !OWN.contains(&name.as_str()));
            fields.values_mut().for_each(strip);
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}
