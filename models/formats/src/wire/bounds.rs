//! What one document may cost: bytes, JSON values and events, counted while it is decoded.
//!
//! A hostile file is small and its tree is large: `[0,0,…]` takes two bytes a value in the file and dozens in memory.
//! So values are counted as they are built, and no tree is ever larger than one event.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::cell::Cell;
use std::fmt;

/// Bytes of a document, after decompression, that are read unless the caller says otherwise. A Temporal server ends
/// a workflow at 50 MB of history (`limit.historySize.error`), counted in protobuf; ordinary JSON of that is refused
/// only for histories near that end, and then by a line that names the limit.
pub const MAX_BYTES: u64 = 64 << 20;

/// Events of one document. A server ends a history at 51,200; this leaves room for long recordings and benchmarks.
const MOST_EVENTS: u64 = 1 << 20;

/// Events that are looked through for one that another event names by something else than its id: a thousand times all events of
/// the longest histories of Cadence.
const MOST_LOOKS: u64 = 1 << 28;

/// Counts down while a document is decoded.
pub(super) struct Budget {
    nodes: Cell<u64>,
    events: Cell<u64>,
    looks: Cell<u64>,
}

impl Budget {
    /// For a document of at most `max` bytes. Values of real histories take some 25 bytes each, keys included.
    pub(super) fn new(max: u64) -> Self {
        Self { nodes: Cell::new((max / 8).max(1 << 16)), events: Cell::new(MOST_EVENTS), looks: Cell::new(MOST_LOOKS) }
    }
    pub(super) fn event<E: Error>(&self) -> Result<(), E> {
        spend(&self.events).ok_or_else(|| E::custom(format_args!("more than {MOST_EVENTS} events")))
    }
    /// So many events are looked through.
    pub(super) fn look<E: Error>(&self, events: usize) -> Result<(), E> {
        let left = self.looks.get().checked_sub(events as u64);
        self.looks.set(left.ok_or_else(|| E::custom("too many events that name others among too many"))?);
        Ok(())
    }
    fn node<E: Error>(&self) -> Result<(), E> {
        spend(&self.nodes).ok_or_else(|| E::custom("too many values for a file of this size"))
    }
}

fn spend(left: &Cell<u64>) -> Option<()> {
    left.set(left.get().checked_sub(1)?);
    Some(())
}

/// Decodes one JSON value within the budget. A key that stands twice in an object is an error: readers differ in
/// which one they take, so it proves nothing.
#[derive(Clone, Copy)]
pub(super) struct Bounded<'a>(pub(super) &'a Budget);

impl<'de> DeserializeSeed<'de> for Bounded<'_> {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.0.node()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded<'_> {
    type Value = Value;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }
    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.contains_key(&key) {
                return Err(twice(&key));
            }
            let value = entries.next_value_seed(self)?;
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}

/// A key that stands twice in one object.
pub(super) fn twice<E: Error>(key: &str) -> E {
    let shown: String = key.chars().take(60).collect();
    E::custom(format_args!("key \"{shown}\" stands twice in one object"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, max: u64) -> Result<Value, String> {
        let mut json = serde_json::Deserializer::from_str(text);
        Bounded(&Budget::new(max)).deserialize(&mut json).map_err(|e| e.to_string())
    }

    #[test]
    fn values_are_those_of_the_plain_reader() {
        let text = r#"{"a":[1,-2,3.5,"x",null,true],"b":{"c":18446744073709551615}}"#;
        assert_eq!(parse(text, 0).unwrap(), serde_json::from_str::<Value>(text).unwrap());
    }

    #[test]
    fn a_key_twice_and_too_many_values_are_refused() {
        assert!(parse(r#"{"a":1,"b":{"c":1,"c":2}}"#, 0).unwrap_err().contains("\"c\" stands twice"));
        let many = format!("[{}0]", "0,".repeat(1 << 16));
        assert!(parse(&many, 0).unwrap_err().contains("too many values"));
        assert!(parse(&many, 1 << 20).is_ok());
    }
}
