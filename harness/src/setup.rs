//! The real components that runs need: where they are, and how they get there.
//!
//! Components are built by their own ecosystem's client from a pinned version and live in a cache outside the tree.
//! Nothing here uses the network itself.

use semver::Version;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A component in the version that this project is checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    /// The Go module.
    module: &'static str,
    /// The package of the program, below the module. The program has the name of its last part.
    package: &'static str,
    /// What the program calls itself when it is asked for its version.
    says: &'static str,
    /// Without a leading `v`.
    version: &'static str,
    /// The Go version that the module asks for.
    go: Version,
    cache: PathBuf,
}

/// Why a component is not installed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Go is not there.
    #[error(
        "Go is missing: installing the Temporal server needs Go {0} or newer in PATH (Debian: package golang-go of a \
         recent release, or the archive from the Go project)"
    )]
    NoGo(Version),
    /// Go is too old and may not fetch a newer toolchain.
    #[error("Go {found} is too old: needed is {needed} or newer, or GOTOOLCHAIN=auto so that Go fetches it itself")]
    OldGo {
        /// What is there.
        found: Version,
        /// What is needed.
        needed: Version,
    },
    /// The build failed.
    #[error("go install failed ({status}); it goes on where it stopped when it is run again. It said: {said}")]
    Build {
        /// How `go install` ended.
        status: String,
        /// Its last lines.
        said: String,
    },
    /// The build gave something else than the pinned version.
    #[error("the program that was built says its version is {0:?}")]
    Version(String),
    /// Files and processes.
    #[error("{0}: {1}")]
    System(String, #[source] io::Error),
}

/// The first version in a text: `go version go1.26.8 linux/amd64`, `v1.31.2`, `rustc 1.92.0 (…)`, `go1.27rc1`. Go leaves out
/// the last number if it is 0, and what comes before a release counts as the release.
pub(crate) fn version_in(text: &str) -> Option<Version> {
    text.split_whitespace().find_map(|word| {
        let word = word.trim_start_matches("go").trim_start_matches('v');
        let end = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
        let numbers = word[..end].trim_end_matches('.');
        let missing = if numbers.matches('.').count() == 1 { ".0" } else { "" };
        Version::parse(&format!("{numbers}{missing}")).ok()
    })
}

/// What an installation came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Installed {
    /// It was there.
    Already,
    /// It was built, in this time.
    Built(Duration),
}

impl Installed {
    /// What two installations come to, one after the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Built(one), Self::Built(two)) => Self::Built(one + two),
            (Self::Built(time), Self::Already) | (Self::Already, Self::Built(time)) => Self::Built(time),
            (Self::Already, Self::Already) => Self::Already,
        }
    }
}

/// The cache: `$RESURGAM_CACHE`, else `$XDG_CACHE_HOME/resurgam`, else `~/.cache/resurgam`.
#[must_use]
pub fn cache() -> PathBuf {
    cache_of(|name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
}

fn cache_of(variable: impl Fn(&str) -> Option<PathBuf>) -> PathBuf {
    variable("RESURGAM_CACHE")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("resurgam")))
        .or_else(|| Some(variable("HOME")?.join(".cache/resurgam")))
        .unwrap_or_else(|| env::temp_dir().join("resurgam-cache"))
}

impl Pinned {
    /// The Temporal server, in the user's cache.
    #[must_use]
    pub fn temporal() -> Pinned {
        Pinned::temporal_in(cache())
    }

    /// The Temporal server, in a cache.
    #[must_use]
    pub(crate) fn temporal_in(cache: PathBuf) -> Pinned {
        Pinned {
            module: "go.temporal.io/server",
            package: "cmd/server",
            says: "temporal",
            version: "1.31.2",
            go: Version::new(1, 26, 4),
            cache,
        }
    }

    /// What makes the tables of the Temporal server in Cassandra, from the same module.
    #[must_use]
    pub fn temporal_tables() -> Pinned {
        Pinned { package: "cmd/tools/cassandra", says: "temporal-cassandra-tool", ..Pinned::temporal() }
    }

    /// The pinned version, without a leading `v`.
    #[must_use]
    pub fn version(&self) -> &str {
        self.version
    }

