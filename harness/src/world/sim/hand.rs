//! The hand of the nemesis: begins and ends faults between the steps of a simulation, and checks that they took place.

use super::clock;
use super::episode::{Accomplice, Episode};
use super::fabric::{DRIVER, Fabric, Place};
use super::links::{Effect, Links};
use super::nemesis::{Nemesis, Waiting};
use resurgam_formats::plan::{Harm, Side, Way};
use std::sync::Arc;
use std::time::Duration;
use turmoil::Sim;

/// A fault that the simulation could not do, or that had no effect although it must have one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfaithful {
    /// Nobody does this kind of fault.
    #[error("nothing in this simulation can do this fault: {0:?}")]
    Undone(Harm),
    /// A killed host still runs, or a started one does not.
    #[error("{host} is{} running after {harm:?}", if *.running { "" } else { " not" })]
    Host {
        /// Which.
        host: Arc<str>,
        /// Whether it runs.
        running: bool,
        /// What was done to it.
        harm: Harm,
    },
}

/// A fault in progress.
struct Active {
    number: usize,
    until: Option<Duration>,
    harm: Harm,
    /// What the counters of its targets showed when it began.
    before: u64,
}

/// See the module.
pub(super) struct Hand {
    nemesis: Nemesis,
    fabric: Arc<Fabric>,
    links: Links,
    /// By host, how many faults keep it down.
    down: Vec<u32>,
    /// By host, how often it was killed while it ran.
    kills: Vec<u64>,
    active: Vec<Active>,
    accomplice: Box<dyn Accomplice>,
}

impl Hand {
    pub(super) fn new(
        nemesis: Nemesis,
        fabric: Arc<Fabric>,
        latency: (Duration, Duration),
        accomplice: Box<dyn Accomplice>,
    ) -> Self {
        let hosts = fabric.hosts();
        let links = Links::new(fabric.clone(), latency);
        Self { nemesis, links, fabric, down: vec![0; hosts], kills: vec![0; hosts], active: Vec::new(), accomplice }
    }

    /// Does what is due.
    pub(super) fn act(&mut self, sim: &mut Sim<'_>, now: Duration) -> Result<(), Unfaithful> {
        let (begin, heal) = self.nemesis.due(now);
        let over: Vec<_> =
            self.active.extract_if(.., |active| heal || active.until.is_some_and(|until| until <= now)).collect();
        for active in over {
            self.end(sim, active, now)?;
        }
        for waiting in begin {
            self.begin(sim, waiting, now)?;
        }
        Ok(())
    }

    /// Counts what faults without an end, or with none so far, have hit.
    pub(super) fn rest(&mut self) {
        for active in std::mem::take(&mut self.active) {
            let hits = match active.harm {
                Harm::StoreUnreachable { .. }
                | Harm::Store { .. }
                | Harm::ReplyLost { .. }
                | Harm::CallRepeated { .. } => self.accomplice.end(active.number),
                _ => self.count(&active.harm) - active.before,
            };
            self.nemesis.ended(active.number, None, hits);
        }
    }

    fn begin(
        &mut self,
        sim: &mut Sim<'_>,
        Waiting { lasts, harm, .. }: Waiting,
        now: Duration,
    ) -> Result<(), Unfaithful> {
        let episode = Episode { harm: harm.clone(), from: now, until: None, hits: 0 };
        let before = self.count(&harm);
        let is_step = matches!(harm, Harm::ClockStep { .. });
        let number = self.nemesis.began(episode.clone(), !is_step);
        match &harm {
            Harm::Partition { side, way } => self.cut(sim, side, *way, Links::begin),
            Harm::Hold { side } => self.both_ways(sim, side, Effect::Hold, Links::begin),
            Harm::Slow { side, by_ms } => {
                self.both_ways(sim, side, Effect::Slow(Duration::from_millis((*by_ms).into())), Links::begin);
            }
            Harm::Kill { node } => self.kill(sim, self.node(*node), &harm)?,
            Harm::PowerLoss { node } => {
                // The cut comes first: the farewells of a killed process must not get out.
                self.cut(sim, &alone(*node), Way::Both, Links::begin);
                self.kill(sim, self.node(*node), &harm)?;
            }
            Harm::ClockSkew { node, by_ms } | Harm::ClockStep { node, by_ms } => {
                clock::shift(self.node(*node), i64::from(*by_ms) * 1_000_000);
            }
            _ => {
                if !self.accomplice.begin(number, &harm) {
                    return Err(Unfaithful::Undone(harm));
                }
            }
        }
        self.accomplice.happened(&episode);
        let until = if is_step { None } else { lasts.map(|lasts| now + lasts.max(Duration::from_millis(1))) };
        self.active.push(Active { number, until, harm, before });
        Ok(())
    }

