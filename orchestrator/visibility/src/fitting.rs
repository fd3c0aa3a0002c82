//! Whether search attributes are as they were registered, and small enough. As in temporalio/temporal,
//! `common/searchattribute/validator.go`, and in its words.

use crate::attribute::{Custom, PREDEFINED, SYSTEM, built_in, type_name};
use crate::value::Value;
use prost::Message as _;
use resurgam_api::temporal::common::v1::{Payload, SearchAttributes};
use resurgam_api::temporal::enums::v1::IndexedValueType as Type;

/// Attributes of a run, at most.
pub const MOST: usize = 100;
/// Bytes of one value.
pub const VALUE_BYTES: usize = 2 << 10;
/// Bytes of all of them.
pub const BYTES: usize = 40 << 10;

/// What is wrong with search attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// Nobody has registered one of them.
    Unknown(String),
    /// One has a value that it cannot have, or cannot be set.
    Wrong(String),
    /// One is too large, or all together are.
    Large(String),
}

impl Misfit {
    /// What is wrong, in words for the caller.
    #[must_use]
    pub fn message(&self) -> &str {
        match self {
            Self::Unknown(message) | Self::Wrong(message) | Self::Large(message) => message,
        }
    }
}

/// Checks what is given in a namespace of this name, whose own attributes are `custom`, and writes beside each value of which
/// type it is.
///
/// # Errors
/// The first thing that is wrong, in the order of the names.
pub fn check(given: &mut SearchAttributes, namespace: &str, custom: &Custom) -> Result<(), Misfit> {
    let fields = &mut given.indexed_fields;
    let mut names: Vec<String> = fields.keys().cloned().collect();
    names.sort();
    if let Some(unknown) = names.iter().find(|name| built_in(name).is_none() && !custom.contains_key(*name)) {
        return Err(Misfit::Unknown(format!(
            "Namespace {namespace} has no mapping defined for search attribute {unknown}"
        )));
    }
    if names.len() > MOST {
        return Err(Misfit::Wrong(format!("number of search attributes {} exceeds limit {MOST}", names.len())));
    }
    for name in &names {
        let Some(payload) = fields.get_mut(name) else { continue };
        one(name, payload, custom)?;
    }
    for name in &names {
        let size = fields.get(name).map_or(0, |payload| payload.data.len());
        if size > VALUE_BYTES {
            return Err(Misfit::Large(format!(
                "search attribute {name} value size {size} exceeds size limit {VALUE_BYTES}"
            )));
        }
    }
    let size = given.encoded_len();
    if size > BYTES {
        return Err(Misfit::Large(format!("total size of search attributes {size} exceeds size limit {BYTES}")));
    }
    Ok(())
}

fn one(name: &str, payload: &mut Payload, custom: &Custom) -> Result<(), Misfit> {
    let system = SYSTEM.iter().any(|(known, _)| *known == name);
    let banned = PREDEFINED.iter().any(|(known, _, free)| *known == name && !free);
    if system || banned {
        return Err(Misfit::Wrong(format!("{name} attribute can't be set in SearchAttributes")));
    }
    let registered = custom.get(name).and_then(|kind| Type::try_from(*kind).ok());
    let kind = built_in(name).or(registered).unwrap_or_default();
    if let Err(value) = Value::decode(payload, kind) {
        let kind = type_name(kind);
        return Err(Misfit::Wrong(format!("invalid value for search attribute {name} of type {kind}: {value}")));
    }
    payload.metadata.entry("type".to_owned()).or_insert_with(|| type_name(kind).into());
    Ok(())
}

/// Takes away what says that there is nothing, which means nothing at a start.
pub fn drop_nothing(given: &mut SearchAttributes) {
    given.indexed_fields.retain(|_, payload| {
        let nothing = payload.metadata.get("encoding").is_some_and(|encoding| encoding == b"binary/null");
        !nothing && payload.data != b"[]"
    });
}

/// How many attributes of a type a namespace may have.
#[must_use]
pub(crate) fn most_of(kind: Type) -> usize {
    match kind {
        Type::Unspecified => 0,
        Type::Keyword => 10,
        Type::Text | Type::Int | Type::Double | Type::Bool | Type::Datetime | Type::KeywordList => 3,
    }
}

