//! The planted bugs: each a rule of the protocol left out or turned round. A few are not bugs but liberties that an
//! implementer may want to take; the table says what became of each.

/// One deviation from the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Batches do not test the range id.
    NoRangeGuard,
    /// Batches do not test the sequence.
    NoSequenceGuard,
    /// A timeout counts as "it did not happen": no fence, the cache goes on, the caller is told so if the scope says so.
    TimeoutIsFailure,
    /// A timeout counts as "it happened".
    TimeoutIsSuccess,
    /// After a timeout the same batch is sent again, with its id, as drivers do.
    RetrySameBatch,
    /// After a timeout the request is executed again at once: same sequence, new ids.
    RetryNewBatch,
    /// The cache is changed before the commit, and kept when the outcome is unknown.
    DirtyCache,
    /// After an unknown outcome the read level already covers its task, and the load after the fence starts there.
    ReadLevelEarly,
    /// Liberty: the queue is not held in memory but paged from the store by plain reads, up to the last task whose batch
    /// was acknowledged.
    QueuePaged,
    /// Such pages reach up to the last task drawn, whatever became of its batch.
    PagedPastCommit,
    /// The ack level moves to the read level, past unfinished tasks.
    AckPastUnfinished,
    /// The reply goes out with the batch.
    ReplyBeforeCommit,
    /// A repeated request is answered "already done" from a batch that is still in flight.
    RepeatOnUncommitted,
    /// A read is answered from a batch that is still in flight.
    ReadOnUncommitted,
    /// A read is answered from memory, without a commit as owner.
    ReadFromCache,
    /// Liberty: the serial read that serves a client's read compares only the range id.
    SerialReadTestsRange,
    /// Liberty: a client's read is served, by a serial read, while a batch of the owner flies; it does not show that batch.
    ReadBesideBatch,
    /// A doubt is resolved by a plain quorum read: what it does not show did not happen.
    ReadInsteadOfFence,
    /// A fence without an answer counts as applied.
    TrustUnknownFence,
    /// A restarted owner that the head row still names goes on with its old range.
    OldRangeReused,
    /// The fence also tests the sequence.
    FenceTestsSequence,
    /// The fence clears sequence and batch id.
    FenceResetsSequence,
    /// Liberty: an owner without an answer adopts its range when a read shows its nonce.
    AdoptByNonce,
    /// A load is not discarded when the head row names another range.
    LoadUnchecked,
    /// After a fence the new head row is adopted, and the old cache with it.
    CacheKeptAcrossFence,
    /// A history node's key is the first event id alone.
    NodeKeyWithoutTransaction,
    /// The batch goes out though the append was never acknowledged.
    BatchBeforeAppend,
    /// Transaction ids do not carry the range, so that a new owner repeats them.
    TransactionReused,
    /// "Not applied" is decoded without looking for one's own batch id.
    OwnBatchNotRecognised,
    /// "Not applied" means "it did not happen", also when another range is seen.
    RefusalIsFailure,
    /// Each hand-over of a task carries a new request id.
    RequestPerDispatch,
    /// The party starts whatever it is offered.
    StartNotDeduplicated,
    /// A task is handed over before the batch that brings it is committed.
    HandOutBeforeCommit,
}

impl Flaw {
    pub(crate) const ALL: [Flaw; 33] = [
        Flaw::NoRangeGuard,
        Flaw::NoSequenceGuard,
        Flaw::TimeoutIsFailure,
        Flaw::TimeoutIsSuccess,
        Flaw::RetrySameBatch,
        Flaw::RetryNewBatch,
        Flaw::DirtyCache,
        Flaw::ReadLevelEarly,
        Flaw::QueuePaged,
        Flaw::PagedPastCommit,
        Flaw::AckPastUnfinished,
        Flaw::ReplyBeforeCommit,
        Flaw::RepeatOnUncommitted,
        Flaw::ReadOnUncommitted,
        Flaw::ReadFromCache,
        Flaw::SerialReadTestsRange,
        Flaw::ReadBesideBatch,
        Flaw::ReadInsteadOfFence,
        Flaw::TrustUnknownFence,
        Flaw::OldRangeReused,
        Flaw::FenceTestsSequence,
        Flaw::FenceResetsSequence,
        Flaw::AdoptByNonce,
        Flaw::LoadUnchecked,
        Flaw::CacheKeptAcrossFence,
        Flaw::NodeKeyWithoutTransaction,
        Flaw::BatchBeforeAppend,
        Flaw::TransactionReused,
        Flaw::OwnBatchNotRecognised,
        Flaw::RefusalIsFailure,
        Flaw::RequestPerDispatch,
        Flaw::StartNotDeduplicated,
        Flaw::HandOutBeforeCommit,
    ];
}
