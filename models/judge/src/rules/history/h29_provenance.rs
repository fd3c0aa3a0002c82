//! H29: what an event carries on is what its source says.

use super::identities::Identities;
use super::labels;
use crate::provenance::{self, Entry, Source};
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::event::{Body, Event, EventId};
use resurgam_formats::evidence::Run;
use resurgam_formats::notes::plain;
use serde_json::Value;

/// Compares events with what they come from, by the table of provenance.
pub(super) struct Provenance;

static ABOUT: About = About {
    id: "H29",
    slug: "provenance",
    title: "what an event carries on from an earlier event, a worker or a client is what that one said; what nobody asked for is empty",
    reason: "Most of what an event says was said before: in the event that it answers, or by the worker or client that caused it. \
             Whoever reads a history takes it from the nearest event. A type, namespace, timeout or name that changes on its \
             way is a lie that is found when somebody acts on it: a worker that cannot be found, a child that is sought in \
             another namespace, a timer that is freed under another's name.",
    source: "docs/provenance.md; docs/temporal-semantics.md: “Events and what they refer to”",
    violating: "
        1 WorkflowExecutionStarted
        2 StartChildWorkflowExecutionInitiated workflowId=c workflowType.name=order
        3 StartChildWorkflowExecutionFailed initiatedEventId=2 workflowId=c workflowType.name=payment",
    allowed: whole!(
        r#"
        {"at":1,"type":"task","task":1,"worker":"worker-1","kind":"workflow","workflow_id":"w","run_id":"r","attempt":1,"started":3}
        run w/r
        1 WorkflowExecutionStarted workflowTaskTimeout=10s
        2 WorkflowTaskScheduled startToCloseTimeout=10s
        3 WorkflowTaskStarted scheduledEventId=2 identity=worker-1"#
    ),
};

impl Rule for Provenance {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs_kinds(&self) -> bool {
        false
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let identities = evidence.is_whole().then(|| Identities::new(evidence));
        for run in &evidence.runs {
            findings.look_at(run);
            for event in &run.events {
                for entry in provenance::of(event.body.name()) {
                    one(run, event, entry, identities.as_ref(), findings);
                }
            }
        }
    }
}

/// One field. What is missing is missed only in the recording of a whole case.
fn one<'a>(
    run: &'a Run,
    event: &'a Event,
    entry: &Entry,
    identities: Option<&Identities<'a, '_>>,
    findings: &mut Findings,
) {
    let name = event.body.name();
    match entry.source {
        Source::Equals { reference, field } => {
            let Some(source) = named(run, event, reference) else { return };
            let (here, there) = (event.body.field(entry.field), source.body.field(field));
            let incomplete = here.is_none() || there.is_none() || says_no_kind(entry.field, &here, &there);
            if incomplete && identities.is_none()
                || is_otherwise(event, source, field)
                || matches!(source.body, Body::Unrecognised { .. })
            {
                return;
            }
            findings.examine();
            if here != there {
                let message = format!(
                    "{} of {name} is {}, where event {} has {}",
                    entry.field,
                    show(here.as_ref()),
                    source.id,
                    show(there.as_ref())
                );
                findings.violated(&[source.id, event.id], message);
            }
        }
        Source::Worker | Source::Client => {
            let Some(allowed) = identities.and_then(|all| all.of(run, event)) else { return };
            let here = event.body.field(entry.field);
            let here = here.as_ref().and_then(Value::as_str).unwrap_or_default();
            findings.examine();
            if !allowed.contain(here) {
                let message = format!("{name} was caused by {here:?}, where it can only be {}", allowed.words());
                findings.violated(&[event.id], message);
            }
        }
        Source::Queue => {
            let (Body::WorkflowTaskScheduled(task), Some(start)) = (&event.body, run.started()) else { return };
            let Some(prefix) = identities.map(|it| it.prefix) else { return };
            let (name, normal) = (&task.task_queue.name, &start.task_queue.name);
            let right = match task.task_queue.kind.0.as_str() {
                "STICKY" => is_sticky(name, prefix) && task.task_queue.normal_name == *normal,
                "NORMAL" => name == normal,
                "" => return,
                // No worker gets workflow tasks from any other kind.
                _ => false,
            };
            findings.examine();
            if !right {
                let message = format!(
                    "a workflow task goes to the queue {}, which is not one of its run",
                    show(event.body.field(entry.field).as_ref())
                );
                findings.violated(&[event.id], message);
            }
        }
        Source::Label => {
            let Some(identities) = identities.filter(|it| it.labels) else { return };
            let Some(labelled) = labels::of(run, event, entry.field, identities) else { return };
            findings.examine();
            if !labelled.allowed.contains(&labelled.found) {
                let message = format!(
                    "{} of {name} is {}, where our own clients or workers wrote {}",
                    entry.field,
                    show(Some(&labelled.found)),
                    show(labelled.allowed.first())
                );
                findings.violated(&[event.id], message);
            }
        }
        Source::Undrawn(_) if identities.is_some() => {
            if let Some(value) = event.body.field(entry.field) {
                let message =
                    format!("{} of {name} is {}, which nobody asked for", entry.field, plain(&value.to_string(), 200));
                findings.violated(&[event.id], message);
            }
        }
        _ => {}
    }
}

/// True if our workers give such a name to a sticky queue: `PREFIX-sticky-WORKER-LIFE`.
fn is_sticky(name: &str, prefix: &str) -> bool {
    let rest = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix("-sticky-worker-"));
    rest.and_then(|rest| rest.split_once('-'))
        .is_some_and(|(worker, life)| worker.parse::<u8>().is_ok() && life.parse::<u32>().is_ok())
}

fn show(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |it| plain(&it.to_string(), 200))
}

/// True if a server may have changed a limit for workflow tasks: it makes one no longer than that of the run, and gives more time to
/// a task that has failed more than once.
fn is_otherwise(event: &Event, source: &Event, field: &str) -> bool {
    field == "workflowTaskTimeout"
        && (matches!(&event.body, Body::WorkflowTaskScheduled(task) if task.attempt > 2)
            || matches!(&source.body, Body::WorkflowExecutionStarted(start) if start.run_timeout == start.task_timeout))
}

/// True if one of two queues does not say of which kind it is.
fn says_no_kind(field: &str, here: &Option<Value>, there: &Option<Value>) -> bool {
    let no_kind = |queue: &Option<Value>| queue.as_ref().is_some_and(|queue| queue.get("kind").is_none());
    field == "taskQueue" && (no_kind(here) || no_kind(there))
}

/// The event that a field names; `None` if it is not in the evidence.
fn named<'e>(run: &'e Run, event: &Event, reference: &str) -> Option<&'e Event> {
    let mut id = None;
    if reference == "first" {
        id = Some(EventId(1));
    } else {
        event.body.each_reference(|field, refers| {
            if field == reference {
                id = Some(refers);
            }
        });
    }
    run.event(id.filter(|id| !id.is_none())?)
}
