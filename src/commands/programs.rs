//! `resurgam programs`.

use crate::Ended;

/// The arguments.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Runs the command.
pub(crate) fn run(_args: &Args) -> Ended {
    Err("programs is not built yet".into())
}
