//! The corruption catalogue: ways to make true evidence truly wrong, and what a judge must say then.
//!
//! A rule that never fires proves nothing. Each corruption takes evidence of a correct system and changes one thing
//! that a correct system cannot have done, keeping everything else consistent, and names the rules that must notice.
//! Where the changed evidence would still be legal, a corruption has no site. Nothing here judges or draws at random.

mod activity;
mod chain;
mod child;
mod corruption;
mod edit;
mod ledger;
mod misuse;
mod moment;
mod provenance;
mod shown;
mod structure;
mod task;
mod timer;
mod update;

pub use corruption::{Corruption, Site};

use resurgam_formats::evidence::Evidence;
use resurgam_formats::verdict::Outcome;
use resurgam_judge::judge;
use resurgam_judge::profile::Profile;
use std::collections::BTreeSet;

/// Every corruption there is.
#[must_use]
pub fn all() -> Vec<Corruption> {
    [
        structure::ALL,
        task::ALL,
        activity::ALL,
        timer::ALL,
        child::ALL,
        update::ALL,
        ledger::ALL,
        chain::ALL,
        shown::ALL,
        misuse::ALL,
        moment::ALL,
        provenance::ALL,
    ]
    .concat()
}

/// One corruption at one site, judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The name of the corruption.
    pub corruption: &'static str,
    /// Where it was applied.
    pub site: Site,
    /// True if one of the expected rules is violated.
    pub caught: bool,
    /// Every rule that is violated and was not before.
    pub by: Vec<String>,
}

/// Applies every corruption to the evidence, at no more than `most` sites each, spread evenly, and judges the results.
/// A rule that is violated by the true evidence already cannot catch anything.
#[must_use]
pub fn score(subject: &str, evidence: &Evidence, profile: &Profile, most: usize) -> Vec<Tried> {
    let before = violated(subject, evidence, profile);
    let mut tried = Vec::new();
    for corruption in all() {
        let sites = corruption.sites(evidence);
        let step = sites.len().div_ceil(most.max(1)).max(1);
        for site in sites.into_iter().step_by(step) {
            let Some(changed) = corruption.apply(evidence, site) else { continue };
            let by: Vec<String> = violated(subject, &changed, profile).difference(&before).cloned().collect();
            let id = |name: &String| name.split('-').next().unwrap_or_default().to_owned();
            let caught = by.iter().any(|name| corruption.expected.contains(&id(name).as_str()));
            tried.push(Tried { corruption: corruption.name, site, caught, by });
        }
    }
    tried
}

fn violated(subject: &str, evidence: &Evidence, profile: &Profile) -> BTreeSet<String> {
    let verdict = judge(subject, evidence, profile);
    verdict.rules.into_iter().filter(|r| r.outcome == Outcome::Violated).map(|r| r.rule.to_string()).collect()
}

#[cfg(test)]
mod tests;
