//! `resurgam programs`: the plan and the programs of a seed, for reading or, as JSON, for keeping.

use crate::Ended;
use crate::commands::run::Faults;
use crate::exit::{Exit, Failure, print};
use resurgam_formats::listing;
use resurgam_formats::plan::{Family, Plan};
use resurgam_generate::deadline;
use std::time::Duration;

#[derive(clap::Args)]
#[command(after_help = "\
Without --faults it is the plan that is executed on a real server; with it, the same with the cluster and the faults that
`resurgam run --faults ...` and `resurgam replay --seed` draw for the simulation.")]
pub(crate) struct Args {
    /// The seed from which the plan is drawn.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many seeds to print, one after another.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..))]
    cases: u64,
    /// With a simulated cluster and faults of these families; `none` for a calm cluster.
    #[arg(long, value_enum, value_delimiter = ',')]
    faults: Option<Vec<Faults>>,
    /// Print each plan as one line of JSON instead.
    #[arg(long)]
    json: bool,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    for seed in (args.seed..=u64::MAX).take(usize::try_from(args.cases).unwrap_or(usize::MAX)) {
        let (plan, deadline): (_, fn(&Plan) -> Duration) = match &args.faults {
            Some(faults) => {
                (resurgam_generate::chaos_of(seed, &Faults::families(faults, Family::SIMULATED)), deadline::simulated)
            }
            None => (resurgam_generate::plan(seed), deadline::of),
        };
        if args.json {
            print(&(serde_json::to_string(&plan).map_err(Failure::machine)? + "\n"));
        } else {
            let blank = if seed == args.seed { "" } else { "\n" };
            let seconds = deadline(&plan).as_secs_f64();
            print(&format!("{blank}{}\ndeadline {seconds:.1} s\n", listing::plan(&plan)));
        }
    }
    Ok(Exit::Held)
}
