//! The real Temporal server, in one process that we start and always take away.
//!
//! It is started by a small shell process that holds the reading end of a pipe of ours. When the writing end closes,
//! by [`Drop`], by a panic, by Ctrl-C or because somebody killed us, the shell kills the server and removes its
//! directory. So there is one way down, and every test takes it.

use super::{Endpoint, Error, Target, World, config, readiness, watch};
use crate::setup;
use async_trait::async_trait;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Runs `$1` in directory `$2`: writes the server's pid, waits for it, and gives its status. When standard input ends,
/// the server is killed and the directory removed. Two processes, because a shell cannot wait for both at once; the
/// mark `over` tells the waiting one that the end was wanted.
const KEEPER: &str = r#"
exec 3<&0 </dev/null
cd "$2" || exit 127
"$1" --config-file server.yaml --allow-no-auth start >>server.log 2>&1 3<&- &
server=$!
echo $server >pid
{ read -r _ <&3; : >over; kill -KILL $server; } 2>/dev/null &
guard=$!
wait $server
status=$?
if [ -e over ]; then cd /; rm -rf "$2"; else kill $guard; fi
exit $status
"#;

/// How a server is started.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server's program; by default the installed one.
    pub program: Option<PathBuf>,
    /// Where its directory is made; by default the system's place for temporary files.
    pub directory: Option<PathBuf>,
    /// How long it may take until its namespace is usable.
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options { program: None, directory: None, patience: Duration::from_secs(60) }
    }
}

/// A running Temporal server. Dropping it ends it.
#[derive(Debug)]
pub struct Temporal {
    endpoint: Endpoint,
    keeper: Keeper,
    ready: Duration,
}

impl Temporal {
    /// Starts a server and waits until its namespace is usable.
    ///
    /// # Errors
    /// It is not installed, cannot be started, ends early, or does not get ready in time: then with the end of its log.
    pub async fn start(options: &Options) -> Result<Temporal, Error> {
        let program = options.program.clone().unwrap_or_else(|| setup::Pinned::temporal().program());
        if !program.is_file() {
            return Err(Error::Missing(program.display().to_string()));
        }
        let mut attempts = 0;
        loop {
            attempts += 1;
            match Temporal::attempt(&program, options).await {
                // Somebody took a port between our looking for it and the server's.
                Err(Error::Failed { log, .. }) if attempts < 3 && log.contains("address already in use") => {}
                other => return other,
            }
        }
    }

    async fn attempt(program: &Path, options: &Options) -> Result<Temporal, Error> {
        let begun = Instant::now();
        let ports = config::Ports::free().map_err(|e| Error::System("no free port", e))?;
        let mut keeper = Keeper::spawn(program, &ports, options.directory.as_deref())?;
        let uri = format!("http://127.0.0.1:{}", ports.frontend());
        match readiness::wait(&uri, "temporal", options.patience, || keeper.ended()).await {
            Ok(endpoint) => Ok(Temporal { endpoint, keeper, ready: begun.elapsed() }),
            Err(how) => Err(Error::Failed { how, log: keeper.log() }),
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

    /// Its directory, with `server.log`; gone when the server is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.keeper.directory.path()
    }

    /// Process id of the server itself.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        fs::read_to_string(self.directory().join("pid")).ok()?.trim().parse().ok()
    }

    /// How the server ended, if it did without being told to.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.keeper.ended()
    }

    /// The last lines of the server's log.
    #[must_use]
    pub fn log(&self) -> String {
        self.keeper.log()
    }
}

#[async_trait]
impl Target for Mutex<Temporal> {
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
fn locked(server: &Mutex<Temporal>) -> MutexGuard<'_, Temporal> {
    server.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The shell that keeps the server, and the server's directory.
#[derive(Debug)]
struct Keeper {
    child: Child,
    directory: TempDir,
}

impl Keeper {
    fn spawn(program: &Path, ports: &config::Ports, parent: Option<&Path>) -> Result<Keeper, Error> {
        let mut builder = tempfile::Builder::new();
        let builder = builder.prefix("resurgam-temporal-");
        let directory = match parent {
            Some(parent) => builder.tempdir_in(parent),
            None => builder.tempdir(),
        }
        .map_err(|e| Error::System("no directory for the server", e))?;
        let dynamic = directory.path().join("dynamic.yaml");
        let write = |path: &Path, text: String| {
            fs::write(path, text).map_err(|e| Error::System("no configuration for the server", e))
        };
        write(&directory.path().join("server.yaml"), config::server(ports, &dynamic))?;
        write(&dynamic, config::dynamic())?;
        let child = Command::new("sh")
            .args([OsStr::new("-c"), OsStr::new(KEEPER), OsStr::new("resurgam-keeper"), program.as_os_str()])
            .arg(directory.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|e| Error::System("sh does not start", e))?;
        Ok(Keeper { child, directory })
    }

    fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    fn log(&self) -> String {
        let text = fs::read(self.directory.path().join("server.log")).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let begun = Instant::now();
        while self.ended().is_none() {
            if begun.elapsed() > Duration::from_secs(5) {
                // The keeper does not do its work (stopped, or its program is gone): take its whole group away.
                let group = format!("-{}", self.child.id());
                let _ = Command::new("sh").args(["-c", "kill -KILL -- \"$1\"", "kill", &group]).status();
                let _ = self.child.wait();
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
