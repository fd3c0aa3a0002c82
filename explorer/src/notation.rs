//! Messages of the API written as plain JSON, and read from it, by reflection.
//!
//! It is not the canonical JSON of protobuf, which cannot say what makes no sense: a duration of five seconds and minus seven
//! nanoseconds, or an enumeration's value that nobody knows. Here every message is an object of its fields by their names in the
//! protos, durations and times of requests included; an enumeration is a name or a number, bytes are a text or `hex:` and digits, and a
//! message of any type names its type under `@type`. A field that is not there is not set.

use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, MessageDescriptor};
use prost_reflect::{MethodDescriptor, ReflectMessage as _, Value as Field};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::sync::OnceLock;

/// Why something written is no message.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Error(String);

const ANY: &str = "google.protobuf.Any";
const TYPE: &str = "@type";
const TIMESTAMP: &str = "google.protobuf.Timestamp";
/// What stands in an answer in place of a time: seconds since 1970.
pub(crate) const TIME: &str = "@time";
const HEX: &str = "hex:";
const SERVICES: [&str; 2] =
    ["temporal.api.workflowservice.v1.WorkflowService", "temporal.api.operatorservice.v1.OperatorService"];

/// All that the protos say.
///
/// # Panics
/// The descriptors that were compiled in cannot be read.
pub(crate) fn pool() -> &'static DescriptorPool {
    static POOL: OnceLock<DescriptorPool> = OnceLock::new();
    POOL.get_or_init(|| {
        let decoded = DescriptorPool::decode(resurgam_api::DESCRIPTORS);
        decoded.unwrap_or_else(|why| unreachable!("descriptors of the API: {why}"))
    })
}

/// A call by its name, of whichever service it is.
pub(crate) fn method(call: &str) -> Option<MethodDescriptor> {
    SERVICES.iter().find_map(|service| {
        let service = pool().get_service_by_name(service)?;
        service.methods().find(|method| method.name() == call)
    })
}

/// The message that is written.
///
/// # Errors
/// A field that the message has not, or a value of another shape.
pub(crate) fn read(of: &MessageDescriptor, written: &Value) -> Result<DynamicMessage, Error> {
    let mut message = DynamicMessage::new(of.clone());
    let fields = written.as_object().ok_or_else(|| wrong(of.full_name(), written))?;
    if of.full_name() == ANY
        && let Some(name) = fields.get(TYPE)
    {
        return any(message, name, fields);
    }
    for (name, value) in fields {
        let unknown = || Error(format!("{} has no field {name}", of.full_name()));
        let field = of.get_field_by_name(name).ok_or_else(unknown)?;
        message.set_field(&field, read_field(&field, value)?);
    }
    Ok(message)
}

/// A message of any type, from its fields beside the name of the type.
fn any(mut message: DynamicMessage, name: &Value, fields: &Map<String, Value>) -> Result<DynamicMessage, Error> {
    let name = name.as_str().unwrap_or_default();
    let inner = pool().get_message_by_name(name).ok_or_else(|| Error(format!("there is no type {name}")))?;
    let mut fields = fields.clone();
    fields.remove(TYPE);
    let bytes = read(&inner, &Value::Object(fields))?.encode_to_vec();
    message.set_field_by_name("type_url", Field::String(format!("type.googleapis.com/{name}")));
    message.set_field_by_name("value", Field::Bytes(bytes.into()));
    Ok(message)
}

fn wrong(name: &str, value: &Value) -> Error {
    Error(format!("{name}: not {value}"))
}

fn read_field(field: &FieldDescriptor, value: &Value) -> Result<Field, Error> {
    if field.is_map() {
        let kind = field.kind();
        let entry = kind.as_message().ok_or_else(|| wrong(field.name(), value))?;
        let (key, of) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        let entries = value.as_object().ok_or_else(|| wrong(field.name(), value))?;
        let entries = entries.iter().map(|(name, value)| Ok((map_key(&key, name)?, read_one(&of, value)?)));
        return Ok(Field::Map(entries.collect::<Result<_, Error>>()?));
    }
    if field.is_list() {
        let values = value.as_array().ok_or_else(|| wrong(field.name(), value))?;
        return Ok(Field::List(values.iter().map(|value| read_one(field, value)).collect::<Result<_, _>>()?));
    }
    read_one(field, value)
}

fn map_key(key: &FieldDescriptor, name: &str) -> Result<MapKey, Error> {
    let none = |_| Error(format!("{name} is no key"));
    Ok(match key.kind() {
        Kind::String => MapKey::String(name.to_owned()),
        Kind::Int32 => MapKey::I32(name.parse().map_err(none)?),
        Kind::Int64 => MapKey::I64(name.parse().map_err(none)?),
        _ => return Err(Error(format!("keys of {} are not understood", key.full_name()))),
    })
}

fn read_one(field: &FieldDescriptor, value: &Value) -> Result<Field, Error> {
    let bad = || wrong(field.full_name(), value);
    // A number may come out of a placeholder, which is a text.
    let number = || value.as_i64().or_else(|| value.as_str()?.parse().ok()).ok_or_else(bad);
    let narrow = || number().and_then(|number| i32::try_from(number).map_err(|_| bad()));
    Ok(match field.kind() {
        Kind::Bool => Field::Bool(value.as_bool().ok_or_else(bad)?),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Field::I32(narrow()?),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Field::I64(number()?),
        Kind::Uint32 | Kind::Fixed32 => Field::U32(u32::try_from(number()?).map_err(|_| bad())?),
        Kind::Uint64 | Kind::Fixed64 => Field::U64(u64::try_from(number()?).map_err(|_| bad())?),
        #[allow(clippy::cast_possible_truncation, reason = "it is what was meant, as near as the field can say")]
        Kind::Float => Field::F32(value.as_f64().ok_or_else(bad)? as f32),
        Kind::Double => Field::F64(value.as_f64().ok_or_else(bad)?),
        Kind::String => Field::String(value.as_str().ok_or_else(bad)?.to_owned()),
        Kind::Bytes => Field::Bytes(bytes(value.as_str().ok_or_else(bad)?).ok_or_else(bad)?.into()),
        Kind::Enum(of) => Field::EnumNumber(match value.as_str().and_then(|name| of.get_value_by_name(name)) {
            Some(known) => known.number(),
            None => narrow()?,
        }),
        Kind::Message(of) => Field::Message(read(&of, value)?),
    })
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let Some(digits) = text.strip_prefix(HEX) else { return Some(text.as_bytes().to_vec()) };
    let pairs = digits.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).ok());
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}

