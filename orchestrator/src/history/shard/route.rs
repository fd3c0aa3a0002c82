//! Which workflow a job is about, and which run of it.

use resurgam_api::internal;
use resurgam_state::task::RunKey;

/// A workflow id in its namespace: what a shard keeps together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkflowKey {
    /// Id of the namespace.
    pub namespace_id: String,
    /// The workflow id itself.
    pub workflow_id: String,
}

/// What a job is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The workflow that the run belongs to.
    pub workflow: WorkflowKey,
    /// The run; empty: the current one.
    pub run_id: String,
}

impl From<internal::Target> for Target {
    fn from(target: internal::Target) -> Self {
        let internal::Target { namespace_id, workflow_id, run_id } = target;
        Self { workflow: WorkflowKey { namespace_id, workflow_id }, run_id }
    }
}

impl From<&RunKey> for Target {
    fn from(key: &RunKey) -> Self {
        let RunKey { namespace_id, workflow_id, run_id } = key.clone();
        Self { workflow: WorkflowKey { namespace_id, workflow_id }, run_id }
    }
}
