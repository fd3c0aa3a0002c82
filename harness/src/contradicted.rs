//! A case in which the suite contradicted itself is not judged, but what was recorded of it may say why: a server that breaks the contract
//! can lead a worker or a client to what never happens otherwise.

use crate::case::Contradiction;
use resurgam_formats::evidence::Evidence;
use resurgam_formats::profile::Profile;
use resurgam_formats::recording::Entry;
use resurgam_formats::verdict::Outcome;
use resurgam_judge::judge;

/// The rule that says of a recording that its suite was broken.
const ITSELF: &str = "V1";

/// Why it is not judged, with the rules that what was recorded violates.
pub(crate) fn why(contradiction: &Contradiction, entries: Vec<Entry>, profile: &Profile) -> String {
    let violated = Evidence::from_recording(entries).map(|evidence| {
        let rules = judge("contradicted", &evidence, profile).rules;
        let violated = rules.into_iter().filter(|rule| rule.outcome == Outcome::Violated);
        violated
            .map(|rule| rule.rule)
            .filter(|rule| rule.id() != ITSELF)
            .map(|rule| rule.to_string())
            .collect::<Vec<_>>()
    });
    match violated {
        Ok(rules) if !rules.is_empty() => {
            format!("{contradiction}; what was recorded violates {}, which may be the cause", rules.join(", "))
        }
        Ok(_) | Err(_) => contradiction.to_string(),
    }
}
