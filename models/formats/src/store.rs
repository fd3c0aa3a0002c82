//! What may happen in a store, as recordings say it. `resurgam_cassandra` is the model that makes it happen.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! events {
    ($($(#[doc = $doc:literal])* $name:ident $text:literal)*) => {
        /// What happened in the store, whoever knows of it. Every one of them is a situation that campaigns have to see.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum StoreEvent { $($(#[doc = $doc])* $name),* }

        impl StoreEvent {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name, as it stands in recordings.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }
        }
    };
}

events! {
    /// A batch took effect and its sender knows.
    Applied "applied"
    /// A batch took effect and its sender does not know.
    AppliedUnknown "applied_unknown"
    /// A batch took effect and its sender was told that its condition did not hold.
    AppliedRefused "applied_refused"
    /// A batch that tests nothing that it changes took effect twice.
    AppliedTwice "applied_twice"
    /// A batch found its condition false and its sender knows.
    Refused "refused"
    /// A batch found its condition false and its sender does not know.
    RefusedUnknown "refused_unknown"
    /// A batch was lost and its sender does not know.
    Lost "lost"
    /// A batch was not executed and its sender knows.
    Unavailable "unavailable"
    /// A batch has not begun although its sender gave up.
    Held "held"
    /// A batch took effect long after its sender gave up.
    HeldApplied "held_applied"
    /// A batch found its condition false long after its sender gave up.
    HeldRefused "held_refused"
    /// A batch never began after all.
    HeldDropped "held_dropped"
    /// A batch is undecided.
    LimboOpened "limbo_opened"
    /// A plain read showed an undecided batch.
    LimboShown "limbo_shown"
    /// A plain read did not show an undecided batch.
    LimboHidden "limbo_hidden"
    /// A plain read did not show a batch that an earlier one had shown.
    LimboFlipped "limbo_flipped"
    /// An undecided batch was completed.
    LimboApplied "limbo_applied"
    /// An undecided batch was killed.
    LimboKilled "limbo_killed"
    /// A batch that names a row twice took effect.
    Collision "collision"
    /// An append was written and acknowledged.
    Appended "appended"
    /// An append was written and not acknowledged.
    AppendedUnknown "appended_unknown"
    /// An append was lost.
    AppendLost "append_lost"
    /// Some rows of an append were lost.
    AppendPartial "append_partial"
    /// An append is on its way although its sender gave up.
    AppendHeld "append_held"
    /// An append landed long after its sender gave up.
    AppendLanded "append_landed"
    /// A plain delete took effect and was acknowledged.
    Deleted "deleted"
    /// A plain delete took effect and was not acknowledged.
    DeletedUnknown "deleted_unknown"
    /// A plain delete was lost.
    DeleteLost "delete_lost"
    /// A plain delete took effect on some of its rows.
    DeletePartial "delete_partial"
    /// A plain delete is on its way although its sender gave up.
    DeleteHeld "delete_held"
    /// A plain delete landed long after its sender gave up.
    DeleteLanded "delete_landed"
    /// A plain write replaced a row by other bytes.
    Overwritten "overwritten"
    /// A plain write was older than what is there.
    Outdated "outdated"
}

impl StoreEvent {
    /// True if nothing in it is worth a line of a recording: what was asked was done, and the sender knows.
    #[must_use]
    pub fn is_plain(self) -> bool {
        matches!(self, Self::Applied | Self::Appended | Self::Deleted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn events_are_named_as_they_are_written() {
        for event in StoreEvent::ALL {
            assert_eq!(serde_json::to_value(event).unwrap(), event.name());
        }
        assert_eq!(StoreEvent::ALL.iter().map(|one| one.name()).collect::<BTreeSet<_>>().len(), StoreEvent::ALL.len());
    }
}
