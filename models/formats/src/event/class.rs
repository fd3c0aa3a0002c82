//! Broad classes of events that several rules need. Source: docs/temporal-semantics.md.

use super::kinds::Body;

impl Body {
    /// True if this event ends the run.
    #[must_use]
    pub fn is_close(&self) -> bool {
        matches!(
            self,
            Body::WorkflowExecutionCompleted(_)
                | Body::WorkflowExecutionFailed(_)
                | Body::WorkflowExecutionTimedOut(_)
                | Body::WorkflowExecutionCanceled(_)
                | Body::WorkflowExecutionTerminated(_)
                | Body::WorkflowExecutionContinuedAsNew(_)
        )
    }
    /// True for the close events that a worker's command writes (they carry the completed workflow task).
    #[must_use]
    pub fn is_commanded_close(&self) -> bool {
        matches!(
            self,
            Body::WorkflowExecutionCompleted(_)
                | Body::WorkflowExecutionFailed(_)
                | Body::WorkflowExecutionCanceled(_)
                | Body::WorkflowExecutionContinuedAsNew(_)
        )
    }
    /// True for the five workflow task events.
    #[must_use]
    pub fn is_workflow_task(&self) -> bool {
        matches!(
            self,
            Body::WorkflowTaskScheduled(_)
                | Body::WorkflowTaskStarted(_)
                | Body::WorkflowTaskCompleted(_)
                | Body::WorkflowTaskFailed(_)
                | Body::WorkflowTaskTimedOut(_)
        )
    }
    /// True for events written while a worker's completion is applied: they are never buffered and stand directly
    /// after their `WorkflowTaskCompleted`. Close events from commands and update acceptance/completion included.
    #[must_use]
    pub fn is_command(&self) -> bool {
        self.is_commanded_close()
            || matches!(
                self,
                Body::ActivityTaskScheduled(_)
                    | Body::ActivityTaskCancelRequested(_)
                    | Body::TimerStarted(_)
                    | Body::TimerCanceled(_)
                    | Body::MarkerRecorded(_)
                    | Body::StartChildWorkflowExecutionInitiated(_)
                    | Body::RequestCancelExternalWorkflowExecutionInitiated(_)
                    | Body::SignalExternalWorkflowExecutionInitiated(_)
                    | Body::UpsertWorkflowSearchAttributes(_)
                    | Body::WorkflowPropertiesModified(_)
                    | Body::WorkflowExecutionUpdateAccepted(_)
                    | Body::WorkflowExecutionUpdateCompleted(_)
                    | Body::NexusOperationScheduled(_)
                    | Body::NexusOperationCancelRequested(_)
            )
    }
    /// True for activity, child and Nexus results: within one flush of the buffer they follow everything else.
    #[must_use]
    pub fn is_completion(&self) -> bool {
        matches!(
            self,
            Body::ActivityTaskCompleted(_)
                | Body::ActivityTaskFailed(_)
                | Body::ActivityTaskTimedOut(_)
                | Body::ActivityTaskCanceled(_)
                | Body::ChildWorkflowExecutionCompleted(_)
                | Body::ChildWorkflowExecutionFailed(_)
                | Body::ChildWorkflowExecutionCanceled(_)
                | Body::ChildWorkflowExecutionTimedOut(_)
                | Body::ChildWorkflowExecutionTerminated(_)
                | Body::NexusOperationCompleted(_)
                | Body::NexusOperationFailed(_)
                | Body::NexusOperationCanceled(_)
                | Body::NexusOperationTimedOut(_)
        )
    }
}
