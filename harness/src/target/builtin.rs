//! The orchestrator of this repository, as a process that we start and always take away.
//!
//! It ends when its standard input does: by [`Drop`], by a panic, by Ctrl-C or because somebody killed us. So it cannot
//! outlive us, and nothing has to look after it.

use super::{Endpoint, Error, Target, World, readiness, watch};
use async_trait::async_trait;
use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long it may take until its namespace is usable.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it may take to end.
const FAREWELL: Duration = Duration::from_secs(5);

/// A running server of ours. Dropping it ends it.
#[derive(Debug)]
pub struct Builtin {
    endpoint: Endpoint,
    process: Process,
    ready: Duration,
}

impl Builtin {
    /// Starts `program server` with so many nodes and waits until its namespace is usable.
    ///
    /// # Errors
    /// It cannot be started, ends early, or does not get ready in time: then with the end of its log.
    pub async fn start(program: &Path, nodes: u16) -> Result<Builtin, Error> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match Builtin::attempt(program, nodes).await {
                // Somebody took a port between our looking for it and the server's.
                Err(Error::Failed { log, .. })
                    if attempts < 3 && log.to_lowercase().contains("address already in use") => {}
                other => return other,
            }
        }
    }

    async fn attempt(program: &Path, nodes: u16) -> Result<Builtin, Error> {
        let begun = Instant::now();
        let port = free(nodes).map_err(|e| Error::System("no free port", e))?;
        let mut process = Process::spawn(program, port, nodes)?;
        let uri = format!("http://127.0.0.1:{port}");
        let ended = || process.child.try_wait().ok().flatten();
        match readiness::wait(&uri, "builtin", PATIENCE, ended).await {
            Ok(endpoint) => Ok(Builtin { endpoint, process, ready: begun.elapsed() }),
            Err(how) => Err(Error::Failed { how, log: process.log() }),
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

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.child.id()
    }

    /// How it ended, if it did without being told to.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.process.child.try_wait().ok().flatten()
    }

    /// The last lines of its log.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.log()
    }
}

#[async_trait]
impl Target for Mutex<Builtin> {
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
fn locked(server: &Mutex<Builtin>) -> MutexGuard<'_, Builtin> {
    server.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first of so many ports in a row that nobody listens on.
fn free(count: u16) -> std::io::Result<u16> {
    let mut last = std::io::Error::other("ports are used up");
    for _ in 0..20 {
        let first = std::net::TcpListener::bind("127.0.0.1:0")?;
        let port = first.local_addr()?.port();
        let rest = (1..count).map(|n| std::net::TcpListener::bind(("127.0.0.1", port.saturating_add(n))));
        match rest.collect::<std::io::Result<Vec<_>>>() {
            Ok(_) => return Ok(port),
            Err(problem) => last = problem,
        }
    }
    Err(last)
}

#[derive(Debug)]
struct Process {
    child: Child,
    directory: TempDir,
}

impl Process {
    fn spawn(program: &Path, port: u16, nodes: u16) -> Result<Process, Error> {
        let directory = tempfile::Builder::new().prefix("resurgam-builtin-").tempdir();
        let directory = directory.map_err(|e| Error::System("no directory for the server", e))?;
        let log = File::create(directory.path().join("server.log"));
        let log = log.map_err(|e| Error::System("no log for the server", e))?;
        let child = Command::new(program)
            .args(["server", "--until-stdin-ends", "--address", &format!("127.0.0.1:{port}")])
            .args(["--nodes", &nodes.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            // Ctrl-C is for us; the server is to live until we have said what we found.
            .process_group(0)
            .spawn()
            .map_err(|e| Error::System("the server does not start", e))?;
        Ok(Process { child, directory })
    }

    fn log(&self) -> String {
        let text = fs::read(self.directory.path().join("server.log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let begun = Instant::now();
        while self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            if begun.elapsed() > FAREWELL {
                // It does not do its work.
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
