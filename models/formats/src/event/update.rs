//! The request and the outcome of an update as events carry them.

use super::failure::Failure;
use super::field::{Field, Raw, compact, object, part, take};
use super::payload::Payloads;
use serde_json::{Value, json};

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
    /// What the client gave to the handler.
    pub args: Payloads,
    /// The client that asked, by the name it gives itself.
    pub identity: String,
    /// The header that came with it.
    pub header: Raw,
}

impl Field for UpdateRequest {
    fn read(value: Value) -> Result<Self, String> {
        let mut map = object(value)?;
        let mut meta = take(&mut map, "meta").map(object).transpose()?.unwrap_or_default();
        let mut input = take(&mut map, "input").map(object).transpose()?.unwrap_or_default();
        Ok(Self {
            id: part(&mut meta, "updateId")?,
            identity: part(&mut meta, "identity")?,
            name: part(&mut input, "name")?,
            args: part(&mut input, "args")?,
            header: part(&mut input, "header")?,
        })
    }
    fn write(&self) -> Option<Value> {
        let meta = compact(vec![("updateId", self.id.write()), ("identity", self.identity.write())]);
        let input =
            compact(vec![("name", self.name.write()), ("args", self.args.write()), ("header", self.header.write())]);
        compact(vec![("meta", meta), ("input", input)])
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
