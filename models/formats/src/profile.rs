//! By what a target is judged beside the contract: what it promises beyond it, and whose known differences are set aside.
//!
//! A profile is chosen by whoever starts a run, or declared by the orchestrator itself; it is written in the header of
//! every recording, and never guessed from a name. Whoever chooses nothing is judged by the contract alone: nothing is
//! asked of it that the contract does not ask, and nothing is forgiven.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// See the module. The default is the contract alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Profile {
    /// What the target promises beyond the contract.
    #[serde(default)]
    pub promises: Promises,
    /// Whose known differences are set aside.
    #[serde(default)]
    pub differences: KnownDifferences,
    /// Its database may forget what it acknowledged shortly before it was killed, as its commit log is written to disk later
    /// (docs/cassandra-semantics.md).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forgetful: bool,
}

/// What an orchestrator promises beyond the contract. By default nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Promises {
    /// Answers that write nothing (descriptions, histories, queries, refusals, repeated calls) show the state of a moment
    /// between call and answer. Without it they show some earlier state, monotone per run.
    #[serde(default)]
    pub linearizable_reads: bool,
    /// What becomes of a task whose hand-over to a worker may have failed.
    #[serde(default)]
    pub hand_over: HandOver,
    /// A batch names only rows that it changes, so that what a call costs does not grow with what it does not touch.
    #[serde(default)]
    pub narrow_batches: bool,
    /// A closed run is there for as long as its namespace keeps it, and soon afterwards nothing of it is.
    #[serde(default)]
    pub retention: bool,
    /// While no fault is in force, no call is told that something is wrong inside.
    #[serde(default)]
    pub availability: bool,
    /// A list of workflows shows what was acknowledged before it was asked for, each run once.
    #[serde(default)]
    pub lists: bool,
}

/// What becomes of a task whose hand-over to a worker may have failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HandOver {
    /// Nothing is promised: it may be handed over again, or be lost until a timeout starts its next attempt.
    #[default]
    Unspecified,
    /// It is handed over at most once: no two workers see the same attempt. What was lost is repaired by a timeout.
    Once,
    /// It is handed over again under the same start until a worker has it: two workers may have the same attempt, and the
    /// first answer counts. A new owner of the rows, who cannot know whether one has it, may leave that to the timeout.
    UntilTaken,
}

/// Whose known differences are set aside. What they are, the judge knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "of")]
pub enum KnownDifferences {
    /// No difference is set aside.
    #[default]
    Nobody,
    /// Those of Temporal's own server.
    Temporal {
        /// Its version: differences expire. Empty: none has expired.
        #[serde(default)]
        version: String,
    },
}

/// Something that not every target promises, and that some rules need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capability {
    /// The target promises [`Promises::linearizable_reads`].
    LinearizableReads,
    /// The target promises [`HandOver::UntilTaken`].
    RepeatedHandOver,
    /// The target promises [`Promises::narrow_batches`].
    NarrowBatches,
    /// The target promises [`Promises::retention`].
    Retention,
    /// The target promises [`Promises::availability`].
    Availability,
    /// The target promises [`Promises::lists`].
    Lists,
}

impl Capability {
    /// The word used in every output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::LinearizableReads => "linearizable_reads",
            Self::RepeatedHandOver => "repeated_hand_over",
            Self::NarrowBatches => "narrow_batches",
            Self::Retention => "retention",
            Self::Availability => "availability",
            Self::Lists => "lists",
        }
    }
}

impl Profile {
    /// Of Temporal's own server. A node of it that lost a shard answers reads until it notices (temporal#10478), and a
    /// task is lost with the poll that it was given to.
    #[must_use]
    pub fn temporal(version: &str) -> Self {
        Self {
            // It deletes up to half an hour later than it must keep: nothing of that is judged.
            promises: Promises { hand_over: HandOver::Once, ..Promises::default() },
            differences: KnownDifferences::Temporal { version: version.to_owned() },
            forgetful: false,
        }
    }

    /// Of the orchestrator of this repository.
    #[must_use]
    pub fn resurgam() -> Self {
        Self::promising(Promises {
            linearizable_reads: true,
            hand_over: HandOver::UntilTaken,
            narrow_batches: true,
            retention: true,
            availability: true,
            lists: true,
        })
    }

    /// Of a target without known differences that promises this.
    #[must_use]
    pub fn promising(promises: Promises) -> Self {
        Self { promises, differences: KnownDifferences::Nobody, forgetful: false }
    }

    /// True if the target claims this.
    #[must_use]
    pub fn claims(&self, capability: Capability) -> bool {
        match capability {
            Capability::LinearizableReads => self.promises.linearizable_reads,
            Capability::RepeatedHandOver => self.promises.hand_over == HandOver::UntilTaken,
            Capability::NarrowBatches => self.promises.narrow_batches,
            Capability::Retention => self.promises.retention,
            Capability::Availability => self.promises.availability,
            Capability::Lists => self.promises.lists,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_chooses_nothing_promises_nothing() {
        let read: Profile = serde_json::from_str("{}").unwrap();
        assert_eq!(read, Profile::default());
        use Capability::{LinearizableReads, Lists, NarrowBatches, RepeatedHandOver, Retention};
        for capability in [LinearizableReads, RepeatedHandOver, NarrowBatches, Retention, Lists] {
            assert!(!read.claims(capability) && !Profile::temporal("1.31.2").claims(capability));
            assert!(Profile::resurgam().claims(capability));
        }
    }
}
