//! The smallest case that still shows a difference of one kind: fewer fields drawn, fewer steps before.

use crate::campaign::Order;
use crate::case::Case;
use crate::catalogue::{self, situations};
use crate::pair::Pair;
use serde_json::{Map, Value};

/// So many cases may be tried.
const TRIES: usize = 120;

/// Shrinks the case of a seed as long as it shows a difference of this kind.
///
/// # Errors
/// A server is gone.
pub async fn shrink(pair: &Pair, order: &Order, seed: u64, kind: &str) -> Result<Case, String> {
    let mut case = order.case(seed)?;
    let mut tries = 0;
    'again: while tries < TRIES {
        for smaller in smaller(&case) {
            tries += 1;
            let id = format!("{}-{seed}-smaller-{tries}", order.prefix);
            // A smaller case may lead nowhere: then it shows nothing.
            let outcome = pair.execute(&id, &smaller).await.unwrap_or_default();
            if outcome.differences.iter().any(|(difference, _)| difference.kind() == kind) {
                case = smaller;
                continue 'again;
            }
        }
        break;
    }
    Ok(case)
}

/// Cases that are smaller by one thing, those that are much smaller first.
fn smaller(case: &Case) -> Vec<Case> {
    let mut cases = Vec::new();
    // Simpler situations are those before it, with fewer steps.
    let simpler = situations().iter().filter(|other| other.steps.len() < case.situation.steps.len());
    cases.extend(simpler.map(|situation| Case { situation: situation.clone(), requests: case.requests.clone() }));
    for at in (0..case.requests.len()).filter(|_| case.requests.len() > 1).rev() {
        let mut fewer = case.clone();
        fewer.requests.remove(at);
        cases.push(fewer);
    }
    for (at, request) in case.requests.iter().enumerate() {
        let valid = catalogue::request(&request.call, &Map::new());
        let with = |body: Value| {
            let mut case = case.clone();
            case.requests[at].body = body;
            case
        };
        cases.extend(nearer(&request.body, &valid).into_iter().map(with));
    }
    cases
}

/// A value with one thing less in which it differs from another one.
fn nearer(value: &Value, valid: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    match (value, valid) {
        (Value::Object(fields), Value::Object(valid)) => {
            for (name, is) in fields {
                let with = |other: Option<Value>| {
                    let mut fields = fields.clone();
                    match other {
                        Some(other) => fields.insert(name.clone(), other),
                        None => fields.remove(name),
                    };
                    Value::Object(fields)
                };
                match valid.get(name) {
                    Some(should) if should == is => {}
                    Some(should) => {
                        found.push(with(Some(should.clone())));
                        found.extend(nearer(is, should).into_iter().map(|other| with(Some(other))));
                    }
                    None => {
                        found.push(with(None));
                        found.extend(nearer(is, &Value::Object(Map::new())).into_iter().map(|other| with(Some(other))));
                    }
                }
            }
            for (name, should) in valid.iter().filter(|(name, _)| !fields.contains_key(*name)) {
                let mut fields = fields.clone();
                fields.insert(name.clone(), should.clone());
                found.push(Value::Object(fields));
            }
        }
        (Value::Array(values), _) => {
            for at in 0..values.len() {
                let mut fewer = values.clone();
                fewer.remove(at);
                found.push(Value::Array(fewer));
                for other in nearer(&values[at], &Value::Object(Map::new())) {
                    let mut values = values.clone();
                    values[at] = other;
                    found.push(Value::Array(values));
                }
            }
        }
        _ => {}
    }
    found.retain(|other| other != value);
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_is_smaller_by_one_thing() {
        let valid = json!({"a": 1, "b": {"c": 2}});
        let drawn = json!({"b": {"c": 3, "d": 4}, "e": [5]});
        let found = nearer(&drawn, &valid);
        for expected in [
            json!({"a": 1, "b": {"c": 3, "d": 4}, "e": [5]}),
            json!({"b": {"c": 2}, "e": [5]}),
            json!({"b": {"c": 2, "d": 4}, "e": [5]}),
            json!({"b": {"c": 3}, "e": [5]}),
            json!({"b": {"c": 3, "d": 4}}),
            json!({"b": {"c": 3, "d": 4}, "e": []}),
        ] {
            assert!(found.contains(&expected), "{expected} is not in {found:?}");
        }
        assert!(nearer(&valid, &valid).is_empty());
    }
}
