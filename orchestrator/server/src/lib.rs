//! A server on this machine: one or several nodes in one process, or one of several that are processes of their own, over one
//! store, until Ctrl-C.
//!
//! It is built from `resurgam-released`, the orchestrator without planted bugs, also within the program that has the same
//! orchestrator with them for its simulation. (`orchestrator/planted` compiles these sources over that one, for the suite alone.)

mod clock;
mod descriptors;
mod error;
mod nodes;
mod store;

use clap::Args;
use clock::{Clock, WithClock};
use futures_util::future::try_join_all;
use nodes::Nodes;
use prost_wkt_types::Duration;
use resurgam_api::environment::Environment;
use resurgam_api::temporal::workflowservice::v1::RegisterNamespaceRequest;
use resurgam_released::cluster::namespaces::Registry;
use resurgam_released::cluster::token_keys::TokenKeys;
use resurgam_released::cluster::{BATCHES, Config};
use resurgam_released::node::{self, Node};
use resurgam_released::store::Store;
use std::io::{self, IsTerminal as _, Write as _};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio_util::sync::CancellationToken;
use tonic::Code;
use tracing_subscriber::EnvFilter;

pub use error::Error;
/// The version of the server, and whether it has a bug.
pub use resurgam_released::planted::{Bug, VERSION, planted};
pub use store::cassandra;

/// The namespace that is always there.
const DEFAULT: &str = "default";
/// How long closed workflows of the namespaces made here are to be kept: three days, in seconds.
const RETENTION: i64 = 3 * 24 * 3600;

/// How long a start may try to make a namespace, and how long it waits in between.
const REGISTERING: std::time::Duration = std::time::Duration::from_secs(15);
const PAUSE: std::time::Duration = std::time::Duration::from_millis(100);

/// How to serve.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Where everything is kept.
    #[command(flatten)]
    pub store: store::Options,
    /// HOST:PORT to listen on; further nodes take the ports after it.
    #[arg(long, default_value = "127.0.0.1:7233")]
    pub address: String,
    /// Which nodes this process runs.
    #[command(flatten)]
    pub nodes: nodes::Options,
    /// A namespace that is to exist, besides `default`; may be repeated.
    #[arg(long = "namespace", value_name = "NAME")]
    pub namespaces: Vec<String>,
    /// A file with the secret keys of page and task tokens: one a line, 64 hexadecimal digits, the one for new tokens first.
    /// Without it a key is drawn, and tokens are void when the server ends.
    #[arg(long, value_name = "FILE")]
    pub token_keys: Option<PathBuf>,
    /// How many batch operations of a namespace may be open at the same time.
    #[arg(long, value_name = "NUMBER", default_value_t = BATCHES)]
    pub batches: usize,
    /// Write logs as JSON, one object a line. RUST_LOG says what is logged.
    #[arg(long)]
    pub json: bool,
    /// Say what a node holds in memory at most, and end.
    #[arg(long)]
    pub bounds: bool,
    /// Say which calls of the API are served, and end.
    #[arg(long)]
    pub calls: bool,
    /// Stop when standard input ends, and so with whoever started this. A line `clock MILLISECONDS` in it sets by how much the
    /// clock is wrong from then on.
    #[arg(long, hide = true)]
    pub until_stdin_ends: bool,
    /// By how much the clock is wrong at first.
    #[arg(long, hide = true, default_value_t = 0, allow_negative_numbers = true)]
    pub clock_offset_ms: i64,
}

/// Sets up logging to standard error.
pub fn log(options: &Options) {
    // The driver of the store tells every connection.
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info,scylla=warn"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let logs = logs.with_ansi(io::stderr().is_terminal());
    // Whoever embeds this may log already.
    let _ = if options.json { logs.json().try_init() } else { logs.try_init() };
}

