//! What a page is made of.

use resurgam_campaign::summary::Summary;
use resurgam_formats::case;
use resurgam_formats::evidence::Evidence;
use resurgam_formats::rule::About;
use resurgam_formats::verdict::Verdict;

/// What a page shows.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// What the run came to.
    pub summary: &'a Summary,
    /// Its directory, as it stands in commands.
    pub directory: &'a str,
    /// What is written of each rule.
    pub rules: &'a [&'a About],
    /// The cases that are shown in full; those with violations come first, whatever the order here.
    pub cases: &'a [CaseView<'a>],
}

/// A case shown in full.
#[derive(Clone, Copy, Debug)]
pub struct CaseView<'a> {
    /// The seed that gives the case again.
    pub seed: u64,
    /// What was recorded.
    pub evidence: &'a Evidence,
    /// What was judged.
    pub verdict: &'a Verdict,
    /// Set if what is shown is not the case that was drawn, but the smallest plan found that breaks the same rule.
    pub shrunk: Option<Shrunk<'a>>,
}

/// How the plan that is shown came from the one that was drawn.
#[derive(Clone, Copy, Debug)]
pub struct Shrunk<'a> {
    /// From which size to which, and in how many steps.
    pub how: &'a case::Shrunk,
    /// The directory of what is shown.
    pub path: &'a str,
}
