//! Planted bugs: switches that re-create known real bugs, so that the suite can be tested. The released server is built
//! without the feature `planted-bugs`; then [`planted`] is constantly false and the compiler removes every bug.
//!
//! A bug is chosen per thread, because one simulation runs on one thread, or for a whole process, where a server has one.
//! The catalogue with issue numbers and predicted
//! rules is in `scenarios`.

/// The version of this build; it says so if bugs can be planted in it.
#[cfg(feature = "planted-bugs")]
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "+planted-bugs");
/// The version of this build.
#[cfg(not(feature = "planted-bugs"))]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A bug that can be planted. Its name is its identity in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::AsRefStr, strum::EnumIter, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
#[non_exhaustive]
pub enum Bug {
    /// Commits test neither the range nor the sequence of the head row, so that two owners write (cadence#616).
    FenceMissing,
    /// A user timer gets no timer task while another one is pending (temporal#11869).
    NextTimerMissing,
    /// Whether a timer is due is compared in whole seconds (temporal#3255).
    TimerEarly,
    /// A timer task that is due before the latest time at which the queue has looked is passed over: after a step of the
    /// clock, new timers are lost (temporal#424).
    TimerBehindLevel,
    /// Retries of activities are counted one short (temporal#4752).
    RetryCount,
    /// Only the first attempt of an activity gets a heartbeat timeout (cadence#732).
    HeartbeatTimeoutLost,
    /// The schedule-to-close timeout of an activity starts again with each attempt (temporal#6545).
    ScheduleToCloseRestarts,
    /// The start of an activity is written when it happens, not with the end (temporal#7922).
    StartWrittenAlone,
    /// An activity that is cancelled before it started has no Canceled event (temporal#1490).
    UnstartedCancelLost,
    /// An update that went out with a workflow task that failed or timed out is not sent again (temporal#5784).
    UpdateLost,
    /// A batch without an answer counts as not executed; callers are told so, and the cache goes on (temporal#9488).
    TimeoutIsFailure,
    /// A batch without an answer counts as executed (temporal#1187, an error that nobody looked at).
    TimeoutIsSuccess,
    /// After a batch without an answer, a plain read decides instead of a fence (cadence#616).
    ReadInsteadOfFence,
    /// Rows of a batch are statements with one timestamp: of two on one row the larger bytes win, not the later
    /// (cadence#652).
    RowTouchedTwice,
    /// After a batch without an answer its requests are executed again, with new ids (cadence#4316).
    BlindRetry,
    /// What was computed is kept in the cache although the outcome of its batch is unknown (cadence#667).
    CacheKept,
    /// Requests are answered before the batch is sent (temporal#1187).
    ReplyBeforeCommit,
    /// Requests that change nothing are answered from the cache, without a commit (temporal#10478).
    StaleRead,
    /// A history node's key lacks the transaction: a late append overwrites committed history (cadence#4316).
    NodeOverwritten,
    /// The read level covers the tasks of a batch in doubt, and reading goes on from there (temporal#2272).
    ReadLevelEarly,
    /// The ack level moves past tasks that are not finished (cadence#4799).
    AckLevelEarly,
    /// Matching answers that it has taken a task over although the outcome of writing it is unknown, and moves its read
    /// level past it (temporal#12010).
    ReadLevelAfterUnknown,
    /// Matching draws a new request id for every attempt, so an ambiguous start is never delivered (temporal#11733).
    FreshStartId,
    /// A task that could not be handed to the waiting poller is neither written nor refused (cadence#1766).
    HandOverDropsTask,
    /// A sticky queue takes a task over without keeping it when nobody waits (cadence#29).
    StickyTaskLost,
    /// The ack level of a task queue rises past unfinished tasks, whose rows are deleted (temporal#459).
    AckLevelSkipsUnfinished,
    /// A task queue that lost its tenure goes on from memory and takes tasks over without writing them (cadence#1500).
    StaleQueueOwner,
    /// A run is closed though there is news that the worker has not seen; the news is lost (cadence#1549).
    UnhandledCommandIgnored,
    /// What was held back is written before the commands of the worker that did not see it (temporal#5900).
    BufferFlushedEarly,
    /// Signals are written at once though a worker has the workflow task (temporal#8725).
    SignalNotBuffered,
    /// Held back events are written in order of arrival, ends of activities and children between others (cadence#1191).
    BufferInOrderOfArrival,
    /// A repeated signal is a second signal (temporal#2356).
    SignalDedupLost,
    /// A repeated start is judged by the policies, as if somebody else asked (temporal#6722).
    StartDedupLost,
    /// Retries of workflows are counted one short (temporal#4752).
    WorkflowRetryCount,
    /// Tasks on a sticky queue have no schedule-to-start timeout (temporal#1668).
    StickyTimeoutMissing,
    /// A child that continued as new does not tell its parent how it ended (temporal#3977).
    ChildCompletionLost,
    /// The execution timeout is forgotten by the next run of a chain (temporal#725).
    ExecutionTimeoutLost,
    /// The next run of a chain calls itself the first (temporal#696).
    FirstRunIdLost,
    /// A parent that closes addresses the run of a child that it started, not the one that it has continued as
    /// (temporal#696).
    ParentCloseOfFirstRun,
    /// What was held back is written behind the close event (cadence#1509).
    EventsAfterClose,
    /// A transient workflow task keeps its ids though other events have taken them (cadence#450).
    TransientIdsKept,
    /// A query that waits for a workflow task is forgotten when the run closes (temporal#2033).
    QueryLostOnClose,
    /// A closed run keeps its sticky queue, on which nobody has it any more (temporal#2405).
    StickyKeptOnClose,
    /// The next attempt of an activity keeps the time at which the last one told how far it was (cadence#1219).
    HeartbeatTimeKept,
    /// Steps that are committed together have the same transaction id (temporal#4774).
    TransactionReused,
    /// A task that is handed to a worker says that it was scheduled when it was started.
    ScheduledWhenStarted,
    /// A run that is tried again says nothing of the failure of the one before.
    FailureForgotten,
    /// The time between attempts does not grow.
    BackoffStaysInitial,
    /// A description says of every activity that it is in its first attempt.
    FirstAttemptDescribed,
    /// Who asks for the outcome of an update and waits is told at once what is known.
    OutcomeNotAwaited,
    /// A run that continues as new without a memo has that of the run before.
    MemoInherited,
    /// A history that is read from its end lacks an event between two pages.
    ReversePageSkips,
    /// A node that is gone is never missed: nobody takes over what it had.
    GoneNotMissed,
    /// A task queue whose rate nobody has limited gives one task away a second.
    UnlimitedIsSlow,
    /// The record of a run that closes with a successor stays that of an open run (temporal#5643).
    RecordLeftOpen,
    /// Rows of timer tasks are named by whole seconds, and deleted by the exact time (temporal#245).
    TimerRowRounded,
    /// A task queue goes on knowing tasks that it has given away, and takes a repeated one for one of them.
    FinishedTaskRemembered,
    /// Of several callers who wait for one update, one is told its outcome.
    SecondWaiterLost,
    /// A page token of one workflow is good for every other one, in whichever namespace (temporal#11723).
    PageTokenUnbound,
    /// A task token is good in the name of every namespace.
    TaskTokenUnbound,
    /// The time for which a run is kept counts from its start, not from its close.
    RetentionFromStart,
    /// The history of a run that is gone is deleted once, whatever the store says.
    HistoryLeftBehind,
    /// The current-run row goes with every run of the workflow, also if it names a later one.
    CurrentRowOfAnotherRun,
    /// The current-run row stays when its run is deleted (temporal#10841).
    CurrentRowLeft,
    /// A step writes all parts of its run and not only those that it changed.
    PartsRewritten,
    /// A workflow is forgotten after each step: the next one reads all of its rows.
    WorkflowForgotten,
    /// A registration takes the tenure of the namespaces anew, and fails if another node takes it meanwhile.
    RegistrationsContend,
}

