//! L10: what belongs to one workflow neither shows nor changes it in the name of another.

use crate::rules::Indexed;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Rule};
use resurgam_formats::event::{self, Body, Event, EventId, FailureKind};
use resurgam_formats::evidence::{Operation, Run};
use resurgam_formats::listing::place;
use resurgam_formats::notes::Notes;
use resurgam_formats::plan::{Held, Misuse, Namespace};
use resurgam_formats::recording::{Answer, Call, Reply, UpdateReached};
use rustc_hash::FxHashMap;

/// The page token of a history that opens another one than it was asked for.
const FOREIGN_PAGE: &str = "foreign-page";

/// Looks at what came of using a token or an id in the wrong place.
pub(super) struct Misused;

static ABOUT: About = About {
    id: "L10",
    slug: "misuse",
    title: "an answer shows nothing of what the caller's namespace, workflow and run do not own, and a token changes nothing in the \
            name of another namespace",
    reason: "Namespaces keep those apart who share a server. What a caller may see is decided by the namespace and the workflow \
             that the call names; a token says only where to go on. If a page token or an id that was given for one workflow \
             is served in the name of another, whoever comes by it reads the input of strangers, and the check at the door has \
             checked the wrong name; if a task token is, they complete each other's work. How such a call is refused is left \
             to the server.",
    source: "docs/temporal-semantics.md: “Tokens”; temporal#11723, service/frontend (tokens of tasks)",
    violating: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"stranger-0","call":{"of":"misuse","misuse":{"at_ms":0,"held":"page_token","owner":{"namespace":"other","workflow":0},"user":{"namespace":"own","workflow":0}},"workflow_id":"w","owner":"w"}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"page","events":[{"eventId":2,"eventType":"WorkflowExecutionSignaled","attributes":{"signalName":"theirs"}}]}}}
        {"at":3,"type":"history","workflow_id":"w","run_id":"theirs","final":true,"namespace":"other","from":2,"events":[{"eventId":1,"eventType":"WorkflowExecutionStarted","attributes":{}},{"eventId":2,"eventType":"WorkflowExecutionSignaled","attributes":{"signalName":"theirs"}}]}
        run w/ours
        1 WorkflowExecutionStarted
        2 WorkflowExecutionSignaled signalName=ours"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"invoke","operation":1,"attempt":1,"by":"stranger-0","call":{"of":"misuse","misuse":{"at_ms":0,"held":"page_token","owner":{"namespace":"other","workflow":0},"user":{"namespace":"own","workflow":0}},"workflow_id":"w","owner":"w"}}
        {"at":2,"type":"return","operation":1,"attempt":1,"answer":{"answer":"ok","value":{"reply":"page","events":[{"eventId":2,"eventType":"WorkflowExecutionSignaled","attributes":{"signalName":"ours"}}]}}}
        {"at":3,"type":"history","workflow_id":"w","run_id":"theirs","final":true,"namespace":"other","from":2,"events":[{"eventId":1,"eventType":"WorkflowExecutionStarted","attributes":{}},{"eventId":2,"eventType":"WorkflowExecutionSignaled","attributes":{"signalName":"theirs"}}]}
        run w/ours
        1 WorkflowExecutionStarted
        2 WorkflowExecutionSignaled signalName=ours"#
    ),
};

impl Rule for Misused {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let misuses = || evidence.operations.values().filter(|operation| matches!(operation.call, Call::Misuse { .. }));
        if misuses().next().is_none() {
            return;
        }
        let histories = Histories::of(evidence);
        for operation in misuses() {
            let Call::Misuse { misuse, workflow_id, run_id, .. } = &operation.call else { continue };
            findings.look_at(&Run { workflow_id: workflow_id.clone(), run_id: run_id.clone(), ..Run::default() });
            for attempt in &operation.attempts {
                // A call of unknown outcome may have changed something; that is looked for below.
                match &attempt.answer {
                    Answer::Info { .. } => {}
                    Answer::Fail { .. } => findings.examine(),
                    Answer::Ok { value } => {
                        findings.examine();
                        if let Some((event, what)) = shown(value, operation, &histories) {
                            let (held, place) = (misuse.held.words(), place(misuse.user));
                            let message = format!("the {held} was used in the name of {place}: {what}");
                            let events: Vec<EventId> = event.into_iter().collect();
                            findings.violated_as(shape(misuse.held), &[operation.id], &events, message);
                        }
                    }
                }
            }
        }
        changed(evidence, findings);
    }
}

