//! `resurgam run`: generate cases, execute them on a target, judge and report.

use crate::Ended;
use crate::commands::replay;
use crate::exit::{Exit, print};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::SignedDuration;
use resurgam_campaign::coverage::Coverage;
use resurgam_formats::evidence::Evidence;
use resurgam_harness::Subject;
use resurgam_harness::run::{self, Case, Ended as CaseEnded, Keep, Options, Shrunk, World};
use resurgam_harness::shrink::Budget;
use resurgam_harness::target::{Address, Builtin as Server, Options as ServerOptions, Temporal};

use resurgam_campaign::milestone::{Milestones, Needs};
use resurgam_campaign::simulation::{Simulated, Simulation};
use resurgam_campaign::summary::{Case as Line, Origin, Summary};
use resurgam_formats::plan::Family;
use resurgam_formats::shrinking::Progress;
use resurgam_formats::verdict::{Outcome, Verdict};
use resurgam_judge::profile::Profile;
use resurgam_reports::{CaseView, Page, campaign, command, html, json, junit, paint, terminal};
use std::fmt::Write as _;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant, SystemTime};

/// How many cases are run if nothing says otherwise.
const CASES: u64 = 200;
/// How many passing cases are shown in the report, so that a reader sees what a timeline looks like.
const SHOWN: usize = 3;
/// How many failing cases are shown with their timelines.
const FAILING: usize = 20;

/// Without a terminal, a line of progress after this many cases.
const LINE: u64 = 100;

/// The arguments.
#[derive(clap::Args)]
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
    /// Directory of the run [default: resurgam-runs/SEED-TARGET].
    #[arg(long)]
    out: Option<PathBuf>,
    /// Which cases to keep.
    #[arg(long, value_enum, default_value_t = KeepArg::Failing)]
    keep: KeepArg,
    /// Seconds to spend on shrinking the first case that violates a rule; 0 to leave it as it is. Only in the simulation.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    shrink: u64,
    /// Exit with 3 if something could not be decided.
    #[arg(long)]
    strict: bool,
    /// Exit with 3 if a milestone was not reached: a situation that a campaign must have seen. A short run reaches few,
    /// so this is for long ones. Those that need faults are asked for only with all families of faults. Only in the
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

