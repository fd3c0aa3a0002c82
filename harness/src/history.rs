//! Reads histories to their end, turns them into Temporal's JSON, and says which runs they name. Judges nothing of them.

use crate::convert;
use crate::session::{Session, within};
use crate::wire::Client;
use resurgam_api::temporal::enums::v1::HistoryEventFilterType;
use resurgam_api::temporal::history::v1::HistoryEvent;
use resurgam_api::temporal::history::v1::history_event::Attributes;
use resurgam_api::temporal::workflowservice::v1::{
    GetWorkflowExecutionHistoryRequest, GetWorkflowExecutionHistoryReverseRequest,
};
use resurgam_formats::event::{Body, Event};
use resurgam_formats::evidence::Run;
use resurgam_formats::notes::Notes;
use resurgam_formats::plan::Namespace;
use serde_json::Value;
use std::time::Duration;
use tonic::Status;

const LIMIT: Duration = Duration::from_secs(10);

/// All events of a run (of the current run if `run_id` is empty), by pages as the plan has them.
pub(crate) async fn read(
    session: &Session,
    client: &Client,
    workflow_id: &str,
    run_id: &str,
) -> Result<Vec<HistoryEvent>, Status> {
    read_in(session, Namespace::Own, client, workflow_id, run_id).await
}

/// The same, by pages as the server has them.
pub(crate) async fn read_at_once(
    session: &Session,
    client: &Client,
    workflow_id: &str,
    run_id: &str,
) -> Result<Vec<HistoryEvent>, Status> {
    read_by(session, Namespace::Own, client, (workflow_id, run_id), 0).await
}

/// The same in one of the namespaces of the case.
pub(crate) async fn read_in(
    session: &Session,
    namespace: Namespace,
    client: &Client,
    workflow_id: &str,
    run_id: &str,
) -> Result<Vec<HistoryEvent>, Status> {
    read_by(session, namespace, client, (workflow_id, run_id), session.plan.habits.page_size).await
}

async fn read_by(
    session: &Session,
    namespace: Namespace,
    client: &Client,
    (workflow_id, run_id): (&str, &str),
    page_size: u8,
) -> Result<Vec<HistoryEvent>, Status> {
    let mut events = Vec::new();
    let mut token = Vec::new();
    loop {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: session.namespace(namespace).to_owned(),
            execution: convert::run(workflow_id, run_id),
            next_page_token: token,
            maximum_page_size: page_size.into(),
            ..Default::default()
        };
        let page = client.clone().get_workflow_execution_history(within(LIMIT, request)).await?.into_inner();
        events.extend(page.history.unwrap_or_default().events);
        token = page.next_page_token;
        if token.is_empty() {
            return Ok(events);
        }
    }
}

/// All events of a run, read from its end, in the order in which they happened.
pub(crate) async fn read_backwards(
    session: &Session,
    client: &Client,
    workflow_id: &str,
    run_id: &str,
) -> Result<Vec<HistoryEvent>, Status> {
    let mut events = Vec::new();
    let mut token = Vec::new();
    loop {
        let request = GetWorkflowExecutionHistoryReverseRequest {
            namespace: session.namespace.clone(),
            execution: convert::run(workflow_id, run_id),
            next_page_token: token,
            maximum_page_size: session.plan.habits.page_size.into(),
        };
        let page = client.clone().get_workflow_execution_history_reverse(within(LIMIT, request)).await?.into_inner();
        events.extend(page.history.unwrap_or_default().events);
        token = page.next_page_token;
        if token.is_empty() {
            events.reverse();
            return Ok(events);
        }
    }
}

/// Waits until a run is closed, and follows its events as they come; `None` if it has not closed within `limit`, or is not there.
pub(crate) async fn follow(
    session: &Session,
    client: &Client,
    workflow_id: &str,
    run_id: &str,
    limit: Duration,
) -> Option<Vec<HistoryEvent>> {
    let until = tokio::time::Instant::now() + limit;
    let (mut events, mut token) = (Vec::new(), Vec::new());
    while tokio::time::Instant::now() < until {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: session.namespace.clone(),
            execution: convert::run(workflow_id, run_id),
            maximum_page_size: session.plan.habits.page_size.into(),
            next_page_token: token.clone(),
            wait_new_event: true,
            ..Default::default()
        };
        match client.clone().get_workflow_execution_history(within(patience(until), request)).await {
            Ok(page) => {
                let page = page.into_inner();
                take(&mut events, page.history.unwrap_or_default().events);
                token = page.next_page_token;
                if !token.is_empty() {
                    continue;
                }
                if events.last().is_some_and(is_close) {
                    return Some(events);
                }
            }
            Err(status) if status.code() == tonic::Code::NotFound => return None,
            Err(_) => token.clear(),
        }
        // Whoever has lost his place begins again.
        events.clear();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    None
}

