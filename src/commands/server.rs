//! `resurgam server`: serve the Temporal API until Ctrl-C.

use crate::Ended;
use crate::exit::{Exit, Failure};
use resurgam_server::Options;

/// Runs the command.
pub(crate) fn run(options: &Options) -> Ended {
    resurgam_server::log(options);
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::machine)?;
    let served = runtime.block_on(resurgam_server::serve(options));
    served.map_err(|why| if why.is_bad_input() { Failure::input(why) } else { Failure::machine(why) })?;
    Ok(Exit::Held)
}
