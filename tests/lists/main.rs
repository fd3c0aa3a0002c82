//! The same questions to the list of workflows of our server and of the real one: the same workflows in the same order, the
//! same counts, and the same refusals, word for word. Where they differ, and why, stands here too.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_api::temporal::command::v1 as command;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::common::v1::{Payload, SearchAttributes, WorkflowExecution, WorkflowType};
use resurgam_api::temporal::enums::v1::CommandType;
use resurgam_api::temporal::operatorservice::v1::AddSearchAttributesRequest;
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_api::temporal::workflowservice::v1 as api;
use resurgam_api::{OperatorServiceClient, WorkflowServiceClient};
use resurgam_harness::real;
use resurgam_harness::target::{Endpoint, own_server, temporal};
use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;
use tonic::Status;
use tonic::transport::Channel;

/// One question in each line.
const QUESTIONS: &str = include_str!("questions.txt");

/// Questions that the two answer otherwise, and why that stays so.
const OTHERWISE: [(&str, &str); 6] = [
    (
        "At = '2026-01-02T03:04:05.5Z'",
        "there it is the texts of two times that are compared, and those are not written alike",
    ),
    ("Keyword01 = 'red'", "a name of a column of its database, which ours has not"),
    ("WorkflowId = ('a-1','b-1')", "there the database fails, here the question is refused"),
    ("!WorkflowId = 'a-1'", "refused in other words"),
    ("WorkflowId = 'a-1' # comment", "a comment of MySQL is no comment here"),
    ("WorkflowId NOT 'a'", "refused one word earlier"),
];

/// Names and types of attributes.
const ATTRIBUTES: [(&str, i32); 7] = [("X", 1), ("K", 2), ("I", 3), ("D", 4), ("B", 5), ("At", 6), ("L", 7)];

struct Server {
    client: WorkflowServiceClient<Channel>,
    namespace: String,
}

fn payload(json: &str) -> Payload {
    let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into();
    Payload { metadata, data: json.as_bytes().to_vec(), ..Payload::default() }
}

fn attributes(given: &[(&str, &str)]) -> Option<SearchAttributes> {
    let fields: HashMap<_, _> = given.iter().map(|(name, json)| ((*name).to_owned(), payload(json))).collect();
    (!fields.is_empty()).then_some(SearchAttributes { indexed_fields: fields })
}

