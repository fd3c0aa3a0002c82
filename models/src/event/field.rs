//! How one attribute of an event is read from JSON and written back: the types that appear in the table of kinds.
//!
//! Reading is lenient about *shape* (a number may be a string, an enum may carry its prefix or not, a field may be
//! absent) and strict about *sense* (a text where an id belongs is an error that names the field).

use super::EventId;
use base64::Engine as _;
use serde_json::{Map, Value, json};

/// A typed attribute of an event.
pub trait Field: Default + PartialEq {
    /// Reads the JSON value of this field.
    ///
    /// # Errors
    /// A sentence that says what was expected; the caller adds event and field.
    fn read(value: Value) -> Result<Self, String>;
    /// The JSON value, or `None` for a default, which proto-JSON omits.
    fn write(&self) -> Option<Value>;
    /// The event id inside, if this field is a reference to another event.
    fn reference(&mut self) -> Option<&mut EventId> {
        None
    }
    /// The same for reading.
    fn referred(&self) -> Option<EventId> {
        None
    }
}

/// Reads an integer that may be a JSON number or a decimal string.
pub(crate) fn integer(value: &Value) -> Result<i64, String> {
    match value {
        Value::Number(n) => {
            n.as_i64().or_else(|| n.as_f64().filter(|f| f.fract() == 0.0 && f.abs() < 9e15).map(|f| f as i64))
        }
        Value::String(s) => s.parse().ok(),
        _ => None,
    }
    .ok_or_else(|| format!("expected a 64-bit integer, found {}", brief(value)))
}

/// A short, bounded picture of a JSON value for error messages.
pub(crate) fn brief(value: &Value) -> String {
    match value {
        Value::Object(_) => "an object".into(),
        Value::Array(_) => "an array".into(),
        other => {
            let text = other.to_string();
            if text.chars().count() > 40 { text.chars().take(40).chain(['…']).collect() } else { text }
        }
    }
}

fn object(value: Value) -> Result<Map<String, Value>, String> {
    match value {
        Value::Object(map) => Ok(map),
        other => Err(format!("expected an object, found {}", brief(&other))),
    }
}

/// Takes a field by its proto-JSON name or by its original snake_case name.
pub(crate) fn take(map: &mut Map<String, Value>, name: &str) -> Option<Value> {
    let found = map.remove(name).or_else(|| map.remove(&snake(name)));
    found.filter(|value| !value.is_null())
}

/// `workflowTaskCompletedEventId` → `workflow_task_completed_event_id`.
pub(crate) fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 6);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

fn part<T: Field>(map: &mut Map<String, Value>, name: &str) -> Result<T, String> {
    take(map, name).map_or_else(|| Ok(T::default()), |v| T::read(v).map_err(|e| format!("{name}: {e}")))
}

fn compact(pairs: Vec<(&str, Option<Value>)>) -> Option<Value> {
    let map: Map<String, Value> = pairs.into_iter().filter_map(|(k, v)| Some((k.to_owned(), v?))).collect();
    (!map.is_empty()).then_some(Value::Object(map))
}

impl Field for EventId {
    fn read(value: Value) -> Result<Self, String> {
        integer(&value).map(Self)
    }
    fn write(&self) -> Option<Value> {
        (self.0 != 0).then(|| Value::String(self.0.to_string()))
    }
    fn reference(&mut self) -> Option<&mut EventId> {
        Some(self)
    }
    fn referred(&self) -> Option<EventId> {
        Some(*self)
    }
}

impl Field for i64 {
    fn read(value: Value) -> Result<Self, String> {
        integer(&value)
    }
    fn write(&self) -> Option<Value> {
        (*self != 0).then(|| json!(self))
    }
}

impl Field for bool {
    fn read(value: Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| format!("expected true or false, found {}", brief(&value)))
    }
    fn write(&self) -> Option<Value> {
        self.then_some(Value::Bool(true))
    }
}

