//! The one program of Resurgam. It ties the crates together and has no logic of its own.

mod commands;
mod exit;
mod given;
mod stop;

use clap::{Parser, Subcommand};
pub(crate) use exit::Ended;
use std::process::ExitCode;

/// Conformance and chaos tests for durable-execution orchestrators such as Temporal.
#[derive(Parser)]
#[command(version, about, long_about = None)]
struct Line {
    /// Without a command: `run`.
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Plant known bugs in our orchestrator, and find them.
    Bugs(commands::bugs::Args),
    /// Judge recordings and workflow histories from files; needs no server.
    Check(commands::check::Args),
    /// Two runs of the same plans, side by side.
    Compare(commands::compare::Args),
    /// First differing line of two recordings.
    Diff(commands::diff::Args),
    /// Say what is here and what is missing.
    Doctor(commands::doctor::Args),
    /// Draw requests field by field, make them on two servers, and say where they answer otherwise.
    Explore(commands::explore::Args),
    /// Count which mechanical mistakes in our orchestrator the rules see.
    Mutants(commands::mutants::Args),
    /// Write a crate with an orchestrator in it and the test that checks it.
    New(commands::new::Args),
    /// Serve with a planted bug, for `resurgam run --world container --bug NAME`.
    #[command(hide = true)]
    PlantedServer(commands::planted_server::Args),
    /// Print the plan and the programs of a seed, readably.
    Programs(commands::programs::Args),
    /// Execute one plan again, in the simulation.
    Replay(commands::replay::Args),
    /// Make the outputs of a run again from its directory.
    Report(commands::report::Args),
    /// Explain the rules.
    Rules(commands::rules::Args),
    /// Generate cases, execute them on a target, judge and report.
    Run(commands::run::Args),
    /// List the scenarios: what can be played by `resurgam run --scenario NAME`.
    Scenarios(commands::scenarios::Args),
    /// Print JSON Schemas of the formats.
    Schema(commands::schema::Args),
    /// Serve the Temporal API: the orchestrator of this repository.
    Server(resurgam_server::Options),
    /// Install the real components.
    Setup(commands::setup::Args),
    /// Show a recorded case in the terminal.
    Show(commands::show::Args),
    /// Look for the smallest plan that still breaks the same rule.
    Shrink(commands::shrink::Args),
}

fn main() -> ExitCode {
    let given = Line::try_parse().and_then(|line| match line.command {
        Some(command) => Ok(Some(command)),
        None => Line::try_parse_from(["resurgam", "run"]).map(|line| line.command),
    });
    let command = match given {
        Ok(Some(command)) => command,
        Ok(None) => return exit::code(Err("there is no command".into())),
        Err(why) if why.use_stderr() => return exit::code(Err(usage(&why).into())),
        // Help, or the version.
        Err(why) => {
            exit::print(&why.to_string());
            return exit::code(Ok(exit::Exit::Held));
        }
    };
    let result = match command {
        Command::Bugs(args) => commands::bugs::run(&args),
        Command::Check(args) => commands::check::run(&args),
        Command::Compare(args) => commands::compare::run(&args),
        Command::Diff(args) => commands::diff::run(&args),
        Command::Doctor(args) => commands::doctor::run(&args),
        Command::Explore(args) => commands::explore::run(&args),
        Command::Mutants(args) => commands::mutants::run(&args),
        Command::New(args) => commands::new::run(&args),
        Command::PlantedServer(args) => commands::planted_server::run(&args),
        Command::Programs(args) => commands::programs::run(&args),
        Command::Replay(args) => commands::replay::run(&args),
        Command::Report(args) => commands::report::run(&args),
        Command::Rules(args) => commands::rules::run(&args),
        Command::Run(args) => commands::run::run(&args),
        Command::Scenarios(args) => commands::scenarios::run(&args),
        Command::Schema(args) => commands::schema::run(&args),
        Command::Server(options) => commands::server::run(&options),
        Command::Setup(args) => commands::setup::run(&args),
        Command::Shrink(args) => commands::shrink::run(&args),
        Command::Show(args) => commands::show::run(&args),
    };
    exit::code(result)
}

/// What is wrong with a command line, as one line.
fn usage(why: &clap::Error) -> String {
    let text = why.to_string();
    let said = text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more information"));
    let said = said.collect::<Vec<_>>().join(" ");
    format!("{}; see --help", said.strip_prefix("error: ").unwrap_or(&said).trim_end())
}
