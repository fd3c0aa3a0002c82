//! The calls about updates: those that send one, and those that ask for its outcome.

use crate::rules::Indexed;
use crate::rules::proof::{number, unreadable};
use resurgam_formats::event::UpdateOutcome;
use resurgam_formats::evidence::Operation;
use resurgam_formats::plan::{Action, UpdateStage};
use resurgam_formats::program::Failure;
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

/// True if this outcome of an update is the one that a worker gave, or a client was told.
pub(super) fn agrees(written: &UpdateOutcome, given: &Result<i64, Failure>) -> bool {
    match (&written.success, given) {
        (Some(payloads), Ok(value)) => unreadable(payloads) || number(payloads) == Some(*value),
        (None, Err(_)) => true,
        _ => false,
    }
}

/// True if an update failed in these words, as far as the history says any.
pub(super) fn fails_with(outcome: &UpdateOutcome, why: &str) -> bool {
    let words = outcome.failure.as_ref().map(|failure| failure.message.as_str());
    outcome.success.is_none() && words.is_none_or(|words| words.is_empty() || words == why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::event;

    #[test]
    fn an_update_fails_in_the_words_of_its_outcome() {
        let failed = |message: &str| {
            let failure = event::Failure { message: message.into(), ..event::Failure::default() };
            UpdateOutcome { failure: Some(failure), ..UpdateOutcome::default() }
        };
        assert!(fails_with(&failed("red"), "red") && fails_with(&failed(""), "red"));
        assert!(!fails_with(&failed("blue"), "red"));
        let success = event::Payloads::one(&serde_json::json!(1));
        assert!(!fails_with(&UpdateOutcome { success: Some(success), ..UpdateOutcome::default() }, "red"));
    }
}
