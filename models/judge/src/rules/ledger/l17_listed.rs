//! L17: the list of workflows has each run once, as it is.

use crate::rules::whole::whole;
use crate::rules::{About, Findings, Indexed, Rule};
use resurgam_formats::event::EventId;
use resurgam_formats::profile::Capability;
use resurgam_formats::recording::Description;
use rustc_hash::FxHashMap;
use serde_json::Value;

/// Compares lists of workflows with descriptions.
pub(super) struct Listed;

static ABOUT: About = About {
    id: "L17",
    slug: "listed",
    title: "at the end of a case the list of workflows has each closed run once, with the status, times and attributes of its \
            description",
    reason: "The list is where people look for what is running and what has failed, and where programs find what they cancel or \
             reset by the thousand. Where it is kept beside the state, a record can be lost, doubled, or overtaken by an older \
             one: a run that was done long ago is then shown as running until it is deleted, or is not found at all. What a \
             description says is held against the history by other rules.",
    source: "temporal#5643; docs/temporal-semantics.md: “Lists of workflows”",
    violating: whole!(
        r#"
        run w/r
        1 WorkflowExecutionStarted workflowType.name=t @1
        2 WorkflowExecutionTerminated @2
        {"at":9,"type":"description","workflow_id":"w","run_id":"r","status":"TERMINATED","history_length":2,"final":true,"answer":{"workflowExecutionInfo":{"execution":{"workflowId":"w","runId":"r"},"type":{"name":"t"},"status":"WORKFLOW_EXECUTION_STATUS_TERMINATED","closeTime":"1970-01-01T00:00:02Z"}}}
        {"at":10,"type":"listed","executions":[{"execution":{"workflowId":"w","runId":"r"},"type":{"name":"t"},"status":"WORKFLOW_EXECUTION_STATUS_RUNNING"}]}"#
    ),
    allowed: whole!(
        r#"
        run w/r
        1 WorkflowExecutionStarted workflowType.name=t @1
        2 WorkflowExecutionTerminated @2
        {"at":9,"type":"description","workflow_id":"w","run_id":"r","status":"TERMINATED","history_length":2,"final":true,"answer":{"workflowExecutionInfo":{"execution":{"workflowId":"w","runId":"r"},"type":{"name":"t"},"status":"WORKFLOW_EXECUTION_STATUS_TERMINATED","closeTime":"1970-01-01T00:00:02Z","memo":{}}}}
        {"at":10,"type":"listed","executions":[{"execution":{"workflowId":"w","runId":"r"},"type":{"name":"t"},"status":"WORKFLOW_EXECUTION_STATUS_TERMINATED","closeTime":"1970-01-01T00:00:02Z"},{"execution":{"workflowId":"w","runId":"not seen by anybody"}}]}"#
    ),
};

/// What a list says of a run as a description does.
const FIELDS: [&str; 13] = [
    "execution",
    "type",
    "status",
    "startTime",
    "executionTime",
    "closeTime",
    "executionDuration",
    "historyLength",
    "parentExecution",
    "rootExecution",
    "taskQueue",
    "memo",
    "searchAttributes",
];

impl Rule for Listed {
    fn about(&self) -> &'static About {
        &ABOUT
    }

    fn needs(&self) -> Option<Capability> {
        Some(Capability::Lists)
    }

    fn needs_kinds(&self) -> bool {
        false
    }

    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        if !evidence.is_whole() {
            return;
        }
        for (_, listed) in &evidence.listed {
            let mut by_run: FxHashMap<&str, Vec<&Value>> = FxHashMap::default();
            for info in &listed.executions {
                let run = info.pointer("/execution/runId").and_then(Value::as_str).unwrap_or_default();
                by_run.entry(run).or_default().push(info);
            }
            let closed = evidence.descriptions.iter().map(|(_, it)| it);
            for description in closed.filter(|it| it.is_final && it.status != "RUNNING") {
                let shown = by_run.get(description.run_id.as_str()).map_or(&[][..], Vec::as_slice);
                one(description, shown, evidence, findings);
            }
        }
    }
}

/// One closed run, and what the list says of it.
fn one(description: &Description, shown: &[&Value], evidence: &Indexed<'_>, findings: &mut Findings) {
    let execution = (description.workflow_id.as_str(), description.run_id.as_str());
    let Some(run) = evidence.by_execution().get(&execution) else { return };
    let Some(info) = description.answer.as_ref().and_then(|answer| answer.get("workflowExecutionInfo")) else { return };
    findings.look_at(run);
    findings.examine();
    let wrong = match shown {
        [] => "it is not in the list".to_owned(),
        [shown] => {
            let differ = FIELDS.iter().filter(|field| said(shown, field) != said(info, field));
            let differ = differ.map(|field| {
                let text = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
                format!("{field} is {}, not {}", text(said(shown, field)), text(said(info, field)))
            });
            differ.collect::<Vec<_>>().join("; ")
        }
        several => format!("it is in the list {} times", several.len()),
    };
    if !wrong.is_empty() {
        findings.violated(&[EventId(1)], format!("the list is wrong: {wrong}"));
    }
}

/// What is said of a field; an empty message says nothing.
fn said<'v>(info: &'v Value, field: &str) -> Option<&'v Value> {
    info.get(field).filter(|value| !value.as_object().is_some_and(serde_json::Map::is_empty))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use resurgam_formats::profile::Profile;
    use resurgam_testing::notation::parse;

    /// What is found in a closed run with an attribute, if the list is this.
    fn found(executions: &str) -> Vec<String> {
        let (start, rest) = ABOUT.allowed.split_once(r#"{"at":10,"#).unwrap();
        let end = rest.split_once('\n').unwrap().1;
        let start = start.replace(r#""memo":{}"#, r#""searchAttributes":{"indexedFields":{"a":{"data":"MQ=="}}}"#);
        let text = format!("{start}{{\"at\":10,\"type\":\"listed\",\"executions\":[{executions}]}}\n{end}");
        let (evidence, profile) = (parse(&text).unwrap(), Profile::resurgam());
        let mut findings = Findings::default();
        Listed.judge(&Indexed::new(&evidence, &profile), &mut findings);
        findings.found().iter().map(|finding| finding.message.clone()).collect()
    }

    const RUN: &str = r#"{"execution":{"workflowId":"w","runId":"r"},"type":{"name":"t"},"status":"WORKFLOW_EXECUTION_STATUS_TERMINATED","closeTime":"1970-01-01T00:00:02Z","searchAttributes":{"indexedFields":{"a":{"data":"MQ=="}}}}"#;

    #[test]
    fn a_run_is_in_the_list_once_with_all_that_its_description_says() {
        assert!(found(RUN).is_empty());
        assert_eq!(found(""), ["the list is wrong: it is not in the list"]);
        assert_eq!(found(&format!("{RUN},{RUN}")), ["the list is wrong: it is in the list 2 times"]);
        let stale = RUN.replace("MQ==", "Mg==");
        assert!(found(&stale)[0].starts_with("the list is wrong: searchAttributes is {"), "{:?}", found(&stale));
        let late = RUN.replace("00:02Z", "00:03Z");
        let expected = r#"the list is wrong: closeTime is "1970-01-01T00:00:03Z", not "1970-01-01T00:00:02Z""#;
        assert_eq!(found(&late), [expected]);
    }
}
