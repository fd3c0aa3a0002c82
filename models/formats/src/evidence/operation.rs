//! What was called and what was handed out, each with everything that is known of it.

use crate::plan::WorkerFaultKind;
use crate::recording::{Answer, Call, OperationId, Reply, Task};
use crate::time::At;

/// A logical operation and its attempts, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// The number of the operation in its case.
    pub id: OperationId,
    /// The client or worker that called.
    pub by: String,
    /// The call, equal in all attempts.
    pub call: Call,
    /// Its attempts in the order in which they were sent.
    pub attempts: Vec<Attempt>,
}

/// One attempt of an operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// Which, from 1.
    pub number: u32,
    /// When it was sent.
    pub invoked: At,
    /// When its answer arrived; `None` if it never did.
    pub returned: Option<At>,
    /// What the answer proves; `Info` if there was none.
    pub answer: Answer,
}

impl Operation {
    /// When the first attempt was sent.
    #[must_use]
    pub fn invoked(&self) -> At {
        self.attempts.iter().map(|a| a.invoked).min().unwrap_or(0)
    }
    /// The definite answers, with the time of each.
    pub fn replies(&self) -> impl Iterator<Item = (&Attempt, &Reply)> {
        self.attempts.iter().filter_map(|a| match &a.answer {
            Answer::Ok { value } => Some((a, value)),
            _ => None,
        })
    }
    /// True if some attempt may have been executed, or was: not all are `fail`.
    #[must_use]
    pub fn may_have_effect(&self) -> bool {
        self.attempts.iter().any(|a| !matches!(a.answer, Answer::Fail { .. }))
    }
}

/// A task as it was handed to a worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    /// When the worker got it.
    pub at: At,
    /// The task as the worker got it.
    pub task: Task,
    /// What the worker did with it on purpose.
    pub worker_faults: Vec<WorkerFaultKind>,
}
