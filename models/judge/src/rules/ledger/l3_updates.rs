//! L3: what a client was told about an update is in the history, and the history has no update that was not sent.

use super::update_calls::{about_updates, agrees, fails_with};
use crate::rules::Indexed;
use crate::rules::proof::{acknowledged, number, possible, shows, unreadable};
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::command::Command;
use resurgam_formats::event::{Body, EventId, UpdateOutcome, UpdateRequest};
use resurgam_formats::evidence::Operation;
use resurgam_formats::plan::Action;
use resurgam_formats::program::Failure;
use resurgam_formats::recording::{Call, OperationId, Reply, UpdateReached};
use rustc_hash::FxHashMap;

/// Balances calls that update, answers of workers, and updates in histories.
pub(super) struct Updates;

static ABOUT: About = About {
    id: "L3",
    slug: "updates",
    title: "an acknowledged update stands in the history with that result; an update in the history was sent and handled",
    reason: "An update is a call with an answer: the client acts on it at once. If the history has no acceptance, no \
             completion or another result, the workflow will not remember what the client was promised after the next \
             replay. If it has an update that no client sent, or a result that no worker computed, the server has made \
             it up or mixed up two. And a client that is told of a refusal gives up: only the workflow may refuse.",
    source: "docs/temporal-semantics.md: “Signals, cancel requests, queries, updates”; temporal#5784",
    violating: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"u","action":{"call":"update","name":"add","value":7,"wait":"completed"}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"update","run_id":"r","stage":{"completed":7}}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowExecutionTerminated"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"client-1","call":{"of":"client","workflow_id":"w","request_id":"u","action":{"call":"update","name":"add","value":7,"wait":"completed"}}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"update","run_id":"r","stage":{"failed":"workflow execution already completed"}}}}
        run w/r
        1 WorkflowExecutionStarted
        2 WorkflowExecutionTerminated"#
    ),
};

/// What a run says about its updates, by update id.
#[derive(Default)]
struct Written<'a> {
    accepted: Option<EventId>,
    completed: Option<(EventId, &'a UpdateOutcome)>,
}

impl Rule for Updates {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        let mut sent: Sent<'_> = FxHashMap::default();
        for call in evidence.asked() {
            if let Action::Update { name, value, .. } = call.action {
                sent.entry((call.workflow_id, call.request_id)).or_default().push((call.operation, name, *value));
            }
        }
        let handled = handled(evidence);
        let mut written: FxHashMap<Key<'_>, Written<'_>> = FxHashMap::default();
        for run in evidence.runs.iter().filter(|run| !run.partial) {
            findings.look_at(run);
            for event in &run.events {
                match &event.body {
                    Body::WorkflowExecutionUpdateAccepted(accepted) => {
                        let request = &accepted.request;
                        let id = if request.id.is_empty() { &accepted.protocol_instance_id } else { &request.id };
                        let key = (run.workflow_id.as_str(), run.run_id.as_str(), id.as_str());
                        written.entry(key).or_default().accepted = Some(event.id);
                        let calls = sent.get(&(key.0, key.2)).map_or(&[][..], Vec::as_slice);
                        wanted(event.id, id, request, calls, handled.contains_key(&key), findings);
                    }
                    Body::WorkflowExecutionUpdateCompleted(completed) => {
                        let id = completed.meta.0.as_str();
                        let key = (run.workflow_id.as_str(), run.run_id.as_str(), id);
                        written.entry(key).or_default().completed = Some((event.id, &completed.outcome));
                        findings.examine();
                        let outcomes = handled.get(&key).map_or(&[][..], Vec::as_slice);
                        if !outcomes.iter().any(|outcome| agrees(&completed.outcome, outcome)) {
                            findings
                                .violated(&[event.id], format!("no worker completed update {id} with this outcome"));
                        }
                    }
                    _ => {}
                }
            }
        }
        told(evidence, &written, findings);
        refused(evidence, &written, findings);
    }
}

/// Workflow id, run id, update id.
type Key<'a> = (&'a str, &'a str, &'a str);
/// By workflow id and update id: the calls, each with name and value.
type Sent<'a> = FxHashMap<(&'a str, &'a str), Vec<(&'a Operation, &'a str, i64)>>;
/// The outcomes that workers gave in answers that may have been taken; an empty list if they only accepted.
type Handled<'a> = FxHashMap<Key<'a>, Vec<&'a Result<i64, Failure>>>;

