//! The tables of the real Temporal server in Cassandra, made by its own program.

use super::error::Error;
use super::process::LINES;
use crate::setup::Pinned;
use resurgam_formats::target::Keyspace;
use std::process::{Command, Stdio};

/// What it is asked for, in this order: the keyspace, the table of versions, and all others up to the newest version that it carries.
fn tasks(keyspace: &str) -> [Vec<&str>; 3] {
    [
        vec!["create", "-k", keyspace, "--rf", "1"],
        vec!["-k", keyspace, "setup-schema", "-v", "0.0"],
        vec!["-k", keyspace, "update-schema", "--schema-name", "cassandra/temporal"],
    ]
}

/// Makes keyspace and tables, which are not there yet; takes about ten seconds.
///
/// # Errors
/// The program is not installed, or ends otherwise than well: then with the end of what it says.
pub fn create(keyspace: &Keyspace) -> Result<(), Error> {
    let program = Pinned::temporal_tables().program();
    if !program.is_file() {
        return Err(Error::Missing(program.display().to_string()));
    }
    let (host, port) = keyspace.contact.rsplit_once(':').ok_or_else(|| Error::Address(keyspace.contact.clone()))?;
    for task in tasks(&keyspace.name) {
        let done = Command::new(&program)
            .args(["--ep", host, "-p", port])
            .args(&task)
            .stdin(Stdio::null())
            .output()
            .map_err(|e| Error::System("what makes Temporal's tables does not start", e))?;
        if !done.status.success() {
            let said = [done.stdout, done.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            let lines: Vec<&str> = said.lines().collect();
            let log = lines[lines.len().saturating_sub(LINES)..].join("\n");
            return Err(Error::Failed { how: format!("gets no tables: {} {}", task.join(" "), done.status), log });
        }
    }
    Ok(())
}
