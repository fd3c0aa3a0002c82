//! What is stored of a batch operation. Field numbers are a storage format. Times are milliseconds since 1970; 0: never.

use crate::Millis;
use resurgam_api::temporal::common::v1::WorkflowExecution;

/// What is in the row of the run itself: all but the request and the workflows that it has selected, which may be large.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Batch {
    /// When it was started.
    #[prost(int64, tag = "1")]
    pub started: Millis,
    /// How many workflows it was about when it began, as far as that is known.
    #[prost(int64, tag = "2")]
    pub total: i64,
    /// Workflows to which it has done what it was to do, or that were gone.
    #[prost(int64, tag = "3")]
    pub complete: i64,
    /// Workflows that have refused it.
    #[prost(int64, tag = "4")]
    pub failed: i64,
    /// What it has to do before it selects: nothing (0), count (1), wait to be told a count (2).
    #[prost(enumeration = "Survey", tag = "5")]
    pub survey: i32,
    /// The number of the last page that was asked for.
    #[prost(int64, tag = "6")]
    pub pages: i64,
    /// That page is on its way.
    #[prost(bool, tag = "7")]
    pub selecting: bool,
    /// Behind which place of the list of workflows it goes on; of workflows that the request names: how many were selected.
    #[prost(string, tag = "8")]
    pub cursor: String,
    /// There are no more to be selected.
    #[prost(bool, tag = "9")]
    pub exhausted: bool,
    /// The number of the last workflow that was selected.
    #[prost(int64, tag = "10")]
    pub numbered: i64,
    /// The number of the last one that it has begun with.
    #[prost(int64, tag = "11")]
    pub begun: i64,
    /// Numbers of those that it has begun with and not heard of.
    #[prost(int64, repeated, tag = "12")]
    pub under_way: Vec<i64>,
    /// Since when it may begin with the next one, if none had been begun faster than it may on average, in microseconds.
    #[prost(int64, tag = "13")]
    pub paced: i64,
    /// When it has to look again.
    #[prost(int64, tag = "14")]
    pub wakes: Millis,
}

/// What has become of the question how many workflows there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum Survey {
    /// It is answered, or needs not be asked.
    Over = 0,
    /// It is to be asked.
    Open = 1,
    /// It was asked.
    Asked = 2,
}

/// A workflow that was selected.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Item {
    /// It, by its run, or whichever of its runs is the current one.
    #[prost(message, required, tag = "1")]
    pub execution: WorkflowExecution,
    /// It has closed since the batch operation began: perhaps by what the batch operation has done to it already.
    #[prost(bool, tag = "2")]
    pub late: bool,
}

/// Which workflows are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// The id of their namespace.
    pub namespace_id: String,
    /// By this question to the list of workflows.
    pub query: String,
    /// Behind this place of the list; empty: from its beginning.
    pub after: String,
    /// When the batch operation was started.
    pub started: Millis,
}

/// What came of a workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done, or the workflow is gone.
    Done,
    /// It was done before: the workflow was selected once more.
    Seen,
    /// It was refused.
    Refused,
}

impl Batch {
    /// What it waits to be read of the list of workflows: a page, by its number, or (0) a count.
    #[must_use]
    pub fn awaits(&self) -> Option<i64> {
        let counted = (self.survey() == Survey::Asked).then_some(0);
        counted.or_else(|| self.selecting.then_some(self.pages))
    }
}