impl Judged {
    fn profile(self, version: &str) -> Profile {
        match self {
            Self::Contract => Profile::default(),
            Self::Temporal => Profile::temporal(version),
            Self::Resurgam => Profile::resurgam(),
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
    Failing,
    All,
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
    let runtime = tokio::runtime::Runtime::new().map_err(|e| format!("cannot start: {e}"))?;
    let ended = runtime.block_on(execute(args));
    // An interrupted run does not wait for the cases that are still being simulated.
    runtime.shutdown_background();
    ended
}

async fn execute(args: &Args) -> Ended {
    let seed = args.seed.unwrap_or_else(|| {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |now| now.as_millis() as u64)
    });
    let kind = if args.address.is_some() { Kind::Address } else { args.target };
    let name = match kind {
        Kind::Builtin => "builtin",
        Kind::Temporal => "temporal",
        Kind::Address => "address",
    };
    let simulated = kind == Kind::Builtin && args.world == Place::Sim;
    if !simulated && (args.bug.is_some() || args.faults != [Faults::All]) {
        return Err("--faults and --bug are for the simulation (--target builtin --world sim)".into());
    }
    if !simulated && args.campaign {
        return Err("--campaign is for the simulation (--target builtin --world sim)".into());
    }
    let out = args.out.clone().unwrap_or_else(|| Path::new("resurgam-runs").join(format!("{seed}-{name}")));
    std::fs::create_dir_all(&out).map_err(|e| format!("{}: {e}", out.display()))?;
    let target = Running::open(kind, args).await?;
    let world = target.world();
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cases = args.cases.or(if args.limit.is_some() { None } else { Some(CASES) });
    let options = Options {
        seed,
        cases,
        limit: args.limit,
        jobs: args.jobs.unwrap_or(if simulated { processors } else { 16 }),
        out: out.clone(),
        keep: args.keep.into(),
        prefix: target.prefix().to_owned(),
        shrink: (args.shrink > 0).then(|| Budget { time: Duration::from_secs(args.shrink), ..Budget::default() }),
    };
    let mut tally = Tally::new(origin(args, seed, &world), progress(cases));
    tally.summary.simulation = offers(&world).map(Simulation::new);
    let began = Instant::now();
    let started = AtomicU64::new(0);
    let ended = tokio::select! {
        ended = run::run(&options, &world, &started, |case| tally.add(case)) => ended.map(|()| false),
        _ = tokio::signal::ctrl_c() => Ok(true),
    };
    tally.summary.wall_seconds = began.elapsed().as_secs_f64();
    tally.bar.finish_and_clear();
    target.close(seed, started.into_inner()).await?;
    let interrupted = ended.map_err(|e| e.to_string())?;
    report(args, &tally, &out, interrupted)
}

/// The target of this run, ended when it is dropped if it was started here.
enum Running {
    Simulated(Subject, Vec<Family>),
    Builtin(Box<Server>),
    Temporal(Box<Temporal>),
    Address(Box<Address>),
}

impl Running {
    async fn open(kind: Kind, args: &Args) -> Result<Self, String> {
        match kind {
            Kind::Builtin if args.world == Place::Process => {
                let program = std::env::current_exe().map_err(|e| format!("cannot find this program: {e}"))?;
                let server = Server::start(&program, 1).await.map_err(|e| e.to_string())?;
                Ok(Self::Builtin(Box::new(server)))
            }
            Kind::Builtin => {
                let target = resurgam_builtin::subject(replay::bug(args.bug.as_deref())?);
                Ok(Self::Simulated(target, Faults::families(&args.faults)))
            }
            Kind::Temporal => {
                let server = Temporal::start(&ServerOptions::default()).await.map_err(|e| e.to_string())?;
                Ok(Self::Temporal(Box::new(server)))
            }
            Kind::Address => {
                let address = args.address.as_deref().ok_or("--target address needs --address HOST:PORT")?;
                let mut address = Address::open(address, args.namespace.as_deref()).await.map_err(|e| e.to_string())?;
                if let Some(judged) = args.profile {
                    let profile = judged.profile(&address.endpoint().version);
                    address.judge_by(profile);
                }
                Ok(Self::Address(Box::new(address)))
            }
        }
    }

    fn world(&self) -> World {
        match self {
            Self::Simulated(target, families) => World::Simulated(target.clone(), families.clone()),
            Self::Builtin(server) => World::Real(server.endpoint().clone()),
            Self::Temporal(server) => World::Real(server.endpoint().clone()),
            Self::Address(address) => World::Real(address.endpoint().clone()),
        }
    }

    fn prefix(&self) -> &str {
        match self {
            Self::Simulated(..) | Self::Builtin(_) | Self::Temporal(_) => "case-",
            Self::Address(address) => address.prefix(),
        }
    }

