//! What one case has shown: all answers of two servers in normal form beside each other, and where they differ.

use crate::case::Case;
use crate::difference::{Difference, differences};
use crate::freedom::explaining;
use crate::known::{Context, known};
use crate::restart;
use crate::written::{CallSite, Written};
use serde_json::{Value, json};

/// The name of a freedom, or of what is known of the second server, and why it is one.
pub(crate) type Explanation = (&'static str, &'static str);

/// What one case has shown.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Where the two differ, and what explains that: its name, and why it may be.
    pub(crate) differences: Vec<(Difference, Option<Explanation>)>,
    /// Every answer of the first server, and of the second one in the same place.
    pub(crate) answers: [Vec<Written>; 2],
}

impl Outcome {
    /// All answers of both in a case beside each other; `restarted`: all nodes of the first were, before the requests.
    pub(crate) fn of(case: &Case, left: Vec<Written>, right: Vec<Written>, restarted: bool) -> Self {
        let mut found: Vec<Difference> = Vec::new();
        for (a, b) in left.iter().zip(&right) {
            found.extend(differences(a.place, &a.call, &a.answer, &b.answer));
            // Where one refused what the other took, all that is found afterwards follows from that.
            if matches!(a.place, CallSite::Before | CallSite::Drawn) && a.answer["code"] != b.answer["code"] {
                break;
            }
        }
        let refused = right.iter().any(|it| it.place == CallSite::Drawn && it.answer["code"] != "Ok");
        let context = Context { case, refused };
        let explained = |it: &Difference| {
            let freedom = explaining(it).map(|it| (it.name, it.why));
            let known = || known(&context, it).map(|it| (it.name, it.why));
            freedom.or_else(known).or_else(|| restart::shown(it).filter(|_| restarted))
        };
        let differences = found.into_iter().map(|it| (it.clone(), explained(&it))).collect();
        Self { differences, answers: [left, right] }
    }

    /// Only one of them gets into the situation, or both for as little as each says.
    pub(crate) fn stuck(left: Option<&str>, right: Option<&str>) -> Self {
        let said = |broken: Option<&str>| json!({"code": "", "situation": broken.unwrap_or("reached")});
        let found = differences(CallSite::Before, "", &said(left), &said(right));
        Self { differences: found.into_iter().map(|it| (it, None)).collect(), ..Self::default() }
    }

    /// True if nothing differs that no freedom explains.
    pub(crate) fn is_explained(&self) -> bool {
        self.differences.iter().all(|(_, explanation)| explanation.is_some())
    }

    /// The calls, and what both answered to each.
    pub(crate) fn both(&self) -> impl Iterator<Item = (&str, [&Value; 2])> {
        let [left, right] = &self.answers;
        left.iter().zip(right).map(|(a, b)| (a.call.as_str(), [&a.answer, &b.answer]))
    }
}
