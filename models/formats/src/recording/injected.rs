//! The fault that a line is about: one of the plan, or one that a target only names.

use crate::plan;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a line about a fault names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Injected {
    /// A fault of the plan.
    Planned(plan::Fault),
    /// Something else, in words of which the first is its kind.
    Named(String),
}

impl Injected {
    /// Its kind, for counting.
    #[must_use]
    pub fn kind(&self) -> &str {
        match self {
            Self::Planned(fault) => fault.kind.name(),
            Self::Named(words) => words.split_whitespace().next().unwrap_or_default(),
        }
    }

    /// True if the line that begins this fault and the one that ends `other` are of one fault. How long it lasted is
    /// known only at its end, so the first line may say nothing of it.
    pub(crate) fn is_begin_of(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Planned(begin), Self::Planned(end)) => begin.at_ms == end.at_ms && begin.kind == end.kind,
            _ => self == other,
        }
    }
}

impl fmt::Display for Injected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Planned(fault) => fault.kind.fmt(f),
            Self::Named(words) => f.write_str(words),
        }
    }
}
