//! What all hosts of one simulation share: their names, the time, and every byte that passed between them, as a hash.
//!
//! The hash covers sender, receiver, connection, time and content of every segment, so two simulations with equal hashes did the same.
//! Counting what a cut link swallowed and a held one delayed is how a fault proves that it happened.

use crate::gate::Gate;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use turmoil::net::TcpStream;
use xxhash_rust::xxh3::Xxh3Default;

/// What passed on the links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Pieces of streams as they were sent, lost ones included, of whatever length.
    pub segments: u64,
    /// Calls that were sent, by the driver and by nodes.
    pub rpcs: u64,
}

/// The stream of a wire, until it or its host ends.
pub(crate) type Slot = Mutex<Option<TcpStream>>;

/// The index of a host: the driver, then the nodes in the order of their registration.
pub(crate) type HostIndex = usize;

/// The host of clients and workers.
pub(crate) const DRIVER: HostIndex = 0;

/// Whether messages pass from one host to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Passage {
    /// They do, as fast as the latency of the simulation says.
    #[default]
    Open,
    /// They do, but slower.
    Slow,
    /// They wait until the fault is over.
    Held,
    /// They are lost.
    Cut,
}

/// See the module.
#[derive(Default)]
pub(crate) struct Fabric {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    names: Vec<Arc<str>>,
    incarnations: Vec<u64>,
    gates: Vec<Arc<Gate>>,
    /// By host, the wires that may still be there, in the order in which they were made.
    wires: Vec<Vec<Weak<Slot>>>,
    /// The host that is being killed.
    dying: Option<HostIndex>,
    now: Duration,
    hash: Xxh3Default,
    traffic: Traffic,
    /// By sender and receiver.
    ways: Vec<Vec<OneWay>>,
}

/// One direction between two hosts.
#[derive(Clone, Copy, Default)]
struct OneWay {
    passage: Passage,
    /// Segments sent while it was anything but open.
    stopped: u64,
}

impl Fabric {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new host.
    pub(crate) fn add(&self, name: &str) -> HostIndex {
        let mut state = self.state();
        state.names.push(name.into());
        state.incarnations.push(0);
        state.gates.push(Arc::default());
        state.wires.push(Vec::new());
        let hosts = state.names.len();
        state.ways.resize_with(hosts, Vec::new);
        state.ways.iter_mut().for_each(|row| row.resize_with(hosts, OneWay::default));
        hosts - 1
    }

    /// How many hosts there are, the driver's included.
    pub(crate) fn hosts(&self) -> usize {
        self.state().names.len()
    }

    pub(crate) fn name(&self, place: HostIndex) -> Arc<str> {
        self.state().names[place].clone()
    }

    pub(crate) fn place(&self, name: &str) -> Option<HostIndex> {
        self.state().names.iter().position(|other| **other == *name)
    }

    /// Counts a start of a host's software; the first is 1.
    pub(crate) fn start(&self, place: HostIndex) -> u64 {
        let mut state = self.state();
        state.incarnations[place] += 1;
        state.incarnations[place]
    }

    pub(crate) fn incarnation(&self, place: HostIndex) -> u64 {
        self.state().incarnations[place]
    }

    /// What all that runs on a host passes.
    pub(crate) fn gate(&self, place: HostIndex) -> Arc<Gate> {
        Arc::clone(&self.state().gates[place])
    }

    /// A host made a wire.
    pub(crate) fn wired(&self, place: HostIndex, slot: &Arc<Slot>) {
        let mut state = self.state();
        let wires = &mut state.wires[place];
        if wires.len() == wires.capacity() {
            wires.retain(|wire| wire.strong_count() > 0);
        }
        wires.push(Arc::downgrade(slot));
    }

    /// Says which host is being killed, if any.
    pub(crate) fn set_dying(&self, dying: Option<HostIndex>) {
        self.state().dying = dying;
    }

