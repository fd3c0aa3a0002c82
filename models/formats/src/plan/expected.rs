//! What has to hold in a case beside all rules, because whoever wrote its scenario says so.

use crate::time::Millis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// See the module. The default asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Events that no history may have, by name, such as `ActivityTaskTimedOut`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Every activity of which a history says that it was started was handed to a worker.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub delivered: bool,
    /// Every run closes within so long of its start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each_run_within_ms: Option<Millis>,
}

impl Expected {
    /// True if nothing is asked for beside the rules.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// What is asked for, in words.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let without = self.without.iter().map(|name| format!("expected: no {name}"));
        let delivered = self.delivered.then(|| "expected: every activity that is started has a worker".to_owned());
        let within = self.each_run_within_ms.map(|ms| format!("expected: every run ends within {ms} ms"));
        without.chain(delivered).chain(within).collect()
    }
}
