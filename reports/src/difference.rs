//! Where two recordings or plans first differ: the line, the path inside its JSON, and both values.

use crate::paint::harmless;
use crate::text;
use serde_json::Value;
use std::fmt::Write as _;

/// The first difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The line, from 1.
    pub line: usize,
    /// The path in the JSON of that line (or of the file, if it is one value), such as `call.action.name`.
    pub path: String,
    /// What stands there in each file; `None`: nothing.
    pub values: [Option<Value>; 2],
    /// Up to three lines before, equal in both.
    pub before: Vec<String>,
}

/// Compares two texts, each one JSON value or one per line. `None`: they say the same.
///
/// # Errors
/// Which of the two (0 or 1) is not JSON, and where.
pub fn first(texts: [&str; 2]) -> Result<Option<Difference>, (usize, String)> {
    if let [Ok(one), Ok(two)] = texts.map(serde_json::from_str::<Value>) {
        return Ok(inside(&one, &two, String::new()).map(|(path, values)| {
            let line = texts[0].lines().zip(texts[1].lines()).take_while(|(a, b)| a == b).count() + 1;
            Difference { line, path, values, before: Vec::new() }
        }));
    }
    for (index, text) in texts.into_iter().enumerate() {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            serde_json::from_str::<serde::de::IgnoredAny>(line)
                .map_err(|e| (index, format!("line {} is not JSON: {e}", number + 1)))?;
        }
    }
    let [mut left, mut right] = texts.map(|text| text.lines().filter(|line| !line.trim().is_empty()));
    let mut before: Vec<&str> = Vec::new();
    for number in 1.. {
        let (one, two) = (left.next(), right.next());
        if one.is_none() && two.is_none() {
            break;
        }
        if one != two {
            let [one, two] = [one, two].map(|line| line.and_then(|line| serde_json::from_str::<Value>(line).ok()));
            let found = match (one, two) {
                (Some(one), Some(two)) => inside(&one, &two, String::new()),
                (one, two) => Some((String::new(), [one, two])),
            };
            if let Some((path, values)) = found {
                let before = before.iter().rev().take(3).rev().map(|line| (*line).to_owned()).collect();
                return Ok(Some(Difference { line: number, path, values, before }));
            }
        }
        before.extend(one);
    }
    Ok(None)
}

type Found = Option<(String, [Option<Value>; 2])>;

fn inside(one: &Value, two: &Value, path: String) -> Found {
    let join = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match (one, two) {
        _ if one == two => None,
        (Value::Object(left), Value::Object(right)) => {
            let names: std::collections::BTreeSet<&String> = left.keys().chain(right.keys()).collect();
            names.into_iter().find_map(|name| either(left.get(name), right.get(name), join(name)))
        }
        (Value::Array(left), Value::Array(right)) => (0..left.len().max(right.len()))
            .find_map(|index| either(left.get(index), right.get(index), format!("{path}[{index}]"))),
        _ => Some((path, [Some(one.clone()), Some(two.clone())])),
    }
}

fn either(one: Option<&Value>, two: Option<&Value>, path: String) -> Found {
    match (one, two) {
        (Some(one), Some(two)) => inside(one, two, path),
        (one, two) => Some((path, [one.cloned(), two.cloned()])),
    }
}

impl Difference {
    /// The difference in lines, with the names of the two files.
    #[must_use]
    pub fn lines(&self, names: [&str; 2]) -> String {
        let place = if self.path.is_empty() { String::new() } else { format!(" at {}", harmless(&self.path)) };
        let mut out = format!("first difference: line {}{place}\n", self.line);
        // Writing to a string cannot fail.
        for (offset, line) in self.before.iter().enumerate() {
            let number = self.line - self.before.len() + offset;
            let _ = writeln!(out, "  {number:>6}  {}", text::cut(&harmless(line), 160));
        }
        for (name, value) in names.iter().zip(&self.values) {
            let value =
                value.as_ref().map_or_else(|| "(nothing)".to_owned(), |value| text::cut(&value.to_string(), 400));
            let _ = writeln!(out, "  {}: {}", harmless(name), harmless(&value));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_difference_is_found_with_its_path() {
        let one = "{\"a\":1}\n{\"b\":{\"c\":[1,2]}}\n";
        assert_eq!(first([one, one]), Ok(None));
        assert_eq!(first([one, "{\"a\":1}\n{\"b\": {\"c\": [1, 2]}}\n"]), Ok(None));
        let found = first([one, "{\"a\":1}\n{\"b\":{\"c\":[1,3]}}\n{}"]).unwrap().unwrap();
        assert_eq!((found.line, found.path.as_str()), (2, "b.c[1]"));
        assert_eq!(found.values, [Some(json!(2)), Some(json!(3))]);
        assert_eq!(found.before, ["{\"a\":1}"]);
        let text = found.lines(["x", "y"]);
        assert_eq!(text, "first difference: line 2 at b.c[1]\n       1  {\"a\":1}\n  x: 2\n  y: 3\n");
    }

    #[test]
    fn one_may_be_shorter() {
        let found = first(["{\"a\":1}\n{\"b\":1}\n", "{\"a\":1}\n"]).unwrap();
        // The shorter text is one value and the longer is not: they are compared line by line.
        let found = found.unwrap();
        assert_eq!((found.line, found.values), (2, [Some(json!({"b": 1})), None]));
        let field = first(["{\"a\":1}", "{\"a\":1,\"b\":2}"]).unwrap().unwrap();
        assert_eq!((field.path.as_str(), field.values), ("b", [None, Some(json!(2))]));
    }

    #[test]
    fn what_is_not_json_is_named() {
        let (which, problem) = first(["{}\n{}", "{}\nnonsense"]).unwrap_err();
        assert!(which == 1 && problem.starts_with("line 2 is not JSON"), "{problem}");
    }
}
