//! P6: the parent close policy reaches the child.

use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::audit::{Audit, RunRow, TransferTask, TransferTaskKind};
use resurgam_formats::event::{Body, EventId, Execution};
use resurgam_formats::evidence::Run;
use rustc_hash::FxHashMap;

/// Looks for open children of parents that have closed.
pub(super) struct ParentClose;

static ABOUT: About = About {
    id: "P6",
    slug: "parent-close",
    title: "what a closed parent does to its children reaches the run that is the current one, or is on its way",
    reason: "A parent that closes terminates its children or asks them to cancel, if it was told to. The child may have \
             continued as new, or been retried, since it was started: if only the run that the parent knows is addressed, \
             the request finds a closed run, and the child works on for nobody, for ever if it is a loop.",
    source: "temporal#696, where the run that was started was addressed in place of the current one",
    violating: whole!(
        r#"
        {"at":9,"type":"audit","runs":[{"workflow_id":"c","run_id":"c2","open":true,"next_event":2,"events":[[1,1]]},{"workflow_id":"w","run_id":"r","next_event":5,"events":[[1,4]]}]}
        run w/r
        1 WorkflowExecutionStarted
        2 StartChildWorkflowExecutionInitiated workflowId=c parentClosePolicy=TERMINATE
        3 ChildWorkflowExecutionStarted initiatedEventId=2 workflowExecution.workflowId=c workflowExecution.runId=c1
        4 WorkflowExecutionCompleted
        run c/c1
        1 WorkflowExecutionStarted
        2 WorkflowExecutionContinuedAsNew newExecutionRunId=c2
        run c/c2
        1 WorkflowExecutionStarted"#
    ),
    allowed: whole!(
        r#"
        {"at":9,"type":"audit","runs":[{"workflow_id":"c","run_id":"c2","open":true,"next_event":2,"events":[[1,1]]},{"workflow_id":"w","run_id":"r","next_event":5,"events":[[1,4]],"tasks":[{"what":"close_child","event":2}]}]}
        run w/r
        1 WorkflowExecutionStarted
        2 StartChildWorkflowExecutionInitiated workflowId=c parentClosePolicy=TERMINATE
        3 ChildWorkflowExecutionStarted initiatedEventId=2 workflowExecution.workflowId=c workflowExecution.runId=c1
        4 WorkflowExecutionCompleted
        run c/c1
        1 WorkflowExecutionStarted
        2 WorkflowExecutionContinuedAsNew newExecutionRunId=c2
        run c/c2
        1 WorkflowExecutionStarted"#
    ),
};

/// A child that had started and not ended when its parent closed.
struct Left<'a> {
    initiated: EventId,
    child: &'a Execution,
    /// It is asked to cancel, not terminated.
    asked: bool,
}

impl Rule for ParentClose {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if evidence.audits.is_empty() {
            return;
        }
        let known = evidence.by_execution();
        let parents: Vec<(&Run, Vec<Left<'_>>)> = evidence
            .runs
            .iter()
            .filter(|run| !run.partial && run.close().is_some())
            .map(|run| (run, left(run)))
            .filter(|(_, left)| !left.is_empty())
            .collect();
        for (at, audit) in &evidence.audits {
            let rows = index(audit);
            for (parent, children) in &parents {
                let Some(row) = rows.get(&(parent.workflow_id.as_str(), parent.run_id.as_str())) else { continue };
                if row.open {
                    continue;
                }
                findings.look_at(parent);
                for child in children {
                    findings.examine();
                    let task =
                        TransferTask { what: TransferTaskKind::CloseChild, event: child.initiated.0, attempt: 0 };
                    if !row.tasks.contains(&task)
                        && let Some(run_id) = forgotten(child, &rows, known)
                    {
                        let message = format!(
                            "at {} ms: child {}/{run_id} is open, and nothing is on its way to {} it",
                            at / 1_000_000,
                            child.child.workflow_id,
                            if child.asked { "cancel" } else { "terminate" }
                        );
                        findings.violated(&[child.initiated], message);
                    }
                }
            }
        }
    }
}

/// The children to which the policy applies when this run closes, by its own history.
fn left(run: &Run) -> Vec<Left<'_>> {
    let mut asked: FxHashMap<EventId, bool> = FxHashMap::default();
    let mut left: Vec<Left<'_>> = Vec::new();
    for event in &run.events {
        match &event.body {
            Body::StartChildWorkflowExecutionInitiated(it) if it.parent_close_policy.is("TERMINATE") => {
                asked.insert(event.id, false);
            }
            Body::StartChildWorkflowExecutionInitiated(it) if it.parent_close_policy.is("REQUEST_CANCEL") => {
                asked.insert(event.id, true);
            }
            Body::ChildWorkflowExecutionStarted(it) => {
                if let Some(asked) = asked.remove(&it.initiated) {
                    left.push(Left { initiated: it.initiated, child: &it.child, asked });
                }
            }
            body => {
                if let Some(initiated) = ended(body) {
                    left.retain(|child| child.initiated != initiated);
                }
            }
        }
    }
    left
}

/// The Initiated event of a child that has ended.
fn ended(body: &Body) -> Option<EventId> {
    match body {
        Body::ChildWorkflowExecutionCompleted(it) => Some(it.initiated),
        Body::ChildWorkflowExecutionFailed(it) => Some(it.initiated),
        Body::ChildWorkflowExecutionCanceled(it) => Some(it.initiated),
        Body::ChildWorkflowExecutionTimedOut(it) => Some(it.initiated),
        Body::ChildWorkflowExecutionTerminated(it) => Some(it.initiated),
        _ => None,
    }
}

type Rows<'a> = FxHashMap<(&'a str, &'a str), &'a RunRow>;

fn index(audit: &Audit) -> Rows<'_> {
    audit.runs.iter().map(|row| ((row.workflow_id.as_str(), row.run_id.as_str()), row)).collect()
}

/// The run of a child that is open in the audit, if it is certain that nobody terminated it, or that no run of its chain
/// so far was asked to cancel. Runs that have closed before need not stand in the audit; the histories link them.
fn forgotten<'a>(child: &Left<'a>, rows: &Rows<'_>, known: &FxHashMap<(&str, &str), &'a Run>) -> Option<&'a str> {
    let workflow_id = child.child.workflow_id.as_str();
    let mut run_id = child.child.run_id.as_str();
    // No chain is longer than there are runs.
    for _ in 0..known.len() {
        let run = known.get(&(workflow_id, run_id))?;
        let open = rows.get(&(workflow_id, run_id)).filter(|row| row.open);
        let held_back = open.is_some_and(|row| row.pending.buffered > 0);
        if child.asked && (held_back || !was_never_asked(run)) {
            return None;
        }
        if open.is_some() {
            return Some(run_id);
        }
        run_id = run.successor();
    }
    None
}

/// True if its history has no cancel request, and cannot have lost one that was held back when the run closed.
fn was_never_asked(run: &Run) -> bool {
    let dropped = matches!(
        run.close().map(|event| &event.body),
        Some(Body::WorkflowExecutionTimedOut(_) | Body::WorkflowExecutionTerminated(_))
    );
    !dropped && !run.events.iter().any(|event| matches!(event.body, Body::WorkflowExecutionCancelRequested(_)))
}
