//! What a worker was given: a workflow task with all its pages.

use super::command::Update;
use resurgam_api::temporal::workflowservice::v1::PollWorkflowTaskQueueResponse;
use resurgam_formats::event::Event;
use resurgam_formats::recording::TaskId;
use std::collections::BTreeMap;

/// A workflow task with all its pages.
pub(super) struct Polled {
    pub(super) task: TaskId,
    pub(super) response: PollWorkflowTaskQueueResponse,
    pub(super) workflow_id: String,
    pub(super) run_id: String,
    /// Events that came with it, decoded.
    pub(super) events: Vec<Event>,
    pub(super) updates: BTreeMap<String, Update>,
    /// Updates in the order in which they came.
    pub(super) order: Vec<String>,
}
