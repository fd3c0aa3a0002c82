//! The links between hosts under any number of faults at once.
//!
//! Faults overlap, and turmoil keeps one state per link. So this counts for each direction how many cut it, for each link
//! how many hold it and by how much they slow it, and moves turmoil from the state it is in to the one that follows: a cut
//! is stronger than a hold, and what was held when a cut begins is delivered as far as the cut lets it.

use crate::fabric::{Fabric, HostIndex, Passage};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use turmoil::Sim;

/// What is done to a link, or in one direction of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Messages from the first to the second are lost.
    Cut,
    /// Messages in both directions wait.
    Hold,
    /// Messages in both directions take so much longer.
    Slow(Duration),
}

/// Two hosts, the smaller first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Pair(HostIndex, HostIndex);

#[derive(Clone, Copy, Default)]
struct Wanted {
    /// From the first to the second, and back.
    cuts: [u32; 2],
    holds: u32,
    slower: Duration,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct State {
    cut: [bool; 2],
    held: bool,
}

impl Wanted {
    fn state(self) -> State {
        let cut = self.cuts.map(|count| count > 0);
        State { cut, held: self.holds > 0 && cut == [false; 2] }
    }
}

/// See the module.
pub(crate) struct Links {
    wanted: BTreeMap<Pair, Wanted>,
    fabric: Arc<Fabric>,
    /// Least and most latency of a link that nothing slows.
    latency: (Duration, Duration),
}

impl Links {
    pub(crate) fn new(fabric: Arc<Fabric>, latency: (Duration, Duration)) -> Self {
        Self { wanted: BTreeMap::new(), fabric, latency }
    }

    pub(crate) fn begin(&mut self, sim: &Sim<'_>, from: HostIndex, to: HostIndex, effect: Effect) {
        self.change(sim, from, to, |wanted, direction| match effect {
            Effect::Cut => wanted.cuts[direction] += 1,
            Effect::Hold => wanted.holds += 1,
            Effect::Slow(by) => wanted.slower += by,
        });
    }

    pub(crate) fn end(&mut self, sim: &Sim<'_>, from: HostIndex, to: HostIndex, effect: Effect) {
        self.change(sim, from, to, |wanted, direction| match effect {
            Effect::Cut => wanted.cuts[direction] -= 1,
            Effect::Hold => wanted.holds -= 1,
            Effect::Slow(by) => wanted.slower -= by,
        });
    }

    fn change(&mut self, sim: &Sim<'_>, from: HostIndex, to: HostIndex, edit: impl FnOnce(&mut Wanted, usize)) {
        let (pair, direction) = if from < to { (Pair(from, to), 0) } else { (Pair(to, from), 1) };
        let wanted = self.wanted.entry(pair).or_default();
        let before = *wanted;
        edit(wanted, direction);
        let after = *wanted;
        let (a, b) = (self.fabric.name(pair.0), self.fabric.name(pair.1));
        if before.slower != after.slower {
            let (least, most) = self.latency;
            // The first call sets both bounds, the second the upper one again.
            sim.set_link_latency(&*a, &*b, least + after.slower);
            sim.set_link_max_message_latency(&*a, &*b, most + after.slower);
        }
        turn(sim, [&a, &b], before.state(), after.state());
        let state = after.state();
        for (direction, (from, to)) in [(pair.0, pair.1), (pair.1, pair.0)].into_iter().enumerate() {
            let passage = match state {
                _ if state.cut[direction] => Passage::Cut,
                State { held: true, .. } => Passage::Held,
                State { .. } if !after.slower.is_zero() => Passage::Slow,
                State { .. } => Passage::Open,
            };
            self.fabric.set_passage(from, to, passage);
        }
    }
}

/// Moves turmoil's link from one state to another.
fn turn(sim: &Sim<'_>, [a, b]: [&str; 2], before: State, after: State) {
    if before == after {
        return;
    }
    if before.held {
        sim.release(a, b);
    }
    if after.cut == [true; 2] {
        sim.partition(a, b);
    } else {
        for (direction, (from, to)) in [(a, b), (b, a)].into_iter().enumerate() {
            match (before.cut[direction], after.cut[direction]) {
                (false, true) => sim.partition_oneway(from, to),
                (true, false) => sim.repair_oneway(from, to),
                _ => {}
            }
        }
    }
    if after.held {
        sim.hold(a, b);
    }
}
