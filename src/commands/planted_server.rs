//! `resurgam planted-server`: our server with a planted bug, for the suite to find it. The server that people get is
//! `resurgam server`, which is built from other code and knows no bugs.

use crate::Ended;
use crate::exit::{Exit, Failure};
use resurgam_builtin::{Bug, plant_in_process};
use resurgam_planted_server::{Options, log, serve};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The bug that is planted in the server.
    #[arg(long, value_name = "NAME")]
    bug: String,
    #[command(flatten)]
    options: Options,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let unknown = || Failure::Input(format!("there is no planted bug {}", args.bug));
    plant_in_process(Bug::named(&args.bug).ok_or_else(unknown)?);
    log(&args.options);
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::machine)?;
    let served = runtime.block_on(serve(&args.options));
    served.map_err(|why| if why.is_bad_input() { Failure::input(why) } else { Failure::machine(why) })?;
    Ok(Exit::Held)
}
