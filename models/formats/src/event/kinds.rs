//! The table of event kinds: number, name, JSON key and the attributes that something here reads; [`crate::wire`] knows others by name.
//!
//! Source: the public API; docs/temporal-semantics.md, “Events and what they refer to”. `…: EventId` refers to an earlier event.

use super::failure::{Failure, RetryPolicy};
use super::field::{Execution, Field, Named, Raw, Symbol, TaskQueue, snake, take};
use super::id::EventId;
use super::moment::{Moment, Span};
use super::payload::Payloads;
use super::update::{UpdateMeta, UpdateOutcome, UpdateRequest};
use serde_json::{Map, Value};

macro_rules! kinds {
    ($( $(#[$doc:meta])* $number:literal $name:ident $key:literal { $( $field:ident : $type:ty = $json:literal ),* $(,)? } )*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Debug, Default, PartialEq)]
            #[allow(missing_docs)]
            pub struct $name { $( pub $field: $type, )* }
        )*

        /// What an event says, one variant per kind.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum Body {
            $( $name(Box<$name>), )*
            /// A kind that this version does not know, kept whole.
            Unrecognised { kind: String, attributes: Box<Value> },
        }

        /// Names of the known kinds, in the order of their numbers.
        pub const KINDS: &[&str] = &[$( stringify!($name) ),*];

        impl Body {
            /// The name of the kind, in Temporal's camel case.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $( Body::$name(_) => stringify!($name), )*
                    Body::Unrecognised { kind, .. } => kind,
                }
            }
            /// The JSON key under which the attributes of a kind (by name or number) stand.
            pub(crate) fn key(kind: &str) -> Option<(&'static str, &'static str)> {
                match kind {
                    $( stringify!($name) | stringify!($number) => Some((stringify!($name), $key)), )*
                    _ => None,
                }
            }
            /// Reads the attributes of a known kind, `None` of another; fields that are not read stay in `map`.
            ///
            /// # Errors
            /// The field and what was expected in it.
            pub fn read(kind: &str, map: &mut Map<String, Value>) -> Result<Option<Body>, String> {
                match kind {
                    $( stringify!($name) => {
                        let mut body = $name::default();
                        $( if let Some(value) = take(map, $json) {
                            body.$field = <$type as Field>::read(value).map_err(|e| format!("{}: {e}", $json))?;
                        } )*
                        let _ = &mut body;
                        Ok(Some(Body::$name(Box::new(body))))
                    } )*
                    _ => Ok(None),
                }
            }
            /// JSON key and attributes, as a server would write them.
            #[must_use]
            pub fn write(&self) -> (String, Map<String, Value>) {
                let mut map = Map::new();
                match self {
                    $( Body::$name(body) => {
                        $( if let Some(value) = body.$field.write() { map.insert($json.to_owned(), value); } )*
                        let _ = body;
                        ($key.to_owned(), map)
                    } )*
                    Body::Unrecognised { attributes, .. } => {
                        if let Value::Object(fields) = attributes.as_ref() { map = fields.clone(); }
                        (String::new(), map)
                    }
                }
            }
            /// The number of the kind in Temporal's enumeration, 0 if it is not known.
            #[must_use]
            pub fn number(&self) -> u8 {
                match self {
                    $( Body::$name(_) => $number, )*
                    Body::Unrecognised { .. } => 0,
                }
            }
            /// The attribute with this JSON name as a server would write it; `None` if the event leaves it out or nothing here reads it.
            #[must_use]
            pub fn field(&self, name: &str) -> Option<Value> {
                match self {
                    $( Body::$name(body) => {
                        $( if name == $json { return body.$field.write(); } )*
                        let _ = (body, name);
                        None
                    } )*
                    Body::Unrecognised { .. } => None,
                }
            }
            /// The JSON names of the attributes that are read of a kind.
            #[must_use]
            pub fn fields(kind: &str) -> &'static [&'static str] {
                match kind {
                    $( stringify!($name) => &[$( $json ),*], )*
                    _ => &[],
                }
            }
            /// Shows every reference to another event: the JSON name of the field and the id, 0 for none.
            pub fn each_reference(&self, mut show: impl FnMut(&'static str, EventId)) {
                match self {
                    $( Body::$name(body) => {
                        $( if let Some(id) = body.$field.referred() { show($json, id); } )*
                        let _ = (body, &mut show);
                    } )*
                    Body::Unrecognised { .. } => {}
                }
            }
            /// Every reference to another event: the JSON name of the field and the id, 0 for none.
            pub fn references(&mut self) -> Vec<(&'static str, &mut EventId)> {
                match self {
                    $( Body::$name(body) => {
                        #[allow(unused_mut)]
                        let mut out = Vec::new();
                        $( if let Some(id) = body.$field.reference() { out.push(($json, id)); } )*
                        let _ = body;
                        out
                    } )*
                    Body::Unrecognised { .. } => Vec::new(),
                }
            }
        }
    };
}

