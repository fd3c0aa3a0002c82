//! `resurgam server`: serve the Temporal API until Ctrl-C.

use crate::Ended;
use crate::exit::{Exit, Failure};
use resurgam_server::{Bug, Options, planted};

// What is served knows no bug that could be planted: with them, this would not even compile.
const _: () = assert!(!planted(Bug::FenceMissing));

/// Runs the command.
pub(crate) fn run(options: &Options) -> Ended {
    resurgam_server::log(options);
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::machine)?;
    let served = runtime.block_on(resurgam_server::serve(options));
    served.map_err(|why| if why.is_bad_input() { Failure::input(why) } else { Failure::machine(why) })?;
    Ok(Exit::Held)
}