/// Adds a page. A workflow task that is not written yet may be shown at the end, and something else be written in its place.
fn take(events: &mut Vec<HistoryEvent>, page: Vec<HistoryEvent>) {
    let next = page.first().map_or(i64::MAX, |event| event.event_id);
    while events.last().is_some_and(|last| last.event_id >= next && is_begun_task(last)) {
        events.pop();
    }
    events.extend(page);
}

fn is_begun_task(event: &HistoryEvent) -> bool {
    matches!(
        event.attributes,
        Some(Attributes::WorkflowTaskScheduledEventAttributes(_) | Attributes::WorkflowTaskStartedEventAttributes(_))
    )
}

/// How long a call may wait that is made over and over until then.
fn patience(until: tokio::time::Instant) -> Duration {
    until.duration_since(tokio::time::Instant::now()).clamp(Duration::from_secs(3), Duration::from_secs(30))
}

fn is_close(event: &HistoryEvent) -> bool {
    decoded(std::slice::from_ref(event)).is_ok_and(|events| events.iter().any(|event| event.body.is_close()))
}

/// Waits until a run is closed; false if that has not happened within `limit`.
pub(crate) async fn await_close(
    session: &Session,
    client: &Client,
    workflow_id: &str,
    run_id: &str,
    limit: Duration,
) -> bool {
    let until = tokio::time::Instant::now() + limit;
    let mut token = Vec::new();
    while tokio::time::Instant::now() < until {
        let request = GetWorkflowExecutionHistoryRequest {
            namespace: session.namespace.clone(),
            execution: convert::run(workflow_id, run_id),
            next_page_token: token.clone(),
            wait_new_event: true,
            history_event_filter_type: HistoryEventFilterType::CloseEvent.into(),
            ..Default::default()
        };
        match client.clone().get_workflow_execution_history(within(patience(until), request)).await {
            Ok(page) => {
                let page = page.into_inner();
                if page.next_page_token.is_empty() && page.history.is_some_and(|history| !history.events.is_empty()) {
                    return true;
                }
                token = page.next_page_token;
            }
            Err(status) if status.code() == tonic::Code::NotFound => return false,
            Err(_) => {
                token.clear();
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
    false
}

/// The run that a history is of, by its first event.
pub(crate) fn run_of(events: &[HistoryEvent]) -> Option<String> {
    match events.first()?.attributes.as_ref()? {
        Attributes::WorkflowExecutionStartedEventAttributes(started) => Some(started.original_execution_run_id.clone()),
        _ => None,
    }
}

/// Temporal's JSON of events.
pub(crate) fn to_json(events: &[HistoryEvent]) -> Result<Vec<Value>, resurgam_api::json::Error> {
    events.iter().map(resurgam_api::json::event_to_json).collect()
}

/// Events as rules see them.
///
/// # Errors
/// An event cannot be written as JSON, or not be read from that.
pub(crate) fn decoded(events: &[HistoryEvent]) -> Result<Vec<Event>, String> {
    let mut notes = Notes::default();
    let events = to_json(events).map_err(|e| e.to_string())?;
    events
        .into_iter()
        .map(|value| resurgam_formats::event::decode(value, &mut notes).map_err(|e| e.to_string()))
        .collect()
}

/// The runs that a history names, by workflow and run: its successor, the run before it, its children.
pub(crate) fn linked(workflow_id: &str, events: Vec<Event>) -> Vec<(String, String)> {
    let run = Run { workflow_id: workflow_id.to_owned(), events, ..Run::default() };
    let mut found = vec![(run.workflow_id.clone(), run.successor().to_owned())];
    if let Some(started) = run.started() {
        found.push((run.workflow_id.clone(), started.continued_run.clone()));
    }
    for event in &run.events {
        if let Body::ChildWorkflowExecutionStarted(started) = &event.body {
            found.push((started.child.workflow_id.clone(), started.child.run_id.clone()));
        }
    }
    found.retain(|(_, run_id)| !run_id.is_empty());
    found
}