/// An accepted update was sent by some call, and accepted by some worker.
fn wanted(
    event: EventId,
    id: &str,
    request: &UpdateRequest,
    calls: &[(&Operation, &str, i64)],
    accepted: bool,
    findings: &mut Findings,
) {
    let alike = |name: &str, value: i64| {
        (request.name.is_empty() || request.name == name)
            && (unreadable(&request.args) || number(&request.args) == Some(value))
    };
    let by: Vec<OperationId> = calls.iter().map(|(operation, ..)| operation.id).collect();
    findings.examine();
    if !calls.iter().any(|(operation, name, value)| possible(operation) && alike(name, *value)) {
        findings.violated_by(&by, &[event], format!("no call can have sent update {id} as it was accepted"));
    } else if !accepted {
        findings.violated_by(&by, &[event], format!("no worker accepted update {id}"));
    }
}

fn handled<'e>(evidence: &Indexed<'e>) -> Handled<'e> {
    let mut handled: Handled<'_> = FxHashMap::default();
    for ((workflow_id, run_id), answers) in evidence.decisions() {
        for answer in answers.iter().filter(|answer| possible(answer.operation)) {
            for command in answer.commands {
                match command {
                    Command::AcceptUpdate { id } => {
                        handled.entry((workflow_id, run_id, id.as_str())).or_default();
                    }
                    Command::CompleteUpdate { id, outcome } => {
                        handled.entry((workflow_id, run_id, id.as_str())).or_default().push(outcome);
                    }
                    _ => {}
                }
            }
        }
    }
    handled
}

/// What clients were told is in the history of the run that the answer names.
fn told(evidence: &Indexed<'_>, written: &FxHashMap<Key<'_>, Written<'_>>, findings: &mut Findings) {
    let known = evidence.by_execution();
    let quiet = evidence.end.as_ref().is_some_and(|end| end.quiescent);
    for call in about_updates(evidence) {
        for (attempt, reply) in call.operation.replies() {
            let Reply::Update { run_id, stage } = reply else { continue };
            let run = known.get(&(call.workflow_id, run_id.as_str()));
            if run.is_none() && quiet && !evidence.perhaps_unnamed().contains(call.workflow_id) {
                let message = format!("update {} is said to be in run {run_id}, which has no history", call.request_id);
                findings.violated_by(&[call.operation.id], &[], message);
            }
            let (Some(run), Some(at)) = (run, attempt.returned) else { continue };
            if !shows(run, at) {
                continue;
            }
            let id = call.request_id;
            let found = written.get(&(call.workflow_id, run_id, id));
            let accepted = found.and_then(|found| found.accepted);
            let completed = found.and_then(|found| found.completed);
            findings.look_at(run);
            findings.examine();
            let by = [call.operation.id];
            match (stage, accepted, completed) {
                (UpdateReached::Accepted | UpdateReached::Completed(_), None, _) => {
                    findings.violated_by(
                        &by,
                        &[],
                        format!("update {id} was acknowledged, but the run did not accept it"),
                    );
                }
                (UpdateReached::Completed(value), Some(accepted), None) => {
                    let message = format!("update {id} was acknowledged with {value}, but the run did not complete it");
                    findings.violated_by(&by, &[accepted], message);
                }
                (UpdateReached::Completed(value), Some(_), Some((event, outcome))) if !agrees(outcome, &Ok(*value)) => {
                    let message = format!("update {id} was acknowledged with {value}, the history has another outcome");
                    findings.violated_by(&by, &[event], message);
                }
                (UpdateReached::Failed(why), Some(_), Some((event, outcome))) if !fails_with(outcome, why) => {
                    let message =
                        format!("update {id} was acknowledged as failed ({why}), the history has another outcome");
                    findings.violated_by(&by, &[event], message);
                }
                _ => {}
            }
        }
    }
}

