//! Which field of a plan cannot be read: the parser says what is wrong, and of values inside a tagged one no longer where.

use super::Plan;
use serde_json::{Map, Value};

/// The way to the first value of `given` that is not as the schema of plans wants it, such as `plan.operations[3].at_ms`. It is for
/// a plan that was refused; `None` if the schema has nothing against it.
#[must_use]
pub fn misfit(given: &Value) -> Option<String> {
    let schema = schemars::schema_for!(Plan);
    Schema { root: schema.as_value() }.misfit(schema.as_value(), given, "plan")
}

/// As much of JSON Schema as the schemas of our formats use.
struct Schema<'a> {
    root: &'a Value,
}

impl Schema<'_> {
    fn misfit(&self, schema: &Value, given: &Value, way: &str) -> Option<String> {
        let schema = self.resolved(schema);
        if !is_of_type(schema, given) || !is_in_range(schema, given) {
            return Some(way.to_owned());
        }
        let within = match given {
            Value::Object(fields) => self.in_fields(schema, fields, way),
            Value::Array(items) => schema.get("items").and_then(|each| {
                let mut numbered = items.iter().enumerate();
                numbered.find_map(|(number, item)| self.misfit(each, item, &format!("{way}[{number}]")))
            }),
            _ => None,
        };
        let choices = ["oneOf", "anyOf"].iter().find_map(|word| schema.get(*word)?.as_array());
        within.or_else(|| self.in_choice(choices?, given, way))
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let reference = schema.get("$ref").and_then(Value::as_str).and_then(|to| to.strip_prefix('#'));
        reference.and_then(|pointer| self.root.pointer(pointer)).map_or(schema, |to| self.resolved(to))
    }

    fn in_fields(&self, schema: &Value, fields: &Map<String, Value>, way: &str) -> Option<String> {
        let missing = required(schema).find(|name| !fields.contains_key(*name));
        let known = schema.get("properties").and_then(Value::as_object);
        let others = schema.get("additionalProperties");
        fields
            .iter()
            .find_map(|(name, value)| {
                let way = format!("{way}.{name}");
                match (known.and_then(|known| known.get(name)), others) {
                    (Some(schema), _) => self.misfit(schema, value, &way),
                    (None, Some(Value::Bool(false))) => Some(way),
                    (None, Some(others @ Value::Object(_))) => self.misfit(others, value, &way),
                    (None, _) => None,
                }
            })
            .or_else(|| missing.map(|name| format!("{way}.{name}")))
    }

    /// Looks into the choice that is meant: the one whose tag is given, or whose only field.
    fn in_choice(&self, choices: &[Value], given: &Value, way: &str) -> Option<String> {
        if choices.iter().any(|choice| self.misfit(choice, given, way).is_none()) {
            return None;
        }
        let choices: Vec<&Value> = choices.iter().map(|choice| self.resolved(choice)).collect();
        let tag = |choice: &Value| tag(choice).map(|(name, word)| given.get(name) == Some(word));
        let meant = choices.iter().find(|choice| tag(choice) == Some(true)).or_else(|| {
            let untagged = choices.iter().filter(|choice| tag(choice).is_none() && is_of_type(choice, given));
            untagged.into_iter().find(|choice| required(choice).all(|name| given.get(name).is_some()))
        });
        match meant {
            Some(meant) => self.misfit(meant, given, way),
            None => {
                let name = choices.iter().find_map(|choice| self::tag(choice)).map(|(name, _)| name);
                Some(name.filter(|_| given.is_object()).map_or(way.to_owned(), |name| format!("{way}.{name}")))
            }
        }
    }
}

/// The field whose value says which of several choices this is, and that value.
fn tag(schema: &Value) -> Option<(&String, &Value)> {
    schema.get("properties")?.as_object()?.iter().find_map(|(name, of)| Some((name, of.get("const")?)))
}

fn required(schema: &Value) -> impl Iterator<Item = &str> {
    schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

fn is_of_type(schema: &Value, given: &Value) -> bool {
    let is = |kind: &Value| match kind.as_str() {
        Some("integer") => given.is_i64() || given.is_u64(),
        Some("number") => given.is_number(),
        Some("string") => given.is_string(),
        Some("boolean") => given.is_boolean(),
        Some("array") => given.is_array(),
        Some("object") => given.is_object(),
        Some("null") => given.is_null(),
        _ => true,
    };
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(is),
        Some(kind) => is(kind),
        None => true,
    };
    kind && schema.get("const").is_none_or(|word| word == given)
}

/// True for a number that the field can hold.
fn is_in_range(schema: &Value, given: &Value) -> bool {
    let Some(number) = given.as_i64() else { return true };
    let most = match schema.get("format").and_then(Value::as_str) {
        Some("uint32") => Some(i64::from(u32::MAX)),
        Some("int32") => Some(i64::from(i32::MAX)),
        _ => schema.get("maximum").and_then(Value::as_i64),
    };
    let least = match schema.get("format").and_then(Value::as_str) {
        Some("int32") => Some(i64::from(i32::MIN)),
        _ => schema.get("minimum").and_then(Value::as_i64),
    };
    least.is_none_or(|least| least <= number) && most.is_none_or(|most| number <= most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use resurgam_generate::chaos;
    use serde_json::json;

    #[test]
    fn plans_of_the_generator_are_as_the_schema_says() {
        for seed in 0..50 {
            assert_eq!(misfit(&serde_json::to_value(chaos(seed)).unwrap()), None, "seed {seed}");
        }
    }

    /// The ways to all values in a plan, as pointers, with what they are called in a message.
    fn ways(value: &Value, pointer: &str, way: &str, into: &mut Vec<(String, String)>) {
        match value {
            Value::Object(fields) => fields.iter().for_each(|(name, value)| {
                ways(
                    value,
                    &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")),
                    &format!("{way}.{name}"),
                    into,
                );
            }),
            Value::Array(items) => items.iter().enumerate().for_each(|(number, value)| {
                ways(value, &format!("{pointer}/{number}"), &format!("{way}[{number}]"), into);
            }),
            _ => into.push((pointer.to_owned(), way.to_owned())),
        }
    }

    /// Every value of some plans in turn becomes what no field takes, and the message names where.
    #[test]
    fn a_value_that_cannot_be_read_is_named_wherever_it_stands() {
        let mut tried = 0;
        for seed in [1, 2] {
            let plan = serde_json::to_value(chaos(seed)).unwrap();
            let mut all = Vec::new();
            ways(&plan, "", "plan", &mut all);
            for (pointer, way) in all {
                for wrong in [json!({"nosuch": 1}), json!(-9_000_000_000_000_i64)] {
                    let mut given = plan.clone();
                    *given.pointer_mut(&pointer).unwrap() = wrong;
                    if let Err(why) = serde_json::from_value::<Plan>(given.clone()) {
                        tried += 1;
                        let named = misfit(&given).unwrap_or_else(|| panic!("{way}: {why}"));
                        assert!(named.starts_with(&way), "{way} is called {named}: {why}");
                    }
                }
            }
        }
        assert!(tried > 300, "{tried}");
    }
}
