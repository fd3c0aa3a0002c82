//! Values of attributes, and how they compare: as in SQLite, in which the pinned Temporal server keeps its list. A number
//! is less than any text; between a text and a number the type of the attribute decides what both are taken for.

use crate::attribute::{Attribute, type_name};
use crate::{Record, time};
use resurgam_api::temporal::common::v1::Payload;
use resurgam_api::temporal::enums::v1::IndexedValueType as Type;
use serde_json::Value as Json;
use std::cmp::Ordering;

/// A value of an attribute, or one to which it is compared.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    /// There is none.
    Nothing,
    /// A whole number; of a truth 1 or 0.
    Int(i64),
    /// A number with a fraction.
    Real(f64),
    /// A text or a keyword.
    Text(String),
    /// Microseconds since 1970.
    Moment(i64),
    /// Several keywords, in their order.
    List(Vec<String>),
}

impl Value {
    /// What a payload says, if it is of this type.
    ///
    /// # Errors
    /// It is not: with what it says, as text.
    pub(crate) fn decode(payload: &Payload, kind: Type) -> Result<Self, String> {
        let encoding = payload.metadata.get("encoding").map(Vec::as_slice);
        if encoding == Some(b"binary/null") {
            return Ok(Self::Nothing);
        }
        let read = serde_json::from_slice(&payload.data).ok().filter(|_| encoding == Some(b"json/plain"));
        let Some(json): Option<Json> = read else {
            return Err(format!("value from <{}>", String::from_utf8_lossy(&payload.data)));
        };
        Self::of_type(&json, kind).ok_or_else(|| plain(&json))
    }

    fn of_type(json: &Json, kind: Type) -> Option<Self> {
        Some(match (json, kind) {
            (Json::Null, _) => Self::Nothing,
            (Json::Array(all), _) if all.is_empty() => Self::Nothing,
            (Json::Array(all), Type::KeywordList) => {
                let texts: Option<Vec<_>> = all.iter().map(|one| one.as_str().map(str::to_owned)).collect();
                Self::List(texts?)
            }
            (Json::Array(all), _) => match &all[..] {
                [one] if !one.is_array() => Self::of_type(one, kind)?,
                _ => return None,
            },
            (Json::String(text), Type::Keyword | Type::Text) => Self::Text(text.clone()),
            (Json::String(text), Type::Datetime) => Self::Moment(time::moment(text)?),
            (Json::Bool(truth), Type::Bool) => Self::Int((*truth).into()),
            (Json::Number(number), Type::Int) => Self::Int(number.as_i64()?),
            (Json::Number(number), Type::Double) => Self::Real(number.as_f64()?),
            _ => return None,
        })
    }

    /// The value that a record has for an attribute.
    #[must_use]
    pub(crate) fn in_record(record: &Record, attribute: &Attribute) -> Self {
        let text = |text: &String| Self::Text(text.clone());
        let moment = |millis: i64| Self::Moment(millis.saturating_mul(1000));
        let closed = |number: i64| if record.is_closed() { Self::Int(number) } else { Self::Nothing };
        let some = |found: Option<&String>| found.filter(|it| !it.is_empty()).map_or(Self::Nothing, text);
        match attribute.name.as_str() {
            "WorkflowId" => text(&record.workflow_id),
            "RunId" => text(&record.run_id),
            "WorkflowType" => text(&record.workflow_type),
            "TaskQueue" => text(&record.task_queue),
            "ExecutionStatus" => Self::Int(record.status.into()),
            "StartTime" => moment(record.start_time),
            "ExecutionTime" => moment(record.execution_time),
            "CloseTime" if record.is_closed() => moment(record.close_time),
            "CloseTime" => Self::Nothing,
            "ExecutionDuration" => {
                record.duration().map_or(Self::Nothing, |millis| Self::Int(millis.saturating_mul(1_000_000)))
            }
            "HistoryLength" => closed(record.history_length),
            "HistorySizeBytes" => closed(record.history_size),
            "StateTransitionCount" => closed(record.transitions),
            "ParentWorkflowId" => some(record.parent.as_ref().map(|it| &it.workflow_id)),
            "ParentRunId" => some(record.parent.as_ref().map(|it| &it.run_id)),
            "RootWorkflowId" => some(record.root.as_ref().map(|it| &it.workflow_id)),
            "RootRunId" => some(record.root.as_ref().map(|it| &it.run_id)),
            // What was registered with another type since is as good as nothing.
            name => record
                .search_attributes
                .get(name)
                .and_then(|payload| Self::decode(payload, attribute.kind).ok())
                .unwrap_or(Self::Nothing),
        }
    }