impl Field for String {
    fn read(value: Value) -> Result<Self, String> {
        match value {
            Value::String(s) => Ok(s),
            other => Err(format!("expected a text, found {}", brief(&other))),
        }
    }
    fn write(&self) -> Option<Value> {
        (!self.is_empty()).then(|| Value::String(self.clone()))
    }
}

/// `{"name": …}`, as task queues, workflow types and activity types are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named(pub String);

impl Field for Named {
    fn read(value: Value) -> Result<Self, String> {
        part(&mut object(value)?, "name").map(Self)
    }
    fn write(&self) -> Option<Value> {
        compact(vec![("name", self.0.write())])
    }
}

/// An enum value without its prefix, in upper snake case: `START_TO_CLOSE`, whether the file said
/// `TIMEOUT_TYPE_START_TO_CLOSE`, `StartToClose` or `START_TO_CLOSE`. Empty if absent or unspecified.
/// A numeric enum is kept as its decimal text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Symbol(pub String);

/// Prefixes of the enums that rules read.
const PREFIXES: [&str; 11] = [
    "WORKFLOW_EXECUTION_STATUS_",
    "WORKFLOW_TASK_FAILED_CAUSE_",
    "START_CHILD_WORKFLOW_EXECUTION_FAILED_CAUSE_",
    "CANCEL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_",
    "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_FAILED_CAUSE_",
    "CONTINUE_AS_NEW_INITIATOR_",
    "PARENT_CLOSE_POLICY_",
    "TIMEOUT_TYPE_",
    "RETRY_STATE_",
    "TASK_QUEUE_KIND_",
    "WORKFLOW_ID_REUSE_POLICY_",
];

impl Symbol {
    /// Normalises any of the spellings.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let upper = if text.contains('_') || text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()) {
            text.to_ascii_uppercase()
        } else {
            snake(text).trim_start_matches('_').to_ascii_uppercase()
        };
        let bare = PREFIXES.iter().find_map(|p| upper.strip_prefix(p)).unwrap_or(&upper);
        Self(if bare == "UNSPECIFIED" { String::new() } else { bare.to_owned() })
    }
    /// Compares with an upper-snake name without prefix.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.0 == name
    }
}

impl Field for Symbol {
    fn read(value: Value) -> Result<Self, String> {
        match value {
            Value::String(s) => Ok(Self::new(&s)),
            Value::Number(n) => Ok(Self(n.to_string())),
            other => Err(format!("expected an enum name, found {}", brief(&other))),
        }
    }
    fn write(&self) -> Option<Value> {
        self.0.write()
    }
}

/// A length of time in nanoseconds, written `1.5s`. Absent is zero, as in proto3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub i64);

impl Span {
    /// From whole milliseconds.
    #[must_use]
    pub fn millis(ms: i64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }
}

impl Field for Span {
    fn read(value: Value) -> Result<Self, String> {
        let wrong = || format!("expected a duration such as \"1.5s\", found {}", brief(&value));
        let text = value.as_str().ok_or_else(wrong)?.strip_suffix('s').ok_or_else(wrong)?;
        let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        if fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let whole: i64 = whole.parse().map_err(|_| wrong())?;
        let nanos: i64 = format!("{fraction:0<9}").parse().map_err(|_| wrong())?;
        Ok(Self(whole.saturating_mul(1_000_000_000).saturating_add(nanos).saturating_mul(sign)))
    }
    fn write(&self) -> Option<Value> {
        (self.0 != 0).then(|| {
            let (sign, nanos) = if self.0 < 0 { ("-", self.0.unsigned_abs()) } else { ("", self.0.unsigned_abs()) };
            let text = format!("{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
            Value::String(format!("{}s", text.trim_end_matches('0').trim_end_matches('.')))
        })
    }
}

/// A moment, nanoseconds since the Unix epoch; `None` if absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Option<i64>);

impl Field for Moment {
    fn read(value: Value) -> Result<Self, String> {
        let wrong = || format!("expected an RFC 3339 time, found {}", brief(&value));
        let time: jiff::Timestamp = value.as_str().ok_or_else(wrong)?.parse().map_err(|_| wrong())?;
        Ok(Self(i64::try_from(time.as_nanosecond()).ok()))
    }
    fn write(&self) -> Option<Value> {
        let time = jiff::Timestamp::from_nanosecond(i128::from(self.0?)).ok()?;
        Some(Value::String(time.to_string()))
    }
}

/// A workflow id and run id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Execution {
    /// The workflow id.
    pub workflow_id: String,
    /// The run id; empty where the API leaves it out.
    pub run_id: String,
}

