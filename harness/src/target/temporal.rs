//! The real Temporal server, as a process.
//!
//! It is started by a small shell process that holds the reading end of a pipe of ours. When the writing end closes, the shell
//! kills the server and removes its directory. So there is one way down, and every test takes it.

use super::config;
use super::error::Error;
use super::process::{PID, Process};
use super::started::Started;
use crate::setup;
use std::ffi::OsStr;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Runs `$1` in directory `$2`: writes the server's pid to `$3`, waits for it, and gives its status. When standard input ends,
/// the server is killed and the directory removed. Two processes, because a shell cannot wait for both at once; the
/// mark `over` tells the waiting one that the end was wanted.
const KEEPER: &str = r#"
exec 3<&0 </dev/null
cd "$2" || exit 127
"$1" --config-file server.yaml --allow-no-auth start >>server.log 2>&1 3<&- &
server=$!
echo $server >"$3"
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

/// Starts a server and waits until its namespace is usable.
///
/// # Errors
/// It is not installed, cannot be started, ends early, or does not get ready in time: then with the end of its log.
pub async fn start(options: &Options) -> Result<Started, Error> {
    let program = options.program.clone().unwrap_or_else(|| setup::Pinned::temporal().program());
    if !program.is_file() {
        return Err(Error::Missing(program.display().to_string()));
    }
    Started::start("temporal", options.patience, || {
        let ports = config::Ports::free().map_err(|e| Error::System("no free port", e))?;
        let process = spawn(&program, &ports, options.directory.as_deref())?;
        Ok((format!("http://127.0.0.1:{}", ports.frontend()), process))
    })
    .await
}

fn spawn(program: &Path, ports: &config::Ports, parent: Option<&Path>) -> Result<Process, Error> {
    let directory = Process::directory("temporal", parent)?;
    let dynamic = directory.path().join("dynamic.yaml");
    let write = |path: &Path, text: String| {
        fs::write(path, text).map_err(|e| Error::System("no configuration for the server", e))
    };
    let (ip, store) = (Ipv4Addr::LOCALHOST, config::Store::Memory);
    let frontend = SocketAddr::from((ip, ports.frontend()));
    let server = config::Server { ports, ip, frontend, store, dynamic: &dynamic };
    write(&directory.path().join("server.yaml"), config::server(&server))?;
    write(&dynamic, config::dynamic())?;
    let mut command = Command::new("sh");
    command
        .args([OsStr::new("-c"), OsStr::new(KEEPER), OsStr::new("resurgam-keeper"), program.as_os_str()])
        .args([directory.path().as_os_str(), OsStr::new(PID)])
        .stderr(Stdio::null());
    Process::spawn(&mut command, directory)
}
