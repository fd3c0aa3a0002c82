//! Where Cassandra is, by options: the same for the server and for whoever makes its schema.

use crate::error::Error;
use clap::Args;
#[cfg(feature = "cassandra")]
use resurgam_cassandra_store::{Cassandra, Error as Failure, Settings};
use resurgam_released::store::Store;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
#[cfg(feature = "cassandra")]
use std::time::{Duration, Instant};

/// How long a server that starts tries to reach Cassandra, and how long it waits in between.
#[cfg(feature = "cassandra")]
const PATIENCE: Duration = Duration::from_secs(30);
#[cfg(feature = "cassandra")]
const PAUSE: Duration = Duration::from_millis(500);

/// How Cassandra is reached.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Cassandra")]
#[group(skip)]
#[cfg_attr(not(feature = "cassandra"), allow(dead_code, reason = "they are understood, and then refused"))]
pub struct Options {
    /// HOST:PORT of a node of Cassandra; several with commas between them. The others are learned from these.
    #[arg(long = "contact", value_name = "HOST:PORT", value_delimiter = ',', default_value = "127.0.0.1:9042")]
    contacts: Vec<String>,
    /// The keyspace with the tables.
    #[arg(long, default_value = "resurgam")]
    keyspace: String,
    /// The data centre whose quorum decides. All nodes of a server name the same; may be left out where there is one.
    #[arg(long, value_name = "NAME")]
    datacenter: Option<String>,
    /// The user, if Cassandra asks for one.
    #[arg(long, value_name = "NAME", requires = "cassandra_password")]
    cassandra_user: Option<String>,
    /// A file with the user's password, which a command line would show to everybody.
    #[arg(
        long = "cassandra-password-file",
        id = "cassandra_password",
        value_name = "FILE",
        requires = "cassandra_user"
    )]
    password: Option<PathBuf>,
    /// Seconds until an answer of Cassandra is not waited for any more. More than its own timeouts (2 and 5 as it comes), or
    /// more ends in doubt than has to.
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=3600))]
    cassandra_timeout: u64,
}

#[cfg(not(feature = "cassandra"))]
impl Options {
    pub(super) async fn open(&self) -> Result<Arc<dyn Store>, Error> {
        Err(Error::WithoutCassandra)
    }
}

#[cfg(feature = "cassandra")]
impl Options {
    /// Opens it; one that cannot be reached may come up just now, and is tried again for a while.
    pub(super) async fn open(&self) -> Result<Arc<dyn Store>, Error> {
        let settings = self.settings()?;
        let until = Instant::now() + PATIENCE;
        loop {
            match Cassandra::open(&settings).await {
                Err(problem @ Failure::Unreachable { .. }) if Instant::now() < until => {
                    tracing::warn!(%problem, "tries again");
                    tokio::time::sleep(PAUSE).await;
                }
                opened => return Ok(Arc::new(opened?)),
            }
        }
    }

    /// As the store takes them.
    ///
    /// # Errors
    /// The file of the password cannot be read.
    pub fn settings(&self) -> Result<Settings, Error> {
        let login = match (&self.cassandra_user, &self.password) {
            (Some(user), Some(file)) => {
                let problem = |problem| Error::File { file: file.clone(), problem };
                let password = std::fs::read_to_string(file).map_err(problem)?;
                Some((user.clone(), password.trim_end_matches(['\r', '\n']).to_owned()))
            }
            _ => None,
        };
        Ok(Settings {
            contacts: self.contacts.clone(),
            keyspace: self.keyspace.clone(),
            datacenter: self.datacenter.clone(),
            login,
            timeout: Duration::from_secs(self.cassandra_timeout),
        })
    }
}

/// For people: which keyspace, where.
impl fmt::Display for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keyspace {} at {}", self.keyspace, self.contacts.join(", "))
    }
}
