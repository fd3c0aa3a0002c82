//! `resurgam setup`: installs the real components.

use crate::Ended;
use crate::exit::{Exit, Failure, print};
use resurgam_harness::setup::{Installed, Pinned};
use std::io::Write as _;

/// The arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to install.
    component: Component,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Component {
    /// The Temporal server, built with Go (about ten minutes the first time, 170 MB; Go's caches grow by 3.5 GB).
    Temporal,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let pinned = match args.component {
        Component::Temporal => Pinned::temporal(),
    };
    let mut progress = |line: &str| {
        // If standard error is closed nobody wants to know.
        let _ = writeln!(std::io::stderr(), "{line}");
    };
    let how = match pinned.install(&mut progress).map_err(Failure::machine)? {
        Installed::Already => "already installed".to_owned(),
        Installed::Built(time) => format!("installed in {} s", time.as_secs()),
    };
    print(&format!("Temporal {} is {how}: {}\n", pinned.version(), pinned.program().display()));
    Ok(Exit::Held)
}
