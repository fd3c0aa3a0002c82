//! What each deviation does: written down, then held against the exploration.
//!
//! A row says in which scope a set of flaws breaks which property, after how many steps at the least, or that it breaks none
//! in that scope. A flaw that is silent everywhere is an equivalent mutant: planted in the engine as it stands, it could
//! never be found, so it must not be counted as a planted bug.

use crate::properties::*;
use crate::scope::*;
use crate::variant::Flaw::{self, *};

/// What is expected of the model with one flaw.
pub(crate) struct Row {
    pub(crate) flaws: &'static [Flaw],
    pub(crate) scope: Scope,
    /// Property and the length of the shortest way to break it; empty: nothing breaks.
    pub(crate) breaks: &'static [(&'static str, usize)],
    pub(crate) why: &'static str,
}

const fn breaks(
    flaws: &'static [Flaw],
    scope: Scope,
    breaks: &'static [(&'static str, usize)],
    why: &'static str,
) -> Row {
    Row { flaws, scope, breaks, why }
}

const fn silent(flaws: &'static [Flaw], scope: Scope, why: &'static str) -> Row {
    Row { flaws, scope, breaks: &[], why }
}

/// The guards of a batch.
pub(crate) const GUARDS: &[Row] = &[
    silent(
        &[NoRangeGuard],
        VAGUE,
        "a late batch of an old range moves the sequence; the owner's next batch is refused",
    ),
    silent(&[NoRangeGuard], NODES, "as above; transaction ids keep the nodes apart"),
    silent(&[NoRangeGuard], READS, "an owner whose cache is old has an old sequence, so its read is refused"),
    breaks(&[NoRangeGuard], DEFINITE, &[(REFUSED, 9)], "the fence proves nothing: the late batch lands after it"),
    breaks(&[NoRangeGuard], TASKS, &[(KNOWN, 8)], "the late batch brings a task that the owner has not loaded"),
    silent(&[NoSequenceGuard], VAGUE, "one batch at a time and a fence after each doubt: no second batch in one range"),
    silent(&[NoSequenceGuard], DEFINITE, "as above"),
    silent(&[NoSequenceGuard], NODES, "as above"),
    silent(&[NoSequenceGuard], READS, "as above"),
    silent(&[NoSequenceGuard], TASKS, "as above"),
    breaks(
        &[NoSequenceGuard],
        PROXY,
        &[(GROWS, 9), (ACKNOWLEDGED, 9), (REFUSED, 13)],
        "the copy of an old batch takes the rows back to what they were",
    ),
    breaks(
        &[NoRangeGuard, NoSequenceGuard],
        VAGUE,
        &[(GROWS, 10), (ACKNOWLEDGED, 10), (ONCE, 10)],
        "a late batch overwrites what its successor committed",
    ),
    breaks(&[NoRangeGuard, NoSequenceGuard], READS, &[(FRESH, 10)], "an old owner's read commits"),
    breaks(&[NoRangeGuard, NoSequenceGuard], TASKS, &[(KNOWN, 8), (KEPT, 12)], "levels go backwards and forwards"),
];

