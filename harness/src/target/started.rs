//! A server in a process that we start and always take away: it lives in a directory of its own, with its log, and cannot outlive
//! us.

use super::endpoint::Endpoint;
use super::error::Error;
use super::process::{ATTEMPTS, PID, Process, is_taken};
use super::world::{Target, World};
use super::{readiness, watch};
use async_trait::async_trait;
use std::fs;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A server that is running. Dropping it ends it.
#[derive(Debug)]
pub struct Started {
    endpoint: Endpoint,
    process: Process,
    ready: Duration,
}

impl Started {
    /// Starts a process and waits until its namespace is usable; again if somebody took a port between our looking for it and
    /// the server's. `spawn` gives the address at which it will listen, and the process.
    pub(super) async fn start(
        target: &str,
        patience: Duration,
        mut spawn: impl FnMut() -> Result<(String, Process), Error>,
    ) -> Result<Self, Error> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let begun = Instant::now();
            let (uri, mut process) = spawn()?;
            let how = match readiness::wait(&uri, target, patience, || process.ended()).await {
                Ok(endpoint) => return Ok(Self { endpoint, process, ready: begun.elapsed() }),
                Err(how) => how,
            };
            let log = process.log();
            if attempts == ATTEMPTS || !is_taken(&log) {
                return Err(Error::Failed { how, log });
            }
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// From the start of the process until the namespace was usable.
    #[must_use]
    pub fn ready(&self) -> Duration {
        self.ready
    }

    /// Its directory; gone when the server is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.process.directory.path()
    }

    /// Process id of the server itself.
    #[must_use]
    pub fn pid(&self) -> u32 {
        let written = fs::read_to_string(self.directory().join(PID)).ok();
        written.and_then(|text| text.trim().parse().ok()).unwrap_or_else(|| self.process.child.id())
    }

    /// How it ended, if it did without being told to.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.ended()
    }

    /// The last lines of its log.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.log()
    }
}

#[async_trait]
impl Target for Mutex<Started> {
    fn name(&self) -> String {
        locked(self).endpoint.target.clone()
    }

    fn version(&self) -> String {
        locked(self).endpoint.version.clone()
    }

    fn world(&self) -> World {
        World::Real(locked(self).endpoint.clone())
    }

    async fn lost(&self) -> String {
        let endpoint = locked(self).endpoint.clone();
        watch::lost(&endpoint, || {
            let mut server = locked(self);
            let status = server.ended()?;
            Some(format!("the server ended ({status}); end of its log:\n{}", server.log()))
        })
        .await
    }
}

/// The server, whatever became of others who looked at it.
fn locked(server: &Mutex<Started>) -> MutexGuard<'_, Started> {
    server.lock().unwrap_or_else(PoisonError::into_inner)
}
