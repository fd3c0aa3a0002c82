//! What the machine reads out of events: the program, integers, outcomes. Every mismatch is a sentence, never a panic.

use super::wait::News;
use super::world::Kind;
use resurgam_formats::event::{self, Body, EventId, Payloads, integer};
use resurgam_formats::program::{Failure, Input, Output, VERSION};
use serde_json::Value;

/// JSON of a program may nest this deep.
const MAX_DEPTH: usize = 64;

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// The first argument of a workflow.
pub(super) fn input(payloads: &Payloads) -> Result<Input, String> {
    let value = payloads.first_json().ok_or("the workflow's input is not plain JSON")?;
    if depth(&value) > MAX_DEPTH {
        return Err(format!("the program nests deeper than {MAX_DEPTH} levels"));
    }
    let input: Input = serde_json::from_value(value).map_err(|e| format!("the program cannot be read: {e}"))?;
    if input.program.version != VERSION {
        return Err(format!("the program has version {}, not {VERSION}", input.program.version));
    }
    if !(1..=8).contains(&input.program.variables) {
        return Err(format!("the program has {} variables, not 1 to 8", input.program.variables));
    }
    Ok(input)
}

/// The only argument or result that is an integer.
pub(super) fn number(payloads: &Payloads, of: &str) -> Result<i64, String> {
    let value = payloads.first_json().ok_or_else(|| format!("the {of} is not plain JSON"))?;
    integer(&value).map_err(|e| format!("the {of}: {e}"))
}

/// The result of a child.
pub(super) fn output(payloads: &Payloads) -> Result<i64, String> {
    let value = payloads.first_json().ok_or("the child's result is not plain JSON")?;
    let output: Output = serde_json::from_value(value).map_err(|e| format!("the child's result: {e}"))?;
    Ok(output.value)
}

/// News of a failure as an event carries it.
pub(super) fn failed(failure: Option<&event::Failure>) -> News {
    News::Failed(failure.map_or_else(|| Failure::from(&event::Failure::default()), Failure::from))
}

/// A number written as decimal text, in the only way we write it.
pub(super) fn decimal(text: &str) -> Option<u32> {
    text.parse().ok().filter(|number: &u32| number.to_string() == text)
}

/// What an event says of an activity or child, and the event that began it.
pub(super) fn outcome(body: &Body) -> Result<Option<(EventId, Kind, News)>, String> {
    use Kind::{Activity, Child};
    Ok(Some(match body {
        Body::ActivityTaskCompleted(it) => {
            (it.scheduled, Activity, News::Completed(number(&it.result, "activity's result")?))
        }
        Body::ActivityTaskFailed(it) => (it.scheduled, Activity, failed(it.failure.as_ref())),
        Body::ActivityTaskTimedOut(it) => (it.scheduled, Activity, failed(it.failure.as_ref())),
        Body::ActivityTaskCanceled(it) => (it.scheduled, Activity, News::Cancelled),
        Body::StartChildWorkflowExecutionFailed(it) => (it.initiated, Child, News::Failed(Failure::StartFailed)),
        Body::ChildWorkflowExecutionStarted(it) => (it.initiated, Child, News::Started),
        Body::ChildWorkflowExecutionCompleted(it) => (it.initiated, Child, News::Completed(output(&it.result)?)),
        Body::ChildWorkflowExecutionFailed(it) => (it.initiated, Child, failed(it.failure.as_ref())),
        Body::ChildWorkflowExecutionCanceled(it) => (it.initiated, Child, News::Cancelled),
        Body::ChildWorkflowExecutionTimedOut(it) => (it.initiated, Child, News::Failed(Failure::Timeout("RUN".into()))),
        Body::ChildWorkflowExecutionTerminated(it) => (it.initiated, Child, News::Failed(Failure::Terminated)),
        _ => return Ok(None),
    }))
}