/// Tries until it succeeds, for half a minute: a new attribute is not known everywhere at once.
async fn until<T, F: Future<Output = Result<T, Status>>>(mut attempt: impl FnMut() -> F) -> T {
    for _ in 0..150 {
        if let Ok(done) = attempt().await {
            return done;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("it does not succeed: {:?}", attempt().await.err());
}

impl Server {
    /// A server with seven workflows, each of which has something in its record that others have not.
    async fn prepare(endpoint: &Endpoint) -> Self {
        let channel = Channel::from_shared(endpoint.uri.clone()).unwrap().connect().await.unwrap();
        let (client, namespace) = (WorkflowServiceClient::new(channel.clone()), endpoint.namespace.clone());
        let operator = OperatorServiceClient::new(channel);
        let request = AddSearchAttributesRequest {
            namespace: namespace.clone(),
            search_attributes: ATTRIBUTES.map(|(name, kind)| (name.to_owned(), kind)).into(),
        };
        until(|| {
            let (mut operator, request) = (operator.clone(), request.clone());
            async move { operator.add_search_attributes(request).await }
        })
        .await;
        let server = Self { client, namespace };
        let time = "\"2026-01-02T03:04:05.5Z\"";
        let all = [
            ("K", "\"red\""),
            ("I", "1"),
            ("D", "1.5"),
            ("B", "true"),
            ("X", "\"Hello big world\""),
            ("L", "[\"one\",\"two\"]"),
            ("At", time),
        ];
        server.start("a-1", "T1", "q", &all).await;
        let some =
            [("K", "\"green\""), ("I", "2"), ("B", "false"), ("X", "\"small world\""), ("L", "[\"two\",\"Three\"]")];
        server.start("a-2", "T1", "q", &some).await;
        server.start("b-1", "T2", "q2", &[("K", "\"Red\""), ("I", "-3"), ("D", "2")]).await;
        server.start("b_2", "T2", "q", &[]).await;
        server.start("it's", "T%", "q", &[("K", "\"it's\"")]).await;
        server.start("term", "T1", "q", &[]).await;
        server.start("done", "T3", "work", &[("K", "\"blue\"")]).await;
        let execution = Some(WorkflowExecution { workflow_id: "term".into(), run_id: String::new() });
        let request = api::TerminateWorkflowExecutionRequest {
            namespace: server.namespace.clone(),
            workflow_execution: execution,
            ..Default::default()
        };
        server.client.clone().terminate_workflow_execution(request).await.unwrap();
        server.complete().await;
        server
    }

    async fn start(&self, id: &str, kind: &str, queue: &str, given: &[(&str, &str)]) {
        let request = api::StartWorkflowExecutionRequest {
            namespace: self.namespace.clone(),
            workflow_id: id.into(),
            workflow_type: Some(WorkflowType { name: kind.into() }),
            task_queue: Some(TaskQueue { name: queue.into(), ..TaskQueue::default() }),
            request_id: format!("start of {id}"),
            search_attributes: attributes(given),
            ..Default::default()
        };
        until(|| {
            let (mut client, request) = (self.client.clone(), request.clone());
            async move { client.start_workflow_execution(request).await }
        })
        .await;
        // No two of them start at the same time.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    /// A worker changes attributes of the workflow `done` and completes it.
    async fn complete(&self) {
        let mut client = self.client.clone();
        let request = api::PollWorkflowTaskQueueRequest {
            namespace: self.namespace.clone(),
            task_queue: Some(TaskQueue { name: "work".into(), ..TaskQueue::default() }),
            ..Default::default()
        };
        let mut request = tonic::Request::new(request);
        request.set_timeout(Duration::from_secs(30));
        let task = client.poll_workflow_task_queue(request).await.unwrap().into_inner();
        let upsert = command::UpsertWorkflowSearchAttributesCommandAttributes {
            search_attributes: attributes(&[("I", "77"), ("K", "\"purple\"")]),
        };
        let complete = command::CompleteWorkflowExecutionCommandAttributes::default();
        let commands = [
            (
                CommandType::UpsertWorkflowSearchAttributes,
                Attributes::UpsertWorkflowSearchAttributesCommandAttributes(upsert),
            ),
            (CommandType::CompleteWorkflowExecution, Attributes::CompleteWorkflowExecutionCommandAttributes(complete)),
        ];
        let commands = commands.map(|(kind, attributes)| command::Command {
            command_type: kind.into(),
            attributes: Some(attributes),
            ..Default::default()
        });
        let request = api::RespondWorkflowTaskCompletedRequest {
            namespace: self.namespace.clone(),
            task_token: task.task_token,
            commands: commands.into(),
            ..Default::default()
        };
        client.respond_workflow_task_completed(request).await.unwrap();
    }

    /// The records of a real server come late.
    async fn settle(&self) {
        for (query, expected) in
            [("", 7), ("I = 77 AND ExecutionStatus = 'Completed'", 1), ("ExecutionStatus = 'Terminated'", 1)]
        {
            until(|| async move {
                let ids = self.list(query).await?;
                if ids.len() == expected { Ok(()) } else { Err(Status::unavailable(format!("{query}: {ids:?}"))) }
            })
            .await;
        }
    }

    async fn list(&self, query: &str) -> Result<Vec<String>, Status> {
        let request = api::ListWorkflowExecutionsRequest {
            namespace: self.namespace.clone(),
            query: query.into(),
            ..Default::default()
        };
        let listed = self.client.clone().list_workflow_executions(request).await?.into_inner();
        Ok(listed.executions.into_iter().map(|info| info.execution.unwrap().workflow_id).collect())
    }

    /// What it says to a question, in words: the list, and the count.
    async fn says(&self, query: &str) -> (String, String) {
        let refused = |status: Status| format!("{:?}: {}", status.code(), status.message());
        let listed = self.list(query).await.map_or_else(refused, |ids| format!("{ids:?}"));
        let request = api::CountWorkflowExecutionsRequest { namespace: self.namespace.clone(), query: query.into() };
        let counted = self.client.clone().count_workflow_executions(request).await.map_or_else(refused, |answer| {
            let answer = answer.into_inner();
            let groups = answer.groups.iter().map(|group| {
                let value = &group.group_values[0];
                (String::from_utf8_lossy(&value.data), value.metadata.get("type"), group.count)
            });
            format!("{}: {:?}", answer.count, groups.collect::<Vec<_>>())
        });
        (listed, counted)
    }
}

#[tokio::test]
async fn both_servers_find_the_same_and_refuse_the_same() {
    if !real::wanted("questions to the list of workflows of the real Temporal server") {
        return;
    }
    let own = own_server::start(Path::new(env!("CARGO_BIN_EXE_resurgam")), 2).await.unwrap();
    let real = temporal::start(&temporal::Options::default()).await.unwrap();
    let (ours, theirs) = tokio::join!(Server::prepare(own.endpoint()), Server::prepare(real.endpoint()));
    tokio::join!(ours.settle(), theirs.settle());
    let mut differ = Vec::new();
    for question in QUESTIONS.lines() {
        let (one, other) = tokio::join!(ours.says(question), theirs.says(question));
        if one != other {
            differ.push(format!("{question}\n  ours:   {one:?}\n  theirs: {other:?}"));
        }
    }
    assert!(differ.is_empty(), "{} questions:\n{}", differ.len(), differ.join("\n"));
    assert!(QUESTIONS.lines().count() > 250);
    for (question, why) in OTHERWISE {
        let (one, other) = tokio::join!(ours.says(question), theirs.says(question));
        assert_ne!(one, other, "{question} was answered otherwise, because {why}");
    }
}
