//! The orchestrator as a program of its own.

use clap::Parser;
use resurgam_server::{Bug, Error, Options, VERSION, log, planted, serve};
use std::process::ExitCode;
use tikv_jemallocator::Jemalloc;

// What is served knows no bug that could be planted: with them, this would not even compile.
const _: () = assert!(!planted(Bug::FenceMissing));

/// The system's allocator keeps most of what a peak of replies took; this one gives it back within seconds
/// (docs/measurements.md, "Memory around a peak").
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// A durable-execution orchestrator that speaks the Temporal API.
#[derive(Parser)]
#[command(version = VERSION, about)]
struct Line {
    #[command(flatten)]
    options: Options,
}

fn main() -> ExitCode {
    let options = Line::parse().options;
    log(&options);
    let served = tokio::runtime::Runtime::new().map_err(Error::Runtime);
    match served.and_then(|runtime| runtime.block_on(serve(&options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            tracing::error!(%problem, "cannot serve");
            ExitCode::FAILURE
        }
    }
}
