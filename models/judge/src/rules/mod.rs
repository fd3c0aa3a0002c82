//! The rules: one file each, one checkable statement each.
//!
//! A rule reads [`Indexed`] evidence and writes [`Findings`]. It knows nothing of other rules, never does I/O, and costs time
//! and memory linear in the evidence. What the contract allows is never a violation; what cannot be decided is
//! `unknown`. Every rule carries its own explanation, a minimal violating example and a near miss that is allowed; the
//! tests of this module run both.

mod findings;
pub mod history;
mod index;
mod indexed;
pub mod inside;
pub mod ledger;
pub mod linear;
pub mod liveness;
pub mod outcome;
mod proof;
pub mod tasks;
mod whole;
mod witness;

pub use findings::Findings;
pub use indexed::Indexed;

use crate::profile::Capability;
use resurgam_formats::event::Event;
use resurgam_formats::evidence::Run;

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
}

/// One rule.
pub trait Rule: Sync + Send {
    /// What it says.
    fn about(&self) -> &'static About;
    /// What a target must claim before this rule applies to it.
    fn needs(&self) -> Option<Capability> {
        None
    }
    /// Judges the evidence.
    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings);
}

/// A rule about single histories, as a small machine that sees each event of a run once, in the order of the evidence.
/// A fresh machine is made for every run.
pub trait Stream: Default {
    /// What the rule says.
    const ABOUT: About;
    /// True if the machine can begin in the middle of a history; else partial histories are not given to it.
    const PARTIAL: bool = false;
    /// The next event.
    fn event(&mut self, event: &Event, findings: &mut Findings);
    /// The end of the evidence on this run.
    fn end(&mut self, run: &Run, findings: &mut Findings) {
        let _ = (run, findings);
    }
}

/// Makes a [`Rule`] of a [`Stream`].
pub struct PerRun<S>(std::marker::PhantomData<fn() -> S>);

impl<S> PerRun<S> {
    /// The rule.
    #[must_use]
    pub const fn new() -> Self {
        Self(std::marker::PhantomData)
    }
}

impl<S> Default for PerRun<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Stream + 'static> Rule for PerRun<S> {
    fn about(&self) -> &'static About {
        const { &S::ABOUT }
    }
    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        for run in evidence.runs.iter().filter(|run| S::PARTIAL || !run.partial) {
            findings.look_at(run);
            let mut machine = S::default();
            for event in &run.events {
                machine.event(event, findings);
            }
            machine.end(run, findings);
        }
    }
}

/// The families of rules, each with its name and its rules, in the order in which they are shown.
#[must_use]
pub fn families() -> Vec<(&'static str, Vec<Box<dyn Rule>>)> {
    vec![
        ("history", history::all()),
        ("tasks", tasks::all()),
        ("ledger", ledger::all()),
        ("outcome", outcome::all()),
        ("linearizability", linear::all()),
        ("liveness", liveness::all()),
        ("inside", inside::all()),
    ]
}

/// Every rule, in the order in which they are shown.
#[must_use]
pub fn all() -> Vec<Box<dyn Rule>> {
    families().into_iter().flat_map(|(_, rules)| rules).collect()
}

/// The rule with this id (`H8`), name (`H8-buffering`) or slug, in any case.
#[must_use]
pub fn find(name: &str) -> Option<Box<dyn Rule>> {
    all().into_iter().find(|rule| {
        let about = rule.about();
        [about.id, about.slug, &about.name()].iter().any(|known| known.eq_ignore_ascii_case(name))
    })
}

#[cfg(test)]
mod mangled;
#[cfg(test)]
mod tests;
