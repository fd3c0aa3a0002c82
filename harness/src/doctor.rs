//! What is here and what is missing: facts about the machine and the real components, one line each.
//!
//! It looks and says; it installs nothing and changes nothing. `deep` also starts a server on loopback and ends it.

use crate::engine::{self, CASSANDRA, Missing};
use crate::real::{self, Decision};
use crate::setup::{Pinned, cache, go_version, output, version_in};
use crate::target::temporal;
use std::path::Path;
use std::{env, fs, thread};

/// The oldest compiler that builds this.
const RUST: &str = env!("CARGO_PKG_RUST_VERSION");

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    /// What was found, in one line.
    pub value: String,
    /// What is missing.
    pub lack: Option<Lack>,
}

/// Something that is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lack {
    /// What to do about it, and what for.
    pub todo: String,
    /// Nothing can be built, or the default run does not work, without it.
    pub needed: bool,
}

impl Finding {
    fn fact(name: &'static str, value: impl Into<String>) -> Finding {
        Finding { name, value: value.into(), lack: None }
    }

    /// Something that everything needs.
    fn needed(name: &'static str, value: impl Into<String>, todo: impl Into<String>) -> Finding {
        Finding { name, value: value.into(), lack: Some(Lack { todo: todo.into(), needed: true }) }
    }

    /// Something that only a part needs.
    fn optional(name: &'static str, value: impl Into<String>, todo: impl Into<String>) -> Finding {
        Finding { name, value: value.into(), lack: Some(Lack { todo: todo.into(), needed: false }) }
    }

    /// True if everything waits for it.
    #[must_use]
    pub fn is_needed(&self) -> bool {
        self.lack.as_ref().is_some_and(|lack| lack.needed)
    }
}

/// Looks at everything that can be seen without starting anything.
#[must_use]
pub fn look() -> Vec<Finding> {
    let pinned = Pinned::temporal();
    vec![
        Finding::fact("system", format!("{} {} ({})", env::consts::OS, env::consts::ARCH, system())),
        Finding::fact("cores", thread::available_parallelism().map_or("unknown".into(), |n| n.to_string())),
        Finding::fact("memory", memory(&fs::read_to_string("/proc/meminfo").unwrap_or_default())),
        Finding::fact("cache", format!("{} ({})", cache().display(), space(&cache()))),
        rust(first_line("rustc")),
        c_compiler(env::var("CC").ok().as_deref(), first_line),
        make(first_line("make")),
        go(&pinned),
        server(&pinned),
        Finding::fact("temporal cli", first_line("temporal").unwrap_or_else(|| "not found (not needed)".into())),
        containers(engine::running()),
        cassandra(engine::ready()),
        tests(),
    ]
}

/// Starts a server and ends it.
pub async fn deep() -> Finding {
    const NAME: &str = "loopback server";
    match temporal::start(&temporal::Options::default()).await {
        Ok(server) => {
            let said = format!("{} ready after {} ms", server.endpoint().version, server.ready().as_millis());
            Finding::fact(NAME, said)
        }
        Err(problem) => Finding::needed(NAME, "does not start", problem.to_string()),
    }
}

/// The first line of what a program says of its version.
fn first_line(program: &str) -> Option<String> {
    output(program, ["--version"]).ok()?.lines().next().map(str::to_owned)
}

fn rust(found: Option<String>) -> Finding {
    const NAME: &str = "rust";
    let needed = || format!("install Rust {RUST} or newer: everything here is built with it");
    match found {
        None => Finding::needed(NAME, "not found", needed()),
        Some(said) if version_in(&said) < version_in(RUST) => Finding::needed(NAME, said, needed()),
        Some(said) => Finding::fact(NAME, said),
    }
}

/// Crates with C code are built by `$CC`, else by the first of the usual names; so does Go's linker.
fn c_compiler(chosen: Option<&str>, first_line: impl Fn(&str) -> Option<String>) -> Finding {
    const NAME: &str = "c compiler";
    let names = chosen.filter(|name| !name.is_empty()).map_or(vec!["cc", "gcc", "clang"], |name| vec![name]);
    match names.iter().find_map(|name| Some(format!("{name}: {}", first_line(name)?))) {
        Some(said) => Finding::fact(NAME, said),
        None => Finding::needed(
            NAME,
            format!("not found ({})", names.join(", ")),
            "install one (Debian: gcc and libc6-dev): some crates have C code",
        ),
    }
}

/// The allocator of the server is built by it.
fn make(found: Option<String>) -> Finding {
    const NAME: &str = "make";
    match found {
        Some(said) => Finding::fact(NAME, said),
        None => Finding::needed(NAME, "not found", "install one (Debian: make): the server's allocator is built by it"),
    }
}

fn go(pinned: &Pinned) -> Finding {
    const NAME: &str = "go";
    let todo = || format!("install Go {} or newer to build the real server", pinned.go());
    match go_version() {
        Some(found) if found >= *pinned.go() => Finding::fact(NAME, found.to_string()),
        Some(found) => Finding::optional(NAME, found.to_string(), format!("{}, or set GOTOOLCHAIN=auto", todo())),
        None => Finding::optional(NAME, "not found", todo()),
    }
}

