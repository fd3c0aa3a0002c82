//! How large a world is explored. A scope is the whole budget of an exploration: everything in it happens in every order.

/// The bounds of one exploration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    pub(crate) name: &'static str,
    pub(crate) owners: u8,
    /// Distinct write requests.
    pub(crate) requests: u8,
    /// How often a client makes each of them, with the same request id.
    pub(crate) calls: u8,
    /// Fences sent, by all owners together.
    pub(crate) fences: u8,
    /// Messages that a proxy or a driver sends a second time.
    pub(crate) resends: u8,
    /// Whether history nodes are appended before each batch.
    pub(crate) nodes: bool,
    /// Whether a client reads once.
    pub(crate) reads: bool,
    /// Whether transitions bring tasks, and how many hand-overs there are.
    pub(crate) dispatches: u8,
    /// Whether an owner tells a waiting client "it failed" where it believes to know that; else always UNAVAILABLE.
    pub(crate) definite: bool,
    /// Whether others act between the two halves of a load.
    pub(crate) torn: bool,
    /// Whether plain reads may miss a conditional write that was never acknowledged.
    pub(crate) undecided: bool,
}

const SMALLEST: Scope = Scope {
    name: "",
    owners: 2,
    requests: 2,
    calls: 1,
    fences: 3,
    resends: 0,
    nodes: false,
    reads: false,
    dispatches: 0,
    definite: false,
    torn: false,
    undecided: false,
};

/// Bare batches, and clients that are only ever told "done" or UNAVAILABLE and then try once more.
pub(crate) const VAGUE: Scope = Scope { name: "vague", calls: 2, ..SMALLEST };
/// Bare batches, and owners that say "it failed" whenever they believe to know it.
pub(crate) const DEFINITE: Scope = Scope { name: "definite", definite: true, undecided: true, ..SMALLEST };
/// As before, and something between owner and store sends messages twice.
pub(crate) const PROXY: Scope = Scope { name: "proxy", definite: true, resends: 1, fences: 2, ..SMALLEST };
/// A history node before each batch.
pub(crate) const NODES: Scope = Scope { name: "nodes", nodes: true, ..SMALLEST };
/// A client that reads.
pub(crate) const READS: Scope = Scope { name: "reads", reads: true, fences: 2, ..SMALLEST };
/// Tasks, their levels and their hand-over.
pub(crate) const TASKS: Scope = Scope { name: "tasks", dispatches: 2, fences: 2, ..SMALLEST };
/// Loads in two halves, the execution row first, then the tasks; and reads, which would show what such a load mixed.
pub(crate) const TORN: Scope =
    Scope { name: "torn", torn: true, requests: 1, undecided: true, reads: true, dispatches: 1, fences: 2, ..SMALLEST };
pub(crate) const THREE: Scope = Scope { name: "three owners", owners: 3, ..SMALLEST };

/// What runs on every change.
pub(crate) const SMALL: [Scope; 8] = [VAGUE, DEFINITE, PROXY, NODES, READS, TASKS, TORN, THREE];

/// Larger worlds, for who has some minutes.
pub(crate) const LARGE: [Scope; 6] = [
    Scope { name: "large log", calls: 2, fences: 4, undecided: true, ..SMALLEST },
    Scope { name: "large proxy", calls: 2, resends: 2, undecided: true, ..SMALLEST },
    Scope { name: "large nodes", nodes: true, resends: 1, ..SMALLEST },
    Scope { name: "large reads", reads: true, calls: 2, resends: 1, undecided: true, ..SMALLEST },
    Scope { name: "large tasks", dispatches: 2, undecided: true, torn: true, ..SMALLEST },
    Scope { name: "large ownership", owners: 3, fences: 4, definite: true, undecided: true, ..SMALLEST },
];
