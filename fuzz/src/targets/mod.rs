//! The targets, one file each.

pub mod case;
pub mod check;
pub mod cron;
pub mod history;
pub mod objects;
pub mod orders;
pub mod packed;
pub mod plan;
pub mod query;
pub mod recording;
pub mod rules;
pub mod scenario;

/// What a refusal looks like: one short line that begins with the name of the file.
fn short(name: &str, line: &str) {
    assert!(line.starts_with(&format!("{name}: ")), "{line:?} does not name the file");
    assert!(line.chars().count() < 300 && !line.contains(char::is_control), "{line:?} is no short line");
}
