//! What most files of an orchestrator use.
//!
//! `api` has the messages of the workflow service, `temporal` those that they are made of; `tonic` and `wkt` (durations,
//! timestamps, `Any`) are passed on so that there is one version of them.

pub use crate::context::{FRONTEND_PORT, NodeContext};
pub use crate::orchestrator::{Failure, HandOver, Orchestrator, Promises};
pub use crate::store::{
    Answer, Change, Commit, Condition, Head, Key, Partition, PartitionKind, Rows, Store, Unavailable,
};
pub use async_trait::async_trait;
pub use prost_wkt_types as wkt;
pub use resurgam_api::environment::Environment;
pub use resurgam_api::temporal;
pub use resurgam_api::temporal::workflowservice::v1 as api;
pub use resurgam_api::{WorkflowService, WorkflowServiceClient, WorkflowServiceServer};
pub use tonic;
