//! H13: an acknowledged workflow task writes its commands, as they are, in their order.

use super::commanded::{Commanded, group};
use crate::rules::Indexed;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::{Body, EventId};
use resurgam_formats::recording::{Call, OperationId, Reply, TaskId};
use std::collections::BTreeMap;

/// Workflow id, run id, id of the Started event of a workflow task.
type Started<'e> = (&'e str, &'e str, i64);

pub(super) struct CommandOrder;

static ABOUT: About = About {
    id: "H13",
    slug: "command-order",
    title: "the command events of an acknowledged workflow task are the commands that the worker sent, in that order",
    reason: "A worker that sent commands and got an answer relies on exactly these commands. Replay matches command events \
             by their order: if the server writes them in another order, drops one, or takes one twice, correct code is \
             told that it is non-deterministic, or a timer or activity that it believes to run does not exist.",
    source: "docs/temporal-semantics.md: “Workflow tasks”, “Events and what they refer to”",
    violating: r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"start_timer","seq":1,"ms":250},{"command":"start_timer","seq":2,"ms":250}]}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 TimerStarted timerId=2 startToFireTimeout=0.250s workflowTaskCompletedEventId=4
        6 TimerStarted timerId=1 startToFireTimeout=0.250s workflowTaskCompletedEventId=4"#,
    allowed: r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
        {"at":2,"type":"invoke","operation":1,"attempt":1,"by":"worker-1","call":{"of":"complete_workflow_task","task":1,"commands":[{"command":"start_timer","seq":1,"ms":250},{"command":"start_timer","seq":2,"ms":250}]}}
        {"at":3,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 TimerStarted timerId=1 startToFireTimeout=0.250s workflowTaskCompletedEventId=4
        6 TimerStarted timerId=2 startToFireTimeout=0.250s workflowTaskCompletedEventId=4
        7 TimerFired timerId=1 startedEventId=5"#,
};

impl Rule for CommandOrder {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        // Acknowledged completions by run and Started event. A task that was not the one that completed is answered
        // NOT_FOUND; whether an acknowledged completion is in the history at all is the ledger's question.
        let mut sent: BTreeMap<Started<'_>, Vec<(OperationId, TaskId)>> = BTreeMap::new();
        for operation in evidence.operations.values() {
            let Call::CompleteWorkflowTask { task, commands, .. } = &operation.call else { continue };
            // A task without commands may be dropped with its ids, and its successor has the same ids.
            if !commands.is_empty()
                && operation.replies().any(|(_, reply)| *reply == Reply::Done)
                && let Some(handed) = evidence.tasks.get(task)
                && handed.task.started > 0
            {
                let key = (handed.task.workflow_id.as_str(), handed.task.run_id.as_str(), handed.task.started);
                sent.entry(key).or_default().push((operation.id, *task));
            }
        }
        if sent.is_empty() {
            return;
        }
        for run in evidence.runs.iter().filter(|run| !run.partial) {
            findings.look_at(run);
            let commanded = Commanded::new(run);
            for (index, event) in run.events.iter().enumerate() {
                let Body::WorkflowTaskCompleted(body) = &event.body else { continue };
                let key = (run.workflow_id.as_str(), run.run_id.as_str(), body.started.0);
                let Some([(id, task)]) = sent.get(&key).map(Vec::as_slice) else { continue };
                let Some(Call::CompleteWorkflowTask { commands, .. }) = evidence.operations.get(id).map(|op| &op.call)
                else {
                    continue;
                };
                findings.examine();
                let (events, ends) = group(run, index);
                let whole = ends || (evidence.is_whole() && index + 1 + events.len() == run.events.len());
                if let Some((at, what)) = commanded.compare(commands, events, whole) {
                    let shown: Vec<EventId> = [event.id].into_iter().chain(at).collect();
                    findings.violated_by(
                        &[*id],
                        &shown,
                        format!("the answer to task {task} is not what stands in the history: {what}"),
                    );
                }
            }
        }
    }
}
