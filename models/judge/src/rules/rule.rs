//! What a rule is.

pub use resurgam_formats::rule::About;

use super::findings::Findings;
use super::indexed::Indexed;
use crate::profile::Capability;
use resurgam_formats::event::Event;
use resurgam_formats::evidence::Run;

/// A statement about evidence that can be checked.
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
pub(crate) trait Stream: Default {
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
pub(crate) struct PerRun<S>(std::marker::PhantomData<fn() -> S>);

impl<S> PerRun<S> {
    pub(crate) const fn new() -> Self {
        Self(std::marker::PhantomData)
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
