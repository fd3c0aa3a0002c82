//! What `resurgam run` can be told.

use super::words::{Faults, Judged, KeepArg, Kind, Processes, Promise, Store, WorldArg};
use jiff::SignedDuration;
use std::path::PathBuf;
use std::time::Duration;

#[derive(clap::Args)]
#[command(after_help = "\
The first Ctrl-C, SIGTERM or SIGHUP ends the run and reports what it found; the second ends it at once. Whatever happens,
`resurgam report DIR` makes the outputs again from what is in the directory.

Exit codes: 0 all rules held, 1 a rule was violated, 2 usage or bad input, 3 inconclusive: a rule or a case could not be
decided, nothing was judged, or the run was ended early, 4 the target or the machine failed: a server that does not start or
goes away, a full disk, ports.")]
pub(crate) struct Args {
    /// A scenario, by its name (see `resurgam scenarios`) or its file (docs/scenarios.md). It says what is tested, what happens there
    /// and what has to hold.
    #[arg(long, value_name = "NAME|FILE", conflicts_with_all = [
        "target", "world", "topology", "faults", "large", "bug", "nodes", "durability", "store", "contact", "keyspace", "address",
        "namespace", "profile", "campaign",
    ])]
    pub(super) scenario: Option<String>,
    /// What to test.
    #[arg(long, value_enum, default_value_t = Kind::Builtin)]
    pub(super) target: Kind,
    /// Faults to inject, by family; `none` for a calm cluster. In the simulation [default: all] and on processes over Cassandra
    /// [default: none with `--world process`, all with `--world container`]; cases that run there at the same time share them.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(super) faults: Vec<Faults>,
    /// Each case ends with many of something (signals, closed runs, namespaces, …), and calls beside it are counted: what they
    /// cost must not grow (P9). Only in the simulation.
    #[arg(long)]
    pub(super) large: bool,
    /// With this bug planted in our orchestrator (see `resurgam bugs --list`). In the simulation and with `--world container`.
    #[arg(long, value_name = "NAME")]
    pub(super) bug: Option<String>,
    /// Where the orchestrator runs. Without it, Temporal is one process, with everything in memory.
    #[arg(long, value_enum, default_value_t = WorldArg::Sim)]
    pub(super) world: WorldArg,
    /// Which processes Temporal has [default: one]. Only with `--target temporal --world container`.
    #[arg(long, value_enum)]
    pub(super) topology: Option<Processes>,
    /// How many nodes our orchestrator has [default: 1 with `--world process`, 3 with `--world container`]. In the simulation the
    /// plan says it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) nodes: Option<u16>,
    /// What Cassandra in the container promises [default: strict]. Only with `--world container`.
    #[arg(long, value_enum)]
    pub(super) durability: Option<Promise>,
    /// Where our orchestrator keeps everything. Only with `--world process`; in the simulation it is a model of Cassandra.
    #[arg(long, value_enum, default_value_t = Store::Memory)]
    pub(super) store: Store,
    /// HOST:PORT of a node of Cassandra; several with commas between them.
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) contact: Option<String>,
    /// The keyspace there, with the tables that `resurgam schema cassandra --create` makes [default: resurgam].
    #[arg(long, requires = "contact")]
    pub(super) keyspace: Option<String>,
    /// HOST:PORT of a server to judge; implies `--target address`.
    #[arg(long)]
    pub(super) address: Option<String>,
    /// Namespace on that server, which must exist; without it `resurgam` is registered there.
    #[arg(long)]
    pub(super) namespace: Option<String>,
    /// By what the server at --address is judged beside the contract [default: what it says it is].
    #[arg(long, value_enum, requires = "address")]
    pub(super) profile: Option<Judged>,
    /// Seed of the first case; the others follow. Drawn from the clock if absent, and printed.
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// How many cases [default: 200, or no limit with --for].
    #[arg(long)]
    pub(super) cases: Option<u64>,
    /// Start no new case after this long, such as `90s`, `10m` or `2h`.
    #[arg(long = "for", value_parser = duration)]
    pub(super) limit: Option<Duration>,
    /// Cases at the same time [default: one per processor in the simulation, else 16, as those cases mostly wait].
    #[arg(long)]
    pub(super) jobs: Option<usize>,
    /// Directory of the run, which must be new or empty [default: resurgam-runs/SEED-TARGET, with a number behind it if there is
    /// one already].
    #[arg(long)]
    pub(super) out: Option<PathBuf>,
    /// Which cases to keep. Without kept cases, the report shows none in full and none is shrunk.
    #[arg(long, value_enum, default_value_t = KeepArg::Failing)]
    pub(super) keep: KeepArg,
    /// Seconds to spend on shrinking the first case that violates a rule; 0 to leave it as it is. Only in the simulation.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(super) shrink: u64,
    /// Count what is inconclusive as violated: exit with 1 instead of 3, and failures instead of errors in junit.xml.
    #[arg(long)]
    pub(super) strict: bool,
    /// The run is inconclusive if a milestone was not reached: a situation that a campaign must have seen. A short run reaches
    /// few, so this is for long ones. Those that need faults are asked for only with all families of faults. Only in the
    /// simulation.
    #[arg(long)]
    pub(super) campaign: bool,
}

/// Reads `90s`, `10m`, `1h 30m`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = |_| format!("{text} is not a length of time such as 90s, 10m or 2h");
    text.parse::<SignedDuration>().and_then(Duration::try_from).map_err(wrong)
}
