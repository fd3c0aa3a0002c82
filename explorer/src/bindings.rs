//! What the names in a written request stand for on one server: ids, runs and tokens that differ from server to server.
//!
//! `{run}` is replaced by what was bound to `run`, `{x*1001}` by as many times `x`.

use serde_json::Value;
use std::collections::BTreeMap;

/// A run that is nobody's.
const NO_RUN: &str = "01900000-2222-7333-8444-555555555555";
/// What tokens are before there is one.
const NO_TOKEN: &str = "nonsense";
/// So short a value may stand in a text by chance.
const SHORT: usize = 6;

/// Names and what they stand for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bindings(BTreeMap<String, String>);

impl Bindings {
    /// What every situation begins with.
    pub(crate) fn new(namespaces: [&str; 3], id: &str) -> Self {
        let mut new = Self::default();
        let [namespace, other, namespace_id] = namespaces;
        for (name, value) in [
            ("ns", namespace),
            ("other_ns", other),
            ("ns_id", namespace_id),
            ("id", id),
            ("queue", &format!("{id}-queue")),
        ] {
            new.bind(name, value);
        }
        for name in ["no_run", "run", "old_run", "first_run"] {
            new.bind(name, NO_RUN);
        }
        for name in ["token", "old_token", "activity_token", "page_token", "query_token", "conflict_token"] {
            new.bind(name, NO_TOKEN);
        }
        for name in ["message", "sequence"] {
            new.bind(name, "0");
        }
        new
    }

    pub(crate) fn bind(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }

    /// The written request with what the names stand for.
    pub(crate) fn fill(&self, written: &Value) -> Value {
        match written {
            Value::String(text) => Value::String(self.fill_text(text)),
            Value::Array(values) => values.iter().map(|value| self.fill(value)).collect(),
            Value::Object(fields) => {
                Value::Object(fields.iter().map(|(name, value)| (self.fill_text(name), self.fill(value))).collect())
            }
            other => other.clone(),
        }
    }

    fn fill_text(&self, text: &str) -> String {
        let (mut filled, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            let repeated = name.split_once('*').and_then(|(text, count)| Some(text.repeat(count.parse().ok()?)));
            match repeated.or_else(|| self.0.get(name).cloned()) {
                Some(value) => {
                    filled.push_str(&value);
                    rest = behind;
                }
                None => {
                    filled.push('{');
                    rest = after;
                }
            }
        }
        filled + rest
    }

    /// A text with the names in place of what they stand for on this server. The longest first: one may begin like another.
    pub(crate) fn name(&self, text: &str) -> String {
        let mut known: Vec<_> =
            self.0.iter().filter(|(name, value)| value.len() >= SHORT && *name != "no_run").collect();
        // Where two names stand for the same, the later in the alphabet is as good as the other, but always the same one.
        known.sort_by_key(|(name, value)| (usize::MAX - value.len(), rank(name)));
        let mut named = text.to_owned();
        for (name, value) in known {
            if named.contains(value.as_str()) {
                named = named.replace(value.as_str(), &format!("{{{name}}}"));
            }
        }
        named
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// Which of two names of the same thing is used.
fn rank(name: &str) -> (bool, &str) {
    (name != "run", name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_replaced_and_found_again() {
        let mut bindings = Bindings::new(["space-one", "space-two", "space-id"], "case-1");
        bindings.bind("run", "a-run-of-it");
        let written = json!({"a": ["{id}/{run}", {"{ns}": "{x*3}-{unknown}-{\"a\":1}"}], "n": 7});
        let filled = json!({"a": ["case-1/a-run-of-it", {"space-one": "xxx-{unknown}-{\"a\":1}"}], "n": 7});
        assert_eq!(bindings.fill(&written), filled);
        assert_eq!(bindings.name("case-1-queue of case-1 (a-run-of-it)"), "{queue} of {id} ({run})");
    }
}
