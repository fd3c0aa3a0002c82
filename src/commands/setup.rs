//! `resurgam setup`: installs the real components.

use crate::Ended;
use crate::exit::{Exit, Failure, print};
use resurgam_harness::setup::{Installed, Pinned};
use resurgam_harness::{engine, image};
use std::io::Write as _;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to install.
    component: Component,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Component {
    /// The Temporal server, and what makes its tables in Cassandra, built with Go (about ten minutes the first time, 200 MB; Go's
    /// caches grow by 3.5 GB).
    Temporal,
    /// The image cassandra:5.0 for the container engine, made with Maven and the local JDK (about two minutes the first time,
    /// 230 MB in the cache). One that is there is left alone.
    CassandraImage,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    let mut progress = |line: &str| {
        // If standard error is closed nobody wants to know.
        let _ = writeln!(std::io::stderr(), "{line}");
    };
    let (name, installed, place) = match args.component {
        Component::Temporal => {
            let (pinned, tables) = (Pinned::temporal(), Pinned::temporal_tables());
            let server = pinned.install(&mut progress).map_err(Failure::machine)?;
            let installed = server.and(tables.install(&mut progress).map_err(Failure::machine)?);
            (format!("Temporal {}", pinned.version()), installed, pinned.program().display().to_string())
        }
        Component::CassandraImage => {
            let installed = image::install(&mut progress).map_err(Failure::machine)?;
            (format!("Cassandra {}", image::VERSION), installed, format!("the image {}", engine::CASSANDRA))
        }
    };
    let how = match installed {
        Installed::Already => "already installed".to_owned(),
        Installed::Built(time) => format!("installed in {} s", time.as_secs()),
    };
    print(&format!("{name} is {how}: {place}\n"));
    Ok(Exit::Held)
}
