//! Answers that say that something is wrong inside a target.

use crate::rules::proof::told;
use resurgam_formats::plan::Action;
use resurgam_formats::recording::Call;

/// Codes that say that something is wrong inside, or that it takes too long.
const WRONG: [&str; 4] = ["Unavailable", "Aborted", "Cancelled", "DeadlineExceeded"];
/// What an update is told that no worker has accepted when its workflow task is lost: to send it again.
const ABORTED_UPDATE: &str = "Workflow Update was aborted";

/// True if this answer to this call says that something is wrong inside the target, and no worker can be why.
pub(super) fn is_wrong_inside(call: &Call, error: &str) -> bool {
    // A worker that answers late, or not at all, keeps these waiting.
    let waits = matches!(
        call,
        Call::PollUpdate { .. } | Call::Client { action: Action::Query { .. } | Action::Update { .. }, .. }
    );
    let (code, words) = told(error);
    let waited = waits && (code != "Unavailable" || words.starts_with(ABORTED_UPDATE));
    WRONG.contains(&code) && !waited
}
