//! What the histories of a case say about the order in which its operations took effect: the witness on which the rules of
//! linearizability rest. Nothing is judged here.

mod bound;
mod bounds;
mod effects;
mod line;
mod lowest;
mod reads;
mod timeline;

pub(super) use bound::{Bound, By, Conflict, Point};
pub(super) use bounds::Bounds;
pub(super) use lowest::Lowest;
pub(super) use reads::Shown;
pub(super) use timeline::{Chain, Timeline};

use super::index::Index;
use effects::effects;
use reads::reads;

/// Bounds of when operations took effect, in the order that the histories give.
#[derive(Debug)]
pub(crate) struct Witness<'a> {
    pub(crate) timeline: Timeline<'a>,
    pub(crate) effects: Bounds,
    pub(crate) shown: Shown,
}

impl<'a> Witness<'a> {
    pub(crate) fn new(evidence: &Index<'a>) -> Self {
        let mut timeline = Timeline::new(evidence.evidence());
        let effects = effects(evidence, &timeline);
        let shown = reads(evidence, &timeline);
        timeline.order(&effects.lower, effects.upper.iter().chain(&shown.bounds.upper));
        Self { timeline, effects, shown }
    }
}