impl Field for Execution {
    fn read(value: Value) -> Result<Self, String> {
        let mut map = object(value)?;
        Ok(Self { workflow_id: part(&mut map, "workflowId")?, run_id: part(&mut map, "runId")? })
    }
    fn write(&self) -> Option<Value> {
        compact(vec![("workflowId", self.workflow_id.write()), ("runId", self.run_id.write())])
    }
}

/// One payload: its encoding and its bytes (encrypted ones stay opaque).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// The `encoding` metadata, such as `json/plain`.
    pub encoding: String,
    /// The bytes.
    pub data: Vec<u8>,
}

impl Payload {
    /// A `json/plain` payload.
    #[must_use]
    pub fn json(value: &Value) -> Self {
        Self { encoding: "json/plain".into(), data: value.to_string().into_bytes() }
    }
    /// The value inside, if this is plain JSON.
    #[must_use]
    pub fn as_json(&self) -> Option<Value> {
        (self.encoding == "json/plain").then(|| serde_json::from_slice(&self.data).ok())?
    }
}

fn base64(text: &str) -> Result<Vec<u8>, String> {
    let engine = &base64::engine::general_purpose::STANDARD;
    engine.decode(text).map_err(|e| format!("expected base64: {e}"))
}

impl Field for Payload {
    /// The protobuf form has base64 in `metadata` and `data`. The web UI exports decoded payloads instead, any JSON
    /// value; that is taken as plain JSON.
    fn read(value: Value) -> Result<Self, String> {
        let Value::Object(map) = &value else { return Ok(Self::json(&value)) };
        let encoded = (|| {
            let encoding = map.get("metadata")?.get("encoding")?.as_str()?;
            let data = map.get("data").and_then(Value::as_str).unwrap_or_default();
            Some((base64(encoding).ok()?, base64(data).ok()?))
        })();
        Ok(match encoded {
            Some((encoding, data)) => Self { encoding: String::from_utf8_lossy(&encoding).into_owned(), data },
            None => Self::json(&value),
        })
    }
    fn write(&self) -> Option<Value> {
        let engine = &base64::engine::general_purpose::STANDARD;
        Some(json!({"metadata": {"encoding": engine.encode(&self.encoding)}, "data": engine.encode(&self.data)}))
    }
}

/// A list of payloads, absent as an empty one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payloads(pub Vec<Payload>);

impl Payloads {
    /// One `json/plain` payload.
    #[must_use]
    pub fn one(value: &Value) -> Self {
        Self(vec![Payload::json(value)])
    }
    /// The first payload as a JSON value, if it is plain JSON.
    #[must_use]
    pub fn first_json(&self) -> Option<Value> {
        self.0.first()?.as_json()
    }
}

impl Field for Payloads {
    fn read(value: Value) -> Result<Self, String> {
        let list = match value {
            Value::Object(mut map) => take(&mut map, "payloads").unwrap_or(Value::Array(vec![])),
            other => other,
        };
        match list {
            Value::Array(items) => Ok(Self(items.into_iter().map(Payload::read).collect::<Result<_, _>>()?)),
            other => Ok(Self(vec![Payload::read(other)?])),
        }
    }
    fn write(&self) -> Option<Value> {
        (!self.0.is_empty()).then(|| json!({"payloads": self.0.iter().filter_map(Field::write).collect::<Vec<_>>()}))
    }
}

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
    /// Cancellation.
    Canceled,
    /// Terminated.
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
    /// The message.
    pub message: String,
    /// The kind.
    pub kind: FailureKind,
    /// The wrapped failure.
    pub cause: Option<Box<Failure>>,
}

