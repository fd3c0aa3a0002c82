//! What one case has shown: all answers of two servers in normal form beside each other, and where they differ.

use crate::difference::{Difference, differences};
use crate::freedom::explaining;
use crate::normal::normal;
use crate::side::{CallSite, Seen, Side};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

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

/// What one case has shown.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Where the two differ.
    pub(crate) differences: Vec<Difference>,
    /// Every answer of the first server, and of the second one in the same place.
    pub(crate) answers: [Vec<Written>; 2],
}

impl Outcome {
    /// All answers of both beside each other.
    pub(crate) fn of(left: Vec<Written>, right: Vec<Written>) -> Self {
        let mut found: Vec<Difference> =
            left.iter().zip(&right).flat_map(|(a, b)| differences(a.place, &a.call, &a.answer, &b.answer)).collect();
        // Where one refused what the other took, all that is found afterwards follows from that.
        if found.iter().any(|it| it.path == "code" && matches!(it.place, "before" | "drawn")) {
            found.retain(|it| matches!(it.place, "before" | "drawn"));
        }
        Self { differences: found, answers: [left, right] }
    }

    /// Only one of them gets into the situation, or both for as little as each says.
    pub(crate) fn stuck(left: Option<&str>, right: Option<&str>) -> Self {
        let said = |broken: Option<&str>| json!({"code": "", "situation": broken.unwrap_or("reached")});
        Self { differences: differences(CallSite::Before, "", &said(left), &said(right)), ..Self::default() }
    }

    /// True if nothing differs that no freedom explains.
    pub(crate) fn is_explained(&self) -> bool {
        self.differences.iter().all(|it| explaining(it).is_some())
    }

    /// The calls, and what both answered to each.
    pub(crate) fn both(&self) -> impl Iterator<Item = (&str, [&Value; 2])> {
        let [left, right] = &self.answers;
        left.iter().zip(right).map(|(a, b)| (a.call.as_str(), [&a.answer, &b.answer]))
    }
}

/// All that a side has seen, with what it has seen last, in normal form.
pub(crate) fn written(side: &Side, last: &[Seen]) -> Vec<Written> {
    let written = |seen: &Seen| {
        let answer = &seen.answer;
        let mut fields = Map::new();
        fields.insert("code".to_owned(), json!(answer.code));
        fields.insert("message".to_owned(), normal(side, &json!(answer.message)));
        fields.insert("details".to_owned(), normal(side, &answer.details));
        fields.insert("response".to_owned(), normal(side, &answer.response));
        Written { place: seen.place, call: seen.call.clone(), answer: Value::Object(fields) }
    };
    side.seen.iter().chain(last).map(written).collect()
}
