//! A server under load, ours beside the real one: workflows per second, what each costs, and how cost grows with what a
//! call does not touch.
//!
//! Both servers run alternately in one run of this program and on the same machine, because only the ratio between them says
//! anything. What a server costs is the CPU time and memory of its process, as the kernel counts it; who asks is another
//! process. Run on a release build: `cargo run --release -p resurgam-benches --bin load -- --help`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program says what it measured")]

mod calls;
mod connections;
mod failover;
mod growth;
mod hand;
mod memory;
mod neighbours;
mod overload;
mod rate;
mod server;
mod tally;
mod worker;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Load on our server beside the real Temporal server.
#[derive(Parser, Debug)]
#[command(name = "load")]
struct Options {
    /// What is measured.
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Workflows per second, and the server's CPU time for each.
    Rate(rate::Options),
    /// The server's CPU time for a call against the size of what the call does not touch.
    Growth(growth::Options),
    /// How long workflows wait beside one that is signalled all the time.
    Neighbours(neighbours::Options),
    /// Which errors reach clients and workers while twice as much is asked of our server as it can do.
    Overload(overload::Options),
    /// Whom our server lets in, and what it costs it, while others hold all its file descriptors or say nothing.
    Connections(connections::Options),
    /// How long a server of three processes is disturbed when one is killed.
    Failover(failover::Options),
    /// The server's memory at rest, at a peak, and after it.
    Memory(memory::Options),
}

#[tokio::main]
async fn main() -> ExitCode {
    let measured = match Options::parse().what {
        What::Rate(options) => rate::measure(&options).await,
        What::Growth(options) => growth::measure(&options).await,
        What::Neighbours(options) => neighbours::measure(&options).await,
        What::Overload(options) => overload::measure(&options).await,
        What::Connections(options) => connections::measure(&options).await,
        What::Failover(options) => failover::measure(&options).await,
        What::Memory(options) => memory::measure(&options).await,
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("load: {problem}");
            ExitCode::FAILURE
        }
    }
}
