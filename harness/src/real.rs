//! Whether tests use the real Temporal server, and real Cassandra in containers: `RESURGAM_REAL=off|auto|required`.
//!
//! `auto`, the default, uses what is installed and says what it skipped where it is not; `off` never uses either;
//! `required` fails without it, so that nothing is skipped where everything has to be checked.

use crate::engine;
use crate::setup::Pinned;
use std::env;
use std::io::Write as _;

/// The environment variable that decides it.
pub(crate) const VARIABLE: &str = "RESURGAM_REAL";

/// What to do with a test that needs the real server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The real server is started, and the test runs.
    Run,
    /// Do not, for this reason.
    Skip(String),
    /// It has to run and cannot: fail, for this reason.
    Missing(String),
}

/// Decides from the environment and from what is installed.
#[must_use]
pub fn decide() -> Decision {
    let pinned = Pinned::temporal();
    let here = match pinned.installed() {
        Some(Ok(())) => Ok(()),
        Some(Err(said)) => {
            Err(format!("{} is not Temporal {}: {said:?}", pinned.program().display(), pinned.version()))
        }
        None => Err(format!("Temporal {} is not installed; run `resurgam setup temporal`", pinned.version())),
    };
    decide_from(wish().as_deref(), here)
}

/// The same about containers of Cassandra.
pub(crate) fn decide_on_cassandra() -> Decision {
    decide_from(wish().as_deref(), engine::ready().map_err(|missing| missing.to_string()))
}

fn wish() -> Option<String> {
    env::var_os(VARIABLE).map(|value| value.to_string_lossy().into_owned())
}

fn decide_from(wish: Option<&str>, here: Result<(), String>) -> Decision {
    match (wish, here) {
        (Some("off"), _) => Decision::Skip(format!("{VARIABLE}=off")),
        (None | Some("" | "auto" | "required"), Ok(())) => Decision::Run,
        (None | Some("" | "auto"), Err(reason)) => Decision::Skip(reason),
        (Some("required"), Err(reason)) => Decision::Missing(reason),
        (Some(other), _) => Decision::Missing(format!("{VARIABLE}={other} is not off, auto or required")),
    }
}

/// For the first line of a test: whether to go on. Says on standard error what is skipped, past the capture of the
/// test runner.
///
/// # Panics
/// The real server is required and missing.
#[must_use]
pub fn wanted(test: &str) -> bool {
    is_run(test, decide())
}

/// The same for a test that needs containers of Cassandra.
///
/// # Panics
/// Cassandra is required and missing.
#[must_use]
pub fn cassandra_wanted(test: &str) -> bool {
    is_run(test, decide_on_cassandra())
}

/// The same for a test that needs the real server over Cassandra.
///
/// # Panics
/// One of them is required and missing.
#[must_use]
pub fn temporal_over_cassandra_wanted(test: &str) -> bool {
    let tables = Pinned::temporal_tables().program();
    let here = if tables.is_file() {
        Ok(())
    } else {
        Err(format!("{} is missing; run `resurgam setup temporal`", tables.display()))
    };
    wanted(test) && cassandra_wanted(test) && is_run(test, decide_from(wish().as_deref(), here))
}

fn is_run(test: &str, decision: Decision) -> bool {
    match decision {
        Decision::Run => true,
        Decision::Skip(reason) => {
            let _ = writeln!(std::io::stderr(), "skipped {test}: {reason}");
            false
        }
        Decision::Missing(reason) => panic!("{test}: {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_required_insists() {
        let missing = || Err("missing".to_owned());
        let skipped = Decision::Skip("missing".into());
        for wish in [None, Some(""), Some("auto")] {
            assert_eq!(decide_from(wish, Ok(())), Decision::Run);
            assert_eq!(decide_from(wish, missing()), skipped);
        }
        assert_eq!(decide_from(Some("required"), Ok(())), Decision::Run);
        assert_eq!(decide_from(Some("required"), missing()), Decision::Missing("missing".into()));
        assert!(matches!(decide_from(Some("off"), Ok(())), Decision::Skip(_)));
        assert!(matches!(decide_from(Some("yes"), Ok(())), Decision::Missing(_)));
    }
}
