//! A server, and what was seen of its schedules as lines that can be compared.

use crate::beside::{seen, without};
use prost::Message;
use prost::Name;
use resurgam_api::WorkflowServiceClient;
use resurgam_api::json;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::schedule::v1::{Schedule, SchedulePatch};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_harness::target::Endpoint;
use std::time::Duration;
use tonic::transport::Channel;
use tonic::{Response, Status};

/// What no two servers, or no two moments, have in common.
const OWN: [&str; 9] = [
    "actualTime",
    "createTime",
    "eventTime",
    "firstExecutionRunId",
    "originalExecutionRunId",
    "runId",
    "stateSizeBytes",
    "taskId",
    "updateTime",
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

    /// Writes down an event.
    pub(crate) fn see_event(&mut self, what: &str, event: &HistoryEvent) {
        let mut seen = json::event_to_json(event).unwrap();
        without(&OWN, &mut seen);
        self.lines.push(format!("{what}: {}", seen.to_string().replace(&self.namespace, "<namespace>")));
    }

    pub(crate) fn creation(&self, id: &str, schedule: Schedule) -> api::CreateScheduleRequest {
        api::CreateScheduleRequest {
            namespace: self.namespace.clone(),
            schedule_id: id.into(),
            schedule: Some(schedule),
            request_id: format!("create {id}"),
            ..Default::default()
        }
    }

    pub(crate) async fn create(&mut self, id: &str, schedule: Schedule) {
        let request = self.creation(id, schedule);
        let created = self.client.create_schedule(request).await;
        self.see(&format!("create {id}"), created);
    }

    fn description(&self, id: &str) -> api::DescribeScheduleRequest {
        api::DescribeScheduleRequest { namespace: self.namespace.clone(), schedule_id: id.into() }
    }

    /// Describes a schedule once something holds of it: a change may take effect after it was acknowledged.
    pub(crate) async fn described(&mut self, id: &str, holds: impl Fn(&api::DescribeScheduleResponse) -> bool) {
        for _ in 0..100 {
            let found = self.client.describe_schedule(self.description(id)).await;
            if found.as_ref().is_ok_and(|found| holds(found.get_ref())) {
                return self.see(&format!("describe {id}"), found);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let last = self.client.describe_schedule(self.description(id)).await;
        panic!("it does not come to hold: {:?}", last.map(|found| found.into_inner().info));
    }

    /// Waits until a schedule has met so many times: of two patches at once the real server forgets the first.
    pub(crate) async fn met(&mut self, id: &str, times: i64) {
        for _ in 0..100 {
            let found = self.client.describe_schedule(self.description(id)).await.unwrap().into_inner();
            let info = found.info.unwrap_or_default();
            if info.action_count + info.buffer_size + info.overlap_skipped == times {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{id} has not met {times} times");
    }

    pub(crate) async fn describe(&mut self, id: &str) {
        let found = self.client.describe_schedule(self.description(id)).await;
        self.see(&format!("describe {id}"), found);
    }

    pub(crate) async fn patch(&mut self, id: &str, patch: SchedulePatch) {
        let request = api::PatchScheduleRequest {
            namespace: self.namespace.clone(),
            schedule_id: id.into(),
            patch: Some(patch),
            ..Default::default()
        };
        let patched = self.client.patch_schedule(request).await;
        self.see(&format!("patch {id}"), patched);
    }

    pub(crate) async fn delete(&mut self, id: &str) {
        let (namespace, schedule_id) = (self.namespace.clone(), id.to_owned());
        let request = api::DeleteScheduleRequest { namespace, schedule_id, ..Default::default() };
        let deleted = self.client.delete_schedule(request).await;
        self.see(&format!("delete {id}"), deleted);
    }

    /// The times of a schedule between two moments.
    pub(crate) async fn matching(&mut self, id: &str, from: i64, until: i64) {
        let at = |seconds| Some(prost_wkt_types::Timestamp { seconds, nanos: 0 });
        let request = api::ListScheduleMatchingTimesRequest {
            namespace: self.namespace.clone(),
            schedule_id: id.into(),
            start_time: at(from),
            end_time: at(until),
        };
        let times = self.client.list_schedule_matching_times(request).await;
        self.see(&format!("times of {id}"), times);
    }

    /// The next workflow task of a queue.
    pub(crate) async fn task(&mut self, name: &str) -> api::PollWorkflowTaskQueueResponse {
        let request = api::PollWorkflowTaskQueueRequest {
            namespace: self.namespace.clone(),
            task_queue: queue(name),
            ..Default::default()
        };
        let mut request = tonic::Request::new(request);
        request.set_timeout(Duration::from_secs(30));
        let task = self.client.poll_workflow_task_queue(request).await.unwrap().into_inner();
        assert!(!task.task_token.is_empty(), "{name}: no workflow task");
        task
    }
}

pub(crate) fn queue(name: &str) -> Option<TaskQueue> {
    Some(TaskQueue { name: name.into(), kind: 1, ..TaskQueue::default() })
}