impl Bug {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        <Self as strum::IntoEnumIterator>::iter()
    }

    /// The bug of a name such as `fence_missing`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// Its name, as the catalogue has it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.as_ref()
    }
}

/// Whether `bug` is planted on this thread, or in this process.
#[cfg(feature = "planted-bugs")]
#[must_use]
pub fn planted(bug: Bug) -> bool {
    active::ACTIVE.with(|active| active.get() == Some(bug)) || active::IN_PROCESS.get() == Some(&bug)
}

/// Whether `bug` is planted on this thread: never, in this build.
#[cfg(not(feature = "planted-bugs"))]
#[must_use]
#[inline(always)]
pub const fn planted(_: Bug) -> bool {
    false
}

#[cfg(feature = "planted-bugs")]
pub use active::{plant, plant_in_process};

#[cfg(feature = "planted-bugs")]
mod active {
    use super::Bug;
    use std::cell::Cell;
    use std::sync::OnceLock;

    thread_local! {
        pub(super) static ACTIVE: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    pub(super) static IN_PROCESS: OnceLock<Bug> = OnceLock::new();

    /// Plants a bug on all threads of this process, for good; the first one stays.
    pub fn plant_in_process(bug: Bug) {
        tracing::trace!(version = super::VERSION, ?bug, "planted in the process");
        IN_PROCESS.get_or_init(|| bug);
    }

    /// Plants a bug on this thread, or none.
    pub fn plant(bug: Option<Bug>) {
        // Said here, so that a program with switches can be told from one without by what stands in it (`.ci/run`).
        tracing::trace!(version = super::VERSION, ?bug, "planted");
        ACTIVE.with(|active| active.set(bug));
    }
}
