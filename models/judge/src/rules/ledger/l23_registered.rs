//! L23: every node describes a namespace as it was registered.

use super::answer::Wrong;
use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::event::{Body, Field as _, Span};
use resurgam_formats::evidence::Run;
use resurgam_formats::recording::Registered;
use rustc_hash::FxHashMap;
use serde_json::Value;

/// Compares descriptions of namespaces with their registration, with each other, and with the ids in events.
pub(super) struct Namespaces;

static ABOUT: About = About {
    id: "L23",
    slug: "registered",
    title: "a namespace is described as it was registered, under one id by all nodes, which is that of its events",
    reason: "A namespace is the wall between tenants, and says how long their histories are kept. What is said of it is what people \
             look at before they change it, and programs before they delete: a retention that is not the one that was asked for \
             loses histories, an owner that is lost is not asked, and two ids of one name are two namespaces.",
    source: "temporal.api.workflowservice.v1: DescribeNamespace",
    violating: whole!(
        r#"{"at":1,"type":"namespace","node":0,"request":{"namespace":"n","workflowExecutionRetentionPeriod":"86400s"},"answer":{"namespaceInfo":{"name":"n","state":"NAMESPACE_STATE_REGISTERED","id":"i"},"config":{"workflowExecutionRetentionTtl":"3600s"}}}"#
    ),
    allowed: whole!(
        r#"
        {"at":1,"type":"namespace","node":0,"request":{"namespace":"n","workflowExecutionRetentionPeriod":"86400s"},"answer":{"namespaceInfo":{"name":"n","state":"NAMESPACE_STATE_REGISTERED","id":"i","data":{}},"config":{"workflowExecutionRetentionTtl":"86400s"}}}
        {"at":1,"type":"namespace","node":1,"request":{"namespace":"n"},"answer":{}}"#
    ),
};

/// What a description has from the request: the name there, and the place here.
const FIELDS: [(&str, &str); 4] = [
    ("namespace", "/namespaceInfo/name"),
    ("description", "/namespaceInfo/description"),
    ("ownerEmail", "/namespaceInfo/ownerEmail"),
    ("data", "/namespaceInfo/data"),
];

impl Rule for Namespaces {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs_kinds(&self) -> bool {
        false
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        let own = evidence.header.as_ref().map_or("", |header| header.namespace.as_str());
        let mut ids: FxHashMap<&str, &str> = FxHashMap::default();
        // A node that answers with nothing says nothing.
        for said in evidence.namespaces.iter().filter(|said| said.answer.get("namespaceInfo").is_some()) {
            findings.look_at_all();
            findings.examine();
            let mut wrong = Wrong::default();
            one(said, &mut wrong);
            let (name, id) = (text(&said.request, "/namespace"), text(&said.answer, "/namespaceInfo/id"));
            let known = *ids.entry(name).or_insert(id);
            if id.is_empty() || id != known {
                wrong.say(format!("its id is {id:?}, of another node {known:?}"));
            }
            if let Some(words) = wrong.words() {
                let message = format!("node {} describes the namespace {name} otherwise: {words}", said.node);
                findings.violated(&[], message);
            }
        }
        let Some(id) = ids.get(own).filter(|id| !id.is_empty()) else { return };
        for run in &evidence.runs {
            findings.look_at(run);
            in_events(run, id, findings);
        }
    }
}

fn text<'v>(value: &'v Value, path: &str) -> &'v str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn one(said: &Registered, wrong: &mut Wrong) {
    // Nothing is as good as an empty one.
    let is_something =
        |value: &&Value| value.as_str() != Some("") && value.as_object().is_none_or(|map| !map.is_empty());
    for (there, here) in FIELDS {
        let (found, asked) = (said.answer.pointer(here), said.request.get(there));
        wrong.field(there, found.filter(is_something), asked.filter(is_something));
    }
    let state = text(&said.answer, "/namespaceInfo/state");
    if state != "NAMESPACE_STATE_REGISTERED" {
        wrong.say(format!("its state is {state:?}"));
    }
    let span = |value: Option<&Value>| value.and_then(|it| Span::read(it.clone()).ok());
    let kept = span(said.answer.pointer("/config/workflowExecutionRetentionTtl"));
    let asked = span(said.request.get("workflowExecutionRetentionPeriod"));
    if asked.is_some() && kept != asked {
        let seconds = |span: Option<Span>| span.map(|span| span.0 / 1_000_000_000);
        wrong.say(format!("runs are kept for {:?} s, asked for were {:?}", seconds(kept), seconds(asked)));
    }
}

/// The namespace of the case has this id in its events too.
fn in_events(run: &Run, id: &str, findings: &mut Findings) {
    for event in &run.events {
        let found = match &event.body {
            Body::StartChildWorkflowExecutionInitiated(asked) => &asked.namespace_id,
            Body::RequestCancelExternalWorkflowExecutionInitiated(asked) => &asked.namespace_id,
            Body::WorkflowExecutionStarted(start) => &start.parent_namespace_id,
            _ => continue,
        };
        if !found.is_empty() {
            findings.examine();
            if found != id {
                findings.violated(&[event.id], format!("it names the namespace by the id {found}, which is {id}"));
            }
        }
    }
}