/// Adds attributes to those of a namespace. One that is there stays as it is, and one without a name is none.
///
/// # Errors
/// There would be too many of a type.
pub fn register(custom: &mut Custom, new: &[(String, Type)]) -> Result<(), String> {
    for (name, kind) in new {
        let number = i32::from(*kind);
        let there = custom.values().filter(|it| **it == number).count();
        if name.is_empty() || custom.contains_key(name) {
            continue;
        }
        if there >= most_of(*kind) {
            let kind = type_name(*kind);
            return Err(format!(
                "Unable to create search attributes: cannot have more than {there} search attribute of type {kind}."
            ));
        }
        custom.insert(name.clone(), number);
    }
    Ok(())
}

/// The custom attributes of a namespace under the names of the fields that the Temporal server would keep them in.
#[must_use]
pub fn aliases(custom: &Custom) -> Vec<(String, String)> {
    let mut counts = std::collections::BTreeMap::<i32, usize>::new();
    let field = |(name, number): (&String, &i32)| {
        let kind = type_name(Type::try_from(*number).unwrap_or_default());
        let count = counts.entry(*number).or_default();
        *count += 1;
        (format!("{kind}{count:02}"), name.clone())
    };
    custom.iter().map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::keyword;

    fn given(values: &[(&str, &str)]) -> SearchAttributes {
        let payload = |json: &str| Payload {
            metadata: [("encoding".to_owned(), b"json/plain".to_vec())].into(),
            data: json.as_bytes().to_vec(),
            ..Payload::default()
        };
        let fields = values.iter().map(|(name, json)| ((*name).to_owned(), payload(json)));
        SearchAttributes { indexed_fields: fields.collect() }
    }

    fn checked(values: &[(&str, &str)]) -> Result<SearchAttributes, Misfit> {
        let custom = Custom::from([("K".to_owned(), 2), ("I".to_owned(), 3)]);
        let mut given = given(values);
        check(&mut given, "n", &custom).map(|()| given)
    }

    #[test]
    fn what_is_registered_is_taken_and_gets_its_type() {
        let fields = checked(&[("K", "\"v\""), ("BuildIds", "[\"b\"]")]).unwrap().indexed_fields;
        assert_eq!(fields["K"], Payload { data: b"\"v\"".to_vec(), ..keyword("", Type::Keyword) });
        assert_eq!(fields["BuildIds"].metadata["type"], b"KeywordList");
    }

    #[test]
    fn what_does_not_fit_is_refused_in_the_words_of_the_pinned_server() {
        let refused = |values: &[(&str, &str)]| checked(values).unwrap_err().message().to_owned();
        assert_eq!(refused(&[("Z", "1"), ("I", "true")]), "Namespace n has no mapping defined for search attribute Z");
        assert_eq!(refused(&[("I", "\"x\"")]), "invalid value for search attribute I of type Int: x");
        assert_eq!(refused(&[("RunId", "\"x\"")]), "RunId attribute can't be set in SearchAttributes");
        let banned = "TemporalWorkerDeployment attribute can't be set in SearchAttributes";
        assert_eq!(refused(&[("TemporalWorkerDeployment", "\"x\"")]), banned);
        let long = format!("\"{}\"", "x".repeat(3000));
        let large = Misfit::Large("search attribute K value size 3002 exceeds size limit 2048".to_owned());
        assert_eq!(checked(&[("K", &long)]), Err(large));
    }

    #[test]
    fn there_are_so_many_attributes_of_a_type() {
        let mut custom = Custom::new();
        let names = |count: usize| (0..count).map(|n| (format!("I{n}"), Type::Int)).collect::<Vec<_>>();
        assert_eq!(register(&mut custom, &names(3)), Ok(()));
        assert_eq!(register(&mut custom, &[("I0".to_owned(), Type::Bool)]), Ok(()), "it stays what it is");
        let more = "Unable to create search attributes: cannot have more than 3 search attribute of type Int.";
        assert_eq!(register(&mut custom, &names(4)), Err(more.to_owned()));
        assert_eq!(aliases(&custom)[2], ("Int03".to_owned(), "I2".to_owned()));
    }

    #[test]
    fn nothing_is_no_value_at_a_start() {
        let mut fields = given(&[("K", "[]"), ("I", "null")]);
        drop_nothing(&mut fields);
        assert_eq!(fields.indexed_fields.keys().collect::<Vec<_>>(), ["I"], "what JSON calls null is kept");
    }
}
