//! What a corruption is, and where it can be applied.

use resurgam_formats::event::Event;
use resurgam_formats::evidence::{Evidence, Run};

/// Where a corruption can be applied: two positions, from 0, whose meaning is the corruption's own (mostly the run and
/// the event).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// Mostly the index into [`Evidence::runs`].
    pub run: usize,
    /// Mostly the index into [`Run::events`].
    pub place: usize,
}

/// One way to make evidence wrong.
#[derive(Clone, Copy)]
pub struct Corruption {
    /// By which results of scoring name it.
    pub name: &'static str,
    /// What it does, in a sentence.
    pub what: &'static str,
    /// Ids of the rules of which at least one must be violated then.
    pub expected: &'static [&'static str],
    pub(super) find: fn(&Evidence) -> Vec<Site>,
    pub(super) change: fn(&mut Evidence, Site) -> Option<()>,
}

impl std::fmt::Debug for Corruption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Corruption").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Corruption {
    /// Where it makes this evidence wrong.
    #[must_use]
    pub fn sites(&self, evidence: &Evidence) -> Vec<Site> {
        (self.find)(evidence)
    }

    /// The evidence with this corruption; `None` if it cannot be applied there after all.
    #[must_use]
    pub fn apply(&self, evidence: &Evidence, site: Site) -> Option<Evidence> {
        let mut changed = evidence.clone();
        (self.change)(&mut changed, site)?;
        Some(changed)
    }
}

/// The sites at which an event of a whole history fits.
pub(super) fn places(evidence: &Evidence, fits: impl Fn(&Run, usize, &Event) -> bool) -> Vec<Site> {
    let mut sites = Vec::new();
    for (run, history) in evidence.runs.iter().enumerate().filter(|(_, run)| !run.partial) {
        for (place, event) in history.events.iter().enumerate() {
            if fits(history, place, event) {
                sites.push(Site { run, place });
            }
        }
    }
    sites
}
