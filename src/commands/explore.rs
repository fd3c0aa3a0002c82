//! `resurgam explore`: requests drawn field by field, in drawn situations, made on two servers; or on one, and held against what another
//! one has answered before.

use crate::Ended;
use crate::exit::{Exit, Failure, print};
use indicatif::ProgressBar;
use resurgam_builtin::subject;
use resurgam_explorer::recording::{self, hold_against};
use resurgam_explorer::{Between, Found, Kind, Order, Pair, Server, TOGETHER, hold_simulated, shrink};
use resurgam_formats::target::Choice;
use resurgam_harness::target::{Target, World, connect, open};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

#[derive(clap::Args)]
#[command(after_help = "\
Each case draws a situation of a workflow and what is requested in it, does that on both servers, and compares the answers field by field, the
history that followed, the description and the record in the list. What differs is explained by a freedom that docs/freedoms.md names,
or is unexplained. For each unexplained kind the smallest case is looked for, and printed as a script for the official client.

Where there is no second server, --recorded holds a target against what the real server has answered in many cases; --target simulated
does so without any server. A recording is made of two servers of one kind: --target temporal --against temporal --record FILE.

Exit codes: 0 nothing unexplained, 1 something is, 2 usage or bad input, 4 a target or the machine failed.")]
pub(crate) struct Args {
    /// What to try.
    #[arg(long, value_enum, default_value_t = Which::Builtin)]
    target: Which,
    /// What to hold it against.
    #[arg(long, value_enum, default_value_t = Which::Temporal)]
    against: Which,
    /// Hold it against a recording instead of --against: FILE, or what the real server 1.31.2 has answered.
    #[arg(long, value_name = "FILE", num_args = 0..=1, conflicts_with_all = ["against", "against_address", "seed", "cases", "situation", "call", "table"])]
    recorded: Option<Option<PathBuf>>,
    /// In the simulation: kill all nodes before each request and start them again, which no answer may show.
    #[arg(long, requires = "recorded")]
    restart: bool,
    /// Write to FILE what the second server answers in those cases in which both are of one mind.
    #[arg(long, value_name = "FILE", conflicts_with = "recorded")]
    record: Option<PathBuf>,
    /// HOST:PORT of a server to try; instead of --target.
    #[arg(long, value_name = "HOST:PORT")]
    address: Option<String>,
    /// HOST:PORT of a server to hold it against; instead of --against.
    #[arg(long, value_name = "HOST:PORT")]
    against_address: Option<String>,
    /// Seed of the first case; the others follow.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many cases.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    cases: u64,
    /// Cases at the same time.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u64).range(1..=64))]
    jobs: u64,
    /// Only in this situation.
    #[arg(long, value_name = "NAME")]
    situation: Option<String>,
    /// Only this call.
    #[arg(long, value_name = "CALL")]
    call: Option<String>,
    /// Make so many kinds of differences small.
    #[arg(long, value_name = "COUNT", default_value_t = 3)]
    shrink: usize,
    /// Write the scripts into this directory instead of printing them.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write to this file which fields were drawn and seen, as tables in Markdown.
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
}

/// So much of a message is shown.
const WIDEST: usize = 400;

/// Servers that can be started here.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Which {
    /// Our orchestrator, in a process of its own.
    Builtin,
    /// Our orchestrator in the simulation; only with --recorded.
    Simulated,
    /// The real Temporal server (see `resurgam setup temporal`).
    Temporal,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::machine)?;
    runtime.block_on(explore(args))
}

async fn explore(args: &Args) -> Ended {
    if let Some(file) = &args.recorded {
        return against_recorded(args, file.as_deref()).await;
    }
    let (_one, target) = server(args.target, args.address.as_deref()).await?;
    let (_other, against) = server(args.against, args.against_address.as_deref()).await?;
    let pair = Pair::new([target, against]).await.map_err(Failure::machine)?;
    let order = Order {
        seed: args.seed,
        cases: args.cases,
        jobs: usize::try_from(args.jobs).map_err(Failure::input)?,
        situation: args.situation.clone(),
        call: args.call.clone(),
        prefix: prefix(),
    };
    let bar = ProgressBar::new(args.cases);
    let mut kept = Vec::new();
    let found = order.record(&pair, |case| kept.push(case), |done| bar.set_position(done)).await;
    bar.finish_and_clear();
    let found = found.map_err(Failure::machine)?;
    let [target, against] = pair.names();
    print(&summary(&found, [target, against]));
    if let Some(path) = &args.record {
        let failed = |why: recording::Error| Failure::machine(format!("{}: {why}", path.display()));
        recording::write(&mut kept, File::create(path).map_err(|why| failed(why.into()))?).map_err(failed)?;
        print(&format!("{} cases recorded in {}\n", kept.len(), path.display()));
    }
    for (number, (name, kind)) in found.unexplained().into_iter().take(args.shrink).enumerate() {
        let smallest = shrink(&pair, &order, kind.seed, name).await.map_err(Failure::machine)?;
        print(&format!("\n{name}\n  smallest: {}\n", smallest.line()));
        match &args.out {
            None => print(&smallest.script()),
            Some(folder) => {
                let path = folder.join(format!("{}.py", number + 1));
                let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, smallest.script()));
                written.map_err(|why| Failure::machine(format!("{}: {why}", path.display())))?;
                print(&format!("  {}\n", path.display()));
            }
        }
    }
    if let Some(path) = &args.table {
        let command = format!(
            "resurgam explore --target {target} --against {against} --seed {} --cases {}",
            args.seed, args.cases
        );
        let text = found.coverage.table(pair.names(), &command);
        std::fs::write(path, text).map_err(|why| Failure::machine(format!("{}: {why}", path.display())))?;
    }
    Ok(if found.unexplained == 0 { Exit::Held } else { Exit::Violated })
}