    fn end(&mut self, sim: &mut Sim<'_>, active: Active, now: Duration) -> Result<(), Unfaithful> {
        let Active { number, harm, before, .. } = active;
        let hits = match &harm {
            // There is no going back; it is counted to the end.
            Harm::ClockStep { .. } => {
                self.active.push(Active { number, until: None, harm, before });
                return Ok(());
            }
            Harm::StoreUnreachable { .. } | Harm::Store { .. } | Harm::ReplyLost { .. } | Harm::CallRepeated { .. } => {
                self.accomplice.end(number)
            }
            _ => self.count(&harm) - before,
        };
        match &harm {
            Harm::Partition { side, way } => self.cut(sim, side, *way, Links::end),
            Harm::Hold { side } => self.both_ways(sim, side, Effect::Hold, Links::end),
            Harm::Slow { side, by_ms } => {
                self.both_ways(sim, side, Effect::Slow(Duration::from_millis((*by_ms).into())), Links::end);
            }
            Harm::Kill { node } => self.start(sim, self.node(*node), &harm)?,
            Harm::PowerLoss { node } => {
                self.start(sim, self.node(*node), &harm)?;
                self.cut(sim, &alone(*node), Way::Both, Links::end);
            }
            Harm::ClockSkew { node, by_ms } => clock::shift(self.node(*node), -i64::from(*by_ms) * 1_000_000),
            _ => {}
        }
        let episode = self.nemesis.ended(number, Some(now), hits);
        self.accomplice.happened(&episode);
        Ok(())
    }

    /// The place of a node; the nodes stand behind the driver.
    fn node(&self, index: u8) -> Place {
        let nodes = self.fabric.hosts() - 1;
        1 + usize::from(index) % nodes.max(1)
    }

    /// What is inside a side and what is outside.
    fn sides(&self, side: &Side) -> (Vec<Place>, Vec<Place>) {
        (0..self.fabric.hosts()).partition(|place| {
            if *place == DRIVER { side.driver } else { side.nodes.iter().any(|index| self.node(*index) == *place) }
        })
    }

    fn cut(&mut self, sim: &Sim<'_>, side: &Side, way: Way, change: fn(&mut Links, &Sim<'_>, Place, Place, Effect)) {
        for (from, to) in self.ways(side, way) {
            change(&mut self.links, sim, from, to, Effect::Cut);
        }
    }

    fn both_ways(
        &mut self,
        sim: &Sim<'_>,
        side: &Side,
        effect: Effect,
        change: fn(&mut Links, &Sim<'_>, Place, Place, Effect),
    ) {
        for (inside, outside) in self.ways(side, Way::Out) {
            change(&mut self.links, sim, inside, outside, effect);
        }
    }

    /// The directions across a cut.
    fn ways(&self, side: &Side, way: Way) -> Vec<(Place, Place)> {
        let (inside, outside) = self.sides(side);
        let out = inside.iter().flat_map(|from| outside.iter().map(|to| (*from, *to)));
        match way {
            Way::Out => out.collect(),
            Way::In => out.map(|(from, to)| (to, from)).collect(),
            Way::Both => out.flat_map(|(from, to)| [(from, to), (to, from)]).collect(),
        }
    }

    fn kill(&mut self, sim: &mut Sim<'_>, place: Place, harm: &Harm) -> Result<(), Unfaithful> {
        self.down[place] += 1;
        if self.down[place] == 1 {
            let name = self.fabric.name(place);
            self.kills[place] += u64::from(sim.is_host_running(&*name));
            self.fabric.set_dying(Some(place));
            sim.crash(&*name);
            self.fabric.set_dying(None);
        }
        self.expect(sim, place, false, harm)
    }

    fn start(&mut self, sim: &mut Sim<'_>, place: Place, harm: &Harm) -> Result<(), Unfaithful> {
        self.down[place] -= 1;
        if self.down[place] > 0 {
            return Ok(());
        }
        let before = self.fabric.incarnation(place);
        // A host whose software had ended by itself still has its tasks, and loses them only now.
        self.fabric.set_dying(Some(place));
        sim.bounce(&*self.fabric.name(place));
        self.fabric.set_dying(None);
        assert_eq!(self.fabric.incarnation(place), before + 1, "turmoil did not call the software");
        self.expect(sim, place, true, harm)
    }

    fn expect(&self, sim: &mut Sim<'_>, place: Place, running: bool, harm: &Harm) -> Result<(), Unfaithful> {
        let host = self.fabric.name(place);
        if sim.is_host_running(&*host) == running {
            return Ok(());
        }
        Err(Unfaithful::Host { host, running: !running, harm: harm.clone() })
    }

    /// What the counters of a fault's targets show.
    fn count(&self, harm: &Harm) -> u64 {
        let stopped = |ways: Vec<(Place, Place)>| ways.iter().map(|(from, to)| self.fabric.stopped(*from, *to)).sum();
        match harm {
            Harm::Partition { side, way } => stopped(self.ways(side, *way)),
            Harm::Hold { side } | Harm::Slow { side, .. } => stopped(self.ways(side, Way::Both)),
            Harm::Kill { node } | Harm::PowerLoss { node } => self.kills[self.node(*node)],
            Harm::ClockSkew { node, .. } | Harm::ClockStep { node, .. } => clock::reads(self.node(*node)),
            _ => 0,
        }
    }
}

fn alone(node: u8) -> Side {
    Side { nodes: vec![node], driver: false }
}
