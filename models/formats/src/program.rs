//! Programs: one workflow as data, a tree of statements that a worker executes.
//!
//! A program travels, versioned, as the first argument of the workflow it describes ([`Input`]), so that every
//! history carries its own program and can be judged without anything beside it.
//!
//! # The contract of the language
//!
//! Two evaluators are written from this text and nothing else: `resurgam_machine` (incremental, drives
//! the worker) and `resurgam_judge::replay` (naive, judges). Where they differ, this text decides.
//!
//! **Inputs.** A run is a sequence of inputs: the events of the history one by one, in order of id, and at the
//! boundary of a workflow task that *completed* also what that task brought along: first the updates it accepted, in
//! order of acceptance, then the results of local activities, in the order of their markers. Nothing happens at the
//! boundary of a task that failed or timed out. Only these events are inputs to the program: `TimerFired`,
//! activity, child and external-cancel outcomes, `WorkflowExecutionSignaled`, `WorkflowExecutionCancelRequested`. All
//! others only bind ids (`ActivityTaskScheduled` binds its event id to its activity id, and so on) or are ignored.
//! The program takes its first steps at the `WorkflowExecutionStarted` event.
//!
//! **Branches.** At any moment a run is a tree of branches. The *main* branch executes `body`; each accepted update
//! adds a *handler* branch to the right of all others; `Parallel` splits a branch into children from left to right.
//! After each input the program advances in passes: one pass visits the branches that can move from left to right
//! (children before handlers that were accepted later), each moves until it blocks or ends, and passes repeat until
//! a whole pass moves nothing. A parent moves, in the pass in which its last child ended, directly after that child.
//! There is no other scheduling, so equal inputs give equal commands in equal order. The children of a `Parallel` that
//! begins are visited in the same pass, at the place of their parent. An input only becomes news for the statement that
//! waits for it; variables change when the branch of that statement is visited (the argument of an update: at the
//! first visit of its handler).
//!
//! **Readable programs** have the version [`VERSION`], 1 to 8 variables, and JSON that nests at most 64 levels. Initial values
//! beyond the number of variables are ignored.
//!
//! **Sequence numbers.** Activities, timers (those inside conditions and signal waits included), children and local
//! activities are numbered 1, 2, 3, … in the order in which their commands are issued, one counter for all. The
//! number is the activity id and timer id as decimal text; a child's workflow id is `PARENT/NUMBER`, where
//! `PARENT` is the parent's workflow id. A local activity takes its number when it begins, though its command is issued
//! when its result is there.
//!
//! **Withdrawn commands.** The commands of a workflow task are those issued since the last completed one. A
//! `CancelTimer` or `RequestCancelActivity` among them is taken back, also after the last command of the run, when that
//! timer fires or that activity has an outcome before a task that sends it completes: the server would refuse it. All others
//! stand (an activity may be scheduled and asked to cancel in one task).
//!
//! **Values.** Variables are integers, all zero at the start except those the input carries. They are shared by all
//! branches. Arithmetic wraps.
//!
//! **Ends of a block.** A block ends as *done*, *failed* (with a [`Failure`]) or *cancelled*. A statement that fails or
//! is cancelled ends its block in the same way; the rest of the block is skipped.
//! - `Activity` and `Child`: completion stores the result; failure, timeout or termination fail the statement with a
//!   [`Failure`] that names what failed; a cancelled outcome cancels the statement.
//! - `Parallel` with `All`: ends when all children have ended. The first child that fails or is cancelled has all others
//!   cancelled, at the moment it ends, before any other branch moves; the statement then ends as that first child did. With `First`: the first child that ends decides, all
//!   others are cancelled at that moment, and when they have ended the statement ends as the decisive child did. (If several could
//!   decide in one pass, the leftmost visited decides.) An empty list of branches is done at once.
//! - `Scope`: with `cancel_after_ms` a timer is started first; if it fires while the body runs, the body is cancelled,
//!   and a scope that was cancelled *by its own timer* ends as done, however its body ended. If the body ends first, the timer is cancelled in
//!   the same step. A cancellation from outside passes to the body as usual, and cancels the scope's timer at the same
//!   moment, before the body.
//! - `Try`: if the body fails, `catch` (if present) is executed and its end is the end so far; a cancelled body is not caught.
//!   Then `finally` runs *shielded*: cancellation from outside does not reach it. If `finally` is done the statement ends
//!   as before it, else as `finally` did.
//! - `Fail` fails. `Detach` children (wait: `Started`) are done once started (a failed start fails).
//!
//! **Cancellation** of a branch reaches each blocked statement in it, left to right, at once, unless shielded:
//! timers issue `CancelTimer` and are cancelled; signal waits and conditions are cancelled (and cancel their timer);
//! an activity or child issues its cancel command (`RequestCancelActivity`; `RequestCancelChild`) unless the
//! cancellation type is `Abandon`, and with `TryCancel` or `Abandon` is cancelled at once, with `WaitCompleted` stays
//! blocked until its outcome. A child whose start is not yet known is not sent a cancel command: with `WaitCompleted`
//! it stays blocked and the command is issued when it has started, otherwise it is cancelled at once and no command
//! is issued, even later. (A child with wait `Started` that starts then issues it and is done.) A local activity is not
//! interrupted. Nothing is asked to cancel twice. A branch that was cancelled stays so: a blocking statement (`Activity`,
//! `LocalActivity`, `Timer`, `AwaitSignal`, `Condition`, `Child`) that begins in it is cancelled at once, untested, and issues
//! nothing (a number is not consumed); a scope that begins in it starts no timer; `Set` and `Fail` still work. A `finally` is
//! not part of a branch that was cancelled from outside it, the statements after its `Try` are. Cancellation of the whole run is
//! cancellation of the main branch and, after it, of every handler branch, in order; handlers accepted later are not affected.
//! A late outcome of something that was cancelled at once is ignored.
//!
//! **Waiting.** `AwaitSignal` takes the oldest signal of its name that no wait took yet, in order of arrival; waits are
//! served in the order of visits. `Condition` holds as soon as the variable is at least the bound *when visited*. Both
//! are tested before they block, so a wait that can go on starts no timer. When the timer of a wait fires first, the wait
//! is done and stores [`TIMED_OUT`]; a wait that is satisfied cancels its timer in the same step. The test comes before the timer's news: if
//! a wait is visited when both hold, it is satisfied.
//!
//! **Updates.** The validator refuses an argument below `at_least`; a refused update leaves no trace. An accepted update issues
//! `AcceptUpdate`, then its handler runs as a branch with the argument stored in `into` first; when the block is done, `CompleteUpdate`
//! with the value of `result` at that moment; if it failed or was cancelled, `CompleteUpdate` with that failure.
//! An update whose name has no handler is refused, and so is every update after the last command.
//!
//! **The end.** When the main branch ends the program issues one last command: done → `CompleteWorkflow` with the value of
//! `result` and all variables ([`Output`]); failed → `FailWorkflow`; cancelled → `CancelWorkflow`. If the body was done and
//! `continue_as` is present: `ContinueAsNew` with that program and the present variables instead. With
//! `drain_updates` the end, whichever it is, waits until no handler branch is left. After the last command nothing moves
//! and nothing is issued any more; values in it are those of the moment in which it is issued.

