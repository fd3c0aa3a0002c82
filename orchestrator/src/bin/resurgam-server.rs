//! The orchestrator as a server of its own.

use clap::Parser;
use resurgam_orchestrator::server::{self, Options};
use std::process::ExitCode;

/// A durable-execution orchestrator that speaks the Temporal API.
#[derive(Parser)]
#[command(version = resurgam_orchestrator::planted::VERSION, about)]
struct Line {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let options = Line::parse().options;
    server::log(&options);
    let served = tokio::runtime::Runtime::new().map_err(server::Error::Runtime);
    match served.and_then(|runtime| runtime.block_on(server::serve(&options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            tracing::error!(%problem, "cannot serve");
            ExitCode::FAILURE
        }
    }
}
