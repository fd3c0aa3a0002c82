//! The words of the command line for targets, profiles, faults and what is kept, and what each stands for.

use clap::ValueEnum;
use resurgam_formats::plan::Family;
use resurgam_formats::target::{Durability, JudgedBy, Topology};
use resurgam_harness::run::Keep;

/// What to test.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Our own orchestrator.
    Builtin,
    /// The real Temporal server, started here (see `resurgam setup temporal`).
    Temporal,
    /// A server that is already running.
    Address,
}

/// The worlds of an orchestrator.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WorldArg {
    /// A simulated cluster with faults.
    Sim,
    /// A process of its own on this machine; over Cassandra one for each node, and with faults if they are asked for.
    Process,
    /// A process for each node, over Apache Cassandra in a container that is started for the run, with faults. Temporal too.
    Container,
}

/// The processes of the real Temporal server.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Processes {
    /// One with all services.
    One,
    /// One for each service: history, matching, worker, frontend.
    Services,
    /// The same with two of history and two of matching.
    Pairs,
}

impl From<Processes> for Topology {
    fn from(processes: Processes) -> Self {
        match processes {
            Processes::One => Self::One,
            Processes::Services => Self::Services,
            Processes::Pairs => Self::Pairs,
        }
    }
}

/// What Cassandra in a container promises.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Promise {
    /// Nothing acknowledged is lost with a process.
    Strict,
    /// As it comes: its log is written to disk after the acknowledgement.
    Stock,
}

impl From<Promise> for Durability {
    fn from(promise: Promise) -> Self {
        match promise {
            Promise::Strict => Self::Strict,
            Promise::Stock => Self::Stock,
        }
    }
}

/// The stores of our orchestrator in a process.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Store {
    /// In the process: gone when it is.
    Memory,
    /// In Apache Cassandra.
    Cassandra,
}

/// Profiles, as they are named on the command line.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Judged {
    /// By the contract alone: nothing more is promised, nothing is forgiven.
    Contract,
    /// As Temporal's own server, with its known differences.
    Temporal,
    /// As our orchestrator, which promises more.
    Resurgam,
}

impl From<Judged> for JudgedBy {
    fn from(judged: Judged) -> Self {
        match judged {
            Judged::Contract => Self::Contract,
            Judged::Temporal => Self::Temporal,
            Judged::Resurgam => Self::Resurgam,
        }
    }
}

/// Families of faults, as they are named on the command line.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Faults {
    All,
    None,
    Network,
    Node,
    Clock,
    Store,
    Call,
    /// The database itself is killed, stands still or tidies up. Only with `--world container`.
    Database,
}

impl Faults {
    /// The families that are meant where all are these.
    pub(crate) fn families(given: &[Self], all: &[Family]) -> Vec<Family> {
        let mut families: Vec<Family> = given
            .iter()
            .flat_map(|faults| match faults {
                Self::All => all.to_vec(),
                Self::None => Vec::new(),
                Self::Network => vec![Family::Network],
                Self::Node => vec![Family::Node],
                Self::Clock => vec![Family::Clock],
                Self::Store => vec![Family::Store],
                Self::Call => vec![Family::Call],
                Self::Database => vec![Family::Database],
            })
            .collect();
        families.sort_unstable();
        families.dedup();
        families
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum KeepArg {
    /// Those that were violated or could not be decided, and the first three for the report.
    Failing,
    /// All, whatever was said of them.
    All,
    /// None but those that could not be judged.
    None,
}

impl From<KeepArg> for Keep {
    fn from(keep: KeepArg) -> Self {
        match keep {
            KeepArg::Failing => Self::Failing,
            KeepArg::All => Self::All,
            KeepArg::None => Self::None,
        }
    }
}