    /// The Go version that a build needs.
    #[must_use]
    pub(crate) fn go(&self) -> &Version {
        &self.go
    }

    /// Where the program is, or will be.
    #[must_use]
    pub fn program(&self) -> PathBuf {
        self.directory().join(self.name())
    }

    fn name(&self) -> &'static str {
        self.package.rsplit('/').next().unwrap_or(self.package)
    }

    fn directory(&self) -> PathBuf {
        self.cache.join(format!("temporal-{}", self.version)).join("bin")
    }

    /// Whether the installed program says that it is the pinned version; `None` if there is none.
    #[must_use]
    pub(crate) fn installed(&self) -> Option<Result<(), String>> {
        let program = self.program();
        program.is_file().then(|| self.verify(&program))
    }

    fn verify(&self, program: &Path) -> Result<(), String> {
        let said = output(program, ["--version"]).unwrap_or_else(|problem| problem.to_string());
        let said = said.trim();
        if said == format!("{} version {}", self.says, self.version) { Ok(()) } else { Err(said.to_owned()) }
    }

    /// Builds the program if it is not there. `progress` gets a line every few seconds. Several may do this at once:
    /// each builds in a directory of its own, and the last to finish wins. A build that was interrupted goes on from
    /// Go's own caches.
    ///
    /// # Errors
    /// What is missing, or how the build failed.
    pub fn install(&self, progress: &mut dyn FnMut(&str)) -> Result<Installed, Error> {
        if let Some(Ok(())) = self.installed() {
            return Ok(Installed::Already);
        }
        let begun = Instant::now();
        self.check_go()?;
        let system = |what: &str| {
            let what = what.to_owned();
            move |problem| Error::System(what, problem)
        };
        let directory = self.directory();
        fs::create_dir_all(&directory).map_err(system(&directory.display().to_string()))?;
        let fresh = tempfile::Builder::new().prefix(".new-").tempdir_in(&directory).map_err(system("no directory"))?;
        let package = format!("{}/{}@v{}", self.module, self.package, self.version);
        progress(&format!("go install -tags disable_grpc_modules {package} (the first time takes minutes)"));
        let mut child = Command::new("go")
            .args(["install", "-v", "-tags", "disable_grpc_modules", &package])
            .env("GOBIN", fresh.path())
            .env_remove("GOOS")
            .env_remove("GOARCH")
            .current_dir(fresh.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(system("go does not start"))?;
        let said = follow(&mut child, begun, progress);
        let status = child.wait().map_err(system("go"))?;
        if !status.success() {
            return Err(Error::Build { status: status.to_string(), said: said.join(" | ") });
        }
        let built = fresh.path().join(self.name());
        self.verify(&built).map_err(Error::Version)?;
        fs::rename(&built, self.program()).map_err(system("the new program cannot be moved to its place"))?;
        Ok(Installed::Built(begun.elapsed()))
    }

    fn check_go(&self) -> Result<(), Error> {
        let found = go_version().ok_or_else(|| Error::NoGo(self.go.clone()))?;
        let fetches = output("go", ["env", "GOTOOLCHAIN"]).is_ok_and(|mode| mode.trim() != "local");
        // Toolchains fetch newer ones since 1.21.
        if found >= self.go || (fetches && found >= Version::new(1, 21, 0)) {
            Ok(())
        } else {
            Err(Error::OldGo { found, needed: self.go.clone() })
        }
    }
}

/// The version of Go in PATH.
#[must_use]
pub(crate) fn go_version() -> Option<Version> {
    version_in(&output("go", ["env", "GOVERSION"]).ok()?)
}

/// Standard output of a program that ends well.
pub(crate) fn output<const N: usize>(program: impl AsRef<OsStr>, args: [&str; N]) -> io::Result<String> {
    let done = Command::new(program).args(args).stdin(Stdio::null()).stderr(Stdio::null()).output()?;
    if done.status.success() {
        Ok(String::from_utf8_lossy(&done.stdout).into_owned())
    } else {
        Err(io::Error::other(done.status.to_string()))
    }
}