/// What is made of an unknown outcome.
pub(crate) const OUTCOMES: &[Row] = &[
    silent(&[TimeoutIsFailure], VAGUE, "the next batch carries the same sequence: one of the two is refused"),
    silent(&[TimeoutIsFailure], READS, "as above: reads join a batch"),
    breaks(&[TimeoutIsFailure], DEFINITE, &[(REFUSED, 6)], "the caller is told so, and the batch lands"),
    breaks(
        &[TimeoutIsFailure],
        TASKS,
        &[(KNOWN, 6)],
        "the batch lands, and its task with it, under an owner that goes on",
    ),
    breaks(
        &[TimeoutIsFailure, NoSequenceGuard],
        VAGUE,
        &[(GROWS, 8), (ACKNOWLEDGED, 8), (ONCE, 8)],
        "nothing stands between the late batch and the next one",
    ),
    breaks(&[TimeoutIsFailure, NoSequenceGuard], TASKS, &[(KEPT, 10)], "the late task lands below the ack level"),
    breaks(&[TimeoutIsSuccess], VAGUE, &[(ACKNOWLEDGED, 5)], "it did not happen"),
    breaks(&[TimeoutIsSuccess], TASKS, &[(STARTED_COMMITTED, 7)], "its task is handed out too"),
    silent(&[RetrySameBatch], PROXY, "the second copy is refused and shows the own batch id"),
    silent(&[RetrySameBatch, OwnBatchNotRecognised], PROXY, "refused under the own range: fence, load, answer"),
    breaks(
        &[RetrySameBatch, NoSequenceGuard],
        PROXY,
        &[(GROWS, 9), (ACKNOWLEDGED, 9)],
        "like a proxy's copy: it lands after its successor",
    ),
    silent(&[RetryNewBatch], PROXY, "both carry the same sequence: one of the two is refused"),
    silent(&[RetryNewBatch], NODES, "as above, with its own node"),
    breaks(&[RetryNewBatch, NoSequenceGuard], PROXY, &[(ONCE, 7), (GROWS, 7)], "both take effect"),
    breaks(&[DirtyCache], VAGUE, &[(ACKNOWLEDGED, 7), (GROWS, 7)], "the next batch writes what never took effect"),
    breaks(&[DirtyCache], READS, &[(CLEAN, 6)], "a read shows it"),
    breaks(&[DirtyCache], TASKS, &[(KNOWN, 6), (KEPT, 7)], "the effect arrives with the next batch, its task never"),
    breaks(&[ReadInsteadOfFence], DEFINITE, &[(REFUSED, 7)], "what a read does not show may still land"),
    breaks(&[ReadInsteadOfFence], TASKS, &[(KNOWN, 7)], "as above, with its task"),
    breaks(
        &[ReadInsteadOfFence, NoSequenceGuard],
        VAGUE,
        &[(GROWS, 9), (ACKNOWLEDGED, 9), (ONCE, 9)],
        "the late batch overwrites its successor",
    ),
    silent(&[OwnBatchNotRecognised], PROXY, "costs a fence, and the load shows the effect"),
    breaks(&[RefusalIsFailure], PROXY, &[(REFUSED, 12)], "a copy was applied, then the range was taken and written to"),
    breaks(
        &[OwnBatchNotRecognised, RefusalIsFailure],
        PROXY,
        &[(REFUSED, 7)],
        "the own success is taken for a failure",
    ),
];

/// How a range is taken, and what is loaded under it.
pub(crate) const OWNERSHIP: &[Row] = &[
    silent(
        &[TrustUnknownFence],
        VAGUE,
        "two owners of one range: the sequence still lets only one of two batches pass",
    ),
    silent(&[TrustUnknownFence], READS, "as above"),
    breaks(&[TrustUnknownFence], NODES, &[(READABLE, 11)], "two owners of one range draw the same transaction ids"),
    breaks(
        &[TrustUnknownFence],
        TASKS,
        &[(KNOWN, 8), (KEPT, 12)],
        "each knows only its own tasks, and acks past the other's",
    ),
    breaks(
        &[TrustUnknownFence, NoSequenceGuard],
        VAGUE,
        &[(GROWS, 10), (ACKNOWLEDGED, 10)],
        "nothing keeps the two apart",
    ),
    breaks(&[OldRangeReused], NODES, &[(READABLE, 11)], "the transaction ids of the range start again"),
    breaks(&[OldRangeReused], DEFINITE, &[(REFUSED, 8)], "the batch from before the crash lands"),
    breaks(&[OldRangeReused], TASKS, &[(KNOWN, 8)], "as above, with its task"),
    silent(&[FenceTestsSequence], VAGUE, "refused more often, never wrongly applied: costs fences"),
    silent(&[FenceResetsSequence], VAGUE, "the range guard alone refuses all that is older"),
    silent(&[FenceResetsSequence], PROXY, "a batch id that is gone is a batch that is not recognised: costs a fence"),
    breaks(
        &[FenceResetsSequence, NoRangeGuard],
        VAGUE,
        &[(GROWS, 12), (ONCE, 12)],
        "the sequence repeats, so it no longer stands in for the range",
    ),
    silent(&[AdoptByNonce], VAGUE, "a nonce in the head row is final as long as it is there: a safe liberty"),
    silent(&[AdoptByNonce], TASKS, "as above"),
    silent(&[LoadUnchecked], VAGUE, "the view is newer than its range, and its first batch is refused"),
    silent(&[LoadUnchecked], TORN, "halves of two times, and its first batch and its first read are refused"),
    breaks(&[LoadUnchecked, NoRangeGuard], TASKS, &[(KEPT, 10)], "an owner in name only moves the ack level"),
    breaks(
        &[CacheKeptAcrossFence],
        VAGUE,
        &[(GROWS, 11), (ONCE, 11), (ACKNOWLEDGED, 15)],
        "the fence is right, and what it would have shown is not looked at",
    ),
];

