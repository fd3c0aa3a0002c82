//! `resurgam doctor`: says what is here and what is missing.

use crate::Ended;
use crate::exit::{Exit, print};
use resurgam_harness::doctor;

/// The arguments.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Also start a server on loopback and measure how long it takes.
    #[arg(long)]
    deep: bool,
}

/// Runs the command: bad input, if `resurgam run` cannot work here.
pub(crate) fn run(args: &Args) -> Ended {
    let mut findings = doctor::look();
    let lacking = findings.iter().any(|finding| finding.todo.is_some());
    if args.deep && !lacking {
        let runtime = tokio::runtime::Runtime::new().map_err(|problem| problem.to_string())?;
        findings.push(runtime.block_on(doctor::deep()));
    }
    let width = findings.iter().map(|finding| finding.name.len()).max().unwrap_or_default();
    for finding in &findings {
        print(&format!("{:width$}  {}\n", finding.name, finding.value));
    }
    match findings.into_iter().find_map(|finding| Some(format!("{}: {}", finding.name, finding.todo?))) {
        Some(todo) => Err(todo),
        None => Ok(Exit::Held),
    }
}