    /// The wires of a host if it is being killed, in the order in which they were made, and only once.
    pub(crate) fn dying_wires(&self, place: HostIndex) -> Vec<Arc<Slot>> {
        let mut state = self.state();
        if state.dying != Some(place) {
            return Vec::new();
        }
        state.wires[place].drain(..).filter_map(|wire| wire.upgrade()).collect()
    }

    pub(crate) fn now(&self) -> Duration {
        self.state().now
    }

    pub(crate) fn set_now(&self, now: Duration) {
        self.state().now = now;
    }

    pub(crate) fn set_passage(&self, from: HostIndex, to: HostIndex, passage: Passage) {
        self.state().ways[from][to].passage = passage;
    }

    /// How many segments were sent that way while it was anything but open.
    pub(crate) fn stopped(&self, from: HostIndex, to: HostIndex) -> u64 {
        self.state().ways[from][to].stopped
    }

    /// A segment leaves a host, on the connection between two ports; so many calls begin in it.
    pub(crate) fn sent(&self, from: HostIndex, to: Option<HostIndex>, ports: [u16; 2], bytes: &[u8], rpcs: u64) {
        let mut state = self.state();
        state.traffic.segments += 1;
        state.traffic.rpcs += rpcs;
        if let Some(way) = to.and_then(|to| state.ways[from].get_mut(to))
            && way.passage != Passage::Open
        {
            way.stopped += 1;
        }
        let place = |place: Option<HostIndex>| place.map_or(u64::MAX, |place| place as u64);
        state.note(&[place(Some(from)), place(to), ports[0].into(), ports[1].into()], bytes);
    }

    /// Something else that has to repeat.
    pub(crate) fn note(&self, bytes: &[u8]) {
        self.state().note(&[], bytes);
    }

    pub(crate) fn traffic(&self) -> Traffic {
        self.state().traffic
    }

    pub(crate) fn trace(&self) -> u64 {
        self.state().hash.digest()
    }
}

impl State {
    fn note(&mut self, ends: &[u64], bytes: &[u8]) {
        let now = u64::try_from(self.now.as_nanos()).unwrap_or(u64::MAX);
        self.hash.update(&now.to_le_bytes());
        ends.iter().for_each(|end| self.hash.update(&end.to_le_bytes()));
        self.hash.update(&(bytes.len() as u64).to_le_bytes());
        self.hash.update(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_knows_who_when_and_what() {
        let hash = |from, to, port, at, bytes: &[u8]| {
            let fabric = Fabric::default();
            (0..3).for_each(|host| drop(fabric.add(&host.to_string()).to_string()));
            fabric.set_now(Duration::from_millis(at));
            fabric.sent(from, Some(to), [port, 7], bytes, 0);
            fabric.trace()
        };
        let one = hash(0, 1, 9, 5, b"x");
        assert_eq!(one, hash(0, 1, 9, 5, b"x"));
        let others = [
            hash(1, 0, 9, 5, b"x"),
            hash(0, 2, 9, 5, b"x"),
            hash(0, 1, 8, 5, b"x"),
            hash(0, 1, 9, 6, b"x"),
            hash(0, 1, 9, 5, b"y"),
        ];
        for other in others {
            assert_ne!(one, other);
        }
    }

    #[test]
    fn only_what_did_not_pass_is_counted() {
        let fabric = Fabric::default();
        fabric.add("a");
        fabric.add("b");
        fabric.sent(0, Some(1), [1, 2], b"passes", 0);
        fabric.set_passage(0, 1, Passage::Cut);
        fabric.sent(0, Some(1), [1, 2], b"is lost", 0);
        fabric.sent(1, Some(0), [1, 2], b"goes the other way", 0);
        fabric.set_passage(0, 1, Passage::Held);
        fabric.sent(0, Some(1), [1, 2], b"waits", 0);
        assert_eq!((fabric.stopped(0, 1), fabric.stopped(1, 0), fabric.traffic().segments), (2, 0, 4));
    }
}