pub(crate) const HISTORY: &[Row] = &[
    breaks(
        &[NodeKeyWithoutTransaction],
        NODES,
        &[(READABLE, 9)],
        "an abandoned append lands late, over committed history",
    ),
    breaks(&[BatchBeforeAppend], NODES, &[(READABLE, 6)], "the node never comes"),
    breaks(&[TransactionReused], NODES, &[(READABLE, 11)], "an old owner's node lands over the new owner's"),
    breaks(&[TransactionReused], TASKS, &[(KEPT, 12)], "task ids that start again lie below the ack level"),
];

/// Replies that do not wait for a commit.
pub(crate) const REPLIES: &[Row] = &[
    breaks(&[ReplyBeforeCommit], VAGUE, &[(ACKNOWLEDGED, 4)], "the batch is still flying"),
    breaks(&[ReplyBeforeCommit], NODES, &[(ACKNOWLEDGED, 5)], "as above"),
    breaks(&[RepeatOnUncommitted], VAGUE, &[(ACKNOWLEDGED, 5)], "as above, for the one who asks again"),
    breaks(&[ReadOnUncommitted], READS, &[(CLEAN, 5)], "what was read never happens"),
    breaks(&[ReadFromCache], READS, &[(FRESH, 9)], "another owner has written since"),
    silent(&[ReadBesideBatch], READS, "the serial read still shows the sequence before that batch: a safe liberty"),
    silent(&[ReadBesideBatch, SerialReadTestsRange], READS, "only what nobody was told yet may be missing"),
    silent(&[SerialReadTestsRange], READS, "an owner that waits for nothing is in step with its range: a safe liberty"),
];

/// Tasks and their hand-over.
pub(crate) const TASKING: &[Row] = &[
    breaks(
        &[ReadLevelEarly],
        TASKS,
        &[(KNOWN, 9), (KEPT, 11)],
        "the batch did land, and the load starts behind its task",
    ),
    silent(&[QueuePaged], TORN, "what was acknowledged shows in every quorum: a safe liberty"),
    breaks(&[QueuePaged, PagedPastCommit], TASKS, &[(KNOWN, 6), (KEPT, 8)], "the batch lands behind the page's back"),
    breaks(&[AckPastUnfinished], TASKS, &[(KEPT, 7)], "deleted before it was handed over"),
    breaks(
        &[RequestPerDispatch],
        TASKS,
        &[(KNOWN, 10), (KEPT, 12)],
        "started, reply lost, then refused as already started",
    ),
    breaks(&[StartNotDeduplicated], TASKS, &[(STARTED_ONCE, 10)], "an ambiguous hand-over is repeated"),
    breaks(&[HandOutBeforeCommit], TASKS, &[(STARTED_COMMITTED, 6)], "the batch never lands"),
];

pub(crate) fn rows() -> impl Iterator<Item = &'static Row> {
    [GUARDS, OUTCOMES, OWNERSHIP, HISTORY, REPLIES, TASKING].into_iter().flatten()
}
