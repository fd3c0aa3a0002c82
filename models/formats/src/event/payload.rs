//! Payloads as events carry them. Encrypted ones stay opaque.

use super::field::{Field, take};
use base64::Engine as _;
use serde_json::{Value, json};

/// One payload: its encoding and its bytes (encrypted ones stay opaque).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// The `encoding` metadata, such as `json/plain`.
    pub encoding: String,
    /// The bytes as they were sent, in the encoding that the metadata names.
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
