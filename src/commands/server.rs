//! `resurgam server`: serve the Temporal API until Ctrl-C.

use crate::Ended;
use crate::exit::Exit;
use resurgam_server::Options;

/// Runs the command.
pub(crate) fn run(options: &Options) -> Ended {
    resurgam_server::log(options);
    let runtime = tokio::runtime::Runtime::new().map_err(|e| format!("cannot start: {e}"))?;
    runtime.block_on(resurgam_server::serve(options)).map_err(|e| e.to_string())?;
    Ok(Exit::Held)
}
