//! `resurgam run`: generate cases, execute them on a target, judge and report.

use crate::Ended;
use crate::exit::{Failure, print};
use crate::given::subject;
use crate::stop;
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::SignedDuration;
use resurgam_campaign::origin::{Options, Origin};
use resurgam_campaign::summary::Summary;
use resurgam_formats::plan::Family;
use resurgam_formats::target::{Choice, JudgedBy};
use resurgam_formats::verdict::Outcome;
use resurgam_harness::outputs;
use resurgam_harness::run::{Event, Keep, Request, run as execute};
use resurgam_harness::run_directory::{Refused, RunDirectory};
use resurgam_harness::shrink::Budget;
use resurgam_harness::target;
use resurgam_reports::{campaign, command, paint, terminal};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// How many cases are run if nothing says otherwise.
const CASES: u64 = 200;
/// Without a terminal, a line of progress after this many cases.
const LINE: u64 = 100;

/// The arguments.
#[derive(clap::Args)]
#[command(after_help = "\
The first Ctrl-C, SIGTERM or SIGHUP ends the run and reports what it found; the second ends it at once. Whatever happens,
`resurgam report DIR` makes the outputs again from what is in the directory.

Exit codes: 0 all rules held, 1 a rule was violated, 2 usage or bad input, 3 inconclusive: a rule or a case could not be
decided, nothing was judged, or the run was ended early, 4 the target or the machine failed: a server that does not start or
goes away, a full disk, ports.")]
pub(crate) struct Args {
    /// What to test.
    #[arg(long, value_enum, default_value_t = Kind::Builtin)]
    target: Kind,
    /// Faults to inject, by family; `none` for a calm cluster. Only in the simulation.
    #[arg(long, value_enum, value_delimiter = ',', default_value = "all")]
    faults: Vec<Faults>,
    /// With this bug planted in our orchestrator (see `resurgam bugs --list`). Only in the simulation.
    #[arg(long, value_name = "NAME")]
    bug: Option<String>,
    /// Where our orchestrator runs.
    #[arg(long, value_enum, default_value_t = Place::Sim)]
    world: Place,
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

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Our orchestrator.
    Builtin,
    /// The real Temporal server, started here (see `resurgam setup temporal`).
    Temporal,
    /// A server that is already running.
    Address,
}

/// The worlds of our orchestrator.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Place {
    /// A simulated cluster with faults.
    Sim,
    /// A process of its own on this machine, without faults.
    Process,
}

/// Profiles, as they are named on the command line.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Judged {
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
enum Faults {
    All,
    None,
    Network,
    Node,
    Clock,
    Store,
    Call,
}