    /// As it is taken when it is compared with an attribute of this type.
    #[must_use]
    pub(crate) fn for_type(self, numeric: bool) -> Self {
        match self {
            Self::Text(text) if numeric => {
                let number = text.trim().parse().map(Self::Int);
                let number = number.or_else(|_| text.trim().parse().map(Self::Real));
                number.unwrap_or(Self::Text(text))
            }
            Self::Int(number) if !numeric => Self::Text(number.to_string()),
            Self::Real(number) if !numeric => Self::Text(number.to_string()),
            other => other,
        }
    }

    /// How both compare; `None`: one of them is nothing, or a list.
    #[must_use]
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        use Value::{Int, List, Moment, Nothing, Real, Text};
        match (self, other) {
            (Nothing | List(_), _) | (_, Nothing | List(_)) => None,
            (Int(one), Int(two)) | (Moment(one), Moment(two)) => Some(one.cmp(two)),
            (Int(one), Real(two)) => (*one as f64).partial_cmp(two),
            (Real(one), Int(two)) => one.partial_cmp(&(*two as f64)),
            (Real(one), Real(two)) => one.partial_cmp(two),
            (Text(one), Text(two)) => Some(one.cmp(two)),
            (Int(_) | Real(_), Text(_) | Moment(_)) => Some(Ordering::Less),
            (Text(_) | Moment(_), Int(_) | Real(_)) => Some(Ordering::Greater),
            (Text(_), Moment(_)) | (Moment(_), Text(_)) => None,
        }
    }
}

/// A keyword, or several as JSON says them, as the answer to a call.
#[must_use]
pub fn keyword(text: &str, kind: Type) -> Payload {
    let metadata = [("encoding", "json/plain"), ("type", type_name(kind))];
    Payload {
        metadata: metadata.map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec())).into(),
        data: Json::from(text).to_string().into_bytes(),
        ..Payload::default()
    }
}

/// A truth as a server writes it.
#[must_use]
pub fn truth(truth: bool) -> Payload {
    Payload { data: truth.to_string().into_bytes(), ..keyword("", Type::Bool) }
}

/// Bytes as SDKs write them.
#[must_use]
pub fn bytes(data: Vec<u8>) -> Payload {
    let metadata = [("encoding".to_owned(), b"binary/plain".to_vec())].into();
    Payload { metadata, data, ..Payload::default() }
}

/// Keywords as a server writes them.
#[must_use]
pub fn keywords(words: &[String]) -> Payload {
    Payload { data: Json::from(words).to_string().into_bytes(), ..keyword("", Type::KeywordList) }
}

/// The keywords that a payload has.
#[must_use]
pub fn texts(payload: &Payload) -> Vec<String> {
    match serde_json::from_slice(&payload.data) {
        Ok(Json::String(text)) => vec![text],
        Ok(Json::Array(all)) => all.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        _ => Vec::new(),
    }
}

