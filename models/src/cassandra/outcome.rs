//! How calls of the store end, what their senders learn, and what happened: three different things.

use super::Head;
use crate::plan::StoreOutcome;
use crate::program::Millis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a conditional batch ends, as the caller decides before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is executed and answered.
    Answered,
    /// It is executed; the answer is lost.
    ReplyLost,
    /// It is never executed; the sender only learns that it does not know.
    Lost,
    /// The sender gives up; it has not begun, and may begin later.
    Held(Until),
    /// If its condition holds it is accepted by a minority; later ones settle it.
    Limbo,
    /// It is executed, sent again on the way and executed again; the answer is the second one.
    Resent,
    /// It is never executed, and the sender is told so.
    Unavailable,
}

impl Fate {
    /// The outcome of a batch of this fate that took effect at once.
    pub(super) fn applied(self) -> Outcome {
        match self {
            Self::Answered => Outcome::Applied,
            Self::Resent => Outcome::AppliedRefused,
            _ => Outcome::AppliedUnknown,
        }
    }
}

/// How long a held batch waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until it is released by its number.
    Released,
    /// The same, but at the latest until directly after the sender's next batch that takes effect on that partition:
    /// its fence, if it has one.
    NextBatch,
}

/// How a plain write ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendFate {
    /// It is executed and acknowledged.
    Answered,
    /// It is executed; the acknowledgement is lost.
    ReplyLost,
    /// It is never executed, and unacknowledged.
    Lost,
    /// It is unacknowledged and lands when it is released, with the timestamp that it has.
    Held,
    /// It is unacknowledged and only some of its rows are ever written.
    Partial,
}

/// What a sender learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It took effect.
    Applied,
    /// The condition did not hold when this attempt was executed; this is the head row.
    NotApplied(Option<Head>),
    /// Nothing.
    Unknown,
    /// It did not take effect, and never will.
    Unavailable,
}

/// What the store decides by luck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// A plain read shows the undecided batch.
    Show,
    /// An undecided batch is completed, not killed.
    Complete,
    /// A row of a torn append is written.
    Keep,
}

/// The store's luck, drawn from a generator that the caller owns.
pub trait Whim {
    /// The answer to one question.
    fn yes(&mut self, question: Question) -> bool;
}

impl<F: FnMut(Question) -> bool> Whim for F {
    fn yes(&mut self, question: Question) -> bool {
        self(question)
    }
}

macro_rules! outcomes {
    ($($(#[doc = $doc:literal])* $name:ident $text:literal)*) => {
        /// What happened in the store, whoever knows of it. Every one of them is a situation that campaigns have to see.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Outcome { $($(#[doc = $doc])* $name),* }

        impl Outcome {
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

outcomes! {
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
    /// A plain write replaced a row by other bytes.
    Overwritten "overwritten"
    /// A plain write was older than what is there.
    Outdated "outdated"
}

impl Outcome {
    /// True if nothing in it is worth a line of a recording: what was asked was done, and the sender knows.
    #[must_use]
    pub fn is_plain(self) -> bool {
        matches!(self, Self::Applied | Self::Appended)
    }
}

/// How the call that a fault of a plan spoils ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoiled {
    /// A batch, to be released, if it is held, after so long.
    Commit(Fate, Option<Millis>),
    /// A plain write, to be released, if it is held, after so long.
    Append(AppendFate, Option<Millis>),
    /// A read that fails.
    Read,
}

impl From<StoreOutcome> for Spoiled {
    fn from(outcome: StoreOutcome) -> Self {
        match outcome {
            StoreOutcome::CommitReplyLost => Self::Commit(Fate::ReplyLost, None),
            StoreOutcome::CommitLost => Self::Commit(Fate::Lost, None),
            StoreOutcome::CommitLate(ms) => Self::Commit(Fate::Held(Until::Released), Some(ms)),
            StoreOutcome::CommitAfterFence => Self::Commit(Fate::Held(Until::NextBatch), None),
            StoreOutcome::CommitLimbo => Self::Commit(Fate::Limbo, None),
            StoreOutcome::CommitResent => Self::Commit(Fate::Resent, None),
            StoreOutcome::CommitUnavailable => Self::Commit(Fate::Unavailable, None),
            StoreOutcome::AppendReplyLost => Self::Append(AppendFate::ReplyLost, None),
            StoreOutcome::AppendLate(ms) => Self::Append(AppendFate::Held, Some(ms)),
            StoreOutcome::AppendLost => Self::Append(AppendFate::Lost, None),
            StoreOutcome::AppendPartial => Self::Append(AppendFate::Partial, None),
            StoreOutcome::ReadFails => Self::Read,
        }
    }
}
