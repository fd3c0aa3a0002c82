//! The container engine of this machine, as its command line sees it: whether it can be used, and what is missing if not.
//!
//! Only the program `docker` is asked, so what holds for it (`DOCKER_HOST`, contexts, groups) holds here.

use std::io;
use std::process::{Command, Stdio};

/// The image in which Cassandra runs: the public one, or the one that `resurgam setup cassandra-image` builds.
pub const CASSANDRA: &str = "cassandra:5.0";

/// What is missing before a container can be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// There is no program `docker`.
    #[error("no container engine is installed (Debian: apt-get install docker.io)")]
    Installation,
    /// It does not run.
    #[error("the container engine does not run: start dockerd, or set DOCKER_HOST")]
    Daemon,
    /// It runs and does not let us in.
    #[error("the container engine does not let this user in: join the group docker, or be root")]
    Permission,
    /// There is no image of Cassandra.
    #[error("there is no image {CASSANDRA}: run `resurgam setup cassandra-image`")]
    Image,
}

/// Whether containers of Cassandra can be started.
///
/// # Errors
/// What is missing first.
pub fn ready() -> Result<(), Missing> {
    running()?;
    let image = docker(["image", "inspect", "--format", "{{.Id}}", CASSANDRA]);
    if image.is_ok() { Ok(()) } else { Err(Missing::Image) }
}

/// Whether containers can be started; its version.
pub(crate) fn running() -> Result<String, Missing> {
    docker(["version", "--format", "{{.Server.Version}}"]).map_err(|problem| missing(&problem))
}

/// What is missing, by what `docker` says of it.
fn missing(problem: &io::Error) -> Missing {
    match problem.kind() {
        io::ErrorKind::NotFound => Missing::Installation,
        _ if problem.to_string().to_lowercase().contains("permission denied") => Missing::Permission,
        _ => Missing::Daemon,
    }
}

/// Standard output of a command of `docker`; its last words as error.
pub(crate) fn docker<'a>(args: impl IntoIterator<Item = &'a str>) -> io::Result<String> {
    let done = Command::new("docker").args(args).stdin(Stdio::null()).output()?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    Err(io::Error::other(said.trim().lines().last().unwrap_or("docker says nothing").to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_known_by_what_docker_says() {
        let said = |text: &str| missing(&io::Error::other(text.to_owned()));
        assert_eq!(missing(&io::ErrorKind::NotFound.into()), Missing::Installation);
        assert_eq!(said("dial unix /var/run/docker.sock: connect: permission denied"), Missing::Permission);
        assert_eq!(said("Cannot connect to the Docker daemon. Is the docker daemon running?"), Missing::Daemon);
    }

    #[test]
    fn everything_that_is_missing_is_one_line() {
        for missing in [Missing::Installation, Missing::Daemon, Missing::Permission, Missing::Image] {
            assert!(!missing.to_string().contains('\n'), "{missing}");
        }
        assert!(Missing::Image.to_string().contains("cassandra:5.0"));
    }
}