impl Faults {
    fn families(given: &[Self]) -> Vec<Family> {
        let mut families: Vec<Family> = given
            .iter()
            .flat_map(|faults| match faults {
                Self::All => Family::ALL.to_vec(),
                Self::None => Vec::new(),
                Self::Network => vec![Family::Network],
                Self::Node => vec![Family::Node],
                Self::Clock => vec![Family::Clock],
                Self::Store => vec![Family::Store],
                Self::Call => vec![Family::Call],
            })
            .collect();
        families.sort_unstable();
        families.dedup();
        families
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum KeepArg {
    /// Those that were violated or could not be decided, and the first three for the report.
    Failing,
    /// All.
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
    let choice = choice(args)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::machine)?;
    let ended = runtime.block_on(conduct(args, choice));
    // A run that ends early does not wait for the cases that are still being simulated.
    runtime.shutdown_background();
    ended
}

/// The target that was chosen, if the options fit together.
fn choice(args: &Args) -> Result<Choice, Failure> {
    let simulated = args.address.is_none() && args.target == Kind::Builtin && args.world == Place::Sim;
    if !simulated && (args.bug.is_some() || args.faults != [Faults::All] || args.campaign) {
        return Err("--faults, --bug and --campaign are for the simulation (--target builtin --world sim)".into());
    }
    match (&args.address, args.target, args.world) {
        (None, _, _) if args.namespace.is_some() => Err("--namespace goes with --address".into()),
        (Some(address), _, _) => Ok(Choice::Address {
            address: address.clone(),
            namespace: args.namespace.clone(),
            profile: args.profile.map(JudgedBy::from),
        }),
        (None, Kind::Address, _) => Err("--target address needs --address HOST:PORT".into()),
        (None, Kind::Temporal, Place::Process) => Err("--world is for our own orchestrator".into()),
        (None, Kind::Temporal, Place::Sim) => Ok(Choice::Temporal),
        (None, Kind::Builtin, Place::Process) => Ok(Choice::Process),
        (None, Kind::Builtin, Place::Sim) => {
            Ok(Choice::Simulation { faults: Faults::families(&args.faults), bug: args.bug.clone() })
        }
    }
}

async fn conduct(args: &Args, choice: Choice) -> Ended {
    let stop = stop::on_signals().map_err(Failure::machine)?;
    let seed = args.seed.unwrap_or_else(|| {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |now| now.as_millis() as u64)
    });
    let (name, simulated) = match &choice {
        Choice::Simulation { .. } => ("builtin", true),
        Choice::Process => ("builtin", false),
        Choice::Temporal => ("temporal", false),
        Choice::Address { .. } => ("address", false),
    };
    let directory = RunDirectory::create(args.out.as_deref(), &format!("{seed}-{name}"));
    let directory = directory.map_err(|refused| match refused {
        Refused::Used(_) => Failure::input(refused),
        Refused::File(_) => Failure::machine(refused),
    })?;
    let out = directory.path().to_owned();
    let program = std::env::current_exe().map_err(Failure::machine)?;
    let opened = tokio::select! {
        opened = target::open(&choice, &program, subject) => opened,
        by = stop.wait() => {
            directory.give_up();
            return Err(Failure::Stopped(format!("stopped by {by} before the first case")));
        }
    };
    let target = match opened {
        Ok(target) => target,
        Err(why) => {
            directory.give_up();
            return Err(if why.is_bad_input() { Failure::input(why) } else { Failure::machine(why) });
        }
    };
    let cases = args.cases.or(if args.limit.is_some() { None } else { Some(CASES) });
    let seconds = args.limit.map(|limit| limit.as_secs_f64().ceil() as u64);
    let options = Options { choice, cases, seconds, campaign: args.campaign, strict: args.strict };
    let mut origin = Origin {
        resurgam: env!("CARGO_PKG_VERSION").into(),
        command: String::new(),
        scenario: "random".into(),
        target: target.name(),
        target_version: target.version(),
        seed,
        options,
    };
    origin.command = command::run(&origin);
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let request = Request {
        origin,
        jobs: args.jobs.unwrap_or(if simulated { processors } else { 16 }),
        keep: args.keep.into(),
        shrink: (args.shrink > 0).then(|| Budget { time: Duration::from_secs(args.shrink), ..Budget::default() }),
    };
    let mut progress = Progress::new(cases);
    let summary = execute(&request, target, directory, &stop, |event| progress.show(event)).await;
    progress.bar.finish_and_clear();
    tell(&summary, &out);
    Ok(summary.conclusion.into())
}

/// Says on the terminal what a run found.
pub(crate) fn tell(summary: &Summary, directory: &Path) {
    let colours = paint::colours(std::io::stdout().is_terminal(), std::env::var_os("NO_COLOR").as_deref());
    for (seed, shrunk, path) in outputs::shrunk(directory, summary) {
        print(&terminal::shrunk(seed, &shrunk, &path));
    }
    if let Some(simulation) = summary.simulation.as_ref().filter(|_| summary.origin.options.campaign) {
        print(&campaign::unreached(simulation, colours));
    }
    print(&terminal::render(summary, &directory.display().to_string(), colours));
}

/// Shows how far a run is.
struct Progress {
    bar: ProgressBar,
    violated: u64,
    unknown: u64,
}

impl Progress {
    fn new(cases: Option<u64>) -> Self {
        let bar = cases.map_or_else(ProgressBar::no_length, ProgressBar::new);
        let template = "{bar:30} {pos}/{len} cases  {msg}  {elapsed} ({per_sec})";
        bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.enable_steady_tick(Duration::from_millis(500));
        Self { bar, violated: 0, unknown: 0 }
    }

    fn show(&mut self, event: Event<'_>) {
        match event {
            Event::Case(case) => {
                self.bar.inc(1);
                self.violated += u64::from(case.worst() == Outcome::Violated);
                self.unknown += u64::from(case.worst() == Outcome::Unknown);
                let so_far = format!("{} violated, {} unknown", self.violated, self.unknown);
                // Where nobody sees the bar, in the log of a nightly run, a line now and then says how far it is.
                let ended = self.bar.position();
                if self.bar.is_hidden() && ended.is_multiple_of(LINE) {
                    print(&format!("{ended} cases ended, {so_far}\n"));
                }
                self.bar.set_message(so_far);
            }
            Event::Short(short) => self.bar.suspend(|| {
                // If standard error is closed, the report says it all the same.
                let _ = writeln!(std::io::stderr(), "resurgam: {short}");
            }),
            Event::Shrinking(left) => self.bar.set_message(format!("shrinking {left}")),
        }
    }
}
