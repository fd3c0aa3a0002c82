//! The labels that our clients and workers write into what a server only carries, as events have to show them.

use super::identities::Identities;
use crate::replay;
use resurgam_formats::event::{Body, Event, FailureKind, Payloads};
use resurgam_formats::evidence::Run;
use resurgam_formats::label;
use resurgam_formats::plan::Action;
use serde_json::{Value, json};

/// What an event says in a field for labels, and what it may say.
pub(super) struct Labelled {
    pub(super) found: Value,
    pub(super) allowed: Vec<Value>,
}

/// `None` if the field is not written by our clients and workers, or it is not known by whom.
pub(super) fn of<'a>(run: &'a Run, event: &'a Event, field: &str, from: &Identities<'a, '_>) -> Option<Labelled> {
    let value = |field: &str| event.body.field(field).unwrap_or_default();
    let fields = |label: String| (value(field), vec![label::fields(&label)]);
    // One that was not asked for may be written or not.
    let nothing = || (value(field), vec![Value::Null, json!({}), json!({"fields": {}})]);
    let (found, allowed) = match (&event.body, field) {
        (Body::WorkflowTaskCompleted(task), _) => {
            let tasks = from.workflow_task(run, task.started);
            let metadata = |label: String| json!({"sdkName": label::NAME, "sdkVersion": label});
            (value(field), tasks.iter().map(|(task, _)| metadata(label::task(*task))).collect())
        }
        // A server ends tasks on its own too, but never in the words of a worker.
        (Body::WorkflowTaskFailed(task), "cause") if from.only_failed(run, task.started) => {
            (value(field), ["WORKFLOW_WORKER_UNHANDLED_FAILURE", "FORCE_CLOSE_COMMAND"].map(Value::from).to_vec())
        }
        (Body::WorkflowTaskFailed(_), "cause") => return None,
        (Body::WorkflowTaskFailed(task), _) if task.cause.is("WORKFLOW_WORKER_UNHANDLED_FAILURE") => {
            let tasks = from.workflow_task(run, task.started);
            let failure = task.failure.as_ref();
            let kind = failure.and_then(|failure| match &failure.kind {
                FailureKind::Application { kind, .. } => Some(kind.as_str()),
                _ => None,
            });
            let found = json!([failure.map(|it| it.message.as_str()), kind, failure.map(|it| it.source.as_str())]);
            let allowed = |task| json!([label::task(task), label::task(task), label::NAME]);
            (found, tasks.iter().map(|(task, _)| allowed(*task)).collect())
        }
        (Body::ActivityTaskScheduled(task), _) => fields(label::command(task.activity_id.parse().ok()?)),
        (Body::MarkerRecorded(marker), _) => fields(label::command(replay::marker(&marker.details)?.0)),
        (Body::StartChildWorkflowExecutionInitiated(_), _) if from.plain => nothing(),
        (Body::StartChildWorkflowExecutionInitiated(child), _) => fields(label::command(number(&child.workflow_id)?)),
        (Body::WorkflowExecutionContinuedAsNew(close), _)
            if !close.initiator.is("RETRY") && !close.initiator.is("CRON_SCHEDULE") =>
        {
            if from.plain {
                nothing()
            } else {
                fields(label::CONTINUE.to_owned())
            }
        }
        (Body::RequestCancelExternalWorkflowExecutionInitiated(it), _) => {
            (value(field), vec![label::cancel(number(&it.target.workflow_id)?).into()])
        }
        (Body::ActivityTaskCanceled(end), _) if !end.started.is_none() => {
            let tasks = from.activity_tasks(run, end.scheduled)?;
            (first(&end.details), tasks.iter().map(|(_, task, _)| label::task(*task).into()).collect())
        }
        (Body::WorkflowExecutionCanceled(end), _) => (first(&end.details), vec![label::CANCELLED.into()]),
        (Body::WorkflowExecutionCancelRequested(it), _) if it.external.workflow_id.is_empty() => {
            (value(field), from.cancels(run).map(Value::from).collect())
        }
        (Body::WorkflowExecutionSignaled(it), _) if it.external.workflow_id.is_empty() => {
            (value(field), from.signals(run, &it.name).map(label::fields).collect())
        }
        (Body::WorkflowExecutionTerminated(end), "reason") if end.identity.starts_with("client-") => {
            (value(field), from.terminations(run, &end.identity).map(Value::from).collect())
        }
        (Body::WorkflowExecutionTerminated(end), "details") if from.request(run, &end.reason).is_some() => {
            (first(&end.details), vec![end.reason.clone().into()])
        }
        (Body::WorkflowExecutionUpdateAccepted(it), "protocolInstanceId") if !it.request.id.is_empty() => {
            (value(field), vec![it.request.id.clone().into()])
        }
        (Body::WorkflowExecutionUpdateAccepted(it), "acceptedRequest") => {
            let (by, Action::Update { name, value, .. }) = from.asked(run, &it.request.id)? else { return None };
            let header = it.request.header.0.as_deref().cloned().unwrap_or_default();
            let found = json!([it.request.identity, it.request.name, first(&it.request.args), header]);
            (found, vec![json!([by, name, value, label::fields(&it.request.id)])])
        }
        _ => return None,
    };
    (!allowed.is_empty()).then_some(Labelled { found, allowed })
}

/// The number at the end of a child's workflow id.
fn number(workflow_id: &str) -> Option<u32> {
    workflow_id.rsplit_once('/')?.1.parse().ok()
}

fn first(details: &Payloads) -> Value {
    details.first_json().unwrap_or_default()
}
