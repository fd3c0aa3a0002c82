//! Which target the options choose, if they fit together.

use super::args::Args;
use super::words::{Faults, Kind, Processes, Promise, Store, WorldArg};
use crate::exit::Failure;
use crate::given::subject;
use resurgam_formats::plan::Family;
use resurgam_formats::target::{Choice, JudgedBy, Keyspace};
use resurgam_harness::target::Cluster;

/// The target that was chosen, if the options fit together.
pub(super) fn of(args: &Args) -> Result<Choice, Failure> {
    let simulated = args.address.is_none() && args.target == Kind::Builtin && args.world == WorldArg::Sim;
    if !simulated && (args.large || args.campaign) {
        return Err("--large and --campaign are for the simulation (--target builtin --world sim)".into());
    }
    let on = |place| args.address.is_none() && args.target == Kind::Builtin && args.world == place;
    let (process, container) = (on(WorldArg::Process), on(WorldArg::Container));
    let temporal = args.address.is_none() && args.target == Kind::Temporal && args.world == WorldArg::Container;
    if !simulated && !container && args.bug.is_some() {
        return Err("--bug is for the simulation and for --world container".into());
    }
    if let Some(bug) = args.bug.as_ref().filter(|bug| subject(Some(bug)).is_none()) {
        return Err(Failure::Input(format!("there is no planted bug {bug}")));
    }
    if !process && args.store != Store::Memory {
        return Err("--store is for our orchestrator in a process (--target builtin --world process)".into());
    }
    if !process && !container && args.nodes.is_some() {
        return Err("--nodes is for our orchestrator in processes (--world process or --world container)".into());
    }
    if !container && !temporal && args.durability.is_some() {
        return Err("--durability is for Cassandra in a container (--world container)".into());
    }
    if !temporal && args.topology.is_some() {
        return Err("--topology is for Temporal over Cassandra (--target temporal --world container)".into());
    }
    let faults = faults(args, simulated, container, temporal)?;
    match (&args.address, args.target, args.world) {
        (None, _, _) if args.namespace.is_some() => Err("--namespace goes with --address".into()),
        (Some(address), _, _) => Ok(Choice::Address {
            address: address.clone(),
            namespace: args.namespace.clone(),
            profile: args.profile.map(JudgedBy::from),
        }),
        (None, Kind::Address, _) => Err("--target address needs --address HOST:PORT".into()),
        (None, Kind::Temporal, WorldArg::Process) => {
            Err("--world process is for our own orchestrator; Temporal over Cassandra is --world container".into())
        }
        (None, Kind::Temporal, WorldArg::Container) => Ok(Choice::TemporalContainer {
            topology: args.topology.unwrap_or(Processes::One).into(),
            durability: args.durability.unwrap_or(Promise::Strict).into(),
            faults,
        }),
        (None, Kind::Temporal, WorldArg::Sim) => Ok(Choice::Temporal),
        (None, Kind::Builtin, WorldArg::Process) => {
            Ok(Choice::Process { nodes: args.nodes.unwrap_or(1), keyspace: keyspace(args)?, faults })
        }
        (None, Kind::Builtin, WorldArg::Container) => Ok(Choice::Container {
            nodes: args.nodes.unwrap_or(3),
            durability: args.durability.unwrap_or(Promise::Strict).into(),
            faults,
            bug: args.bug.clone(),
        }),
        (None, Kind::Builtin, WorldArg::Sim) => {
            Ok(Choice::Simulation { faults, large: args.large, bug: args.bug.clone() })
        }
    }
}

/// The families of faults, if there can be any on the target.
fn faults(args: &Args, simulated: bool, container: bool, temporal: bool) -> Result<Vec<Family>, Failure> {
    let possible = simulated || container || temporal || args.store == Store::Cassandra;
    let all = match (temporal, container) {
        (true, _) => Cluster::OF_TEMPORAL,
        (false, true) => Family::ALL,
        (false, false) => Family::SIMULATED,
    };
    match args.faults[..] {
        [] if simulated || container || temporal => Ok(all.to_vec()),
        [] | [Faults::None] => Ok(Vec::new()),
        _ if temporal && args.faults.contains(&Faults::Clock) => {
            Err("--faults clock is for our own orchestrator: Temporal's processes have the clock of the machine".into())
        }
        _ if !container && !temporal && args.faults.contains(&Faults::Database) => {
            Err("--faults database is for Cassandra in a container of the run's own (--world container)".into())
        }
        _ if possible => Ok(Faults::families(&args.faults, all)),
        _ => {
            Err("--faults is for the simulation (--target builtin --world sim) and for processes over Cassandra (--world container)"
                .into())
        }
    }
}

/// Where everything is kept, if not in memory.
fn keyspace(args: &Args) -> Result<Option<Keyspace>, Failure> {
    match (args.store, &args.contact) {
        (Store::Memory, None) => Ok(None),
        (Store::Memory, Some(_)) => Err("--contact goes with --store cassandra".into()),
        (Store::Cassandra, contact) => Ok(Some(Keyspace {
            contact: contact.clone().unwrap_or_else(|| "127.0.0.1:9042".to_owned()),
            name: args.keyspace.clone().unwrap_or_else(|| "resurgam".to_owned()),
        })),
    }
}
