//! Failures and retry policies as events carry them.

use super::field::{Field, Symbol, compact, object, part, take};
use super::moment::Span;
use super::payload::Payloads;
use serde_json::{Map, Value, json};

/// The kind of a failure and what a rule reads of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum FailureKind {
    /// Raised by application code, with its type and whether it forbids a retry.
    Application {
        /// The error type that retry policies name.
        kind: String,
        /// True if it must not be retried.
        non_retryable: bool,
    },
    /// A timeout of the given type (`START_TO_CLOSE`, …).
    Timeout(Symbol),
    /// It was cancelled.
    Canceled,
    /// It was terminated.
    Terminated,
    /// An error of the server.
    Server,
    /// Wraps the failure of an activity (cause).
    Activity,
    /// Wraps the failure of a child workflow (cause).
    ChildWorkflow,
    /// Any other or none.
    #[default]
    Other,
}

/// Why something failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong, in the words of whoever failed.
    pub message: String,
    /// Whose words these are: the name of an SDK, or of the server.
    pub source: String,
    /// Who raised it, and what depends on that.
    pub kind: FailureKind,
    /// What an activity had reported last when it timed out.
    pub last_heartbeat: Payloads,
    /// The wrapped failure.
    pub cause: Option<Box<Failure>>,
}

/// Causes nest at most this deep; deeper ones are cut (hostile input).
const MAX_CAUSES: usize = 30;

impl Failure {
    fn decode(value: Value, depth: usize) -> Result<Self, String> {
        let mut map = object(value)?;
        let (message, source) = (part(&mut map, "message")?, part(&mut map, "source")?);
        let mut last_heartbeat = Payloads::default();
        let mut of = |name: &str| take(&mut map, name).map(object).transpose();
        let kind = if let Some(mut info) = of("applicationFailureInfo")? {
            FailureKind::Application { kind: part(&mut info, "type")?, non_retryable: part(&mut info, "nonRetryable")? }
        } else if let Some(mut info) = of("timeoutFailureInfo")? {
            last_heartbeat = part(&mut info, "lastHeartbeatDetails")?;
            FailureKind::Timeout(part(&mut info, "timeoutType")?)
        } else if of("canceledFailureInfo")?.is_some() {
            FailureKind::Canceled
        } else if of("terminatedFailureInfo")?.is_some() {
            FailureKind::Terminated
        } else if of("serverFailureInfo")?.is_some() {
            FailureKind::Server
        } else if of("activityFailureInfo")?.is_some() {
            FailureKind::Activity
        } else if of("childWorkflowExecutionFailureInfo")?.is_some() {
            FailureKind::ChildWorkflow
        } else {
            FailureKind::Other
        };
        let cause = match take(&mut map, "cause") {
            Some(inner) if depth < MAX_CAUSES => Some(Box::new(Self::decode(inner, depth + 1)?)),
            _ => None,
        };
        Ok(Self { message, source, kind, last_heartbeat, cause })
    }
}

impl Field for Option<Failure> {
    fn read(value: Value) -> Result<Self, String> {
        Failure::decode(value, 0).map(Some)
    }
    fn write(&self) -> Option<Value> {
        let failure = self.as_ref()?;
        let mut map = Map::new();
        map.insert("message".into(), Value::String(failure.message.clone()));
        if let Some(source) = failure.source.write() {
            map.insert("source".into(), source);
        }
        let info = match &failure.kind {
            FailureKind::Application { kind, non_retryable } => {
                Some(("applicationFailureInfo", json!({"type": kind, "nonRetryable": non_retryable})))
            }
            FailureKind::Timeout(which) => {
                let mut info = json!({"timeoutType": which.0});
                if let (Some(details), Some(map)) = (failure.last_heartbeat.write(), info.as_object_mut()) {
                    map.insert("lastHeartbeatDetails".into(), details);
                }
                Some(("timeoutFailureInfo", info))
            }
            FailureKind::Canceled => Some(("canceledFailureInfo", json!({}))),
            FailureKind::Terminated => Some(("terminatedFailureInfo", json!({}))),
            FailureKind::Server => Some(("serverFailureInfo", json!({}))),
            FailureKind::Activity => Some(("activityFailureInfo", json!({}))),
            FailureKind::ChildWorkflow => Some(("childWorkflowExecutionFailureInfo", json!({}))),
            FailureKind::Other => None,
        };
        if let Some((name, value)) = info {
            map.insert(name.into(), value);
        }
        if let Some(cause) = &failure.cause
            && let Some(value) = Some((**cause).clone()).write()
        {
            map.insert("cause".into(), value);
        }
        Some(Value::Object(map))
    }
}

/// A retry policy as events carry it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetryPolicy {
    /// Wait before the second attempt.
    pub initial_interval: Span,
    /// Multiplier per attempt, in thousandths.
    pub backoff_coefficient: i64,
    /// Cap of one back-off.
    pub maximum_interval: Span,
    /// Most attempts; 0 is unlimited.
    pub maximum_attempts: i64,
    /// Application error types that end the retries.
    pub non_retryable: Vec<String>,
}

impl Field for Option<RetryPolicy> {
    fn read(value: Value) -> Result<Self, String> {
        let mut map = object(value)?;
        let coefficient = take(&mut map, "backoffCoefficient").and_then(|v| v.as_f64()).unwrap_or(0.0);
        let types = match take(&mut map, "nonRetryableErrorTypes") {
            Some(Value::Array(items)) => items.into_iter().map(String::read).collect::<Result<_, _>>()?,
            _ => vec![],
        };
        Ok(Some(RetryPolicy {
            initial_interval: part(&mut map, "initialInterval")?,
            backoff_coefficient: (coefficient * 1000.0).round() as i64,
            maximum_interval: part(&mut map, "maximumInterval")?,
            maximum_attempts: part(&mut map, "maximumAttempts")?,
            non_retryable: types,
        }))
    }
    fn write(&self) -> Option<Value> {
        let policy = self.as_ref()?;
        compact(vec![
            ("initialInterval", policy.initial_interval.write()),
            ("backoffCoefficient", Some(json!(policy.backoff_coefficient as f64 / 1000.0))),
            ("maximumInterval", policy.maximum_interval.write()),
            ("maximumAttempts", policy.maximum_attempts.write()),
            ("nonRetryableErrorTypes", (!policy.non_retryable.is_empty()).then(|| json!(policy.non_retryable))),
        ])
    }
}
