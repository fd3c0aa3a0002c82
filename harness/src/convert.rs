//! From our data to the API's and back: payloads, durations, retry policies, failures.

use prost_wkt_types::Duration;
use resurgam_api::temporal::common::v1::{Payload, Payloads, RetryPolicy, WorkflowExecution, WorkflowType};
use resurgam_api::temporal::enums::v1::TaskQueueKind;
use resurgam_api::temporal::failure::v1::failure::FailureInfo;
use resurgam_api::temporal::failure::v1::{ApplicationFailureInfo, Failure as ApiFailure};
use resurgam_api::temporal::taskqueue::v1::TaskQueue;
use resurgam_formats::failure::kind_of;
use resurgam_formats::program::{Failure, Retry, WORKFLOW_TYPE};
use resurgam_formats::time::Millis;
use serde::{Serialize, de::DeserializeOwned};
use std::collections::HashMap;

/// One `json/plain` payload.
pub(crate) fn json(value: &impl Serialize) -> Payload {
    Payload {
        metadata: [("encoding".to_owned(), b"json/plain".to_vec())].into(),
        data: serde_json::to_vec(value).unwrap_or_default(),
        ..Default::default()
    }
}

/// The fields of a header or memo with one label, see [`resurgam_formats::label`].
pub(crate) fn label(label: &str) -> HashMap<String, Payload> {
    [(resurgam_formats::label::NAME.to_owned(), json(&label))].into()
}

/// A list with one `json/plain` payload.
pub(crate) fn payloads(value: &impl Serialize) -> Option<Payloads> {
    Some(Payloads { payloads: vec![json(value)] })
}

/// The first payload as a value.
pub(crate) fn first<T: DeserializeOwned>(payloads: Option<&Payloads>) -> Option<T> {
    serde_json::from_slice(&payloads?.payloads.first()?.data).ok()
}

pub(crate) fn duration(ms: Millis) -> Option<Duration> {
    let seconds = i64::from(ms / 1000);
    let nanos = i32::try_from(ms % 1000).unwrap_or(0) * 1_000_000;
    Some(Duration { seconds, nanos })
}

/// A retry policy.
pub(crate) fn retry(policy: &Retry) -> RetryPolicy {
    RetryPolicy {
        initial_interval: duration(policy.initial_ms),
        backoff_coefficient: f64::from(policy.coefficient_tenths.max(10)) / 10.0,
        maximum_interval: duration(policy.maximum_ms.max(policy.initial_ms)),
        maximum_attempts: i32::try_from(policy.maximum_attempts).unwrap_or(i32::MAX),
        non_retryable_error_types: policy.non_retryable.clone(),
    }
}

/// An application failure, as workflows and activities report it. What is not an application failure by origin is
/// sent as one whose type says what it was.
pub(crate) fn failure(failure: &Failure) -> ApiFailure {
    let kind = kind_of(failure);
    let non_retryable = matches!(failure, Failure::Application { non_retryable: true, .. });
    ApiFailure {
        message: kind.clone(),
        source: "resurgam".into(),
        failure_info: Some(FailureInfo::ApplicationFailureInfo(ApplicationFailureInfo {
            r#type: kind,
            non_retryable,
            ..Default::default()
        })),
        ..Default::default()
    }
}

/// A workflow, its current run.
pub(crate) fn current(workflow_id: &str) -> Option<WorkflowExecution> {
    run(workflow_id, "")
}

pub(crate) fn run(workflow_id: &str, run_id: &str) -> Option<WorkflowExecution> {
    Some(WorkflowExecution { workflow_id: workflow_id.into(), run_id: run_id.into() })
}

/// The type of every workflow that we start.
pub(crate) fn workflow_type() -> Option<WorkflowType> {
    Some(WorkflowType { name: WORKFLOW_TYPE.into() })
}

/// A normal task queue.
pub(crate) fn queue(name: &str) -> Option<TaskQueue> {
    Some(TaskQueue { name: name.into(), kind: TaskQueueKind::Normal.into(), ..Default::default() })
}

/// A sticky task queue.
pub(crate) fn sticky(name: &str, normal: &str) -> Option<TaskQueue> {
    Some(TaskQueue { name: name.into(), kind: TaskQueueKind::Sticky.into(), normal_name: normal.into() })
}
