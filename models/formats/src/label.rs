//! Labels: what our clients and workers write into fields that a server only carries, such as headers, memos, reasons and details.
//! Every label names the one call, command or task that it came from, so that whatever a server loses or mixes up is seen.

use crate::event::{Field as _, Payload};
use crate::recording::TaskId;
use serde_json::{Value, json};

/// The name of a label in a header or memo.
pub const NAME: &str = "resurgam";
/// The label of a run that continues as another one.
pub const CONTINUE: &str = "continue";
/// The label of a run that ends as cancelled.
pub const CANCELLED: &str = "cancelled";

/// The label of a command, by the number that it carries.
#[must_use]
pub fn command(seq: u32) -> String {
    format!("command {seq}")
}

/// The label of a command that cancels what another one began.
#[must_use]
pub fn cancel(seq: u32) -> String {
    format!("cancel {seq}")
}

/// The label of what a worker says of a task.
#[must_use]
pub fn task(task: TaskId) -> String {
    format!("task {task}")
}

/// A header or memo with one label, in proto-JSON.
#[must_use]
pub fn fields(label: &str) -> Value {
    json!({"fields": {NAME: Payload::json(&Value::from(label)).write()}})
}
