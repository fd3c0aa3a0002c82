//! Namespaces as they were registered for a case, and what each node says of them before it begins.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a node answers when it is asked for a namespace that was registered before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Registered {
    /// The node that was asked.
    pub node: u8,
    /// What was asked for (`temporal.api.workflowservice.v1.RegisterNamespaceRequest`), in proto-JSON.
    pub request: Value,
    /// What the node says of it (`temporal.api.workflowservice.v1.DescribeNamespaceResponse`), in proto-JSON.
    pub answer: Value,
}
