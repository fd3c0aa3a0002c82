//! Targets: an orchestrator under test, started here or found at an address, ready to be used.
//!
//! A target gives an [`Endpoint`] with a usable namespace, and takes away what it started. It does not run cases and
//! knows nothing of what they mean.

mod address;
pub mod builtin;
mod config;
mod probe;
mod readiness;
mod simulated;
mod started;
pub mod temporal;
mod watch;

pub use address::Address;
pub(crate) use probe::line;
pub use simulated::Simulated;
pub use started::Started;

use crate::simulated_run::PREFIX;
use crate::subject::Subject;
use async_trait::async_trait;
use resurgam_api::WorkflowServiceClient;
use resurgam_formats::plan::Family;
use resurgam_formats::target::{Choice, JudgedBy};
use resurgam_judge::profile::Profile;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;
use tonic::transport::Channel;

/// The namespace that targets register unless another one is named.
pub const NAMESPACE: &str = "resurgam";

/// The largest message that is sent or received, in bytes.
pub const MESSAGE_LIMIT: usize = 64 << 20;

/// Where a target listens, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// `http://127.0.0.1:7233`.
    pub uri: String,
    /// A registered and usable namespace.
    pub namespace: String,
    /// Its name in recordings and reports: `builtin`, `temporal` or `address`.
    pub target: String,
    /// What the server says its version is.
    pub version: String,
    /// By what it is judged beside the contract.
    pub profile: Profile,
}

/// Why a target cannot be used: one line, or a line and the end of a log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server is not installed.
    #[error("the Temporal server is not installed ({0} is missing); run `resurgam setup temporal`")]
    Missing(String),
    /// Files, ports or processes.
    #[error("{0}: {1}")]
    System(&'static str, #[source] std::io::Error),
    /// The server ended or never got ready.
    #[error("the server {how}; end of its log:\n{log}")]
    Failed {
        /// What it did instead of getting ready.
        how: String,
        /// The last lines of its log.
        log: String,
    },
    /// An address that cannot be understood.
    #[error("{0:?} is not an address; expected host:port")]
    Address(String),
    /// There is no such planted bug.
    #[error("there is no planted bug {0}")]
    Bug(String),
    /// It is nothing that a program can start.
    #[error("the orchestrator of a test is known to that test alone; repeat it there")]
    Check,
    /// Nothing listens.
    #[error("{uri} does not answer as a Temporal server: {problem}")]
    Unreachable {
        /// Where.
        uri: String,
        /// Why not.
        problem: String,
    },
    /// Nothing usable answers.
    #[error("{uri} does not answer as a Temporal server: {problem}")]
    Unusable {
        /// Where.
        uri: String,
        /// The last answer, in one line.
        problem: String,
    },
}

impl Error {
    /// True if it is what was asked for that is wrong, and not the target or the machine.
    #[must_use]
    pub fn is_bad_input(&self) -> bool {
        matches!(self, Self::Address(_) | Self::Bug(_) | Self::Check)
    }
}

/// Where cases happen.
#[derive(Clone)]
pub enum World {
    /// On a server that is running.
    Real(Endpoint),
    /// On a simulated cluster of this orchestrator, with faults of these families.
    Simulated(Subject, Vec<Family>),
}

/// Something that cases can be run on. Dropping it ends what was started for it.
#[async_trait]
pub trait Target: Send + Sync {
    /// Its name in every recording.
    fn name(&self) -> String;

    /// What it says its version is.
    fn version(&self) -> String;

    /// Where cases happen.
    fn world(&self) -> World;

    /// What every id begins with.
    fn prefix(&self) -> &str {
        PREFIX
    }

    /// Waits until it is gone though nobody asked it to, and says how. A simulation is never gone.
    async fn lost(&self) -> String {
        std::future::pending().await
    }

    /// Takes away what cases with these seeds may have left. What dropping takes away is not meant.
    ///
    /// # Errors
    /// What is left, and why, in one line.
    async fn clean(&self, _seeds: &[u64]) -> Result<(), String> {
        Ok(())
    }
}

/// Makes a chosen target ready. `program` is the one that `program server` makes a server of ours; `subject` gives what is
/// simulated, with the planted bug of a name, if there is one of that name.
///
/// # Errors
/// [`Error`].
pub async fn open(
    choice: &Choice,
    program: &Path,
    subject: impl FnOnce(Option<&str>) -> Option<Subject>,
) -> Result<Box<dyn Target>, Error> {
    Ok(match choice {
        Choice::Simulation { faults, bug } => {
            let wrong = || Error::Bug(bug.clone().unwrap_or_default());
            Box::new(Simulated::new(subject(bug.as_deref()).ok_or_else(wrong)?, faults))
        }
        Choice::Check { .. } => return Err(Error::Check),
        Choice::Process => Box::new(Mutex::new(builtin::start(program, 1).await?)),
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

/// A channel to the target. Every caller that is to fail alone takes its own.
///
/// # Errors
/// Nothing listens there, or it does not answer within five seconds.
pub async fn connect(endpoint: &Endpoint) -> Result<Channel, Error> {
    channel(&endpoint.uri).await
}

/// A client of the workflow service with our limits for messages.
#[must_use]
pub fn client(channel: Channel) -> WorkflowServiceClient<Channel> {
    WorkflowServiceClient::new(channel)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT)
}

async fn channel(uri: &str) -> Result<Channel, Error> {
    let unusable = |problem: tonic::transport::Error| Error::Unreachable { uri: uri.into(), problem: whole(&problem) };
    // Servers refuse pings that come more often than every ten seconds.
    tonic::transport::Endpoint::from_shared(uri.to_owned())
        .map_err(unusable)?
        .connect_timeout(Duration::from_secs(5))
        .http2_keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(Duration::from_secs(10))
        .keep_alive_while_idle(true)
        .tcp_nodelay(true)
        .connect()
        .await
        .map_err(unusable)
}

/// An error with its causes, in one line.
fn whole(problem: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(problem), |problem| problem.source());
    let mut said: Vec<String> = Vec::new();
    for cause in causes.map(ToString::to_string) {
        if !said.iter().any(|earlier| earlier.contains(&cause)) {
            said.push(cause);
        }
    }
    said.join(": ")
}
