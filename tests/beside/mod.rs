//! What two servers answered to the same calls, as lines beside each other: it decides what has to be equal, and makes no call.

use prost::{Message, Name};
use resurgam_api::json;
use serde_json::Value;
use tonic::Status;

/// Compares what was seen of both, line by line. Lines that begin as one of `otherwise` says may differ, and some of them have to: each is
/// given with the reason.
///
/// # Panics
/// Another line differs, an exception is needed no more, or there are not more than `least` lines.
pub(crate) fn same(ours: &[String], theirs: &[String], otherwise: &[(&str, &str)], least: usize) {
    let lines = ours.len().max(theirs.len());
    let of = |all: &[String], line: usize| all.get(line).cloned().unwrap_or_default();
    let differ = (0..lines).filter(|line| ours.get(*line) != theirs.get(*line));
    let begins = |line: usize, with: &str| of(ours, line).starts_with(with) && of(theirs, line).starts_with(with);
    let (known, differ): (Vec<_>, Vec<_>) =
        differ.partition(|line| otherwise.iter().any(|(with, _)| begins(*line, with)));
    let unneeded = otherwise.iter().filter(|(with, _)| !known.iter().any(|line| begins(*line, with)));
    let unneeded: Vec<_> = unneeded.collect();
    assert!(unneeded.is_empty(), "these do not differ any more: {unneeded:?}");
    let differ: Vec<_> = differ
        .into_iter()
        .map(|line| format!("line {line}\n  ours:   {}\n  theirs: {}", of(ours, line), of(theirs, line)))
        .collect();
    assert!(differ.is_empty(), "{} lines:\n{}", differ.len(), differ.join("\n"));
    assert!(lines > least, "only {lines} lines were compared");
}

/// What a call came to, in a line, without the fields that are a server's `own`.
pub(crate) fn seen<T: Message + Name>(own: &[&str], answer: Result<&T, &Status>) -> String {
    match answer {
        Ok(answer) => match json::to_json(answer) {
            Ok(mut seen) => {
                without(own, &mut seen);
                seen.to_string()
            }
            // There are times that JSON has no words for.
            Err(problem) => problem.to_string(),
        },
        // Protobuf for Go writes one kind of space or another, by chance.
        Err(status) => format!("{:?}: {}", status.code(), status.message().replace('\u{a0}', " ")),
    }
}

/// Takes out of an answer the fields that are a server's `own`, and everything that says nothing.
pub(crate) fn without(own: &[&str], value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|name, _| !own.contains(&name.as_str()));
            fields.values_mut().for_each(|value| without(own, value));
            fields.retain(|_, value| !says_nothing(value));
        }
        Value::Array(all) => all.iter_mut().for_each(|value| without(own, value)),
        _ => {}
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(all) => all.is_empty(),
        _ => false,
    }
}
