//! The same resets on our server and on the real one: the same histories of every run, event by event and field by field, the
//! same descriptions, and the same refusals, word for word.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod play;
mod scenes;

use play::Play;
use resurgam_harness::real;
use resurgam_harness::target::{own_server, temporal};
use std::path::Path;
use std::process::Command;

#[tokio::test]
async fn both_servers_reset_to_the_same() {
    if !real::wanted("resets on the real Temporal server") {
        return;
    }
    let own = own_server::start(Path::new(env!("CARGO_BIN_EXE_resurgam")), 2).await.unwrap();
    let real = temporal::start(&temporal::Options::default()).await.unwrap();
    let (ours, theirs) = (own.endpoint(), real.endpoint());
    let (ours, theirs) = tokio::join!(scenes::all(ours), scenes::all(theirs));
    assert_eq!(ours.len(), theirs.len());
    let mut differ = Vec::new();
    for ((name, one), (_, other)) in ours.iter().zip(&theirs) {
        let (one, other) = (&one.lines, &other.lines);
        let lines = one.len().max(other.len());
        for line in (0..lines).filter(|line| one.get(*line) != other.get(*line)) {
            let of = |all: &[String]| all.get(line).cloned().unwrap_or_default();
            differ.push(format!("{name}, line {line}\n  ours:   {}\n  theirs: {}", of(one), of(other)));
        }
    }
    assert!(differ.is_empty(), "{} lines:\n{}", differ.len(), differ.join("\n"));
    let lines: usize = ours.iter().map(|(_, play)| play.lines.len()).sum();
    assert!(lines > 100, "only {lines} lines were compared");
    silent(&ours, "ours");
    silent(&theirs, "the real server's");
}

/// No rule has anything against histories with resets.
fn silent(plays: &[(&str, Play)], whose: &str) {
    let folder = tempfile::TempDir::new().unwrap();
    let histories = plays.iter().flat_map(|(_, play)| &play.histories);
    for (place, history) in histories.enumerate() {
        std::fs::write(folder.path().join(format!("{place}.json")), history.to_string()).unwrap();
    }
    let mut check = Command::new(env!("CARGO_BIN_EXE_resurgam"));
    let checked = check.arg("check").arg(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{whose}: {said}{}", String::from_utf8_lossy(&checked.stderr));
}
