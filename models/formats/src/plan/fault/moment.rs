//! Moments: what a fault can wait for, so that it comes while something is half done, which it seldom does by a time alone.

use super::store::PartitionKind;
use crate::plan::task_kind::TaskKind;
use crate::time::Millis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The n-th time that something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct FaultMoment {
    /// Which of the things for which a fault can wait.
    #[serde(flatten)]
    pub event: Happening,
    /// At which of them, from 1; 0 is the first too.
    pub nth: u8,
}

/// What faults can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "after")]
pub enum Happening {
    /// The store has decided a conditional batch, and its sender does not know yet.
    Commit {
        /// Only on such partitions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partition: Option<PartitionKind>,
    },
    /// The store has written plain rows, or deleted some, and the sender does not know yet.
    Append {
        /// Only on such partitions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partition: Option<PartitionKind>,
    },
    /// The store has read, and the reader has nothing yet.
    Read {
        /// Only on such partitions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partition: Option<PartitionKind>,
    },
    /// A node has fenced a partition, so that it is its own, and does not know it yet.
    Fence {
        /// Only on such partitions.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partition: Option<PartitionKind>,
    },
    /// A worker has been handed a task.
    Task {
        /// A task of which kind.
        kind: TaskKind,
        /// Its attempt, from 1, or a later one.
        attempt: u32,
    },
}

impl FaultMoment {
    /// How long a fault waits. If its moment has not come by then, it does not begin at all.
    pub const PATIENCE_MS: Millis = 2000;

    /// The kind of partition to which it is narrowed down, if it is about partitions.
    pub fn partition_mut(&mut self) -> Option<&mut Option<PartitionKind>> {
        match &mut self.event {
            Happening::Commit { partition }
            | Happening::Append { partition }
            | Happening::Read { partition }
            | Happening::Fence { partition } => Some(partition),
            Happening::Task { .. } => None,
        }
    }
}

impl Happening {
    /// The names of all of them, as coverage counts them.
    pub const NAMES: &[&str] =
        &["after_commit", "after_append", "after_read", "after_fence", "after_workflow_task", "after_activity_task"];

    /// Its name, one of [`Self::NAMES`].
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Commit { .. } => "after_commit",
            Self::Append { .. } => "after_append",
            Self::Read { .. } => "after_read",
            Self::Fence { .. } => "after_fence",
            Self::Task { kind: TaskKind::Workflow, .. } => "after_workflow_task",
            Self::Task { kind: TaskKind::Activity, .. } => "after_activity_task",
        }
    }

    /// True if it is one of those that are waited for. What happened names its partition and its attempt.
    #[must_use]
    pub fn covers(&self, happened: &Self) -> bool {
        match (self, happened) {
            (Self::Commit { partition: wanted }, Self::Commit { partition: there })
            | (Self::Append { partition: wanted }, Self::Append { partition: there })
            | (Self::Read { partition: wanted }, Self::Read { partition: there })
            | (Self::Fence { partition: wanted }, Self::Fence { partition: there }) => {
                wanted.is_none() || wanted == there
            }
            (Self::Task { kind, attempt }, Self::Task { kind: of, attempt: number }) => kind == of && attempt <= number,
            (
                Self::Commit { .. } | Self::Append { .. } | Self::Read { .. } | Self::Fence { .. } | Self::Task { .. },
                _,
            ) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_moment_is_a_flat_object() {
        let moment = FaultMoment { event: Happening::Commit { partition: Some(PartitionKind::Queue) }, nth: 3 };
        let text = json!({"after": "commit", "partition": "queue", "nth": 3});
        assert_eq!(serde_json::to_value(moment).unwrap(), text);
        assert_eq!(serde_json::from_value::<FaultMoment>(text).unwrap(), moment);
    }

    #[test]
    fn what_is_narrowed_down_waits_for_less() {
        let (shard, queue) = (Some(PartitionKind::Shard), Some(PartitionKind::Queue));
        let any = Happening::Commit { partition: None };
        assert!(any.covers(&Happening::Commit { partition: queue }));
        assert!(Happening::Commit { partition: queue }.covers(&Happening::Commit { partition: queue }));
        assert!(!Happening::Commit { partition: shard }.covers(&Happening::Commit { partition: queue }));
        assert!(!any.covers(&Happening::Append { partition: queue }));
        let second = Happening::Task { kind: TaskKind::Activity, attempt: 2 };
        let handed = |kind, attempt| second.covers(&Happening::Task { kind, attempt });
        assert!(handed(TaskKind::Activity, 2) && handed(TaskKind::Activity, 3));
        assert!(!handed(TaskKind::Activity, 1) && !handed(TaskKind::Workflow, 2));
    }
}
