//! The calls about updates: those that send one, and those that ask for its outcome.

use crate::rules::Indexed;
use resurgam_formats::evidence::Operation;
use resurgam_formats::plan::{Action, UpdateStage};
use resurgam_formats::recording::Call;

/// A call about an update.
pub(super) struct UpdateCall<'e> {
    pub(super) operation: &'e Operation,
    pub(super) workflow_id: &'e str,
    pub(super) request_id: &'e str,
    /// What the call waited for.
    pub(super) wait: UpdateStage,
    /// The run that had accepted the update before the call.
    pub(super) accepted: Option<&'e str>,
}

/// All of them, in the order of their numbers.
pub(super) fn about_updates<'e>(evidence: &Indexed<'e>) -> impl Iterator<Item = UpdateCall<'e>> {
    evidence.evidence().operations.values().filter_map(|operation| match &operation.call {
        Call::Client { workflow_id, request_id, action } => {
            let Action::Update { wait, .. } = action else { return None };
            Some(UpdateCall { operation, workflow_id, request_id, wait: *wait, accepted: None })
        }
        Call::PollUpdate { workflow_id, run_id, request_id } => {
            let (wait, accepted) = (UpdateStage::Completed, Some(run_id.as_str()));
            Some(UpdateCall { operation, workflow_id, request_id, wait, accepted })
        }
        _ => None,
    })
}
