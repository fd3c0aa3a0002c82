//! What is here and what is missing: facts about the machine and the real components, one line each.
//!
//! It looks and says; it installs nothing and changes nothing. `deep` also starts a server on loopback and ends it.

use crate::real::{self, Decision};
use crate::setup::{Pinned, cache, go_version, output};
use crate::target::{Options, Temporal};
use std::path::Path;
use std::{env, fs, thread};

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub name: &'static str,
    /// What was found, in one line.
    pub value: String,
    /// What to do, if `resurgam run` cannot work as it is.
    pub todo: Option<String>,
}

impl Finding {
    fn fact(name: &'static str, value: impl Into<String>) -> Finding {
        Finding { name, value: value.into(), todo: None }
    }

    fn lack(name: &'static str, value: impl Into<String>, todo: impl Into<String>) -> Finding {
        Finding { name, value: value.into(), todo: Some(todo.into()) }
    }
}

/// Looks at everything that can be seen without starting anything.
#[must_use]
pub fn look() -> Vec<Finding> {
    let pinned = Pinned::temporal();
    let missing = || "not found".to_owned();
    let first = |program: &str| {
        let said = output(program, ["--version"]).ok()?;
        said.lines().next().map(str::to_owned)
    };
    vec![
        Finding::fact("system", format!("{} {} ({})", env::consts::OS, env::consts::ARCH, system())),
        Finding::fact("cores", thread::available_parallelism().map_or("unknown".into(), |n| n.to_string())),
        Finding::fact("memory", memory(&fs::read_to_string("/proc/meminfo").unwrap_or_default())),
        Finding::fact("cache", format!("{} ({})", cache().display(), space(&cache()))),
        Finding::fact("rust", first("rustc").unwrap_or_else(missing)),
        go(&pinned),
        server(&pinned),
        Finding::fact("temporal cli", first("temporal").unwrap_or_else(|| "not found (not needed)".into())),
        tests(),
    ]
}

/// Starts a server and ends it.
pub async fn deep() -> Finding {
    const NAME: &str = "loopback server";
    match Temporal::start(&Options::default()).await {
        Ok(server) => {
            let said = format!("{} ready after {} ms", server.endpoint().version, server.ready().as_millis());
            Finding::fact(NAME, said)
        }
        Err(problem) => Finding::lack(NAME, "does not start", problem.to_string()),
    }
}

fn go(pinned: &Pinned) -> Finding {
    let value = match go_version() {
        Some(found) if found >= pinned.go() => found.to_string(),
        Some(found) => format!("{found} (setup needs {} or GOTOOLCHAIN=auto)", pinned.go()),
        None => format!("not found (setup needs {})", pinned.go()),
    };
    Finding::fact("go", value)
}

fn server(pinned: &Pinned) -> Finding {
    const NAME: &str = "temporal server";
    const REMEDY: &str = "run `resurgam setup temporal`";
    match pinned.installed() {
        Some(Ok(())) => Finding::fact(NAME, format!("{} at {}", pinned.version(), pinned.program().display())),
        Some(Err(said)) => {
            let said = said.lines().next().unwrap_or_default().to_owned();
            Finding::lack(
                NAME,
                format!("{} is not version {}: {said}", pinned.program().display(), pinned.version()),
                REMEDY,
            )
        }
        None => Finding::lack(NAME, format!("{} is not installed", pinned.version()), REMEDY),
    }
}

fn tests() -> Finding {
    let set = env::var(real::VARIABLE).unwrap_or_else(|_| "auto (not set)".into());
    let meaning = match real::decide() {
        Decision::Run => "tests use the real server".to_owned(),
        Decision::Skip(reason) => format!("tests on the real server are skipped: {reason}"),
        Decision::Missing(reason) => format!("tests on the real server fail: {reason}"),
    };
    Finding::fact(real::VARIABLE, format!("{set}: {meaning}"))
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
        assert_eq!(finding.todo.as_deref(), Some("run `resurgam setup temporal`"));
    }
}
