//! `resurgam programs`: the plan and the programs of a seed, for reading or, as JSON, for keeping.

use crate::Ended;
use crate::exit::{Exit, print};
use resurgam_formats::listing;
use resurgam_generate::deadline;

/// The arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The seed from which the plan is drawn.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many seeds to print, one after another.
    #[arg(long, default_value_t = 1)]
    cases: u64,
    /// Print each plan as one line of JSON instead.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    for seed in (args.seed..=u64::MAX).take(usize::try_from(args.cases).unwrap_or(usize::MAX)) {
        let plan = resurgam_generate::plan(seed);
        if args.json {
            print(&(serde_json::to_string(&plan).map_err(|e| e.to_string())? + "\n"));
        } else {
            let blank = if seed == args.seed { "" } else { "\n" };
            let seconds = deadline::of(&plan).as_secs_f64();
            print(&format!("{blank}{}\ndeadline {seconds:.1} s\n", listing::plan(&plan)));
        }
    }
    Ok(Exit::Held)
}
