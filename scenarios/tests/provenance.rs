//! The table of provenance is true: where it says that a rule compares a field, another value in that field of evidence of the real
//! server violates that rule.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use resurgam_formats::event::Body;
use resurgam_formats::evidence::Evidence;
use resurgam_judge::judge;
use resurgam_judge::provenance::{Claim, claims};
use resurgam_scenarios::{Fixture, fixtures};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// In so many recordings a field is changed before a claim counts as false.
const TRIES: usize = 40;

/// Claims that this test cannot confirm, and why.
const UNCONFIRMED: &[(&str, &str, &str)] = &[];

#[test]
fn what_the_table_claims_is_so() {
    let fixtures = fixtures().unwrap();
    let (mut refuted, mut nowhere, mut confirmed) = (Vec::new(), Vec::new(), 0);
    for claim in claims() {
        let mut tried = 0;
        let mut others = BTreeSet::new();
        let caught = fixtures.iter().any(|fixture| {
            let site = if tried < TRIES { changed(&fixture.evidence, &claim) } else { None };
            let Some(evidence) = site else { return false };
            tried += 1;
            let before = violated(fixture, &fixture.evidence);
            let after = violated(fixture, &evidence);
            others.extend(after.difference(&before).cloned());
            claim.rules.iter().any(|rule| after.contains(*rule) && !before.contains(*rule))
        });
        let known = UNCONFIRMED.iter().any(|(kind, field, _)| (*kind, *field) == (claim.kind, claim.field));
        match (caught, tried) {
            (true, _) => confirmed += 1,
            (false, 0) => nowhere.push(format!("{}.{}", claim.kind, claim.field)),
            (false, _) if known => {}
            (false, _) => {
                refuted.push(format!("{}.{} by {}, but {others:?}", claim.kind, claim.field, claim.rules.join(", ")));
            }
        }
    }
    assert!(refuted.is_empty(), "nobody sees another value in:\n{}", refuted.join("\n"));
    assert!(confirmed > 100, "{confirmed} confirmed, not in the evidence: {nowhere:?}");
}

fn violated(fixture: &Fixture, evidence: &Evidence) -> BTreeSet<String> {
    let profile = fixture.evidence.header.as_ref().unwrap().profile.clone();
    let verdict = judge(&fixture.name, evidence, &profile);
    verdict.violated().map(|rule| rule.rule.id().to_owned()).collect()
}

/// The evidence with another value in the last event that has the field; `None` if no event has it.
fn changed(evidence: &Evidence, claim: &Claim) -> Option<Evidence> {
    let mut changed = evidence.clone();
    for run in changed.runs.iter_mut().rev() {
        for event in run.events.iter_mut().rev().filter(|event| event.body.name() == claim.kind) {
            let (_, mut map) = event.body.write();
            let Some(value) = map.get(claim.field) else { continue };
            let other = another(value);
            map.insert(claim.field.to_owned(), other);
            event.body = Body::read(claim.kind, &mut map).ok()??;
            return Some(changed);
        }
    }
    None
}

/// Values of enumerations, and another one of each: what nobody knows is never a violation.
const ENUMERATIONS: &[(&str, &str)] = &[
    ("START_TO_CLOSE", "SCHEDULE_TO_START"),
    ("SCHEDULE_TO_START", "START_TO_CLOSE"),
    ("IN_PROGRESS", "TIMEOUT"),
    ("TIMEOUT", "IN_PROGRESS"),
    ("NON_RETRYABLE_FAILURE", "IN_PROGRESS"),
    ("MAXIMUM_ATTEMPTS_REACHED", "IN_PROGRESS"),
    ("RETRY_POLICY_NOT_SET", "IN_PROGRESS"),
    ("CANCEL_REQUESTED", "IN_PROGRESS"),
    ("WORKFLOW_WORKER_UNHANDLED_FAILURE", "BAD_START_TIMER_ATTRIBUTES"),
    ("TERMINATE", "ABANDON"),
    ("ABANDON", "TERMINATE"),
    ("REQUEST_CANCEL", "TERMINATE"),
];

/// Another value of the same shape.
fn another(value: &Value) -> Value {
    match value {
        Value::Bool(is) => json!(!is),
        Value::Number(number) => json!(number.as_i64().unwrap_or(0) + 1),
        Value::String(text) => match text.parse::<i64>() {
            Ok(number) => json!((number + 1).to_string()),
            Err(_) if ENUMERATIONS.iter().any(|(is, _)| is == text) => {
                json!(ENUMERATIONS.iter().find(|(is, _)| is == text).map(|(_, other)| other))
            }
            Err(_) if text.ends_with('Z') => json!("2001-02-03T04:05:06Z"),
            Err(_) if text.ends_with('s') && text.starts_with(|c: char| c.is_ascii_digit()) => json!("54321s"),
            Err(_) => json!(format!("{text}_OTHER")),
        },
        Value::Object(map) if map.contains_key("payloads") => json!([{"other": 1}]),
        Value::Object(map) if map.contains_key("message") => {
            json!({"message": "other", "applicationFailureInfo": {"type": "other", "nonRetryable": true}})
        }
        Value::Object(map) if map.contains_key("maximumInterval") => json!({"maximumAttempts": 77}),
        Value::Object(map) => {
            let mut map = map.clone();
            let name = if map.contains_key("name") {
                "name".to_owned()
            } else {
                map.keys().next().cloned().unwrap_or_default()
            };
            if let Some(part) = map.get_mut(&name) {
                *part = another(part);
            }
            Value::Object(map)
        }
        other => other.clone(),
    }
}
