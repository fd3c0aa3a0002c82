//! What a rule is given: the evidence of one case with all its indexes, and what its target promises.

use super::index::Index;
use super::witness::Witness;
use crate::profile::{HandOver, Profile};
use resurgam_formats::evidence::Evidence;
use std::cell::OnceCell;

/// The evidence of one case, indexed once for all rules. Whatever [`Evidence`] has can be read from it directly.
#[derive(Debug)]
pub struct Indexed<'e> {
    index: Index<'e>,
    witness: OnceCell<Witness<'e>>,
    hand_over: HandOver,
}

impl<'e> Indexed<'e> {
    /// The evidence of a case on a target of this profile.
    #[must_use]
    pub fn new(evidence: &'e Evidence, profile: &Profile) -> Self {
        Self { index: Index::new(evidence), witness: OnceCell::new(), hand_over: profile.promises.hand_over }
    }

    /// The evidence of a case on a target of which nothing is known.
    #[must_use]
    pub fn plain(evidence: &'e Evidence) -> Self {
        Self::new(evidence, &Profile::default())
    }

    /// What the target promises of a task whose hand-over may have failed.
    pub(super) fn hand_over(&self) -> HandOver {
        self.hand_over
    }

    /// What the histories say about the order in which operations took effect.
    pub(super) fn witness(&self) -> &Witness<'e> {
        self.witness.get_or_init(|| Witness::new(&self.index))
    }
}

impl<'e> std::ops::Deref for Indexed<'e> {
    type Target = Index<'e>;

    fn deref(&self) -> &Index<'e> {
        &self.index
    }
}
