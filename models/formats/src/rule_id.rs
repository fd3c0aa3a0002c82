//! The name of a rule, such as `H8-buffering`: its id, which never changes, and a slug for people.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of a rule. Any text can be read, for a file may have been written by a version with other rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RuleId(String);

impl RuleId {
    /// The whole name, such as `H8-buffering`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id alone, such as `H8`.
    #[must_use]
    pub fn id(&self) -> &str {
        self.0.split_once('-').map_or(self.0.as_str(), |(id, _)| id)
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&str> for RuleId {
    fn from(name: &str) -> Self {
        Self(name.to_owned())
    }
}

impl From<String> for RuleId {
    fn from(name: String) -> Self {
        Self(name)
    }
}

impl PartialEq<str> for RuleId {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for RuleId {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_an_id_and_a_slug() {
        let rule = RuleId::from("H25-completions");
        assert_eq!((rule.id(), rule.as_str()), ("H25", "H25-completions"));
        assert_eq!(serde_json::to_string(&rule).unwrap(), "\"H25-completions\"");
        assert_eq!(format!("{rule:18}|"), "H25-completions   |");
    }
}
