//! What a difference comes to.

use resurgam_campaign::comparison::Freedom;

/// Nothing to explain, or a freedom, or why there is none.
pub(super) type Explained = Result<Option<Freedom>, String>;
