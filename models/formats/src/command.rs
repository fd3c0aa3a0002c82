//! What a program asks the server to do at the end of a workflow task.
//!
//! The harness translates these into the commands and messages of the API; rules compare them with the events that
//! the server wrote for them. Numbers are those of the contract in [`crate::program`].

use crate::program::{ActivityCall, ChildCall, Failure, Input, Output};
use crate::time::Millis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One command, in the order in which the program issued it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "command")]
pub enum Command {
    /// Schedule an activity with `seq` as its activity id.
    ScheduleActivity {
        /// The number that the program gave it: its commands are counted from 1.
        seq: u32,
        /// What and how.
        call: ActivityCall,
    },
    /// Ask a scheduled activity to cancel.
    RequestCancelActivity {
        /// The number that the program gave it: its commands are counted from 1.
        seq: u32,
    },
    /// Start a timer with `seq` as its timer id.
    StartTimer {
        /// The number that the program gave it: its commands are counted from 1.
        seq: u32,
        /// From its start until it fires.
        ms: Millis,
    },
    /// Cancel a timer.
    CancelTimer {
        /// The number that the program gave it: its commands are counted from 1.
        seq: u32,
    },
    /// Start a child workflow.
    StartChild {
        /// The number that the program gave it: its commands are counted from 1.
        seq: u32,
        /// Its workflow id.
        workflow_id: String,
        /// What and how.
        call: Box<ChildCall>,
    },
    /// Ask a started child to cancel (a request-cancel-external restricted to children).
    RequestCancelChild {
        /// The number that the program gave it: its commands are counted from 1.
        seq: u32,
        /// Its workflow id.
        workflow_id: String,
    },
    /// Record the result of a local activity.
    RecordLocalActivity {
        /// The number that the program gave it: its commands are counted from 1.
        seq: u32,
        /// What the local activity returned.
        value: i64,
    },
    /// Accept an update.
    AcceptUpdate {
        /// The update id.
        id: String,
    },
    /// Complete an accepted update.
    CompleteUpdate {
        /// The update id.
        id: String,
        /// Its value or failure.
        outcome: Result<i64, Failure>,
    },
    /// End as completed.
    CompleteWorkflow {
        /// What the program computed.
        output: Output,
    },
    /// End as failed.
    FailWorkflow {
        /// The failure that ended the program.
        failure: Failure,
    },
    /// End as canceled.
    CancelWorkflow,
    /// Go on as a new run.
    ContinueAsNew {
        /// What the new run executes.
        input: Box<Input>,
    },
}

impl Command {
    /// True for the four commands that end the run.
    #[must_use]
    pub fn is_close(&self) -> bool {
        matches!(
            self,
            Self::CompleteWorkflow { .. }
                | Self::FailWorkflow { .. }
                | Self::CancelWorkflow
                | Self::ContinueAsNew { .. }
        )
    }
}
