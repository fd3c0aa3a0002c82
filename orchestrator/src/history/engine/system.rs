//! Workflows of the system: what each of them begins with in place of a workflow task.

use super::transaction::Transaction;
use super::{batch_step, schedule_step};
use resurgam_api::temporal::workflowservice::v1::StartBatchOperationRequest;

/// A workflow of the system that is to begin.
#[allow(clippy::large_enum_variant, reason = "kept in a box, and moved once")]
pub(super) enum System {
    /// A schedule, with its definition.
    Schedule(schedule_step::NewSchedule),
    /// A batch operation, by its request.
    Batch(StartBatchOperationRequest),
}

impl System {
    /// The run begins as that.
    pub(super) fn begin(self, tx: &mut Transaction<'_, '_>) {
        match self {
            Self::Schedule(schedule) => schedule_step::begin(tx, schedule),
            Self::Batch(request) => batch_step::begin(tx, request),
        }
    }
}