/// If a client was told that its update was refused, a worker refused it. Runs that had closed by then are left out: the
/// server refuses pending updates when a run closes. A workflow task that was answered later shows that the run was open.
fn refused(evidence: &Indexed<'_>, written: &FxHashMap<Key<'_>, Written<'_>>, findings: &mut Findings) {
    let decisions = evidence.decisions();
    let runs = evidence.by_execution();
    for call in about_updates(evidence) {
        for (attempt, reply) in call.operation.replies() {
            let Reply::Update { run_id, stage: UpdateReached::Failed(why) } = reply else { continue };
            let (id, key) = (call.request_id, (call.workflow_id, run_id.as_str()));
            let (Some(run), Some(answers), Some(at)) = (runs.get(&key), decisions.get(&key), attempt.returned) else {
                continue;
            };
            let open = answers
                .iter()
                .any(|answer| answer.operation.invoked() > at && acknowledged(answer.operation).is_some());
            if !open || written.get(&(key.0, key.1, id)).is_some_and(|found| found.accepted.is_some()) {
                continue;
            }
            findings.look_at(run);
            findings.examine();
            let by_worker = answers.iter().filter(|answer| possible(answer.operation)).any(|answer| {
                matches!(&answer.operation.call, Call::CompleteWorkflowTask { refused, .. } if refused.iter().any(|it| it == id))
            });
            if !by_worker {
                let message =
                    format!("the caller was told that update {id} has failed ({why}), but no worker refused it");
                findings.violated_by(&[call.operation.id], &[], message);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::verdict::Outcome;
    use resurgam_testing::notation::parse;

    /// An update whose worker answered `given`, whose history has `written`, and whose client was told `told`.
    fn outcome(given: i64, written: i64, told: i64, run: &str) -> Outcome {
        let lines = format!(
            r#"{{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"c","call":{{"of":"client","workflow_id":"w","request_id":"u","action":{{"call":"update","name":"add","value":7,"wait":"completed"}}}}}}
               {{"at":2,"type":"task","task":1,"worker":"w1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3,"updates":["u"]}}
               {{"at":3,"type":"invoke","operation":2,"attempt":1,"by":"w1","call":{{"of":"complete_workflow_task","task":1,"commands":[{{"command":"accept_update","id":"u"}},{{"command":"complete_update","id":"u","outcome":{{"Ok":{given}}}}}]}}}}
               {{"at":4,"type":"return","operation":2,"attempt":1,"answer":{{"answer":"ok","value":{{"reply":"done"}}}}}}
               {{"at":5,"type":"return","operation":1,"attempt":1,"answer":{{"answer":"ok","value":{{"reply":"update","run_id":"{run}","stage":{{"completed":{told}}}}}}}}}
               run w/r
               1 WorkflowExecutionStarted
               2 WorkflowTaskScheduled
               3 WorkflowTaskStarted scheduledEventId=2
               4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3
               5 WorkflowExecutionUpdateAccepted acceptedRequest={{"meta":{{"updateId":"u"}},"input":{{"name":"add","args":[7]}}}}
               6 WorkflowExecutionUpdateCompleted acceptedEventId=5 meta.updateId=u outcome={{"success":[{written}]}}"#
        );
        let mut findings = Findings::default();
        Updates.judge(&Indexed::plain(&parse(&whole!("LINES").replace("LINES", &lines)).unwrap()), &mut findings);
        findings.into_parts().0
    }

    /// An update that `refused` says its worker refused, of which the client was told that it failed; then `more`.
    fn refusal(refused: &str, more: &str) -> Outcome {
        let lines = format!(
            r#"{{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"c","call":{{"of":"client","workflow_id":"w","request_id":"u","action":{{"call":"update","name":"add","value":7,"wait":"completed"}}}}}}
               {{"at":2,"type":"task","task":1,"worker":"w1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3,"updates":["u"]}}
               {{"at":3,"type":"invoke","operation":2,"attempt":1,"by":"w1","call":{{"of":"complete_workflow_task","task":1,"commands":[],"refused":[{refused}]}}}}
               {{"at":4,"type":"return","operation":2,"attempt":1,"answer":{{"answer":"ok","value":{{"reply":"done"}}}}}}
               {{"at":5,"type":"return","operation":1,"attempt":1,"answer":{{"answer":"ok","value":{{"reply":"update","run_id":"r","stage":{{"failed":"no"}}}}}}}}
               {more}
               run w/r
               1 WorkflowExecutionStarted
               2 WorkflowTaskScheduled
               3 WorkflowTaskStarted scheduledEventId=2
               4 WorkflowTaskCompleted scheduledEventId=2 startedEventId=3"#
        );
        let mut findings = Findings::default();
        Updates.judge(&Indexed::plain(&parse(&whole!("LINES").replace("LINES", &lines)).unwrap()), &mut findings);
        findings.into_parts().0
    }

    #[test]
    fn only_a_worker_refuses_while_the_run_is_open() {
        let later = r#"{"at":6,"type":"task","task":2,"worker":"w1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":7}
            {"at":7,"type":"invoke","operation":3,"attempt":1,"by":"w1","call":{"of":"complete_workflow_task","task":2,"commands":[]}}
            {"at":8,"type":"return","operation":3,"attempt":1,"answer":{"answer":"ok","value":{"reply":"done"}}}"#;
        assert_eq!(refusal("\"u\"", later), Outcome::Ok);
        assert_eq!(refusal("", later), Outcome::Violated);
        assert_eq!(refusal("\"v\"", later), Outcome::Violated);
        assert_ne!(refusal("", ""), Outcome::Violated);
    }

    #[test]
    fn worker_history_and_client_agree() {
        assert_eq!(outcome(9, 9, 9, "r"), Outcome::Ok);
        assert_eq!(outcome(9, 9, 8, "r"), Outcome::Violated);
        assert_eq!(outcome(8, 9, 9, "r"), Outcome::Violated);
        assert_eq!(outcome(9, 9, 9, "s"), Outcome::Violated);
    }
}
