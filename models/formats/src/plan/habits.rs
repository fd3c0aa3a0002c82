//! Habits: how clients and workers of a case ask, where the contract leaves them a choice that changes nothing of what happens.
//!
//! Whoever always asks in one way never sees what the other ways answer: the second page, the history from its end, the
//! event that a waiting reader is woken for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Habits {
    /// How many events a page of a history has at most when it is read; 0 leaves it to the server.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub page_size: u8,
    /// Histories are also read from their end, when everything has ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub backwards: bool,
    /// Who waits for the end of a run follows all its events, and not only the last one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub follows: bool,
    /// A client that was told that its update was accepted asks for the outcome until it has it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub polls: bool,
    /// A worker describes the workflow of each attempt of an activity: when it has it, and when it has ended it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub describes: bool,
    /// Workers put neither memo nor header on the children that they start, and on the runs as which they continue.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub plain: bool,
}

impl Habits {
    /// True if everybody asks as usual.
    #[must_use]
    pub(crate) fn are_usual(&self) -> bool {
        *self == Self::default()
    }

    /// What is unusual, in words.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let page = (self.page_size > 0).then(|| format!("histories are read by pages of {}", self.page_size));
        let others = [
            (self.backwards, "histories are read from their end too"),
            (self.follows, "who waits for the end of a run follows all its events"),
            (self.polls, "clients ask for the outcome of accepted updates"),
            (self.describes, "workers describe the workflow of each attempt"),
            (self.plain, "children and continued runs have no memo and no header"),
        ];
        let others = others.into_iter().filter(|(on, _)| *on).map(|(_, words)| words.to_owned());
        page.into_iter().chain(others).collect()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u8) -> bool {
    *number == 0
}