/// What a violation is called, where targets are known to differ.
fn shape(held: Held) -> &'static str {
    match held {
        Held::PageToken | Held::FirstRunPageToken => FOREIGN_PAGE,
        Held::RunId | Held::NamespacesPageToken | Held::UpdateId | Held::WorkflowTask | Held::ActivityTask => "",
    }
}

/// What an answer shows or says that it changed, though it is not the caller's.
fn shown(reply: &Reply, operation: &Operation, histories: &Histories<'_>) -> Option<(Option<EventId>, String)> {
    let Call::Misuse { misuse, workflow_id, run_id, owner, .. } = &operation.call else { return None };
    match reply {
        Reply::Page { events } => events.iter().find_map(|shown| {
            let event = event::decode(shown.clone(), &mut Notes::default()).ok()?;
            let of = histories.stranger(&event, (misuse.user.namespace, workflow_id, run_id))?;
            let name = event.body.name();
            Some((Some(event.id), format!("it showed event {}, {name}, which is of {of}", event.id)))
        }),
        Reply::Update { stage, .. } if *stage != UpdateReached::Admitted && misuse.owner != misuse.user => {
            Some((None, format!("it showed what came of an update of {owner}: {stage:?}")))
        }
        Reply::Done | Reply::Heartbeat { .. } if misuse.owner.namespace != misuse.user.namespace => {
            Some((None, format!("it was taken, though it is of {owner} in {}", named(misuse.owner.namespace))))
        }
        Reply::Update { .. }
        | Reply::Done
        | Reply::Heartbeat { .. }
        | Reply::Run { .. }
        | Reply::AlreadyStarted { .. }
        | Reply::NotFound { .. }
        | Reply::Query(_)
        | Reply::Description(_)
        | Reply::History { .. }
        | Reply::Refused { .. } => None,
    }
}

/// What is written by nobody but calls that have to be refused.
fn changed(evidence: &Indexed<'_>, findings: &mut Findings) {
    for run in &evidence.runs {
        findings.look_at(run);
        for event in &run.events {
            let ours = match &event.body {
                Body::ActivityTaskCompleted(end) => {
                    end.result.first_json().and_then(|value| value.as_i64()) == Some(Misuse::RESULT)
                }
                Body::WorkflowTaskFailed(end) => {
                    let kind = end.failure.as_ref().map(|failure| &failure.kind);
                    matches!(kind, Some(FailureKind::Application { kind, .. }) if kind == Misuse::FAILURE)
                }
                _ => false,
            };
            if ours {
                let message = format!("{} was written by a call in the name of another namespace", event.body.name());
                findings.violated(&[event.id], message);
            }
        }
    }
}

/// The final histories of both namespaces, by the ids of their events.
struct Histories<'e> {
    by_id: FxHashMap<EventId, Vec<(Namespace, &'e Run, &'e Event)>>,
}

impl<'e> Histories<'e> {
    fn of(evidence: &'e Indexed<'_>) -> Self {
        let own = evidence.runs.iter().map(|run| (Namespace::Own, run));
        let other = evidence.elsewhere.iter().map(|run| (Namespace::Other, run));
        let mut by_id: FxHashMap<EventId, Vec<_>> = FxHashMap::default();
        for (namespace, run) in own.chain(other) {
            for event in &run.events {
                by_id.entry(event.id).or_default().push((namespace, run, event));
            }
        }
        Self { by_id }
    }

    /// Whose event it is, if it is none of this workflow's (of this run's, if there is a run id) and somebody else's.
    fn stranger(&self, event: &Event, (namespace, workflow_id, run_id): (Namespace, &str, &str)) -> Option<String> {
        let alike = || self.by_id.get(&event.id).into_iter().flatten().filter(|(.., other)| same(event, other));
        let owned = |of: &Namespace, run: &Run| {
            *of == namespace && run.workflow_id == workflow_id && (run_id.is_empty() || run.run_id == run_id)
        };
        if alike().any(|(of, run, _)| owned(of, run)) {
            return None;
        }
        let (of, run, _) = alike().next()?;
        Some(format!("run {} of {} in {}", run.run_id, run.workflow_id, named(*of)))
    }
}

fn same(a: &Event, b: &Event) -> bool {
    a.id == b.id && a.time == b.time && a.task_id == b.task_id && a.body == b.body
}