/// Causes nest at most this deep; deeper ones are cut (hostile input).
const MAX_CAUSES: usize = 30;

impl Failure {
    fn decode(value: Value, depth: usize) -> Result<Self, String> {
        let mut map = object(value)?;
        let message = part(&mut map, "message")?;
        let mut of = |name: &str| take(&mut map, name).map(object).transpose();
        let kind = if let Some(mut info) = of("applicationFailureInfo")? {
            FailureKind::Application { kind: part(&mut info, "type")?, non_retryable: part(&mut info, "nonRetryable")? }
        } else if let Some(mut info) = of("timeoutFailureInfo")? {
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
        Ok(Self { message, kind, cause })
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
        let info = match &failure.kind {
            FailureKind::Application { kind, non_retryable } => {
                Some(("applicationFailureInfo", json!({"type": kind, "nonRetryable": non_retryable})))
            }
            FailureKind::Timeout(which) => Some(("timeoutFailureInfo", json!({"timeoutType": which.0}))),
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
    /// First back-off.
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

/// Any JSON value kept as it came (marker details, protobuf `Any`).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Raw(pub Option<Box<Value>>);

impl Field for Raw {
    fn read(value: Value) -> Result<Self, String> {
        Ok(Self(Some(Box::new(value))))
    }
    fn write(&self) -> Option<Value> {
        self.0.as_deref().cloned()
    }
}

/// A task queue: its name and, for a sticky one, its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TaskQueue {
    /// The name.
    pub name: String,
    /// `NORMAL` or `STICKY`; empty if not said.
    pub kind: Symbol,
}

impl Field for TaskQueue {
    fn read(value: Value) -> Result<Self, String> {
        let mut map = object(value)?;
        Ok(Self { name: part(&mut map, "name")?, kind: part(&mut map, "kind")? })
    }
    fn write(&self) -> Option<Value> {
        compact(vec![("name", self.name.write()), ("kind", self.kind.write())])
    }
}

/// `{"updateId": …}`, the identity of an update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateMeta(pub String);

impl Field for UpdateMeta {
    fn read(value: Value) -> Result<Self, String> {
        part(&mut object(value)?, "updateId").map(Self)
    }
    fn write(&self) -> Option<Value> {
        compact(vec![("updateId", self.0.write())])
    }
}

/// The request of an update as its acceptance records it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UpdateRequest {
    /// The update id.
    pub id: String,
    /// The handler's name.
    pub name: String,
    /// The arguments.
    pub args: Payloads,
}

impl Field for UpdateRequest {
    fn read(value: Value) -> Result<Self, String> {
        let mut map = object(value)?;
        let meta: UpdateMeta = part(&mut map, "meta")?;
        let mut input = take(&mut map, "input").map(object).transpose()?.unwrap_or_default();
        Ok(Self { id: meta.0, name: part(&mut input, "name")?, args: part(&mut input, "args")? })
    }
    fn write(&self) -> Option<Value> {
        let input = compact(vec![("name", self.name.write()), ("args", self.args.write())]);
        compact(vec![("meta", UpdateMeta(self.id.clone()).write()), ("input", input)])
    }
}

/// How an update ended: a result or a failure.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UpdateOutcome {
    /// The result, if it succeeded.
    pub success: Option<Payloads>,
    /// The failure, if it failed.
    pub failure: Option<Failure>,
}

impl Field for UpdateOutcome {
    fn read(value: Value) -> Result<Self, String> {
        let mut map = object(value)?;
        let success = take(&mut map, "success").map(Payloads::read).transpose()?;
        Ok(Self { success, failure: part(&mut map, "failure")? })
    }
    fn write(&self) -> Option<Value> {
        let success = self.success.as_ref().map(|p| p.write().unwrap_or(json!({})));
        compact(vec![("success", success), ("failure", self.failure.write())])
    }
}
