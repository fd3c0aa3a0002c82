//! H5: a description agrees with the history.

use crate::rules::Indexed;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::{Body, EventId};
use resurgam_formats::evidence::Run;
use resurgam_formats::recording::{Description, OperationId, Reply};

/// Compares descriptions with final histories.
pub(super) struct DescriptionAgrees;

static ABOUT: About = About {
    id: "H5",
    slug: "description",
    title: "status, length and first run of a description are those of the history",
    reason: "Operators and clients decide by the description (is it finished, did it fail, which chain is it?) and \
             workers by the history. If the two disagree the state row and the event log have drifted apart: a run may \
             be stuck as running for ever though it is over, or be counted as completed though it failed.",
    source: "docs/temporal-semantics.md: “Reads of histories”",
    violating: r#"
        run w/r
        1 WorkflowExecutionStarted firstExecutionRunId=r
        2 WorkflowExecutionTerminated
        {"at":9,"type":"description","workflow_id":"w","run_id":"r","status":"RUNNING","history_length":2,"final":true}"#,
    allowed: r#"
        run w/r
        1 WorkflowExecutionStarted firstExecutionRunId=r
        2 WorkflowExecutionTerminated
        {"at":9,"type":"description","workflow_id":"w","run_id":"r","status":"TERMINATED","history_length":2,"first_run_id":"r","final":true}"#,
};

impl Rule for DescriptionAgrees {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let runs = evidence.by_execution();
        let read = evidence.descriptions.iter().map(|(_, description)| (description, None));
        let answered = evidence.operations.values().flat_map(|operation| {
            operation.replies().filter_map(|(_, reply)| match reply {
                Reply::Description(description) => Some((description, Some(operation.id))),
                _ => None,
            })
        });
        for (description, operation) in read.chain(answered) {
            let key = (description.workflow_id.as_str(), description.run_id.as_str());
            if let Some(run) = runs.get(&key).filter(|run| !run.partial) {
                findings.look_at(run);
                compare(run, description, operation, findings);
            }
        }
    }
}

/// The status that a run has after this close event.
fn status(close: &Body) -> &'static str {
    match close {
        Body::WorkflowExecutionCompleted(_) => "COMPLETED",
        Body::WorkflowExecutionFailed(_) => "FAILED",
        Body::WorkflowExecutionTimedOut(_) => "TIMED_OUT",
        Body::WorkflowExecutionCanceled(_) => "CANCELED",
        Body::WorkflowExecutionTerminated(_) => "TERMINATED",
        _ => "CONTINUED_AS_NEW",
    }
}

fn compare(run: &Run, description: &Description, operation: Option<OperationId>, findings: &mut Findings) {
    let by: Vec<OperationId> = operation.into_iter().collect();
    let open = matches!(description.status.as_str(), "RUNNING" | "PAUSED");
    findings.examine();
    match run.close() {
        // A description in the middle of the case may be older than the close; the one at the end is not.
        Some(close) if open && description.is_final => findings.violated_by(
            &by,
            &[close.id],
            format!("described as {} though the history ended before with {}", description.status, close.body.name()),
        ),
        Some(close) if !open && description.status != status(&close.body) => findings.violated_by(
            &by,
            &[close.id],
            format!("described as {}, but the history ends with {}", description.status, close.body.name()),
        ),
        Some(_) if !open => {
            let last = run.events.last().map_or(EventId(0), |event| event.id);
            if description.history_length != last.0 {
                let message = format!("described with {} events, the history has {last}", description.history_length);
                findings.violated_by(&by, &[last], message);
            }
        }
        // Closed when described, so it must have been closed when its history was read later.
        None if !open && !description.is_final => findings.violated_by(
            &by,
            &[],
            format!("described as {}, but the history read later has no close event", description.status),
        ),
        _ => {}
    }
    let first = run.started().map_or("", |started| &started.first_run);
    if !description.first_run_id.is_empty() && !first.is_empty() && description.first_run_id != first {
        let message = format!("described with first run {}, started with first run {first}", description.first_run_id);
        findings.violated_by(&by, &[EventId(1)], message);
    }
}
