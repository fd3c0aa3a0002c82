//! What replay reads of events: programs, values, failures. Own decoding, shared with nothing that is judged.

use super::unfit::{Unfit, stray};
use resurgam_formats::event::{Body, Event, Field, Payloads, Raw};
use resurgam_formats::event::{Failure as Told, FailureKind};
use resurgam_formats::program::{Failure, Input, Output, VERSION, WORKFLOW_TYPE};
use serde_json::Value;

/// The JSON of a program nests at most this deep.
const DEEPEST: usize = 64;

/// The program and variables that the first event carries.
pub(crate) fn input(events: &[Event]) -> Result<Input, Unfit> {
    let Some(Body::WorkflowExecutionStarted(started)) = events.first().map(|event| &event.body) else {
        return Err(Unfit::NoProgram);
    };
    if started.workflow_type.0 != WORKFLOW_TYPE {
        return Err(Unfit::NoProgram);
    }
    let unreadable = |why: &dyn std::fmt::Display| Unfit::Unreadable(why.to_string());
    let value =
        started.input.first_json().ok_or_else(|| unreadable(&"the input is not plain JSON of bounded depth"))?;
    let version = value.pointer("/program/version").and_then(Value::as_u64);
    if version != Some(u64::from(VERSION)) {
        return Err(unreadable(&format!("version {version:?} is not {VERSION}")));
    }
    if value.get("program").map_or(0, depth) > DEEPEST {
        return Err(unreadable(&format!("it nests more than {DEEPEST} levels")));
    }
    let input: Input = serde_json::from_value(value).map_err(|e| unreadable(&e))?;
    if !(1..=8).contains(&input.program.variables) {
        return Err(unreadable(&"a program has 1 to 8 variables"));
    }
    Ok(input)
}

/// How many arrays and objects stand around the innermost value.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn unreadable(event: &Event, what: &str) -> Unfit {
    Unfit::Unreadable(format!("event {}: {}: {what}", event.id, event.body.name()))
}

/// One plain integer.
pub(super) fn integer(event: &Event, payloads: &Payloads) -> Result<i64, Unfit> {
    let value = payloads.first_json().and_then(|value| value.as_i64());
    value.ok_or_else(|| unreadable(event, "expected one plain integer"))
}

/// The value of a child's [`Output`].
pub(super) fn output(event: &Event, payloads: &Payloads) -> Result<i64, Unfit> {
    let output = payloads.first_json().and_then(|value| serde_json::from_value::<Output>(value).ok());
    output.map(|output| output.value).ok_or_else(|| unreadable(event, "expected the output of a program"))
}

/// Number and value of a local activity, from the details of its marker.
pub(super) fn local(event: &Event, details: &Raw) -> Result<(u32, i64), Unfit> {
    marker(details).ok_or_else(|| stray(event, "its details are not those of a local activity"))
}

/// Number and value of a local activity, if these are the details of one.
#[must_use]
pub fn marker(details: &Raw) -> Option<(u32, i64)> {
    let named = details.0.as_deref()?.get("resurgam")?.clone();
    let value = Payloads::read(named).ok()?.first_json()?;
    let seq = u32::try_from(value.get("seq")?.as_u64()?).ok()?;
    Some((seq, value.get("value")?.as_i64()?))
}

/// The program's view of a failure. Wrappers (a failure of an activity or child with a cause) are looked through.
pub(crate) fn failure(told: Option<&Told>) -> Failure {
    let mut at = told;
    while let Some(failure) = at {
        match &failure.kind {
            FailureKind::Application { kind, non_retryable } => {
                return Failure::Application { kind: kind.clone(), non_retryable: *non_retryable };
            }
            FailureKind::Timeout(which) => return Failure::Timeout(which.0.clone()),
            FailureKind::Terminated => return Failure::Terminated,
            FailureKind::Canceled => return Failure::Cancelled,
            FailureKind::Server => return Failure::Application { kind: "server".into(), non_retryable: false },
            _ => at = failure.cause.as_deref(),
        }
    }
    Failure::Application { kind: String::new(), non_retryable: false }
}

/// The failure of something that timed out.
pub(super) fn timeout(told: Option<&Told>) -> Failure {
    match told.map(|failure| &failure.kind) {
        Some(FailureKind::Timeout(which)) => Failure::Timeout(which.0.clone()),
        _ => Failure::Timeout(String::new()),
    }
}
