//! `resurgam run`: generate cases, execute them on a target, judge and report.

mod choice;
mod container;
mod progress;
mod words;

use crate::Ended;
use crate::commands::scenarios;
use crate::exit::{Failure, print};
use crate::given::subject;
use crate::stop;
use container::{Container, Tables};
use jiff::SignedDuration;
use progress::Progress;
use resurgam_campaign::summary::Summary;
use resurgam_harness::order::{NotBegun, Order};
use resurgam_harness::outputs;
use resurgam_reports::{campaign, paint, terminal};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
pub(crate) use words::Faults;
use words::{Judged, KeepArg, Kind, Place, Processes, Promise, Store};

/// The arguments.
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
    scenario: Option<String>,
    /// What to test.
    #[arg(long, value_enum, default_value_t = Kind::Builtin)]
    target: Kind,
    /// Faults to inject, by family; `none` for a calm cluster. In the simulation [default: all] and on processes over Cassandra
    /// [default: none with `--world process`, all with `--world container`]; cases that run there at the same time share them.
    #[arg(long, value_enum, value_delimiter = ',')]
    faults: Vec<Faults>,
    /// Each case ends with many of something (signals, closed runs, namespaces, …), and calls beside it are counted: what they
    /// cost must not grow (P9). Only in the simulation.
    #[arg(long)]
    large: bool,
    /// With this bug planted in our orchestrator (see `resurgam bugs --list`). In the simulation and with `--world container`.
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    /// Where the orchestrator runs. Without it, Temporal is one process, with everything in memory.
    #[arg(long, value_enum, default_value_t = Place::Sim)]
    world: Place,
    /// Which processes Temporal has [default: one]. Only with `--target temporal --world container`.
    #[arg(long, value_enum)]
    topology: Option<Processes>,
    /// How many nodes our orchestrator has [default: 1 with `--world process`, 3 with `--world container`]. In the simulation the
    /// plan says it.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=64))]
    nodes: Option<u16>,
    /// What Cassandra in the container promises [default: strict]. Only with `--world container`.
    #[arg(long, value_enum)]
    durability: Option<Promise>,
    /// Where our orchestrator keeps everything. Only with `--world process`; in the simulation it is a model of Cassandra.
    #[arg(long, value_enum, default_value_t = Store::Memory)]
    store: Store,
    /// HOST:PORT of a node of Cassandra; several with commas between them.
    #[arg(long, value_name = "HOST:PORT")]
    contact: Option<String>,
    /// The keyspace there, with the tables that `resurgam schema cassandra --create` makes [default: resurgam].
    #[arg(long, requires = "contact")]
    keyspace: Option<String>,
    /// HOST:PORT of a server to judge; implies `--target address`.
    #[arg(long)]
    address: Option<String>,
    /// Namespace on that server, which must exist; without it `resurgam` is registered there.
    #[arg(long)]
    namespace: Option<String>,
    /// By what the server at --address is judged beside the contract [default: what it says it is].
    #[arg(long, value_enum, requires = "address")]
    profile: Option<Judged>,
    /// Seed of the first case; the others follow. Drawn from the clock if absent, and printed.
    #[arg(long)]
    seed: Option<u64>,
    /// How many cases [default: 200, or no limit with --for].
    #[arg(long)]
    cases: Option<u64>,
    /// Start no new case after this long, such as `90s`, `10m` or `2h`.
    #[arg(long = "for", value_parser = duration)]
    limit: Option<Duration>,
    /// Cases at the same time [default: one per processor in the simulation, else 16, as those cases mostly wait].
    #[arg(long)]
    jobs: Option<usize>,
    /// Directory of the run, which must be new or empty [default: resurgam-runs/SEED-TARGET, with a number behind it if there is
    /// one already].
    #[arg(long)]
    out: Option<PathBuf>,
    /// Which cases to keep. Without kept cases, the report shows none in full and none is shrunk.
    #[arg(long, value_enum, default_value_t = KeepArg::Failing)]
    keep: KeepArg,
    /// Seconds to spend on shrinking the first case that violates a rule; 0 to leave it as it is. Only in the simulation.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    shrink: u64,
    /// Count what is inconclusive as violated: exit with 1 instead of 3, and failures instead of errors in junit.xml.
    #[arg(long)]
    strict: bool,
    /// The run is inconclusive if a milestone was not reached: a situation that a campaign must have seen. A short run reaches
    /// few, so this is for long ones. Those that need faults are asked for only with all families of faults. Only in the
    /// simulation.
    #[arg(long)]
    campaign: bool,
}

