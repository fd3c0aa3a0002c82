//! What is written of a rule for people. The judge has the rules; whoever shows a verdict needs only this.

use crate::rule_id::RuleId;

/// What a person reads about a rule: `resurgam rules H8`.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Stable id, such as `H8`.
    pub id: &'static str,
    /// One or two words, such as `buffering`; id and slug together name the rule everywhere: `H8-buffering`.
    pub slug: &'static str,
    /// The statement in one line.
    pub title: &'static str,
    /// Why it must hold and what breaks for users if it does not; a paragraph.
    pub reason: &'static str,
    /// The document, section or upstream issue that it comes from.
    pub source: &'static str,
    /// A minimal example in `resurgam_testing::notation` that violates exactly this.
    pub violating: &'static str,
    /// A near miss that is allowed.
    pub allowed: &'static str,
}

impl About {
    /// Id and slug.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}-{}", self.id, self.slug)
    }

    /// What is written of a rule, among all of them.
    #[must_use]
    pub fn find<'a>(all: &[&'a Self], rule: &RuleId) -> Option<&'a Self> {
        all.iter().copied().find(|about| about.name() == rule.as_str())
    }
}
