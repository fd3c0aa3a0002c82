//! The fault injector: begins and ends faults between the steps of a simulation, and checks that they took place.

use crate::clock;
use crate::fabric::{DRIVER, Fabric, HostIndex};
use crate::fault::{Fault, Side, Way};
use crate::links::{Effect, Links};
use crate::nemesis::{Nemesis, Waiting};
use crate::record::{ExternalFaults, FaultRecord};
use std::sync::Arc;
use std::time::Duration;
use turmoil::Sim;

/// A fault that the simulation could not do, or that had no effect although it must have one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfaithful {
    /// Nobody does the fault of this name.
    #[error("nothing in this simulation can do the fault {0}")]
    Undone(usize),
    /// A killed host still runs, or a started one does not.
    #[error("{host} is{} running after {fault:?}", if *.running { "" } else { " not" })]
    Host {
        /// The host that the fault was done to.
        host: Arc<str>,
        /// Whether it runs.
        running: bool,
        /// What was done to it.
        fault: Fault,
    },
}

/// A fault in progress.
struct Active {
    /// Of its record.
    number: usize,
    name: usize,
    until: Option<Duration>,
    fault: Fault,
    /// What the counters of its targets showed when it began.
    before: u64,
}

/// See the module.
pub(crate) struct Injector {
    nemesis: Nemesis,
    fabric: Arc<Fabric>,
    links: Links,
    /// By host, how many faults keep it down.
    down: Vec<u32>,
    /// By host, how often it was killed while it ran.
    kills: Vec<u64>,
    active: Vec<Active>,
    external: Box<dyn ExternalFaults>,
}

impl Injector {
    pub(crate) fn new(
        nemesis: Nemesis,
        fabric: Arc<Fabric>,
        latency: (Duration, Duration),
        external: Box<dyn ExternalFaults>,
    ) -> Self {
        let hosts = fabric.hosts();
        let links = Links::new(fabric.clone(), latency);
        Self { nemesis, links, fabric, down: vec![0; hosts], kills: vec![0; hosts], active: Vec::new(), external }
    }