/// `WorkflowTaskCompleted` → `EVENT_TYPE_WORKFLOW_TASK_COMPLETED`.
#[must_use]
pub fn type_name(kind: &str) -> String {
    format!("EVENT_TYPE{}", snake(kind).to_ascii_uppercase())
}

kinds! {
    1 WorkflowExecutionStarted "workflowExecutionStartedEventAttributes" {
        workflow_type: Named = "workflowType",
        parent: Execution = "parentWorkflowExecution",
        parent_initiated: EventId = "parentInitiatedEventId",
        task_queue: TaskQueue = "taskQueue",
        input: Payloads = "input",
        execution_timeout: Span = "workflowExecutionTimeout",
        run_timeout: Span = "workflowRunTimeout",
        task_timeout: Span = "workflowTaskTimeout",
        continued_run: String = "continuedExecutionRunId",
        initiator: Symbol = "initiator",
        continued_failure: Option<Failure> = "continuedFailure",
        original_run: String = "originalExecutionRunId",
        first_run: String = "firstExecutionRunId",
        retry_policy: Option<RetryPolicy> = "retryPolicy",
        attempt: i64 = "attempt",
        expiration: Moment = "workflowExecutionExpirationTime",
        cron: String = "cronSchedule",
        first_backoff: Span = "firstWorkflowTaskBackoff",
        workflow_id: String = "workflowId",
        root: Execution = "rootWorkflowExecution",
        parent_namespace: String = "parentWorkflowNamespace",
        parent_namespace_id: String = "parentWorkflowNamespaceId",
        identity: String = "identity",
        header: Raw = "header",
        memo: Raw = "memo",
        search_attributes: Raw = "searchAttributes",
        last_result: Payloads = "lastCompletionResult",
    }
    2 WorkflowExecutionCompleted "workflowExecutionCompletedEventAttributes" {
        result: Payloads = "result",
        task_completed: EventId = "workflowTaskCompletedEventId",
        new_run: String = "newExecutionRunId",
    }
    3 WorkflowExecutionFailed "workflowExecutionFailedEventAttributes" {
        failure: Option<Failure> = "failure",
        retry_state: Symbol = "retryState",
        task_completed: EventId = "workflowTaskCompletedEventId",
        new_run: String = "newExecutionRunId",
    }
    4 WorkflowExecutionTimedOut "workflowExecutionTimedOutEventAttributes" {
        retry_state: Symbol = "retryState",
        new_run: String = "newExecutionRunId",
    }
    5 WorkflowTaskScheduled "workflowTaskScheduledEventAttributes" {
        task_queue: TaskQueue = "taskQueue",
        start_to_close: Span = "startToCloseTimeout",
        attempt: i64 = "attempt",
    }
    6 WorkflowTaskStarted "workflowTaskStartedEventAttributes" {
        scheduled: EventId = "scheduledEventId",
        request_id: String = "requestId",
        worker_version: Raw = "workerVersion",
        identity: String = "identity",
        history_size: i64 = "historySizeBytes",
        suggest: bool = "suggestContinueAsNew",
    }
    7 WorkflowTaskCompleted "workflowTaskCompletedEventAttributes" {
        scheduled: EventId = "scheduledEventId",
        started: EventId = "startedEventId",
        identity: String = "identity",
        sdk_metadata: Raw = "sdkMetadata",
    }
    8 WorkflowTaskTimedOut "workflowTaskTimedOutEventAttributes" {
        scheduled: EventId = "scheduledEventId",
        started: EventId = "startedEventId",
        timeout_type: Symbol = "timeoutType",
    }
    9 WorkflowTaskFailed "workflowTaskFailedEventAttributes" {
        scheduled: EventId = "scheduledEventId",
        started: EventId = "startedEventId",
        cause: Symbol = "cause",
        failure: Option<Failure> = "failure",
        base_run: String = "baseRunId",
        new_run: String = "newRunId",
        identity: String = "identity",
    }
    10 ActivityTaskScheduled "activityTaskScheduledEventAttributes" {
        activity_id: String = "activityId",
        activity_type: Named = "activityType",
        input: Payloads = "input",
        schedule_to_close: Span = "scheduleToCloseTimeout",
        schedule_to_start: Span = "scheduleToStartTimeout",
        start_to_close: Span = "startToCloseTimeout",
        heartbeat: Span = "heartbeatTimeout",
        task_completed: EventId = "workflowTaskCompletedEventId",
        retry_policy: Option<RetryPolicy> = "retryPolicy",
        task_queue: TaskQueue = "taskQueue",
        header: Raw = "header",
    }
    11 ActivityTaskStarted "activityTaskStartedEventAttributes" {
        scheduled: EventId = "scheduledEventId",
        request_id: String = "requestId",
        attempt: i64 = "attempt",
        last_failure: Option<Failure> = "lastFailure",
        identity: String = "identity",
    }
    12 ActivityTaskCompleted "activityTaskCompletedEventAttributes" {
        result: Payloads = "result",
        scheduled: EventId = "scheduledEventId",
        started: EventId = "startedEventId",
        identity: String = "identity",
    }
    13 ActivityTaskFailed "activityTaskFailedEventAttributes" {
        failure: Option<Failure> = "failure",
        scheduled: EventId = "scheduledEventId",
        started: EventId = "startedEventId",
        retry_state: Symbol = "retryState",
        identity: String = "identity",
    }
    14 ActivityTaskTimedOut "activityTaskTimedOutEventAttributes" {
        failure: Option<Failure> = "failure",
        scheduled: EventId = "scheduledEventId",
        started: EventId = "startedEventId",
        retry_state: Symbol = "retryState",
    }
    15 ActivityTaskCancelRequested "activityTaskCancelRequestedEventAttributes" {
        scheduled: EventId = "scheduledEventId",
        task_completed: EventId = "workflowTaskCompletedEventId",
    }
    16 ActivityTaskCanceled "activityTaskCanceledEventAttributes" {
        details: Payloads = "details",
        cancel_requested: EventId = "latestCancelRequestedEventId",
        scheduled: EventId = "scheduledEventId",
        started: EventId = "startedEventId",
        identity: String = "identity",
    }
    17 TimerStarted "timerStartedEventAttributes" {
        timer_id: String = "timerId",
        timeout: Span = "startToFireTimeout",
        task_completed: EventId = "workflowTaskCompletedEventId",
    }
    18 TimerFired "timerFiredEventAttributes" {
        timer_id: String = "timerId",
        started: EventId = "startedEventId",
    }
    19 TimerCanceled "timerCanceledEventAttributes" {
        timer_id: String = "timerId",
        started: EventId = "startedEventId",
        task_completed: EventId = "workflowTaskCompletedEventId",
        identity: String = "identity",
    }
    20 WorkflowExecutionCancelRequested "workflowExecutionCancelRequestedEventAttributes" {
        cause: String = "cause",
        external_initiated: EventId = "externalInitiatedEventId",
        external: Execution = "externalWorkflowExecution",
        identity: String = "identity",
    }
    21 WorkflowExecutionCanceled "workflowExecutionCanceledEventAttributes" {
        task_completed: EventId = "workflowTaskCompletedEventId",
        details: Payloads = "details",
    }
    22 RequestCancelExternalWorkflowExecutionInitiated "requestCancelExternalWorkflowExecutionInitiatedEventAttributes" {
        task_completed: EventId = "workflowTaskCompletedEventId",
        target: Execution = "workflowExecution",
        child_only: bool = "childWorkflowOnly",
        namespace: String = "namespace",
        namespace_id: String = "namespaceId",
        reason: String = "reason",
    }
    23 RequestCancelExternalWorkflowExecutionFailed "requestCancelExternalWorkflowExecutionFailedEventAttributes" {
        cause: Symbol = "cause",
        task_completed: EventId = "workflowTaskCompletedEventId",
        target: Execution = "workflowExecution",
        initiated: EventId = "initiatedEventId",
        namespace: String = "namespace",
        namespace_id: String = "namespaceId",
    }
    24 ExternalWorkflowExecutionCancelRequested "externalWorkflowExecutionCancelRequestedEventAttributes" {
        initiated: EventId = "initiatedEventId",
        target: Execution = "workflowExecution",
        namespace: String = "namespace",
        namespace_id: String = "namespaceId",
    }
    25 MarkerRecorded "markerRecordedEventAttributes" {
        name: String = "markerName",
        details: Raw = "details",
        task_completed: EventId = "workflowTaskCompletedEventId",
        failure: Option<Failure> = "failure",
        header: Raw = "header",
    }
    26 WorkflowExecutionSignaled "workflowExecutionSignaledEventAttributes" {
        name: String = "signalName",
        input: Payloads = "input",
        external: Execution = "externalWorkflowExecution",
        request_id: String = "requestId",
        identity: String = "identity",
        header: Raw = "header",
    }
    27 WorkflowExecutionTerminated "workflowExecutionTerminatedEventAttributes" {
        reason: String = "reason",
        identity: String = "identity",
        details: Payloads = "details",
    }
    28 WorkflowExecutionContinuedAsNew "workflowExecutionContinuedAsNewEventAttributes" {
        new_run: String = "newExecutionRunId",
        input: Payloads = "input",
        task_completed: EventId = "workflowTaskCompletedEventId",
        backoff: Span = "backoffStartInterval",
        initiator: Symbol = "initiator",
        workflow_type: Named = "workflowType",
        task_queue: TaskQueue = "taskQueue",
        run_timeout: Span = "workflowRunTimeout",
        task_timeout: Span = "workflowTaskTimeout",
        failure: Option<Failure> = "failure",
        header: Raw = "header",
        memo: Raw = "memo",
        search_attributes: Raw = "searchAttributes",
        last_result: Payloads = "lastCompletionResult",
    }
    29 StartChildWorkflowExecutionInitiated "startChildWorkflowExecutionInitiatedEventAttributes" {
        workflow_id: String = "workflowId",
        workflow_type: Named = "workflowType",
        input: Payloads = "input",
        parent_close_policy: Symbol = "parentClosePolicy",
        task_completed: EventId = "workflowTaskCompletedEventId",
        retry_policy: Option<RetryPolicy> = "retryPolicy",
        namespace: String = "namespace",
        namespace_id: String = "namespaceId",
        task_queue: TaskQueue = "taskQueue",
        execution_timeout: Span = "workflowExecutionTimeout",
        run_timeout: Span = "workflowRunTimeout",
        task_timeout: Span = "workflowTaskTimeout",
        reuse: Symbol = "workflowIdReusePolicy",
        header: Raw = "header",
        memo: Raw = "memo",
        search_attributes: Raw = "searchAttributes",
        cron: String = "cronSchedule",
    }
    30 StartChildWorkflowExecutionFailed "startChildWorkflowExecutionFailedEventAttributes" {
        workflow_id: String = "workflowId",
        cause: Symbol = "cause",
        initiated: EventId = "initiatedEventId",
        task_completed: EventId = "workflowTaskCompletedEventId",
        namespace: String = "namespace",
        namespace_id: String = "namespaceId",
        workflow_type: Named = "workflowType",
    }
    31 ChildWorkflowExecutionStarted "childWorkflowExecutionStartedEventAttributes" {
        initiated: EventId = "initiatedEventId",
        child: Execution = "workflowExecution",
        workflow_type: Named = "workflowType",
        namespace: String = "namespace",
        namespace_id: String = "namespaceId",
        header: Raw = "header",
    }
    32 ChildWorkflowExecutionCompleted "childWorkflowExecutionCompletedEventAttributes" {
        result: Payloads = "result",
        child: Execution = "workflowExecution",
        workflow_type: Named = "workflowType",
        initiated: EventId = "initiatedEventId",
        started: EventId = "startedEventId",
        namespace: String = "namespace",
        namespace_id: String = "namespaceId",
    }
    33 ChildWorkflowExecutionFailed "childWorkflowExecutionFailedEventAttributes" {
        failure: Option<Failure> = "failure",
        child: Execution = "workflowExecution",
        workflow_type: Named = "workflowType",
        initiated: EventId = "initiatedEventId",
        started: EventId = "startedEventId",
        retry_state: Symbol = "retryState",
        namespace: String = "namespace",
        namespace_id: String = "namespaceId",
    }
    34 ChildWorkflowExecutionCanceled "childWorkflowExecutionCanceledEventAttributes" {
        child: Execution = "workflowExecution",
        workflow_type: Named = "workflowType",
        initiated: EventId = "initiatedEventId",
        started: EventId = "startedEventId",
        namespace: String = "namespace",
        namespace_id: String = "namespaceId",
    }
    35 ChildWorkflowExecutionTimedOut "childWorkflowExecutionTimedOutEventAttributes" {
        child: Execution = "workflowExecution",
        workflow_type: Named = "workflowType",
        initiated: EventId = "initiatedEventId",
        started: EventId = "startedEventId",
        retry_state: Symbol = "retryState",
        namespace: String = "namespace",
        namespace_id: String = "namespaceId",
    }
    36 ChildWorkflowExecutionTerminated "childWorkflowExecutionTerminatedEventAttributes" {
        child: Execution = "workflowExecution",
        workflow_type: Named = "workflowType",
        initiated: EventId = "initiatedEventId",
        started: EventId = "startedEventId",
        namespace: String = "namespace",
        namespace_id: String = "namespaceId",
    }
    37 SignalExternalWorkflowExecutionInitiated "signalExternalWorkflowExecutionInitiatedEventAttributes" {
        task_completed: EventId = "workflowTaskCompletedEventId",
        target: Execution = "workflowExecution",
        name: String = "signalName",
        child_only: bool = "childWorkflowOnly",
        namespace: String = "namespace",
        namespace_id: String = "namespaceId",
    }
    38 SignalExternalWorkflowExecutionFailed "signalExternalWorkflowExecutionFailedEventAttributes" {
        cause: Symbol = "cause",
        task_completed: EventId = "workflowTaskCompletedEventId",
        target: Execution = "workflowExecution",
        initiated: EventId = "initiatedEventId",
        namespace: String = "namespace",
        namespace_id: String = "namespaceId",
    }
    39 ExternalWorkflowExecutionSignaled "externalWorkflowExecutionSignaledEventAttributes" {
        initiated: EventId = "initiatedEventId",
        target: Execution = "workflowExecution",
        namespace: String = "namespace",
        namespace_id: String = "namespaceId",
    }
    40 UpsertWorkflowSearchAttributes "upsertWorkflowSearchAttributesEventAttributes" {
        task_completed: EventId = "workflowTaskCompletedEventId",
    }
    41 WorkflowExecutionUpdateAccepted "workflowExecutionUpdateAcceptedEventAttributes" {
        protocol_instance_id: String = "protocolInstanceId",
        sequencing: EventId = "acceptedRequestSequencingEventId",
        request: UpdateRequest = "acceptedRequest",
        message: String = "acceptedRequestMessageId",
    }
    42 WorkflowExecutionUpdateRejected "workflowExecutionUpdateRejectedEventAttributes" {
        protocol_instance_id: String = "protocolInstanceId",
    }
    43 WorkflowExecutionUpdateCompleted "workflowExecutionUpdateCompletedEventAttributes" {
        accepted: EventId = "acceptedEventId",
        meta: UpdateMeta = "meta",
        outcome: UpdateOutcome = "outcome",
    }
    44 WorkflowPropertiesModifiedExternally "workflowPropertiesModifiedExternallyEventAttributes" {}
    45 ActivityPropertiesModifiedExternally "activityPropertiesModifiedExternallyEventAttributes" {
        scheduled: EventId = "scheduledEventId",
    }
    46 WorkflowPropertiesModified "workflowPropertiesModifiedEventAttributes" {
        task_completed: EventId = "workflowTaskCompletedEventId",
    }
    47 WorkflowExecutionUpdateAdmitted "workflowExecutionUpdateAdmittedEventAttributes" {
        request: UpdateRequest = "request",
    }
    48 NexusOperationScheduled "nexusOperationScheduledEventAttributes" {
        task_completed: EventId = "workflowTaskCompletedEventId",
        request_id: String = "requestId",
    }
    49 NexusOperationStarted "nexusOperationStartedEventAttributes" { scheduled: EventId = "scheduledEventId" }
    50 NexusOperationCompleted "nexusOperationCompletedEventAttributes" { scheduled: EventId = "scheduledEventId" }
    51 NexusOperationFailed "nexusOperationFailedEventAttributes" { scheduled: EventId = "scheduledEventId" }
    52 NexusOperationCanceled "nexusOperationCanceledEventAttributes" { scheduled: EventId = "scheduledEventId" }
    53 NexusOperationTimedOut "nexusOperationTimedOutEventAttributes" { scheduled: EventId = "scheduledEventId" }
    54 NexusOperationCancelRequested "nexusOperationCancelRequestedEventAttributes" {
        scheduled: EventId = "scheduledEventId",
        task_completed: EventId = "workflowTaskCompletedEventId",
    }
    55 WorkflowExecutionOptionsUpdated "workflowExecutionOptionsUpdatedEventAttributes" {
        attached_request_id: String = "attachedRequestId",
    }
    56 NexusOperationCancelRequestCompleted "nexusOperationCancelRequestCompletedEventAttributes" {
        requested: EventId = "requestedEventId",
        task_completed: EventId = "workflowTaskCompletedEventId",
        scheduled: EventId = "scheduledEventId",
    }
    57 NexusOperationCancelRequestFailed "nexusOperationCancelRequestFailedEventAttributes" {
        requested: EventId = "requestedEventId",
        task_completed: EventId = "workflowTaskCompletedEventId",
        scheduled: EventId = "scheduledEventId",
    }
    58 WorkflowExecutionPaused "workflowExecutionPausedEventAttributes" { request_id: String = "requestId" }
    59 WorkflowExecutionUnpaused "workflowExecutionUnpausedEventAttributes" { request_id: String = "requestId" }
    60 WorkflowExecutionTimeSkippingTransitioned "workflowExecutionTimeSkippingTransitionedEventAttributes" {}
}
