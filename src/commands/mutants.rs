//! `resurgam mutants`: how much the suite sees. Mechanical mistakes in our orchestrator, and how many of them a rule tells from
//! what is right.

use crate::Ended;
use crate::exit::{Exit, Failure, print};
use resurgam_mutants::campaign::{self, Order};
use resurgam_mutants::{serve, table};
use std::num::NonZero;
use std::path::PathBuf;
use std::thread;

/// The option with which a copy is told to do its part.
const SERVE: &str = "--serve";

#[derive(clap::Args)]
#[command(after_help = "\
In a checkout of Resurgam: a copy of it is built in target/mutants/tree, with all mutants behind a switch. What was tried
already is not tried again, so it can be stopped and goes on.

Exit codes: 0 done, 2 bad input, 4 the copy cannot be built, or a file not written.")]
pub(crate) struct Args {
    /// Only mutants in files that begin like this, as tables name them: `history/engine/retry.rs`.
    #[arg(value_name = "PATH")]
    paths: Vec<String>,
    /// Seed of the first case.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many cases are looked at for those that reach a mutant.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..))]
    cases: u64,
    /// Give a mutant up after so many cases, and four times as many groups of recorded ones.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u64).range(1..))]
    tries: u64,
    /// Only so many mutants, drawn at random.
    #[arg(long, value_name = "COUNT")]
    sample: Option<usize>,
    /// The seed from which they are drawn.
    #[arg(long, value_name = "SEED", default_value_t = 1)]
    draw: u64,
    /// Processes at the same time; one per processor if this is not given.
    #[arg(long)]
    jobs: Option<usize>,
    /// Where the results are kept.
    #[arg(long, value_name = "DIR", default_value = "target/mutants/results")]
    out: PathBuf,
    /// Write the score to this file, as tables in Markdown.
    #[arg(long, value_name = "FILE")]
    table: Option<PathBuf>,
    /// Execute cases as standard input says. For the copy.
    #[arg(long, hide = true)]
    serve: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    if args.serve {
        return serve::serve().map(|()| Exit::Held).map_err(Failure::machine);
    }
    let root = std::env::current_dir().map_err(Failure::machine)?;
    let order = Order {
        // As cargo itself decides.
        target: std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from),
        root,
        out: args.out.clone(),
        paths: args.paths.clone(),
        sample: args.sample.map(|count| (count, args.draw)),
        seed: args.seed,
        cases: args.cases,
        tries: usize::try_from(args.tries).map_err(Failure::input)?,
        jobs: args.jobs.unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZero::get)),
    };
    let results = campaign::run(&order, &["mutants", SERVE], &mut |line| print(&format!("{line}\n")));
    let results =
        results.map_err(|why| if why.is_bad_input() { Failure::input(why) } else { Failure::machine(why) })?;
    let total = results.total();
    print(&format!(
        "{} of {} reached mutants killed, {:.1} %, {} more by an answer, together {:.1} %; {} survived, {} unseen, {} equivalent, {} not judged, {} endless; {} not reached\n",
        total.killed,
        total.reached(),
        total.percent(),
        total.answered,
        total.percent_seen(),
        total.survived,
        total.unseen,
        total.equivalent,
        total.not_judged,
        total.timed_out,
        total.not_reached
    ));
    if let Some(path) = &args.table {
        let text = table::table(&results, &args.command());
        std::fs::write(path, text).map_err(|why| Failure::machine(format!("{}: {why}", path.display())))?;
    }
    Ok(Exit::Held)
}

impl Args {
    /// The command that does the same.
    fn command(&self) -> String {
        let mut words = vec!["resurgam mutants".to_owned()];
        words.extend(self.paths.iter().cloned());
        words.push(format!("--seed {} --cases {} --tries {}", self.seed, self.cases, self.tries));
        if let Some(count) = self.sample {
            words.push(format!("--sample {count} --draw {}", self.draw));
        }
        words.join(" ")
    }
}