    /// Does what is due.
    pub(crate) fn act(&mut self, sim: &mut Sim<'_>, now: Duration) -> Result<(), Unfaithful> {
        let by = i64::try_from(self.nemesis.passing().as_nanos()).unwrap_or(i64::MAX);
        if by > 0 {
            (0..self.fabric.hosts()).for_each(|place| clock::shift(place, by));
        }
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
    pub(crate) fn rest(&mut self) {
        for active in std::mem::take(&mut self.active) {
            let hits = self.hits(&active);
            self.nemesis.ended(active.number, None, hits);
        }
    }

    /// How often a fault has hit that ends now.
    fn hits(&mut self, active: &Active) -> u64 {
        match active.fault {
            Fault::External => self.external.end(active.name),
            Fault::Partition { .. }
            | Fault::Hold { .. }
            | Fault::Slow { .. }
            | Fault::Kill { .. }
            | Fault::PowerLoss { .. }
            | Fault::Pause { .. }
            | Fault::ClockSkew { .. }
            | Fault::ClockStep { .. } => self.count(&active.fault) - active.before,
        }
    }

    fn begin(
        &mut self,
        sim: &mut Sim<'_>,
        Waiting { lasts, fault, name, .. }: Waiting,
        now: Duration,
    ) -> Result<(), Unfaithful> {
        let record = FaultRecord { name, fault: fault.clone(), from: now, until: None, hits: 0 };
        let before = self.count(&fault);
        let is_step = matches!(fault, Fault::ClockStep { .. });
        let number = self.nemesis.began(record.clone(), !is_step);
        match &fault {
            Fault::Partition { side, way } => self.cut(sim, side, *way, Links::begin),
            Fault::Hold { side } => self.both_ways(sim, side, Effect::Hold, Links::begin),
            Fault::Slow { side, by } => {
                self.both_ways(sim, side, Effect::Slow(*by), Links::begin);
            }
            Fault::Kill { node } => self.kill(sim, self.node(*node), &fault)?,
            Fault::PowerLoss { node } => {
                // The cut comes first: the farewells of a killed process must not get out.
                self.cut(sim, &Side::of(*node), Way::Both, Links::begin);
                self.kill(sim, self.node(*node), &fault)?;
            }
            Fault::Pause { node } => self.fabric.gate(self.node(*node)).close(),
            Fault::ClockSkew { node, by_ms } | Fault::ClockStep { node, by_ms } => {
                clock::shift(self.node(*node), i64::from(*by_ms) * 1_000_000);
            }
            Fault::External => {
                if !self.external.begin(name) {
                    return Err(Unfaithful::Undone(name));
                }
            }
        }
        self.external.happened(&record);
        let until = if is_step { None } else { lasts.map(|lasts| now + lasts.max(Duration::from_millis(1))) };
        self.active.push(Active { number, name, until, fault, before });
        Ok(())
    }

    fn end(&mut self, sim: &mut Sim<'_>, active: Active, now: Duration) -> Result<(), Unfaithful> {
        if let Fault::ClockStep { .. } = active.fault {
            // There is no going back; it is counted to the end.
            self.active.push(Active { until: None, ..active });
            return Ok(());
        }
        let hits = self.hits(&active);
        let Active { number, fault, .. } = active;
        match &fault {
            Fault::Partition { side, way } => self.cut(sim, side, *way, Links::end),
            Fault::Hold { side } => self.both_ways(sim, side, Effect::Hold, Links::end),
            Fault::Slow { side, by } => {
                self.both_ways(sim, side, Effect::Slow(*by), Links::end);
            }
            Fault::Kill { node } => self.start(sim, self.node(*node), &fault)?,
            Fault::PowerLoss { node } => {
                self.start(sim, self.node(*node), &fault)?;
                self.cut(sim, &Side::of(*node), Way::Both, Links::end);
            }
            Fault::Pause { node } => self.fabric.gate(self.node(*node)).open(),
            Fault::ClockSkew { node, by_ms } => clock::shift(self.node(*node), -i64::from(*by_ms) * 1_000_000),
            Fault::ClockStep { .. } | Fault::External => {}
        }
        let record = self.nemesis.ended(number, Some(now), hits);
        self.external.happened(&record);
        Ok(())
    }

    /// The place of a node; the nodes stand behind the driver.
    fn node(&self, index: u8) -> HostIndex {
        let nodes = self.fabric.hosts() - 1;
        1 + usize::from(index) % nodes.max(1)
    }

    /// What is inside a side and what is outside.
    fn sides(&self, side: &Side) -> (Vec<HostIndex>, Vec<HostIndex>) {
        (0..self.fabric.hosts()).partition(|place| {
            if *place == DRIVER { side.driver } else { side.nodes.iter().any(|index| self.node(*index) == *place) }
        })
    }

    fn cut(
        &mut self,
        sim: &Sim<'_>,
        side: &Side,
        way: Way,
        change: fn(&mut Links, &Sim<'_>, HostIndex, HostIndex, Effect),
    ) {
        for (from, to) in self.ways(side, way) {
            change(&mut self.links, sim, from, to, Effect::Cut);
        }
    }

    fn both_ways(
        &mut self,
        sim: &Sim<'_>,
        side: &Side,
        effect: Effect,
        change: fn(&mut Links, &Sim<'_>, HostIndex, HostIndex, Effect),
    ) {
        for (inside, outside) in self.ways(side, Way::Out) {
            change(&mut self.links, sim, inside, outside, effect);
        }
    }

    /// The directions across a cut.
    fn ways(&self, side: &Side, way: Way) -> Vec<(HostIndex, HostIndex)> {
        let (inside, outside) = self.sides(side);
        let out = inside.iter().flat_map(|from| outside.iter().map(|to| (*from, *to)));
        match way {
            Way::Out => out.collect(),
            Way::In => out.map(|(from, to)| (to, from)).collect(),
            Way::Both => out.flat_map(|(from, to)| [(from, to), (to, from)]).collect(),
        }
    }

    fn kill(&mut self, sim: &mut Sim<'_>, place: HostIndex, fault: &Fault) -> Result<(), Unfaithful> {
        self.down[place] += 1;
        if self.down[place] == 1 {
            let name = self.fabric.name(place);
            self.kills[place] += u64::from(sim.is_host_running(&*name));
            self.stopping(place, || sim.crash(&*name));
        }
        self.expect(sim, place, false, fault)
    }

    fn start(&mut self, sim: &mut Sim<'_>, place: HostIndex, fault: &Fault) -> Result<(), Unfaithful> {
        self.down[place] -= 1;
        if self.down[place] > 0 {
            return Ok(());
        }
        let before = self.fabric.incarnation(place);
        // A host whose software had ended by itself still has its tasks, and loses them only now.
        self.stopping(place, || sim.bounce(&*self.fabric.name(place)));
        assert_eq!(self.fabric.incarnation(place), before + 1, "turmoil did not call the software");
        self.expect(sim, place, true, fault)
    }

    /// Does what drops the tasks of a host.
    fn stopping(&self, place: HostIndex, stop: impl FnOnce()) {
        self.fabric.set_dying(Some(place));
        clock::set_stopping(Some(place));
        stop();
        clock::set_stopping(None);
        self.fabric.set_dying(None);
    }

    /// A node has panicked.
    pub(crate) fn panicked(&mut self, node: u8, message: &str) {
        self.external.panicked(node, message);
    }

    fn expect(&self, sim: &mut Sim<'_>, place: HostIndex, running: bool, fault: &Fault) -> Result<(), Unfaithful> {
        let host = self.fabric.name(place);
        if sim.is_host_running(&*host) == running {
            return Ok(());
        }
        Err(Unfaithful::Host { host, running: !running, fault: fault.clone() })
    }

    /// What the counters of a fault's targets show.
    fn count(&self, fault: &Fault) -> u64 {
        let stopped =
            |ways: Vec<(HostIndex, HostIndex)>| ways.iter().map(|(from, to)| self.fabric.stopped(*from, *to)).sum();
        match fault {
            Fault::Partition { side, way } => stopped(self.ways(side, *way)),
            Fault::Hold { side } | Fault::Slow { side, .. } => stopped(self.ways(side, Way::Both)),
            Fault::Kill { node } | Fault::PowerLoss { node } => self.kills[self.node(*node)],
            Fault::Pause { node } => self.fabric.gate(self.node(*node)).kept_waiting(),
            Fault::ClockSkew { node, .. } | Fault::ClockStep { node, .. } => clock::reads(self.node(*node)),
            // Whoever does it counts.
            Fault::External => 0,
        }
    }
}
