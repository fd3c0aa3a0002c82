//! Which names, and which times to keep, both servers take: one table for namespaces, another for what is named in them.

use crate::server::{Server, queue};
use prost_wkt_types::Duration as Span;
use resurgam_api::temporal::command::v1::command::Attributes;
use resurgam_api::temporal::command::v1::{Command, ScheduleActivityTaskCommandAttributes};
use resurgam_api::temporal::common::v1::{ActivityType, WorkflowType};
use resurgam_api::temporal::enums::v1::CommandType;
use resurgam_api::temporal::workflowservice::v1 as api;
use std::time::Duration;

/// Names of any kind; what is in them, and not what they are called in the lines, is what matters.
fn names() -> Vec<(&'static str, String)> {
    vec![
        ("empty", String::new()),
        ("a blank", " ".into()),
        ("NUL", "nul\0here".into()),
        ("a newline", "line\nbreak".into()),
        ("a tab", "tab\there".into()),
        ("a control", "bell\u{7}".into()),
        ("a slash", "a/b".into()),
        ("dots", "../..".into()),
        ("a quote", "it's \"quoted\"".into()),
        ("other letters", "größe-名前".into()),
        ("the server's", "temporal-system".into()),
        ("reserved", "/_sys/q".into()),
        ("almost reserved", "_sys/q".into()),
        ("of the server's workers", "temporal-sys-per-ns-tq".into()),
        ("as long as may be", "x".repeat(1000)),
        ("too long", "x".repeat(1001)),
        ("too long by its bytes", "ü".repeat(501)),
        ("much too long", "x".repeat(100_000)),
    ]
}

/// Times to keep closed workflows.
fn retentions() -> [(&'static str, Option<Span>); 9] {
    let of = |seconds, nanos| Some(Span { seconds, nanos });
    [
        ("none", None),
        ("nothing", of(0, 0)),
        ("a second", of(1, 0)),
        ("a moment less than an hour", of(3599, 999_999_999)),
        ("an hour", of(3600, 0)),
        ("less than nothing", of(-3600, 0)),
        ("of two minds", of(3600, -1)),
        ("ten years", of(10 * 365 * 86_400, 0)),
        ("for ever", of(i64::MAX, 0)),
    ]
}

/// Namespaces of every name, and kept for every time, are registered and described.
pub(crate) async fn namespaces(server: &mut Server) {
    let register = |namespace: &str, retention| api::RegisterNamespaceRequest {
        namespace: namespace.to_owned(),
        workflow_execution_retention_period: retention,
        ..Default::default()
    };
    let mut all = Vec::new();
    for (what, name) in names() {
        all.push((format!("a namespace of the name: {what}"), name, Some(Span { seconds: 7200, nanos: 0 })));
    }
    for (number, (what, retention)) in retentions().into_iter().enumerate() {
        all.push((format!("a namespace that keeps: {what}"), format!("kept-{number}"), retention));
    }
    for (what, name, retention) in all {
        let answer = server.client.register_namespace(register(&name, retention)).await;
        server.see(&what, answer);
        let described = api::DescribeNamespaceRequest { namespace: name.clone(), ..Default::default() };
        let answer = server.client.describe_namespace(described).await;
        server.see(&what, answer);
        let answer = server.client.register_namespace(register(&name, retention)).await;
        server.see(&format!("{what}, again"), answer);
    }
}

/// Workflows, their types, task queues, requests and signals of every name.
pub(crate) async fn others(server: &mut Server) {
    for (what, name) in names() {
        let plain = server.start(&format!("names: {what}"));
        let named = |name: &str| WorkflowType { name: name.to_owned() };
        for (part, start) in [
            ("workflow", api::StartWorkflowExecutionRequest { workflow_id: name.clone(), ..plain.clone() }),
            ("type", api::StartWorkflowExecutionRequest { workflow_type: Some(named(&name)), ..plain.clone() }),
            ("queue", api::StartWorkflowExecutionRequest { task_queue: queue(&name), ..plain.clone() }),
            ("request", api::StartWorkflowExecutionRequest { request_id: name.clone(), ..plain.clone() }),
        ] {
            // Each is another workflow, but for the first, whose name it is about.
            let workflow_id =
                if part == "workflow" { start.workflow_id.clone() } else { format!("{}, {part}", start.workflow_id) };
            let start = api::StartWorkflowExecutionRequest { workflow_id, ..start };
            // What a start is answered with is compared elsewhere.
            let answer = server.client.start_workflow_execution(start).await;
            let answer = answer.map(|_| tonic::Response::new(api::StartWorkflowExecutionResponse::default()));
            server.see(&format!("{what} as the name of a {part}"), answer);
        }
        let signal = api::SignalWorkflowExecutionRequest {
            namespace: server.namespace.clone(),
            workflow_execution: crate::server::execution("names: a blank, type"),
            signal_name: name.clone(),
            ..Default::default()
        };
        let answer = server.client.signal_workflow_execution(signal).await;
        server.see(&format!("{what} as the name of a signal"), answer);
        let described = api::DescribeTaskQueueRequest {
            namespace: server.namespace.clone(),
            task_queue: queue(&name),
            ..Default::default()
        };
        // What is said of a queue is compared elsewhere.
        let answer = server.client.describe_task_queue(described).await;
        let answer = answer.map(|_| tonic::Response::new(api::DescribeTaskQueueResponse::default()));
        server.see(&format!("a description of the queue: {what}"), answer);
    }
    // Those that are taken are waited at.
    for (what, name) in names().into_iter().filter(|(what, _)| ["empty", "reserved", "too long"].contains(what)) {
        let poll = api::PollActivityTaskQueueRequest {
            namespace: server.namespace.clone(),
            task_queue: queue(&name),
            ..Default::default()
        };
        let mut poll = tonic::Request::new(poll);
        poll.set_timeout(Duration::from_secs(10));
        let answer = server.client.poll_activity_task_queue(poll).await;
        server.see(&format!("a poll of the queue: {what}"), answer);
    }
    for (what, name) in names() {
        activity(server, what, &name).await;
    }
}

/// An activity whose queue has such a name: what becomes of the workflow task that schedules it.
async fn activity(server: &mut Server, what: &str, name: &str) {
    let id = format!("names: an activity, {what}");
    let start = server.start(&id);
    server.client.start_workflow_execution(start).await.unwrap();
    let task = server.task(&id).await;
    let attributes = ScheduleActivityTaskCommandAttributes {
        activity_id: "1".into(),
        activity_type: Some(ActivityType { name: "kind".into() }),
        task_queue: queue(name),
        start_to_close_timeout: Some(Span { seconds: 60, nanos: 0 }),
        ..Default::default()
    };
    let command = Command {
        command_type: CommandType::ScheduleActivityTask.into(),
        attributes: Some(Attributes::ScheduleActivityTaskCommandAttributes(attributes)),
        ..Default::default()
    };
    let request = api::RespondWorkflowTaskCompletedRequest {
        namespace: server.namespace.clone(),
        task_token: task.task_token,
        commands: vec![command],
        ..Default::default()
    };
    let answer = server.client.respond_workflow_task_completed(request).await;
    let answer = answer.map(|_| tonic::Response::new(api::RespondWorkflowTaskCompletedResponse::default()));
    server.see(&format!("an activity for the queue: {what}"), answer);
}
