//! How calls of the store end, what their senders learn, and what happened: three different things.

use super::batch::Head;
use resurgam_formats::plan::StoreOutcome;
use resurgam_formats::store::StoreEvent;
use resurgam_formats::time::Millis;

/// How a conditional batch ends, as the caller decides before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptedCommit {
    /// It is executed and answered.
    Answered,
    /// It is executed; the answer is lost.
    ReplyLost,
    /// It is never executed; the sender only learns that it does not know.
    Lost,
    /// The sender gives up; it has not begun, and may begin later.
    Held(HeldUntil),
    /// If its condition holds it is accepted by a minority; later ones settle it.
    Limbo,
    /// It is executed, sent again on the way and executed again; the answer is the second one.
    Resent,
    /// It is never executed, and the sender is told so.
    Unavailable,
}

impl ScriptedCommit {
    /// What is reported of a batch with this scripted outcome that took effect at once.
    pub(super) fn applied(self) -> StoreEvent {
        match self {
            Self::Answered => StoreEvent::Applied,
            Self::Resent => StoreEvent::AppliedRefused,
            Self::ReplyLost | Self::Lost | Self::Held(_) | Self::Limbo | Self::Unavailable => {
                StoreEvent::AppliedUnknown
            }
        }
    }
}

/// How long a held batch waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeldUntil {
    /// Until it is released by its number.
    Released,
    /// The same, but at the latest until directly after the sender's next batch that takes effect on that partition:
    /// its fence, if it has one.
    NextBatch,
}

/// How a plain write ends: an append, or a delete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptedAppend {
    /// It is executed and acknowledged.
    Answered,
    /// It is executed; the acknowledgement is lost.
    ReplyLost,
    /// It is never executed, and unacknowledged.
    Lost,
    /// It is unacknowledged and lands when it is released, with the timestamp that it has.
    Held,
    /// It is unacknowledged and only some of its rows are ever written, or deleted.
    Partial,
}

/// What a sender learns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteAnswer {
    /// It took effect.
    Applied,
    /// The condition did not hold when this attempt was executed; this is the head row.
    NotApplied(Option<Head>),
    /// Nothing is known: it took effect, will, or never does.
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
    /// A row of a torn append is written, of a torn delete deleted.
    Keep,
}

/// The store's luck, drawn from a generator that the caller owns.
pub trait Chooser {
    /// The answer to one question.
    fn yes(&mut self, question: Question) -> bool;
}

impl<F: FnMut(Question) -> bool> Chooser for F {
    fn yes(&mut self, question: Question) -> bool {
        self(question)
    }
}

/// How the call that a fault of a plan spoils ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoiled {
    /// A batch, to be released, if it is held, after so long.
    Commit(ScriptedCommit, Option<Millis>),
    /// A plain write, to be released, if it is held, after so long.
    Append(ScriptedAppend, Option<Millis>),
    /// A read that fails.
    Read,
}

impl From<StoreOutcome> for Spoiled {
    fn from(outcome: StoreOutcome) -> Self {
        match outcome {
            // The error says no more than silence does.
            StoreOutcome::CommitReplyLost | StoreOutcome::CommitOverloaded => {
                Self::Commit(ScriptedCommit::ReplyLost, None)
            }
            StoreOutcome::CommitLost => Self::Commit(ScriptedCommit::Lost, None),
            StoreOutcome::CommitLate(ms) => Self::Commit(ScriptedCommit::Held(HeldUntil::Released), Some(ms)),
            StoreOutcome::CommitAfterFence => Self::Commit(ScriptedCommit::Held(HeldUntil::NextBatch), None),
            StoreOutcome::CommitLimbo => Self::Commit(ScriptedCommit::Limbo, None),
            StoreOutcome::CommitResent => Self::Commit(ScriptedCommit::Resent, None),
            StoreOutcome::CommitUnavailable => Self::Commit(ScriptedCommit::Unavailable, None),
            StoreOutcome::AppendReplyLost => Self::Append(ScriptedAppend::ReplyLost, None),
            StoreOutcome::AppendLate(ms) => Self::Append(ScriptedAppend::Held, Some(ms)),
            StoreOutcome::AppendLost => Self::Append(ScriptedAppend::Lost, None),
            StoreOutcome::AppendPartial => Self::Append(ScriptedAppend::Partial, None),
            StoreOutcome::ReadFails => Self::Read,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_formats::plan::StoreCall;

    #[test]
    fn what_plans_can_ask_for_is_about_the_calls_that_it_names() {
        for (outcome, expected) in [
            (StoreOutcome::CommitLate(7), Spoiled::Commit(ScriptedCommit::Held(HeldUntil::Released), Some(7))),
            (StoreOutcome::CommitAfterFence, Spoiled::Commit(ScriptedCommit::Held(HeldUntil::NextBatch), None)),
            (StoreOutcome::CommitLimbo, Spoiled::Commit(ScriptedCommit::Limbo, None)),
            (StoreOutcome::AppendReplyLost, Spoiled::Append(ScriptedAppend::ReplyLost, None)),
            (StoreOutcome::AppendLate(8), Spoiled::Append(ScriptedAppend::Held, Some(8))),
            (StoreOutcome::AppendPartial, Spoiled::Append(ScriptedAppend::Partial, None)),
            (StoreOutcome::ReadFails, Spoiled::Read),
        ] {
            let spoiled = Spoiled::from(outcome);
            assert_eq!(spoiled, expected);
            let call = match spoiled {
                Spoiled::Commit(..) => StoreCall::Commit,
                Spoiled::Append(..) => StoreCall::Append,
                Spoiled::Read => StoreCall::Read,
            };
            assert_eq!(call, outcome.call());
        }
    }
}
