//! The freedoms of the contract: the names of all that two correct executions of one plan may do differently.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A freedom. `docs/freedoms.md` has an example and a near miss of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Freedom {
    /// The same inputs arrived in another order.
    OrderOfArrival,
    /// An input fell before the answer of a workflow task in one, behind it in the other.
    Batching,
    /// Something pending came to its end in one; in the other the program withdrew it first.
    Overtaken,
    /// Something had not arrived when its run closed in one of them.
    RaceWithClose,
    /// A client's call found another run of its id, or none, or one that was closed.
    Landing,
    /// Attempts of an activity ended by a timeout, or were cut by one, in one of them.
    AttemptTiming,
    /// The timeout of a run or of its chain struck in one of them.
    RunTimeout,
    /// A child could not be started because its id was still in use.
    IdInUse,
    /// The result of a local activity: its worker draws it.
    DrawnValue,
    /// All that follows from one of the others: with other inputs, a program issues other commands.
    Follows,
    /// What the target is known to do differently: an entry of `resurgam_judge::profile`.
    Known,
    /// A client was answered by another state of the workflow at the moment of its call.
    StateAtCall,
    /// A client was told nothing definite in one of them.
    Indefinite,
}

impl Freedom {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 13] = [
        Self::OrderOfArrival,
        Self::Batching,
        Self::Overtaken,
        Self::RaceWithClose,
        Self::Landing,
        Self::AttemptTiming,
        Self::RunTimeout,
        Self::IdInUse,
        Self::DrawnValue,
        Self::Follows,
        Self::Known,
        Self::StateAtCall,
        Self::Indefinite,
    ];

    /// The word used in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::OrderOfArrival => "order-of-arrival",
            Self::Batching => "batching",
            Self::Overtaken => "overtaken",
            Self::RaceWithClose => "race-with-close",
            Self::Landing => "landing",
            Self::AttemptTiming => "attempt-timing",
            Self::RunTimeout => "run-timeout",
            Self::IdInUse => "id-in-use",
            Self::DrawnValue => "drawn-value",
            Self::Follows => "follows",
            Self::Known => "known",
            Self::StateAtCall => "state-at-call",
            Self::Indefinite => "indefinite",
        }
    }
}
