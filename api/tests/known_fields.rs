//! The models' table of API names says what the protos say. `RESURGAM_WRITE=1 cargo test -p resurgam-api --test
//! known_fields` writes it anew after an update of the protos.

use prost_reflect::{DescriptorPool, EnumDescriptor, Kind, MessageDescriptor};
use std::collections::BTreeMap;

/// Looked into no further: the content belongs to users or to other protocols.
const OPAQUE: [&str; 2] = ["common.v1.Payload", "common.v1.Payloads"];

fn short(full: &str) -> &str {
    full.strip_prefix("temporal.api.").unwrap_or(full)
}

fn message(of: &MessageDescriptor, lines: &mut BTreeMap<String, String>) {
    let name = short(of.full_name());
    if lines.contains_key(name) {
        return;
    }
    lines.insert(name.to_owned(), String::new());
    let mut line = format!("message {name}");
    for field in of.fields() {
        line.push(' ');
        line.push_str(field.json_name());
        match field.kind() {
            _ if field.is_map() => {}
            Kind::Message(inner) => {
                let inner_name = short(inner.full_name());
                if inner.full_name().starts_with("temporal.api.") && !OPAQUE.contains(&inner_name) {
                    line.push_str(&format!(":{inner_name}"));
                    message(&inner, lines);
                }
            }
            Kind::Enum(values) => {
                line.push_str(&format!(":{}", short(values.full_name())));
                enumeration(&values, lines);
            }
            _ => {}
        }
    }
    lines.insert(name.to_owned(), line);
}

fn enumeration(of: &EnumDescriptor, lines: &mut BTreeMap<String, String>) {
    let values: String = of.values().map(|value| format!(" {}={}", value.number(), value.name())).collect();
    lines.insert(short(of.full_name()).to_owned(), format!("enum {}{values}", short(of.full_name())));
}

#[test]
fn the_table_of_the_models_is_that_of_the_protos() {
    const BYTES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));
    let pool = DescriptorPool::decode(BYTES).unwrap();
    let mut lines = BTreeMap::new();
    message(&pool.get_message_by_name("temporal.api.history.v1.HistoryEvent").unwrap(), &mut lines);
    let text: String = lines.into_values().map(|line| line + "\n").collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/formats/src/event/known.txt");
    if std::env::var_os("RESURGAM_WRITE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert!(text.lines().count() > 60);
    assert_eq!(std::fs::read_to_string(path).unwrap(), text);
}