    /// Leaves nothing behind: ends a server of ours; terminates what is still open elsewhere.
    async fn close(self, seed: u64, started: u64) -> Result<(), String> {
        let Self::Address(address) = self else { return Ok(()) };
        let ids = (seed..seed.saturating_add(started)).flat_map(|seed| {
            let prefix = run::prefix(address.prefix(), seed);
            let slots: std::collections::BTreeSet<u8> =
                resurgam_generate::plan(seed).operations.iter().map(|operation| operation.workflow).collect();
            slots.into_iter().map(move |slot| format!("{prefix}-w{slot}"))
        });
        address.clean(ids).await.map(drop).map_err(|e| format!("cannot clean up: {e}"))
    }
}

fn origin(args: &Args, seed: u64, world: &World) -> Origin {
    let mut words = format!("resurgam run --seed {seed}");
    match &args.address {
        Some(address) => {
            words += &format!(" --address {}", command::quote(address));
            if let Some(namespace) = &args.namespace {
                words += &format!(" --namespace {}", command::quote(namespace));
            }
            if let Some(name) = args.profile.and_then(|profile| profile.to_possible_value()) {
                words += &format!(" --profile {}", name.get_name());
            }
        }
        None => {
            if let World::Real(endpoint) = world {
                words += &format!(" --target {}", endpoint.target);
                if args.world == Place::Process {
                    words += " --world process";
                }
            }
        }
    }
    if args.faults != [Faults::All] {
        let names: Vec<_> = args.faults.iter().filter_map(ValueEnum::to_possible_value).collect();
        let names: Vec<_> = names.iter().map(|name| name.get_name()).collect();
        words += &format!(" --faults {}", names.join(","));
    }
    if let Some(bug) = &args.bug {
        words += &format!(" --bug {bug}");
    }
    if let Some(cases) = args.cases {
        words += &format!(" --cases {cases}");
    }
    if args.campaign {
        words += " --campaign";
    }
    if let Some(limit) = args.limit {
        words += &format!(" --for {}s", limit.as_secs());
    }
    let (target, target_version) = match world {
        World::Real(endpoint) => (endpoint.target.clone(), endpoint.version.clone()),
        World::Simulated(target, _) => (target.orchestrator().name().to_owned(), target.orchestrator().version()),
    };
    Origin {
        resurgam: env!("CARGO_PKG_VERSION").into(),
        command: words,
        scenario: "random".into(),
        target,
        target_version,
        seed,
    }
}

/// What the cases of a simulation offer to milestones: faults only if none of the families is left out.
fn offers(world: &World) -> Option<Needs> {
    let World::Simulated(_, families) = world else { return None };
    Some(if Family::ALL.iter().all(|family| families.contains(family)) { Needs::Faults } else { Needs::Plans })
}

fn progress(cases: Option<u64>) -> ProgressBar {
    let bar = cases.map_or_else(ProgressBar::no_length, ProgressBar::new);
    let template = "{bar:30} {pos}/{len} cases  {msg}  {elapsed} ({per_sec})";
    bar.set_style(ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.enable_steady_tick(Duration::from_millis(500));
    bar
}

/// Adds up what ended, and keeps what the report shows.
struct Tally {
    summary: Summary,
    bar: ProgressBar,
    shown: Vec<Shown>,
}

/// A case in the report.
struct Shown {
    seed: u64,
    evidence: Evidence,
    verdict: Verdict,
    /// The rule, the sizes, and the file of the plan, if this is a shrunk one.
    shrunk: Option<(String, Progress, Option<String>)>,
}

impl Shown {
    fn view(&self) -> CaseView<'_> {
        let shrunk = self.shrunk.as_ref();
        let shrunk = shrunk.map(|(rule, progress, path)| html::Shrunk { rule, progress, path: path.as_deref() });
        CaseView { seed: self.seed, evidence: &self.evidence, verdict: &self.verdict, shrunk }
    }
}

impl Tally {
    fn new(origin: Origin, bar: ProgressBar) -> Self {
        Self { summary: Summary::new(origin), bar, shown: Vec::new() }
    }

    fn add(&mut self, ended: CaseEnded) {
        match ended {
            CaseEnded::Judged(case) => self.judged(*case),
            CaseEnded::Broken { seed, why } => self.summary.add_broken(seed, why),
        }
        self.bar.inc(1);
        let (violated, unknown) = (self.summary.count(Outcome::Violated), self.summary.count(Outcome::Unknown));
        self.bar.set_message(format!("{violated} violated, {unknown} unknown"));
        // Where nobody sees the bar, in the log of a nightly run, a line now and then says how far it is.
        let ended = self.bar.position();
        if self.bar.is_hidden() && ended.is_multiple_of(LINE) {
            print(&format!("{ended} cases ended, {violated} violated, {unknown} unknown\n"));
        }
    }