/// Makes the namespaces, says where it listens, and serves until Ctrl-C.
///
/// # Errors
/// [`Error`].
pub async fn serve(options: &Options) -> Result<(), Error> {
    if options.bounds {
        // Nobody has to read it.
        let _ = write!(io::stdout(), "{}", node::bounds::document());
        return Ok(());
    }
    if options.calls {
        let document = node::served::document().map_err(|error| Error::Calls(error.to_string()))?;
        // Nobody has to read it.
        let _ = write!(io::stdout(), "{document}");
        return Ok(());
    }
    let wrong = || Error::Address(options.address.clone());
    let (host, port) = options.address.rsplit_once(':').ok_or_else(wrong)?;
    let port: u16 = port.parse().map_err(|_| wrong())?;
    if options.nodes.is_spread() {
        if !options.store.is_shared() {
            return Err(Error::Alone);
        }
        if options.token_keys.is_none() {
            return Err(Error::NoKeys);
        }
    }
    let Nodes { all, here } = options.nodes.nodes()?;
    let clock = Clock::default();
    clock.set(options.clock_offset_ms);
    let environment: Arc<dyn Environment> = Arc::new(WithClock(clock.clone()));
    let store = options.store.open().await?;
    let names = names(options);
    for name in &names {
        register(&environment, &store, name).await?;
    }
    let keys = keys(options, environment.as_ref())?;
    let connections = descriptors::connections(here.len());
    let (mut nodes, mut addresses) = (Vec::new(), Vec::new());
    for (member, number) in here.iter().zip(0_u16..) {
        let address = format!("{host}:{}", port.checked_add(number).ok_or_else(wrong)?);
        let config = Config::of(member, address.clone(), member.address.clone(), all.clone(), keys.clone());
        let config = Config { connections, batches: options.batches, ..config };
        nodes.push(Node::listen(Arc::clone(&environment), config, Arc::clone(&store)).await?);
        addresses.push(address);
    }
    say(&addresses, &names, &options.store.keeps());
    if !is_loopback(host) {
        tracing::warn!(
            host,
            "it listens beyond this machine, without TLS and without asking who calls: whoever reaches it can read and change all workflows"
        );
    }
    let stop = CancellationToken::new();
    let nodes = nodes.into_iter().map(|node| node.serve(stop.clone()));
    let ending = async {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = terminated() => {}
            () = stdin_ends(&clock), if options.until_stdin_ends => {}
            () = stop.cancelled() => {}
        }
        stop.cancel();
        Ok(())
    };
    tokio::try_join!(async { try_join_all(nodes).await.map_err(Error::from) }, ending).map(drop)
}

/// The namespaces that are to exist, each once.
fn names(options: &Options) -> Vec<&str> {
    let mut names = vec![DEFAULT];
    for name in &options.namespaces {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

/// The keys of tokens, for all nodes.
fn keys(options: &Options, environment: &dyn Environment) -> Result<TokenKeys, Error> {
    let Some(file) = options.token_keys.clone() else { return Ok(TokenKeys::drawn(environment)) };
    match std::fs::read_to_string(&file) {
        Ok(text) => TokenKeys::parse(&text).map_err(|problem| Error::Keys { file, problem }),
        Err(problem) => Err(Error::File { file, problem }),
    }
}

/// Makes a namespace, unless it is there. Another node that makes one at this moment, or a store that does not answer, is
/// tried again.
async fn register(environment: &Arc<dyn Environment>, store: &Arc<dyn Store>, name: &str) -> Result<(), Error> {
    let request = RegisterNamespaceRequest {
        namespace: name.to_owned(),
        workflow_execution_retention_period: Some(Duration { seconds: RETENTION, nanos: 0 }),
        ..RegisterNamespaceRequest::default()
    };
    let registry = Registry::new(Arc::clone(environment), Arc::clone(store), "server");
    let until = Instant::now() + REGISTERING;
    loop {
        // Most starts find it, and then take nothing from those who serve.
        let problem = match registry.find(name).await {
            Err(problem) if problem.code() == Code::NotFound => registry.register(&request).await.err(),
            found => found.err(),
        };
        match problem {
            Some(problem) if problem.code() == Code::Unavailable && Instant::now() < until => {
                tokio::time::sleep(PAUSE).await;
            }
            Some(problem) if problem.code() != Code::AlreadyExists => {
                return Err(Error::Namespace { name: name.to_owned(), problem: Box::new(problem) });
            }
            _ => return Ok(()),
        }
    }
}

/// The first thing that is said.
fn say(addresses: &[String], namespaces: &[&str], keeps: &str) {
    let (addresses, namespaces) = (addresses.join(", "), namespaces.join(", "));
    let line = format!("resurgam {VERSION} serves the Temporal API on {addresses} (namespaces: {namespaces}). {keeps}");
    // It serves as well when nobody reads this.
    let _ = writeln!(io::stdout(), "{line}");
}

/// Whether only this machine can call.
fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whoever supervises the process asks it to end.
async fn terminated() {
    #[cfg(unix)]
    if let Ok(mut signal) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        signal.recv().await;
        return;
    }
    std::future::pending::<()>().await;
}

/// Standard input ends; what stands in it until then is obeyed.
async fn stdin_ends(clock: &Clock) {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        clock.obey(&line);
    }
}
