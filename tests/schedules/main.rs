//! The same schedules on our server and on the real one: what is kept and shown of them, which times they name, what they start,
//! and what is refused, word for word. Where they differ, and why, stands here too.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod drawn;
mod scenes;
mod server;

use resurgam_harness::real;
use resurgam_harness::target::{own_server, temporal};
use server::Server;
use std::path::Path;

/// Lines in which the two differ, by how they begin, and why that stays so.
const OTHERWISE: [(&str, &str); 6] = [
    (
        "describe twice-east",
        "where clocks are ahead of UTC, the real server names the hour before the one that is shown twice, and that one once",
    ),
    ("times of twice-east", "as above"),
    ("list Nothing = 1", "refused in other words"),
    ("count Nothing = 1", "refused in other words"),
    ("list ScheduleId = 'changes' ORDER BY", "refused in other words"),
    ("count ScheduleId = 'changes' ORDER BY", "refused in other words"),
];

#[tokio::test]
async fn both_servers_keep_the_same_schedules() {
    if !real::wanted("schedules on the real Temporal server") {
        return;
    }
    let own = own_server::start(Path::new(env!("CARGO_BIN_EXE_resurgam")), 2).await.unwrap();
    let real = temporal::start(&temporal::Options::default()).await.unwrap();
    let (ours, theirs) = tokio::join!(seen(Server::at(own.endpoint())), seen(Server::at(real.endpoint())));
    let lines = ours.len().max(theirs.len());
    let of = |all: &[String], line: usize| all.get(line).cloned().unwrap_or_default();
    let differ = (0..lines).filter(|line| ours.get(*line) != theirs.get(*line));
    let begins = |line: usize, with: &str| of(&ours, line).starts_with(with) && of(&theirs, line).starts_with(with);
    let (known, differ): (Vec<_>, Vec<_>) =
        differ.partition(|line| OTHERWISE.iter().any(|(with, _)| begins(*line, with)));
    let unneeded = OTHERWISE.iter().filter(|(with, _)| !known.iter().any(|line| begins(*line, with)));
    let unneeded: Vec<_> = unneeded.collect();
    assert!(unneeded.is_empty(), "these do not differ any more: {unneeded:?}");
    let differ: Vec<_> = differ
        .into_iter()
        .map(|line| format!("line {line}\n  ours:   {}\n  theirs: {}", of(&ours, line), of(&theirs, line)))
        .collect();
    assert!(differ.is_empty(), "{} lines:\n{}", differ.len(), differ.join("\n"));
    assert!(lines > 300, "only {lines} lines were compared");
}

async fn seen(server: impl Future<Output = Server>) -> Vec<String> {
    let mut server = server.await;
    scenes::specifications(&mut server).await;
    drawn::specifications(&mut server).await;
    scenes::refusals(&mut server).await;
    scenes::actions(&mut server).await;
    scenes::changes(&mut server).await;
    server.lines
}
