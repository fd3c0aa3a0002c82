//! What several kinds of calls have in common: each kind says here whether it starts and whether it signals.

use super::{Action, Start};

impl Action {
    /// The start that it is, alone or with a signal.
    #[must_use]
    pub fn start(&self) -> Option<&Start> {
        match self {
            Self::Start(start) | Self::SignalWithStart { start, .. } => Some(start),
            Self::Signal { .. }
            | Self::Query { .. }
            | Self::Update { .. }
            | Self::Cancel
            | Self::Terminate
            | Self::Describe
            | Self::ReadHistory => None,
        }
    }

    /// Name and argument of the signal that it sends, alone or with a start.
    #[must_use]
    pub fn signal(&self) -> Option<(&String, &i64)> {
        match self {
            Self::Signal { name, value } | Self::SignalWithStart { name, value, .. } => Some((name, value)),
            Self::Start(_)
            | Self::Query { .. }
            | Self::Update { .. }
            | Self::Cancel
            | Self::Terminate
            | Self::Describe
            | Self::ReadHistory => None,
        }
    }
}
