//! An answer as it is compared and kept, and where in its case it was given.

use crate::normal::Normal;
use crate::server::Answer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Where in a case a call is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CallSite {
    /// On the way into the situation.
    Before,
    /// It is what was drawn.
    Drawn,
    /// It was begun on the way into the situation, and told whoever waited for it.
    Told,
    /// It looks at what has become of the workflow.
    After,
}

/// An answer in normal form, and to what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// Where in the case the call was made.
    pub(crate) place: CallSite,
    /// The call, by its name in the API.
    pub(crate) call: String,
    /// Code, message, details and response.
    pub(crate) answer: Value,
}

impl Written {
    /// The answer with the names that are known now: what is named otherwise later was called so then.
    pub(crate) fn new(place: CallSite, call: &str, answer: &Answer, normal: &Normal<'_>) -> Self {
        let mut fields = Map::new();
        fields.insert("code".to_owned(), json!(answer.code));
        fields.insert("message".to_owned(), normal.of(&json!(answer.message)));
        fields.insert("details".to_owned(), normal.of(&answer.details));
        fields.insert("response".to_owned(), normal.of(&answer.response));
        Self { place, call: call.to_owned(), answer: Value::Object(fields) }
    }
}
