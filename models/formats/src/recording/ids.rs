//! Numbers by which lines of a recording refer to each other.

/// Number of a logical operation within its case, from 1.
pub type OperationId = u32;
/// Number of a task handed to a worker within its case, from 1.
pub type TaskId = u32;