    fn judged(&mut self, case: Case) {
        let path = case.directory.as_ref().map(|path| path.display().to_string());
        let milestones = case.simulated.map(|_| Milestones::of(&case.evidence));
        self.summary.add(&Line {
            seed: case.seed,
            trace_hash: case.hash,
            verdict: &case.verdict,
            coverage: &Coverage::of(&case.evidence),
            path: path.as_deref(),
            executing: case.executing,
            judging: case.judging,
            simulated: case.simulated.zip(milestones.as_ref()).map(|(known, milestones)| Simulated {
                trace: known.trace,
                elapsed: known.elapsed,
                traffic: known.traffic,
                milestones,
            }),
        });
        let failing = case.verdict.worst() > Outcome::Ok;
        let alike = self.shown.iter().filter(|shown| (shown.verdict.worst() > Outcome::Ok) == failing).count();
        if alike < if failing { FAILING } else { SHOWN } {
            let Case { seed, evidence, verdict, shrunk, .. } = case;
            self.shown.push(match shrunk.map(|shrunk| *shrunk) {
                None => Shown { seed, evidence, verdict, shrunk: None },
                Some(Shrunk { rule, progress, evidence, verdict, path }) => {
                    let path = path.map(|path| path.display().to_string());
                    Shown { seed, evidence, verdict, shrunk: Some((rule, progress, path)) }
                }
            });
        }
    }

    /// What was shrunk, for the terminal.
    fn shrunk(&self) -> String {
        let mut text = String::new();
        for shown in &self.shown {
            if let Some((rule, Progress { from, to, .. }, path)) = &shown.shrunk {
                let _ = writeln!(text, "shrunk: {rule}, seed {}: {from} → {to}", shown.seed);
                if let Some(path) = path {
                    let _ = writeln!(text, "  {}", command::replay(&self.summary, path));
                }
            }
        }
        text
    }
}

fn report(args: &Args, tally: &Tally, out: &Path, interrupted: bool) -> Ended {
    let summary = &tally.summary;
    let cases: Vec<CaseView<'_>> = tally.shown.iter().map(Shown::view).collect();
    let page = html::render(&Page { summary, cases: &cases }).map_err(|e| e.to_string())?;
    let files = [
        ("report.html", page),
        ("verdict.json", json::render(summary).map_err(|e| e.to_string())?),
        ("junit.xml", junit::render(summary, args.strict).map_err(|e| e.to_string())?),
    ];
    for (name, text) in files {
        let path = out.join(name);
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    }
    link_latest(out);
    let colours = paint::colours(std::io::stdout().is_terminal(), std::env::var_os("NO_COLOR").as_deref());
    let page = out.join("report.html").display().to_string();
    print(&terminal::render(summary, Some(&page), colours));
    print(&tally.shrunk());
    if interrupted {
        print("interrupted: the cases that had ended are reported, the others were dropped\n");
    }
    let unreached = match &summary.simulation {
        Some(simulation) if args.campaign => campaign::unreached(simulation, colours),
        _ => String::new(),
    };
    print(&unreached);
    Ok(match summary.worst() {
        Outcome::Violated => Exit::Violated,
        Outcome::Unknown if args.strict => Exit::Inconclusive,
        _ if !unreached.is_empty() => Exit::Inconclusive,
        _ if interrupted || !summary.broken.is_empty() => Exit::Inconclusive,
        _ => Exit::Held,
    })
}

/// `latest` beside the run's directory points to it.
fn link_latest(out: &Path) {
    let (Some(parent), Some(name)) = (out.parent(), out.file_name()) else { return };
    let link = parent.join("latest");
    // A convenience: where links cannot be made there is none.
    let _ = std::fs::remove_file(&link);
    #[cfg(unix)]
    let _ = std::os::unix::fs::symlink(name, &link);
}