/// Reads what Go says until it has said everything: a line of progress every few seconds, and its last lines as result.
fn follow(child: &mut Child, begun: Instant, progress: &mut dyn FnMut(&str)) -> Vec<String> {
    const OFTEN: Duration = Duration::from_secs(5);
    const KEPT: usize = 8;
    let (sender, lines) = mpsc::channel();
    if let Some(stderr) = child.stderr.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
                let _ = sender.send(without_hosts(&String::from_utf8_lossy(&line)));
            }
        });
    } else {
        drop(sender);
    }
    let mut last: Vec<String> = Vec::new();
    let (mut count, mut shown) = (0, Instant::now());
    loop {
        match lines.recv_timeout(OFTEN) {
            Ok(line) => {
                count += 1;
                last.push(line);
                if last.len() > KEPT {
                    last.remove(0);
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return last,
        }
        if shown.elapsed() >= OFTEN {
            shown = Instant::now();
            let line = last.last().map_or("at work", String::as_str);
            progress(&format!("{:>4} s, {count:>4} steps: {line}", begun.elapsed().as_secs()));
        }
    }
}

/// A line without the hosts that Go asked: where packages come from is the business of the machine.
pub(crate) fn without_hosts(line: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in line.split_whitespace() {
        // `Get "https://host/…": dial tcp host:443: …`, `… lookup host on resolver: …`
        let after = words.last().is_some_and(|last| ["tcp", "lookup", "on"].contains(last));
        words.push(match word {
            _ if word.contains("://") => "(registry)",
            "lookup" => word,
            _ if after => "(address)",
            _ => word,
        });
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_and_ordered() {
        for (text, version) in [
            ("go version go1.26.8 linux/amd64", "1.26.8"),
            ("go1.27rc1", "1.27.0"),
            ("go1.21", "1.21.0"),
            ("temporal version 1.31.2", "1.31.2"),
            ("v1.31.2-rc.1", "1.31.2"),
            ("rustc 1.92.0 (ded5c06cf 2025-12-08)", "1.92.0"),
            ("rustc 1.94.0-nightly", "1.94.0"),
        ] {
            assert_eq!(version_in(text).map(|version| version.to_string()).as_deref(), Some(version), "{text}");
        }
        assert_eq!(version_in("devel linux/amd64"), None);
        assert!(version_in("go1.26.10") > version_in("go1.26.4") && version_in("go1.9") < version_in("go1.26.4"));
    }

    #[test]
    fn the_cache_follows_the_environment() {
        let with = |set: &[(&str, &str)]| {
            cache_of(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()))
        };
        let (all, home) = ([("RESURGAM_CACHE", "/r"), ("XDG_CACHE_HOME", "/x"), ("HOME", "/h")], ("HOME", "/h"));
        assert_eq!(with(&all), Path::new("/r"));
        assert_eq!(with(&all[1..]), Path::new("/x/resurgam"));
        assert_eq!(with(&[home]), Path::new("/h/.cache/resurgam"));
    }

    #[test]
    fn hosts_are_not_repeated() {
        let line = "go: a/b@v1: reading http://host.example:80/a/b/@v/v1.mod: 404 Not Found";
        assert_eq!(without_hosts(line), "go: a/b@v1: reading (registry) 404 Not Found");
        for line in [
            r#"go: a: Get "https://host/a.zip": dial tcp: lookup host on host:53: no such host"#,
            r#"go: a: Get "https://host/a.zip": dial tcp host:443: connect: refused"#,
            r#"go: a: Get "https://host/a.zip": dial tcp lookup host: refused"#,
        ] {
            assert!(!without_hosts(line).replace("no such host", "").contains("host"), "{}", without_hosts(line));
        }
    }

    #[test]
    fn a_wrong_program_is_not_the_pinned_one() {
        let cache = tempfile::tempdir().unwrap();
        let pinned = Pinned::temporal_in(cache.path().to_owned());
        assert_eq!(pinned.installed(), None);
        fs::create_dir_all(pinned.directory()).unwrap();
        fs::write(pinned.program(), "not a program").unwrap();
        assert!(pinned.installed().unwrap().is_err());
    }
}
