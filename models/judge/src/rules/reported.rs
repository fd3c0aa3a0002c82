//! The words in which our workers report failures, which a server only carries.

use resurgam_formats::event::{Failure, FailureKind};
use resurgam_formats::label;

/// True if an application failure has the words of our workers, as far as it says any: its type is the message, and they are the
/// source. Of other failures nothing is known.
pub(super) fn in_our_words(failure: &Failure) -> bool {
    let FailureKind::Application { kind, .. } = &failure.kind else { return true };
    (failure.message.is_empty() || failure.message == *kind)
        && (failure.source.is_empty() || failure.source == label::NAME)
}
