//! What is true of the requests that a run knows, of the points to which it can be reset, and of what a closed run still shows.

use crate::attached::attached;
use crate::check::Flaw;
use crate::hold;
use crate::state::State;
use resurgam_api::temporal::enums::v1::WorkflowExecutionStatus as Status;

impl State {
    /// Checks that each request has an event, which may wait, and each point of this run one that was written.
    pub(super) fn check_requests(&self) -> Result<(), Flaw> {
        let written = |id| 0 < id && id < self.next_event_id;
        for known in &self.requests {
            let tells = |request: Option<String>| request.as_ref() == Some(&known.request_id);
            let waits = || self.buffered.values().any(|event| tells(event.attributes.as_ref().and_then(attached)));
            let sound = if known.event_id == 0 { waits() } else { written(known.event_id) };
            hold!(sound, "request {} was never attached", known.request_id);
        }
        let open = self.known_status() == Some(Status::Running);
        hold!(!open || self.left_task.is_none(), "it is open, and has left a workflow task behind");
        for point in self.reset_points.iter().filter(|point| point.run_id == self.run_id) {
            hold!(written(point.first_workflow_task_completed_id), "a point to reset to is no event of it");
        }
        Ok(())
    }
}
