//! Targets: an orchestrator under test, started here or found at an address, ready to be used.
//!
//! A target gives an [`Endpoint`] with a usable namespace, and takes away what it started. It does not run cases and
//! knows nothing of what they mean.

mod address;
mod child;
mod cluster;
mod config;
mod database;
mod endpoint;
mod error;
mod node;
mod own_nodes;
pub mod own_server;
mod probe;
mod process;
mod processes;
mod readiness;
mod simulated;
mod started;
pub mod temporal;
mod temporal_nodes;
pub mod temporal_tables;
mod watch;
mod world;

pub use address::Address;
pub use cluster::Cluster;
pub use database::{Database, Provided};
pub use endpoint::{Endpoint, MESSAGE_LIMIT, NAMESPACE, client, connect};
pub(crate) use endpoint::{OTHER_NAMESPACE, connect_later};
pub use error::Error;
pub(crate) use probe::line;
pub use simulated::Simulated;
pub use started::Started;
pub use world::{Target, World};

use crate::subject::Subject;
use resurgam_formats::target::{Choice, Durability, JudgedBy};
use resurgam_generate::Scope;
use resurgam_judge::profile::Profile;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// Makes a chosen target ready. `program` is the one that `program server` makes a server of ours, and
/// `program planted-server --bug NAME` one with a bug; `subject` gives what is
/// simulated, with the planted bug of a name, if there is one of that name; `started` is the database that was
/// started for it, if it asks for one.
///
/// # Errors
/// [`Error`].
pub async fn open(
    choice: &Choice,
    program: &Path,
    subject: impl FnOnce(Option<&str>) -> Option<Subject>,
    started: Option<&Provided>,
) -> Result<Box<dyn Target>, Error> {
    Ok(match choice {
        Choice::Simulation { faults, large, bug } => {
            let wrong = || Error::Bug(bug.clone().unwrap_or_default());
            let scope = Scope { families: faults.clone(), large: *large, ..Scope::default() };
            Box::new(Simulated::new(subject(bug.as_deref()).ok_or_else(wrong)?, scope))
        }
        Choice::Check { .. } => return Err(Error::Check),
        Choice::Process { nodes, keyspace: Some(keyspace), faults } => {
            Box::new(Cluster::start(program, *nodes, keyspace, faults, None).await?)
        }
        Choice::Container { nodes, durability, faults, bug } => {
            if subject(bug.as_deref()).is_none() {
                return Err(Error::Bug(bug.clone().unwrap_or_default()));
            }
            let provided = started.ok_or(Error::NoContainer)?;
            let cluster = Cluster::start(program, *nodes, &provided.keyspace, faults, bug.as_deref()).await?;
            Box::new(over(cluster, provided, *durability))
        }
        Choice::TemporalContainer { topology, durability, faults } => {
            let provided = started.ok_or(Error::NoContainer)?;
            let cluster = Cluster::temporal(*topology, &provided.keyspace, faults).await?;
            Box::new(over(cluster, provided, *durability))
        }
        Choice::Process { nodes, keyspace: None, .. } => {
            Box::new(Mutex::new(own_server::start(program, *nodes).await?))
        }
        Choice::Temporal => Box::new(Mutex::new(temporal::start(&temporal::Options::default()).await?)),
        Choice::Address { address, namespace, profile } => {
            let mut address = Address::open(address, namespace.as_deref()).await?;
            if let Some(judged) = profile {
                let profile = match judged {
                    JudgedBy::Contract => Profile::default(),
                    JudgedBy::Temporal => Profile::temporal(&address.endpoint().version),
                    JudgedBy::Resurgam => Profile::resurgam(),
                };
                address.judge_by(profile);
            }
            Box::new(address)
        }
    })
}

/// The cluster, with the database that it is over and what that promises.
fn over(mut cluster: Arc<Cluster>, provided: &Provided, durability: Durability) -> Arc<Cluster> {
    if let Some(cluster) = Arc::get_mut(&mut cluster) {
        cluster.over(Arc::clone(&provided.database), durability);
    }
    cluster
}
