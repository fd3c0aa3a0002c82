//! Fields that a plan was given with and that mean nothing in it: a misspelt fault must not be a fault that never comes.
//!
//! Most types refuse unknown fields as they are read. This finds the rest, in faults and in calls without options, by what is
//! lost when the plan is written again.

use super::Plan;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The first field of `given` that the plan read from it knows nothing of, with the way to it.
///
/// # Panics
/// A plan cannot be written as JSON, which is a bug of the format.
#[must_use]
pub fn unknown_field(given: &Value, plan: &Plan) -> Option<String> {
    let written = serde_json::to_value(plan).expect("a plan can be written");
    lost(given, &written, &names(), "plan")
}

fn lost(given: &Value, written: &Value, names: &BTreeSet<String>, way: &str) -> Option<String> {
    match (given, written) {
        (Value::Object(given), Value::Object(written)) => {
            given.iter().find_map(|(name, value)| match written.get(name) {
                Some(written) => lost(value, written, names, &format!("{way}.{name}")),
                None if is_left_out(name, value, names) => None,
                None => Some(format!("unknown field `{name}` in {way}")),
            })
        }
        (Value::Array(given), Value::Array(written)) => {
            let mut pairs = given.iter().zip(written).enumerate();
            pairs.find_map(|(number, (given, written))| lost(given, written, names, &format!("{way}[{number}]")))
        }
        _ => None,
    }
}

/// True for a field that is known, and is not written because it says what goes without saying.
fn is_left_out(name: &str, value: &Value, names: &BTreeSet<String>) -> bool {
    let empty = match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_u64() == Some(0),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.is_empty() || name == "cluster",
        Value::String(_) => false,
    };
    empty && names.contains(name)
}

/// The names of all fields in plans.
fn names() -> BTreeSet<String> {
    fn collect(schema: &Value, names: &mut BTreeSet<String>) {
        match schema {
            Value::Object(map) => {
                let properties = map.get("properties").and_then(Value::as_object);
                names.extend(properties.into_iter().flat_map(Map::keys).cloned());
                map.values().for_each(|inner| collect(inner, names));
            }
            Value::Array(list) => list.iter().for_each(|inner| collect(inner, names)),
            _ => {}
        }
    }
    let mut names = BTreeSet::new();
    collect(schemars::schema_for!(Plan).as_value(), &mut names);
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_generate::chaos;
    use serde_json::json;

    /// What is wrong with a plan of the generator after a change.
    fn problem(seed: u64, change: impl FnOnce(&mut Value)) -> Option<String> {
        let mut given = serde_json::to_value(chaos(seed)).unwrap();
        change(&mut given);
        match serde_json::from_value::<Plan>(given.clone()) {
            Ok(plan) => unknown_field(&given, &plan),
            Err(refused) => Some(refused.to_string()),
        }
    }

    #[test]
    fn plans_of_the_generator_have_none() {
        for seed in 0..200 {
            assert_eq!(problem(seed, |_| ()), None, "seed {seed}");
        }
    }

    #[test]
    fn an_unknown_field_is_named_wherever_it_stands() {
        let place = |pointer: &'static str| {
            move |plan: &mut Value| {
                let there = plan.pointer_mut(pointer).and_then(Value::as_object_mut).unwrap();
                there.insert("nosuch".into(), json!(0));
            }
        };
        let faulty = (0..).find(|seed| !chaos(*seed).faults.is_empty()).unwrap();
        for pointer in ["", "/knobs", "/workers", "/operations/0", "/operations/0/action", "/programs/0/program"] {
            let problem = problem(faulty, place(pointer)).unwrap_or_else(|| panic!("{pointer} passes"));
            assert!(problem.contains("unknown field `nosuch`"), "{problem}");
        }
        let fault = problem(faulty, place("/faults/0"));
        assert_eq!(fault.as_deref(), Some("unknown field `nosuch` in plan.faults[0]"));
    }

    #[test]
    fn a_call_without_options_has_no_field() {
        let cancel = |field: Value| {
            move |plan: &mut Value| plan["operations"][0]["action"] = json!({"call": "cancel", "nosuch": field})
        };
        let problem = problem(1, cancel(json!(0)));
        assert_eq!(problem.as_deref(), Some("unknown field `nosuch` in plan.operations[0].action"));
    }

    #[test]
    fn what_goes_without_saying_may_be_said() {
        assert_eq!(problem(1, |plan| plan["operations"][0]["again_ms"] = json!([])), None);
        let whole = serde_json::to_value(crate::plan::Cluster::default()).unwrap();
        assert_eq!(problem(1, |plan| plan["cluster"] = whole), None);
    }
}
