//! Canonical proto-JSON of any message of the API, by reflection.
//!
//! The JSON that `temporal workflow show --output json` writes and that the replayers of the official SDKs read: enum
//! values by their full names, 64-bit integers as strings, bytes in base64, fields with default values left out.
//! The generated types have no such JSON of their own, so a message takes the detour over its bytes and the descriptors
//! of the protos it was generated from. What the descriptors do not know never gets into a message, so nothing is
//! dropped here; a field that JSON has and the descriptors have not is an error.

use crate::temporal::history::v1::HistoryEvent;
use prost::{Message, Name};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor};
use serde_json::{Value, json};
use std::sync::OnceLock;

/// Why a message has no JSON, or JSON no message.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The embedded descriptors cannot be read.
    #[error("descriptors of the API: {0}")]
    Descriptors(String),
    /// The embedded descriptors do not describe this message.
    #[error("{0} is not a message of the API")]
    Unknown(String),
    /// The bytes of a message do not match its descriptor.
    #[error("bytes of a message: {0}")]
    Bytes(#[from] prost::DecodeError),
    /// JSON that does not describe the message.
    #[error("JSON of a message: {0}")]
    Json(#[from] serde_json::Error),
}

/// JSON of one event of a history.
///
/// # Errors
/// See [`to_json`].
pub fn event_to_json(event: &HistoryEvent) -> Result<Value, Error> {
    to_json(event)
}

/// One event of a history from its JSON.
///
/// # Errors
/// JSON of another shape, and fields that the descriptors do not know.
pub fn event_from_json(json: &Value) -> Result<HistoryEvent, Error> {
    from_json(json)
}

/// JSON of a whole history, `{"events": […]}`: a file that replayers accept.
///
/// # Errors
/// See [`to_json`].
pub fn history_to_json(events: &[HistoryEvent]) -> Result<Value, Error> {
    let events = events.iter().map(event_to_json).collect::<Result<Vec<_>, _>>()?;
    Ok(json!({ "events": events }))
}

/// Canonical proto-JSON of a message of the API.
///
/// # Errors
/// A message that the descriptors do not know, or values that have no JSON (a timestamp outside the years 1 to 9999).
pub fn to_json<M: Message + Name>(message: &M) -> Result<Value, Error> {
    let dynamic = DynamicMessage::decode(descriptor(&M::full_name())?, message.encode_to_vec().as_slice())?;
    Ok(serde_json::to_value(&dynamic)?)
}

/// A message of the API from its canonical proto-JSON.
fn from_json<M: Message + Name + Default>(json: &Value) -> Result<M, Error> {
    let dynamic = DynamicMessage::deserialize(descriptor(&M::full_name())?, json)?;
    Ok(M::decode(dynamic.encode_to_vec().as_slice())?)
}

/// Reads the descriptors now, once per process, instead of when they are first needed. Whoever must not notice whether
/// somebody else needed them before, such as a simulation whose hash maps are seeded one after another, calls it first.
pub fn prepare() {
    // A failure is reported to whoever asks for a message.
    let _ = descriptor("");
}

/// The names of the calls of a service of the API, such as `temporal.api.workflowservice.v1.WorkflowService`, in the order in
/// which they are declared.
///
/// # Errors
/// A service that the descriptors do not know.
pub fn calls_of(service: &str) -> Result<Vec<String>, Error> {
    let found = pool()?.get_service_by_name(service).ok_or_else(|| Error::Unknown(service.to_owned()))?;
    Ok(found.methods().map(|method| method.name().to_owned()).collect())
}

/// What the protos say about a message, by its full name.
fn descriptor(name: &str) -> Result<MessageDescriptor, Error> {
    pool()?.get_message_by_name(name).ok_or_else(|| Error::Unknown(name.to_owned()))
}

/// All that the protos say.
fn pool() -> Result<&'static DescriptorPool, Error> {
    static POOL: OnceLock<Result<DescriptorPool, String>> = OnceLock::new();
    const BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
    POOL.get_or_init(|| DescriptorPool::decode(BYTES).map_err(|problem| problem.to_string()))
        .as_ref()
        .map_err(|problem| Error::Descriptors(problem.clone()))
}
