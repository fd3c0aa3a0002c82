//! What a list of workflows said at the end of a case.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A list of the workflows of a case, read page by page to its end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Listed {
    /// What it says of each run (`temporal.api.workflow.v1.WorkflowExecutionInfo`), in proto-JSON, in the order of the list.
    #[serde(default)]
    pub executions: Vec<Value>,
}
