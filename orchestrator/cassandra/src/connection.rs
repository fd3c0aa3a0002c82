//! How Cassandra is reached, and under which rules every request goes.

use crate::Error;
use scylla::client::execution_profile::ExecutionProfile;
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::frame::types::{Consistency, SerialConsistency};
use scylla::policies::load_balancing::DefaultPolicy;
use scylla::policies::retry::FallthroughRetryPolicy;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

/// How long it may take until a connection stands.
const CONNECTING: Duration = Duration::from_secs(5);

/// Where Cassandra is, and as whom it is asked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// HOST:PORT of some nodes; the others are learned from them.
    pub contacts: Vec<String>,
    /// Where the tables are.
    pub keyspace: String,
    /// The data centre whose quorum decides; without it, that of whichever node is asked, which is right where there is one.
    pub datacenter: Option<String>,
    /// Name and password, if Cassandra asks for them.
    pub login: Option<(String, String)>,
    /// After so long an answer is not waited for any more. Longer than the timeouts of the server, or more is unknown than needs be.
    pub timeout: Duration,
}

/// On how many nodes every row is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replication {
    /// In every data centre on so many.
    Everywhere(u8),
    /// In the named data centres on so many each.
    Named(Vec<(String, u8)>),
}

/// A text that does not say on how many nodes rows are to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no replication: a number, or NAME:NUMBER for each data centre with commas between them")]
pub struct BadReplication(String);

impl FromStr for Replication {
    type Err = BadReplication;

    fn from_str(text: &str) -> Result<Self, BadReplication> {
        let bad = || BadReplication(text.to_owned());
        let number = |text: &str| text.parse().ok().filter(|number| *number > 0).ok_or_else(bad);
        if !text.contains(':') {
            return Ok(Self::Everywhere(number(text)?));
        }
        let one = |part: &str| {
            let (name, copies) = part.split_once(':').ok_or_else(bad)?;
            let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
            if plain { Ok((name.to_owned(), number(copies)?)) } else { Err(bad()) }
        };
        text.split(',').map(one).collect::<Result<_, _>>().map(Self::Named)
    }
}

/// As CQL has it.
impl fmt::Display for Replication {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{'class': 'NetworkTopologyStrategy'")?;
        match self {
            Self::Everywhere(copies) => write!(f, ", 'replication_factor': {copies}")?,
            Self::Named(places) => {
                for (name, copies) in places {
                    write!(f, ", '{name}': {copies}")?;
                }
            }
        }
        f.write_str("}")
    }
}

impl Settings {
    /// The keyspace, if it can stand in statements as it is.
    pub(crate) fn keyspace(&self) -> Result<&str, Error> {
        let name = self.keyspace.as_str();
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let good = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.len() <= 48 && name.chars().all(plain);
        if good { Ok(name) } else { Err(Error::Keyspace(name.to_owned())) }
    }

    /// The rules for every request. Each is said, though some are the driver's defaults: one attempt on one node, no second
    /// one beside it, and the two levels at which the log was checked.
    fn profile(&self) -> ExecutionProfile {
        let mut balancing = DefaultPolicy::builder().token_aware(true);
        if let Some(datacenter) = &self.datacenter {
            // A local quorum in another data centre would be another electorate.
            balancing = balancing.prefer_datacenter(datacenter.clone()).permit_dc_failover(false);
        }
        ExecutionProfile::builder()
            .consistency(Consistency::LocalQuorum)
            .serial_consistency(Some(SerialConsistency::LocalSerial))
            .retry_policy(Arc::new(FallthroughRetryPolicy::new()))
            .speculative_execution_policy(None)
            .load_balancing_policy(balancing.build())
            .request_timeout(Some(self.timeout))
            .build()
    }

    /// Does the first things of a session, within the time that they may take in all.
    pub(crate) async fn in_time<T>(&self, opening: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let limit = CONNECTING + 2 * self.timeout;
        let late = |_| self.unreachable(format!("no answer within {} s", limit.as_secs()));
        tokio::time::timeout(limit, opening).await.map_err(late)?
    }

    fn unreachable(&self, problem: String) -> Error {
        Error::Unreachable { contacts: self.contacts.join(", "), problem }
    }

    /// Opens a session.
    pub(crate) async fn connect(&self) -> Result<Session, Error> {
        let mut builder = SessionBuilder::new()
            .known_nodes(&self.contacts)
            .connection_timeout(CONNECTING)
            .default_execution_profile_handle(self.profile().into_handle());
        if let Some((user, password)) = &self.login {
            builder = builder.user(user, password);
        }
        builder.build().await.map_err(|problem| self.unreachable(problem.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replication_is_read_and_written() {
        for (text, cql) in [
            ("3", "{'class': 'NetworkTopologyStrategy', 'replication_factor': 3}"),
            ("dc1:3,eu-west:2", "{'class': 'NetworkTopologyStrategy', 'dc1': 3, 'eu-west': 2}"),
        ] {
            assert_eq!(text.parse::<Replication>().map(|read| read.to_string()).as_deref(), Ok(cql));
        }
        for wrong in ["", "0", "three", "dc1", "dc1:", "dc1:0", "dc1:1,", "d'c:1"] {
            assert_eq!(wrong.parse::<Replication>(), Err(BadReplication(wrong.to_owned())));
        }
    }

    #[test]
    fn only_a_plain_name_is_a_keyspace() {
        let named = |name: &str| Settings {
            contacts: Vec::new(),
            keyspace: name.to_owned(),
            datacenter: None,
            login: None,
            timeout: Duration::from_secs(1),
        };
        assert_eq!(named("resurgam_1").keyspace().ok(), Some("resurgam_1"));
        for wrong in ["", "1a", "A", "a b", "a;", &"a".repeat(49)] {
            assert!(named(wrong).keyspace().is_err(), "{wrong}");
        }
    }

    #[test]
    fn nothing_is_tried_twice() {
        let settings = Settings {
            contacts: Vec::new(),
            keyspace: "k".to_owned(),
            datacenter: Some("dc1".to_owned()),
            login: None,
            timeout: Duration::from_secs(7),
        };
        let profile = settings.profile();
        assert_eq!(profile.get_consistency(), Consistency::LocalQuorum);
        assert_eq!(profile.get_serial_consistency(), Some(SerialConsistency::LocalSerial));
        assert_eq!(profile.get_request_timeout(), Some(Duration::from_secs(7)));
        assert!(profile.get_speculative_execution_policy().is_none());
        let policy = format!("{:?}", profile.get_retry_policy());
        assert!(policy.contains("Fallthrough"), "{policy}");
    }
}
