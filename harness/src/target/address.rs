//! A server that somebody else runs, at an address.
//!
//! It is shared: everything that is created carries a prefix of its own run, nothing is stopped, and what is left of a
//! run is terminated at its end. Plain HTTP/2 only; no TLS and no API keys.

use super::endpoint::{Endpoint, NAMESPACE, OTHER_NAMESPACE, client, connect};
use super::error::Error;
use super::probe::{Probe, asking, line};
use super::watch;
use super::world::{Target, World};
use crate::simulated_run::{drawn_prefix, prefix};
use async_trait::async_trait;
use resurgam_api::temporal::common::v1::WorkflowExecution;
use resurgam_api::temporal::workflowservice::v1::TerminateWorkflowExecutionRequest;

use resurgam_judge::profile::Profile;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use tonic::{Code, Status};

/// A server at an address, with a prefix for what we create there.
#[derive(Clone, Debug)]
pub struct Address {
    endpoint: Endpoint,
    prefix: String,
}

/// What is left after [`Address::clean`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleaned {
    /// Workflows that were still running and are terminated.
    pub terminated: usize,
    /// Workflows that could not be terminated, with the reason.
    pub left: Vec<(String, String)>,
}

impl Address {
    /// Checks the server and its namespace. A given namespace must exist, and is the only one that is used; without one,
    /// [`NAMESPACE`] and [`OTHER_NAMESPACE`] are registered.
    ///
    /// # Errors
    /// In one line: the address is not one, nothing answers, it is no Temporal server, or the namespace is not usable.
    pub async fn open(address: &str, namespace: Option<&str>) -> Result<Address, Error> {
        let uri = uri(address)?;
        let mut probe = Probe::open(&uri).await?;
        let unusable = |problem: String| Error::Unusable { uri: uri.clone(), problem };
        let refused = |status: Status| unusable(line(&status));
        let (name, other) = namespace.map_or((NAMESPACE, Some(OTHER_NAMESPACE)), |name| (name, None));
        for name in [name].into_iter().chain(other) {
            if !probe.registered(name).await.map_err(refused)? {
                if namespace.is_some() {
                    return Err(unusable(format!("namespace {name:?} is not registered")));
                }
                probe.register(name).await.map_err(refused)?;
            }
            let begun = Instant::now();
            while let Err(status) = probe.usable(name).await {
                if begun.elapsed() > Duration::from_secs(30) {
                    return Err(unusable(format!("namespace {name:?} is not usable: {}", line(&status))));
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
        let endpoint = probe.endpoint(name, other, "address");
        Ok(Address { endpoint, prefix: drawn_prefix() })
    }

    /// Judge it by this, whatever it says it is.
    pub(super) fn judge_by(&mut self, profile: Profile) {
        self.endpoint.profile = profile;
    }

    /// Where it listens.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What every id and task queue that we create here begins with.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Terminates what still runs of the given workflow ids. Ids without our prefix are left alone.
    ///
    /// # Errors
    /// The server is not reachable, or has stopped answering.
    pub async fn clean<I: IntoIterator<Item = String>>(&self, ids: I) -> Result<Cleaned, Error> {
        self.clean_in(&self.endpoint.namespace, ids).await
    }

    async fn clean_in<I: IntoIterator<Item = String>>(&self, namespace: &str, ids: I) -> Result<Cleaned, Error> {
        let mut client = client(connect(&self.endpoint.uri).await?);
        let mut cleaned = Cleaned::default();
        for id in ids {
            if !id.starts_with(&self.prefix) {
                cleaned.left.push((id, "not created by this run".into()));
                continue;
            }
            let request = TerminateWorkflowExecutionRequest {
                namespace: namespace.to_owned(),
                workflow_execution: Some(WorkflowExecution { workflow_id: id.clone(), ..Default::default() }),
                reason: "end of a run of Resurgam".into(),
                identity: "resurgam".into(),
                ..Default::default()
            };
            match client.terminate_workflow_execution(asking(request)).await {
                Ok(_) => cleaned.terminated += 1,
                // Closed already, or never started.
                Err(status) if status.code() == Code::NotFound => {}
                // It would say so of every other one, each time as slowly.
                Err(status) if gone(&status) => {
                    return Err(Error::Unusable { uri: self.endpoint.uri.clone(), problem: line(&status) });
                }
                Err(status) => cleaned.left.push((id, line(&status))),
            }
        }
        Ok(cleaned)
    }
}

#[async_trait]
impl Target for Address {
    fn name(&self) -> String {
        self.endpoint.target.clone()
    }

    fn version(&self) -> String {
        self.endpoint.version.clone()
    }

    fn world(&self) -> World {
        World::Real(self.endpoint.clone())
    }

    fn prefix(&self) -> &str {
        &self.prefix
    }

    async fn lost(&self) -> String {
        watch::lost(&self.endpoint, || None).await
    }

    async fn clean(&self, seeds: &[u64]) -> Result<(), String> {
        let (mut own, mut other) = (Vec::new(), Vec::new());
        for seed in seeds {
            let (prefix, plan) = (prefix(&self.prefix, *seed), resurgam_generate::plan(*seed));
            let id = |slot: u8| format!("{prefix}-w{slot}");
            let slots: BTreeSet<u8> = plan.operations.iter().map(|operation| operation.workflow).collect();
            own.extend(slots.into_iter().map(id));
            let places = plan.misuses.iter().flat_map(|misuse| [misuse.owner, misuse.user]);
            let strange: BTreeSet<u8> =
                places.filter(|place| !place.namespace.is_own()).map(|place| place.workflow).collect();
            other.extend(strange.into_iter().map(id));
        }
        let mut left = Address::clean(self, own).await.map_err(|why| why.to_string())?.left;
        if let Some(namespace) = &self.endpoint.other_namespace {
            left.extend(self.clean_in(namespace, other).await.map_err(|why| why.to_string())?.left);
        }
        match left.first() {
            None => Ok(()),
            Some((id, why)) => Err(format!("{} workflows could not be terminated; {id}: {why}", left.len())),
        }
    }
}

/// The server does not answer any more.
fn gone(status: &Status) -> bool {
    matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown)
}

/// `host:port`, with or without `http://`, as a URI.
fn uri(address: &str) -> Result<String, Error> {
    let wrong = || Error::Address(address.to_owned());
    let rest = address.strip_prefix("http://").unwrap_or(address);
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let (host, port) = rest.rsplit_once(':').ok_or_else(wrong)?;
    let bracketed = host.starts_with('[') && host.ends_with(']');
    let plain = host.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c));
    let port: u16 = port.parse().map_err(|_| wrong())?;
    if host.is_empty() || port == 0 || !(plain || bracketed) {
        return Err(wrong());
    }
    Ok(format!("http://{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for good in ["localhost:7233", "http://localhost:7233", "http://localhost:7233/"] {
            assert_eq!(uri(good).unwrap(), "http://localhost:7233");
        }
        assert_eq!(uri("[::1]:7233").unwrap(), "http://[::1]:7233");
        for bad in
            ["", "localhost", "localhost:", "localhost:0", ":7233", "::1:7233", "a b:1", "https://a:7233", "a:99999"]
        {
            let problem = uri(bad).unwrap_err().to_string();
            assert!(problem.ends_with("expected host:port"), "{bad}: {problem}");
        }
    }

    #[tokio::test]
    async fn silence_at_an_address_is_one_line() {
        let port = super::super::config::Ports::free().unwrap().frontend();
        let problem = Address::open(&format!("127.0.0.1:{port}"), None).await.unwrap_err().to_string();
        assert!(problem.starts_with(&format!("http://127.0.0.1:{port} does not answer")), "{problem}");
        assert!(problem.contains("refused") && !problem.contains('\n'), "{problem}");
    }
}
