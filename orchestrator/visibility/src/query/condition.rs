//! Conditions on records. As in SQL, what is compared with nothing neither holds nor fails.

use super::words::{contains, words};
use crate::attribute::{self, Attribute};
use crate::value::Value;
use crate::{Record, Sections};
use resurgam_api::temporal::enums::v1::IndexedValueType as Type;
use std::cmp::Ordering;

/// What has to hold of a record.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    /// All of these.
    And(Vec<Self>),
    /// One of these.
    Or(Vec<Self>),
    /// That this does not hold.
    Not(Box<Self>),
    /// The value stands so to the other.
    Compare(Attribute, Comparison, Value),
    /// The value is one of these, or (true) none of them.
    Among(Attribute, Vec<Value>, bool),
    /// The value is from one up to the other, or (true) outside.
    Between(Attribute, Value, Value, bool),
    /// There is no value, or (false) there is one.
    Missing(Attribute, bool),
    /// The text begins so, in small letters, or (true) it does not.
    Begins(Attribute, String, bool),
    /// One of these, in small letters, is among the keywords, or (true) none.
    Listed(Attribute, Vec<String>, bool),
    /// One of these phrases is in the text, or (true) none.
    Worded(Attribute, Vec<Vec<String>>, bool),
}

/// How a value may stand to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// By its sign.
    pub(super) fn of(sign: &str) -> Option<Self> {
        Some(match sign {
            "=" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

/// The value that is compared. An open run is taken for one that closes at the end of all time.
fn compared(record: &Record, attribute: &Attribute) -> Value {
    match Value::in_record(record, attribute) {
        Value::Nothing if attribute.name == "CloseTime" => Value::Moment(i64::MAX),
        value => value,
    }
}

impl Condition {
    /// That a predefined attribute is not there.
    pub(super) fn missing(name: &str) -> Self {
        let kind = attribute::built_in(name).unwrap_or(Type::Keyword);
        Self::Missing(Attribute { alias: name.to_owned(), name: name.to_owned(), kind }, true)
    }

    /// Whether it holds of a record; `None`: neither this nor its opposite.
    pub(super) fn holds(&self, record: &Record) -> Option<bool> {
        match self {
            Self::And(all) => every(all.iter().map(|one| one.holds(record))),
            // One holds unless the opposite of all does.
            Self::Or(all) => every(all.iter().map(|one| one.holds(record).map(|it| !it))).map(|it| !it),
            Self::Not(other) => other.holds(record).map(|it| !it),
            Self::Compare(of, comparison, with) => {
                compared(record, of).compare(with).map(|order| comparison.holds(order))
            }
            Self::Among(of, values, negated) => {
                let value = compared(record, of);
                let there = values.iter().any(|one| value.compare(one) == Some(Ordering::Equal));
                (value != Value::Nothing).then_some(there != *negated)
            }
            Self::Between(of, low, high, negated) => {
                let value = compared(record, of);
                let (low, high) = (value.compare(low)?, value.compare(high)?);
                Some((low.is_ge() && high.is_le()) != *negated)
            }
            Self::Missing(of, missing) => Some((Value::in_record(record, of) == Value::Nothing) == *missing),
            Self::Begins(of, prefix, negated) => match compared(record, of).for_type(false) {
                Value::Text(text) => Some(text.to_ascii_lowercase().starts_with(prefix) != *negated),
                _ => None,
            },
            Self::Listed(of, keywords, negated) => {
                let there = match Value::in_record(record, of) {
                    Value::List(all) => all.iter().any(|one| keywords.contains(&one.to_lowercase())),
                    _ => false,
                };
                Some(there != *negated)
            }
            Self::Worded(of, phrases, negated) => {
                let there = match Value::in_record(record, of) {
                    Value::Text(text) => {
                        let text = words(&text);
                        phrases.iter().any(|phrase| contains(&text, phrase))
                    }
                    _ => false,
                };
                Some(there != *negated)
            }
        }
    }

    /// Where records of which it holds may be.
    pub(super) fn sections(&self) -> Sections {
        let status = |of: &Attribute| of.name == "ExecutionStatus";
        match self {
            Self::And(all) => all.iter().fold(Sections::ALL, |sum, one| sum.and(one.sections())),
            Self::Or(all) => all.iter().map(Self::sections).reduce(Sections::or).unwrap_or(Sections::ALL),
            Self::Compare(of, Comparison::Equal, value) if status(of) => of_status(value),
            Self::Among(of, values, false) if status(of) => {
                values.iter().map(of_status).reduce(Sections::or).unwrap_or(Sections::ALL)
            }
            Self::Missing(of, missing) if of.name == "CloseTime" => {
                if *missing {
                    Sections::OPEN
                } else {
                    Sections::CLOSED
                }
            }
            _ => Sections::ALL,
        }
    }

    /// The only workflow of which it can hold.
    pub(super) fn workflow_id(&self) -> Option<&str> {
        match self {
            Self::And(all) => all.iter().find_map(Self::workflow_id),
            Self::Compare(of, Comparison::Equal, Value::Text(id)) if of.name == "WorkflowId" => Some(id),
            _ => None,
        }
    }
}

/// Where records with this status are.
fn of_status(status: &Value) -> Sections {
    match status {
        // Running, and paused.
        Value::Int(1 | 8) => Sections::OPEN,
        Value::Int(2..=7) => Sections::CLOSED,
        _ => Sections::ALL,
    }
}

/// All hold; `None`: none fails, and of some neither is known.
fn every(all: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut known = true;
    for one in all {
        match one {
            Some(true) => {}
            Some(false) => return Some(false),
            None => known = false,
        }
    }
    known.then_some(true)
}
