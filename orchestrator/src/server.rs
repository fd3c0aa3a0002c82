//! A server on this machine: one or several nodes in one process, over one store, until Ctrl-C.

use crate::cluster::{Config, Member};
use crate::node;
use crate::store::Store;
use crate::store::memory::Memory;
use clap::{Args, ValueEnum};
use futures_util::future::try_join_all;
use resurgam_api::environment::Machine;
use std::io::{self, IsTerminal as _};
use std::net::TcpListener;
use std::sync::Arc;
use tokio::io::AsyncReadExt as _;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// How to serve.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// Where everything is kept.
    #[arg(long, value_enum, default_value_t = StoreKind::Memory)]
    pub store: StoreKind,
    /// HOST:PORT to listen on; further nodes take the ports after it.
    #[arg(long, default_value = "127.0.0.1:7233")]
    pub address: String,
    /// How many nodes, all in this process.
    #[arg(long, default_value_t = 1)]
    pub nodes: u16,
    /// Write logs as JSON, one object a line. RUST_LOG says what is logged.
    #[arg(long)]
    pub json: bool,
    /// Stop when standard input ends, and so with whoever started this.
    #[arg(long, hide = true)]
    pub until_stdin_ends: bool,
}

/// Which store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum StoreKind {
    /// In memory: gone when the server is.
    Memory,
}

/// The server could not be run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address has no port, or one that is too high for so many nodes.
    #[error("{0:?} is not an address for so many nodes; expected HOST:PORT")]
    Address(String),
    /// There must be at least one node.
    #[error("there has to be at least one node")]
    Nodes,
    /// No runtime, or no free port.
    #[error("cannot start: {0}")]
    Runtime(io::Error),
    /// A node ended.
    #[error(transparent)]
    Node(#[from] node::Error),
}

/// Sets up logging to standard error.
pub fn log(options: &Options) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let logs = logs.with_ansi(io::stderr().is_terminal());
    // Whoever embeds this may log already.
    let _ = if options.json { logs.json().try_init() } else { logs.try_init() };
}

/// Serves until Ctrl-C.
///
/// # Errors
/// [`Error`].
pub async fn serve(options: &Options) -> Result<(), Error> {
    tracing::info!(version = crate::planted::VERSION, "starting");
    let wrong = || Error::Address(options.address.clone());
    let (host, port) = options.address.rsplit_once(':').ok_or_else(wrong)?;
    let port: u16 = port.parse().map_err(|_| wrong())?;
    if options.nodes == 0 {
        return Err(Error::Nodes);
    }
    let store: Arc<dyn Store> = match options.store {
        StoreKind::Memory => Arc::new(Memory::default()),
    };
    let members = members(options.nodes).map_err(Error::Runtime)?;
    let stop = CancellationToken::new();
    let nodes = members.iter().zip(0_u16..).map(|(member, number)| {
        let frontend = format!("{host}:{}", port.checked_add(number).ok_or_else(wrong)?);
        let config = Config::of(member, frontend, member.address.clone(), members.clone());
        Ok(node::run(Arc::new(Machine), config, Arc::clone(&store), stop.clone()))
    });
    let nodes = nodes.collect::<Result<Vec<_>, Error>>()?;
    let ending = async {
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = terminated() => {}
            () = stdin_ends(), if options.until_stdin_ends => {}
            () = stop.cancelled() => {}
        }
        stop.cancel();
        Ok(())
    };
    tokio::try_join!(async { try_join_all(nodes).await.map_err(Error::from) }, ending).map(drop)
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

/// The nodes, with ports of their own for what they say to each other.
fn members(count: u16) -> io::Result<Vec<Member>> {
    // All are held until the last is found, so that no two get the same.
    let ports = (0..count).map(|_| TcpListener::bind("127.0.0.1:0")).collect::<io::Result<Vec<_>>>()?;
    let address = |listener: &TcpListener| listener.local_addr().map(|address| address.to_string());
    let named = |(number, listener)| Ok(Member { name: format!("node-{number}"), address: address(listener)? });
    ports.iter().enumerate().map(named).collect()
}

async fn stdin_ends() {
    let mut buffer = [0; 64];
    let mut stdin = tokio::io::stdin();
    while matches!(stdin.read(&mut buffer).await, Ok(read) if read > 0) {}
}