/// Reads `90s`, `10m`, `1h 30m`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = |_| format!("{text} is not a length of time such as 90s, 10m or 2h");
    text.parse::<SignedDuration>().and_then(Duration::try_from).map_err(wrong)
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    if args.jobs == Some(0) || args.cases == Some(0) {
        return Err("--jobs and --cases must be at least 1".into());
    }
    let order = order(args)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::machine)?;
    let ended = runtime.block_on(conduct(order));
    // A run that ends early does not wait for the cases that are still being simulated.
    runtime.shutdown_background();
    ended
}

fn order(args: &Args) -> Result<Order, Failure> {
    let drawn = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |now| now.as_millis() as u64);
    let scenario = args.scenario.as_deref().map(scenarios::named).transpose()?;
    let cases = scenario.as_ref().filter(|_| args.limit.is_none()).map(|scenario| scenario.cases);
    let jobs = scenario.as_ref().and_then(|scenario| scenario.jobs);
    Ok(Order {
        choice: match &scenario {
            Some(scenario) => scenario.choice.clone(),
            None => choice::of(args)?,
        },
        scenario: scenario.map(Arc::new),
        seed: args.seed.unwrap_or_else(drawn),
        cases: args.cases.or(cases),
        limit: args.limit,
        campaign: args.campaign,
        strict: args.strict,
        jobs: args.jobs.or(jobs),
        keep: args.keep.into(),
        shrink: Duration::from_secs(args.shrink),
        out: args.out.clone(),
        started: None,
    })
}

async fn conduct(mut order: Order) -> Ended {
    let stop = stop::on_signals().map_err(Failure::machine)?;
    let mut container = None;
    if let Some((tables, durability)) = Tables::of(&order.choice) {
        let started = tokio::select! {
            started = Container::start(tables, durability) => started?,
            by = stop.wait() => return Err(Failure::Stopped(format!("stopped by {by} before Cassandra was there"))),
        };
        order.started = Some(started.provided());
        container = Some(started);
    }
    let program = std::env::current_exe().map_err(Failure::machine)?;
    let mut progress = Progress::new(order.total());
    let ran = order.carry_out(&program, subject, &stop, |event| progress.show(event)).await;
    progress.end();
    order.started = None;
    drop(container);
    let (summary, directory) = ran.map_err(|why| match why {
        NotBegun::Stopped(_) => Failure::Stopped(why.to_string()),
        why if why.is_bad_input() => Failure::input(why),
        why => Failure::machine(why),
    })?;
    tell(&summary, &directory);
    Ok(summary.conclusion.into())
}

/// Says on the terminal what a run found.
pub(crate) fn tell(summary: &Summary, directory: &Path) {
    let colours = paint::colours(std::io::stdout().is_terminal(), std::env::var_os("NO_COLOR").as_deref());
    for (seed, shrunk, path) in outputs::shrunk(directory, summary) {
        print(&terminal::shrunk(&summary.origin.options.choice, seed, &shrunk, &path));
    }
    if let Some(simulation) = summary.simulation.as_ref().filter(|_| summary.origin.options.campaign) {
        print(&campaign::unreached(simulation, colours));
    }
    print(&terminal::render(summary, &directory.display().to_string(), colours));
}
