//! H26: replaying a history with its program yields the commands that stand in it.

use super::commanded::{Commanded, group};
use crate::replay::{self, Unfit};
use crate::rules::Indexed;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::Body;

pub(super) struct Determinism;

static ABOUT: About = About {
    id: "H26",
    slug: "determinism",
    title: "the commands in the history are those that its program issues when the history is replayed",
    reason: "A workflow survives a crash because its code, given the history, arrives at the same commands again. If the \
             history has lost, reordered or changed an event that the code acted upon, or a command that it issued, the \
             next replay goes another way: the workflow is stuck with a non-determinism error, or worse, silently does \
             something else. Every run carries its program, so the commands of every completed workflow task can be \
             computed from the events before it.",
    source: "docs/temporal-semantics.md: “Workflow tasks”; the contract in resurgam_formats::program",
    violating: r#"
        1 WorkflowExecutionStarted workflowType.name=resurgam-program input=[{"program":{"version":1,"variables":1,"body":[{"do":"timer","ms":250}],"result":{"var":0}}}]
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 TimerStarted timerId=1 startToFireTimeout=0.350s workflowTaskCompletedEventId=4"#,
    allowed: r#"
        1 WorkflowExecutionStarted workflowType.name=resurgam-program input=[{"program":{"version":1,"variables":1,"body":[{"do":"timer","ms":250}],"result":{"var":0}}}]
        2 WorkflowTaskScheduled
        3 WorkflowTaskStarted scheduledEventId=2
        4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
        5 TimerStarted timerId=1 startToFireTimeout=0.250s workflowTaskCompletedEventId=4"#,
};

impl Rule for Determinism {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        for run in evidence.runs.iter().filter(|run| !run.partial) {
            findings.look_at(run);
            let commanded = Commanded::new(run);
            let tasks = match replay::commands(commanded.workflow_id, &run.events) {
                Ok(tasks) => tasks,
                Err(Unfit::NoProgram) => continue,
                Err(Unfit::Unreadable(why)) => {
                    findings.unknown(why);
                    continue;
                }
                Err(Unfit::Stray(event, what)) => {
                    findings.examine();
                    findings.violated(&[event], what);
                    continue;
                }
            };
            let completed = run.events.iter().enumerate().skip(1);
            let completed = completed.filter(|(_, event)| matches!(event.body, Body::WorkflowTaskCompleted(_)));
            for ((index, event), task) in completed.zip(&tasks) {
                findings.examine();
                let (events, ends) = group(run, index);
                // A final read shows all there is; a file may be cut anywhere.
                let whole = ends || (evidence.is_whole() && index + 1 + events.len() == run.events.len());
                if let Some((at, what)) = commanded.compare(&task.commands, events, whole) {
                    let shown: Vec<_> = [event.id].into_iter().chain(at).collect();
                    let text = format!("replay disagrees at the workflow task completed by event {}: {what}", event.id);
                    findings.violated(&shown, text);
                    // What follows rests on this.
                    break;
                }
            }
        }
    }
}
