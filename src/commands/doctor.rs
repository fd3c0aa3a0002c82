//! `resurgam doctor`: says what is here and what is missing.

use crate::Ended;
use crate::exit::{Exit, Failure, print};
use resurgam_harness::doctor;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Also start a server on loopback and measure how long it takes.
    #[arg(long)]
    deep: bool,
}

/// Runs the command. It fails only if something is missing that everything needs.
pub(crate) fn run(args: &Args) -> Ended {
    let mut findings = doctor::look();
    if args.deep {
        let runtime = tokio::runtime::Runtime::new().map_err(Failure::machine)?;
        findings.push(runtime.block_on(doctor::deep()));
    }
    let width = findings.iter().map(|finding| finding.name.len()).max().unwrap_or_default();
    for finding in &findings {
        print(&format!("{:width$}  {}\n", finding.name, finding.value));
        if let Some(lack) = &finding.lack {
            print(&format!("{:width$}  → {}{}\n", "", if lack.needed { "" } else { "optional: " }, lack.todo));
        }
    }
    match findings.into_iter().find(doctor::Finding::is_needed) {
        Some(finding) => Err(Failure::Machine(format!("{}: {}", finding.name, finding.value))),
        None => Ok(Exit::Held),
    }
}