use crate::time::Millis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the program format that this build writes and the newest it reads.
pub const VERSION: u32 = 1;
/// The workflow type under which programs are started.
pub const WORKFLOW_TYPE: &str = "resurgam-program";
/// The activity type under which scripts are scheduled.
pub const ACTIVITY_TYPE: &str = "resurgam-script";
/// What a wait stores when its timer fired first.
pub const TIMED_OUT: i64 = -1;
/// Marker name of a local activity.
pub const LOCAL_MARKER: &str = "resurgam-local-activity";

/// Index of a variable; an index beyond [`Program::variables`] wraps around.
pub type Var = u8;
/// Statements executed one after another.
pub type Block = Vec<Statement>;

/// The first argument of every workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What the workflow executes.
    pub program: Program,
    /// Initial values of the variables; missing ones are zero.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<i64>,
}

/// The result of a program that completed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Value of [`Program::result`].
    pub value: i64,
    /// All variables at the end.
    pub variables: Vec<i64>,
    /// How many signals arrived, per name (taken or not).
    pub signals: BTreeMap<String, u32>,
}

/// What one workflow executes, with its handlers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Format version, [`VERSION`].
    pub version: u32,
    /// How many variables there are, 1 to 8.
    pub variables: u8,
    /// What the main branch does.
    pub body: Block,
    /// The result of the workflow.
    pub result: Expr,
    /// Query handlers by name: the value is computed on the state at that moment.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub queries: BTreeMap<String, Expr>,
    /// Update handlers by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub updates: BTreeMap<String, Handler>,
    /// Wait for running update handlers before the end.
    #[serde(default, skip_serializing_if = "is_false")]
    pub drain_updates: bool,
    /// Continue as this program when the body is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continue_as: Option<Box<Program>>,
}

fn is_false(value: &bool) -> bool {
    !*value
}

/// An update handler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Handler {
    /// The validator refuses a smaller argument.
    pub at_least: i64,
    /// The argument is stored here.
    pub into: Var,
    /// What the handler does.
    pub body: Block,
    /// The result of the update.
    pub result: Expr,
}

/// An integer, computed from the variables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    /// Always this integer.
    Const(i64),
    /// What the variable holds at that moment.
    Var(Var),
    /// The sum (wrapping) of the parts.
    Sum(Vec<Expr>),
}

