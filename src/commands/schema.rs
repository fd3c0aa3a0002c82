//! `resurgam schema`: JSON Schemas of the formats, and the tables of our orchestrator in a database.

use crate::Ended;
use crate::exit::{Exit, Failure, print};
use resurgam_campaign::{results, summary};
use resurgam_formats::{case, plan, program, recording, verdict};
use resurgam_server::cassandra;
use schemars::schema_for;

#[derive(clap::Args)]
#[command(subcommand_negates_reqs = true, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    /// The format whose schema is printed.
    #[arg(required = true)]
    format: Option<Format>,
    #[command(subcommand)]
    database: Option<Database>,
}

#[derive(clap::Subcommand)]
enum Database {
    /// Create, upgrade or check the tables of `resurgam server --store cassandra`.
    Cassandra(Tables),
}

/// What to do with the tables.
#[derive(clap::Args)]
#[cfg_attr(not(feature = "cassandra"), allow(dead_code, reason = "they are understood, and then refused"))]
struct Tables {
    #[command(flatten)]
    task: Task,
    /// On how many nodes every row is: a number for every data centre, or NAME:NUMBER for each, with commas between them. Only with
    /// --create [default: 1].
    #[arg(long)]
    replication: Option<String>,
    #[command(flatten)]
    connection: cassandra::Options,
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
#[cfg_attr(not(feature = "cassandra"), allow(dead_code, reason = "they are understood, and then refused"))]
struct Task {
    /// Create the keyspace and its tables, where they are not there yet.
    #[arg(long)]
    create: bool,
    /// Bring older tables up to date.
    #[arg(long)]
    upgrade: bool,
    /// Say whether this program can work with what is there.
    #[arg(long)]
    check: bool,
}

/// The versioned formats.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// A case before it is executed.
    Plan,
    /// One line of a recording.
    Recording,
    /// What the rules say about a case.
    Verdict,
    /// What a case was made with, and what was said of it: `case.json`.
    Case,
    /// One line of the results of a run: `results.jsonl`.
    Results,
    /// What a whole run showed: its `summary.json`.
    Summary,
    /// What two runs of the same plans have in common: `resurgam compare --json`.
    Comparison,
    /// A workflow program, the first argument of the workflow that executes it.
    Program,
}

/// Runs the command.
pub(crate) fn run(args: &Args) -> Ended {
    if let Some(Database::Cassandra(tables)) = &args.database {
        if tables.replication.is_some() && !tables.task.create {
            return Err("--replication goes with --create".into());
        }
        let runtime = tokio::runtime::Runtime::new().map_err(Failure::machine)?;
        let said = runtime.block_on(carry_out(tables))?;
        print(&said);
        return Ok(Exit::Held);
    }
    let Some(format) = args.format else { return Err("which format?".into()) };
    let schema = match format {
        Format::Plan => schema_for!(plan::Plan),
        Format::Recording => schema_for!(recording::Entry),
        Format::Verdict => schema_for!(verdict::Verdict),
        Format::Case => schema_for!(case::Case),
        Format::Results => schema_for!(results::Line),
        Format::Summary => schema_for!(summary::Summary),
        Format::Comparison => schema_for!(resurgam_campaign::comparison::Tally),
        Format::Program => schema_for!(program::Input),
    };
    print(&(serde_json::to_string_pretty(&schema).map_err(Failure::machine)? + "\n"));
    Ok(Exit::Held)
}

/// Does what was asked for; what there is to say of it.
#[cfg(feature = "cassandra")]
async fn carry_out(tables: &Tables) -> Result<String, Failure> {
    use resurgam_cassandra_store::{Error, Schema, VERSION};
    let failed = |why: Error| if why.is_bad_input() { Failure::input(why) } else { Failure::machine(why) };
    let replication = tables.replication.as_deref().unwrap_or("1").parse().map_err(Failure::input)?;
    let settings = tables.connection.settings().map_err(Failure::input)?;
    let schema = Schema::at(&settings).await.map_err(failed)?;
    let place = &tables.connection;
    if tables.task.create {
        schema.create(&replication).await.map_err(failed)?;
        return Ok(format!("{place}: schema {VERSION} is there\n"));
    }
    if tables.task.upgrade {
        let before = schema.upgrade().await.map_err(failed)?;
        return Ok(format!("{place}: schema {VERSION}, was {before}\n"));
    }
    schema.check().await.map_err(failed)?;
    Ok(format!("{place}: schema {VERSION}, as needed\n"))
}

#[cfg(not(feature = "cassandra"))]
async fn carry_out(_: &Tables) -> Result<String, Failure> {
    Err(Failure::input(resurgam_server::Error::WithoutCassandra))
}