fn server(pinned: &Pinned) -> Finding {
    const NAME: &str = "temporal server";
    const REMEDY: &str = "run `resurgam setup temporal` to use the real server";
    match pinned.installed() {
        Some(Ok(())) => Finding::fact(NAME, format!("{} at {}", pinned.version(), pinned.program().display())),
        Some(Err(said)) => {
            let said = said.lines().next().unwrap_or_default().to_owned();
            Finding::optional(
                NAME,
                format!("{} is not version {}: {said}", pinned.program().display(), pinned.version()),
                REMEDY,
            )
        }
        None => Finding::optional(NAME, format!("{} is not installed", pinned.version()), REMEDY),
    }
}

fn containers(found: Result<String, Missing>) -> Finding {
    const NAME: &str = "container engine";
    match found {
        Ok(version) => Finding::fact(NAME, version),
        Err(missing) => {
            Finding::optional(NAME, "cannot be used", format!("{missing}; tests on real Cassandra need it"))
        }
    }
}

fn cassandra(found: Result<(), Missing>) -> Finding {
    const NAME: &str = "cassandra";
    match found {
        Ok(()) => Finding::fact(NAME, format!("image {CASSANDRA}")),
        Err(missing @ Missing::Image) => Finding::optional(NAME, "no image", missing.to_string()),
        // What is missing before that stands in the line above.
        Err(_) => Finding::fact(NAME, "needs the container engine"),
    }
}

fn tests() -> Finding {
    let set = env::var(real::VARIABLE).unwrap_or_else(|_| "auto (not set)".into());
    let meaning = match real::decide() {
        Decision::Run => "tests use the real server".to_owned(),
        Decision::Skip(reason) => format!("tests on the real server are skipped: {reason}"),
        Decision::Missing(reason) => format!("tests on the real server fail: {reason}"),
    };
    let cassandra = match real::decide_on_cassandra() {
        Decision::Run => "those on Cassandra run".to_owned(),
        Decision::Skip(reason) => format!("those on Cassandra are skipped: {reason}"),
        Decision::Missing(reason) => format!("those on Cassandra fail: {reason}"),
    };
    Finding::fact(real::VARIABLE, format!("{set}: {meaning}; {cassandra}"))
}

fn system() -> String {
    let text = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = text.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    name.map_or_else(|| "unknown".into(), |name| name.trim_matches('"').to_owned())
}

/// `/proc/meminfo` in gibibytes.
fn memory(text: &str) -> String {
    let kib = |key: &str| {
        let rest = text.lines().find_map(|line| line.strip_prefix(key))?;
        rest.trim_end_matches("kB").trim().parse::<u64>().ok()
    };
    match (kib("MemAvailable:"), kib("MemTotal:")) {
        (Some(available), Some(total)) => format!("{} of {} available", gib(available), gib(total)),
        _ => "unknown".into(),
    }
}

/// Free space where a directory is, or will be.
fn space(directory: &Path) -> String {
    let there = directory.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let said = output("df", ["-Pk", &there.display().to_string()]).unwrap_or_default();
    let free = said.lines().nth(1).and_then(|line| line.split_whitespace().nth(3)).and_then(|kib| kib.parse().ok());
    free.map_or_else(|| "space unknown".into(), |kib| format!("{} free", gib(kib)))
}

fn gib(kib: u64) -> String {
    format!("{:.1} GiB", kib as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_read_from_the_kernel() {
        let text = "MemTotal:       25165824 kB\nMemFree: 1 kB\nMemAvailable:   10485760 kB\n";
        assert_eq!(memory(text), "10.0 GiB of 24.0 GiB available");
        assert_eq!(memory(""), "unknown");
    }

    #[test]
    fn space_is_that_of_the_nearest_directory() {
        assert!(space(Path::new("/no/such/directory")).ends_with(" GiB free"));
    }

    #[test]
    fn a_missing_server_is_a_lack_and_says_what_to_do() {
        let cache = tempfile::tempdir().unwrap();
        let finding = server(&Pinned::temporal_in(cache.path().to_owned()));
        assert!(!finding.is_needed(), "the simulation does without it");
        assert!(finding.lack.unwrap().todo.contains("`resurgam setup temporal`"));
    }

    #[test]
    fn what_is_missing_for_cassandra_is_said_once_and_nothing_waits_for_it() {
        for missing in [Missing::Installation, Missing::Daemon, Missing::Permission] {
            let finding = containers(Err(missing.clone()));
            assert!(!finding.is_needed() && finding.lack.unwrap().todo.starts_with(&missing.to_string()));
            assert_eq!(cassandra(Err(missing)).lack, None);
        }
        assert_eq!(containers(Ok("20.10".to_owned())).lack, None);
        assert!(cassandra(Err(Missing::Image)).lack.unwrap().todo.contains("`resurgam setup cassandra-image`"));
        assert_eq!(cassandra(Ok(())).lack, None);
    }

    #[test]
    fn what_builds_everything_is_needed() {
        assert!(rust(None).is_needed() && rust(Some("rustc 1.91.1 (x)".into())).is_needed());
        assert_eq!(rust(Some("rustc 1.92.0 (x)".into())).lack, None);
        let only = |there: &'static str| move |name: &str| (name == there).then(|| "1.0".to_owned());
        assert_eq!(c_compiler(None, only("clang")).value, "clang: 1.0");
        assert_eq!(c_compiler(Some("tcc"), only("tcc")).value, "tcc: 1.0");
        assert!(c_compiler(Some("tcc"), only("gcc")).is_needed(), "the one that was chosen counts");
        assert!(c_compiler(None, |_| None).is_needed());
        assert!(make(None).is_needed() && !make(Some("GNU Make 4.3".into())).is_needed());
    }
}