/// One step of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "do", deny_unknown_fields)]
pub enum Statement {
    /// Store a value.
    Set {
        /// The variable that is set.
        into: Var,
        /// What it is set to.
        value: Expr,
    },
    /// Execute an activity on any worker.
    Activity(ActivityCall),
    /// Execute a short function in the worker and record its result in a marker.
    LocalActivity {
        /// The result is this plus a number that the worker draws, so that only the marker can repeat it.
        value: i64,
        /// Where the result goes.
        into: Var,
    },
    /// Wait for a durable timer.
    Timer {
        /// How long, at least 1.
        ms: Millis,
    },
    /// Take one signal.
    AwaitSignal {
        /// The signal's name.
        name: String,
        /// Where its value goes, or [`TIMED_OUT`].
        into: Var,
        /// Give up after this long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_ms: Option<Millis>,
    },
    /// Wait until a variable has grown.
    Condition {
        /// The variable that is watched.
        var: Var,
        /// The least value that satisfies.
        at_least: i64,
        /// Give up after this long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        timeout_ms: Option<Millis>,
        /// Stores 1, or [`TIMED_OUT`].
        into: Var,
    },
    /// Start a child workflow.
    Child(Box<ChildCall>),
    /// Execute branches side by side.
    Parallel {
        /// When it ends.
        until: Until,
        /// The branches, left to right.
        branches: Vec<Block>,
    },
    /// A block that can be cancelled by itself.
    Scope {
        /// Cancel the body after this long.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cancel_after_ms: Option<Millis>,
        /// What it does.
        body: Block,
    },
    /// Try, catch, finally.
    Try {
        /// What is tried.
        body: Block,
        /// Executed if the body fails.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        catch: Option<Block>,
        /// Executed in any case, shielded from cancellation.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        finally: Block,
    },
    /// End the program with an application failure.
    Fail {
        /// The error type.
        kind: String,
        /// Whether a retry policy of the workflow must not retry it.
        #[serde(default, skip_serializing_if = "is_false")]
        non_retryable: bool,
    },
}

/// When a parallel statement ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// When all branches have ended.
    All,
    /// When one has ended; the others are cancelled.
    First,
}

/// What a cancellation does to something that runs elsewhere. Temporal's cancellation types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cancellation {
    /// Ask, and do not wait.
    TryCancel,
    /// Ask, and wait for the outcome.
    WaitCompleted,
    /// Neither ask nor wait.
    Abandon,
}

/// An activity and all that governs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivityCall {
    /// What the activity does, per attempt; sent as its input.
    pub script: Script,
    /// From the first scheduling to the last end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_to_close_ms: Option<Millis>,
    /// From scheduling to the start of an attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_to_start_ms: Option<Millis>,
    /// From the start of an attempt to its end.
    pub start_to_close_ms: Millis,
    /// From one heartbeat of an attempt to the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_ms: Option<Millis>,
    /// How failed attempts are repeated.
    pub retry: Retry,
    /// What a cancellation does.
    pub cancellation: Cancellation,
    /// Where the result goes.
    pub into: Var,
}

/// A retry policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Wait before the second attempt.
    pub initial_ms: Millis,
    /// Multiplier per attempt, in tenths (20 doubles); at least 10.
    pub coefficient_tenths: u32,
    /// Cap of one back-off.
    pub maximum_ms: Millis,
    /// Most attempts; 0 is unlimited.
    pub maximum_attempts: u32,
    /// Error types that end the retries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub non_retryable: Vec<String>,
}

/// What an activity does on its attempts: the first entry on attempt 1 and so on; the last is repeated. Keyed on
/// the *server's* attempt number, so that any worker can execute any attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// At least one.
    pub attempts: Vec<Act>,
}

/// What one attempt of an activity does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Act {
    /// Work this long first.
    #[serde(default)]
    pub work_ms: Millis,
    /// Report progress this often while working. An activity that reports learns of its cancellation, and ends as cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat_every_ms: Option<Millis>,
    /// How it ends.
    pub end: ActEnd,
}

/// How one attempt of an activity ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActEnd {
    /// Returns a value.
    Return(i64),
    /// Fails with an application failure.
    Fail {
        /// The error type.
        kind: String,
        /// Forbids the retry.
        non_retryable: bool,
    },
    /// Never answers; a timeout ends it.
    Hang,
    /// The worker answers nothing; a client completes it by its id after the work.
    CompleteById(i64),
}

/// A child workflow and all that governs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChildCall {
    /// What the child executes.
    pub program: Program,
    /// Retries of the child.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// What happens to it when the parent closes.
    pub parent_close: ParentClose,
    /// What a cancellation does.
    pub cancellation: Cancellation,
    /// What the statement waits for.
    pub wait: ChildWait,
    /// Where the result (the child's [`Output::value`]) goes.
    pub into: Var,
}

/// What happens to a child when its parent closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParentClose {
    /// It is terminated.
    Terminate,
    /// It is asked to cancel.
    RequestCancel,
    /// It goes on as if its parent were there.
    Abandon,
}

/// What a child statement waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChildWait {
    /// Until the child has started.
    Started,
    /// Until the child has ended.
    Completed,
}

/// Why a block failed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// `Fail`, or an activity or child that failed with an application failure of this type.
    Application {
        /// The error type.
        kind: String,
        /// Forbids a retry.
        non_retryable: bool,
    },
    /// An activity or child timed out; the type in Temporal's words (`START_TO_CLOSE`, …; for a child `RUN`).
    Timeout(String),
    /// A child was terminated.
    Terminated,
    /// A child could not be started.
    StartFailed,
    /// A handler was cancelled.
    Cancelled,
}