/// What ids begin with: of servers that somebody else runs nobody knows what is there already.
fn prefix() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_millis());
    format!("explored-{since:x}")
}

async fn against_recorded(args: &Args, file: Option<&Path>) -> Ended {
    let cases = match file {
        None => recording::temporal(),
        Some(path) => {
            let failed = |why: recording::Error| Failure::input(format!("{}: {why}", path.display()));
            recording::read(File::open(path).map_err(|why| failed(why.into()))?).map_err(failed)?
        }
    };
    let bar = ProgressBar::new(cases.len() as u64);
    let between = if args.restart { Between::Restart } else { Between::Nothing };
    let (name, found) = if args.target == Which::Simulated && args.address.is_none() {
        let mut found = Found::default();
        for (number, few) in cases.chunks(TOGETHER).enumerate() {
            found.join(hold_simulated(&subject(None), number as u64, few, between).map_err(Failure::machine)?.found);
            bar.inc(few.len() as u64);
        }
        ("builtin".to_owned(), found)
    } else {
        let (_one, target) = server(args.target, args.address.as_deref()).await?;
        let found = hold_against(&target, &cases, &prefix(), |done| bar.set_position(done)).await;
        (target.name, found.map_err(Failure::machine)?)
    };
    bar.finish_and_clear();
    print(&summary(&found, [&name, "what was recorded"]));
    Ok(if found.unexplained == 0 { Exit::Held } else { Exit::Violated })
}

/// Makes a server ready; it ends with what is given back beside it.
async fn server(which: Which, address: Option<&str>) -> Result<(Box<dyn Target>, Server), Failure> {
    let choice = match (address, which) {
        (Some(address), _) => Choice::Address { address: address.to_owned(), namespace: None, profile: None },
        (None, Which::Builtin) => Choice::Process { nodes: 1, keyspace: None, faults: Vec::new() },
        (None, Which::Temporal) => Choice::Temporal,
        (None, Which::Simulated) => {
            return Err(Failure::input("the simulation is held against a recording: --recorded"));
        }
    };
    let program = std::env::current_exe().map_err(Failure::machine)?;
    let target = open(&choice, &program, |_| None, None).await.map_err(Failure::machine)?;
    let World::Real(endpoint) = target.world() else { return Err("this target is no server".into()) };
    let channel = connect(&endpoint.uri).await.map_err(Failure::machine)?;
    let other_namespace = endpoint.other_namespace.unwrap_or_else(|| endpoint.namespace.clone());
    let (name, namespace) = (endpoint.target, endpoint.namespace);
    Ok((target, Server { name, channel, namespace, other_namespace, restarts: false }))
}

/// What was found, for people.
fn summary(found: &Found, names: [&str; 2]) -> String {
    let [target, against] = names;
    let mut text = format!(
        "{} requests on {target} and {against}: {} cases equal, {} explained, {} unexplained\n",
        found.requests, found.equal, found.explained, found.unexplained
    );
    let explained = found.kinds.values().filter_map(|kind: &Kind| kind.freedom);
    let freedoms: BTreeSet<(&str, &str)> = explained.collect();
    for (name, why) in freedoms {
        let _ = writeln!(text, "explained by `{name}`: {why}");
    }
    let mut told = BTreeSet::new();
    for (name, kind) in found.unexplained() {
        let _ = writeln!(text, "{:>5} × {name}  (seed {})", kind.cases, kind.seed);
        for value in [&kind.difference.left, &kind.difference.right].into_iter().filter(|value| value.is_object()) {
            let written: String = value.to_string().chars().take(WIDEST).collect();
            let _ = writeln!(text, "        {written}");
        }
        if told.insert(kind.seed) {
            let _ = writeln!(text, "        {}", kind.case);
        }
    }
    text
}