/// A value as the list shows it: nothing is left out, and one that stands alone in a list stands without it, unless its
/// attribute has lists.
#[must_use]
pub fn listed(payload: Payload) -> Option<Payload> {
    let several = payload.metadata.get("type").is_some_and(|kind| kind == type_name(Type::KeywordList).as_bytes());
    match serde_json::from_slice(&payload.data) {
        Ok(Json::Null) => None,
        Ok(Json::Array(all)) if !several && all.len() == 1 => {
            Some(Payload { data: all[0].to_string().into_bytes(), ..payload })
        }
        _ => Some(payload),
    }
}

/// A JSON value in the words of messages.
fn plain(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        Json::Array(all) => format!("[{}]", all.iter().map(plain).collect::<Vec<_>>().join(" ")),
        Json::Number(number) => match number.as_f64() {
            // A fraction only where there is one.
            Some(real) if number.is_f64() => real.to_string(),
            _ => number.to_string(),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(json: &str) -> Payload {
        let metadata = [("encoding".to_owned(), b"json/plain".to_vec())].into();
        Payload { metadata, data: json.as_bytes().to_vec(), ..Payload::default() }
    }

    #[test]
    fn a_payload_is_of_its_type_or_refused() {
        let read = |json, kind| Value::decode(&payload(json), kind);
        assert_eq!(read("\"a\"", Type::Keyword), Ok(Value::Text("a".into())));
        assert_eq!(read("[\"a\"]", Type::Text), Ok(Value::Text("a".into())), "a list of one is that one");
        assert_eq!(read("[\"a\", \"b\"]", Type::KeywordList), Ok(Value::List(vec!["a".into(), "b".into()])));
        assert_eq!(read("[]", Type::Int), Ok(Value::Nothing));
        assert_eq!(read("null", Type::Int), Ok(Value::Nothing));
        assert_eq!((read("2", Type::Double), read("true", Type::Bool)), (Ok(Value::Real(2.0)), Ok(Value::Int(1))));
        assert_eq!(read("\"1970-01-01T00:00:01Z\"", Type::Datetime), Ok(Value::Moment(1_000_000)));
        assert_eq!((read("1.5", Type::Int), read("5.0", Type::Int)), (Err("1.5".into()), Err("5".into())));
        assert_eq!(read("\"one\"", Type::KeywordList), Err("one".into()));
        assert_eq!(read("[1, 2]", Type::Int), Err("[1 2]".into()));
        assert_eq!(read("\"x\"", Type::Datetime), Err("x".into()));
        assert_eq!(read("{", Type::Int), Err("value from <{>".into()));
        assert!(Value::decode(&Payload { data: b"1".to_vec(), ..Payload::default() }, Type::Int).is_err());
    }

    #[test]
    fn the_list_shows_values_and_no_wrapping() {
        let shown = |json| listed(payload(json)).map(|it| String::from_utf8(it.data).unwrap());
        assert_eq!((shown("null"), shown("[\"v\"]")), (None, Some("\"v\"".to_owned())));
        assert_eq!(listed(keyword("v", Type::KeywordList)), Some(keyword("v", Type::KeywordList)));
        let list = Payload { data: b"[\"v\"]".to_vec(), ..keyword("", Type::KeywordList) };
        assert_eq!(listed(list.clone()), Some(list));
    }

    #[test]
    fn numbers_are_below_texts_and_nothing_compares_with_nothing() {
        use std::cmp::Ordering::{Equal, Greater, Less};
        assert_eq!(Value::Int(1).compare(&Value::Real(1.0)), Some(Equal));
        assert_eq!(Value::Int(9).compare(&Value::Text("1".into())), Some(Less));
        assert_eq!(Value::Moment(0).compare(&Value::Int(9)), Some(Greater));
        assert_eq!(Value::Nothing.compare(&Value::Int(9)), None);
        assert_eq!(Value::Text(" 7".into()).for_type(true), Value::Int(7));
        assert_eq!(Value::Text("x".into()).for_type(true), Value::Text("x".into()));
        assert_eq!(Value::Real(1.5).for_type(false), Value::Text("1.5".into()));
    }
}