/// A message, written with the fields that are set.
pub(crate) fn write(message: &DynamicMessage) -> Value {
    if message.descriptor().full_name() == ANY
        && let Some(written) = write_any(message)
    {
        return written;
    }
    if message.descriptor().full_name() == TIMESTAMP {
        let seconds = message.get_field_by_name("seconds").and_then(|seconds| seconds.as_i64());
        return json!({ TIME: seconds.unwrap_or_default() });
    }
    let fields = message.fields().map(|(field, value)| (field.name().to_owned(), write_field(&field, value)));
    Value::Object(fields.collect())
}

/// What is in a message of any type, if the type is known.
fn write_any(message: &DynamicMessage) -> Option<Value> {
    let (url, value) = (message.get_field_by_name("type_url")?, message.get_field_by_name("value")?);
    let name = url.as_str()?.rsplit('/').next()?;
    let inner = DynamicMessage::decode(pool().get_message_by_name(name)?, value.as_bytes()?.as_ref()).ok()?;
    let Value::Object(mut fields) = write(&inner) else { return None };
    fields.insert(TYPE.to_owned(), json!(name));
    Some(Value::Object(fields))
}

fn write_field(field: &FieldDescriptor, value: &Field) -> Value {
    match value {
        Field::Bool(is) => json!(is),
        Field::I32(number) => json!(number),
        Field::I64(number) => json!(number),
        Field::U32(number) => json!(number),
        Field::U64(number) => json!(number),
        Field::F32(number) => json!(number),
        Field::F64(number) => json!(number),
        Field::String(text) => json!(text),
        Field::Bytes(bytes) => json!(text(bytes)),
        Field::EnumNumber(number) => enumeration(field, *number),
        Field::Message(message) => write(message),
        Field::List(values) => values.iter().map(|value| write_field(field, value)).collect(),
        Field::Map(entries) => {
            let kind = field.kind();
            let of = kind.as_message().map(MessageDescriptor::map_entry_value_field);
            let of = of.as_ref().unwrap_or(field);
            Value::Object(entries.iter().map(|(key, value)| (written_key(key), write_field(of, value))).collect())
        }
    }
}

fn written_key(key: &MapKey) -> String {
    match key {
        MapKey::Bool(is) => is.to_string(),
        MapKey::I32(number) => number.to_string(),
        MapKey::I64(number) => number.to_string(),
        MapKey::U32(number) => number.to_string(),
        MapKey::U64(number) => number.to_string(),
        MapKey::String(text) => text.clone(),
    }
}

fn enumeration(field: &FieldDescriptor, number: i32) -> Value {
    let kind = field.kind();
    let known = kind.as_enum().and_then(|of: &EnumDescriptor| of.get_value(number));
    known.map_or_else(|| json!(number), |known| json!(known.name()))
}

/// Bytes as they are written: as the text that they are, if they are one.
pub(crate) fn text(bytes: &[u8]) -> String {
    match str::from_utf8(bytes) {
        Ok(text) if !text.starts_with(HEX) && !text.contains(|c: char| c.is_control() && c != '\n') => text.to_owned(),
        _ => bytes.iter().fold(HEX.to_owned(), |mut digits, byte| {
            // Writing to a text cannot fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        }),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn back(name: &str, written: &Value) -> Value {
        let of = pool().get_message_by_name(name).unwrap();
        let bytes = read(&of, written).unwrap().encode_to_vec();
        write(&DynamicMessage::decode(of, bytes.as_slice()).unwrap())
    }

    #[test]
    fn what_makes_no_sense_can_be_written() {
        let request = json!({
            "workflow_id_reuse_policy": 99,
            "workflow_id_conflict_policy": "WORKFLOW_ID_CONFLICT_POLICY_FAIL",
            "workflow_run_timeout": {"seconds": 5, "nanos": -7},
            "memo": {"fields": {"a": {"data": "hex:00ff", "metadata": {"encoding": "binary/plain"}}}},
        });
        assert_eq!(back("temporal.api.workflowservice.v1.StartWorkflowExecutionRequest", &request), request);
    }

    #[test]
    fn a_message_of_any_type_is_written_out() {
        let message = json!({"id": "m", "body": {"@type": "temporal.api.update.v1.Acceptance", "accepted_request_message_id": "r"}});
        assert_eq!(back("temporal.api.protocol.v1.Message", &message), message);
    }

    #[test]
    fn a_field_that_is_not_there_is_an_error() {
        let of = pool().get_message_by_name("temporal.api.common.v1.WorkflowType").unwrap();
        assert_eq!(
            read(&of, &json!({"nam": "x"})).unwrap_err().to_string(),
            "temporal.api.common.v1.WorkflowType has no field nam"
        );
        assert!(read(&of, &json!({"name": 7})).is_err() && read(&of, &json!("x")).is_err());
    }
}
