//! `resurgam server`: serve the Temporal API until Ctrl-C.

use crate::Ended;
use crate::exit::{Exit, Failure};
use resurgam_server::Options;

/// Runs the command.
pub(crate) fn run(options: &Options) -> Ended {
    resurgam_server::log(options);
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::machine)?;
    runtime.block_on(resurgam_server::serve(options)).map_err(Failure::machine)?;
    Ok(Exit::Held)
}