fn named(namespace: Namespace) -> &'static str {
    match namespace {
        Namespace::Own => "the namespace of the case",
        Namespace::Other => "the other namespace",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::verdict::Outcome;
    use resurgam_testing::notation::parse;

    const HISTORIES: &str = "
        run w/first
        1 WorkflowExecutionStarted
        2 WorkflowExecutionSignaled signalName=first
        run w/second
        1 WorkflowExecutionStarted
        2 WorkflowExecutionSignaled signalName=second
        run v/third
        1 WorkflowExecutionStarted
        2 WorkflowExecutionSignaled signalName=third";

    /// The outcome of a misuse of what `owner` has, in the name of `user`, both `NAMESPACE WORKFLOW`.
    fn outcome(held: &str, [owner, user]: [(&str, u8); 2], run_id: &str, reply: &str, histories: &str) -> Outcome {
        let place =
            |(namespace, workflow): (&str, u8)| format!(r#"{{"namespace":"{namespace}","workflow":{workflow}}}"#);
        let (owner, user) = (place(owner), place(user));
        let text = format!(
            r#"{{"at":1,"type":"invoke","operation":1,"attempt":1,"by":"stranger-0","call":{{"of":"misuse","misuse":{{"at_ms":0,"held":"{held}","owner":{owner},"user":{user}}},"workflow_id":"w","run_id":"{run_id}","owner":"v"}}}}
            {{"at":2,"type":"return","operation":1,"attempt":1,"answer":{reply}}}
            {histories}"#
        );
        let mut findings = Findings::default();
        Misused.judge(&Indexed::plain(&parse(&text).unwrap()), &mut findings);
        findings.into_parts().0
    }

    fn page(signal: &str) -> String {
        format!(
            r#"{{"answer":"ok","value":{{"reply":"page","events":[{{"eventId":2,"eventType":"WorkflowExecutionSignaled","attributes":{{"signalName":"{signal}"}}}}]}}}}"#
        )
    }

    #[test]
    fn events_of_another_workflow_or_run_are_seen() {
        let places = [("own", 1), ("own", 0)];
        for (run_id, signal, expected) in [
            ("", "first", Outcome::Ok),
            ("", "second", Outcome::Ok),
            ("", "third", Outcome::Violated),
            ("second", "second", Outcome::Ok),
            ("second", "first", Outcome::Violated),
            // Written later than the histories were read, or never: whose it is nobody can say.
            ("", "fourth", Outcome::Ok),
        ] {
            let found = outcome("page_token", places, run_id, &page(signal), HISTORIES);
            assert_eq!(found, expected, "{signal} in the name of {run_id:?}");
        }
        // All that is in the case's own namespace is strange to the other one.
        assert_eq!(outcome("page_token", [("own", 0), ("other", 0)], "", &page("first"), HISTORIES), Outcome::Violated);
    }

    #[test]
    fn an_update_or_a_task_that_is_taken_is_seen_and_a_refusal_is_fine() {
        let across = [("own", 0), ("other", 0)];
        let update =
            |stage: &str| format!(r#"{{"answer":"ok","value":{{"reply":"update","run_id":"r","stage":"{stage}"}}}}"#);
        assert_eq!(outcome("update_id", across, "", &update("accepted"), ""), Outcome::Violated);
        assert_eq!(outcome("update_id", across, "", &update("admitted"), ""), Outcome::Ok);
        assert_eq!(
            outcome("activity_task", across, "", r#"{"answer":"ok","value":{"reply":"done"}}"#, ""),
            Outcome::Violated
        );
        for refused in [
            r#"{"answer":"fail","error":"INVALID_ARGUMENT: no"}"#,
            r#"{"answer":"ok","value":{"reply":"not_found","message":"no"}}"#,
            r#"{"answer":"ok","value":{"reply":"refused","status":"PERMISSION_DENIED","message":"no"}}"#,
        ] {
            assert_eq!(outcome("activity_task", across, "", refused, HISTORIES), Outcome::Ok, "{refused}");
        }
    }

    #[test]
    fn what_a_call_without_an_answer_has_written_is_seen() {
        let lost = r#"{"answer":"info","error":"Unavailable: gone"}"#;
        let across = [("own", 0), ("other", 0)];
        let refused = r#"{"answer":"ok","value":{"reply":"not_found","message":"no"}}"#;
        let ended = |result: i64| format!("1 WorkflowExecutionStarted\n2 ActivityTaskCompleted result=[{result}]");
        assert_eq!(outcome("activity_task", across, "", refused, &ended(Misuse::RESULT)), Outcome::Violated);
        assert_eq!(outcome("activity_task", across, "", refused, &ended(3)), Outcome::Ok);
        assert_eq!(outcome("activity_task", across, "", lost, &ended(Misuse::RESULT)), Outcome::Violated);
        assert_eq!(outcome("activity_task", across, "", lost, &ended(3)), Outcome::NotApplicable);
    }
}
