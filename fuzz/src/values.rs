//! Recordings with mistakes that a decoder lets through: their values are changed and not their bytes, so rules get to see them.

use crate::script::Script;
use serde_json::{Number, Value, json};

/// Mistakes in one recording.
const MOST_MISTAKES: usize = 6;
/// How deep a mistake may be.
const DEEPEST: usize = 12;
/// The most lines of a recording; what would make more is not done.
const MOST_LINES: usize = 2000;

/// The lines of a recording, as values.
#[must_use]
pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// The same recording with the mistakes that a script describes: values and order changed, lines cut, lost and doubled.
#[must_use]
pub(crate) fn spoil(script: &mut Script<'_>, mut lines: Vec<Value>) -> Vec<Value> {
    for _ in 0..=script.below(MOST_MISTAKES) {
        if script.is_over() || lines.is_empty() {
            break;
        }
        let at = script.below(lines.len());
        match script.below(8) {
            0 => drop(lines.remove(at)),
            1 if lines.len() < MOST_LINES => {
                let to = script.below(lines.len() + 1);
                lines.insert(to, lines[at].clone());
            }
            2 => {
                let to = script.below(lines.len());
                lines.swap(at, to);
            }
            3 => {
                let other = lines[script.below(lines.len())].clone();
                within(script, &mut lines[at], &other, 0);
            }
            _ => {
                let other = lines[at].clone();
                within(script, &mut lines[at], &other, 0);
            }
        }
    }
    lines
}

/// Makes a mistake somewhere inside. `other` has values that are as likely to be there.
fn within(script: &mut Script<'_>, value: &mut Value, other: &Value, depth: usize) {
    let stop = depth >= DEEPEST || script.below(12) == 0;
    match value {
        Value::Array(items) if !items.is_empty() && !stop => {
            let at = script.below(items.len());
            within(script, &mut items[at], other, depth + 1);
        }
        Value::Array(items) => list(script, items),
        Value::Object(fields) if !fields.is_empty() && !stop => {
            let at = script.below(fields.len());
            if let Some(inner) = fields.values_mut().nth(at) {
                within(script, inner, other, depth + 1);
            }
        }
        Value::Object(fields) => {
            let key = fields.keys().nth(script.below(fields.len().max(1))).cloned().unwrap_or_default();
            fields.remove(&key);
        }
        Value::Number(number) => *number = changed(script, number),
        Value::String(text) => *text = word(script, text, other),
        Value::Bool(bool) => *bool = !*bool,
        Value::Null => *value = json!(script.byte()),
    }
}

/// Loses, doubles or swaps something in a list.
fn list(script: &mut Script<'_>, items: &mut Vec<Value>) {
    if items.is_empty() {
        return;
    }
    let (at, to) = (script.below(items.len()), script.below(items.len()));
    match script.below(4) {
        0 => drop(items.remove(at)),
        1 => items.insert(to, items[at].clone()),
        2 => items.swap(at, to),
        _ => items.truncate(at),
    }
}

/// A number near it, or at an edge.
fn changed(script: &mut Script<'_>, number: &Number) -> Number {
    let near = i64::from(script.byte()) - 128;
    let Some(known) = number.as_i64() else { return near.into() };
    match script.below(8) {
        0 => i64::MAX.into(),
        1 => i64::MIN.into(),
        2 => u32::MAX.into(),
        3 => 0.into(),
        4 => u64::MAX.into(),
        5 => known.wrapping_neg().into(),
        _ => known.wrapping_add(near).into(),
    }
}

/// Another text of the same recording, a number for a number, or something odd.
fn word(script: &mut Script<'_>, text: &str, other: &Value) -> String {
    if let Ok(number) = text.parse::<i64>() {
        return changed(script, &number.into()).to_string();
    }
    match script.below(6) {
        0 => String::new(),
        1 => format!("{text}{text}"),
        2 => "\u{0}\u{1b}é".to_owned(),
        3 => "-9223372036854775808s".to_owned(),
        _ => {
            let mut texts = Vec::new();
            gather(other, &mut texts);
            texts.get(script.below(texts.len().max(1))).copied().unwrap_or_default().to_owned()
        }
    }
}

/// All texts in a value.
fn gather<'v>(value: &'v Value, into: &mut Vec<&'v str>) {
    match value {
        Value::String(text) => into.push(text),
        Value::Array(items) => items.iter().for_each(|item| gather(item, into)),
        Value::Object(fields) => fields.values().for_each(|field| gather(field, into)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
