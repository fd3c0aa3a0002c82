//! What a rule is.

pub use resurgam_formats::rule::About;

use super::findings::Findings;
use super::indexed::Indexed;
use crate::profile::Capability;
use resurgam_formats::event::{Body, Event, EventId};
use resurgam_formats::evidence::Run;
use resurgam_formats::notes::plain;

/// A statement about evidence that can be checked.
pub trait Rule: Sync + Send {
    /// What it says.
    fn about(&self) -> &'static About;
    /// What a target must claim before this rule applies to it.
    fn needs(&self) -> Option<Capability> {
        None
    }
    /// True if a violation may be found where an event of a kind that is not known is the explanation. In evidence with such
    /// events it is then `unknown`. False for rules that read no events, or look after themselves.
    fn needs_kinds(&self) -> bool {
        true
    }
    /// True if Cadence is known to keep this rule too. A breach of another one in a history of Cadence is `unknown`.
    fn holds_of_cadence(&self) -> bool {
        false
    }
    /// Judges the evidence.
    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings);
}

/// A rule about single histories, as a small machine that sees each event of a run once, in the order of the evidence.
/// A fresh machine is made for every run. It is shown no event behind one that is missing or, unless it says that it can do
/// without, behind one of a kind that is not known: what such an event has done to the run, nobody can tell.
pub(crate) trait Stream: Default {
    /// What the rule says.
    const ABOUT: About;
    /// True if the machine can begin in the middle of a history; else it is given only histories with their beginning.
    const PARTIAL: bool = false;
    /// True if it does not matter to the machine what events of unknown kinds mean.
    const ANY_KIND: bool = false;
    /// True if Cadence is known to keep this rule too.
    const CADENCE: bool = false;
    /// The next event.
    fn event(&mut self, event: &Event, findings: &mut Findings);
    /// The end of the evidence on this run; not told if the machine was not shown all of it.
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
    fn needs_kinds(&self) -> bool {
        false
    }
    fn holds_of_cadence(&self) -> bool {
        S::CADENCE
    }
    fn judge(&self, evidence: &Indexed<'_>, findings: &mut Findings) {
        for run in evidence.runs.iter().filter(|run| S::PARTIAL || run.has_beginning()) {
            findings.look_at(run);
            let mut machine = S::default();
            let mut before: Option<EventId> = None;
            let stopped = run.events.iter().find_map(|event| {
                let last = before.replace(event.id);
                if run.partial && last.is_some_and(|last| last.plus(1) != event.id) {
                    return Some(format!("events before event {} are not in the evidence", event.id));
                }
                if !S::ANY_KIND
                    && let Body::Unrecognised { kind, .. } = &event.body
                {
                    return Some(format!(
                        "event {} is of a kind that is not known here, {}",
                        event.id,
                        plain(kind, 80)
                    ));
                }
                machine.event(event, findings);
                None
            });
            match stopped {
                None => machine.end(run, findings),
                Some(why) => findings.unknown(format!("{why}; nothing behind it is judged")),
            }
        }
    }
}
